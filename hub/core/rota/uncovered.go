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
	busy := make([]span, 0, len(t.Final)+1)
	for _, p := range t.Final {
		busy = append(busy, span{momentOf(p.Start), momentOf(p.End)})
	}
	from, to, meant := momentOf(t.Start), momentOf(t.End), c.by(c.Schedule.Covers, newWall(c.Zone))
	for _, s := range append(union(busy, 0), span{to, to}) {
		for p := range cut(meant, from, s.start) {
			all = append(all, Stretch{p.start.time(), p.end.time()})
		}
		from = s.end
	}
	return all
}
