package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"keng/hub/client"
	"keng/proto/agentpb"
	"keng/proto/link"
)

const (
	// fleetSockets is how many UDP sockets the agents share.
	fleetSockets = 32
	// joinWorkers is how many join at once, and tokenUses how often one token is good for.
	joinWorkers, tokenUses = 16, 500
)

// simulated is many agents in this process. Each has its own identity and its own
// connection; sockets are shared by some hundred each.
type simulated struct {
	agents    []*simAgent
	endpoints []*link.Endpoint
	cancel    context.CancelFunc
	ended     sync.WaitGroup
}

// simAgent is one of them.
type simAgent struct {
	name        string
	credentials link.Credentials
	hub         atomic.Pointer[string] // the node that it is connected to; nil: none
}

// joinFleet has agents join, each by a token, and keeps them connected to any of the hubs.
func joinFleet(ctx context.Context, hubs cluster, count int) (f *simulated, err error) {
	life, cancel := context.WithCancel(ctx)
	f = &simulated{cancel: cancel}
	defer func() {
		if err != nil {
			f.stop()
		}
	}()
	for range min(fleetSockets, count) {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		f.endpoints = append(f.endpoints, link.NewEndpoint(pc, nil))
	}
	api, err := client.New(hubs[0].url, hubs[0].key)
	if err != nil {
		return nil, err
	}
	var tokens []string
	for range (count + tokenUses - 1) / tokenUses {
		token, err := api.CreateToken(ctx, client.TokenSpec{Uses: tokenUses, Lifetime: client.Lifetime(time.Hour)})
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	f.agents = make([]*simAgent, count)
	var joined atomic.Int64
	began := time.Now()
	err = inParallel(count, joinWorkers, func(i int) error {
		a := &simAgent{name: fmt.Sprintf("agent-%d", i)}
		var err error
		a.credentials, _, err = f.endpoints[i%len(f.endpoints)].Join(ctx, hubs[i%len(hubs)].link, tokens[i/tokenUses], link.Agent, a.name)
		if n := joined.Add(1); n%1000 == 0 {
			progress("%d agents have joined, after %s", n, time.Since(began).Round(time.Second))
		}
		f.agents[i] = a
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("joining: %w", err)
	}
	f.run(life, hubs)
	return f, nil
}

// run keeps all agents connected until life ends.
func (f *simulated) run(life context.Context, hubs cluster) {
	var addresses []string
	for _, h := range hubs {
		addresses = append(addresses, h.link)
	}
	all := func() []string { return addresses }
	for i, a := range f.agents {
		f.ended.Go(func() {
			// As if switched on one after the other: no storm yet.
			if wait(life, time.Duration(i)*5*time.Millisecond) != nil {
				return
			}
			cfg := link.DialConfig{Credentials: func() link.Credentials { return a.credentials }, Software: "keng-bench", BootID: []byte(a.name)}
			_ = f.endpoints[i%len(f.endpoints)].Keep(life, all, cfg, a.session, link.Backoff{})
		})
	}
}

// session empties a spool without events, as an agent does whose checks are well.
func (a *simAgent) session(_ context.Context, c *link.Conn) error {
	epoch := make([]byte, 16)
	_, _ = rand.Read(epoch) // never fails
	copy(epoch, a.name)
	resume := &agentpb.Resume{Epoch: epoch, Site: a.name, Next: 1}
	if err := c.Send(&agentpb.FromAgent{Kind: &agentpb.FromAgent_Resume{Resume: resume}}); err != nil {
		return err
	}
	for {
		var m agentpb.ToAgent
		if err := c.Receive(&m); err != nil {
			a.hub.Store(nil)
			return err
		}
		if m.GetAck() != nil { // the hub takes events from here on
			node := c.Welcome().Node
			a.hub.Store(&node)
		}
	}
}

// at counts the agents that are connected to a node, or to any if it is empty.
func (f *simulated) at(node string) (n int) {
	for _, a := range f.agents {
		if hub := a.hub.Load(); hub != nil && (node == "" || *hub == node) {
			n++
		}
	}
	return n
}

// lose notes that a node is killed: its agents are not connected, though they do not know yet.
func (f *simulated) lose(node string) {
	for _, a := range f.agents {
		if hub := a.hub.Load(); hub != nil && *hub == node {
			a.hub.CompareAndSwap(hub, nil)
		}
	}
}

// awaitAll waits until all agents are connected and returns how long that took.
func (f *simulated) awaitAll(ctx context.Context, within time.Duration) (time.Duration, error) {
	began, told := time.Now(), time.Now()
	for {
		n := f.at("")
		took := time.Since(began)
		switch {
		case n == len(f.agents):
			return took, nil
		case took > within:
			return 0, fmt.Errorf("after %s only %d of %d agents are connected", within, n, len(f.agents))
		case time.Since(told) > 10*time.Second:
			told = time.Now()
			progress("%d of %d agents are connected, after %s", n, len(f.agents), took.Round(time.Second))
		}
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return 0, err
		}
	}
}

// stop ends all agents.
func (f *simulated) stop() {
	f.cancel()
	f.ended.Wait()
	for _, e := range f.endpoints {
		_ = e.Close()
	}
}
