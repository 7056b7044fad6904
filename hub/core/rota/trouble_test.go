package rota_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

// troubles tells troubles by the wall: kind, user, when, and the suggestion.
func troubles(loc *time.Location, all []rota.Trouble) string {
	kinds := map[rota.TroubleKind]string{rota.Gap: "gap", rota.Away: "away", rota.DoubleBooked: "twice"}
	var told []string
	for _, t := range all {
		s := fmt.Sprintf("%s %s%s %s %s:", kinds[t.Kind], t.User, t.Other, t.Start.In(loc).Format("01-02 15:04"), t.End.In(loc).Format("01-02 15:04"))
		for _, p := range t.Suggestion {
			s += " " + name(p)
		}
		told = append(told, s)
	}
	return strings.Join(told, ", ")
}

// Rules keng-7.trouble.gap, keng-7.trouble.covers, keng-7.trouble.suggestion.
func TestGaps(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	start := at(t, hanoi, "2026-11-23 08:00")
	first, second := daily(start, "an", "binh", "", "chi"), daily(start, "dung")
	first.Restriction, second.Restriction = hours(8, 18), hours(16, 2)
	cal := calendar(hanoi, first, second)
	expect(t, "by night, and where a turn is nobody's", troubles(hanoi, cal.Troubles(start.Add(-time.Hour), start.Add(3*day), nil)),
		"gap  11-23 07:00 11-23 08:00: chi an binh dung, gap  11-24 02:00 11-24 08:00: chi an binh dung, gap  11-25 02:00 11-25 16:00: chi an binh dung, gap  11-26 02:00 11-26 08:00: chi an binh dung")
	cal.Schedule.Covers = windows(t, "Mon 08:00 Fri 18:00")
	cal.Schedule.Covers.Days = rota.NoHolidays
	cal.Holidays = tet()
	expect(t, "meant to be covered, but on holidays", troubles(hanoi, cal.Troubles(start.Add(-time.Hour), start.Add(3*day), nil)),
		"gap  11-24 02:00 11-24 08:00: chi an binh dung, gap  11-26 02:00 11-26 08:00: chi an binh dung")
	cal.Schedule.Covers = hours(3, 9)
	cal.Overrides = []rota.Override{override(1, "vy", start, 20, 23)}
	cal.Forwards = []rota.Forward{forward(1, "chi", "em", start, 20, 24)}
	away := []rota.Absence{{User: "an", Start: start, End: start.Add(23*time.Hour + 1)}}
	expect(t, "who is away or gives it away is not asked", troubles(hanoi, cal.Troubles(start.Add(18*time.Hour), start.Add(25*time.Hour), away)),
		"gap  11-24 03:00 11-24 04:00: chi dung binh, gap  11-24 07:00 11-24 08:00: dung binh")
	expect(t, "nobody is in it", troubles(hanoi, calendar(hanoi).Troubles(start, start.Add(day), nil)), "gap  11-23 08:00 11-24 08:00:")
	expect(t, "nothing is asked", troubles(hanoi, cal.Troubles(start, start, away)), "")
	team := calendar(hanoi, daily(start, "t:net"))
	expect(t, "a team is somebody", troubles(hanoi, team.Troubles(start, start.Add(day), nil)), "")
}

// Rule keng-7.trouble.away: who is off stays on call, and it is told.
func TestAbsences(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	start := at(t, hanoi, "2026-11-23 08:00")
	main, same := daily(start, "an", "binh", "chi"), daily(start, "an", "binh", "chi")
	same.ID, same.Restriction = "same", hours(20, 9)
	cal := calendar(hanoi, main, same)
	away := []rota.Absence{
		{User: "binh", Start: start.Add(30 * time.Hour), End: start.Add(40 * time.Hour)},
		{User: "binh", Start: start.Add(40 * time.Hour), End: start.Add(50 * time.Hour)},
		{User: "an", Start: start.Add(70 * time.Hour), End: start.Add(200 * time.Hour)},
		{User: "em", Start: start, End: start.Add(200 * time.Hour)},
	}
	expect(t, "absences", troubles(hanoi, cal.Troubles(start, start.Add(4*day), away)),
		"away binh 11-24 14:00 11-25 08:00: chi an, away an 11-26 08:00 11-27 08:00: binh chi")
	expect(t, "who is away is on call", told(hanoi, of("d", cal.OnCall(start.Add(31*time.Hour)))), "d:binh 11-24 08:00 11-25 08:00")
	cal.Overrides = []rota.Override{override(1, "chi", start, 24, 48)}
	cal.Forwards = []rota.Forward{forward(1, "an", "binh", start, 72, 80)}
	expect(t, "less what is mended", troubles(hanoi, cal.Troubles(start, start.Add(4*day), away)), "away an 11-26 16:00 11-27 08:00: binh chi")
}

// Rule keng-7.trouble.twice.
func TestDoubleBookings(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	start := at(t, hanoi, "2026-11-23 08:00")
	var all []*rota.Calendar
	for i, people := range [][]string{{"an", "binh"}, {"binh", "an"}, {"t:net"}, {"an"}} {
		cal := calendar(hanoi, daily(start, people...), daily(start, people...))
		cal.Schedule.ID = core.ScheduleID(fmt.Sprint("-s", i))
		all = append(all, cal)
	}
	all[1].Schedule.Rotations[1].Restriction = hours(9, 10)
	all[3].Schedule.Rotations = all[3].Schedule.Rotations[:1]
	all[3].Schedule.Rotations[0].Restriction = hours(20, 10)
	got := rota.DoubleBookings(all, start, start.Add(2*day))
	expect(t, "double bookings", troubles(hanoi, got),
		"twice an-s3 11-23 08:00 11-23 10:00:, twice an-s3 11-23 20:00 11-24 08:00:, twice an-s3 11-24 08:00 11-24 10:00:, twice an-s3 11-24 20:00 11-25 08:00:")
	if len(got) != 4 || got[1].Schedule != "-s0" || got[2].Schedule != "-s1" {
		t.Errorf("%+v", got)
	}
	all[0].Schedule.Rotations[1].Participants = who("vy")
	all[2].Schedule.Rotations[0].Participants = who("an")
	got = rota.DoubleBookings(all, start, start.Add(day))
	expect(t, "in three at once it is told once", troubles(hanoi, got),
		"twice an-s2 11-23 08:00 11-23 10:00:, twice an-s2 11-23 10:00 11-23 20:00:, twice an-s2 11-23 20:00 11-24 08:00:")
	if len(got) != 3 || fmt.Sprint(got[0].More, got[1].More, got[2].More) != "[-s3] [] [-s3]" {
		t.Errorf("%+v", got)
	}
	all[2].Schedule.Rotations[0].Participants = who("t:net")
	all[3].Schedule.Disabled = true
	expect(t, "of a disabled schedule", troubles(hanoi, rota.DoubleBookings(all, start, start.Add(2*day))), "")
}

// Rule keng-7.trouble.elsewhere: who is on call in another schedule then is not suggested, nor who is away.
func TestNobodyIsSuggestedWhoIsOnCallElsewhere(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	start := at(t, hanoi, "2026-11-23 08:00")
	here, there := calendar(hanoi, daily(start, "an", "", "binh", "chi", "dung")), calendar(hanoi, daily(start.Add(8*time.Hour), "chi", "dung"))
	there.Schedule.ID, there.Schedule.Rotations[0].Restriction = "there", hours(12, 18)
	away := []rota.Absence{{User: "an", Start: start, End: start.Add(900 * day)}}
	a, b := start.Add(day), start.Add(3*day)
	expect(t, "each by itself", troubles(hanoi, here.Troubles(a, b, away)), "gap  11-24 08:00 11-25 08:00: chi dung binh")
	there.Schedule.Covers = hours(12, 13)
	expect(t, "all together", troubles(hanoi, rota.Troubles([]*rota.Calendar{there, here}, a, b, away)), "gap  11-24 08:00 11-25 08:00: binh")
}

// Rule keng-7.load.hours: elapsed time, once however many rotations; nights, weekends, holidays.
func TestLoads(t *testing.T) {
	hanoi, berlin := zone(t, "Asia/Ho_Chi_Minh"), zone(t, "Europe/Berlin")
	start := at(t, hanoi, "2026-11-23 00:00") // a Monday
	main, also := weekly(start, "an", "t:net"), daily(start, "an", "")
	cal := calendar(hanoi, main, also)
	want := rota.Load{OnCall: 168 * time.Hour, Nights: 56 * time.Hour, Weekends: 48 * time.Hour}
	if got := cal.Loads(start, start.Add(7*day)); len(got) != 1 || got["an"] != want {
		t.Errorf("a week: %+v", got)
	}
	cal.Holidays = tet()
	want.Weekends, want.Holidays = day, day
	if got := cal.Loads(start, start.Add(7*day)); got["an"] != want {
		t.Errorf("a week with a holiday that is made up for: %+v", got)
	}
	from := at(t, berlin, "2026-10-25 00:00")
	summer := calendar(berlin, daily(from.Add(-day), "an", "binh"))
	loads := summer.Loads(from.Add(-12*time.Hour), from.Add(25*time.Hour))
	if an, binh := loads["an"], loads["binh"]; an != (rota.Load{OnCall: 12 * time.Hour, Nights: 2 * time.Hour, Weekends: 12 * time.Hour}) ||
		binh != (rota.Load{OnCall: 25 * time.Hour, Nights: 9 * time.Hour, Weekends: 25 * time.Hour}) {
		t.Errorf("a night of an hour more: %+v", loads)
	}
}

// Rules keng-7.override.check, keng-7.forward.check, keng-7.absence.check, keng-7.rotation.check.
func TestChecks(t *testing.T) {
	now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	far, old := now.AddDate(200, 0, 0), now.AddDate(-60, 0, 0)
	one := rota.Participant{User: "an"}
	slots := func(all ...rota.Slot) *rota.Rotation {
		return &rota.Rotation{ID: "f", Unit: rota.Fixed, Start: now, Slots: all}
	}
	row := func(n int) (all []rota.Slot) {
		for i := range n {
			all = append(all, rota.Slot{Start: now.Add(time.Duration(i) * time.Hour), End: now.Add(time.Duration(i+1) * time.Hour)})
		}
		return all
	}
	turns := func(change func(*rota.Rotation)) *rota.Rotation {
		r := weekly(now, "an")
		change(&r)
		return &r
	}
	for _, c := range []struct {
		name, field string
		of          interface{ Check() error }
	}{
		{"an override", "", &rota.Override{Participant: one, Start: now, End: now.Add(366 * day)}},
		{"of nobody", "", &rota.Override{Start: now, End: now.Add(1)}},
		{"too long", "endDate", &rota.Override{Participant: one, Start: now, End: now.Add(366*day + 1)}},
		{"of no length", "endDate", &rota.Override{Participant: one, Start: now, End: now}},
		{"without an end", "endDate", &rota.Override{Participant: one, Start: now}},
		{"in the past", "startDate", &rota.Override{Participant: one, Start: old, End: now}},
		{"far away", "endDate", &rota.Override{Participant: one, Start: now, End: far}},
		{"of two", "user", &rota.Override{Participant: rota.Participant{User: "an", Team: "net"}, Start: now, End: now.Add(1)}},
		{"of two others", "user", &rota.Override{Participant: rota.Participant{Team: "net", Escalation: "up"}, Start: now, End: now.Add(1)}},
		{"of an escalation", "", &rota.Override{Participant: rota.Participant{Escalation: "up"}, Start: now, End: now.Add(1)}},
		{"a forwarding rule", "", &rota.Forward{From: "an", To: "binh", Start: now, End: now.Add(1)}},
		{"to the same", "toUser", &rota.Forward{From: "an", To: "an", Start: now, End: now.Add(1)}},
		{"to nobody", "toUser", &rota.Forward{From: "an", Start: now, End: now.Add(1)}},
		{"from nobody", "fromUser", &rota.Forward{To: "an", Start: now, End: now.Add(1)}},
		{"backwards", "endDate", &rota.Forward{From: "an", To: "binh", Start: now, End: now.Add(-1)}},
		{"an absence", "", &rota.Absence{User: "an", Start: now, End: now.Add(1)}},
		{"of nobody", "user", &rota.Absence{Start: now, End: now.Add(1)}},
		{"without a start", "startDate", &rota.Absence{User: "an", End: now}},
		{"a roster", "", slots(row(1000)...)},
		{"an endless roster", "slots", slots(row(1001)...)},
		{"an empty roster", "slots", slots()},
		{"slots out of order", "slots[1]", slots(row(2)[1], row(2)[0])},
		{"slots over one another", "slots[1]", slots(row(1)[0], row(1)[0])},
		{"a slot of no length", "slots[0]", slots(rota.Slot{Start: now, End: now})},
		{"a slot without an end", "slots[0]", slots(rota.Slot{Start: now})},
		{"a slot of two", "slots[0]", slots(rota.Slot{Participant: rota.Participant{User: "an", Escalation: "up"}, Start: now, End: now.Add(1)})},
		{"slots of a rotation with turns", "slots", turns(func(r *rota.Rotation) { r.Slots = row(1) })},
		{"monthly", "", turns(func(r *rota.Rotation) { r.Unit = rota.Monthly })},
		{"skipping", "", turns(func(r *rota.Rotation) { r.Skips = true })},
		{"skipping hours", "skips", turns(func(r *rota.Rotation) { r.Unit, r.Skips = rota.Hourly, true })},
		{"skipping months", "skips", turns(func(r *rota.Rotation) { r.Unit, r.Skips = rota.Monthly, true })},
		{"a phase", "", turns(func(r *rota.Rotation) { r.Phase = 1000 })},
		{"a greater phase", "phase", turns(func(r *rota.Rotation) { r.Phase = 1001 })},
		{"a phase below nothing", "phase", turns(func(r *rota.Rotation) { r.Phase = -1 })},
	} {
		err := c.of.Check()
		var e *core.Error
		if (c.field == "") != (err == nil) || err != nil && (!errors.As(err, &e) || e.Fields[c.field] == "" || len(e.Fields) != 1) {
			t.Errorf("%s: %v, want one about %q", c.name, err, c.field)
		}
	}
}
