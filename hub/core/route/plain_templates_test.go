package route_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/route"
)

// plainLook returns what a name in a template stands for.
func plainLook(name string, s *route.Subject) (text string, there bool) {
	for _, before := range []string{"details.", "extraProperties.", "extra-properties."} {
		if strings.HasPrefix(name, before) {
			text, there = s.Details[name[len(before):]]
			return text, there
		}
	}
	sort, texts, pairs := plainField(name, "", s)
	switch sort {
	case "value":
		text, there = s.Payload[name]
		return text, there
	case "details":
		var lines []string
		for _, p := range pairs {
			lines = append(lines, p[0]+": "+p[1])
		}
		slices.SortFunc(lines, func(a, b string) int { // by the keys, of which none has a colon
			return strings.Compare(a[:strings.Index(a, ": ")], b[:strings.Index(b, ": ")])
		})
		return strings.Join(lines, "\n"), true
	}
	return strings.Join(texts, ", "), sort != ""
}

// plainFiller fills in a template by reading it once, character by character.
type plainFiller struct {
	rest    []rune
	subject *route.Subject
	names   []string // all that it read
	missing []string
}

// plainFill fills in a template. If it is malformed it stands as it is, and bad is the place,
// from 1, of the braces at which that is seen.
func plainFill(source string, most int, s *route.Subject) (filled string, missing []string, bad int) {
	f := plainFiller{subject: s}
	filled, bad = f.fill(source, most)
	return filled, f.missing, bad
}

func (f *plainFiller) fill(source string, most int) (filled string, bad int) {
	f.rest = []rune(source)
	all, placeholders := len(f.rest), 0
	for len(f.rest) > 0 {
		if !f.eat("{{") {
			filled += string(f.rest[0])
			f.rest = f.rest[1:]
			continue
		}
		at := all - len(f.rest) - 1
		text, ok := f.placeholder()
		if placeholders++; !ok || placeholders > 100 {
			f.missing = nil
			return plainCut(source, most), at
		}
		filled += text
	}
	return plainCut(filled, most), 0
}

// eat takes a text if it comes next.
func (f *plainFiller) eat(s string) bool {
	if !strings.HasPrefix(string(f.rest), s) {
		return false
	}
	f.rest = f.rest[len([]rune(s)):]
	return true
}

func (f *plainFiller) blanks() {
	for f.eat(" ") || f.eat("\t") {
	}
}

// callAhead finds ".word(".
var callAhead = regexp.MustCompile(`^\.[A-Za-z]+\(`)

func (f *plainFiller) placeholder() (string, bool) {
	name := ""
	for ; len(f.rest) > 0 && !strings.HasPrefix(string(f.rest), "}}") && !callAhead.MatchString(string(f.rest)); f.rest = f.rest[1:] {
		if r := f.rest[0]; slices.Contains([]rune(`{}()"'`), r) || r < ' ' || unicode.IsControl(r) || r == '\ufffd' {
			return "", false
		}
		name += string(f.rest[0])
	}
	if name = strings.TrimSpace(name); name == "" || len(f.rest) == 0 || len([]rune(name)) > 200 {
		return "", false
	}
	f.names = append(f.names, name)
	text, there := plainLook(name, f.subject)
	for calls := 0; ; calls++ {
		f.blanks()
		if f.eat("}}") {
			break
		}
		function := ""
		if !f.eat(".") || calls == 10 {
			return "", false
		}
		for ; len(f.rest) > 0 && f.rest[0] < 128 && unicode.IsLetter(f.rest[0]); f.rest = f.rest[1:] {
			function += string(f.rest[0])
		}
		arguments, ok := f.arguments(function)
		if !ok {
			return "", false
		}
		text = plainCall(function, text, arguments)
		there = there || function == "orElse"
	}
	if !there && !slices.Contains(f.missing, name) {
		f.missing = append(f.missing, name)
	}
	return text, true
}

// arguments reads the arguments of a function, as texts, and says whether it takes them.
func (f *plainFiller) arguments(function string) (all []string, ok bool) {
	takes := map[string][2]int{"toLowerCase": {0, 0}, "toUpperCase": {0, 0}, "substring": {1, 2}, "substringAfter": {1, 1}, "substringBefore": {1, 1}, "substringBetween": {2, 2}, "extract": {1, 1}, "orElse": {1, 1}}
	count, known := takes[function]
	if !known || !f.eat("(") {
		return nil, false
	}
	for f.blanks(); !f.eat(")"); f.blanks() {
		if len(all) > 0 && !f.eat(",") {
			return nil, false
		}
		f.blanks()
		a, ok := f.argument(function)
		if !ok {
			return nil, false
		}
		all = append(all, a)
	}
	return all, len(all) >= count[0] && len(all) <= count[1]
}

func (f *plainFiller) argument(function string) (a string, ok bool) {
	if function == "substring" {
		for ; len(f.rest) > 0 && f.rest[0] >= '0' && f.rest[0] <= '9'; f.rest = f.rest[1:] {
			a += string(f.rest[0])
		}
		_, err := strconv.ParseInt(a, 10, 64)
		return a, err == nil
	}
	if len(f.rest) == 0 || f.rest[0] != '"' && f.rest[0] != '\'' && (f.rest[0] != '/' || function != "extract") {
		return "", false
	}
	quote := string(f.rest[0])
	for f.eat(quote); len(f.rest) > 0; {
		switch {
		case f.eat(`\` + quote):
			a += quote
		case f.eat(quote):
			_, err := regexp.Compile(a)
			return a, len([]rune(a)) <= 200 && (function != "extract" || err == nil)
		default:
			a += string(f.rest[0])
			f.rest = f.rest[1:]
		}
	}
	return "", false
}

// plainCall does what a function does.
func plainCall(function, s string, a []string) string {
	switch function {
	case "toLowerCase":
		return strings.ToLower(s)
	case "toUpperCase":
		return strings.ToUpper(s)
	case "substring":
		from, _ := strconv.Atoi(a[0])
		to := len([]rune(s))
		if len(a) == 2 {
			to, _ = strconv.Atoi(a[1])
		}
		out := ""
		for i, r := range []rune(s) {
			if i >= from && i < to {
				out += string(r)
			}
		}
		return out
	case "substringAfter":
		if n := strings.Index(s, a[0]); n >= 0 {
			return s[n+len(a[0]):]
		}
		return ""
	case "substringBefore":
		if n := strings.Index(s, a[0]); n >= 0 {
			return s[:n]
		}
		return s
	case "substringBetween":
		s = plainCall("substringAfter", s, a[:1])
		if n := strings.Index(s, a[1]); n >= 0 {
			return s[:n]
		}
		return ""
	case "extract":
		found := regexp.MustCompile(a[0]).FindStringSubmatch(s)
		switch len(found) {
		case 0:
			return ""
		case 1:
			return found[0]
		}
		return found[1]
	}
	if s == "" {
		return a[0]
	}
	return s
}

// template invents a template, which is malformed now and then.
func (r asker) template() string {
	var b strings.Builder
	for range 1 + r.IntN(3) {
		b.WriteString(r.pick("", "", "x ", "sự cố ", "}} ", "{ ", ", "))
		if r.IntN(4) == 0 {
			continue
		}
		b.WriteString("{{" + r.pick("", "", " ", "\t") + r.pick("message", "alias", "tags", "teams", "priority", "details.a", "details.none", "extraProperties.k", "extra-properties.ab", "details", "host", "none", "ê ê", "entity", "k.host") + r.pick("", "", " "))
		for range max(0, r.IntN(5)-2) {
			b.WriteString("." + r.pick("toLowerCase()", "toUpperCase( )", "substring(1)", "substring(0, 2)", "substring(2,1)", "substring(9)", `substringAfter("a")`, `substringBefore('b')`, `substringBetween("a", "b")`,
				`extract(/a(b*)/)`, `extract("a|b")`, `extract(/(a)?b/)`, `orElse("ở")`, `orElse("")`, `orElse('it\'s')`, `substringAfter(",")`) + r.pick("", " "))
		}
		b.WriteString(r.pick("}}", "}}", " }}"))
	}
	text := []rune(b.String())
	if r.IntN(3) > 0 || len(text) == 0 {
		return string(text)
	}
	at := r.IntN(len(text))
	if r.IntN(2) == 0 {
		return string(slices.Delete(text, at, at+1))
	}
	return string(slices.Insert(text, at, []rune(r.pick("{", "}", `"`, "'", "(", ")", ".", ",", `\`, "/", "\n", "9", "x", "{{", "}}", " "))...))
}

// Every template gives what a second, plain filling in of it gives, lacks the same names, and
// is refused if and only if that cannot read it, for the same place.
func TestTemplatesAsPlainlyFilledIn(t *testing.T) {
	memo := route.NewMemo()
	malformed, lacking := 0, 0
	for seed := range uint64(6000) {
		r := asker{newRandom(seed)}
		source, s := r.template(), r.subject()
		most := []int{1000, 1000, r.IntN(12)}[r.IntN(3)]
		want, missing, bad := plainFill(source, most, &s)
		got, lacked := route.Fill(source, most, &s, memo)
		if got != want {
			t.Fatalf("ogapi-8.template.field and its like: seed %d: %q of %+v gives %q, and plainly %q", seed, source, s, got, want)
		}
		equal(t, fmt.Sprintf("keng-8.template.missing: seed %d: %q", seed, source), lacked, missing)
		err := route.CheckTemplate("message", source, route.Payloads)
		if (err != nil) != (bad > 0) {
			t.Fatalf("ogapi-8.template.check: seed %d: %q: %v, and plainly it is malformed at %d", seed, source, err, bad)
		}
		if bad > 0 {
			malformed++
			mentions(t, fmt.Sprintf("ogapi-8.template.check: seed %d: %q", seed, source), err.(*core.Error).Fields["message"], fmt.Sprintf("the {{ at character %d ", bad))
		}
		if len(missing) > 0 {
			lacking++
		}
	}
	if malformed < 300 || lacking < 300 {
		t.Errorf("only %d templates were malformed, and %d lacked something", malformed, lacking)
	}
}

// Templates that stand side by side are filled in each for itself, and a template about alerts
// is refused for its names alone, by all of which it is told what to write.
func TestTemplatesSideBySide(t *testing.T) {
	for seed := range uint64(2000) {
		r := asker{newRandom(seed)}
		a, b, s := r.template(), r.template(), r.subject()
		if route.CheckTemplate("x", a, route.Payloads) != nil || route.CheckTemplate("x", b, route.Payloads) != nil || strings.HasSuffix(a, "{") {
			continue
		}
		first, _ := route.Fill(a, 5000, &s, nil)
		second, _ := route.Fill(b, 5000, &s, nil)
		if both, _ := route.Fill(a+b, 10_000, &s, nil); both != first+second {
			t.Fatalf("ogapi-8.template.text: seed %d: %q and %q give %q and %q, but together %q", seed, a, b, first, second, both)
		}
		for most := range utf8.RuneCountInString(first) + 2 {
			if got, _ := route.Fill(a, most, &s, nil); got != plainCut(first, most) {
				t.Fatalf("keng-8.template.cut: seed %d: %q cut to %d: %q", seed, a, most, got)
			}
		}
		read := plainFiller{subject: &s}
		read.fill(a, 5000)
		strange := slices.ContainsFunc(read.names, func(name string) bool {
			sort, _, _ := plainField(name, "", &route.Subject{})
			return sort == "" && !strings.HasPrefix(name, "details.") && !strings.HasPrefix(name, "extraProperties.") && !strings.HasPrefix(name, "extra-properties.")
		})
		if err := route.CheckTemplate("x", a, route.Alerts); (err != nil) != strange {
			t.Fatalf("ogapi-8.template.names: seed %d: %q: %v", seed, a, err)
		}
	}
}
