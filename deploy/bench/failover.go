package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"keng/hub/client"
)

// failoverFigures are the budgets of paging after the leader was killed.
func failoverFigures() []figure {
	return []figure{
		{key: "p50_ms", unit: "ms", floor: 1000, goal: 700},
		{key: "max_ms", unit: "ms", floor: 3000, goal: 1500},
		{key: "answer_p50_ms", unit: "ms"}, // until the POST was answered
	}
}

const (
	failovers = 5
	// settlePages are sent before each kill: gateways are connected to all nodes then.
	settlePages = 6
)

// benchFailover kills the leader of three nodes with -9, posts an alert to one of the
// others at once, and measures from the kill until the FCM server has the push. Then the
// node is started again, and the next leader is killed.
func benchFailover(ctx context.Context, s setting) (map[string]float64, error) {
	hubs, fcm, stop, err := startPaging(ctx, s.dir)
	if err != nil {
		return nil, err
	}
	defer stop()
	p := &pager{fcm: fcm}
	var pushed, answered measured
	for kill := range failovers {
		leader, err := hubs.leader(ctx)
		if err != nil {
			return nil, err
		}
		if p.nodes, err = hubs.clients(); err != nil {
			return nil, err
		}
		if kill == 0 {
			err = putOnCall(ctx, p.nodes[0])
		}
		if err := errors.Join(err, p.pages(ctx, settlePages)); err != nil {
			return nil, err
		}
		took, err := p.failover(ctx, hubs, leader, kill)
		if err != nil {
			return nil, fmt.Errorf("kill %d: %w", kill+1, err)
		}
		pushed.took, answered.took = append(pushed.took, took.pushed), append(answered.took, took.answered)
	}
	slices.Sort(pushed.took)
	slices.Sort(answered.took)
	return map[string]float64{
		"p50_ms": pushed.quantile(0.5), "max_ms": milliseconds(pushed.took[len(pushed.took)-1]),
		"answer_p50_ms": answered.quantile(0.5),
	}, nil
}

// failover kills the leader, pages by another node, and starts the leader again.
func (p *pager) failover(ctx context.Context, hubs cluster, leader, kill int) (pageTime, error) {
	asked := p.nodes[(leader+1)%len(p.nodes)]
	hubs[leader].stop()
	took, err := p.page(ctx, asked, fmt.Sprintf("failover-%d", kill))
	if err != nil {
		return took, err
	}
	if err := hubs[leader].serve(ctx); err != nil {
		return took, err
	}
	restarted, err := client.New(hubs[leader].url, hubs[leader].key)
	if err != nil {
		return took, err
	}
	err = await(ctx, "the killed node to answer", func() bool {
		seen, err := restarted.Cluster(ctx)
		return err == nil && seen.Quorum.Reachable == len(hubs) && seen.Leader != ""
	})
	return took, errors.Join(err, wait(ctx, time.Second)) // gateways come back
}
