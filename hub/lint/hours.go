package lint

import (
	"cmp"
	"slices"
	"time"

	"keng/hub/core/holiday"
	"keng/hub/core/rota"
)

const (
	dayMinutes  = 24 * 60
	weekMinutes = 7 * dayMinutes
)

// stretch is minutes of a week that begins on Sunday: [from, to).
type stretch struct{ from, to int }

// hoursOf returns when in a week without holidays a restriction covers anything, in order, none
// over another. Nil restricts nothing.
func hoursOf(r *rota.Restriction) []stretch {
	if r == nil {
		return []stretch{{0, weekMinutes}}
	}
	if r.Days == rota.HolidaysOnly {
		return nil
	}
	var all []stretch
	add := func(from, to, circle int) { // one that ends where it begins is all of the circle
		from, to = from%circle, to%circle
		if to <= from {
			to += circle
		}
		for begin := 0; begin < weekMinutes; begin += circle {
			a, b := begin+from, begin+to
			all = append(all, stretch{a, min(b, weekMinutes)})
			if b > weekMinutes {
				all = append(all, stretch{0, b - weekMinutes})
			}
		}
	}
	for _, w := range r.Windows {
		if r.Daily {
			add(w.StartMinute, w.EndMinute, dayMinutes)
		} else {
			add(int(w.StartDay)*dayMinutes+w.StartMinute, int(w.EndDay)*dayMinutes+w.EndMinute, weekMinutes)
		}
	}
	return joined(all)
}

// joined puts stretches in order and together where they meet.
func joined(all []stretch) (out []stretch) {
	slices.SortFunc(all, func(a, b stretch) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	for _, s := range all {
		if last := len(out) - 1; last >= 0 && s.from <= out[last].to {
			out[last].to = max(out[last].to, s.to)
		} else if s.from < s.to {
			out = append(out, s)
		}
	}
	return out
}

// hole returns the first minutes of a week that are in none of some stretches, which are joined.
func hole(all []stretch) (stretch, bool) {
	at := 0
	for _, s := range all {
		if s.from > at {
			return stretch{at, s.from}, true
		}
		at = s.to
	}
	return stretch{at, weekMinutes}, at < weekMinutes
}

// always reports whether a restriction restricts nothing.
func always(r *rota.Restriction) bool {
	if r != nil && r.Days != rota.AnyDay {
		return false
	}
	_, some := hole(hoursOf(r))
	return !some
}

// never reports whether a restriction covers nothing at all. Days are the holidays of the calendar
// by which it goes; nil: it goes by none.
func never(r *rota.Restriction, days holiday.Days) bool {
	if r == nil {
		return false
	}
	return !r.Valid() || r.Days == rota.HolidaysOnly && len(days) == 0
}

// wholeWindow reports whether a window ends where it begins, which makes it the whole day or week.
func wholeWindow(r *rota.Restriction) bool {
	return r != nil && slices.ContainsFunc(r.Windows, func(w rota.Window) bool {
		return w.StartMinute == w.EndMinute && (r.Daily || w.StartDay == w.EndDay)
	})
}

// clockOf tells a moment by the clock of a time zone; of one that does not exist by UTC.
func (w *world) clockOf(zone string, t time.Time) string {
	at, err := w.zones(zone)
	if err != nil {
		at = time.UTC
	}
	return t.In(at).Format("2006-01-02 15:04 MST")
}

// clock says a minute of the week, as Mon 22:00.
func clock(minute int) Text {
	day, rest := weekdays[minute/dayMinutes%7], minute%dayMinutes
	return say("%s %02d:%02d", "%s %02d:%02d", day, rest/60, rest%60)
}
