package rota

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"keng/hub/core"
)

// DoubleBookings returns the times in [a, b) in which one person is on call in several schedules at
// once, in order of time, the first [TroublesMax]. Each is told once, with all the schedules in the order in
// which they are given; where other schedules come to it or fall away another begins.
func DoubleBookings(all []*Calendar, a, b time.Time) []Trouble {
	plans := make([]*duties, len(all))
	for i, c := range all {
		plans[i] = &duties{Calendar: c, on: onCallOf(c.finals(momentOf(a), momentOf(b)))}
	}
	return twice(plans)
}

// twice returns the double bookings.
func twice(plans []*duties) []Trouble {
	edges := map[core.UserID][]edge{}
	for i, d := range plans {
		for user, spans := range d.on {
			for _, s := range spans {
				edges[user] = append(edges[user], edge{s.start, i, true}, edge{s.end, i, false})
			}
		}
	}
	var troubles []Trouble
	for _, user := range slices.Sorted(maps.Keys(edges)) {
		troubles = append(troubles, overlaps(plans, user, edges[user])...)
	}
	slices.SortStableFunc(troubles, func(x, y Trouble) int {
		return cmp.Or(x.Start.Compare(y.Start), cmp.Compare(x.Schedule, y.Schedule), cmp.Compare(x.Other, y.Other))
	})
	return troubles[:min(len(troubles), TroublesMax)]
}

// edge is where a person begins or ceases to be on call in a schedule.
type edge struct {
	at       moment
	schedule int
	begins   bool
}

// overlaps goes along the edges of one person, and returns the first of the times in which the person is on call in several
// schedules.
func overlaps(plans []*duties, user core.UserID, edges []edge) (found []Trouble) {
	slices.SortFunc(edges, func(x, y edge) int { return cmp.Compare(x.at, y.at) })
	var on []int // the schedules in which the person is on call, in order
	for i, e := range edges {
		if n, is := slices.BinarySearch(on, e.schedule); e.begins && !is {
			on = slices.Insert(on, n, e.schedule)
		} else if is && !e.begins {
			on = slices.Delete(on, n, n+1)
		}
		if i+1 == len(edges) || edges[i+1].at == e.at || len(on) < 2 {
			continue
		}
		if len(found) == TroublesMax {
			break
		}
		t := Trouble{Kind: DoubleBooked, User: user, Start: e.at.time(), End: edges[i+1].at.time(),
			Schedule: plans[on[0]].Schedule.ID, Other: plans[on[1]].Schedule.ID}
		for _, other := range on[2:] {
			t.More = append(t.More, plans[other].Schedule.ID)
		}
		found = append(found, t)
	}
	return found
}
