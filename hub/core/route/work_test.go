package route_test

import (
	"fmt"
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// heavy are conditions of which each takes long about a long text, and none is met.
func heavy(not bool) route.Criteria {
	c := route.Criteria{Join: route.AnyCondition}
	for n := range route.ConditionsMax {
		c.Conditions = append(c.Conditions, route.Condition{Field: "description", Operation: "matches", Value: fmt.Sprintf("(a|b|ab){120}(a?){120}x%d", n), Not: not})
	}
	return c
}

// longText is as long as a description may be.
var longText = strings.Repeat("ab", alert.DescriptionMax/2)

// keng-5.decide.budget: what in an integration would take too long is not asked: then an alert is
// created as it came, and not lost, and nothing is ignored that was not to be.
func TestDecisionsHaveABudget(t *testing.T) {
	i := route.Integration{ID: "i", Name: "x", Actions: []route.Action{
		{ID: "1", Kind: route.Ignore, Filter: heavy(false)}, {ID: "2", Kind: route.Ignore, Filter: asks("message", "equals", "m")},
		{ID: "3", Kind: route.Create, Filter: asks("message", "equals", "m"), Fields: route.Rewrite{Message: "rewritten"}},
	}}
	d := alert.Draft{Message: "m", Description: longText}
	s := route.OfDraft(&d, nil)
	got := i.Decide(&d, &s, world())
	if got.Kind != route.Create || got.Draft.Message != "m" || got.Draft.Description != longText || !strings.Contains(got.Reason, "created as it came: integration x: the rules would take too long") {
		t.Errorf("%v %q: %s", got.Kind, got.Draft.Message, got.Reason)
	}
	d.Description = "short"
	s = route.OfDraft(&d, nil)
	if got := i.Decide(&d, &s, world()); got.Action != "2" {
		t.Errorf("of a short text action %s decides: %s", got.Action, got.Reason)
	}
}

// keng-5.decide.budget: what would take too long holds nothing back and rewrites nothing, with Not
// as well, and the default rule routes.
func TestRulesThatTakeTooLong(t *testing.T) {
	a := alert.Alert{Message: "m", Description: longText, Priority: core.P3}
	for _, not := range []bool{false, true} {
		filter := heavy(not)
		filter.Join = route.AllConditions
		if !not {
			filter.Join = route.AnyCondition
		}
		quiet := notify("quiet")
		quiet.Filter, quiet.Suppress = filter, true
		s := route.Of(&a, nil)
		verdict := route.Judge([]route.NotificationPolicy{quiet, quiet}, &s, &route.Facts{Created: now, Count: 1}, world())
		if !verdict.Now() || !strings.Contains(strings.Join(verdict.Reasons, "; "), "would take too long") {
			t.Errorf("not %v: %+v", not, verdict)
		}
		team := route.Team{ID: "t", Name: "t", Rules: []route.Rule{{ID: "1", Criteria: filter}, {ID: "2", Criteria: asks("message", "equals", "m")}, {ID: "3", Default: true, Notify: escalation("e")}}}
		s = route.Of(&a, nil)
		if routed, ok := team.Route(&s, world()); !ok || routed.Rule.ID != "3" || !strings.Contains(routed.Reason, "would take too long") {
			t.Errorf("not %v: %+v", not, routed)
		}
		d := alert.Draft{Message: "m", Description: longText}
		shaping := route.Shaping{Global: []route.AlertPolicy{{ID: "p", Name: "p", Filter: filter, Fields: route.Rewrite{Message: "rewritten"}}}}
		shaped := shaping.Shape(d, world())
		if shaped.Draft.Message != "m" || len(shaped.Applied) != 1 || !strings.Contains(shaped.Applied[0].Reason, "would take too long") {
			t.Errorf("not %v: %+v", not, shaped.Applied)
		}
	}
}

// keng-5.decide.budget: a placeholder that would take too long gives nothing, as one that is missing:
// an alias is not cut, but left as it was.
func TestTemplatesThatTakeTooLong(t *testing.T) {
	placeholder := "{{description" + strings.Repeat(".extract(/((?:a|b|ab){120}(?:a?){120}.*)/)", 10) + "}}"
	d := alert.Draft{Message: "m", Alias: "alias", Description: longText}
	shaping := route.Shaping{Global: []route.AlertPolicy{{ID: "p", Name: "p", Fields: route.Rewrite{Message: "{{message}}", Alias: "new/" + placeholder}}}}
	shaped := shaping.Shape(d, world())
	if shaped.Draft.Alias != "alias" || shaped.Draft.Message != "m" || !strings.Contains(shaped.Applied[0].Reason, `without ["description"]`) {
		t.Errorf("%q, %q: %+v", shaped.Draft.Alias, shaped.Draft.Message, shaped.Applied)
	}
}

// BenchmarkDecideAtWorst is the most that an integration may have, asked about a long text.
func BenchmarkDecideAtWorst(b *testing.B) {
	i := route.Integration{ID: "i", Name: "x"}
	for n := range route.ActionsMax {
		i.Actions = append(i.Actions, route.Action{ID: fmt.Sprint(n), Kind: route.Create, Filter: heavy(false)})
	}
	d := alert.Draft{Message: "m", Description: longText}
	w := world()
	for b.Loop() {
		s := route.OfDraft(&d, nil)
		i.Decide(&d, &s, w)
	}
}

// BenchmarkShapeAtWorst is a policy with as many placeholders and functions as there may be.
func BenchmarkShapeAtWorst(b *testing.B) {
	source := strings.Repeat("{{description"+strings.Repeat(".toUpperCase()", 10)+"}}", 80)
	p := route.AlertPolicy{ID: "p", Name: "p", Fields: route.Rewrite{Message: "{{message}}", Description: source, Entity: source, Source: source, Alias: source}}
	for range alert.TagsMax {
		p.Fields.Tags = append(p.Fields.Tags, source)
	}
	shaping := route.Shaping{Global: []route.AlertPolicy{p}}
	d := alert.Draft{Message: "m", Description: longText}
	w := world()
	for b.Loop() {
		shaping.Shape(d, w)
	}
}
