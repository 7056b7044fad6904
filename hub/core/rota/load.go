package rota

import (
	"cmp"
	"slices"
	"time"

	"keng/hub/core"
)

// Load is how much a person is on call: elapsed time in which they are, once however many
// rotations they are on call in.
type Load struct {
	OnCall   time.Duration
	Nights   time.Duration // from 22:00 to 06:00 by the clock of the schedule's zone
	Weekends time.Duration // on Saturdays and Sundays; a make-up day is what it stands for
	Holidays time.Duration
}

// Loads returns how much each person who is on call in [a, b) is.
func (c *Calendar) Loads(a, b time.Time) map[core.UserID]Load {
	nights := &Restriction{Daily: true, Windows: []Window{{StartMinute: 22 * 60, EndMinute: 6 * 60}}}
	weekends := &Restriction{Windows: []Window{{StartDay: time.Saturday, EndDay: time.Monday}}}
	holidays := &Restriction{Daily: true, Windows: []Window{{EndMinute: dayMinutes}}, Days: HolidaysOnly}
	w := newWall(c.Zone)
	loads := map[core.UserID]Load{}
	for user, spans := range onCallOf(c.finals(momentOf(a), momentOf(b))) {
		var load Load
		for _, s := range spans {
			load.OnCall += time.Duration(s.end - s.start)
			load.Nights += c.covered(nights, w, s)
			load.Weekends += c.covered(weekends, w, s)
			load.Holidays += c.covered(holidays, w, s)
		}
		loads[user] = load
	}
	return loads
}

// covered returns how much of s a restriction covers.
func (c *Calendar) covered(r *Restriction, w *wall, s span) (sum time.Duration) {
	for p := range cut(c.by(r, w), s.start, s.end) {
		sum += time.Duration(p.end - p.start)
	}
	return sum
}

// by makes a function to pieces of a restriction.
func (c *Calendar) by(r *Restriction, w *wall) func(moment) piece {
	return func(m moment) piece { return r.span(m, w, c.Holidays) }
}

// span is a stretch of time, [start, end).
type span struct{ start, end moment }

// union joins spans that have at least so much time in common, those that touch if it is
// none, and returns them in order. It may reuse what it is given.
func union(spans []span, common moment) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	joined := spans[:0]
	for _, s := range spans {
		if last := len(joined) - 1; last >= 0 && s.start+common <= joined[last].end {
			joined[last].end = max(joined[last].end, s.end)
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}

// finals returns the pieces of the final timeline of [a, b), rotation by rotation.
func (c *Calendar) finals(a, b moment) (all []piece) {
	for _, l := range c.acting(a, b) {
		all = slices.AppendSeq(all, cut(l.final, a, b))
	}
	return all
}

// onCallOf returns when each person is on call.
func onCallOf(finals []piece) map[core.UserID][]span {
	on := map[core.UserID][]span{}
	for _, p := range finals {
		if p.who.User != "" {
			on[p.who.User] = append(on[p.who.User], span{p.start, p.end})
		}
	}
	for user, spans := range on {
		on[user] = union(spans, 0)
	}
	return on
}
