package query

import (
	"math"
	"reflect"
	"testing"
)

// countIs returns a term "count: n", of which equal ones are equal.
func countIs(n int64) *term { return &term{field: countField, op: is, number: n} }

// countField is a field of its own, the same for all terms of these tests.
var countField = &Field{Name: "count", Kind: Number, Always: true}

func TestAllOf(t *testing.T) {
	a, b, c := countIs(1), countIs(2), countIs(3)
	for name, n := range map[string]struct{ got, want node }{
		"nothing":          {allOf(), all{}},
		"everything":       {allOf(all{}), all{}},
		"everything twice": {allOf(all{}, all{}), all{}},
		"one":              {allOf(a), a},
		"one twice":        {allOf(a, countIs(1)), a},
		"one of all":       {allOf(a, all{}), a},
		"two":              {allOf(a, b), and{a, b}},
		"in their order":   {allOf(b, a), and{b, a}},
		"flat":             {allOf(allOf(a, b), c), and{a, b, c}},
		"flat, the other":  {allOf(a, allOf(b, c)), and{a, b, c}},
		"repeats within":   {allOf(allOf(a, b), allOf(b, c)), and{a, b, c}},
		"not an or":        {allOf(a, anyOf(b, c)), and{a, or{b, c}}},
		"one or twice":     {allOf(anyOf(b, c), anyOf(b, c)), or{b, c}},
		"one or otherwise": {allOf(anyOf(b, c), anyOf(c, b)), and{or{b, c}, or{c, b}}},
		"not and not":      {allOf(not{a}, a), and{not{a}, a}},
	} {
		if !reflect.DeepEqual(n.got, n.want) {
			t.Errorf("%s: %#v, want %#v", name, n.got, n.want)
		}
	}
}

// Two queries joined are what both match, each as it was read: that one asks for the status does not widen
// what an alias is within in the other.
func TestAnd(t *testing.T) {
	v := Alerts()
	read := func(text string) *Query {
		q, err := Parse(text, v, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	for _, c := range []struct{ left, right, want string }{
		{"", "", ""},
		{"status: open", "", "status: open"},
		{"", "status: open", "status: open"},
		{"status: open", "status:open", "status: open"},
		{"tag: a OR tag: b", "tag: c", "(tag: a OR tag: b) AND tag: c"},
		{"alias: x", "status: closed", "alias: x AND status: open AND status: closed"},
	} {
		if got := read(c.left).And(read(c.right)).String(); got != c.want {
			t.Errorf("%q and %q: %q, want %q", c.left, c.right, got, c.want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("queries of two vocabularies were joined")
		}
	}()
	other, err := Parse("", Incidents(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	read("").And(other)
}

func TestAnyOf(t *testing.T) {
	a, b, c := countIs(1), countIs(2), countIs(3)
	for name, n := range map[string]struct{ got, want node }{
		"one":            {anyOf(a), a},
		"one twice":      {anyOf(a, countIs(1)), a},
		"two":            {anyOf(a, b), or{a, b}},
		"flat":           {anyOf(anyOf(a, b), c), or{a, b, c}},
		"flat, reversed": {anyOf(a, anyOf(b, c)), or{a, b, c}},
		"repeats":        {anyOf(anyOf(a, b), anyOf(b, c)), or{a, b, c}},
		"not an and":     {anyOf(a, allOf(b, c)), or{a, and{b, c}}},
		"everything":     {anyOf(a, all{}), or{a, all{}}},
	} {
		if !reflect.DeepEqual(n.got, n.want) {
			t.Errorf("%s: %#v, want %#v", name, n.got, n.want)
		}
	}
}

func TestNoneOf(t *testing.T) {
	a := countIs(1)
	if got := noneOf(a); !reflect.DeepEqual(got, not{a}) {
		t.Errorf("%#v", got)
	}
	if got := noneOf(noneOf(a)); got != node(a) {
		t.Errorf("%#v", got)
	}
	if got := noneOf(all{}); !reflect.DeepEqual(got, not{all{}}) {
		t.Errorf("%#v", got)
	}
}

func TestSame(t *testing.T) {
	other := &Field{Name: "tinyId", Kind: Number}
	text := func(pieces ...string) *term { return &term{value: *patternOf(false, pieces...)} }
	for name, c := range map[string]struct {
		a, b node
		want bool
	}{
		"equal":            {countIs(1), countIs(1), true},
		"another number":   {countIs(1), countIs(2), false},
		"another field":    {countIs(1), &term{field: other, number: 1}, false},
		"another operator": {countIs(1), &term{field: countField, op: less, number: 1}, false},
		"equal texts":      {text("a", ""), text("a", ""), true},
		"another text":     {text("a"), text("b"), false},
		"another case":     {text("a"), text("A"), false},
		"another star":     {text("a"), text("a", ""), false},
		"a term and a not": {countIs(1), not{countIs(1)}, false},
		"nots":             {not{countIs(1)}, not{countIs(1)}, true},
		"other nots":       {not{countIs(1)}, not{countIs(2)}, false},
		"ands":             {and{countIs(1), countIs(2)}, and{countIs(1), countIs(2)}, true},
		"an and and an or": {and{countIs(1), countIs(2)}, or{countIs(1), countIs(2)}, false},
		"all":              {all{}, all{}, true},
	} {
		if same(c.a, c.b) != c.want || same(c.b, c.a) != c.want {
			t.Errorf("%s: want %v", name, c.want)
		}
	}
}

func TestInterval(t *testing.T) {
	for _, c := range []struct {
		op       op
		from, to int64
	}{
		{is, 7, 8},
		{less, math.MinInt64, 7},
		{atMost, math.MinInt64, 8},
		{greater, 8, math.MaxInt64},
		{atLeast, 7, math.MaxInt64},
		{has, math.MinInt64, math.MaxInt64},
	} {
		n := &term{field: countField, op: c.op, number: 7}
		if from, to := n.interval(); from != c.from || to != c.to {
			t.Errorf("%s 7: [%d, %d), want [%d, %d)", c.op, from, to, c.from, c.to)
		}
		for v := int64(4); v < 11; v++ {
			if from, to := n.interval(); n.accepts(v) != (from <= v && v < to) {
				t.Errorf("%s 7 and %d: the interval says otherwise", c.op, v)
			}
		}
	}
}

// The greatest numbers of a query have neighbours.
func TestIntervalsDoNotOverflow(t *testing.T) {
	for _, c := range []struct {
		text     string
		from, to int64
	}{
		{"count > 1000000000000000000", numberMax + 1, math.MaxInt64},
		{"count <= 1000000000000000000", math.MinInt64, numberMax + 1},
		{"count: -1000000000000000000", -numberMax, -numberMax + 1},
		{"createdAt > 1000000000000000000", numberMax + 1, math.MaxInt64},
		{"createdAt < -1000000000000000000", math.MinInt64, -numberMax},
	} {
		q, err := Parse(c.text, Alerts(), Options{})
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if from, to := q.root.(*term).interval(); from != c.from || to != c.to {
			t.Errorf("%s: [%d, %d)", c.text, from, to)
		}
	}
}

func TestOperators(t *testing.T) {
	for sign, want := range map[string]op{":": is, "=": is, "<": less, "<=": atMost, ">": greater, ">=": atLeast} {
		if got := operatorOf(sign); got != want {
			t.Errorf("%s is %d, want %d", sign, got, want)
		}
		if sign != "=" && want.String() != sign {
			t.Errorf("%s is printed %s", sign, want)
		}
	}
}
