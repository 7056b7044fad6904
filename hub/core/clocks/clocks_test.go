package clocks

import (
	"testing"
	"time"
	_ "time/tzdata"
)

// zones have clocks that change by rules, by decree, at midnight, by half an hour, by a day, or
// not at all.
var zones = []string{"UTC", "Asia/Ho_Chi_Minh", "America/New_York", "Europe/London", "Europe/Dublin", "Australia/Lord_Howe",
	"Pacific/Apia", "Pacific/Chatham", "Africa/Casablanca", "America/Havana", "Asia/Beirut", "America/Santiago", "Asia/Tehran"}

func find(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestBounds goes through 35 years hour by hour and looks whether each is where the last bounds
// have it, and whether clocks change in between.
func TestBounds(t *testing.T) {
	for _, name := range zones {
		zone := find(t, name)
		var begin, end time.Time
		changes, offset := 0, 0
		for at := time.Date(2008, 1, 1, 0, 0, 0, 0, time.UTC).In(zone); at.Year() < 2043; at = at.Add(time.Hour) {
			_, now := at.Zone()
			if now != offset && at.Year() > 2008 {
				changes++
				if at.Before(end) {
					t.Fatalf("%s: clocks change before %s, in [%s, %s)", name, at, begin, end)
				}
			}
			offset = now
			if !end.IsZero() && !at.Before(end) || changes == 0 && end.IsZero() {
				begin, end = Bounds(at)
			}
			if begin.After(at) || !end.IsZero() && !end.After(at) {
				t.Fatalf("%s: %s is not in [%s, %s)", name, at, begin, end)
			}
		}
		if few := name == "UTC" || name == "Asia/Ho_Chi_Minh"; few != (changes == 0) {
			t.Errorf("%s: clocks changed %d times", name, changes)
		}
	}
}

// TestBoundsAt looks at each hour of the days on which bounds are easily wrong.
func TestBoundsAt(t *testing.T) {
	for _, name := range zones {
		zone := find(t, name)
		for _, day := range []string{"2007-03-11", "2008-12-31", "2011-12-30", "2024-12-31", "2028-12-31", "2032-12-31", "2040-12-31", "2037-11-01", "2038-01-01", "2096-12-31"} {
			from, err := time.Parse(time.DateOnly, day)
			if err != nil {
				t.Fatal(err)
			}
			for at := from.Add(-14 * time.Hour).In(zone); at.Before(from.Add(38 * time.Hour)); at = at.Add(time.Hour) {
				begin, end := Bounds(at)
				if begin.After(at) || !end.IsZero() && !end.After(at) {
					t.Fatalf("%s: %s is not in [%s, %s)", name, at, begin, end)
				}
				_, offset := at.Zone()
				for n := range 50 { // places in between, and both ends
					near := begin.Add(at.Sub(begin) / 49 * time.Duration(n))
					if begin.IsZero() {
						break
					}
					if _, there := near.Zone(); there != offset {
						t.Fatalf("%s: clocks are ahead by %d at %s and by %d at %s, in [%s, %s)", name, offset, at, there, near, begin, end)
					}
				}
				if !end.IsZero() {
					if _, there := end.Add(-1).Zone(); there != offset {
						t.Fatalf("%s: clocks are ahead by %d at %s and by %d before %s", name, offset, at, there, end)
					}
				}
			}
		}
	}
}
