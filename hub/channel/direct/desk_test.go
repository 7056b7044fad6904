package direct_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/channel/direct"
	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// store is a replicated store of one node in memory.
type store struct {
	machine *state.Machine

	mu   sync.Mutex
	tx   *tabletest.Tx
	down bool
}

func (s *store) Update(_ context.Context, _ [16]byte, command []byte) (out []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return nil, &core.Error{Kind: core.Unavailable, Words: "no leader"}
	}
	err = s.tx.Run(func(tx *tabletest.Tx) error {
		out, err = s.machine.Handle(tx, time.Now(), command)
		return err
	})
	return out, err
}

func (s *store) View(_ context.Context, leader bool, f func(table.Reader) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if leader && s.down {
		return &core.Error{Kind: core.Unavailable, Words: "no leader"}
	}
	return f(s.tx)
}

func (s *store) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// way is a channel that remembers what it sent, each page for a second.
type way struct {
	mu     sync.Mutex
	sent   []channel.Page
	most   int
	now    int
	before func(channel.Page)        // called first
	ends   map[string]channel.Report // by title: of pages that end at once
}

func (w *way) Describe() channel.Description {
	return channel.Description{Kind: channel.Email, Timeout: 10 * time.Second, Concurrent: 2}
}

func (w *way) Send(ctx context.Context, page channel.Page, report func(channel.Report)) channel.Report {
	w.mu.Lock()
	w.sent = append(w.sent, page)
	w.now++
	w.most = max(w.most, w.now)
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.now--
		w.mu.Unlock()
	}()
	if w.before != nil {
		w.before(page)
	}
	if end, ok := w.ends[page.Title]; ok {
		return end
	}
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return channel.Report{Stage: channel.Cancelled}
	}
	report(channel.Report{Stage: channel.Accepted, ProviderID: "x"})
	return channel.Report{Stage: channel.Done, ProviderID: "x"}
}

func (w *way) titles() (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.sent {
		all = append(all, p.Title)
	}
	return all
}

// world is a desk that runs, over a state with one person.
type world struct {
	t     *testing.T
	store *store
	way   *way
	desk  *direct.Desk
	leads func(uint64) bool
	stop  func()
}

const term = 7

func play(t *testing.T, f func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, store: &store{machine: state.New(time.LoadLocation).With(state.Limits{}), tx: tabletest.NewTx()}, way: &way{}, leads: func(n uint64) bool { return n == term }}
		var err error
		w.desk, err = direct.New(direct.Options{
			Store: w.store, Channels: []channel.Channel{w.way}, Logger: slog.New(slog.DiscardHandler), Leads: func(n uint64) bool { return w.leads(n) },
		})
		if err != nil {
			t.Fatal(err)
		}
		do(w, state.PutUser{User: reach.User{ID: "an", Username: "an@example.vn", Language: "vi", Zone: "UTC", Contacts: []reach.Contact{{Kind: "email", Address: "an@example.vn"}}}})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if err := w.desk.Run(ctx); err != nil {
				t.Error(err)
			}
		}()
		w.stop = func() { cancel(); <-ended }
		defer w.stop()
		synctest.Wait()
		f(w)
	})
}

func do[C state.Command[R], R any](w *world, command C) R {
	w.t.Helper()
	result, err := state.Do(context.Background(), w.store, seed.New(), command)
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

// alert makes an alert and returns it with the page to its person.
func (w *world) alert(title string, p core.Priority) (core.AlertID, channel.Page) {
	w.t.Helper()
	made := do(w, state.CreateAlert{Draft: alert.Draft{Message: title, Priority: p, Responders: []alert.Responder{{Kind: alert.User, ID: "an"}}}})
	var d state.Delivery
	w.store.set(func() { d = state.DeliveriesOf(w.store.tx, made.Alert)[0] })
	return made.Alert, channel.Page{ID: string(d.ID), Term: term, SendBy: d.SendBy, Kind: d.Kind, Address: d.Address, Priority: p.String(), Title: title}
}

func (w *world) handOver(page channel.Page) {
	w.t.Helper()
	if err := w.desk.HandOver(page); err != nil {
		w.t.Fatal(err)
	}
}

// trace is what the state knows of a page, in a few words.
func (w *world) trace(page channel.Page) (stages []string) {
	var d *state.Delivery
	w.store.set(func() { d, _ = state.GetDelivery(w.store.tx, core.DeliveryID(page.ID)) })
	for _, t := range d.Trace {
		s := string(t.Stage)
		if t.Failure != "" {
			s += " " + string(t.Failure)
		}
		stages = append(stages, s)
	}
	return stages
}

func (w *world) expect(page channel.Page, want ...string) {
	w.t.Helper()
	if got := w.trace(page); !slices.Equal(got, want) {
		w.t.Errorf("%s: the trace is %q, want %q", page.Title, got, want)
	}
}

func TestAPageIsSentOnceAndTold(t *testing.T) {
	play(t, func(w *world) {
		_, page := w.alert("web", core.P1)
		w.handOver(page)
		w.handOver(page) // by the next reign of this node, while it is under way
		synctest.Wait()
		w.expect(page, "queued", "attempted")
		time.Sleep(2 * time.Second)
		w.expect(page, "queued", "attempted", "accepted", "done")
		if sent := w.way.titles(); len(sent) != 1 {
			t.Errorf("it was sent %d times", len(sent))
		}
		w.store.set(func() {
			if d, _ := state.GetDelivery(w.store.tx, core.DeliveryID(page.ID)); !d.EndedByGateway() {
				t.Error("the engine would take it for something to cancel")
			}
		})
	})
}

func TestUrgentOnesFirstAndFewAtOnce(t *testing.T) {
	play(t, func(w *world) {
		for i, p := range []core.Priority{core.P5, core.P5, core.P3, core.P5, core.P1, core.P3} {
			_, page := w.alert(fmt.Sprintf("%d-%s", i, p), p)
			w.handOver(page)
		}
		time.Sleep(10 * time.Second)
		sent := w.way.titles()
		slices.Sort(sent[:2])
		if want := []string{"0-P5", "1-P5", "4-P1", "2-P3", "5-P3", "3-P5"}; !slices.Equal(sent[:2], want[:2]) || !slices.Equal(sorted(sent[2:4]), sorted(want[2:4])) || !slices.Equal(sorted(sent[4:]), sorted(want[4:])) {
			t.Errorf("sent in the order %q, want %q", sent, want)
		}
		if w.way.most != 2 {
			t.Errorf("%d were under way at once, want 2", w.way.most)
		}
	})
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

// P3: what is acknowledged while it waits, or between its hand-over and its sending, is not sent.
func TestP3AcknowledgedIsNotSent(t *testing.T) {
	play(t, func(w *world) {
		var waiting []channel.Page
		for i := range 4 {
			id, page := w.alert(fmt.Sprint(i), core.P3)
			w.handOver(page)
			if i >= 2 { // the first two are under way
				waiting = append(waiting, page)
				do(w, state.AcknowledgeAlert{Alert: state.Ref{ID: id}, User: "an@example.vn"})
			}
		}
		w.desk.Cancel(core.DeliveryID(waiting[0].ID)) // of the other one the engine did not tell yet
		time.Sleep(5 * time.Second)
		if sent := w.way.titles(); len(sent) != 2 {
			t.Errorf("sent were %q", sent)
		}
		w.expect(waiting[0], "queued", "cancelled")
	})
}

func TestTakenBackUnderWay(t *testing.T) {
	play(t, func(w *world) {
		id, page := w.alert("web", core.P1)
		w.handOver(page)
		synctest.Wait()
		do(w, state.AcknowledgeAlert{Alert: state.Ref{ID: id}, User: "an@example.vn"})
		begin := time.Now()
		w.desk.Cancel(core.DeliveryID(page.ID))
		w.stop()
		if took := time.Since(begin); took > 100*time.Millisecond {
			t.Errorf("it went on for %v", took)
		}
		w.expect(page, "queued", "attempted", "cancelled")
	})
}

// P4: nothing is sent before a majority knows of the attempt, nor by a node that leads no more.
func TestP4AttemptedFirst(t *testing.T) {
	play(t, func(w *world) {
		_, page := w.alert("web", core.P1)
		w.store.set(func() { w.store.down = true })
		w.handOver(page)
		time.Sleep(10 * time.Second)
		if n := len(w.way.titles()); n != 0 {
			t.Fatal("it was sent, and nobody would know after a crash")
		}
		w.store.set(func() { w.store.down = false })
		time.Sleep(2 * time.Second)
		w.expect(page, "queued", "attempted", "accepted", "done")

		synctest.Wait()
		w.leads = func(uint64) bool { return false }
		_, second := w.alert("second", core.P1)
		w.handOver(second)
		time.Sleep(2 * time.Second)
		w.expect(second, "queued", "attempted") // who leads now finds it, and says "repeat"
		if sent := w.way.titles(); len(sent) != 1 {
			t.Errorf("sent were %q", sent)
		}
	})
}

// The end is written down as soon as there is a leader again.
func TestTheEndIsToldLater(t *testing.T) {
	play(t, func(w *world) {
		_, page := w.alert("web", core.P1)
		w.way.before = func(channel.Page) { w.store.set(func() { w.store.down = true }) }
		w.handOver(page)
		time.Sleep(20 * time.Second)
		w.expect(page, "queued", "attempted")
		w.store.set(func() { w.store.down = false })
		time.Sleep(time.Second)
		w.expect(page, "queued", "attempted", "accepted", "done")
	})
}

func TestPanicFailsOnePage(t *testing.T) {
	play(t, func(w *world) {
		w.way.before = func(p channel.Page) {
			if p.Title == "bad" {
				panic("a bug")
			}
		}
		_, bad := w.alert("bad", core.P1)
		_, good := w.alert("good", core.P1)
		w.handOver(bad)
		w.handOver(good)
		time.Sleep(3 * time.Second)
		w.expect(bad, "queued", "attempted", "failed unavailable")
		w.expect(good, "queued", "attempted", "accepted", "done")
	})
}

func TestExpiredWhileItWaited(t *testing.T) {
	play(t, func(w *world) {
		_, page := w.alert("web", core.P1)
		page.SendBy = time.Now().Add(-time.Second)
		w.handOver(page)
		synctest.Wait()
		w.expect(page, "queued", "failed expired")
	})
}

// When the hub stops, what is under way may finish; what is not done then is the next leader's.
func TestStopping(t *testing.T) {
	play(t, func(w *world) {
		var pages []channel.Page
		for i := range 3 {
			_, page := w.alert(fmt.Sprint(i), core.P3)
			w.handOver(page)
			pages = append(pages, page)
		}
		synctest.Wait()
		w.stop()
		w.expect(pages[0], "queued", "attempted", "accepted", "done")
		w.expect(pages[1], "queued", "attempted", "accepted", "done")
		w.expect(pages[2], "queued")
		if err := w.desk.HandOver(pages[2]); err == nil {
			t.Error("a desk that has stopped took a page")
		}
	})
}
