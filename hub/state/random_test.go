package state_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

var (
	seeds = flag.Int("seeds", 60, "how many random lives to play")
	first = flag.Uint64("seed", 1, "the first of them")
)

// A life is a row of random commands at random times. After every step the promises
// that the state can keep by itself must hold.
func TestPromisesHoldInRandomLives(t *testing.T) {
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := &life{stage: newStage(t), dice: rand.New(rand.NewPCG(seed, 0))}
			l.settle()
			for range 120 {
				l.step()
				l.check()
			}
		})
	}
}

type life struct {
	*stage
	dice *rand.Rand
}

// settle makes two people, three ways to them, and one way to nobody.
func (l *life) settle() {
	for _, line := range []string{
		"user an vi push:a voice:b push@0s voice@3m",
		"user binh en push:c voice:d push@0s voice@1m",
		"user mute en",
		"schedule rota Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z an binh",
		"schedule empty UTC 2026-11-23T02:00:00Z nobody",
		"escalation long 0s=schedule:rota 5m=user:binh 10m=user:mute 20m=schedule:empty",
		"escalation short 0s=schedule:empty 0s=user:an",
		"team it escalation:long",
		"team net escalation:short",
		"team none",
	} {
		l.act(line)
	}
}

func pick[T any](d *rand.Rand, from ...T) T { return from[d.IntN(len(from))] }

func (l *life) step() {
	alias := fmt.Sprint("x", l.dice.IntN(4))
	switch l.dice.IntN(11) {
	case 10:
		for i := range 5 {
			l.act(fmt.Sprintf("create burst%d %s %s", l.dice.IntN(3)+i, pick(l.dice, "P1", "P3"), pick(l.dice, "team:it", "user:an", "user:binh")))
		}
	case 0, 1, 2:
		who := pick(l.dice, "team:it", "team:net", "team:none", "team:gone", "user:an", "user:mute", "schedule:empty", "escalation:long", "")
		l.act("create " + alias + " " + pick(l.dice, "P1", "P5") + " " + who)
	case 3:
		l.act("ack " + alias + " an")
	case 4:
		l.act("close " + alias + " an")
	case 5, 6:
		l.act("wait " + pick(l.dice, "1s", "1m", "3m", "7m", "1h"))
	default:
		l.report()
	}
}

// report says something about a random page, sensible or not.
func (l *life) report() {
	var all []string
	for d := range state.Deliveries.All(l.tx) {
		all = append(all, string(d.ID))
	}
	if len(all) == 0 {
		return
	}
	r := channel.Report{Page: pick(l.dice, all...), Number: uint32(l.dice.IntN(5)), At: l.now}
	r.Stage = pick(l.dice, channel.Attempted, channel.Accepted, channel.Ringing, channel.Done, channel.Failed, channel.Failed)
	if r.Stage == channel.Failed {
		r.Failure = pick(l.dice, channel.Unavailable, channel.Busy, channel.NoReply)
	}
	if r.Stage == channel.Done && l.dice.IntN(3) == 0 {
		r.Reply = channel.Acknowledge
	}
	if _, err := do(l.stage, state.TakeReports{Reports: []channel.Report{r}}); err != nil {
		l.t.Fatal(err)
	}
	l.news()
}

// check holds the state against the promises.
func (l *life) check() {
	deadlines, pending := map[string]int{}, map[string]int{}
	l.checkStorms()
	var last time.Time
	for d := range state.Deadlines.All(l.tx) {
		deadlines[string(d.Alert)]++
		if d.At.Before(last) {
			l.t.Fatal("the deadlines are not in order")
		}
		last = d.At
	}
	aliases := map[string]bool{}
	for a := range state.Alerts.All(l.tx) {
		id := string(a.ID)
		for _, d := range state.DeliveriesOf(l.tx, a.ID) {
			if !d.Final() {
				pending[id]++
			}
		}
		busy := deadlines[id]+pending[id] > 0
		switch {
		case !a.Silent() && !busy && a.Resting == "":
			l.t.Fatalf("P2: alert #%d wants attention, nothing will happen, and nothing says why", a.Tiny)
		case !a.Silent() && busy && a.Resting != "":
			l.t.Fatalf("alert #%d says that it rests, and something will happen", a.Tiny)
		case a.Silent() && busy:
			l.t.Fatalf("P3: alert #%d is %s (acknowledged %v), and something will still happen", a.Tiny, a.Status, a.Acknowledged)
		case a.Status == alert.Open && aliases[a.Alias]:
			l.t.Fatalf("two open alerts have the alias %s", a.Alias)
		}
		aliases[a.Alias] = aliases[a.Alias] || a.Status == alert.Open
		logged := false
		for range state.LogOf(l.tx, a.ID) {
			logged = true
		}
		if !logged {
			l.t.Fatalf("alert #%d has no log", a.Tiny)
		}
	}
	for d := range state.Deliveries.All(l.tx) {
		l.checkPage(d)
	}
	// What is due has been done: the next deadline is in the future, or due this moment.
	if next, ok := state.NextDeadline(l.tx); ok && next.Before(l.now) {
		l.t.Fatalf("a deadline of %v was passed over at %v", next, l.now)
	}
}

// checkPage holds one page against what must be true of every page.
func (l *life) checkPage(d *state.Delivery) {
	if d.Notice != nil {
		l.checkNotice(d)
		return
	}
	a, ok := state.Alerts.Get(l.tx, table.K().String(string(d.Alert)))
	if !ok {
		l.t.Fatal("a page of no alert")
	}
	if d.Trace[0].Stage != channel.Queued {
		l.t.Fatal("a page that was never queued")
	}
	if d.CreatedAt.Before(a.CreatedAt) || (a.Status == alert.Closed && d.CreatedAt.After(a.ClosedAt)) {
		l.t.Fatalf("P3: a page of %v for an alert that lived from %v to %v", d.CreatedAt, a.CreatedAt, a.ClosedAt)
	}
	if a.Acknowledged && d.CreatedAt.After(a.AcknowledgedAt) {
		l.t.Fatalf("P3: a page of %v after the acknowledgement of %v", d.CreatedAt, a.AcknowledgedAt)
	}
	if d.Why.String() == "" {
		l.t.Fatal("P15: a page without a reason")
	}
}

// checkNotice holds a page about no alert against what must be true of every one.
func (l *life) checkNotice(d *state.Delivery) {
	switch {
	case d.Alert != "" || d.Bundle || d.Held || d.Count > 0:
		l.t.Fatalf("a %s notice is about alerts, too", d.Notice.Kind)
	case d.Kind == channel.Voice && d.Notice.Kind != state.ContactCode:
		l.t.Fatalf("somebody is called for a %s notice", d.Notice.Kind)
	case d.SendBy.After(d.Notice.Until):
		l.t.Fatalf("a %s notice may go at %v, and is worth nothing after %v", d.Notice.Kind, d.SendBy, d.Notice.Until)
	case d.Notice.Kind.String() == "" || d.Reason() == "" || d.Notice.Zone == "":
		l.t.Fatalf("P15: a notice without a reason: %+v", d.Notice)
	}
}
