package route_test

import (
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func TestConditions(t *testing.T) {
	a := alert.Alert{Message: "disk full on db-1", Source: "agent", Priority: core.P2, Tags: []string{"disk", "db"}}
	for _, c := range []struct {
		field, operation, value string
		want                    bool
	}{
		{"message", "contains", "full", true},
		{"message", "contains", "empty", false},
		{"message", "equals", "disk full on db-1", true},
		{"message", "equals", "disk", false},
		{"message", "starts-with", "disk", true},
		{"message", "ends-with", "db-1", true},
		{"message", "ends-with", "disk", false},
		{"message", "matches", "disk .* db-[0-9]+", true},
		{"message", "matches", "disk", false}, // the whole text must match
		{"message", "equals-ignore-whitespace", " disk  full ondb-1", true},
		{"entity", "is-empty", "", true},
		{"message", "is-empty", "", false},
		{"tags", "contains", "db", true},
		{"tags", "contains", "d", false},
		{"tags", "matches", "d.*", true},
		{"tags", "is-empty", "", false},
		{"priority", "equals", "P2", true},
		{"priority", "greater-than", "P3", true},
		{"priority", "greater-than", "P2", false},
		{"priority", "less-than", "P1", true},
		{"priority", "less-than", "P2", false},
	} {
		cond := route.Condition{Field: c.field, Operation: c.operation, Value: c.value}
		if err := cond.Check(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if got := cond.Match(&a); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
		cond.Not = true
		if got := cond.Match(&a); got == c.want {
			t.Errorf("not %+v: %v", c, got)
		}
	}
}

func TestConditionsThatCannotBe(t *testing.T) {
	a := alert.Alert{Message: "x", Priority: core.P1}
	for _, cond := range []route.Condition{
		{Field: "weather", Operation: "equals"},
		{Field: "priority", Operation: "contains", Value: "P1"},
		{Field: "priority", Operation: "equals", Value: "1"},
		{Field: "priority", Operation: "equals"},
		{Field: "message", Operation: "greater-than"},
		{Field: "message", Operation: "matches", Value: "("},
	} {
		if core.KindOf(cond.Check()) != core.Unacceptable {
			t.Errorf("%+v is taken", cond)
		}
		for _, not := range []bool{false, true} {
			cond.Not = not
			if cond.Match(&a) {
				t.Errorf("%+v matches", cond)
			}
		}
	}
}

func TestFirstRuleThatMatchesDecides(t *testing.T) {
	disk := route.Condition{Field: "message", Operation: "contains", Value: "disk"}
	grave := route.Condition{Field: "priority", Operation: "equals", Value: "P1"}
	team := route.Team{Rules: []route.Rule{
		{ID: "both", Criteria: route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{disk, grave}}},
		{ID: "any", Criteria: route.Criteria{Join: route.AnyCondition, Conditions: []route.Condition{disk, grave}}},
		{ID: "rest"},
	}}
	for _, c := range []struct {
		a    alert.Alert
		want string
	}{
		{alert.Alert{Message: "disk", Priority: core.P1}, "both"},
		{alert.Alert{Message: "disk", Priority: core.P2}, "any"},
		{alert.Alert{Message: "net", Priority: core.P2}, "rest"},
	} {
		if rule, ok := team.First(&c.a, time.Time{}, time.LoadLocation); !ok || rule.ID != c.want {
			t.Errorf("%+v goes by %q, want %q", c.a, rule.ID, c.want)
		}
	}
	if _, ok := (&route.Team{}).First(&alert.Alert{}, time.Time{}, time.LoadLocation); ok {
		t.Error("a team without rules has one that matches")
	}
}

func TestMatchesIsCheckedAsItIsUsed(t *testing.T) {
	for _, value := range []string{"a)|(b", `\Qabc`, "("} {
		c := route.Condition{Field: "message", Operation: "matches", Value: value}
		if err := c.Check(); core.KindOf(err) != core.Unacceptable {
			t.Errorf("%q is taken for a pattern (%v), and would match nothing", value, err)
		}
	}
}
