// Package holiday knows days that are not as their weekday says: public holidays, and the
// days on which people work for a holiday that was moved.
package holiday

import "time"

// Date is a day of the Gregorian calendar, wherever.
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
	return time.Date(on.Year, on.Month, on.Day, 12, 0, 0, 0, time.UTC).Weekday()
}
