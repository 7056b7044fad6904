package raftstore

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"
)

// Change is one applied batch of commands.
type Change struct {
	Index uint64    // the Raft index, the same on every node; increasing, with gaps
	Term  uint64    // the term in which it was proposed
	Time  time.Time // cluster time at which it was evaluated
	Keys  [][]byte  // the keys that were written or deleted, each once; not to be modified
}

// Bounds of what a feed keeps.
const (
	maxFeedChanges = 8192
	maxFeedBytes   = 16 << 20
	changeOverhead = 128 // bytes that a change costs besides its keys
	keyOverhead    = 24
)

// feed keeps the newest changes and wakes who waits for more. It is safe for use
// by several goroutines.
type feed struct {
	mu      sync.Mutex
	changes []Change
	bytes   int
	floor   uint64        // all changes above this index are in changes
	applied uint64        // index up to which everything was applied
	wake    chan struct{} // closed when applied grows
	waiters []waiter
}

// waiter waits until the log is applied up to an index. On a follower that takes alerts there
// are many: each is woken when its own time has come.
type waiter struct {
	index uint64
	there chan<- struct{} // has one place
}

func newFeed(applied uint64) *feed {
	return &feed{floor: applied, applied: applied, wake: make(chan struct{})}
}

// add takes over changes, which were applied up to index.
func (f *feed) add(changes []Change, applied uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range changes {
		f.changes = append(f.changes, c)
		f.bytes += c.size()
	}
	drop := 0
	for drop < len(f.changes) && (len(f.changes)-drop > maxFeedChanges || f.bytes > maxFeedBytes) {
		f.floor = f.changes[drop].Index
		f.bytes -= f.changes[drop].size()
		f.changes[drop] = Change{}
		drop++
	}
	f.changes = f.changes[drop:]
	f.reached(applied)
}

// reached wakes who waits for what is applied now.
func (f *feed) reached(applied uint64) {
	f.applied = applied
	close(f.wake)
	f.wake = make(chan struct{})
	f.waiters = slices.DeleteFunc(f.waiters, func(w waiter) bool {
		if w.index > applied {
			return false
		}
		w.there <- struct{}{}
		return true
	})
}

// await returns a channel that gets a token when the log is applied up to an index, nil if it
// is already. forget ends the waiting.
func (f *feed) await(index uint64) (there <-chan struct{}, forget func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.applied >= index {
		return nil, nil
	}
	c := make(chan struct{}, 1)
	f.waiters = append(f.waiters, waiter{index, c})
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.waiters = slices.DeleteFunc(f.waiters, func(w waiter) bool { return w.there == c })
	}
}

// leap takes note that the state was replaced by one that has applied more, no matter
// how: readers that want to know get ErrLost.
func (f *feed) leap(applied uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes, f.bytes, f.floor = nil, 0, applied
	f.reached(applied)
}

func (c Change) size() int {
	n := changeOverhead
	for _, key := range c.Keys {
		n += len(key) + keyOverhead
	}
	return n
}

// since returns the changes above an index, or if there are none yet what to wait
// for.
func (f *feed) since(from uint64) (changes []Change, wake <-chan struct{}, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if from < f.floor {
		return nil, nil, ErrLost
	}
	i := len(f.changes)
	for i > 0 && f.changes[i-1].Index > from {
		i--
	}
	return append([]Change(nil), f.changes[i:]...), f.wake, nil
}

// grows returns a channel that is closed when the applied index grows.
func (f *feed) grows() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wake
}

// Changes gives what is applied on this node, in order, from the first change
// above index from on; it waits for more until ctx ends or the store is closed,
// and then ends with that error. A reader that asks for what is no longer kept, or
// falls so far behind, gets ErrLost.
//
// To begin, take Status().Applied, look at the state by a View, and read the
// changes from that index: some of them the View may have seen already, none is
// missing.
func (s *Store) Changes(ctx context.Context, from uint64) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for {
			changes, wake, err := s.feed.since(from)
			if err != nil {
				yield(Change{}, err)
				return
			}
			for _, c := range changes {
				from = c.Index
				if !yield(c, nil) {
					return
				}
			}
			if len(changes) > 0 {
				continue
			}
			select {
			case <-wake:
			case <-ctx.Done():
				yield(Change{}, ctx.Err())
				return
			case <-s.closing:
				yield(Change{}, ErrClosed)
				return
			}
		}
	}
}

// Applied returns a channel that is closed as soon as something more is applied on
// this node. Take the channel first, then look, then wait: nothing is missed.
func (s *Store) Applied() <-chan struct{} { return s.feed.grows() }
