package link_test

import (
	"crypto/tls"
	"errors"
	"testing"
	"time"

	"keng/proto/link"
)

// Who has nothing but a token speaks to no one but a hub of the authority that it names:
// the others would learn the token's secret.
func TestTokenTLSKnowsTheHub(t *testing.T) {
	now := time.Now()
	own, foreign := newAuthority(t, now), newAuthority(t, now)
	alone := credentials(t, own, link.Hub, now)
	alone.Certificate.Certificate = alone.Certificate.Certificate[:1]
	for name, c := range map[string]struct {
		shown link.Credentials
		want  error
	}{
		"a hub":                                  {credentials(t, own, link.Hub, now), nil},
		"another cluster's hub":                  {credentials(t, foreign, link.Hub, now), link.ErrFingerprint},
		"a hub that does not show the authority": {alone, link.ErrFingerprint},
		"an agent":                               {credentials(t, own, link.Agent, now), link.ErrCertificate},
		"a hub of two years ago":                 {credentials(t, own, link.Hub, now.AddDate(-2, 0, 0)), link.ErrCertificate},
	} {
		listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{c.shown.Certificate}, MinVersion: tls.VersionTLS13})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if conn, err := listener.Accept(); err == nil {
				_ = conn.(*tls.Conn).HandshakeContext(t.Context())
				_ = conn.Close()
			}
		}()
		dialer := tls.Dialer{Config: link.NewToken(own.Certificate).TLS()}
		conn, err := dialer.DialContext(t.Context(), "tcp", listener.Addr().String())
		if err == nil {
			_ = conn.Close()
		}
		_ = listener.Close()
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func newAuthority(t *testing.T, now time.Time) link.Authority {
	t.Helper()
	a, err := link.NewAuthority(now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// credentials are those of a peer, good for a year.
func credentials(t *testing.T, a link.Authority, kind link.Kind, from time.Time) link.Credentials {
	t.Helper()
	c, err := a.Credentials(link.Peer{Kind: kind, ID: "x"}, from, 365*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
