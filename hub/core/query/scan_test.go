package query

import (
	"reflect"
	"strings"
	"testing"
)

// reader returns a parser at the beginning of a text.
func reader(text string) *parser {
	return &parser{text: text, vocabulary: Alerts(), options: options()}
}

func TestValue(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string // the pieces between the stars
		rest string
	}{
		{`disk`, []string{"disk"}, ""},
		{`disk full`, []string{"disk"}, "full"},
		{"disk \t\n full", []string{"disk"}, "full"},
		{`disk)`, []string{"disk"}, ")"},
		{`disk(`, []string{"disk"}, "("},
		{`disk )`, []string{"disk"}, ")"},
		{`a:b=c<d>e`, []string{"a:b=c<d>e"}, ""},
		{`*`, []string{"", ""}, ""},
		{`**`, []string{"", ""}, ""},
		{`***`, []string{"", ""}, ""},
		{`* x`, []string{"", ""}, "x"},
		{`disk*`, []string{"disk", ""}, ""},
		{`disk**`, []string{"disk", ""}, ""},
		{`*disk`, []string{"", "disk"}, ""},
		{`**disk`, []string{"", "disk"}, ""},
		{`*disk*`, []string{"", "disk", ""}, ""},
		{`a*b`, []string{"a", "b"}, ""},
		{`a**b`, []string{"a", "b"}, ""},
		{`a*b*c x`, []string{"a", "b", "c"}, "x"},
		{`"disk full"`, []string{"disk full"}, ""},
		{`"disk full" x`, []string{"disk full"}, "x"},
		{`"disk full")`, []string{"disk full"}, ")"},
		{`"disk full"*`, []string{"disk full", ""}, ""},
		{`*"disk full"`, []string{"", "disk full"}, ""},
		{`"a b"*"c d"`, []string{"a b", "c d"}, ""},
		{`a*"b c"*d`, []string{"a", "b c", "d"}, ""},
		{`"*"`, []string{"*"}, ""},
		{`"a*b"*`, []string{"a*b", ""}, ""},
		{`"(a)"`, []string{"(a)"}, ""},
		{`"\""`, []string{`"`}, ""},
		{`"\\"`, []string{`\`}, ""},
		{`"\\\""`, []string{`\"`}, ""},
		{`"\n"`, []string{`\n`}, ""},
		{`"C:\disk\"`, nil, ""}, // the last quote is one within
		{`\`, []string{`\`}, ""},
		{`C:\disk`, []string{`C:\disk`}, ""},
		{`sự`, []string{"sự"}, ""},
		{"sự\u00a0cố", []string{"sự"}, "cố"}, // a space that does not break
		{"sự\u3000cố", []string{"sự"}, "cố"},
		{`😀`, []string{"😀"}, ""},
		{`a*b*c*d*e*f*g*h*i`, []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"}, ""},
		{`a*b*c*d*e*f*g*h*i*`, nil, ""},
		{`*a*b*c*d*e*f*g*h`, []string{"", "a", "b", "c", "d", "e", "f", "g", "h"}, ""},
		{`*a*b*c*d*e*f*g*h*`, nil, ""},
		{`a*b*c*d*e*f*g*h*i* x`, nil, ""},
		{`a"b"`, nil, ""},
		{`"a"b`, nil, ""},
		{`"a""b"`, nil, ""},
		{`""`, nil, ""},
		{`"`, nil, ""},
		{`"a`, nil, ""},
		{`"a\`, nil, ""},
		{`a*""`, nil, ""},
		{`:a`, nil, ""},
		{`=a`, nil, ""},
		{`<a`, nil, ""},
		{`>=a`, nil, ""},
	} {
		p := reader(c.text)
		got, err := p.value(valueEnds)
		if c.want == nil {
			if err == nil {
				t.Errorf("%s: read %q, want an error", c.text, got.pieces)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got.pieces, c.want) || p.text[p.at:] != c.rest {
			t.Errorf("%s: read %q, left %q, %v; want %q, %q", c.text, got.pieces, p.text[p.at:], err, c.want, c.rest)
		}
	}
}

func TestFreeTextEndsAtAnOperator(t *testing.T) {
	for _, sign := range []string{":", "=", "<", ">", "<=", ">="} {
		p := reader("disk" + sign + "x")
		got, err := p.value(freeEnds)
		if err != nil || got.text() != "disk" || p.operator() != sign {
			t.Errorf("%s: read %q before %q, %v", p.text, got.text(), p.operator(), err)
		}
	}
}

func TestFieldName(t *testing.T) {
	for _, c := range []struct {
		text, name, rest string
		ok               bool
	}{
		{"status: open", "status", ": open", true},
		{"status : open", "status", ": open", true},
		{"status \n\t=open", "status", "=open", true},
		{"count<3", "count", "<3", true},
		{"count >= 3", "count", ">= 3", true},
		{"details.key: x", "details.key", ": x", true},
		{"anything-at_all/9: x", "anything-at_all/9", ": x", true},
		{"disk", "", "disk", false},
		{"disk full", "", "disk full", false},
		{"disk (full)", "", "disk (full)", false},
		{"disk* : x", "", "disk* : x", false},
		{`"disk": x`, "", `"disk": x`, false},
		{": x", "", ": x", false},
		{"", "", "", false},
	} {
		p := reader(c.text)
		name, ok := p.fieldName()
		if name != c.name || ok != c.ok || p.text[p.at:] != c.rest {
			t.Errorf("%q: %q, %v, left %q; want %q, %v, %q", c.text, name, ok, p.text[p.at:], c.name, c.ok, c.rest)
		}
	}
}

func TestOperatorWords(t *testing.T) {
	for _, c := range []struct {
		text string
		want bool
	}{
		{"AND", true},
		{"and", true},
		{"aNd x", true},
		{"AND(x)", true},
		{"AND)", true},
		{"AND:", true},
		{`AND"x"`, true},
		{"AND*", true},
		{"AN", false},
		{"ANDx", false},
		{"AND-x", false},
		{"ANDẻ", false},
		{"xAND", false},
		{"", false},
	} {
		p := reader(c.text)
		if got := p.isWord("AND"); got != c.want || p.at != 0 {
			t.Errorf("%q: %v", c.text, got)
		}
		if got := p.word("AND"); got != c.want || got != (p.at > 0) {
			t.Errorf("%q: %v, read to %d", c.text, got, p.at)
		}
	}
}

func TestTokensInMessages(t *testing.T) {
	for text, want := range map[string]string{
		"":              "",
		"disk full":     "disk",
		"disk:full":     "disk",
		`"disk full" x`: `"disk full"`,
		`"disk full`:    `"disk full`,
		`""x`:           `""`,
		"(a":            "(",
		")":             ")",
		": x":           ":",
		"ố x":           "ố",
		"disk*full x":   "disk*full",
	} {
		p := reader(text)
		if got := text[:p.tokenEnd()]; got != want {
			t.Errorf("the token of %q is %q, want %q", text, got, want)
		}
	}
}

// TestLimits tries each limit from both sides.
//
// Rule keng-5.form.limits.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		text func(n int) string
		most int
	}{
		{"characters", func(n int) string { return strings.Repeat("ố", n) }, RunesMax},
		{"characters, the last a space", func(n int) string { return strings.Repeat("x", n-1) + " " }, RunesMax},
		{"free texts", func(n int) string { return strings.Repeat("x ", n) }, TermsMax},
		{"terms", func(n int) string { return strings.Repeat("tag:x ", n) }, TermsMax},
		{"terms, with has", func(n int) string { return strings.Repeat("tag:* ", n) }, TermsMax},
		{"values in a list", func(n int) string { return "tag: (a" + strings.Repeat(" OR a", n-1) + ")" }, TermsMax},
		{"days, two terms each", func(n int) string { return strings.Repeat("x ", n-2) + "createdAt: 2026-03-10" }, TermsMax},
		{"ends of days", func(n int) string { return strings.Repeat("x ", n-1) + "createdAt > 2026-03-10" }, TermsMax},
		{"begins of days", func(n int) string { return strings.Repeat("x ", n-1) + "createdAt < 2026-03-10" }, TermsMax},
		{"last days", func(n int) string { return strings.Repeat("x ", n-1) + "createdAt <= 2026-03-10" }, TermsMax},
		{"moments", func(n int) string { return strings.Repeat("x ", n-1) + "createdAt: 5" }, TermsMax},
		{"parentheses", func(n int) string { return strings.Repeat("(", n) + "x" + strings.Repeat(")", n) }, NestingMax},
		{"parentheses with spaces", func(n int) string { return strings.Repeat("( ", n) + "x" + strings.Repeat(" )", n) }, NestingMax},
		{"NOTs", func(n int) string { return strings.Repeat("NOT ", n) + "x" }, NestingMax},
		{"both", func(n int) string { return strings.Repeat("NOT ", n-1) + "(x)" }, NestingMax},
		{"lists", func(n int) string { return "tag: " + strings.Repeat("(", n) + "x" + strings.Repeat(")", n) }, NestingMax},
		{"NOTs in a list", func(n int) string { return "tag: (" + strings.Repeat("NOT ", n-1) + "x)" }, NestingMax},
		{"stars", func(n int) string { return strings.Repeat("x*", n) }, starsMax},
		{"stars before a space", func(n int) string { return strings.Repeat("x*", n) + "y z" }, starsMax},
		{"stars of a field", func(n int) string { return "tag: x" + strings.Repeat("*x", n) + " AND y" }, starsMax},
		{"stars in a list", func(n int) string { return "tag: (y OR " + strings.Repeat("x*", n) + ")" }, starsMax},
		{"digits of a relative time", func(n int) string { return "createdAt > now-" + strings.Repeat("1", n) + "m" }, 5},
	} {
		if _, err := Parse(c.text(c.most), Alerts(), options()); err != nil {
			t.Errorf("%d %s: %v", c.most, c.name, err)
		}
		if _, err := Parse(c.text(c.most+1), Alerts(), options()); err == nil {
			t.Errorf("%d %s are not refused", c.most+1, c.name)
		}
	}
}

// What is closed counts no more: nesting is what is around a term.
func TestNestingIsNotACount(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("(x) ", 90),
		strings.Repeat("NOT x ", 90),
		strings.Repeat("tag:(a) ", 90),
		strings.Repeat("tag:(NOT a)", 60),
	} {
		if _, err := Parse(text, Alerts(), options()); err != nil {
			t.Errorf("%.20s …: %v", text, err)
		}
	}
}
