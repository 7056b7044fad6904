package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
)

// bareNode is a node of hashicorp/raft with its BoltDB log store, and nothing else.
type bareNode struct {
	id        raft.ServerID
	transport *raft.NetworkTransport
	logs      *raftboltdb.BoltStore
	raft      *raft.Raft
}

const (
	bareTimeout     = 10 * time.Second
	bareConnections = 3
	bareLogCache    = 512 // entries
	bareAppendMax   = 64  // entries in a message
)

// openBareRafts opens three bare nodes over TCP. They get all the help that Raft can
// give: entries in batches from the queue to the state machine, and a cache of the log.
func openBareRafts(ctx context.Context, dir string) (*committer, error) {
	var nodes []*bareNode
	closeAll := func() {
		for _, n := range nodes {
			n.close()
		}
	}
	for i := range nodesOfThree {
		n, err := openBareNode(dir, fmt.Sprintf("n%d", i+1))
		if err != nil {
			closeAll()
			return nil, err
		}
		nodes = append(nodes, n)
	}
	if err := joinBareNodes(nodes); err != nil {
		closeAll()
		return nil, err
	}
	var leader *raft.Raft
	err := await(ctx, "a leader", func() bool {
		for _, n := range nodes {
			if n.raft.State() == raft.Leader {
				leader = n.raft
			}
		}
		return leader != nil
	})
	if err != nil {
		closeAll()
		return nil, err
	}
	put := func(_ context.Context, _ int, key string, value []byte) error {
		return leader.Apply(append([]byte(key), value...), bareTimeout).Error()
	}
	return &committer{put, closeAll}, nil
}

func openBareNode(dir, id string) (*bareNode, error) {
	transport, err := raft.NewTCPTransport("127.0.0.1:0", nil, bareConnections, bareTimeout, io.Discard)
	if err != nil {
		return nil, err
	}
	logs, err := raftboltdb.NewBoltStore(filepath.Join(dir, id)) // it syncs every write
	if err != nil {
		return nil, errors.Join(err, transport.Close())
	}
	return &bareNode{id: raft.ServerID(id), transport: transport, logs: logs}, nil
}

// joinBareNodes makes nodes one cluster and starts them.
func joinBareNodes(nodes []*bareNode) error {
	var members raft.Configuration
	for _, n := range nodes {
		members.Servers = append(members.Servers, raft.Server{ID: n.id, Address: n.transport.LocalAddr()})
	}
	for _, n := range nodes {
		config := raft.DefaultConfig()
		config.LocalID, config.LogOutput = n.id, io.Discard
		config.BatchApplyCh, config.MaxAppendEntries = true, bareAppendMax
		config.SnapshotThreshold = 1 << 62 // none is taken
		config.NoLegacyTelemetry = true
		cached, err := raft.NewLogCache(bareLogCache, n.logs)
		if err != nil {
			return err
		}
		snapshots := raft.NewDiscardSnapshotStore()
		if err := raft.BootstrapCluster(config, n.logs, n.logs, snapshots, n.transport, members); err != nil {
			return err
		}
		if n.raft, err = raft.NewRaft(config, forgetful{}, cached, n.logs, snapshots, n.transport); err != nil {
			return err
		}
	}
	return nil
}

func (n *bareNode) close() {
	if n.raft != nil {
		_ = n.raft.Shutdown().Error()
	}
	_ = n.transport.Close()
	_ = n.logs.Close()
}

// forgetful is a state machine that keeps nothing. It implements raft.BatchingFSM.
type forgetful struct{}

func (forgetful) Apply(*raft.Log) any { return nil }

func (forgetful) ApplyBatch(logs []*raft.Log) []any { return make([]any, len(logs)) }

func (forgetful) Snapshot() (raft.FSMSnapshot, error) { return nil, errors.New("there is no state") }

func (forgetful) Restore(state io.ReadCloser) error { return state.Close() }
