package api

import (
	"context"
	"strconv"

	"keng/hub/state"
	"keng/raftstore/table"
)

// listLogsIn is a page of an alert's activity log, as Opsgenie pages it: by the opaque
// offset of the line after which it begins.
type listLogsIn struct {
	ref       state.Ref
	offset    uint64 // number of a line; 0: from the beginning
	limit     int
	ascending bool
	order     string
	link      func(pairs ...string) string
}

func (in *listLogsIn) read(c *call) {
	in.ref = c.alert()
	in.limit = c.number("limit", 1, listMax, 20)
	in.order = c.choice("order", "desc", "asc")
	in.ascending = in.order == "asc"
	if c.choice("direction", "next", "prev") == "prev" {
		in.ascending = !in.ascending
	}
	if text := c.query("offset"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			c.wrong["offset"] = "must be the offset of a line that was listed before"
		}
		in.offset = n
	}
	in.link = c.link
}

// logLine is a line of the activity log.
type logLine struct {
	Log       string `json:"log"`
	Type      string `json:"type"`
	Owner     string `json:"owner"`
	CreatedAt moment `json:"createdAt"`
	Offset    string `json:"offset"`
}

func (a *API) listLogs(ctx context.Context, in *listLogsIn) (*page[logLine], error) {
	var out *page[logLine]
	err := a.look(ctx, func(tx table.Reader) error {
		row, err := findAlert(tx, in.ref)
		if err != nil {
			return err
		}
		out = &page[logLine]{paging: &paging{First: in.link("offset", "", "direction", "next")}}
		lines := state.LogOf(tx, row.ID)
		if !in.ascending {
			lines = state.LogReverse(tx, row.ID)
		}
		for e := range lines {
			past := in.offset == 0 || in.ascending && e.Number > in.offset || !in.ascending && e.Number < in.offset
			if !past {
				continue
			}
			if len(out.of) == in.limit {
				out.paging.Next = in.link("offset", out.of[in.limit-1].Offset)
				break
			}
			out.of = append(out.of, logLine{Log: e.Text, Type: string(e.Type), Owner: e.Owner, CreatedAt: moment{e.At}, Offset: strconv.FormatUint(e.Number, 10)})
		}
		return nil
	})
	return out, err
}

// getLogIn asks for an alert's whole log, oldest line first.
type getLogIn struct {
	ref   state.Ref
	after uint64
	limit int
}

func (in *getLogIn) read(c *call) {
	in.ref = c.alert()
	in.limit = c.number("limit", 1, rowsMax, rowsMax)
	in.after = uint64(c.number("after", 0, 1<<62, 0))
}

// logEntry is a line of the log as /keng/v1 tells it.
type logEntry struct {
	Number uint64 `json:"number"`
	At     moment `json:"at"`
	Type   string `json:"type"`
	Owner  string `json:"owner"`
	Text   string `json:"text"`
}

func (a *API) getLog(ctx context.Context, in *getLogIn) (*page[logEntry], error) {
	var out *page[logEntry]
	err := a.look(ctx, func(tx table.Reader) error {
		row, err := findAlert(tx, in.ref)
		if err != nil {
			return err
		}
		out = &page[logEntry]{}
		for e := range state.LogOf(tx, row.ID) {
			if e.Number <= in.after {
				continue
			}
			if len(out.of) == in.limit {
				break
			}
			out.of = append(out.of, logEntry{Number: e.Number, At: moment{e.At}, Type: string(e.Type), Owner: e.Owner, Text: e.Text})
		}
		return nil
	})
	return out, err
}
