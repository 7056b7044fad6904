package holiday

import (
	"fmt"
	"time"
)

// firstDecided is the first year that [Vietnam] knows: from here on the government's
// decisions were looked up.
const firstDecided = 2019

// Vietnam returns the public holidays of a year in Vietnam, the days off that make good
// for holidays on a weekend, the working days made free by the government, and the
// Saturdays on which they are worked, in order of their dates, all in that year. It knows
// the years 2019 to [LastYear] and returns nothing for others. The package comment says
// what it takes from the law and what it assumes.
func Vietnam(year int) []Day {
	if year < firstDecided || year > LastYear {
		return nil
	}
	holidays := inOrder(statutory(year))
	days := Merge(holidays, swapped())
	for _, day := range holidays {
		if weekend(day.Date) {
			days.compensate(day)
		}
	}
	return days.Between(Date{year, time.January, 1}, Date{year, time.December, 31})
}

// statutory returns the holidays of article 112, on whatever weekday they fall.
func statutory(year int) []Day {
	hung, _ := Lunar{Year: year, Month: 3, Day: 10}.Date() // each of our years has that day
	days := []Day{
		{Date: Date{year, time.January, 1}, English: "New Year's Day", Vietnamese: "Tết Dương lịch"},
		{Date: hung, English: "Hùng Kings' Commemoration Day", Vietnamese: "Ngày Giỗ Tổ Hùng Vương"},
		{Date: Date{year, time.April, 30}, English: "Reunification Day", Vietnamese: "Ngày Chiến thắng"},
		{Date: Date{year, time.May, 1}, English: "International Labour Day", Vietnamese: "Ngày Quốc tế Lao động"},
		{Date: Date{year, time.September, 2}, English: "National Day", Vietnamese: "Quốc khánh"},
	}
	if year >= 2021 { // by the Labour Code of 2019; that of 2012 gave one day
		days = append(days, Day{Date: besideNationalDay(year), English: "National Day holiday", Vietnamese: "Nghỉ lễ Quốc khánh"})
	}
	return append(days, tetDays(year)...)
}

// tetDays returns the five days of Tết.
func tetDays(year int) []Day {
	tet, before := Tet(year), daysBeforeTet(year)
	eve, _ := tet.AddDays(-1).Lunar() // each of our years has one, on the 29th or 30th
	var days []Day
	for i := -before; i < 5-before; i++ {
		day := Day{Date: tet.AddDays(i)}
		switch {
		case i < 0:
			day.English = [...]string{"Lunar New Year's Eve", "Day before Lunar New Year's Eve"}[-i-1]
			day.Vietnamese = fmt.Sprintf("%d Tết", eve.Day+1+i)
		default:
			day.English = [...]string{
				"Lunar New Year's Day", "Lunar New Year, second day", "Lunar New Year, third day", "Lunar New Year, fourth day",
			}[i]
			day.Vietnamese = fmt.Sprintf("Mùng %d Tết", i+1)
		}
		days = append(days, day)
	}
	return days
}

// daysBeforeTet returns how many of the five days are before the new year, 1 or 2. Decided
// are (by the government's announcements): 2019 1, 2020 2, 2021 2, 2022 1, 2023 2, 2024 2,
// 2025 2, 2026 1.
func daysBeforeTet(year int) int {
	switch year {
	case 2020, 2021, 2023, 2024, 2025:
		return 2
	}
	return 1
}

// besideNationalDay returns the second day off for 2 September, by the rule in the package
// comment. Decided are: 2021 the 3rd, 2022 the 1st, 2023 the 1st, 2024 the 3rd, 2025 the 1st,
// 2026 the 1st.
func besideNationalDay(year int) Date {
	second := Date{year, time.September, 2}
	switch second.Weekday() {
	case time.Sunday, time.Monday, time.Thursday:
		return second.AddDays(1)
	}
	return second.AddDays(-1)
}

// swapped returns the decisions of the government that are known: working days made free,
// and the Saturdays on which they are worked. There were none for 2020 to 2023.
func swapped() []Day {
	var days []Day
	for _, s := range [...]struct{ off, work Date }{
		// Government Office, dispatch 6519/VPCP-KGVX of 2018.
		{off: Date{2018, time.December, 31}, work: Date{2019, time.January, 5}},
		{off: Date{2019, time.April, 29}, work: Date{2019, time.May, 4}},
		// Government Office, dispatch 2450/VPCP-KGVX of 2024.
		{off: Date{2024, time.April, 29}, work: Date{2024, time.May, 4}},
		// Ministry of Labour, announcement of 3 December 2024; Việt Nam News, 4 March 2025.
		{off: Date{2025, time.May, 2}, work: Date{2025, time.April, 26}},
		// Government, letter of 25 December 2025; Việt Nam News of that day.
		{off: Date{2026, time.January, 2}, work: Date{2026, time.January, 10}},
		// Ministry of Home Affairs, announcement of October 2025; Việt Nam News, 17 October 2025.
		{off: Date{2026, time.August, 31}, work: Date{2026, time.August, 22}},
	} {
		days = append(days, Day{
			Date:       s.off,
			English:    "Day off, worked on " + s.work.String(),
			Vietnamese: "Nghỉ hoán đổi, làm bù ngày " + inVietnamese(s.work),
		}, Day{
			Date:       s.work,
			English:    "Working day for " + s.off.String(),
			Vietnamese: "Làm bù cho ngày " + inVietnamese(s.off),
			Works:      true,
			As:         s.off.Weekday(),
		})
	}
	return days
}

// compensate makes the next working day free for a holiday on a weekend.
func (d Days) compensate(holiday Day) {
	next := holiday.Date.AddDays(1)
	for weekend(next) || d.Holiday(next) {
		next = next.AddDays(1)
	}
	d[next] = Day{
		Date:       next,
		English:    holiday.English + " (compensatory day off)",
		Vietnamese: holiday.Vietnamese + " (nghỉ bù)",
	}
}

func weekend(on Date) bool {
	return on.Weekday() == time.Saturday || on.Weekday() == time.Sunday
}

// inVietnamese writes a date as in Vietnam: 17/02/2026.
func inVietnamese(d Date) string { return fmt.Sprintf("%02d/%02d/%04d", d.Day, int(d.Month), d.Year) }
