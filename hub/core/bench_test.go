package core_test

import (
	"fmt"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
)

// BenchmarkCreate is all that is decided between the draft of an alert and the attempts to
// reach people: three alert policies that match and write templates, a notification policy
// that does not, five routing rules of which the last matches, an escalation of three steps
// to a schedule, a person and a team, and the notification rules of the two people whom the
// first two steps lead to. It may take 25 µs.
func BenchmarkCreate(b *testing.B) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	hanoi := time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)
	w := &route.World{Now: now, Zones: func(string) (*time.Location, error) { return hanoi, nil }, Memo: route.NewMemo()}
	names := func(alert.Responder) string { return "network" }
	shaping := route.Shaping{Global: shapers("1"), Team: func() func(core.TeamID) []route.AlertPolicy {
		own := shapers("2", "3")
		return func(core.TeamID) []route.AlertPolicy { return own }
	}(), Names: names}
	quiet := []route.NotificationPolicy{{ID: "quiet", Name: "quiet", Team: "t1", Zone: "Asia/Ho_Chi_Minh", Filter: when("priority", "less-than", "P3"), Suppress: true}}
	network, steps, schedule, people := network(), threeSteps(), onCall(now, hanoi), twoPeople()
	b.ReportAllocs()
	for b.Loop() {
		d := diskFull()
		shaped := shaping.Shape(d, w)
		shaped.Draft.OwnerTeam = route.Owner(&shaped.Draft)
		a := alert.New(shaped.Draft, "a1", 1, now)
		subject := route.Of(a, names)
		verdict := route.Judge(quiet, &subject, &route.Facts{Created: now, Count: 1}, w)
		routed, _ := network.Route(&subject, w)
		var whom []core.UserID
		for n := range steps.Rules {
			step, _ := steps.Step(n, now)
			if !step.Rule.Holds(a) {
				b.Fatal("a step does not hold")
			}
			switch step.Rule.Recipient.Kind {
			case alert.Schedule:
				for _, shift := range schedule.OnCall(now) {
					whom = append(whom, shift.User)
				}
			case alert.User:
				whom = append(whom, core.UserID(step.Rule.Recipient.ID))
			}
		}
		attempts := 0
		for _, id := range whom {
			attempts += len(people[id].Plan(reach.CreateAlert, a, now, hanoi).Attempts)
		}
		if len(shaped.Applied) != 3 || !verdict.Now() || routed.Rule.ID != "5" || attempts != 4 {
			b.Fatal(shaped, verdict, routed, attempts)
		}
	}
}

// diskFull is what is created.
func diskFull() alert.Draft {
	return alert.Draft{
		Message: "disk full on db-1", Alias: "branch-3/disk", Source: "agent", Tags: []string{"disk", "db"}, Details: map[string]string{"site": "branch-3"},
		Responders: []alert.Responder{{Kind: alert.Team, ID: "t1"}}, Priority: core.P2,
	}
}

// when is a single condition.
func when(field, operation, value string) route.Criteria {
	return route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{{Field: field, Operation: operation, Value: value}}}
}

// shapers are alert policies that all match.
func shapers(ids ...string) (all []route.AlertPolicy) {
	for _, id := range ids {
		all = append(all, route.AlertPolicy{
			ID: id, Name: "policy " + id, Continue: true,
			Filter: route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{
				{Field: "message", Operation: "contains", Value: "disk"}, {Field: "tags", Operation: "contains", Value: "db"},
			}},
			Fields: route.Rewrite{Message: "[{{details.site}}] {{message}}", Tags: []string{"tag-" + id}, Details: map[string]string{"by": "{{source}}"}},
		})
	}
	return all
}

// network is a team of which the last of five routing rules answers for the alert.
func network() route.Team {
	night := &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 60, EndMinute: 120}}}
	return route.Team{ID: "t1", Name: "network", Rules: []route.Rule{
		{ID: "1", Criteria: when("priority", "equals", "P1")},
		{ID: "2", Criteria: when("message", "matches", "net(work)?.*")},
		{ID: "3", Criteria: when("details", "contains-key", "cause")},
		{ID: "4", Criteria: when("message", "contains", "disk"), Zone: "Asia/Ho_Chi_Minh", Restriction: night},
		{ID: "5", Default: true, Notify: alert.Responder{Kind: alert.Escalation, ID: "e1"}},
	}}
}

func threeSteps() *escalate.Policy {
	return &escalate.Policy{ID: "e1", Name: "usual", Rules: []escalate.Rule{
		{Condition: escalate.IfNotAcked, Recipient: alert.Responder{Kind: alert.Schedule, ID: "s1"}},
		{Condition: escalate.IfNotAcked, Delay: 5 * time.Minute, Recipient: alert.Responder{Kind: alert.User, ID: "binh"}},
		{Condition: escalate.IfNotClosed, Delay: 15 * time.Minute, Recipient: alert.Responder{Kind: alert.Team, ID: "t2"}},
	}}
}

// onCall is a schedule of two who take turns by the week, for eighty weeks already.
func onCall(now time.Time, zone *time.Location) *rota.Calendar {
	return &rota.Calendar{Zone: zone, Schedule: &rota.Schedule{ID: "s1", Name: "network", Zone: "Asia/Ho_Chi_Minh", Rotations: []rota.Rotation{{
		ID: "r1", Start: now.AddDate(0, 0, -7*80), Unit: rota.Weekly, Length: 1, Participants: []rota.Participant{{User: "an"}, {User: "binh"}},
	}}}}
}

// twoPeople have a rule each for grave alerts: a push at once, and a call after three minutes.
func twoPeople() map[core.UserID]*reach.User {
	all := map[core.UserID]*reach.User{}
	for i, id := range []core.UserID{"an", "binh"} {
		all[id] = &reach.User{
			ID: id, Username: string(id) + "@example.vn", Zone: "Asia/Ho_Chi_Minh",
			Contacts: []reach.Contact{{ID: "push", Kind: "push", Address: string(id)}, {ID: "voice", Kind: "voice", Address: fmt.Sprint("+8490000000", i)}},
			Rules: []reach.NotificationRule{
				{ID: "graver", Action: reach.CreateAlert, MinimumPriority: core.P1, Steps: []reach.Step{{Contact: "voice"}}},
				{ID: "grave", Action: reach.CreateAlert, Criteria: when("tags", "contains", "db"), Steps: []reach.Step{{Contact: "push"}, {Contact: "voice", After: 3 * time.Minute}}},
			},
		}
	}
	return all
}
