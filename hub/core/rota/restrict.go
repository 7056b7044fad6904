package rota

import (
	"time"

	"keng/hub/core/holiday"
)

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

const (
	dayMinutes  = 24 * 60
	weekMinutes = 7 * dayMinutes
)

// Covers reports whether t is in one of the windows, in a world without holidays: there
// nothing is covered on holidays alone.
func (r *Restriction) Covers(t time.Time, zone *time.Location) bool {
	return r.CoversOn(t, zone, nil)
}

// CoversOn reports whether t is in one of the windows and on a day on which they count.
func (r *Restriction) CoversOn(t time.Time, zone *time.Location, days holiday.Days) bool {
	if r == nil {
		return true
	}
	_, ahead := t.In(zone).Zone()
	covered, _, _ := r.minute(momentOf(t)+moment(ahead)*second, days)
	return covered
}

// endsWithin is how far [Restriction.Ends] looks: windows that go on for longer than a week have no end.
const endsWithin = 8 * 24 * time.Hour

// clocksChange is what the moments at which clocks change are multiples of.
const clocksChange = 15 * time.Minute

// Ends returns when the windows that t is in end, in a world without holidays; t itself if it is
// in none, and zero if they never end.
func (r *Restriction) Ends(t time.Time, zone *time.Location) time.Time {
	if r == nil {
		return time.Time{}
	}
	for at := t; at.Sub(t) < endsWithin; {
		_, offset := at.In(zone).Zone()
		covered, _, ahead := r.minute(momentOf(at)+moment(offset)*second, nil)
		if !covered {
			return at
		}
		edge := at.Truncate(time.Minute).Add(time.Duration(ahead) * time.Minute)
		at = at.Truncate(clocksChange).Add(clocksChange)
		if edge.Before(at) {
			at = edge
		}
	}
	return time.Time{}
}

// minute reports whether the minute that a clock shows is in one of the windows, and how many
// minutes before and after its beginning this is so at least.
func (r *Restriction) minute(face moment, days holiday.Days) (covered bool, back, ahead int) {
	if len(days) > 0 && (!r.Daily || r.Days != AnyDay) {
		return r.dated(face, days)
	}
	covered, back, ahead = r.window(int(face.time().Weekday()), int(mod(face, day)/minute))
	return covered && r.Days != HolidaysOnly, back, ahead
}

// dated is [Restriction.minute] where days may be holidays or stand for others. A window that is no
// longer than a day is of the day on which it begins, and goes on past midnight into whatever day
// comes. Of a longer one each day has its own part.
func (r *Restriction) dated(face moment, days holiday.Days) (covered bool, back, ahead int) {
	now := int(mod(face, day) / minute)
	back, ahead = now, dayMinutes-now
	mark := func(from, to int) { // the minutes of a window, counted from the last midnight
		covered = covered || from <= now && now < to
		for _, edge := range [2]int{from, to} {
			if edge <= now {
				back = min(back, now-edge)
			} else {
				ahead = min(ahead, edge-now)
			}
		}
	}
	today, counts := r.day(face, days)
	yesterday, counted := r.day(face-day, days)
	for _, w := range r.Windows {
		begin, length := r.measure(w)
		if length > dayMinutes {
			if since := mod(today*dayMinutes-begin, weekMinutes); counts {
				mark(-since, length-since)
				mark(weekMinutes-since, weekMinutes-since+length)
			}
			continue
		}
		of, from := begin/dayMinutes, begin%dayMinutes
		if counts && (r.Daily || of == today) {
			mark(from, from+length)
		}
		if counted && (r.Daily || of == yesterday) {
			mark(from-dayMinutes, from-dayMinutes+length)
		}
	}
	return covered, back, ahead
}

// day returns the weekday as which windows of the week take the day that a clock shows, and
// whether the windows count on it.
func (r *Restriction) day(face moment, days holiday.Days) (weekday int, counts bool) {
	on := holiday.On(face.time())
	return int(days.Weekday(on)), r.Days == AnyDay || days.Holiday(on) == (r.Days == HolidaysOnly)
}

// window reports whether a minute of a weekday is in one of the windows, and how many minutes
// before and after the beginning of that minute the nearest edges of windows are.
func (r *Restriction) window(weekday, minute int) (covered bool, back, ahead int) {
	circle, now := weekMinutes, weekday*dayMinutes+minute
	if r.Daily {
		circle, now = dayMinutes, minute
	}
	back, ahead = circle, circle
	for _, w := range r.Windows {
		start, end := r.edges(w)
		covered = covered || within(now, start, end)
		if start == end { // all of the day or week: it has no edges
			continue
		}
		for _, edge := range [2]int{start, end} {
			since := mod(now-edge, circle)
			back, ahead = min(back, since), min(ahead, circle-since)
		}
	}
	return covered, back, ahead
}

// edges returns where a window begins and ends, in minutes of the day or week.
func (r *Restriction) edges(w Window) (start, end int) {
	if r.Daily {
		return mod(w.StartMinute, dayMinutes), mod(w.EndMinute, dayMinutes)
	}
	return mod(int(w.StartDay)*dayMinutes+w.StartMinute, weekMinutes), mod(int(w.EndDay)*dayMinutes+w.EndMinute, weekMinutes)
}

// measure returns where a window begins, in minutes of the day or week, and how many it has.
func (r *Restriction) measure(w Window) (start, length int) {
	circle := weekMinutes
	if r.Daily {
		circle = dayMinutes
	}
	start, end := r.edges(w)
	if length = mod(end-start, circle); length == 0 {
		length = circle
	}
	return start, length
}

// within reports whether x is in [start, end) on a circle.
func within[T int | moment](x, start, end T) bool {
	if start < end {
		return start <= x && x < end
	}
	return x >= start || x < end
}

// mod is the remainder that is never negative.
func mod[T int | moment](x, n T) T { return ((x % n) + n) % n }

// span returns a piece around m, as far as no edge of a window, change of clocks or,
// where there are holidays, midnight is inside: m is covered if and only if all of it is.
func (r *Restriction) span(m moment, w *wall, days holiday.Days) piece {
	if r == nil {
		return piece{start: dawn, end: forever, on: true}
	}
	face := w.face(m)
	covered, back, ahead := r.minute(face, days)
	begin := m - mod(face, minute)
	return piece{
		start: max(w.begin, begin-moment(back)*minute), end: min(w.end, begin+moment(ahead)*minute),
		on: covered,
	}
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
	return len(r.Windows) > 0 && (!r.Daily || len(r.Windows) == 1) && r.Days <= HolidaysOnly
}
