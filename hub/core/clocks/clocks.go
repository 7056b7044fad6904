// Package clocks says when the clocks of a time zone change.
package clocks

import "time"

// Bounds returns a time [begin, end) around t in which the clocks of t's zone do not change.
// They may not change at its ends either: a zone gets another name, a year begins. Zero means
// that there is no such end. Begin is never after t, and end never at t or before it.
//
// [time.Time.ZoneBounds] promises the same, and errs where a zone goes by a rule (RFC 9636
// section 3.3.1): on the last day of a leap year it may give an end that has passed, and at the
// first use of the rule a begin before which the clocks went otherwise. Who goes from one end
// to the next by it does not come past 31 December of such a year.
func Bounds(t time.Time) (begin, end time.Time) {
	begin, end = t.ZoneBounds()
	if !end.IsZero() && !end.After(t) {
		end = time.Date(t.UTC().Year()+1, time.January, 1, 0, 0, 0, 0, time.UTC).In(t.Location())
	}
	if begin.After(t) {
		begin = t
	}
	if !begin.IsZero() && ahead(begin) != ahead(t) {
		begin = change(begin, t)
	}
	return begin, end
}

// ahead returns by how much clocks are ahead of UTC.
func ahead(t time.Time) int {
	_, seconds := t.Zone()
	return seconds
}

// change returns the first moment from which on clocks go as at the later of two.
func change(before, after time.Time) time.Time {
	for after.Sub(before) > 1 {
		if middle := before.Add(after.Sub(before) / 2); ahead(middle) == ahead(after) {
			after = middle
		} else {
			before = middle
		}
	}
	return after
}
