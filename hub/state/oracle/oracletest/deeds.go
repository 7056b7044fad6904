package oracletest

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"keng/hub/state"
	"keng/raftstore"
	"keng/raftstore/table"
)

// Deeds knows when a cluster did what was due, as the changes say of which its nodes tell. The zero value
// is ready for use, by several goroutines.
type Deeds struct {
	mu   sync.Mutex
	seen uint64               // the index of the last change that was read
	done map[string]time.Time // by the keys of deadlines: when each was taken away, or else planned
}

// Follow reads what a node tells until the context ends or the node does. Nodes tell the same: as long as one
// is followed at any time nothing is missed.
func (d *Deeds) Follow(ctx context.Context, node interface {
	Changes(context.Context, uint64) iter.Seq2[raftstore.Change, error]
}) {
	for range 100 {
		for change, err := range node.Changes(ctx, d.Seen()) {
			switch {
			case errors.Is(err, raftstore.ErrLost): // it was given a snapshot; others have told of what it lacks
				time.Sleep(100 * time.Millisecond)
			case err != nil:
				return
			default:
				d.take(change)
			}
		}
	}
}

// Seen returns the index of the last change that was read.
func (d *Deeds) Seen() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen
}

func (d *Deeds) take(c raftstore.Change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c.Index <= d.seen {
		return
	}
	d.seen = c.Index
	if d.done == nil {
		d.done = map[string]time.Time{}
	}
	for _, stored := range c.Keys {
		if number, key, ok := table.RowOf(stored); ok && number == state.Deadlines.Number() && !dueAt(key).After(c.Time) {
			d.done[string(key)] = c.Time
		}
	}
}

// When returns when something that was due at a moment was done, the first of several such.
func (d *Deeds) When(due time.Time) (at time.Time, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, done := range d.done {
		if dueAt(table.Key(key)).Equal(due) && (!ok || done.Before(at)) {
			at, ok = done, true
		}
	}
	return at, ok
}

// dueAt is when a deadline is due, by its key.
func dueAt(key table.Key) time.Time {
	elements, err := key.Elements()
	if err != nil {
		panic(err)
	}
	return elements[0].(time.Time)
}
