package route_test

import (
	"fmt"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/rota"
	"keng/hub/core/route"
)

// BenchmarkShapeAndRoute is all that is decided of a new alert by three policies that write
// templates, five routing rules of which the last matches, and a notification policy. The
// issue allows it 10 µs.
func BenchmarkShapeAndRoute(b *testing.B) {
	p := func(n int) route.AlertPolicy {
		return route.AlertPolicy{
			ID: fmt.Sprint("p", n), Name: fmt.Sprint("policy ", n), Continue: true,
			Filter: route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{
				{Field: "message", Operation: "contains", Value: "disk"}, {Field: "tags", Operation: "contains", Value: "db"},
			}},
			Fields: route.Rewrite{Message: "[{{details.site}}] {{message}}", Tags: []string{fmt.Sprint("tag-", n)}, Details: map[string]string{"by": "{{source}}"}},
		}
	}
	shaping := route.Shaping{Global: []route.AlertPolicy{p(1)}, Team: func(core.TeamID) []route.AlertPolicy { return []route.AlertPolicy{p(2), p(3)} }, Names: names}
	ofTeam := []route.AlertPolicy{p(2), p(3)}
	shaping.Team = func(core.TeamID) []route.AlertPolicy { return ofTeam }
	owner := route.Team{ID: "t1", Name: "network", Rules: []route.Rule{
		{ID: "1", Criteria: asks("priority", "equals", "P1")},
		{ID: "2", Criteria: asks("message", "matches", "net(work)?.*")},
		{ID: "3", Criteria: asks("details", "contains-key", "cause")},
		{ID: "4", Criteria: asks("teams", "equals", "it ops"), Zone: hanoi, Restriction: &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 60, EndMinute: 120}}}},
		{ID: "5", Default: true, Notify: escalation("e1")},
	}}
	quiet := notify("quiet")
	quiet.Delay = &route.Delay{Option: route.NextTime, Hour: 7}
	quiet.Filter = asks("priority", "less-than", "P3")
	draft := alert.Draft{
		Message: "disk full on db-1", Alias: "branch-3/disk", Source: "agent", Tags: []string{"disk", "db"}, Details: map[string]string{"site": "branch-3"},
		Responders: []alert.Responder{team("t1")}, Priority: core.P4,
	}
	w := world()
	b.ReportAllocs()
	for b.Loop() {
		shaped := shaping.Shape(draft, w)
		s := route.OfDraft(&shaped.Draft, names)
		routed, ok := owner.Route(&s, w)
		verdict := route.Judge([]route.NotificationPolicy{quiet}, &s, &route.Facts{Created: now, Count: 1}, w)
		if !ok || routed.Rule.ID != "5" || len(shaped.Applied) != 3 || verdict.DelayUntil.IsZero() {
			b.Fatal(shaped, routed, verdict)
		}
	}
}

// BenchmarkDecide is an integration with five actions, of which the fourth creates an alert.
func BenchmarkDecide(b *testing.B) {
	i := route.Integration{ID: "i1", Name: "Cloud"}
	for n, state := range []string{"OK", "INSUFFICIENT_DATA", "TEST", "ALARM", "x"} {
		i.Actions = append(i.Actions, route.Action{ID: fmt.Sprint(n), Kind: route.Create, Name: state, Filter: asks("NewStateValue", "matches", state+".*"), Alias: "{{Region}}/{{AlarmName}}",
			Fields: route.Rewrite{Message: "{{AlarmName}} is {{NewStateValue.toLowerCase()}}", Tags: []string{"{{Region}}"}}})
	}
	d, s := sent()
	w := world()
	b.ReportAllocs()
	for b.Loop() {
		if got := i.Decide(&d, &s, w); got.Action != "3" {
			b.Fatal(got)
		}
	}
}

// BenchmarkMatches is one regular expression, compiled before and compiled each time.
func BenchmarkMatches(b *testing.B) {
	c := route.Condition{Field: "message", Operation: "matches", Value: "disk .* db-[0-9]+"}
	s := route.Subject{Message: "disk full on db-1"}
	for name, memo := range map[string]*route.Memo{"memo": route.NewMemo(), "none": nil} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if !c.MetBy(&s, memo) {
					b.Fatal("not met")
				}
			}
		})
	}
}

// BenchmarkUntil is a delay that ends in a zone where clocks move.
func BenchmarkUntil(b *testing.B) {
	d := route.Delay{Option: route.NextMonday, Hour: 9}
	berlin := zone(b, "Europe/Berlin")
	for b.Loop() {
		d.Until(now, berlin)
	}
}
