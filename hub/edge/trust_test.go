package edge_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/core"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/agentpb"
	"keng/proto/channel"
	"keng/proto/link"
)

// token makes a token.
func (w *world) token(change func(*state.CreateToken)) string {
	token := link.NewToken(w.authority.Certificate)
	hash := sha256.Sum256(token.Secret)
	command := state.CreateToken{ID: token.ID, Hash: hash[:], Uses: 1, Lifetime: time.Hour}
	if change != nil {
		change(&command)
	}
	do(w, command)
	return token.String()
}

// joined joins by a token and opens what was given as an identity.
func (w *world) joined(name string) (*link.Identity, link.Peer) {
	w.t.Helper()
	credentials, peer, err := w.endpoint().Join(context.Background(), "hub-1", w.token(nil), link.Agent, name)
	if err != nil {
		w.t.Fatal(err)
	}
	dir := w.t.TempDir()
	if err := link.SaveCredentials(dir, credentials); err != nil {
		w.t.Fatal(err)
	}
	id, err := link.OpenIdentity(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	return id, peer
}

func TestATokensLabelsBecomeThePeers(t *testing.T) {
	play(t, func(w *world) {
		token := w.token(func(c *state.CreateToken) { c.Labels, c.Kind = map[string]string{"site": "branch-3"}, "agent" })
		if _, _, err := w.endpoint().Join(context.Background(), "hub-1", token, link.Gateway, "g"); !errors.Is(err, link.ErrRefused) || !strings.Contains(err.Error(), "is for joining as an agent, not as a gateway") {
			t.Errorf("a gateway with an agent's token: %v", err)
		}
		_, peer, err := w.endpoint().Join(context.Background(), "hub-1", token, link.Agent, "a")
		if err != nil {
			t.Fatalf("what was refused was spent: %v", err)
		}
		row, _ := state.GetPeer(w.store.tx, peer.ID)
		if row.Labels["site"] != "branch-3" || time.Until(row.Certified.Until).Round(time.Hour) != link.DefaultLifetime || len(row.Certified.Authority) != 32 {
			t.Errorf("the peer is %+v", row)
		}
	})
}

// A certificate is renewed and what the state knows of it follows.
func TestCertificatesAreRenewed(t *testing.T) {
	play(t, func(w *world) {
		id, peer := w.joined("a")
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.endpoint().Keep(ctx, func() []string { return []string{"hub-1"} }, link.DialConfig{Identity: id}, func(_ context.Context, c *link.Conn) error {
				w.send(c, &agentpb.FromAgent{Kind: &agentpb.FromAgent_Resume{Resume: &agentpb.Resume{Epoch: epoch}}})
				for {
					var m agentpb.ToAgent
					if err := c.Receive(&m); err != nil {
						return err
					}
				}
			}, link.Backoff{})
		}()
		time.Sleep(108 * time.Hour)
		row, _ := state.GetPeer(w.store.tx, peer.ID)
		leaf, err := id.Credentials().Leaf()
		if err != nil || !leaf.NotAfter.Equal(row.Certified.Until) || time.Until(leaf.NotAfter) < 6*24*time.Hour {
			t.Errorf("the certificate is good until %s, known is %s: %v", leaf.NotAfter, row.Certified.Until, err)
		}
		stop()
		<-done
	})
}

// Who is revoked is put out at once, told why, and nothing is taken from it any more.
func TestRevokedPeersArePutOut(t *testing.T) {
	play(t, func(w *world) {
		id, peer := w.joined("laptop")
		c, err := w.endpoint().Dial(context.Background(), "hub-1", link.DialConfig{Identity: id})
		if err != nil {
			t.Fatal(err)
		}
		other := w.agent(w.admit(link.Agent, "other"), epoch)
		w.ack(other)
		w.send(c, &agentpb.FromAgent{Kind: &agentpb.FromAgent_Resume{Resume: &agentpb.Resume{Epoch: epoch}}})
		w.ack(c)
		if here := w.edge.Connections(); len(here) != 2 || here[peer.ID].Peer != peer {
			t.Errorf("connected are %v", here)
		}
		do(w, state.RevokePeer{ID: peer.ID, Reason: "stolen\non Monday"})
		begun := time.Now()
		var m agentpb.ToAgent
		if err := c.Receive(&m); !errors.Is(err, link.ErrRefused) || !strings.Contains(err.Error(), "stolen on Monday") || time.Since(begun) > time.Second {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		if _, err := w.endpoint().Dial(context.Background(), "hub-1", link.DialConfig{Identity: id}); !errors.Is(err, link.ErrRefused) || !strings.Contains(err.Error(), "stolen on Monday") {
			t.Errorf("it comes back: %v", err)
		}
		for _, err := range []error{
			second(state.Do(t.Context(), w.store, seed.New(), state.TakeEvents{Agent: peer.ID, Epoch: epoch, Events: []state.Event{{Number: 1, Check: "web", State: state.Down}}})),
			second(state.Do(t.Context(), w.store, seed.New(), state.TakeReports{Gateway: peer.ID, Reports: []channel.Report{{Page: "x", Number: 1}}})),
			second(state.Do(t.Context(), w.store, seed.New(), state.RenewPeer{ID: peer.ID, Kind: "agent"})),
		} {
			if core.KindOf(err) != core.Forbidden {
				t.Errorf("of a revoked peer: %v", err)
			}
		}
		w.settle()
		if len(w.edge.Connections()) != 1 || other.Context().Err() != nil {
			t.Error("the wrong one is put out, or stays")
		}
		_ = other.Close("")
		w.settle()
	})
}

// rotate has another authority sign, which is trusted beside the one before.
func (w *world) rotate() link.Authority {
	w.t.Helper()
	next, err := link.NewAuthority(time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	w.trust.Store(&trust{next, append([]*x509.Certificate{next.Certificate}, w.trust.Load().trusted...)})
	return next
}

func second[T any](_ T, err error) error { return err }

// While the authority is being changed, those who are here and those who come are told.
func TestPeersAreToldWhomToTrust(t *testing.T) {
	play(t, func(w *world) {
		here, _ := w.joined("here")
		away, _ := w.joined("away") // joined before the change, and comes after it
		receiving := func(id *link.Identity) *link.Conn {
			c, err := w.endpoint().Dial(context.Background(), "hub-1", link.DialConfig{Identity: id})
			if err != nil {
				t.Fatal(err)
			}
			w.send(c, &agentpb.FromAgent{Kind: &agentpb.FromAgent_Resume{Resume: &agentpb.Resume{Epoch: epoch}}})
			go func() {
				var m agentpb.ToAgent
				for c.Receive(&m) == nil {
				}
			}()
			return c
		}
		c := receiving(here)
		synctest.Wait()
		next := w.rotate()
		w.edge.Trust()
		late, _ := w.joined("late")
		d, e := receiving(late), receiving(away)
		time.Sleep(10 * time.Second)
		for _, id := range []*link.Identity{here, late, away} {
			own := id.Credentials()
			if leaf, err := own.Leaf(); err != nil || leaf.CheckSignatureFrom(next.Certificate) != nil || len(own.Authorities) != 2 {
				t.Errorf("it trusts %d authorities: %v", len(own.Authorities), err)
			}
		}
		_, _, _ = c.Close(""), d.Close(""), e.Close("")
		w.settle()
	})
}

// A gateway in the hub's own process follows the authority, too.
func TestTheGatewayInsideFollowsTheAuthority(t *testing.T) {
	play(t, func(w *world) {
		credentials, err := w.edge.Admission(t.Context(), "inside", "inside")
		if err != nil {
			t.Fatal(err)
		}
		before, _ := credentials().Leaf()
		next := w.rotate()
		after, _ := credentials().Leaf()
		if before.CheckSignatureFrom(w.authority.Certificate) != nil || after.CheckSignatureFrom(next.Certificate) != nil {
			t.Error("its certificate is not of the authority that signs")
		}
		if again, _ := credentials().Leaf(); !again.Equal(after) {
			t.Error("it is made anew each time")
		}
		if _, err := state.Do(t.Context(), w.store, seed.New(), state.RevokePeer{ID: "inside"}); core.KindOf(err) != core.Conflict {
			t.Errorf("it can be revoked: %v", err)
		}
	})
}
