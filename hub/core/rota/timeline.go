package rota

import "time"

// Timeline is what happens in a schedule in [Start, End), and why: the periods of each
// rotation, in the order of the rotations and then of time, cut off at Start and End.
type Timeline struct {
	Start, End time.Time
	Base       []Period // what the rotations say, those of nobody too
	Overridden []Period // what the overrides say, those of nobody too
	Forwarded  []Period // of Final, those that people's rules gave to somebody else
	Final      []Period // what happens; where there is none nobody is on call
}

// Timeline returns the timeline of [a, b). It takes time and room in proportion to the periods
// in it: callers put a bound on how long it may be. A disabled schedule has no final
// timeline.
func (c *Calendar) Timeline(a, b time.Time) Timeline {
	t := Timeline{Start: a.UTC(), End: b.UTC()}
	from, to := momentOf(a), momentOf(b)
	for _, l := range c.lanes(from, to) {
		for p := range cut(l.shift, from, to) {
			t.Base = append(t.Base, l.period(p))
		}
		for p := range cut(l.override, from, to) {
			t.Overridden = append(t.Overridden, l.period(p))
		}
		if c.Schedule.Disabled {
			continue
		}
		for p := range cut(l.final, from, to) {
			t.Final = append(t.Final, l.period(p))
			if p.kind == ByForward {
				t.Forwarded = append(t.Forwarded, l.period(p))
			}
		}
	}
	return t
}
