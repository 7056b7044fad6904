package query

import (
	"math"
	"reflect"
	"slices"
)

// RangesMax is how many ranges a plan has at most.
const RangesMax = 16

// Plan is what is to be read to answer a query. What it leaves out, the query does not
// match.
type Plan struct {
	// Ranges are to be read all; there is none if nothing can match.
	Ranges []Range
	// Check is what a subject in the ranges must match besides; often less than the
	// query, since the ranges have seen to the rest.
	Check *Query
	// Sorted says that each range gives its subjects in the order that was asked for, so
	// that several only have to be merged, and that the first page is at the beginning.
	// Equal ones come in the order of the further columns.
	Sorted bool
	// Repeats says that a subject may come more than once.
	Repeats bool
	// Rows is a guess of how many entries there are in the ranges.
	Rows int

	order   Order
	planner *Planner
}

// Plan finds what to read for a query of the planner's vocabulary, if the subjects are
// wanted in an order. It takes the index that leaves the fewest entries to be read; for
// an OR, one for each of its branches, if that is less. It panics if the query was read
// with another [Vocabulary] value, even an equal one.
func (p *Planner) Plan(q *Query, order Order) Plan {
	if q.vocabulary != p.vocabulary {
		panic("query: a query must be read with the vocabulary of its planner")
	}
	parts := conjuncts(q.root)
	best := p.bestSingle(parts, order)
	for i, part := range parts {
		if branches, ok := part.(or); ok && len(branches) <= RangesMax {
			others := slices.Delete(slices.Clone(parts), i, i+1)
			if c := p.union(part, branches, others, order); c.cost() < best.cost() {
				best = c
			}
		}
	}
	return Plan{
		Ranges: best.ranges, Check: &Query{allOf(best.check...), p.vocabulary}, Sorted: best.sorted, Repeats: best.repeats,
		Rows: best.rows, order: order, planner: p,
	}
}

// candidate is a possible plan for some parts.
type candidate struct {
	ranges  []Range
	check   []node
	served  []bool // by part: whether the ranges see to it
	sorted  bool
	repeats bool
	rows    int
}

// sortedShare is how many times more entries may be read if they come sorted: a page
// needs but the beginning of them, while others must be read to the end.
const sortedShare = 8

func (c *candidate) cost() int {
	if c.sorted {
		return c.rows
	}
	return c.rows * sortedShare
}

// bestSingle returns the best plan that reads one range.
func (p *Planner) bestSingle(parts []node, order Order) candidate {
	best := candidate{
		ranges: []Range{{}}, served: make([]bool, len(parts)), rows: p.rows, sorted: order.Field == "",
	}
	if contradictory(parts) {
		for i := range best.served {
			best.served[i] = true
		}
		best.ranges, best.rows, best.sorted = nil, 0, true
		return best
	}
	for _, ix := range p.indexes {
		if c, ok := ix.serve(parts, order); ok && c.cost() < best.cost() {
			best = c
		}
	}
	for i, part := range parts {
		if !best.served[i] {
			best.check = append(best.check, part)
		}
	}
	return best
}

// union returns a plan that reads a range for each branch of an OR, of whose parts all
// others must match, too.
func (p *Planner) union(whole node, branches or, others []node, order Order) candidate {
	u := candidate{sorted: true}
	wholeServed, otherServed := true, make([]bool, len(others))
	for i := range otherServed {
		otherServed[i] = true
	}
	for _, branch := range branches {
		own := conjuncts(branch)
		c := p.bestSingle(append(own, others...), order)
		u.add(c)
		for i, served := range c.served {
			switch {
			case i >= len(own):
				otherServed[i-len(own)] = otherServed[i-len(own)] && served
			case !served:
				wholeServed = false
			}
		}
	}
	u.repeats = u.repeats || len(u.ranges) > 1
	if !wholeServed {
		u.check = append(u.check, whole)
	}
	for i, other := range others {
		if !otherServed[i] {
			u.check = append(u.check, other)
		}
	}
	return u
}

// add adds the ranges of a branch.
func (c *candidate) add(branch candidate) {
	c.sorted = c.sorted && branch.sorted
	c.repeats = c.repeats || branch.repeats
	for _, r := range branch.ranges {
		if !slices.ContainsFunc(c.ranges, func(known Range) bool { return reflect.DeepEqual(known, r) }) {
			c.ranges = append(c.ranges, r)
			c.rows += branch.rows
		}
	}
}

// serve returns how the index serves some parts. It is no use if it may lack a subject
// that matches.
func (ix *index) serve(parts []node, order Order) (c candidate, ok bool) {
	c = candidate{served: make([]bool, len(parts)), rows: ix.rows}
	for _, needed := range ix.where {
		if i := slices.IndexFunc(parts, func(part node) bool { return same(part, needed) }); i >= 0 {
			c.served[i] = true
		} else {
			return c, false
		}
	}
	r := Range{Index: ix.name}
	n := 0 // columns that are equal
	for ; n < len(ix.columns); n++ {
		value, found := ix.columns[n].equal(parts, c.served)
		if !found {
			break
		}
		r.Equal = append(r.Equal, value)
		c.rows = min(c.rows, ix.columns[n].rows)
	}
	if n == len(ix.columns) {
		c.sorted = order.Field == "" || ix.unique
		c.ranges = []Range{r}
		return c, true
	}
	bounded := ix.columns[n].bound(&r, parts, &c)
	for i, column := range ix.columns[n:] {
		if !column.field.Always && !(bounded && i == 0) {
			return c, false // subjects without a value are not in the index
		}
	}
	c.repeats = slices.ContainsFunc(ix.columns[n:], func(column column) bool { return column.field.Many })
	c.sorted = order.Field == "" || ix.columns[n].field.Name == order.Field && !c.repeats
	r.Reverse = c.sorted && order.Descending && order.Field != ""
	if !r.empty() {
		c.ranges = []Range{r}
	} else {
		c.rows, c.sorted = 0, true
	}
	return c, true
}

// equal returns the value that a column must have by one of the parts, and marks that
// part as served. A time never has just one value: see [Column].
func (col column) equal(parts []node, served []bool) (v Value, ok bool) {
	for i, part := range parts {
		t, isTerm := part.(*term)
		if isTerm && t.field == col.field && t.exact() && t.field.Kind != Time {
			served[i] = true
			return valueOf(t), true
		}
	}
	return v, false
}

// bound bounds a range by what the parts say of a column, and marks those parts as
// served. It reports whether any part asks for a value of the column.
func (col column) bound(r *Range, parts []node, c *candidate) (bounded bool) {
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	for i, part := range parts {
		t, isTerm := part.(*term)
		if !isTerm || t.field != col.field {
			continue
		}
		begin, isPrefix := "", false
		if !t.field.Kind.numeric() {
			begin, isPrefix = t.value.prefix()
		}
		switch {
		case t.op == has:
		case t.field.Kind.ordered() && !t.field.Many:
			low, high := t.interval()
			from, to = max(from, low), min(to, high)
		case isPrefix && r.From.Kind == 0:
			r.From, r.To = Value{Kind: t.field.Kind, Text: begin}, Value{Kind: t.field.Kind, Text: successor(begin)}
			c.rows = max(c.rows/sharePrefix, 1)
		default:
			continue
		}
		bounded, c.served[i] = true, true
	}
	col.numbers(r, from, to, c)
	return bounded
}

// numbers sets the bounds of a range of numbers.
func (col column) numbers(r *Range, from, to int64, c *candidate) {
	if from > math.MinInt64 {
		r.From = Value{Kind: col.field.Kind, Number: from}
	}
	if to < math.MaxInt64 {
		r.To = Value{Kind: col.field.Kind, Number: to}
	}
	switch {
	case from > math.MinInt64 && to < math.MaxInt64:
		c.rows = max(c.rows/shareBetween, 1)
	case from > math.MinInt64 || to < math.MaxInt64:
		c.rows = max(c.rows/shareHalfOpen, 1)
	}
}

// empty reports whether no value lies in a range.
func (r *Range) empty() bool {
	return r.From.Kind.ordered() && r.To.Kind.ordered() && r.From.Number >= r.To.Number
}

// successor returns the least text that is greater than all that begin with a prefix.
// There is one, since valid UTF-8 has no byte 0xff; it is itself no UTF-8.
func successor(prefix string) string {
	last := len(prefix) - 1
	return prefix[:last] + string([]byte{prefix[last] + 1})
}
