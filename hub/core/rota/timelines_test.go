package rota_test

import (
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
	"keng/hub/core/rota"
)

// What Opsgenie has not, or says nothing about, written out by hand in the same way.
func TestTimelinesOfOurs(t *testing.T) {
	loc := zone(t, "Asia/Ho_Chi_Minh")
	on := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, loc) }
	rotation := func(unit rota.Unit, start time.Time, w ...rota.Window) rota.Rotation {
		r := weekly(start, "an", "bình", "chi")
		r.ID, r.Unit = "r", unit
		if w != nil {
			r.Restriction = &rota.Restriction{Windows: w}
		}
		return r
	}
	var work []rota.Window // Monday to Friday from nine to five
	for day := time.Monday; day <= time.Friday; day++ {
		work = append(work, rota.Window{StartDay: day, StartMinute: 9 * 60, EndDay: day, EndMinute: 17 * 60})
	}
	skipping := rotation(rota.Daily, on(20, 8), work...) // on a Friday
	skipping.Skips = true
	closed := rotation(rota.Daily, on(23, 8), work...)
	closed.Restriction.Days = rota.NoHolidays
	only := rotation(rota.Daily, on(23, 8), rota.Window{EndDay: time.Saturday, EndMinute: 1440})
	only.Restriction.Days = rota.HolidaysOnly
	fixed := rota.Rotation{ID: "r", Unit: rota.Fixed, Length: 1, Start: on(20, 0), Participants: skipping.Participants, Slots: []rota.Slot{
		{Participant: rota.Participant{User: "chi"}, Start: on(22, 0), End: on(24, 7)},
		{Participant: rota.Participant{User: "chi"}, Start: on(24, 7), End: on(25, 0)},
		{Participant: rota.Participant{User: "an"}, Start: on(26, 0), End: on(26, 1)},
	}}
	wednesday := holiday.Date{Year: 2026, Month: 11, Day: 25}
	saturday := holiday.Date{Year: 2026, Month: 11, Day: 28}
	days := holiday.Days{wednesday: {Date: wednesday}, saturday: {Date: saturday, Works: true, As: time.Wednesday}}
	override := func(number uint64, alias string, who rota.Participant, start, end time.Time) rota.Override {
		return rota.Override{Alias: alias, Participant: who, Start: start, End: end, Number: number}
	}
	late := rotation(rota.Weekly, on(28, 8))
	late.End = on(29, 8)
	forward := func(number uint64, from, to core.UserID, start, end time.Time) rota.Forward {
		return rota.Forward{From: from, To: to, Start: start, End: end, Number: number}
	}
	user := func(id core.UserID) rota.Participant { return rota.Participant{User: id} }
	for _, c := range []drawing{
		{"keng-7.turn.months", "by the month", []rota.Rotation{rotation(rota.Monthly, time.Date(2026, 9, 25, 8, 0, 0, 0, loc))}, nil, nil, `
			r 23 08:00 – 25 08:00 bình default
			r 25 08:00 – 30 08:00 chi default`, nil},
		{"keng-7.turn.fixed", "by hand", []rota.Rotation{fixed}, nil, nil, `
			r 23 08:00 – 24 07:00 chi default
			r 24 07:00 – 25 00:00 chi default
			r 26 00:00 – 26 01:00 an default`, nil},
		{"keng-7.turn.skips", "from Friday's person to the next on Monday", []rota.Rotation{skipping}, nil, nil, `
			r 23 09:00 – 23 17:00 bình default
			r 24 09:00 – 24 17:00 chi default
			r 25 09:00 – 25 17:00 an default
			r 26 09:00 – 26 17:00 bình default
			r 27 09:00 – 27 17:00 chi default`, nil},
		{"keng-7.restriction.holidays", "on a holiday nobody, on a make-up day as on its weekday", []rota.Rotation{closed}, nil, nil, `
			r 23 09:00 – 23 17:00 an default
			r 24 09:00 – 24 17:00 bình default
			r 26 09:00 – 26 17:00 an default
			r 27 09:00 – 27 17:00 bình default
			r 28 09:00 – 28 17:00 chi default`, days},
		{"keng-7.restriction.holidays", "on holidays alone, from midnight to midnight", []rota.Rotation{only}, nil, nil, `
			r 25 00:00 – 25 08:00 bình default
			r 25 08:00 – 26 00:00 chi default`, days},
		{"keng-7.override.always", "outside of windows and over hand-overs", []rota.Rotation{skipping}, []rota.Override{override(1, "o", user("dung"), on(23, 12), on(27, 12))}, nil, `
			r 23 09:00 – 23 12:00 bình default
			r 23 12:00 – 27 12:00 dung override
			r 27 12:00 – 27 17:00 chi default`, nil},
		{"keng-7.override.always", "before the start and after the end", []rota.Rotation{late}, []rota.Override{override(1, "o", user("dung"), on(24, 0), on(24, 1)), override(2, "p", user("dung"), on(29, 10), on(29, 12))}, nil, `
			r 24 00:00 – 24 01:00 dung override
			r 28 08:00 – 29 08:00 an default
			r 29 10:00 – 29 12:00 dung override`, nil},
		{"keng-7.override.newest", "what was made last wins, even if it is nobody", []rota.Rotation{rotation(rota.Weekly, on(23, 8))},
			[]rota.Override{override(3, "o", rota.Participant{}, on(24, 12), on(24, 18)), override(1, "p", user("chi"), on(24, 6), on(24, 20)), override(2, "q", user("dung"), on(24, 16), on(25, 0))}, nil, `
			r 23 08:00 – 24 06:00 an default
			r 24 06:00 – 24 12:00 chi override
			r 24 18:00 – 25 00:00 dung override
			r 25 00:00 – 30 08:00 an default`, nil},
		{"keng-7.forward.chain", "from one to the next, never back", []rota.Rotation{rotation(rota.Weekly, on(23, 8))}, nil,
			[]rota.Forward{forward(1, "an", "bình", on(24, 0), on(28, 0)), forward(2, "bình", "chi", on(25, 0), on(27, 0)), forward(3, "chi", "an", on(26, 0), on(30, 0))}, `
			r 23 08:00 – 24 00:00 an default
			r 24 00:00 – 25 00:00 bình forwarding
			r 25 00:00 – 27 00:00 chi forwarding
			r 27 00:00 – 28 00:00 bình forwarding
			r 28 00:00 – 30 08:00 an default`, nil},
		{"keng-7.forward.chain", "what was made last wins", []rota.Rotation{rotation(rota.Weekly, on(23, 8))}, nil,
			[]rota.Forward{forward(2, "an", "chi", on(25, 0), on(26, 0)), forward(1, "an", "bình", on(24, 0), on(28, 0))}, `
			r 23 08:00 – 24 00:00 an default
			r 24 00:00 – 25 00:00 bình forwarding
			r 25 00:00 – 26 00:00 chi forwarding
			r 26 00:00 – 28 00:00 bình forwarding
			r 28 00:00 – 30 08:00 an default`, nil},
	} {
		t.Run(c.rule+"/"+c.name, func(t *testing.T) { c.check(t, loc) })
	}
}

// A timeline is bounded, and says so.
func TestTimelineIsBounded(t *testing.T) {
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	hours := rota.Rotation{ID: "h", Start: start, Unit: rota.Hourly, Length: 1, Participants: []rota.Participant{{User: "an"}, {User: "binh"}}}
	c := rota.Calendar{Schedule: &rota.Schedule{Rotations: []rota.Rotation{hours}}, Zone: time.UTC}
	for hours, cut := range map[int]bool{rota.PeriodsMax: false, rota.PeriodsMax + 1: true} {
		line := c.Timeline(start, start.Add(time.Duration(hours)*time.Hour))
		if line.Cut != cut || len(line.Final) != rota.PeriodsMax || len(line.Base) != rota.PeriodsMax {
			t.Errorf("of %d periods %d are told, cut: %v", hours, len(line.Final), line.Cut)
		}
	}
}
