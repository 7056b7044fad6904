package route

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"testing"
)

// What a memo keeps is compiled once, and it keeps 5,000 of each sort: with the next it begins
// anew. keng-6.cond.memo
func TestMemoKeepsWhatItMay(t *testing.T) {
	m := NewMemo()
	for n := range 5000 {
		m.pattern(fmt.Sprint(n))
		m.template(fmt.Sprint(n))
	}
	first, template := m.pattern("0"), m.template("0")
	if len(m.patterns) != 5000 || len(m.templates) != 5000 || m.pattern("0") != first || m.template("0") != template {
		t.Errorf("keeps %d patterns and %d templates", len(m.patterns), len(m.templates))
	}
	if m.pattern("x"); len(m.patterns) != 1 || len(m.templates) != 5000 {
		t.Errorf("full, and then %d patterns, %d templates", len(m.patterns), len(m.templates))
	}
	if m.template("x"); len(m.templates) != 1 {
		t.Errorf("full, and then %d templates", len(m.templates))
	}
	// That something is malformed is kept, too.
	if m.pattern("(") != nil || m.template("{{") != nil || len(m.patterns) != 2 || len(m.templates) != 2 {
		t.Errorf("of what is malformed it keeps %v, %v", m.patterns, m.templates)
	}
	var none *Memo
	if none.pattern("(") != nil || none.template("{{") != nil || none.pattern("a").String() != `\A(?:a)\z` || len(none.template("a{{b}}").parts) != 2 {
		t.Error("without a memo it is otherwise")
	}
}

// The cost of a pattern grows with what it is compiled to, and 2,000 is the most.
// keng-6.cond.regexp-cost
func TestCostOfPatterns(t *testing.T) {
	for pattern, want := range map[string]int{
		"": 1, "a": 1, "abc": 2, "abcd": 3, "[a-z]": 2, "[a-cx-z]": 3, "a*": 2, "(a)": 2, "ab|xyz": 1 + 2 + 2,
		"a{5}": 10, "a{0}": 2, "a{0,1}": 2, "a{3,}": 6, "a{2,7}": 14, "(a{2}){3}": 18, "a{1000}": 2000, "(ab){500}": 2000,
		"((a{10}){10}){10}": 2001, "(a{999}){1}": 2000, "a{500}b{500}": 2001, "a{500}b{499}": 1999,
	} {
		parsed, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if got := cost(parsed); got != want {
			t.Errorf("%s costs %d, want %d", pattern, got, want)
		}
		if _, err := compile(pattern, true); (err != nil) != (want > 2000) {
			t.Errorf("%s, which costs %d: %v", pattern, want, err)
		}
	}
	if _, err := compile("a{400}b{400}c{400}d{1000}", false); err == nil || !strings.Contains(err.Error(), "repeats too much") {
		t.Errorf("one that goes on when it is too much already: %v", err)
	}
}
