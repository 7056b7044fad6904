package query

import (
	"cmp"
	"slices"
	"strings"
)

// SortKey is what a subject has in the field by which a list is sorted.
type SortKey struct {
	none   bool
	number int64
	text   string
}

// Key returns by what a subject stands in a list of an order that [Vocabulary.Order] has
// read. Texts are sorted as they are searched, without case and diacritics; choices in their
// own order.
func (v *Vocabulary) Key(o Order, s Subject) SortKey {
	f := v.find(o.Field)
	if f.Kind.numeric() {
		n, ok := s.Number(f.Name)
		return SortKey{none: !ok, number: n}
	}
	values := s.Texts(f.Name, nil)
	switch {
	case len(values) == 0 || values[0] == "":
		return SortKey{none: true}
	case f.Kind == Choice:
		return SortKey{number: int64(slices.Index(f.Choices, values[0]))}
	}
	return SortKey{text: Fold(values[0])}
}

// Compare orders keys of one order, as [cmp.Compare] does. Who has nothing in the field comes
// last, whichever way the list is sorted.
func (o Order) Compare(a, b SortKey) int {
	switch {
	case a.none && b.none:
		return 0
	case a.none:
		return 1
	case b.none:
		return -1
	}
	by := cmp.Or(cmp.Compare(a.number, b.number), strings.Compare(a.text, b.text))
	if o.Descending {
		return -by
	}
	return by
}
