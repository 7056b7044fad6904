package rota_test

import (
	"fmt"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

// override puts somebody in from one hour after start to another.
func override(n uint64, name string, start time.Time, from, to int, rotations ...string) rota.Override {
	return rota.Override{
		Alias: fmt.Sprintf("o%d", n), Number: n, Participant: who(name)[0], Rotations: rotations,
		Start: start.Add(time.Duration(from) * time.Hour), End: start.Add(time.Duration(to) * time.Hour),
	}
}

// forward gives what would reach one to another.
func forward(n uint64, from, to core.UserID, start time.Time, first, last int) rota.Forward {
	return rota.Forward{From: from, To: to, Number: n, Start: start.Add(time.Duration(first) * time.Hour), End: start.Add(time.Duration(last) * time.Hour)}
}

// Rules ogapi-7.override.replaces, keng-7.override.always, keng-7.override.newest,
// keng-7.override.whole, keng-7.override.nobody.
func TestOverrides(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	start := at(t, hanoi, "2026-11-23 00:00")
	office := daily(start, "an", "binh")
	office.Restriction, office.End = hours(8, 18), start.Add(2*day)
	other := weekly(start.Add(-day), "em")
	for _, c := range []struct {
		name      string
		overrides []rota.Override
		want      string // the final timeline of the office from a day before its start for four days
	}{
		{"none", nil, "d:an 11-23 08:00 11-23 18:00, d:binh 11-24 08:00 11-24 18:00"},
		{"a night taken over whole, over a hand-over", []rota.Override{override(1, "chi", start, 17, 33)},
			"d:an 11-23 08:00 11-23 17:00, d:chi 11-23 17:00 11-24 09:00 by o1, d:binh 11-24 09:00 11-24 18:00"},
		{"before the start and after the end", []rota.Override{override(1, "chi", start, -10, -9), override(2, "chi", start, 60, 61)},
			"d:chi 11-22 14:00 11-22 15:00 by o1, d:an 11-23 08:00 11-23 18:00, d:binh 11-24 08:00 11-24 18:00, d:chi 11-25 12:00 11-25 13:00 by o2"},
		{"the one made last wins", []rota.Override{override(2, "dung", start, 10, 12), override(1, "chi", start, 9, 14)},
			"d:an 11-23 08:00 11-23 09:00, d:chi 11-23 09:00 11-23 10:00 by o1, d:dung 11-23 10:00 11-23 12:00 by o2, d:chi 11-23 12:00 11-23 14:00 by o1, d:an 11-23 14:00 11-23 18:00, d:binh 11-24 08:00 11-24 18:00"},
		{"an older one within a newer shows nowhere", []rota.Override{override(1, "dung", start, 10, 12), override(2, "chi", start, 9, 14)},
			"d:an 11-23 08:00 11-23 09:00, d:chi 11-23 09:00 11-23 14:00 by o2, d:an 11-23 14:00 11-23 18:00, d:binh 11-24 08:00 11-24 18:00"},
		{"nobody", []rota.Override{override(1, "", start, 9, 40)}, "d:an 11-23 08:00 11-23 09:00, d:binh 11-24 16:00 11-24 18:00"},
		{"the same person is told by what", []rota.Override{override(1, "an", start, 9, 10)},
			"d:an 11-23 08:00 11-23 09:00, d:an 11-23 09:00 11-23 10:00 by o1, d:an 11-23 10:00 11-23 18:00, d:binh 11-24 08:00 11-24 18:00"},
		{"of another rotation", []rota.Override{override(1, "chi", start, 9, 14, "r1")}, "d:an 11-23 08:00 11-23 18:00, d:binh 11-24 08:00 11-24 18:00"},
		{"by its name", []rota.Override{override(1, "t:net", start, 0, 48, "r1", "d")}, "d:t:net 11-23 00:00 11-25 00:00 by o1"},
	} {
		cal := calendar(hanoi, office, other)
		cal.Overrides = c.overrides
		line := cal.Timeline(start.Add(-day), start.Add(3*day))
		expect(t, c.name, told(hanoi, of("d", line.Final)), c.want)
	}
	cal := calendar(hanoi, office, other)
	cal.Overrides = []rota.Override{override(1, "chi", start, 9, 14, "d"), override(2, "", start, 12, 80)}
	line := cal.Timeline(start, start.Add(day))
	expect(t, "base", told(hanoi, line.Base), "d:an 11-23 08:00 11-23 18:00, r1:em 11-23 00:00 11-24 00:00")
	expect(t, "overridden", told(hanoi, line.Overridden), "d:chi 11-23 09:00 11-23 12:00 by o1, d:- 11-23 12:00 11-24 00:00 by o2, r1:- 11-23 12:00 11-24 00:00 by o2")
	expect(t, "final", told(hanoi, line.Final), "d:an 11-23 08:00 11-23 09:00, d:chi 11-23 09:00 11-23 12:00 by o1, r1:em 11-23 00:00 11-23 12:00")
	if !line.Start.Equal(start) || !line.End.Equal(start.Add(day)) || line.Forwarded != nil {
		t.Errorf("%+v", line)
	}
}

// of returns the periods of a rotation.
func of(rotation string, all []rota.Period) (some []rota.Period) {
	for _, p := range all {
		if p.Rotation == rotation {
			some = append(some, p)
		}
	}
	return some
}

// Rules ogapi-7.forward.redirects, keng-7.forward.chain, keng-7.forward.circle, keng-7.forward.newest.
func TestForwarding(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	start := at(t, hanoi, "2026-11-23 00:00")
	for _, c := range []struct {
		name  string
		rules []rota.Forward
		want  string
	}{
		{"one", []rota.Forward{forward(1, "an", "binh", start, 2, 4)}, "d:an 11-23 00:00 11-23 02:00, d:binh 11-23 02:00 11-23 04:00 for an, d:an 11-23 04:00 11-24 00:00"},
		{"a chain, told as whose it would be", []rota.Forward{forward(1, "an", "binh", start, 0, 24), forward(2, "binh", "chi", start, 2, 30)},
			"d:binh 11-23 00:00 11-23 02:00 for an, d:chi 11-23 02:00 11-24 00:00 for an"},
		{"not back", []rota.Forward{forward(1, "an", "binh", start, 0, 24), forward(2, "binh", "an", start, 0, 24)}, "d:binh 11-23 00:00 11-24 00:00 for an"},
		{"a longer circle", []rota.Forward{forward(1, "an", "binh", start, 0, 24), forward(2, "binh", "chi", start, 0, 24), forward(3, "chi", "binh", start, 0, 24)},
			"d:chi 11-23 00:00 11-24 00:00 for an"},
		{"a newer circle hides an older way", []rota.Forward{forward(1, "an", "binh", start, 0, 24), forward(3, "binh", "an", start, 0, 24), forward(2, "binh", "chi", start, 0, 24)},
			"d:binh 11-23 00:00 11-24 00:00 for an"},
		{"the newest", []rota.Forward{forward(2, "an", "binh", start, 1, 2), forward(1, "an", "chi", start, 0, 24)},
			"d:chi 11-23 00:00 11-23 01:00 for an, d:binh 11-23 01:00 11-23 02:00 for an, d:chi 11-23 02:00 11-24 00:00 for an"},
		{"two rules one after the other are one period", []rota.Forward{forward(2, "an", "binh", start, 1, 2), forward(1, "an", "binh", start, 2, 30)},
			"d:an 11-23 00:00 11-23 01:00, d:binh 11-23 01:00 11-24 00:00 for an"},
		{"of somebody else", []rota.Forward{forward(1, "em", "binh", start, 0, 24)}, "d:an 11-23 00:00 11-24 00:00"},
		{"to nobody, which cannot be", []rota.Forward{forward(1, "an", "", start, 0, 24)}, "d:an 11-23 00:00 11-24 00:00"},
	} {
		cal := calendar(hanoi, daily(start, "an"))
		cal.Forwards = c.rules
		line := cal.Timeline(start, start.Add(day))
		expect(t, c.name, told(hanoi, line.Final), c.want)
		for _, p := range line.Final {
			if on := cal.OnCall(p.Start); len(on) != 1 || on[0].Participant != p.Participant || on[0].For != p.For {
				t.Errorf("%s: at %v %+v", c.name, p.Start, on)
			}
		}
	}
	cal := calendar(hanoi, daily(start, "an", "t:net"))
	cal.Overrides = []rota.Override{override(1, "chi", start, 10, 12)}
	cal.Forwards = []rota.Forward{forward(1, "chi", "dung", start, 11, 100), forward(2, "an", "chi", start, 0, 5)}
	line := cal.Timeline(start, start.Add(2*day))
	expect(t, "an override is forwarded", told(hanoi, line.Final),
		"d:chi 11-23 00:00 11-23 05:00 for an, d:an 11-23 05:00 11-23 10:00, d:chi 11-23 10:00 11-23 11:00 by o1, d:dung 11-23 11:00 11-23 12:00 by o1 for chi, d:an 11-23 12:00 11-24 00:00, d:t:net 11-24 00:00 11-25 00:00")
	expect(t, "forwarded", told(hanoi, line.Forwarded), "d:chi 11-23 00:00 11-23 05:00 for an, d:dung 11-23 11:00 11-23 12:00 by o1 for chi")
}

// Rules keng-7.calendar.oncall, keng-7.calendar.next, keng-7.calendar.previous, keng-7.calendar.disabled, keng-7.calendar.turns.
func TestWhoIsOnCallAndWhoIsNext(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	start := at(t, hanoi, "2026-11-23 08:00")
	main, night, twice, late, roster := weekly(start, "an", "an", "binh"), daily(start, "chi", ""), weekly(start, "an"), weekly(start.Add(300*day), "em"), rota.Rotation{}
	main.ID, night.ID, twice.ID, late.ID = "m", "n", "a", "l"
	night.Restriction = hours(22, 6)
	roster = rota.Rotation{ID: "f", Unit: rota.Fixed, Start: start.AddDate(-2, 0, 0), Slots: []rota.Slot{{Participant: who("vy")[0], Start: start.AddDate(-2, 0, 0), End: start.AddDate(2, 0, 0)}}}
	cal := calendar(hanoi, main, night, twice, late, roster)
	now := start.Add(16 * time.Hour) // midnight
	expect(t, "on call", told(hanoi, cal.OnCall(now)), "m:an 11-23 08:00 11-30 08:00, n:chi 11-23 22:00 11-24 06:00, a:an 11-23 08:00 11-30 08:00, f:vy 11-23 08:00 …")
	expect(t, "next", told(hanoi, cal.Next(now)), "m:binh 12-07 08:00 12-14 08:00, l:em 09-19 08:00 09-26 08:00")
	expect(t, "nobody was before", told(hanoi, cal.Previous(now)), "")
	expect(t, "previous", told(hanoi, cal.Previous(start.AddDate(0, 0, 15))), "m:an 11-30 08:00 12-07 08:00, n:chi 12-07 22:00 12-08 06:00")
	now = start.Add(23 * time.Hour) // nobody has the night
	expect(t, "in the morning", told(hanoi, cal.Next(now)), "m:binh 12-07 08:00 12-14 08:00, n:chi 11-25 22:00 11-26 06:00, l:em 09-19 08:00 09-26 08:00")
	expect(t, "two turns of one person", told(hanoi, of("m", cal.Timeline(start, start.Add(10*day)).Base)), "m:an 11-23 08:00 11-30 08:00, m:an 11-30 08:00 12-03 08:00")
	cal.Overrides = []rota.Override{override(1, "dung", start, 1, 30, "m")}
	expect(t, "after an override", told(hanoi, cal.Next(now)[:1]), "m:an 11-24 14:00 11-30 08:00")
	cal.Schedule.Disabled = true
	line := cal.Timeline(start, start.Add(day))
	if cal.Previous(now.AddDate(0, 0, 15)) != nil {
		t.Error("disabled, and somebody was on call before")
	}
	if on, next, away := cal.OnCall(now), cal.Next(now), cal.Troubles(start, start.Add(day), nil); on != nil || next != nil || away != nil || line.Final != nil || len(line.Base) != 4 {
		t.Errorf("disabled: %v %v %v %v", on, next, away, line)
	}
}

// Who is on call for longer than is looked at is so without an end, also where the last day that
// is looked at ends just there; an end at that moment is one.
func TestOnCallForLongerThanIsLookedAt(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	midnight := at(t, hanoi, "2026-11-23 00:00")
	r := weekly(midnight, "an")
	r.Length, r.Restriction = 1000, hours(0, 24)
	cal := calendar(hanoi, r)
	cal.Holidays = tet() // with holidays each day is looked at by itself
	for _, now := range []time.Time{midnight, midnight.Add(time.Hour)} {
		if on := cal.OnCall(now); len(on) != 1 || !on[0].End.IsZero() {
			t.Errorf("at %s: %+v", now, on)
		}
	}
	last := midnight.Add(400 * day)
	cal.Overrides = []rota.Override{{Alias: "o", Participant: rota.Participant{User: "binh"}, Start: last, End: last.Add(day), Number: 1}}
	if on := cal.OnCall(midnight); len(on) != 1 || !on[0].End.Equal(last) {
		t.Errorf("with an override 400 days later: %+v", on)
	}
}
