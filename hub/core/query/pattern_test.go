package query

import (
	"regexp"
	"strings"
	"testing"
)

// patternOf makes a pattern of pieces, as the parser does.
func patternOf(exactly bool, pieces ...string) *pattern {
	p := &pattern{pieces: pieces}
	p.prepare(exactly)
	return p
}

func TestWhole(t *testing.T) {
	for _, c := range []struct {
		pieces []string
		text   string
		want   bool
	}{
		{[]string{"ab"}, "ab", true},
		{[]string{"ab"}, "abc", false},
		{[]string{"ab"}, "a", false},
		{[]string{"ab", ""}, "ab", true},
		{[]string{"ab", ""}, "abc", true},
		{[]string{"ab", ""}, "a", false},
		{[]string{"ab", ""}, "xab", false},
		{[]string{"", "ab"}, "ab", true},
		{[]string{"", "ab"}, "xab", true},
		{[]string{"", "ab"}, "abx", false},
		{[]string{"", "ab", ""}, "xabx", true},
		{[]string{"", "ab", ""}, "ab", true},
		{[]string{"", "ab", ""}, "ba", false},
		{[]string{"a", "b"}, "ab", true},
		{[]string{"a", "b"}, "axxb", true},
		{[]string{"a", "b"}, "a", false},
		{[]string{"a", "a"}, "a", false}, // one letter is not two
		{[]string{"a", "a"}, "aa", true},
		{[]string{"ab", "ba"}, "aba", false},
		{[]string{"a", "b", "c"}, "abc", true},
		{[]string{"a", "b", "c"}, "acb", false},
		{[]string{"a", "b", "c"}, "acbc", true},
		{[]string{"a", "bc", "c"}, "abc", false},
		{[]string{"a", "bc", "c"}, "abcc", true},
		{[]string{"a", "b", "b", "c"}, "abc", false},
		{[]string{"a", "b", "b", "c"}, "abxbc", true},
		{[]string{"", ""}, "", true},
		{[]string{"", ""}, "x", true},
	} {
		if got := patternOf(true, c.pieces...).whole([]byte(c.text)); got != c.want {
			t.Errorf("%s is %q: %v", strings.Join(c.pieces, "*"), c.text, got)
		}
	}
}

func TestPrefix(t *testing.T) {
	for _, c := range []struct {
		exactly bool
		pieces  []string
		want    string
		ok      bool
	}{
		{true, []string{"Ab", ""}, "Ab", true},
		{false, []string{"Đĩa", ""}, "dia", true},
		{true, []string{"ab"}, "", false},
		{true, []string{"", "ab"}, "", false},
		{true, []string{"a", "b"}, "", false},
		{true, []string{"a", "b", ""}, "", false},
		{true, []string{"", ""}, "", false},
		{false, []string{"\u0301", ""}, "", false},
	} {
		if got, ok := patternOf(c.exactly, c.pieces...).prefix(); got != c.want || ok != c.ok {
			t.Errorf("%q: %q, %v", c.pieces, got, ok)
		}
	}
}

func TestSuccessor(t *testing.T) {
	for prefix, want := range map[string]string{"a": "b", "ab": "ac", "z": "{", "a\x7f": "a\x80", "đ": "\xc4\x92", "\U0010ffff": "\xf4\x8f\xbf\xc0"} {
		got := successor(prefix)
		if got != want {
			t.Errorf("behind all that begin with %q is %q, want %q", prefix, got, want)
		}
		if prefix >= got || prefix+"\U0010ffff\U0010ffff" >= got {
			t.Errorf("%q is not behind all that begin with %q", got, prefix)
		}
	}
}

func TestPatternIs(t *testing.T) {
	for _, c := range []struct {
		pieces                 []string
		plain, anything, empty bool
	}{
		{[]string{"a"}, true, false, false},
		{[]string{"a", ""}, false, false, false},
		{[]string{"", "a"}, false, false, false},
		{[]string{"", ""}, false, true, true},
		{[]string{"\u0301"}, true, false, true},
		{[]string{"\u0301", ""}, false, false, true},
		{[]string{"", "a", ""}, false, false, false},
	} {
		p := patternOf(false, c.pieces...)
		if p.plain() != c.plain || p.anything() != c.anything || p.empty() != c.empty {
			t.Errorf("%q: plain %v, anything %v, empty %v", c.pieces, p.plain(), p.anything(), p.empty())
		}
	}
}

// TestPatternsAreRegularExpressions holds both ways to compare against the regular
// expressions that say the same, over random patterns and texts of few letters.
//
// Rules keng-5.form.stars, ogapi-5.form.star.
func TestPatternsAreRegularExpressions(t *testing.T) {
	d := newDice(11)
	word := func(most int) string {
		var b strings.Builder
		for range d.IntN(most + 1) {
			b.WriteString(d.of("a", "b", "a", "b", " ", "-"))
		}
		return b.String()
	}
	for range 20_000 {
		pieces := []string{word(3)}
		for range d.IntN(3) {
			pieces = append(pieces, word(2)+d.of("a", "b", "-"))
		}
		if d.IntN(2) == 0 {
			pieces = append(pieces, "")
		}
		p := patternOf(true, pieces...)
		if p.empty() {
			continue
		}
		text := word(8)
		quoted := make([]string, len(pieces))
		for i, piece := range pieces {
			quoted[i] = regexp.QuoteMeta(piece)
		}
		inner := strings.Join(quoted, ".*")
		if got, want := p.whole([]byte(text)), regexp.MustCompile("^"+inner+"$").MatchString(text); got != want {
			t.Fatalf("%q is %q: %v", strings.Join(pieces, "*"), text, got)
		}
		if got, want := p.within([]byte(text)), regexp.MustCompile(atEdge(pieces[0], true)+inner+atEdge(pieces[len(pieces)-1], false)).MatchString(text); got != want {
			t.Fatalf("%q within %q: %v", strings.Join(pieces, "*"), text, got)
		}
	}
}

// atEdge returns what must stand at an end of a piece: no word that goes on.
func atEdge(piece string, begin bool) string {
	switch {
	case piece == "":
		return ""
	case begin && (piece[0] == 'a' || piece[0] == 'b'), !begin && (piece[len(piece)-1] == 'a' || piece[len(piece)-1] == 'b'):
		return `\b`
	}
	return ""
}

func TestInWord(t *testing.T) {
	for _, r := range "azAZ09đựяλ٣एא\u0902" {
		if !inWord(r) {
			t.Errorf("%c (%U) is part of words", r, r)
		}
	}
	for _, r := range "-_ /.:@`{[^/:\u00a0“停かナไລខမ😀" {
		if inWord(r) {
			t.Errorf("%c (%U) is no part of words", r, r)
		}
	}
}
