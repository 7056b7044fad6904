package state_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

var (
	seeds = flag.Int("seeds", 6, "how many random lives to play")
	first = flag.Uint64("seed", 1, "the first of them")
)

// A life is a row of random commands at random times. After every step the promises
// that the state can keep by itself must hold.
func TestPromisesHoldInRandomLives(t *testing.T) {
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := &life{stage: newStage(t), dice: rand.New(rand.NewPCG(seed, 0))}
			l.settle()
			if seed%2 == 0 {
				l.climb()
			}
			for range 120 {
				l.step()
				l.check()
			}
		})
	}
}

type life struct {
	*stage
	dice  *rand.Rand
	stale map[string]bool // deadlines of escalations that were others when they planned them
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
	switch l.dice.IntN(12) {
	case 11:
		l.climbs()
	case 10:
		for i := range 5 {
			l.act(fmt.Sprintf("create burst%d %s %s", l.dice.IntN(3)+i, pick(l.dice, "P1", "P3"), pick(l.dice, "team:it", "user:an", "user:binh")))
		}
	case 0, 1, 2:
		who := pick(l.dice, "team:it", "team:net", "team:none", "team:gone", "user:an", "user:mute", "schedule:empty", "escalation:long", "")
		l.act("create " + alias + " " + pick(l.dice, "P1", "P5") + " " + who)
	case 3:
		l.act("ack " + alias + " " + pick(l.dice, "an", "an", "binh", "-"))
	case 4:
		l.act("close " + alias + " an")
	case 5, 6:
		l.act("wait " + pick(l.dice, "1s", "1m", "3m", "7m", "1h"))
	default:
		l.report()
	}
}

// climb has the escalations be any from the beginning.
func (l *life) climb() {
	l.act("member it an")
	l.act("member it binh admin")
	for range 4 {
		l.climbs()
	}
}

// climbs makes an escalation anew, in any way that there is.
func (l *life) climbs() {
	if l.stale == nil {
		l.stale = map[string]bool{}
	}
	for d := range state.Deadlines.All(l.tx) {
		if d.Escalation != "" {
			l.stale[d.ID] = true
		}
	}
	line := "escalation " + pick(l.dice, "long", "short", "short")
	if l.dice.IntN(3) > 0 {
		line += " repeat=" + pick(l.dice, "1m", "5m", "30m") + "/" + pick(l.dice, "1", "2", "20") + pick(l.dice, "", "/reset") + pick(l.dice, "", "", "/close")
	}
	for range 1 + l.dice.IntN(4) {
		line += " " + pick(l.dice, "0s", "0s", "3m", "10m") + pick(l.dice, "", "/unclosed") + pick(l.dice, "", "/2") + pick(l.dice, "", "", "/ends") +
			pick(l.dice, "=user:an", "=user:binh", "/all=team:it", "/all=team:it", "=user:mute", "=schedule:empty", "=schedule:rota", "/next=schedule:rota", "/previous=schedule:rota", "=team:net",
				"/all=team:it", "/admins=team:it", "/users=team:it", "/random=team:it", "/round-robin=team:it", "/all=team:none")
	}
	l.act(line)
}

// mayGoOn reports whether something that is planned for an alert which is acknowledged, and not
// silent otherwise, is rightly there: a step of an escalation for what is not closed, or whom
// such a step calls.
func (l *life) mayGoOn(a *alert.Alert, d *state.Deadline) bool {
	if !a.Acknowledged || a.Status == alert.Closed || a.Snoozed() || a.Closing != nil {
		return false
	}
	switch d.Kind {
	case state.EscalationStep, state.StepsAgain:
		p, ok := state.Escalations.Get(l.tx, table.K().String(string(d.Escalation)))
		return !ok || l.stale[d.ID] || p.Repeat.Reset || slices.ContainsFunc(p.Rules, func(r escalate.Rule) bool { return r.Condition == escalate.IfNotClosed })
	case state.ReachAttempt:
		return d.Why.Unclosed != "" && !l.hasAcked(a, d.User)
	case state.DeliveryOverdue:
		page, ok := state.GetDelivery(l.tx, d.Delivery)
		return ok && page.Why.Unclosed != "" && !l.hasAcked(a, page.User)
	}
	return false
}

func (l *life) hasAcked(a *alert.Alert, user core.UserID) bool {
	u, ok := state.Users.Get(l.tx, table.K().String(string(user)))
	return ok && a.HasAcked(u.Username)
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
		if a, ok := state.FindAlert(l.tx, state.Ref{ID: d.Alert}); d.Kind != state.EscalationEnd && (!ok || !l.mayGoOn(a, d)) {
			deadlines[string(d.Alert)]++
		}
		if d.At.Before(last) {
			l.t.Fatal("the deadlines are not in order")
		}
		last = d.At
		l.checkAwaited(d)
	}
	aliases := map[string]bool{}
	for a := range state.Alerts.All(l.tx) {
		id := string(a.ID)
		for _, d := range state.DeliveriesOf(l.tx, a.ID) {
			if unclosed := a.Acknowledged && d.Why.Unclosed != "" && !l.hasAcked(a, d.User); !d.Final() && !unclosed {
				pending[id]++
			}
			if !d.Final() && l.hasAcked(a, d.User) {
				l.t.Fatalf("P3: %s has acknowledged alert #%d, and a page to that person is under way", d.User, a.Tiny)
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

// checkAwaited: nobody waits for what becomes of a page when that is known.
func (l *life) checkAwaited(d *state.Deadline) {
	if page, ok := state.GetDelivery(l.tx, d.Delivery); ok && d.Kind == state.DeliveryOverdue && page.Final() {
		l.t.Fatalf("the fate of page %s is known, and is to be looked for at %v", page.ID, d.At)
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
	if a.Acknowledged && d.CreatedAt.After(a.AcknowledgedAt) && d.Why.Unclosed == "" && l.neverTakenBack(a) {
		l.t.Fatalf("P3: a page of %v after the acknowledgement of %v", d.CreatedAt, a.AcknowledgedAt)
	}
	if d.Why.String() == "" {
		l.t.Fatal("P15: a page without a reason")
	}
}

// neverTakenBack reports whether nobody, and nothing, has taken an acknowledgement of an alert
// back: the first one is the present one.
func (l *life) neverTakenBack(a *alert.Alert) bool {
	for e := range state.LogOf(l.tx, a.ID) {
		if e.What == alert.DidUnacknowledge {
			return false
		}
	}
	return true
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
