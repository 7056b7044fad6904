package query

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is a value with its wildcards: the pieces between the stars, so one piece if
// there is no star, and "disk*" is "disk" and "". A piece in the middle is never empty.
type pattern struct {
	pieces []string // as they were written
	look   [][]byte // as they are compared: folded, but for an [Identifier]
}

// plain reports whether there is no wildcard.
func (p *pattern) plain() bool { return len(p.pieces) == 1 }

// anything reports whether the pattern is a lone star.
func (p *pattern) anything() bool {
	return len(p.pieces) == 2 && p.pieces[0] == "" && p.pieces[1] == ""
}

// prefix returns what a value must begin with, if that is all that is asked of it.
func (p *pattern) prefix() (begin string, ok bool) {
	if len(p.pieces) != 2 || p.pieces[1] != "" || len(p.look[0]) == 0 {
		return "", false
	}
	return string(p.look[0]), true
}

// text returns the value without its wildcards.
func (p *pattern) text() string { return strings.Join(p.pieces, "*") }

// prepare sets how the pieces are compared.
func (p *pattern) prepare(exactly bool) {
	p.look = make([][]byte, len(p.pieces))
	for i, piece := range p.pieces {
		if !exactly {
			piece = Fold(piece)
		}
		p.look[i] = []byte(piece)
	}
}

// empty reports whether nothing is left of the pieces to look for.
func (p *pattern) empty() bool {
	return !slices.ContainsFunc(p.look, func(piece []byte) bool { return len(piece) > 0 })
}

// whole reports whether the pattern is the whole text. Taking each piece where it stands
// first leaves the most room for the next, so there is no going back: the time is
// linear in the text for each piece.
func (p *pattern) whole(text []byte) bool {
	if p.plain() {
		return bytes.Equal(p.look[0], text)
	}
	text, ok := bytes.CutPrefix(text, p.look[0])
	if !ok {
		return false
	}
	last := len(p.look) - 1
	for _, piece := range p.look[1:last] {
		at := bytes.Index(text, piece)
		if at < 0 {
			return false
		}
		text = text[at+len(piece):]
	}
	return bytes.HasSuffix(text, p.look[last])
}

// within reports whether the pattern stands in the text as whole words: not within a
// word, unless a star is at that end. A star stands for any characters, spaces too.
func (p *pattern) within(text []byte) bool {
	last := len(p.look) - 1
	from := 0
	for i, piece := range p.look {
		if len(piece) == 0 {
			continue // a star at an end
		}
		at := from
		for {
			n := bytes.Index(text[at:], piece)
			if n < 0 {
				return false
			}
			at += n
			if (i > 0 || edge(text, at)) && (i < last || edge(text, at+len(piece))) {
				break
			}
			_, size := utf8.DecodeRune(text[at:])
			at += size
		}
		from = at + len(piece)
	}
	return true
}

// edge reports whether no word goes on across a place in a text. At the ends of the text
// the decoder gives U+FFFD, which is in no word.
func edge(text []byte, at int) bool {
	before, _ := utf8.DecodeLastRune(text[:at])
	behind, _ := utf8.DecodeRune(text[at:])
	return !inWord(before) || !inWord(behind)
}

// inWord reports whether a character is part of a word. Scripts that put no space
// between words have no words here: what is looked for may stand anywhere.
func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'
	}
	if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}
