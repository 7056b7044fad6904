package query

import (
	"bytes"
	"strconv"
)

// Subject is something that a query can match. It is asked for fields by their printed
// names.
type Subject interface {
	// Texts appends the values of a Text, Name, Identifier or Choice field to values,
	// in any order; none if the subject has none. An empty text is no value.
	Texts(field string, values []string) []string
	// Number returns the value of a Number, of a Time in Unix milliseconds, or of a
	// Flag, 1 for true and 0 for false; ok is false if the subject has none.
	Number(field string) (n int64, ok bool)
}

// Matcher checks subjects, one after another. It keeps its buffers, so it allocates
// almost nothing, and is not for several goroutines at once.
type Matcher struct {
	query  *Query
	values []string
	folded []byte
}

// Matcher returns a new matcher.
func (q *Query) Matcher() *Matcher { return &Matcher{query: q} }

// Match reports whether the subject is looked for. For many, use one [Query.Matcher].
func (q *Query) Match(s Subject) bool { return q.Matcher().Match(s) }

// Match reports whether the subject is looked for.
func (m *Matcher) Match(s Subject) bool { return m.match(m.query.root, s) }

func (m *Matcher) match(n node, s Subject) bool {
	switch n := n.(type) {
	case and:
		for _, part := range n {
			if !m.match(part, s) {
				return false
			}
		}
	case or:
		for _, part := range n {
			if m.match(part, s) {
				return true
			}
		}
		return false
	case not:
		return !m.match(n.of, s)
	case *term:
		return m.term(n, s)
	}
	return true
}

func (m *Matcher) term(t *term, s Subject) bool {
	switch {
	case t.field == nil:
		return m.free(t, s)
	case t.field.Kind.numeric():
		n, ok := s.Number(t.field.Name)
		return ok && t.accepts(n)
	}
	m.values = s.Texts(t.field.Name, m.values[:0])
	for _, value := range m.values {
		if value != "" && m.text(t, value) {
			return true
		}
	}
	return false
}

// accepts compares a number.
func (t *term) accepts(n int64) bool {
	switch t.op {
	case is:
		return n == t.number
	case less:
		return n < t.number
	case atMost:
		return n <= t.number
	case greater:
		return n > t.number
	case atLeast:
		return n >= t.number
	}
	return true // has
}

// text compares one value of a field.
func (m *Matcher) text(t *term, value string) bool {
	if t.op == has {
		return true
	}
	switch t.field.Kind {
	case Choice:
		return value == t.value.pieces[0]
	case Identifier:
		m.folded = append(m.folded[:0], value...)
		return t.value.whole(m.folded)
	case Name:
		m.folded = appendFold(m.folded[:0], value)
		return t.value.whole(m.folded)
	}
	m.folded = appendFold(m.folded[:0], value)
	return t.value.within(m.folded)
}

// free looks for a text in every field that free text is looked for in: as words,
// whatever the kind of field, and in a number as the whole number, also as people write and
// the activity log says short numbers: "#12".
func (m *Matcher) free(t *term, s Subject) bool {
	for _, f := range m.query.vocabulary.free {
		if f.Kind.numeric() {
			if n, ok := s.Number(f.Name); ok && t.value.plain() {
				m.folded = strconv.AppendInt(m.folded[:0], n, 10)
				if bytes.Equal(m.folded, bytes.TrimPrefix(t.value.look[0], []byte("#"))) {
					return true
				}
			}
			continue
		}
		m.values = s.Texts(f.Name, m.values[:0])
		for _, value := range m.values {
			m.folded = appendFold(m.folded[:0], value)
			if t.value.within(m.folded) {
				return true
			}
		}
	}
	return false
}
