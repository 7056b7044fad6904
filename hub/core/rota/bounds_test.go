package rota_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

// hourByHour is a calendar in which a person is on call every other hour.
func hourByHour(id, person string, start time.Time) *rota.Calendar {
	r := daily(start, person, "")
	r.Unit = rota.Hourly
	cal := calendar(time.UTC, r)
	cal.Schedule.ID = core.ScheduleID(id)
	return cal
}

// However much there is to be mended, what is found is bounded, and it is what comes first.
//
// keng-7.trouble.gap keng-7.trouble.twice keng-7.trouble.suggestion
func TestTroublesAreBounded(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	long, short := start.AddDate(3, 0, 0), start.AddDate(0, 1, 0)
	cal := hourByHour("one", "an", start)
	gaps, first := cal.Troubles(start, long, nil), cal.Troubles(start, short, nil)
	if len(gaps) != rota.TroublesMax || len(first) != 31*12 || fmt.Sprint(gaps[:len(first)]) != fmt.Sprint(first) {
		t.Errorf("%d gaps in three years, %d in a month", len(gaps), len(first))
	}
	var all []*rota.Calendar
	for i := range 10 { // every other hour one person in ten schedules
		all = append(all, hourByHour(fmt.Sprintf("s%02d", i), "an", start))
	}
	twice, day := rota.DoubleBookings(all, start, long), rota.DoubleBookings(all, start, start.AddDate(0, 0, 1))
	if len(twice) != rota.TroublesMax || len(day) != 12 || len(day[0].More) != 8 || fmt.Sprint(twice[:len(day)]) != fmt.Sprint(day) {
		t.Errorf("%d double bookings in three years, %d in a day", len(twice), len(day))
	}
	if !slices.IsSortedFunc(twice, func(a, b rota.Trouble) int { return a.Start.Compare(b.Start) }) {
		t.Error("they are not in order of time")
	}
	all = all[:0]
	for i := range 100 { // each from a second of its own, so that there are nearly 200 an hour
		all = append(all, hourByHour(fmt.Sprint(i), "an", start.Add(time.Duration(i)*time.Second)))
	}
	twice, day = rota.DoubleBookings(all, start, short), rota.DoubleBookings(all, start, start.AddDate(0, 0, 1))
	if len(twice) != rota.TroublesMax || len(day) != 12*197 || fmt.Sprint(twice[:len(day)]) != fmt.Sprint(day) {
		t.Errorf("%d double bookings in a month, %d in a day", len(twice), len(day))
	}
	crowd := daily(start)
	for i := range 3 * rota.SuggestionsMax {
		crowd.Participants = append(crowd.Participants, rota.Participant{User: core.UserID(fmt.Sprint(i))})
	}
	many := calendar(time.UTC, crowd)
	if gap := many.Troubles(start.Add(-time.Hour), start, nil); len(gap) != 1 || len(gap[0].Suggestion) != rota.SuggestionsMax {
		t.Errorf("%v", gap)
	}
}

// As many periods are counted as a timeline has, up to a bound.
func TestPeriodsAreCounted(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cal := hourByHour("one", "an", start)
	cal.Overrides = []rota.Override{override(1, "vy", start, 3, 8)}
	for hours := range 30 {
		end := start.Add(time.Duration(hours) * time.Hour)
		want := len(cal.Timeline(start, end).Final)
		if got, most := cal.Periods(start, end, 100), cal.Periods(start, end, 5); got != want || most != min(want, 5) {
			t.Errorf("%d hours: %d periods and at most five %d, want %d", hours, got, most, want)
		}
	}
	if people := cal.Schedule.People(); len(people) != 1 || people[0] != "an" {
		t.Errorf("%v take turns", people)
	}
}
