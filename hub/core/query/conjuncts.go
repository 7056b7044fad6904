package query

import (
	"bytes"
	"slices"
)

// conjuncts returns parts of which each must match if n is to match, and together they
// say the same. They are as positive as they can be: indexes serve what is, not what is
// not.
func conjuncts(n node) []node {
	switch n := n.(type) {
	case all:
		return nil
	case and:
		var parts []node
		for _, part := range n {
			parts = append(parts, conjuncts(part)...)
		}
		return parts
	case *term:
		if n.op == has && n.field.Always {
			return nil
		}
	case not:
		return negated(n)
	}
	return []node{n}
}

// negated returns the conjuncts of a NOT: none of several is not the one and not the
// other.
func negated(n not) []node {
	if branches, ok := n.of.(or); ok {
		var parts []node
		for _, branch := range branches {
			parts = append(parts, conjuncts(noneOf(branch))...)
		}
		return parts
	}
	if t, ok := n.of.(*term); ok && t.field != nil && t.field.Always {
		if other, ok := t.opposite(); ok {
			return []node{other}
		}
	}
	return []node{n}
}

// opposite returns the term that matches where t does not, of a field that every subject
// has one value of: "status: open" for "status: closed", "count <= 3" for "count > 3".
func (t *term) opposite() (other *term, ok bool) {
	other = &term{field: t.field, op: is}
	switch {
	case t.op == less:
		other.op, other.number = atLeast, t.number
	case t.op == atMost:
		other.op, other.number = greater, t.number
	case t.op == greater:
		other.op, other.number = atMost, t.number
	case t.op == atLeast:
		other.op, other.number = less, t.number
	case t.op == is && t.field.Kind == Flag:
		other.number = 1 - t.number
	case t.op == is && t.field.Kind == Choice && len(t.field.Choices) == 2:
		at := slices.Index(t.field.Choices, t.value.pieces[0])
		other.value = pattern{pieces: []string{t.field.Choices[1-at]}}
		other.value.prepare(true)
	default:
		return nil, false
	}
	return other, true
}

// contradictory reports whether the parts cannot match together, as far as that is plain:
// one asks for nothing at all, or two for different values of a field that has but one.
func contradictory(parts []node) bool {
	for i, part := range parts {
		if n, ok := part.(not); ok && n.of == node(all{}) {
			return true
		}
		t, ok := part.(*term)
		if !ok || !t.exact() || t.field.Many {
			continue
		}
		for _, other := range parts[:i] {
			if u, ok := other.(*term); ok && u.field == t.field && u.exact() && !sameValue(u, t) {
				return true
			}
		}
	}
	return false
}

// sameValue reports whether two terms that are exact ask for the same value of a field.
func sameValue(a, b *term) bool {
	if a.field.Kind.numeric() {
		return a.number == b.number
	}
	return bytes.Equal(a.value.look[0], b.value.look[0])
}

// exact reports whether the term asks for one value of a field, of those that can be a
// key (see [Column]).
func (t *term) exact() bool {
	return t.field != nil && t.op == is && t.field.Kind != Text && (t.field.Kind.numeric() || t.value.plain())
}
