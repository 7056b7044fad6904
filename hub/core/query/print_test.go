package query

import (
	"reflect"
	"testing"
)

func TestAppendPiece(t *testing.T) {
	for piece, want := range map[string]string{
		"disk":      "disk",
		"web-01":    "web-01",
		"a.b_c/d@e": "a.b_c/d@e",
		"95%":       "95%",
		"sự":        "sự",
		"sự cố":     `"sự cố"`,
		"a\tb":      "\"a\tb\"",
		"a\u00a0b":  "\"a\u00a0b\"",
		" a":        `" a"`,
		"a:b":       `"a:b"`,
		"a=b":       `"a=b"`,
		"a<b":       `"a<b"`,
		"a>b":       `"a>b"`,
		"a*b":       `"a*b"`,
		"a(b":       `"a(b"`,
		"a)b":       `"a)b"`,
		`a"b`:       `"a\"b"`,
		`a\b`:       `"a\\b"`,
		`\`:         `"\\"`,
		`"`:         `"\""`,
		"AND":       `"AND"`,
		"and":       `"and"`,
		"Or":        `"Or"`,
		"NOT":       `"NOT"`,
		"ANDY":      "ANDY",
		"sand":      "sand",
		"-x":        "-x",
		"!":         `"!"`,
		"x!":        "x!",
		"+":         `"+"`,
		"+84":       "+84",
		"a&b":       "a&b",
		"“a":        `"“a"`,
	} {
		got := string(appendPiece(nil, piece))
		if got != want {
			t.Errorf("%q is printed %s, want %s", piece, got, want)
		}
		// In each place where a value can stand it is read back.
		for _, before := range []string{"", "message: ", "NOT ", "(", "tag: (x OR "} {
			after := ""
			if before != "" && before[len(before)-1] == '(' || before == "tag: (x OR " {
				after = ")"
			}
			q, err := Parse(before+got+after, Alerts(), Options{})
			if err != nil {
				t.Errorf("%s: %v", before+got+after, err)
				continue
			}
			found := false
			for term := range terms(q.root) {
				found = found || reflect.DeepEqual(term.value.pieces, []string{piece})
			}
			if !found {
				t.Errorf("%s is read as %s", before+got+after, q)
			}
		}
	}
}

// TestPrecedence prints every tree of two operators over three terms, and reads it back.
//
// Rules keng-5.form.precedence, keng-5.print.again.
func TestPrecedence(t *testing.T) {
	a, b, c := named("a"), named("b"), named("c")
	for want, n := range map[string]node{
		"tag: a AND tag: b AND tag: c":       allOf(a, b, c),
		"tag: a OR tag: b OR tag: c":         anyOf(a, b, c),
		"tag: a AND tag: b OR tag: c":        anyOf(allOf(a, b), c),
		"tag: a OR tag: b AND tag: c":        anyOf(a, allOf(b, c)),
		"(tag: a OR tag: b) AND tag: c":      allOf(anyOf(a, b), c),
		"tag: a AND (tag: b OR tag: c)":      allOf(a, anyOf(b, c)),
		"NOT tag: a":                         noneOf(a),
		"NOT tag: a AND tag: b":              allOf(noneOf(a), b),
		"NOT tag: a OR tag: b":               anyOf(noneOf(a), b),
		"tag: a AND NOT tag: b":              allOf(a, noneOf(b)),
		"tag: a OR NOT tag: b":               anyOf(a, noneOf(b)),
		"NOT (tag: a AND tag: b)":            noneOf(allOf(a, b)),
		"NOT (tag: a OR tag: b)":             noneOf(anyOf(a, b)),
		"NOT (tag: a AND tag: b) AND tag: c": allOf(noneOf(allOf(a, b)), c),
		"NOT (tag: a OR tag: b) OR tag: c":   anyOf(noneOf(anyOf(a, b)), c),
		"NOT (NOT tag: a AND tag: b)":        noneOf(allOf(noneOf(a), b)),
		"NOT *":                              noneOf(all{}),
		"* OR tag: a":                        anyOf(all{}, a),
		"tag: a AND (* OR tag: b)":           allOf(a, anyOf(all{}, b)),
		"NOT (* OR tag: a)":                  noneOf(anyOf(all{}, a)),
		"":                                   all{},
	} {
		v := Alerts()
		q := &Query{n, v}
		if got := q.String(); got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
		again, err := Parse(want, v, Options{})
		if err != nil {
			t.Errorf("%q: %v", want, err)
			continue
		}
		if got := again.String(); got != want {
			t.Errorf("%q is read as %q", want, got)
		}
	}
}

// named returns a term about a tag.
func named(tag string) *term {
	return &term{field: &Field{Name: "tag", Kind: Name, Many: true}, op: is, value: *patternOf(false, tag)}
}

func TestAppendTerm(t *testing.T) {
	number := func(k Kind, how op, n int64) *term {
		return &term{field: &Field{Name: "f", Kind: k}, op: how, number: n}
	}
	for _, c := range []struct {
		term *term
		want string
	}{
		{number(Flag, is, 1), "f: true"},
		{number(Flag, is, 0), "f: false"},
		{number(Flag, has, 0), "f: *"},
		{number(Number, is, -7), "f: -7"},
		{number(Number, less, 7), "f < 7"},
		{number(Number, atMost, 7), "f <= 7"},
		{number(Number, greater, 7), "f > 7"},
		{number(Number, atLeast, 7), "f >= 7"},
		{number(Number, has, 0), "f: *"},
		{number(Time, atLeast, 1773109800000), "f >= 1773109800000"},
		{&term{field: &Field{Name: "f", Kind: Text}, op: has}, "f: *"},
		{&term{value: *patternOf(false, "a b", "")}, `"a b"*`},
		{&term{value: *patternOf(false, "", "a", "b")}, `*a*b`},
	} {
		if got := string(c.term.append(nil)); got != c.want {
			t.Errorf("printed %q, want %q", got, c.want)
		}
	}
}
