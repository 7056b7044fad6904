package spool

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/proto/agentpb"
)

// batch collects what one call of Next returns.
type batch struct {
	spool  *Spool
	next   uint64 // the number wanted next
	max    int
	events []*agentpb.Event
}

func (b *batch) full() bool { return len(b.events) >= b.max }

// add appends an event that has the number wanted. A batch that is full takes no more.
func (b *batch) add(event *agentpb.Event) {
	if !b.full() && event.GetNumber() == b.next {
		b.events = append(b.events, event)
		b.next++
	}
}

// fill puts an event of kind Dropped in the place of each number before end. Each
// names all that is missing from there on, so that the hub may skip to the last. What was
// lost happened before until; zero is not known.
func (b *batch) fill(end uint64, until time.Time) {
	if until.IsZero() {
		until = time.Now()
	}
	for !b.full() && b.next < end {
		b.events = append(b.events, say(&agentpb.Event{Number: b.next, At: timestamppb.New(until)},
			&agentpb.Dropped{First: b.next, Last: end - 1, Reason: b.spool.whyMissing(b.next)}))
		b.next++
	}
}

// whyMissing says why there is no event of that number.
func (s *Spool) whyMissing(number uint64) string {
	switch {
	case number <= s.acked:
		return "acknowledged before, and forgotten since"
	case number < s.segments[0].first:
		return "the agent's spool was full, or they were too old"
	default:
		return "the agent's disk has damaged it"
	}
}
