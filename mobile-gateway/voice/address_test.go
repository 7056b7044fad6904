package voice

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"keng/mobile-gateway/voice/siptest"
)

func TestAttempts(t *testing.T) {
	t.Parallel()
	var trunks []line
	for _, trunk := range []Trunk{
		{Name: "pbx", Server: "sip:pbx.example;transport=tcp", CallerID: "1900"},
		{Name: "spare", Server: "sip:192.0.2.9:5062", User: "keng"},
	} {
		l, err := newLine(trunk)
		if err != nil {
			t.Fatal(err)
		}
		trunks = append(trunks, l)
	}
	for address, want := range map[string]string{
		"+84 (90) 123-45.67":            "pbx pbx.example:5060 tcp 1900 → sip:+84901234567@pbx.example:5060; spare 192.0.2.9:5062 udp keng → sip:+84901234567@192.0.2.9:5062",
		"tel:113":                       "pbx pbx.example:5060 tcp 1900 → sip:113@pbx.example:5060; spare 192.0.2.9:5062 udp keng → sip:113@192.0.2.9:5062",
		"sip:an@192.0.2.77;x=y":         "direct 192.0.2.77:5060 udp 1900 → sip:an@192.0.2.77:5060",
		"SIP:an@PBX.example":            "pbx pbx.example:5060 tcp 1900 → sip:an@PBX.example:5060",
		"sip:[2001:db8::1]:7":           "direct [2001:db8::1]:7 udp 1900 → sip:[2001:db8::1]:7",
		"sips:an@192.0.2.77":            "neither",
		"an@192.0.2.77":                 "neither",
		"113113113113113113113":         "neither",
		"sip:an\r\nX: y@192.0.2.77":     "user part",
		"sip:an@192.0.2.77;transport=x": "transport",
		"sip:an@under score":            "host",
	} {
		all, err := attempts(trunks, address)
		var got []string
		for _, a := range all {
			got = append(got, strings.Join([]string{a.name, a.address(), a.transport(), a.caller, "→", a.callee.Addr()}, " "))
		}
		if err == nil && strings.Join(got, "; ") != want {
			t.Errorf("%q: %s, want %s", address, strings.Join(got, "; "), want)
		}
		if err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", address, err, want)
		}
	}
	if _, err := attempts(nil, "113"); err == nil || !strings.Contains(err.Error(), "no SIP trunk") {
		t.Errorf("a number without trunks: %v", err)
	}
}

// FuzzAttempts: whatever an address holds, what we write of it is one line.
func FuzzAttempts(f *testing.F) {
	trunk, err := newLine(Trunk{Name: "pbx", Server: "sip:192.0.2.9"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("+84901234567")
	f.Add("sip:an@192.0.2.77:5060;transport=tcp?a=b")
	f.Add("sip:a@[::1]\r\n")
	f.Fuzz(func(t *testing.T, address string) {
		all, err := attempts([]line{trunk}, address)
		if err != nil {
			return
		}
		for _, a := range all {
			if text := a.callee.String() + a.address(); strings.ContainsAny(text, "\r\n\x00 \t<>") {
				t.Errorf("%q becomes %q", address, text)
			}
		}
	})
}

func TestNewRefusesBadTrunks(t *testing.T) {
	t.Parallel()
	for want, trunk := range map[string]Trunk{
		"no name":      {Server: "sip:192.0.2.9"},
		"server":       {Name: "pbx"},
		"transport":    {Name: "pbx", Server: "sip:192.0.2.9;transport=tls"},
		"caller_id":    {Name: "pbx", Server: "sip:192.0.2.9", CallerID: "a\r\nb"},
		"no user":      {Name: "pbx", Server: "sip:192.0.2.9", PasswordFile: "x"},
		"no such file": {Name: "pbx", Server: "sip:192.0.2.9", User: "keng", PasswordFile: filepath.Join(t.TempDir(), "none")},
	} {
		if _, err := New(Config{Trunks: []Trunk{trunk}}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want one with %q", trunk, err, want)
		}
	}
}

// TestPasswordStaysHome: a phone that a person names as contact may ask for a
// password; it does not get the trunk's.
func TestPasswordStaysHome(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "sip")
	if err := os.WriteFile(secret, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	trunk := startPhone(t, siptest.Script{})
	thief := startPhone(t, siptest.Script{User: "keng", Password: "s3cret"}) // would let us in
	config := quick()
	config.Trunks = []Trunk{{Name: "pbx", Server: trunk.Server("udp"), User: "keng", PasswordFile: secret}}
	if got := stages(send(t, t.Context(), newChannel(t, config), page(thief.URI()))); got != "failed refused" {
		t.Errorf("stages: %s", got)
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	answer := func(contact string, routes ...string) *sip.Response {
		response := sip.NewResponse(200, "OK")
		for _, route := range routes {
			response.AppendHeader(sip.NewHeader("Record-Route", route))
		}
		var uri sip.Uri
		if err := sip.ParseUri(contact, &uri); err != nil {
			t.Fatal(err)
		}
		response.AppendHeader(&sip.ContactHeader{Address: uri})
		return response
	}
	got := routes(answer("sip:a@192.0.2.1", "<sip:192.0.2.3;lr;x=a,b>, <sip:192.0.2.2;lr>", "<sip:192.0.2.1;lr>"))
	want := []string{"<sip:192.0.2.1;lr>", "<sip:192.0.2.2;lr>", "<sip:192.0.2.3;lr;x=a,b>"}
	if !slices.Equal(got, want) {
		t.Errorf("routes %q, want %q", got, want)
	}
	server := netip.MustParseAddrPort("198.51.100.1:5062")
	for _, test := range []struct {
		answer *sip.Response
		want   string
	}{
		{answer("sip:a@203.0.113.5"), "203.0.113.5:5060"},
		{answer("sip:a@203.0.113.5:7;transport=tcp"), "203.0.113.5:7"},
		{answer("sip:a@203.0.113.5", "<sip:203.0.113.9:8;lr>", "<sip:203.0.113.8:9;lr>"), "203.0.113.8:9"},
		{answer("sip:a@192.168.1.2:7"), "198.51.100.1:5062"}, // behind a NAT
		{answer("sip:a@203.0.113.5", "nonsense"), "198.51.100.1:5062"},
		{sip.NewResponse(200, "OK"), "198.51.100.1:5062"},
	} {
		if got := insideAddress(test.answer, server); got != test.want {
			t.Errorf("%s: inside address %s, want %s", test.answer, got, test.want)
		}
	}
}
