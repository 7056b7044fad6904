package raftstore

import (
	"context"
	"time"

	"github.com/hashicorp/raft"
)

const (
	snapshotterPeriod = time.Second
	// trailingMin is how many entries are kept behind a snapshot at least.
	trailingMin = 64
)

// snapshotter takes a snapshot, after which Raft cuts off the log, when enough
// entries or bytes have been applied since the last one. Raft itself counts
// entries only, and ours differ in size by a factor of ten thousand.
func (s *Store) snapshotter() {
	tick := time.NewTicker(snapshotterPeriod)
	defer tick.Stop()
	limits := s.options.limits
	last, lastBytes := s.fsm.current.Load().applied, s.fsm.logged.Load()
	if first, err := s.logs.FirstIndex(); err == nil && first > 0 && first <= last {
		last = first // the log holds at least what is above
	}
	for {
		select {
		case <-s.closing:
			return
		case <-s.failed:
			return
		case <-tick.C:
		}
		applied, bytes := s.fsm.current.Load().applied, s.fsm.logged.Load()
		if applied-last < limits.snapshotEntries && bytes-lastBytes < limits.snapshotBytes {
			continue
		}
		if err := s.snapshot(s.retain(applied-last, bytes-lastBytes)); err != nil {
			s.logger.Warn("cannot take a snapshot", "error", err)
			continue
		}
		last, lastBytes = applied, bytes
	}
}

// retainWhileSending is how many times as much log is kept while a snapshot is sent to
// another node: if what follows the snapshot was cut off, it would need another one.
const retainWhileSending = 16

// retain is how many entries to keep behind the next snapshot. So many entries and
// bytes have come since the last.
func (s *Store) retain(entries uint64, bytes int64) uint64 {
	retain := s.options.limits.retainBytes
	usual := trailing(entries, bytes, retain)
	index, sending := s.snapshots.sending()
	last := s.raft.LastIndex()
	if !sending || last < index {
		return usual
	}
	most := trailing(entries, bytes, retainWhileSending*retain)
	// Twice as much, since more comes while this snapshot is being taken.
	return max(usual, min(2*(last-index)+trailingMin, most))
}

// trailing is how many entries to keep behind a snapshot, so that they take about
// retain bytes. A follower that lags by less needs no snapshot.
func trailing(entries uint64, bytes, retain int64) uint64 {
	average := max(1, bytes/int64(max(1, entries)))
	return max(trailingMin, uint64(retain/average))
}

// snapshot takes a snapshot and keeps so many entries of log behind it.
func (s *Store) snapshot(trailing uint64) error {
	if !s.gate.enter() {
		return ErrClosed
	}
	defer s.gate.leave()
	config := s.raft.ReloadableConfig()
	config.TrailingLogs = trailing
	if err := s.raft.ReloadConfig(config); err != nil {
		return err
	}
	err := s.await(context.Background(), s.raft.Snapshot())
	if err == raft.ErrNothingNewToSnapshot {
		return nil
	}
	return err
}
