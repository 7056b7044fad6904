package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxamacker/cbor/v2"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/engine"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// store is a replicated store of one node in memory, whose leadership the test gives and takes.
type store struct {
	machine *state.Machine

	mu      sync.Mutex
	tx      *tabletest.Tx
	applied chan struct{}
	crown   chan uint64 // terms to lead in
	lost    chan struct{}
	refuse  func(command []byte) error // nil: nothing is refused
	yielded []string                   // to whom the leadership was to go
	yield   func(to string) error      // nil: nobody takes it
}

func newStore() *store {
	return &store{machine: state.New(time.LoadLocation).With(state.Limits{}), tx: tabletest.NewTx(), applied: make(chan struct{}), crown: make(chan uint64, 8), lost: make(chan struct{})}
}

func (s *store) Update(_ context.Context, _ [16]byte, command []byte) (out []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		if err := s.refuse(command); err != nil {
			return nil, err
		}
	}
	err = s.tx.Run(func(tx *tabletest.Tx) error {
		out, err = s.machine.Handle(tx, time.Now(), command)
		return err
	})
	close(s.applied)
	s.applied = make(chan struct{})
	return out, err
}

func (s *store) View(_ context.Context, _ bool, f func(table.Reader) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f(s.tx)
}

func (s *store) Lead(ctx context.Context) (uint64, time.Time, <-chan struct{}, error) {
	select {
	case term := <-s.crown:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lost = make(chan struct{})
		return term, s.Now(), s.lost, nil
	case <-ctx.Done():
		return 0, time.Time{}, nil, ctx.Err()
	}
}

func (s *store) Applied() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied
}

func (s *store) Now() time.Time { return time.Now() }

func (s *store) Node() string { return "n1" }

func (s *store) Yield(_ context.Context, to string) error {
	s.mu.Lock()
	s.yielded = append(s.yielded, to)
	s.mu.Unlock()
	if s.yield == nil {
		return errors.New("it does not answer")
	}
	return s.yield(to)
}

// askedToLead returns to whom the leadership was to go.
func (s *store) askedToLead() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.yielded)
}

// depose ends the present reign.
func (s *store) depose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.lost)
}

// carrier remembers what it was given. Each holder serves every kind.
type carrier struct {
	mu       sync.Mutex
	holders  []uint64
	brought  map[core.DeliveryID]uint64
	pages    []channel.Page
	to       []uint64
	last     []string // who was said to have told of the page
	cancels  []string
	changed  chan struct{}
	onHanded func()

	withdrawn []string // from everybody
	away      []string // gateways that are not there
	silent    []string // gateways that are there, but do not answer
	asked     int      // how often all were asked to show that they live
}

func (c *carrier) HandOver(p channel.Page, last string) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.holders) == 0 {
		return 0, errors.New("nobody is there")
	}
	c.pages, c.to, c.last = append(c.pages, p), append(c.to, c.holders[0]), append(c.last, last)
	if c.onHanded != nil {
		c.onHanded()
	}
	return c.holders[0], nil
}

func (c *carrier) Serves(channel.Kind) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.holders) > 0
}

func (c *carrier) Holds(h uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.holders, h)
}

// Gateway is "g", which reports by [world.report].
func (c *carrier) Gateway(uint64) string { return "g" }

func (c *carrier) Connected(gateway string) (here, silent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !slices.Contains(c.away, gateway), slices.Contains(c.silent, gateway)
}

func (c *carrier) Ask() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
}

func (c *carrier) Cancel(_ uint64, id core.DeliveryID, _ uint64, _ string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancels = append(c.cancels, string(id))
}

func (c *carrier) Withdraw(id core.DeliveryID, _ string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.withdrawn = append(c.withdrawn, string(id))
}

func (c *carrier) InFlight() map[core.DeliveryID]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.brought
}

func (c *carrier) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// hold says who is there from now on.
func (c *carrier) hold(holders ...uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holders = holders
	close(c.changed)
	c.changed = make(chan struct{})
}

// world is an engine at work in a bubble.
type world struct {
	t       *testing.T
	store   *store
	carrier *carrier
	began   time.Time
	told    int
}

// play runs f in a bubble with an engine that leads in term 1 once it is started.
func play(t *testing.T, f func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, store: newStore(), carrier: &carrier{holders: []uint64{1}, changed: make(chan struct{})}, began: time.Now()}
		f(w)
	})
}

// start lets the engine work until the test ends.
func (w *world) start() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	logger := slog.New(slog.NewTextHandler(w.t.Output(), nil))
	go func() { done <- engine.New(w.store, w.carrier, logger).Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			w.t.Errorf("the engine ended with %v", err)
		}
	})
	w.store.crown <- 1
	synctest.Wait()
}

func do[C state.Command[R], R any](w *world, command C) R {
	w.t.Helper()
	result, err := state.Do(context.Background(), w.store, seed.New(), command)
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

// person makes somebody with push and voice: push at once, a call after three minutes.
func (w *world) person(kinds ...string) alert.Responder {
	u := reach.User{Username: "an", Language: "vi", Zone: "UTC", Rules: []reach.NotificationRule{{Action: reach.CreateAlert}}}
	for i, kind := range kinds {
		u.Contacts = append(u.Contacts, reach.Contact{Kind: kind, Address: kind + "-an"})
		u.Rules[0].Steps = append(u.Rules[0].Steps, reach.Step{Contact: core.ContactID(kind), After: 3 * time.Minute * time.Duration(i)})
	}
	return alert.Responder{Kind: alert.User, ID: string(do(w, state.PutUser{User: u}).ID)}
}

func (w *world) alert(alias string, who alert.Responder) {
	do(w, state.CreateAlert{Draft: alert.Draft{Message: "trouble", Alias: alias, Responders: []alert.Responder{who}}})
}

func (w *world) acknowledge(alias string) {
	do(w, state.AcknowledgeAlert{Alert: state.Ref{Alias: alias}, User: "an"})
}

func (w *world) report(page string, number uint32, stage channel.Stage) {
	do(w, state.TakeReports{Gateway: "g", Reports: []channel.Report{{Page: page, Number: number, At: time.Now(), Stage: stage}}})
}

// wait lets time pass and then everybody come to rest.
func (w *world) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// handed says what was handed over since the last call: kind, moment, marks, holder.
func (w *world) handed() (news []string) {
	w.carrier.mu.Lock()
	defer w.carrier.mu.Unlock()
	for i, p := range w.carrier.pages[w.told:] {
		s := fmt.Sprintf("%s to %d", p.Kind, w.carrier.to[w.told+i])
		if p.Repeat {
			s += " again"
		}
		if last := w.carrier.last[w.told+i]; last != "" {
			s += " after " + last
		}
		if p.LateBy > 0 {
			s += " late by " + p.LateBy.String()
		}
		news = append(news, s)
	}
	w.told = len(w.carrier.pages)
	return news
}

func (w *world) want(when string, want ...string) {
	w.t.Helper()
	if got := w.handed(); !slices.Equal(got, want) {
		w.t.Errorf("%s: handed over %q, want %q", when, got, want)
	}
}

func (w *world) cancelled(when string, want ...string) {
	w.t.Helper()
	w.carrier.mu.Lock()
	defer w.carrier.mu.Unlock()
	if !slices.Equal(w.carrier.cancels, want) {
		w.t.Errorf("%s: cancelled %q, want %q", when, w.carrier.cancels, want)
	}
}

// page returns the newest page.
func (w *world) page() channel.Page {
	w.carrier.mu.Lock()
	defer w.carrier.mu.Unlock()
	return w.carrier.pages[len(w.carrier.pages)-1]
}

// trace returns the stages of the pages of an alert, oldest page first.
func (w *world) trace(alias string) (out []string) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	a, ok := state.FindAlert(w.store.tx, state.Ref{Alias: alias})
	if !ok {
		w.t.Fatalf("no open alert %s", alias)
	}
	for _, d := range state.DeliveriesOf(w.store.tx, a.ID) {
		last := d.Trace[len(d.Trace)-1]
		out = append(out, fmt.Sprintf("%s %s %s", d.Kind, last.Stage, last.Failure))
	}
	return out
}

func TestDeadlineWakesTheEngine(t *testing.T) {
	play(t, func(w *world) {
		w.start()
		w.alert("web", w.person("push", "voice"))
		w.wait(0)
		w.want("at once", "push to 1")
		w.report(w.page().ID, 1, channel.Done)
		w.wait(3*time.Minute - time.Millisecond)
		w.want("too early")
		w.wait(time.Millisecond)
		w.want("after three minutes", "voice to 1")
	})
}

func TestIdleEngineWritesNothing(t *testing.T) {
	play(t, func(w *world) {
		writes := 0
		w.store.refuse = func([]byte) error { writes++; return nil }
		w.start()
		w.wait(24 * time.Hour)
		if writes > 0 {
			t.Errorf("%d commands in a day", writes)
		}
	})
}

func TestP5Patience(t *testing.T) {
	play(t, func(w *world) {
		w.carrier.hold()
		w.start()
		w.alert("web", w.person("push", "voice"))
		w.wait(5*time.Second - time.Millisecond)
		if got := w.trace("web"); !slices.Equal(got, []string{"push queued "}) {
			t.Errorf("before the patience ends: %q", got)
		}
		w.wait(time.Millisecond)
		if got := w.trace("web"); !slices.Equal(got, []string{"push failed unavailable", "voice queued "}) {
			t.Errorf("after it: %q", got)
		}
		w.carrier.hold(2)
		w.wait(0)
		w.want("when a gateway comes", "voice to 2")
	})
}

// P9, P5: after the hub has started, pages wait longer for gateways that joined before,
// but not for ever; where none has joined there is none to wait for.
func TestP5PatienceAfterAStart(t *testing.T) {
	for _, none := range []bool{false, true} {
		play(t, func(w *world) {
			w.carrier.hold()
			who := w.person("push", "voice")
			w.alert("web", who)
			if !none {
				do(w, state.UseToken{ID: "gateway-1", Kind: "gateway", Name: "g"})
			}
			w.wait(30 * time.Second)
			w.start()
			w.wait(6 * time.Second)
			want := map[bool][]string{false: {"push queued "}, true: {"push failed unavailable", "voice queued "}}[none]
			if got := w.trace("web"); !slices.Equal(got, want) {
				t.Errorf("none has joined: %t, after the usual patience: %q", none, got)
			}
			w.wait(20 * time.Second)
			if got := w.trace("web"); !slices.Equal(got, []string{"push failed unavailable", "voice failed unavailable"}) {
				t.Errorf("none has joined: %t, when none has come back: %q", none, got)
			}
			w.alert("mail", who)
			w.wait(5 * time.Second)
			if got := w.trace("mail"); !slices.Equal(got, []string{"push failed unavailable", "voice queued "}) {
				t.Errorf("long after the start: %q", got)
			}
		})
	}
}

// P5: where another node has a gateway, the leadership goes there before the patience
// ends; nodes that do not take it do not hold the page up.
func TestP5LeadershipGoesWhereAGatewayIs(t *testing.T) {
	for _, taken := range []bool{true, false} {
		play(t, func(w *world) {
			w.carrier.hold()
			for id, kinds := range map[string][]channel.Kind{"n1": {"push"}, "n2": {"push"}, "n3": {"push", "voice"}, "n4": {"voice"}, "n5": nil} {
				do(w, state.PutNode{Node: state.Node{ID: id, Kinds: kinds}})
			}
			w.store.yield = func(to string) error {
				if !taken || to != "n3" {
					return errors.New("it does not answer")
				}
				w.store.depose()
				return nil
			}
			w.start()
			w.alert("web", w.person("push", "voice"))
			w.wait(2*time.Second - time.Millisecond)
			if got := w.store.askedToLead(); len(got) > 0 {
				t.Errorf("at once to %v", got)
			}
			w.wait(time.Millisecond)
			if got := w.store.askedToLead(); !slices.Equal(got, []string{"n2", "n3"}) {
				t.Errorf("the leadership was to go to %v", got)
			}
			w.wait(3 * time.Second)
			want := map[bool][]string{true: {"push queued "}, false: {"push failed unavailable", "voice queued "}}[taken]
			if got := w.trace("web"); !slices.Equal(got, want) {
				t.Errorf("taken %t, at the end of the patience: %q", taken, got)
			}
		})
	}
}

func TestP3TakenBackAfterAcknowledge(t *testing.T) {
	play(t, func(w *world) {
		w.start()
		w.alert("web", w.person("voice"))
		w.wait(time.Second)
		id := w.page().ID
		w.acknowledge("web")
		w.wait(0)
		w.cancelled("acknowledged", id)
		w.wait(time.Hour)
		w.cancelled("an hour later", id)
		w.want("in all", "voice to 1")
	})
}

// P3: a node that does not lead hangs up, too, what is acknowledged; not what has ended by
// itself.
func TestP3FollowersHangUp(t *testing.T) {
	play(t, func(w *world) {
		who := w.person("voice")
		w.start()
		w.store.depose()
		w.wait(0)
		w.alert("web", who)
		w.alert("lan", who)
		w.wait(2 * time.Second)
		web, lan := state.DeliveriesOf(w.store.tx, mustFind(w, "web"))[0].ID, state.DeliveriesOf(w.store.tx, mustFind(w, "lan"))[0].ID
		w.report(string(lan), 1, channel.Failed)
		w.acknowledge("web")
		w.wait(2 * time.Second)
		w.cancelled("acknowledged")
		w.carrier.mu.Lock()
		defer w.carrier.mu.Unlock()
		if got := w.carrier.withdrawn; !slices.Equal(got, []string{string(web)}) {
			t.Errorf("withdrawn: %q", got)
		}
	})
}

// P3: the person has answered by a gateway that was lost and had the page before; the one
// that calls now hangs up.
func TestWhatEndedElsewhereIsTakenBack(t *testing.T) {
	play(t, func(w *world) {
		w.start()
		w.alert("web", w.person("voice"))
		w.wait(time.Second)
		id := w.page().ID
		do(w, state.TakeReports{Gateway: "lost", Reports: []channel.Report{{Page: id, Number: 2, At: time.Now(), Stage: channel.Done, Reply: channel.Acknowledge}}})
		w.wait(0)
		w.cancelled("answered elsewhere", id)
	})
}

func TestWhatEndedByItselfIsNotTakenBack(t *testing.T) {
	play(t, func(w *world) {
		w.start()
		w.alert("web", w.person("push"))
		w.wait(time.Second)
		w.report(w.page().ID, 1, channel.Done)
		w.wait(time.Minute)
		w.cancelled("done")
	})
}

func TestP4LostHolder(t *testing.T) {
	play(t, func(w *world) {
		w.carrier.hold(1, 2)
		w.start()
		w.alert("web", w.person("voice"))
		w.wait(time.Second)
		w.report(w.page().ID, 1, channel.Attempted)
		w.wait(20 * time.Second)
		w.want("first", "voice to 1")
		w.carrier.hold(2)
		w.wait(0)
		w.want("the other takes it at once", "voice to 2 again after g")
		w.carrier.hold()
		w.wait(4 * time.Second)
		if got := w.trace("web"); !slices.Equal(got, []string{"voice attempted "}) {
			t.Errorf("given up while the gateway may come back: %q", got)
		}
		w.carrier.hold(3)
		w.wait(0)
		w.want("it comes back", "voice to 3 again after g")
		w.carrier.hold()
		w.wait(5 * time.Second)
		if got := w.trace("web"); !slices.Equal(got, []string{"voice failed unavailable"}) {
			t.Errorf("nobody came back: %q", got)
		}
	})
}

func TestP9OutageOfTheHub(t *testing.T) {
	for _, outage := range []time.Duration{59 * time.Second, 62 * time.Second, 9 * time.Minute, 48 * time.Hour} {
		play(t, func(w *world) {
			w.alert("web", w.person("push"))
			w.wait(outage)
			w.start()
			w.want("back after "+outage.String(), "push to 1 again late by "+outage.String())
			w.wait(30 * time.Second)
			w.cancelled("half a minute later")
			if got := w.trace("web"); !slices.Equal(got, []string{"push queued "}) {
				t.Errorf("after %s: %q", outage, got)
			}
			w.wait(time.Minute)
			if got := w.trace("web"); !slices.Equal(got, []string{"push failed unavailable"}) {
				t.Errorf("nothing is heard, after %s: %q", outage, got)
			}
		})
	}
}

// P4: a new leader gives the gateway that was calling when it came to power a moment to come
// back, before another one calls.
func TestACallThatMayStillRingIsNotDialledAgain(t *testing.T) {
	for _, returns := range []bool{true, false} {
		play(t, func(w *world) {
			w.start()
			w.alert("web", w.person("voice"))
			w.wait(time.Second)
			w.want("in the first term", "voice to 1")
			w.report(w.page().ID, 1, channel.Attempted)
			w.store.depose()
			w.carrier.mu.Lock()
			w.carrier.away = []string{"g"}
			w.carrier.mu.Unlock()
			w.wait(time.Second)
			w.store.crown <- 7
			w.wait(3*time.Second - time.Millisecond)
			w.want("while it may come back")
			if returns {
				w.carrier.mu.Lock()
				w.carrier.away = nil
				w.carrier.mu.Unlock()
				w.carrier.hold(1)
				w.wait(0)
			} else {
				w.wait(time.Millisecond)
			}
			w.want("then", "voice to 1 again after g")
		})
	}
}

// P5: a gateway that is connected, but may have died with the leader, is waited for less long.
func TestP5AGatewayThatMayBeDead(t *testing.T) {
	for _, answers := range []bool{true, false} {
		play(t, func(w *world) {
			silent := func(gateways ...string) {
				w.carrier.mu.Lock()
				defer w.carrier.mu.Unlock()
				w.carrier.silent = gateways
			}
			w.start()
			w.alert("web", w.person("voice"))
			w.wait(time.Second)
			w.want("in the first term", "voice to 1")
			w.report(w.page().ID, 1, channel.Attempted)
			w.store.depose()
			silent("g")
			w.wait(time.Second)
			w.store.crown <- 7
			w.wait(2*time.Second - time.Millisecond)
			w.want("while it may answer")
			if answers {
				silent()
				w.carrier.hold(1)
				w.wait(0)
			} else {
				w.wait(time.Millisecond)
			}
			w.want("then", "voice to 1 again after g")
			w.carrier.mu.Lock()
			defer w.carrier.mu.Unlock()
			if w.carrier.asked != 2 {
				t.Errorf("gateways were asked %d times in two reigns", w.carrier.asked)
			}
		})
	}
}

func TestReignEnds(t *testing.T) {
	play(t, func(w *world) {
		w.start()
		who := w.person("voice")
		w.alert("web", who)
		w.wait(time.Second)
		w.want("in the first term", "voice to 1")
		w.store.depose()
		w.wait(0)
		w.alert("mail", who)
		w.wait(time.Second)
		w.want("leading no more")
		w.store.crown <- 7
		w.wait(0)
		w.want("in the next", "voice to 1 again", "voice to 1 again") // the leader before may have given it away
		if p := w.page(); p.Term != 7 {
			t.Errorf("the page bears term %d", p.Term)
		}
	})
}

func TestP3AcknowledgedRightBeforeItsHandOver(t *testing.T) {
	play(t, func(w *world) {
		who := w.person("push")
		w.alert("web", who)
		w.alert("mail", who)
		w.carrier.onHanded = func() { // while the engine goes through what it has seen
			w.acknowledge("web")
			w.acknowledge("mail")
		}
		w.start()
		w.wait(time.Second)
		w.want("only what is still wanted", "push to 1")
		w.cancelled("and that is taken back", w.page().ID)
	})
}

func TestAGatewayBringsAlongWhatItHas(t *testing.T) {
	play(t, func(w *world) {
		who := w.person("voice")
		w.alert("web", who)
		w.alert("mail", who)
		var ids []core.DeliveryID
		for _, d := range state.Outbox(w.store.tx, 10) {
			ids = append(ids, d.ID)
		}
		w.acknowledge("mail") // before the gateway is back
		w.carrier.brought = map[core.DeliveryID]uint64{ids[0]: 1, ids[1]: 1, "of another cluster": 1}
		w.start()
		w.wait(time.Minute)
		w.want("nothing is sent twice")
		mail := string(state.DeliveriesOf(w.store.tx, mustFind(w, "mail"))[0].ID)
		w.cancelled("the call for what was acknowledged is hung up, once", mail)
	})
}

func mustFind(w *world, alias string) core.AlertID {
	a, ok := state.FindAlert(w.store.tx, state.Ref{Alias: alias})
	if !ok {
		w.t.Fatalf("no alert %s", alias)
	}
	return a.ID
}

func TestSendByHasPassed(t *testing.T) {
	play(t, func(w *world) {
		w.alert("web", w.person("push"))
		for d := range state.Deadlines.All(w.store.tx) { // nothing else ends it
			state.Deadlines.Delete(w.store.tx, state.Deadlines.KeyOf(d))
		}
		w.wait(11 * time.Minute)
		w.start()
		w.want("too late")
		if got := w.trace("web"); !slices.Equal(got, []string{"push failed expired"}) {
			t.Errorf("%q", got)
		}
	})
}

func TestAFailingDeadlineStopsNothingElse(t *testing.T) {
	play(t, func(w *world) {
		who := w.person("push", "voice")
		w.alert("web", who)
		w.store.refuse = func(command []byte) error {
			if due, ok := asDoDue(t, command); ok && !due.Drop {
				return errors.New("a row is broken")
			}
			return nil
		}
		w.start()
		w.report(w.page().ID, 1, channel.Done)
		w.wait(3*time.Minute + time.Second)
		w.want("first", "push to 1")
		w.alert("mail", who)
		w.wait(time.Second)
		w.want("while deadlines fail", "push to 1")
		w.report(w.page().ID, 1, channel.Done)
		w.wait(10 * time.Second)
		lines := state.LogOf(w.store.tx, mustFind(w, "web"))
		if !slices.ContainsFunc(lines, func(e state.Entry) bool { return strings.Contains(e.Text, "could not be done and is given up") }) {
			t.Errorf("nothing says that it was given up: %v", lines)
		}
	})
}

// A deadline that fails by itself, alone, five times in a row is given up; then all goes on as
// before. Without a majority nothing is given up.
func TestADeadlineIsGivenUpAfterFiveFailures(t *testing.T) {
	for _, majority := range []bool{true, false} {
		play(t, func(w *world) {
			who := w.person("push", "voice")
			w.alert("web", who)
			var asked []string
			broken := false
			w.store.refuse = func(command []byte) error {
				due, ok := asDoDue(t, command)
				if !ok {
					return nil
				}
				asked = append(asked, fmt.Sprintf("%d %t", due.Max, due.Drop))
				switch {
				case !broken:
				case !majority:
					return &core.Error{Kind: core.Unavailable}
				case due.Drop:
					broken = false
				default:
					return errors.New("a row is broken")
				}
				return nil
			}
			w.start()
			w.report(w.page().ID, 1, channel.Done)
			breaks := func(yes bool) {
				w.store.mu.Lock()
				defer w.store.mu.Unlock()
				broken = yes
			}
			breaks(true)
			w.wait(3*time.Minute + 10*time.Second)
			breaks(false)
			for _, alias := range []string{"mail", "lan"} {
				w.alert(alias, who)
				w.wait(0)
				w.report(w.page().ID, 1, channel.Done)
				w.wait(3*time.Minute + time.Second)
				w.report(w.page().ID, 1, channel.Done)
			}
			want := []string{"0 false", "1 false", "1 false", "1 false", "1 false", "1 true", "1 false", "0 false"}
			if !majority {
				want = slices.Repeat([]string{"0 false"}, 15) // 11 in vain, one a second; the call, that nothing is heard of it, and two calls
			}
			w.store.mu.Lock()
			defer w.store.mu.Unlock()
			if !slices.Equal(asked, want) {
				t.Errorf("with a majority: %t: what was due was asked for so: %q, not %q", majority, asked, want)
			}
		})
	}
}

// asDoDue reads a command of that kind, which has the number 14.
func asDoDue(t *testing.T, command []byte) (due state.DoDue, ok bool) {
	t.Helper()
	var e struct {
		Number uint16          `cbor:"1,keyasint"`
		Body   cbor.RawMessage `cbor:"3,keyasint"`
	}
	if err := cbor.Unmarshal(command, &e); err != nil {
		t.Fatal(err)
	}
	if e.Number != 14 {
		return due, false
	}
	if err := cbor.Unmarshal(e.Body, &due); err != nil {
		t.Fatal(err)
	}
	return due, true
}

// P9: what became due during an outage is handed over in the order in which it was due.
func TestOrderAfterAnOutage(t *testing.T) {
	play(t, func(w *world) {
		who := w.person("push", "voice")
		const alerts = 20
		for i := range alerts {
			w.alert(fmt.Sprint("web-", i), who)
			w.wait(time.Second)
		}
		w.wait(time.Hour)
		w.start()
		w.wait(0)
		var due []time.Time
		for _, p := range w.carrier.pages {
			if p.Kind == channel.Voice {
				due = append(due, time.Now().Add(-p.LateBy))
			}
		}
		if len(due) != alerts || !slices.IsSortedFunc(due, time.Time.Compare) {
			t.Errorf("%d calls, which were due at %v", len(due), due)
		}
	})
}
