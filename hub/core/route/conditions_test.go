package route_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// disk is an alert as it is asked about in these tests.
func disk() alert.Alert {
	return alert.Alert{
		Message:     "disk full on db-1",
		Alias:       "branch-3/disk",
		Description: "97 % of /var\nis in use",
		Source:      "agent",
		Priority:    core.P2,
		Tags:        []string{"disk", "db"},
		Actions:     []string{"Reboot now"},
		Details:     map[string]string{"site": "branch-3", "used": "97.5", "empty": ""},
		Responders:  []alert.Responder{team("t1"), user("u1"), escalation("e1")},
		OwnerTeam:   "t2",
	}
}

// Which operation can be asked of which field is what Opsgenie's client allows.
func TestOperationsFitFields(t *testing.T) {
	var (
		texts  = []string{"contains", "is-empty", "matches", "equals", "starts-with", "ends-with", "equals-ignore-whitespace"}
		lists  = []string{"contains", "is-empty", "matches"}
		dicts  = []string{"contains", "is-empty", "contains-key", "contains-value"}
		grades = []string{"equals", "greater-than", "less-than"}
		values = append([]string{"greater-than", "less-than"}, texts...)
		every  = []string{"contains", "is-empty", "matches", "equals", "starts-with", "ends-with", "equals-ignore-whitespace", "contains-key", "contains-value", "greater-than", "less-than"}
	)
	for _, c := range []struct {
		rule, field, key string
		fit              []string
	}{
		{"ogapi-6.fits.message", "message", "", texts},
		{"ogapi-6.fits.alias", "alias", "", texts},
		{"ogapi-6.fits.description", "description", "", texts},
		{"ogapi-6.fits.source", "source", "", texts},
		{"ogapi-6.fits.entity", "entity", "", texts},
		{"ogapi-6.fits.teams", "teams", "", texts},
		{"ogapi-6.fits.event-type", "eventType", "", texts},
		{"ogapi-6.fits.tags", "tags", "", lists},
		{"ogapi-6.fits.actions", "actions", "", lists},
		{"ogapi-6.fits.recipients", "recipients", "", lists},
		{"ogapi-6.fits.responders", "responders", "", lists},
		{"ogapi-6.fits.details", "details", "", dicts},
		{"ogapi-6.fits.extra-properties", "extra-properties", "", dicts},
		{"ogapi-6.fits.priority", "priority", "", grades},
		{"ogapi-6.fits.key", "extra-properties", "used", values},
		{"ogapi-6.fits.key", "details", "used", values},
		{"ogapi-6.fits.key", "extraProperties", "used", values},
	} {
		for _, o := range every {
			value := map[bool]string{true: "P3", false: "90"}[c.field == "priority"]
			cond := route.Condition{Field: c.field, Key: c.key, Operation: o, Value: value}
			err := cond.Check()
			if fits := strings.Contains(" "+strings.Join(c.fit, " ")+" ", " "+o+" "); fits != (err == nil) {
				t.Errorf("%s: %s of %s: %v, want that it fits: %v", c.rule, o, c.field, err, fits)
			} else if !fits {
				refuses(t, o+" of "+c.field, err, map[string]string{"operation": c.fit[0]})
			}
		}
		// What is told of is what fits, and nothing that is not in these lists.
		none := route.Condition{Field: c.field, Key: c.key, Operation: "none"}
		_, told, _ := strings.Cut(none.Check().(*core.Error).Fields["operation"], "use one of ")
		operations := strings.Split(told, ", ")
		slices.Sort(operations)
		equal(t, "ogapi-6.cond.operation: of "+c.field+" it is told of", operations, slices.Sorted(slices.Values(c.fit)))
	}
}

// What an operation finds, and that "not" turns it round.
func TestWhatConditionsFind(t *testing.T) {
	for _, c := range []struct {
		rule, field, key, operation, value string
		want                               bool
	}{
		{"ogapi-6.cond.contains", "message", "", "contains", "full", true},
		{"ogapi-6.cond.contains", "message", "", "contains", "empty", false},
		{"ogapi-6.cond.contains", "message", "", "contains", "FULL", false},
		{"ogapi-6.cond.contains", "alias", "", "contains", "3/d", true},
		{"ogapi-6.cond.contains", "description", "", "contains", "/var\nis", true},
		{"ogapi-6.cond.contains", "source", "", "contains", "gen", true},
		{"ogapi-6.cond.contains", "entity", "", "contains", "a", false},
		{"ogapi-6.cond.starts-with", "message", "", "starts-with", "disk", true},
		{"ogapi-6.cond.starts-with", "message", "", "starts-with", "isk", false},
		{"ogapi-6.cond.ends-with", "message", "", "ends-with", "db-1", true},
		{"ogapi-6.cond.ends-with", "message", "", "ends-with", "disk", false},
		{"ogapi-6.cond.equals", "source", "", "equals", "agent", true},
		{"ogapi-6.cond.equals", "source", "", "equals", "agen", false},
		{"ogapi-6.cond.equals", "entity", "", "equals", "", true},
		{"ogapi-6.cond.ignore-whitespace", "message", "", "equals-ignore-whitespace", " disk\tfull\non db-1 ", true},
		{"ogapi-6.cond.ignore-whitespace", "message", "", "equals-ignore-whitespace", "diskfullondb-1", true},
		{"ogapi-6.cond.ignore-whitespace", "message", "", "equals-ignore-whitespace", "disk full", false},
		{"ogapi-6.cond.is-empty", "entity", "", "is-empty", "", true},
		{"ogapi-6.cond.is-empty", "message", "", "is-empty", "", false},
		{"ogapi-6.cond.matches", "message", "", "matches", "disk .* db-[0-9]+", true},
		{"ogapi-6.cond.matches", "message", "", "matches", "disk", false},
		{"ogapi-6.cond.matches", "message", "", "matches", "full on db-1", false},
		{"ogapi-6.cond.matches", "message", "", "matches", "DISK.*", false},
		{"ogapi-6.cond.matches", "message", "", "matches", "(?i)DISK.*", true},
		{"ogapi-6.cond.matches", "message", "", "matches", "x|disk.*", true},
		{"ogapi-6.cond.matches", "description", "", "matches", "97.*", false},
		{"ogapi-6.cond.matches", "description", "", "matches", "(?s)97.*", true},
		{"ogapi-6.cond.matches", "description", "", "matches", "(?m)97.*$", false},
		{"ogapi-6.cond.list-contains", "tags", "", "contains", "db", true},
		{"ogapi-6.cond.list-contains", "tags", "", "contains", "d", false},
		{"ogapi-6.cond.list-contains", "actions", "", "contains", "Reboot now", true},
		{"ogapi-6.cond.list-contains", "actions", "", "contains", "Reboot", false},
		{"ogapi-6.cond.list-matches", "tags", "", "matches", "d.", true},
		{"ogapi-6.cond.list-matches", "tags", "", "matches", "d", false},
		{"ogapi-6.cond.list-is-empty", "tags", "", "is-empty", "", false},
		{"ogapi-6.cond.list-is-empty", "actions", "", "is-empty", "", false},
		{"ogapi-6.cond.recipients", "recipients", "", "contains", "an@example.vn", true},
		{"ogapi-6.cond.recipients", "recipients", "", "contains", "network", false},
		{"ogapi-6.cond.recipients", "recipients", "", "matches", ".*@example.vn", true},
		{"ogapi-6.cond.responders", "responders", "", "contains", "network", true},
		{"ogapi-6.cond.responders", "responders", "", "contains", "an@example.vn", true},
		{"ogapi-6.cond.responders", "responders", "", "contains", "e1", true},
		{"ogapi-6.cond.teams", "teams", "", "equals", "network", true},
		{"ogapi-6.cond.teams", "teams", "", "equals", "it ops", true},
		{"ogapi-6.cond.teams", "teams", "", "equals", "an@example.vn", false},
		{"ogapi-6.cond.teams", "teams", "", "contains", "ops", true},
		{"ogapi-6.cond.teams", "teams", "", "starts-with", "net", true},
		{"ogapi-6.cond.teams", "teams", "", "ends-with", "net", false},
		{"ogapi-6.cond.teams", "teams", "", "matches", "it.*", true},
		{"ogapi-6.cond.teams", "teams", "", "equals-ignore-whitespace", "itops", true},
		{"ogapi-6.cond.teams", "teams", "", "is-empty", "", false},
		{"ogapi-6.cond.details-contains", "details", "", "contains", "site", true},
		{"ogapi-6.cond.details-contains", "details", "", "contains", "branch-3", true},
		{"ogapi-6.cond.details-contains", "details", "", "contains", "branch", false},
		{"ogapi-6.cond.details-is-empty", "details", "", "is-empty", "", false},
		{"ogapi-6.cond.contains-key", "details", "", "contains-key", "site", true},
		{"ogapi-6.cond.contains-key", "details", "", "contains-key", "branch-3", false},
		{"ogapi-6.cond.contains-value", "details", "", "contains-value", "branch-3", true},
		{"ogapi-6.cond.contains-value", "extra-properties", "", "contains-value", "site", false},
		{"ogapi-6.cond.key", "extra-properties", "site", "equals", "branch-3", true},
		{"ogapi-6.cond.key", "extra-properties", "site", "equals", "branch-4", false},
		{"ogapi-6.cond.key", "details", "site", "starts-with", "branch", true},
		{"ogapi-6.cond.key", "extraProperties", "site", "matches", "branch-[0-9]", true},
		{"ogapi-6.cond.key", "extra-properties", "nothing", "is-empty", "", true},
		{"ogapi-6.cond.key", "extra-properties", "empty", "is-empty", "", true},
		{"keng-6.cond.numbers", "extra-properties", "used", "greater-than", "97", true},
		{"keng-6.cond.numbers", "extra-properties", "used", "greater-than", "97.5", false},
		{"keng-6.cond.numbers", "extra-properties", "used", "less-than", "100", true},
		{"keng-6.cond.numbers", "extra-properties", "used", "less-than", "97.5", false},
		{"keng-6.cond.numbers", "extra-properties", "used", "less-than", " 1e3 ", true},
		{"keng-6.cond.numbers", "extra-properties", "site", "less-than", "1", false},
		{"keng-6.cond.numbers", "extra-properties", "site", "greater-than", "-1", false},
		{"ogapi-6.cond.priority-equals", "priority", "", "equals", "P2", true},
		{"ogapi-6.cond.priority-equals", "priority", "", "equals", "P3", false},
		{"ogapi-6.cond.greater-than", "priority", "", "greater-than", "P3", true},
		{"ogapi-6.cond.greater-than", "priority", "", "greater-than", "P2", false},
		{"ogapi-6.cond.greater-than", "priority", "", "greater-than", "P1", false},
		{"ogapi-6.cond.less-than", "priority", "", "less-than", "P1", true},
		{"ogapi-6.cond.less-than", "priority", "", "less-than", "P2", false},
		{"ogapi-6.cond.less-than", "priority", "", "less-than", "P3", false},
		{"ogapi-6.cond.event-type", "eventType", "", "equals", "create", true},
	} {
		a := disk()
		s := route.Of(&a, names)
		s.EventType = "create"
		for _, memo := range []*route.Memo{nil, route.NewMemo()} {
			cond := route.Condition{Field: c.field, Key: c.key, Operation: c.operation, Value: c.value}
			if err := cond.Check(); err != nil {
				t.Errorf("%s: %v", c.rule, err)
			}
			if got := cond.MetBy(&s, memo); got != c.want {
				t.Errorf("%s: %s: %v", c.rule, cond.String(), got)
			}
			cond.Not = true
			if got := cond.MetBy(&s, memo); got == c.want {
				t.Errorf("%s, ogapi-6.cond.not: %s: %v", c.rule, cond.String(), got)
			}
		}
	}
}

// What there is nothing of.
func TestConditionsOnAnEmptySubject(t *testing.T) {
	for _, c := range []struct {
		rule, field, operation, value string
		want                          bool
	}{
		{"ogapi-6.cond.list-is-empty", "tags", "is-empty", "", true},
		{"ogapi-6.cond.list-is-empty", "recipients", "is-empty", "", true},
		{"ogapi-6.cond.list-is-empty", "responders", "is-empty", "", true},
		{"ogapi-6.cond.list-contains", "tags", "contains", "x", false},
		{"ogapi-6.cond.list-matches", "tags", "matches", ".*", false},
		{"ogapi-6.cond.teams", "teams", "is-empty", "", true},
		{"ogapi-6.cond.teams", "teams", "equals", "network", false},
		{"ogapi-6.cond.details-is-empty", "details", "is-empty", "", true},
		{"ogapi-6.cond.contains-key", "details", "contains-key", "x", false},
		{"ogapi-3.priority.default", "priority", "equals", "P3", true},
		{"ogapi-3.priority.default", "priority", "greater-than", "P4", true},
		{"ogapi-3.priority.default", "priority", "less-than", "P3", false},
	} {
		cond := route.Condition{Field: c.field, Operation: c.operation, Value: c.value}
		if got := cond.MetBy(&route.Subject{}, nil); got != c.want {
			t.Errorf("%s: %s: %v", c.rule, cond.String(), got)
		}
	}
}

// Fields of a tool's own are asked for in payloads, and there alone.
func TestConditionsOnPayloads(t *testing.T) {
	s := route.Subject{
		Message: "CPU",
		Payload: map[string]string{"NewStateValue": "ALARM", "Threshold": "80", "subject": "Host down", "from_address": "noc@example.vn", "message": "not the alert's"},
	}
	for _, c := range []struct {
		rule, field, operation, value string
		want                          bool
	}{
		{"ogapi-6.cond.tool-field", "NewStateValue", "equals", "ALARM", true},
		{"ogapi-6.cond.tool-field", "NewStateValue", "matches", "AL.*", true},
		{"ogapi-6.cond.tool-field", "newstatevalue", "equals", "ALARM", false},
		{"ogapi-6.cond.tool-field", "OldStateValue", "is-empty", "", true},
		{"ogapi-6.cond.tool-field", "OldStateValue", "equals", "ALARM", false},
		{"ogapi-6.cond.email", "subject", "starts-with", "Host", true},
		{"ogapi-6.cond.email", "from_address", "ends-with", "@example.vn", true},
		{"ogapi-6.cond.email", "from_name", "is-empty", "", true},
		{"ogapi-6.cond.email", "conversationSubject", "contains", "x", false},
		{"keng-6.cond.numbers", "Threshold", "greater-than", "79.9", true},
		{"keng-6.cond.numbers", "Threshold", "less-than", "80", false},
		{"keng-6.cond.numbers", "NewStateValue", "less-than", "80", false},
		{"keng-6.cond.alert-field-first", "message", "equals", "CPU", true},
	} {
		cond := route.Condition{Field: c.field, Operation: c.operation, Value: c.value}
		criteria := route.Criteria{Join: route.AnyCondition, Conditions: []route.Condition{cond}}
		if err := criteria.Check(route.Payloads); err != nil {
			t.Errorf("%s: %v", c.rule, err)
		}
		if got := cond.MetBy(&s, nil); got != c.want {
			t.Errorf("%s: %s: %v", c.rule, cond.String(), got)
		}
		if fieldOfAlerts := c.field == "message"; fieldOfAlerts != (criteria.Check(route.Alerts) == nil) {
			t.Errorf("%s: %s can be asked of alerts: %v", c.rule, c.field, !fieldOfAlerts)
		}
	}
	ofAlert := route.Subject{Message: "CPU"}
	for _, not := range []bool{false, true} {
		cond := route.Condition{Field: "NewStateValue", Operation: "is-empty", Not: not}
		if cond.MetBy(&ofAlert, nil) {
			t.Errorf("keng-6.cond.not-understood: an alert meets a condition on a tool's field, not: %v", not)
		}
	}
}

// A condition that cannot be evaluated is refused with words that help, and met by nothing.
func TestConditionsThatAreRefused(t *testing.T) {
	long := strings.Repeat("ẻ", 1001)
	for _, c := range []struct {
		rule        string
		cond        route.Condition
		field, help string
		met         bool // what is too long is refused, but would work
	}{
		{"ogapi-6.cond.field", route.Condition{Field: "weather", Operation: "equals"}, "field", "write one of message, alias", false},
		{"ogapi-6.cond.field", route.Condition{Operation: "equals"}, "field", "is missing", false},
		{"ogapi-6.cond.key-alone", route.Condition{Field: "message", Key: "x", Operation: "equals", Value: "x"}, "key", "only details", true},
		{"ogapi-6.cond.operation", route.Condition{Field: "message", Operation: "is"}, "operation", "use one of contains", false},
		{"ogapi-6.cond.operation", route.Condition{Field: "message"}, "operation", "starts-with", false},
		{"ogapi-6.cond.priority-value", route.Condition{Field: "priority", Operation: "equals", Value: "1"}, "expectedValue", "write P1", false},
		{"ogapi-6.cond.priority-value", route.Condition{Field: "priority", Operation: "equals"}, "expectedValue", "write P1", false},
		{"ogapi-6.cond.priority-value", route.Condition{Field: "priority", Operation: "greater-than", Value: "P6"}, "expectedValue", "write P1", false},
		{"ogapi-6.cond.priority-value", route.Condition{Field: "priority", Operation: "less-than", Value: "p1"}, "expectedValue", "write P1", false},
		{"keng-6.cond.numbers", route.Condition{Field: "details", Key: "x", Operation: "greater-than", Value: "many"}, "expectedValue", "is not a number", false},
		{"keng-6.cond.numbers", route.Condition{Field: "details", Key: "x", Operation: "less-than", Value: "NaN"}, "expectedValue", "is not a number", false},
		{"keng-6.cond.blank", route.Condition{Field: "message", Operation: "contains"}, "expectedValue", "is empty", false},
		{"keng-6.cond.blank", route.Condition{Field: "message", Operation: "starts-with"}, "expectedValue", "is empty", false},
		{"keng-6.cond.blank", route.Condition{Field: "message", Operation: "ends-with"}, "expectedValue", "is-empty", false},
		{"keng-6.cond.blank", route.Condition{Field: "tags", Operation: "contains"}, "expectedValue", "is-empty", false},
		{"keng-6.cond.blank", route.Condition{Field: "details", Operation: "contains-key"}, "expectedValue", "is-empty", false},
		{"keng-6.cond.blank", route.Condition{Field: "details", Operation: "contains-value"}, "expectedValue", "is-empty", false},
		{"keng-6.cond.re2", route.Condition{Field: "message", Operation: "matches", Value: "("}, "expectedValue", "RE2", false},
		{"keng-6.cond.re2", route.Condition{Field: "message", Operation: "matches", Value: "a(?=b)"}, "expectedValue", "look-around", false},
		{"keng-6.cond.re2", route.Condition{Field: "message", Operation: "matches", Value: `(a)\1`}, "expectedValue", "back-references", false},
		{"keng-6.cond.re2", route.Condition{Field: "message", Operation: "matches", Value: "a)|(b"}, "expectedValue", "RE2", false},
		{"keng-6.cond.re2", route.Condition{Field: "tags", Operation: "matches", Value: `\Qabc`}, "expectedValue", "RE2", false},
		{"keng-6.cond.regexp-cost", route.Condition{Field: "message", Operation: "matches", Value: "((a{10}){10}){10}"}, "expectedValue", "smaller numbers", false},
		{"keng-6.cond.regexp-cost", route.Condition{Field: "message", Operation: "matches", Value: "((a{10}){10}){5}"}, "", "", false},
		{"keng-6.cond.regexp-length", route.Condition{Field: "message", Operation: "matches", Value: strings.Repeat("a", 1000)}, "", "", false},
		{"keng-6.cond.regexp-length", route.Condition{Field: "message", Operation: "matches", Value: long}, "expectedValue", "at most 1000", false},
		{"keng-6.cond.lengths", route.Condition{Field: "message", Operation: "equals", Value: long}, "expectedValue", "1001 characters", false},
		{"keng-6.cond.lengths", route.Condition{Field: "details", Key: long[:603], Operation: "is-empty"}, "key", "201 characters", true},
	} {
		what := fmt.Sprintf("%s: %.60s", c.rule, c.cond.String())
		if c.field == "" {
			refuses(t, what, c.cond.Check(), nil)
			continue
		}
		refuses(t, what, c.cond.Check(), map[string]string{c.field: c.help})
		for _, not := range []bool{false, true} {
			c.cond.Not = not
			s := route.Subject{Message: "x", Tags: []string{"x"}, Details: map[string]string{"y": "z"}}
			if !c.met && c.field != "expectedValue" && c.cond.MetBy(&s, route.NewMemo()) {
				t.Errorf("keng-6.cond.not-understood: %s is met, not: %v", what, not)
			}
		}
	}
	tool := route.Criteria{Join: route.AnyCondition, Conditions: []route.Condition{{Field: strings.Repeat("x", 201), Operation: "is-empty"}}}
	refuses(t, "keng-6.cond.lengths: a tool's field with a long name", tool.Check(route.Payloads), map[string]string{"conditions[0].field": "201"})
}

// What is expected in vain, as a pattern that cannot be compiled, must not silence anything.
func TestConditionsNotUnderstoodAreMetByNothing(t *testing.T) {
	s := route.Subject{Message: "x", Tags: []string{"x"}, Details: map[string]string{"y": "5"}}
	for _, cond := range []route.Condition{
		{Field: "message", Operation: "matches", Value: "("},
		{Field: "tags", Operation: "matches", Value: "("},
		{Field: "message", Operation: "contains"},
		{Field: "message", Operation: "starts-with"},
		{Field: "details", Operation: "contains-key"},
		{Field: "priority", Operation: "equals", Value: "P9"},
		{Field: "priority", Operation: "less-than", Value: ""},
		{Field: "details", Key: "y", Operation: "less-than", Value: "nine"},
		{Field: "priority", Operation: "contains", Value: "P1"},
		{Field: "", Operation: "is-empty"},
		{Field: "message", Operation: ""},
	} {
		for _, not := range []bool{false, true} {
			for _, memo := range []*route.Memo{nil, route.NewMemo()} {
				cond.Not = not
				if cond.MetBy(&s, memo) {
					t.Errorf("keng-6.cond.not-understood: %s is met", cond.String())
				}
			}
		}
	}
}

// How conditions combine, and why they are met.
func TestCriteria(t *testing.T) {
	a := disk()
	yes := route.Condition{Field: "message", Operation: "contains", Value: "disk"}
	also := route.Condition{Field: "priority", Operation: "equals", Value: "P2"}
	no := route.Condition{Field: "source", Operation: "equals", Value: "zabbix"}
	notNo := route.Condition{Field: "source", Operation: "equals", Value: "zabbix", Not: true}
	for _, c := range []struct {
		rule string
		join route.Join
		of   []route.Condition
		want bool
		why  string
	}{
		{"ogapi-6.join.match-all", route.All, nil, true, "everything matches"},
		{"ogapi-6.join.match-all", route.All, []route.Condition{no}, true, "everything matches"},
		{"ogapi-6.join.any", route.AnyCondition, []route.Condition{no, yes}, true, `message contains "disk"`},
		{"ogapi-6.join.any", route.AnyCondition, []route.Condition{yes, no}, true, `message contains "disk"`},
		{"ogapi-6.join.any", route.AnyCondition, []route.Condition{no, no}, false, ""},
		{"ogapi-6.join.any", route.AnyCondition, nil, false, ""},
		{"ogapi-6.join.all-conditions", route.AllConditions, []route.Condition{yes, also}, true, `message contains "disk" and priority equals "P2"`},
		{"ogapi-6.join.all-conditions", route.AllConditions, []route.Condition{yes, no}, false, ""},
		{"ogapi-6.join.all-conditions", route.AllConditions, []route.Condition{no, yes}, false, ""},
		{"ogapi-6.join.all-conditions", route.AllConditions, nil, true, "everything matches"},
		{"ogapi-6.cond.not", route.AllConditions, []route.Condition{notNo}, true, `source not equals "zabbix"`},
	} {
		criteria := route.Criteria{Join: c.join, Conditions: c.of}
		s := route.Of(&a, nil)
		if got := criteria.MetBy(&s, nil); got != c.want || criteria.Match(&a) != c.want {
			t.Errorf("%s: %+v: %v", c.rule, criteria, got)
		}
		if why := criteria.Why(&s, nil); c.want && why != c.why {
			t.Errorf("keng-6.cond.why: %q, want %q", why, c.why)
		}
	}
	nothing := route.Criteria{Join: route.AnyCondition}
	if s := route.Of(&a, nil); nothing.Why(&s, nil) != "nothing" {
		t.Error("what is not met has a reason")
	}
	keyed := route.Condition{Field: "details", Key: "site", Operation: "is-empty"}
	if words := keyed.String(); words != "details.site is-empty" {
		t.Errorf("keng-6.cond.why: %q", words)
	}
}

// All faults of criteria are told at once, each with its place.
func TestCriteriaCheck(t *testing.T) {
	good := route.Condition{Field: "message", Operation: "is-empty"}
	for _, c := range []struct {
		criteria route.Criteria
		wrong    map[string]string
	}{
		{route.Criteria{}, nil},
		{route.Criteria{Join: route.AllConditions, Conditions: many(100, good)}, nil},
		{route.Criteria{Join: route.AllConditions, Conditions: many(101, good)}, map[string]string{"conditions": "101 are too many"}},
		{route.Criteria{Join: 3}, map[string]string{"type": "match-all"}},
		{route.Criteria{Join: route.AnyCondition, Conditions: []route.Condition{{Field: "x", Operation: "equals"}, good, {Field: "message", Operation: "x"}}},
			map[string]string{"conditions[0].field": "write one of", "conditions[2].operation": "use one of"}},
	} {
		refuses(t, "ogapi-6.criteria.check", c.criteria.Check(route.Alerts), c.wrong)
	}
	order := route.Condition{Field: "message", Operation: "is-empty", Order: 7}
	if order.Check() != nil || order.Order != 7 {
		t.Error("ogapi-6.cond.order: the order is not kept")
	}
}

// Where names are not known ids stand for them, and the owner team is a team once.
func TestSubjects(t *testing.T) {
	a := disk()
	teams := func(s route.Subject, name string) bool {
		c := asks("teams", "equals", name)
		return c.MetBy(&s, nil)
	}
	for name, want := range map[string]bool{"t1": true, "t2": true, "u1": false, "e1": false, "network": false} {
		if got := teams(route.Of(&a, nil), name); got != want {
			t.Errorf("ogapi-6.cond.teams: without names, %s: %v", name, got)
		}
	}
	a.OwnerTeam = "t1"
	s := route.Of(&a, names)
	if len(s.Responders) != 3 || len(a.Responders) != 3 {
		t.Errorf("the owner stands there twice: %v", s.Responders)
	}
	d := alert.Draft{Message: "m", OwnerTeam: "t2", Responders: make([]alert.Responder, 1, 8)}
	d.Responders[0] = user("u1")
	s = route.OfDraft(&d, names)
	if !teams(s, "it ops") || s.EventType != "create" || d.Responders[:2][1] != (alert.Responder{}) {
		t.Errorf("a draft's owner team is not among its teams, or was written into the draft: %+v", s)
	}
	d.OwnerTeam = ""
	if s = route.OfDraft(&d, names); len(s.Responders) != 1 {
		t.Errorf("nobody owns the draft: %+v", s.Responders)
	}
}
