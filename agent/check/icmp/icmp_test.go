package icmp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/icmp"

	"keng/agent/check"
	"keng/agent/check/checktest"
)

func TestSuite(t *testing.T) {
	n := world()
	checktest.Suite(t, checktest.Config{
		Kind: fakeKind{network: n},
		Cases: []checktest.Case{
			{Name: "a host", Target: "192.0.2.1", State: check.Up, Reason: "3 of 3 answered, "},
			{Name: "one request", Target: "192.0.2.1", YAML: "count: 1", State: check.Up, Reason: "1 of 1 answered"},
			{Name: "IPv6", Target: "2001:db8::1", YAML: "ip_version: 6", State: check.Up},
			{Name: "silence", Target: "192.0.2.2", YAML: "{count: 2, wait: 50ms}", State: check.Down, Reason: "no answer within 50ms, 2 sent"},
			{Name: "some are lost", Target: "192.0.2.3", YAML: "{count: 2, wait: 500ms}", State: check.Up, Reason: "1 of 2 answered"},
			{Name: "too many are lost", Target: "192.0.2.3", YAML: "{count: 2, wait: 500ms, lost: 50%}", State: check.Down, Reason: "50% lost: 1 of 2 answered"},
			{Name: "refused by a router", Target: "192.0.2.4", YAML: "count: 1", State: check.Down, Reason: "the host is unreachable, says 192.0.2.254"},
			{Name: "refused by a router, IPv6", Target: "2001:db8::4", YAML: "count: 1", State: check.Down, Reason: "does not answer its neighbours, says 192.0.2.254"},
			{Name: "no route here", Target: "192.0.2.5", YAML: "count: 1", State: check.Down, Reason: "network is unreachable"},
			{Name: "forgeries", Target: "192.0.2.6", State: check.Up, Reason: "3 of 3"},
			{Name: "slow", Target: "192.0.2.7", YAML: "{count: 1, latency_above: 200ms}", State: check.Down, Reason: "slow: 1 of 1 answered"},
			{Name: "not too slow", Target: "192.0.2.7", YAML: "{count: 1, latency_above: 10s}", State: check.Up},
			{Name: "sending is forbidden", Target: "192.0.2.8", State: check.Unknown, Reason: "this machine could not run the check"},
		},
		BadTargets: []string{"a b", "192.0.2.1:80", "http://192.0.2.1", "[2001:db8::1]"},
	})
	if left := n.stillOpen(); left != 0 {
		t.Errorf("%d sockets were left open", left)
	}
}

func TestBadFields(t *testing.T) {
	for fields, name := range map[string]string{
		"lost: 0%": "lost", "lost: 101%": "lost", "lost: some": "lost", "lost: NaN": "lost",
		"latency_above: 5": "latency_above", "latency_above: -1s": "latency_above",
		"wait: soon": "wait", "wait: 0s": "wait", "wait: 2m": "wait", "count: 0": "count", "count: 21": "count",
		"ip_version: 6": "ip_version",
	} {
		if _, err := checktest.Make(t, Kind{}, "192.0.2.1", fields); err == nil || !strings.Contains(err.Error(), name+": ") {
			t.Errorf("%s: %v", fields, err)
		}
	}
}

// run runs a check on a network in memory.
func run(t *testing.T, n *network, target, fields string, timeout time.Duration) check.Result {
	t.Helper()
	made, err := checktest.Make(t, fakeKind{network: n}, target, fields)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return made.Run(ctx)
}

func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := world()
		for _, c := range []struct {
			target, fields string
			timeout        time.Duration
			state          check.State
			reason         string
			took           time.Duration
		}{
			{"192.0.2.1", "", 10 * time.Second, check.Up, "3 of 3 answered, 5ms on average", 405 * time.Millisecond},
			{"192.0.2.2", "", 10 * time.Second, check.Down, "no answer within 2s, 3 sent", 2400 * time.Millisecond},
			{"192.0.2.2", "", 300 * time.Millisecond, check.Down, "no answer within 300ms, 2 sent", 300 * time.Millisecond},
			{"192.0.2.7", "wait: 200ms", 10 * time.Second, check.Down, "no answer within 200ms, 3 sent", 600 * time.Millisecond},
			{"192.0.2.9", "", 10 * time.Second, check.Down, "no answer within 2s, 3 sent", 2400 * time.Millisecond},
			{"192.0.2.6", "", 10 * time.Second, check.Up, "3 of 3 answered, 5ms on average", 405 * time.Millisecond},
			{"192.0.2.4", "", 10 * time.Second, check.Down, "the host is unreachable, says 192.0.2.254", 400 * time.Millisecond},
		} {
			got := run(t, n, c.target, c.fields, c.timeout)
			if got.State != c.state || got.Reason != c.reason || got.Took != c.took {
				t.Errorf("%s %s: %s, %q in %s", c.target, c.fields, got.State, got.Reason, got.Took)
			}
		}
	})
}

// A ping socket has its own id: it is the token that tells whose an answer is.
func TestPingSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := world()
		n.isRaw = false
		if got := run(t, n, "192.0.2.6", "", 10*time.Second); got.State != check.Up {
			t.Error(got)
		}
		if got := run(t, n, "192.0.2.4", "", 10*time.Second); got.State != check.Down || !strings.HasPrefix(got.Reason, "the host is unreachable") {
			t.Error(got)
		}
	})
}

func TestTheAgentStopsMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := world()
		made, err := checktest.Make(t, fakeKind{network: n}, "192.0.2.2", "")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if got := made.Run(ctx); got.State != check.Unknown || got.Took != time.Second || n.stillOpen() != 0 {
			t.Fatal(got)
		}
	})
}

// What a system answers decides between the kinds of socket, and is never Down.
func TestNotPermitted(t *testing.T) {
	for name, c := range map[string]struct {
		ping, raw error
		reason    string
	}{
		"neither is allowed":  {syscall.EACCES, syscall.EPERM, "this agent may not send ICMP echo requests: "},
		"no ping sockets":     {syscall.EPROTONOSUPPORT, syscall.EPERM, "this agent may not send ICMP echo requests: "},
		"no sockets are left": {syscall.EMFILE, syscall.EMFILE, "this machine could not run the check"},
		"no IPv6":             {syscall.EAFNOSUPPORT, syscall.EAFNOSUPPORT, "this machine could not run the check"},
	} {
		made, err := checktest.Make(t, Kind{}, "192.0.2.1", "")
		if err != nil {
			t.Fatal(err)
		}
		made.(*icmpCheck).open = func(to netip.Addr) (socket, error) {
			return openFirst(to, func(network, _ string) (*icmp.PacketConn, error) {
				if strings.HasPrefix(network, "udp") {
					return nil, os.NewSyscallError("socket", c.ping)
				}
				return nil, os.NewSyscallError("socket", c.raw)
			})
		}
		if got := made.Run(t.Context()); got.State != check.Unknown || !strings.HasPrefix(got.Reason, c.reason) {
			t.Errorf("%s: %s, %q", name, got.State, got.Reason)
		}
	}
	for system, remedy := range map[string]string{"linux": "CAP_NET_RAW", "freebsd": "root", "windows": "administrator"} {
		if text := (&deniedError{os: system}).Error(); !strings.Contains(text, remedy) || check.OneLine(text) != text {
			t.Errorf("%s: %s", system, text)
		}
	}
	if text := (&deniedError{os: "linux"}).Error(); !strings.Contains(text, "net.ipv4.ping_group_range") {
		t.Error(text)
	}
}

// unproven skips a test, loudly, for want of something on this machine, and fails it where
// CI says that all is there.
func unproven(t *testing.T, want ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(append([]any{"not proven: "}, want...)...)
	}
	t.Skip(append([]any{"SKIPPED, NOT PROVEN: "}, want...)...)
}

// allowed skips a test if this process may not send echo requests.
func allowed(t *testing.T, address string) {
	t.Helper()
	s, err := open(netip.MustParseAddr(address))
	var denied *deniedError
	switch {
	case errors.As(err, &denied):
		unproven(t, err)
	case err != nil:
		unproven(t, "this machine has no socket for ", address, ": ", err)
	}
	s.close()
}

// The real sockets, on loopback: this machine answers.
func TestStoryLoopbackAnswers(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "127.8.9.10", "::1"} {
		t.Run(address, func(t *testing.T) {
			if address == "::1" {
				if probe, err := net.ListenPacket("udp6", "[::1]:0"); err != nil {
					unproven(t, "this machine has no IPv6: ", err)
				} else {
					probe.Close()
				}
			}
			allowed(t, address)
			made, err := checktest.Make(t, Kind{}, address, "")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			got := made.Run(ctx)
			if got.State != check.Up || got.Details["sent"] != "3" || got.Details["lost"] != "0" {
				t.Fatal(got)
			}
			t.Log(got.Reason, got.Details)
		})
	}
}

// 127.255.255.255 is the broadcast address of loopback: nobody answers for it, or
// this system does not let us ask.
func TestStoryAnAddressThatDoesNotAnswer(t *testing.T) {
	allowed(t, "127.0.0.1")
	made, err := checktest.Make(t, Kind{}, "127.255.255.255", "{count: 1, wait: 300ms}")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if got := made.Run(ctx); got.State == check.Up {
		t.Fatal(got)
	} else {
		t.Log(got.State, got.Reason)
	}
}
