package raftstore

import (
	"context"
	"sync"
	"time"
)

// Leadership is a time during which this node leads.
type Leadership struct {
	// Term is the Raft term, which no other leader ever had or will have.
	Term uint64
	// Since is the cluster time at which it began: what a command's time puts before it is
	// the work of an earlier leader, all else is this one's.
	Since time.Time
	// Lost is closed when this node knows that it leads no longer. Another node may
	// know of a new leader a little earlier.
	Lost <-chan struct{}
}

// throne keeps the present leadership and wakes who waits for one. It is safe for
// use by several goroutines; only the evaluator takes and leaves it.
type throne struct {
	mu      sync.Mutex
	term    uint64 // 0 while this node does not lead
	since   time.Time
	lost    chan struct{} // of this term
	changed chan struct{} // closed when a leadership begins
}

func newThrone() *throne { return &throne{changed: make(chan struct{})} }

// take begins a leadership at a cluster time, unless that of this term is still on.
func (t *throne) take(term uint64, since time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.term == term {
		return
	}
	t.leaveLocked()
	t.term, t.since, t.lost = term, since, make(chan struct{})
	close(t.changed)
	t.changed = make(chan struct{})
}

// leave ends the present leadership, if there is one.
func (t *throne) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leaveLocked()
}

func (t *throne) leaveLocked() {
	if t.term != 0 {
		close(t.lost)
		t.term = 0
	}
}

// look returns the present leadership, or what to wait for.
func (t *throne) look() (l Leadership, leads bool, changed <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Leadership{Term: t.term, Since: t.since, Lost: t.lost}, t.term != 0, t.changed
}

// Lead waits until this node leads and has applied everything that was committed
// before. It fails when ctx ends or the store is closed.
func (s *Store) Lead(ctx context.Context) (Leadership, error) {
	for {
		l, leads, changed := s.throne.look()
		if leads {
			return l, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Leadership{}, ctx.Err()
		case <-s.closing:
			return Leadership{}, ErrClosed
		}
	}
}
