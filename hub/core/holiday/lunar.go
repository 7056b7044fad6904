package holiday

import (
	"fmt"
	"time"

	"keng/hub/core"
)

// The years of the Gregorian calendar in which days have a lunar date here.
const (
	FirstYear = 1900
	LastYear  = 2199
)

// Lunar is a day of the Vietnamese lunisolar calendar (âm lịch): its year by the
// Gregorian year in which it begins, month 1 to 12, day 1 to 30. A year of thirteen months
// has one leap month (tháng nhuận), which bears the number of the month before it.
type Lunar struct {
	Year, Month, Day int
	Leap             bool
}

// String writes the day as in Vietnam, with the month before the day: "2025-6n-01" is the
// first day of the leap sixth month.
func (l Lunar) String() string {
	leap := ""
	if l.Leap {
		leap = "n"
	}
	return fmt.Sprintf("%04d-%02d%s-%02d", l.Year, l.Month, leap, l.Day)
}

// Lunar returns the lunar date of a date. It is an error, [core.Unacceptable], if the date
// does not exist or is not in the years [FirstYear] to [LastYear].
func (d Date) Lunar() (Lunar, error) {
	if err := d.check(); err != nil {
		return Lunar{}, err
	}
	day := d.dayNumber()
	k, on := newMoonBefore(day)
	year := d.Year
	if k < month11(year) {
		year--
	}
	c := cycleOf(year)
	l := c.month(k - c.first)
	l.Day = day - on + 1
	return l, nil
}

// Date returns the date of a lunar date, so that l.Date().Lunar() is l again. It is an
// error, [core.Unacceptable], if the year has no such month, the month has no such day, or
// the date would not be in the years [FirstYear] to [LastYear].
func (l Lunar) Date() (Date, error) {
	if l.Year < FirstYear-1 || l.Year > LastYear || l.Month < 1 || l.Month > 12 || l.Day < 1 || l.Day > 30 {
		return Date{}, core.Invalid("lunar", fmt.Sprintf("%s is no lunar date of the years %d to %d", l, FirstYear, LastYear))
	}
	year := l.Year - 1
	if l.Month >= 11 {
		year = l.Year
	}
	c := cycleOf(year)
	k := c.first + (l.Month+1)%12
	switch {
	case l.Leap && c.first+c.leap != k+1:
		return Date{}, core.Invalid("lunar", fmt.Sprintf("%s: month %d of that year has no leap month", l, l.Month))
	case l.Leap, c.leap > 0 && k >= c.first+c.leap:
		k++
	}
	day := newMoonDay(k) + l.Day - 1
	if l.Day == 30 && day == newMoonDay(k+1) {
		return Date{}, core.Invalid("lunar", fmt.Sprintf("%s: that month has 29 days", l))
	}
	d := dateOf(day)
	if err := d.check(); err != nil {
		return Date{}, err
	}
	return d, nil
}

// Tet returns the first day of a lunar year, which is in January or February of that
// Gregorian year; the zero Date if the year is not from [FirstYear] to [LastYear].
func Tet(year int) Date {
	d, err := Lunar{Year: year, Month: 1, Day: 1}.Date()
	if err != nil {
		return Date{}
	}
	return d
}

// check says whether the date exists and has a lunar date here.
func (d Date) check() error {
	if d.Year < FirstYear || d.Year > LastYear {
		return core.Invalid("date", fmt.Sprintf("year %d: must be from %d to %d", d.Year, FirstYear, LastYear))
	}
	if !d.Valid() {
		return core.Invalid("date", fmt.Sprintf("%s does not exist", d))
	}
	return nil
}

// cycle is the run of months from one month 11 to the one before the next. Month 11 is the
// month in which the winter solstice falls; that is what ties the moon to the seasons.
type cycle struct {
	year  int // of the solstice with which it begins
	first int // new moon of its month 11
	leap  int // which month, counted from month 11, is the leap month; 0: none
}

// cycleOf returns the cycle that begins with the winter solstice of a Gregorian year.
func cycleOf(year int) cycle {
	c := cycle{year: year, first: month11(year)}
	if month11(year+1)-c.first == 12 {
		return c
	}
	// Thirteen months have twelve major terms: the first month in which the sun enters no
	// new sector is the leap month.
	before := sector(newMoonDay(c.first + 1))
	for c.leap = 1; ; c.leap++ {
		after := sector(newMoonDay(c.first + c.leap + 1))
		if after == before {
			return c
		}
		before = after
	}
}

// month11 returns the new moon of the month in which the winter solstice of a Gregorian
// year falls.
func month11(year int) int {
	const solstice = 9
	k, on := newMoonBefore(Date{year, time.December, 31}.dayNumber())
	if sector(on) == solstice { // it was over when the month began
		k--
	}
	return k
}

// month returns the name of the i-th month of the cycle: its Year, Month and Leap.
func (c cycle) month(i int) Lunar {
	l := Lunar{Year: c.year, Leap: c.leap > 0 && i == c.leap}
	if c.leap > 0 && i >= c.leap {
		i--
	}
	l.Month = (i+10)%12 + 1
	if l.Month < 11 {
		l.Year++
	}
	return l
}
