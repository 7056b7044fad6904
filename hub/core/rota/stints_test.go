package rota_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keng/hub/core/rota"
)

// stints tells stints by the wall: who, when, in which rotations, for whom.
func stints(loc *time.Location, all []rota.Stint) string {
	var told []string
	for _, s := range all {
		edge := func(t time.Time) string {
			if t.IsZero() {
				return "…"
			}
			return t.In(loc).Format("02 15:04")
		}
		told = append(told, fmt.Sprintf("%s %s-%s %s%s", s.User, edge(s.Start), edge(s.End), strings.Join(s.Rotations, "+"), s.For))
	}
	return strings.Join(told, ", ")
}

// Rule keng-7.calendar.stints: a person is on call without a break for as long as one period follows another, in whichever
// rotation and by whatever it comes.
func TestStints(t *testing.T) {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	start := at(t, hanoi, "2026-11-23 08:00")
	first, second := daily(start, "an", "an", "binh", "t:net"), daily(start, "chi", "binh")
	first.ID, second.ID, second.Restriction = "first", "second", hours(8, 18)
	cal := calendar(hanoi, first, second)
	expect(t, "turns that follow one another, two rotations at once, and the edges", stints(hanoi, cal.Stints(start, start.Add(4*day))),
		"an …-25 08:00 first, chi …-23 18:00 second, binh 24 08:00-24 18:00 second, binh 25 08:00-26 18:00 first+second, chi 25 08:00-25 18:00 second")
	cal.Overrides = []rota.Override{override(1, "binh", start, 40, 48)}
	cal.Forwards = []rota.Forward{forward(1, "chi", "an", start, 0, 100)}
	expect(t, "with an override and forwarding", stints(hanoi, cal.Stints(start.Add(-1), start.Add(70*time.Hour))),
		"an 23 08:00-25 00:00 first+second, binh 24 08:00-24 18:00 second, binh 25 00:00-… first+second, an 25 08:00-25 18:00 secondchi")
	cal.Schedule.Disabled = true
	expect(t, "disabled", stints(hanoi, cal.Stints(start, start.Add(day))), "")
}
