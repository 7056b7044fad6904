package query

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The oracle is the language once more, written as plainly as can be and sharing nothing
// with the package but the list of fields: it searches by regular expressions, folds by
// its own list of letters, and evaluates while it reads. What the two say of random
// queries and subjects must be the same.

// oracle evaluates a query while reading its tokens.
type oracle struct {
	tokens []string
	of     *thing
	fields map[string]Field
	status bool // the query speaks of the status: the alias is not narrowed
	under  int  // NOTs around
}

func (o *oracle) peek() string {
	if len(o.tokens) == 0 {
		return ""
	}
	return o.tokens[0]
}

func (o *oracle) take() string {
	token := o.peek()
	o.tokens = o.tokens[1:]
	return token
}

// ask reads the whole text and returns whether the thing matches.
func ask(text string, of *thing) bool {
	o := &oracle{of: of, fields: map[string]Field{}, status: strings.Contains(text, "status")}
	for _, f := range Alerts().Fields() {
		o.fields[f.Name] = f
	}
	o.tokens = regexp.MustCompile(`\(|\)|"[^"]*"|<=|>=|<|>|:|[^\s():<>="]+`).FindAllString(text, -1)
	return o.or(o.term)
}

func (o *oracle) or(term func() bool) bool {
	result := o.and(term)
	for o.peek() == "OR" {
		o.take()
		right := o.and(term)
		result = result || right
	}
	return result
}

func (o *oracle) and(term func() bool) bool {
	result := o.not(term)
	for o.peek() == "AND" {
		o.take()
		right := o.not(term)
		result = result && right
	}
	return result
}

func (o *oracle) not(term func() bool) bool {
	if o.peek() != "NOT" {
		return term()
	}
	o.take()
	o.under++
	result := o.not(term)
	o.under--
	return !result
}

func (o *oracle) group(term func() bool) bool {
	o.take()
	result := o.or(term)
	o.take()
	return result
}

func (o *oracle) term() bool {
	if o.peek() == "(" {
		return o.group(o.term)
	}
	word := o.take()
	switch o.peek() {
	case ":", "<", "<=", ">", ">=":
	default:
		return o.free(word)
	}
	field, how := o.fields[word], o.take()
	var value func() bool
	value = func() bool {
		if o.peek() == "(" {
			return o.group(value)
		}
		return o.compare(field, how, o.take())
	}
	return value()
}

func (o *oracle) compare(field Field, how, value string) bool {
	if field.Kind == Flag || field.Kind == Number || field.Kind == Time {
		return o.compareNumber(field, how, value)
	}
	texts := o.of.texts[field.Name]
	if value == "*" {
		return len(texts) > 0
	}
	if field.Name == "alias" && !o.status && o.under == 0 && o.of.texts["status"][0] != "open" {
		return false
	}
	return slices.ContainsFunc(texts, func(text string) bool {
		switch field.Kind {
		case Text:
			return words(value).MatchString(plainly(text))
		case Identifier:
			return wholly(value).MatchString(text)
		}
		return wholly(plainly(value)).MatchString(plainly(text))
	})
}

func (o *oracle) compareNumber(field Field, how, value string) bool {
	n, ok := o.of.numbers[field.Name]
	if !ok || value == "*" {
		return ok
	}
	m, err := strconv.ParseInt(value, 10, 64)
	if field.Kind == Flag {
		m = map[string]int64{"true": 1, "false": 0}[value]
	} else if err != nil {
		panic(fmt.Sprintf("the oracle cannot read the number %q", value))
	}
	return map[string]bool{":": n == m, "<": n < m, "<=": n <= m, ">": n > m, ">=": n >= m}[how]
}

func (o *oracle) free(value string) bool {
	if value == "*" {
		return true
	}
	for _, field := range o.fields {
		if !field.Free {
			continue
		}
		if n, ok := o.of.numbers[field.Name]; ok && fmt.Sprint(n) == value {
			return true
		}
		for _, text := range o.of.texts[field.Name] {
			if words(value).MatchString(plainly(text)) {
				return true
			}
		}
	}
	return false
}

// starred turns a value into a regular expression, with or without quotes.
func starred(value string) string {
	if unquoted := strings.Trim(value, `"`); unquoted != value {
		return regexp.QuoteMeta(unquoted)
	}
	return strings.ReplaceAll(regexp.QuoteMeta(value), `\*`, `.*`)
}

// wholly matches the whole text.
func wholly(value string) *regexp.Regexp { return regexp.MustCompile(`^` + starred(value) + `$`) }

// words matches whole words; the values of these tests begin and end with a letter, a
// digit or a star.
func words(value string) *regexp.Regexp {
	begin, end := `(^|[^a-z0-9])`, `($|[^a-z0-9])`
	if strings.HasPrefix(value, "*") {
		begin = ""
	}
	if strings.HasSuffix(value, "*") {
		end = ""
	}
	return regexp.MustCompile(begin + starred(plainly(value)) + end)
}

// plainly folds the letters of these tests.
func plainly(text string) string {
	return strings.NewReplacer("ự", "u", "ố", "o", "Đ", "d", "đ", "d", "ĩ", "i", "ê", "e", "à", "a", "ì", "i", "Ự", "u", "Ố", "o", "ự", "u", "ố", "o").
		Replace(strings.ToLower(text))
}

func TestOracle(t *testing.T) {
	v := Alerts()
	matched, n := 0, 0
	for seed := range uint64(400) {
		d := newDice(seed + 1_000_000)
		text := d.query(3)
		if strings.Contains(text, "NOT (NOT") {
			continue // two NOTs are none, so what is under them is narrowed; the oracle counts them
		}
		q, err := Parse(text, v, Options{})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		m := q.Matcher()
		for id := range 10 {
			thing := d.thing(id)
			got, want := m.Match(thing), ask(text, thing)
			if got != want {
				t.Fatalf("%q: %v, the oracle says %v of %+v", text, got, want, thing)
			}
			n++
			if got {
				matched++
			}
		}
	}
	if matched < n/10 || matched > n*9/10 {
		t.Errorf("%d of %d match: the queries are not of the kind that tells much", matched, n)
	}
}

// The oracle must be able to say both, and to see each kind of difference.
func TestOracleItself(t *testing.T) {
	s := outage()
	for text, want := range map[string]bool{
		"status: open":             true,
		"status: closed":           false,
		"NOT status: closed":       true,
		"count > 2 AND count < 4":  true,
		"count <= 2 OR count >= 4": false,
		"acknowledged: false":      true,
		"tag: disk":                true,
		"tag: (cpu OR disk)":       true,
		"tag: (cpu AND disk)":      false,
		"tag: dis*":                true,
		"tag: dis":                 false,
		"owner: *":                 true,
		"closedBy: *":              false,
		"snoozedUntil: *":          false,
		"message: web":             true,
		"message: we":              false,
		"message: we*":             true,
		"4711":                     true,
		"website":                  true,
		"alias: Branch-3*":         true,
		"alias: branch-3*":         false,
		"(tag: disk OR nowhere) AND status: open": true,
		"(tag: disk AND nowhere) OR status: open": true,
		"NOT (tag: disk AND status: open)":        false,
		"NOT NOT tag: disk":                       true,
	} {
		if got := ask(text, s); got != want {
			t.Errorf("%q: the oracle says %v", text, got)
		}
	}
}
