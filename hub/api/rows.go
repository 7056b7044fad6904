package api

import "iter"

// rowsIn is a page of a list of /keng/v1, which begins after the row with an id.
type rowsIn struct {
	after string
	limit int
	link  func(pairs ...string) string
}

func (in *rowsIn) read(c *call) {
	in.after, in.limit, in.link = c.query("after"), c.number("limit", 1, rowsMax, listMax), c.link
}

// rows makes a page of rows that come in the order of their ids.
func rows[R, T any](in *rowsIn, all iter.Seq[*R], tell func(*R) (id string, t T)) *page[T] {
	out := &page[T]{paging: &paging{First: in.link("after", "")}}
	last := ""
	for row := range all {
		id, t := tell(row)
		if id <= in.after && in.after != "" {
			continue
		}
		if len(out.of) == in.limit {
			out.paging.Next = in.link("after", last)
			break
		}
		out.of, last = append(out.of, t), id
	}
	return out
}
