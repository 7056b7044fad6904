// Package roster reads shifts that people planned elsewhere: a spreadsheet saved as CSV, or a
// calendar. It knows no state: names of people are looked up in a list that the caller gives.
//
// # CSV
//
// The first line names the columns, in any order; others than these are passed over. Two forms
// are known, with English names or Vietnamese ones:
//
//	start,end,user                 bắt đầu;kết thúc;người trực
//	2026-12-25 08:00,2026-12-25 20:00,an@example.vn
//
//	date,shift,user                ngày;ca;người trực
//	25/12/2026,20:00-08:00,Lê Bình
//
// Columns are separated by commas, semicolons or tabs. The text is UTF-8, with or without a byte
// order mark.
//
//   - A date is written 2026-12-25 or 25/12/2026, also with points or dashes: the day comes first,
//     always. No order is ever guessed: 12/25/2026 is refused.
//   - A time is 08:00, 8:00, 08:00:30, 8h or 8h30, of 24 hours; as an end 24:00, too. It is by the
//     wall of the schedule's zone, unless an offset follows, as in 2026-12-25T08:00+07:00 or a Z.
//   - A start that is a date alone is its midnight; an end that is a date alone has that whole day.
//   - Of a date with hours, the shift that ends at or before its start ends the day after.
//   - Of a time that clocks jump over the line is refused; of one that comes twice it is the first.
//
// # Calendars
//
// Each event is a shift (see [keng/hub/ical] for how calendars are read); one on whole days has them
// from midnight to midnight by the wall of the schedule's zone. Whose it is says the first that
// is the name of a person: the addresses of its attendees, its summary, what of the summary is
// after a colon, and either without what begins with a bracket.
//
// # People
//
// A person is named by the username, or by the full name if only one has it. Case does not
// count. Diacritics do, unless the file's name has none at all.
package roster

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"keng/hub/ical"
)

// The bounds of a roster that is read.
const (
	BytesMax    = 4 << 20
	ShiftsMax   = 1000
	ProblemsMax = 100 // told of one file; further ones are not
)

// Shift is a time for which somebody is on call: [Start, End).
type Shift struct {
	Line       int // of the file, from 1; of a calendar, where its event begins
	Start, End time.Time
	Who        []string // what may name the person, the likeliest first
}

// Problem is what is wrong with a line, and what to do about it.
type Problem struct {
	Line  int
	Words string
}

// Options is what a file is read with.
type Options struct {
	// Zone is that of the schedule, in which times are that have none.
	Zone *time.Location
	// From and To bound what is taken of a calendar, whose events may recur for ever.
	From, To time.Time
	// Zones finds the zones that a calendar names.
	Zones func(string) (*time.Location, error)
}

// Read takes a file apart. It is a calendar if it begins as one, else CSV. Shifts are in the order
// of time. Who cares about a roster uses it only if there are no problems: half a roster is not a
// roster.
func Read(raw []byte, o Options) ([]Shift, []Problem) {
	p := &problems{}
	var shifts []Shift
	if len(raw) > BytesMax {
		p.add(1, "the file has more than %d MiB: leave out what is not needed", BytesMax>>20)
		return nil, p.list
	}
	if isCalendar(raw) {
		shifts = readCalendar(raw, o, p)
	} else if isText(raw, p) {
		shifts = readCSV(raw, o.Zone, p)
	}
	slices.SortStableFunc(shifts, func(a, b Shift) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Line, b.Line)) })
	for i := 1; i < len(shifts); i++ {
		if before := shifts[i-1]; shifts[i].Start.Before(before.End) {
			p.add(shifts[i].Line, "begins at %s, before the shift of line %d ends at %s: in one rotation one person is on call at a time. Mend the times, or put the second person into a rotation of its own",
				said(shifts[i].Start, o.Zone), before.Line, said(before.End, o.Zone))
		}
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return shifts, p.list
}

// isCalendar reports whether a file begins as a calendar does.
func isCalendar(raw []byte) bool {
	const begin = "BEGIN:VCALENDAR"
	text := bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\ufeff")))
	return len(text) >= len(begin) && strings.EqualFold(string(text[:len(begin)]), begin)
}

func said(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02 15:04") }

// problems are those of a file.
type problems struct{ list []Problem }

func (p *problems) add(line int, format string, args ...any) {
	if len(p.list) < ProblemsMax {
		p.list = append(p.list, Problem{line, fmt.Sprintf(format, args...)})
	}
}

// isText complains about what is no text in UTF-8.
func isText(raw []byte, p *problems) bool {
	const advice = "save it as \"CSV UTF-8\" (in Excel: Save As, CSV UTF-8)"
	switch {
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")) || bytes.HasPrefix(raw, []byte("\xd0\xcf\x11\xe0")):
		p.add(1, "this is a workbook of a spreadsheet, not CSV: %s", advice)
		return false
	case bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")):
		p.add(1, "this is text in UTF-16: %s", advice)
		return false
	}
	line := 0
	for text := range bytes.Lines(raw) {
		line++
		if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
			p.add(line, "this is no text in UTF-8: %s", advice)
			return false
		}
	}
	return true
}

// readCalendar takes the events of a calendar as shifts.
func readCalendar(raw []byte, o Options, p *problems) (all []Shift) {
	zones := func(name string) (*time.Location, error) {
		if name == "" {
			return o.Zone, nil
		}
		return o.Zones(name)
	}
	events, err := ical.Read(bytes.NewReader(raw), o.From, o.To, zones, ical.Limits{Bytes: BytesMax, Found: ShiftsMax, Steps: 500_000})
	if err != nil {
		line := 1
		if wrong, ok := errors.AsType[*ical.Error](err); ok {
			line, err = wrong.Line, errors.New(wrong.Words)
		}
		p.add(line, "%v", err)
		return nil
	}
	for _, e := range events {
		s := Shift{Line: e.Line, Start: e.Start, End: e.End, Who: namesIn(e)}
		if e.AllDay {
			s.Start, s.End = ical.OnWall(e.Start, o.Zone), ical.OnWall(e.End, o.Zone)
		}
		switch {
		case !s.Start.Before(s.End):
			p.add(e.Line, "the event has no length: give it an end")
		case len(s.Who) == 0:
			p.add(e.Line, "the event does not say who is on call: put the person's username or full name into its title")
		default:
			all = append(all, s)
		}
	}
	if len(events) == 0 {
		p.add(1, "there is no event in it from %s to %s", said(o.From, o.Zone), said(o.To, o.Zone))
	}
	return all
}

// namesIn returns what of an event may name a person.
func namesIn(e ical.Event) (names []string) {
	add := func(name string) {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, address := range e.Attendees[:min(len(e.Attendees), 5)] {
		add(address)
	}
	_, after, _ := strings.Cut(e.Summary, ":")
	add(e.Summary)
	add(after)
	for _, title := range []string{e.Summary, after} {
		before, _, _ := strings.Cut(title, "(")
		add(before)
	}
	return names
}
