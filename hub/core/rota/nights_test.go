package rota_test

import (
	"testing"
	"time"

	"keng/hub/core/holiday"
	"keng/hub/core/rota"
)

// Rules keng-7.restriction.begins, keng-7.restriction.make-up: in August 2026 Saturday the 22nd is
// worked for Monday the 31st, which is off before National Day, Wednesday 2 September.
func TestNightShiftsAcrossHolidays(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	nights := []string{"Mon 18:00 Tue 08:00", "Tue 18:00 Wed 08:00", "Wed 18:00 Thu 08:00", "Thu 18:00 Fri 08:00", "Fri 18:00 Sat 08:00"}
	weekday := func(days rota.Days) *rota.Restriction { r := windows(t, nights...); r.Days = days; return r }
	daily := func(from, to int, days rota.Days) *rota.Restriction { r := hours(from, to); r.Days = days; return r }
	for _, c := range []struct {
		name, from, to string
		of             *rota.Restriction
		want           string
	}{
		{"around the make-up day", "2026-08-21 12:00", "2026-08-24 12:00", weekday(rota.AnyDay),
			"an 08-21 18:00 08-22 08:00, an 08-22 18:00 08-23 08:00"},
		{"a night of Sunday is not the make-up day's, though it would end on Monday", "2026-08-21 12:00", "2026-08-24 12:00", windows(t, "Sun 22:00 Mon 06:00"),
			"an 08-23 22:00 08-24 06:00"},
		{"holidays of which the nights are somebody else's", "2026-08-27 12:00", "2026-09-04 12:00", weekday(rota.NoHolidays),
			"an 08-27 18:00 08-28 08:00, an 08-28 18:00 08-29 08:00, an 09-03 18:00 09-04 08:00"},
		{"and the nights of holidays", "2026-08-27 12:00", "2026-09-04 12:00", daily(18, 8, rota.HolidaysOnly),
			"an 08-31 18:00 09-01 08:00, an 09-01 18:00 09-02 08:00, an 09-02 18:00 09-03 08:00"},
		{"a holiday's 24 hours from eight to eight", "2026-08-30 12:00", "2026-09-04 12:00", daily(8, 8, rota.HolidaysOnly),
			"an 08-31 08:00 09-03 08:00"},
		{"24 hours from Saturday to Sunday, as long as a window is a day's", "2026-08-21 12:00", "2026-08-30 12:00", windows(t, "Sat 12:00 Sun 12:00"),
			"an 08-29 12:00 08-30 12:00"},
		{"a minute longer, each day is by itself", "2026-08-21 12:00", "2026-08-30 12:00", windows(t, "Sat 12:00 Sun 12:01"),
			"an 08-23 00:00 08-23 12:01, an 08-29 12:00 08-30 12:01"},
		{"days do not change", "2026-08-21 12:00", "2026-08-24 12:00", windows(t, "Mon 08:00 Mon 18:00"),
			"an 08-22 08:00 08-22 18:00, an 08-24 08:00 08-24 18:00"},
	} {
		r := weekly(at(t, hanoi, "2026-01-05 00:00"), "an")
		r.Length, r.Restriction = 1000, c.of
		vietnam := holiday.Merge(holiday.Vietnam(2026))
		from, to := at(t, hanoi, c.from), at(t, hanoi, c.to)
		expect(t, c.name, shifts(r, from, to, hanoi, vietnam), c.want)
		for minute := from; minute.Before(to); minute = minute.Add(time.Minute) {
			at := (&rota.Calendar{Schedule: &rota.Schedule{Rotations: []rota.Rotation{r}}, Zone: hanoi, Holidays: vietnam}).OnCall(minute)
			if covers := r.Restriction.CoversOn(minute, hanoi, vietnam); covers != (len(at) == 1) {
				t.Fatalf("%s: at %s covered: %v, on call: %v", c.name, minute.In(hanoi), covers, at)
			}
		}
	}
}

// Nobody is missing in a night that begins on a day of work, nor a night that is to be covered untold:
// a schedule for all hours has no gap around make-up days and holidays, and one of nights tells just them.
func TestNoGapInNightsAcrossHolidays(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	start := at(t, hanoi, "2026-01-05 08:00")
	office, night, weekend, holidays := weekly(start, "an"), weekly(start, "binh"), weekly(start, "chi"), weekly(start, "dung")
	office.Restriction = windows(t, "Mon 08:00 Mon 18:00", "Tue 08:00 Tue 18:00", "Wed 08:00 Wed 18:00", "Thu 08:00 Thu 18:00", "Fri 08:00 Fri 18:00")
	night.Restriction = windows(t, "Mon 18:00 Tue 08:00", "Tue 18:00 Wed 08:00", "Wed 18:00 Thu 08:00", "Thu 18:00 Fri 08:00", "Fri 18:00 Sat 08:00")
	weekend.Restriction = windows(t, "Sat 08:00 Sun 08:00", "Sun 08:00 Mon 08:00")
	for _, r := range []*rota.Rotation{&office, &night, &weekend} {
		r.Restriction.Days = rota.NoHolidays
	}
	holidays.Restriction = hours(8, 8)
	holidays.Restriction.Days = rota.HolidaysOnly
	cal := calendar(hanoi, office, night, weekend, holidays)
	cal.Holidays = holiday.Merge(holiday.Vietnam(2026))
	expect(t, "covered at all hours", troubles(hanoi, cal.Troubles(start, at(t, hanoi, "2027-01-01 00:00"), nil)), "")
	cal = calendar(hanoi)
	cal.Holidays = holiday.Merge(holiday.Vietnam(2026))
	cal.Schedule.Covers = night.Restriction
	expect(t, "nobody covers the nights of work", troubles(hanoi, cal.Troubles(at(t, hanoi, "2026-08-21 12:00"), at(t, hanoi, "2026-08-24 12:00"), nil)),
		"gap  08-21 18:00 08-22 08:00:, gap  08-22 18:00 08-23 08:00:")
}
