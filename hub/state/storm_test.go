package state_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// checkStorms holds every page that is under way against P8 and P2.
func (l *life) checkStorms() {
	due := map[core.DeliveryID]map[state.DeadlineKind]int{}
	for x := range state.Deadlines.All(l.tx) {
		if due[x.Delivery] == nil {
			due[x.Delivery] = map[state.DeadlineKind]int{}
		}
		if x.From == "" {
			due[x.Delivery][x.Kind]++
		}
	}
	calls := map[core.UserID]int{}
	for d := range state.Deliveries.All(l.tx) {
		if d.Final() {
			continue
		}
		if d.Bundle {
			l.checkBundle(d)
		}
		if d.Kind == channel.Voice && !d.Held {
			calls[d.User]++
		}
		want := state.DeliveryOverdue
		if d.Held {
			want = state.BundleDue
		}
		if due[d.ID][want] == 0 {
			l.t.Fatalf("P2: a %s page (held: %t) has no deadline of kind %d", d.Kind, d.Held, want)
		}
	}
	for user, n := range calls {
		if n > 1 {
			l.t.Fatalf("P8: %s is called %d times at once", user, n)
		}
	}
}

// checkBundle counts the alerts that a bundle speaks of.
func (l *life) checkBundle(d *state.Delivery) {
	in := 0
	for b := range state.Bundles.Find(l.tx, table.K().String(string(d.ID))) {
		if b.LeftAt.IsZero() {
			in++
		}
		if b.Why.String() == "" {
			l.t.Fatal("P15: an alert of a bundle without a reason")
		}
		if !slices.ContainsFunc(state.DeliveriesOf(l.tx, b.Alert), func(x state.Delivery) bool { return x.ID == d.ID }) {
			l.t.Fatal("a page is not among those of an alert that it speaks of")
		}
	}
	if in != d.Count {
		l.t.Fatalf("a bundle counts %d alerts and has %d", d.Count, in)
	}
}

// phone gives every page in the outbox an end, at once, and remembers when which came.
type phone struct {
	*life
	pages  []*state.Delivery
	alerts [][]core.AlertID
	answer func(d *state.Delivery) channel.Report
}

func newPhone(t *testing.T, cast ...string) *phone {
	p := &phone{life: &life{stage: newStage(t), dice: rand.New(rand.NewPCG(1, 0))}}
	for _, line := range cast {
		p.act(line)
	}
	p.answer = func(*state.Delivery) channel.Report { return channel.Report{Stage: channel.Done} }
	return p
}

// ring takes up everything that is in the outbox.
func (p *phone) ring() {
	for _, d := range state.Outbox(p.tx, 10_000) {
		var ids []core.AlertID
		for _, a := range state.AlertsOf(p.tx, &d) {
			ids = append(ids, a.ID)
		}
		p.pages, p.alerts = append(p.pages, &d), append(p.alerts, ids)
		r := p.answer(&d)
		r.Page, r.Number, r.At = string(d.ID), 1, p.now
		if _, err := do(p.stage, state.TakeReports{Reports: []channel.Report{r}}); err != nil {
			p.t.Fatal(err)
		}
	}
}

// pass lets time pass; pages are taken up at once.
func (p *phone) pass(d time.Duration) {
	end := p.now.Add(d)
	for p.ring(); ; p.ring() {
		next, ok := state.NextDeadline(p.tx)
		if !ok || next.After(end) {
			break
		}
		if next.After(p.now) {
			p.now = next
		}
		if _, err := do(p.stage, state.DoDue{}); err != nil {
			p.t.Fatal(err)
		}
	}
	p.now = end
}

// of returns the pages of a kind, and for each how many alerts it spoke of.
func (p *phone) of(kind channel.Kind) (at []time.Duration, alerts []int) {
	for i, d := range p.pages {
		if d.Kind == kind {
			at, alerts = append(at, d.QueuedAt().Sub(p.start)), append(alerts, len(p.alerts[i]))
		}
	}
	return at, alerts
}

// open returns how many alerts want attention.
func (p *phone) open() (n int) {
	for a := range state.Alerts.All(p.tx) {
		if !a.Silent() {
			n++
		}
	}
	return n
}

// storm posts n alerts for a person within a time.
func (p *phone) storm(n int, within time.Duration, responder string, priority func(i int) core.Priority) {
	for i := range n {
		draft := alert.Draft{Message: fmt.Sprint("trouble ", i), Priority: priority(i), Responders: []alert.Responder{p.responder(responder)}}
		if _, err := do(p.stage, state.CreateAlert{Draft: draft}); err != nil {
			p.t.Fatal(err)
		}
		p.pass(within / time.Duration(n))
	}
	p.check()
}

func always(p core.Priority) func(int) core.Priority { return func(int) core.Priority { return p } }

// P8: 500 alerts in a minute are one page at once, and one when the minute is over. The
// call that follows is one for all, and what the person presses is for all.
func TestP8FiveHundredAlertsInAMinute(t *testing.T) {
	p := newPhone(t, "user an vi push:a voice:b push@0s voice@3m", "user chi vi push:c push@0s")
	p.storm(500, time.Minute, "user:an", always(core.P2))
	p.act("create other P3 user:chi")
	p.pass(time.Minute)
	at, alerts := p.of(channel.Push)
	if fmt.Sprint(at, alerts) != "[0s 1m0s 1m0s] [1 1 499]" && fmt.Sprint(at, alerts) != "[0s 1m0s 1m0s] [1 499 1]" {
		t.Errorf("pushes at %v about %v alerts", at, alerts)
	}
	// The first call is due three minutes after the first alert, about that one; the others a
	// moment later, when the line has not been free for a minute.
	p.answer = func(d *state.Delivery) channel.Report {
		return channel.Report{Stage: channel.Done, Reply: channel.Acknowledge}
	}
	p.pass(10 * time.Minute)
	at, alerts = p.of(channel.Voice)
	if len(at) != 2 || at[0] != 3*time.Minute || at[1] != 4*time.Minute || alerts[1] != 499 {
		t.Errorf("calls at %v about %v alerts", at, alerts)
	}
	if n := p.open(); n != 1 {
		t.Errorf("%d alerts are open, not the other person's alone", n)
	}
	// It takes several commands to go through them, and each alert's turn comes once.
	for b := range state.Bundles.Find(p.tx, table.K().String(string(p.pages[len(p.pages)-1].ID))) {
		answered := 0
		for e := range state.LogOf(p.tx, b.Alert) {
			if strings.Contains(e.Text, "voice (with 498 other alerts)") {
				answered++
			}
		}
		if answered != 1 {
			t.Fatalf("the answer is %d times in the log of an alert", answered)
		}
	}
	p.check()
}

// P8, P5: what fails for hundreds moves on at once as one page, and what a person passes on
// is passed on for all: in steps, since no command may be too large.
func TestP8HundredsMoveOnTogether(t *testing.T) {
	p := newPhone(t, "user an vi push:a voice:b push@0s voice@30m", "user boss en push:c push@0s", "escalation up 0s=user:an 2h=user:boss", "team it escalation:up")
	p.storm(1, time.Second, "team:it", always(core.P3))
	p.storm(600, 50*time.Second, "team:it", always(core.P3))
	p.answer = func(d *state.Delivery) channel.Report {
		if d.Kind == channel.Push && d.Address == "a" {
			return channel.Report{Stage: channel.Failed, Failure: channel.Refused}
		}
		return channel.Report{Stage: channel.Done, Reply: channel.NextPerson}
	}
	p.pass(15 * time.Minute)
	at, alerts := p.of(channel.Voice)
	if len(at) != 1 || at[0] > time.Minute+2*time.Second || alerts[0] != 600 {
		t.Errorf("calls at %v about %v alerts", at, alerts)
	}
	var boss []int
	for i, d := range p.pages {
		if d.Address == "c" {
			boss = append(boss, len(p.alerts[i]))
		}
	}
	if len(boss) != 1 || boss[0] != 600 {
		t.Errorf("the next person is paged about %v alerts", boss)
	}
	p.check()
}

// P8: whatever comes, for however long: no contact gets more than its budget, beyond it
// only what is graver than all; nothing is left out; nothing waits longer than a period.
func TestP8Budget(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			p := newPhone(t, "user an vi push:a voice:b push@0s voice@0s")
			random := rand.New(rand.NewPCG(seed, 3))
			for p.now.Sub(p.start) < 40*time.Minute {
				p.storm(1+random.IntN(3), time.Second, "user:an", func(int) core.Priority { return core.Priority(1 + random.IntN(5)) })
				p.pass(time.Duration(random.Int64N(int64(2 * time.Minute))))
			}
			p.pass(20 * time.Minute)
			limits := state.DefaultLimits()
			p.keptBudget(channel.Push, limits.Period, limits.Pages)
			p.keptBudget(channel.Voice, limits.Period, limits.Calls)
			p.toldOfAll(limits.Period)
			p.check()
		})
	}
}

// keptBudget makes sure that no period has more pages than the budget and the four that
// may go beyond it.
func (p *phone) keptBudget(kind channel.Kind, period time.Duration, budget int) {
	p.t.Helper()
	at, _ := p.of(kind)
	most := 0
	for i := range at {
		n := 0
		for _, x := range at[i:] {
			if x-at[i] < period {
				n++
			}
		}
		most = max(most, n)
	}
	p.t.Logf("%d pages by %s, at most %d in %s", len(at), kind, most, period)
	if most > budget+4 {
		p.t.Errorf("P8: %d pages by %s within %s", most, kind, period)
	}
}

// toldOfAll makes sure that every alert was in a page of each kind, soon enough.
func (p *phone) toldOfAll(within time.Duration) {
	p.t.Helper()
	for a := range state.Alerts.All(p.tx) {
		for _, kind := range []channel.Kind{channel.Push, channel.Voice} {
			i := slices.IndexFunc(p.pages, func(d *state.Delivery) bool { return d.Kind == kind })
			for ; i < len(p.pages) && !(p.pages[i].Kind == kind && slices.Contains(p.alerts[i], a.ID)); i++ {
			}
			switch {
			case i == len(p.pages):
				p.t.Errorf("P8: nobody was told of alert #%d by %s", a.Tiny, kind)
			case p.pages[i].QueuedAt().Sub(a.CreatedAt) > within:
				p.t.Errorf("P8: alert #%d waited %s for a page by %s", a.Tiny, p.pages[i].QueuedAt().Sub(a.CreatedAt), kind)
			}
		}
	}
}

// P8: a bundle takes so many alerts; what is more goes with the next.
func TestP8ABundleIsBounded(t *testing.T) {
	p := newPhone(t, "user an vi push:a push@0s")
	p.storm(1, time.Second, "user:an", always(core.P3))
	for i := range state.BundleMax + 10 {
		draft := alert.Draft{Message: fmt.Sprint("more ", i), Responders: []alert.Responder{p.responder("user:an")}}
		if _, err := do(p.stage, state.CreateAlert{Draft: draft}); err != nil {
			t.Fatal(err)
		}
	}
	p.pass(10 * time.Minute)
	at, alerts := p.of(channel.Push)
	if fmt.Sprint(alerts) != fmt.Sprint([]int{1, state.BundleMax, 10}) {
		t.Errorf("pages at %v about %v alerts", at, alerts)
	}
	p.check() // each alert says that nobody further will be notified: it takes several commands
}

// P8, P9: the hub was down in a storm. Each person is told once, of all that has not been
// closed meanwhile, and that it is late.
func TestP8AfterAnOutage(t *testing.T) {
	p := newPhone(t, "user an vi push:a voice:b push@0s voice@5m", "user boss en push:c push@0s", "escalation up 0s=user:an 10m=user:boss 20m=user:boss", "team it escalation:up")
	p.storm(40, 30*time.Second, "team:it", always(core.P3))
	if err := p.down([]string{"8h"}); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if _, err := do(p.stage, state.CloseAlert{Alert: state.Ref{Tiny: uint64(i + 1)}, User: "web"}); err != nil {
			t.Fatal(err)
		}
	}
	before := len(p.pages)
	back := p.now
	p.pass(2 * time.Second)
	got := map[string]int{}
	for i, d := range p.pages[before:] {
		got[d.Address] += len(p.alerts[before+i])
		if late := back.Sub(d.DueAt()); late < 7*time.Hour {
			t.Errorf("the page to %s is late by %s only", d.Address, late)
		}
	}
	if len(p.pages) != before+3 || got["a"] != 30 || got["b"] != 30 || got["c"] != 30 {
		t.Errorf("%d pages after the outage: about %v", len(p.pages)-before, got)
	}
	p.check()
}
