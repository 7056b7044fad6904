package intake

import (
	"keng/hub/core/route"
)

// Default actions have no templates: [Format.say] has written the alert already, and what {{alias}}
// gives names the same alert when it recovers. They say by the tool's own fields what is done.

// when is a condition on one of a tool's fields.
func when(field, operation, value string) route.Condition {
	return route.Condition{Field: field, Operation: operation, Value: value}
}

// is is a condition that a field is a word, in upper case or not; several are separated by |.
func is(field, words string) route.Condition { return when(field, "matches", "(?i)("+words+")") }

// isNot is the opposite.
func isNot(field, words string) route.Condition {
	c := is(field, words)
	c.Not = true
	return c
}

// do is an action for what meets all conditions; without any, for everything that no action
// before it took.
func do(kind route.ActionKind, name string, conditions ...route.Condition) route.Action {
	a := route.Action{ID: "default-" + kind.String(), Kind: kind, Name: name, Alias: "{{alias}}"}
	if len(conditions) > 0 {
		a.Filter = route.Criteria{Join: route.AllConditions, Conditions: conditions}
	}
	return a
}

// actions are actions in the order in which they are tried, after one for what comes by the API
// with the same key: many tools can do both, and an alert of the API has none of the tool's fields.
func actions(all ...route.Action) []route.Action {
	all = append([]route.Action{withName(do(route.Create, "Create alert sent by the API", when("eventType", "equals", route.Create.String())), "default-create-api")}, all...)
	route.Arrange(all)
	return all
}
