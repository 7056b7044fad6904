package api

import (
	"errors"
	"strings"
	"time"
	"unicode"

	"keng/hub/core"
	"keng/hub/core/rota"
	routing "keng/hub/core/route"
)

// Criteria and time restrictions: for which alerts, and when, a rule is.

// joins are the words for how conditions combine.
var joins = map[string]routing.Join{"": routing.All, "match-all": routing.All, "match-any-condition": routing.AnyCondition, "match-all-conditions": routing.AllConditions}

// saidCriteria returns conditions, wherever a client has put them: under criteria, as routing
// and notification rules have them, under filter, as policies and the actions of integrations
// have them, or beside a conditionMatchType. Whatever is wrong with them is told by where they
// stand.
func (o object) saidCriteria(scope routing.Scope) *routing.Criteria {
	for _, key := range []string{"criteria", "filter"} {
		if child, ok := o.child(key); ok {
			if child.has("conditionMatchType") {
				return child.criteria("conditionMatchType", scope)
			}
			return child.criteria("type", scope)
		}
	}
	if o.has("conditionMatchType") || o.has("conditions") {
		return o.criteria("conditionMatchType", scope)
	}
	return nil
}

// criteria returns the conditions that stand in an object itself, beside the key that says how
// they combine. Without that they would be passed over, and a rule that is meant for little
// would be for everything: so it must be there.
func (o object) criteria(key string, scope routing.Scope) *routing.Criteria {
	var c routing.Criteria
	for _, x := range o.objects("conditions") {
		c.Conditions = append(c.Conditions, x.condition())
	}
	word, known := kebab(o.text(key)), false
	if c.Join, known = joins[word]; !known || word == "" && len(c.Conditions) > 0 {
		o.complain(key, "must be match-all, match-any-condition or match-all-conditions")
	}
	if e, ok := errors.AsType[*core.Error](c.Check(scope)); ok {
		for field, why := range e.Fields {
			if o.wrong[o.at+field] == "" { // what has no right type is told as that
				o.complain(field, why)
			}
		}
	}
	return &c
}

// extraPrefix is before the key of one of the details where Terraform asks for it: it has no
// key besides.
const extraPrefix = "extra_properties_key_prefix-"

// condition returns a condition.
func (o object) condition() routing.Condition {
	c := routing.Condition{Field: o.text("field"), Key: o.text("key"), Operation: kebab(o.text("operation")), Value: o.text("expectedValue"), Order: o.number("order", 0)}
	if key, ok := strings.CutPrefix(c.Field, extraPrefix); ok {
		c.Field, c.Key = "extra-properties", key
	}
	if not := o.saidTruth("not"); not != nil {
		c.Not = *not
	}
	return c
}

// kebab returns a word in the spelling of the API, "starts-with", for one that is spelt as
// "startsWith", "STARTS_WITH" or "Starts With".
func kebab(word string) string {
	var b strings.Builder
	low := false // the letter before was a small one
	for _, r := range word {
		switch {
		case r == '_' || r == ' ':
			r = '-'
		case low && unicode.IsUpper(r):
			b.WriteByte('-')
		}
		low = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// criteria are conditions as replies tell them.
type criteria struct {
	Type       string      `json:"type"`
	Conditions []condition `json:"conditions,omitempty"`
}

type condition struct {
	Field         string `json:"field"`
	Key           string `json:"key,omitempty"`
	Not           bool   `json:"not"`
	Operation     string `json:"operation"`
	ExpectedValue string `json:"expectedValue,omitempty"`
	Order         int    `json:"order"`
}

func criteriaOf(c *routing.Criteria) criteria {
	out := criteria{Type: "match-all"}
	for word, join := range joins {
		if join == c.Join && join != routing.All {
			out.Type = word
		}
	}
	for _, x := range c.Conditions {
		out.Conditions = append(out.Conditions, condition{x.Field, x.Key, x.Not, x.Operation, x.Value, x.Order})
	}
	return out
}

// restriction is a time restriction as replies tell it.
type restriction struct {
	Type         string   `json:"type"`
	Restriction  *window  `json:"restriction,omitempty"`
	Restrictions []window `json:"restrictions,omitempty"`
	Days         string   `json:"days,omitempty"` // told only where holidays decide
}

type window struct {
	StartDay  string `json:"startDay,omitempty"`
	StartHour int    `json:"startHour"`
	StartMin  int    `json:"startMin"`
	EndDay    string `json:"endDay,omitempty"`
	EndHour   int    `json:"endHour"`
	EndMin    int    `json:"endMin"`
}

func restrictionOf(r *rota.Restriction) *restriction {
	if r == nil {
		return nil
	}
	out := &restriction{Type: "weekday-and-time-of-day", Days: dayWords[r.Days]}
	for _, w := range r.Windows {
		tell := window{StartHour: w.StartMinute / 60, StartMin: w.StartMinute % 60, EndHour: w.EndMinute / 60, EndMin: w.EndMinute % 60}
		if r.Daily {
			return &restriction{Type: "time-of-day", Restriction: &tell, Days: out.Days}
		}
		tell.StartDay, tell.EndDay = strings.ToLower(w.StartDay.String()), strings.ToLower(w.EndDay.String())
		out.Restrictions = append(out.Restrictions, tell)
	}
	return out
}

// saidRestriction returns a time restriction. The Go client sends an empty one of the
// kind that is not meant beside the other.
func (o object) saidRestriction(key string) *rota.Restriction {
	child, ok := o.child(key)
	if !ok {
		return nil
	}
	r := &rota.Restriction{}
	switch child.text("type") {
	case "time-of-day":
		r.Daily = true
		if w, ok := child.child("restriction"); ok {
			r.Windows = []rota.Window{w.window(true)}
		}
	case "weekday-and-time-of-day":
		for _, w := range child.objects("restrictions") {
			r.Windows = append(r.Windows, w.window(false))
		}
	case "": // an empty one: the Go client cannot leave it out
		if len(child.objects("restrictions")) == 0 {
			return nil
		}
		child.complain("type", "must be time-of-day or weekday-and-time-of-day")
	default:
		child.complain("type", "must be time-of-day or weekday-and-time-of-day")
	}
	return r
}

// window reads a window of a time restriction.
func (o object) window(daily bool) rota.Window {
	clock := func(hour, minute string) int {
		h, m := o.number(hour, 0), o.number(minute, 0)
		if h < 0 || h > 24 || m < 0 || m > 59 {
			o.complain(hour, "must be an hour from 0 to 24 with a minute from 0 to 59")
			return 0
		}
		return h*60 + m
	}
	w := rota.Window{StartMinute: clock("startHour", "startMin"), EndMinute: clock("endHour", "endMin")}
	if !daily {
		w.StartDay, w.EndDay = o.weekday("startDay"), o.weekday("endDay")
	}
	return w
}

func (o object) weekday(key string) time.Weekday {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), o.text(key)) {
			return d
		}
	}
	o.complain(key, "must be a day from monday to sunday")
	return 0
}
