package raftstore

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// Store is a node of the cluster. It is safe for use by several goroutines.
type Store struct {
	options   Options
	logger    *slog.Logger
	states    *states
	raft      *raft.Raft
	logs      raft.LogStore
	recent    raft.LogStore // the same, with the newest entries in memory
	transport raft.Transport
	unlock    func() error // of the directory
	fsm       *fsm
	feed      *feed
	clock     *clock
	clocks    *clocks
	throne    *throne
	evaluator *evaluator
	leaders   *leaders
	commits   *commits
	stable    raft.StableStore
	snapshots *snapshots
	blobs     *blobs
	transfers *transfers

	// Of a node with a network.
	self          raft.ServerAddress // this node's contact
	peers         *peers             // nil without a network
	blobPeers     *peers             // the same, over connections on which only blobs go
	life          context.Context    // ends when Close begins
	endLife       context.CancelFunc
	ready         chan struct{} // closed when calls can be answered
	introductions chan struct{} // one place for each that is under way
	membership    chan struct{} // one place: for who changes the members
	hadVote       bool          // belongs to keepMembership

	gate    gate           // what uses the engine or waits for Raft
	tasks   sync.WaitGroup // what runs beside evaluator and Raft
	telling sync.WaitGroup // followers how far is committed
	closing chan struct{}  // closed when Close begins
	close   func() error   // closes the store, once

	// stopRaft begins to shut Raft down, once: only the future that Raft returns the
	// first time waits for the end.
	stopRaft func() raft.Future

	failOnce sync.Once
	failed   chan struct{} // closed when the node cannot go on
	failure  error         // why; set before failed is closed
}

// await waits for a future of Raft's. The caller has entered the gate.
func (s *Store) await(ctx context.Context, future raft.Future) error {
	done := make(chan error, 1)
	s.gate.enterAgain()
	go func() {
		defer s.gate.leave()
		done <- future.Error()
	}()
	select {
	case err := <-done:
		if errors.Is(err, raft.ErrNotLeader) || errors.Is(err, raft.ErrLeadershipLost) {
			return ErrNotLeader
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return ErrClosed
	}
}

// Now returns cluster time, in UTC: the wall clock's, unless that was set back, the
// cluster has used a later time, or a majority's wall clocks show another (see
// [Store.Clock]). It never goes back. Only the leader's matters.
func (s *Store) Now() time.Time { return s.clock.now() }

// Status is what a node knows of itself and its cluster.
type Status struct {
	NodeID     string
	State      string    // "Leader", "Follower", "Candidate" or "Shutdown"
	Term       uint64    // the newest Raft term seen
	LeaderID   string    // empty if no leader is known
	Leads      bool      // this node leads and has caught up: it evaluates commands
	Applied    uint64    // Raft index up to which this node has applied the log
	Sequence   uint64    // how many batches have taken effect
	Chain      [32]byte  // hash of the newest of them, and through it of all
	Time       time.Time // cluster time of the newest batch
	Wall       time.Time // what the node's wall clock shows
	FirstIndex uint64    // the oldest entry that the log still holds
	LastIndex  uint64    // the newest entry in the log
	Members    []Member  // the nodes of the cluster, as far as this one knows
}

// Status returns the node's present status.
func (s *Store) Status() Status {
	m := s.fsm.current.Load()
	_, leader := s.raft.LeaderWithID()
	_, leads, _ := s.throne.look()
	status := Status{
		NodeID: s.options.NodeID, State: s.raft.State().String(), Term: s.raft.CurrentTerm(), LeaderID: string(leader), Leads: leads,
		Applied: m.applied, Sequence: m.sequence, Chain: m.chain, Time: m.time, Wall: s.clock.shown(), LastIndex: s.raft.LastIndex(), Members: s.memberList(),
	}
	if s.gate.enter() {
		defer s.gate.leave()
		status.FirstIndex, _ = s.logs.FirstIndex()
	}
	return status
}

// Failed returns a channel that is closed when the node cannot go on: its disk
// fails, its log cannot be read, an apply is stuck. The process should say why
// (see Failure), close the store and end, to be started again.
func (s *Store) Failed() <-chan struct{} { return s.failed }

// Failure returns why the node failed, or nil.
func (s *Store) Failure() error {
	select {
	case <-s.failed:
		return s.failure
	default:
		return nil
	}
}

// fail notes that the node cannot go on. It does not wait for anything.
func (s *Store) fail(err error) {
	s.failOnce.Do(func() {
		s.logger.Error("the node cannot go on", "error", err)
		s.failure = err
		close(s.failed)
	})
}
