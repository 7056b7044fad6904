package rota

import (
	"time"

	"keng/hub/core/clocks"
)

// moment is a point in time in nanoseconds since 1970, which the years that a calendar can
// speak of (1970 to 2200) fit well into.
type moment int64

const (
	dawn    moment = -9_000_000_000_000_000_000 // before everything: in the year 1684
	dusk    moment = 7_289_654_400_000_000_000  // the year 2201 begins: nobody is on call any more
	forever moment = 9_100_000_000_000_000_000  // after everything: in the year 2258
	second         = moment(time.Second)
	minute         = moment(time.Minute)
	hour           = moment(time.Hour)
	day            = 24 * hour
)

// momentOf returns the moment of t, or the nearest that there is.
func momentOf(t time.Time) moment {
	switch seconds := t.Unix(); {
	case seconds < int64(dawn/second):
		return dawn
	case seconds > int64(forever/second):
		return forever
	}
	return moment(t.UnixNano())
}

// time returns the moment in UTC.
func (m moment) time() time.Time { return time.Unix(0, int64(m)).UTC() }

// wall is a clock of a zone. It remembers the last stretch of time between two changes of the
// clock that it looked up, since most questions are about moments near by. Not for concurrent
// use.
type wall struct {
	zone *time.Location
	stretch
}

// stretch is a time in which a zone's clock goes on without a change.
type stretch struct {
	begin, end moment
	offset     moment // from UTC to what the clock shows
}

// newWall returns a clock of the zone, nil being UTC.
func newWall(zone *time.Location) *wall {
	if zone == nil {
		zone = time.UTC
	}
	return &wall{zone: zone}
}

// seek makes the stretch in which m lies the present one.
func (w *wall) seek(m moment) {
	if w.begin <= m && m < w.end {
		return
	}
	w.stretch = w.period(m)
	for w.begin > dawn {
		before := w.period(w.begin - 1)
		if before.offset != w.offset {
			break
		}
		w.begin = before.begin
	}
	for w.end < forever {
		after := w.period(w.end)
		if after.offset != w.offset {
			break
		}
		w.end = after.end
	}
}

// period returns a stretch around m in which the clock does not change, though it may not at
// its ends either: a zone may have got another name, or a year begun.
func (w *wall) period(m moment) stretch {
	s := stretch{begin: dawn, end: forever, offset: w.ahead(m)}
	begin, end := clocks.Bounds(m.time().In(w.zone))
	if !begin.IsZero() {
		s.begin = momentOf(begin)
	}
	if !end.IsZero() {
		s.end = momentOf(end)
	}
	return s
}

// ahead returns by how much the clock is ahead of UTC.
func (w *wall) ahead(m moment) moment {
	_, seconds := m.time().In(w.zone).Zone()
	return moment(seconds) * second
}

// face returns what the clock shows at m, as if it were UTC.
func (w *wall) face(m moment) moment {
	w.seek(m)
	return m + w.offset
}

// first returns the first moment at which the clock shows face, or a later time: that of the
// jump for a time that is jumped over, the first of the two for one that comes twice.
func (w *wall) first(face moment) moment {
	const far = 2 * day // clocks never move by so much
	w.seek(face - w.offset)
	for w.end <= face-w.offset && w.end < forever {
		w.seek(w.end)
	}
	for {
		begin, at := w.begin, max(w.begin, face-w.offset)
		if begin <= dawn || at-begin > far {
			return at
		}
		w.seek(begin - 1)
		if face-w.offset >= begin { // the period before does not come so far
			return at
		}
	}
}
