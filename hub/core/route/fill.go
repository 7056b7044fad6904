package route

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Fill fills in a template from a subject and cuts the result to so many characters. It also
// returns the names that the subject lacked. The memo may be nil.
func Fill(source string, most int, s *Subject, m *Memo) (filled string, missing []string) {
	f := filler{subject: s, memo: m}
	return f.fill(source, most), f.missing
}

// filler fills in templates from a subject and remembers which names it lacked.
type filler struct {
	subject *Subject
	memo    *Memo
	missing []string // each once, in the order in which they were wanted
}

// fill fills in a template and cuts the result to so many characters. A text that is no
// proper template is left as it is: rules are checked before they are kept, and a strange text
// is better than none.
func (f *filler) fill(source string, most int) string {
	if !strings.Contains(source, "{{") {
		return cut(source, most)
	}
	t := f.memo.template(source)
	if t == nil {
		return cut(source, most)
	}
	if len(t.parts) == 1 { // a placeholder
		return cut(f.placeholder(&t.parts[0]), most)
	}
	var b strings.Builder
	for i := range t.parts {
		p := &t.parts[i]
		text := p.literal
		if p.name != "" {
			text = f.placeholder(p) // beyond the cut, too, to tell of all names that are missing
		}
		if b.Len() <= utf8.UTFMax*most {
			b.WriteString(text)
		}
	}
	return cut(b.String(), most)
}

// fillOr fills in a template or, without one, gives a text as it is: what a tool says is no
// template, whatever it looks like.
func (f *filler) fillOr(source, text string, most int) string {
	if source == "" {
		return cut(text, most)
	}
	return f.fill(source, most)
}

func (f *filler) placeholder(p *part) string {
	s, ok := f.subject.look(p.name)
	s = clip(s)
	for i := range p.calls {
		if !f.subject.pay(p.calls[i].work(s)) {
			break
		}
		s = clip(p.calls[i].function.apply(s, p.calls[i].arguments))
		ok = ok || p.calls[i].function.mends
	}
	if !f.subject.pay(lookWork + len(s)) {
		s, ok = "", false
	}
	if !ok && !slices.Contains(f.missing, p.name) {
		f.missing = append(f.missing, p.name)
	}
	return s
}

// work returns what it takes to call a function on a text.
func (c *call) work(s string) int {
	n := lookWork + callWork*len(s)
	for _, a := range c.arguments {
		if a.pattern != nil {
			n += a.pattern.work(s)
		}
	}
	return n
}

// whole fills in a template, and gives nothing if it lacked a name: for texts that mean
// nothing in part, as an alias.
func (f *filler) whole(source string, most int) string {
	own := filler{subject: f.subject, memo: f.memo}
	s := own.fill(source, most)
	if len(own.missing) == 0 {
		return s
	}
	for _, name := range own.missing {
		if !slices.Contains(f.missing, name) {
			f.missing = append(f.missing, name)
		}
	}
	return ""
}

// clip cuts what one placeholder stands for.
func clip(s string) string {
	if len(s) <= filledMax {
		return s
	}
	return strings.ToValidUTF8(s[:filledMax], "")
}

// cut cuts a text to so many characters, as the limits of an alert count them.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	n := 0
	for at := range s {
		if n == most {
			return s[:at]
		}
		n++
	}
	return s
}
