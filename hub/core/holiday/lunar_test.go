package holiday_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
)

func date(t testing.TB, text string) holiday.Date {
	t.Helper()
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return holiday.On(at)
}

// Tết from 1968 on as two public tables have it that agree: that of Hồ Ngọc Đức (Âm lịch
// Việt Nam, 2004) and that of the holidays package of the Vacanza team (2026).
func TestTet(t *testing.T) {
	for _, text := range strings.Fields(`
		1968-01-29 1969-02-16 1970-02-06 1971-01-27 1972-02-15 1973-02-03 1974-01-23 1975-02-11
		1976-01-31 1977-02-18 1978-02-07 1979-01-28 1980-02-16 1981-02-05 1982-01-25 1983-02-13
		1984-02-02 1985-01-21 1986-02-09 1987-01-29 1988-02-17 1989-02-06 1990-01-27 1991-02-15
		1992-02-04 1993-01-23 1994-02-10 1995-01-31 1996-02-19 1997-02-07 1998-01-28 1999-02-16
		2000-02-05 2001-01-24 2002-02-12 2003-02-01 2004-01-22 2005-02-09 2006-01-29 2007-02-17
		2008-02-07 2009-01-26 2010-02-14 2011-02-03 2012-01-23 2013-02-10 2014-01-31 2015-02-19
		2016-02-08 2017-01-28 2018-02-16 2019-02-05 2020-01-25 2021-02-12 2022-02-01 2023-01-22
		2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-02 2031-01-23
		2032-02-11 2033-01-31 2034-02-19 2035-02-08 2036-01-28 2037-02-15 2038-02-04 2039-01-24
		2040-02-12 2041-02-01 2042-01-22 2043-02-10 2044-01-30 2045-02-17 2046-02-06 2047-01-26
		2048-02-14 2049-02-02 2050-01-23 2051-02-11 2052-02-01 2053-02-18 2054-02-08
	`) {
		want := date(t, text)
		if got := holiday.Tet(want.Year); got != want {
			t.Errorf("Tết %d is %s, not %s", want.Year, got, want)
		}
		if l, err := want.Lunar(); err != nil || l != (holiday.Lunar{Year: want.Year, Month: 1, Day: 1}) {
			t.Errorf("%s is %s (%v)", want, l, err)
		}
	}
	for _, year := range []int{1899, 2200, 0, -5} {
		if got := holiday.Tet(year); got != (holiday.Date{}) {
			t.Errorf("Tết %d is %s", year, got)
		}
	}
}

// China reckons by Beijing, an hour ahead. These are the years of a century in which Tết
// was or will be on another day than the Chinese new year (the second date).
func TestTetDiffersFromChina(t *testing.T) {
	for ours, china := range map[string]string{
		"1968-01-29": "1968-01-30", "1969-02-16": "1969-02-17", "1985-01-21": "1985-02-20",
		"2007-02-17": "2007-02-18", "2030-02-02": "2030-02-03", "2053-02-18": "2053-02-19",
	} {
		if got := holiday.Tet(date(t, ours).Year); got != date(t, ours) || got.Compare(date(t, china)) >= 0 {
			t.Errorf("Tết is %s, not %s; in China it is %s", got, ours, china)
		}
	}
}

func TestKnownDays(t *testing.T) {
	for _, c := range []struct {
		what       string
		month, day int
		dates      string
	}{
		// 1978 and 2034 are a day before the Chinese festival.
		{"mid-autumn", 8, 15, "1978-09-16 2019-09-13 2020-10-01 2021-09-21 2022-09-10 2023-09-29 2024-09-17 " +
			"2025-10-06 2026-09-25 2027-09-15 2028-10-03 2029-09-22 2030-09-12 2034-09-26"},
		// As the government announced them from 2017 on; 1975, 2009, 2037 and 2038 differ from
		// the Chinese calendar.
		{"the Hùng Kings' day", 3, 10, "1975-04-20 2007-04-26 2009-04-04 2017-04-06 2019-04-14 2020-04-02 2021-04-21 " +
			"2022-04-10 2023-04-29 2024-04-18 2025-04-07 2026-04-26 2037-04-24 2038-04-13"},
		{"the Buddha's birthday", 4, 15, "2019-05-19 2023-06-02 2024-05-22 2025-05-12"},
		{"the kitchen gods' day", 12, 23, "2024-02-02 2025-01-22 2026-02-10"},
	} {
		for _, text := range strings.Fields(c.dates) {
			want := date(t, text)
			l := holiday.Lunar{Year: want.Year, Month: c.month, Day: c.day}
			if c.month == 12 { // the end of a lunar year is in the next year
				l.Year--
			}
			if got, err := l.Date(); err != nil || got != want {
				t.Errorf("%s, %s, is %s (%v), not %s", c.what, l, got, err, want)
			}
			if got, err := want.Lunar(); err != nil || got != l {
				t.Errorf("%s is %s (%v), not %s", want, got, err, l)
			}
		}
	}
}

// The leap months from 1968 on, year and number, from the same tables. 1985 and 1987 were
// other months in China (1984 10, 1987 6); 2033 has the leap month 11 that many computed
// calendars get wrong.
func TestLeapMonths(t *testing.T) {
	want := map[int]int{}
	for _, text := range strings.Fields(`
		1968:7 1971:5 1974:4 1976:8 1979:6 1982:4 1985:2 1987:7 1990:5 1993:3 1995:8 1998:5
		2001:4 2004:2 2006:7 2009:5 2012:4 2014:9 2017:6 2020:4 2023:2 2025:6 2028:5 2031:3
		2033:11 2036:6 2039:5 2042:2 2044:7 2047:5 2050:3 2052:8 2055:6 2058:4
	`) {
		var year, month int
		if _, err := fmt.Sscanf(text, "%d:%d", &year, &month); err != nil {
			t.Fatal(err)
		}
		want[year] = month
	}
	for year := 1968; year <= 2060; year++ {
		for month := 1; month <= 12; month++ {
			d, err := holiday.Lunar{Year: year, Month: month, Day: 1, Leap: true}.Date()
			if (err == nil) != (want[year] == month) {
				t.Errorf("%d, leap month %d: %s, %v", year, month, d, err)
			}
			if err != nil {
				continue
			}
			before, err := d.AddDays(-1).Lunar()
			if err != nil || before.Month != month || before.Leap || before.Day < 29 {
				t.Errorf("the day before the leap month %d of %d is %s (%v)", month, year, before, err)
			}
		}
	}
}

// The five days of 2025 around the beginning of its leap sixth month, both ways.
func TestLeapMonthOf2025(t *testing.T) {
	for text, want := range map[string]string{
		"2025-06-25": "2025-06-01", "2025-07-24": "2025-06-30", "2025-07-25": "2025-06n-01",
		"2025-08-22": "2025-06n-29", "2025-08-23": "2025-07-01",
	} {
		l, err := date(t, text).Lunar()
		if err != nil || l.String() != want {
			t.Errorf("%s is %s (%v), not %s", text, l, err, want)
		}
		if back, err := l.Date(); err != nil || back != date(t, text) {
			t.Errorf("%s is %s (%v), not %s", l, back, err, text)
		}
	}
}

func TestNoSuchLunarDay(t *testing.T) {
	for _, c := range []struct {
		l     holiday.Lunar
		words string
	}{
		{holiday.Lunar{Year: 2026, Month: 0, Day: 1}, "no lunar date"},
		{holiday.Lunar{Year: 2026, Month: 13, Day: 1}, "no lunar date"},
		{holiday.Lunar{Year: 2026, Month: 1, Day: 0}, "no lunar date"},
		{holiday.Lunar{Year: 2026, Month: 1, Day: 31}, "no lunar date"},
		{holiday.Lunar{Year: 2026, Month: 1, Day: -1}, "no lunar date"},
		{holiday.Lunar{Year: 1898, Month: 12, Day: 1}, "no lunar date"},
		{holiday.Lunar{Year: 2200, Month: 1, Day: 1}, "no lunar date"},
		{holiday.Lunar{Year: 2024, Month: 12, Day: 30}, "lunar: 2024-12-30: that month has 29 days"},
		{holiday.Lunar{Year: 2025, Month: 6, Day: 30, Leap: true}, "lunar: 2025-06n-30: that month has 29 days"},
		{holiday.Lunar{Year: 2025, Month: 5, Day: 1, Leap: true}, "no leap month"},
		{holiday.Lunar{Year: 2025, Month: 7, Day: 1, Leap: true}, "no leap month"},
		{holiday.Lunar{Year: 2026, Month: 6, Day: 1, Leap: true}, "no leap month"},
		{holiday.Lunar{Year: 2026, Month: 10, Day: 1, Leap: true}, "no leap month"},
		{holiday.Lunar{Year: 2026, Month: 11, Day: 1, Leap: true}, "no leap month"},
		{holiday.Lunar{Year: 1899, Month: 11, Day: 1}, "from 1900 to 2199"},
		{holiday.Lunar{Year: 2199, Month: 12, Day: 1}, "from 1900 to 2199"},
	} {
		d, err := c.l.Date()
		if err == nil || !strings.Contains(err.Error(), c.words) || core.KindOf(err) != core.Unacceptable || d != (holiday.Date{}) {
			t.Errorf("%s is %s, %v; want %q", c.l, d, err, c.words)
		}
	}
}

func TestNoLunarDate(t *testing.T) {
	for _, d := range []holiday.Date{
		{}, {Year: 2026, Month: 2, Day: 29}, {Year: 2100, Month: 2, Day: 29}, {Year: 2026, Month: 13, Day: 1},
		{Year: 2026, Month: 0, Day: 1}, {Year: 2026, Month: 1, Day: 0}, {Year: 2026, Month: 4, Day: 31},
		{Year: 1899, Month: 12, Day: 31}, {Year: 2200, Month: 1, Day: 1},
	} {
		if l, err := d.Lunar(); core.KindOf(err) != core.Unacceptable || l != (holiday.Lunar{}) {
			t.Errorf("%s is %s, %v", d, l, err)
		}
	}
}

// Every day of the three centuries has one lunar date, which leads back to it; the lunar
// date after it is the next day of the month or the first of the month that may follow.
func TestEveryDay(t *testing.T) {
	for _, from := range []int{1900, 1950, 2000, 2050, 2100, 2150} {
		t.Run(fmt.Sprint(from), func(t *testing.T) {
			t.Parallel()
			d := holiday.Date{Year: from, Month: 1, Day: 1}
			before, err := d.Lunar()
			if err != nil {
				t.Fatal(err)
			}
			for d = d.AddDays(1); d.Year < from+50; d = d.AddDays(1) {
				l, err := d.Lunar()
				if err != nil {
					t.Fatalf("%s: %v", d, err)
				}
				if !follows(before, l) {
					t.Fatalf("%s is %s, the day before %s", d, l, before)
				}
				if back, err := l.Date(); err != nil || back != d {
					t.Fatalf("%s is %s, which is %s (%v)", d, l, back, err)
				}
				before = l
			}
		})
	}
}

// follows says whether a calendar may go on from one day to the other.
func follows(a, b holiday.Lunar) bool {
	same := a.Year == b.Year && a.Month == b.Month && a.Leap == b.Leap
	switch {
	case same:
		return b.Day == a.Day+1 && b.Day <= 30
	case b.Day != 1 || a.Day < 29:
		return false
	case b.Leap:
		return !a.Leap && a.Year == b.Year && a.Month == b.Month
	case b.Month == 1:
		return a.Month == 12 && b.Year == a.Year+1
	}
	return b.Year == a.Year && b.Month == a.Month+1
}

// A year has twelve months and 353 to 355 days, or thirteen, one of them a leap month, and
// 383 to 385 days. Seven of nineteen years are of the second sort.
func TestEveryYear(t *testing.T) {
	long := 0
	for year := holiday.FirstYear; year < holiday.LastYear; year++ {
		months, leaps, days := 0, 0, 0
		for month := 1; month <= 12; month++ {
			for _, leap := range []bool{false, true} {
				l := holiday.Lunar{Year: year, Month: month, Day: 30, Leap: leap}
				_, err30 := l.Date()
				l.Day = 29
				if _, err := l.Date(); err != nil {
					if !leap {
						t.Errorf("%s: %v", l, err)
					}
					continue
				}
				months, days = months+1, days+29
				if err30 == nil {
					days++
				}
				if leap {
					leaps++
				}
			}
		}
		tet, next := holiday.Tet(year), holiday.Tet(year+1)
		if tet.AddDays(days) != next {
			t.Errorf("%d has %d days, but Tết is on %s and %s", year, days, tet, next)
		}
		switch {
		case months == 12 && leaps == 0 && days >= 353 && days <= 355:
		case months == 13 && leaps == 1 && days >= 383 && days <= 385:
			long++
		default:
			t.Errorf("%d has %d months, %d of them leap months, and %d days", year, months, leaps, days)
		}
		if (holiday.Date{Year: year, Month: time.January, Day: 20}).Compare(tet) > 0 ||
			(holiday.Date{Year: year, Month: time.February, Day: 21}).Compare(tet) < 0 {
			t.Errorf("Tết %d is on %s", year, tet)
		}
	}
	if long != 110 { // 299 × 7/19 = 110.2
		t.Errorf("%d years have a leap month", long)
	}
}

func FuzzDateLunar(f *testing.F) {
	f.Add(2026, 2, 17)
	f.Add(1900, 1, 1)
	f.Add(2199, 12, 31)
	f.Add(2026, 2, 30)
	f.Add(-1<<63, 1<<62, 1<<63-1)
	f.Fuzz(func(t *testing.T, year, month, day int) {
		d := holiday.Date{Year: year, Month: time.Month(month), Day: day}
		l, err := d.Lunar()
		if want := d.Valid() && year >= holiday.FirstYear && year <= holiday.LastYear; (err == nil) != want {
			t.Fatalf("%v is %v, %v", d, l, err)
		}
		if err != nil {
			return
		}
		if back, err := l.Date(); err != nil || back != d {
			t.Fatalf("%v is %v, which is %v, %v", d, l, back, err)
		}
	})
}

func FuzzLunarDate(f *testing.F) {
	f.Add(2025, 6, 29, true)
	f.Add(2024, 12, 30, false)
	f.Add(2033, 11, 1, true)
	f.Add(1899, 11, 30, false)
	f.Add(2199, 11, 14, false)
	f.Add(1<<63-1, -1<<63, 1<<62, true)
	f.Fuzz(func(t *testing.T, year, month, day int, leap bool) {
		l := holiday.Lunar{Year: year, Month: month, Day: day, Leap: leap}
		d, err := l.Date()
		if err != nil {
			if core.KindOf(err) != core.Unacceptable || d != (holiday.Date{}) {
				t.Fatalf("%v is %v, %v", l, d, err)
			}
			return
		}
		if back, err := d.Lunar(); err != nil || back != l {
			t.Fatalf("%v is %v, which is %v, %v", l, d, back, err)
		}
	})
}

func BenchmarkDateLunar(b *testing.B) {
	d := holiday.Date{Year: 2026, Month: time.August, Day: 22}
	for b.Loop() {
		if _, err := d.Lunar(); err != nil {
			b.Fatal(err)
		}
	}
}
