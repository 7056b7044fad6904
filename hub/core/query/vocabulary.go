package query

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is what sort of values a field has, and so how they are compared.
type Kind uint8

// The kinds of field. The package comment says how each is compared.
const (
	Text       Kind = 1 // words for people
	Name       Kind = 2 // a name or label, compared whole
	Identifier Kind = 3 // compared whole and exactly, upper and lower case apart
	Choice     Kind = 4 // one word of [Field.Choices]
	Flag       Kind = 5 // true or false
	Number     Kind = 6 // a whole number
	Time       Kind = 7 // a moment, to the millisecond
)

// numeric reports whether values are numbers to [Subject.Number], not texts.
func (k Kind) numeric() bool { return k >= Flag }

// ordered reports whether values can be compared with < and >.
func (k Kind) ordered() bool { return k == Number || k == Time }

// Field is something that can be asked for.
type Field struct {
	Name    string   // as it is printed, and as a [Subject] is asked for it
	Also    []string // other spellings; upper and lower case never matter
	Kind    Kind
	Choices []string // of a Choice, in their order, as a Subject gives them

	Free   bool // free text is looked for here, too
	Always bool // every subject has exactly one value, and that is not empty
	Many   bool // a subject may have several values
	Sorts  bool // lists can be sorted by it

	// Within narrows the field down: a term such as "status: open" that is added to
	// each term about this field, unless the query says something of that other field
	// itself. Empty: nothing is added. The other field must stand before this one.
	Within string
}

// Vocabulary is the fields that a query may speak of. It is immutable and may be used
// by several goroutines.
type Vocabulary struct {
	fields []*Field
	byName map[string]*Field // by every spelling, in lower case
	free   []*Field
	within map[*Field]*term
}

// NewVocabulary makes a vocabulary. It panics if a name is there twice, or a field's
// Within is no single term: a vocabulary is written by programmers, not by callers.
func NewVocabulary(fields ...Field) *Vocabulary {
	v := &Vocabulary{byName: map[string]*Field{}, within: map[*Field]*term{}}
	for i := range fields {
		f := &fields[i]
		for _, name := range append([]string{f.Name}, f.Also...) {
			low := strings.ToLower(name)
			if v.byName[low] != nil {
				panic(fmt.Sprintf("query: two fields are called %q", name))
			}
			v.byName[low] = f
		}
		v.fields = append(v.fields, f)
		if f.Free {
			v.free = append(v.free, f)
		}
		if f.Within != "" {
			v.within[f] = v.mustTerm(f.Within)
		}
	}
	return v
}

// mustTerm reads one term "field: value".
func (v *Vocabulary) mustTerm(text string) *term {
	q, err := Parse(text, v, Options{})
	if err != nil {
		panic(fmt.Sprintf("query: %q: %v", text, err))
	}
	t, ok := q.root.(*term)
	if !ok || t.field == nil || t.op != is {
		panic(fmt.Sprintf("query: %q is not one term with a field and a value", text))
	}
	return t
}

// Fields returns the fields, in their order.
func (v *Vocabulary) Fields() []Field {
	all := make([]Field, len(v.fields))
	for i, f := range v.fields {
		all[i] = *f
	}
	return all
}

// find returns the field of a name in any spelling, nil if there is none.
func (v *Vocabulary) find(name string) *Field { return v.byName[strings.ToLower(name)] }

// nearestField returns the printed name nearest to a misspelt one, "" if none is near.
func (v *Vocabulary) nearestField(name string) string {
	names := make([]string, 0, len(v.fields)*2)
	for _, f := range v.fields {
		names = append(append(names, f.Name), f.Also...)
	}
	if near := nearest(name, names); near != "" {
		return v.find(near).Name
	}
	return ""
}

// Order is how a list is sorted. The zero value is "in any order".
type Order struct {
	Field      string // the printed name of a field that sorts; "" for any order
	Descending bool
}

// Order reads the parameters "sort" and "order" of a list. The error is a [*core.Error]
// of kind Unacceptable.
func (v *Vocabulary) Order(sort, order string) (Order, error) {
	f := v.find(sort)
	if f == nil || !f.Sorts {
		return Order{}, v.notSortable(sort)
	}
	switch strings.ToLower(order) {
	case "asc":
		return Order{Field: f.Name}, nil
	case "desc":
		return Order{Field: f.Name, Descending: true}, nil
	}
	return Order{}, invalid("order", `must be "asc" or "desc"`)
}

// notSortable is the error for a sort key that there is not.
func (v *Vocabulary) notSortable(sort string) error {
	var names []string
	for _, f := range v.fields {
		if f.Sorts {
			names = append(names, f.Name)
		}
	}
	if near := nearest(sort, names); near != "" {
		return invalid("sort", fmt.Sprintf("cannot sort by %q; did you mean %q?", sort, near))
	}
	slices.Sort(names)
	return invalid("sort", fmt.Sprintf("cannot sort by %q: sort by one of %s", sort, strings.Join(names, ", ")))
}
