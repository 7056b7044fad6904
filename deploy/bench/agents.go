package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"keng/hub/client"
)

// agentsFigures are the budgets of hubs with many agents.
func agentsFigures() []figure {
	return []figure{
		{key: "count", higher: true},
		{key: "kib_per_agent", unit: "KiB", floor: 110, goal: 75},
		{key: "cpu_percent", unit: "%", floor: 25, goal: 12},
		{key: "recover_s", unit: "s", floor: 120, goal: 30},
		{key: "leader_recover_s", unit: "s"},
		{key: "silence_alerts", none: true},
	}
}

const (
	// agentsIdle is how long connected agents are watched before anything is killed.
	agentsIdle = 30 * time.Second
	// agentsReturn bounds how long all agents may take to come back, and agentsJoin how
	// long they may take to join and connect at first.
	agentsReturn, agentsJoin = 150 * time.Second, 240 * time.Second
	// verdictTime is after how long without a word an agent is called silent, and some.
	verdictTime = 45 * time.Second
)

// benchAgents measures three hubs that serve many agents, simulated in this process with
// the agent's own link code. Memory by agent is what the hubs use
// together over what they used without agents; processor time is that of the busiest hub at
// rest, of one processor. Then the node that
// holds a third of the agents is killed with -9, and started again, and then the leader:
// until all agents are back at a hub. Nobody may be called silent.
func benchAgents(ctx context.Context, s setting) (map[string]float64, error) {
	hubs, err := startCluster(ctx, s.dir, nodesOfThree)
	if err != nil {
		return nil, err
	}
	defer hubs.stop()
	leader, err := hubs.leader(ctx)
	if err != nil {
		return nil, err
	}
	empty, err := hubs.rss()
	if err != nil {
		return nil, err
	}
	f, err := joinFleet(ctx, hubs, s.count)
	if err != nil {
		return nil, err
	}
	defer f.stop()
	figures := map[string]float64{"count": float64(s.count)}
	if _, err := f.awaitAll(ctx, agentsJoin); err != nil {
		return nil, err
	}
	if err := f.rest(ctx, hubs, empty, figures); err != nil {
		return nil, err
	}
	holder := (leader + 1) % len(hubs)
	if figures["recover_s"], err = f.kill(ctx, hubs, holder); err != nil {
		return nil, err
	}
	if leader, err = hubs.leader(ctx); err != nil {
		return nil, err
	}
	if figures["leader_recover_s"], err = f.kill(ctx, hubs, leader); err != nil {
		return nil, err
	}
	figures["silence_alerts"], err = hubs.silences(ctx)
	return figures, err
}

// rest measures the hubs with all agents connected and nothing else to do.
func (f *simulated) rest(ctx context.Context, hubs cluster, empty float64, figures map[string]float64) error {
	progress("all agents are connected; measuring at rest for %s", agentsIdle)
	if err := wait(ctx, agentsIdle/3); err != nil { // until garbage of the handshakes is gone
		return err
	}
	before, err := hubs.cpuEach()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := wait(ctx, agentsIdle); err != nil {
		return err
	}
	took := time.Since(began)
	after, err := hubs.cpuEach()
	if err != nil {
		return err
	}
	used, err := hubs.rss()
	if err != nil {
		return err
	}
	figures["kib_per_agent"] = (used - empty) * 1024 / float64(len(f.agents))
	for i := range after {
		figures["cpu_percent"] = max(figures["cpu_percent"], 100*(after[i]-before[i]).Seconds()/took.Seconds())
	}
	return nil
}

// cpuEach returns the processor time that each node has used.
func (c cluster) cpuEach() (each []time.Duration, err error) {
	for _, h := range c {
		used, err := cpuOf(h.pid())
		if err != nil {
			return nil, err
		}
		each = append(each, used)
	}
	return each, nil
}

// kill ends a node with -9 and starts it again once all agents are back at others. It
// returns how long those took, in seconds.
func (f *simulated) kill(ctx context.Context, hubs cluster, node int) (float64, error) {
	progress("kill -9 of %s, which holds %d agents", hubs[node].id, f.at(hubs[node].id))
	killed := time.Now()
	f.lose(hubs[node].id)
	hubs[node].process.stop()
	took, err := f.awaitAll(ctx, agentsReturn)
	if err != nil {
		return 0, err
	}
	// Whoever would be called silent for this is called so by now.
	if err := wait(ctx, verdictTime-min(time.Since(killed), verdictTime)); err != nil {
		return 0, err
	}
	return took.Seconds(), hubs[node].serve(ctx)
}

// rss is the memory that the nodes use together, in MiB.
func (c cluster) rss() (sum float64, err error) {
	for _, h := range c {
		used, err := rssOf(h.pid())
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

// silences returns how many alerts tell of silent agents.
func (c cluster) silences(ctx context.Context) (float64, error) {
	hub, err := client.New(c[0].url, c[0].key)
	if err != nil {
		return 0, err
	}
	alerts, err := hub.Alerts(ctx, "tag: silent", 100)
	for _, a := range alerts {
		progress("alert: %s", a.Message)
	}
	return float64(len(alerts)), err
}

// progress tells of long work.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

// inParallel calls f for 0 to n-1, a few at a time, and returns the first error.
func inParallel(n, workers int, f func(i int) error) error {
	var wg sync.WaitGroup
	failed := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n && failed[w] == nil; i += workers {
				failed[w] = f(i)
			}
		})
	}
	wg.Wait()
	if i := slices.IndexFunc(failed, func(err error) bool { return err != nil }); i >= 0 {
		return failed[i]
	}
	return nil
}
