package link_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"keng/proto/link"
	"keng/proto/link/linktest"
)

// enrol is a hub's Join that knows one token.
func (w *world) enrol(token link.Token, asked *atomic.Int32) func(context.Context, link.JoinRequest, net.Addr) (link.JoinReply, error) {
	return func(_ context.Context, request link.JoinRequest, remote net.Addr) (link.JoinReply, error) {
		asked.Add(1)
		if remote == nil {
			w.Error("the hub is not told where the joiner is")
		}
		presented, err := link.ParseToken(request.Token)
		if err != nil || !bytes.Equal(presented.Secret, token.Secret) {
			return link.JoinReply{Refused: "this token was revoked on Monday"}, nil
		}
		peer := link.Peer{Kind: request.Kind, ID: "given-" + request.Name}
		leaf, err := w.authority.Sign(request.CSR, peer, time.Now(), 0)
		return link.JoinReply{ID: peer.ID, Certificates: [][]byte{leaf}, Authorities: [][]byte{w.authority.Certificate.Raw}}, err
	}
}

func TestJoin(t *testing.T) {
	bubbles(t, func(w *world) {
		token := link.NewToken(w.authority.Certificate)
		var asked atomic.Int32
		h := w.serve("hub", link.ListenConfig{Join: w.enrol(token, &asked)}, echo)
		defer h.close()
		e := w.endpoint("new")
		defer e.Close()
		own, peer, err := e.Join(w.Context(), "hub", token.String(), link.Gateway, "here")
		if err != nil {
			w.Fatal(err)
		}
		if want := (link.Peer{Kind: link.Gateway, ID: "given-here"}); peer != want {
			w.Errorf("it is %s, want %s", peer, want)
		}
		c := w.dial(e, "hub", link.DialConfig{Credentials: func() link.Credentials { return own }})
		c.Send(text("here I am"))
		if got, err := receive(c); got != "here I am" {
			w.Errorf("got %q, %v", got, err)
		}
		c.Close("")

		stranger := link.NewToken(w.authority.Certificate)
		_, _, err = e.Join(w.Context(), "hub", stranger.String(), link.Agent, "x")
		if !errors.Is(err, link.ErrRefused) || !strings.Contains(err.Error(), "revoked on Monday") {
			w.Errorf("with another token: %v", err)
		}
		if asked.Load() != 2 {
			w.Errorf("the hub was asked %d times", asked.Load())
		}
		for _, garbled := range []string{"", "v1", token.String()[1:], token.String() + "x", "v2" + token.String()[2:]} {
			if _, _, err := e.Join(w.Context(), "hub", garbled, link.Agent, "x"); !errors.Is(err, link.ErrToken) {
				w.Errorf("token %q: %v", garbled, err)
			}
		}
		if _, _, err := e.Join(w.Context(), "hub", token.String(), link.Hub, "x"); err == nil {
			w.Error("a hub joined as an agent does")
		}
		if asked.Load() != 2 {
			w.Error("the hub was asked in vain")
		}
	})
}

// TestJoinTellsNothingToStrangers: the token does not leave the machine before the
// listener has proved that it belongs to the cluster.
func TestJoinTellsNothingToStrangers(t *testing.T) {
	impostors := map[string]func(w *world) link.Credentials{
		"a hub of another cluster": func(w *world) link.Credentials {
			return linktest.NewAuthority(w).Issue(link.Peer{Kind: link.Hub, ID: "hub"})
		},
		"another cluster's hub that shows our authority": func(w *world) link.Credentials {
			own := linktest.NewAuthority(w).Issue(link.Peer{Kind: link.Hub, ID: "hub"})
			own.Certificate.Certificate[1] = w.authority.Certificate.Raw
			return own
		},
		"an agent of the cluster": func(w *world) link.Credentials {
			return w.authority.Issue(link.Peer{Kind: link.Agent, ID: "hub"})
		},
		"a hub that does not show the authority": func(w *world) link.Credentials {
			own := w.authority.Issue(link.Peer{Kind: link.Hub, ID: "hub"})
			own.Certificate.Certificate = own.Certificate.Certificate[:1]
			return own
		},
	}
	for name, impostor := range impostors {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				r := w.raw("hub", impostor(w), "keng-join/1")
				defer r.close()
				r.listen(func(connection *quic.Conn) {
					if stream, err := connection.AcceptStream(context.Background()); err == nil {
						w.Errorf("the joiner opened stream %d", stream.StreamID())
					}
				})
				e := w.endpoint("new")
				defer e.Close()
				_, _, err := e.Join(w.Context(), "hub", link.NewToken(w.authority.Certificate).String(), link.Agent, "x")
				if !errors.Is(err, link.ErrFingerprint) && !errors.Is(err, link.ErrCertificate) {
					w.Errorf("Join: %v", err)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

// TestJoinBelievesNoForeignAnswer: a hub's mistake must not become an identity.
func TestJoinBelievesNoForeignAnswer(t *testing.T) {
	agent := link.Peer{Kind: link.Agent, ID: "a"}
	answers := map[string]func(w *world, csr []byte) link.JoinReply{
		"nothing": func(*world, []byte) link.JoinReply { return link.JoinReply{} },
		"garbage": func(*world, []byte) link.JoinReply {
			return link.JoinReply{ID: "a", Certificates: [][]byte{{1}}, Authorities: [][]byte{{2}}}
		},
		"a certificate for another key": func(w *world, _ []byte) link.JoinReply {
			other := w.authority.Issue(agent)
			return link.JoinReply{ID: "a", Certificates: other.Certificate.Certificate, Authorities: [][]byte{w.authority.Certificate.Raw}}
		},
		"another kind": func(w *world, csr []byte) link.JoinReply {
			leaf, _ := w.authority.Sign(csr, link.Peer{Kind: link.Gateway, ID: "a"}, time.Now(), 0)
			return link.JoinReply{ID: "a", Certificates: [][]byte{leaf}, Authorities: [][]byte{w.authority.Certificate.Raw}}
		},
		"another cluster": func(w *world, csr []byte) link.JoinReply {
			other := linktest.NewAuthority(w)
			leaf, _ := other.Sign(csr, agent, time.Now(), 0)
			return link.JoinReply{ID: "a", Certificates: [][]byte{leaf}, Authorities: [][]byte{other.Certificate.Raw}}
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			bubbles(t, func(w *world) {
				h := w.serve("hub", link.ListenConfig{Join: func(_ context.Context, r link.JoinRequest, _ net.Addr) (link.JoinReply, error) {
					return answer(w, r.CSR), nil
				}}, echo)
				defer h.close()
				e := w.endpoint("new")
				defer e.Close()
				if _, _, err := e.Join(w.Context(), "hub", link.NewToken(w.authority.Certificate).String(), link.Agent, "x"); err == nil {
					w.Error("it was believed")
				}
			})
		})
	}
}

// TestJoinersAreBounded: in time, in size, and in what they learn of a hub's troubles.
func TestJoinersAreBounded(t *testing.T) {
	bubbles(t, func(w *world) {
		token := link.NewToken(w.authority.Certificate).String()
		h := w.serve("hub", link.ListenConfig{Join: func(ctx context.Context, r link.JoinRequest, _ net.Addr) (link.JoinReply, error) {
			if r.Name == "stall" {
				<-ctx.Done()
			}
			return link.JoinReply{}, errors.New("secret trouble")
		}}, echo)
		defer h.close()
		e := w.endpoint("new")
		defer e.Close()
		for _, name := range []string{"fail", "stall"} {
			_, _, err := e.Join(w.Context(), "hub", token, link.Agent, name)
			if !errors.Is(err, link.ErrRefused) || strings.Contains(err.Error(), "secret") {
				w.Errorf("%s: %v", name, err)
			}
		}
		r := w.raw("raw", w.authority.Issue(link.Peer{Kind: link.Agent, ID: "a"}), "keng-join/1")
		defer r.close()
		for _, first := range [][]byte{nil, {0xff, 0xff, 0x7f}, {5, 1, 2}} {
			begun := time.Now()
			connection, stream := r.dial("hub")
			stream.Write(first)
			causeOf(connection)
			if took := time.Since(begun); took > 11*time.Second {
				w.Errorf("after %x it waited %s", first, took)
			}
		}
	})
}

// TestSignBelievesOnlyTheKey: a request that asks to be a hub gets what the hub decides.
func TestSignBelievesOnlyTheKey(t *testing.T) {
	authority, err := link.NewAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := link.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	csr, err := link.NewSigningRequest(key)
	if err != nil {
		t.Fatal(err)
	}
	peer, now := link.Peer{Kind: link.Agent, ID: "a"}, time.Now()
	der, err := authority.Sign(csr, peer, now, 0)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := link.PeerOf(leaf); got != peer || err != nil {
		t.Errorf("it is for %s, %v", got, err)
	}
	if life := leaf.NotAfter.Sub(leaf.NotBefore); leaf.IsCA || life != link.DefaultLifetime+5*time.Minute ||
		len(leaf.ExtKeyUsage) != 1 || leaf.ExtKeyUsage[0] != x509.ExtKeyUsageClientAuth {
		t.Errorf("lifetime %s, CA %v, usage %v", life, leaf.IsCA, leaf.ExtKeyUsage)
	}
	csr[len(csr)-1] ^= 1
	if _, err := authority.Sign(csr, peer, now, 0); err == nil {
		t.Error("a broken signature was taken")
	}
	certificate, private, err := authority.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := link.ParseAuthority(certificate, private)
	if err != nil || !again.Certificate.Equal(authority.Certificate) {
		t.Errorf("read back: %v", err)
	}
	other, _ := link.NewAuthority(now)
	if _, err := link.ParseAuthority(other.Certificate.Raw, private); err == nil {
		t.Error("a key was taken for another's")
	}
}
