package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

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

// The bounds of what is written with one sync.
const (
	batchMax   = 32
	batchBytes = 256 << 10
	// batchWait is how long an event may wait for others, to spare flash memory.
	batchWait = 200 * time.Millisecond
)

// recorder writes queued events to the spool, in order, and does not give up.
type recorder struct {
	queue *queue
	spool interface { // a *spool.Spool
		AppendAll([]*agentpb.Event) error
	}
	reported *reported
	restate  chan<- struct{} // where to ask for all verdicts, after some were lost
	lost     bool
	logger   *slog.Logger
}

func (r *recorder) String() string { return "recorder" }

// run implements task. When ctx ends it writes what is still queued, if the disk
// takes it at once.
func (r *recorder) run(ctx context.Context) error {
	for {
		batch := r.gather(ctx)
		if len(batch) == 0 {
			return nil // ctx has ended
		}
		if !r.keep(ctx, batch) {
			return nil
		}
		if waiting, _ := r.queue.counts(); r.lost && waiting == 0 {
			r.lost = false
			wantRestate(r.restate)
		}
	}
}

// gather waits for an event, and a little for others, unless it is critical. It returns
// none if ctx ends first.
func (r *recorder) gather(ctx context.Context) []*agentpb.Event {
	var batch []*agentpb.Event
	var wait <-chan time.Time
	size, urgent := 0, false
	for {
		for len(batch) < batchMax && size < batchBytes {
			event := r.next()
			if event == nil {
				break
			}
			batch, size, urgent = append(batch, event), size+proto.Size(event), urgent || critical(event)
		}
		if len(batch) > 0 && (urgent || len(batch) >= batchMax || size >= batchBytes || ctx.Err() != nil) {
			return batch
		}
		if len(batch) > 0 && wait == nil {
			timer := time.NewTimer(batchWait)
			defer timer.Stop()
			wait = timer.C
		}
		select {
		case <-ctx.Done():
			if len(batch) == 0 {
				if event := r.next(); event != nil {
					batch, size = append(batch, event), size+proto.Size(event)
					continue
				}
				return nil
			}
		case <-wait:
			return batch
		case <-r.queue.ready:
		}
	}
}

// critical reports whether an event must not wait.
func critical(event *agentpb.Event) bool {
	v := event.GetVerdict()
	return v.GetState() == agentpb.State_STATE_DOWN && v.GetPriority() == "P1"
}

// next takes the next event, and says what was dropped.
func (r *recorder) next() *agentpb.Event {
	event, dropped := r.queue.pop()
	if dropped > 0 {
		r.lost = true
		r.logger.Error("events were dropped, because the disk takes none", "events", dropped)
	}
	return event
}

// keep writes events, again and again if need be, and notes what they say to be down. It is
// false if the agent stops before that.
func (r *recorder) keep(ctx context.Context, batch []*agentpb.Event) bool {
	if err := r.reported.before(batch); err != nil {
		r.logger.Warn("cannot note on the disk which checks are down", "error", err)
	}
	if !r.record(ctx, batch) {
		return false
	}
	for _, event := range batch { // what the log says is on the disk
		v := event.GetVerdict()
		r.logger.Info("verdict", "check", v.GetCheck(), "state", v.GetState(), "cause", v.GetCause(), "reason", v.GetReason())
	}
	if err := r.reported.after(batch); err != nil {
		r.logger.Warn("cannot note on the disk which checks are down", "error", err)
	}
	return true
}

// record writes events, again and again if need be. It is false if the agent stops
// before that.
func (r *recorder) record(ctx context.Context, batch []*agentpb.Event) bool {
	wait := recordWaitMin
	for {
		err := r.spool.AppendAll(batch)
		if err == nil {
			return true
		}
		if errors.Is(err, spool.ErrTooLong) {
			if len(batch) > 1 {
				return r.record(ctx, batch[:1]) && r.record(ctx, batch[1:])
			}
			batch[0].GetVerdict().Details = nil // what is left is bounded
			continue
		}
		r.logger.Error("cannot keep events; it will be tried again", "events", len(batch), "error", err, "wait", wait)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
		wait = min(2*wait, recordWaitMax)
	}
}
