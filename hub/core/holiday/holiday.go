// Package holiday knows days that are not as their weekday says: public holidays, and the
// days on which people work for a holiday that was moved.
//
// A schedule's restrictions ask [Days], which somebody built with [Merge] from lists of
// [Day]: the built-in one of [Vietnam], a file that was imported, what a user typed. Of
// two lists that speak of one date the later one is right, so that a user's list put last
// corrects the built-in one, which is a proposal and no more. A holiday on which people
// work after all is a Day that Works, with its own weekday for As.
//
// Everything here is a calculation: no clock is read, no zone looked up, and everything
// may be used by several goroutines at once. A [Date] is a day on a wall calendar; which
// one a moment is in, the caller's zone says (see [On]). The calendar is reckoned in
// floating point, of which processors may round the last digit differently; no month
// begins so near to a midnight that the thousandth of a second matters, so that all
// machines agree.
//
// # The lunar calendar
//
// [Date.Lunar] and [Lunar.Date] convert between the Gregorian and the Vietnamese
// lunisolar calendar in the years 1900 to 2199. Its rules: a month begins on the day of
// the new moon; the winter solstice is in month 11; if thirteen months lie between two
// months 11, the first in which the sun reaches no multiple of 30 degrees (no major term,
// trung khí) is a leap month. Days are those of UTC+7. China reckons by UTC+8, so that
// about one year in twenty-three Tết is on another day there (1985 by a month).
//
// UTC+7 is taken for all years. The North reckons so since 1968 (decision 121/CP of 8
// August 1967), the South since 1975; before, calendars printed in Hà Nội, Huế and Sài Gòn
// followed Beijing or other meridians, so that a date of those years may be another here
// than on paper of its time.
//
// The new moon and the sun are calculated to within 20 and 40 seconds. All 3711 months
// were compared with the full theories (VSOP87, ELP/MPP02): one began on the wrong day,
// and is put right by hand. Beyond 2030 the turning of the Earth is less certain than that
// (see clockLag): ten new moons from 2050 on are within two minutes of a midnight in
// Vietnam, and may yet turn out to be on the other day. The table of Hồ Ngọc Đức, which most
// printed and programmed calendars follow, has the same months from 1968 to 2199 but one,
// the fourth of 2054, which begins 22 seconds after a midnight here and a day earlier there.
//
// # The holidays of Vietnam
//
// [Vietnam] lists the days off of the Labour Code of 2019 (45/2019/QH14), article 112, for
// those who do not work on Saturday and Sunday:
//
//   - 1 January;
//   - Tết, five days. Each year the government says how many of them come before the new
//     year, 1 or 2 (an employer of its own may take 1 to 3). Years known to have 2: 2020,
//     2021, 2023, 2024, 2025. All others are taken to have 1: the last day of the old year
//     and the first four of the new;
//   - the Hùng Kings' day, the 10th of the third lunar month;
//   - 30 April and 1 May;
//   - 2 September, and since 2021 one day beside it, which the government names each year:
//     here 3 September if the 2nd is a Sunday, Monday or Thursday, else 1 September, which
//     makes the longest run and is what was decided in every year from 2021 to 2026.
//
// A holiday on a Saturday or Sunday is made good on the next working day (article 111,
// paragraph 3). Beyond the law, the government may make a working day between holidays
// free and have it worked on a Saturday; those known are listed, for 2019 to 2026. They
// bind the public service, and most others follow. Decisions for 2027 and later years were
// not known when this was written: those years have none, and take the rules above. Years
// before 2019 were not looked up and have no days.
//
// Vietnam's Culture Day, 24 November, is not listed: the Politburo chose it as a paid day
// off in January 2026 (resolution 80-NQ/TW), but article 112 was not seen to have been
// changed. Where it is one, add it.
package holiday

import (
	"maps"
	"slices"
	"time"
)

// Date is a day of the Gregorian calendar, wherever. Not every value is one: see
// [Date.Valid].
type Date struct {
	Year  int        `cbor:"1,keyasint"`
	Month time.Month `cbor:"2,keyasint"`
	Day   int        `cbor:"3,keyasint"`
}

// On returns the date of a moment, read off the wall of the moment's zone.
func On(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// Day is a day that is not as its weekday says.
type Day struct {
	Date       Date   `cbor:"1,keyasint"`
	English    string `cbor:"2,keyasint,omitempty"`
	Vietnamese string `cbor:"3,keyasint,omitempty"`
	// Works says that it is no holiday but a make-up day, on which people work as on
	// the weekday As.
	Works bool         `cbor:"4,keyasint,omitempty"`
	As    time.Weekday `cbor:"5,keyasint,omitempty"`
}

// Days are such days by their dates. It is not changed once it is in use.
type Days map[Date]Day

// Holiday reports whether a date is a holiday.
func (d Days) Holiday(on Date) bool {
	day, ok := d[on]
	return ok && !day.Works
}

// Weekday returns the weekday that counts on a date.
func (d Days) Weekday(on Date) time.Weekday {
	if day, ok := d[on]; ok && day.Works {
		return day.As
	}
	return on.Weekday()
}

// Merge puts lists together. Of several Days on one date the last one stays.
func Merge(lists ...[]Day) Days {
	days := Days{}
	for _, list := range lists {
		for _, day := range list {
			days[day.Date] = day
		}
	}
	return days
}

// Between returns the days from one date to another, both included, in order of their
// dates.
func (d Days) Between(from, to Date) []Day {
	return inOrder(slices.DeleteFunc(slices.Collect(maps.Values(d)), func(day Day) bool {
		return day.Date.Compare(from) < 0 || day.Date.Compare(to) > 0
	}))
}

// inOrder sorts days by their dates, which all differ.
func inOrder(days []Day) []Day {
	slices.SortFunc(days, func(a, b Day) int { return a.Date.Compare(b.Date) })
	return days
}
