package query

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// parser reads a query from its beginning to its end. How a word is read depends on
// where it stands (a value may hold a colon, a field's name may not), so there is no
// list of tokens: each function reads what it expects.
type parser struct {
	text       string
	at         int // the byte to be read next
	vocabulary *Vocabulary
	options    Options
	terms      int
	nesting    int
}

// fail makes the error at the bytes [from, to).
func (p *parser) fail(from, to int, why string) *Error {
	return &Error{At: runes(p.text[:from]), Token: p.text[from:to], Why: why}
}

// failHere makes the error at what stands next.
func (p *parser) failHere(why string) *Error { return p.fail(p.at, p.tokenEnd(), why) }

// query reads everything.
func (p *parser) query() (node, error) {
	if !utf8.ValidString(p.text) {
		at := strings.IndexFunc(strings.ToValidUTF8(p.text, "\uFFFD"), func(r rune) bool { return r == utf8.RuneError })
		return nil, &Error{At: runes(p.text[:at]), Token: "\uFFFD", Why: "a query must be UTF-8"}
	}
	if n := runes(p.text); n > RunesMax {
		return nil, &Error{At: RunesMax, Token: string([]rune(p.text)[RunesMax:]), Why: fmt.Sprintf("a query may have at most %d characters, this one has %d", RunesMax, n)}
	}
	p.space()
	if p.end() {
		return all{}, nil
	}
	n, err := p.or(p.not)
	if err != nil {
		return nil, err
	}
	if !p.end() {
		return nil, p.failHere("there is no opening parenthesis for it") // all else begins a term
	}
	return n, nil
}

// or reads operands joined by OR, each of which may be several joined by AND.
func (p *parser) or(operand func() (node, error)) (node, error) {
	var parts []node
	for {
		part, err := p.and(operand)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		if !p.word("OR") {
			return anyOf(parts...), nil
		}
	}
}

// and reads operands joined by AND or, outside of lists, side by side.
func (p *parser) and(operand func() (node, error)) (node, error) {
	var parts []node
	for {
		part, err := operand()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		if !p.word("AND") && (p.end() || p.next(')') || p.isWord("OR")) {
			return allOf(parts...), nil
		}
	}
}

// not reads a term with any NOTs before it.
func (p *parser) not() (node, error) { return p.negated(p.not, p.term) }

// negated reads NOT and what again reads, or else what operand reads.
func (p *parser) negated(again, operand func() (node, error)) (node, error) {
	from := p.at
	if !p.word("NOT") {
		return operand()
	}
	if err := p.deeper(from); err != nil {
		return nil, err
	}
	n, err := again()
	p.nesting--
	if err != nil {
		return nil, err
	}
	return noneOf(n), nil
}

// deeper counts one level of nesting more, that begins at a byte.
func (p *parser) deeper(from int) error {
	if p.nesting++; p.nesting > NestingMax {
		return p.fail(from, p.at, fmt.Sprintf("parentheses and NOTs may be nested at most %d deep", NestingMax))
	}
	return nil
}

// group reads what stands in parentheses.
func (p *parser) group(inside func() (node, error)) (node, error) {
	from := p.at
	p.at++
	if err := p.deeper(from); err != nil {
		return nil, err
	}
	p.space()
	n, err := p.or(inside)
	if err != nil {
		return nil, err
	}
	if !p.next(')') {
		return nil, p.failHere("a closing parenthesis is expected for the one at character " + fmt.Sprint(runes(p.text[:from])+1))
	}
	p.at++
	p.nesting--
	p.space()
	return n, nil
}

// term reads a group, a comparison or a free text.
func (p *parser) term() (node, error) {
	if p.next('(') {
		return p.group(p.not)
	}
	if err := p.operandHere(); err != nil {
		return nil, err
	}
	from := p.at
	if name, ok := p.fieldName(); ok {
		return p.comparison(name, from)
	}
	value, err := p.value(freeEnds)
	if err != nil {
		return nil, err
	}
	if p.operator() != "" {
		return nil, p.failHere(`the name of a field is expected before it; a text with such a character stands in double quotes`)
	}
	if field := p.vocabulary.find(strings.TrimSpace(p.text[from:p.at])); field != nil && slices.ContainsFunc(foreignWords, p.isWord) {
		return nil, p.failHere(fmt.Sprintf("behind the name of a field a colon is expected: %s: value, or %[1]s: (value OR value)", field.Name))
	}
	return p.freeText(value, from)
}

// freeText makes the term of a text without a field.
func (p *parser) freeText(value pattern, from int) (node, error) {
	if value.anything() {
		return all{}, nil
	}
	value.prepare(false)
	if value.empty() {
		return nil, p.fail(from, p.tokenFrom(from), "there is nothing in it to look for")
	}
	return p.counted(&term{value: value}, from)
}

// counted returns a term unless it is one too many.
func (p *parser) counted(t *term, from int) (node, error) {
	if p.terms++; p.terms > TermsMax {
		return nil, p.fail(from, p.tokenFrom(from), fmt.Sprintf("a query may have at most %d terms", TermsMax))
	}
	return t, nil
}

// comparison reads the operator and the value, or list of values, of a field.
func (p *parser) comparison(name string, from int) (node, error) {
	field := p.vocabulary.find(name)
	if field == nil {
		err := p.fail(from, from+len(name), "there is no such field")
		if plain, negated := strings.CutSuffix(name, "!"); negated && p.vocabulary.find(plain) != nil {
			err.Why = fmt.Sprintf("what is not to be is written with NOT before the field: NOT %s: value", plain)
			return nil, err
		}
		if err.Instead = p.vocabulary.nearestField(name); err.Instead == "" {
			err.Why += "; a text with a colon in it stands in double quotes"
		}
		return nil, err
	}
	at := p.at
	sign := p.operator()
	p.at += len(sign)
	how := operatorOf(sign)
	if how != is && !field.Kind.ordered() {
		return nil, p.fail(at, p.at, fmt.Sprintf("%s is neither a number nor a time: only %q can follow it", field.Name, ":"))
	}
	p.space()
	one := func() (node, error) { return p.operand(field, how) }
	if !p.next('(') {
		return one()
	}
	if how != is {
		return nil, p.failHere("one value is expected: only a colon can be followed by a list")
	}
	return p.list(one)
}

// list reads (a OR b) after a field. Side by side means AND elsewhere and OR in other
// languages, so here one of the words must be written.
func (p *parser) list(one func() (node, error)) (node, error) {
	var item, alone func() (node, error)
	alone = func() (node, error) {
		if p.next('(') {
			return p.group(item)
		}
		return one()
	}
	item = func() (node, error) {
		n, err := p.negated(item, alone)
		if err == nil && !p.end() && !p.next(')') && !p.isWord("OR") && !p.isWord("AND") {
			return nil, p.failHere("OR or AND is expected between the values of a list; a value with a space stands in double quotes")
		}
		return n, err
	}
	return p.group(item)
}

// operand reads one value of a field.
func (p *parser) operand(field *Field, how op) (node, error) {
	if err := p.operandHere(); err != nil {
		return nil, err
	}
	from := p.at
	value, err := p.value(valueEnds)
	if err != nil {
		return nil, err
	}
	if field.Kind == Name && p.text[from] != '"' && strings.Contains(p.text[from:p.at], ",") {
		return nil, p.fail(from, p.tokenFrom(from), fmt.Sprintf("several values are written %s: (a OR b); one with a comma in it stands in double quotes", field.Name))
	}
	return p.compare(field, how, value, from)
}

// operandHere says what is wrong if no term or value can begin here.
func (p *parser) operandHere() error {
	switch {
	case p.end():
		return p.failHere("a value or a term is expected")
	case p.isWord("AND"), p.isWord("OR"), p.isWord("NOT"):
		return p.failHere("a value or a term is expected before it; to look for the word itself, put it in double quotes")
	case p.next(')'):
		return p.failHere("a value or a term is expected before it")
	}
	return p.foreign()
}

// foreign says what is wrong if an operator of other query languages stands next.
func (p *parser) foreign() error {
	if why := foreign(p.text[p.at:p.wordEnd(p.at, valueEnds)]); why != "" {
		return p.failHere(why)
	}
	return nil
}

// foreign returns what is to be written instead of a word that is not in quotes, if it is or begins with
// an operator of other query languages, else "". To look for it as it stands would find nothing, or what was not meant.
func foreign(word string) string {
	const itself = "; to look for the character itself, put it in double quotes"
	first, _ := utf8.DecodeRuneInString(word)
	switch {
	case first == '!':
		return "what is not to be is written with NOT before the field: NOT status: closed" + itself
	case strings.ContainsRune("“”„‟«»", first):
		return `a phrase stands in plain double quotes: "no space left"`
	case word != "" && strings.Trim(word, "&|+~") == "":
		return "terms are joined by AND and OR, and a field is asked for with a colon: message: disk" + itself
	}
	return ""
}

// foreignWords are operators of other query languages that stand between a field and its value.
var foreignWords = []string{"contains", "equals", "like", "matches", "in"}

func operatorOf(sign string) op {
	switch sign {
	case "<":
		return less
	case "<=":
		return atMost
	case ">":
		return greater
	case ">=":
		return atLeast
	}
	return is
}
