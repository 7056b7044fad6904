package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Explain tells a person what the plan does, a line for each range and each thing that
// remains to be done. Times are UTC.
func (p *Plan) Explain() string {
	var b strings.Builder
	if len(p.Ranges) == 0 {
		b.WriteString("read nothing: nothing can match\n")
		return b.String()
	}
	for _, r := range p.Ranges {
		b.WriteString("read " + p.planner.explain(r) + "\n")
	}
	fmt.Fprintf(&b, "about %d rows", p.Rows)
	if p.Repeats {
		b.WriteString(", some perhaps more than once")
	}
	b.WriteString("\n")
	if !p.Check.Everything() {
		fmt.Fprintf(&b, "check %s\n", p.Check)
	}
	switch {
	case p.order.Field == "":
	case !p.Sorted:
		fmt.Fprintf(&b, "sort by %s\n", p.order)
	case len(p.Ranges) > 1:
		fmt.Fprintf(&b, "merge by %s\n", p.order)
	}
	return b.String()
}

// String returns the order as a person says it: "createdAt, descending".
func (o Order) String() string {
	if o.Descending {
		return o.Field + ", descending"
	}
	return o.Field
}

// explain says what a range is.
func (p *Planner) explain(r Range) string {
	if r.Index == "" {
		return "everything"
	}
	var says []string
	ix := p.index(r.Index)
	for i, value := range r.Equal {
		says = append(says, ix.columns[i].field.Name+" = "+value.String())
	}
	if len(r.Equal) < len(ix.columns) {
		says = append(says, r.between(ix.columns[len(r.Equal)].field.Name)...)
	}
	text := "index " + r.Index
	if len(says) > 0 {
		text += ": " + strings.Join(says, ", ")
	}
	if r.Reverse {
		text += ", backwards"
	}
	return text
}

// between says what the bounds of a range are.
func (r *Range) between(column string) (says []string) {
	if r.From.Text != "" {
		return []string{column + " begins with " + r.From.String()}
	}
	if r.From.Kind != 0 {
		says = append(says, column+" ≥ "+r.From.String())
	}
	if r.To.Kind != 0 {
		says = append(says, column+" < "+r.To.String())
	}
	return says
}

// index returns the index of a name that the planner itself has put into a range.
func (p *Planner) index(name string) *index {
	for _, ix := range p.indexes {
		if ix.name == name {
			return ix
		}
	}
	return &index{}
}

// String returns the value for a person: a time in UTC, a text as a query has it.
func (v Value) String() string {
	switch v.Kind {
	case Flag:
		return strconv.FormatBool(v.Number == 1)
	case Number:
		return strconv.FormatInt(v.Number, 10)
	case Time:
		return time.UnixMilli(v.Number).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return string(appendPiece(nil, v.Text))
}
