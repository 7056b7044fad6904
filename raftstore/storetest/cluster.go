package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"keng/raftstore"
	"keng/raftstore/table"
)

// Cluster is several nodes in one process, over a network in memory, each with a
// disk in memory. It is for use by one goroutine, but for Store. In a testing/synctest
// bubble it is made inside the bubble, with the bubble's t.
type Cluster struct {
	Net    *Network
	Change func(*raftstore.Options) // may set further options of a node; nil for none
	// SnapshotEntries is for the disks of nodes that are started for the first time: see
	// raftstore.Memory.
	SnapshotEntries uint64
	// CommitTimeout and BlobGrace are for the same disks: see raftstore.Memory.
	CommitTimeout, BlobGrace time.Duration

	t         testing.TB
	authority *Authority
	handle    raftstore.Handler
	random    *rand.Rand
	disks     map[string]*raftstore.Memory
	dying     sync.WaitGroup

	mu     sync.Mutex
	stores map[string]*raftstore.Store // those that run
}

// patience is how long a cluster may take, in the bubble's time, for what a test
// waits for.
const patience = 2 * time.Minute

// NewCluster starts nodes, waits until all have a vote, and closes them when the test
// ends. The first one makes the cluster, the others join it. What chance decides
// follows from the seed, as far as the goroutines allow.
func NewCluster(t testing.TB, seed uint64, handle raftstore.Handler, nodes ...string) *Cluster {
	t.Helper()
	c := Empty(t, seed, handle)
	for _, id := range nodes {
		c.Start(id, nodes[0])
	}
	c.AwaitVoters(len(nodes))
	return c
}

// Empty returns a cluster without nodes, whose fields may be set before the first one
// is started.
func Empty(t testing.TB, seed uint64, handle raftstore.Handler) *Cluster {
	c := &Cluster{
		Net: NewNetwork(), t: t, authority: NewAuthority(t), handle: handle, random: rand.New(rand.NewPCG(seed, 0)),
		disks: map[string]*raftstore.Memory{}, stores: map[string]*raftstore.Store{},
	}
	t.Cleanup(c.close)
	return c
}

// Start starts a node: again, if it ran before, or else as one that joins another, or
// that makes the cluster if it is told to join itself.
func (c *Cluster) Start(id, join string) *raftstore.Store {
	c.t.Helper()
	listener, err := c.Net.Listen(id)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.disks[id] == nil {
		c.disks[id] = raftstore.NewMemory()
		c.disks[id].SnapshotEntries, c.disks[id].CommitTimeout, c.disks[id].BlobGrace = c.SnapshotEntries, c.CommitTimeout, c.BlobGrace
	}
	credentials := c.authority.Credentials(id)
	network := &raftstore.Network{
		Listener: listener, Dial: c.Net.Dialer(id), PeerID: c.authority.PeerID,
		Credentials: func() raftstore.Credentials { return credentials },
	}
	options := raftstore.Options{NodeID: id, Handle: c.handle, Logger: discard(), Network: network, Bootstrap: join == id}
	if join != id {
		network.Join = []string{join}
	}
	if c.Change != nil {
		c.Change(&options)
	}
	store, err := raftstore.OpenInMemory(options, c.disks[id])
	if err != nil {
		c.t.Fatalf("cannot start node %s: %v", id, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stores[id] = store
	return store
}

// discard is the nodes' logger: what they complain of while a test breaks things is
// no news.
func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Disk returns a node's disk.
func (c *Cluster) Disk(id string) *raftstore.Memory { return c.disks[id] }

// Store returns a node that runs, or nil.
func (c *Cluster) Store(id string) *raftstore.Store {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stores[id]
}

// Running returns the nodes that run, sorted.
func (c *Cluster) Running() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.stores))
}

func (c *Cluster) take(id string) *raftstore.Store {
	c.mu.Lock()
	defer c.mu.Unlock()
	store := c.stores[id]
	delete(c.stores, id)
	return store
}

// Stop stops a node in good order.
func (c *Cluster) Stop(id string) {
	c.t.Helper()
	if err := c.take(id).Close(); err != nil {
		c.t.Errorf("cannot close node %s: %v", id, err)
	}
}

// Kill has a node lose power: its connections break, and of what it had not synced a
// random part is lost.
func (c *Cluster) Kill(id string) {
	store := c.take(id)
	c.Net.Cut(id)
	c.Net.Reset(id)
	c.disks[id] = c.disks[id].Crash(c.random)
	// What is left of the process can do no harm any more, and says nothing.
	closed := make(chan struct{})
	c.dying.Go(func() {
		defer close(closed)
		_ = store.Close()
	})
	<-closed
	c.Net.Heal(id)
}

// Leader waits until a node leads that a majority follows, and returns it.
func (c *Cluster) Leader() *raftstore.Store {
	c.t.Helper()
	for began := time.Now(); time.Since(began) < patience; time.Sleep(20 * time.Millisecond) {
		for _, id := range c.Running() {
			store := c.Store(id)
			if !store.Status().Leads {
				continue
			}
			ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
			err := store.View(ctx, raftstore.Leader, func(table.Reader) error { return nil })
			cancel()
			if err == nil && store.Status().Leads {
				return store
			}
		}
	}
	c.t.Fatalf("there is no leader: %s", c.describe())
	return nil
}

// AwaitVoters waits until all running nodes know of so many members with a vote.
func (c *Cluster) AwaitVoters(n int) {
	c.t.Helper()
	c.await("so many voters", func() bool {
		for _, id := range c.Running() {
			voters := 0
			for _, m := range c.Store(id).Status().Members {
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

func (c *Cluster) await(what string, done func() bool) {
	c.t.Helper()
	for began := time.Now(); time.Since(began) < patience; time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	c.t.Fatalf("waited in vain for %s: %s", what, c.describe())
}

func (c *Cluster) describe() string {
	var b bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&b, nil))
	for _, id := range c.Running() {
		store := c.Store(id)
		logger.Info("node", "status", store.Status(), "failure", store.Failure())
	}
	return b.String()
}

// Compare waits until all running nodes have applied the same, and makes sure that
// their chains, and all their rows, are equal.
func (c *Cluster) Compare() {
	c.t.Helper()
	c.Leader()
	c.await("all nodes to have applied the same", func() bool {
		var first raftstore.Status
		for i, id := range c.Running() {
			status := c.Store(id).Status()
			if i == 0 {
				first = status
			}
			if status.Applied != first.Applied || status.Sequence != first.Sequence {
				return false
			}
		}
		return true
	})
	var chain, rows [32]byte
	for i, id := range c.Running() {
		status, sum := c.Store(id).Status(), c.rows(id)
		if i == 0 {
			chain, rows = status.Chain, sum
		}
		if status.Chain != chain {
			c.t.Errorf("node %s has the chain hash %x, another %x", id, status.Chain, chain)
		}
		if sum != rows {
			c.t.Errorf("node %s has other rows than another, though the chain is the same", id)
		}
	}
}

// rows returns a hash of all rows of a node's.
func (c *Cluster) rows(id string) (sum [32]byte) {
	c.t.Helper()
	hash := sha256.New()
	err := c.Store(id).View(context.Background(), raftstore.Local, func(r table.Reader) error {
		for k, v := range r.Scan(nil, nil) {
			var head []byte
			head = binary.BigEndian.AppendUint64(head, uint64(len(k)))
			head = binary.BigEndian.AppendUint64(head, uint64(len(v)))
			hash.Write(head)
			hash.Write(k)
			hash.Write(v)
		}
		return nil
	})
	if err != nil {
		c.t.Errorf("cannot read node %s: %v", id, err)
	}
	return [32]byte(hash.Sum(nil))
}

// close heals the network and stops what runs.
func (c *Cluster) close() {
	for _, id := range c.Running() {
		c.Net.Heal(id)
	}
	for _, id := range c.Running() {
		c.Stop(id)
	}
	c.dying.Wait()
}
