package app

import (
	"context"
	"sync"
	"time"

	"keng/hub/core"
	"keng/hub/core/silence"
	"keng/hub/state"
	"keng/raftstore/table"
)

// heardTopic is what nodes tell the leader of under: which agents they hear.
const heardTopic = "heard"

// told answers what another node, or this one, says.
func (a *App) told(ctx context.Context, from, topic string, body []byte) ([]byte, error) {
	select {
	case <-a.opened:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch topic {
	case heardTopic:
		return a.silence.Heard(from, body)
	case checksTopic:
		return a.resultsHere(string(body))
	}
	return nil, &core.Error{Kind: core.Internal, Words: "this version of the hub does not know what it is told of: " + topic}
}

// tellHeard tells the leader which agents this node hears.
func (a *App) tellHeard(ctx context.Context) error {
	return a.edge.TellHeard(ctx, func(ctx context.Context, report []byte) ([]byte, error) {
		leader := a.store.Status().LeaderID
		if leader == "" {
			return nil, &core.Error{Kind: core.Unavailable, Words: "no leader is known"}
		}
		return a.store.Tell(ctx, leader, heardTopic, report)
	})
}

// countEvery is how often agents are counted, at most.
const countEvery = 30 * time.Second

// census remembers for a while how many agents there are.
type census struct {
	mu     sync.Mutex
	at     time.Time
	agents int
}

// spread is how widely agents are to spread their return to a hub.
func (a *App) spread() time.Duration {
	a.agents.mu.Lock()
	defer a.agents.mu.Unlock()
	if now := time.Now(); a.agents.at.IsZero() || now.Sub(a.agents.at) >= countEvery {
		n := 0
		err := a.Store().View(context.Background(), false, func(r table.Reader) error {
			for p := range state.Peers.All(r) {
				if p.Kind == "agent" && !p.Revoked {
					n++
				}
			}
			return nil
		})
		if err == nil {
			a.agents.at, a.agents.agents = now, n
		}
	}
	return silence.Spread(a.agents.agents)
}
