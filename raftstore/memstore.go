package raftstore

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

// Memory is a disk in memory: what a node that was opened with it has written is
// there when it is opened with it again. Only one node may have it open.
type Memory struct {
	// SnapshotEntries, unless it is zero, is after how many entries a snapshot is taken
	// and the log cut off, as short as possible.
	SnapshotEntries uint64
	// CommitTimeout, unless it is zero, is after how long (or up to twice that) without a new
	// entry Raft tells the others how far is committed: 50 ms on disk.
	CommitTimeout time.Duration
	// BlobGrace, unless it is zero, is for how long a blob that the state does not name is
	// kept: a day on disk.
	BlobGrace time.Duration

	fs  *vfs.MemFS
	log *memoryLog
}

// NewMemory returns an empty one.
func NewMemory() *Memory {
	return &Memory{fs: vfs.NewCrashableMem(), log: newMemoryLog()}
}

// TellFree has the disk tell that so many bytes of it are free, of a TiB. Its own room stays
// what it is. It must be called again after Crash.
func (m *Memory) TellFree(bytes uint64) {
	m.fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: bytes, TotalBytes: 1 << 40, UsedBytes: 1<<40 - bytes})
}

// Crash returns what is left if the machine loses power now: what was synced, and by
// chance what was not. The node that has m open is not disturbed.
func (m *Memory) Crash(random *rand.Rand) *Memory {
	m.log.mu.Lock()
	defer m.log.mu.Unlock() // so that disk and log are of one moment
	fs := m.fs.CrashClone(lostPower(random))
	return &Memory{SnapshotEntries: m.SnapshotEntries, CommitTimeout: m.CommitTimeout, BlobGrace: m.BlobGrace, fs: fs, log: m.log.clone()}
}

// lostPower keeps all that was not synced, or nothing of it. A part of it would be more
// than the engine can bear: it counts on a file system that keeps the order of what is
// done in a directory.
func lostPower(random *rand.Rand) vfs.CrashCloneCfg {
	return vfs.CrashCloneCfg{UnsyncedDataPercent: 100 * random.IntN(2), RNG: random}
}

// OpenInMemory opens a node that keeps everything in memory: in the given one, or in
// one that is gone with it. Unless Options.Network is set it is a cluster of its own.
// It is for tests (see storetest) and for trying things out. Dir and NodeID need not
// be set.
func OpenInMemory(options Options, memory ...*Memory) (*Store, error) {
	options.Dir = orDefault(options.Dir, "memory")
	options.NodeID = orDefault(options.NodeID, "node")
	options.Bootstrap = options.Bootstrap || options.Network == nil
	m := NewMemory()
	if len(memory) > 0 {
		m = memory[0]
	}
	if m.SnapshotEntries != 0 {
		options.limits.snapshotEntries, options.limits.retainBytes = m.SnapshotEntries, 1
	}
	options.limits.commitTimeout = orDefault(options.limits.commitTimeout, m.CommitTimeout)
	options.limits.blobGrace = orDefault(options.limits.blobGrace, m.BlobGrace)
	if options.fs == nil {
		options.fs = m.fs
	}
	if options.logs == nil {
		options.logs, options.stable = m.log, m.log
	}
	return Open(options)
}

// memoryLog is a Raft log and stable store in memory. Like the one on disk, it
// refuses entries that leave a gap.
type memoryLog struct {
	mu          sync.Mutex
	first, last uint64 // both zero if it is empty
	entries     map[uint64]raft.Log
	values      map[string][]byte
	numbers     map[string]uint64
}

func newMemoryLog() *memoryLog {
	return &memoryLog{entries: map[uint64]raft.Log{}, values: map[string][]byte{}, numbers: map[string]uint64{}}
}

// clone returns a copy. The caller holds the mutex.
func (l *memoryLog) clone() *memoryLog {
	c := newMemoryLog()
	c.first, c.last = l.first, l.last
	for k, v := range l.entries {
		c.entries[k] = v
	}
	for k, v := range l.values {
		c.values[k] = v
	}
	for k, v := range l.numbers {
		c.numbers[k] = v
	}
	return c
}

// IsMonotonic tells Raft that there may be no gaps.
func (l *memoryLog) IsMonotonic() bool { return true }

// FirstIndex returns the oldest entry's index.
func (l *memoryLog) FirstIndex() (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first, nil
}

// LastIndex returns the newest entry's index.
func (l *memoryLog) LastIndex() (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last, nil
}

// GetLog reads an entry.
func (l *memoryLog) GetLog(index uint64, entry *raft.Log) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[index]
	if !ok {
		return raft.ErrLogNotFound
	}
	*entry = e
	return nil
}

// StoreLog appends an entry.
func (l *memoryLog) StoreLog(entry *raft.Log) error { return l.StoreLogs([]*raft.Log{entry}) }

// StoreLogs appends entries.
func (l *memoryLog) StoreLogs(entries []*raft.Log) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range entries {
		if l.last != 0 && e.Index != l.last+1 {
			return fmt.Errorf("entry %d cannot follow entry %d", e.Index, l.last)
		}
		l.entries[e.Index] = *e
		l.last = e.Index
		if l.first == 0 {
			l.first = e.Index
		}
	}
	return nil
}

// DeleteRange removes the oldest or the newest entries.
func (l *memoryLog) DeleteRange(first, last uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if first > l.first && last < l.last {
		return fmt.Errorf("entries %d to %d are in the middle of the log", first, last)
	}
	for i := first; i <= last; i++ {
		delete(l.entries, i)
	}
	switch {
	case first <= l.first && last >= l.last:
		l.first, l.last = 0, 0
	case first <= l.first:
		l.first = max(l.first, last+1)
	default:
		l.last = first - 1
	}
	return nil
}

// Set keeps a value.
func (l *memoryLog) Set(key, value []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.values[string(key)] = append([]byte(nil), value...)
	return nil
}

// Get reads a value: nothing if there is none.
func (l *memoryLog) Get(key []byte) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.values[string(key)], nil
}

// SetUint64 keeps a number.
func (l *memoryLog) SetUint64(key []byte, value uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.numbers[string(key)] = value
	return nil
}

// GetUint64 reads a number: zero if there is none.
func (l *memoryLog) GetUint64(key []byte) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.numbers[string(key)], nil
}
