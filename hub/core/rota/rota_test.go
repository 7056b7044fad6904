package rota_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"keng/hub/core"
	"keng/hub/core/rota"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func at(t *testing.T, loc *time.Location, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func weekly(start time.Time, users ...core.UserID) rota.Rotation {
	r := rota.Rotation{ID: "r1", Start: start, Unit: rota.Weekly, Length: 1}
	for _, u := range users {
		r.Participants = append(r.Participants, rota.Participant{User: u})
	}
	return r
}

func TestWeeklyHandoverFollowsTheWallClock(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	r := weekly(at(t, berlin, "2026-03-23 09:00"), "an", "binh")
	// Clocks go forward on 29 March: the shift has 167 hours and still ends at nine.
	shift, ok := r.At(at(t, berlin, "2026-03-30 08:59"), berlin)
	if !ok || shift.User != "an" || !shift.End.Equal(at(t, berlin, "2026-03-30 09:00")) {
		t.Fatalf("before the hand-over: %+v", shift)
	}
	if d := shift.End.Sub(shift.Start); d != 167*time.Hour {
		t.Errorf("the shift lasts %v, want 167h", d)
	}
	if shift, _ := r.At(at(t, berlin, "2026-03-30 09:00"), berlin); shift.User != "binh" {
		t.Errorf("at the hand-over %q is on call, want binh", shift.User)
	}
}

func TestHandoverWhereTheWallClockIsOdd(t *testing.T) {
	for _, c := range []struct{ name, zone, start, want string }{
		{"skipped hour: at the jump", "Europe/Berlin", "2026-03-28 02:30", "2026-03-29T01:00:00Z"},
		{"hour that comes twice: the first", "Europe/Berlin", "2026-10-24 02:30", "2026-10-25T00:30:00Z"},
		{"midnight that does not exist", "Africa/Cairo", "2026-04-23 00:00", "2026-04-23T22:00:00Z"},
		{"Samoa's lost day", "Pacific/Apia", "2011-12-29 09:00", "2011-12-30T10:00:00Z"},
		{"half an hour, Lord Howe", "Australia/Lord_Howe", "2026-04-04 12:00", "2026-04-05T01:30:00Z"},
		{"no change at all", "Asia/Ho_Chi_Minh", "2026-11-24 08:00", "2026-11-25T01:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := rota.Wall(at(t, zone(t, c.zone), c.start), 1).UTC().Format(time.RFC3339)
			if got != c.want {
				t.Errorf("a day after %s in %s is %s, want %s", c.start, c.zone, got, c.want)
			}
		})
	}
}

func TestShiftsTileTime(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo", "Asia/Ho_Chi_Minh"} {
		for _, unit := range []rota.Unit{rota.Hourly, rota.Daily, rota.Weekly} {
			loc := zone(t, name)
			r := weekly(at(t, loc, "2011-12-01 02:30"), "a", "b", "c")
			r.Unit, r.Length = unit, 2
			now := r.Start
			for range 400 {
				shift, ok := r.At(now, loc)
				if !ok || !shift.Start.Equal(now) || !shift.End.After(shift.Start) {
					t.Fatalf("%s unit %d: the shift at %v is %+v", name, unit, now, shift)
				}
				last, _ := r.At(shift.End.Add(-time.Nanosecond), loc)
				if last != shift {
					t.Fatalf("%s unit %d: the last moment of %+v belongs to %+v", name, unit, shift, last)
				}
				now = shift.End
			}
		}
	}
}

func TestNobody(t *testing.T) {
	utc := time.UTC
	start := time.Date(2026, 1, 5, 9, 0, 0, 0, utc)
	ended := weekly(start, "an")
	ended.End = start.Add(time.Hour)
	for _, c := range []struct {
		name string
		s    rota.Schedule
		at   time.Time
	}{
		{"before the start", rota.Schedule{Rotations: []rota.Rotation{weekly(start, "an")}}, start.Add(-1)},
		{"at the end", rota.Schedule{Rotations: []rota.Rotation{ended}}, ended.End},
		{"no participants", rota.Schedule{Rotations: []rota.Rotation{weekly(start)}}, start},
		{"a turn of nobody", rota.Schedule{Rotations: []rota.Rotation{weekly(start, "")}}, start},
		{"switched off", rota.Schedule{Disabled: true, Rotations: []rota.Rotation{weekly(start, "an")}}, start},
	} {
		if on := (&rota.Calendar{Schedule: &c.s, Zone: utc}).OnCall(c.at); len(on) != 0 {
			t.Errorf("%s: %+v is on call", c.name, on)
		}
	}
	both := rota.Calendar{Schedule: &rota.Schedule{Rotations: []rota.Rotation{weekly(start, "an"), weekly(start, "binh")}}, Zone: utc}
	if on := both.OnCall(start); len(on) != 2 || on[0].User != "an" || on[1].User != "binh" {
		t.Errorf("two rotations: %+v", on)
	}
}

// A rotation that cannot be computed must not stop whoever asks: not by a panic, and not by
// counting hours for ever.
func TestImpossibleRotationsAreRefused(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	someone := []rota.Participant{{User: "an"}}
	good := rota.Rotation{Start: now.AddDate(-1, 0, 0), Unit: rota.Weekly, Length: 1, Participants: someone}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(r *rota.Rotation){
		"nobody":          func(r *rota.Rotation) { r.Participants = nil },
		"no unit":         func(r *rota.Rotation) { r.Unit = 9 },
		"overflow":        func(r *rota.Rotation) { r.Length = 1 << 58 },
		"no start":        func(r *rota.Rotation) { r.Start = time.Time{} },
		"the year 1":      func(r *rota.Rotation) { r.Unit, r.Start = rota.Hourly, time.Date(1, 2, 1, 0, 0, 0, 0, time.UTC) },
		"the year 9999":   func(r *rota.Rotation) { r.Start = time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -3600)) },
		"end first":       func(r *rota.Rotation) { r.End = r.Start },
		"end after years": func(r *rota.Rotation) { r.End = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		r := good
		spoil(&r)
		if err := r.Check(); core.KindOf(err) != core.Unacceptable {
			t.Errorf("%s: %v", name, err)
		}
		if shift, ok := r.At(now, time.UTC); ok {
			t.Errorf("%s: %v is on call", name, shift)
		}
	}
}
