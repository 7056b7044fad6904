package rota_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"keng/hub/core/rota"
)

func TestRestrictionCovers(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		t.Fatal(err)
	}
	daily := func(from, to int) *rota.Restriction {
		return &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: from, EndMinute: to}}}
	}
	weekly := func(w ...rota.Window) *rota.Restriction { return &rota.Restriction{Windows: w} }
	week := rota.Window{StartDay: time.Monday, StartMinute: 9 * 60, EndDay: time.Friday, EndMinute: 17 * 60}
	weekend := rota.Window{StartDay: time.Friday, StartMinute: 17 * 60, EndDay: time.Monday, EndMinute: 9 * 60}
	for _, c := range []struct {
		name string
		r    *rota.Restriction
		at   string // by the wall; 2026-11-25 is a Wednesday
		want bool
	}{
		{"none", nil, "2026-11-25T03:00", true},
		{"in the day", daily(9*60, 17*60), "2026-11-25T09:00", true},
		{"at its end", daily(9*60, 17*60), "2026-11-25T17:00", false},
		{"just before its end", daily(9*60, 17*60), "2026-11-25T16:59", true},
		{"over midnight, before", daily(22*60, 6*60), "2026-11-25T23:00", true},
		{"over midnight, after", daily(22*60, 6*60), "2026-11-26T05:59", true},
		{"over midnight, outside", daily(22*60, 6*60), "2026-11-26T06:00", false},
		{"until midnight", daily(18*60, 24*60), "2026-11-25T23:59", true},
		{"all day", daily(0, 24*60), "2026-11-25T12:00", true},
		{"in the week, by night", weekly(week), "2026-11-25T02:00", true},
		{"before the week", weekly(week), "2026-11-23T08:59", false},
		{"over the weekend", weekly(weekend), "2026-11-29T12:00", true},
		{"over the weekend, outside", weekly(weekend), "2026-11-25T12:00", false},
		{"one of two", weekly(weekend, week), "2026-11-25T12:00", true},
		{"no window", weekly(), "2026-11-25T12:00", false},
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04", c.at, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.r.Covers(at.UTC(), zone); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// A restricted turn is nobody's outside its windows.
func TestRestrictedRotation(t *testing.T) {
	start := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	c := rota.Calendar{Zone: time.UTC, Schedule: &rota.Schedule{Rotations: []rota.Rotation{
		{ID: "day", Start: start, Unit: rota.Weekly, Length: 1, Participants: []rota.Participant{{User: "an"}},
			Restriction: &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 8 * 60, EndMinute: 20 * 60}}}},
		{ID: "team", Start: start, Unit: rota.Weekly, Length: 1, Participants: []rota.Participant{{Team: "net"}}},
	}}}
	on := c.OnCall(start.Add(9 * time.Hour))
	if len(on) != 2 || on[0].User != "an" || on[1].Team != "net" {
		t.Errorf("by day: %+v", on)
	}
	if on := c.OnCall(start.Add(21 * time.Hour)); len(on) != 1 || on[0].Team != "net" {
		t.Errorf("by night: %+v", on)
	}
}

func TestRestrictionValid(t *testing.T) {
	for _, r := range []rota.Restriction{
		{}, {Daily: true, Windows: make([]rota.Window, 2)}, {Windows: []rota.Window{{StartMinute: 1441}}}, {Windows: []rota.Window{{EndDay: 7}}},
	} {
		if r.Valid() {
			t.Errorf("%+v is valid", r)
		}
	}
}
