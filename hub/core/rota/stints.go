package rota

import (
	"cmp"
	"slices"
	"time"

	"keng/hub/core"
)

// Stint is a time in which a person is on call without a break, in whichever rotations: what
// the person calls a shift. A zero Start or End lies outside of what was asked for, or just at
// its edge.
type Stint struct {
	User       core.UserID
	Start, End time.Time
	Rotations  []string // ids of those that it is made of, in the order in which they come
	// For is whose it would be when it begins, if that person's rules give it away; else empty.
	For core.UserID
}

// Stints returns when people are on call in [a, b), by the final timeline: periods of the same
// person that touch or overlap are one. They come in the order of their starts, and those of
// one start in the order of their people. It takes time in proportion to the periods of [a, b).
func (c *Calendar) Stints(a, b time.Time) []Stint {
	from, to := momentOf(a), momentOf(b)
	type part struct {
		rotation string
		piece
	}
	var parts []part
	for _, l := range c.acting(from, to) {
		for p := range cut(l.final, from, to) {
			if p.who.User != "" {
				parts = append(parts, part{l.r.ID, p})
			}
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.who.User, b.who.User), cmp.Compare(a.start, b.start))
	})
	var stints []Stint
	end := dawn // of the last of them
	for _, p := range parts {
		if last := len(stints) - 1; last < 0 || stints[last].User != p.who.User || p.start > end {
			stints, end = append(stints, Stint{User: p.who.User, For: p.whose}), p.end
			if p.start > from {
				stints[last+1].Start = p.start.time()
			}
		}
		s := &stints[len(stints)-1]
		if !slices.Contains(s.Rotations, p.rotation) {
			s.Rotations = append(s.Rotations, p.rotation)
		}
		end, s.End = max(end, p.end), time.Time{}
		if end < to {
			s.End = end.time()
		}
	}
	slices.SortStableFunc(stints, func(a, b Stint) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.User, b.User))
	})
	return stints
}
