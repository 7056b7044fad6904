package query

import (
	"time"
	"unicode/utf8"
)

// The limits of a query.
const (
	RunesMax   = 1000 // of the whole query
	TermsMax   = 100  // comparisons and free texts in it, those in lists too
	NestingMax = 32   // parentheses and NOTs around a term
)

// Options are what a query may refer to beside the subjects.
type Options struct {
	// Now allows times relative to it, such as now-2h. Zero: there are none.
	Now time.Time
	// Zone is by whose clocks times without an offset are read. Nil: UTC.
	Zone *time.Location
}

// Query is what is looked for. It is immutable and may be used by several goroutines.
type Query struct {
	root       node
	vocabulary *Vocabulary
}

// Parse reads a query in the terms of a vocabulary. An empty query matches everything.
// The error is an [*Error].
func Parse(text string, v *Vocabulary, o Options) (*Query, error) {
	p := &parser{text: text, vocabulary: v, options: o}
	root, err := p.query()
	if err != nil {
		return nil, err
	}
	return &Query{v.narrow(root), v}, nil
}

// And returns the query for what both queries match, each as it was read by itself: what a field is within
// (see [Field.Within]) is not asked anew. It panics if they were read with different [Vocabulary] values.
func (q *Query) And(other *Query) *Query {
	if q.vocabulary != other.vocabulary {
		panic("query: two queries to be joined must be read with one vocabulary")
	}
	return &Query{allOf(q.root, other.root), q.vocabulary}
}

// Everything reports whether the query matches every subject.
func (q *Query) Everything() bool { return q.root == node(all{}) }

// narrow adds to terms what their fields are within (see [Field.Within]), unless the
// query speaks of that itself. What is under a NOT stays as it is: who wants no alert
// of an alias does not want the closed ones either.
func (v *Vocabulary) narrow(n node) node {
	for _, f := range v.fields {
		if within := v.within[f]; within != nil && mentions(n, f) && !mentions(n, within.field) {
			n = narrowField(n, f, within)
		}
	}
	return n
}

func narrowField(n node, f *Field, within *term) node {
	switch n := n.(type) {
	case and:
		return allOf(narrowEach(n, f, within)...)
	case or:
		return anyOf(narrowEach(n, f, within)...)
	case *term:
		if n.field == f && n.op != has {
			return allOf(n, within)
		}
	}
	return n
}

func narrowEach(parts []node, f *Field, within *term) []node {
	narrow := make([]node, len(parts))
	for i, part := range parts {
		narrow[i] = narrowField(part, f, within)
	}
	return narrow
}

// mentions reports whether a field occurs in n.
func mentions(n node, f *Field) bool {
	for t := range terms(n) {
		if t.field == f {
			return true
		}
	}
	return false
}

// terms gives the terms in n, in their order.
func terms(n node) func(yield func(*term) bool) {
	return func(yield func(*term) bool) { eachTerm(n, yield) }
}

func eachTerm(n node, yield func(*term) bool) bool {
	switch n := n.(type) {
	case and:
		return eachOf(n, yield)
	case or:
		return eachOf(n, yield)
	case not:
		return eachTerm(n.of, yield)
	case *term:
		return yield(n)
	}
	return true
}

func eachOf(parts []node, yield func(*term) bool) bool {
	for _, part := range parts {
		if !eachTerm(part, yield) {
			return false
		}
	}
	return true
}

// runes counts the characters of a text, for positions and limits.
func runes(text string) int { return utf8.RuneCountInString(text) }
