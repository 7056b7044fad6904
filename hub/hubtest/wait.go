package hubtest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"keng/raftstore"
	"keng/raftstore/table"
)

// Leader waits until a node leads that a majority follows, and returns it.
func (c *Cluster) Leader() string {
	c.t.Helper()
	var leader string
	c.await("a leader", func() bool {
		for _, id := range c.Running() {
			if c.leads(id) {
				leader = id
				return true
			}
		}
		return false
	})
	return leader
}

// leads reports whether a node leads and a majority follows it.
func (c *Cluster) leads(id string) bool {
	store := c.machines[id].life.store
	if !store.Status().Leads {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	return store.View(ctx, raftstore.Leader, func(table.Reader) error { return nil }) == nil && store.Status().Leads
}

// Follower returns a node that runs and does not lead.
func (c *Cluster) Follower() string {
	c.t.Helper()
	leader := c.Leader()
	for _, id := range c.Running() {
		if id != leader {
			return id
		}
	}
	c.t.Fatal("no node but the leader runs")
	return ""
}

// Lead has a node lead.
func (c *Cluster) Lead(id string) {
	c.t.Helper()
	c.await(id+" to lead", func() bool {
		if c.leads(id) {
			return true
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = c.API(c.Leader()).TransferLeadership(ctx, id) // an election may be on
		return false
	})
}

// AwaitVoters waits until all running nodes know of so many members with a vote.
func (c *Cluster) AwaitVoters(n int) {
	c.t.Helper()
	c.await("so many voters", func() bool {
		for _, id := range c.Running() {
			voters := 0
			for _, m := range c.Status(id).Members {
				if m.Voter {
					voters++
				}
			}
			if voters != n {
				return false
			}
		}
		return true
	})
}

// Compare waits until all running nodes have applied the same, and makes sure that their
// chains, and all their rows, are equal.
func (c *Cluster) Compare() {
	c.t.Helper()
	c.Leader()
	nodes := c.Running()
	c.await("all nodes to have applied the same", func() bool {
		first := c.Status(nodes[0])
		for _, id := range nodes {
			if s := c.Status(id); s.Applied != first.Applied || s.Sequence != first.Sequence {
				return false
			}
		}
		return true
	})
	chain, rows := c.Status(nodes[0]).Chain, c.rows(nodes[0])
	for _, id := range nodes[1:] {
		if other := c.Status(id).Chain; other != chain {
			c.t.Errorf("node %s has the chain hash %x, node %s %x", id, other, nodes[0], chain)
		}
		if c.rows(id) != rows {
			c.t.Errorf("node %s has other rows than node %s", id, nodes[0])
		}
	}
}

// rows returns a hash of all rows of a node's.
func (c *Cluster) rows(id string) (sum [32]byte) {
	c.t.Helper()
	hash := sha256.New()
	err := c.machines[id].life.store.View(context.Background(), raftstore.Local, func(r table.Reader) error {
		for k, v := range r.Scan(nil, nil) {
			for _, part := range [][]byte{k, v} {
				hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
				hash.Write(part)
			}
		}
		return nil
	})
	if err != nil {
		c.t.Errorf("cannot read node %s: %v", id, err)
	}
	return [32]byte(hash.Sum(nil))
}
