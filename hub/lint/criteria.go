package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/core/route"
)

// everything reports whether criteria are met by all there is.
func everything(c *route.Criteria) bool {
	return c.Join == route.All || c.Join == route.AllConditions && len(c.Conditions) == 0
}

// contradiction says why criteria are met by nothing, for certain; the zero value: they may be met.
func contradiction(c *route.Criteria, scope route.Scope) Text {
	switch {
	case everything(c):
		return Text{}
	case len(c.Conditions) == 0:
		return Text{"it wants one of its conditions to be met, and has none", "cần một điều kiện được thỏa, mà không có điều kiện nào"}
	}
	possible := 0
	for i := range c.Conditions {
		x := &c.Conditions[i]
		if broken(x, scope) {
			if c.Join == route.AllConditions {
				return say("the condition %s cannot be evaluated", "không thể xét điều kiện %s", x)
			}
			continue
		}
		possible++
	}
	if possible == 0 {
		return Text{"none of its conditions can be evaluated", "không điều kiện nào xét được"}
	}
	if c.Join != route.AllConditions {
		return Text{}
	}
	for i := range c.Conditions {
		for j := range c.Conditions[:i] {
			if x, y := &c.Conditions[j], &c.Conditions[i]; x.Field == y.Field && x.Key == y.Key && (excludes(x, y) || excludes(y, x)) {
				return say("%s and %s are never both so", "%s và %s không bao giờ cùng đúng", x, y)
			}
		}
	}
	return noPriority(c)
}

// broken reports whether a condition cannot be evaluated, and so is met by nothing.
func broken(x *route.Condition, scope route.Scope) bool {
	alone := route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{*x}}
	return alone.Check(scope) != nil
}

// excludes reports whether a condition, if it is met, excludes that another one of the same field is.
func excludes(x, y *route.Condition) bool {
	same := *x
	same.Not, same.Order = y.Not, y.Order
	if same == *y && x.Not != y.Not {
		return true
	}
	if !oneText(x) || x.Not {
		return false
	}
	switch x.Operation {
	case "equals":
		return !metBy(y, x.Value)
	case "is-empty":
		return !metBy(y, "")
	case "starts-with":
		return !y.Not && y.Operation == "starts-with" && !strings.HasPrefix(x.Value, y.Value) && !strings.HasPrefix(y.Value, x.Value)
	case "ends-with":
		return !y.Not && y.Operation == "ends-with" && !strings.HasSuffix(x.Value, y.Value) && !strings.HasSuffix(y.Value, x.Value)
	case "greater-than":
		return !y.Not && y.Operation == "less-than" && number(x.Value) >= number(y.Value)
	}
	return false
}

// oneText reports whether a condition is about a field that is one text: not about lists, of which
// one item may be this and another that, nor about priorities.
func oneText(x *route.Condition) bool {
	return !slices.Contains([]string{"tags", "actions", "recipients", "responders", "teams", "priority"}, x.Field) && (x.Key != "" || x.Field != "details" && x.Field != "extra-properties")
}

// metBy reports whether a condition is met if its field is that text.
func metBy(x *route.Condition, text string) bool {
	s := route.Subject{
		Message: text, Alias: text, Description: text, Source: text, Entity: text, EventType: text,
		Details: map[string]string{x.Key: text}, Payload: map[string]string{x.Field: text},
	}
	return x.MetBy(&s, nil)
}

func number(text string) float64 {
	n, _ := strconv.ParseFloat(strings.TrimSpace(text), 64) // a condition without one is broken
	return n
}

// noPriority says of conditions of which all must be met that they leave no priority.
func noPriority(c *route.Criteria) Text {
	var about []string
	left := []core.Priority{core.P1, core.P2, core.P3, core.P4, core.P5}
	for i := range c.Conditions {
		if x := &c.Conditions[i]; x.Field == "priority" {
			about = append(about, x.String())
			left = slices.DeleteFunc(left, func(p core.Priority) bool { return !x.MetBy(&route.Subject{Priority: p}, nil) })
		}
	}
	if len(left) > 0 {
		return Text{}
	}
	both := strings.Join(about, ", ")
	return say("no priority is left by %s", "không mức ưu tiên nào thỏa %s", both)
}

// line is a rule in a row of rules of which the first that wants something gets it.
type line struct {
	criteria    *route.Criteria
	restriction *rota.Restriction
	zone        string
	graver      core.Priority // it wants only what is at least so grave; zero: all
	passes      bool          // it lets those behind it have what it wants
}

// queue finds out which rules in a row are never asked.
type queue struct {
	all  int // the place, from 1, of the first rule that wants everything; 0: there is none
	seen map[string]int
}

// behind takes the next rule, with its place from 1, and returns the place of a rule before it that
// takes all that it wants; 0: there is none.
func (q *queue) behind(l line, place int) int {
	if q.all > 0 {
		return q.all
	}
	key := l.key()
	if first, is := q.seen[key]; is {
		return first
	}
	switch {
	case l.passes:
	case everything(l.criteria) && always(l.restriction) && (l.graver == 0 || l.graver == core.P5):
		q.all = place
	default:
		if q.seen == nil {
			q.seen = map[string]int{}
		}
		q.seen[key] = place
	}
	return 0
}

// key is the same for rules that want the same.
func (l *line) key() string {
	var wants []string
	if !everything(l.criteria) {
		wants = append(wants, fmt.Sprint(l.criteria.Join))
		for i := range l.criteria.Conditions {
			wants = append(wants, strconv.Quote(l.criteria.Conditions[i].String()))
		}
		slices.Sort(wants[1:])
	}
	zone, hours := "", any(nil)
	if l.restriction != nil {
		zone, hours = l.zone, *l.restriction
	}
	return fmt.Sprintf("%s %q %v %d", wants, zone, hours, l.graver)
}
