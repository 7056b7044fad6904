package engine

import (
	"context"
	"time"

	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// Gateways dial every node, but a network may let one through to some nodes only. The
// leader hands pages over itself; so where it has no gateway of a kind and another node
// has, the leadership goes there.

// moveOn hands the leadership to a node of which a gateway serves a kind, if one is
// known that takes it. If none does, the page waits here until the patience ends.
func (r *reign) moveOn(ctx context.Context, kind channel.Kind) error {
	var nodes []string
	err := r.store.View(ctx, false, func(rd table.Reader) error {
		nodes = state.NodesServing(rd, kind)
		return nil
	})
	if err != nil {
		return err
	}
	for _, to := range nodes {
		now := r.store.Now()
		if asked, before := r.asked[to]; to == r.store.Node() || before && now.Before(asked.Add(yieldAgain)) {
			continue
		}
		r.asked[to] = now
		if r.yield(ctx, to, kind) {
			return nil
		}
	}
	return nil
}

// yield reports whether a node has taken the leadership.
func (r *reign) yield(ctx context.Context, to string, kind channel.Kind) bool {
	within, cancel := context.WithTimeout(ctx, yieldTimeout)
	defer cancel()
	if err := r.store.Yield(within, to); err != nil {
		r.logger.Warn("no gateway here serves a page, and the node that has one did not take the leadership", "kind", kind, "node", to, "error", err)
		return false
	}
	r.logger.Info("no gateway here serves a page: the leadership goes to a node that has one", "kind", kind, "node", to)
	pause(ctx, retryPause) // the reign ends meanwhile
	return true
}

// earlier returns the earlier of two moments; a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
