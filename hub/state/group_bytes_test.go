package state_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table"
)

// huge opens the largest alert that there may be: 70 kB of Vietnamese.
func (s *stage) huge(site, alias string, responders ...string) {
	s.t.Helper()
	d := alert.Draft{
		Message: "trouble with " + alias, Alias: alias, Integration: "key", Description: strings.Repeat("ế", alert.DescriptionMax),
		Details: map[string]string{"site": site, "stack": strings.Repeat("ệ", alert.DetailsMax-20-len(site))},
	}
	for _, r := range responders {
		d.Responders = append(d.Responders, s.responder(r))
	}
	if _, err := do(s, state.CreateAlert{Draft: d}); err != nil {
		s.t.Fatalf("alert %s: %v", alias, err)
	}
}

func hugeStage(t *testing.T) *stage {
	s := newStage(t)
	s.machine = s.machine.With(state.Limits{})
	for _, line := range []string{"user an vi push:tok-an push@0s", "user lan vi push:tok-lan push@0s", "escalation it-escalation 0s=user:an", "team it escalation:it-escalation"} {
		s.act(line)
	}
	return s
}

// under counts the alerts that are under an open parent, and those that are open.
func (s *stage) under() (under, open int) {
	for a := range state.AlertsOpen.Find(s.tx, table.K()) {
		if a.Parent != "" {
			under++
		}
		open++
	}
	return under, open
}

// keng-8.group.size: a hundred of the largest alerts become a group, which is closed, or set
// free, though one command cannot write them all; and closed by whoever asks once.
func TestLargestAlertsInGroups(t *testing.T) {
	const many = 100
	for what, end := range map[string]func(s *stage, parent *alert.Alert){
		"closed": func(s *stage, p *alert.Alert) {
			r, err := do(s, state.CloseGroup{Asked: state.Asked{Request: "r", Alert: state.Ref{ID: p.ID}, User: "an", Note: strings.Repeat("ế", alert.NoteMax)}})
			if err != nil || r.Success || !strings.HasPrefix(r.Status, "Closing goes on: ") {
				s.t.Fatalf("%+v, %v", r, err)
			}
			s.now = s.now.Add(1)
			s.act("at hanoi later P3 team:it") // nobody has seen this one
			s.act("ack later an")
			s.act("wait 10s")
			if _, open := s.under(); open != 2 {
				s.t.Fatalf("%d alerts are open", open)
			}
			if got, _ := state.GetRequest(s.tx, "r"); got.Success || !strings.HasPrefix(got.Status, "1 member is still open") || strings.HasSuffix(got.Status, ": ") {
				s.t.Errorf("in the end: %+v", got)
			}
		},
		"deleted": func(s *stage, p *alert.Alert) {
			if _, err := do(s, state.DeleteAlert{Asked: state.Asked{Alert: state.Ref{ID: p.ID}, User: "an"}}); err != nil {
				s.t.Fatal(err)
			}
			s.act("wait 10s")
			if under, open := s.under(); under != 0 || open != many {
				s.t.Fatalf("%d alerts are under a parent, of %d that are open", under, open)
			}
			for a := range state.AlertsOpen.Find(s.tx, table.K()) {
				if len(state.DeliveriesOf(s.tx, a.ID)) == 0 {
					s.t.Errorf("nobody is called for #%d", a.Tiny)
				}
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := hugeStage(t)
			s.act("grouping site {{details.site}} from=100")
			for i := range many {
				s.huge("hanoi", fmt.Sprint("x", i), "team:it")
			}
			s.act("ack " + s.named("^hanoi") + " an")
			s.act("wait 10s")
			if under, open := s.under(); under != many || open != many+1 {
				t.Fatalf("%d alerts are under a parent, of %d that are open", under, open)
			}
			for a := range state.AlertsOpen.Find(s.tx, table.K()) {
				if a.Lead != nil {
					end(s, a)
					return
				}
			}
		})
	}
}

// keng-8.closing.most: closing a group goes on behind members that may not be closed.
func TestCloseGroupPassesWhatMayNotBeClosed(t *testing.T) {
	s := hugeStage(t)
	s.act("closure it members 0s")
	s.act("grouping site {{details.site}}")
	const refuse, free = 450, 20
	for i := range refuse {
		s.act(fmt.Sprintf("at hanoi x%d P3 team:it", i))
	}
	for i := range free {
		s.act(fmt.Sprintf("at hanoi y%d P3 user:an", i))
	}
	s.act("closeall ^hanoi lan")
	s.act("wait 1s")
	if under, _ := s.under(); under != refuse {
		t.Errorf("%d members are open, not %d", under, refuse)
	}
	for d := range state.Deadlines.All(s.tx) {
		if d.Kind == state.GroupCloses {
			t.Errorf("it goes on for ever: %+v", d)
		}
	}
	s.act("member it lan")
	s.act("closeall ^hanoi lan")
	s.act("wait 1s")
	if _, open := s.under(); open != 0 {
		t.Errorf("%d alerts are open", open)
	}
}

// keng-8.group.crowded: those who answer for an alert are called, also if the parent of its
// group has no room for them; nobody is left out.
func TestNobodyIsLeftOutOfAFullParent(t *testing.T) {
	s := newStage(t)
	s.act("grouping site {{details.site}}")
	called := func(user string) bool {
		for d := range state.Deliveries.All(s.tx) {
			if d.Address == "tok-"+user {
				return true
			}
		}
		return false
	}
	for i := range alert.RespondersMax + 2 {
		user := fmt.Sprint("u", i)
		s.act(fmt.Sprintf("user %s vi push:tok-%s push@0s", user, user))
		s.act(fmt.Sprintf("at hanoi x%d P3 user:%s", i, user))
		if !called(user) {
			t.Errorf("%s answers for alert %d and is not called", user, i)
		}
	}
	parents := 0
	for a := range state.AlertsOpen.Find(s.tx, table.K()) {
		if a.Lead != nil {
			parents++
		}
	}
	if parents != 2 {
		t.Errorf("there are %d parents", parents)
	}
}

// keng-8.group.crowded: of those that wait for a parent, whoever has no room under it goes on
// standing for itself.
func TestWhoHasNoRoomUnderANewParent(t *testing.T) {
	s := newStage(t)
	s.act("grouping site {{details.site}} from=3")
	many := ""
	for i := range alert.RespondersMax {
		user := fmt.Sprint("u", i)
		s.act(fmt.Sprintf("user %s vi push:tok-%s push@0s", user, user))
		many += " user:" + user
	}
	s.act("user an vi push:tok-an push@0s")
	s.act("at hanoi x0 P3 user:an")
	s.act("at hanoi x1 P3" + many)
	s.act("at hanoi x2 P3 user:an")
	s.act("wait " + time.Second.String())
	if under, open := s.under(); under != 2 || open != 4 {
		t.Errorf("%d of %d are under a parent", under, open)
	}
}
