package raftstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
)

// What is in a node's directory.
const (
	dirLog       = "log"       // the Raft log
	dirState     = "state"     // the engine
	dirSnapshots = "snapshots" //
	dirBlobs     = "blobs"     // files by their hashes
	fileNode     = "node.json" // nodeFile: whose directory this is
	fileLock     = "lock"      // locked while a process has the directory open

	nodeLevel   = 1
	nodeFileMax = 64 << 10
)

// Timeouts of Raft. A leader that died is replaced in about 0.7 s; shorter ones
// are too nervous for a busy machine.
const (
	heartbeatTimeout = 300 * time.Millisecond
	electionTimeout  = 300 * time.Millisecond
	leaseTimeout     = 150 * time.Millisecond

	// commitTimeout is after how long (or up to twice that) without a new entry Raft
	// tells the others how far is committed. Mostly they know by then: see commits.
	commitTimeout = 50 * time.Millisecond

	maxAppendEntries = 64 // × maxBatchBytes is 16 MiB, about the most for one message
	logCacheEntries  = 2 * maxAppendEntries
)

// nodeFile says whose directory this is.
type nodeFile struct {
	Level  int    `json:"level"`
	NodeID string `json:"node_id"`
}

// Open opens a node. On an empty directory it fails unless Options.Bootstrap or
// Network.Join is set. It returns before the node has elected, or found, a leader, and
// before one that joins is a member: Update and View wait for that.
func Open(options Options) (store *Store, err error) {
	defer func() {
		if err != nil && options.Network != nil && options.Network.Listener != nil {
			_ = options.Network.Listener.Close()
		}
	}()
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := claimDir(o); err != nil {
		return nil, err
	}
	// The log's own lock would wait for ever for another process.
	lock, err := o.fs.Lock(filepath.Join(o.Dir, fileLock))
	if err != nil {
		return nil, fmt.Errorf("%s is in use by another process: %w", o.Dir, err)
	}
	opened := closers{[]func() error{lock.Close}}
	s, err := open(o, &opened)
	if err != nil {
		return nil, errors.Join(err, opened.close())
	}
	s.unlock = lock.Close
	return s, nil
}

// newcomer tells whether the node may begin without a state.
func (o Options) newcomer() bool {
	return o.Bootstrap || o.Network != nil && len(o.Network.Join) > 0
}

// claimDir makes sure that the directory belongs to this node, or makes it so.
func claimDir(o Options) error {
	path := filepath.Join(o.Dir, fileNode)
	f, err := o.fs.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !o.newcomer() {
			return fmt.Errorf("%w: %s: to make a new cluster of it, start with --bootstrap; to let it join one, with --join", ErrNoState, o.Dir)
		}
		return initDir(o, path)
	}
	if err != nil {
		return fmt.Errorf("cannot read whose directory %s is: %w", o.Dir, err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, nodeFileMax))
	if err != nil {
		return fmt.Errorf("cannot read whose directory %s is: %w", o.Dir, err)
	}
	var node nodeFile
	if err := json.Unmarshal(b, &node); err != nil {
		return fmt.Errorf("cannot read %s: %w", path, err)
	}
	switch {
	case node.Level != nodeLevel:
		return fmt.Errorf("%s has format level %d, and this version reads %d: run the version that wrote it, or a newer one", o.Dir, node.Level, nodeLevel)
	case node.NodeID != o.NodeID:
		return fmt.Errorf("%s belongs to node %q and cannot be opened as %q", o.Dir, node.NodeID, o.NodeID)
	}
	return nil
}

// initDir makes the directory this node's.
func initDir(o Options, path string) error {
	b, err := json.Marshal(nodeFile{Level: nodeLevel, NodeID: o.NodeID})
	if err != nil {
		return fmt.Errorf("cannot describe the node: %w", err)
	}
	if err := makeDir(o.fs, o.Dir); err != nil {
		return err
	}
	return writeFile(o.fs, path, b)
}

// open opens everything, from the bottom up, and notes what must be closed.
func open(o Options, opened *closers) (*Store, error) {
	clock := newClock(o.Wall)
	s := &Store{
		options: o, logger: o.Logger.With("node", o.NodeID), clock: clock, clocks: newClocks(o.NodeID, clock), throne: newThrone(),
		closing: make(chan struct{}), failed: make(chan struct{}), leaders: newLeaders(), commits: newCommits(),
		ready: make(chan struct{}), introductions: make(chan struct{}, maxIntroductions), membership: make(chan struct{}, 1),
	}
	s.life, s.endLife = context.WithCancel(context.Background())
	raftLog := newRaftLogger(s.logger)
	logs, stable, err := openLog(o, raftLog, opened)
	if err != nil {
		return nil, err
	}
	snaps, err := openSnapshots(filepath.Join(o.Dir, dirSnapshots), o.fs)
	if err != nil {
		return nil, err
	}
	if s.blobs, err = openBlobs(filepath.Join(o.Dir, dirBlobs), o.fs); err != nil {
		return nil, err
	}
	s.transfers = newTransfers()
	if s.states, err = openStates(o, s.logger, s.fail); err != nil {
		return nil, err
	}
	opened.add(func() error { return s.states.close(false) })
	r := s.states.reader()
	m, err := readMeta(r)
	r.close()
	if err == nil {
		m, err = finishInstall(m, s.states, snaps, logs, s.logger)
	}
	if err == nil {
		err = checkTogether(m, logs, snaps)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", o.Dir, err)
	}
	s.feed = newFeed(m.applied)
	s.fsm = newFSM(s.states, m, s.feed, s.clock, s.logger, s.fail)
	s.logs, s.stable, s.snapshots = logs, stable, snaps
	if err := s.readVote(); err != nil {
		return nil, err
	}
	if err := s.startRaft(logs, stable, snaps, raftLog, opened); err != nil {
		return nil, err
	}
	s.start()
	return s, nil
}

// openLog opens the log on disk, or takes the one that a test has given.
func openLog(o Options, raftLog raftLogger, opened *closers) (raft.LogStore, raft.StableStore, error) {
	if o.logs != nil {
		return o.logs, o.stable, nil
	}
	dir := filepath.Join(o.Dir, dirLog)
	if err := makeDir(o.fs, dir); err != nil {
		return nil, nil, err
	}
	w, err := wal.Open(dir, wal.WithLogger(raftLog))
	if err != nil {
		return nil, nil, fmt.Errorf("cannot open the log in %s: %w", dir, err)
	}
	opened.add(w.Close)
	return w, w, nil
}

// checkTogether makes sure that state, log and snapshot belong together: that no
// entry is missing between what the state has and what the log holds. It finds
// directories that were deleted or put back one by one.
func checkTogether(m meta, logs raft.LogStore, snaps *snapshots) error {
	first, err := logs.FirstIndex()
	if err != nil {
		return fmt.Errorf("cannot read the log: %w", err)
	}
	last, err := logs.LastIndex()
	if err != nil {
		return fmt.Errorf("cannot read the log: %w", err)
	}
	var snapshot snapshotFile
	newest, err := snaps.newest()
	if err != nil {
		return err
	}
	if newest != nil {
		snapshot = *newest
	}
	switch {
	case m.applied < snapshot.Applied:
		return fmt.Errorf("the state ends at log index %d, but the snapshot at %d: the state is not this node's newest", m.applied, snapshot.Applied)
	case first > snapshot.Meta.Index+1:
		return fmt.Errorf("the log begins at index %d, but the snapshot ends at %d: entries are missing", first, snapshot.Meta.Index)
	case m.applied > max(last, snapshot.Meta.Index, snapshot.Applied):
		return fmt.Errorf("the state ends at log index %d, but the log at %d: the log is not this node's newest", m.applied, max(last, snapshot.Meta.Index))
	}
	return nil
}

// startRaft bootstraps the cluster if that is asked for and needed, and starts
// Raft.
func (s *Store) startRaft(logs raft.LogStore, stable raft.StableStore, snaps *snapshots, raftLog raftLogger, opened *closers) error {
	config := raftConfig(s.options, raftLog)
	if s.options.Network != nil {
		s.openNetwork(raftLog)
	} else {
		s.self, s.transport = raft.NewInmemTransport(raft.ServerAddress(s.options.NodeID))
	}
	opened.add(s.closeNetwork)
	exists, err := raft.HasExistingState(logs, stable, snaps)
	if err != nil {
		return fmt.Errorf("cannot read the log: %w", err)
	}
	if exists && s.options.Bootstrap {
		if exists, err = bootstrapped(logs, stable, snaps); err != nil {
			return err
		}
	}
	if !exists && s.options.Bootstrap {
		members := raft.Configuration{Servers: []raft.Server{{Suffrage: raft.Voter, ID: config.LocalID, Address: s.self}}}
		if err := raft.BootstrapCluster(config, logs, stable, snaps, s.transport, members); err != nil {
			return fmt.Errorf("cannot bootstrap the cluster: %w", err)
		}
	}
	if !exists && !s.options.newcomer() {
		return fmt.Errorf("%w: %s was claimed, but never became a member's: start with --bootstrap, or --join, once more", ErrNoState, s.options.Dir)
	}
	cached, err := raft.NewLogCache(logCacheEntries, &watchedLog{LogStore: logs, fail: s.fail})
	if err != nil {
		return fmt.Errorf("cannot cache the log: %w", err)
	}
	s.recent = cached
	if s.raft, err = raft.NewRaft(config, s.fsm, cached, stable, snaps, s.transport); err != nil {
		return fmt.Errorf("cannot start Raft: %w", err)
	}
	return nil
}

// keyTerm is where Raft keeps its term, in the log's stable store.
func keyTerm() []byte { return []byte("CurrentTerm") }

// bootstrapped finds out whether a bootstrap has written all that it writes: first the
// term 1, and then the first entry. If there is the term alone it takes that back, since
// Raft would neither bootstrap on it nor ever elect anybody.
func bootstrapped(logs raft.LogStore, stable raft.StableStore, snaps *snapshots) (bool, error) {
	last, err := logs.LastIndex()
	if err != nil {
		return false, fmt.Errorf("cannot read the log: %w", err)
	}
	newest, err := snaps.newest()
	if err != nil {
		return false, err
	}
	term, err := stable.GetUint64(keyTerm())
	if err != nil && err.Error() != "not found" {
		return false, fmt.Errorf("cannot read the log's stable store: %w", err)
	}
	if last > 0 || newest != nil || term != 1 {
		return true, nil
	}
	if err := stable.SetUint64(keyTerm(), 0); err != nil {
		return false, fmt.Errorf("cannot take back half a bootstrap: %w", err)
	}
	return false, nil
}

// never is longer than any process runs.
const never = 100 * 365 * 24 * time.Hour

func raftConfig(o Options, raftLog raftLogger) *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(o.NodeID)
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = heartbeatTimeout, electionTimeout, leaseTimeout
	c.CommitTimeout = o.limits.commitTimeout
	c.MaxAppendEntries, c.BatchApplyCh = maxAppendEntries, true
	c.NoSnapshotRestoreOnStart = true                      // the engine is always newer
	c.SnapshotInterval, c.SnapshotThreshold = never, 1<<62 // the snapshotter decides
	c.Logger = raftLog
	c.NoLegacyTelemetry = true
	c.ShutdownOnRemove = false // keepMembership finds out, and says so
	return c
}

// start starts what runs beside Raft.
func (s *Store) start() {
	s.evaluator = &evaluator{
		states: s.states, raft: s.raft, handle: s.options.Handle, clock: s.clock, settleClock: s.settleClock, throne: s.throne, logger: s.logger,
		limit: s.options.limits.results,
		queue: make(chan *command, maxQueued), stop: make(chan struct{}), failed: s.failed, stopped: make(chan struct{}),
		settled: make(chan *batch, maxInFlight), barriers: make(chan barrier, 1),
	}
	s.close = sync.OnceValue(s.shutDown)
	s.stopRaft = sync.OnceValue(s.raft.Shutdown)
	go s.evaluator.run()
	s.tasks.Go(s.watchdog)
	s.tasks.Go(s.snapshotter)
	s.tasks.Go(s.yieldWhenFailed)
	s.tasks.Go(s.followLeaders)
	s.tasks.Go(s.tellCommits)
	s.tasks.Go(s.keepClock)
	if s.options.Blobs != nil {
		s.tasks.Go(s.keepBlobs)
	}
	if s.options.Network != nil {
		s.tasks.Go(s.keepMembership)
	}
	close(s.ready)
}

// closers is a stack of what was opened.
type closers struct{ list []func() error }

func (c *closers) add(f func() error) { c.list = append(c.list, f) }

// close closes the newest first.
func (c *closers) close() error {
	var errs []error
	for i := len(c.list) - 1; i >= 0; i-- {
		errs = append(errs, c.list[i]())
	}
	return errors.Join(errs...)
}
