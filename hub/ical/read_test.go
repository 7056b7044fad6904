package ical_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"keng/hub/ical"
)

// zones finds zones as a caller does; what is in none is in Hanoi.
func zones(name string) (*time.Location, error) {
	if name == "" {
		name = "Asia/Ho_Chi_Minh"
	}
	return time.LoadLocation(name)
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// told writes events as a person reads them.
func told(events []ical.Event) string {
	var b strings.Builder
	for _, e := range events {
		if e.AllDay {
			fmt.Fprintf(&b, "%s to %s", e.Start.Format(time.DateOnly), e.End.Format(time.DateOnly))
		} else {
			fmt.Fprintf(&b, "%s to %s", e.Start.Format("2006-01-02 15:04-07"), e.End.Format("01-02 15:04-07"))
		}
		fmt.Fprintf(&b, " %s", e.Summary)
		if len(e.Attendees) > 0 {
			fmt.Fprintf(&b, " %v", e.Attendees)
		}
		if e.Away {
			b.WriteString(" (away)")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func read(t *testing.T, text string, from, to time.Time) string {
	t.Helper()
	events, err := ical.Read(strings.NewReader(text), from, to, zones, ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return told(events)
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	if got, want = strings.TrimSpace(got), strings.TrimSpace(want); got != want {
		t.Errorf("found\n%s\nnot\n%s", got, want)
	}
}

// The shapes in which others export.
func TestExports(t *testing.T) {
	for _, c := range []struct {
		file     string
		from, to time.Time
		want     string
	}{
		{"google-holidays.ics", day(2027, 1, 1), day(2028, 1, 1), `
2027-02-05 to 2027-02-12 Tết Nguyên đán
2027-09-02 to 2027-09-03 Quốc khánh`},
		// Clocks change on 25 October; one recurrence is excepted, one moved, one cancelled.
		{"google-roster.ics", day(2026, 10, 1), day(2027, 1, 1), `
2026-10-19 22:00+02 to 10-20 06:00+02 Night, Ana [ana@example.org]
2026-10-24 22:00+02 to 10-25 06:00+01 Night, Ana [ana@example.org]
2026-10-26 22:00+01 to 10-27 06:00+01 Night, Ana [ana@example.org]
2026-11-03 22:00+01 to 11-04 06:00+01 Night, moved to Tuesday
2026-11-07 22:00+01 to 11-08 06:00+01 Night, Ana [ana@example.org]
2026-11-14 22:00+01 to 11-15 06:00+01 Night, Ana [ana@example.org]`},
		{"outlook-away.ics", day(2026, 11, 1), day(2028, 1, 1), `
2026-11-30 09:00+09 to 11-30 10:00+09 Last working day
2026-11-30 08:30+07 to 12-04 17:30+07 Nghỉ phép (away)
2026-12-31 09:00+09 to 12-31 10:00+09 Last working day
2027-01-29 09:00+09 to 01-29 10:00+09 Last working day`},
		{"apple.ics", day(2026, 11, 1), day(2026, 12, 31), `
2026-11-26 09:00+07 to 11-26 17:00+07 Trực ca ngày
2026-11-27 07:00+07 to 11-28 08:00+07 Giờ nào cũng được
2026-11-28 09:00+07 to 11-28 17:00+07 Trực ca ngày
2026-11-29 to 2026-11-30 Sinh nhật của Chi
2026-11-30 09:00+07 to 11-30 17:00+07 Trực ca ngày
2026-12-01 09:00+07 to 12-01 11:00+07 Trực ca ngày`},
	} {
		text, err := os.ReadFile("testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(c.file, func(t *testing.T) {
			got := read(t, string(text), c.from, c.to)
			expect(t, got, c.want)
			expect(t, read(t, strings.ReplaceAll(string(text), "\r\n", "\n"), c.from, c.to), c.want)
			expect(t, read(t, "\ufeff"+string(text), c.from, c.to), c.want)
		})
	}
}

// event makes a calendar of one event from its lines.
func event(lines ...string) string {
	return "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:x\nSUMMARY:s\n" + strings.Join(lines, "\n") + "\nEND:VEVENT\nEND:VCALENDAR\n"
}

func TestTimes(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"in UTC":                      {event("DTSTART:20261126T010000Z", "DTEND:20261126T020000Z"), "2026-11-26 01:00+00 to 11-26 02:00+00 s"},
		"floating":                    {event("DTSTART:20261126T010000", "DTEND:20261126T020000"), "2026-11-26 01:00+07 to 11-26 02:00+07 s"},
		"in the calendar's zone":      {strings.Replace(event("DTSTART:20261126T010000"), "VERSION:2.0", "X-WR-TIMEZONE:Asia/Tokyo", 1), "2026-11-26 01:00+09 to 11-26 01:00+09 s"},
		"a path as the zone's name":   {event("DTSTART;TZID=/freeassociation.sourceforge.net/America/Argentina/Salta:20261126T010000"), "2026-11-26 01:00-03 to 11-26 01:00-03 s"},
		"Windows' name, no VTIMEZONE": {event("DTSTART;TZID=W. Europe Standard Time:20261126T010000"), "2026-11-26 01:00+01 to 11-26 01:00+01 s"},
		"a date without VALUE":        {event("DTSTART:20261126"), "2026-11-26 to 2026-11-27 s"},
		"a day that ends at once":     {event("DTSTART;VALUE=DATE:20261126", "DTEND;VALUE=DATE:20261126"), "2026-11-26 to 2026-11-27 s"},
		"two weeks":                   {event("DTSTART;VALUE=DATE:20261126", "DURATION:P2W"), "2026-11-26 to 2026-12-10 s"},
		"from zone to zone":           {event("DTSTART;TZID=Asia/Tokyo:20261126T090000", "DTEND;TZID=Europe/Berlin:20261126T090000"), "2026-11-26 09:00+09 to 11-26 17:00+09 s"},
		"where clocks jumped over it": {event("DTSTART;TZID=Europe/Berlin:20270328T023000", "DTEND;TZID=Europe/Berlin:20270328T040000"), "2027-03-28 03:30+02 to 03-28 04:00+02 s"},
		"where it comes twice":        {event("DTSTART;TZID=Europe/Berlin:20261025T023000", "DTEND;TZID=Europe/Berlin:20261025T033000"), "2026-10-25 02:30+02 to 10-25 03:30+01 s"},
		"a day that was left out":     {event("DTSTART;TZID=Pacific/Apia:20111230T120000"), "2011-12-31 12:00+14 to 12-31 12:00+14 s"},
		"a duration on the wall":      {event("DTSTART;TZID=Europe/Berlin:20261024T120000", "DURATION:P1D"), "2026-10-24 12:00+02 to 10-25 12:00+01 s"},
		"a duration that elapses":     {event("DTSTART;TZID=Europe/Berlin:20261024T120000", "DURATION:PT24H"), "2026-10-24 12:00+02 to 10-25 11:00+01 s"},
		"lower case, folded":          {event("dtstart;tzid=\"Asia/\n Tokyo\":2026\n\t1126T090000", "rrule:freq=daily;\n count=1"), "2026-11-26 09:00+09 to 11-26 09:00+09 s"},
		"a leap second":               {event("DTSTART:20261231T235960Z"), "2026-12-31 23:59+00 to 12-31 23:59+00 s"},
		"letters that are none":       {strings.Replace(event("DTSTART:20261126T010000Z"), "SUMMARY:s", "SUMMARY:s\xff", 1), "2026-11-26 01:00+00 to 11-26 01:00+00 s\uFFFD"},
		"a semicolon after the rule":  {event("DTSTART:20261126T010000Z", "RRULE:FREQ=DAILY;COUNT=1;"), "2026-11-26 01:00+00 to 11-26 01:00+00 s"},
		"an hour and a half":          {event("DTSTART:20261126T010000Z", "DURATION:P1DT1H30M90S"), "2026-11-26 01:00+00 to 11-27 02:31+00 s"},
		"a zone that is a second off": {strings.Replace(event("DTSTART;TZID=Here:20261126T010000"), "VERSION:2.0", "BEGIN:VTIMEZONE\nTZID:Here\nBEGIN:STANDARD\nTZOFFSETTO:+065959\nEND:STANDARD\nEND:VTIMEZONE", 1), "2026-11-26 01:00+06 to 11-26 01:00+06 s"},
		"added with lengths of their own": {event("DTSTART:20261126T010000Z", "DTEND:20261126T020000Z", "RDATE;VALUE=PERIOD:20261127T010000Z/PT3H,20261128T010000Z/20261128T050000Z"),
			"2026-11-26 01:00+00 to 11-26 02:00+00 s\n2026-11-27 01:00+00 to 11-27 04:00+00 s\n2026-11-28 01:00+00 to 11-28 05:00+00 s"},
		"an end that nobody knows": {event("DTSTART:20261126T010000Z", "DTEND:99991231T000000Z"), "2026-11-26 01:00+00 to 03-08 00:47+00 s"},
	} {
		t.Run(name, func(t *testing.T) { expect(t, read(t, c.text, day(2011, 1, 1), day(2028, 1, 1)), c.want) })
	}
}

func TestRecurrences(t *testing.T) {
	start, from, to := "DTSTART;TZID=Europe/Berlin:20260105T090000", day(2026, 3, 1), day(2026, 4, 1)
	for name, c := range map[string]struct{ text, want string }{
		"count is from the start":    {event(start, "RRULE:FREQ=WEEKLY;COUNT=9"), "2026-03-02 09:00+01 to 03-02 09:00+01 s"},
		"until is in UTC":            {event(start, "RRULE:FREQ=WEEKLY;UNTIL=20260302T080000Z"), "2026-03-02 09:00+01 to 03-02 09:00+01 s"},
		"until a date":               {event(start, "RRULE:FREQ=WEEKLY;UNTIL=20260302"), "2026-03-02 09:00+01 to 03-02 09:00+01 s"},
		"until just before":          {event(start, "RRULE:FREQ=WEEKLY;UNTIL=20260302T075959Z"), ""},
		"every other week":           {event(start, "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"), "2026-03-02 09:00+01 to 03-02 09:00+01 s\n2026-03-16 09:00+01 to 03-16 09:00+01 s\n2026-03-30 09:00+02 to 03-30 09:00+02 s"},
		"the 31st":                   {event("DTSTART;VALUE=DATE:20260131", "RRULE:FREQ=MONTHLY"), "2026-03-31 to 2026-04-01 s"},
		"the last Friday":            {event(start, "RRULE:FREQ=MONTHLY;BYDAY=-1FR"), "2026-03-27 09:00+01 to 03-27 09:00+01 s"},
		"a whole day excepted":       {event(start, "RRULE:FREQ=WEEKLY;UNTIL=20260310", "EXDATE;VALUE=DATE:20260302"), "2026-03-09 09:00+01 to 03-09 09:00+01 s"},
		"excepted in UTC":            {event(start, "RRULE:FREQ=WEEKLY;UNTIL=20260310", "EXDATE:20260302T080000Z,20260309T080000Z"), ""},
		"added beside the rule":      {event(start, "RRULE:FREQ=YEARLY", "RDATE:20260315T080000Z,20260315T080000Z"), "2026-03-15 08:00+00 to 03-15 08:00+00 s"},
		"it began before":            {event("DTSTART:20250201T000000Z", "DTEND:20250302T000000Z", "RRULE:FREQ=YEARLY"), "2026-02-01 00:00+00 to 03-02 00:00+00 s"},
		"a day that there never is":  {event(start, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), ""},
		"replaced by its date alone": {event(start, "RRULE:FREQ=WEEKLY;UNTIL=20260310") + "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\nRECURRENCE-ID;VALUE=DATE:20260302\nDTSTART:20260303T080000Z\nSUMMARY:moved\nEND:VEVENT\nEND:VCALENDAR", "2026-03-03 08:00+00 to 03-03 08:00+00 moved\n2026-03-09 09:00+01 to 03-09 09:00+01 s"},
		"a later version":            {event(start, "RRULE:FREQ=WEEKLY", "SEQUENCE:1") + event("DTSTART:20260307T080000Z", "SEQUENCE:4"), "2026-03-07 08:00+00 to 03-07 08:00+00 s"},
		"all is cancelled":           {strings.Replace(event(start, "RRULE:FREQ=WEEKLY"), "VERSION:2.0", "METHOD:CANCEL", 1), ""},
	} {
		t.Run(name, func(t *testing.T) { expect(t, read(t, c.text, from, to), c.want) })
	}
}

// What was asked for is half open, and dates are compared in the calendar's zone.
func TestEnds(t *testing.T) {
	hour := func(h int) time.Time { return time.Date(2026, 11, 26, h, 0, 0, 0, time.UTC) }
	timed, point, whole := event("DTSTART:20261126T040000Z", "DTEND:20261126T050000Z"), event("DTSTART:20261126T040000Z"), event("DTSTART;VALUE=DATE:20261126")
	for _, c := range []struct {
		text     string
		from, to time.Time
		found    bool
	}{
		{timed, hour(4), hour(5), true}, {timed, hour(5), hour(6), false}, {timed, hour(3), hour(4), false}, {timed, hour(4).Add(time.Minute), hour(4).Add(2 * time.Minute), true},
		{point, hour(4), hour(5), true}, {point, hour(3), hour(4), false},
		{whole, hour(16), hour(17), true}, {whole, hour(17), hour(18), false}, {whole, hour(-7), hour(-6), true}, {whole, hour(-8), hour(-7), false},
		{whole, hour(5), hour(5), false},
	} {
		if got := read(t, c.text, c.from, c.to); (got != "") != c.found {
			t.Errorf("from %v to %v: %q in %s", c.from, c.to, got, c.text)
		}
	}
}

// minutes lists the first n of an hour.
func minutes(n int) string {
	var all []string
	for i := range n {
		all = append(all, strconv.Itoa(i))
	}
	return strings.Join(all, ",")
}

// A rule may have a hundred times a day, and recur after ten thousand of its days.
func TestTheMostOfARule(t *testing.T) {
	often := event("DTSTART:20261126T000000Z", "RRULE:FREQ=DAILY;COUNT=100;BYHOUR=0;BYMINUTE="+minutes(50)+";BYSECOND=0,30")
	if got := strings.Count(read(t, often, day(2026, 11, 26), day(2026, 11, 27)), "\n"); got != 100 {
		t.Errorf("%d times a day", got)
	}
	expect(t, read(t, event("DTSTART:20261126", "RRULE:FREQ=DAILY;INTERVAL=10000"), day(2030, 1, 1), day(2055, 1, 1)), "2054-04-13 to 2054-04-14 s")
}

func TestErrorsNameTheLine(t *testing.T) {
	zone := "BEGIN:VTIMEZONE\nTZID:Here\nBEGIN:STANDARD\nTZOFFSETTO:+0100\nEND:STANDARD\nBEGIN:DAYLIGHT\nTZOFFSETTO:+0200\nEND:DAYLIGHT\nEND:VTIMEZONE"
	for name, c := range map[string]struct {
		text string
		line int
		says string
	}{
		"nothing":                  {"", 1, "empty"},
		"a page":                   {"<!DOCTYPE html>\n<html>", 1, "no line of a calendar"},
		"a lone event":             {"BEGIN:VEVENT\nEND:VEVENT", 1, "BEGIN:VCALENDAR"},
		"broken off":               {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\n", 4, "breaks off within the VEVENT that begins in line 2"},
		"crossed":                  {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR", 3, "VEVENT that begins in line 2"},
		"too deep":                 {strings.Repeat("BEGIN:VCALENDAR\n", 9), 9, "too deep"},
		"no colon":                 {event("DTSTART"), 6, "no name and colon"},
		"an open quote":            {event(`DTSTART;TZID="Asia:20261126T090000`), 6, "cannot be read"},
		"no start":                 {event("DTEND:20261126"), 3, "no DTSTART"},
		"no such day":              {event("A:folded\n  twice", "DTSTART:20260230"), 8, `"20260230" is no date`},
		"a date with a time":       {event("DTSTART;VALUE=DATE:20261126T010000"), 6, "no date"},
		"date and time":            {event("DTSTART:20261126", "DTEND:20261126T010000Z"), 7, "begins with a date and ends with a time"},
		"backwards":                {event("DTSTART:20261126T020000Z", "DTEND:20261126T010000Z"), 7, "ends before it begins"},
		"an odd duration":          {event("DTSTART:20261126", "DURATION:P1H"), 7, "no duration"},
		"a negative duration":      {event("DTSTART:20261126", "DURATION:-P1D"), 7, "no duration"},
		"an unknown zone":          {event("DTSTART;TZID=Here:20261126T010000"), 6, "does not define it"},
		"a zone of the machine":    {event("DTSTART;TZID=Local:20261126T010000"), 6, "unknown"},
		"a file instead of a zone": {event("DTSTART;TZID=../../etc/passwd:20261126T010000"), 6, "unknown"},
		"a zone that changes":      {strings.Replace(event("DTSTART;TZID=Here:20261126T010000"), "VERSION:2.0", zone, 1), 14, "its clocks change"},
		"an odd offset":            {strings.Replace(event("DTSTART;TZID=Here:20261126T010000"), "VERSION:2.0", strings.ReplaceAll(zone, "+0100", "one"), 1), 5, "no offset"},
		"an offset of a day":       {strings.Replace(event("DTSTART;TZID=Here:20261126T010000"), "VERSION:2.0", strings.ReplaceAll(zone, "+0100", "+2400"), 1), 5, "no offset"},
		"a duration of no number":  {event("DTSTART:20261126", "DURATION:P1xD"), 7, "no duration"},
		"a period to no time":      {event("DTSTART:20261126T010000Z", "RDATE;VALUE=PERIOD:20261127T010000Z/soon"), 7, "no date"},
		"a period from no time":    {event("DTSTART:20261126T010000Z", "RDATE;VALUE=PERIOD:soon/PT1H"), 7, "no date"},
		"a period backwards":       {event("DTSTART:20261126T010000Z", "RDATE;VALUE=PERIOD:20261127T010000Z/20261126T010000Z"), 7, "ends before it begins"},
		"a date added to times":    {event("DTSTART:20261126T010000Z", "RDATE;VALUE=DATE:20261127"), 7, "RDATE has dates"},
		"a rule with nothing":      {event("DTSTART:20261126", "RRULE:COUNT=1"), 7, "rule"},
		"an odd rule":              {event("DTSTART:20261126", "RRULE:FREQ=DAILY;BYMONTH=13"), 7, "bymonth"},
		"every second":             {event("DTSTART:20261126T010000Z", "RRULE:FREQ=SECONDLY"), 7, "seconds"},
		"no times at all":          {event("DTSTART:20261126", "RRULE:FREQ=DAILY;COUNT=0"), 7, "COUNT"},
		"a long rule":              {event("DTSTART:20261126", "RRULE:FREQ=DAILY;BYMONTH="+strings.Repeat("1,", 600)+"1"), 7, "longer than 1000"},
		"many times a day":         {event("DTSTART:20261126T010000Z", "RRULE:FREQ=DAILY;BYMINUTE="+strings.Repeat("1,", 100)+"1"), 7, "times a day"},
		"one time too many":        {event("DTSTART:20261126T010000Z", "RRULE:FREQ=DAILY;BYHOUR=0;BYMINUTE="+minutes(51)+";BYSECOND=0,30"), 7, "times a day"},
		"many times of a day":      {event("DTSTART;VALUE=DATE:20261126", "RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE="+minutes(60)+";BYSECOND="+minutes(60)), 7, "times a day"},
		"many rules":               {event(append([]string{"DTSTART:20261126"}, slices.Repeat([]string{"RRULE:FREQ=DAILY;COUNT=1"}, 21)...)...), 27, "more than 20 rules"},
		"a long pause":             {event("DTSTART:20261126", "RRULE:FREQ=DAILY;INTERVAL=10001"), 7, "INTERVAL is more than 10000"},
		"this and what follows":    {event("DTSTART:20261126", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261126"), 7, "RANGE"},
		"an old exception":         {event("DTSTART:20261126", "EXRULE:FREQ=DAILY"), 7, "EXRULE"},
		"a long line":              {event("DTSTART:20261126", "SUMMARY:"+strings.Repeat("x", 65<<10)), 7, "longer than 65536"},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := ical.Read(strings.NewReader(c.text), day(2026, 1, 1), day(2027, 1, 1), zones, ical.Limits{})
			wrong, ok := errors.AsType[*ical.Error](err)
			if !ok || wrong.Line != c.line || !strings.Contains(err.Error(), c.says) || events != nil {
				t.Errorf("%d events; %v; it should be about line %d: %q", len(events), err, c.line, c.says)
			}
		})
	}
	broken := errors.New("the line is dead")
	if _, err := ical.Read(iotest.ErrReader(broken), day(2026, 1, 1), day(2027, 1, 1), zones, ical.Limits{}); !errors.Is(err, broken) {
		t.Errorf("an error of the reader came back as %v", err)
	}
}

func TestLimits(t *testing.T) {
	two := event("DTSTART:20261126", "RRULE:FREQ=DAILY") + event("DTSTART:20261126")
	for name, c := range map[string]struct {
		text   string
		limits ical.Limits
		says   string
	}{
		"bytes":                              {two, ical.Limits{Bytes: 100}, "larger than 100 bytes"},
		"a line":                             {two, ical.Limits{Line: 10}, "longer than 10 bytes"},
		"events":                             {two, ical.Limits{Events: 1}, "more than 1 events"},
		"found":                              {two, ical.Limits{Found: 9}, "more than 9 events in the time"},
		"steps":                              {two, ical.Limits{Steps: 9}, "too long"},
		"steps of rules that are never true": {strings.Repeat(event("DTSTART:16040101", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1"), 200), ical.Limits{}, "too long"},
	} {
		_, err := ical.Read(strings.NewReader(c.text), day(2026, 1, 1), day(2030, 1, 1), zones, c.limits)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What nobody looks at may be as long as it likes.
	expect(t, read(t, event("DTSTART:20261126", "ATTACH:"+strings.Repeat("\n xxxxxxxx", 100_000)), day(2026, 1, 1), day(2027, 1, 1)), "2026-11-26 to 2026-11-27 s")
}

// Whatever comes in, there is an answer, within bounds.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"google-holidays.ics", "google-roster.ics", "outlook-away.ics", "apple.ics"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(event("DTSTART:20261126", "RRULE:FREQ=YEARLY;BYWEEKNO=53,-1;BYDAY=1MO;BYSETPOS=-1;WKST=SU;COUNT=3")))
	f.Fuzz(func(t *testing.T, text []byte) {
		from, to := day(2026, 1, 1), day(2027, 1, 1)
		limits := ical.Limits{Bytes: 64 << 10, Line: 4 << 10, Found: 200, Steps: 100_000}
		events, err := ical.Read(bytes.NewReader(text), from, to, zones, limits)
		if err != nil {
			if e, ok := errors.AsType[*ical.Error](err); !ok || e.Line < 1 || e.Line > bytes.Count(text, []byte("\n"))+2 {
				t.Fatalf("%v (of %d lines)", err, bytes.Count(text, []byte("\n")))
			}
			return
		}
		for i, e := range events {
			if e.End.Before(e.Start) || e.Start.After(to.Add(24*time.Hour)) || e.End.Before(from.Add(-24*time.Hour)) || i > 0 && e.Start.Before(events[i-1].Start) {
				t.Fatalf("%+v", e)
			}
		}
		if len(events) > limits.Found {
			t.Fatal(len(events))
		}
		again, err := ical.Read(bytes.NewReader(ical.Feed("again", "", time.UTC, events, from)), from, to, zones, ical.Limits{})
		if err != nil || len(again) > len(events) {
			t.Fatalf("what was read cannot be written and read: %v", err)
		}
	})
}
