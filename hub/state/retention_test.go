package state_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table"
)

// Whatever happens to alerts, and however long the hub is away: closed alerts go when they
// have been closed for as long as they are to stay, with all that belongs to them, and
// nothing else goes; and the promises about those that are left hold.
//
// keng-8.retention.closed keng-8.retention.open keng-8.retention.deleted keng-8.retention.change
// keng-8.retention.hub-down keng-8.retention.shared-page keng-8.retention.requests
func TestOldAlertsGoAndNothingElse(t *testing.T) {
	for seed := *first; seed < *first+uint64(max(*seeds/2, 1)); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := &agingLife{
				fullLife: *newFullLife(t, rand.New(rand.NewPCG(seed, 2))),
				alerts:   map[core.AlertID]*alert.Alert{}, stones: map[core.AlertID]*alert.Tombstone{},
			}
			l.settle()
			l.act("member it an")
			l.act("heartbeat h1 5 minutes team=it")
			l.keepFor(pick(l.dice, 24*time.Hour, 48*time.Hour))
			for range 60 {
				l.out.Reset()
				l.age()
				l.checkLife()
				l.checkGone()
				l.checkOrphans()
				l.checkReport()
			}
			l.endAll()
		})
	}
}

// agingLife is a life in which days pass.
type agingLife struct {
	fullLife
	keep    time.Duration
	alerts  map[core.AlertID]*alert.Alert     // what there was after the step before
	stones  map[core.AlertID]*alert.Tombstone // and of deleted ones
	report  state.RetentionReport             // what was told then
	settled time.Time                         // until when all that was due has been done
	checked time.Time                         // when it was last looked at what has gone
}

func (l *agingLife) keepFor(keep time.Duration) {
	l.keep = keep
	l.act("retain " + keep.String())
}

// age is a step: mostly what happens in all lives, now and then hours or days.
func (l *agingLife) age() {
	switch l.dice.IntN(12) {
	case 0:
		l.pass("wait", pick(l.dice, 2*time.Hour, 23*time.Hour, 30*time.Hour))
	case 1:
		l.pass("down", pick(l.dice, 5*time.Hour, 30*time.Hour, 9000*time.Hour))
		l.pass("wait", pick(l.dice, 0, 20*time.Millisecond, 10*time.Second))
	case 2:
		l.keepFor(pick(l.dice, 24*time.Hour, 30*time.Hour, 100*time.Hour, 0))
	case 3:
		for i := range l.dice.IntN(60) {
			l.act(fmt.Sprintf("create many%d P3 %s", i, pick(l.dice, "user:an", "")))
		}
		for i := range l.dice.IntN(60) {
			l.act(fmt.Sprintf("close many%d an", i))
		}
	case 4: // what is to be removed is given up
		for d := range state.Deadlines.All(l.tx) {
			if d.Kind == state.RetentionDue && d.At.After(l.now) {
				l.pass("wait", d.At.Sub(l.now)-1)
				l.act("lose 1ns")
				break
			}
		}
	case 5:
		l.act("note x0 an a word")
	default:
		l.live()
		l.act("wait 0s")
	}
}

func (l *agingLife) pass(how string, d time.Duration) {
	l.act(how + " " + d.String())
	if how == "wait" {
		l.settled = l.now
	}
}

// checkGone holds what has gone since the step before, and what has not, against the rules.
func (l *agingLife) checkGone() {
	alerts, stones := map[core.AlertID]*alert.Alert{}, map[core.AlertID]*alert.Tombstone{}
	for s := range state.Deleted.All(l.tx) {
		stones[s.ID] = s
	}
	for a := range state.Alerts.All(l.tx) {
		alerts[a.ID] = a
		if a.Status == alert.Closed && l.overdue(a.ClosedAt) {
			l.t.Fatalf("alert #%d, closed at %s, is there at %s", a.Tiny, a.ClosedAt.Sub(l.start), l.now.Sub(l.start))
		}
	}
	removed := uint64(0)
	for id, a := range l.alerts {
		switch {
		case alerts[id] != nil || stones[id] != nil:
		case a.Status != alert.Closed && (a.Judged || a.Closing != nil || len(a.Begun) > 0) && l.keep > 0 && !l.now.Before(l.checked.Add(l.keep)):
			removed++ // it was closed by itself, by an escalation for one, and was too old at the end of the same step
		case a.Status != alert.Closed || l.keep == 0 || l.now.Before(a.ClosedAt.Add(l.keep)):
			l.t.Fatalf("alert #%d, %s, closed at %s, has gone at %s", a.Tiny, a.Status, a.ClosedAt.Sub(l.start), l.now.Sub(l.start))
		case l.now.Before(l.report.Next):
			l.t.Fatalf("alert #%d has gone at %s, before %s", a.Tiny, l.now.Sub(l.start), l.report.Next.Sub(l.start))
		default:
			removed++
		}
	}
	if got := state.RetentionOf(l.tx).Removed; got < l.report.Removed+removed {
		l.t.Fatalf("%d have gone and %d are said to, in all", removed, got)
	}
	l.checked = l.now
	for id, s := range l.stones {
		if stones[id] == nil && (l.keep == 0 || l.now.Before(s.DeletedAt.Add(l.keep))) {
			l.t.Fatalf("what remains of #%d, deleted at %s, has gone at %s", s.Tiny, s.DeletedAt.Sub(l.start), l.now.Sub(l.start))
		}
		if stones[id] != nil && l.overdue(s.DeletedAt) {
			l.t.Fatalf("what remains of #%d, deleted at %s, is there at %s", s.Tiny, s.DeletedAt.Sub(l.start), l.now.Sub(l.start))
		}
	}
	l.alerts, l.stones = alerts, stones
}

// overdue reports whether something whose time was over at a moment should have gone: with
// all done that was due, an hour is what it may have to wait for the next look.
func (l *agingLife) overdue(at time.Time) bool {
	return l.keep != 0 && l.settled.Equal(l.now) && at.Add(l.keep+time.Hour+5*time.Minute).Before(l.now) && l.awake()
}

// awake reports whether nothing that was put off, or was given up for a minute, is still to come.
func (l *agingLife) awake() bool {
	next, ok := state.NextDeadline(l.tx)
	return !ok || next.After(l.now.Add(2*time.Minute)) || l.removing() == 0
}

// removing counts the deadlines at which something is about to be removed.
func (l *agingLife) removing() (n int) {
	for d := range state.Deadlines.All(l.tx) {
		if d.Kind == state.RetentionDue && !d.At.After(l.now.Add(2*time.Minute)) {
			n++
		}
	}
	return n
}

// checkOrphans: every row belongs to an alert, or to what remains of a deleted one; and every
// table that is to be looked at is, by one deadline.
func (l *agingLife) checkOrphans() {
	lives := func(id core.AlertID) bool { return l.alerts[id] != nil }
	called := func(id core.AlertID) bool { return lives(id) || l.stones[id] != nil }
	for e := range state.Log.All(l.tx) {
		if !called(e.Alert) {
			l.t.Fatalf("a line of the log of no alert: %s", e.Text)
		}
	}
	bundled := map[core.DeliveryID]int{}
	for b := range state.Bundles.All(l.tx) {
		bundled[b.Delivery]++
		if _, ok := state.GetDelivery(l.tx, b.Delivery); !ok || !called(b.Alert) {
			l.t.Fatalf("alert %s is in the page %s, and one of them is not there", b.Alert, b.Delivery)
		}
	}
	for d := range state.Deliveries.All(l.tx) {
		if d.Notice != nil {
			continue // it is of no alert, and goes by its own age
		}
		if d.Bundle && bundled[d.ID] == 0 || !d.Bundle && !called(d.Alert) {
			l.t.Fatalf("a page of %s about nothing", d.CreatedAt.Sub(l.start))
		}
	}
	planned := map[string]int{}
	for d := range state.Deadlines.All(l.tx) {
		if d.Kind == state.RetentionDue {
			planned[d.Sweep]++
		}
		if d.Alert != "" && !called(d.Alert) {
			l.t.Fatalf("a deadline of kind %d of no alert", d.Kind)
		}
	}
	for s := range state.Sweeps.All(l.tx) {
		want := 1
		if s.Keep == 0 {
			want = 0
		}
		if planned[string(s.Aged)] != want {
			l.t.Fatalf("%s, kept for %s, are looked at by %d deadlines", s.Aged, s.Keep, planned[string(s.Aged)])
		}
	}
}

// checkReport holds what people are told against a count.
func (l *agingLife) checkReport() {
	want := state.RetentionReport{Keep: l.keep}
	for a := range state.Alerts.All(l.tx) {
		if a.Status == alert.Closed {
			if want.Closed++; want.Closed == 1 {
				want.Oldest = a.ClosedAt
			}
		}
	}
	got := state.RetentionOf(l.tx)
	if got.Keep != want.Keep || got.Closed != want.Closed || !got.Oldest.Equal(want.Oldest) || got.Next.IsZero() != (l.keep == 0) {
		l.t.Fatalf("told %+v, and it is %+v", got, want)
	}
	l.report = got
}

// endAll closes everything and waits: then nothing at all is left of alerts, not even in an
// index.
func (l *agingLife) endAll() {
	l.keepFor(24 * time.Hour)
	for _, a := range l.alerts {
		if a.Status == alert.Open {
			if _, err := do(l.stage, state.CloseAlert{Alert: state.Ref{ID: a.ID}}); err != nil {
				l.t.Fatal(err)
			}
		}
	}
	l.act("unbeat h1")
	l.act("enable rota off") // nobody is reminded any more
	l.act("enable empty off")
	l.act("wait 900h")
	names := map[uint16]string{}
	for _, t := range []interface {
		Number() uint16
		Name() string
	}{state.Alerts, state.Log, state.Deliveries, state.Bundles, state.Deleted} {
		names[t.Number()] = t.Name()
	}
	for key := range l.tx.Scan(nil, nil) {
		if name, aged := names[binary.BigEndian.Uint16(key)]; aged {
			l.t.Fatalf("%s: %x is left", name, key)
		}
	}
	if n := l.requestsLeft(); n > 0 {
		l.t.Fatalf("%d requests are left", n)
	}
	for d := range state.Deadlines.All(l.tx) {
		if d.Kind != state.RetentionDue {
			l.t.Fatalf("a deadline of kind %d is left", d.Kind)
		}
	}
}

// requestsLeft counts the requests of which the status is known.
func (l *agingLife) requestsLeft() (n int) {
	for i := range l.seeds {
		if _, ok := state.GetRequest(l.tx, fmt.Sprint("r", i)); ok {
			n++
		}
	}
	return n
}

// An alert with more lines than one command removes goes in pieces, oldest lines first, and is
// there until the last one has gone. What others need comes between.
//
// keng-8.retention.paging-first
func TestALongAlertGoesInPieces(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"retain 24h", "create web P1", "create mail P1"} {
		s.act(line)
	}
	for i := range 700 {
		s.act(fmt.Sprintf("note web - word %d", i))
	}
	web, _ := state.FindAlert(s.tx, state.Ref{Alias: "web"})
	s.act("close web an")
	s.act("close mail an")
	s.act("wait 23h59m")
	left := func() (n int) {
		for range state.Log.Find(s.tx, table.K().String(string(web.ID))) {
			n++
		}
		return n
	}
	pieces, before := 0, left()
	for state.RetentionOf(s.tx).Closed > 0 {
		next, _ := state.NextDeadline(s.tx)
		if gap := next.Sub(s.now); pieces > 0 && gap < 20*time.Millisecond {
			t.Fatalf("the next piece is due after %s", gap)
		}
		s.now = next
		if _, err := do(s, state.DoDue{}); err != nil {
			t.Fatal(err)
		}
		now := left()
		if _, there := state.FindAlert(s.tx, state.Ref{ID: web.ID}); before-now > 100 || now > 0 && !there {
			t.Fatalf("%d lines went at once, %d are left, the alert is there: %v", before-now, now, there)
		}
		if now < before {
			pieces++
		}
		before = now
		if pieces > 20 || s.now.After(s.start.Add(30*time.Hour)) {
			t.Fatal("it does not end")
		}
	}
	if pieces != 8 {
		t.Errorf("%d pieces", pieces)
	}
	if r := state.RetentionOf(s.tx); r.Removed != 2 || r.Closed != 0 {
		t.Errorf("%+v", r)
	}
}

// However much is to be removed, what is due of an alert is done at its moment, in the
// same command or before.
//
// keng-8.retention.paging-first
func TestRemovingYields(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"retain 24h", "user an vi push:tok voice:+84901 push@0s voice@3m"} {
		s.act(line)
	}
	for i := range 400 {
		s.act(fmt.Sprintf("create x%d", i))
		s.act(fmt.Sprintf("close x%d an", i))
	}
	s.act("wait 23h57m")
	s.act("create web P1 user:an") // its second way is due three minutes later, as the removal is
	s.act("report push an done")
	s.now = s.start.Add(24*time.Hour + time.Second)
	gone, called := state.RetentionOf(s.tx).Removed, false
	if gone > 0 {
		t.Fatalf("%d have gone too early", gone)
	}
	if _, err := do(s, state.DoDue{}); err != nil {
		t.Fatal(err)
	}
	for _, d := range state.Outbox(s.tx, 9) {
		called = called || d.Kind == "voice"
	}
	if gone = state.RetentionOf(s.tx).Removed; !called || gone > 0 {
		t.Errorf("the call is queued: %v, removed before that: %d", called, gone)
	}
	s.act("wait 5s")
	if r := state.RetentionOf(s.tx); r.Removed != 400 || r.Closed != 0 {
		t.Errorf("%+v", r)
	}
}

// Many old alerts that are open still do not keep those behind them from going; and when
// nothing is to be removed nothing is done.
//
// keng-8.retention.open
func TestOldOpenAlertsAreNotInTheWay(t *testing.T) {
	s := newStage(t)
	s.act("retain 24h")
	for i := range 900 {
		s.act(fmt.Sprintf("create open%d P3", i))
	}
	s.act("create web P3")
	s.act("close web an")
	s.act("wait 24h10s")
	if r := state.RetentionOf(s.tx); r.Removed != 1 || r.Closed != 0 || r.Removing || !r.Oldest.IsZero() {
		t.Errorf("%+v", r)
	}
	looks := 0
	for end := s.now.Add(100 * 24 * time.Hour); ; looks++ {
		next, _ := state.NextDeadline(s.tx)
		if next.After(end) {
			break
		}
		s.now = next
		if _, err := do(s, state.DoDue{}); err != nil {
			t.Fatal(err)
		}
	}
	if looks > 100*(10+1+1)+20 { // a day: the open alerts in ten pieces, what remains of deleted ones, maintenance
		t.Errorf("%d commands in a hundred days", looks)
	}
}

// keng-8.retention.bounds
func TestRetentionBounds(t *testing.T) {
	s := newStage(t)
	for keep, good := range map[time.Duration]bool{
		-1: false, 1: false, state.RetentionMin - 1: false, state.RetentionMax + 1: false, 0: true, state.RetentionMin: true, state.RetentionMax: true,
	} {
		r, err := do(s, state.PutRetention{Keep: keep})
		if (err == nil) != good || good && (r.Keep != keep || state.RetentionOf(s.tx).Keep != keep) {
			t.Errorf("%s: %+v, %v", keep, r, err)
		}
		if err != nil && core.KindOf(err) != core.Unacceptable {
			t.Errorf("%s: %v", keep, err)
		}
	}
}
