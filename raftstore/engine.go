package raftstore

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	// engineCacheBytes bounds what the engine keeps in memory: its memory tables, up to 128
	// MiB, count too, and what they leave must hold the blocks that evaluating reads.
	engineCacheBytes = 256 << 20
	bloomBitsPerKey  = 10
	// blockBytes holds a dozen alerts. The engine's usual 4 KiB hold three, and most of what
	// it costs to write a block does not depend on its length; a longer one would have to be
	// decompressed for each row that is looked up. indexBlockBytes is more than the index of
	// a usual table, which needs no index of its own then.
	blockBytes, indexBlockBytes = 16 << 10, 256 << 10
)

// openEngine opens Pebble without its own log: the Raft log is the log. What the
// engine has not flushed when the process dies is applied again from there. background
// is told when it cannot write.
func openEngine(dir string, fs vfs.FS, memTableBytes uint64, logger *slog.Logger, background func(error)) (*pebble.DB, error) {
	options := &pebble.Options{
		FS:                          fs,
		DisableWAL:                  true,
		FormatMajorVersion:          pebble.FormatColumnarBlocks,
		CacheSize:                   engineCacheBytes,
		MemTableSize:                memTableBytes,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       16, // four times the default: what is appended need not be merged soon
		L0StopWritesThreshold:       64,
		MaxOpenFiles:                1000,
		Logger:                      engineLogger{logger},
		EventListener:               &pebble.EventListener{BackgroundError: background},
	}
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(bloomBitsPerKey)
		options.Levels[i].BlockSize, options.Levels[i].IndexBlockSize = blockBytes, indexBlockBytes
		options.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.SnappyCompression }
	}
	// What was just flushed is soon written again, into a level below: it is not compressed twice.
	options.Levels[0].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
	db, err := pebble.Open(dir, options)
	if err != nil {
		return nil, fmt.Errorf("cannot open the state in %s: %w", dir, err)
	}
	return db, nil
}

// peekState returns the meta row of a checkpoint, which it leaves as it is.
func peekState(disk vfs.FS, dir string) (meta, error) {
	logger := engineLogger{slog.New(slog.DiscardHandler)}
	db, err := pebble.Open(dir, &pebble.Options{FS: disk, ReadOnly: true, DisableWAL: true, Logger: logger})
	if err != nil {
		return meta{}, fmt.Errorf("the state in %s cannot be opened: %w", dir, err)
	}
	state := pin(db, newRowCache())
	m, err := readMeta(&reader{state: state})
	return m, errors.Join(err, state.snapshot.Close(), db.Close())
}

// engineLogger hands Pebble's messages on. Its informational ones are many and of
// use only when looking for something.
type engineLogger struct{ logger *slog.Logger }

func (l engineLogger) Infof(format string, args ...any) {
	l.logger.Debug("engine: " + fmt.Sprintf(format, args...))
}

func (l engineLogger) Errorf(format string, args ...any) {
	l.logger.Error("engine: " + fmt.Sprintf(format, args...))
}

// Fatalf is called when Pebble cannot go on, for instance because its manifest
// cannot be written. It must not return, and nobody could catch a panic on Pebble's
// goroutines: so the process ends, as by kill -9, but saying why.
func (l engineLogger) Fatalf(format string, args ...any) {
	l.logger.Error("engine: " + fmt.Sprintf(format, args...) + ": the process ends; make room or mend the disk, then start it again")
	os.Exit(1)
}

// pinned is a state that stays readable as it was: a snapshot of Pebble's. To take one and to
// end it costs as much as reading a few rows, so all who read between two writes to the state
// share one, see states. It is safe for concurrent use.
type pinned struct {
	snapshot *pebble.Snapshot
	cache    *rowCache
	since    uint64 // where the cache was before the snapshot was taken
	readers  int    // guarded by the mutex of states
}

func pin(db *pebble.DB, cache *rowCache) *pinned {
	since := cache.now.Load()
	return &pinned{snapshot: db.NewSnapshot(), cache: cache, since: since}
}

// end is called when nobody reads it, and nobody will. It may have to wait for the engine.
func (p *pinned) end() {
	if p != nil {
		_ = p.snapshot.Close()
	}
}

// reader is a table.Reader over a pinned state. It belongs to one goroutine.
type reader struct {
	state   *pinned
	release func()
	err     error
}

// close ends the reading; slices that Get has returned stay valid.
func (r *reader) close() {
	r.release()
	r.state, r.release = nil, nil // whoever reads on, while others do, would find out too late
}

// Fail poisons the reader: the view or command fails with the first error.
func (r *reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Err returns the first failure.
func (r *reader) Err() error { return r.err }

// Get returns the value, which must not be changed: others may have it too.
func (r *reader) Get(key []byte) ([]byte, bool) {
	if value, found, known := r.state.cache.look(key, r.state.since); known {
		return value, found
	}
	value, closer, err := r.state.snapshot.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		r.state.cache.remember(key, nil, false, r.state.since)
		return nil, false
	}
	if err != nil {
		r.Fail(fmt.Errorf("cannot read from the state: %w", err))
		return nil, false
	}
	value = bytes.Clone(value)
	if err := closer.Close(); err != nil {
		r.Fail(fmt.Errorf("cannot read from the state: %w", err))
		return nil, false
	}
	r.state.cache.remember(key, value, true, r.state.since)
	return value, true
}

// Scan gives [from, to) ascending.
func (r *reader) Scan(from, to []byte) iter.Seq2[[]byte, []byte] {
	return r.scan(from, to, (*pebble.Iterator).First, (*pebble.Iterator).Next)
}

// ScanReverse gives [from, to) descending.
func (r *reader) ScanReverse(from, to []byte) iter.Seq2[[]byte, []byte] {
	return r.scan(from, to, (*pebble.Iterator).Last, (*pebble.Iterator).Prev)
}

func (r *reader) scan(from, to []byte, first, next func(*pebble.Iterator) bool) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		if len(to) > 0 && bytes.Compare(from, to) >= 0 {
			return
		}
		it, err := r.state.snapshot.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
		if err != nil {
			r.Fail(fmt.Errorf("cannot read from the state: %w", err))
			return
		}
		defer func() {
			if err := it.Close(); err != nil {
				r.Fail(fmt.Errorf("cannot read from the state: %w", err))
			}
		}()
		for ok := first(it); ok; ok = next(it) {
			value, err := it.ValueAndErr()
			if err != nil {
				r.Fail(fmt.Errorf("cannot read from the state: %w", err))
				return
			}
			if !yield(it.Key(), value) {
				return
			}
		}
	}
}
