package ical

import (
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// A moment is a value of DTSTART and its like: what the clock on the wall shows, as if it were
// UTC, and in which zone. A date has no zone.
type moment struct {
	wall time.Time
	zone *time.Location // nil: a date
}

// time returns the moment; of a date, its midnight in UTC.
func (m moment) time() time.Time {
	if m.zone == nil {
		return m.wall
	}
	return OnWall(m.wall, m.zone)
}

// OnWall returns when the clock on the wall of a zone shows what wall shows in UTC: the
// first time, if it does twice; as if clocks had not been changed, if they were jumped over it.
func OnWall(wall time.Time, zone *time.Location) time.Time {
	const apart = 26 * time.Hour // more than any zone is from UTC, and the change with it
	_, before := wall.Add(-apart).In(zone).Zone()
	_, after := wall.Add(apart).In(zone).Zone()
	first := wall.Add(-time.Duration(before) * time.Second).In(zone)
	second := wall.Add(-time.Duration(after) * time.Second).In(zone)
	if !face(first).Equal(wall) && face(second).Equal(wall) {
		return second
	}
	return first
}

// face is what the clock on the wall shows at t, as if it were UTC.
func face(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// clock reads 20261126 or 20261126T090000, without what may follow.
func clock(s string) (wall time.Time, date, ok bool) {
	if len(s) != 8 && (len(s) != 15 || s[8] != 'T' && s[8] != 't') {
		return wall, false, false
	}
	n := make([]int, 0, 6)
	for _, part := range []string{s[:4], s[4:6], s[6:8]} {
		n = append(n, digits(part))
	}
	if date = len(s) == 8; !date {
		n = append(n, digits(s[9:11]), digits(s[11:13]), digits(s[13:15]))
	} else {
		n = append(n, 0, 0, 0)
	}
	if n[5] == 60 { // a leap second
		n[5] = 59
	}
	wall = time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	same := wall.Year() == n[0] && int(wall.Month()) == n[1] && wall.Day() == n[2] &&
		wall.Hour() == n[3] && wall.Minute() == n[4] && wall.Second() == n[5]
	return wall, date, same && n[0] > 1500
}

// digits reads a number that has nothing but digits; -1 if it has not.
func digits(s string) int {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// length reads a DURATION. Days and weeks are days on the calendar, hours are elapsed: those
// are returned apart.
func length(s string) (days int, rest time.Duration, ok bool) {
	s, found := strings.CutPrefix(strings.ToUpper(strings.TrimPrefix(s, "+")), "P")
	if !found || s == "" {
		return 0, 0, false
	}
	clock, any := false, false
	for s != "" {
		if s[0] == 'T' && !clock {
			clock, s = true, s[1:]
			continue
		}
		end := strings.IndexAny(s, "WDHMS")
		if end < 1 || end > 6 {
			return 0, 0, false
		}
		n := digits(s[:end])
		if n < 0 {
			return 0, 0, false
		}
		switch unit := s[end]; {
		case unit == 'W' && !clock:
			days += 7 * n
		case unit == 'D' && !clock:
			days += n
		case unit == 'H' && clock:
			rest += time.Duration(n) * time.Hour
		case unit == 'M' && clock:
			rest += time.Duration(n) * time.Minute
		case unit == 'S' && clock:
			rest += time.Duration(n) * time.Second
		default:
			return 0, 0, false
		}
		if days > 1_000_000 || rest > 1_000_000*time.Hour {
			return 0, 0, false
		}
		any, s = true, s[end+1:]
	}
	return days, rest, any
}

// offset reads +0700 or -023000.
func offset(s string) (seconds int, ok bool) {
	if len(s) != 5 && len(s) != 7 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	h, m, sec := digits(s[1:3]), digits(s[3:5]), 0
	if len(s) == 7 {
		sec = digits(s[5:7])
	}
	if h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 59 {
		return 0, false
	}
	seconds = h*3600 + m*60 + sec
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// unescape returns a text as a person reads it.
func unescape(s string) string { return strings.TrimSpace(ics.FromText(s)) }
