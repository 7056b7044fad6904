package ical

import (
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// A rule is an RRULE: by which a beginning comes again. It is written out day by day, so that how
// much work it is, at most, is known beforehand, whatever the rule: one that never comes true
// (30 February) is looked at as long as the time that was asked for, and no longer.
type rule struct {
	line  int
	start time.Time // on the wall
	until time.Time // on the wall, the last moment; zero: none
	of    rrule.ROption
	times []time.Duration // since midnight
}

// The bounds of a rule.
const (
	ruleBytesMax = 1000
	intervalMax  = 10_000
	timesMax     = 100 // a day
	rulesMax     = 20  // of an event
)

// newRule reads an RRULE of an event that begins at start.
func newRule(p prop, start moment, f *finder) (*rule, error) {
	text := strings.ToUpper(strings.TrimSuffix(p.value, ";"))
	if len(text) > ruleBytesMax {
		return nil, wrong(p.line, "the rule is longer than %d bytes", ruleBytesMax)
	}
	r := &rule{line: p.line, start: start.wall}
	var parts []string
	for part := range strings.SplitSeq(text, ";") {
		if until, ok := strings.CutPrefix(part, "UNTIL="); ok {
			if err := r.end(p, until, start, f); err != nil {
				return nil, err
			}
		} else {
			parts = append(parts, part)
		}
	}
	of, err := rrule.StrToROption(strings.Join(parts, ";"))
	if err == nil {
		// Before the library sees it, which writes out every time of the day, of events on whole days, too.
		if max(len(of.Byhour), 1)*max(len(of.Byminute), 1)*max(len(of.Bysecond), 1) > timesMax {
			return nil, wrong(p.line, "the rule has more than %d times a day", timesMax)
		}
		of.Dtstart = start.wall
		var whole *rrule.RRule
		if whole, err = rrule.NewRRule(*of); err == nil {
			r.of = whole.Options // with what follows from the start filled in
		}
	}
	if err != nil {
		return nil, wrong(p.line, "the rule %q cannot be read: %v", short([]byte(p.value)), err)
	}
	return r, r.check(p, start)
}

// end reads UNTIL: a date counts as a whole.
func (r *rule) end(p prop, value string, start moment, f *finder) error {
	until, err := f.moment(prop{line: p.line, name: "UNTIL"}, value)
	switch {
	case err != nil:
		return err
	case until.zone == nil:
		r.until = until.wall.Add(24*time.Hour - time.Second)
	case strings.HasSuffix(value, "Z") && start.zone != nil:
		r.until = face(until.wall.In(start.zone))
	default:
		r.until = until.wall
	}
	return nil
}

// check refuses rules that are not kept, and settles the times of the day.
func (r *rule) check(p prop, start moment) error {
	of := &r.of
	switch {
	case !strings.Contains(strings.ToUpper(p.value), "FREQ="):
		return wrong(p.line, "the rule has no FREQ")
	case of.Freq > rrule.DAILY:
		return wrong(p.line, "the rule recurs by hours, minutes or seconds: write it as events of a day")
	case of.Count == 0 && strings.Contains(strings.ToUpper(p.value), "COUNT="):
		return wrong(p.line, "the rule's COUNT must be at least 1")
	case of.Interval > intervalMax:
		return wrong(p.line, "the rule's INTERVAL is more than %d", intervalMax)
	case len(of.Byeaster) > 0 || !of.Dtstart.Equal(start.wall):
		return wrong(p.line, "the rule has parts that no standard knows")
	}
	if start.zone == nil {
		r.times = []time.Duration{0}
		return nil
	}
	or := func(given []int, usual int) []int {
		if len(given) == 0 {
			return []int{usual}
		}
		return given
	}
	hours, minutes, seconds := or(of.Byhour, start.wall.Hour()), or(of.Byminute, start.wall.Minute()), or(of.Bysecond, start.wall.Second())
	for _, h := range hours {
		for _, m := range minutes {
			for _, s := range seconds {
				r.times = append(r.times, time.Duration(h)*time.Hour+time.Duration(m)*time.Minute+time.Duration(s)*time.Second)
			}
		}
	}
	slices.Sort(r.times)
	r.times = slices.Compact(r.times)
	return nil
}

// expand gives the beginnings, as the wall shows them, in order, from a little before low to high.
// It takes what it does off the steps, and stops with an error when there are none left.
func (r *rule) expand(low, high time.Time, steps *int, yield func(wall time.Time) error) error {
	count, k := r.of.Count, 0
	if count == 0 {
		k = r.periodsBefore(low)
	}
	for ; ; k++ {
		first, days := r.period(k)
		if first.After(high) || !r.until.IsZero() && first.After(r.until) {
			return nil
		}
		found := r.within(first, days)
		if *steps -= days + len(found); *steps < 0 {
			return wrong(r.line, "the calendar's rules take too long to be written out: export a shorter time, or events that begin later")
		}
		for _, wall := range found {
			if wall.Before(r.start) {
				continue
			}
			if wall.After(high) || !r.until.IsZero() && wall.After(r.until) {
				return nil
			}
			if err := yield(wall); err != nil {
				return err
			}
			if count--; count == 0 {
				return nil
			}
		}
	}
}

// midnight is that of the day of t.
func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// daysTo is how many days b is after a; both are midnights.
func daysTo(a, b time.Time) int { return int((b.Unix() - a.Unix()) / 86_400) }

// weekday counts from Monday, which is 0.
func weekday(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }

// week is when the week begins in which a day is.
func (r *rule) week(day time.Time) time.Time {
	return day.AddDate(0, 0, -((weekday(day) - r.of.Wkst.Day() + 7) % 7))
}

// period is the k-th time in which the rule is looked at: a year, month, week or day.
func (r *rule) period(k int) (first time.Time, days int) {
	y, m, d := r.start.Date()
	n := k * max(r.of.Interval, 1)
	switch r.of.Freq {
	case rrule.YEARLY:
		first = time.Date(y+n, 1, 1, 0, 0, 0, 0, time.UTC)
		return first, daysTo(first, first.AddDate(1, 0, 0))
	case rrule.MONTHLY:
		first = time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		return first, daysTo(first, first.AddDate(0, 1, 0))
	case rrule.WEEKLY:
		return r.week(midnight(r.start)).AddDate(0, 0, 7*n), 7
	}
	return time.Date(y, m, d+n, 0, 0, 0, 0, time.UTC), 1
}

// periodsBefore is a number of periods which are over before low.
func (r *rule) periodsBefore(low time.Time) int {
	days := daysTo(midnight(r.start), midnight(low))
	long := map[rrule.Frequency]int{rrule.YEARLY: 366, rrule.MONTHLY: 31, rrule.WEEKLY: 7, rrule.DAILY: 1}[r.of.Freq]
	return max(days/long/max(r.of.Interval, 1)-2, 0)
}

// within returns the beginnings in a period.
func (r *rule) within(first time.Time, days int) []time.Time {
	var found []time.Time
	for i := range days {
		if day := first.AddDate(0, 0, i); r.on(day) {
			for _, t := range r.times {
				found = append(found, day.Add(t))
			}
		}
	}
	if len(r.of.Bysetpos) == 0 {
		return found
	}
	var chosen []time.Time
	for i, t := range found {
		if slices.Contains(r.of.Bysetpos, i+1) || slices.Contains(r.of.Bysetpos, i-len(found)) {
			chosen = append(chosen, t)
		}
	}
	return chosen
}

// on reports whether the rule may fall on a day.
func (r *rule) on(day time.Time) bool {
	of := &r.of
	year := time.Date(day.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	yearDays := daysTo(year, year.AddDate(1, 0, 0))
	month := time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
	monthDays := daysTo(month, month.AddDate(0, 1, 0))
	// oneOf: the n-th of a number of things, counted from the front or from the back; or no such part.
	oneOf := func(list []int, n, number int) bool {
		return len(list) == 0 || slices.Contains(list, n) || slices.Contains(list, n-number-1)
	}
	if len(of.Bymonth) > 0 && !slices.Contains(of.Bymonth, int(day.Month())) ||
		!oneOf(of.Bymonthday, day.Day(), monthDays) || !oneOf(of.Byyearday, day.YearDay(), yearDays) {
		return false
	}
	if len(of.Byweekno) > 0 {
		if n, weeks := r.weekNumber(day); !oneOf(of.Byweekno, n, weeks) {
			return false
		}
	}
	at, number := day.Day(), monthDays
	if of.Freq == rrule.YEARLY && len(of.Bymonth) == 0 {
		at, number = day.YearDay(), yearDays
	}
	return len(of.Byweekday) == 0 || slices.ContainsFunc(of.Byweekday, func(w rrule.Weekday) bool {
		if w.Day() != weekday(day) {
			return false
		}
		n := w.N()
		return n == 0 || of.Freq > rrule.MONTHLY || n == (at-1)/7+1 || -n == (number-at)/7+1
	})
}

// weekNumber is the number of the week of a day, and how many weeks the year has to which that week
// belongs: the first week of a year is the first with four days in it.
func (r *rule) weekNumber(day time.Time) (n, weeks int) {
	week := r.week(day)
	year := week.AddDate(0, 0, 3).Year()
	first := func(y int) time.Time { return r.week(time.Date(y, 1, 4, 0, 0, 0, 0, time.UTC)) }
	return daysTo(first(year), week)/7 + 1, daysTo(first(year), first(year+1)) / 7
}
