package query

import (
	"fmt"
	"testing"
	"time"
	_ "time/tzdata"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// Days in zones whose clocks change at midnight, and plain ones.
func TestDays(t *testing.T) {
	for _, c := range []struct {
		zone, day, begin string
		hours            int
	}{
		{"Asia/Ho_Chi_Minh", "2026-03-10", "2026-03-09T17:00:00Z", 24},
		{"UTC", "2026-12-31", "2026-12-31T00:00:00Z", 24},
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", 23},
		{"Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", 25},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", 23}, // 00:00 is skipped
		{"America/Sao_Paulo", "2018-11-03", "2018-11-03T03:00:00Z", 24},
		{"America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", 25}, // 23:00 comes twice
		{"America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z", 24},
		{"America/Havana", "2025-11-02", "2025-11-02T04:00:00Z", 25}, // 00:00 comes twice
		{"Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", 24},
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0}, // there was no such day
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 24},
		{"America/New_York", "2040-12-31", "2040-12-31T05:00:00Z", 24}, // see [clocks.Bounds]
		{"America/New_York", "2041-01-01", "2041-01-01T05:00:00Z", 24},
		{"Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z", 24},
	} {
		q, err := Parse("createdAt: "+c.day, Alerts(), Options{Zone: zone(t, c.zone)})
		if err != nil {
			t.Fatal(err)
		}
		begin, err := time.Parse(time.RFC3339, c.begin)
		if err != nil {
			t.Fatal(err)
		}
		end := begin.Add(time.Duration(c.hours) * time.Hour)
		if want := fmt.Sprintf("createdAt >= %d AND createdAt < %d", begin.UnixMilli(), end.UnixMilli()); q.String() != want {
			t.Errorf("%s in %s: %s, want %s", c.day, c.zone, q, want)
		}
	}
}

// A day begins at the first moment that has its date, and the one before has not.
func TestDaysBeginWithTheirDate(t *testing.T) {
	for _, name := range []string{"America/Sao_Paulo", "America/Havana", "Europe/Berlin", "Africa/Cairo", "Asia/Beirut", "Australia/Lord_Howe", "America/St_Johns"} {
		z := zone(t, name)
		p := &parser{options: Options{Zone: z}}
		for day := time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2019; day = day.AddDate(0, 0, 1) {
			begin := time.UnixMilli(p.first(day)).In(z)
			if begin.Format(time.DateOnly) != day.Format(time.DateOnly) || begin.Add(-time.Millisecond).Format(time.DateOnly) >= day.Format(time.DateOnly) {
				t.Errorf("in %s %s begins %s", name, day.Format(time.DateOnly), begin)
			}
		}
	}
}

func TestRelativeDaysKeepTheTimeOfDay(t *testing.T) {
	z := zone(t, "Europe/Berlin")
	o := Options{Now: time.Date(2026, 3, 29, 9, 0, 0, 0, z), Zone: z} // the night had an hour less
	for text, want := range map[string]time.Time{
		"now-1d":  time.Date(2026, 3, 28, 9, 0, 0, 0, z),
		"now-24h": time.Date(2026, 3, 28, 8, 0, 0, 0, z),
		"now-1w":  time.Date(2026, 3, 22, 9, 0, 0, 0, z),
		"now+0d":  o.Now,
	} {
		q, err := Parse("createdAt > "+text, Alerts(), o)
		if err != nil || q.String() != fmt.Sprint("createdAt > ", want.UnixMilli()) {
			t.Errorf("%s: %v, %v; want %d", text, q, err, want.UnixMilli())
		}
	}
}

func TestNoNow(t *testing.T) {
	_, err := Parse("createdAt > now-2h", Alerts(), Options{})
	e, ok := err.(*Error)
	if !ok || e.At != 12 || e.Token != "now-2h" || e.Why != "there is no now here: write a date or Unix milliseconds" {
		t.Errorf("%v", err)
	}
}

// What is meant as a time must not be read as a time and a text, which find nothing.
//
// Rule keng-5.error.points.
func TestSpaceWithinATime(t *testing.T) {
	for text, at := range map[string]int{"createdAt > now - 2h": 16, "createdAt > now -2h AND status: open": 16, "createdAt < now + 1d": 16} {
		_, err := Parse(text, Alerts(), Options{Now: time.Unix(1, 0)})
		if e, ok := err.(*Error); !ok || e.At != at || e.Why != "there is no space in a time: write now-2h" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Without a zone a day is one of UTC.
func TestNoZone(t *testing.T) {
	q, err := Parse("createdAt < 2026-03-10", Alerts(), Options{})
	if err != nil || q.String() != "createdAt < 1773100800000" {
		t.Errorf("%v, %v", q, err)
	}
}

func TestSpans(t *testing.T) {
	for text, want := range map[string][2]int64{
		"1470394841148":             {1470394841148, 1470394841149},
		"-5":                        {-5, -4},
		"1970-01-01T00:00:01Z":      {1000, 2000},
		"1970-01-01T00:00:01.000Z":  {1000, 2000},
		"1970-01-01T00:00:01.5Z":    {1500, 1501},
		"1970-01-01T00:00:01.0015Z": {1001, 1002},
		"1970-01-01T07:00:01+07:00": {1000, 2000},
		"1970-01-02":                {86_400_000, 172_800_000},
	} {
		p := &parser{text: text}
		begin, end, err := p.span(text, 0, len(text))
		if err != nil || begin != want[0] || end != want[1] {
			t.Errorf("%s: [%d, %d), %v; want %v", text, begin, end, err, want)
		}
	}
}

// Times without an offset are by the clocks of the zone, as precise as they are written.
//
// Rule keng-5.time.wall.
func TestTimesOnTheWall(t *testing.T) {
	for _, c := range []struct{ zone, text, begin, end string }{
		{"Asia/Ho_Chi_Minh", "2026-11-25T21:00", "2026-11-25T14:00:00Z", "2026-11-25T14:01:00Z"},
		{"Asia/Ho_Chi_Minh", `"2026-11-25 21:00"`, "2026-11-25T14:00:00Z", "2026-11-25T14:01:00Z"},
		{"Asia/Ho_Chi_Minh", "2026-11-25T21:00:05", "2026-11-25T14:00:05Z", "2026-11-25T14:00:06Z"},
		{"Asia/Ho_Chi_Minh", "2026-11-25T21:00+00:00", "2026-11-25T21:00:00Z", "2026-11-25T21:01:00Z"}, // its own offset
		{"Asia/Ho_Chi_Minh", "2026-11-25T21:00Z", "2026-11-25T21:00:00Z", "2026-11-25T21:01:00Z"},
		{"UTC", "2026-11-25T21:00", "2026-11-25T21:00:00Z", "2026-11-25T21:01:00Z"},
		{"Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00Z", "2026-10-25T00:31:00Z"}, // comes twice: the first
		{"Europe/Berlin", "2026-10-25T02:59", "2026-10-25T00:59:00Z", "2026-10-25T02:00:00Z"}, // and what comes twice after it
		{"Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"}, // there is no such minute
		{"Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00:00Z", "2026-03-29T01:01:00Z"},
	} {
		q, err := Parse("createdAt: "+c.text, Alerts(), Options{Zone: zone(t, c.zone)})
		if err != nil {
			t.Errorf("%s in %s: %v", c.text, c.zone, err)
			continue
		}
		begin, _ := time.Parse(time.RFC3339, c.begin)
		end, _ := time.Parse(time.RFC3339, c.end)
		if want := fmt.Sprintf("createdAt >= %d AND createdAt < %d", begin.UnixMilli(), end.UnixMilli()); q.String() != want {
			t.Errorf("%s in %s: %s, want %s", c.text, c.zone, q, want)
		}
	}
	for _, wrong := range []string{"2026-11-25T24:30", "2026-11-25T21", "2026-11-25T21:60", `"2026-11-25  21:00"`, "25.11.2026"} {
		if q, err := Parse("createdAt: "+wrong, Alerts(), Options{}); err == nil {
			t.Errorf("%s was read as %s", wrong, q)
		}
	}
}
