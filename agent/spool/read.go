package spool

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"keng/proto/agentpb"
)

// Next returns the events after a number, in order and without gaps, at most max
// of them; none if there are none yet. Each is the caller's.
func (s *Spool) Next(after uint64, max int) ([]*agentpb.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	batch := &batch{spool: s, next: after + 1, max: max}
	for !batch.full() && batch.next < s.next {
		at, found := s.locate(batch.next)
		if !found {
			batch.fill(s.segments[0].first, s.segments[0].began)
			continue
		}
		if err := s.read(at, batch); err != nil {
			return nil, err
		}
	}
	return batch.events, nil
}

// locate returns the index of the segment that holds a number.
func (s *Spool) locate(number uint64) (int, bool) {
	at, exact := slices.BinarySearchFunc(s.segments, number, func(segment segmentInfo, number uint64) int {
		switch {
		case segment.first < number:
			return -1
		case segment.first > number:
			return 1
		}
		return 0
	})
	if !exact {
		at--
	}
	return at, at >= 0
}

// read adds the events of one segment to the batch, and what it lacks as dropped.
func (s *Spool) read(at int, batch *batch) error {
	segment := s.segments[at]
	end := s.next
	if at+1 < len(s.segments) {
		end = s.segments[at+1].first
	}
	from := position{segment: segment.first, number: segment.first, offset: int64(len(segmentMagic))}
	if s.cursor.segment == segment.first && s.cursor.number == batch.next {
		from = s.cursor
	}
	data, err := readFrom(s.path(segment.first), from.offset, segment.size)
	if err != nil {
		return fmt.Errorf("cannot read the spool: %w", err)
	}
	offset := from.offset
	for record, ok := range records(data, from.number) {
		if !ok {
			continue
		}
		if record.number >= batch.next {
			event := &agentpb.Event{}
			if proto.Unmarshal(record.payload, event) == nil {
				batch.fill(record.number, timeOf(event))
				batch.add(event)
			}
		}
		if batch.next > record.number {
			offset = from.offset + int64(record.end)
		}
		if batch.full() {
			s.cursor = position{segment: segment.first, number: batch.next, offset: offset}
			return nil
		}
	}
	// The rest is missing: nothing else can come from this segment, unless it is
	// the last one, which was read to its end.
	batch.fill(end, time.Time{})
	s.cursor = position{segment: segment.first, number: batch.next, offset: offset}
	return nil
}
