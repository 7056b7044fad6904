package holiday

import (
	"cmp"
	"fmt"
	"time"
)

// String writes the date as ISO 8601 does: 2026-02-17.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// Valid reports whether there is such a day: 29 February 2026 is none.
func (d Date) Valid() bool {
	return d.Month >= time.January && d.Month <= time.December && d.Day >= 1 && d.AddDays(0) == d
}

// Compare returns -1 if d is before e, 0 if it is the same date, 1 if it is after.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// AddDays returns the date so many days later, or earlier if days is below 0.
func (d Date) AddDays(days int) Date {
	return On(time.Date(d.Year, d.Month, d.Day+days, 12, 0, 0, 0, time.UTC))
}

// Weekday returns the weekday of the date.
func (d Date) Weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC).Weekday()
}
