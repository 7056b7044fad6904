package port

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"
)

// TestSilentStrangers: who connects and says nothing is hung up on in time, more of
// them than may shake hands at once are at once, and the port can be closed meanwhile.
func TestSilentStrangers(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := Open(Config{
		Listener: listener, Credentials: func() Credentials { return Credentials{} }, Logger: slog.New(slog.DiscardHandler),
		PeerID: func(*x509.Certificate) (string, error) { return "", errors.New("nobody") },
	})
	began := time.Now()
	var conns []net.Conn
	for range maxHandshakes + 10 {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns = append(conns, conn)
	}
	_ = conns[len(conns)-1].SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := conns[len(conns)-1].Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one too many: %v", err)
	}
	if since := time.Since(began); since > handshakeTimeout {
		t.Errorf("one too many was let go after %s", since)
	}
	_ = conns[0].SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := conns[0].Read(make([]byte, 1)); err == nil {
		t.Error("the port speaks first")
	}
	if since := time.Since(began); since < handshakeTimeout/2 || since > 6*handshakeTimeout {
		t.Errorf("a silent stranger was let go after %s", since)
	}
	if conn, err := net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Errorf("afterwards nobody can connect: %v", err)
	} else {
		defer conn.Close()
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
