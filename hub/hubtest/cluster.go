// Package hubtest is a cluster of whole hubs in one process: real nodes (package app),
// each on a machine of its own with a disk in memory, joined by networks in memory that
// can be cut. It is for stories in a testing/synctest bubble, on fake time.
//
//	synctest.Test(t, func(t *testing.T) {
//		c := hubtest.New(t, 1, "a", "b", "c") // a makes the cluster, b and c join it
//		old := c.Leader()
//		c.Nodes.Cut(old)                      // from the other nodes: TCP
//		c.Links.Cut(old, "gateway")           // from a gateway: UDP
//		…
//		c.Nodes.Heal(old)
//		c.Compare()                           // all nodes hold the same
//	})
//
// Three networks join the world: Nodes between hubs, Links between hubs and whoever dials
// them (agents and gateways), and one for HTTP, which is never cut: see [Cluster.API].
// A host bears its node's id on each. Make everything inside the bubble; end what
// dials over Links before the test ends.
package hubtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"keng/hub/app"
	"keng/hub/client"
	"keng/proto/link/linktest"
	"keng/raftstore"
	"keng/raftstore/storetest"
)

// Cluster is several hubs in one process. It is for use by one goroutine, but for API.
type Cluster struct {
	// Nodes is the network between nodes, Links that of agents and gateways. What is cut
	// on one is not on the other.
	Nodes *storetest.Network
	Links *linktest.Network
	// SnapshotEntries is for the disks of nodes that are started for the first time: see
	// raftstore.Memory.
	SnapshotEntries uint64
	// PageWindow is for all nodes: see app.Options.
	PageWindow time.Duration
	// Logger gets what nodes have to say. Default: nobody.
	Logger *slog.Logger

	t        testing.TB
	random   *mathrand.Rand
	web      *storetest.Network
	key      string
	first    string // the node that makes the cluster
	machines map[string]*machine
	dying    sync.WaitGroup
}

// New starts nodes, waits until all have a vote, and stops them when the test ends. The
// first one makes the cluster, the others join it. What chance decides follows from the
// seed, as far as the goroutines allow.
func New(t testing.TB, seed uint64, nodes ...string) *Cluster {
	t.Helper()
	c := Empty(t, seed)
	c.Start(nodes...)
	c.AwaitVoters(len(nodes))
	return c
}

// Empty returns a cluster without nodes, whose fields may be set before the first one
// is started.
func Empty(t testing.TB, seed uint64) *Cluster {
	c := &Cluster{
		Nodes: storetest.NewNetwork(), Links: linktest.NewNetwork(time.Millisecond), Logger: slog.New(slog.DiscardHandler),
		t: t, random: mathrand.New(mathrand.NewPCG(seed, 0)), web: storetest.NewNetwork(), key: rand.Text(),
		machines: map[string]*machine{},
	}
	t.Cleanup(c.close)
	return c
}

// Start starts nodes and returns when they serve. One that ran before goes on with what is
// on its disk; another one joins, or makes the cluster if it is the first of all.
// Nodes that ran before are started at the same time: it may take a majority of them
// until one serves.
func (c *Cluster) Start(nodes ...string) {
	c.t.Helper()
	failed := make([]error, len(nodes))
	var starting sync.WaitGroup
	for i, id := range nodes {
		known := c.machines[id] != nil
		m, o := c.prepare(id)
		if known {
			starting.Go(func() { failed[i] = m.start(c, o) })
		} else {
			failed[i] = m.start(c, o)
		}
	}
	starting.Wait()
	if err := errors.Join(failed...); err != nil {
		c.t.Fatal(err)
	}
}

// prepare returns a node's machine, and what the node is to be started with.
func (c *Cluster) prepare(id string) (*machine, app.Options) {
	c.t.Helper()
	m := c.machines[id]
	if m == nil {
		m = &machine{id: id, dir: c.t.TempDir(), disk: raftstore.NewMemory()}
		m.disk.SnapshotEntries = c.SnapshotEntries
		c.machines[id] = m
	}
	if m.life != nil {
		c.t.Fatalf("node %s runs already", id)
	}
	o := app.Options{
		DataDir: m.dir, NodeID: id, HTTP: webPort, Raft: nodesPort, Link: linkPort, Version: "test", BootstrapKey: c.key, Logger: c.Logger,
		PageWindow: c.PageWindow,
	}
	if c.first == "" {
		c.first = id
	}
	if id == c.first {
		o.Bootstrap = true
	} else {
		o.Join, o.JoinToken = c.first, c.nodeToken()
	}
	return m, o
}

// nodeToken is the token that the first node has left in its data directory.
func (c *Cluster) nodeToken() string {
	c.t.Helper()
	token, err := os.ReadFile(filepath.Join(c.machines[c.first].dir, "node-token"))
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.TrimSpace(string(token))
}

// Stop stops a node in good order, as an operator does.
func (c *Cluster) Stop(id string) {
	c.t.Helper()
	if err := c.machines[id].take().node.Stop(context.Background()); err != nil {
		c.t.Errorf("cannot stop node %s: %v", id, err)
	}
}

// Kill has nodes lose power, all at the same moment: their connections to other nodes
// break, their links fall silent, and of what they had not synced a random part is lost.
func (c *Cluster) Kill(nodes ...string) {
	for _, id := range nodes {
		m := c.machines[id]
		l := m.take()
		l.cutOff(c)
		m.disk = m.disk.Crash(c.random)
		// What is left of the process can do no harm any more, and nobody hears it.
		c.dying.Go(func() { _ = l.node.Stop(context.Background()) })
	}
}

// Skew sets how far the wall clocks of nodes, running or not, are ahead of the bubble's
// time; behind if it is negative.
func (c *Cluster) Skew(by time.Duration, nodes ...string) {
	for _, id := range nodes {
		c.machines[id].skew.Store(int64(by))
	}
}

// API returns a client of a node with every right.
func (c *Cluster) API(id string) *client.Client {
	c.t.Helper()
	api, err := client.New("http://"+id, c.key)
	if err != nil {
		c.t.Fatal(err)
	}
	return api.Through(c.Transport())
}

// Key is an API key with every right.
func (c *Cluster) Key() string { return c.key }

// Transport is the way of HTTP to the nodes, which are the hosts of URLs.
func (c *Cluster) Transport() *http.Transport {
	dial := c.web.Dialer("client")
	return &http.Transport{
		DisableKeepAlives: true, // nothing is left when a test ends
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return dial(ctx, host)
		},
	}
}

// Link is the address at which agents and gateways dial a node that runs.
func (c *Cluster) Link(id string) string { return c.machines[id].life.node.LinkAddr() }

// Clock returns what a node that runs knows of the nodes' wall clocks.
func (c *Cluster) Clock(id string) raftstore.ClockState { return c.machines[id].life.store.Clock() }

// Status returns what a node that runs knows of itself.
func (c *Cluster) Status(id string) raftstore.Status { return c.machines[id].life.store.Status() }

// Store returns the store of a node that runs: for stories that read rows, or give commands of their own.
func (c *Cluster) Store(id string) *raftstore.Store { return c.machines[id].life.store }

// Running returns the nodes that run, sorted.
func (c *Cluster) Running() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(c.machines)), func(id string) bool { return c.machines[id].life == nil })
}

// close heals the network between nodes and stops what runs.
func (c *Cluster) close() {
	for _, id := range c.Running() {
		c.Nodes.Heal(id)
	}
	for _, id := range c.Running() {
		c.Stop(id)
	}
	c.dying.Wait()
}

// The addresses that a machine listens at. Each is a network of its own.
const (
	webPort   = "web"
	nodesPort = "nodes"
	linkPort  = "link"
)

// machine is where a node runs, and what is left of it while it does not.
type machine struct {
	id   string
	dir  string            // for the little that a node keeps beside its store
	disk *raftstore.Memory // for the store
	life *life             // nil while the node does not run
	skew atomic.Int64      // how far its wall clock is ahead, in nanoseconds
}

// take ends the machine's present life.
func (m *machine) take() *life {
	l := m.life
	m.life = nil
	return l
}

// life is a node from its start to its end.
type life struct {
	id    string
	node  *app.App
	store *raftstore.Store

	mu    sync.Mutex
	over  bool // the machine has no power
	ports []interface{ Close() error }
}

var errNoPower = errors.New("the machine has no power")

// start starts a node on the machine.
func (m *machine) start(c *Cluster, o app.Options) error {
	l := &life{id: m.id}
	o.Host = app.Host{
		Listen: func(_, address string) (net.Listener, error) {
			listener, err := c.listen(m.id, address)
			if err == nil {
				l.ports = append(l.ports, listener)
			}
			return listener, err
		},
		ListenPacket: func(_, _ string) (net.PacketConn, error) {
			socket := c.Links.Listen(m.id)
			l.ports = append(l.ports, socket)
			return socket, nil
		},
		Dial: l.dialer(c.Nodes.Dialer(m.id)),
		OpenStore: func(o raftstore.Options) (*raftstore.Store, error) {
			o.Wall = func() time.Time { return time.Now().Add(time.Duration(m.skew.Load())) }
			store, err := raftstore.OpenInMemory(o, m.disk)
			l.store = store
			return store, err
		},
	}
	var err error
	if l.node, err = app.New(o); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := l.node.Start(ctx); err != nil {
		return fmt.Errorf("cannot start node %s: %w", m.id, err)
	}
	m.life = l
	return nil
}

// listen opens one of a machine's ports for TCP.
func (c *Cluster) listen(id, port string) (net.Listener, error) {
	switch port {
	case webPort:
		return c.web.Listen(id)
	case nodesPort:
		return c.Nodes.Listen(id)
	}
	return c.Links.ListenTCP(id), nil
}

// dialer dials while there is power.
func (l *life) dialer(dial func(context.Context, string) (net.Conn, error)) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, to string) (net.Conn, error) {
		conn, err := dial(ctx, to)
		if err == nil && l.isOver() {
			err = errors.Join(errNoPower, conn.Close())
		}
		return conn, err
	}
}

func (l *life) isOver() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

// cutOff ends all that the node has to do with others.
func (l *life) cutOff(c *Cluster) {
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	for _, port := range l.ports {
		_ = port.Close()
	}
	c.Nodes.Reset(l.id)
	c.web.Reset(l.id)
	c.Links.LoseTCP(l.id)
}

// patience is how long a cluster may take, in the bubble's time, for what a test
// waits for.
const patience = 2 * time.Minute

// await waits until something is so.
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
	var lines []string
	for _, id := range c.Running() {
		s := c.Status(id)
		lines = append(lines, fmt.Sprintf("%s is %s in term %d, follows %q, has applied %d, chain %x", id, s.State, s.Term, s.LeaderID, s.Applied, s.Chain[:4]))
	}
	return strings.Join(lines, "; ")
}
