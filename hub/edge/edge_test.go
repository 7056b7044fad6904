package edge_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/edge"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/agentpb"
	"keng/proto/channel"
	"keng/proto/gatewaypb"
	"keng/proto/link"
	"keng/proto/link/linktest"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// store is a replicated store of one node in memory.
type store struct {
	machine *state.Machine
	mu      sync.Mutex
	tx      *tabletest.Tx
	updates int
	changed chan struct{}
	refuse  func(command []byte) error
}

func (s *store) Update(_ context.Context, _ [16]byte, command []byte) (out []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates++
	if s.refuse != nil {
		if err := s.refuse(command); err != nil {
			return nil, err
		}
	}
	err = s.tx.Run(func(tx *tabletest.Tx) error {
		out, err = s.machine.Handle(tx, time.Now(), command)
		return err
	})
	close(s.changed)
	s.changed = make(chan struct{})
	return out, err
}

// count returns how many commands have come; those that are under way come first.
func (s *store) count() int {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.updates
}

// refuses says which commands fail from now on; nil: none.
func (s *store) refuses(refuse func(command []byte) error) {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

func (s *store) Applied() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *store) View(_ context.Context, _ bool, f func(table.Reader) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f(s.tx)
}

// world is an edge that listens on a network in memory.
type world struct {
	t         *testing.T
	network   *linktest.Network
	authority *linktest.Authority
	store     *store
	edge      *edge.Edge
	hosts     int
	trust     atomic.Pointer[trust]
}

// trust is who signs for the edge, and whom peers are to trust.
type trust struct {
	signer  link.Authority
	trusted []*x509.Certificate
}

// play runs f in a bubble. Everything is closed when f returns.
func play(t *testing.T, f func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, network: linktest.NewNetwork(time.Millisecond), authority: linktest.NewAuthority(t)}
		w.store = &store{machine: state.New(time.LoadLocation), tx: tabletest.NewTx(), changed: make(chan struct{})}
		endpoint := link.NewEndpoint(w.network.Listen("hub-1"), nil)
		hub := w.authority.IssueFor(link.Peer{Kind: link.Hub, ID: "hub-1"}, 365*24*time.Hour)
		w.trust.Store(&trust{w.authority.Authority, hub.Authorities})
		w.edge = edge.New(edge.Options{
			Store: w.store, Endpoint: endpoint, Applied: w.store.Applied, Authority: func() link.Authority { return w.trust.Load().signer },
			Listen: link.ListenConfig{Node: "hub-1", Credentials: func() link.Credentials {
				return link.Credentials{Certificate: hub.Certificate, Authorities: w.trust.Load().trusted}
			}},
		})
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- w.edge.Run(ctx) }()
		t.Cleanup(func() { // after the peers of f, which were opened later
			stop()
			if err := <-done; err != nil {
				t.Errorf("the edge ended with %v", err)
			}
			if err := endpoint.Close(); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		f(w)
	})
}

func (w *world) endpoint() *link.Endpoint {
	w.hosts++
	e := link.NewEndpoint(w.network.Listen(fmt.Sprint("host-", w.hosts)), nil)
	w.t.Cleanup(func() { _ = e.Close() })
	return e
}

func do[C state.Command[R], R any](w *world, command C) R {
	w.t.Helper()
	result, err := state.Do(context.Background(), w.store, seed.New(), command)
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

// admit makes a peer that has joined.
func (w *world) admit(kind link.Kind, name string) link.Peer {
	return link.Peer{Kind: kind, ID: do(w, state.UseToken{Kind: string(kind), Name: name}).ID}
}

func (w *world) dial(p link.Peer) (*link.Conn, error) {
	return w.endpoint().Dial(context.Background(), "hub-1", link.DialConfig{Credentials: w.authority.As(p.Kind, p.ID)})
}

func (w *world) connect(p link.Peer) *link.Conn {
	w.t.Helper()
	c, err := w.dial(p)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close("the test ends") })
	return c
}

func (w *world) agent(p link.Peer, epoch []byte) *link.Conn {
	c := w.connect(p)
	w.send(c, &agentpb.FromAgent{Kind: &agentpb.FromAgent_Resume{Resume: &agentpb.Resume{Epoch: epoch}}})
	return c
}

func (w *world) gateway(p link.Peer, inFlight []string, kinds ...string) *link.Conn {
	c := w.connect(p)
	w.send(c, &gatewaypb.FromGateway{Kind: &gatewaypb.FromGateway_Abilities{Abilities: &gatewaypb.Abilities{Kinds: kinds, InFlight: inFlight}}})
	w.settle()
	return c
}

func (w *world) send(c *link.Conn, m proto.Message) {
	w.t.Helper()
	if err := c.Send(m); err != nil {
		w.t.Fatal(err)
	}
}

// settle lets what is under way arrive.
func (w *world) settle() {
	time.Sleep(100 * time.Millisecond)
	synctest.Wait()
}

// ack is the next acknowledgement of events.
func (w *world) ack(c *link.Conn) uint64 {
	w.t.Helper()
	var m agentpb.ToAgent
	if err := c.Receive(&m); err != nil {
		w.t.Fatal(err)
	}
	return m.GetAck().GetThrough()
}

func event(n uint64, check string, st agentpb.State) *agentpb.FromAgent {
	v := &agentpb.Verdict{Check: check, Site: "s", State: st, Reason: "refused", Priority: "P1"}
	return &agentpb.FromAgent{Kind: &agentpb.FromAgent_Event{Event: &agentpb.Event{Number: n, At: timestamppb.Now(), Kind: &agentpb.Event_Verdict{Verdict: v}}}}
}

var epoch = bytes.Repeat([]byte{7}, 16)

func TestJoining(t *testing.T) {
	play(t, func(w *world) {
		token := link.NewToken(w.authority.Certificate)
		hash := sha256.Sum256(token.Secret)
		do(w, state.CreateToken{ID: token.ID, Hash: hash[:], Uses: 1, Lifetime: time.Hour})
		unknown := link.NewToken(w.authority.Certificate)
		if _, _, err := w.endpoint().Join(context.Background(), "hub-1", unknown.String(), link.Agent, "a"); !errors.Is(err, link.ErrRefused) || !strings.Contains(err.Error(), "not known here") {
			t.Errorf("an unknown token: %v", err)
		}
		credentials, peer, err := w.endpoint().Join(context.Background(), "hub-1", token.String(), link.Agent, "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.endpoint().Join(context.Background(), "hub-1", token.String(), link.Agent, "b"); !errors.Is(err, link.ErrRefused) || !strings.Contains(err.Error(), "used already") {
			t.Errorf("a token used twice: %v", err)
		}
		c, err := w.endpoint().Dial(context.Background(), "hub-1", link.DialConfig{Credentials: func() link.Credentials { return credentials }})
		if err != nil {
			t.Fatalf("%s cannot connect with what it got: %v", peer, err)
		}
		_ = c.Close("done")
		w.settle()
	})
}

func TestWhoIsRefused(t *testing.T) {
	play(t, func(w *world) {
		known := w.admit(link.Agent, "a")
		refused := func(what string, p link.Peer) {
			t.Helper()
			if _, err := w.dial(p); !errors.Is(err, link.ErrCertificate) {
				t.Errorf("%s: %v", what, err)
			}
		}
		_ = w.connect(known).Close("it may")
		refused("a stranger", link.Peer{Kind: link.Agent, ID: "nobody"})
		refused("an agent as a gateway", link.Peer{Kind: link.Gateway, ID: known.ID})
		refused("a hub", link.Peer{Kind: link.Hub, ID: known.ID})
		row, _ := state.GetPeer(w.store.tx, known.ID)
		row.Revoked = true
		if err := state.Peers.Put(w.store.tx, row); err != nil {
			t.Fatal(err)
		}
		refused("a revoked one", known)
	})
}

func TestAnAgentIsAskedForItsSpool(t *testing.T) {
	play(t, func(w *world) {
		p := w.admit(link.Agent, "a")
		for what, first := range map[string]*agentpb.FromAgent{
			"no Resume":      event(1, "web", agentpb.State_STATE_DOWN),
			"a short epoch":  {Kind: &agentpb.FromAgent_Resume{Resume: &agentpb.Resume{Epoch: epoch[:15]}}},
			"nothing at all": {},
		} {
			c := w.connect(p)
			w.send(c, first)
			var m agentpb.ToAgent
			if err := c.Receive(&m); err == nil {
				t.Errorf("%s: the hub says %v", what, &m)
			}
		}
	})
}

func TestEventsAreTakenInBatches(t *testing.T) {
	play(t, func(w *world) {
		p := w.admit(link.Agent, "a")
		c := w.agent(p, epoch)
		if n := w.ack(c); n != 0 {
			t.Errorf("of an empty spool %d are kept", n)
		}
		before := w.store.count()
		for n := range uint64(150) {
			w.send(c, event(n+1, fmt.Sprint("check ", n), agentpb.State_STATE_DOWN))
		}
		for last := uint64(0); last < 150; {
			next := w.ack(c)
			if next <= last {
				t.Fatalf("%d acknowledged after %d", next, last)
			}
			last = next
		}
		if commands := w.store.count() - before; commands > 100 {
			t.Errorf("150 events took %d commands", commands)
		}
		again := w.agent(p, epoch)
		if n := w.ack(again); n != 150 {
			t.Errorf("after a new connection %d are kept", n)
		}
	})
}

// A batch that is too much, or of which one event fails, does not keep the rest back.
func TestABatchThatFailsIsDivided(t *testing.T) {
	play(t, func(w *world) {
		c := w.agent(w.admit(link.Agent, "a"), epoch)
		w.ack(c)
		w.store.mu.Lock()
		w.store.refuse = func(command []byte) error {
			if len(command) > 1000 {
				return errors.New("the command is too large")
			}
			return nil
		}
		for n := range uint64(20) { // they wait while the store is busy
			w.send(c, event(n+1, fmt.Sprint("check ", n), agentpb.State_STATE_DOWN))
		}
		w.store.mu.Unlock()
		for w.ack(c) < 20 {
		}
	})
}

func TestStoreThatCannotTake(t *testing.T) {
	play(t, func(w *world) {
		p := w.admit(link.Agent, "a")
		c := w.agent(p, epoch)
		w.ack(c)
		w.store.refuses(func([]byte) error { return &core.Error{Kind: core.Unavailable, Words: "no majority"} })
		w.send(c, event(1, "web", agentpb.State_STATE_DOWN))
		var m agentpb.ToAgent
		if err := c.Receive(&m); err == nil {
			t.Errorf("what was not taken is answered: %v", &m)
		}
		w.store.refuses(nil)
		again := w.agent(p, epoch)
		if n := w.ack(again); n != 0 {
			t.Errorf("%d are kept", n)
		}
		w.send(again, event(1, "web", agentpb.State_STATE_DOWN))
		if n := w.ack(again); n != 1 {
			t.Errorf("%d are kept", n)
		}
	})
}

func TestTimesThatCannotBe(t *testing.T) {
	play(t, func(w *world) {
		c := w.agent(w.admit(link.Agent, "a"), epoch)
		w.ack(c)
		for n, at := range []*timestamppb.Timestamp{nil, {Seconds: 1 << 60}, {Seconds: -1 << 60}, {Nanos: -5}, {Seconds: 253402300799}, {Seconds: -62135596800}} {
			m := event(uint64(n+1), fmt.Sprint(n), agentpb.State_STATE_DOWN)
			m.GetEvent().At = at
			w.send(c, m)
			if got := w.ack(c); got != uint64(n+1) {
				t.Errorf("at %v: %d are kept", at, got)
			}
		}
	})
}

// page makes an alert with one page and returns the page as the engine would hand it over.
func (w *world) page(kind channel.Kind) channel.Page {
	u := do(w, state.PutUser{User: reach.User{Username: "an" + string(kind), Language: "vi", Zone: "UTC", Contacts: []reach.Contact{{Kind: string(kind), Address: "x"}}}})
	do(w, state.CreateAlert{Draft: alert.Draft{Message: "m", Responders: []alert.Responder{{Kind: alert.User, ID: string(u.ID)}}}})
	all := state.Outbox(w.store.tx, 100)
	return channel.Page{ID: string(all[len(all)-1].ID), Kind: kind, Term: 1}
}

func (w *world) trace(id string) (stages []string) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	d, ok := state.GetDelivery(w.store.tx, core.DeliveryID(id))
	if !ok {
		w.t.Fatalf("no page %s", id)
	}
	for _, x := range d.Trace {
		stages = append(stages, string(x.Stage))
	}
	return stages
}

func report(r *gatewaypb.Report) *gatewaypb.FromGateway {
	return &gatewaypb.FromGateway{Kind: &gatewaypb.FromGateway_Report{Report: r}}
}

func TestAGatewayIsAskedForItsAbilities(t *testing.T) {
	play(t, func(w *world) {
		c := w.connect(w.admit(link.Gateway, "g"))
		w.send(c, report(&gatewaypb.Report{Page: "x", Number: 1, Stage: "done"}))
		var m gatewaypb.ToGateway
		if err := c.Receive(&m); err == nil {
			t.Errorf("the hub says %v", &m)
		}
		if _, err := w.edge.HandOver(channel.Page{Kind: channel.Push}, ""); err == nil || !strings.Contains(err.Error(), "push") {
			t.Errorf("handed to nobody: %v", err)
		}
	})
}

func TestPagesGoToWhoServesThem(t *testing.T) {
	play(t, func(w *world) {
		changed := w.edge.Changed()
		one, other := w.admit(link.Gateway, "g1"), w.admit(link.Gateway, "g2")
		if one.ID > other.ID {
			one, other = other, one
		}
		first := w.gateway(one, nil, "push")
		second := w.gateway(other, []string{"old"}, "push", "voice")
		select {
		case <-changed:
		default:
			t.Error("nobody was told that gateways came")
		}
		received := func(c *link.Conn) string {
			t.Helper()
			var m gatewaypb.ToGateway
			if err := c.Receive(&m); err != nil {
				t.Fatal(err)
			}
			return m.GetPage().GetId() + m.GetCancel().GetId()
		}
		held, err := w.edge.HandOver(channel.Page{ID: "p1", Kind: channel.Push}, "")
		if err != nil || received(first) != "p1" {
			t.Errorf("push: %v", err)
		}
		two, err := w.edge.HandOver(channel.Page{ID: "p2", Kind: channel.Voice}, "")
		if err != nil || received(second) != "p2" {
			t.Errorf("voice: %v", err)
		}
		// Who has told of a page gets it again, though another would get it first (P4).
		if again, err := w.edge.HandOver(channel.Page{ID: "p2", Kind: channel.Push, Repeat: true}, other.ID); err != nil || again != two || received(second) != "p2" {
			t.Errorf("again: to %d, %v", again, err)
		}
		w.edge.Cancel(two, "p2", 1, "acknowledged")
		if got := received(second); got != "p2" {
			t.Errorf("cancelled: %s", got)
		}
		if holder := w.edge.InFlight()["old"]; holder != two {
			t.Errorf("what the second brought along is with %d", holder)
		}
		_ = first.Close("gone")
		w.settle()
		if w.edge.Holds(held) || !w.edge.Holds(two) {
			t.Error("who is gone and who is there is confused")
		}
		w.edge.Cancel(held, "p1", 1, "acknowledged") // harmless
		if next, err := w.edge.HandOver(channel.Page{ID: "p3", Kind: channel.Push}, ""); err != nil || next != two || received(second) != "p3" {
			t.Errorf("push after the first has gone: %d, %v", next, err)
		}
	})
}

// A gateway that does not read holds up nobody: the engine is not kept waiting, and the next
// gateway gets what it cannot take.
func TestAGatewayThatDoesNotRead(t *testing.T) {
	play(t, func(w *world) {
		w.gateway(w.admit(link.Gateway, "deaf"), nil, "push")
		w.gateway(w.admit(link.Gateway, "good"), nil, "push")
		body := strings.Repeat("x", 60_000)
		holders := map[uint64]int{}
		begun := time.Now()
		for n := range 700 {
			holder, err := w.edge.HandOver(channel.Page{ID: fmt.Sprint(n), Kind: channel.Push, Body: body}, "")
			if err != nil {
				t.Fatalf("page %d: %v", n, err)
			}
			holders[holder]++
		}
		if took := time.Since(begun); took > 0 {
			t.Errorf("the engine waited for %s", took)
		}
		if len(holders) != 2 {
			t.Errorf("pages went to %v", holders)
		}
		time.Sleep(time.Minute) // it loses its connection
		for holder := range holders {
			if w.edge.Holds(holder) {
				t.Errorf("%d is still there, and does not read", holder)
			}
		}
	})
}

// P5: a gateway that has died with the leader is still connected to the next one, until it is
// missed. It gets no page: asked by who begins to lead, it does not answer.
func TestP5AGatewayThatDoesNotAnswer(t *testing.T) {
	play(t, func(w *world) {
		dead, good := w.admit(link.Gateway, "g1"), w.admit(link.Gateway, "g2")
		if dead.ID > good.ID {
			dead, good = good, dead
		}
		w.gateway(dead, []string{"old"}, "push") // on host-1
		w.gateway(good, nil, "push")
		if here, silent := w.edge.Connected(dead.ID); !here || silent {
			t.Errorf("asked nothing: it is here: %t, it is silent: %t", here, silent)
		}
		w.network.Cut("host-1", "hub-1")
		w.edge.Ask()
		w.edge.Ask() // the first question is forgotten
		for _, p := range []link.Peer{dead, good} {
			if here, silent := w.edge.Connected(p.ID); !here || !silent {
				t.Errorf("asked: %s is here: %t, it is silent: %t", p.ID, here, silent)
			}
		}
		next := func() (string, error) {
			holder, err := w.edge.HandOver(channel.Page{ID: "p", Kind: channel.Push}, "")
			return w.edge.Gateway(holder), err
		}
		if to, err := next(); err == nil {
			t.Errorf("nobody has answered yet, and %s gets a page", to)
		}
		w.settle()
		if here, silent := w.edge.Connected(good.ID); !here || silent {
			t.Errorf("it lives: it is here: %t, it is silent: %t", here, silent)
		}
		if to, err := next(); err == nil {
			t.Errorf("the first may still answer, and %s gets a page", to)
		}
		if to, err := w.edge.HandOver(channel.Page{ID: "p", Kind: channel.Push}, good.ID); err != nil || w.edge.Gateway(to) != good.ID {
			t.Errorf("what is with one that lives waits for one that does not: %v", err)
		}
		changed := w.edge.Changed()
		time.Sleep(399 * time.Millisecond)
		if to, err := next(); err == nil {
			t.Errorf("before half a second is over %s gets a page", to)
		}
		time.Sleep(2 * time.Millisecond)
		select {
		case <-changed:
		default:
			t.Error("nobody was told that an answer is overdue")
		}
		if to, err := next(); err != nil || to != good.ID {
			t.Errorf("an answer is overdue, and %q gets a page, %v", to, err)
		}
		if held := w.edge.InFlight(); len(held) > 0 {
			t.Errorf("under way with who does not answer: %v", held)
		}
		w.network.Heal("host-1", "hub-1")
		time.Sleep(3 * time.Second)
		if to, err := next(); err != nil || to != dead.ID || len(w.edge.InFlight()) != 1 {
			t.Errorf("it answers late, and %q gets a page, %v; under way: %v", to, err, w.edge.InFlight())
		}
	})
}

func TestReports(t *testing.T) {
	play(t, func(w *world) {
		c := w.gateway(w.admit(link.Gateway, "g"), nil, "voice")
		page := w.page(channel.Voice)
		w.send(c, report(&gatewaypb.Report{Page: page.ID, Stage: "failed", Failure: "stale-term"}))
		w.send(c, &gatewaypb.FromGateway{}) // of a later version
		w.send(c, report(&gatewaypb.Report{Page: "of nobody", Number: 1, Stage: "done", Reply: "acknowledge"}))
		w.settle()
		if got := w.trace(page.ID); len(got) != 1 {
			t.Errorf("a stale term was taken for a fate: %v", got)
		}
		w.send(c, report(&gatewaypb.Report{Page: page.ID, Number: 1, Stage: "attempted", At: &timestamppb.Timestamp{Seconds: 1 << 60}}))
		w.send(c, report(&gatewaypb.Report{Page: page.ID, Number: 2, Stage: "done", Reply: "acknowledge", Detail: strings.Repeat("x", 900_000)}))
		acks := map[string]uint32{}
		for acks[page.ID] < 2 {
			var m gatewaypb.ToGateway
			if err := c.Receive(&m); err != nil {
				t.Fatal(err)
			}
			acks[m.GetReportAck().GetPage()] = m.GetReportAck().GetThrough()
		}
		if acks["of nobody"] != 1 {
			t.Errorf("acknowledged: %v", acks)
		}
		if got := w.trace(page.ID); len(got) != 3 || got[2] != "done" {
			t.Errorf("the trace is %v", got)
		}
	})
}

func TestInsideGateway(t *testing.T) {
	play(t, func(w *world) {
		a, err := w.edge.Admission(context.Background(), "inside-1", "inside")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.edge.Admission(context.Background(), "inside-1", "inside"); err != nil {
			t.Fatal(err) // a second start: the same peer
		}
		time.Sleep(60 * 24 * time.Hour)
		c, err := w.endpoint().Dial(context.Background(), "hub-1", link.DialConfig{Credentials: a})
		if err != nil {
			t.Fatalf("after two months: %v", err)
		}
		_ = c.Close("done")
		w.settle()
	})
}
