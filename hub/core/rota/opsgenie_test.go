package rota_test

import (
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

// The timelines that Opsgenie draws, written out by hand: Monday 23 November 2026 is the
// first day, in Hồ Chí Minh City, where no clock ever changes. What is asked goes to Monday
// at 08:00 a week later.
func TestTimelinesOfOpsgenie(t *testing.T) {
	loc := zone(t, "Asia/Ho_Chi_Minh")
	on := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, loc) }
	turns := func(id string, unit rota.Unit, length int, users ...core.UserID) rota.Rotation {
		r := weekly(on(23, 8), users...)
		r.ID, r.Unit, r.Length = id, unit, length
		return r
	}
	ending := func(r rota.Rotation, end time.Time) rota.Rotation { r.End = end; return r }
	during := func(r rota.Rotation, w ...rota.Window) rota.Rotation {
		r.Restriction = &rota.Restriction{Windows: w}
		return r
	}
	daily := func(r rota.Rotation, from, to int) rota.Rotation {
		r.Restriction = &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: from * 60, EndMinute: to * 60}}}
		return r
	}
	window := func(a time.Weekday, from int, b time.Weekday, to int) rota.Window {
		return rota.Window{StartDay: a, StartMinute: from * 60, EndDay: b, EndMinute: to * 60}
	}
	override := func(who rota.Participant, start, end time.Time, rotations ...string) rota.Override {
		return rota.Override{Alias: "o", Participant: who, Start: start, End: end, Rotations: rotations, Number: 1}
	}
	user := func(id core.UserID) rota.Participant { return rota.Participant{User: id} }
	forward := func(from, to core.UserID, start, end time.Time) rota.Forward {
		return rota.Forward{ID: "f", From: from, To: to, Start: start, End: end, Number: 1}
	}
	for _, c := range []drawing{
		{"ogapi-7.rotation.units", "weeks", []rota.Rotation{turns("r", rota.Weekly, 1, "an", "bình")}, nil, nil, `
			r 23 08:00 – 30 08:00 an default`, nil},
		{"ogapi-7.rotation.units", "two days a turn", []rota.Rotation{turns("r", rota.Daily, 2, "an", "bình")}, nil, nil, `
			r 23 08:00 – 25 08:00 an default
			r 25 08:00 – 27 08:00 bình default
			r 27 08:00 – 29 08:00 an default
			r 29 08:00 – 30 08:00 bình default`, nil},
		{"ogapi-7.rotation.units", "56 hours a turn", []rota.Rotation{turns("r", rota.Hourly, 56, "an", "bình", "chi")}, nil, nil, `
			r 23 08:00 – 25 16:00 an default
			r 25 16:00 – 28 00:00 bình default
			r 28 00:00 – 30 08:00 chi default`, nil},
		{"ogapi-7.rotation.units", "the length is 1 where none is given", []rota.Rotation{ending(turns("r", rota.Daily, 0, "an", "bình"), on(25, 8))}, nil, nil, `
			r 23 08:00 – 24 08:00 an default
			r 24 08:00 – 25 08:00 bình default`, nil},
		{"ogapi-7.rotation.repeats", "the order counts, and who is named twice has two turns in a row", []rota.Rotation{ending(turns("r", rota.Daily, 1, "chi", "an", "an"), on(27, 8))}, nil, nil, `
			r 23 08:00 – 24 08:00 chi default
			r 24 08:00 – 25 08:00 an default
			r 25 08:00 – 26 08:00 an default
			r 26 08:00 – 27 08:00 chi default`, nil},
		{"ogapi-7.rotation.none", "in a turn of none nobody is on call", []rota.Rotation{ending(turns("r", rota.Daily, 1, "an", "", "bình"), on(27, 8))}, nil, nil, `
			r 23 08:00 – 24 08:00 an default
			r 25 08:00 – 26 08:00 bình default
			r 26 08:00 – 27 08:00 an default`, nil},
		{"ogapi-7.rotation.end", "the last turn is cut off at the end", []rota.Rotation{ending(turns("r", rota.Daily, 1, "an", "bình"), on(24, 20))}, nil, nil, `
			r 23 08:00 – 24 08:00 an default
			r 24 08:00 – 24 20:00 bình default`, nil},
		{"ogapi-7.rotation.several", "all rotations are on call", []rota.Rotation{turns("r", rota.Weekly, 1, "an"), ending(turns("s", rota.Daily, 1, "bình", "chi"), on(25, 8)), turns("w", rota.Weekly, 1, "an")}, nil, nil, `
			r 23 08:00 – 30 08:00 an default
			s 23 08:00 – 24 08:00 bình default
			s 24 08:00 – 25 08:00 chi default
			w 23 08:00 – 30 08:00 an default`, nil},
		{"ogapi-7.restriction.daily", "by day", []rota.Rotation{ending(daily(turns("r", rota.Daily, 1, "an", "bình"), 9, 17), on(25, 8))}, nil, nil, `
			r 23 09:00 – 23 17:00 an default
			r 24 09:00 – 24 17:00 bình default`, nil},
		{"ogapi-7.restriction.wrap", "by night, cut by the hand-over at eight", []rota.Rotation{ending(daily(turns("r", rota.Daily, 1, "an", "bình"), 22, 10), on(25, 12))}, nil, nil, `
			r 23 08:00 – 23 10:00 an default
			r 23 22:00 – 24 08:00 an default
			r 24 08:00 – 24 10:00 bình default
			r 24 22:00 – 25 08:00 bình default
			r 25 08:00 – 25 10:00 an default`, nil},
		{"ogapi-7.restriction.wrap", "over the weekend and the end of the week", []rota.Rotation{during(turns("r", rota.Weekly, 1, "an"), window(time.Friday, 18, time.Monday, 12))}, nil, nil, `
			r 23 08:00 – 23 12:00 an default
			r 27 18:00 – 30 08:00 an default`, nil},
		{"ogapi-7.restriction.weekly", "several windows", []rota.Rotation{during(turns("r", rota.Weekly, 1, "an"),
			window(time.Wednesday, 9, time.Wednesday, 24), window(time.Tuesday, 0, time.Tuesday, 6), window(time.Wednesday, 12, time.Thursday, 12))}, nil, nil, `
			r 24 00:00 – 24 06:00 an default
			r 25 09:00 – 26 12:00 an default`, nil},
		{"ogapi-7.restriction.whole", "from midnight to midnight is all the day", []rota.Rotation{ending(daily(turns("r", rota.Daily, 1, "an", "bình"), 0, 24), on(25, 8))}, nil, nil, `
			r 23 08:00 – 24 08:00 an default
			r 24 08:00 – 25 08:00 bình default`, nil},
		{"ogapi-7.override.replaces", "an override that lists no rotation replaces all", []rota.Rotation{turns("r", rota.Weekly, 1, "an"), turns("s", rota.Weekly, 1, "bình")},
			[]rota.Override{override(user("chi"), on(24, 12), on(25, 12))}, nil, `
			r 23 08:00 – 24 12:00 an default
			r 24 12:00 – 25 12:00 chi override
			r 25 12:00 – 30 08:00 an default
			s 23 08:00 – 24 12:00 bình default
			s 24 12:00 – 25 12:00 chi override
			s 25 12:00 – 30 08:00 bình default`, nil},
		{"ogapi-7.override.replaces", "an override replaces the rotations that it lists", []rota.Rotation{turns("r", rota.Weekly, 1, "an"), turns("s", rota.Weekly, 1, "bình"), turns("w", rota.Weekly, 1, "an")},
			[]rota.Override{override(user("chi"), on(29, 12), on(30, 12), "w", "r")}, nil, `
			r 23 08:00 – 29 12:00 an default
			r 29 12:00 – 30 08:00 chi override
			s 23 08:00 – 30 08:00 bình default
			w 23 08:00 – 29 12:00 an default
			w 29 12:00 – 30 08:00 chi override`, nil},
		{"ogapi-7.override.times", "turns go on below an override", []rota.Rotation{ending(turns("r", rota.Daily, 1, "an", "bình", "chi"), on(26, 8))},
			[]rota.Override{override(user("dung"), on(23, 20), on(25, 20))}, nil, `
			r 23 08:00 – 23 20:00 an default
			r 23 20:00 – 25 20:00 dung override
			r 25 20:00 – 26 08:00 chi default`, nil},
		{"ogapi-7.override.participant", "a team or an escalation may take over", []rota.Rotation{ending(turns("r", rota.Daily, 2, "an"), on(25, 8))},
			[]rota.Override{override(rota.Participant{Team: "mạng"}, on(24, 8), on(24, 9)), override(rota.Participant{Escalation: "tầng"}, on(24, 9), on(24, 10))}, nil, `
			r 23 08:00 – 24 08:00 an default
			r 24 08:00 – 24 09:00 team mạng override
			r 24 09:00 – 24 10:00 escalation tầng override
			r 24 10:00 – 25 08:00 an default`, nil},
		{"ogapi-7.forward.redirects", "whatever is the person's in the window goes to the other", []rota.Rotation{ending(turns("r", rota.Daily, 1, "an", "bình"), on(26, 8)), turns("s", rota.Weekly, 1, "an")}, nil,
			[]rota.Forward{forward("an", "chi", on(23, 20), on(25, 20))}, `
			r 23 08:00 – 23 20:00 an default
			r 23 20:00 – 24 08:00 chi forwarding
			r 24 08:00 – 25 08:00 bình default
			r 25 08:00 – 25 20:00 chi forwarding
			r 25 20:00 – 26 08:00 an default
			s 23 08:00 – 23 20:00 an default
			s 23 20:00 – 25 20:00 chi forwarding
			s 25 20:00 – 30 08:00 an default`, nil},
		{"ogapi-7.forward.override", "who has taken over may forward it", []rota.Rotation{turns("r", rota.Weekly, 1, "an")},
			[]rota.Override{override(user("bình"), on(24, 8), on(26, 8))}, []rota.Forward{forward("bình", "chi", on(25, 8), on(30, 0))}, `
			r 23 08:00 – 24 08:00 an default
			r 24 08:00 – 25 08:00 bình override
			r 25 08:00 – 26 08:00 chi forwarding
			r 26 08:00 – 30 08:00 an default`, nil},
		{"ogapi-7.forward.redirects", "what is the team's is not a person's to forward", []rota.Rotation{{ID: "r", Start: on(23, 8), Unit: rota.Weekly, Length: 1, Participants: []rota.Participant{{Team: "an"}}}}, nil,
			[]rota.Forward{forward("an", "chi", on(23, 0), on(30, 0))}, `
			r 23 08:00 – 30 08:00 team an default`, nil},
	} {
		t.Run(c.rule+"/"+c.name, func(t *testing.T) { c.check(t, loc) })
	}
}
