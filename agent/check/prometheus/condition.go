package prometheus

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// conditionMax bounds the text of a condition, in bytes.
const conditionMax = 2048

// matchersMax bounds the matchers of a condition.
const matchersMax = 32

// Condition is a selector of series and a comparison of their values. It is
// immutable and safe for concurrent use.
type Condition struct {
	metric   string
	matchers []matcher
	operator string
	bound    float64
}

// matcher holds one label against a value. A label that a series has not is empty.
type matcher struct {
	label    string
	operator string
	value    string
	pattern  *regexp.Regexp // of =~ and !~, anchored at both ends
}

// SyntaxError says where a condition cannot be understood.
type SyntaxError struct {
	Text    string // the condition
	Offset  int    // of the byte where it goes wrong
	Problem string // what is wanted there, in English
}

// Error shows the place by the text from there on.
func (e *SyntaxError) Error() string {
	rest := e.Text[e.Offset:]
	if rest == "" {
		return fmt.Sprintf("at the end of %q: %s", e.Text, e.Problem)
	}
	const shown = 24
	if runes := []rune(rest); len(runes) > shown {
		rest = string(runes[:shown]) + "…"
	}
	return fmt.Sprintf("at character %d, before %q: %s", len([]rune(e.Text[:e.Offset]))+1, rest, e.Problem)
}

// ParseCondition reads a condition:
//
//	condition = metric [ "{" [ matcher { "," matcher } [ "," ] ] "}" ] comparison number
//	matcher   = label ( "=" | "!=" | "=~" | "!~" ) string
//	comparison = "<" | "<=" | ">" | ">=" | "==" | "!="
//
// Names and strings are those of Prometheus; a regular expression (RE2) must match
// the whole value. The error is a [*SyntaxError].
func ParseCondition(text string) (*Condition, error) {
	s := &scanner{text: text}
	condition, problem := s.condition()
	if problem != "" {
		return nil, &SyntaxError{Text: text, Offset: s.at, Problem: problem}
	}
	return condition, nil
}

// String prints the condition so that ParseCondition reads it back.
func (c *Condition) String() string {
	return c.selector() + " " + c.operator + " " + number(c.bound)
}

// selector prints the left side.
func (c *Condition) selector() string {
	if len(c.matchers) == 0 {
		return c.metric
	}
	parts := make([]string, len(c.matchers))
	for i, m := range c.matchers {
		parts[i] = m.label + m.operator + strconv.Quote(m.value)
	}
	return c.metric + "{" + strings.Join(parts, ",") + "}"
}

// matches reports whether the selector selects the sample.
func (c *Condition) matches(s sample) bool {
	if s.metric != c.metric {
		return false
	}
	for _, m := range c.matchers {
		if !m.accepts(s.get(m.label)) {
			return false
		}
	}
	return true
}

// accepts reports whether a label's value satisfies the matcher.
func (m matcher) accepts(value string) bool {
	switch m.operator {
	case "=":
		return value == m.value
	case "!=":
		return value != m.value
	case "=~":
		return m.pattern.MatchString(value)
	default:
		return !m.pattern.MatchString(value)
	}
}

// holds reports whether the comparison is true of the value. As in PromQL it is
// false of NaN, but for "!=".
func (c *Condition) holds(value float64) bool {
	switch c.operator {
	case "<":
		return value < c.bound
	case "<=":
		return value <= c.bound
	case ">":
		return value > c.bound
	case ">=":
		return value >= c.bound
	case "==":
		return value == c.bound
	default:
		return value != c.bound
	}
}
