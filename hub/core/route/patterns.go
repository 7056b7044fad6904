package route

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// The bounds of a regular expression. Its language is RE2's, in which matching takes a time
// that grows with the text and the size of the expression, never more.
const (
	PatternMax = 1000 // characters
	// patternCost bounds the size of what a pattern is compiled to, before it is: "a{1000}"
	// is short, but costs a thousand.
	patternCost = 2000
)

// pattern is a compiled regular expression, and about how many instructions it has.
type pattern struct {
	*regexp.Regexp
	cost int
}

// compile compiles a pattern. Anchored is for one that is about the whole of a text.
func compile(source string, anchored bool) (*pattern, error) {
	if n := utf8.RuneCountInString(source); n > PatternMax {
		return nil, fmt.Errorf("is a regular expression of %d characters: write one of at most %d", n, PatternMax)
	}
	parsed, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, notRE2(err)
	}
	size := cost(parsed)
	if size > patternCost {
		return nil, errors.New("is a regular expression that repeats too much: write smaller numbers of repetitions")
	}
	if anchored {
		source = `\A(?:` + source + `)\z`
	}
	re, err := regexp.Compile(source)
	if err != nil { // as of one that ends within a \Q, which cannot be anchored
		return nil, notRE2(err)
	}
	return &pattern{re, size}, nil
}

func notRE2(err error) error {
	return fmt.Errorf("is not a regular expression that can be used (%w): write it in RE2's language, which has no look-around and no back-references", err)
}

// cost is about how many instructions an expression is compiled to, never beyond a bit more
// than [patternCost].
func cost(re *syntax.Regexp) int {
	sum := 1 + len(re.Rune)/2
	for _, sub := range re.Sub {
		if sum += cost(sub); sum > patternCost {
			return sum
		}
	}
	if re.Op == syntax.OpRepeat {
		sum *= max(re.Min, re.Max, 1)
	}
	return min(sum, patternCost+1)
}

// Memo keeps what was compiled of regular expressions and templates, so that rules which
// are evaluated again and again are compiled once. It changes no decision: with a nil Memo
// everything is compiled each time. It is bounded, and not safe for concurrent use.
type Memo struct {
	patterns  map[string]*pattern
	templates map[string]*template
}

// memoMax bounds what a Memo keeps of each sort. When it is full it begins anew: more rules
// than that are compiled oftener, nothing else.
const memoMax = 5000

// NewMemo returns an empty memo.
func NewMemo() *Memo {
	return &Memo{patterns: map[string]*pattern{}, templates: map[string]*template{}}
}

// pattern returns the pattern, to match whole texts with; nil if it cannot be compiled.
func (m *Memo) pattern(p string) *pattern {
	if m == nil {
		re, _ := compile(p, true)
		return re
	}
	re, ok := m.patterns[p]
	if !ok {
		re, _ = compile(p, true)
		if len(m.patterns) >= memoMax {
			clear(m.patterns)
		}
		m.patterns[p] = re
	}
	return re
}

// template returns a template; nil if it is not properly formed.
func (m *Memo) template(source string) *template {
	if m == nil {
		t, _ := parseTemplate(source)
		return t
	}
	t, ok := m.templates[source]
	if !ok {
		t, _ = parseTemplate(source)
		if len(m.templates) >= memoMax {
			clear(m.templates)
		}
		m.templates[source] = t
	}
	return t
}
