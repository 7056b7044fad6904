package state_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/route"
	"keng/hub/state"
)

// crowded is a stage with a team of n people, each with three contacts, and an escalation that tells
// them in a way.
func crowded(t *testing.T, n int, r escalate.Rule, repeat escalate.Repeat) *stage {
	t.Helper()
	s := newStage(t)
	team := route.Team{Name: "it"}
	for i := range n {
		u, err := do(s, state.PutUser{User: reach.User{Username: fmt.Sprintf("u%03d", i), Language: "en", Zone: "UTC", Contacts: []reach.Contact{
			{Kind: "push", Address: fmt.Sprint("a", i)}, {Kind: "sms", Address: fmt.Sprint("b", i)}, {Kind: "voice", Address: fmt.Sprint("c", i)},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		team.Members = append(team.Members, u.ID)
	}
	made, err := do(s, state.PutTeam{Team: team})
	if err != nil {
		t.Fatal(err)
	}
	r.Condition, r.Recipient = escalate.IfNotAcked, alert.Responder{Kind: alert.Team, ID: string(made.ID)}
	if _, err := do(s, state.PutEscalation{Policy: escalate.Policy{Name: "up", Rules: []escalate.Rule{r}, Repeat: repeat}}); err != nil {
		t.Fatal(err)
	}
	return s
}

// One step tells so many members at most, and says how many it has not told; a command can
// write it. Rule keng-8.notify.most.
func TestAStepTellsSoManyMembers(t *testing.T) {
	for n, want := range map[int]string{200: "", 203: "3 members of team it are not notified: 200 at most are"} {
		s := crowded(t, n, escalate.Rule{Notify: escalate.All, Acks: 10}, escalate.Repeat{})
		s.act("create x1 escalation:up")
		told, said := map[core.UserID]bool{}, ""
		for d := range state.Deliveries.All(s.tx) {
			told[d.User] = true
		}
		for line := range strings.Lines(s.out.String()) {
			if strings.Contains(line, "at most are") {
				_, said, _ = strings.Cut(strings.TrimSpace(line), "System: ")
			}
		}
		a, _ := state.FindAlert(s.tx, state.Ref{Alias: "x1"})
		if len(told) != 200 || said != want || a.AcksWanted != 10 {
			t.Errorf("of %d members %d are told, %q; %d have to acknowledge", n, len(told), said, a.AcksWanted)
		}
	}
}

// Who is told at random is the same when the command is tried again, and not always the same
// person; by turns everybody is told as often as anybody. Rules ogapi-8.notify.random,
// keng-8.notify.round-robin.
func TestRandomAndTurns(t *testing.T) {
	const members, repeats = 5, 19
	whom := func(notify escalate.Notify) (names []string) {
		s := crowded(t, members, escalate.Rule{Notify: notify}, escalate.Repeat{Wait: time.Hour, Count: repeats})
		s.act("create x1 escalation:up")
		s.act("wait 30h")
		for line := range strings.Lines(s.out.String()) {
			if before, _, told := strings.Cut(line, " is notified:"); told {
				names = append(names, before[strings.LastIndex(before, " ")+1:])
			}
		}
		if len(names) != repeats+1 {
			t.Fatalf("%v: %v", notify, names)
		}
		return names
	}
	once, again := whom(escalate.Random), whom(escalate.Random)
	if !slices.Equal(once, again) {
		t.Errorf("tried again, others are told: %v, %v", once, again)
	}
	if slices.Sort(once); len(slices.Compact(once)) < 3 {
		t.Errorf("of five %v are told", once)
	}
	for i, name := range whom(escalate.RoundRobin) {
		if want := fmt.Sprintf("u%03d", i%members); name != want {
			t.Errorf("turn %d is that of %s, not of %s", i, name, want)
		}
	}
}

// A member whose stand-in cannot be told has the turn all the same, as everybody is told in whose
// place nobody can be. Rules keng-8.notify.round-robin, ogapi-8.notify.random.
func TestTurnOfWhoseStandInIsMuted(t *testing.T) {
	for notify, members := range map[escalate.Notify]int{escalate.RoundRobin: 2, escalate.Random: 1} {
		s := crowded(t, members, escalate.Rule{Notify: notify}, escalate.Repeat{})
		s.act("user away en push:tok")
		s.act("forward u000 away 0h..1h")
		s.act("mute away 1h")
		s.act("create x1 escalation:up")
		if out := s.out.String(); !strings.Contains(out, "u000 is notified: ") {
			t.Errorf("%v: whose turn it is was left out:\n%s", notify, out)
		}
	}
}
