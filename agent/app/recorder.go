package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"keng/agent/spool"
	"keng/proto/agentpb"
)

// queueMax bounds the events that wait for the disk.
const queueMax = 4096

// queue holds events between the scheduler and the recorder. Over its bound the
// oldest are dropped: the disk must be broken, and the newest verdicts matter most.
type queue struct {
	ready chan struct{} // holds one token while there is something

	mu      sync.Mutex
	events  []*agentpb.Event
	dropped int    // since the last pop
	lost    uint64 // ever
}

func newQueue() *queue { return &queue{ready: make(chan struct{}, 1)} }

// push never waits.
func (q *queue) push(event *agentpb.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) >= queueMax {
		q.events = q.events[1:]
		q.dropped++
		q.lost++
	}
	q.events = append(q.events, event)
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// pop takes the oldest event, nil if there is none, and how many were dropped
// since the last call.
func (q *queue) pop() (*agentpb.Event, int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	dropped := q.dropped
	q.dropped = 0
	if len(q.events) == 0 {
		return nil, dropped
	}
	event := q.events[0]
	q.events = q.events[1:]
	return event, dropped
}

// counts returns how many events wait, and how many were ever dropped.
func (q *queue) counts() (waiting int, lost uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.events), q.lost
}

// The waits of a recorder whose disk does not take an event.
const (
	recordWaitMin = time.Second
	recordWaitMax = 30 * time.Second
)

// recorder writes queued events to the spool, in order, and does not give up.
type recorder struct {
	queue *queue
	spool interface { // a *spool.Spool
		Append(*agentpb.Event) (uint64, error)
	}
	logger *slog.Logger
}

func (r *recorder) String() string { return "recorder" }

// run implements task. When ctx ends it writes what is still queued, if the disk
// takes it at once.
func (r *recorder) run(ctx context.Context) error {
	for {
		for event := r.next(); event != nil; event = r.next() {
			if !r.record(ctx, event) {
				return nil
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		select {
		case <-ctx.Done():
		case <-r.queue.ready:
		}
	}
}

// next takes the next event, and says what was dropped.
func (r *recorder) next() *agentpb.Event {
	event, dropped := r.queue.pop()
	if dropped > 0 {
		r.logger.Error("events were dropped, because the disk takes none", "events", dropped)
	}
	return event
}

// record writes one event, again and again if need be. It is false if the agent
// stops before that.
func (r *recorder) record(ctx context.Context, event *agentpb.Event) bool {
	wait := recordWaitMin
	for {
		_, err := r.spool.Append(event)
		if err == nil {
			return true
		}
		if errors.Is(err, spool.ErrTooLong) {
			event.GetVerdict().Details = nil // what is left is bounded
			continue
		}
		r.logger.Error("cannot keep an event; it will be tried again", "error", err, "wait", wait)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
		wait = min(2*wait, recordWaitMax)
	}
}
