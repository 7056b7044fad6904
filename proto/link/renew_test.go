package link_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go"
	"google.golang.org/protobuf/proto"

	"keng/proto/link"
	"keng/proto/link/linkpb"
	"keng/proto/link/linktest"
)

const day = 24 * time.Hour

// registrar renews as a hub does: it signs with the first of its authorities, and what it
// says no to is in refuse.
type registrar struct {
	mu      sync.Mutex
	list    []link.Authority
	refuse  string
	err     error
	signed  int
	node    string
	started time.Time
	own     link.Credentials
}

func (w *world) registrar(node string) *registrar {
	return &registrar{list: []link.Authority{w.authority.Authority}, node: node}
}

// credentials are the hub's own: they are renewed, as those of a real one.
func (r *registrar) credentials() link.Credentials {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.started) > day {
		oldest := r.list[len(r.list)-1]
		r.own, _ = oldest.Credentials(link.Peer{Kind: link.Hub, ID: r.node}, time.Now(), 0)
		r.started = time.Now()
	}
	r.own.Authorities = nil
	for _, a := range r.list {
		r.own.Authorities = append(r.own.Authorities, a.Certificate)
	}
	return r.own
}

func (r *registrar) renew(_ context.Context, peer link.Peer, csr []byte) (link.JoinReply, error) {
	trusted := r.credentials().Authorities
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != "" || r.err != nil {
		return link.JoinReply{Refused: r.refuse}, r.err
	}
	leaf, err := r.list[0].Sign(csr, peer, time.Now(), 0)
	r.signed++
	reply := link.JoinReply{Certificates: [][]byte{leaf}}
	for _, a := range trusted {
		reply.Authorities = append(reply.Authorities, a.Raw)
	}
	return reply, err
}

// count is how many certificates were signed.
func (r *registrar) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.signed
}

func (r *registrar) set(change func(r *registrar)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r)
}

func (r *registrar) config() link.ListenConfig {
	return link.ListenConfig{Credentials: r.credentials, Node: r.node, Join: noJoin, Renew: r.renew}
}

func noJoin(context.Context, link.JoinRequest, net.Addr) (link.JoinReply, error) {
	return link.JoinReply{Refused: "no tokens today"}, nil
}

// diary is a log that tests read.
type diary struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.buf.Write(p)
}

func (d *diary) says(words string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Contains(d.buf.String(), words)
}

// identity saves credentials as an agent's, and opens them.
func (w *world) identity(own link.Credentials) (*link.Identity, string, *diary) {
	w.Helper()
	dir, log := w.TempDir(), &diary{}
	if err := link.SaveCredentials(dir, own); err != nil {
		w.Fatal(err)
	}
	id, err := link.OpenIdentity(dir, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		w.Fatal(err)
	}
	return id, dir, log
}

// until is how long the certificate that is dialled with is good.
func until(w *world, id *link.Identity) time.Duration {
	w.Helper()
	leaf, err := id.Credentials().Leaf()
	if err != nil {
		w.Fatal(err)
	}
	return time.Until(leaf.NotAfter)
}

func pending(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "next"))
	return err == nil
}

// slowly is a hub's configuration for tests that last days.
func (r *registrar) slowly() link.ListenConfig {
	cfg := r.config()
	cfg.Heartbeat = 20 * time.Second
	return cfg
}

var agentA = link.Peer{Kind: link.Agent, ID: "a"}

// TestRenewalAtHalfLife: the certificate is renewed while the connection goes on, is kept
// beside the old one, and takes its place when a hub has welcomed it.
func TestRenewalAtHalfLife(t *testing.T) {
	bubbles(t, func(w *world) {
		r := w.registrar("hub")
		h := w.serve("hub", r.slowly(), echo)
		id, dir, log := w.identity(w.authority.Issue(agentA))
		e := w.endpoint("a")
		defer e.Close()
		k := w.keep("a", link.DialConfig{Identity: id}, e, "hub")
		defer k.stop()
		c := <-k.sessions
		time.Sleep(3*day + 11*time.Hour)
		if r.count() != 0 || pending(dir) {
			w.Errorf("before half of its life %d certificates were signed", r.count())
		}
		time.Sleep(day)
		if r.count() != 1 || !pending(dir) || until(w, id) < 6*day || !log.says("the certificate is renewed") {
			w.Errorf("after half of its life %d were signed; it is good for %s", r.count(), until(w, id))
		}
		if c.Context().Err() != nil || len(k.sessions) != 0 {
			w.Error("the connection was disturbed")
		}
		settled, err := link.LoadCredentials(dir)
		if leaf, _ := settled.Leaf(); err != nil || time.Until(leaf.NotAfter) > 3*day {
			w.Errorf("the old one is gone: %v", err)
		}
		h.close()
		h = w.serve("hub", r.slowly(), echo)
		defer h.close()
		<-k.sessions
		if pending(dir) || until(w, id) < 6*day {
			w.Error("the new one does not take the old one's place")
		}
	})
}

// TestRenewalIsTriedAgain: a hub that is busy or refuses costs nothing but a line in the log.
func TestRenewalIsTriedAgain(t *testing.T) {
	bubbles(t, func(w *world) {
		r := w.registrar("hub")
		r.refuse = "come back on Tuesday"
		h := w.serve("hub", r.slowly(), echo)
		defer h.close()
		id, _, log := w.identity(w.authority.IssueFor(agentA, 2*day))
		e := w.endpoint("a")
		defer e.Close()
		k := w.keep("a", link.DialConfig{Identity: id}, e, "hub")
		defer k.stop()
		c := <-k.sessions
		time.Sleep(42 * time.Hour)
		if !log.says("come back on Tuesday") || !log.says("level=ERROR") || c.Context().Err() != nil {
			w.Error("the log does not tell that the end is near, or the connection is gone")
		}
		r.set(func(r *registrar) { r.refuse, r.err = "", errors.New("secret trouble") })
		time.Sleep(time.Hour)
		if log.says("secret") || !log.says("could not renew") {
			w.Error("of a hub's trouble too much is said, or too little")
		}
		r.set(func(r *registrar) { r.err = nil })
		time.Sleep(2 * time.Hour)
		if until(w, id) < 6*day || c.Context().Err() != nil {
			w.Errorf("it is good for %s", until(w, id))
		}
	})
}

// TestOldCertificateServesOn: if no hub takes the new one, the old one is used again.
func TestOldCertificateServesOn(t *testing.T) {
	bubbles(t, func(w *world) {
		old := w.authority.IssueFor(agentA, 2*day)
		leaf, _ := old.Leaf()
		r := w.registrar("hub")
		cfg := r.slowly()
		cfg.Admit = func(_ link.Peer, shown *x509.Certificate) error {
			if !shown.Equal(leaf) {
				return errors.New("this hub knows only the old one")
			}
			return nil
		}
		h := w.serve("hub", cfg, echo)
		id, dir, _ := w.identity(old)
		e := w.endpoint("a")
		defer e.Close()
		k := w.keep("a", link.DialConfig{Identity: id}, e, "hub")
		defer k.stop()
		<-k.sessions
		time.Sleep(30 * time.Hour)
		if !pending(dir) {
			w.Fatal("it was not renewed")
		}
		h.close()
		h = w.serve("hub", cfg, echo)
		defer h.close()
		<-k.sessions
		if own, _ := id.Credentials().Leaf(); !own.Equal(leaf) {
			w.Error("it is not the old one")
		}
	})
}

// TestExpiredCertificateIsRenewedWithProof, for 90 days and no longer.
func TestExpiredCertificateIsRenewedWithProof(t *testing.T) {
	for days, says := range map[int]string{1: "", 89: "", 91: "more than 90 days ago: let this machine join again with a token"} {
		t.Run(fmt.Sprint(days), func(t *testing.T) {
			bubbles(t, func(w *world) {
				r := w.registrar("hub")
				h := w.serve("hub", r.config(), echo)
				defer h.close()
				own := w.authority.Issue(agentA)
				time.Sleep(7*day + time.Duration(days)*day)
				id, dir, _ := w.identity(own)
				e := w.endpoint("a")
				defer e.Close()
				c, err := e.Dial(w.Context(), "hub", link.DialConfig{Identity: id})
				if says != "" {
					if !errors.Is(err, link.ErrRefused) || !strings.Contains(err.Error(), says) {
						w.Errorf("Dial: %v", err)
					}
					return
				}
				if err != nil {
					w.Fatal(err)
				}
				c.Close("")
				if pending(dir) || until(w, id) < 6*day || r.count() != 1 {
					w.Errorf("it is good for %s; %d were signed", until(w, id), r.count())
				}
			})
		})
	}
}

// TestRefusedPeerIsToldWhy: the handshake cannot say it.
func TestRefusedPeerIsToldWhy(t *testing.T) {
	bubbles(t, func(w *world) {
		r := w.registrar("hub")
		r.refuse = "it was stolen on Monday"
		cfg := r.config()
		cfg.Admit = func(link.Peer, *x509.Certificate) error { return errors.New("revoked") }
		h := w.serve("hub", cfg, echo)
		defer h.close()
		id, _, _ := w.identity(w.authority.Issue(agentA))
		e := w.endpoint("a")
		defer e.Close()
		if _, err := e.Dial(w.Context(), "hub", link.DialConfig{Identity: id}); !errors.Is(err, link.ErrRefused) || !strings.Contains(err.Error(), "stolen on Monday") {
			w.Errorf("Dial: %v", err)
		}
	})
}

// TestRefusedPeerComesBackSeldom: at most once in half of the longest wait.
func TestRefusedPeerComesBackSeldom(t *testing.T) {
	bubbles(t, func(w *world) {
		var came atomic.Int32
		h := w.serve("hub", w.registrar("hub").config(), func(_ context.Context, c *link.Conn) {
			came.Add(1)
			c.Refuse("go away")
		})
		defer h.close()
		e, cfg := w.agent("a")
		defer e.Close()
		k := w.keep("a", cfg, e, "hub")
		defer k.stop()
		time.Sleep(10 * time.Minute)
		if n := came.Load(); n < 8 || n > 20 {
			w.Errorf("it came %d times in ten minutes", n)
		}
	})
}

// TestProofIsOfOneConnection: what was signed for one is worth nothing on another, nor
// without the key.
func TestProofIsOfOneConnection(t *testing.T) {
	bubbles(t, func(w *world) {
		r := w.registrar("hub")
		h := w.serve("hub", r.config(), echo)
		defer h.close()
		own, other := w.authority.IssueFor(agentA, -day), w.authority.IssueFor(agentA, -day)
		key, _ := link.NewKey()
		csr, _ := link.NewSigningRequest(key)
		raw := w.raw("raw", own, "keng-join/1")
		defer raw.close()
		elsewhere, _ := raw.dial("hub")
		for what, c := range map[string]struct {
			prove func(here *quic.Conn) ([]byte, error)
			says  string
		}{
			"right":              {func(here *quic.Conn) ([]byte, error) { return link.Prove(here.ConnectionState().TLS, own, csr) }, ""},
			"another connection": {func(*quic.Conn) ([]byte, error) { return link.Prove(elsewhere.ConnectionState().TLS, own, csr) }, "the proof is not"},
			"another key":        {func(here *quic.Conn) ([]byte, error) { return link.Prove(here.ConnectionState().TLS, other, csr) }, "the proof is not"},
			"another request":    {func(here *quic.Conn) ([]byte, error) { return link.Prove(here.ConnectionState().TLS, own, csr[1:]) }, "the proof is not"},
			"none":               {func(*quic.Conn) ([]byte, error) { return nil, nil }, "the proof is not"},
			"too long":           {func(*quic.Conn) ([]byte, error) { return make([]byte, 1000), nil }, "cannot be read"},
		} {
			connection, stream := raw.dial("hub")
			proof, err := c.prove(connection)
			if err != nil {
				w.Fatal(err)
			}
			reply, err := link.AskRaw(stream, &linkpb.JoinRequest{Csr: csr, Kind: "agent", Expired: own.Certificate.Certificate[:1], Proof: proof})
			if err != nil || !strings.Contains(reply.Refused, c.says) || (c.says == "") != (reply.Refused == "") {
				w.Errorf("%s: %v, %v", what, reply, err)
			}
			connection.CloseWithError(0, "")
		}
		if r.count() != 1 {
			w.Errorf("%d were signed", r.count())
		}
	})
}

// TestForeignCertificatesAreNotRenewed: whose they are must be beyond doubt.
func TestForeignCertificatesAreNotRenewed(t *testing.T) {
	bubbles(t, func(w *world) {
		r := w.registrar("hub")
		h := w.serve("hub", r.config(), echo)
		defer h.close()
		key, _ := link.NewKey()
		csr, _ := link.NewSigningRequest(key)
		authority := w.authority.Issue(agentA)
		authority.Certificate.Certificate, authority.Certificate.PrivateKey = [][]byte{w.authority.Certificate.Raw}, w.authority.Key
		for what, own := range map[string]link.Credentials{
			"another cluster's": linktest.NewAuthority(w).IssueFor(agentA, -day),
			"a hub's":           w.authority.IssueFor(link.Peer{Kind: link.Hub, ID: "hub"}, -day),
			"an authority's":    authority,
			"no client's":       w.serverCertificate(agentA),
		} {
			raw := w.raw("raw", own, "keng-join/1")
			connection, stream := raw.dial("hub")
			proof, err := link.Prove(connection.ConnectionState().TLS, own, csr)
			if err != nil {
				w.Fatal(err)
			}
			reply, err := link.AskRaw(stream, &linkpb.JoinRequest{Csr: csr, Kind: "agent", Expired: own.Certificate.Certificate[:1], Proof: proof})
			if err != nil || reply.Refused == "" || len(reply.Certificates) > 0 {
				w.Errorf("%s: %v, %v", what, reply, err)
			}
			raw.close()
		}
	})
}

// TestTrustIsFollowed: told of another authority, a peer renews its certificate, and finds
// the hub when only the new one is left.
func TestTrustIsFollowed(t *testing.T) {
	bubbles(t, func(w *world) {
		r := w.registrar("hub")
		conns := make(chan *link.Conn, 10)
		h := w.serve("hub", r.slowly(), func(ctx context.Context, c *link.Conn) {
			conns <- c
			echo(ctx, c)
		})
		id, dir, _ := w.identity(w.authority.Issue(agentA))
		e := w.endpoint("a")
		defer e.Close()
		k := w.keep("a", link.DialConfig{Identity: id}, e, "hub")
		defer k.stop()
		c := <-conns
		next := linktest.NewAuthority(w).Authority
		r.set(func(r *registrar) { r.list = []link.Authority{next, w.authority.Authority} })
		if err := c.Trust(r.credentials().Authorities); err != nil {
			w.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		own := id.Credentials()
		if leaf, _ := own.Leaf(); leaf.CheckSignatureFrom(next.Certificate) != nil || len(own.Authorities) != 2 || c.Context().Err() != nil {
			w.Error("it has no certificate of the new authority, or the connection is gone")
		}
		if settled, err := link.LoadCredentials(dir); err != nil || len(settled.Authorities) != 2 {
			w.Errorf("the old certificate stands beside the old authorities: %v", err)
		}
		r.set(func(r *registrar) { r.list, r.started = []link.Authority{next}, time.Time{} })
		c.Trust(r.credentials().Authorities)
		time.Sleep(10 * time.Second)
		if len(id.Credentials().Authorities) != 1 || r.count() != 1 {
			w.Errorf("%d authorities are trusted; %d certificates were signed", len(id.Credentials().Authorities), r.count())
		}
		h.close()
		h = w.serve("hub", r.slowly(), func(ctx context.Context, c *link.Conn) {
			conns <- c
			echo(ctx, c)
		})
		defer h.close()
		<-k.sessions // the first
		<-k.sessions
		if pending(dir) {
			w.Error("the new certificate does not take the old one's place")
		}
	})
}

// TestTrustOfNothing: a hub's mistake does not cut a peer off for ever.
func TestTrustOfNothing(t *testing.T) {
	bubbles(t, func(w *world) {
		told := make(chan struct{})
		h := w.serve("hub", w.registrar("hub").config(), func(ctx context.Context, c *link.Conn) {
			c.Trust([]*x509.Certificate{})
			<-ctx.Done()
			close(told)
		})
		defer h.close()
		id, _, _ := w.identity(w.authority.Issue(agentA))
		e := w.endpoint("a")
		defer e.Close()
		c := w.dial(e, "hub", link.DialConfig{Identity: id})
		if _, err := receive(c); !errors.Is(err, link.ErrMalformed) {
			w.Errorf("Receive: %v", err)
		}
		<-told
		if len(id.Credentials().Authorities) != 1 {
			w.Error("it trusts nobody any more")
		}
	})
}

// TestIdentityFiles: what lies in a directory, and whose it is.
func TestIdentityFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		if _, err := link.OpenIdentity(t.TempDir(), nil); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("of an empty directory: %v", err)
		}
		own := w.authority.Issue(agentA)
		id, dir, _ := w.identity(own)
		other := w.authority.Issue(link.Peer{Kind: link.Agent, ID: "other"})
		if err := link.SaveCredentials(filepath.Join(dir, "next"), other); err != nil {
			t.Fatal(err)
		}
		if peer, err := id.Credentials().Peer(); peer != agentA || err != nil {
			t.Errorf("it dials as %s, %v", peer, err)
		}
		// Somebody joins anew: nothing of the old identity may be left.
		if err := link.SaveCredentials(dir, other); err != nil {
			t.Fatal(err)
		}
		if peer, _ := id.Credentials().Peer(); peer.ID != "other" || pending(dir) {
			t.Errorf("after joining anew it dials as %s", peer)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if peer, _ := id.Credentials().Peer(); peer.ID != "other" {
			t.Errorf("without a directory it dials as %s", peer)
		}
	})
}

// TestClockThatCannotBeRight: a machine that wakes in 1970 takes a hub's certificate as
// begun, but not one that had ended before its own began.
func TestClockThatCannotBeRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		at := func(begin, end time.Duration) *x509.Certificate {
			return &x509.Certificate{NotBefore: now.Add(begin), NotAfter: now.Add(end)}
		}
		for what, c := range map[string]struct {
			own, hub *x509.Certificate
			want     time.Duration
		}{
			"a good clock":             {at(-day, 6*day), at(-2*day, 5*day), 0},
			"1970":                     {at(365*day, 372*day), at(366*day, 373*day), 366 * day},
			"1970, the hub's is older": {at(365*day, 372*day), at(360*day, 367*day), 365 * day},
		} {
			if got := link.Present(c.own, c.hub).Sub(now); got != c.want {
				t.Errorf("%s: it is judged as of %s from now", what, got)
			}
		}
	})
}

func FuzzJoinRequest(f *testing.F) {
	authority, err := link.NewAuthority(time.Now())
	if err != nil {
		f.Fatal(err)
	}
	own, err := authority.Credentials(agentA, time.Now().Add(-8*day), 0)
	if err != nil {
		f.Fatal(err)
	}
	for _, m := range []*linkpb.JoinRequest{
		{}, {Token: "v1.x"}, {Expired: [][]byte{{}}}, {Expired: own.Certificate.Certificate, Proof: []byte("proof"), Csr: []byte("csr")},
	} {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if peer, err := link.JudgeRaw(b, []*x509.Certificate{authority.Certificate}, time.Now()); err == nil {
			t.Errorf("without a key somebody is taken for %s", peer)
		}
	})
}

func FuzzRenewed(f *testing.F) {
	authority, err := link.NewAuthority(time.Now())
	if err != nil {
		f.Fatal(err)
	}
	own, err := authority.Credentials(agentA, time.Now(), 0)
	if err != nil {
		f.Fatal(err)
	}
	good, err := proto.Marshal(&linkpb.Renewed{Certificates: own.Certificate.Certificate[:1], Authorities: own.Certificate.Certificate[1:]})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := link.RenewedRaw(b, agentA); err == nil {
			t.Error("a certificate for another key is taken")
		}
	})
}
