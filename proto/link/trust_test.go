package link_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go"

	"keng/proto/link"
	"keng/proto/link/linktest"
)

// TestOnlyTheClusterMayDial: what certificates a hub does not accept.
func TestOnlyTheClusterMayDial(t *testing.T) {
	agent := link.Peer{Kind: link.Agent, ID: "a"}
	cases := map[string]func(w *world) link.Credentials{
		"another cluster's": func(w *world) link.Credentials {
			foreign := linktest.NewAuthority(w).Issue(agent)
			foreign.Authorities = w.authority.Issue(agent).Authorities
			return foreign
		},
		"expired": func(w *world) link.Credentials { return w.authority.IssueFor(agent, -time.Hour) },
		"revoked": func(w *world) link.Credentials {
			return w.authority.Issue(link.Peer{Kind: link.Agent, ID: "revoked"})
		},
		"an authority's": func(w *world) link.Credentials {
			own := w.authority.Issue(agent)
			own.Certificate.Certificate = [][]byte{w.authority.Certificate.Raw}
			own.Certificate.PrivateKey = w.authority.Key
			return own
		},
	}
	for name, credentials := range cases {
		t.Run(name, func(t *testing.T) {
			bubbles(t, func(w *world) {
				handled := false
				h := w.serve("hub", link.ListenConfig{Admit: func(peer link.Peer, leaf *x509.Certificate) error {
					if peer.ID == "revoked" && leaf != nil {
						return errors.New("revoked yesterday")
					}
					return nil
				}}, func(context.Context, *link.Conn) { handled = true })
				defer h.close()
				e, cfg := w.agent("agent")
				defer e.Close()
				own := credentials(w)
				cfg.Credentials = func() link.Credentials { return own }
				_, err := e.Dial(w.Context(), "hub", cfg)
				if !errors.Is(err, link.ErrCertificate) {
					w.Errorf("Dial: %v", err)
				}
				synctest.Wait()
				if handled {
					w.Error("the connection was handled")
				}
			})
		})
	}
}

// TestOnlyHubsAreTrusted: what listeners a dialler does not accept.
func TestOnlyHubsAreTrusted(t *testing.T) {
	cases := map[string]func(w *world) link.Credentials{
		"another cluster's hub": func(w *world) link.Credentials {
			return linktest.NewAuthority(w).Issue(link.Peer{Kind: link.Hub, ID: "hub"})
		},
		"an agent that listens": func(w *world) link.Credentials {
			return w.authority.Issue(link.Peer{Kind: link.Agent, ID: "hub"})
		},
		"an agent with a server's certificate": func(w *world) link.Credentials {
			return w.serverCertificate(link.Peer{Kind: link.Agent, ID: "hub"})
		},
		"an expired hub": func(w *world) link.Credentials {
			return w.authority.IssueFor(link.Peer{Kind: link.Hub, ID: "hub"}, -time.Hour)
		},
	}
	for name, credentials := range cases {
		t.Run(name, func(t *testing.T) {
			bubbles(t, func(w *world) {
				own := credentials(w)
				h := w.serve("hub", link.ListenConfig{Credentials: func() link.Credentials { return own }}, echo)
				defer h.close()
				e, cfg := w.agent("agent")
				defer e.Close()
				if _, err := e.Dial(w.Context(), "hub", cfg); !errors.Is(err, link.ErrCertificate) {
					w.Errorf("Dial: %v", err)
				}
			})
		})
	}
}

// serverCertificate makes what Authority.Issue never would: an identity that may serve
// whatever it is.
func (w *world) serverCertificate(peer link.Peer) link.Credentials {
	w.Helper()
	key, err := link.NewKey()
	if err != nil {
		w.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, URIs: []*url.URL{peer.URI()},
	}, w.authority.Certificate, key.Public(), w.authority.Key)
	if err != nil {
		w.Fatal(err)
	}
	return link.Credentials{
		Certificate: tls.Certificate{Certificate: [][]byte{der, w.authority.Certificate.Raw}, PrivateKey: key},
		Authorities: []*x509.Certificate{w.authority.Certificate},
	}
}

// TestConnectedMeansWelcomed: a hub with which the handshake succeeds but that never
// says Welcome is not connected.
func TestConnectedMeansWelcomed(t *testing.T) {
	bubble(t, func(w *world) {
		mute := w.raw("hub", w.authority.Issue(link.Peer{Kind: link.Hub, ID: "hub"}), "keng/1")
		defer mute.close()
		var shaken atomic.Int32
		mute.listen(func(connection *quic.Conn) { shaken.Add(1) })
		e, cfg := w.agent("agent")
		defer e.Close()
		cfg.Timeout = 20 * time.Second
		begun := time.Now()
		_, err := e.Dial(w.Context(), "hub", cfg)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != cfg.Timeout {
			w.Errorf("Dial gave up after %s: %v", time.Since(begun), err)
		}
		ctx, cancel := context.WithCancel(w.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := e.Dial(ctx, "hub", cfg); !errors.Is(err, context.Canceled) {
			w.Errorf("cancelled Dial: %v", err)
		}
		if shaken.Load() != 2 {
			w.Errorf("%d handshakes succeeded", shaken.Load())
		}
	})
}

// TestResumedSessionsAreJudged: a ticket spares work, not the verdict; and a session
// speaks only for the identity that began it.
func TestResumedSessionsAreJudged(t *testing.T) {
	bubbles(t, func(w *world) {
		var revoked atomic.Bool
		peers := make(chan link.Peer, 10)
		h := w.serve("hub", link.ListenConfig{Admit: func(link.Peer, *x509.Certificate) error {
			if revoked.Load() {
				return errors.New("revoked")
			}
			return nil
		}}, func(ctx context.Context, c *link.Conn) {
			peers <- c.Peer()
			echo(ctx, c)
		})
		defer h.close()
		e, cfg := w.agent("agent-1")
		defer e.Close()
		for attempt := range 2 {
			c := w.dial(e, "hub", cfg)
			if c.Resumed() != (attempt > 0) {
				w.Errorf("dial %d resumed a session: %v", attempt, c.Resumed())
			}
			time.Sleep(time.Second) // the ticket comes after Welcome
			c.Close("")
			if peer := <-peers; peer.ID != "agent-1" {
				w.Errorf("the hub sees %s", peer)
			}
		}
		other := cfg
		other.Credentials = w.authority.As(link.Gateway, "g")
		c := w.dial(e, "hub", other)
		if c.Resumed() {
			w.Error("another identity resumed the session")
		}
		c.Close("")
		if peer := <-peers; peer.ID != "g" {
			w.Errorf("another identity of the same endpoint is seen as %s", peer)
		}
		revoked.Store(true)
		if _, err := e.Dial(w.Context(), "hub", cfg); !errors.Is(err, link.ErrCertificate) {
			w.Errorf("revoked, with a ticket: %v", err)
		}
	})
}

// TestExpiryOfAResumedSession: the certificate of a ticket can expire too.
func TestExpiryOfAResumedSession(t *testing.T) {
	bubbles(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{}, echo)
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		short := w.authority.IssueFor(link.Peer{Kind: link.Agent, ID: "agent"}, time.Hour)
		cfg.Credentials = func() link.Credentials { return short }
		c := w.dial(e, "hub", cfg)
		time.Sleep(time.Second)
		c.Close("")
		time.Sleep(time.Hour)
		if _, err := e.Dial(w.Context(), "hub", cfg); !errors.Is(err, link.ErrCertificate) {
			w.Errorf("Dial: %v", err)
		}
	})
}

// TestNoJoinersHere: a hub without Join says so in words.
func TestNoJoinersHere(t *testing.T) {
	bubbles(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{}, echo)
		defer h.close()
		e, _ := w.agent("agent")
		defer e.Close()
		_, _, err := e.Join(w.Context(), "hub", link.NewToken(w.authority.Certificate).String(), link.Agent, "x")
		if !errors.Is(err, link.ErrRefused) || !strings.Contains(err.Error(), "joiners") {
			w.Errorf("Join: %v", err)
		}
	})
}
