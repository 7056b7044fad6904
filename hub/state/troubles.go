package state

import (
	"cmp"
	"slices"
	"time"

	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// Troubles returns what is to be mended in all schedules in [from, to), in order of time: gaps,
// shifts of people who are away, and people who are on call in several schedules at once, of these at most
// [rota.DoubleBookingsMax].
func Troubles(r table.Reader, zones Zones, from, to time.Time) ([]rota.Trouble, error) {
	var away []rota.Absence
	for a := range AbsencesOf(r, "", from) {
		away = append(away, *a)
	}
	var calendars []*rota.Calendar
	for s := range Schedules.All(r) {
		calendar, err := CalendarOf(r, s, zones, from, to)
		if err != nil {
			return nil, err
		}
		calendars = append(calendars, calendar)
	}
	all := rota.Troubles(calendars, from, to, away)
	slices.SortStableFunc(all, func(a, b rota.Trouble) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Schedule, b.Schedule))
	})
	return all, nil
}
