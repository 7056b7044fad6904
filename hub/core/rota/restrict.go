package rota

import "time"

// Restriction limits something to windows of the week, read off a clock on the wall.
// Whatever the clock shows counts: an hour that clocks repeat is in the window twice,
// one that they jump over never. A nil Restriction limits nothing.
type Restriction struct {
	// Daily says that there is one window, the same on every day; its days do not count.
	Daily   bool     `cbor:"1,keyasint,omitempty"`
	Windows []Window `cbor:"2,keyasint"`
	// Days says whether the windows count on holidays.
	Days Days `cbor:"3,keyasint,omitempty"`
}

// Days are the days on which the windows of a restriction count.
type Days uint8

// The days. Values are stored.
const (
	AnyDay       Days = 0
	NoHolidays   Days = 1 // on a holiday nothing is covered
	HolidaysOnly Days = 2
)

// Window is from a moment of the week, included, to another, not included. One that
// ends before it begins goes on past the end of the day or week; one that ends where it
// begins is all of it.
type Window struct {
	StartDay    time.Weekday `cbor:"1,keyasint,omitempty"`
	StartMinute int          `cbor:"2,keyasint,omitempty"` // of the day, 0 to 1440
	EndDay      time.Weekday `cbor:"3,keyasint,omitempty"`
	EndMinute   int          `cbor:"4,keyasint,omitempty"` // of the day, 0 to 1440
}

const dayMinutes = 24 * 60

// Covers reports whether t is in one of the windows.
func (r *Restriction) Covers(t time.Time, zone *time.Location) bool {
	if r == nil {
		return true
	}
	local := t.In(zone)
	minute := local.Hour()*60 + local.Minute()
	for _, w := range r.Windows {
		if r.Daily && within(minute, w.StartMinute, w.EndMinute, dayMinutes) {
			return true
		}
		day := func(d time.Weekday) int { return int(d) * dayMinutes }
		if !r.Daily && within(day(local.Weekday())+minute, day(w.StartDay)+w.StartMinute, day(w.EndDay)+w.EndMinute, 7*dayMinutes) {
			return true
		}
	}
	return false
}

// within reports whether x is in [start, end) on a circle of so many minutes.
func within(x, start, end, circle int) bool {
	start, end = start%circle, end%circle
	if start < end {
		return start <= x && x < end
	}
	return x >= start || x < end
}

// Valid reports whether the restriction has windows, and each of them is of this world.
func (r *Restriction) Valid() bool {
	minute := func(m int) bool { return 0 <= m && m <= dayMinutes }
	day := func(d time.Weekday) bool { return time.Sunday <= d && d <= time.Saturday }
	for _, w := range r.Windows {
		if !minute(w.StartMinute) || !minute(w.EndMinute) || !day(w.StartDay) || !day(w.EndDay) {
			return false
		}
	}
	return len(r.Windows) > 0 && (!r.Daily || len(r.Windows) == 1)
}
