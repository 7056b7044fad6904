package api

import (
	"context"
	"iter"
	"slices"
	"strconv"

	"keng/hub/state"
	"keng/raftstore/table"
)

// linesIn is a page of the lines of an alert's activity log, as Opsgenie pages it. The page is in an order,
// and goes from the line with an opaque offset forwards in that order (next) or backwards (prev); without an
// offset from the beginning, or from the end.
type linesIn struct {
	ref        state.Ref
	offset     uint64 // number of a line; 0: none
	limit      int
	descending bool // newest first
	backwards  bool
	link       func(pairs ...string) string
}

func (in *linesIn) read(c *call) {
	in.ref = c.alert()
	in.limit = c.number("limit", 1, listMax, 20)
	in.descending = c.choice("order", "desc", "asc") == "desc"
	in.backwards = c.choice("direction", "next", "prev") == "prev"
	if text := c.query("offset"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			c.wrong["offset"] = "must be the offset of a line that was listed before"
		}
		in.offset = n
	}
	in.link = c.link
}

// lines makes a page of lines, which all gives newest or oldest first. Its link to the next page goes on in
// the same direction.
func lines[T any](in *linesIn, all func(newest bool) iter.Seq[state.Entry], tell func(*state.Entry) T) *page[T] {
	out := &page[T]{paging: &paging{First: in.link("offset", "", "direction", "next")}}
	newest, last := in.descending != in.backwards, uint64(0)
	for e := range all(newest) {
		if in.offset != 0 && (newest && e.Number >= in.offset || !newest && e.Number <= in.offset) {
			continue
		}
		if len(out.of) == in.limit {
			out.paging.Next = in.link("offset", strconv.FormatUint(last, 10))
			break
		}
		out.of, last = append(out.of, tell(&e)), e.Number
	}
	if in.backwards {
		slices.Reverse(out.of)
	}
	return out
}

// logLine is a line of the activity log.
type logLine struct {
	Log       string `json:"log"`
	Type      string `json:"type"`
	Owner     string `json:"owner"`
	CreatedAt moment `json:"createdAt"`
	Offset    string `json:"offset"`
}

func (a *API) listLogs(ctx context.Context, in *linesIn) (*page[logLine], error) {
	var out *page[logLine]
	err := a.look(ctx, func(tx table.Reader) error {
		row, err := findAlert(tx, in.ref)
		if err != nil {
			return err
		}
		all := func(newest bool) iter.Seq[state.Entry] {
			if newest {
				return state.LogReverse(tx, row.ID)
			}
			return state.LogOf(tx, row.ID)
		}
		out = lines(in, all, func(e *state.Entry) logLine {
			return logLine{Log: e.Text, Type: string(e.Type), Owner: e.Owner, CreatedAt: moment{e.At}, Offset: strconv.FormatUint(e.Number, 10)}
		})
		return nil
	})
	return out, err
}

// noteLine is a note that somebody has written about an alert.
type noteLine struct {
	Note      string `json:"note"`
	Owner     string `json:"owner"`
	CreatedAt moment `json:"createdAt"`
	Offset    string `json:"offset"`
}

// listNotes tells the notes of an alert, also those that came with an action such as a close.
func (a *API) listNotes(ctx context.Context, in *linesIn) (*page[noteLine], error) {
	var out *page[noteLine]
	err := a.look(ctx, func(tx table.Reader) error {
		row, err := findAlert(tx, in.ref)
		if err != nil {
			return err
		}
		all := func(newest bool) iter.Seq[state.Entry] { return state.NoteLines(tx, row.ID, newest) }
		out = lines(in, all, func(e *state.Entry) noteLine {
			return noteLine{Note: e.Note(), Owner: e.Owner, CreatedAt: moment{e.At}, Offset: strconv.FormatUint(e.Number, 10)}
		})
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
