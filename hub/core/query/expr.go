package query

import (
	"math"
	"reflect"
	"slices"
)

// node is a part of a query: all, and, or, not or *term. The functions below keep
// nodes in canonical form: no and or or within its like, none with fewer than two
// parts, none with the same part twice, no not of a not.
type node interface{}

type (
	all struct{}          // everything matches
	and []node            // every part must match
	or  []node            // one part must match
	not struct{ of node } // what is within must not match
)

// op is how a term compares.
type op uint8

const (
	is op = iota
	less
	atMost
	greater
	atLeast
	has // there is a value, any
)

// String returns the operator as it is printed.
func (o op) String() string { return [...]string{":", "<", "<=", ">", ">=", ": *"}[o] }

// term is one comparison.
type term struct {
	field  *Field // nil: free text
	op     op
	value  pattern // of the kinds that are texts
	number int64   // of the numeric kinds: 0 and 1 for a flag, Unix milliseconds for a time
}

// allOf joins parts by AND.
func allOf(parts ...node) node {
	var flat and
	for _, part := range parts {
		switch part := part.(type) {
		case all:
		case and:
			flat = addNew(flat, part...)
		default:
			flat = addNew(flat, part)
		}
	}
	switch len(flat) {
	case 0:
		return all{}
	case 1:
		return flat[0]
	}
	return flat
}

// anyOf joins parts, at least one, by OR.
func anyOf(parts ...node) node {
	var flat or
	for _, part := range parts {
		if inner, ok := part.(or); ok {
			flat = addNew(flat, inner...)
		} else {
			flat = addNew(flat, part)
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return flat
}

// noneOf negates.
func noneOf(part node) node {
	if inner, ok := part.(not); ok {
		return inner.of
	}
	return not{part}
}

func addNew(list []node, parts ...node) []node {
next:
	for _, part := range parts {
		for _, known := range list {
			if same(known, part) {
				continue next
			}
		}
		list = append(list, part)
	}
	return list
}

// same reports whether two nodes are equal. Most that are not differ in their kind or
// their field, which is cheap to see.
func same(a, b node) bool {
	s, isTerm := a.(*term)
	t, areTerms := b.(*term)
	if isTerm != areTerms {
		return false
	}
	if isTerm {
		return s.field == t.field && s.op == t.op && s.number == t.number && slices.Equal(s.value.pieces, t.value.pieces)
	}
	return reflect.DeepEqual(a, b)
}

// interval returns the numbers from ≤ n < to that a numeric term accepts. A bound that it
// does not have is math.MinInt64 or math.MaxInt64, and then that number is in it, too.
func (t *term) interval() (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	switch t.op {
	case is:
		return t.number, t.number + 1
	case less:
		to = t.number
	case atMost:
		to = t.number + 1 // see numberMax: it does not overflow
	case greater:
		from = t.number + 1
	case atLeast:
		from = t.number
	}
	return from, to
}
