package state_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/hub/state"
	"keng/raftstore/table/tabletest"
)

// policed is a stage with a team and people to tell.
func policed(t *testing.T) *stage {
	s := newStage(t)
	for _, line := range []string{"user an vi push:a push@0s", "escalation e 0s=user:an", "team it escalation:e"} {
		s.act(line)
	}
	return s
}

func messageOf(t *testing.T, s *stage, alias string) string {
	t.Helper()
	a, ok := state.FindAlert(s.tx, state.Ref{Alias: alias})
	if !ok {
		t.Fatalf("there is no alert %s", alias)
	}
	return a.Message
}

// What a command wrote whose effects were taken back is not asked any more: another leader
// may have appended first.
func TestPoliciesOfATransactionThatWasTakenBack(t *testing.T) {
	s := policed(t)
	s.act("shape first message=first:_{{message}}")
	s.act("create a team:it")
	takenBack := errors.New("taken back")
	other := state.PolicyFields{Alert: &route.AlertPolicy{Name: "first", Fields: route.Rewrite{Message: "second: {{message}}"}}}
	change, err := state.Encode(core.Seed{1}, state.ChangePolicy{ID: s.findPolicy("first").ID, Fields: other})
	if err != nil {
		t.Fatal(err)
	}
	create, err := state.Encode(core.Seed{2}, state.CreateAlert{Draft: alert.Draft{Message: "trouble", Alias: "b"}})
	if err != nil {
		t.Fatal(err)
	}
	err = s.tx.Run(func(tx *tabletest.Tx) error {
		for _, command := range [][]byte{change, create} {
			if _, err := s.machine.Handle(tx, s.now, command); err != nil {
				return err
			}
		}
		if got := messageOf(t, s, "b"); got != "second: trouble" {
			t.Errorf("in the transaction it is %q", got)
		}
		return takenBack
	})
	if !errors.Is(err, takenBack) {
		t.Fatal(err)
	}
	s.act("create c team:it")
	if got := messageOf(t, s, "c"); !strings.HasPrefix(got, "first:") {
		t.Errorf("after it was taken back it is %q", got)
	}
	s.act("shape first message=third:_{{message}}")
	s.act("create d team:it")
	if got := messageOf(t, s, "d"); !strings.HasPrefix(got, "third:") {
		t.Errorf("after the next change it is %q", got)
	}
}

// keng-8.policy.own-alias: a policy does not change the alias of what an agent reports: the
// agent would not find the alert again when it is over.
func TestAgentsFindTheirAlertsInSpiteOfPolicies(t *testing.T) {
	s := policed(t)
	for _, line := range []string{"shape one alias=one message=shaped:_{{message}}", "agent a1", "event a1 e1 1 web down it", "event a1 e1 2 web up"} {
		s.act(line)
	}
	for a := range state.Alerts.All(s.tx) {
		if !strings.HasPrefix(a.Message, "shaped:") || a.Status != alert.Closed {
			t.Errorf("%s: %q is %s", a.Alias, a.Message, a.Status)
		}
		return
	}
	t.Error("there is no alert")
}

// keng-8.policy.in-use: whom a policy adds cannot be deleted before the policy.
func TestWhomAPolicyAddsIsInUse(t *testing.T) {
	s := policed(t)
	s.act("escalation other 0s=user:an")
	s.act("shape more add=escalation:other")
	_, err := do(s, state.DeleteEscalation{Escalation: state.Pick{Name: "other"}})
	if refused, ok := err.(*core.Error); !ok || refused.Kind != core.InUse || !strings.Contains(refused.Words, "alert policy [more]") {
		t.Errorf("deleting it: %v", err)
	}
	s.act("policy more gone")
	if _, err := do(s, state.DeleteEscalation{Escalation: state.Pick{Name: "other"}}); err != nil {
		t.Error(err)
	}
}

// keng-8.policy.most: there are as many policies as there may be, and their places have no
// gaps whatever is moved and deleted.
func TestPlacesOfPolicies(t *testing.T) {
	s := policed(t)
	shape := state.PolicyFields{Alert: &route.AlertPolicy{Name: "p", Fields: route.Rewrite{Message: "{{message}}"}}}
	for n := range route.PoliciesMax {
		shape.Alert.Name = fmt.Sprint("p", n)
		if _, err := do(s, state.CreatePolicy{Fields: shape}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := do(s, state.CreatePolicy{Fields: shape}); err == nil {
		t.Error("one more is taken")
	}
	shape.Alert.Name = "own"
	if _, err := do(s, state.CreatePolicy{Team: state.Pick{Name: "it"}, Fields: shape}); err != nil {
		t.Errorf("of a team: %v", err)
	}
	for _, line := range []string{"policy p999 0", "policy p0 5000", "policy p500 gone", "policy p1 3"} {
		s.act(line)
	}
	var names []string
	for i, p := range state.PoliciesOf(s.tx, state.AlertPolicies, "") {
		if p.Place != i {
			t.Fatalf("%s has the place %d, not %d", p.Alert.Name, p.Place, i)
		}
		names = append(names, p.Alert.Name)
	}
	if got := strings.Join(names[:5], " ") + " … " + names[len(names)-1]; got != "p999 p2 p3 p1 p4 … p0" || len(names) != 999 {
		t.Errorf("%d policies: %s", len(names), got)
	}
	if s.out.Len() > 0 {
		t.Error(s.out.String())
	}
	if _, err := do(s, state.MovePolicy{ID: state.PoliciesOf(s.tx, state.AlertPolicies, "")[0].ID, To: -1}); err == nil {
		t.Error("a place before the first is taken")
	}
}

// The type of a policy cannot be changed, nor can a policy be of no type or of both.
func TestTypesOfPolicies(t *testing.T) {
	s := policed(t)
	s.act("shape one")
	both := state.PolicyFields{Alert: &route.AlertPolicy{Name: "x", Fields: route.Rewrite{Message: "m"}}, Notification: &route.NotificationPolicy{Name: "x"}}
	for what, fields := range map[string]state.PolicyFields{"none": {}, "both": both} {
		if _, err := do(s, state.CreatePolicy{Team: state.Pick{Name: "it"}, Fields: fields}); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	if _, err := do(s, state.ChangePolicy{ID: s.findPolicy("one").ID, Fields: state.PolicyFields{Notification: both.Notification}}); err == nil || !strings.Contains(err.Error(), "type") {
		t.Errorf("another type: %v", err)
	}
	if _, err := do(s, state.CreatePolicy{Team: state.Pick{Name: "nobody"}, Fields: state.PolicyFields{Alert: both.Alert}}); err == nil {
		t.Error("a team that does not exist has a policy")
	}
}

// A machine may be asked from several goroutines, each with a state of its own.
func TestPoliciesOfSeveralStates(t *testing.T) {
	machine := state.New(time.LoadLocation)
	var all sync.WaitGroup
	for n := range 4 {
		s := policed(t)
		s.machine = machine
		s.seeds = uint64(n) * 1000 // other commands than the others'
		s.act(fmt.Sprintf("shape own message=%d:_{{message}}", n))
		all.Go(func() {
			for i := range 50 {
				s.act(fmt.Sprint("create a", i, " team:it"))
				if got := messageOf(t, s, fmt.Sprint("a", i)); got != fmt.Sprintf("%d: trouble with a%d", n, i) {
					t.Errorf("state %d: %q", n, got)
				}
			}
		})
	}
	all.Wait()
}
