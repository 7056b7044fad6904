package api

import (
	"context"
	"strconv"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
)

// noticesIn asks for the notices to a person, or to everybody.
type noticesIn struct {
	user  string
	limit int
}

func (in *noticesIn) read(c *call) {
	in.user, in.limit = c.query("user"), c.number("limit", 1, state.NoticesMost, 100)
}

// noticeRecord is a page that is about no alert, with its trace.
type noticeRecord struct {
	ID        string         `json:"id"`
	Type      string         `json:"type"`
	Schedule  *thing         `json:"schedule,omitempty"`
	Alert     *toldAlert     `json:"alert,omitempty"`
	User      deliveryUser   `json:"user"`
	Contact   string         `json:"contactId"`
	Kind      string         `json:"kind"`
	Why       string         `json:"why"`
	CreatedAt moment         `json:"createdAt"`
	SendBy    moment         `json:"sendBy"`
	Start     *moment        `json:"startDate,omitempty"`
	End       *moment        `json:"endDate,omitempty"`
	Swap      string         `json:"swapId,omitempty"`
	Needed    []neededRecord `json:"needed,omitempty"`
	Final     bool           `json:"final"`
	Trace     []traceRecord  `json:"trace"`
}

// toldAlert is the alert to which somebody else has done something.
type toldAlert struct {
	ID   string `json:"id"`
	Tiny string `json:"tinyId"`
	By   string `json:"by"`
	Note string `json:"note,omitempty"`
}

// neededRecord is a time for which somebody is needed.
type neededRecord struct {
	Start moment `json:"startDate"`
	End   moment `json:"endDate,omitzero"` // of a shift that may go on for ever: none
	User  string `json:"user,omitempty"`
}

// listNotices tells what people were told that is about no alert, the newest first.
func (a *API) listNotices(ctx context.Context, in *noticesIn) (*page[noticeRecord], error) {
	var out *page[noticeRecord]
	err := a.look(ctx, func(tx table.Reader) error {
		out = &page[noticeRecord]{}
		who := state.Either(in.user)
		if in.user != "" {
			u, err := who.User(tx)
			if err != nil {
				return err
			}
			who.ID = string(u.ID)
		}
		for d := range state.NoticesOf(tx, core.UserID(who.ID)) {
			if len(out.of) == in.limit {
				break
			}
			out.of = append(out.of, noticeOf(d, usernameOf(tx, d.User)))
		}
		return nil
	})
	return out, err
}

func noticeOf(d *state.Delivery, username string) noticeRecord {
	page, n := deliveryOf(d, username), d.Notice
	out := noticeRecord{
		ID: page.ID, Type: n.Kind.String(), User: page.User, Contact: page.Contact, Kind: page.Kind,
		Why: page.Why, CreatedAt: page.CreatedAt, SendBy: page.SendBy, Swap: n.Swap, Final: page.Final, Trace: page.Trace,
	}
	if n.Schedule != "" {
		out.Schedule = &thing{ID: string(n.Schedule), Name: n.ScheduleName}
	}
	if n.Alert != "" {
		out.Alert = &toldAlert{string(n.Alert), strconv.FormatUint(n.Tiny, 10), n.By, n.Note}
	}
	if !n.Shift.Start.IsZero() {
		out.Start = &moment{n.Shift.Start}
	}
	if !n.Shift.End.IsZero() {
		out.End = &moment{n.Shift.End}
	}
	for _, t := range n.Troubles {
		out.Needed = append(out.Needed, neededRecord{moment{t.At.Start}, moment{t.At.End}, t.Name})
	}
	return out
}
