package reach

import (
	"time"

	"keng/hub/core"
)

// Hush is why a person is not to be paged.
type Hush uint8

// The reasons.
const (
	NotHushed    Hush = 0 // the person may be paged
	Muted        Hush = 1
	InQuietHours Hush = 2
)

// MuteMax is for how long a person may be muted.
const MuteMax = 366 * 24 * time.Hour

// Hushed returns whether the person is not to be paged at a moment about an alert of a priority,
// why, and until when: zero if nothing ends it. Who is muted and in quiet hours is muted. Quiet hours
// are read off the clock of the zone, the person's; nil, if it is not known, has none: better a page
// at night than none. A person may let P1 pierce both.
func (u *User) Hushed(p core.Priority, now time.Time, zone *time.Location) (why Hush, until time.Time) {
	switch {
	case p == core.P1 && u.PierceQuiet:
		return NotHushed, until
	case now.Before(u.MutedUntil):
		return Muted, u.MutedUntil
	case u.QuietHours != nil && zone != nil && u.QuietHours.Covers(now, zone):
		return InQuietHours, u.QuietHours.Ends(now, zone)
	}
	return NotHushed, until
}
