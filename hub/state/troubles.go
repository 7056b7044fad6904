package state

import (
	"cmp"
	"slices"
	"time"

	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// Troubles returns what is to be mended in all schedules in [from, to), in order of time: gaps,
// shifts of people who are away, and people who are on call in two schedules at once.
func Troubles(r table.Reader, zones Zones, from, to time.Time) ([]rota.Trouble, error) {
	return troubles(r, zones, nil, from, to)
}

// TroublesWith returns what would be to be mended in one schedule in [from, to) if it were as
// planned, in order of time; double bookings with others are told if it is either of the two.
func TroublesWith(r table.Reader, zones Zones, planned *rota.Schedule, from, to time.Time) ([]rota.Trouble, error) {
	all, err := troubles(r, zones, planned, from, to)
	return slices.DeleteFunc(all, func(t rota.Trouble) bool { return t.Schedule != planned.ID && t.Other != planned.ID }), err
}

// troubles is as [Troubles], with one schedule as it is planned, if there is one.
func troubles(r table.Reader, zones Zones, planned *rota.Schedule, from, to time.Time) ([]rota.Trouble, error) {
	var away []rota.Absence
	for a := range AbsencesOf(r, "", from) {
		away = append(away, *a)
	}
	var all []rota.Trouble
	var calendars []*rota.Calendar
	for s := range Schedules.All(r) {
		if planned != nil && s.ID == planned.ID {
			s = planned
		}
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
