package route_test

import (
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// sent is what a tool has sent: the draft that its fields are translated to, and itself.
func sent() (alert.Draft, route.Subject) {
	d := alert.Draft{
		Message:     "CPU of web-1",
		Alias:       "web-1/cpu",
		Description: "all day",
		Responders:  []alert.Responder{user("u1")},
		Actions:     []string{"Restart"},
		Tags:        []string{"cpu", "web"},
		Details:     map[string]string{"host": "web-1"},
		Entity:      "web-1",
		Source:      "cloud",
		Priority:    core.P4,
		User:        "tool",
		Note:        "from the tool",
	}
	s := route.OfDraft(&d, names)
	s.Payload = map[string]string{"NewStateValue": "ALARM", "AlarmName": "cpu-high", "Region": "vn-1", "severity": "p1", "labels": "a, b,,c "}
	return d, s
}

// does makes an action that is done with everything.
func does(kind route.ActionKind, name string) route.Action {
	return route.Action{ID: "id-" + name, Kind: kind, Name: name}
}

// decide lets an integration with these actions decide about what was sent.
func decide(actions ...route.Action) route.Decision {
	d, s := sent()
	i := route.Integration{ID: "i1", Name: "Cloud", Actions: actions}
	return i.Decide(&d, &s, world())
}

// Which action is done, and the reason that is told.
func TestFirstActionThatMatchesIsDone(t *testing.T) {
	alarm := asks("NewStateValue", "equals", "ALARM")
	fine := asks("NewStateValue", "equals", "OK")
	filtered := func(kind route.ActionKind, name string, filter route.Criteria) route.Action {
		a := does(kind, name)
		a.Filter = filter
		return a
	}
	for _, c := range []struct {
		rule    string
		actions []route.Action
		kind    route.ActionKind
		action  string
		reason  string
	}{
		{"ogapi-8.action.first", []route.Action{does(route.Create, "a"), does(route.Close, "b")}, route.Create, "id-a", "created by action a of integration Cloud: everything matches"},
		{"ogapi-8.action.first", []route.Action{filtered(route.Create, "a", fine), filtered(route.Close, "b", alarm)}, route.Close, "id-b", `closed by action b of integration Cloud: NewStateValue equals "ALARM"`},
		{"ogapi-8.action.filter", []route.Action{filtered(route.Create, "a", fine), filtered(route.Create, "b", alarm)}, route.Create, "id-b", "created by action b"},
		{"ogapi-8.action.ignore", []route.Action{filtered(route.Ignore, "a", alarm), does(route.Create, "b")}, route.Ignore, "id-a", "ignored by action a of integration Cloud"},
		{"ogapi-8.action.acknowledge", []route.Action{does(route.Acknowledge, "a")}, route.Acknowledge, "id-a", "acknowledged by action a"},
		{"ogapi-8.action.add-note", []route.Action{does(route.AddNote, "a")}, route.AddNote, "id-a", "noted by action a"},
		{"ogapi-8.action.none", []route.Action{filtered(route.Create, "a", fine)}, 0, "", "not used: no action of integration Cloud matches"},
		{"keng-8.action.unknown-kind", []route.Action{does(9, "x"), does(route.Close, "a")}, route.Close, "id-a", "closed by action a"},
		{"keng-8.action.unknown-kind", []route.Action{does(0, "x"), filtered(route.Create, "a", fine)}, 0, "", "not used"},
		{"keng-8.action.no-actions", nil, route.Create, "", "created as it came: integration Cloud has no action that creates"},
		{"keng-8.action.no-actions", []route.Action{filtered(route.Ignore, "a", fine)}, route.Create, "", "created as it came"},
	} {
		got := decide(c.actions...)
		if got.Kind != c.kind || got.Action != c.action {
			t.Errorf("%s: %v by %q (%s)", c.rule, got.Kind, got.Action, got.Reason)
		}
		mentions(t, c.rule, got.Reason, c.reason)
	}
}

// An integration that is off ignores everything, and says why.
func TestIntegrationsThatAreOff(t *testing.T) {
	off := []route.Maintenance{{ID: "m1", Description: "switch over", Start: now, Rules: []route.MaintenanceRule{{Kind: route.AnIntegration, ID: "i1"}}}}
	for _, c := range []struct {
		rule        string
		disabled    bool
		maintenance []route.Maintenance
		kind        route.ActionKind
		reason      string
	}{
		{"ogapi-8.action.enabled", false, nil, route.Create, "created as it came"},
		{"ogapi-8.action.enabled", true, nil, route.Ignore, "ignored: integration Cloud is disabled"},
		{"ogapi-8.maintenance.integration", false, off, route.Ignore, "ignored: integration Cloud is switched off by maintenance switch over"},
		{"ogapi-8.maintenance.integration", true, off, route.Ignore, "ignored: integration Cloud is disabled"},
	} {
		d, s := sent()
		w := world()
		w.Maintenance = route.InForce(c.maintenance, now)
		i := route.Integration{ID: "i1", Name: "Cloud", Disabled: c.disabled}
		got := i.Decide(&d, &s, w)
		if got.Kind != c.kind || got.Reason != c.reason && c.kind == route.Ignore {
			t.Errorf("%s: %v: %s", c.rule, got.Kind, got.Reason)
		}
		mentions(t, c.rule, got.Reason, c.reason)
	}
}

// What an action that creates makes of what was sent.
func TestCreatedAlerts(t *testing.T) {
	create := func(fields route.Rewrite) route.Action {
		a := does(route.Create, "a")
		a.Fields = fields
		return a
	}
	as := func(change func(*alert.Draft)) alert.Draft {
		d, _ := sent()
		d.Integration = "i1"
		change(&d)
		return d
	}
	aliased, noted := create(route.Rewrite{Alias: "other"}), create(route.Rewrite{})
	aliased.Alias = "{{Region}}-{{AlarmName}}"
	noted.User, noted.Note = "{{source}}", "{{NewStateValue}} in {{Region}}"
	lacking := create(route.Rewrite{})
	lacking.Alias = "{{Region}}-{{nothing}}"
	for _, c := range []struct {
		rule    string
		action  route.Action
		want    alert.Draft
		missing []string
	}{
		{"ogapi-8.action.as-it-came", create(route.Rewrite{}), as(func(*alert.Draft) {}), nil},
		{"ogapi-8.action.message", create(route.Rewrite{Message: "{{AlarmName}} is {{NewStateValue}}"}), as(func(d *alert.Draft) { d.Message = "cpu-high is ALARM" }), nil},
		{"keng-8.action.message-empty", create(route.Rewrite{Message: "{{nothing}}"}), as(func(*alert.Draft) {}), []string{"nothing"}},
		{"keng-8.action.message-empty", create(route.Rewrite{Message: " {{nothing}} "}), as(func(*alert.Draft) {}), []string{"nothing"}},
		{"ogapi-8.action.alias", aliased, as(func(d *alert.Draft) { d.Alias = "vn-1-cpu-high" }), nil},
		{"keng-8.action.alias-whole", lacking, as(func(*alert.Draft) {}), []string{"nothing"}},
		{"ogapi-8.action.description", create(route.Rewrite{Description: "{{description}} in {{Region}}"}), as(func(d *alert.Draft) { d.Description = "all day in vn-1" }), nil},
		{"ogapi-8.action.entity", create(route.Rewrite{Entity: "{{Region}}"}), as(func(d *alert.Draft) { d.Entity = "vn-1" }), nil},
		{"ogapi-8.action.source", create(route.Rewrite{Source: "{{source}}/{{Region}}"}), as(func(d *alert.Draft) { d.Source = "cloud/vn-1" }), nil},
		{"ogapi-8.action.user-and-note", noted, as(func(d *alert.Draft) { d.User, d.Note = "cloud", "ALARM in vn-1" }), nil},
		{"ogapi-8.action.priority", create(route.Rewrite{Priority: core.P2}), as(func(d *alert.Draft) { d.Priority = core.P2 }), nil},
		{"ogapi-8.action.priority", create(route.Rewrite{Priority: core.P2, CustomPriority: "P5"}), as(func(d *alert.Draft) { d.Priority = core.P2 }), nil},
		{"ogapi-8.action.custom-priority", create(route.Rewrite{CustomPriority: "{{severity}}"}), as(func(d *alert.Draft) { d.Priority = core.P1 }), nil},
		{"ogapi-8.action.custom-priority", create(route.Rewrite{CustomPriority: " {{severity}} "}), as(func(d *alert.Draft) { d.Priority = core.P1 }), nil},
		{"ogapi-8.action.custom-priority", create(route.Rewrite{CustomPriority: "{{Region}}"}), as(func(*alert.Draft) {}), nil},
		{"ogapi-8.action.custom-priority", create(route.Rewrite{CustomPriority: "{{nothing}}"}), as(func(*alert.Draft) {}), []string{"nothing"}},
		{"ogapi-8.action.tags", create(route.Rewrite{Tags: []string{"prod", "{{Region}}"}}), as(func(d *alert.Draft) { d.Tags = []string{"cpu", "web", "prod", "vn-1"} }), nil},
		{"ogapi-8.action.tags", create(route.Rewrite{Tags: []string{"web"}}), as(func(d *alert.Draft) { d.Tags = []string{"cpu", "web"} }), nil},
		{"ogapi-8.action.tags", create(route.Rewrite{Tags: []string{"{{labels}}", "{{nothing}}"}}), as(func(d *alert.Draft) { d.Tags = []string{"cpu", "web", "a", "b", "c"} }), []string{"nothing"}},
		{"ogapi-8.action.ignore-tags", create(route.Rewrite{IgnoreTags: true, Tags: []string{"prod"}}), as(func(d *alert.Draft) { d.Tags = []string{"prod"} }), nil},
		{"ogapi-8.action.ignore-tags", create(route.Rewrite{IgnoreTags: true, Tags: []string{"{{tags}}", "x"}}), as(func(d *alert.Draft) { d.Tags = []string{"cpu", "web", "x"} }), nil},
		{"ogapi-8.action.ignore-tags", create(route.Rewrite{IgnoreTags: true}), as(func(d *alert.Draft) { d.Tags = nil }), nil},
		{"ogapi-8.action.alert-actions", create(route.Rewrite{Actions: []string{"Reboot {{entity}}"}}), as(func(d *alert.Draft) { d.Actions = []string{"Restart", "Reboot web-1"} }), nil},
		{"ogapi-8.action.ignore-alert-actions", create(route.Rewrite{IgnoreActions: true, Actions: []string{"Reboot"}}), as(func(d *alert.Draft) { d.Actions = []string{"Reboot"} }), nil},
		{"ogapi-8.action.extra-properties", create(route.Rewrite{Details: map[string]string{"region": "{{Region}}"}}), as(func(d *alert.Draft) { d.Details = map[string]string{"host": "web-1", "region": "vn-1"} }), nil},
		{"ogapi-8.action.extra-properties", create(route.Rewrite{Details: map[string]string{"host": "{{details.host}}.vn"}}), as(func(d *alert.Draft) { d.Details = map[string]string{"host": "web-1.vn"} }), nil},
		{"ogapi-8.action.ignore-extra-properties", create(route.Rewrite{IgnoreDetails: true, Details: map[string]string{"region": "{{Region}}"}}), as(func(d *alert.Draft) { d.Details = map[string]string{"region": "vn-1"} }), nil},
		{"ogapi-8.action.ignore-extra-properties", create(route.Rewrite{IgnoreDetails: true}), as(func(d *alert.Draft) { d.Details = nil }), nil},
		{"ogapi-8.action.responders", create(route.Rewrite{Responders: []alert.Responder{team("t1"), user("u1")}}), as(func(d *alert.Draft) { d.Responders = []alert.Responder{team("t1"), user("u1")} }), nil},
		{"ogapi-8.action.ignore-responders", create(route.Rewrite{IgnoreResponders: true, Responders: []alert.Responder{team("t1")}}), as(func(d *alert.Draft) { d.Responders = []alert.Responder{team("t1")} }), nil},
		{"ogapi-8.action.ignore-responders", create(route.Rewrite{IgnoreResponders: true}), as(func(d *alert.Draft) { d.Responders = nil }), nil},
	} {
		got := decide(c.action)
		same(t, c.rule, got.Draft, c.want)
		equal(t, c.rule+": missing", got.Missing, c.missing)
		if (len(c.missing) > 0) != strings.Contains(got.Reason, "without") {
			t.Errorf("keng-8.action.reason-missing: %s: %s", c.rule, got.Reason)
		}
	}
	attached := does(route.Create, "a")
	if decide(attached).AppendAttachments {
		t.Error("ogapi-8.action.attachments: kept though nobody said so")
	}
	attached.AppendAttachments = true
	if !decide(attached).AppendAttachments {
		t.Error("ogapi-8.action.attachments: lost")
	}
}

// same asserts that two drafts are the same.
func same(t *testing.T, what string, got, want alert.Draft) {
	t.Helper()
	texts := func(d alert.Draft) []string {
		return []string{d.Message, d.Alias, d.Description, d.Entity, d.Source, d.User, d.Note, string(d.Integration), string(d.OwnerTeam), d.Priority.String()}
	}
	equal(t, what+": texts", texts(got), texts(want))
	equal(t, what+": tags", got.Tags, want.Tags)
	equal(t, what+": actions", got.Actions, want.Actions)
	equal(t, what+": responders", got.Responders, want.Responders)
	if len(got.Details) != len(want.Details) {
		t.Errorf("%s: details %v, want %v", what, got.Details, want.Details)
	}
	for key, value := range want.Details {
		if got.Details[key] != value {
			t.Errorf("%s: detail %s is %q, want %q", what, key, got.Details[key], value)
		}
	}
}

// What an action that closes, acknowledges or adds a note is done to.
func TestActionsOnAlertsThatAreThere(t *testing.T) {
	for _, c := range []struct {
		rule, alias, user, note string
		want                    [3]string
		missing                 []string
	}{
		{"ogapi-8.action.default-alias", "", "", "", [3]string{"web-1/cpu", "tool", "from the tool"}, nil},
		{"ogapi-8.action.close-fields", "{{Region}}/{{AlarmName}}", "{{source}}", "{{NewStateValue}} again", [3]string{"vn-1/cpu-high", "cloud", "ALARM again"}, nil},
		{"keng-8.action.alias-whole", "{{Region}}/{{nothing}}", "", "{{never}}", [3]string{"", "tool", ""}, []string{"nothing", "never"}},
	} {
		for _, kind := range []route.ActionKind{route.Close, route.Acknowledge, route.AddNote} {
			a := does(kind, "a")
			a.Alias, a.User, a.Note = c.alias, c.user, c.note
			got := decide(a)
			if have := [3]string{got.Alias, got.User, got.Note}; have != c.want || got.Kind != kind {
				t.Errorf("%s: %v: %q, want %q", c.rule, kind, have, c.want)
			}
			equal(t, c.rule, got.Missing, c.missing)
		}
	}
	ignoring := does(route.Ignore, "a")
	ignoring.Alias = "x"
	if got := decide(ignoring); got.Alias != "" || got.Note != "" {
		t.Errorf("ogapi-8.action.ignore: %+v", got)
	}
}

// What the integration itself says of responders.
func TestIntegrationsRespondersAndTeam(t *testing.T) {
	for _, c := range []struct {
		rule   string
		i      route.Integration
		action []alert.Responder
		want   []alert.Responder
		owner  core.TeamID
	}{
		{"ogapi-2.integration.responders", route.Integration{Responders: []alert.Responder{team("t2")}}, nil, []alert.Responder{user("u1"), team("t2")}, ""},
		{"ogapi-2.integration.responders", route.Integration{Responders: []alert.Responder{team("t2")}}, []alert.Responder{team("t1")}, []alert.Responder{user("u1"), team("t1"), team("t2")}, ""},
		{"ogapi-2.integration.ignore-responders", route.Integration{IgnoreResponders: true, Responders: []alert.Responder{team("t2")}}, nil, []alert.Responder{team("t2")}, ""},
		{"ogapi-1.key.team-responders", route.Integration{Team: "t1", Responders: []alert.Responder{team("t2")}}, []alert.Responder{user("u2")}, []alert.Responder{team("t1")}, "t1"},
	} {
		d, s := sent()
		a := does(route.Create, "a")
		a.Fields.Responders = c.action
		c.i.Actions = []route.Action{a}
		got := c.i.Decide(&d, &s, world())
		equal(t, c.rule, got.Draft.Responders, c.want)
		if got.Draft.OwnerTeam != c.owner {
			t.Errorf("%s: owned by %q", c.rule, got.Draft.OwnerTeam)
		}
		if len(c.action) != len(c.i.Actions[0].Fields.Responders) || len(d.Responders) != 1 {
			t.Errorf("%s: what is configured, or was sent, was changed", c.rule)
		}
	}
}

// An alert is created whatever was sent: it is named for the integration if nothing names it,
// and what is too long is cut.
func TestAlertsAreNeverRefused(t *testing.T) {
	long := strings.Repeat("ẻ", 30_000)
	d := alert.Draft{
		Message: long, Alias: long, Description: long, Entity: long, Source: long, User: long, Note: long,
		Tags: many(30, long), Actions: many(30, long), Responders: many(1, user("u1")),
		Details: map[string]string{"a": long, "b": "b", long: "c"},
	}
	for n := range 25 {
		d.Tags = append(d.Tags, strings.Repeat("t", n+1))
		d.Actions = append(d.Actions, strings.Repeat("a", n+1))
	}
	for n := range 60 {
		d.Responders = append(d.Responders, user(strings.Repeat("u", n+2)))
	}
	s := route.OfDraft(&d, nil)
	fields := route.Rewrite{
		Message: "{{message}}{{message}}", Description: "{{description}}{{description}}", Tags: []string{"last,{{message}}"}, Actions: []string{"last"},
		Details: map[string]string{"own": "{{message}}"}, Responders: []alert.Responder{team("t1")},
	}
	for _, f := range []route.Rewrite{{}, fields} {
		a := does(route.Create, "a")
		a.Fields = f
		i := route.Integration{Name: "Cloud", Actions: []route.Action{a}}
		got := i.Decide(&d, &s, world()).Draft
		if err := got.Check(); err != nil {
			t.Errorf("keng-8.shape.cut: %v", err)
		}
		if f.Message != "" {
			if !strings.HasPrefix(got.Details["own"], "ẻẻẻ") || got.Responders[len(got.Responders)-1] != team("t1") || got.Actions[9] != "last" || got.Tags[18] != "last" {
				t.Errorf("keng-8.shape.own-first: what the rule adds is cut before what was sent: %q %v", got.Actions, got.Responders)
			}
		}
	}
	for _, c := range []struct{ name, want string }{{"Cloud", "Alert of Cloud"}, {"", "Alert of i1"}, {long, "Alert of " + long[:3*121]}} {
		nothing := alert.Draft{}
		s := route.OfDraft(&nothing, nil)
		i := route.Integration{ID: "i1", Name: c.name}
		if got := i.Decide(&nothing, &s, world()).Draft.Message; got != c.want {
			t.Errorf("keng-8.action.message-empty: %q, want %q", got, c.want)
		}
	}
}

// Reasons do not grow with what is missing.
func TestReasonsTellSomeOfWhatIsMissing(t *testing.T) {
	a := does(route.Create, "a")
	for _, c := range []struct{ message, want string }{
		{"{{a}}", `everything matches; without ["a"], which were not there`},
		{"{{a}}{{b}}{{c}}", `without ["a" "b" "c"], which were not there`},
		{"{{a}}{{b}}{{c}}{{d}}{{e}}", `without ["a" "b" "c"] and 2 more, which were not there`},
	} {
		a.Fields.Message = c.message
		mentions(t, "keng-8.action.reason-missing", decide(a).Reason, c.want)
	}
}

// Actions are tried by their kinds, and within one by the order that callers wrote.
func TestArrange(t *testing.T) {
	all := []route.Action{
		{ID: "note", Kind: route.AddNote}, {ID: "ack", Kind: route.Acknowledge}, {ID: "close-2", Kind: route.Close, Order: 2}, {ID: "close-1", Kind: route.Close, Order: 1},
		{ID: "create-b", Kind: route.Create}, {ID: "create-a", Kind: route.Create}, {ID: "ignore", Kind: route.Ignore, Order: 9},
	}
	route.Arrange(all)
	var order []string
	for _, a := range all {
		order = append(order, a.ID)
	}
	equal(t, "ogapi-8.action.order", order, []string{"ignore", "create-b", "create-a", "close-1", "close-2", "ack", "note"})
	for kind, word := range map[route.ActionKind]string{route.Create: "create", route.Close: "close", route.Acknowledge: "acknowledge", route.AddNote: "addNote", route.Ignore: "ignore", 0: "", 6: ""} {
		if kind.String() != word {
			t.Errorf("ogapi-8.action.kinds: %d is %q", kind, kind.String())
		}
	}
}

// What is wrong with an action is told by field.
func TestActionCheck(t *testing.T) {
	good := does(route.Create, "a")
	for what, c := range map[string]struct {
		change func(*route.Action)
		wrong  map[string]string
	}{
		"a good one":      {func(*route.Action) {}, nil},
		"no kind":         {func(a *route.Action) { a.Kind = 0 }, map[string]string{"type": "create, close"}},
		"an unknown kind": {func(a *route.Action) { a.Kind = 6 }, map[string]string{"type": "addNote or ignore"}},
		"no name":         {func(a *route.Action) { a.Name = "" }, map[string]string{"name": "is missing"}},
		"the longest":     {func(a *route.Action) { a.Name = strings.Repeat("ẻ", 100) }, nil},
		"a long name":     {func(a *route.Action) { a.Name = strings.Repeat("ẻ", 101) }, map[string]string{"name": "at most 100"}},
		"a tool's field": {func(a *route.Action) {
			a.Filter = asks("NewStateValue", "equals", "x")
			a.Fields.Message = "{{AlarmName}}"
		}, nil},
		"a bad filter": {func(a *route.Action) { a.Filter = asks("message", "is", "x") }, map[string]string{"filter.conditions[0].operation": "use one of"}},
		"bad templates": {func(a *route.Action) {
			a.Alias, a.User, a.Note = "{{", "{{}}", "{{x"
			a.Fields = route.Rewrite{Message: "{{", Alias: "{{", Description: "{{", Entity: "{{", Source: "{{", CustomPriority: "{{", Tags: []string{"x", "{{"}, Actions: []string{"{{"}, Details: map[string]string{"k": "{{"}}
		}, map[string]string{"alias": "{{", "user": "{{", "note": "{{", "message": "{{", "description": "{{", "entity": "{{", "source": "{{", "customPriority": "{{", "tags[1]": "{{", "actions[0]": "{{", "details.k": "{{"}},
		"fields of one that closes do not count": {func(a *route.Action) { a.Kind = route.Close; a.Fields.Message = "{{" }, nil},
		"a bad priority":                         {func(a *route.Action) { a.Fields.Priority = 6 }, map[string]string{"priority": "P1"}},
		"as many as may be": {func(a *route.Action) {
			a.Fields = route.Rewrite{Tags: many(20, "x"), Actions: many(10, "x"), Details: map[string]string{"k": strings.Repeat("ẻ", 7_999)}, Responders: many(50, team("t1")), Priority: core.P5}
		}, nil},
		"too many": {func(a *route.Action) {
			a.Fields = route.Rewrite{Tags: many(21, "x"), Actions: many(11, "x"), Details: map[string]string{"k": strings.Repeat("ẻ", 8_000)}, Responders: many(51, team("t1"))}
		}, map[string]string{"tags": "at most 20", "actions": "at most 10", "details": "at most 8000", "responders": "at most 50"}},
	} {
		a := good
		c.change(&a)
		refuses(t, "ogapi-8.action.check: "+what, a.Check(), c.wrong)
	}
}

// What is wrong with an integration, with all its actions, is told at once.
func TestIntegrationCheck(t *testing.T) {
	for what, c := range map[string]struct {
		i     route.Integration
		wrong map[string]string
	}{
		"a good one":  {route.Integration{Name: "Cloud", Actions: many(200, does(route.Close, "a"))}, nil},
		"no name":     {route.Integration{}, map[string]string{"name": "is missing"}},
		"many":        {route.Integration{Name: "x", Actions: many(201, does(route.Close, "a")), Responders: many(51, team("t1"))}, map[string]string{"actions": "at most 200", "responders": "at most 50"}},
		"bad actions": {route.Integration{Name: "x", Actions: []route.Action{does(route.Close, "a"), does(0, "b"), does(route.Create, "")}}, map[string]string{"actions[1].type": "create", "actions[2].name": "is missing"}},
	} {
		refuses(t, "ogapi-8.integration.check: "+what, c.i.Check(), c.wrong)
	}
}
