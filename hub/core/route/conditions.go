package route

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// Join is how the conditions of a [Criteria] combine.
type Join uint8

// The joins. Values are stored. The zero value is [All].
const (
	All           Join = 0 // match-all: everything matches, conditions are not looked at
	AnyCondition  Join = 1 // match-any-condition
	AllConditions Join = 2 // match-all-conditions
)

// Scope is what rules are about, and so which fields their conditions and templates may name.
type Scope uint8

// The scopes.
const (
	Alerts   Scope = iota // alerts: the fields that every alert has
	Payloads              // what a tool sends: those, and any field of the tool's own
)

// The bounds of conditions.
const (
	ConditionsMax = 100  // of one criteria
	ExpectedMax   = 1000 // characters of an expected value
	KeyMax        = 200  // characters of a key, or of the name of a tool's field
)

// Criteria is a set of conditions. It is what the API calls criteria, filter and, of
// integration actions, filter with a conditionMatchType.
type Criteria struct {
	Join       Join        `cbor:"1,keyasint,omitempty"`
	Conditions []Condition `cbor:"2,keyasint,omitempty"`
}

// Check says what is wrong with criteria that cannot be evaluated. Fields are named as
// "conditions[1].operation".
func (c *Criteria) Check(scope Scope) error {
	wrong := faults{}
	c.check(wrong, "", scope)
	return wrong.err()
}

func (c *Criteria) check(wrong faults, at string, scope Scope) {
	if c.Join > AllConditions {
		wrong.add(at+"type", "must be match-all, match-any-condition or match-all-conditions")
	}
	wrong.count(at+"conditions", len(c.Conditions), ConditionsMax)
	for i := range c.Conditions[:min(len(c.Conditions), ConditionsMax)] {
		if field, why := c.Conditions[i].fault(scope); why != "" {
			wrong.add(fmt.Sprintf("%sconditions[%d].%s", at, i, field), why)
		}
	}
}

// Match reports whether an alert meets the criteria; its teams and recipients are known by
// their ids.
func (c *Criteria) Match(a *alert.Alert) bool {
	if c.Join == All {
		return true
	}
	s := Of(a, nil)
	return c.MetBy(&s, nil)
}

// MetBy reports whether a subject meets the criteria. Without conditions match-any is met
// by nothing and match-all-conditions by everything. A condition that cannot be evaluated
// is met by nothing.
func (c *Criteria) MetBy(s *Subject, m *Memo) bool {
	switch c.Join {
	case AnyCondition:
		for i := range c.Conditions {
			if c.Conditions[i].MetBy(s, m) {
				return true
			}
		}
		return false
	case AllConditions:
		for i := range c.Conditions {
			if !c.Conditions[i].MetBy(s, m) {
				return false
			}
		}
	}
	return true
}

// Why says, of criteria that a subject meets, by what: the first condition that is met
// where one is enough, else all of them.
func (c *Criteria) Why(s *Subject, m *Memo) string {
	switch c.Join {
	case AnyCondition:
		for i := range c.Conditions {
			if c.Conditions[i].MetBy(s, m) {
				return c.Conditions[i].String()
			}
		}
		return "nothing"
	case AllConditions:
		if len(c.Conditions) > 0 {
			words := make([]byte, 0, 64*len(c.Conditions))
			for i := range c.Conditions {
				if i > 0 {
					words = append(words, " and "...)
				}
				words = c.Conditions[i].appendWords(words)
			}
			return string(words)
		}
	}
	return "everything matches"
}

// Condition is one test of one field. Field and operation are named as in the API.
type Condition struct {
	Field     string `cbor:"1,keyasint"`
	Operation string `cbor:"2,keyasint"`
	Value     string `cbor:"3,keyasint,omitempty"`
	Not       bool   `cbor:"4,keyasint,omitempty"`
	// Key names one of the details, which are also called extra-properties.
	Key string `cbor:"5,keyasint,omitempty"`
	// Order is what the caller wrote. It is only kept: conditions stand in their order.
	Order int `cbor:"6,keyasint,omitempty"`
}

// Check says what is wrong with a condition on an alert that cannot be evaluated.
func (c *Condition) Check() error {
	if field, why := c.fault(Alerts); why != "" {
		return core.Invalid(field, why)
	}
	return nil
}

// String returns the condition in words, as: message not contains "disk".
func (c *Condition) String() string { return string(c.appendWords(nil)) }

func (c *Condition) appendWords(words []byte) []byte {
	words = append(words, c.Field...)
	if c.Key != "" {
		words = append(append(words, '.'), c.Key...)
	}
	if c.Not {
		words = append(words, " not"...)
	}
	words = append(append(words, ' '), c.Operation...)
	if c.Value != "" {
		words = strconv.AppendQuote(append(words, ' '), c.Value)
	}
	return words
}

// kind returns what sort of value the condition is about, 0 if there is no such field.
func (c *Condition) kind(scope Scope) kind {
	f := fieldNamed(c.Field)
	switch {
	case f == nil && scope == Payloads && c.Field != "":
		return value
	case f == nil:
		return 0
	case f.kind == dict && c.Key != "":
		return value
	}
	return f.kind
}

// fault returns the field of the condition that cannot be, and why.
func (c *Condition) fault(scope Scope) (field, why string) {
	k := c.kind(scope)
	o := operationNamed(c.Operation)
	f := fieldNamed(c.Field)
	switch {
	case c.Field == "":
		return "field", "is missing: write one of " + fieldNames()
	case k == 0:
		return "field", c.Field + " cannot be tested: write one of " + fieldNames()
	case utf8.RuneCountInString(c.Field) > KeyMax:
		return "field", tooLong(c.Field, KeyMax)
	case utf8.RuneCountInString(c.Key) > KeyMax:
		return "key", tooLong(c.Key, KeyMax)
	case c.Key != "" && (f == nil || f.kind != dict):
		return "key", "does not go with the field " + c.Field + ": only details and extra-properties have keys"
	case o == nil || !o.fits(k):
		return "operation", c.Operation + " does not fit the field " + c.Field + ": use one of " + operationsFor(k)
	case utf8.RuneCountInString(c.Value) > ExpectedMax:
		return "expectedValue", tooLong(c.Value, ExpectedMax)
	case o.wrong != nil:
		return "expectedValue", o.wrong(expectation{value: c.Value}, k)
	}
	return "", ""
}

// Match reports whether an alert meets the condition.
func (c Condition) Match(a *alert.Alert) bool {
	s := Of(a, nil)
	return c.MetBy(&s, nil)
}

// MetBy reports whether a subject meets the condition. A condition that [Condition.Check]
// refuses is met by nothing, not even with Not: what cannot be evaluated must not silence
// anything. So it is with all when too much has been asked of the subject. A field that a
// payload lacks is empty.
func (c *Condition) MetBy(s *Subject, m *Memo) bool {
	if !s.pay(lookWork) {
		return false
	}
	scope := Alerts
	if s.Payload != nil {
		scope = Payloads
	}
	k := c.kind(scope)
	o := operationNamed(c.Operation)
	x := expectation{c.Value, m, s}
	if k == 0 || o == nil || !o.fits(k) || o.wrong != nil && o.wrong(x, k) != "" {
		return false
	}
	met := c.test(o, k, s, x) != c.Not
	return met && !s.tired()
}

func (c *Condition) test(o *operation, k kind, s *Subject, x expectation) bool {
	f := fieldNamed(c.Field)
	switch k {
	case text:
		found := f.text(s)
		return s.pay(len(found)) && o.text(x, found)
	case value:
		found := s.Payload[c.Field]
		if f != nil {
			found = s.Details[c.Key]
		}
		if !s.pay(len(found)) {
			return false
		}
		if o.text != nil {
			return o.text(x, found)
		}
		n, ok := parseNumber(found)
		return ok && o.number(x, n)
	case names:
		if !s.pay(nameWork * len(s.Responders)) {
			return false
		}
		found := f.list(s)
		for _, name := range found {
			if o.text(x, name) {
				return true
			}
		}
		return len(found) == 0 && o.text(x, "")
	case list:
		return o.list(x, f.list(s))
	case dict:
		return s.pay(lookWork*len(s.Details)) && o.dict(x, s.Details)
	}
	return o.grade(x, s.priority())
}
