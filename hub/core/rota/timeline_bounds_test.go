package rota_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
	"keng/hub/core/rota"
)

// Rule keng-7.calendar.cut: what is told of a timeline that is cut is the beginning of it.
func TestTimelineIsCutAtSoManyPeriods(t *testing.T) {
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	r := daily(start, "an", "binh")
	r.Unit = rota.Hourly
	cal := calendar(time.UTC, r)
	all := cal.Timeline(start, start.Add(rota.PeriodsMax*time.Hour))
	more := cal.Timeline(start, start.Add((rota.PeriodsMax+1)*time.Hour))
	if all.Cut || !more.Cut || len(all.Final) != rota.PeriodsMax || !slices.Equal(all.Final, more.Final) || !slices.Equal(all.Base, more.Base) {
		t.Errorf("of %d periods: cut %v, %d; of one more: cut %v, %d", rota.PeriodsMax, all.Cut, len(all.Final), more.Cut, len(more.Final))
	}
}

// Rule keng-7.calendar.cut: turns of which nothing is left make no periods, and are looked at all the same.
func TestTimelineIsCutWhereTooMuchIsLookedAt(t *testing.T) {
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	cal := calendar(time.UTC)
	cal.Holidays = holiday.Days{{Year: 2030, Month: 1, Day: 1}: {}}
	for i := range 100 {
		r := daily(start, "an")
		r.Unit, r.ID, r.Restriction = rota.Hourly, fmt.Sprint(i), hours(0, 24)
		r.Restriction.Days = rota.HolidaysOnly
		cal.Schedule.Rotations = append(cal.Schedule.Rotations, r)
	}
	cal.Overrides = []rota.Override{override(1, "binh", start, 24*14, 24*14+1), override(2, "chi", start, 24*360, 24*360+8)}
	of := func(line rota.Timeline, who core.UserID) (n int) {
		for _, p := range line.Final {
			o := cal.Overrides[map[core.UserID]int{"binh": 0, "chi": 1}[p.User]]
			if p.User == who && p.Rotation == fmt.Sprint(n) && p.Start.Equal(o.Start) && p.End.Equal(o.End) {
				n++
			}
		}
		return n
	}
	month, year := cal.Timeline(start, start.AddDate(0, 1, 0)), cal.Timeline(start, start.AddDate(1, 0, 0))
	if month.Cut || of(month, "binh") != 100 || len(month.Final) != 100 {
		t.Errorf("of a month: cut %v, %d periods", month.Cut, len(month.Final))
	}
	if n, most := cal.Periods(start, start.AddDate(0, 1, 0), 1000), cal.Periods(start, start.AddDate(10, 0, 0), 1000); n != 100 || most != 1000 {
		t.Errorf("%d periods of a month, and as many as are asked for of ten years: %d", n, most)
	}
	if told := of(year, "chi"); !year.Cut || told < 50 || told > 99 || len(year.Final) != told+of(year, "binh") {
		t.Errorf("of a year: cut %v, %d periods, for %d rotations to the end", year.Cut, len(year.Final), told)
	}
}

// A schedule of several rotations with as many overrides and rules as there may be is told for a year.
func TestTimelineOfManyOverridesIsWhole(t *testing.T) {
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	cal := calendar(time.UTC, daily(start, "an"), daily(start, "binh"), daily(start, "an", "binh", "chi"))
	for i := range 1000 {
		cal.Overrides = append(cal.Overrides, override(uint64(i), "vy", start, 8*i+2, 8*i+3))
		cal.Forwards = append(cal.Forwards, forward(uint64(i), core.UserID(fmt.Sprint("p", i)), "an", start, 0, 10_000))
	}
	line := cal.Timeline(start, start.AddDate(1, 0, 0))
	last := line.Final[len(line.Final)-1]
	if overrides := 3 * 1000; line.Cut || len(line.Overridden) != overrides || !last.End.Equal(start.AddDate(1, 0, 0)) {
		t.Errorf("cut %v, %d overridden, the last %v", line.Cut, len(line.Overridden), last)
	}
}
