package state_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
	"keng/hub/state"
)

// Whatever is planned, replaced and forwarded: who is paged is who the calendar says is on
// call, at any moment.
//
// keng-8.calendar.override keng-8.calendar.forward
func TestThePagerAgreesWithTheCalendar(t *testing.T) {
	for seed := *first; seed < *first+uint64(max(*seeds/2, 1)); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s, dice := newStage(t), rand.New(rand.NewPCG(seed, 6))
			s.machine = s.machine.With(state.Limits{})
			people := []string{"an", "binh", "chi", "dung", "em"}
			for _, name := range people {
				s.act("user " + name + " en voice:" + name)
			}
			s.act("schedule it Asia/Ho_Chi_Minh 2026-11-02T02:00:00Z an binh chi")
			s.act("rotation it Second who=chi,dung,em unit=daily start=2026-11-02T05:00:00Z hours=8-20")
			for step := range 40 {
				from := dice.IntN(20)
				switch span := fmt.Sprintf("%dh..%dh", from, from+1+dice.IntN(30)); dice.IntN(5) {
				case 0:
					s.act("override it who=" + pick(dice, people...) + " at=" + span + pick(dice, "", " rot=Second"))
				case 1, 2:
					s.act("forward " + pick(dice, people...) + " " + pick(dice, people...) + " " + span)
				case 3:
					s.act("takeover it " + pick(dice, people...) + pick(dice, "", " until=3h"))
				}
				s.act(fmt.Sprintf("wait %dh", dice.IntN(8)))
				s.checkPaged(fmt.Sprint("web", step))
			}
		})
	}
}

// checkPaged creates an alert to the schedule and compares who is told with the calendar.
func (s *stage) checkPaged(alias string) {
	s.act("create " + alias + " schedule:it")
	a, _ := state.FindAlert(s.tx, named(alias))
	paged, expected := map[core.UserID]bool{}, map[core.UserID]bool{}
	for d := range state.Deliveries.All(s.tx) {
		if d.Alert == a.ID {
			paged[d.User] = true
		}
	}
	x, _ := state.FindSchedule(s.tx, "it")
	c, err := state.CalendarOf(s.tx, x, time.LoadLocation, s.now, s.now.Add(1))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range c.OnCall(s.now) {
		expected[p.User] = true
	}
	if !maps.Equal(paged, expected) {
		s.t.Fatalf("at %s %v are paged, on call are %v:\n%s", s.now.Sub(s.start), slices.Sorted(maps.Keys(paged)), slices.Sorted(maps.Keys(expected)), s.out.String())
	}
}

// The days of a calendar are the built-in ones, without those taken away, with those added.
//
// keng-8.calendar.holidays
func TestDaysOfAHolidayCalendar(t *testing.T) {
	date := func(y, m, d int) holiday.Date { return holiday.Date{Year: y, Month: time.Month(m), Day: d} }
	h := state.HolidayCalendar{
		BuiltIn: state.VietnamHolidays, Removed: []holiday.Date{date(2026, 9, 2)},
		Added: []holiday.Day{{Date: date(2026, 8, 1), English: "Our day"}, {Date: date(2026, 4, 30), Works: true, As: time.Monday}, {Date: date(2028, 1, 1)}},
	}
	days := h.Days(2026, 2026)
	for on, want := range map[holiday.Date]bool{
		date(2026, 1, 1): true, date(2026, 9, 2): false, date(2026, 8, 1): true, date(2026, 4, 30): false, date(2026, 5, 1): true, date(2025, 1, 1): false, date(2028, 1, 1): false, date(2026, 3, 3): false,
	} {
		if got := days.Holiday(on); got != want {
			t.Errorf("%v is a holiday: %v, want %v", on, got, want)
		}
	}
	if got := days.Weekday(date(2026, 4, 30)); got != time.Monday {
		t.Errorf("the make-up day stands for %s", got)
	}
}

// The built-in holidays of a year are made anew for each page by a schedule that goes by them.
func BenchmarkVietnamHolidaysOfAYear(b *testing.B) {
	h := state.HolidayCalendar{BuiltIn: state.VietnamHolidays}
	for b.Loop() {
		h.Days(2026, 2026)
	}
}
