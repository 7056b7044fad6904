package route

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of templates. Filling one in takes a time bounded by these and by the limits of
// an alert: there are no loops, and what is filled in is not itself looked through for
// placeholders.
const (
	TemplateMax     = 15_000 // characters
	placeholdersMax = 100    // of a template
	callsMax        = 10     // of a placeholder
	argumentMax     = 200    // characters of a text handed to a function
	filledMax       = 64_000 // bytes of what one placeholder stands for
)

// CheckTemplate says what is wrong with a template, which stands in a field of the API.
//
// A template is a text with placeholders in double braces: "{{message}} on
// {{details.host}}". In the braces stands the name of a field of the alert ("message",
// "alias", "description", "source", "entity", "priority", "tags", "actions", "teams",
// "recipients", "responders", "eventType"), of one of its details ("details.host", also
// "extraProperties.host"), or, in [Payloads], any name that the tool gives to a field. Blanks
// around it do not count. Functions may follow: "{{subject.substringAfter("Host ")}}"; see
// [functions]. Lists are filled in with commas between their items, where tags are wanted as
// so many tags.
//
// A field that is empty, or that is missing, gives nothing: placeholders are never left
// standing, since an alias "{{host}}" would make one alert of all hosts' alerts. Whoever fills
// in a template is told which names were missing. What is too long is cut.
func CheckTemplate(field, source string, scope Scope) error {
	wrong := faults{}
	wrong.template(field, source, scope)
	return wrong.err()
}

// template complains about a template that is not properly formed, or names what there is not.
func (f faults) template(field, source string, scope Scope) {
	f.length(field, source, TemplateMax)
	t, err := parseTemplate(source)
	if err != nil {
		f.add(field, err.Error())
		return
	}
	for i := range t.parts {
		name := t.parts[i].name
		if _, is := detail(name); name == "" || is || scope == Payloads || fieldNamed(name) != nil {
			continue
		}
		f.add(field, fmt.Sprintf("{{%s}} stands for nothing: write details.%s, or one of %s", name, name, fieldNames()))
	}
}

// template is a parsed template.
type template struct {
	parts []part
}

// part is a text as it stands or, if it has a name, a placeholder.
type part struct {
	literal string
	name    string
	calls   []call
}

// call is a function with its arguments.
type call struct {
	function  *function
	arguments []argument
}

// parseTemplate parses a template. Errors tell the place, counted in characters from 1.
func parseTemplate(source string) (*template, error) {
	t := &template{}
	placeholders := 0
	for at := 0; ; {
		open := strings.Index(source[at:], "{{")
		if open < 0 {
			t.literal(source[at:])
			return t, nil
		}
		t.literal(source[at : at+open])
		p := parser{source: source, at: at + open + len("{{")}
		placeholder, err := p.placeholder()
		if err == nil && placeholders == placeholdersMax {
			err = fmt.Errorf("is one placeholder too many: at most %d are allowed", placeholdersMax)
		}
		if err != nil {
			place := utf8.RuneCountInString(source[:at+open]) + 1
			return nil, fmt.Errorf("the {{ at character %d %w", place, err)
		}
		placeholders++
		t.parts = append(t.parts, placeholder)
		at = p.at
	}
}

func (t *template) literal(s string) {
	if s != "" {
		t.parts = append(t.parts, part{literal: s})
	}
}

// parser reads one placeholder.
type parser struct {
	source string
	at     int // byte offset of what was not yet read
}

// placeholder reads what stands between the braces, and the closing ones.
func (p *parser) placeholder() (part, error) {
	name, err := p.name()
	if err != nil {
		return part{}, err
	}
	found := part{name: name}
	for {
		p.blanks()
		switch {
		case p.take("}}"):
			return found, nil
		case !p.take("."):
			return part{}, fmt.Errorf("has %q after %s: close it with }}, or go on with a function, such as .toUpperCase()", p.next(), name)
		}
		c, err := p.call()
		if err != nil {
			return part{}, err
		}
		if len(found.calls) == callsMax {
			return part{}, fmt.Errorf("has one function too many: at most %d are allowed", callsMax)
		}
		found.calls = append(found.calls, c)
	}
}

// name reads a name, which goes to the closing braces or the first function.
func (p *parser) name() (string, error) {
	begin := p.at
	for p.at < len(p.source) {
		rest := p.source[p.at:]
		if strings.HasPrefix(rest, "}}") || startsCall(rest) {
			break
		}
		r, size := utf8.DecodeRuneInString(rest)
		if strings.ContainsRune(`{}"'()`, r) || unicode.IsControl(r) || r == utf8.RuneError {
			return "", fmt.Errorf("is followed by %q, of which no name is made: write {{message}}, {{details.host}} or {{subject.substringAfter(\"Host\")}}", r)
		}
		p.at += size
	}
	name := strings.TrimSpace(p.source[begin:p.at])
	switch {
	case p.at == len(p.source):
		return "", errors.New("is not closed: write }} behind the name")
	case name == "":
		return "", errors.New("has no name behind it: write one, as {{message}}")
	case utf8.RuneCountInString(name) > KeyMax:
		return "", fmt.Errorf("has a name of more than %d characters behind it", KeyMax)
	}
	return name, nil
}

// startsCall reports whether a text begins with a dot, a word and a parenthesis.
func startsCall(s string) bool {
	if !strings.HasPrefix(s, ".") {
		return false
	}
	word := strings.TrimLeftFunc(s[1:], isLetter)
	return len(word) < len(s)-1 && strings.HasPrefix(word, "(")
}

func isLetter(r rune) bool { return r < utf8.RuneSelf && unicode.IsLetter(r) }

// call reads a function's name and its arguments.
func (p *parser) call() (call, error) {
	begin := p.at
	for p.at < len(p.source) && isLetter(rune(p.source[p.at])) {
		p.at++
	}
	name := p.source[begin:p.at]
	f := functionNamed(name)
	if f == nil {
		return call{}, fmt.Errorf("calls %q, which is no function: use one of %s", name, functionNames())
	}
	if !p.take("(") {
		return call{}, fmt.Errorf("calls %s without parentheses: write .%s", name, f.usage)
	}
	c := call{function: f}
	for p.blanks(); !p.take(")"); p.blanks() {
		if len(c.arguments) > 0 && !p.take(",") {
			return call{}, fmt.Errorf("calls %s with something that does not end: write .%s", name, f.usage)
		}
		a, err := p.argument(f)
		if err != nil {
			return call{}, err
		}
		c.arguments = append(c.arguments, a)
		if len(c.arguments) > f.most {
			break
		}
	}
	if n := len(c.arguments); n < f.least || n > f.most {
		return call{}, fmt.Errorf("calls %s with the wrong number of arguments: write .%s", name, f.usage)
	}
	return c, nil
}

// argument reads a number, a text in quotes or a regular expression in slashes, whichever
// the function takes.
func (p *parser) argument(f *function) (a argument, err error) {
	p.blanks()
	if f.takes == takesNumbers {
		begin := p.at
		for p.at < len(p.source) && p.source[p.at] >= '0' && p.source[p.at] <= '9' {
			p.at++
		}
		if a.number, err = strconv.Atoi(p.source[begin:p.at]); err != nil {
			return a, fmt.Errorf("calls %s with what is no whole number: write .%s", f.name, f.usage)
		}
		return a, nil
	}
	quote := p.next()
	if quote != `"` && quote != "'" && (quote != "/" || f.takes != takesPattern) {
		return a, fmt.Errorf("calls %s with what is not in quotes: write .%s", f.name, f.usage)
	}
	p.at++
	if a.text, err = p.quoted(quote[0]); err != nil {
		return a, fmt.Errorf("calls %s with a text that %w", f.name, err)
	}
	if f.takes == takesPattern {
		if a.pattern, err = compile(a.text, false); err != nil {
			return a, fmt.Errorf("calls %s with what %w", f.name, err)
		}
	}
	return a, nil
}

// quoted reads to the closing quote. A backslash makes the quote that follows it a part of
// the text; before anything else it stands for itself.
func (p *parser) quoted(quote byte) (string, error) {
	var b strings.Builder
	for ; p.at < len(p.source); p.at++ {
		c := p.source[p.at]
		if c == '\\' && p.at+1 < len(p.source) && p.source[p.at+1] == quote {
			p.at++
			b.WriteByte(quote)
			continue
		}
		if c == quote {
			p.at++
			if utf8.RuneCountInString(b.String()) > argumentMax {
				return "", fmt.Errorf("is longer than %d characters", argumentMax)
			}
			return b.String(), nil
		}
		b.WriteByte(c)
	}
	return "", fmt.Errorf("is not closed: write %c behind it", quote)
}

func (p *parser) blanks() {
	for p.at < len(p.source) && (p.source[p.at] == ' ' || p.source[p.at] == '\t') {
		p.at++
	}
}

func (p *parser) take(s string) bool {
	if !strings.HasPrefix(p.source[p.at:], s) {
		return false
	}
	p.at += len(s)
	return true
}

// next returns the character that comes next, "" at the end.
func (p *parser) next() string {
	_, size := utf8.DecodeRuneInString(p.source[p.at:])
	return p.source[p.at : p.at+size]
}
