package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// readMoment reads a time of the command line.
func readMoment(c *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := c.Scan.PopValueInto("time", &text); err != nil {
		return err
	}
	t, err := momentAhead(text, time.Now())
	if err == nil {
		target.Set(reflect.ValueOf(t))
	}
	return err
}

// weekdays are the words for days of the week, in English and Vietnamese.
var weekdays = map[string]time.Weekday{
	"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday, "thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday,
	"chủ nhật": time.Sunday, "thứ hai": time.Monday, "thứ ba": time.Tuesday, "thứ tư": time.Wednesday, "thứ năm": time.Thursday, "thứ sáu": time.Friday, "thứ bảy": time.Saturday,
}

// momentAhead reads a moment as people say it, in the zone of now; nothing is zero. A time of the
// day, with or without a day of the week, is the next such one.
func momentAhead(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	words := strings.Fields(strings.ToLower(text))
	if n := len(words); n > 0 {
		clock, err := time.Parse("15:04", words[n-1])
		day, named := weekdays[strings.Join(words[:n-1], " ")]
		if err == nil && (named || n == 1) {
			for ahead := range 8 {
				t := time.Date(now.Year(), now.Month(), now.Day()+ahead, clock.Hour(), clock.Minute(), 0, 0, now.Location())
				if t.After(now) && (!named || t.Weekday() == day) {
					return t, nil
				}
			}
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: write it as 2026-11-29T03:00:00+07:00, \"2026-11-29 03:00\", \"sunday 03:00\" or 03:00", text)
}
