package state_test

import (
	"slices"
	"testing"

	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table"
)

// A check that names no team is the default team's, and of no default team the only one's.
//
// Rule keng-8.routing.default-team.
func TestDefaultTeamAnswers(t *testing.T) {
	s := newStage(t)
	s.act("found en")
	s.act("team net")
	s.act("team web")
	s.act("agent hn")
	number := uint64(0)
	answers := func(event string) (teams []string) {
		t.Helper()
		s.act(event)
		number++
		a, ok := state.FindAlert(s.tx, state.Ref{Tiny: number})
		if !ok {
			t.Fatalf("%s opens no alert", event)
		}
		for _, r := range a.Responders {
			row, ok := state.Teams.Get(s.tx, table.K().String(r.ID))
			if r.Kind != alert.Team || !ok {
				t.Fatalf("%s is for %v", event, r)
			}
			teams = append(teams, row.Name)
		}
		return teams
	}
	if got := answers("event hn e 1 website down"); len(got) != 0 {
		t.Errorf("of two teams %v answer", got)
	}
	net := state.Pick{Name: "net"}
	if _, err := do(s, state.PutDefaultTeam{Team: &net}); err != nil {
		t.Fatal(err)
	}
	if got := answers("event hn e 2 router down"); !slices.Equal(got, []string{"net"}) {
		t.Errorf("%v answer", got)
	}
	if got := answers("event hn e 3 printer down web"); !slices.Equal(got, []string{"web"}) {
		t.Errorf("%v answer where a team is named", got)
	}
	if _, err := do(s, state.PutDefaultTeam{}); err != nil {
		t.Fatal(err)
	}
	if got := answers("event hn e 4 camera down"); len(got) != 0 {
		t.Errorf("of two teams %v answer", got)
	}
}
