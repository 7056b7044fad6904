package holiday_test

import (
	"math"
	"testing"
	"time"

	"keng/hub/core/holiday"
)

func TestOnReadsTheWallOfTheZone(t *testing.T) {
	hanoi, newYork := time.FixedZone("ICT", 7*3600), time.FixedZone("EST", -5*3600)
	at := time.Date(2026, time.February, 16, 17, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		at   time.Time
		want string
	}{{at, "2026-02-16"}, {at.In(hanoi), "2026-02-17"}, {at.In(newYork), "2026-02-16"}, {at.Add(-30*time.Minute - 1).In(hanoi), "2026-02-16"}} {
		if got := holiday.On(c.at); got.String() != c.want {
			t.Errorf("%s is on %s, not %s", c.at, got, c.want)
		}
	}
}

func TestDateValid(t *testing.T) {
	for d, want := range map[holiday.Date]bool{
		{Year: 2026, Month: 2, Day: 28}:                           true,
		{Year: 2026, Month: 2, Day: 29}:                           false,
		{Year: 2028, Month: 2, Day: 29}:                           true,
		{Year: 2100, Month: 2, Day: 29}:                           false,
		{Year: 2000, Month: 2, Day: 29}:                           true,
		{Year: 2026, Month: 12, Day: 31}:                          true,
		{Year: 2026, Month: 12, Day: 32}:                          false,
		{Year: 2026, Month: 4, Day: 31}:                           false,
		{Year: 2026, Month: 13, Day: 1}:                           false,
		{Year: 2026, Month: 0, Day: 1}:                            false,
		{Year: 2026, Month: -1, Day: 1}:                           false,
		{Year: 2026, Month: 1, Day: 0}:                            false,
		{Year: 2026, Month: 1, Day: -1}:                           false,
		{}:                                                        false,
		{Year: math.MinInt, Month: math.MaxInt, Day: math.MaxInt}: false,
		{Year: 2026, Month: 1, Day: math.MaxInt}:                  false,
	} {
		if got := d.Valid(); got != want {
			t.Errorf("%s: %v", d, got)
		}
	}
}

func TestDateArithmetic(t *testing.T) {
	for _, c := range []struct {
		from string
		days int
		want string
	}{
		{"2026-12-31", 1, "2027-01-01"}, {"2026-01-01", -1, "2025-12-31"}, {"2028-02-28", 1, "2028-02-29"},
		{"2026-02-28", 1, "2026-03-01"}, {"2026-08-22", 0, "2026-08-22"}, {"2000-01-01", 365243, "3000-01-01"},
	} {
		from, want := date(t, c.from), date(t, c.want)
		if got := from.AddDays(c.days); got != want {
			t.Errorf("%s and %d days is %s, not %s", from, c.days, got, want)
		}
		if got := want.AddDays(-c.days); got != from {
			t.Errorf("%s less %d days is %s, not %s", want, c.days, got, from)
		}
		sign := min(max(c.days, -1), 1)
		if want.Compare(from) != sign || from.Compare(want) != -sign {
			t.Errorf("%s and %s are in the wrong order", from, want)
		}
	}
}

func TestDateCompareLooksAtTheYearFirst(t *testing.T) {
	ordered := []holiday.Date{
		{Year: 2025, Month: 12, Day: 31}, {Year: 2026, Month: 1, Day: 2}, {Year: 2026, Month: 2, Day: 1}, {Year: 2027, Month: 1, Day: 1},
	}
	for i, a := range ordered {
		for j, b := range ordered {
			if want := min(max(i-j, -1), 1); a.Compare(b) != want {
				t.Errorf("%s against %s: %d", a, b, a.Compare(b))
			}
		}
	}
}

// No Days at all say what the wall calendar says.
func TestNoDays(t *testing.T) {
	var none holiday.Days
	tet := date(t, "2026-02-17")
	if none.Holiday(tet) || none.Weekday(tet) != time.Tuesday || len(none.Between(tet, tet)) != 0 {
		t.Error("no days say something")
	}
}

func TestHolidayAndWeekday(t *testing.T) {
	saturday, monday, tet := date(t, "2026-08-22"), date(t, "2026-08-31"), date(t, "2026-02-17")
	days := holiday.Merge([]holiday.Day{
		{Date: saturday, Works: true, As: time.Monday},
		{Date: monday, As: time.Friday}, // As counts only where people work
		{Date: tet},
	})
	for _, c := range []struct {
		on      holiday.Date
		holiday bool
		weekday time.Weekday
	}{
		{saturday, false, time.Monday}, {monday, true, time.Monday}, {tet, true, time.Tuesday},
		{saturday.AddDays(1), false, time.Sunday}, {saturday.AddDays(-1), false, time.Friday},
	} {
		if h, w := days.Holiday(c.on), days.Weekday(c.on); h != c.holiday || w != c.weekday {
			t.Errorf("%s: holiday %v, weekday %s", c.on, h, w)
		}
	}
}

// The later list is right, so that a user's list corrects the built-in one: a holiday of
// its own, and one on which this firm works.
func TestMergeLetsTheLaterListCorrect(t *testing.T) {
	culture, eve := date(t, "2026-11-24"), date(t, "2026-02-16")
	own := []holiday.Day{
		{Date: culture, English: "Culture Day", Vietnamese: "Ngày Văn hóa Việt Nam"},
		{Date: eve, English: "Last working day", Works: true, As: time.Monday},
		{Date: eve, English: "Last working day of the year", Works: true, As: time.Friday},
	}
	built := holiday.Vietnam(2026)
	days := holiday.Merge(built, own)
	if !days.Holiday(culture) || days.Holiday(eve) || days.Weekday(eve) != time.Friday {
		t.Errorf("%+v, %+v", days[culture], days[eve])
	}
	if len(days) != len(built)+1 {
		t.Errorf("%d days of %d and one", len(days), len(built))
	}
	if days = holiday.Merge(own, built); !days.Holiday(eve) {
		t.Errorf("the earlier list won: %+v", days[eve])
	}
	if days = holiday.Merge(); days == nil || len(days) != 0 {
		t.Errorf("nothing merged is %v", days)
	}
}

func TestBetween(t *testing.T) {
	days := holiday.Merge(holiday.Vietnam(2026), holiday.Vietnam(2025))
	for _, c := range []struct {
		from, to string
		want     int
	}{
		{"2025-01-01", "2026-12-31", 13 + 16}, {"2026-04-30", "2026-05-01", 2}, {"2026-05-01", "2026-05-01", 1},
		{"2026-05-02", "2026-08-21", 0}, {"2026-05-01", "2026-04-30", 0}, {"2025-09-02", "2026-01-01", 2},
	} {
		got := days.Between(date(t, c.from), date(t, c.to))
		if len(got) != c.want {
			t.Errorf("from %s to %s are %d days, not %d", c.from, c.to, len(got), c.want)
		}
		for i := 1; i < len(got); i++ {
			if got[i-1].Date.Compare(got[i].Date) >= 0 {
				t.Errorf("%s comes before %s", got[i-1].Date, got[i].Date)
			}
		}
	}
	if len(days) != 29 {
		t.Errorf("Between left %d days", len(days))
	}
}
