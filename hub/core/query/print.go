package query

import (
	"strconv"
	"strings"
	"unicode"
)

// String returns the query in canonical form: parsing it gives the same query, and two
// texts that differ only in their spelling have the same form. Times are Unix
// milliseconds, lists are written out, and what a field is within is said. The query
// that matches everything is "".
//
// It may be longer than a query is allowed to be.
func (q *Query) String() string {
	if q.Everything() {
		return ""
	}
	return string(appendNode(nil, q.root, loose))
}

// binding is how tightly a part is held by what is around it.
type binding uint8

const (
	loose   binding = iota // by nothing
	byOr                   // an operand of OR
	byAnd                  // an operand of AND
	tightly                // under a NOT
)

func appendNode(b []byte, n node, held binding) []byte {
	switch n := n.(type) {
	case and:
		return appendJoined(b, n, " AND ", byAnd, held >= byAnd)
	case or:
		return appendJoined(b, n, " OR ", byOr, held >= byOr)
	case not:
		return appendNode(append(b, "NOT "...), n.of, tightly)
	case *term:
		return n.append(b)
	}
	return append(b, '*')
}

func appendJoined(b []byte, parts []node, word string, hold binding, parentheses bool) []byte {
	if parentheses {
		b = append(b, '(')
	}
	for i, part := range parts {
		if i > 0 {
			b = append(b, word...)
		}
		b = appendNode(b, part, hold)
	}
	if parentheses {
		b = append(b, ')')
	}
	return b
}

// append appends "field: value" or "field < value".
func (t *term) append(b []byte) []byte {
	if t.field == nil {
		return t.value.append(b)
	}
	b = append(b, t.field.Name...)
	switch t.op {
	case has:
		return append(b, t.op.String()...)
	case is:
	default:
		b = append(b, ' ')
	}
	b = append(append(b, t.op.String()...), ' ')
	switch {
	case t.field.Kind == Flag:
		return strconv.AppendBool(b, t.number == 1)
	case t.field.Kind.numeric():
		return strconv.AppendInt(b, t.number, 10)
	}
	return t.value.append(b)
}

// append appends the pieces, with stars between them.
func (p *pattern) append(b []byte) []byte {
	for i, piece := range p.pieces {
		if i > 0 {
			b = append(b, '*')
		}
		if piece != "" {
			b = appendPiece(b, piece)
		}
	}
	return b
}

// appendPiece appends a piece, in double quotes if it could be read otherwise without.
func appendPiece(b []byte, piece string) []byte {
	special := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`"()*:=<>\,`, r) }
	if strings.IndexFunc(piece, special) < 0 && !isOperatorWord(piece) && foreign(piece) == "" {
		return append(b, piece...)
	}
	b = append(b, '"')
	for i := range len(piece) {
		if c := piece[i]; c == '"' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, piece[i])
	}
	return append(b, '"')
}

func isOperatorWord(piece string) bool {
	return strings.EqualFold(piece, "AND") || strings.EqualFold(piece, "OR") || strings.EqualFold(piece, "NOT")
}
