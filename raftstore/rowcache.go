package raftstore

import (
	"bytes"
	"hash/maphash"
	"sync/atomic"
)

// rowCache remembers rows that are read over and over, and keys that hold nothing: a
// key's rights, the rules of an integration, the row that says that there are no
// policies. To look for one of them in Pebble costs microseconds, for each request and
// each command: it looks through every memory table and every level, and for what is
// not there too.
//
// It is a table of a fixed number of slots; a key has one of them. A row that is
// remembered is the same in every snapshot between the one that it was read from and the
// next write to its slot. Writes are announced before they are committed, so whoever
// holds a snapshot can tell: if nothing was announced for the slot since a moment before
// both snapshots were taken, they agree.
//
// It belongs to one engine. All methods may be called concurrently, but announce and
// committed by one goroutine only.
type rowCache struct {
	seed  maphash.Seed
	now   atomic.Uint64 // how many commits every snapshot holds that is taken from now on
	slots [rowCacheSlots]rowSlot
}

const (
	rowCacheSlots = 2048
	// rowCacheBytes is up to how long a key with its value is remembered: 2 MiB are taken at most.
	rowCacheBytes = 1 << 10
)

type rowSlot struct {
	written atomic.Uint64 // the last commit that writes to a key of it
	row     atomic.Pointer[cachedRow]
}

// cachedRow does not change.
type cachedRow struct {
	key, value []byte
	found      bool
	since      uint64 // a commit that the snapshot holds from which it was read
}

func newRowCache() *rowCache { return &rowCache{seed: maphash.MakeSeed()} }

// announce says that the next commit writes to a key.
func (c *rowCache) announce(key []byte) {
	c.slots[maphash.Bytes(c.seed, key)%rowCacheSlots].written.Store(c.now.Load() + 1)
}

// committed says that what was announced is in the engine.
func (c *rowCache) committed() { c.now.Add(1) }

// look returns a key's value as it is in a snapshot that was taken when the cache was at
// since. If it is not known, remember is to be told what the snapshot holds.
func (c *rowCache) look(key []byte, since uint64) (value []byte, found, known bool) {
	slot := &c.slots[maphash.Bytes(c.seed, key)%rowCacheSlots]
	row := slot.row.Load()
	if row == nil || !bytes.Equal(row.key, key) {
		return nil, false, false
	}
	if slot.written.Load() > min(since, row.since) { // read after the row: what is in its snapshot was announced
		return nil, false, false
	}
	return row.value, row.found, true
}

// remember keeps what a snapshot holds. value must not be changed afterwards.
func (c *rowCache) remember(key, value []byte, found bool, since uint64) {
	slot := &c.slots[maphash.Bytes(c.seed, key)%rowCacheSlots]
	if len(key)+len(value) <= rowCacheBytes && slot.written.Load() <= since {
		slot.row.Store(&cachedRow{bytes.Clone(key), value, found, since})
	}
}
