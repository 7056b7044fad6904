package tcp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/agent/check"
	"keng/agent/check/checktest"
	"keng/agent/check/tcp"
)

// listen serves a port with a function until the test ends or stop is called.
func listen(t *testing.T, network, address string, handle func(net.Conn)) (at string, stop func()) {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, listener, handle)
}

func serve(t *testing.T, listener net.Listener, handle func(net.Conn)) (at string, stop func()) {
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(20 * time.Second))
				handle(conn)
			})
		}
	})
	stop = sync.OnceFunc(func() { listener.Close(); open.Wait() })
	t.Cleanup(stop)
	return listener.Addr().String(), stop
}

// say is a server that greets.
func say(text string) func(net.Conn) {
	return func(conn net.Conn) { io.WriteString(conn, text); io.Copy(io.Discard, conn) }
}

// certificate makes one for 127.0.0.1 that is good until a moment.
func certificate(t *testing.T, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"mail.example.vn"},
		NotBefore: until.Add(-365 * 24 * time.Hour), NotAfter: until,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// secure serves TLS with a certificate that is good for so long.
func secure(t *testing.T, good time.Duration) string {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate(t, time.Now().Add(good))}})
	if err != nil {
		t.Fatal(err)
	}
	at, _ := serve(t, listener, say("* OK ready\r\n"))
	return at
}

func reset(conn net.Conn) {
	conn.Read(make([]byte, 1))
	conn.(*net.TCPConn).SetLinger(0) // close sends a reset
}

func TestSuite(t *testing.T) {
	day := 24 * time.Hour
	mail, _ := listen(t, "tcp", "127.0.0.1:0", say("220 mail.example.vn ESMTP\r\n"))
	echo, _ := listen(t, "tcp", "127.0.0.1:0", func(conn net.Conn) { io.Copy(conn, conn) })
	resets, _ := listen(t, "tcp", "127.0.0.1:0", reset)
	closes, _ := listen(t, "tcp", "127.0.0.1:0", func(conn net.Conn) { conn.Read(make([]byte, 1)) })
	slow, _ := listen(t, "tcp", "127.0.0.1:0", func(conn net.Conn) { io.WriteString(conn, "22"); io.WriteString(conn, "0 ready") })
	fresh, worn, expired := secure(t, 90*day), secure(t, 5*day+time.Hour), secure(t, -time.Hour)
	checktest.Suite(t, checktest.Config{
		Kind: tcp.Kind{},
		Cases: []checktest.Case{
			{Name: "a port", Target: mail, State: check.Up, Reason: "connected in"},
			{Name: "a banner", Target: mail, YAML: "expect: '220 '", State: check.Up, Reason: `answered "220 mail.example.vn`},
			{Name: "a banner that matches", Target: mail, YAML: `matches: '^220 \S+ E?SMTP'`, State: check.Up},
			{Name: "a banner in pieces", Target: slow, YAML: "expect: '220 ready'", State: check.Up},
			{Name: "a question", Target: echo, YAML: `{send: "PING\r\n", expect: "PING\r\n"}`, State: check.Up},
			{Name: "only sent", Target: echo, YAML: `send: "PING\r\n"`, State: check.Up, Reason: "connected and sent"},
			{Name: "beyond the limit", Target: mail, YAML: "{expect: ESMTP, read_limit: 10}", State: check.Down, Reason: `said "220 mail.e" (the first 10 bytes), which does not contain "ESMTP"`},
			{Name: "does not match", Target: mail, YAML: "{expect: mail, matches: '^221', read_limit: 27}", State: check.Down, Reason: "does not match ^221"},
			{Name: "reset", Target: resets, YAML: "{send: x, expect: y}", State: check.Down, Reason: "connection reset by the other side"},
			{Name: "closed", Target: closes, YAML: "{send: x, expect: y}", State: check.Down, Reason: "closed the connection without a word"},
			{Name: "TLS", Target: fresh, YAML: "{tls: true, tls_verify: false, min_days_left: 89, expect: OK}", State: check.Up, Reason: "answered"},
			{Name: "TLS alone", Target: fresh, YAML: "{tls: true, tls_verify: false}", State: check.Up, Reason: "good for 89 days"},
			{Name: "an unknown authority", Target: fresh, YAML: "{tls: true, tls_server_name: mail.example.vn}", State: check.Down, Reason: "the TLS handshake failed"},
			{Name: "another name", Target: fresh, YAML: "{tls: true, tls_server_name: web.example.vn}", State: check.Down, Reason: "web.example.vn"},
			{Name: "soon expired", Target: worn, YAML: "{tls: true, tls_verify: false, min_days_left: 14}", State: check.Down, Reason: "expires in 5 days, and at least 14 are wanted"},
			{Name: "expired", Target: expired, YAML: "{tls: true, tls_verify: false, min_days_left: 1}", State: check.Down, Reason: "the certificate has expired"},
			{Name: "no TLS there", Target: mail, YAML: "tls: true", State: check.Down, Reason: "the TLS handshake failed"},
		},
		Target:     func(address string) (string, string) { return address, "expect: never" },
		BadTargets: []string{"example.vn", "example.vn:", "example.vn:0", "example.vn:http", "example.vn:70000", ":25", "a b:25", "2001:db8::1:", "http://example.vn:25"},
	})
}

func TestBadFields(t *testing.T) {
	for fields, name := range map[string]string{
		"matches: '('": "matches", "min_days_left: 3": "tls", "tls_server_name: x": "tls",
		"{expect: abc, read_limit: 2}": "read_limit", "read_limit: 100000": "read_limit", "ip_version: 5": "ip_version",
	} {
		if _, err := checktest.Make(t, tcp.Kind{}, "127.0.0.1:25", fields); err == nil || !strings.Contains(err.Error(), name+": ") {
			t.Errorf("%s: %v", fields, err)
		}
	}
}

func run(t *testing.T, target, fields string, timeout time.Duration) check.Result {
	t.Helper()
	made, err := checktest.Make(t, tcp.Kind{}, target, fields)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return made.Run(ctx)
}

// A service is stopped and started: the port refuses, and is up again.
func TestStoryAServiceIsRestarted(t *testing.T) {
	at, stop := listen(t, "tcp", "127.0.0.1:0", say("ready\n"))
	// It does not wait for more than it needs.
	if got := run(t, at, "expect: ready", 20*time.Second); got.State != check.Up || got.Took > 10*time.Second {
		t.Fatal(got)
	}
	stop()
	if got := run(t, at, "expect: ready", 20*time.Second); got.State != check.Down || got.Reason != "connection refused ("+at+")" {
		t.Fatal(got)
	}
	listen(t, "tcp", at, say("ready\n"))
	if got := run(t, at, "expect: ready", 20*time.Second); got.State != check.Up {
		t.Fatal(got)
	}
}

// Whatever comes of it, the connection is closed.
func TestNoConnectionIsLeft(t *testing.T) {
	ended := make(chan error, 1)
	at, _ := listen(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
		io.WriteString(conn, "ready\n")
		_, err := io.Copy(io.Discard, conn)
		ended <- err
	})
	for _, fields := range []string{"", "expect: ready", "{expect: never, read_limit: 5}"} {
		run(t, at, fields, 20*time.Second)
		if err := <-ended; errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%q leaves it open", fields)
		}
	}
}

// A server that says half of it and hangs is told from one that says nothing.
func TestHalfAnAnswer(t *testing.T) {
	at, _ := listen(t, "tcp", "127.0.0.1:0", say("22"))
	got := run(t, at, "expect: '220'", 300*time.Millisecond)
	if got.State != check.Down || got.Reason != `the server said "22", then nothing more in time, which does not contain "220"` || got.Details["answer"] != "22" {
		t.Fatal(got)
	}
}

func TestIPVersions(t *testing.T) {
	made, err := checktest.Make(t, tcp.Kind{}, "[2001:db8::1]:25", "")
	if err != nil || made.Host() != "2001:db8::1" {
		t.Fatal(made.Host(), err)
	}
	four, _ := listen(t, "tcp4", "127.0.0.1:0", say("4"))
	if got := run(t, four, "ip_version: 4", 20*time.Second); got.State != check.Up {
		t.Error(got)
	}
	if got := run(t, four, "ip_version: 6", 20*time.Second); got.State == check.Up {
		t.Error(got)
	}
	if probe, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Log("this machine has no IPv6")
	} else {
		probe.Close()
		six, _ := listen(t, "tcp6", "[::1]:0", say("6"))
		if got := run(t, six, "{ip_version: 6, expect: '6'}", 20*time.Second); got.State != check.Up {
			t.Error(got)
		}
	}
}
