package api

import (
	"context"

	"keng/hub/core"
	"keng/hub/state"
)

// catchAllRoutes are the operations on the last resort.
func catchAllRoutes() []route {
	const path = "/keng/v1/catch-all"
	return []route{
		{"GET", path, state.Read, true, configurationDomain, tell(getCatchAll)},
		{"PUT", path, state.Configure, true, configurationDomain, on((*API).putCatchAll)},
		{"DELETE", path, state.Configure, true, configurationDomain, change(deleteCatchAll, deleted[state.Nothing])},
	}
}

// catchAllIn says who is to be the last resort.
type catchAllIn struct {
	asker
	put state.PutCatchAll
}

func (in *catchAllIn) read(c *call) {
	in.asker = c.asker()
	b := c.body
	if responder, ok := b.child("responder"); ok {
		in.put.To = responder.party()
	}
	if after, ok := b.child("after"); ok {
		in.put.After = after.span()
	}
	in.put.MinimumPriority = b.priority("minimumPriority")
}

func deleteCatchAll(*catchAllIn) state.DeleteCatchAll { return state.DeleteCatchAll{} }

// catchAllRecord is the last resort as replies tell it.
type catchAllRecord struct {
	Responder       someone `json:"responder"`
	After           span    `json:"after"`
	MinimumPriority string  `json:"minimumPriority,omitempty"`
}

func getCatchAll(tx reader, _ *catchAllIn) (catchAllRecord, error) {
	row, ok := state.CatchAllOf(tx)
	if !ok {
		return catchAllRecord{}, &core.Error{Kind: core.NotFound, Words: "There is no catch-all."}
	}
	return catchAllRecord{Responder: someoneOf(tx, row.To), After: spanOf(row.After), MinimumPriority: row.MinimumPriority.String()}, nil
}

func (a *API) putCatchAll(ctx context.Context, in *catchAllIn) (*written, error) {
	if _, err := do(ctx, a, in.seed, in.put); err != nil {
		return nil, err
	}
	var out catchAllRecord
	err := a.look(ctx, func(tx reader) (err error) {
		out, err = getCatchAll(tx, in)
		return err
	})
	return updated(out), err
}
