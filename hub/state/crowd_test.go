package state_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/route"
	"keng/hub/state"
	"keng/proto/channel"
)

// Four escalations that tell 200 people each are more than one command can write. The alert is there all the
// same, and nobody is left out: some wait until fewer pages are under way, so that who
// acknowledges can take back all that are. Rule keng-8.notify.bounds.
func TestACrowdIsToldInPieces(t *testing.T) {
	const teams, members = 4, 130
	s := newStage(t)
	line := "create x1"
	for k := range teams {
		team := route.Team{Name: fmt.Sprint("team", k)}
		for i := range members {
			name := fmt.Sprintf("u%d-%03d", k, i)
			person := reach.User{Username: name, Language: "en", Zone: "UTC"}
			hears := reach.NotificationRule{ID: "notes", Action: reach.AddNote}
			for _, device := range []string{"phone", "watch", "car"} {
				k := reach.Contact{ID: core.ContactID(name + device), Kind: "push", Address: name + "-" + device}
				person.Contacts, hears.Steps = append(person.Contacts, k), append(hears.Steps, reach.Step{ID: device, Contact: k.ID})
			}
			person.Rules = []reach.NotificationRule{hears}
			u, err := do(s, state.PutUser{User: person})
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
			if d.Notice != nil {
				continue
			}
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
	s.crowdAnswers(t)
	s.act("note x1 u0-000 " + strings.Repeat("long ", 100)) // what is told of it must not keep it from being written
	if a, _ := state.FindAlert(s.tx, state.Ref{Alias: "x1"}); len(state.NotesOf(s.tx, a.ID, 0, 10)) != 1 {
		t.Error("nobody can note anything")
	}
	s.act("close x1 u0-000")
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

// Whose own rule repeats waits as well: who acknowledges can take back all pages that are under way, however
// often hundreds of people are called again. Rule keng-8.notify.bounds.
func TestACrowdIsToldAgainInPieces(t *testing.T) {
	s := crowded(t, 200, escalate.Rule{Notify: escalate.All}, escalate.Repeat{})
	s.machine = s.machine.With(state.Limits{})
	for u := range state.Users.All(s.tx) {
		loops := reach.NotificationRule{ID: "again", Action: reach.CreateAlert, Loops: true, LoopAfter: time.Minute}
		for i := range 4 {
			k := reach.Contact{ID: core.ContactID(fmt.Sprint("phone", i)), Kind: "voice", Address: fmt.Sprint("number", i)}
			u.Contacts, loops.Steps = append(u.Contacts, k), append(loops.Steps, reach.Step{ID: fmt.Sprint(i), Contact: k.ID})
		}
		u.Rules = []reach.NotificationRule{loops}
		if _, err := do(s, state.PutUser{User: *u}); err != nil {
			t.Fatal(err)
		}
	}
	s.act("create x1 escalation:up")
	for end := s.now.Add(200 * time.Second); s.now.Before(end); {
		next, _ := state.NextDeadline(s.tx)
		s.now = laterOf(s.now, next)
		if _, err := do(s, state.DoDue{}); err != nil {
			t.Fatal(err)
		}
	}
	open := 0
	for d := range state.Deliveries.All(s.tx) {
		if !d.Final() {
			open++
		}
	}
	if open < 1000 || open > 2000 {
		t.Errorf("%d pages are under way", open)
	}
	if r, err := do(s, state.AcknowledgeAlert{Alert: state.Ref{Alias: "x1"}, User: "u000"}); err != nil || !r.Success {
		t.Errorf("nobody can acknowledge: %v", err)
	}
}

// crowdAnswers has all people called for one more alert, and their pages arrive.
func (s *stage) crowdAnswers(t *testing.T) {
	s.act("unack x1 u0-000")
	s.act("ack x1 u0-000")
	s.act("unack x1 u0-000")
	for range 20 {
		var arrived []channel.Report
		for _, d := range state.Outbox(s.tx, 100_000) {
			arrived = append(arrived, channel.Report{Page: string(d.ID), Number: 1, At: s.now, Stage: channel.Done})
		}
		for len(arrived) > 0 {
			n := min(len(arrived), 100)
			if _, err := do(s, state.TakeReports{Reports: arrived[:n]}); err != nil {
				t.Fatal(err)
			}
			arrived = arrived[n:]
		}
		s.act("wait 11s")
	}
}
