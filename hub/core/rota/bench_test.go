package rota_test

import (
	"fmt"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

// usual is a schedule as people have them: by day, by night and at weekends, in a zone whose clocks
// move, with overrides and a holiday that is made up for.
func usual(b *testing.B, start time.Time, overrides int) *rota.Calendar {
	loc := zone(b, "Europe/Berlin")
	days, nights, weekends := weekly(start, "an", "binh", "chi"), daily(start, "chi", "dung", "em"), weekly(start, "an", "dung")
	days.ID, nights.ID, weekends.ID = "days", "nights", "weekends"
	days.Restriction = windows(b, "Mon 08:00 Mon 18:00", "Tue 08:00 Tue 18:00", "Wed 08:00 Wed 18:00", "Thu 08:00 Thu 18:00", "Fri 08:00 Fri 18:00")
	nights.Restriction, weekends.Restriction = hours(18, 8), windows(b, "Sat 08:00 Sun 18:00")
	cal := calendar(loc, days, nights, weekends)
	cal.Holidays = tet()
	for i := range overrides {
		cal.Overrides = append(cal.Overrides, override(uint64(i), "vy", start, 400*i, 400*i+30))
	}
	cal.Forwards = []rota.Forward{forward(1, "vy", "an", start, 0, 5000)}
	return cal
}

// BenchmarkOnCall asks ten rotations, of which three have restrictions. It may take 20 µs.
func BenchmarkOnCall(b *testing.B) {
	start := time.Date(2024, 1, 1, 8, 0, 0, 0, time.UTC)
	cal := usual(b, start, 20)
	for i := range 7 {
		r := weekly(start.Add(time.Duration(i)*day), "an", "binh", "chi")
		r.ID = fmt.Sprint(i)
		cal.Schedule.Rotations = append(cal.Schedule.Rotations, r)
	}
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		if on := cal.OnCall(now); len(on) != 8 {
			b.Fatal(on)
		}
	}
}

// BenchmarkTimeline computes a year. It may take 5 ms.
func BenchmarkTimeline(b *testing.B) {
	start := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	cal := usual(b, start, 20)
	b.ReportAllocs()
	for b.Loop() {
		if line := cal.Timeline(start, start.AddDate(1, 0, 0)); len(line.Final) < 600 {
			b.Fatal(len(line.Final))
		}
	}
}

// BenchmarkGaps looks for the gaps and absences of 200 schedules for eight weeks, and for double bookings. It may
// take a second.
func BenchmarkGaps(b *testing.B) {
	start := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	var all []*rota.Calendar
	for i := range 200 {
		cal := usual(b, start.Add(time.Duration(i)*time.Hour), 5)
		cal.Schedule.ID = core.ScheduleID(fmt.Sprint(i))
		all = append(all, cal)
	}
	now := start.AddDate(0, 0, 14)
	away := []rota.Absence{{User: "an", Start: now, End: now.Add(10 * day)}}
	b.ReportAllocs()
	for b.Loop() {
		count := 0
		for _, cal := range all {
			count += len(cal.Troubles(now, now.AddDate(0, 0, 56), away))
		}
		if count < 200*2 {
			b.Fatal(count)
		}
	}
}

// BenchmarkDoubleBookings looks for people whom those schedules have at once.
func BenchmarkDoubleBookings(b *testing.B) {
	start := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	var all []*rota.Calendar
	for i := range 200 {
		cal := usual(b, start, 5)
		for j := range cal.Schedule.Rotations { // few of them are in two schedules
			for k := range cal.Schedule.Rotations[j].Participants {
				p := &cal.Schedule.Rotations[j].Participants[k]
				p.User += core.UserID(fmt.Sprint(i / 2))
			}
		}
		all = append(all, cal)
	}
	for b.Loop() {
		if got := rota.DoubleBookings(all, start, start.AddDate(0, 0, 56)); len(got) == 0 {
			b.Fatal("none")
		}
	}
}
