package route_test

import (
	"testing"
	"time"

	"keng/hub/core/route"
)

// When delays end: by the clock on the wall, today included.
func TestDelays(t *testing.T) {
	for _, c := range []struct {
		rule  string
		d     route.Delay
		zone  string
		began string
		want  string
	}{
		{"ogapi-8.delay.for-duration", route.Delay{Option: route.ForDuration, For: 90 * time.Minute}, hanoi, "2026-11-25T21:00+07:00", "2026-11-25T22:30+07:00"},
		{"ogapi-8.delay.for-duration", route.Delay{Option: route.ForDuration, For: 24 * time.Hour}, "Europe/Berlin", "2026-10-24T12:00+02:00", "2026-10-25T11:00+01:00"},
		{"ogapi-8.delay.next-time", route.Delay{Option: route.NextTime, Hour: 9}, hanoi, "2026-11-25T21:00+07:00", "2026-11-26T09:00+07:00"},
		{"ogapi-8.delay.next-time", route.Delay{Option: route.NextTime, Hour: 23, Minute: 59}, hanoi, "2026-11-25T21:00+07:00", "2026-11-25T23:59+07:00"},
		{"ogapi-8.delay.next-time", route.Delay{Option: route.NextTime}, hanoi, "2026-11-25T21:00+07:00", "2026-11-26T00:00+07:00"},
		{"keng-8.delay.today", route.Delay{Option: route.NextTime, Hour: 21}, hanoi, "2026-11-25T21:00+07:00", "2026-11-25T21:00+07:00"},
		{"keng-8.delay.today", route.Delay{Option: route.NextTime, Hour: 21}, hanoi, "2026-11-25T21:01+07:00", "2026-11-26T21:00+07:00"},
		{"ogapi-8.delay.zone", route.Delay{Option: route.NextTime, Hour: 9}, "UTC", "2026-11-25T15:59+07:00", "2026-11-25T09:00+00:00"},
		{"ogapi-8.delay.zone", route.Delay{Option: route.NextTime, Hour: 9}, "UTC", "2026-11-25T16:01+07:00", "2026-11-26T09:00+00:00"},
		{"ogapi-8.delay.zone", route.Delay{Option: route.NextTime, Hour: 5, Minute: 45}, "Asia/Kathmandu", "2026-11-25T00:00+00:00", "2026-11-25T00:00+00:00"},
		{"ogapi-8.delay.zone", route.Delay{Option: route.NextTime, Hour: 9}, "America/New_York", "2040-12-31T08:00-05:00", "2040-12-31T09:00-05:00"}, // see [clocks.Bounds]
		{"ogapi-8.delay.next-weekday", route.Delay{Option: route.NextWeekday, Hour: 9}, hanoi, "2026-11-25T21:00+07:00", "2026-11-26T09:00+07:00"},
		{"ogapi-8.delay.next-weekday", route.Delay{Option: route.NextWeekday, Hour: 9}, hanoi, "2026-11-27T21:00+07:00", "2026-11-30T09:00+07:00"},
		{"ogapi-8.delay.next-weekday", route.Delay{Option: route.NextWeekday, Hour: 9}, hanoi, "2026-11-28T08:00+07:00", "2026-11-30T09:00+07:00"},
		{"ogapi-8.delay.next-weekday", route.Delay{Option: route.NextWeekday, Hour: 9}, hanoi, "2026-11-29T08:00+07:00", "2026-11-30T09:00+07:00"},
		{"ogapi-8.delay.next-weekday", route.Delay{Option: route.NextWeekday, Hour: 9}, hanoi, "2026-11-27T08:00+07:00", "2026-11-27T09:00+07:00"},
		{"ogapi-8.delay.next-day", route.Delay{Option: route.NextMonday, Hour: 9}, hanoi, "2026-11-25T21:00+07:00", "2026-11-30T09:00+07:00"},
		{"ogapi-8.delay.next-day", route.Delay{Option: route.NextTuesday, Hour: 9}, hanoi, "2026-11-25T21:00+07:00", "2026-12-01T09:00+07:00"},
		{"ogapi-8.delay.next-day", route.Delay{Option: route.NextWednesday, Hour: 9}, hanoi, "2026-11-25T21:00+07:00", "2026-12-02T09:00+07:00"},
		{"ogapi-8.delay.next-day", route.Delay{Option: route.NextWednesday, Hour: 22}, hanoi, "2026-11-25T21:00+07:00", "2026-11-25T22:00+07:00"},
		{"ogapi-8.delay.next-day", route.Delay{Option: route.NextThursday, Hour: 9}, hanoi, "2026-11-25T21:00+07:00", "2026-11-26T09:00+07:00"},
		{"ogapi-8.delay.next-day", route.Delay{Option: route.NextFriday, Hour: 9}, hanoi, "2026-11-25T21:00+07:00", "2026-11-27T09:00+07:00"},
		{"ogapi-8.delay.next-day", route.Delay{Option: route.NextSaturday, Hour: 9}, hanoi, "2026-11-25T21:00+07:00", "2026-11-28T09:00+07:00"},
		{"ogapi-8.delay.next-day", route.Delay{Option: route.NextSunday, Hour: 9}, hanoi, "2026-11-25T21:00+07:00", "2026-11-29T09:00+07:00"},
		{"ogapi-8.delay.next-day", route.Delay{Option: route.NextSunday, Hour: 9}, hanoi, "2026-11-29T09:01+07:00", "2026-12-06T09:00+07:00"},
		// The clocks of Berlin go from 02:00 to 03:00 on 29 March 2026, and back from 03:00 to 02:00 on 25 October.
		{"keng-8.delay.jump", route.Delay{Option: route.NextTime, Hour: 2, Minute: 30}, "Europe/Berlin", "2026-03-28T12:00+01:00", "2026-03-29T03:00+02:00"},
		{"keng-8.delay.jump", route.Delay{Option: route.NextTime, Hour: 2}, "Europe/Berlin", "2026-03-28T12:00+01:00", "2026-03-29T03:00+02:00"},
		{"keng-8.delay.jump", route.Delay{Option: route.NextTime, Hour: 3}, "Europe/Berlin", "2026-03-28T12:00+01:00", "2026-03-29T03:00+02:00"},
		{"keng-8.delay.jump", route.Delay{Option: route.NextTime, Hour: 1, Minute: 59}, "Europe/Berlin", "2026-03-28T12:00+01:00", "2026-03-29T01:59+01:00"},
		{"keng-8.delay.jump", route.Delay{Option: route.NextTime, Hour: 2, Minute: 30}, "Europe/Berlin", "2026-03-29T03:01+02:00", "2026-03-30T02:30+02:00"},
		{"keng-8.delay.jump", route.Delay{Option: route.NextTime, Hour: 1, Minute: 0}, "Europe/Berlin", "2026-03-29T01:30+01:00", "2026-03-30T01:00+02:00"},
		{"keng-8.delay.jump", route.Delay{Option: route.NextSunday, Hour: 9}, "Europe/Berlin", "2026-03-28T12:00+01:00", "2026-03-29T09:00+02:00"},
		{"keng-8.delay.twice", route.Delay{Option: route.NextTime, Hour: 2, Minute: 30}, "Europe/Berlin", "2026-10-24T12:00+02:00", "2026-10-25T02:30+02:00"},
		{"keng-8.delay.twice", route.Delay{Option: route.NextTime, Hour: 2, Minute: 30}, "Europe/Berlin", "2026-10-25T02:31+02:00", "2026-10-25T02:30+01:00"},
		{"keng-8.delay.twice", route.Delay{Option: route.NextTime, Hour: 2, Minute: 30}, "Europe/Berlin", "2026-10-25T02:31+01:00", "2026-10-26T02:30+01:00"},
		{"keng-8.delay.twice", route.Delay{Option: route.NextTime, Hour: 3}, "Europe/Berlin", "2026-10-25T02:10+02:00", "2026-10-25T03:00+01:00"},
		{"keng-8.delay.twice", route.Delay{Option: route.NextTime, Hour: 9}, "Europe/Berlin", "2026-10-24T12:00+02:00", "2026-10-25T09:00+01:00"},
		// Samoa had no 30 December 2011: after the 29th came the 31st.
		{"keng-8.delay.no-such-day", route.Delay{Option: route.NextFriday, Hour: 9}, "Pacific/Apia", "2011-12-29T20:00-10:00", "2011-12-31T00:00+14:00"},
		{"keng-8.delay.no-such-day", route.Delay{Option: route.NextTime, Hour: 9}, "Pacific/Apia", "2011-12-29T08:00-10:00", "2011-12-29T09:00-10:00"},
		{"keng-8.delay.no-such-day", route.Delay{Option: route.NextSaturday, Hour: 9}, "Pacific/Apia", "2011-12-29T20:00-10:00", "2011-12-31T09:00+14:00"},
		// The clocks of Lord Howe move by half an hour.
		{"keng-8.delay.jump", route.Delay{Option: route.NextTime, Hour: 2, Minute: 15}, "Australia/Lord_Howe", "2026-10-03T12:00+10:30", "2026-10-04T02:30+11:00"},
		{"keng-8.delay.twice", route.Delay{Option: route.NextTime, Hour: 1, Minute: 45}, "Australia/Lord_Howe", "2026-04-05T01:50+11:00", "2026-04-05T01:45+10:30"},
		// Those of Havana jump over midnight, from 00:00 to 01:00.
		{"keng-8.delay.jump", route.Delay{Option: route.NextTime}, "America/Havana", "2026-03-07T12:00-05:00", "2026-03-08T01:00-04:00"},
		{"keng-8.delay.jump", route.Delay{Option: route.NextSunday, Minute: 30}, "America/Havana", "2026-03-07T12:00-05:00", "2026-03-08T01:00-04:00"},
	} {
		got := c.d.Until(at(t, c.began), zone(t, c.zone))
		if !got.Equal(at(t, c.want)) {
			t.Errorf("%s: %v at %02d:%02d in %s, from %s: %s, want %s", c.rule, c.d.Option, c.d.Hour, c.d.Minute, c.zone, c.began, got.In(zone(t, c.zone)), c.want)
		}
	}
}

// Zones in which delays are tried against a walk through time, minute by minute.
func oddZones() []string {
	return []string{"Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Havana", "America/St_Johns", "Africa/Casablanca", "Africa/Cairo", "Asia/Tehran", "Asia/Gaza",
		"Asia/Ho_Chi_Minh", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia", "Antarctica/Troll", "America/Nuuk", "UTC"}
}

// walk finds when a delay ends by looking at the clock of every minute.
func walk(d *route.Delay, began time.Time, zone *time.Location) time.Time {
	included := func(day time.Weekday) bool {
		switch d.Option {
		case route.NextTime:
			return true
		case route.NextWeekday:
			return day != time.Saturday && day != time.Sunday
		}
		return day == time.Weekday((int(d.Option)-3)%7)
	}
	face := func(t time.Time) time.Time {
		local := t.In(zone)
		return time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
	}
	for t := began; ; t = t.Add(time.Minute) {
		before, shown := face(t.Add(-time.Minute)), face(t)
		if shown.Hour() == d.Hour && shown.Minute() == d.Minute && included(shown.Weekday()) {
			return t
		}
		for skipped := before.Add(time.Minute); skipped.Before(shown); skipped = skipped.Add(time.Minute) {
			if skipped.Hour() == d.Hour && skipped.Minute() == d.Minute && included(skipped.Weekday()) {
				return t
			}
		}
	}
}

// A delay ends when a walk through time says so, whatever the zone and the day.
func TestDelaysAsAWalkThroughTime(t *testing.T) {
	random := newRandom(11)
	for n := range 400 {
		name := oddZones()[random.IntN(len(oddZones()))]
		z := zone(t, name)
		// Half of them around a change of clocks.
		began := time.Date(2026, 1, 1, 0, random.IntN(365*24*60), 0, 0, time.UTC)
		if _, end := began.In(z).ZoneBounds(); n%2 == 0 && !end.IsZero() {
			began = end.Add(time.Duration(random.IntN(2*24*60)-24*60) * time.Minute).UTC().Truncate(time.Minute)
		}
		d := route.Delay{Option: route.DelayOption(2 + random.IntN(9)), Hour: random.IntN(24), Minute: random.IntN(60)}
		if n%4 == 0 {
			d.Hour = random.IntN(4) // where clocks move
		}
		got, want := d.Until(began, z), walk(&d, began, z)
		if !got.Equal(want) {
			t.Errorf("keng-8.delay.first-moment: %v at %02d:%02d in %s from %s: %s, want %s", d.Option, d.Hour, d.Minute, name, began.In(z), got.In(z), want.In(z))
		}
		if got.Before(began) {
			t.Errorf("keng-8.delay.first-moment: ends before it begins")
		}
	}
}

// The words of the API for the options, there and back.
func TestDelayOptionWords(t *testing.T) {
	for o := route.DelayOption(0); o < 20; o++ {
		word := o.String()
		if known := o >= route.ForDuration && o <= route.NextSunday; known != (word != "") {
			t.Errorf("ogapi-8.delay.words: %d is %q", o, word)
		}
		if back, ok := route.ParseDelayOption(word); ok != (word != "") || ok && back != o {
			t.Errorf("ogapi-8.delay.words: %q is read as %d", word, back)
		}
	}
	for word, o := range map[string]route.DelayOption{"for-duration": 1, "next-time": 2, "next-weekday": 3, "next-monday": 4, "next-sunday": 10} {
		if back, ok := route.ParseDelayOption(word); !ok || back != o {
			t.Errorf("ogapi-8.delay.words: %q is read as %d", word, back)
		}
	}
}
