// Package ical writes and reads calendars in the form of iCalendar (RFC 5545), as Google
// Calendar, Outlook and Apple's Calendar subscribe to and export them.
//
// [Feed] is for people's own calendars: the shifts they have. [Read] is for what others
// know and we need: public holidays, rosters that were planned elsewhere, absences. It takes
// a calendar apart line by line, so that every complaint names the line, and gives what happens
// between two moments, recurrences written out. Whatever is fed to it, its work is bounded:
// see [Limits].
//
// How foreign calendars are understood, where the standard leaves a choice or practice
// departs from it:
//
//   - A zone (TZID) is looked up by its IANA name, also at the end of a path; then as a name of
//     Windows; then by the VTIMEZONE of that name in the file, which must say where it is
//     (X-LIC-LOCATION) or have the same offset always. Else it is an error: a shift at a wrong hour
//     is worse than none.
//   - Times without a zone ("floating") are in the calendar's zone (X-WR-TIMEZONE), and if
//     it has none in that which the caller gives.
//   - An event that recurs ends by the clock on the wall, as it begins: a night shift from 22:00 to
//     06:00 ends at 06:00 also when clocks change in it. (The standard would have it eight hours
//     long, and nobody on call for an hour.) Only if its end is in another zone than its
//     beginning has it always the same length.
//   - A wall-clock time that clocks jump over is read with the offset before the jump, one
//     that comes twice is the first.
//   - The beginning of an event that recurs is one of its recurrences only if its rule says so.
//   - A rule that recurs by minutes or seconds is refused, as is RANGE=THISANDFUTURE.
//   - An event that was cancelled is left out; so is one of which the file has a later version
//     (SEQUENCE).
//   - Alarms, tasks, journals and free-busy lists are passed over.
package ical

import (
	"cmp"
	"fmt"
	"time"
)

// Event is one thing in a calendar: a shift, a holiday, an absence.
type Event struct {
	// Line is where in a calendar that was read the event begins; the recurrences of one event have
	// the same. It is not written.
	Line int
	// UID names the event; the recurrences of one event have the same.
	UID string
	// Start and End are when it is: [Start, End). They may be the same moment.
	Start, End time.Time
	// AllDay says that it is on whole days, wherever one is: Start and End are then midnights
	// in UTC and stand for dates, End for the first that is free again.
	AllDay bool
	// Summary, Description and Location are for people.
	Summary, Description, Location string
	// Attendees are the addresses of those who take part, mostly of e-mail (without "mailto:").
	Attendees []string
	// Away says that who has the event is out of the office, as Outlook marks it.
	Away bool
}

// Limits bound what [Read] takes. Of a field that is zero the default counts.
type Limits struct {
	Bytes  int // of the calendar; default 8 MiB
	Line   int // bytes of one line, put together; default 64 KiB
	Events int // in the calendar, whenever; default 20,000
	Found  int // events, each recurrence one, in the time that is asked for; default 20,000
	// Steps is how many days, in all, are looked at to find recurrences; default two million.
	Steps int
}

func (l Limits) orDefault() Limits {
	return Limits{
		Bytes: cmp.Or(l.Bytes, 8<<20), Line: cmp.Or(l.Line, 64<<10), Events: cmp.Or(l.Events, 20_000),
		Found: cmp.Or(l.Found, 20_000), Steps: cmp.Or(l.Steps, 2_000_000),
	}
}

// attendeesMax bounds the attendees of one event that are kept.
const attendeesMax = 100

// Error is what is wrong with a calendar.
type Error struct {
	Line  int // counted from 1; of a line that is folded, where it begins
	Words string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Words) }

func wrong(line int, format string, args ...any) *Error {
	return &Error{line, fmt.Sprintf(format, args...)}
}
