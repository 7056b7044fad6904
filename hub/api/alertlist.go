package api

import (
	"context"
	"iter"
	"strconv"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table"
)

// The bounds of a list of alerts.
const (
	listMax   = 100     // on a page
	listDepth = 20_000  // offset and limit together
	scanMax   = 200_000 // alerts looked at for one page
)

// listAlertsIn is a page of a search.
type listAlertsIn struct {
	filter        alertFilter
	offset, limit int
	ascending     bool
	link          func(pairs ...string) string
}

func (in *listAlertsIn) read(c *call) {
	in.filter = parseFilter(c.query("query"), c.wrong)
	in.offset = c.number("offset", 0, listDepth, 0)
	in.limit = c.number("limit", 1, listMax, 20)
	if in.offset+in.limit > listDepth {
		c.wrong["offset"] = "offset and limit together must be at most 20000: narrow the query down"
	}
	c.choice("sort", "createdAt", "tinyId") // the numbers of alerts have the order of their creation
	in.ascending = c.choice("order", "desc", "asc") == "asc"
	if c.query("searchIdentifier") != "" {
		c.wrong["searchIdentifier"] = "saved searches are not supported yet: send the query itself"
	}
	in.link = c.link
}

func (a *API) listAlerts(ctx context.Context, in *listAlertsIn) (*page[alertSummary], error) {
	var out *page[alertSummary]
	err := a.Store.View(ctx, false, func(tx table.Reader) error {
		out = &page[alertSummary]{}
		more := false
		skip, looked := in.offset, 0
		for row := range in.filter.candidates(tx, in.ascending) {
			if looked++; looked > scanMax || looked%1000 == 0 && ctx.Err() != nil {
				return core.Invalid("query", "too many alerts would have to be looked at: narrow the query down, or ask for newer ones")
			}
			if !in.filter.match(row) {
				continue
			}
			if skip > 0 {
				skip--
				continue
			}
			if len(out.of) == in.limit {
				more = true
				break
			}
			out.of = append(out.of, summary(tx, row))
		}
		out.paging = in.pages(more)
		return nil
	})
	return out, err
}

// pages returns the links around a page. The last page is told only once it is reached:
// to know it before would mean to look at every alert.
func (in *listAlertsIn) pages(more bool) *paging {
	at := func(offset int) string {
		return in.link("offset", strconv.Itoa(offset), "limit", strconv.Itoa(in.limit))
	}
	p := &paging{First: at(0)}
	if in.offset > 0 {
		p.Prev = at(max(0, in.offset-in.limit))
	}
	switch {
	case !more:
		p.Last = at(in.offset)
	case in.offset+2*in.limit <= listDepth:
		p.Next = at(in.offset + in.limit)
	}
	return p
}

// candidates gives the alerts among which all that match are, by creation.
func (f *alertFilter) candidates(tx table.Reader, ascending bool) iter.Seq[*alert.Alert] {
	if f.alias != "" {
		return func(yield func(*alert.Alert) bool) {
			if row, ok := state.FindAlert(tx, state.Ref{Alias: f.alias}); ok {
				yield(row)
			}
		}
	}
	var rows interface {
		Find(table.Reader, table.Key) iter.Seq[*alert.Alert]
		FindReverse(table.Reader, table.Key) iter.Seq[*alert.Alert]
	} = state.Alerts
	if f.status == "open" && f.acknowledged == "false" {
		rows = state.AlertsUnattended
	}
	if ascending {
		return rows.Find(tx, table.K())
	}
	return rows.FindReverse(tx, table.K())
}
