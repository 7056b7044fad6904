package rota_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

const wall = "2006-01-02 15:04"

// Who is on call is, in every minute around changes of clocks, who the calendar says. Rules
// ogapi-7.rotation.units, ogapi-7.rotation.none, ogapi-7.rotation.end,
// ogapi-7.restriction.daily, ogapi-7.restriction.weekly, keng-7.rotation.wall-clock.
func TestOnCallMinuteByMinute(t *testing.T) {
	for _, where := range []struct{ zone, from string }{
		{"Asia/Ho_Chi_Minh", "2026-11-20 22:30"}, {"Europe/Berlin", "2026-03-25 02:30"}, {"Europe/Berlin", "2026-10-21 02:30"},
		{"America/New_York", "2026-03-05 02:00"}, {"America/New_York", "2026-10-29 01:00"}, {"Australia/Lord_Howe", "2026-04-01 01:45"},
		{"Australia/Lord_Howe", "2026-10-01 02:15"}, {"Africa/Cairo", "2026-04-20 00:00"}, {"Pacific/Apia", "2011-12-26 09:00"},
		{"America/Sao_Paulo", "2018-11-01 00:00"}, {"Antarctica/Troll", "2026-03-25 02:00"}, {"Pacific/Chatham", "2026-04-01 03:00"},
		{"America/St_Johns", "2026-10-29 01:30"}, {"Africa/Casablanca", "2026-02-11 02:30"},
	} {
		loc := zone(t, where.zone)
		start := at(t, loc, where.from)
		nights := &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 22 * 60, EndMinute: 6 * 60}}}
		weekend := &rota.Restriction{Windows: []rota.Window{
			{StartDay: time.Friday, StartMinute: 17*60 + 30, EndDay: time.Monday, EndMinute: 9 * 60}, {StartDay: time.Wednesday, EndDay: time.Wednesday, EndMinute: 1440}}}
		who := func(names ...core.UserID) (all []rota.Participant) {
			for _, n := range names {
				all = append(all, rota.Participant{User: n})
			}
			return all
		}
		s := rota.Schedule{Rotations: []rota.Rotation{
			{ID: "h", Start: start.Add(30 * time.Minute), Unit: rota.Hourly, Length: 5, Participants: who("h1", "h2", "h3")},
			{ID: "d", Start: start, Unit: rota.Daily, Length: 1, Participants: who("d1", "", "d3"), End: start.Add(100*time.Hour + time.Minute)},
			{ID: "dd", Start: start, Unit: rota.Daily, Length: 2, Participants: who("dd1", "dd2"), Restriction: nights},
			{ID: "w", Start: start.Add(-5 * 24 * time.Hour), Unit: rota.Weekly, Length: 1, Participants: who("w1", "w2"), Restriction: weekend},
		}}
		first := start.Add(-12 * time.Hour)
		c := rota.Calendar{Schedule: &s, Zone: loc}
		for m, rotations := range live(&c, first, start.AddDate(0, 0, 5)) {
			now := first.Add(time.Duration(m) * time.Minute)
			var want, got []string
			for i, r := range rotations {
				if user := r.base.who.User; user != "" {
					want = append(want, s.Rotations[i].ID+":"+string(user))
				}
			}
			for _, shift := range c.OnCall(now) {
				got = append(got, shift.Rotation+":"+string(shift.User))
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Fatalf("%s, %s: %v is on call, by the calendar %v", where.zone, now.In(loc), got, want)
			}
		}
	}
}

// The ends of days and weeks, by the minute. Rules ogapi-7.restriction.wrap,
// ogapi-7.restriction.whole.
func TestWindowsAtTheEndsOfDayAndWeek(t *testing.T) {
	const sunday = "2026-11-22 " // and Saturday is the day before
	for _, c := range []struct {
		name string
		w    rota.Window
		want map[string]bool
	}{
		{"whole week, from Sunday to the end of Saturday", rota.Window{EndDay: time.Saturday, EndMinute: 1440}, map[string]bool{"2026-11-21 23:59": true, sunday + "00:00": true}},
		{"whole week, from the end of Saturday to Sunday", rota.Window{StartDay: time.Saturday, StartMinute: 1440}, map[string]bool{"2026-11-21 23:59": true, sunday + "12:00": true}},
		{"from the end of Saturday", rota.Window{StartDay: time.Saturday, StartMinute: 1440, EndDay: time.Sunday, EndMinute: 60},
			map[string]bool{"2026-11-21 23:59": false, sunday + "00:00": true, sunday + "00:59": true, sunday + "01:00": false}},
		{"to the end of Saturday", rota.Window{StartDay: time.Saturday, StartMinute: 1380, EndDay: time.Saturday, EndMinute: 1440},
			map[string]bool{"2026-11-21 22:59": false, "2026-11-21 23:00": true, "2026-11-21 23:59": true, sunday + "00:00": false}},
		{"over the end of the week", rota.Window{StartDay: time.Saturday, StartMinute: 1439, EndDay: time.Sunday, EndMinute: 1},
			map[string]bool{"2026-11-21 23:58": false, "2026-11-21 23:59": true, sunday + "00:00": true, sunday + "00:01": false}},
		{"all but a minute", rota.Window{StartDay: time.Sunday, StartMinute: 1, EndDay: time.Sunday, EndMinute: 0},
			map[string]bool{sunday + "00:00": false, sunday + "00:01": true, "2026-11-21 23:59": true}},
	} {
		r := &rota.Restriction{Windows: []rota.Window{c.w}}
		for moment, want := range c.want {
			if got := r.Covers(at(t, time.UTC, moment), time.UTC); got != want || !r.Valid() {
				t.Errorf("%s, at %s: %v, want %v", c.name, moment, got, want)
			}
		}
	}
}

// Rule keng-7.rotation.check: the bounds of a rotation, each told by its field.
func TestBoundsOfARotation(t *testing.T) {
	year := func(y int) time.Time { return time.Date(y, 6, 1, 0, 0, 0, 0, time.UTC) }
	base := weekly(year(2026), "an")
	for _, c := range []struct {
		name, field string
		change      func(*rota.Rotation)
	}{
		{"as it is", "", func(*rota.Rotation) {}},
		{"the first year", "", func(r *rota.Rotation) { r.Start = year(1970) }},
		{"before the first year", "startDate", func(r *rota.Rotation) { r.Start = year(1969) }},
		{"the last year", "", func(r *rota.Rotation) { r.Start, r.End = year(2200), year(2200).AddDate(0, 6, 0) }},
		{"after the last year", "startDate", func(r *rota.Rotation) { r.Start = year(2201) }},
		{"an end after the last year", "endDate", func(r *rota.Rotation) { r.End = year(2201) }},
		{"an end a moment after the start", "", func(r *rota.Rotation) { r.End = r.Start.Add(1) }},
		{"an end at the start", "endDate", func(r *rota.Rotation) { r.End = r.Start }},
		{"the longest turn", "", func(r *rota.Rotation) { r.Length = 1000 }},
		{"a longer turn", "length", func(r *rota.Rotation) { r.Length = 1001 }},
		{"a turn of no length is one of length 1", "", func(r *rota.Rotation) { r.Length = 0 }},
		{"hourly", "", func(r *rota.Rotation) { r.Unit = rota.Hourly }},
		{"no unit", "type", func(r *rota.Rotation) { r.Unit = 0 }},
		{"no such unit", "type", func(r *rota.Rotation) { r.Unit = 6 }},
	} {
		r := base
		c.change(&r)
		err := r.Check()
		if e, ok := err.(*core.Error); (c.field == "") != (err == nil) || err != nil && (!ok || e.Fields[c.field] == "" || len(e.Fields) != 1) {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, on := r.At(r.Start, time.UTC); on != (c.field == "") {
			t.Errorf("%s: somebody is on call: %v", c.name, on)
		}
	}
	short := base
	short.Length = 0
	one, _ := base.At(year(2027), time.UTC)
	if shift, ok := short.At(year(2027), time.UTC); !ok || fmt.Sprint(shift) != fmt.Sprint(one) {
		t.Errorf("of no length: %v, of length 1: %v", shift, one)
	}
	for y, want := range map[int]bool{2200: true, 2201: false} {
		if _, on := base.At(year(y), time.UTC); on != want {
			t.Errorf("in %d somebody is on call: %v", y, on)
		}
	}
}
