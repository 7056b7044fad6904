package engine

import (
	"context"
	"time"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
)

// hangUpPause is how often, at most, a node looks which pages are wanted no more.
const hangUpPause = time.Second

// hangUp takes back, from whoever is connected to this node, pages that are wanted no
// more, whether it leads or not. The leader does that at once for what it has handed over;
// but it may die right after an acknowledgement, or have lost the gateway and not know it
// yet, and phones must not ring on for that (P3). Twice is harmless.
func (e *Engine) hangUp(ctx context.Context) {
	var open map[core.DeliveryID]bool
	for ctx.Err() == nil {
		applied := e.store.Applied()
		var ended []core.DeliveryID
		now := map[core.DeliveryID]bool{}
		err := e.store.View(ctx, false, func(r table.Reader) error {
			for _, d := range outbox(r) {
				now[d.ID] = true
			}
			for id := range open {
				if d, ok := state.GetDelivery(r, id); ok && d.Final() && !d.EndedByGateway() {
					ended = append(ended, id)
				}
			}
			return nil
		})
		switch {
		case err == nil:
			open = now
		case ctx.Err() == nil:
			e.logger.Error("cannot look which pages are wanted no more", "error", err)
		}
		for _, id := range ended {
			if planted("p3-deaf") {
				break
			}
			e.carrier.Withdraw(id, "no longer wanted")
		}
		pause(ctx, hangUpPause)
		select {
		case <-applied:
		case <-ctx.Done():
		}
	}
}
