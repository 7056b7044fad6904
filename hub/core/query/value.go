package query

import (
	"fmt"
	"strconv"
	"strings"
)

// numberMax bounds the numbers of a query: one more or less than them is a number, too.
const numberMax = 1_000_000_000_000_000_000

// compare makes the node of "field how value", whose value began at a byte and has just
// been read.
func (p *parser) compare(field *Field, how op, value pattern, from int) (node, error) {
	to := from + len(strings.TrimSpace(p.text[from:p.at]))
	if value.anything() {
		if how != is {
			return nil, p.fail(from, to, "a number or a time is expected; only a colon can be followed by a star")
		}
		return p.counted(&term{field: field, op: has}, from)
	}
	if field.Kind > Identifier && !value.plain() {
		return nil, p.fail(from, to, fmt.Sprintf("%s takes no wildcard but a star alone", field.Name))
	}
	t := &term{field: field, op: how}
	var err *Error
	switch field.Kind {
	case Choice:
		t.value, err = p.choice(field.Choices, value, from, to)
	case Flag:
		if value, err = p.choice([]string{"false", "true"}, value, from, to); err == nil && value.text() == "true" {
			t.number = 1
		}
	case Number:
		t.number, err = p.number(value, from, to)
	case Time:
		return p.time(field, how, value, from, to)
	default:
		value.prepare(field.Kind == Identifier)
		if t.value = value; value.empty() {
			err = p.fail(from, to, "there is nothing in it to look for")
		}
	}
	if err != nil {
		return nil, err
	}
	return p.counted(t, from)
}

// choice reads one of some words, in any case.
func (p *parser) choice(choices []string, value pattern, from, to int) (pattern, *Error) {
	for _, choice := range choices {
		if strings.EqualFold(choice, value.text()) {
			chosen := pattern{pieces: []string{choice}}
			chosen.prepare(true)
			return chosen, nil
		}
	}
	err := p.fail(from, to, "expected is "+oneOf(choices))
	err.Instead = nearest(value.text(), choices)
	return pattern{}, err
}

// number reads a whole number.
func (p *parser) number(value pattern, from, to int) (int64, *Error) {
	n, err := strconv.ParseInt(value.text(), 10, 64)
	if err != nil || n > numberMax || n < -numberMax {
		return 0, p.fail(from, to, "a whole number is expected")
	}
	return n, nil
}

// oneOf lists words for a person: "a, b or c".
func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
