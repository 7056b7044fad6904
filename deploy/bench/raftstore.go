package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"keng/proto/link"
	"keng/raftstore"
	"keng/raftstore/table"
)

// raftstoreFigures are the budgets of the replicated store.
func raftstoreFigures() []figure {
	return []figure{
		{key: "commits_per_s", unit: "/s", floor: 15000, goal: 25000, higher: true},
		{key: "p50_ms", unit: "ms"},
		{key: "p99_ms", unit: "ms"},
		{key: "one_writer_p50_ms", unit: "ms", goal: 1},
		{key: "ratio_etcd", unit: "×", higher: true},
		{key: "etcd_commits_per_s", unit: "/s", higher: true},
		{key: "etcd_p50_ms", unit: "ms"},
		{key: "ratio_boltdb", unit: "×", higher: true},
		{key: "boltdb_commits_per_s", unit: "/s", higher: true},
		{key: "boltdb_p50_ms", unit: "ms"},
	}
}

const (
	manyWriters   = 256
	commitWarmUp  = time.Second
	commitWindow  = 5 * time.Second
	loneWindow    = 2 * time.Second
	valueBytes    = 1000 // with the key, and what is around it, about a kilobyte
	nodesOfThree  = 3
	storeLifetime = 24 * time.Hour // of the nodes' certificates
)

// committer is three nodes that agree on what is put into them, and have it on their disks
// when put returns.
type committer struct {
	put   func(ctx context.Context, worker int, key string, value []byte) error
	close func()
}

// benchRaftstore measures how fast three nodes of raftstore commit, and then the same of
// three etcd processes and of three nodes that are nothing but hashicorp/raft with its
// BoltDB log. Ours speak TLS to one another and keep a state; those two speak plain TCP,
// and the bare ones keep none. Ours and the bare ones are called within this process, etcd
// by gRPC, as it is meant to be.
func benchRaftstore(ctx context.Context, s setting) (map[string]float64, error) {
	binary, err := installed("etcd", "etcd-server")
	if err != nil {
		return nil, err
	}
	ours, lone, err := measureCommits(ctx, s, "raftstore", openStores)
	if err != nil {
		return nil, err
	}
	bare, _, err := measureCommits(ctx, s, "boltdb", openBareRafts)
	if err != nil {
		return nil, err
	}
	etcd, _, err := measureCommits(ctx, s, "etcd", func(ctx context.Context, dir string) (*committer, error) { return openEtcds(ctx, dir, binary) })
	if err != nil {
		return nil, err
	}
	return map[string]float64{
		"commits_per_s": ours.perSecond(), "p50_ms": ours.quantile(0.5), "p99_ms": ours.quantile(0.99),
		"one_writer_p50_ms": lone.quantile(0.5),
		"ratio_etcd":        ours.perSecond() / etcd.perSecond(), "etcd_commits_per_s": etcd.perSecond(), "etcd_p50_ms": etcd.quantile(0.5),
		"ratio_boltdb": ours.perSecond() / bare.perSecond(), "boltdb_commits_per_s": bare.perSecond(), "boltdb_p50_ms": bare.quantile(0.5),
	}, nil
}

// measureCommits opens three nodes, has them written to by many writers and then by one,
// and closes them.
func measureCommits(ctx context.Context, s setting, name string, open func(ctx context.Context, dir string) (*committer, error)) (many, lone measured, err error) {
	dir, err := os.MkdirTemp(s.dir, name+"-")
	if err != nil {
		return many, lone, err
	}
	defer os.RemoveAll(dir)
	defer runtime.GC() // what one has left should not burden the next
	nodes, err := open(ctx, dir)
	if err != nil {
		return many, lone, fmt.Errorf("%s: %w", name, err)
	}
	defer nodes.close()
	values := newValues()
	put := func(ctx context.Context, worker int) error {
		key, value := values.next()
		return nodes.put(ctx, worker, key, value)
	}
	if _, err := drive(ctx, manyWriters, commitWarmUp, put); err != nil {
		return many, lone, fmt.Errorf("%s: %w", name, err)
	}
	err = profiled(s.profile, name, func() error {
		many, err = drive(ctx, manyWriters, commitWindow, put)
		return err
	})
	if err == nil {
		lone, err = drive(ctx, 1, loneWindow, put)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return many, lone, err
}

// values are what is written: keys that are all different, and values that do not
// compress. It is safe for concurrent use.
type values struct {
	count atomic.Uint64
	pool  []byte // values are parts of it
}

func newValues() *values {
	v := &values{pool: make([]byte, 1<<20)}
	rand.NewChaCha8([32]byte{}).Read(v.pool) // never fails
	return v
}

func (v *values) next() (key string, value []byte) {
	n := v.count.Add(1)
	from := n * 7919 % uint64(len(v.pool)-valueBytes) // a prime, so that parts rarely come twice
	return fmt.Sprintf("%016x", n), v.pool[from : from+valueBytes]
}

// openStores opens three nodes of raftstore with TLS between them.
func openStores(ctx context.Context, dir string) (*committer, error) {
	authority, err := link.NewAuthority(time.Now())
	if err != nil {
		return nil, err
	}
	var stores []*raftstore.Store
	closeAll := func() {
		for _, s := range stores {
			_ = s.Close()
		}
	}
	var join []string
	for i := range nodesOfThree {
		store, address, err := openStore(authority, dir, fmt.Sprintf("n%d", i+1), join)
		if err != nil {
			closeAll()
			return nil, err
		}
		stores, join = append(stores, store), []string{address}
		if err := await(ctx, "the nodes to become one cluster", func() bool { return voters(stores[0]) == len(stores) }); err != nil {
			closeAll()
			return nil, err
		}
	}
	put := func(ctx context.Context, _ int, key string, value []byte) error {
		_, err := stores[0].Update(ctx, raftstore.NewCommandID(), append([]byte(key), value...))
		return err
	}
	return &committer{put, closeAll}, nil
}

// voters returns how many members with a vote a leader knows of.
func voters(store *raftstore.Store) (n int) {
	status := store.Status()
	for _, m := range status.Members {
		if status.Leads && m.Voter {
			n++
		}
	}
	return n
}

// openStore opens a node that founds a cluster, or joins one.
func openStore(authority link.Authority, dir, id string, join []string) (store *raftstore.Store, address string, err error) {
	mine, err := authority.Credentials(link.Peer{Kind: link.Hub, ID: id}, time.Now(), storeLifetime)
	if err != nil {
		return nil, "", err
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority.Certificate)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	store, err = raftstore.Open(raftstore.Options{
		Dir: filepath.Join(dir, id), NodeID: id, Bootstrap: join == nil, Handle: putCommand, Logger: slog.New(slog.DiscardHandler),
		Network: &raftstore.Network{
			Listener: listener, Join: join,
			Credentials: func() raftstore.Credentials {
				return raftstore.Credentials{Certificate: mine.Certificate, Roots: roots}
			},
			PeerID: func(c *x509.Certificate) (string, error) {
				peer, err := link.PeerOf(c)
				return peer.ID, err
			},
		},
	})
	if err != nil {
		_ = listener.Close()
	}
	return store, listener.Addr().String(), err
}

// putCommand is the handler: a command is a key of 16 bytes and a value.
func putCommand(tx table.Tx, _ time.Time, command []byte) ([]byte, error) {
	tx.Set(command[:16], command[16:])
	return nil, nil
}
