// Package route says which escalation or schedule of a team answers for an alert.
//
// A team's routing rules are tried in their order and the first whose criteria
// match decides. A rule may decide that nobody is notified.
package route

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/rota"
)

// Team is a group of people that answers for alerts.
type Team struct {
	ID      core.TeamID   `cbor:"1,keyasint"`
	Name    string        `cbor:"2,keyasint"`
	Members []core.UserID `cbor:"3,keyasint,omitempty"`
	Rules   []Rule        `cbor:"4,keyasint,omitempty"`
	// Admins are the members with the role "admin"; the others have the role "user".
	Admins      []core.UserID `cbor:"5,keyasint,omitempty"`
	Description string        `cbor:"6,keyasint,omitempty"`
}

// Rule sends what its criteria match to a responder.
type Rule struct {
	ID       string   `cbor:"1,keyasint"`
	Name     string   `cbor:"2,keyasint,omitempty"`
	Criteria Criteria `cbor:"3,keyasint"`
	// Notify is an escalation or a schedule; the zero value notifies nobody.
	Notify alert.Responder `cbor:"4,keyasint"`
	// Restriction limits the rule to windows of the week in Zone, an IANA name.
	Restriction *rota.Restriction `cbor:"5,keyasint,omitempty"`
	Zone        string            `cbor:"6,keyasint,omitempty"`
	// Default marks the rule that is always last and matches everything.
	Default bool `cbor:"7,keyasint,omitempty"`
}

// First returns the first rule of the team that matches the alert at a moment. Zones
// finds time zones; a rule whose zone it does not find is not restricted: better a page
// too many than none.
func (t *Team) First(a *alert.Alert, now time.Time, zones func(string) (*time.Location, error)) (Rule, bool) {
	open := func(r *Rule) bool {
		if r.Restriction == nil {
			return true
		}
		zone, err := zones(r.Zone)
		return err != nil || r.Restriction.Covers(now, zone)
	}
	i := slices.IndexFunc(t.Rules, func(r Rule) bool { return r.Criteria.Match(a) && open(&r) })
	if i < 0 {
		return Rule{}, false
	}
	return t.Rules[i], true
}

// Join is how the conditions of a [Criteria] combine.
type Join uint8

// The joins. Values are stored. The zero value is [All].
const (
	All           Join = 0 // match-all: everything matches, conditions are not looked at
	AnyCondition  Join = 1 // match-any-condition
	AllConditions Join = 2 // match-all-conditions
)

// Criteria is a set of conditions on an alert.
type Criteria struct {
	Join       Join        `cbor:"1,keyasint,omitempty"`
	Conditions []Condition `cbor:"2,keyasint,omitempty"`
}

// Match reports whether the alert meets the criteria.
func (c *Criteria) Match(a *alert.Alert) bool {
	meets := func(cond Condition) bool { return cond.Match(a) }
	switch c.Join {
	case AnyCondition:
		return slices.ContainsFunc(c.Conditions, meets)
	case AllConditions:
		return !slices.ContainsFunc(c.Conditions, func(cond Condition) bool { return !meets(cond) })
	}
	return true
}

// Condition is one test of one field. Field and operation are named as in the API.
type Condition struct {
	Field     string `cbor:"1,keyasint"`
	Operation string `cbor:"2,keyasint"`
	Value     string `cbor:"3,keyasint,omitempty"`
	Not       bool   `cbor:"4,keyasint,omitempty"`
	// Key is for a field that has keys, Order what the caller wrote: both are only kept.
	Key   string `cbor:"5,keyasint,omitempty"`
	Order int    `cbor:"6,keyasint,omitempty"`
}

// Check says what is wrong with a condition that cannot be evaluated.
func (c *Condition) Check() error {
	operations := map[string][]string{
		"priority": {"equals", "greater-than", "less-than"},
		"tags":     {"contains", "is-empty", "matches"},
	}
	text := []string{"contains", "is-empty", "matches", "equals", "starts-with", "ends-with", "equals-ignore-whitespace"}
	for _, field := range []string{"message", "alias", "description", "source", "entity"} {
		operations[field] = text
	}
	allowed, ok := operations[c.Field]
	if !ok {
		return core.Invalid("field", c.Field+" cannot be tested")
	}
	if !slices.Contains(allowed, c.Operation) {
		return core.Invalid("operation", c.Operation+" does not fit the field "+c.Field+": use one of "+strings.Join(allowed, ", "))
	}
	if c.Operation == "matches" {
		if _, err := c.pattern(); err != nil {
			return core.Invalid("expectedValue", err.Error())
		}
	}
	if c.Field == "priority" {
		if _, err := core.ParsePriority(c.Value); err != nil || c.Value == "" {
			return core.Invalid("expectedValue", c.Value+" is not a priority: write P1, P2, P3, P4 or P5")
		}
	}
	return nil
}

// Match reports whether the alert meets the condition. A condition that
// [Condition.Check] refuses is met by nothing.
func (c Condition) Match(a *alert.Alert) bool {
	if c.Check() != nil {
		return false
	}
	return c.test(a) != c.Not
}

func (c Condition) test(a *alert.Alert) bool {
	switch c.Field {
	case "message":
		return c.text(a.Message)
	case "alias":
		return c.text(a.Alias)
	case "description":
		return c.text(a.Description)
	case "source":
		return c.text(a.Source)
	case "entity":
		return c.text(a.Entity)
	case "tags":
		if c.Operation == "is-empty" {
			return len(a.Tags) == 0
		}
		if c.Operation == "contains" {
			return slices.Contains(a.Tags, c.Value)
		}
		return slices.ContainsFunc(a.Tags, c.text)
	}
	want, _ := core.ParsePriority(c.Value)
	switch c.Operation {
	case "greater-than": // graver: P1 is greater than P2
		return a.Priority < want
	case "less-than":
		return a.Priority > want
	}
	return a.Priority == want
}

// pattern compiles the value of "matches", which is about the whole text. The value must
// also be a pattern by itself: one as "a)|(b" would change its meaning in the parentheses.
func (c *Condition) pattern() (*regexp.Regexp, error) {
	if _, err := regexp.Compile(c.Value); err != nil {
		return nil, err
	}
	return regexp.Compile("^(?:" + c.Value + ")$")
}

func (c Condition) text(s string) bool {
	switch c.Operation {
	case "contains":
		return strings.Contains(s, c.Value)
	case "is-empty":
		return s == ""
	case "matches":
		re, err := c.pattern()
		return err == nil && re.MatchString(s)
	case "starts-with":
		return strings.HasPrefix(s, c.Value)
	case "ends-with":
		return strings.HasSuffix(s, c.Value)
	case "equals-ignore-whitespace":
		return strings.Join(strings.Fields(s), "") == strings.Join(strings.Fields(c.Value), "")
	}
	return s == c.Value
}
