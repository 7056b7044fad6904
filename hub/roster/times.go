package roster

import (
	"strings"
	"time"

	"keng/hub/ical"
)

// whole are the forms of moments that say their offset.
func whole() []string {
	return []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04 Z07:00", "2006-01-02 15:04:05 Z07:00"}
}

// readMoment reads a date and a time, or a date alone: its midnight, or as an end the next.
func readMoment(text string, zone *time.Location, end bool) (time.Time, string) {
	for _, form := range whole() {
		if t, err := time.Parse(form, text); err == nil {
			if t.Year() < 1970 || t.Year() > 2200 {
				return t, yearWords(text)
			}
			return t, ""
		}
	}
	day, clock, timed := strings.Cut(strings.Replace(text, "T", " ", 1), " ")
	wall, words := readDate(day)
	if words != "" {
		return wall, words
	}
	if !timed {
		if end {
			wall = wall.AddDate(0, 0, 1)
		}
		return onWall(wall, zone)
	}
	since, words := readClock(strings.TrimSpace(clock))
	if words != "" {
		return wall, words
	}
	if since == 24*time.Hour && !end {
		return wall, beginsLate
	}
	return onWall(wall.Add(since), zone)
}

const beginsLate = "a shift cannot begin at 24:00: write 00:00 of the next day"

// readHours reads a date and the hours of a shift.
func readHours(day, hours string, zone *time.Location) (start, end time.Time, words string) {
	date, words := readDate(day)
	if words != "" {
		return start, end, words
	}
	from, to, ok := strings.Cut(strings.NewReplacer("–", "-", "—", "-").Replace(hours), "-")
	if !ok {
		return start, end, quoted(hours) + " are no hours of a shift: write 08:00-20:00"
	}
	first, words := readClock(strings.TrimSpace(from))
	if words != "" {
		return start, end, words
	}
	last, words := readClock(strings.TrimSpace(to))
	switch {
	case words != "":
		return start, end, words
	case first == 24*time.Hour:
		return start, end, beginsLate
	case last <= first:
		last += 24 * time.Hour
	}
	if start, words = onWall(date.Add(first), zone); words == "" {
		end, words = onWall(date.Add(last), zone)
	}
	return start, end, words
}

// onWall returns the moment at which the zone's clocks show what wall shows in UTC.
func onWall(wall time.Time, zone *time.Location) (time.Time, string) {
	t := ical.OnWall(wall, zone)
	if t.In(zone).Format(time.DateTime) != wall.Format(time.DateTime) {
		return t, wall.Format("2006-01-02 15:04") + " is never in " + zone.String() + ": clocks jump over it"
	}
	return t, ""
}

// readDate reads a date as midnight in UTC.
func readDate(text string) (time.Time, string) {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '/' || r == '.' || r == '-' })
	how := quoted(text) + " is no date: write 2026-12-25 or 25/12/2026"
	if len(parts) != 3 {
		return time.Time{}, how
	}
	yearFirst := len(parts[0]) == 4
	y, m, d := number(parts[2], 4), number(parts[1], 2), number(parts[0], 2)
	if yearFirst {
		y, m, d = number(parts[0], 4), number(parts[1], 2), number(parts[2], 2)
	}
	switch {
	case y < 0 || m < 0 || d < 0:
		return time.Time{}, how
	case len(parts[2]) < 4 && !yearFirst:
		return time.Time{}, quoted(text) + ": write the year with four digits"
	case m > 12 && d <= 12 && !yearFirst:
		return time.Time{}, quoted(text) + ": there is no month " + parts[1] + ". The day comes first: 25/12/2026"
	case y < 1970 || y > 2200:
		return time.Time{}, yearWords(text)
	}
	date := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if date.Day() != d || int(date.Month()) != m {
		return time.Time{}, quoted(text) + ": there is no such day"
	}
	return date, ""
}

func yearWords(text string) string { return quoted(text) + " is not in the years 1970 to 2200" }

// readClock reads a time of the day.
func readClock(text string) (time.Duration, string) {
	how := quoted(text) + " is no time of the day: write 08:00 or 20:30, of 24 hours"
	parts := strings.Split(text, ":")
	if before, after, ok := strings.Cut(strings.ToLower(text), "h"); ok {
		parts = []string{before, after}
		if after == "" {
			parts = parts[:1]
		}
	} else if len(parts) == 1 {
		return 0, how
	}
	if len(parts) > 3 {
		return 0, how
	}
	var n [3]int
	for i, p := range parts {
		if n[i] = number(p, 2); n[i] < 0 || i > 0 && (n[i] > 59 || len(p) != 2) {
			return 0, how
		}
	}
	since := time.Duration(n[0])*time.Hour + time.Duration(n[1])*time.Minute + time.Duration(n[2])*time.Second
	if since > 24*time.Hour {
		return 0, how
	}
	return since, ""
}

// number reads a number of at most so many digits; -1 if it is none.
func number(text string, most int) int {
	if text == "" || len(text) > most {
		return -1
	}
	n := 0
	for _, r := range text {
		if r < '0' || r > '9' {
			return -1
		}
		n = 10*n + int(r-'0')
	}
	return n
}

// quoted is a cell as it is told, not endless.
func quoted(text string) string {
	if r := []rune(text); len(r) > 60 {
		text = string(r[:60]) + "…"
	}
	return "“" + text + "”"
}
