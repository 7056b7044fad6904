package api

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/query"
	"keng/hub/state"
	"keng/raftstore/table"
)

// alertReadRoutes is the part of the table that tells of alerts beside the alerts themselves.
func alertReadRoutes() []route {
	const one = "/v2/alerts/{identifier...}"
	return []route{
		{"GET", "/v2/alerts/count", state.Read, false, searchDomain, on((*API).countAlerts)},
		{"GET", one + "/notes", state.Read, false, alertDomain, on((*API).listNotes)},
		{"GET", one + "/recipients", state.Read, false, alertDomain, on((*API).listRecipients)},
	}
}

// sought is which alerts a caller looks for: those that the query finds and, if one is named, the saved
// search, too.
type sought struct {
	query *query.Query
	saved state.Pick // zero: none
	now   time.Time
	zone  *time.Location
	turn  func(context.Context) (done func(), err error) // as that of call
}

func (in *sought) read(c *call) {
	in.now, in.zone, in.turn = c.now(), c.home(), c.turn
	q, err := state.ParseQuery(c.query("query"), in.now, in.zone)
	if err != nil {
		c.wrong["query"] = err.Error()
	} else if strings.ContainsRune(c.query("query"), utf8.RuneError) { // as what is no text is read
		c.wrong["query"] = "must be text in UTF-8"
	}
	in.query = q
	id := c.query("searchIdentifier")
	c.limit("searchIdentifier", id, identifierMax)
	if c.choice("searchIdentifierType", "id", "name") == "name" {
		in.saved.Name = id
	} else {
		in.saved.ID = id
	}
}

// whole returns what is sought as one query.
func (a *API) whole(ctx context.Context, in *sought) (*query.Query, error) {
	if in.saved == (state.Pick{}) {
		return in.query, nil
	}
	var saved *state.SavedSearch
	err := a.look(ctx, func(tx table.Reader) (err error) {
		saved, err = in.saved.SavedSearch(tx)
		return err
	})
	if err != nil && core.KindOf(err) == core.NotFound {
		return nil, core.Invalid("searchIdentifier", err.Error())
	}
	if err != nil {
		return nil, err
	}
	kept, err := state.ParseQuery(saved.Query, in.now, in.zone)
	if err != nil { // the language has changed since it was saved
		return nil, core.Invalid("searchIdentifier", err.Error())
	}
	return kept.And(in.query), nil
}

// alertCount is how many alerts a search finds. If it is partial, there was not the time to look at all
// alerts, and it is how many were found until then.
type alertCount struct {
	Count   int  `json:"count"`
	Partial bool `json:"partial,omitempty"`
}

func (n *alertCount) fill(e *envelope) int {
	e.Data = n
	if n.Partial {
		e.Message = "There are at least so many: there are more alerts than could be looked at in time. Narrow the query down, such as by status: open or createdAt > now-30d."
	}
	return http.StatusOK
}

func (a *API) countAlerts(ctx context.Context, in *sought) (*alertCount, error) {
	all, err := a.whole(ctx, in)
	if err != nil {
		return nil, err
	}
	done, err := in.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	var out alertCount
	err = a.Store.View(ctx, false, func(tx table.Reader) error {
		out = alertCount{}
		search := state.Search{Query: all, Stop: untilLate(ctx, &out.Partial)}
		out.Count = search.Count(tx)
		return context.Cause(ctx)
	})
	return &out, err
}
