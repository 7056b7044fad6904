package route_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/rota"
	"keng/hub/core/route"
)

// tags makes a policy that adds its own name as a tag, so that tests can see which were
// applied, and in which order.
func tags(name string) route.AlertPolicy {
	return route.AlertPolicy{ID: "id-" + name, Name: name, Fields: route.Rewrite{Message: "{{message}}", Tags: []string{name}}}
}

// onward makes a policy that lets the next one have its say.
func onward(p route.AlertPolicy) route.AlertPolicy {
	p.Continue = true
	return p
}

// only limits a policy to what meets a condition.
func only(p route.AlertPolicy, field, operation, value string) route.AlertPolicy {
	p.Filter = asks(field, operation, value)
	return p
}

// shape lets policies shape a draft.
func shape(d alert.Draft, w *route.World, global []route.AlertPolicy, ofTeam map[core.TeamID][]route.AlertPolicy) route.Shaped {
	x := route.Shaping{Global: global, Team: func(id core.TeamID) []route.AlertPolicy { return ofTeam[id] }, Names: names}
	return x.Shape(d, w)
}

// policies returns the ids of the policies that were applied.
func policies(s route.Shaped) []string {
	var ids []string
	for _, a := range s.Applied {
		ids = append(ids, a.Policy)
	}
	return ids
}

// Which policies are applied, in which order.
func TestWhichPoliciesAreApplied(t *testing.T) {
	disabled := tags("off")
	disabled.Disabled = true
	toTeam2 := tags("hand over")
	toTeam2.Fields.Responders, toTeam2.Fields.IgnoreResponders = []alert.Responder{team("t2")}, true
	unowned := alert.Draft{Message: "m", Responders: []alert.Responder{user("u1")}}
	owned := alert.Draft{Message: "m", Responders: []alert.Responder{user("u1"), team("t1"), team("t2")}}
	said := alert.Draft{Message: "m", OwnerTeam: "t2", Responders: []alert.Responder{team("t1")}}
	list := func(p ...route.AlertPolicy) []route.AlertPolicy { return p }
	for _, c := range []struct {
		rule   string
		draft  alert.Draft
		global []route.AlertPolicy
		t1, t2 []route.AlertPolicy
		want   []string
	}{
		{"ogapi-8.policy.first", owned, list(tags("a"), tags("b")), nil, nil, []string{"a"}},
		{"ogapi-8.policy.first", owned, nil, nil, nil, nil},
		{"ogapi-8.policy.continue", owned, list(onward(tags("a")), tags("b"), tags("c")), nil, nil, []string{"a", "b"}},
		{"ogapi-8.policy.continue", owned, list(onward(tags("a")), onward(tags("b"))), nil, nil, []string{"a", "b"}},
		{"ogapi-8.policy.filter", owned, list(only(tags("a"), "message", "equals", "x"), tags("b")), nil, nil, []string{"b"}},
		{"ogapi-8.policy.filter", owned, list(only(tags("a"), "message", "equals", "x")), nil, nil, nil},
		{"ogapi-8.policy.continue", owned, list(only(tags("a"), "message", "equals", "x"), onward(tags("b")), only(tags("c"), "message", "equals", "x"), tags("d"), tags("e")), nil, nil, []string{"b", "d"}},
		{"ogapi-8.policy.enabled", owned, list(disabled, tags("b")), nil, nil, []string{"b"}},
		{"ogapi-8.policy.global-first", owned, list(tags("g")), list(tags("t")), list(tags("other")), []string{"g", "t"}},
		{"ogapi-8.policy.global-first", owned, list(only(tags("g"), "message", "equals", "x")), list(tags("t")), nil, []string{"t"}},
		{"ogapi-8.policy.one-of-each", owned, list(tags("g"), tags("g2")), list(onward(tags("t")), tags("t2"), tags("t3")), nil, []string{"g", "t", "t2"}},
		{"ogapi-8.policy.owner", said, nil, list(tags("t1")), list(tags("t2")), []string{"t2"}},
		{"ogapi-8.policy.owner", owned, nil, list(tags("t1")), list(tags("t2")), []string{"t1"}},
		{"ogapi-8.policy.owner", unowned, nil, list(tags("t1")), list(tags("t2")), nil},
		{"keng-8.policy.owner-after-global", owned, list(toTeam2), list(tags("t1")), list(tags("t2")), []string{"hand over", "t2"}},
		{"keng-8.policy.owner-after-global", unowned, list(toTeam2), nil, list(tags("t2")), []string{"hand over", "t2"}},
		{"keng-8.policy.owner-after-global", said, list(toTeam2), list(tags("t1")), list(tags("t2")), []string{"hand over", "t2"}},
		{"keng-8.policy.sees-what-was-made", owned, list(onward(tags("a")), only(tags("b"), "tags", "contains", "a")), nil, nil, []string{"a", "b"}},
		{"keng-8.policy.sees-what-was-made", owned, list(onward(tags("a"))), list(only(tags("t"), "tags", "contains", "a")), nil, []string{"a", "t"}},
		{"ogapi-8.policy.teams-by-name", owned, list(only(tags("a"), "teams", "equals", "network")), nil, nil, []string{"a"}},
		{"ogapi-6.cond.event-type", owned, list(only(tags("a"), "eventType", "equals", "create")), nil, nil, []string{"a"}},
	} {
		got := shape(c.draft, world(), c.global, map[core.TeamID][]route.AlertPolicy{"t1": c.t1, "t2": c.t2})
		equal(t, c.rule+": tags", got.Draft.Tags, c.want)
		var ids []string
		for _, name := range c.want {
			ids = append(ids, "id-"+name)
		}
		equal(t, c.rule+": applied", policies(got), ids)
	}
	none := route.Shaping{}
	if got := none.Shape(owned, world()); len(got.Applied) != 0 || got.Draft.Message != "m" {
		t.Errorf("ogapi-8.policy.first: without policies: %+v", got)
	}
}

// When policies are applied: in their windows of the week, by the clocks of their zone.
func TestPoliciesInTheirTime(t *testing.T) {
	night := &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 22 * 60, EndMinute: 6 * 60}}}
	weekend := &rota.Restriction{Windows: []rota.Window{{StartDay: time.Saturday, EndDay: time.Monday}}}
	for _, c := range []struct {
		rule string
		in   *rota.Restriction
		zone string
		at   string
		want bool
	}{
		{"ogapi-8.policy.restriction", nil, "", "2026-11-25T21:00+07:00", true},
		{"ogapi-8.policy.restriction", night, hanoi, "2026-11-25T21:59+07:00", false},
		{"ogapi-8.policy.restriction", night, hanoi, "2026-11-25T22:00+07:00", true},
		{"ogapi-8.policy.restriction", night, hanoi, "2026-11-26T05:59+07:00", true},
		{"ogapi-8.policy.restriction", night, hanoi, "2026-11-26T06:00+07:00", false},
		{"ogapi-8.policy.zone", night, "UTC", "2026-11-25T22:00+07:00", false},
		{"ogapi-8.policy.zone", night, "UTC", "2026-11-26T05:00+07:00", true},
		{"ogapi-8.policy.restriction", weekend, hanoi, "2026-11-27T23:59+07:00", false},
		{"ogapi-8.policy.restriction", weekend, hanoi, "2026-11-28T00:00+07:00", true},
		{"ogapi-8.policy.restriction", weekend, hanoi, "2026-11-29T23:59+07:00", true},
		{"ogapi-8.policy.restriction", weekend, hanoi, "2026-11-30T00:00+07:00", false},
		{"keng-8.policy.zone-unknown", night, "Atlantis", "2026-11-25T23:00+07:00", false},
	} {
		p := tags("a")
		p.Restriction, p.Zone = c.in, c.zone
		w := world()
		w.Now = at(t, c.at)
		if got := shape(alert.Draft{Message: "m"}, w, []route.AlertPolicy{p}, nil); (len(got.Applied) == 1) != c.want {
			t.Errorf("%s: at %s in %s: %v", c.rule, c.at, c.zone, got.Applied)
		}
	}
}

// What a policy makes of an alert: its own templates and lists, from the alert as it was.
func TestWhatPoliciesWrite(t *testing.T) {
	draft := alert.Draft{
		Message: "disk", Alias: "a", Description: "full", Entity: "db-1", Source: "agent", Priority: core.P4, User: "an", Note: "n", Integration: "i1",
		Tags: []string{"x"}, Actions: []string{"Reboot"}, Details: map[string]string{"site": "3"}, Responders: []alert.Responder{team("t1")},
	}
	for _, c := range []struct {
		rule   string
		fields route.Rewrite
		change func(*alert.Draft)
	}{
		{"ogapi-8.policy.message", route.Rewrite{Message: "{{message}}"}, func(*alert.Draft) {}},
		{"ogapi-8.policy.message", route.Rewrite{Message: "[{{details.site}}] {{message}}"}, func(d *alert.Draft) { d.Message = "[3] disk" }},
		{"keng-8.policy.as-it-was", route.Rewrite{Message: "{{alias}}", Alias: "{{message}}"}, func(d *alert.Draft) { d.Message, d.Alias = "a", "disk" }},
		{"ogapi-8.policy.fields", route.Rewrite{Description: "{{description}}!", Entity: "{{entity}}.vn", Source: "keng", Alias: "{{alias}}/{{entity}}"}, func(d *alert.Draft) {
			d.Description, d.Entity, d.Source, d.Alias = "full!", "db-1.vn", "keng", "a/db-1"
		}},
		{"ogapi-8.policy.priority", route.Rewrite{Priority: core.P1}, func(d *alert.Draft) { d.Priority = core.P1 }},
		{"ogapi-8.policy.tags", route.Rewrite{Tags: []string{"{{source}}"}}, func(d *alert.Draft) { d.Tags = []string{"x", "agent"} }},
		{"ogapi-8.policy.ignore-tags", route.Rewrite{IgnoreTags: true, Tags: []string{"y"}}, func(d *alert.Draft) { d.Tags = []string{"y"} }},
		{"ogapi-8.policy.actions", route.Rewrite{Actions: []string{"Restart"}}, func(d *alert.Draft) { d.Actions = []string{"Reboot", "Restart"} }},
		{"ogapi-8.policy.ignore-actions", route.Rewrite{IgnoreActions: true}, func(d *alert.Draft) { d.Actions = nil }},
		{"ogapi-8.policy.details", route.Rewrite{Details: map[string]string{"by": "{{source}}"}}, func(d *alert.Draft) { d.Details = map[string]string{"site": "3", "by": "agent"} }},
		{"ogapi-8.policy.ignore-details", route.Rewrite{IgnoreDetails: true, Details: map[string]string{"by": "x"}}, func(d *alert.Draft) { d.Details = map[string]string{"by": "x"} }},
		{"ogapi-8.policy.responders", route.Rewrite{Responders: []alert.Responder{user("u1")}}, func(d *alert.Draft) { d.Responders = []alert.Responder{team("t1"), user("u1")} }},
		{"ogapi-8.policy.ignore-responders", route.Rewrite{IgnoreResponders: true, Responders: []alert.Responder{user("u1")}}, func(d *alert.Draft) { d.Responders = []alert.Responder{user("u1")} }},
		{"keng-8.policy.message-empty", route.Rewrite{Message: "{{details.nothing}}"}, func(*alert.Draft) {}},
		{"keng-8.policy.alias-whole", route.Rewrite{Alias: "x/{{details.nothing}}"}, func(*alert.Draft) {}},
	} {
		p := tags("a")
		p.Fields = c.fields
		want := draft
		c.change(&want)
		before := fmt.Sprint(draft)
		same(t, c.rule, shape(draft, world(), []route.AlertPolicy{p}, nil).Draft, want)
		if fmt.Sprint(draft) != before {
			t.Fatalf("%s: what was given was changed: %v", c.rule, draft)
		}
	}
}

// Every policy that had a say tells why.
func TestPoliciesTellWhy(t *testing.T) {
	on := only(tags("by night"), "message", "contains", "disk")
	on.Disabled, on.Continue = true, true
	on.Fields.Entity = "{{details.host}}"
	nameless := tags("")
	nameless.ID = "p7"
	w := world()
	w.Maintenance = route.InForce([]route.Maintenance{
		{ID: "m1", Start: now, Rules: []route.MaintenanceRule{{Kind: route.APolicy, ID: on.ID, On: true}, {Kind: route.APolicy, ID: "id-off"}}},
	}, now)
	got := shape(alert.Draft{Message: "disk"}, w, []route.AlertPolicy{tags("off"), on, nameless}, nil)
	if len(got.Applied) != 2 {
		t.Fatalf("ogapi-8.maintenance.policy: %+v", got.Applied)
	}
	mentions(t, "keng-8.policy.reason", got.Applied[0].Reason, `alert policy by night: message contains "disk"`, "(switched on by maintenance m1)", `without ["details.host"]`)
	mentions(t, "keng-8.policy.reason", got.Applied[1].Reason, "alert policy p7: everything matches")
}

// What is wrong with a policy is told by field.
func TestAlertPolicyCheck(t *testing.T) {
	day := &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 60, EndMinute: 120}}}
	for what, c := range map[string]struct {
		change func(*route.AlertPolicy)
		wrong  map[string]string
	}{
		"a good one":               {func(*route.AlertPolicy) {}, nil},
		"no name":                  {func(p *route.AlertPolicy) { p.Name = "" }, map[string]string{"name": "is missing"}},
		"a long name":              {func(p *route.AlertPolicy) { p.Name = strings.Repeat("ẻ", 101) }, map[string]string{"name": "101 characters"}},
		"the longest description":  {func(p *route.AlertPolicy) { p.Description = strings.Repeat("ẻ", 200) }, nil},
		"a long description":       {func(p *route.AlertPolicy) { p.Description = strings.Repeat("ẻ", 201) }, map[string]string{"policyDescription": "at most 200"}},
		"no message":               {func(p *route.AlertPolicy) { p.Fields.Message = "" }, map[string]string{"message": "write {{message}}"}},
		"a tool's field":           {func(p *route.AlertPolicy) { p.Fields.Message = "{{AlarmName}}" }, map[string]string{"message": "details.AlarmName"}},
		"a tool's field as filter": {func(p *route.AlertPolicy) { p.Filter = asks("AlarmName", "is-empty", "") }, map[string]string{"filter.conditions[0].field": "AlarmName"}},
		"a time":                   {func(p *route.AlertPolicy) { p.Restriction, p.Zone = day, hanoi }, nil},
		"a time without a zone":    {func(p *route.AlertPolicy) { p.Restriction = day }, map[string]string{"timezone": "Asia/Ho_Chi_Minh"}},
		"a zone without a time":    {func(p *route.AlertPolicy) { p.Zone = hanoi }, nil},
		"no windows":               {func(p *route.AlertPolicy) { p.Restriction, p.Zone = &rota.Restriction{}, hanoi }, map[string]string{"timeRestrictions": "must have windows"}},
		"too many windows": {func(p *route.AlertPolicy) {
			p.Restriction, p.Zone = &rota.Restriction{Windows: many(101, rota.Window{})}, hanoi
		}, map[string]string{"timeRestrictions": "101"}},
		"as many windows as may be": {func(p *route.AlertPolicy) {
			p.Restriction, p.Zone = &rota.Restriction{Windows: many(100, rota.Window{})}, hanoi
		}, nil},
	} {
		p := tags("a")
		c.change(&p)
		refuses(t, "ogapi-8.policy.check: "+what, p.Check(), c.wrong)
	}
}

// The priority of an impact and an urgency.
func TestMatrix(t *testing.T) {
	usual := route.UsualMatrix()
	if err := usual.Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule, impact, urgency string
		want                  core.Priority
	}{
		{"keng-8.matrix.priority", "high", "high", core.P1},
		{"keng-8.matrix.priority", "high", "medium", core.P2},
		{"keng-8.matrix.priority", "high", "low", core.P3},
		{"keng-8.matrix.priority", "medium", "high", core.P2},
		{"keng-8.matrix.priority", "medium", "medium", core.P3},
		{"keng-8.matrix.priority", "medium", "low", core.P4},
		{"keng-8.matrix.priority", "low", "high", core.P3},
		{"keng-8.matrix.priority", "low", "medium", core.P4},
		{"keng-8.matrix.priority", "low", "low", core.P5},
		{"keng-8.matrix.case", " HIGH", "Low ", core.P3},
		{"keng-8.matrix.unknown", "huge", "low", 0},
		{"keng-8.matrix.unknown", "low", "now", 0},
		{"keng-8.matrix.unknown", "", "low", 0},
		{"keng-8.matrix.unknown", "low", "", 0},
	} {
		details := map[string]string{"impact": c.impact, "urgency": c.urgency}
		got, why, ok := usual.Priority(details)
		if got != c.want || ok != (c.want != 0) {
			t.Errorf("%s: %s, %s: %v, %v", c.rule, c.impact, c.urgency, got, ok)
		}
		if ok {
			mentions(t, c.rule, why, got.String(), strings.ToLower(strings.TrimSpace(c.impact)))
		} else if why != "" {
			t.Errorf("%s: a reason for no priority: %s", c.rule, why)
		}
		shaping := route.Shaping{Matrix: &usual}
		shaped := shaping.Shape(alert.Draft{Message: "m", Details: details}, world())
		if shaped.Draft.Priority != c.want || (len(shaped.Applied) == 1) != ok {
			t.Errorf("%s: shaped to %v: %v", c.rule, shaped.Draft.Priority, shaped.Applied)
		}
		shaped = shaping.Shape(alert.Draft{Message: "m", Details: details, Priority: core.P5}, world())
		if shaped.Draft.Priority != core.P5 || len(shaped.Applied) != 0 {
			t.Errorf("keng-8.matrix.said-first: %v", shaped)
		}
	}
	graver := tags("graver")
	graver.Fields.Priority = core.P1
	shaping := route.Shaping{Matrix: &usual, Global: []route.AlertPolicy{only(graver, "priority", "equals", "P5")}}
	if got := shaping.Shape(alert.Draft{Details: map[string]string{"impact": "low", "urgency": "low"}}, world()); got.Draft.Priority != core.P1 || len(got.Applied) != 2 {
		t.Errorf("keng-8.matrix.before-policies: %+v", got)
	}
	if _, _, ok := (*route.Matrix)(nil).Priority(nil); ok {
		t.Error("keng-8.matrix.unknown: no table gives a priority")
	}
	for what, m := range map[string]route.Matrix{
		"too few rows":   {Impacts: []string{"a"}, Urgencies: []string{"b"}},
		"a short row":    {Impacts: []string{"a"}, Urgencies: []string{"b"}, Cells: [][]core.Priority{{}}},
		"no priority":    {Impacts: []string{"a"}, Urgencies: []string{"b"}, Cells: [][]core.Priority{{0}}},
		"a wrong number": {Impacts: []string{"a"}, Urgencies: []string{"b"}, Cells: [][]core.Priority{{6}}},
	} {
		if p, _, ok := m.Priority(map[string]string{"impact": "a", "urgency": "b"}); ok {
			t.Errorf("keng-8.matrix.unknown: %s gives %v", what, p)
		}
	}
}

// What is wrong with a matrix.
func TestMatrixCheck(t *testing.T) {
	eleven := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}
	for what, c := range map[string]struct {
		change func(*route.Matrix)
		wrong  map[string]string
	}{
		"a good one":     {func(*route.Matrix) {}, nil},
		"nothing":        {func(m *route.Matrix) { *m = route.Matrix{} }, map[string]string{"impacts": "is empty", "urgencies": "is empty"}},
		"a row too few":  {func(m *route.Matrix) { m.Cells = m.Cells[:2] }, map[string]string{"cells": "2 rows for 3 impacts"}},
		"a short row":    {func(m *route.Matrix) { m.Cells[1] = m.Cells[1][:2] }, map[string]string{"cells": "row 2 has 2 priorities"}},
		"no priority":    {func(m *route.Matrix) { m.Cells[2] = []core.Priority{1, 0, 1} }, map[string]string{"cells": "row 3 has something"}},
		"a word twice":   {func(m *route.Matrix) { m.Impacts[2] = "HIGH" }, map[string]string{"impacts": "twice"}},
		"an empty word":  {func(m *route.Matrix) { m.Urgencies[1] = " " }, map[string]string{"urgencies": "number 2 is empty"}},
		"a long word":    {func(m *route.Matrix) { m.Urgencies[1] = strings.Repeat("x", 101) }, map[string]string{"urgencies": "at most 100"}},
		"the most":       {func(m *route.Matrix) { m.Impacts, m.Cells = eleven[:10], many(10, m.Cells[0]) }, nil},
		"too many words": {func(m *route.Matrix) { m.Impacts, m.Cells = eleven, many(11, m.Cells[0]) }, map[string]string{"impacts": "at most 10"}},
		"all priorities": {func(m *route.Matrix) { m.Cells[0] = []core.Priority{1, 4, 5} }, nil},
		"what is no P":   {func(m *route.Matrix) { m.Cells[0] = []core.Priority{1, 6, 5} }, map[string]string{"cells": "row 1"}},
		"in other words": {func(m *route.Matrix) { m.Impacts = []string{"cả công ty", "một phòng", "một người"} }, nil},
		"one row, column": {func(m *route.Matrix) {
			*m = route.Matrix{Impacts: []string{"a"}, Urgencies: []string{"b"}, Cells: [][]core.Priority{{1}}}
		}, nil},
	} {
		m := route.UsualMatrix()
		c.change(&m)
		refuses(t, "keng-8.matrix.check: "+what, m.Check(), c.wrong)
	}
}

// Which routing rule answers for an alert, and why.
func TestRouting(t *testing.T) {
	night := &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 20 * 60, EndMinute: 6 * 60}}}
	day := &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 6 * 60, EndMinute: 20 * 60}}}
	rule := func(id string, criteria route.Criteria, in *rota.Restriction, zone string) route.Rule {
		return route.Rule{ID: id, Criteria: criteria, Restriction: in, Zone: zone, Notify: escalation("e1")}
	}
	rest := route.Rule{ID: "rest", Name: "Default Routing Rule", Default: true}
	grave := asks("priority", "equals", "P2")
	for _, c := range []struct {
		rule  string
		rules []route.Rule
		want  string
		why   string
	}{
		{"ogapi-8.routing.first", []route.Rule{rule("a", grave, nil, ""), rest}, "a", `routing rule a of team network: priority equals "P2"`},
		{"ogapi-8.routing.first", []route.Rule{rule("a", grave, nil, ""), rule("b", grave, nil, ""), rest}, "a", ""},
		{"ogapi-8.routing.first", []route.Rule{rule("a", asks("priority", "equals", "P1"), nil, ""), rest}, "rest", "routing rule Default Routing Rule of team network: everything matches"},
		{"ogapi-8.routing.none", []route.Rule{rule("a", asks("priority", "equals", "P1"), nil, "")}, "", ""},
		{"ogapi-8.routing.none", nil, "", ""},
		{"ogapi-8.routing.restriction", []route.Rule{rule("night", grave, night, hanoi), rest}, "night", ""},
		{"ogapi-8.routing.restriction", []route.Rule{rule("day", grave, day, hanoi), rest}, "rest", ""},
		{"ogapi-8.routing.zone", []route.Rule{rule("day", grave, day, "UTC"), rest}, "day", ""},
		{"keng-8.routing.zone-unknown", []route.Rule{rule("day", grave, day, "Atlantis"), rest}, "day", ""},
		{"ogapi-8.routing.conditions", []route.Rule{rule("a", asks("details", "contains-key", "site"), nil, ""), rest}, "a", ""},
		{"ogapi-8.routing.conditions", []route.Rule{rule("a", asks("teams", "equals", "network"), nil, ""), rest}, "a", ""},
		{"keng-6.cond.not-understood", []route.Rule{rule("a", asks("message", "matches", "("), nil, ""), rest}, "rest", ""},
	} {
		owner := route.Team{ID: "t1", Name: "network", Rules: c.rules}
		a := disk()
		s := route.Of(&a, names)
		got, ok := owner.Route(&s, world())
		if got.Rule.ID != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q, want %q", c.rule, got.Rule.ID, c.want)
		}
		mentions(t, c.rule, got.Reason, c.why)
		if first, ok := owner.First(&a, now, time.LoadLocation); !slices.ContainsFunc(c.rules, func(r route.Rule) bool {
			return len(r.Criteria.Conditions) == 1 && r.Criteria.Conditions[0].Field == "teams"
		}) && (first.ID != c.want || ok != (c.want != "")) {
			t.Errorf("%s: without names: %q, want %q", c.rule, first.ID, c.want)
		}
	}
}

// What is wrong with a routing rule.
func TestRoutingRuleCheck(t *testing.T) {
	day := &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 60, EndMinute: 120}}}
	for what, c := range map[string]struct {
		r     route.Rule
		wrong map[string]string
	}{
		"nobody":                       {route.Rule{}, nil},
		"an escalation":                {route.Rule{Notify: escalation("e1")}, nil},
		"a schedule":                   {route.Rule{Notify: alert.Responder{Kind: alert.Schedule, ID: "s"}, Restriction: day, Zone: hanoi}, nil},
		"a person":                     {route.Rule{Notify: user("u1")}, map[string]string{"notify": "an escalation, a schedule or none"}},
		"a team":                       {route.Rule{Notify: team("t1")}, map[string]string{"notify": "an escalation, a schedule or none"}},
		"a default rule":               {route.Rule{Default: true}, nil},
		"a default rule by night":      {route.Rule{Default: true, Restriction: day, Zone: hanoi}, map[string]string{"criteria": "always matches everything"}},
		"a default rule of some":       {route.Rule{Default: true, Criteria: asks("message", "is-empty", "")}, map[string]string{"criteria": "always"}},
		"a window without a zone":      {route.Rule{Restriction: day}, map[string]string{"timezone": "needs a time zone"}},
		"a condition on no such field": {route.Rule{Criteria: asks("x", "equals", "y")}, map[string]string{"criteria.conditions[0].field": "x cannot be tested"}},
	} {
		refuses(t, "ogapi-8.routing.check: "+what, c.r.Check(), c.wrong)
	}
}
