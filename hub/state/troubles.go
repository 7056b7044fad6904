package state

import (
	"cmp"
	"slices"
	"time"

	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// Troubles returns what is to be mended in all schedules in [from, to), in order of time: gaps,
// shifts of people who are away or blocked, and people who are on call in two schedules at once.
func Troubles(r table.Reader, zones Zones, from, to time.Time) ([]rota.Trouble, error) {
	var away []rota.Absence
	for a := range AbsencesOf(r, "", from) {
		away = append(away, *a)
	}
	for u := range Users.All(r) {
		if u.Blocked { // nothing reaches them: as good as away for ever
			away = append(away, rota.Absence{User: u.ID, Start: from, End: to})
		}
	}
	var all []rota.Trouble
	var calendars []*rota.Calendar
	for s := range Schedules.All(r) {
		calendar, err := CalendarOf(r, s, zones, from, to)
		if err != nil {
			return nil, err
		}
		calendars = append(calendars, calendar)
		all = append(all, calendar.Troubles(from, to, away)...)
	}
	all = append(all, rota.DoubleBookings(calendars, from, to)...)
	slices.SortStableFunc(all, func(a, b rota.Trouble) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Schedule, b.Schedule))
	})
	return all, nil
}
