package state_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table"
)

// Whatever is done to parents and members, in whatever order, and whatever is lost: after
// every step what must hold of every alert holds (P2, P3, P7), and of groups what they are for.
func TestPromisesHoldInLivesWithGroups(t *testing.T) {
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := &groupLife{*newFullLife(t, rand.New(rand.NewPCG(seed, 7)))}
			if seed%2 == 0 {
				l.machine = l.machine.With(state.Limits{})
			}
			l.settle()
			if seed%3 == 0 {
				l.climb()
			}
			l.act("grouping site {{details.site}} " + pick(l.dice, "", "from=2", "from=3", "most=2", "window=5m"))
			for range 100 {
				l.out.Reset()
				l.group()
				l.act("wait 0s")
				l.checkLife()
				l.checkGroups()
			}
		})
	}
}

type groupLife struct{ fullLife }

// group does something to a group as often as something else.
func (l *groupLife) group() {
	parent := pick(l.dice, "^hanoi", "^saigon")
	who := pick(l.dice, "an", "binh", "-")
	switch l.dice.IntN(24) {
	case 0, 1, 2, 3, 4:
		l.act("at " + pick(l.dice, "hanoi", "hanoi", "saigon") + " " + fmt.Sprint("x", l.dice.IntN(6)) + " " + pick(l.dice, "P1", "P3", "P5") + " " + pick(l.dice, "team:it", "team:net", "user:an", "user:mute", "team:none", ""))
	case 5:
		l.act("grouping " + pick(l.dice, "site {{details.site}} ", "site {{details.site}}/{{priority}} ") + pick(l.dice, "", "from=2", "most=2", "off", "window=2m"))
	case 6, 7:
		l.act("ack " + parent + " an")
	case 8:
		l.act("unack " + parent + " " + who)
	case 9:
		l.act("snooze " + parent + " " + who + " " + pick(l.dice, "1m", "1h"))
	case 10:
		l.act(pick(l.dice, "delete ", "closeall ", "close ", "see ", "take ") + parent + " " + who)
	case 11:
		l.act("assign " + parent + " " + who + " " + pick(l.dice, "an", "binh"))
	case 12:
		l.act("escalate " + parent + " " + who + pick(l.dice, "", " long", " short"))
	case 13:
		l.act("call " + parent + " " + who + " user:binh")
	case 14:
		l.act("priority " + parent + " " + who + " " + pick(l.dice, "P1", "P4"))
	case 15:
		l.act("recover " + fmt.Sprint("x", l.dice.IntN(6)))
	case 16:
		l.act("down " + pick(l.dice, "10s", "20m"))
	default:
		l.live()
	}
}

// checkGroups: who is a member, of whom; who may call people; what is counted.
func (l *groupLife) checkGroups() {
	members, open := map[string]int{}, map[string]int{}
	deletedRest := map[string]bool{}
	for d := range state.Deadlines.All(l.tx) {
		if d.Kind == state.MembersRest {
			deletedRest[string(d.Alert)] = true
		}
	}
	parents := map[string]*alert.Alert{}
	for a := range state.Alerts.All(l.tx) {
		if a.Lead != nil {
			parents[string(a.ID)] = a
		}
	}
	for a := range state.Alerts.All(l.tx) {
		if a.Parent == "" {
			continue
		}
		if a.Lead != nil {
			l.t.Fatalf("#%d is under a parent and is one", a.Tiny)
		}
		p := parents[string(a.Parent)]
		if p == nil {
			l.t.Fatalf("#%d is under an alert that is gone, or is no parent", a.Tiny)
		}
		members[string(p.ID)]++
		if a.Status == alert.Closed {
			continue
		}
		open[string(p.ID)]++
		l.checkMember(a, p)
	}
	for id, p := range parents {
		switch {
		case (p.Status == alert.Open) != (open[id] > 0):
			l.t.Fatalf("parent #%d is %s and has %d open members", p.Tiny, p.Status, open[id])
		case p.Status == alert.Open && (p.Lead.Open != open[id] || p.Lead.Members != members[id]):
			l.t.Fatalf("parent #%d counts %d of %d open, there are %d of %d", p.Tiny, p.Lead.Open, p.Lead.Members, open[id], members[id])
		}
		l.checkParent(p)
	}
	if len(deletedRest) > 0 {
		l.t.Fatal("what is due was not done")
	}
}

// checkMember: nothing calls people for an open member, and its parent's is the word.
func (l *groupLife) checkMember(a, p *alert.Alert) {
	if !a.Silent() && !strings.Contains(a.Resting, p.Number()) {
		l.t.Fatalf("P2: member #%d does not say where to look: %q", a.Tiny, a.Resting)
	}
	for _, d := range state.DeliveriesOf(l.tx, a.ID) {
		if !d.Final() {
			l.t.Fatalf("member #%d has a page under way, beside its parent", a.Tiny)
		}
	}
	for d := range state.Deadlines.All(l.tx) {
		if d.Alert == a.ID && d.Kind != state.SnoozeEnd && d.Kind != state.ClosingDue && d.Kind != state.ClosedByRule {
			l.t.Fatalf("member #%d is to do something of kind %d", a.Tiny, d.Kind)
		}
	}
	for _, r := range a.Responders {
		if !p.HasResponder(r) {
			l.t.Fatalf("%s answers for member #%d and not for parent #%d", r.ID, a.Tiny, p.Tiny)
		}
	}
}

// checkParent: who has yet to be told waits only while nobody is called; a parent that nobody
// acknowledged itself is so only while nothing under it wants attention.
func (l *groupLife) checkParent(p *alert.Alert) {
	if p.Status == alert.Closed {
		return
	}
	wants := false
	for m := range state.Members(l.tx, p.ID) {
		wants = wants || !m.Silent()
	}
	switch {
	case p.Lead.Covered && !p.Acknowledged:
		l.t.Fatalf("parent #%d is covered, and not acknowledged", p.Tiny)
	case p.Lead.Covered && wants:
		l.t.Fatalf("P2: something under #%d wants attention, and nobody has acknowledged #%d itself", p.Tiny, p.Tiny)
	case wants && !p.Silent() && len(p.Lead.Untold) > 0:
		l.t.Fatalf("P2: #%d has not told %v", p.Tiny, p.Lead.Untold)
	}
}

// Members of a parent that is deleted are set free in pieces, all of them.
func TestManyMembersAreSetFree(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"user an vi push:a push@0s", "grouping site {{details.site}}"} {
		s.act(line)
	}
	const many = 450
	for i := range many {
		s.act(fmt.Sprintf("at hanoi x%d user:an", i))
	}
	parent, _ := state.FindAlert(s.tx, state.Ref{Alias: s.named("^hanoi")})
	s.act("delete ^hanoi an")
	left := 0
	for range state.Members(s.tx, parent.ID) {
		left++
	}
	if left != many-200 {
		t.Fatalf("%d members are left after one command", left)
	}
	if orphans := state.Orphans(s.tx, s.now, time.Minute, 9); len(orphans) > 0 {
		t.Fatalf("P2: %v are forgotten while members are set free", orphans)
	}
	s.act("wait 10ms")
	for m := range state.Members(s.tx, parent.ID) {
		t.Fatalf("#%d is not free", m.Tiny)
	}
	for a := range state.AlertsOpen.Find(s.tx, table.K()) {
		told := false
		for _, d := range state.DeliveriesOf(s.tx, a.ID) {
			told = told || !d.Final()
		}
		if !told || a.Resting != "" {
			t.Fatalf("P2: nobody is called for #%d: %q", a.Tiny, a.Resting)
		}
	}
}
