package picture

import (
	"fmt"
	"time"

	"keng/hub/core/clocks"
)

// A mark is where a unit of the calendar begins, and what may be written beside it: the longest
// words first.
type mark struct {
	at    time.Time
	texts []string
}

// A scale is a unit of the calendar by which the axis is divided.
type scale struct {
	// length is about how long a unit is.
	length time.Duration
	// first is the beginning of the unit in which t is; next that of the unit after it.
	first, next func(t time.Time) time.Time
	texts       func(t time.Time) []string
}

// midnight is when a day begins in a zone. Where clocks jump over midnight that is the moment
// of the jump; a day that a zone left out begins when the next one does.
func midnight(y int, m time.Month, day int, zone *time.Location) time.Time {
	t := time.Date(y, m, day, 0, 0, 0, 0, zone)
	if t.Hour() == 0 {
		return t
	}
	begin, end := clocks.Bounds(t)
	if !end.IsZero() && (begin.IsZero() || end.Sub(t) < t.Sub(begin)) {
		return end
	}
	return begin
}

// after returns the first beginning of a unit that is after t: the next one, if the zone has not
// left it out.
func after(t time.Time, beginning func(n int) time.Time) time.Time {
	for n := 1; ; n++ {
		if next := beginning(n); next.After(t) {
			return next
		}
	}
}

// days is the scale of every day, with as much written as there is room for.
func (d *drawing) days() scale {
	return scale{
		length: 24 * time.Hour,
		first:  func(t time.Time) time.Time { return midnight(t.Year(), t.Month(), t.Day(), d.Zone) },
		next: func(t time.Time) time.Time {
			return after(t, func(n int) time.Time { return midnight(t.Year(), t.Month(), t.Day()+n, d.Zone) })
		},
		texts: func(t time.Time) []string {
			day, short := d.words.weekday(t.Weekday()), d.words.dayMonth(t)
			return []string{d.words.date(t), day + " " + short, fmt.Sprintf("%s %d", day, t.Day()), fmt.Sprint(t.Day())}
		},
	}
}

// weeks is the scale of weeks, which begin on Monday and are numbered as ISO 8601 does.
func (d *drawing) weeks() scale {
	monday := func(t time.Time, weeks int) time.Time {
		back := (int(t.Weekday()) + 6) % 7
		return midnight(t.Year(), t.Month(), t.Day()-back+7*weeks, d.Zone)
	}
	return scale{
		length: 7 * 24 * time.Hour,
		first:  func(t time.Time) time.Time { return monday(t, 0) },
		next: func(t time.Time) time.Time {
			return after(t, func(n int) time.Time { return monday(t, n) })
		},
		texts: func(t time.Time) []string {
			_, n := t.ISOWeek()
			week, short := fmt.Sprintf(d.words.week, n), d.words.dayMonth(t)
			sunday := time.Date(t.Year(), t.Month(), t.Day()+6, 12, 0, 0, 0, time.UTC)
			return []string{week + " · " + short + " – " + d.words.dayMonth(sunday) + sunday.Format(d.words.year), week + " · " + short, short}
		},
	}
}

// months is the scale of some months each.
func (d *drawing) months(n int) scale {
	begin := func(t time.Time, more int) time.Time {
		m := (int(t.Month())-1)/n*n + 1
		return midnight(t.Year(), time.Month(m+more), 1, d.Zone)
	}
	return scale{
		length: time.Duration(n) * 30 * 24 * time.Hour,
		first:  func(t time.Time) time.Time { return begin(t, 0) },
		next: func(t time.Time) time.Time {
			return after(t, func(times int) time.Time { return begin(t, n*times) })
		},
		texts: d.words.month,
	}
}

// years is the scale of years.
func (d *drawing) years() scale {
	return scale{
		length: 365 * 24 * time.Hour,
		first:  func(t time.Time) time.Time { return midnight(t.Year(), 1, 1, d.Zone) },
		next:   func(t time.Time) time.Time { return midnight(t.Year()+1, 1, 1, d.Zone) },
		texts:  func(t time.Time) []string { return []string{t.Format("2006")} },
	}
}

// hours is the scale of some hours each, as the clock on the wall shows them: on a day on which
// clocks change one of them is longer or shorter.
func (d *drawing) hours(n int) scale {
	at := func(t time.Time, h int) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), h, 0, 0, 0, d.Zone)
	}
	return scale{
		length: time.Duration(n) * time.Hour,
		first:  func(t time.Time) time.Time { return at(t, t.Hour()/n*n) },
		next: func(t time.Time) time.Time {
			return after(t, func(times int) time.Time { return at(t, t.Hour()/n*n+n*times) })
		},
		texts: func(t time.Time) []string { return []string{t.Format("15:04"), fmt.Sprint(t.Hour())} },
	}
}

// scales chooses the two scales of the axis: the finer one, which has room for its
// shortest words, and the one by which those are grouped.
func (d *drawing) scales() (fine, coarse scale) {
	pairs := []struct {
		fine, coarse scale
		room         float64 // pixels that a unit needs
	}{
		{d.hours(1), d.days(), 44}, {d.hours(2), d.days(), 44}, {d.hours(3), d.days(), 44}, {d.hours(6), d.days(), 44},
		{d.days(), d.weeks(), 20}, {d.weeks(), d.months(1), 48}, {d.months(1), d.years(), 36}, {d.months(3), d.years(), 36},
	}
	for _, p := range pairs {
		if d.pixels(p.fine.length) >= p.room {
			return p.fine, p.coarse
		}
	}
	return d.years(), d.years()
}

// marks returns the marks of a scale in the picture, and of the unit in which it begins.
func (d *drawing) marks(s scale) []mark {
	var all []mark
	for t := s.first(d.From); t.Before(d.To); {
		all = append(all, mark{at: t, texts: s.texts(t)})
		t = s.next(t)
	}
	return all
}
