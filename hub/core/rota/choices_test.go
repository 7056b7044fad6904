package rota_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
	"keng/hub/core/rota"
)

// who makes participants: "" is nobody, "t:x" a team, anything else a person.
func who(names ...string) (all []rota.Participant) {
	for _, n := range names {
		if team, ok := strings.CutPrefix(n, "t:"); ok {
			all = append(all, rota.Participant{Team: core.TeamID(team)})
		} else {
			all = append(all, rota.Participant{User: core.UserID(n)})
		}
	}
	return all
}

// daily is a rotation of a day a turn.
func daily(start time.Time, names ...string) rota.Rotation {
	return rota.Rotation{ID: "d", Start: start, Unit: rota.Daily, Length: 1, Participants: who(names...)}
}

// windows makes a weekly restriction of windows like "Mon 09:00 Fri 17:00".
func windows(t testing.TB, all ...string) *rota.Restriction {
	t.Helper()
	r := &rota.Restriction{}
	for _, w := range all {
		var from, to string
		var h1, m1, h2, m2 int
		if _, err := fmt.Sscanf(w, "%s %d:%d %s %d:%d", &from, &h1, &m1, &to, &h2, &m2); err != nil {
			t.Fatal(w, err)
		}
		day := func(name string) time.Weekday {
			return time.Weekday(slices.Index([]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}, name))
		}
		r.Windows = append(r.Windows, rota.Window{StartDay: day(from), StartMinute: h1*60 + m1, EndDay: day(to), EndMinute: h2*60 + m2})
	}
	return r
}

// hours makes a daily restriction.
func hours(from, to int) *rota.Restriction {
	return &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: from * 60, EndMinute: to * 60}}}
}

// name says who a participant is.
func name(p rota.Participant) string {
	switch {
	case p.User != "":
		return string(p.User)
	case p.Team != "":
		return "t:" + string(p.Team)
	case p.Escalation != "":
		return "e:" + string(p.Escalation)
	}
	return "-"
}

// shifts tells the shifts of a rotation as "an 11-23 09:00 11-24 09:00, …", by the wall.
func shifts(r rota.Rotation, from, to time.Time, loc *time.Location, days holiday.Days) string {
	var told []string
	for s := range r.Shifts(from, to, loc, days) {
		told = append(told, fmt.Sprintf("%s %s %s", name(s.Participant), s.Start.In(loc).Format("01-02 15:04"), s.End.In(loc).Format("01-02 15:04")))
	}
	return strings.Join(told, ", ")
}

// told tells periods as [shifts] does, and by what.
func told(loc *time.Location, periods []rota.Period) string {
	var all []string
	for _, p := range periods {
		end := "…"
		if !p.End.IsZero() {
			end = p.End.In(loc).Format("01-02 15:04")
		}
		s := fmt.Sprintf("%s:%s %s %s", p.Rotation, name(p.Participant), p.Start.In(loc).Format("01-02 15:04"), end)
		if p.Override != "" {
			s += " by " + p.Override
		}
		if p.For != "" {
			s += " for " + string(p.For)
		}
		if p.Kind != rota.ByRotation && p.Override == "" && p.For == "" {
			s += " by nothing that is told"
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

// calendar makes a calendar of rotations.
func calendar(loc *time.Location, rotations ...rota.Rotation) *rota.Calendar {
	return &rota.Calendar{Schedule: &rota.Schedule{ID: "s", Rotations: rotations}, Zone: loc}
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// Rule keng-7.turn.days: days between hand-overs are counted on the calendar, so that a turn may
// last more or less than 24 hours; keng-7.turn.odd: at the jump, or the first of two; midnights
// that do not exist, and the day that Samoa left out.
func TestTurnsOfOddLength(t *testing.T) {
	for _, c := range []struct{ name, zone, start, begins, lasts string }{
		{"23 hours", "Europe/Berlin", "2026-03-28 12:00", "2026-03-28T11:00:00Z", "23h0m0s"},
		{"25 hours", "Europe/Berlin", "2026-10-24 12:00", "2026-10-24T10:00:00Z", "25h0m0s"},
		{"23.5 hours", "Australia/Lord_Howe", "2026-10-03 12:00", "2026-10-03T01:30:00Z", "23h30m0s"},
		{"24.5 hours", "Australia/Lord_Howe", "2026-04-04 12:00", "2026-04-04T01:00:00Z", "24h30m0s"},
		{"until a time that does not exist", "Europe/Berlin", "2026-03-28 02:30", "2026-03-28T01:30:00Z", "23h30m0s"},
		{"from it", "Europe/Berlin", "2026-03-27 02:30", "2026-03-29T01:00:00Z", "23h30m0s"},
		{"until a time that comes twice", "Europe/Berlin", "2026-10-24 02:30", "2026-10-24T00:30:00Z", "24h0m0s"},
		{"from it", "Europe/Berlin", "2026-10-23 02:30", "2026-10-25T00:30:00Z", "25h0m0s"},
		{"from midnight to midnight that is skipped", "America/Sao_Paulo", "2018-11-03 00:00", "2018-11-03T03:00:00Z", "24h0m0s"},
		{"from midnight that is skipped", "America/Sao_Paulo", "2018-11-02 00:00", "2018-11-04T03:00:00Z", "23h0m0s"},
		{"the same in Beirut", "Asia/Beirut", "2026-03-27 00:00", "2026-03-28T22:00:00Z", "23h0m0s"},
		{"from the day that Samoa left out", "Pacific/Apia", "2011-12-28 09:00", "2011-12-30T10:00:00Z", "9h0m0s"},
		{"at home", "Asia/Ho_Chi_Minh", "2026-11-24 08:00", "2026-11-24T01:00:00Z", "24h0m0s"},
	} {
		loc := zone(t, c.zone)
		r := daily(at(t, loc, c.start), "an", "binh", "chi")
		begins, _ := time.Parse(time.RFC3339, c.begins)
		shift, ok := r.At(begins, loc)
		if got := shift.End.Sub(shift.Start).String(); !ok || !shift.Start.Equal(begins) || got != c.lasts {
			t.Errorf("%s in %s: from %v, %s", c.name, c.zone, shift.Start, got)
		}
		if before, ok := r.At(begins.Add(-1), loc); ok && !before.End.Equal(begins) {
			t.Errorf("%s in %s: before it %+v", c.name, c.zone, before)
		}
	}
	// A turn of a day that never was is nobody's, and it is passed all the same.
	apia := zone(t, "Pacific/Apia")
	r := daily(at(t, apia, "2011-12-28 00:00"), "an", "binh", "chi", "dung")
	expect(t, "Samoa", shifts(r, r.Start, r.Start.Add(100*time.Hour), apia, nil),
		"an 12-28 00:00 12-29 00:00, binh 12-29 00:00 12-31 00:00, dung 12-31 00:00 01-01 00:00, an 01-01 00:00 01-02 00:00, binh 01-02 00:00 01-03 00:00")
	// Rule keng-7.turn.start: the first turn begins at the start, be it the second of two.
	berlin := zone(t, "Europe/Berlin")
	second := daily(time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC), "an", "binh")
	expect(t, "the second 02:30", shifts(second, second.Start.Add(-day), second.Start.Add(day), berlin, nil), "an 10-25 02:30 10-26 02:30")
}

const day = 24 * time.Hour

// Rule keng-7.turn.hours: hours are elapsed time. Rule keng-7.turn.months: a month without the
// start's day hands over on its last. Rule keng-7.turn.fixed: a roster has its slots alone.
func TestTurnsOfOtherUnits(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	r := daily(at(t, berlin, "2026-03-28 22:00"), "an", "binh")
	r.Unit, r.Length = rota.Hourly, 6
	expect(t, "hours", shifts(r, r.Start, r.Start.Add(12*time.Hour), berlin, nil), "an 03-28 22:00 03-29 05:00, binh 03-29 05:00 03-29 11:00")

	r.Unit, r.Length, r.Start = rota.Monthly, 1, at(t, berlin, "2026-01-31 08:30")
	expect(t, "months", shifts(r, r.Start, r.Start.Add(100*day), berlin, nil),
		"an 01-31 08:30 02-28 08:30, binh 02-28 08:30 03-31 08:30, an 03-31 08:30 04-30 08:30, binh 04-30 08:30 05-31 08:30")
	r.Length, r.Start = 12, at(t, berlin, "2024-02-29 00:00")
	expect(t, "leap years", shifts(r, at(t, berlin, "2027-01-01 00:00"), at(t, berlin, "2028-03-01 00:00"), berlin, nil),
		"an 02-28 00:00 02-28 00:00, binh 02-28 00:00 02-29 00:00, an 02-29 00:00 02-28 00:00")

	start := at(t, berlin, "2026-11-23 00:00")
	slot := func(who rota.Participant, from, to int) rota.Slot {
		return rota.Slot{Participant: who, Start: start.Add(time.Duration(from) * time.Hour), End: start.Add(time.Duration(to) * time.Hour)}
	}
	people := who("an", "binh", "", "t:net")
	fixed := rota.Rotation{ID: "f", Start: start, End: start.Add(50 * time.Hour), Unit: rota.Fixed, Slots: []rota.Slot{
		slot(people[0], -4, 8), slot(people[0], 8, 16), slot(people[1], 20, 24), slot(people[2], 24, 30), slot(people[3], 48, 60),
	}}
	if err := fixed.Check(); err != nil {
		t.Fatal(err)
	}
	expect(t, "a roster", shifts(fixed, start.Add(-day), start.Add(5*day), berlin, nil),
		"an 11-23 00:00 11-23 08:00, an 11-23 08:00 11-23 16:00, binh 11-23 20:00 11-24 00:00, - 11-24 00:00 11-24 06:00, t:net 11-25 00:00 11-25 02:00")
	// Shifts are whole, however little of them is asked for.
	expect(t, "a moment", shifts(fixed, start.Add(10*time.Hour), start.Add(10*time.Hour+1), berlin, nil), "an 11-23 08:00 11-23 16:00")
	expect(t, "nothing", shifts(fixed, start, start, berlin, nil), "")
}

// tet has a holiday on Wednesday, made up for on Saturday, which is worked as that Wednesday.
func tet() holiday.Days {
	return holiday.Days{
		{Year: 2026, Month: 11, Day: 25}: {Date: holiday.Date{Year: 2026, Month: 11, Day: 25}},
		{Year: 2026, Month: 11, Day: 28}: {Date: holiday.Date{Year: 2026, Month: 11, Day: 28}, Works: true, As: time.Wednesday},
	}
}

// Rule keng-7.restriction.wall: an hour that is repeated is in a window twice, one that is jumped
// over never. Rules keng-7.restriction.holidays and keng-7.restriction.make-up: windows count on
// any day, or not on holidays, or on holidays alone, and take a make-up day for the day it stands for.
func TestRestrictedShifts(t *testing.T) {
	berlin, hanoi := zone(t, "Europe/Berlin"), zone(t, "Asia/Ho_Chi_Minh")
	night := daily(at(t, berlin, "2026-03-01 12:00"), "an")
	night.Unit, night.Restriction = rota.Weekly, hours(2, 3)
	from := at(t, berlin, "2026-10-24 12:00")
	expect(t, "twice", shifts(night, from, from.Add(25*time.Hour), berlin, nil), "an 10-25 02:00 10-25 03:00")
	for s := range night.Shifts(from, from.Add(day), berlin, nil) {
		if d := s.End.Sub(s.Start); d != 2*time.Hour {
			t.Errorf("the hour that comes twice lasts %v", d)
		}
	}
	from = at(t, berlin, "2026-03-28 12:00")
	expect(t, "never", shifts(night, from, from.Add(day), berlin, nil), "")

	r := daily(at(t, hanoi, "2026-11-23 00:00"), "an")
	r.Unit = rota.Weekly
	for _, c := range []struct {
		name string
		of   *rota.Restriction
		days rota.Days
		want string
	}{
		{"any day", hours(22, 6), rota.AnyDay,
			"an 11-24 22:00 11-25 06:00, an 11-25 22:00 11-26 06:00, an 11-26 22:00 11-27 06:00, an 11-27 22:00 11-28 06:00"},
		{"not on holidays", hours(22, 6), rota.NoHolidays,
			"an 11-24 22:00 11-25 06:00, an 11-26 22:00 11-27 06:00, an 11-27 22:00 11-28 06:00"},
		{"on holidays", hours(22, 6), rota.HolidaysOnly, "an 11-25 22:00 11-26 06:00"},
		{"a make-up day", windows(t, "Wed 08:00 Wed 17:00"), rota.AnyDay, "an 11-25 08:00 11-25 17:00, an 11-28 08:00 11-28 17:00"},
		{"a make-up day, not on holidays", windows(t, "Wed 08:00 Wed 17:00"), rota.NoHolidays, "an 11-28 08:00 11-28 17:00"},
		{"no weekend", windows(t, "Sat 08:00 Sat 17:00"), rota.AnyDay, ""},
	} {
		r.Restriction = c.of
		r.Restriction.Days = c.days
		from := at(t, hanoi, "2026-11-24 12:00")
		expect(t, c.name, shifts(r, from, at(t, hanoi, "2026-11-28 12:00"), hanoi, tet()), c.want)
	}
	// Without a calendar of holidays there are none.
	r.Restriction.Days = rota.HolidaysOnly
	expect(t, "no holidays", shifts(r, r.Start, r.Start.Add(7*day), hanoi, nil), "")
	r.Restriction.Days = 3
	if r.Restriction.Valid() {
		t.Error("a restriction to no sort of days is valid")
	}
}

// Rule keng-7.turn.passes: a turn of which nothing is left passes with somebody's turn. Rule
// keng-7.turn.skips: unless the rotation skips; holidays and changes of clocks count nothing.
func TestSkipping(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	r := daily(at(t, hanoi, "2026-11-19 08:00"), "an", "binh", "chi", "dung") // a Thursday
	r.Restriction = windows(t, "Mon 08:00 Mon 17:00", "Tue 08:00 Tue 17:00", "Wed 08:00 Wed 17:00", "Thu 08:00 Thu 17:00", "Fri 08:00 Fri 17:00")
	from, to := r.Start, r.Start.Add(11*day)
	names := func(days holiday.Days) string {
		var all []string
		for s := range r.Shifts(from, to, hanoi, days) {
			all = append(all, s.Start.In(hanoi).Format("Mon ")+name(s.Participant))
		}
		return strings.Join(all, ", ")
	}
	expect(t, "by the calendar", names(nil), "Thu an, Fri binh, Mon an, Tue binh, Wed chi, Thu dung, Fri an")
	r.Skips = true
	expect(t, "skipping", names(nil), "Thu an, Fri binh, Mon chi, Tue dung, Wed an, Thu binh, Fri chi")
	r.Restriction.Days = rota.NoHolidays
	expect(t, "over a holiday, with a Saturday that is worked", names(tet()), "Thu an, Fri binh, Mon chi, Tue dung, Thu binh, Fri chi, Sat chi")
	r.Start = at(t, hanoi, "2026-11-28 08:00")
	to = r.Start.Add(4 * day)
	expect(t, "beginning with that Saturday", names(tet()), "Sat an, Mon an, Tue binh")

	// Whole years of weekends are passed, by windows over midnight too, and turns of two days.
	r.Start, r.Restriction, r.Length = at(t, hanoi, "2016-01-02 00:00"), windows(t, "Sun 23:00 Mon 01:00"), 2
	from = at(t, hanoi, "2026-11-14 00:00")
	to = from.Add(14 * day)
	// Turns of two days begin on Saturdays of even weeks, so that the window lies in one turn or in two.
	seen := map[string]bool{}
	for s := range r.Shifts(from, to, hanoi, nil) {
		seen[s.Start.In(hanoi).Format("Mon 15:04")] = true
	}
	if len(seen) < 1 || len(seen) > 2 || !seen["Sun 23:00"] {
		t.Errorf("windows over midnight: %v", seen)
	}
	r.Length = 7
	expect(t, "turns of a week have a window each", names(nil), "Sun dung, Sun an")
}

// Rules keng-7.turn.phase and keng-7.turn.keeping.
func TestKeepingWhoIsOnCall(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	r := daily(at(t, hanoi, "2026-11-02 08:00"), "an", "binh", "chi")
	now := at(t, hanoi, "2026-11-26 03:00") // turn 23
	on := func(r rota.Rotation) string {
		shift, _ := r.At(now, hanoi)
		return name(shift.Participant)
	}
	expect(t, "at first", on(r), "chi")
	for _, edited := range [][]string{
		{"an", "binh", "chi"}, {"an", "chi"}, {"chi", "binh", "an"}, {"chi"}, {"an", "binh", "dung", "chi", "em"}, {"chi", "an", "chi", "chi"},
	} {
		r.Participants = who(edited...)
		kept, ok := r.Keeping(rota.Participant{User: "chi"}, now, hanoi)
		if !ok || on(kept) != "chi" || kept.Check() != nil {
			t.Errorf("%v: %v, phase %d: %s", edited, ok, kept.Phase, on(kept))
		}
		if again, _ := kept.Keeping(rota.Participant{User: "chi"}, now, hanoi); again.Phase != kept.Phase {
			t.Errorf("%v: kept again the phase is %d, was %d", edited, again.Phase, kept.Phase)
		}
	}
	r.Participants, r.Phase = who("an", "binh", "chi"), 1000
	for _, n := range []int{1000, -1, 1 << 62} { // what Check refuses does no harm here
		r.Phase = n
		if kept, ok := r.Keeping(rota.Participant{User: "an"}, now, hanoi); n == 1000 && (!ok || on(kept) != "an") {
			t.Errorf("phase %d: %v %s", n, ok, on(kept))
		}
	}
	r.Phase = 0
	if _, ok := r.Keeping(rota.Participant{User: "dung"}, now, hanoi); ok {
		t.Error("somebody was kept who is no participant")
	}
	if _, ok := r.Keeping(rota.Participant{User: "an"}, r.Start.Add(-1), hanoi); ok {
		t.Error("somebody was kept before the start")
	}
	fixed := rota.Rotation{ID: "f", Start: r.Start, Unit: rota.Fixed, Slots: []rota.Slot{{Participant: who("an")[0], Start: r.Start, End: now.Add(1)}}}
	for user, want := range map[core.UserID]bool{"an": true, "binh": false} {
		if kept, ok := fixed.Keeping(rota.Participant{User: user}, now, hanoi); ok != want || kept.Phase != 0 {
			t.Errorf("a roster keeps %s: %v", user, ok)
		}
	}
	// A rotation that skips is kept by turns that count; outside of its windows too.
	r.Skips, r.Restriction = true, windows(t, "Mon 08:00 Mon 17:00", "Fri 08:00 Fri 17:00")
	kept, ok := r.Keeping(rota.Participant{User: "an"}, at(t, hanoi, "2026-11-28 03:00"), hanoi)
	expect(t, "skipping", shifts(kept, now, now.Add(6*day), hanoi, nil), "an 11-27 08:00 11-27 17:00, binh 11-30 08:00 11-30 17:00")
	if !ok {
		t.Error("not kept")
	}
	for turn, want := range map[string]string{"2026-11-28 03:00": "an", "2026-11-30 08:00": "binh", "2026-11-02 07:59": "-"} {
		got, ok := kept.Turn(at(t, hanoi, turn), hanoi)
		expect(t, "who has the turn, on call or not, on "+turn, name(got), want)
		if ok != (want != "-") {
			t.Errorf("on %s there is a turn: %v", turn, ok)
		}
	}
	if got, ok := fixed.Turn(now, hanoi); !ok || got.User != "an" {
		t.Errorf("the slot is %v's: %v", got, ok)
	}
	if got, ok := fixed.Turn(now.Add(1), hanoi); ok {
		t.Errorf("after the last slot there is one of %v", got)
	}
}
