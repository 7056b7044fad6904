package rota

import "time"

// Stretch is a time: [Start, End).
type Stretch struct{ Start, End time.Time }

// Uncovered returns when of a timeline of the calendar nobody is on call, though the schedule
// means to cover the time: the gaps that [Calendar.Troubles] tells, without computing again what
// happens. Of a timeline that is cut it tells nothing: what is missing would look like gaps.
func (c *Calendar) Uncovered(t *Timeline) (all []Stretch) {
	if c.Schedule.Disabled || t.Cut {
		return nil
	}
	finals := make([]piece, len(t.Final))
	for i, p := range t.Final {
		finals[i] = piece{start: momentOf(p.Start), end: momentOf(p.End)}
	}
	for _, s := range c.gaps(finals, momentOf(t.Start), momentOf(t.End)) {
		all = append(all, Stretch{s.start.time(), s.end.time()})
	}
	return all
}
