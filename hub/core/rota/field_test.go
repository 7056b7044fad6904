package rota_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

// What follows are the bugs of calendars that people wrote up about other products, each as
// a test that it is not here.

// 19: schedules and the windows of escalations were an hour off once clocks had changed.
func TestField19WindowsKeepTheWallClock(t *testing.T) {
	london := zone(t, "Europe/London")
	r := weekly(at(t, london, "2026-03-23 09:00"), "an", "binh")
	r.Restriction = hours(9, 17)
	expect(t, "the week of the change", shifts(r, at(t, london, "2026-03-28 00:00"), at(t, london, "2026-03-31 00:00"), london, nil),
		"an 03-28 09:00 03-28 17:00, an 03-29 09:00 03-29 17:00, binh 03-30 09:00 03-30 17:00")
	for _, date := range []string{"2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25"} {
		for clock, want := range map[string]bool{"08:59": false, "09:00": true, "16:59": true, "17:00": false} {
			if got := r.Restriction.Covers(at(t, london, date+" "+clock), london); got != want {
				t.Errorf("%s %s: %v", date, clock, got)
			}
		}
	}
}

// 20: weekly shifts had a gap of an hour in November and overlapped in March.
func TestField20NoGapInNovemberNoOverlapInMarch(t *testing.T) {
	york := zone(t, "America/New_York")
	r := weekly(at(t, york, "2026-01-05 09:00"), "an", "binh")
	end, lengths := r.Start, map[time.Duration]int{}
	for s := range r.Shifts(r.Start, r.Start.AddDate(1, 0, 0), york, nil) {
		if !s.Start.Equal(end) || s.Start.In(york).Format("Mon 15:04") != "Mon 09:00" {
			t.Errorf("a shift from %v, the one before ended at %v", s.Start.In(york), end.In(york))
		}
		end = s.End
		lengths[s.End.Sub(s.Start)]++
	}
	if lengths[167*time.Hour] != 1 || lengths[169*time.Hour] != 1 || lengths[168*time.Hour] != 51 {
		t.Errorf("lengths: %v", lengths)
	}
}

// 21: what was shown was not what was stored, and each edit of a date moved it by an hour.
func TestField21WritingAShiftBackMovesNothing(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	r := weekly(at(t, berlin, "2026-03-02 02:30"), "an", "binh")
	from, to := at(t, berlin, "2026-10-20 00:00"), at(t, berlin, "2026-11-20 00:00")
	want := shifts(r, from, to, berlin, nil)
	for range 5 {
		shift, ok := r.At(from, berlin)
		if !ok {
			t.Fatal("nobody is on call")
		}
		// As a form does: the time as it is shown, and read again.
		r.Start = at(t, berlin, shift.Start.In(berlin).Format(wall))
		r, ok = r.Keeping(shift.Participant, from, berlin)
		if got := shifts(r, from, to, berlin, nil); got != want || !ok {
			t.Fatalf("it moved:\n%s\n%s", got, want)
		}
	}
}

// 22: Friday's person was on call on Monday, since days off counted or did not count as turns.
func TestField22FridayAndMonday(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	r := daily(at(t, hanoi, "2026-11-27 00:00"), "an", "binh", "chi")
	r.Restriction = windows(t, "Mon 00:00 Sat 00:00")
	for skips, want := range map[bool]string{false: "an 11-27 00:00 11-28 00:00, an 11-30 00:00 12-01 00:00", true: "an 11-27 00:00 11-28 00:00, binh 11-30 00:00 12-01 00:00"} {
		r.Skips = skips
		expect(t, fmt.Sprint("skipping ", skips), shifts(r, r.Start, r.Start.Add(4*day), hanoi, nil), want)
	}
}

// 23: a daily rotation by weekdays did not alternate in zones other than UTC.
func TestField23DaysAlternateInEveryZone(t *testing.T) {
	for _, name := range clocks() {
		loc := zone(t, name)
		r := daily(at(t, loc, "2026-11-23 00:00"), "an", "binh")
		r.Restriction, r.Skips = windows(t, "Mon 00:00 Sat 00:00"), true
		var got []string
		for s := range r.Shifts(r.Start, r.Start.AddDate(1, 0, 0), loc, nil) {
			if got = append(got, s.Start.In(loc).Format("Mon ")+string(s.User)); len(got) == 10 {
				break
			}
		}
		expect(t, name, strings.Join(got, ", "), "Mon an, Tue binh, Wed an, Thu binh, Fri an, Mon binh, Tue an, Wed binh, Thu an, Fri binh")
	}
}

// 24: rules keng-7.turn.phase, ogapi-7.rotation.repeats: nobody could say which day was the first of a rotation.
func TestField24DayZeroIsTheStart(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	r := weekly(at(t, hanoi, "2026-11-26 14:00"), "an", "binh", "chi") // whatever the weekday
	expect(t, "the first", shifts(r, r.Start.Add(-30*day), r.Start.Add(1), hanoi, nil), "an 11-26 14:00 12-03 14:00")
	r.Phase = 2
	expect(t, "who was asked for", shifts(r, r.Start, r.Start.Add(8*day), hanoi, nil), "chi 11-26 14:00 12-03 14:00, an 12-03 14:00 12-10 14:00")
}

// 25: time off and holidays had to be entered as overrides by hand.
func TestField25HolidaysAndAbsencesAreKnown(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	office := daily(at(t, hanoi, "2026-11-23 00:00"), "an")
	office.Restriction = windows(t, "Mon 08:00 Mon 17:00", "Tue 08:00 Tue 17:00", "Wed 08:00 Wed 17:00", "Thu 08:00 Thu 17:00", "Fri 08:00 Fri 17:00")
	office.Restriction.Days = rota.NoHolidays
	cal := calendar(hanoi, office)
	cal.Holidays, cal.Schedule.Covers = tet(), office.Restriction
	from, to := at(t, hanoi, "2026-11-24 12:00"), at(t, hanoi, "2026-11-30 12:00")
	expect(t, "the week of a holiday", told(hanoi, cal.Timeline(from, to).Final),
		"d:an 11-24 12:00 11-24 17:00, d:an 11-26 08:00 11-26 17:00, d:an 11-27 08:00 11-27 17:00, d:an 11-28 08:00 11-28 17:00, d:an 11-30 08:00 11-30 12:00")
	away := []rota.Absence{{User: "an", Start: from.Add(2 * day), End: from.Add(3 * day)}}
	expect(t, "who is off is told of", troubles(hanoi, cal.Troubles(from, to, away)), "away an 11-26 12:00 11-26 17:00:, away an 11-27 08:00 11-27 12:00:")
}

// 26: the windows of escalations knew times of the day and no weekdays.
func TestField26EveryWindowKnowsWeekdays(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	r := windows(t, "Fri 18:00 Mon 08:00")
	r.Days = rota.NoHolidays
	for moment, want := range map[string]bool{
		"2026-11-27 17:59": false, "2026-11-27 18:00": true, "2026-11-29 12:00": true, "2026-11-30 08:00": false,
		"2026-11-28 12:00": false, // which is worked as a Wednesday
	} {
		if got := r.CoversOn(at(t, hanoi, moment), hanoi, tet()); got != want {
			t.Errorf("%s: %v", moment, got)
		}
	}
}

// 27: who plans by hand had to invent rotations.
func TestField27ARosterIsARotation(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	start := at(t, hanoi, "2026-11-23 07:00")
	r := rota.Rotation{ID: "f", Start: start, Unit: rota.Fixed}
	for i, p := range who("an", "binh", "an", "chi") {
		r.Slots = append(r.Slots, rota.Slot{Participant: p, Start: start.Add(time.Duration(i*i) * 8 * time.Hour), End: start.Add(time.Duration(i*i+1) * 8 * time.Hour)})
	}
	cal := calendar(hanoi, r)
	cal.Overrides = []rota.Override{override(1, "dung", start, 70, 76)}
	expect(t, "a roster", told(hanoi, cal.Timeline(start, start.Add(5*day)).Final),
		"f:an 11-23 07:00 11-23 15:00, f:binh 11-23 15:00 11-23 23:00, f:an 11-24 15:00 11-24 23:00, f:dung 11-26 05:00 11-26 11:00 by o1, f:chi 11-26 11:00 11-26 15:00")
}

// 28: where nobody was on call somebody was made up.
func TestField28NobodyIsAnAnswer(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	r := weekly(at(t, hanoi, "2026-11-23 00:00"), "an", "")
	r.Restriction = hours(8, 18)
	cal := calendar(hanoi, r)
	cal.Schedule.Covers = hours(8, 18)
	for moment, want := range map[string]string{"2026-11-23 07:59": "", "2026-11-23 08:00": "r1:an 11-23 08:00 11-23 18:00", "2026-11-23 18:00": "", "2026-12-01 09:00": ""} {
		expect(t, moment, told(hanoi, cal.OnCall(at(t, hanoi, moment))), want)
	}
	expect(t, "nights are meant to be nobody's", troubles(hanoi, cal.Troubles(r.Start, r.Start.Add(7*day), nil)), "")
}

// 29: a gap of yesterday was told every hour.
func TestField29NoGapOfThePast(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	r := daily(at(t, hanoi, "2026-11-23 00:00"), "an")
	r.Restriction = hours(8, 18)
	now := at(t, hanoi, "2026-11-25 03:00")
	expect(t, "what is left of the night", troubles(hanoi, calendar(hanoi, r).Troubles(now, now.Add(12*time.Hour), nil)), "gap  11-25 03:00 11-25 08:00: an")
}

// 30: windows were in UTC, and people did the sums.
func TestField30EveryCalendarHasItsZone(t *testing.T) {
	var sun []string
	start := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for _, name := range []string{"Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York"} { // follow the sun
		loc := zone(t, name)
		r := weekly(start, core.UserID(name))
		r.Restriction = hours(9, 17)
		sun = append(sun, told(time.UTC, calendar(loc, r).Timeline(start, start.Add(day)).Final))
	}
	expect(t, "one day", strings.Join(sun, ", "),
		"r1:Asia/Ho_Chi_Minh 11-23 02:00 11-23 10:00, r1:Europe/Berlin 11-23 08:00 11-23 16:00, r1:America/New_York 11-23 14:00 11-23 22:00")
}

// 31: windows of maintenance were in the wrong zone, or active at once.
func TestField31AWindowIsNotActiveAtOnce(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	night := windows(t, "Sat 22:00 Sun 04:00")
	now := at(t, hanoi, "2026-11-26 23:00")
	if night.Covers(now, hanoi) || night.Covers(at(t, hanoi, "2026-11-28 21:59"), hanoi) || !night.Covers(time.Date(2026, 11, 28, 15, 0, 0, 0, time.UTC), hanoi) {
		t.Error("the window is not from Saturday 22:00 on in Hanoi")
	}
	cal := calendar(hanoi, weekly(now.Add(-day), "an"))
	cal.Overrides = []rota.Override{override(1, "binh", now, 1, 2)}
	expect(t, "an override to come", told(hanoi, cal.OnCall(now)), "r1:an 11-25 23:00 11-27 00:00")
}
