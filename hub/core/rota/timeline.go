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
	// Cut says that this is not all there is: a list has [PeriodsMax] periods, or there was too much to look at for what
	// is asked. A list may lack periods at its end then, or those of the last rotations, and its last period may
	// end too early.
	Cut bool
}

// PeriodsMax is how many periods each list of a timeline has at most.
const PeriodsMax = 20_000

// stepsMax is how many steps a timeline takes at most, which take less than a second: to look at a piece is
// pieceSteps, to look at an override, a rule or a window for it is one more each. A list of usual periods takes
// some two million when it is full.
const (
	stepsMax   = 20_000_000
	pieceSteps = 10
)

// Timeline returns the timeline of [a, b). It looks at the turns, windows, overrides and rules in it, whether they make a
// period or not, and is cut where that is too much. A disabled schedule has no final timeline.
func (c *Calendar) Timeline(a, b time.Time) Timeline {
	t := Timeline{Start: a.UTC(), End: b.UTC()}
	from, to := momentOf(a), momentOf(b)
	spent := 0 // steps, by the rotations before
	add := func(list *[]Period, l *lane, at func(moment) piece) {
		bounded := l.within(stepsMax-spent, at, &t.Cut)
		for p := range cut(bounded, from, to) {
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
		spent += l.steps
	}
	for _, p := range t.Final {
		if p.Kind == ByForward {
			t.Forwarded = append(t.Forwarded, p)
		}
	}
	return t
}

// within returns what a function to pieces tells until the lane has taken so many steps; from then on, which it
// notes, it tells that nothing comes any more.
func (l *lane) within(steps int, at func(moment) piece, cut *bool) func(moment) piece {
	return func(m moment) piece {
		if l.steps >= steps {
			*cut = true
			return piece{start: m, end: forever}
		}
		return at(m)
	}
}
