package rota

import "time"

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

// wall is a clock of a zone. It remembers the last period of the zone that it looked up, since
// most questions are about moments near by. Not for concurrent use.
type wall struct {
	zone       *time.Location
	begin, end moment // of the period in which the offset is
	offset     moment // from UTC to what the clock shows
}

// newWall returns a clock of the zone, nil being UTC.
func newWall(zone *time.Location) *wall {
	if zone == nil {
		zone = time.UTC
	}
	return &wall{zone: zone}
}

// seek makes the period of the zone in which m lies the present one.
func (w *wall) seek(m moment) {
	if w.begin <= m && m < w.end {
		return
	}
	t := m.time().In(w.zone)
	_, seconds := t.Zone()
	w.begin, w.end, w.offset = dawn, forever, moment(seconds)*second
	begin, end := t.ZoneBounds()
	if !begin.IsZero() {
		w.begin = momentOf(begin)
	}
	if !end.IsZero() {
		w.end = momentOf(end)
	}
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

// Wall returns the moment, days calendar days after start, that shows the same
// wall-clock time in start's zone. See the package comment for times that a
// change of clocks removes or repeats.
func Wall(start time.Time, days int) time.Time {
	w := newWall(start.Location())
	return w.first(w.face(momentOf(start)) + moment(days)*day).time().In(start.Location())
}
