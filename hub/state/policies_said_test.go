package state_test

import (
	"testing"
	"time"

	"keng/hub/core/route"
	"keng/hub/state"
)

// How a policy was said is kept with it and replaced with it; one of which it was not said
// whether it is on stays as it is.
func TestPolicyKeepsHowItWasSaid(t *testing.T) {
	s := newStage(t)
	shape := &route.AlertPolicy{Name: "one", Fields: route.Rewrite{Message: "m"}, Disabled: true}
	said := state.Wording{NoFilter: true, Delay: time.Hour, Restart: time.Minute, Repeated: time.Second, Close: 24 * time.Hour}
	p, err := do(s, state.CreatePolicy{Fields: state.PolicyFields{Alert: shape, Wording: said, AsItIs: true}})
	if err != nil || p.Disabled() || p.Wording != said {
		t.Fatalf("a new policy is on unless it is said otherwise: %+v %v", p, err)
	}
	change := func(f state.PolicyFields) state.Policy {
		t.Helper()
		if _, err := do(s, state.ChangePolicy{ID: p.ID, Fields: f}); err != nil {
			t.Fatal(err)
		}
		row, err := state.GetPolicy(s.tx, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		return *row
	}
	if p := change(state.PolicyFields{Alert: shape}); !p.Disabled() || p.Wording != (state.Wording{}) {
		t.Errorf("%+v", p)
	}
	on := *shape
	on.Disabled = false
	if p := change(state.PolicyFields{Alert: &on, AsItIs: true}); !p.Disabled() {
		t.Errorf("a policy that is off was switched on by the way: %+v", p)
	}
	if p := change(state.PolicyFields{Alert: &on}); p.Disabled() {
		t.Errorf("%+v", p)
	}
}

// Of which team a policy is can be said besides: then that of another one is not there.
func TestPolicyOfAnotherTeam(t *testing.T) {
	s := newStage(t)
	it, err := do(s, state.PutTeam{Team: route.Team{Name: "it"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, owner := range []state.Pick{{}, {ID: string(it.ID)}} {
		p, err := do(s, state.CreatePolicy{Team: owner, Fields: state.PolicyFields{Alert: &route.AlertPolicy{Name: "one", Fields: route.Rewrite{Message: "m"}}}})
		if err != nil {
			t.Fatal(err)
		}
		_, missed := do(s, state.SwitchPolicy{ID: p.ID, Of: it.ID})
		if (missed == nil) != (i == 1) {
			t.Errorf("policy of %q: %v", p.Team, missed)
		}
		fields := state.PolicyFields{Alert: p.Alert}
		_, changed := do(s, state.ChangePolicy{ID: p.ID, Fields: fields, Of: "other"})
		_, moved := do(s, state.MovePolicy{ID: p.ID, Of: "other"})
		_, deleted := do(s, state.DeletePolicy{ID: p.ID, Of: "other"})
		if changed == nil || moved == nil || deleted == nil {
			t.Errorf("policy of %q: %v, %v, %v", p.Team, changed, moved, deleted)
		}
		if _, err := state.GetPolicy(s.tx, p.ID); err != nil {
			t.Error(err)
		}
	}
}
