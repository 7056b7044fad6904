package spool

import (
	"os"
	"time"
)

// keepBound deletes the oldest segments while there are too many bytes, or their events
// are too old.
func (s *Spool) keepBound() {
	var total int64
	for _, segment := range s.segments {
		total += segment.size
	}
	for len(s.segments) > 1 && (total > s.limits.Bytes || s.outdated()) {
		total -= s.segments[0].size
		if os.Remove(s.path(s.segments[0].first)) != nil {
			return // it will be tried again at the next event
		}
		if lost, next := max(s.segments[0].first, s.acked+1), s.segments[1].first; next > lost {
			s.dropped += next - lost
		}
		s.segments = s.segments[1:]
	}
}

// outdated reports whether every event of the oldest segment is too old: the first one
// that follows is.
func (s *Spool) outdated() bool {
	next := s.segments[1].began
	return s.limits.Age > 0 && !next.IsZero() && time.Since(next) > s.limits.Age
}
