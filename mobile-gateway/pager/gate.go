package pager

import (
	"container/heap"
	"context"
	"sync"
)

// gate lets a bounded number of pages through at once. Those that wait go in by
// urgency, and of one urgency in the order in which they came.
type gate struct {
	mu      sync.Mutex
	free    int
	count   uint64
	waiting queue
}

// waiter is one page before the gate.
type waiter struct {
	urgency int
	number  uint64 // of arrival
	index   int    // in the queue; -1 once it was let through
	through chan struct{}
}

func newGate(places int) *gate { return &gate{free: max(places, 1)} }

// enter waits for a place and reports true, or false when ctx ended first. Who
// entered must leave.
func (g *gate) enter(ctx context.Context, urgency int) bool {
	g.mu.Lock()
	if ctx.Err() != nil {
		g.mu.Unlock()
		return false
	}
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return true
	}
	g.count++
	w := &waiter{urgency: urgency, number: g.count, through: make(chan struct{})}
	heap.Push(&g.waiting, w)
	g.mu.Unlock()
	select {
	case <-w.through:
		return true
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.index < 0 {
		return true // let through in the same moment; the caller looks at ctx again
	}
	heap.Remove(&g.waiting, w.index)
	return false
}

// leave gives the place to the most urgent page that waits.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.free++
		return
	}
	close(heap.Pop(&g.waiting).(*waiter).through)
}

// queue is a heap of waiters, for container/heap.
type queue []*waiter

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].urgency != q[j].urgency {
		return q[i].urgency < q[j].urgency
	}
	return q[i].number < q[j].number
}

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *queue) Push(x any) {
	w := x.(*waiter)
	w.index = len(*q)
	*q = append(*q, w)
}

func (q *queue) Pop() any {
	last := len(*q) - 1
	w := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	w.index = -1
	return w
}
