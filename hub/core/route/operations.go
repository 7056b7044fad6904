package route

import (
	"strconv"
	"strings"

	"keng/hub/core"
)

// kind is what sort of value a field has. What can be asked of a value depends on it.
type kind uint8

const (
	text  kind = iota + 1 // one text, as the message
	value                 // one text that may be a number, as a field of a payload or one of the details
	names                 // texts of which one is enough, as the names of teams; none at all is the empty text
	list                  // words that are asked for whole, as the tags
	dict                  // texts with keys, as the details
	grade                 // a priority
)

// operation is one thing that can be asked of a field. An operation fits the kinds of
// value for which it has a test. To add one, add an entry to [operations].
type operation struct {
	name string
	// wrong says what is wrong with an expected value, "" if nothing is; nil: nothing can be.
	wrong func(x expectation, k kind) string

	text   func(x expectation, s string) bool // also for value and names
	number func(x expectation, n float64) bool
	list   func(x expectation, items []string) bool
	dict   func(x expectation, m map[string]string) bool
	grade  func(x expectation, p core.Priority) bool
}

// operations are all that there are, in the order in which people are told of them. Which
// fits which kind is what Opsgenie's own client allows.
var operations = []operation{
	{
		name:  "contains",
		wrong: blank,
		text:  func(x expectation, s string) bool { return strings.Contains(s, x.value) },
		list:  func(x expectation, items []string) bool { return has(items, x.value) },
		dict:  func(x expectation, m map[string]string) bool { return hasKey(m, x.value) || hasValue(m, x.value) },
	},
	{
		name: "is-empty",
		text: func(_ expectation, s string) bool { return s == "" },
		list: func(_ expectation, items []string) bool { return len(items) == 0 },
		dict: func(_ expectation, m map[string]string) bool { return len(m) == 0 },
	},
	{
		name:  "matches", // the whole text; of a list, one item is enough
		wrong: wrongPattern,
		text:  func(x expectation, s string) bool { return x.whole(s) },
		list: func(x expectation, items []string) bool {
			for _, item := range items {
				if x.whole(item) {
					return true
				}
			}
			return false
		},
	},
	{
		name:  "equals",
		wrong: ifGrade,
		text:  func(x expectation, s string) bool { return s == x.value },
		grade: func(x expectation, p core.Priority) bool { return p == x.priority() },
	},
	{
		name:  "starts-with",
		wrong: blank,
		text:  func(x expectation, s string) bool { return strings.HasPrefix(s, x.value) },
	},
	{
		name:  "ends-with",
		wrong: blank,
		text:  func(x expectation, s string) bool { return strings.HasSuffix(s, x.value) },
	},
	{
		name: "equals-ignore-whitespace",
		text: func(x expectation, s string) bool { return squeeze(s) == squeeze(x.value) },
	},
	{
		name:  "contains-key",
		wrong: blank,
		dict:  func(x expectation, m map[string]string) bool { return hasKey(m, x.value) },
	},
	{
		name:  "contains-value",
		wrong: blank,
		dict:  func(x expectation, m map[string]string) bool { return hasValue(m, x.value) },
	},
	{
		name:   "greater-than", // of priorities the graver is the greater: P1 is greater than P2
		wrong:  ordered,
		number: func(x expectation, n float64) bool { return n > x.number() },
		grade:  func(x expectation, p core.Priority) bool { return p < x.priority() },
	},
	{
		name:   "less-than",
		wrong:  ordered,
		number: func(x expectation, n float64) bool { return n < x.number() },
		grade:  func(x expectation, p core.Priority) bool { return p > x.priority() },
	},
}

// fits reports whether the operation can be asked of a kind of value.
func (o *operation) fits(k kind) bool {
	switch k {
	case text, names:
		return o.text != nil
	case value:
		return o.text != nil || o.number != nil
	case list:
		return o.list != nil
	case dict:
		return o.dict != nil
	}
	return o.grade != nil
}

// operationNamed returns the operation of a name, nil if there is none.
func operationNamed(name string) *operation {
	for i := range operations {
		if operations[i].name == name {
			return &operations[i]
		}
	}
	return nil
}

// operationsFor names what can be asked of a kind of value.
func operationsFor(k kind) string {
	var fit []string
	for i := range operations {
		if operations[i].fits(k) {
			fit = append(fit, operations[i].name)
		}
	}
	return strings.Join(fit, ", ")
}

// expectation is the expected value of a condition, which operations compare with. Tests
// are only asked of one in which nothing is wrong.
type expectation struct {
	value string
	memo  *Memo
	about *Subject // who pays; nil where nothing is asked
}

func (x expectation) priority() core.Priority {
	p, _ := core.ParsePriority(x.value)
	return p
}

func (x expectation) number() float64 {
	n, _ := parseNumber(x.value)
	return n
}

// whole reports whether the pattern matches the whole of a text.
func (x expectation) whole(s string) bool {
	p := x.memo.pattern(x.value)
	return p != nil && x.about.pay(p.work(s)) && p.MatchString(s)
}

// blank complains about an expected text that everything would contain.
func blank(x expectation, _ kind) string {
	if x.value == "" {
		return "is empty, and everything would match: write the text to look for, or use the operation is-empty"
	}
	return ""
}

// ifGrade complains about an expected priority that is none.
func ifGrade(x expectation, k kind) string {
	if k != grade {
		return ""
	}
	if _, err := core.ParsePriority(x.value); err != nil || x.value == "" {
		return x.value + " is not a priority: write P1, P2, P3, P4 or P5"
	}
	return ""
}

// ordered complains about an expected value that nothing is greater or less than.
func ordered(x expectation, k kind) string {
	if k == grade {
		return ifGrade(x, k)
	}
	if _, ok := parseNumber(x.value); !ok {
		return x.value + " is not a number: write one such as 90 or 0.5"
	}
	return ""
}

// wrongPattern complains about a pattern that cannot be compiled.
func wrongPattern(x expectation, _ kind) string {
	if x.memo.pattern(x.value) != nil {
		return ""
	}
	_, err := compile(x.value, true)
	return err.Error()
}

// parseNumber reads a decimal number; "NaN", which is neither greater nor less than
// anything, is none.
func parseNumber(s string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return n, err == nil && n == n
}

func has(items []string, item string) bool {
	for _, x := range items {
		if x == item {
			return true
		}
	}
	return false
}

func hasKey(m map[string]string, key string) bool {
	_, ok := m[key]
	return ok
}

func hasValue(m map[string]string, value string) bool {
	for _, v := range m {
		if v == value {
			return true
		}
	}
	return false
}

// squeeze takes all white space out of a text.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }
