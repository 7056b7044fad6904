package query

import (
	"fmt"
	"strings"
)

// Index describes an index over subjects: one entry for each combination of values of
// its columns, ordered by the first column, then the second and so on. A subject that has
// no value of one of the columns has no entry.
type Index struct {
	Name    string
	Columns []Column
	// Where says which subjects are in the index: terms with ":" joined by AND, such as
	// "status: open". Empty: all.
	Where string
	// Rows is about how many entries there are; 0 for as many as subjects.
	Rows int
	// Unique says that at most one subject has the same values of all columns.
	Unique bool
}

// Column is a part of an index's key.
type Column struct {
	// Field is a printed name. Texts in the key are ordered by bytes and are, by the
	// field's kind: Name: [Fold] of the value; Identifier, Choice: the value. A Text
	// cannot be a column. A Time may be finer than milliseconds in the key, since it is
	// only ever asked for by ranges of whole ones.
	Field string
	// Rows is about how many entries share the values of this column and all before.
	Rows int
}

// The shares of entries that are guessed to lie in a range of a column.
const (
	shareHalfOpen = 4   // one in four: after a moment, or before it
	shareBetween  = 16  // from one moment to another
	sharePrefix   = 100 // that begin with something
)

// Planner finds out which indexes serve a query. It is immutable and may be used by
// several goroutines.
type Planner struct {
	vocabulary *Vocabulary
	rows       int // subjects in all, about
	indexes    []*index
}

// index is an Index with its fields looked up.
type index struct {
	name    string
	columns []column
	where   []node // terms
	rows    int
	unique  bool
}

type column struct {
	field *Field
	rows  int
}

// NewPlanner makes a planner for subjects of a vocabulary, about so many, with some
// indexes. Of two indexes that serve equally well it takes the first. It panics if an
// index is described wrongly: that is for programmers, not for callers.
func NewPlanner(v *Vocabulary, rows int, indexes ...Index) *Planner {
	p := &Planner{vocabulary: v, rows: max(rows, 1)}
	for _, described := range indexes {
		p.indexes = append(p.indexes, v.index(described, p.rows))
	}
	return p
}

// Vocabulary returns the vocabulary with which queries are to be read.
func (p *Planner) Vocabulary() *Vocabulary { return p.vocabulary }

func (v *Vocabulary) index(described Index, rows int) *index {
	ix := &index{name: described.Name, rows: described.Rows, unique: described.Unique}
	if ix.rows <= 0 {
		ix.rows = rows
	}
	if ix.name == "" || len(described.Columns) == 0 {
		panic(fmt.Sprintf("query: index %q needs a name and a column", ix.name))
	}
	for _, c := range described.Columns {
		f := v.find(c.Field)
		if f == nil || f.Kind == Text {
			panic(fmt.Sprintf("query: index %s: %q cannot be a column", ix.name, c.Field))
		}
		ix.columns = append(ix.columns, column{f, max(c.Rows, 1)})
	}
	if described.Where != "" {
		for _, text := range strings.Split(described.Where, " AND ") {
			ix.where = append(ix.where, v.mustTerm(text))
		}
	}
	return ix
}

// Value is a part of a key. The zero Value is "none".
type Value struct {
	Kind   Kind   // of the field; 0: there is none
	Text   string // of Name (folded), Identifier and Choice
	Number int64  // of Flag, Number and Time (Unix milliseconds)
}

// valueOf returns the key of a term "field: value".
func valueOf(t *term) Value {
	if t.field.Kind.numeric() {
		return Value{Kind: t.field.Kind, Number: t.number}
	}
	return Value{Kind: t.field.Kind, Text: string(t.value.look[0])}
}

// Range is what is to be read of one index: the entries whose first columns are Equal
// and whose next column is From ≤ value < To, where these are given.
type Range struct {
	Index    string  // "": all subjects, by no index
	Equal    []Value // of the first columns
	From, To Value   // of the column behind them
	Reverse  bool    // from the last entry to the first
}
