package voice

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keng/mobile-gateway/voice/siptest"
)

func TestTrunks(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "sip")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	one := []siptest.Press{{Key: '1'}}
	type test struct {
		script    siptest.Script
		transport string
		trunk     Trunk
		from      string // user part of From
		want      string
	}
	each(t, map[string]test{
		"udp":                 {siptest.Script{Press: one}, "udp", Trunk{CallerID: "1900"}, "1900", "ringing answered done acknowledge"},
		"tcp":                 {siptest.Script{Press: one}, "tcp", Trunk{}, "keng", "ringing answered done acknowledge"},
		"tcp, phone hangs up": {siptest.Script{HangUpAfter: 200 * time.Millisecond}, "tcp", Trunk{}, "keng", "ringing answered failed no-reply"},
		"password, 407": {siptest.Script{Press: one, User: "keng", Password: "s3cret"}, "udp",
			Trunk{User: "keng", PasswordFile: secret, CallerID: "1900"}, "1900", "ringing answered done acknowledge"},
		"password, 401 over tcp": {siptest.Script{Press: one, User: "keng", Password: "s3cret", Registrar: true}, "tcp",
			Trunk{User: "keng", PasswordFile: secret}, "keng", "ringing answered done acknowledge"},
		"wrong password": {siptest.Script{User: "keng", Password: "other"}, "udp", Trunk{User: "keng", PasswordFile: secret}, "", "failed refused"},
		"no password":    {siptest.Script{User: "keng", Password: "other"}, "udp", Trunk{}, "", "failed refused"},
	}, func(t *testing.T, test test) {
		phone := startPhone(t, test.script)
		config := quick()
		test.trunk.Name, test.trunk.Server = "pbx", phone.Server(test.transport)
		config.Trunks = []Trunk{test.trunk}
		reports := send(t, t.Context(), newChannel(t, config), page("+84 90 123 45 67"))
		if got := stages(reports); got != test.want {
			t.Fatalf("stages: %s, want %s; %+v", got, test.want, reports[len(reports)-1])
		}
		if test.from == "" {
			return
		}
		call := only(t, phone)
		if want := "sip:" + test.from + "@127.0.0.1"; call.From != want {
			t.Errorf("from %s, want %s", call.From, want)
		}
		if want := "sip:+84901234567@127.0.0.1"; call.To != want {
			t.Errorf("to %s, want %s", call.To, want)
		}
	})
}

// TestDeadTrunk: P5, failure moves on at once.
func TestDeadTrunk(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	each(t, map[string]func(*testing.T) string{
		"silent":      func(t *testing.T) string { return startPhone(t, siptest.Script{Fate: siptest.Dead}).Server("udp") },
		"silent, tcp": func(t *testing.T) string { return startPhone(t, siptest.Script{Fate: siptest.Dead}).Server("tcp") },
		"closed, tcp": func(t *testing.T) string { return "sip:" + closed.Addr().String() + ";transport=tcp" },
		"unavailable": func(t *testing.T) string {
			return startPhone(t, siptest.Script{Fate: siptest.Reject, Status: 503}).Server("udp")
		},
		"never rings": func(t *testing.T) string { return startPhone(t, siptest.Script{Fate: siptest.Trying}).Server("udp") },
	}, func(t *testing.T, server func(*testing.T) string) {
		config := quick()
		config.Trunks = []Trunk{{Name: "first", Server: server(t)}}
		start := time.Now()
		reports := send(t, t.Context(), newChannel(t, config), page("0901234567"))
		if got := stages(reports); got != "failed unavailable" {
			t.Errorf("one trunk: %s", got)
		}
		if took := time.Since(start); took > config.TrunkTimeout+8*time.Second { // sipgo alone: 32 s
			t.Errorf("one trunk: left only after %s", took)
		}
		good := startPhone(t, siptest.Script{Press: []siptest.Press{{Key: '1'}}})
		config.Trunks = append(config.Trunks, Trunk{Name: "second", Server: good.Server("udp")})
		reports = send(t, t.Context(), newChannel(t, config), page("0901234567"))
		if got := stages(reports); got != "ringing answered done acknowledge" {
			t.Errorf("two trunks: %s", got)
		}
		if detail := reports[len(reports)-1].Detail; !strings.Contains(detail, "first: ") || !strings.Contains(detail, "second: ") {
			t.Errorf("detail %q does not tell of both trunks", detail)
		}
		only(t, good)
	})
}

// TestTrunkThatKnowsNoNumber: its word is not the last one, neither on this call nor, as it is
// no [channel.DeadContact], on the number.
func TestTrunkThatKnowsNoNumber(t *testing.T) {
	t.Parallel()
	wrong, good := startPhone(t, siptest.Script{Fate: siptest.Reject, Status: 404}), startPhone(t, siptest.Script{Press: []siptest.Press{{Key: '1'}}})
	config := quick()
	config.Trunks = []Trunk{{Name: "wrong", Server: wrong.Server("udp")}, {Name: "good", Server: good.Server("udp")}}
	reports := send(t, t.Context(), newChannel(t, config), page("0901234567"))
	if got := stages(reports); got != "ringing answered done acknowledge" {
		t.Errorf("after a 404 of the first trunk: %s", got)
	}
	only(t, good)
}

// TestLateTrunk: a trunk that wakes up after it was given up must not make the
// phone ring.
func TestLateTrunk(t *testing.T) {
	t.Parallel()
	phone := startPhone(t, siptest.Script{Fate: siptest.Dead})
	config := quick()
	config.Trunks = []Trunk{{Name: "late", Server: phone.Server("udp")}}
	if got := stages(send(t, t.Context(), newChannel(t, config), page("0901234567"))); got != "failed unavailable" {
		t.Fatalf("stages: %s", got)
	}
	phone.SetScript(siptest.Script{})
	// SIP would repeat the INVITE 3.5 s after the first, 1.5 s from now.
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	if err := phone.Wait(ctx, func(calls []siptest.Call) bool { return len(calls) > 0 }); err == nil {
		t.Error("the trunk was called again")
	}
}
