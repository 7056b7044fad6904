package app

import (
	"context"
	"errors"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore"
)

// rehearsalsMax is how many rehearsals a node works at once: each may take seconds of one core.
const rehearsalsMax = 2

// rehearsalRows is how many rows one reads and writes at most.
const rehearsalRows = 300_000

// rehearse answers a rehearsal on a fork of this node's state.
func (a *App) rehearse(ctx context.Context, r state.Rehearsal) (*state.Rehearsed, error) {
	select {
	case a.rehearsals <- struct{}{}:
		defer func() { <-a.rehearsals }()
	default:
		return nil, &core.Error{Kind: core.Unavailable, Words: "This node is busy with other rehearsals. Try again in a few seconds."}
	}
	machine := state.New(a.zones.Find).With(a.limits()) // with no memory in common with that of life
	var out *state.Rehearsed
	err := a.store.Fork(ctx, raftstore.ForkLimits{Rows: rehearsalRows}, func(f *raftstore.Fork) (err error) {
		out, err = machine.Rehearse(f.Tx(), r, f.Err)
		return err
	})
	switch {
	case !errors.Is(err, raftstore.ErrForkLimit):
		return out, kindly(err)
	case out == nil:
		return nil, &core.Error{Kind: core.Unavailable, Words: "Letting the alert come takes more rows or time than a rehearsal may."}
	}
	return out, nil // it says that it was cut
}
