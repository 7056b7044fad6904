package route_test

import (
	"slices"
	"testing"
	"time"

	"keng/hub/core/route"
)

// Walks over a week of delays: those of a day are every seventh, weekdays are five, and one
// that begins where another ends, ends there, too.
func TestDelaysOfAWeek(t *testing.T) {
	for _, name := range oddZones() {
		z := zone(t, name)
		for day := range 7 {
			began := time.Date(2026, 5, 4+day, 12, 0, 0, 0, time.UTC)
			var ends []time.Time
			for o := route.NextMonday; o <= route.NextSunday; o++ {
				d := route.Delay{Option: o, Hour: 9, Minute: 30}
				end := d.Until(began, z)
				local := end.In(z)
				if want := time.Weekday((int(o-route.NextMonday) + 1) % 7); local.Weekday() != want || local.Hour() != 9 || local.Minute() != 30 {
					t.Errorf("ogapi-8.delay.next-day: %v in %s from %s ends at %s", o, name, began, local)
				}
				if end.Before(began) || end.Sub(began) > 8*24*time.Hour {
					t.Errorf("keng-8.delay.first-moment: %v in %s from %s ends at %s", o, name, began, local)
				}
				if again := d.Until(end, z); !again.Equal(end) {
					t.Errorf("keng-8.delay.today: %v in %s begun at its end %s ends at %s", o, name, end, again)
				}
				ends = append(ends, end)
			}
			first := slices.MinFunc(ends, time.Time.Compare)
			anyDay, weekday := route.Delay{Option: route.NextTime, Hour: 9, Minute: 30}, route.Delay{Option: route.NextWeekday, Hour: 9, Minute: 30}
			if got := anyDay.Until(began, z); !got.Equal(first) {
				t.Errorf("ogapi-8.delay.next-time: in %s from %s: %s, want the first of all days, %s", name, began, got, first)
			}
			if got := weekday.Until(began, z); !got.Equal(slices.MinFunc(ends[:5], time.Time.Compare)) {
				t.Errorf("ogapi-8.delay.next-weekday: in %s from %s: %s, want the first of Monday to Friday", name, began, got)
			}
		}
	}
}

// A delay never ends earlier for having begun later, and its beginning may be told in any zone.
func TestDelaysAreMonotone(t *testing.T) {
	for seed := range uint64(600) {
		r := asker{newRandom(seed)}
		z := zone(t, r.pick(oddZones()...))
		d := route.Delay{Option: route.DelayOption(1 + r.IntN(10)), For: time.Duration(r.IntN(500)) * time.Minute, Hour: r.IntN(24), Minute: r.IntN(60)}
		began := time.Date(2026, 1, 1, 0, r.IntN(365*24*60), r.IntN(60), 0, time.UTC)
		if _, end := began.In(z).ZoneBounds(); r.IntN(2) == 0 && !end.IsZero() {
			began = end.Add(time.Duration(r.IntN(300)-150) * time.Minute)
		}
		last := d.Until(began, z)
		for range 30 {
			if elsewhere := d.Until(began.In(zone(t, "Pacific/Chatham")), z); !elsewhere.Equal(last) {
				t.Fatalf("ogapi-8.delay.zone: seed %d: told in another zone it ends at %s, not %s", seed, elsewhere, last)
			}
			began = began.Add(time.Duration(r.IntN(90)) * time.Minute)
			next := d.Until(began, z)
			if next.Before(last) || next.Before(began) {
				t.Fatalf("keng-8.delay.first-moment: seed %d: %v: begun at %s it ends at %s, begun before at %s", seed, d, began, next, last)
			}
			if d.Option != route.ForDuration && !began.After(last) && !next.Equal(last) {
				t.Fatalf("keng-8.delay.first-moment: seed %d: %v: begun at %s it ends at %s, though %s is yet to come", seed, d, began, next, last)
			}
			last = next
		}
	}
}
