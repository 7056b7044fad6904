package holiday_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"keng/hub/core/holiday"
)

// lines writes days one a line: the date, its weekday, the Vietnamese name, and for a
// make-up day the weekday that it stands for.
func lines(days []holiday.Day) string {
	var b strings.Builder
	for _, day := range days {
		fmt.Fprintf(&b, "%s %.3s %s", day.Date, day.Date.Weekday(), day.Vietnamese)
		if day.Works {
			fmt.Fprintf(&b, " = %s", day.As)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// The years as the government announced them. 2024: letter of November 2023 on Tết and 2
// September, dispatch 2450/VPCP-KGVX on 29 April. 2025: letter of 26 November 2024 on Tết
// and 2 September, announcement of the ministry of 3 December 2024. 2026: announcement of
// the ministry of October 2025, letter of 25 December 2025 on 2 January.
func TestVietnamAsAnnounced(t *testing.T) {
	for year, want := range map[int]string{
		2024: `
2024-01-01 Mon Tết Dương lịch
2024-02-08 Thu 29 Tết
2024-02-09 Fri 30 Tết
2024-02-10 Sat Mùng 1 Tết
2024-02-11 Sun Mùng 2 Tết
2024-02-12 Mon Mùng 3 Tết
2024-02-13 Tue Mùng 1 Tết (nghỉ bù)
2024-02-14 Wed Mùng 2 Tết (nghỉ bù)
2024-04-18 Thu Ngày Giỗ Tổ Hùng Vương
2024-04-29 Mon Nghỉ hoán đổi, làm bù ngày 04/05/2024
2024-04-30 Tue Ngày Chiến thắng
2024-05-01 Wed Ngày Quốc tế Lao động
2024-05-04 Sat Làm bù cho ngày 29/04/2024 = Monday
2024-09-02 Mon Quốc khánh
2024-09-03 Tue Nghỉ lễ Quốc khánh
`,
		2025: `
2025-01-01 Wed Tết Dương lịch
2025-01-27 Mon 28 Tết
2025-01-28 Tue 29 Tết
2025-01-29 Wed Mùng 1 Tết
2025-01-30 Thu Mùng 2 Tết
2025-01-31 Fri Mùng 3 Tết
2025-04-07 Mon Ngày Giỗ Tổ Hùng Vương
2025-04-26 Sat Làm bù cho ngày 02/05/2025 = Friday
2025-04-30 Wed Ngày Chiến thắng
2025-05-01 Thu Ngày Quốc tế Lao động
2025-05-02 Fri Nghỉ hoán đổi, làm bù ngày 26/04/2025
2025-09-01 Mon Nghỉ lễ Quốc khánh
2025-09-02 Tue Quốc khánh
`,
		2026: `
2026-01-01 Thu Tết Dương lịch
2026-01-02 Fri Nghỉ hoán đổi, làm bù ngày 10/01/2026
2026-01-10 Sat Làm bù cho ngày 02/01/2026 = Friday
2026-02-16 Mon 29 Tết
2026-02-17 Tue Mùng 1 Tết
2026-02-18 Wed Mùng 2 Tết
2026-02-19 Thu Mùng 3 Tết
2026-02-20 Fri Mùng 4 Tết
2026-04-26 Sun Ngày Giỗ Tổ Hùng Vương
2026-04-27 Mon Ngày Giỗ Tổ Hùng Vương (nghỉ bù)
2026-04-30 Thu Ngày Chiến thắng
2026-05-01 Fri Ngày Quốc tế Lao động
2026-08-22 Sat Làm bù cho ngày 31/08/2026 = Monday
2026-08-31 Mon Nghỉ hoán đổi, làm bù ngày 22/08/2026
2026-09-01 Tue Nghỉ lễ Quốc khánh
2026-09-02 Wed Quốc khánh
`,
	} {
		if got := lines(holiday.Vietnam(year)); got != want[1:] {
			t.Errorf("%d is\n%s, not\n%s", year, got, want[1:])
		}
	}
}

// breaks writes the runs of at least three days on which nobody works, "02-08…02-14".
func breaks(year int) string {
	days := holiday.Merge(holiday.Vietnam(year-1), holiday.Vietnam(year), holiday.Vietnam(year+1))
	off := func(d holiday.Date) bool {
		w := days.Weekday(d)
		return days.Holiday(d) || w == time.Saturday || w == time.Sunday
	}
	var runs []string
	for d := (holiday.Date{Year: year, Month: 1, Day: 1}); d.Year == year; d = d.AddDays(1) {
		if !off(d) {
			continue
		}
		from := d
		for off(d.AddDays(1)) {
			d = d.AddDays(1)
		}
		if from.AddDays(2).Compare(d) <= 0 {
			runs = append(runs, from.String()[5:]+"…"+d.String()[5:])
		}
	}
	return strings.Join(runs, " ")
}

// The breaks as the newspapers of each year gave them, in the order of their first days: the
// last of 2022 and 2023 are the new year of the year that follows.
func TestBreaks(t *testing.T) {
	for year, want := range map[int]string{
		2019: "02-02…02-10 04-13…04-15 04-27…05-01 08-31…09-02",
		2020: "01-23…01-29 04-30…05-03",
		2021: "01-01…01-03 02-10…02-16 04-30…05-03 09-02…09-05",
		2022: "01-01…01-03 01-29…02-06 04-09…04-11 04-30…05-03 09-01…09-04 12-31…01-02",
		2023: "01-20…01-26 04-29…05-03 09-01…09-04 12-30…01-01",
		2024: "02-08…02-14 04-27…05-01 08-31…09-03",
		2025: "01-25…02-02 04-05…04-07 04-30…05-04 08-30…09-02",
		2026: "01-01…01-04 02-14…02-22 04-25…04-27 04-30…05-03 08-29…09-02",
	} {
		if got := breaks(year); got != want {
			t.Errorf("the breaks of %d are %s, not %s", year, got, want)
		}
	}
}

// A holiday on a weekend is made good on the next day that is neither weekend nor holiday.
func TestCompensatoryDays(t *testing.T) {
	for text, want := range map[string]string{
		"2022-01-03": "Tết Dương lịch (nghỉ bù)",         // from Saturday
		"2023-01-02": "Tết Dương lịch (nghỉ bù)",         // from Sunday
		"2023-01-25": "30 Tết (nghỉ bù)",                 // from Saturday, behind three more days of Tết
		"2023-01-26": "Mùng 1 Tết (nghỉ bù)",             // from Sunday, behind that
		"2022-05-02": "Ngày Chiến thắng (nghỉ bù)",       // two holidays on one weekend
		"2022-05-03": "Ngày Quốc tế Lao động (nghỉ bù)",  // and the second of them
		"2023-05-02": "Ngày Giỗ Tổ Hùng Vương (nghỉ bù)", // behind 1 May, a Monday
		"2023-05-03": "Ngày Chiến thắng (nghỉ bù)",
		"2023-09-04": "Quốc khánh (nghỉ bù)",
		"2028-01-03": "Tết Dương lịch (nghỉ bù)",
		"2029-09-04": "Quốc khánh (nghỉ bù)", // from Sunday the 2nd, behind the 3rd
	} {
		d := date(t, text)
		day := holiday.Merge(holiday.Vietnam(d.Year))[d]
		if day.Vietnamese != want || day.Works {
			t.Errorf("%s is %+v, not %s", d, day, want)
		}
	}
	// The days before and after have no second one.
	days := holiday.Merge(holiday.Vietnam(2023))
	for _, text := range []string{"2023-01-03", "2023-01-19", "2023-01-27", "2023-05-04", "2023-08-31", "2023-09-05"} {
		if day, ok := days[date(t, text)]; ok {
			t.Errorf("%s is %+v", text, day)
		}
	}
}

// On a make-up Saturday people work as on the weekday that was made free.
func TestMakeUpDays(t *testing.T) {
	for work, off := range map[string]string{
		"2019-01-05": "2018-12-31", "2019-05-04": "2019-04-29", "2024-05-04": "2024-04-29",
		"2025-04-26": "2025-05-02", "2026-01-10": "2026-01-02", "2026-08-22": "2026-08-31",
	} {
		w, o := date(t, work), date(t, off)
		days := holiday.Merge(holiday.Vietnam(w.Year))
		if !days[w].Works || days.Holiday(w) || days.Weekday(w) != o.Weekday() || w.Weekday() != time.Saturday {
			t.Errorf("%s is %+v, a %s", w, days[w], days.Weekday(w))
		}
		if want := o.Year == w.Year; days.Holiday(o) != want { // 2018 is not known
			t.Errorf("%s is %+v", o, days[o])
		}
	}
	for year := 2019; year <= holiday.LastYear; year++ {
		for _, day := range holiday.Vietnam(year) {
			if day.Works && (year >= 2020 && year <= 2023 || year > 2026) {
				t.Errorf("nobody decided on %+v", day)
			}
		}
	}
}

// The second day of 2 September by the weekday of the 2nd; the years with an announcement
// are in the comment.
func TestDayBesideNationalDay(t *testing.T) {
	for year, want := range map[int]string{
		2029: "2029-09-03", // Sunday
		2024: "2024-09-03", // Monday; announced
		2025: "2025-09-01", // Tuesday; announced
		2026: "2026-09-01", // Wednesday; announced
		2021: "2021-09-03", // Thursday; announced
		2022: "2022-09-01", // Friday; announced
		2023: "2023-09-01", // Saturday; announced
	} {
		if day := holiday.Merge(holiday.Vietnam(year))[date(t, want)]; day.English != "National Day holiday" {
			t.Errorf("%s is %+v", want, day)
		}
	}
	for _, year := range []int{2019, 2020} { // the Labour Code of 2012
		for _, day := range holiday.Vietnam(year) {
			if day.English == "National Day holiday" {
				t.Errorf("%d has %+v", year, day)
			}
		}
	}
}

// Whatever the year, the law gives eleven days (before 2021 ten), each of them a working
// day lost or made good, all of them on their own dates.
func TestEveryYearOfVietnam(t *testing.T) {
	for year := 2019; year <= holiday.LastYear; year++ {
		statutory, weekends, compensatory, moved, worked := 0, 0, 0, 0, 0
		before := holiday.Date{Year: year - 1, Month: 12, Day: 31}
		for _, day := range holiday.Vietnam(year) {
			if day.Date.Compare(before) <= 0 || day.Date.Year != year || !day.Date.Valid() {
				t.Errorf("%s comes after %s", day.Date, before)
			}
			before = day.Date
			weekend := day.Date.Weekday() == time.Saturday || day.Date.Weekday() == time.Sunday
			switch {
			case day.Works:
				worked++
			case strings.HasSuffix(day.English, "(compensatory day off)"):
				compensatory++
			case strings.HasPrefix(day.English, "Day off, worked on"):
				moved++
			default:
				statutory++
				if weekend {
					weekends++
				}
				continue
			}
			if weekend != day.Works {
				t.Errorf("%s, a %s, is %s", day.Date, day.Date.Weekday(), day.English)
			}
		}
		want := 11
		if year < 2021 {
			want = 10
		}
		if statutory != want || compensatory != weekends || (moved != worked && year != 2019) {
			t.Errorf("%d: %d holidays, %d on weekends and %d made good, %d days moved and %d worked for them",
				year, statutory, weekends, compensatory, moved, worked)
		}
	}
}

// Names are for people: both are there, and Vietnamese letters are whole characters, not
// letters with loose marks, which searches and small screens stumble over.
func TestNames(t *testing.T) {
	for year := 2019; year <= 2035; year++ {
		for _, day := range holiday.Vietnam(year) {
			if day.English == "" || day.Vietnamese == "" || strings.IndexFunc(day.English+day.Vietnamese, unicode.IsControl) >= 0 {
				t.Errorf("%s: %q, %q", day.Date, day.English, day.Vietnamese)
			}
			if strings.IndexFunc(day.English+day.Vietnamese, func(r rune) bool { return unicode.Is(unicode.Mn, r) }) >= 0 {
				t.Errorf("%s: a loose mark in %q or %q", day.Date, day.English, day.Vietnamese)
			}
		}
	}
	var english []string
	for _, day := range holiday.Vietnam(2026) {
		english = append(english, day.English)
	}
	const want = "New Year's Day|Day off, worked on 2026-01-10|Working day for 2026-01-02|Lunar New Year's Eve|" +
		"Lunar New Year's Day|Lunar New Year, second day|Lunar New Year, third day|Lunar New Year, fourth day|" +
		"Hùng Kings' Commemoration Day|Hùng Kings' Commemoration Day (compensatory day off)|Reunification Day|" +
		"International Labour Day|Working day for 2026-08-31|Day off, worked on 2026-08-22|National Day holiday|National Day"
	if got := strings.Join(english, "|"); got != want {
		t.Errorf("2026 reads %s", got)
	}
}

func TestVietnamKnowsItsYears(t *testing.T) {
	for _, year := range []int{-1, 0, 1900, 2018, 2200, 1 << 40} {
		if days := holiday.Vietnam(year); days != nil {
			t.Errorf("%d has %v", year, days)
		}
	}
	if days := holiday.Vietnam(holiday.LastYear); len(days) < 11 {
		t.Errorf("%d has %v", holiday.LastYear, days)
	}
}

// A caller may change what it got without changing what others get.
func TestVietnamIsMadeAnew(t *testing.T) {
	days := holiday.Vietnam(2026)
	days[0] = holiday.Day{}
	if again := holiday.Vietnam(2026); again[0].English != "New Year's Day" {
		t.Errorf("2026 begins with %+v", again[0])
	}
}

func BenchmarkVietnam(b *testing.B) {
	for b.Loop() {
		if len(holiday.Vietnam(2026)) != 16 {
			b.Fatal("2026 has 16 days")
		}
	}
}
