package query

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Characters that end a word which is not in double quotes, besides white space.
const (
	valueEnds = `"()`          // in a value, which may hold colons: a URL, a time
	freeEnds  = `"():=<>`      // in a free text
	nameEnds  = freeEnds + `*` // in the name of a field
)

// starsMax bounds the wildcards of one value.
const starsMax = 8

// space skips white space.
func (p *parser) space() {
	rest := strings.TrimLeftFunc(p.text[p.at:], unicode.IsSpace)
	p.at = len(p.text) - len(rest)
}

func (p *parser) end() bool { return p.at == len(p.text) }

// next reports whether an ASCII character stands next.
func (p *parser) next(c byte) bool { return p.at < len(p.text) && p.text[p.at] == c }

// wordEnd returns where a word that begins at from ends.
func (p *parser) wordEnd(from int, ends string) int {
	for i, r := range p.text[from:] {
		if unicode.IsSpace(r) || r < utf8.RuneSelf && strings.IndexByte(ends, byte(r)) >= 0 {
			return from + i
		}
	}
	return len(p.text)
}

// isWord reports whether a word stands next, in capitals or small letters.
func (p *parser) isWord(word string) bool {
	return len(p.text)-p.at >= len(word) && strings.EqualFold(p.text[p.at:p.at+len(word)], word) &&
		p.wordEnd(p.at, nameEnds) == p.at+len(word)
}

// word skips a word and the space behind it, if it stands next.
func (p *parser) word(word string) bool {
	if !p.isWord(word) {
		return false
	}
	p.at += len(word)
	p.space()
	return true
}

// fieldName reads a name and the space behind it, if an operator follows.
func (p *parser) fieldName() (name string, ok bool) {
	from := p.at
	p.at = p.wordEnd(from, nameEnds)
	name = p.text[from:p.at]
	p.space()
	if name == "" || p.operator() == "" {
		p.at = from
		return "", false
	}
	return name, true
}

// operator returns the operator that stands next, "" if none does.
func (p *parser) operator() string {
	for _, sign := range []string{"<=", ">=", ":", "=", "<", ">"} {
		if strings.HasPrefix(p.text[p.at:], sign) {
			return sign
		}
	}
	return ""
}

// value reads a word, a phrase or a pattern of both with stars, and the space behind.
func (p *parser) value(ends string) (pattern, error) {
	if p.operator() != "" {
		return pattern{}, p.failHere("a value is expected; one that begins with such a character stands in double quotes")
	}
	from := p.at
	pieces := []string{""}
	open := true // a text may follow: none has come since the beginning or the last star
	for !p.end() && !p.next('(') && !p.next(')') {
		at := p.at
		if p.next('*') {
			p.at++
			if len(pieces) == 1 || pieces[len(pieces)-1] != "" {
				pieces = append(pieces, "") // two stars are one
			}
			open = true
			continue
		}
		text, err := p.piece(ends)
		switch {
		case err != nil:
			return pattern{}, err
		case p.at == at:
			p.space()
			return pattern{pieces: pieces}, p.starsWithin(len(pieces)-1, from, at)
		case !open:
			return pattern{}, p.fail(at, p.at, "a space is expected before it; a text with a double quote in it stands in double quotes, with a backslash before the quote")
		}
		pieces[len(pieces)-1] = text
		open = false
	}
	err := p.starsWithin(len(pieces)-1, from, p.at)
	return pattern{pieces: pieces}, err
}

func (p *parser) starsWithin(stars, from, to int) error {
	if stars > starsMax {
		return p.fail(from, to, "at most 8 stars may stand in one value")
	}
	return nil
}

// piece reads a phrase in double quotes or what may stand without.
func (p *parser) piece(ends string) (string, error) {
	if p.next('"') {
		return p.phrase()
	}
	from := p.at
	p.at = p.wordEnd(from, ends+"*")
	return p.text[from:p.at], nil
}

// phrase reads what stands in double quotes. A backslash takes its meaning from a quote
// or a backslash behind it, and is a plain backslash elsewhere.
func (p *parser) phrase() (string, error) {
	from := p.at
	var b strings.Builder
	for p.at++; !p.end(); p.at++ {
		c := p.text[p.at]
		switch {
		case c == '"':
			p.at++
			if b.Len() == 0 {
				return "", p.fail(from, p.at, "an empty phrase finds nothing; to ask for what has no value, write NOT field: *")
			}
			return b.String(), nil
		case c == '\\' && p.at+1 < len(p.text) && (p.text[p.at+1] == '"' || p.text[p.at+1] == '\\'):
			p.at++
			c = p.text[p.at]
		}
		b.WriteByte(c)
	}
	return "", p.fail(from, len(p.text), "the closing double quote is missing")
}

// tokenEnd returns where the token that stands next ends, for messages.
func (p *parser) tokenEnd() int { return p.tokenFrom(p.at) }

// tokenFrom returns where the token that begins at from ends, for messages.
func (p *parser) tokenFrom(from int) int {
	if from == len(p.text) {
		return from
	}
	if p.text[from] == '"' {
		if n := strings.IndexByte(p.text[from+1:], '"'); n >= 0 {
			return from + n + 2
		}
		return len(p.text)
	}
	if end := p.wordEnd(from, freeEnds); end > from {
		return end
	}
	return from + 1
}
