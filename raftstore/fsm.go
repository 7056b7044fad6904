package raftstore

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/hashicorp/raft"

	"keng/raftstore/internal/overlay"
)

// outcome is what became of an entry; Raft hands it to who proposed it.
type outcome int

const (
	outcomeApplied outcome = iota + 1
	outcomeRefused         // it was evaluated on another state, or in another term
	outcomeFailed          // this node cannot apply any more
)

// entryRoomMax bounds the memory that is kept to decompress entries in.
const entryRoomMax = 256 << 10

// applyBytesMax bounds one write to the engine; Raft may hand over 64 entries.
const applyBytesMax = 4 << 20

// fsm applies entries to the engine. It implements raft.BatchingFSM; all methods
// are called on one goroutine of Raft's.
type fsm struct {
	states *states
	feed   *feed
	clock  *clock
	logger *slog.Logger
	fail   func(error) // stops the node; does not wait for it

	meta    meta   // of the state in the engine
	failed  bool   // after that nothing is applied any more
	room    []byte // for the writes of the entry that is being applied
	current atomic.Pointer[meta]
	busy    stopwatch    // runs while an apply or a snapshot is under way
	logged  atomic.Int64 // bytes of entries seen, for the snapshotter
}

func newFSM(states *states, m meta, feed *feed, clock *clock, logger *slog.Logger, fail func(error)) *fsm {
	f := &fsm{states: states, feed: feed, clock: clock, logger: logger, fail: fail, meta: m}
	f.current.Store(&m)
	clock.observe(m.time)
	return f
}

// Apply applies one entry.
func (f *fsm) Apply(log *raft.Log) any { return f.ApplyBatch([]*raft.Log{log})[0] }

// ApplyBatch applies entries, which may be of any type, and returns an outcome
// for each.
func (f *fsm) ApplyBatch(logs []*raft.Log) []any {
	f.busy.startAt(time.Now())
	defer f.busy.stop()
	outcomes := make([]any, len(logs))
	if !f.failed {
		if err := f.applyAll(logs, outcomes); err != nil {
			f.failed = true
			f.fail(err)
		}
	}
	if f.failed {
		for i := range outcomes {
			outcomes[i] = outcomeFailed
		}
	}
	return outcomes
}

// applyAll applies entries in a few writes to the engine, each of which holds the
// meta row that is true after it. If it fails the node must stop; what was written
// is consistent.
func (f *fsm) applyAll(logs []*raft.Log, outcomes []any) error {
	state, release := f.states.use()
	defer release()
	a := application{meta: f.meta, state: state, batch: state.db.NewBatch()}
	defer func() { _ = a.batch.Close() }()
	for i, log := range logs {
		var err error
		if outcomes[i], err = f.applyOne(&a, log); err != nil {
			return fmt.Errorf("cannot apply entry %d of term %d: %w", log.Index, log.Term, err)
		}
		if a.batch.Len() < applyBytesMax && i < len(logs)-1 {
			continue
		}
		if err := f.commit(&a); err != nil {
			return err
		}
	}
	return nil
}

// application is a write to the engine in the making.
type application struct {
	meta    meta
	state   *stateDB
	batch   *pebble.Batch
	changes []Change
}

// applyOne adds one entry to a write. An entry is refused, equally on all nodes,
// unless it was evaluated on exactly the state it is applied to, by the leader of
// the term in which it stands in the log. Either alone is not enough: after an
// entry is dropped its sequence is used again, and another leader may have
// appended a state's successor first.
func (f *fsm) applyOne(a *application, log *raft.Log) (outcome, error) {
	f.logged.Add(int64(len(log.Data)))
	if log.Index <= a.meta.applied {
		return outcomeApplied, nil // Raft replays; the engine has it already
	}
	a.meta.applied = log.Index
	if log.Type != raft.LogCommand {
		return outcomeApplied, nil // a change of members
	}
	h, writes, err := decodeEntry(log.Data, f.room)
	if err != nil {
		return 0, err
	}
	if h.term != log.Term || h.base != a.meta.chain || h.sequence != a.meta.sequence+1 {
		f.logger.Info("refused a log entry that was evaluated on another state",
			"index", log.Index, "term", log.Term, "entry_term", h.term, "sequence", h.sequence, "state_sequence", a.meta.sequence)
		return outcomeRefused, nil
	}
	a.meta.term, a.meta.sequence, a.meta.chain, a.meta.time = h.term, h.sequence, sha256.Sum256(log.Data), h.time
	if cap(writes) <= entryRoomMax && log.Data[0] != entryLevelPlain {
		f.room = writes
	}
	change := Change{Index: log.Index, Term: h.term, Time: h.time}
	var keys keyList
	err = eachWrite(writes, func(w overlay.Write) error {
		keys.add(w.Key)
		a.state.rows.announce(w.Key)
		// Pebble copies what it is given here. It must not be lent the log's bytes.
		if w.Deleted {
			return a.batch.Delete(w.Key, nil)
		}
		return a.batch.Set(w.Key, w.Value, nil)
	})
	change.Keys = keys.list()
	a.changes = append(a.changes, change)
	return outcomeApplied, err
}

// commit writes what was collected, and tells of it.
func (f *fsm) commit(a *application) error {
	if a.meta.applied == f.meta.applied {
		return nil
	}
	a.state.rows.announce([]byte(keyMeta))
	if err := a.batch.Set([]byte(keyMeta), a.meta.encode(), nil); err != nil {
		return fmt.Errorf("cannot write to the state: %w", err)
	}
	if err := a.batch.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("cannot write to the state: %w", err)
	}
	a.state.rows.committed()
	f.states.written(a.state)
	a.batch.Reset()
	f.meta = a.meta
	published := a.meta
	f.current.Store(&published)
	f.clock.observe(a.meta.time)
	f.feed.add(a.changes, a.meta.applied)
	a.changes = nil
	return nil
}

// keyList collects copies of user keys in one piece of memory.
type keyList struct {
	bytes []byte
	ends  []int
}

func (l *keyList) add(key []byte) {
	if own(key) {
		return
	}
	l.bytes = append(l.bytes, key...)
	l.ends = append(l.ends, len(l.bytes))
}

func (l *keyList) list() [][]byte {
	keys := make([][]byte, len(l.ends))
	start := 0
	for i, end := range l.ends {
		keys[i] = l.bytes[start:end:end]
		start = end
	}
	return keys
}

// Snapshot returns at once; the work is in Persist, beside which entries go on
// being applied. So a snapshot may hold more than Raft asked for, never less: its
// own meta row says what it holds, and what it has already is skipped when Raft
// applies it again.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	if f.failed {
		return nil, errors.New("no snapshot: this node has failed")
	}
	return checkpoint{f.states, f.meta.applied}, nil
}

// stopwatch tells for how long something has been under way. The zero value is
// ready; startAt and stop are called by one goroutine, elapsed by any.
type stopwatch struct{ since atomic.Pointer[time.Time] }

func (s *stopwatch) startAt(t time.Time) { s.since.Store(&t) }

func (s *stopwatch) stop() { s.since.Store(nil) }

// elapsed is zero while nothing is under way.
func (s *stopwatch) elapsed() time.Duration {
	if since := s.since.Load(); since != nil {
		return time.Since(*since)
	}
	return 0
}
