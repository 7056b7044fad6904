package ical

import (
	"strings"
	"time"
)

// A finder finds zones by what calendars call them, each once.
type finder struct {
	zones   func(string) (*time.Location, error)
	defined []zone // in the file
	found   map[string]*time.Location
	// floating is the zone of times that have none; nil, if it could not be found, which
	// matters only where there is such a time.
	floating    *time.Location
	floatingErr error
}

// newFinder also settles in which zone the calendar's floating times are.
func newFinder(c *calendar, zones func(string) (*time.Location, error)) *finder {
	f := &finder{zones: zones, defined: c.zones, found: map[string]*time.Location{}}
	if c.zone.value != "" {
		f.floating, f.floatingErr = f.zone(c.zone.value, c.zone.line)
	} else {
		f.floating, f.floatingErr = zones("")
	}
	return f
}

// day returns the zone in which days are compared with moments.
func (f *finder) day() *time.Location {
	if f.floating == nil {
		return time.UTC
	}
	return f.floating
}

// zone finds a zone. The error says what can be done.
func (f *finder) zone(id string, line int) (*time.Location, error) {
	if z, ok := f.found[id]; ok {
		return z, nil
	}
	z := f.named(id)
	if z == nil {
		var err error
		if z, err = f.fromFile(id, line); err != nil {
			return nil, err
		}
	}
	f.found[id] = z
	return z, nil
}

// named finds a zone by its IANA name, which may be the end of a path as in
// /mozilla.org/20050126_1/Asia/Ho_Chi_Minh, or by the name that Windows has for it.
func (f *finder) named(id string) *time.Location {
	if iana := windows(id); iana != "" {
		id = iana
	}
	if id == "UTC" || id == "GMT" || id == "Etc/UTC" {
		return time.UTC
	}
	for name, more := strings.TrimPrefix(id, "/"), true; more; _, name, more = strings.Cut(name, "/") {
		if plausible(name) {
			if z, err := f.zones(name); err == nil && z != nil {
				return z
			}
		}
	}
	return nil
}

// plausible reports whether something may be an IANA name at all.
func plausible(name string) bool {
	if name == "" || name == "Local" || len(name) > 64 || name[0] == '/' {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-+/", c) >= 0) {
			return false
		}
	}
	return true
}

// fromFile finds a zone by its VTIMEZONE.
func (f *finder) fromFile(id string, line int) (*time.Location, error) {
	for _, d := range f.defined {
		if d.id != id {
			continue
		}
		if z := f.named(d.location); d.location != "" && z != nil {
			return z, nil
		}
		first, ok := 0, len(d.offsets) > 0
		for i, o := range d.offsets {
			seconds, valid := offset(o.value)
			if !valid {
				return nil, wrong(o.line, "%q is no offset from UTC", short([]byte(o.value)))
			}
			if i == 0 {
				first = seconds
			}
			ok = ok && seconds == first
		}
		if ok {
			return time.FixedZone(short([]byte(id)), first), nil
		}
		return nil, wrong(line, "the time zone %q is unknown, and its clocks change: export with an IANA name such as Asia/Ho_Chi_Minh", short([]byte(id)))
	}
	return nil, wrong(line, "the time zone %q is unknown, and the calendar does not define it: export with an IANA name such as Asia/Ho_Chi_Minh", short([]byte(id)))
}

// moment reads a date or a time.
func (f *finder) moment(p prop, value string) (moment, error) {
	value = strings.TrimSpace(value)
	utc := strings.HasSuffix(value, "Z") || strings.HasSuffix(value, "z")
	text := value
	if utc {
		text = value[:len(value)-1]
	}
	wall, date, ok := clock(text)
	switch {
	case !ok || date && utc || date && strings.EqualFold(p.params["VALUE"], "DATE-TIME") || !date && strings.EqualFold(p.params["VALUE"], "DATE"):
		return moment{}, wrong(p.line, "%s: %q is no date or time: write 20261126 or 20261126T090000Z", p.name, short([]byte(value)))
	case date:
		return moment{wall: wall}, nil
	case utc:
		return moment{wall, time.UTC}, nil
	case p.params["TZID"] == "" && f.floatingErr != nil:
		return moment{}, wrong(p.line, "%s is in no zone, and neither is the calendar: %v", p.name, f.floatingErr)
	case p.params["TZID"] == "":
		return moment{wall, f.day()}, nil
	}
	z, err := f.zone(p.params["TZID"], p.line)
	return moment{wall, z}, err
}
