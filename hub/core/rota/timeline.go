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
	// Cut says that a list has not all there is, but [PeriodsMax].
	Cut bool
}

// PeriodsMax is how many periods each list of a timeline has at most.
const PeriodsMax = 20_000

// Timeline returns the timeline of [a, b). It takes time and room in proportion to the periods
// in it. A disabled schedule has no final timeline.
func (c *Calendar) Timeline(a, b time.Time) Timeline {
	t := Timeline{Start: a.UTC(), End: b.UTC()}
	from, to := momentOf(a), momentOf(b)
	add := func(list *[]Period, l *lane, at func(moment) piece) {
		for p := range cut(at, from, to) {
			if len(*list) == PeriodsMax {
				t.Cut = true
				return
			}
			*list = append(*list, l.period(p))
		}
	}
	for _, l := range c.lanes(from, to) {
		add(&t.Base, l, l.shift)
		add(&t.Overridden, l, l.override)
		if !c.Schedule.Disabled {
			add(&t.Final, l, l.final)
		}
	}
	for _, p := range t.Final {
		if p.Kind == ByForward {
			t.Forwarded = append(t.Forwarded, p)
		}
	}
	return t
}
