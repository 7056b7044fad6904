package state_test

import (
	"fmt"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/route"
	"keng/hub/state"
)

// Four escalations that tell 200 people each are more than one command can write. The alert is there all the
// same, and nobody is left out: some wait until fewer pages are under way, so that who
// acknowledges can take back all that are. Rule keng-8.notify.bounds.
func TestACrowdIsToldInPieces(t *testing.T) {
	const teams, members = 4, 200
	s := newStage(t)
	line := "create x1"
	for k := range teams {
		team := route.Team{Name: fmt.Sprint("team", k)}
		for i := range members {
			name := fmt.Sprintf("u%d-%03d", k, i)
			u, err := do(s, state.PutUser{User: reach.User{Username: name, Language: "en", Zone: "UTC", Contacts: []reach.Contact{
				{Kind: "push", Address: name}, {Kind: "push", Address: name + "-watch"}, {Kind: "push", Address: name + "-car"},
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
		all := escalate.Rule{Notify: escalate.All, Condition: escalate.IfNotAcked, Recipient: alert.Responder{Kind: alert.Team, ID: string(made.ID)}}
		p, err := do(s, state.PutEscalation{Policy: escalate.Policy{Name: fmt.Sprint("up", k), Rules: []escalate.Rule{all}}})
		if err != nil {
			t.Fatal(err)
		}
		line += " escalation:" + p.Name
	}
	told := func() (people, open int) {
		seen := map[core.UserID]bool{}
		for d := range state.Deliveries.All(s.tx) {
			seen[d.User] = true
			if !d.Final() {
				open++
			}
		}
		return len(seen), open
	}
	s.act(line) // the stage refuses what the store would
	s.act("wait 1s")
	if people, open := told(); people < members || people == teams*members || open > 2000 {
		t.Errorf("%d people are told at once, by %d pages", people, open)
	}
	s.act("wait 5m")
	if people, _ := told(); people != teams*members {
		t.Errorf("%d people are told in all", people)
	}
	s.act("create x2" + line[len("create x1"):])
	s.act("wait 5s")
	s.act("ack x2 u0-000")
	if a, _ := state.FindAlert(s.tx, state.Ref{Alias: "x2"}); !a.Acknowledged {
		t.Error("nobody can acknowledge")
	}
	if _, open := told(); open != 0 {
		t.Errorf("%d pages are under way for what is acknowledged", open)
	}
}
