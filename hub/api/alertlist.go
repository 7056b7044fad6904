package api

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"keng/hub/core/alert"
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
	searchLook = 100 // after how many alerts it is looked at the clock
)

// listAlertsIn is a page of a search.
type listAlertsIn struct {
	search        state.Search
	offset, limit int
	link          func(pairs ...string) string
}

func (in *listAlertsIn) read(c *call) {
	q, err := state.ParseQuery(c.query("query"), time.Now())
	if err != nil {
		c.wrong["query"] = err.Error()
	} else if strings.ContainsRune(c.query("query"), utf8.RuneError) { // as what is no text is read
		c.wrong["query"] = "must be text in UTF-8"
	}
	in.search.Query = q
	in.offset = c.number("offset", 0, listDepth, 0)
	in.limit = c.number("limit", 1, listMax, 20)
	if in.offset+in.limit > listDepth {
		c.wrong["offset"] = "offset and limit together must be at most 20000: narrow the query down"
	}
	in.search.After = uint64(c.number("after", 0, math.MaxInt, 0))
	c.choice("sort", "createdAt", "tinyId") // the numbers of alerts have the order of their creation
	in.search.Ascending = c.choice("order", "desc", "asc") == "asc"
	if c.query("searchIdentifier") != "" {
		c.wrong["searchIdentifier"] = "saved searches are not supported yet: send the query itself"
	}
	in.link = c.link
}

func (a *API) listAlerts(ctx context.Context, in *listAlertsIn) (*page[alertSummary], error) {
	var out *page[alertSummary]
	err := a.Store.View(ctx, false, func(tx table.Reader) error {
		out = &page[alertSummary]{}
		search, skip, end := in.search, in.offset, time.Now().Add(searchTime)
		ended := false
		search.Stop = func(looked int) bool {
			ended = looked%searchLook == 0 && (ctx.Err() != nil || time.Now().After(end))
			return ended
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
				out.of = append(out.of, summary(tx, row))
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
