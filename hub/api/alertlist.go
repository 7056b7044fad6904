package api

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"keng/hub/core/alert"
	"keng/hub/core/query"
	"keng/hub/state"
	"keng/raftstore/table"
)

// The bounds of a list of alerts.
const (
	listMax   = 100    // on a page
	listDepth = 20_000 // offset and limit together
	// searchTime is how long a page is searched for. What was found until then is the page,
	// and its link to the next one goes on where the search ended.
	searchTime = 300 * time.Millisecond
	searchLook = 10 // after how many alerts it is looked at the clock
)

// listAlertsIn is a page of a search.
type listAlertsIn struct {
	sought
	search        state.Search // but for what is sought
	order         query.Order  // if not by creation
	offset, limit int
	link          func(pairs ...string) string
}

func (in *listAlertsIn) read(c *call) {
	in.sought.read(c)
	in.offset = c.number("offset", 0, listDepth, 0)
	in.limit = c.number("limit", 1, listMax, 20)
	if in.offset+in.limit > listDepth {
		c.wrong["offset"] = "offset and limit together must be at most 20000: narrow the query down"
	}
	in.search.After = uint64(c.number("after", 0, math.MaxInt, 0))
	in.readOrder(c)
	in.link = c.link
}

// readOrder reads how the list is sorted. The numbers of alerts have the order of their
// creation, in which they are found.
func (in *listAlertsIn) readOrder(c *call) {
	direction := c.choice("order", "desc", "asc")
	in.search.Ascending = direction == "asc"
	sort := c.query("sort")
	if sort == "" || strings.EqualFold(sort, "createdAt") || strings.EqualFold(sort, "tinyId") {
		return
	}
	order, err := state.AlertOrder(sort, direction)
	c.blame(err)
	in.order, in.search.Ascending = order, false
	if in.search.After != 0 {
		c.wrong["after"] = "goes with a list by createdAt or tinyId alone"
	}
}

// alertPage is a page of alerts. Partial says that there was not the time to look at all of
// those that are to be sorted.
type alertPage struct {
	page[alertSummary]
	partial bool
}

func (p *alertPage) fill(e *envelope) int {
	if p.partial {
		e.Message = "Only the newest alerts have been sorted: there are more than could be looked at in time. Narrow the query down, such as by status: open or createdAt > now-30d."
	}
	return p.page.fill(e)
}

func (a *API) listAlerts(ctx context.Context, in *listAlertsIn) (*alertPage, error) {
	all, err := a.whole(ctx, &in.sought)
	if err != nil {
		return nil, err
	}
	done, err := in.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	var out *alertPage
	err = a.Store.View(ctx, false, func(tx table.Reader) error {
		out = &alertPage{}
		known := integrationsTold{}
		search, skip, ended := in.search, in.offset, false
		search.Query, search.Stop = all, untilLate(ctx, &ended)
		if in.order != (query.Order{}) {
			found, more := search.Sorted(tx, in.order, in.offset, in.limit)
			for _, row := range found {
				out.of = append(out.of, summary(tx, row, known))
			}
			out.paging, out.partial = in.pages(more), ended
			return context.Cause(ctx)
		}
		more := false
		last := search.Run(tx, func(row *alert.Alert) bool {
			switch {
			case skip > 0:
				skip--
			case len(out.of) == in.limit:
				more = true
				return false
			default:
				out.of = append(out.of, summary(tx, row, known))
			}
			return true
		})
		if out.paging = in.pages(more); ended {
			out.paging = in.goOn(skip, last)
		}
		return context.Cause(ctx)
	})
	return out, err
}

// untilLate ends a search when its time is over or nobody waits for it any more, and says that it has.
func untilLate(ctx context.Context, ended *bool) func(looked int) bool {
	end := time.Now().Add(searchTime)
	return func(looked int) bool {
		*ended = looked%searchLook == 0 && (ctx.Err() != nil || time.Now().After(end))
		return *ended
	}
}

// goOn returns the links around a page for which the time was too short: the next one begins
// behind the last alert that was looked at.
func (in *listAlertsIn) goOn(skip int, last uint64) *paging {
	return &paging{
		First: in.link("offset", "0", "limit", strconv.Itoa(in.limit), "after", ""),
		Next:  in.link("offset", strconv.Itoa(skip), "limit", strconv.Itoa(in.limit), "after", strconv.FormatUint(last, 10)),
	}
}

// pages returns the links around a page. The last page is told only once it is reached:
// to know it before would mean to look at every alert.
func (in *listAlertsIn) pages(more bool) *paging {
	at := func(offset int) string {
		return in.link("offset", strconv.Itoa(offset), "limit", strconv.Itoa(in.limit))
	}
	p := &paging{First: in.link("offset", "0", "limit", strconv.Itoa(in.limit), "after", "")}
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
