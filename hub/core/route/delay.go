package route

import (
	"fmt"
	"strings"
	"time"

	"keng/hub/core/clocks"
)

// Delay is until when a notification policy lets notifications wait.
type Delay struct {
	Option DelayOption `cbor:"1,keyasint"`
	// For is how long, for [ForDuration].
	For time.Duration `cbor:"2,keyasint,omitempty"`
	// Hour and Minute are, for the other options, until when by the clock on the wall.
	Hour   int `cbor:"3,keyasint,omitempty"`
	Minute int `cbor:"4,keyasint,omitempty"`
}

// DelayOption is how the end of a delay is said. Values are stored.
type DelayOption uint8

// The options.
const (
	ForDuration   DelayOption = 1  // for-duration
	NextTime      DelayOption = 2  // next-time: on any day
	NextWeekday   DelayOption = 3  // next-weekday: on Monday to Friday
	NextMonday    DelayOption = 4  // next-monday
	NextTuesday   DelayOption = 5  // next-tuesday
	NextWednesday DelayOption = 6  // next-wednesday
	NextThursday  DelayOption = 7  // next-thursday
	NextFriday    DelayOption = 8  // next-friday
	NextSaturday  DelayOption = 9  // next-saturday
	NextSunday    DelayOption = 10 // next-sunday
)

// delayOptions are the words of the API for the options.
var delayOptions = [...]string{
	ForDuration: "for-duration", NextTime: "next-time", NextWeekday: "next-weekday", NextMonday: "next-monday", NextTuesday: "next-tuesday",
	NextWednesday: "next-wednesday", NextThursday: "next-thursday", NextFriday: "next-friday", NextSaturday: "next-saturday", NextSunday: "next-sunday",
}

// String returns the option as the API calls it, "" if there is none.
func (o DelayOption) String() string {
	if o > NextSunday {
		return ""
	}
	return delayOptions[o]
}

// ParseDelayOption reads an option as the API calls it.
func ParseDelayOption(s string) (DelayOption, bool) {
	for o := ForDuration; o <= NextSunday; o++ {
		if o.String() == s {
			return o, true
		}
	}
	return 0, false
}

// includes reports whether the option ends on such a day.
func (o DelayOption) includes(d time.Weekday) bool {
	switch o {
	case NextTime:
		return true
	case NextWeekday:
		return d != time.Saturday && d != time.Sunday
	}
	return time.Weekday(o-NextMonday+1)%7 == d
}

// DurationMax bounds every duration of a policy.
const DurationMax = 365 * 24 * time.Hour

func (d *Delay) check(wrong faults, at string) {
	switch {
	case d.Option < ForDuration || d.Option > NextSunday:
		wrong.add(at+"delayOption", "must be one of "+strings.Join(delayOptions[ForDuration:], ", "))
	case d.Option == ForDuration:
		wrong.span(at+"duration", d.For, time.Second, DurationMax)
	case d.Hour < 0 || d.Hour > 23:
		wrong.add(at+"untilHour", "must be from 0 to 23")
	case d.Minute < 0 || d.Minute > 59:
		wrong.add(at+"untilMinute", "must be from 0 to 59")
	}
}

// Until returns when a delay ends that began at a moment, never before that. By the wall it
// is the first moment, the beginning itself included, at which clocks in the zone show the
// time on such a day: "next Monday at 09:00" is today, on a Monday at 08:00. Where clocks are
// turned back over the time the first of the two that is not past counts; where they jump
// over it, the moment of the jump.
func (d *Delay) Until(began time.Time, zone *time.Location) time.Time {
	if d.Option == ForDuration {
		return began.Add(d.For)
	}
	year, month, day := began.In(zone).Date()
	// A week and a day always have one such moment, and one day before is looked at since
	// a jump over its end may lie behind us.
	for n := -1; n <= 8; n++ {
		face := time.Date(year, month, day+n, d.Hour, d.Minute, 0, 0, time.UTC)
		if !d.Option.includes(face.Weekday()) {
			continue
		}
		if at, ok := shows(face, began, zone); ok {
			return at
		}
	}
	return began // not reached: every day comes within a week
}

// words says the end of a delay as it was written.
func (d *Delay) words() string {
	if d.Option == ForDuration {
		return "for " + words(d.For)
	}
	return fmt.Sprintf("until %s at %02d:%02d", strings.ReplaceAll(d.Option.String(), "-", " "), d.Hour, d.Minute)
}

// shows returns the first moment, not before another, at which clocks in a zone show a face,
// given as if it were UTC, or jump over it. It goes from one change of clocks to the next.
func shows(face, notBefore time.Time, zone *time.Location) (time.Time, bool) {
	const farthest = 26 * time.Hour // no zone is farther from UTC, and no jump is wider
	ahead := false                  // the clocks of the stretch before had not come so far when it ended
	for at := face.Add(-farthest).In(zone); at.Before(face.Add(farthest)); {
		begin, end := clocks.Bounds(at)
		_, offset := at.Zone()
		found := face.Add(-time.Duration(offset) * time.Second)
		comes := end.IsZero() || found.Before(end)
		there := comes && (begin.IsZero() || !found.Before(begin))
		if comes && !there && ahead {
			found, there = begin, true
		}
		if there && !found.Before(notBefore) {
			return found, true
		}
		if end.IsZero() {
			break
		}
		at, ahead = end, !comes
	}
	return time.Time{}, false
}
