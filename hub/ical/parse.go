package ical

import (
	"errors"
	"io"
	"strings"
)

// A calendar is what is in a file, before anything of it is understood.
type calendar struct {
	cancels bool   // METHOD:CANCEL
	zone    prop   // X-WR-TIMEZONE
	zones   []zone // VTIMEZONE
	events  []component
}

// A zone is a VTIMEZONE: its name, where it is, and the offsets that it has at one time or
// another, as they are written.
type zone struct {
	id, location string
	offsets      []prop
}

// A component is a VEVENT.
type component struct {
	line  int
	props map[string][]prop
}

// one returns the only, or first, property of a name.
func (c component) one(name string) (prop, bool) {
	if all := c.props[name]; len(all) > 0 {
		return all[0], true
	}
	return prop{}, false
}

// depthMax is how deep components may lie in one another; three is what is known.
const depthMax = 8

// parse reads a whole file.
func parse(r io.Reader, l Limits) (*calendar, error) {
	lines, cal := newLines(r, l), &calendar{}
	var open []prop // the BEGINs
	for {
		p, err := lines.next()
		switch {
		case errors.Is(err, io.EOF) && len(open) > 0:
			o := open[len(open)-1]
			return nil, wrong(lines.number, "the calendar breaks off within the %s that begins in line %d", o.value, o.line)
		case errors.Is(err, io.EOF) && lines.read == 0:
			return nil, wrong(1, "the calendar is empty")
		case errors.Is(err, io.EOF):
			return cal, nil
		case err != nil:
			return nil, err
		}
		if open, err = cal.take(p, open, l); err != nil {
			return nil, err
		}
	}
}

// take takes one line into the calendar, and returns the components that are open after it.
func (c *calendar) take(p prop, open []prop, l Limits) ([]prop, error) {
	p.value = strings.TrimRight(p.value, " \t")
	switch {
	case p.name == "BEGIN":
		return c.begin(p, open, l)
	case len(open) == 0:
		return nil, wrong(p.line, "this is no calendar: it must begin with BEGIN:VCALENDAR")
	case p.name == "END":
		if was := open[len(open)-1]; !strings.EqualFold(was.value, p.value) {
			return nil, wrong(p.line, "END:%s ends the %s that begins in line %d", short([]byte(p.value)), was.value, was.line)
		}
		return open[:len(open)-1], nil
	}
	switch path(open) {
	case "VCALENDAR":
		switch p.name {
		case "METHOD":
			c.cancels = strings.EqualFold(p.value, "CANCEL")
		case "X-WR-TIMEZONE":
			c.zone = p
		}
	case "VCALENDAR/VEVENT":
		if e := c.events[len(c.events)-1]; matters(p.name) && (p.name != "ATTENDEE" || len(e.props[p.name]) < attendeesMax) {
			e.props[p.name] = append(e.props[p.name], p)
		}
	case "VCALENDAR/VTIMEZONE", "VCALENDAR/VTIMEZONE/STANDARD", "VCALENDAR/VTIMEZONE/DAYLIGHT":
		z := &c.zones[len(c.zones)-1]
		switch p.name {
		case "TZID":
			z.id = p.value
		case "X-LIC-LOCATION":
			z.location = p.value
		case "TZOFFSETTO":
			z.offsets = append(z.offsets, p)
		}
	}
	return open, nil
}

// begin opens a component.
func (c *calendar) begin(p prop, open []prop, l Limits) ([]prop, error) {
	p.value = strings.ToUpper(p.value)
	if len(open) == 0 && p.value != "VCALENDAR" {
		return nil, wrong(p.line, "this is no calendar: it must begin with BEGIN:VCALENDAR")
	}
	if len(open) == depthMax || len(p.value) > 100 {
		return nil, wrong(p.line, "components lie too deep in one another, or have too long names")
	}
	open = append(open, p)
	switch path(open) {
	case "VCALENDAR/VEVENT":
		if len(c.events) == l.Events {
			return nil, wrong(p.line, "the calendar has more than %d events", l.Events)
		}
		c.events = append(c.events, component{line: p.line, props: map[string][]prop{}})
	case "VCALENDAR/VTIMEZONE":
		c.zones = append(c.zones, zone{})
	}
	return open, nil
}

// path is where in the calendar a line is.
func path(open []prop) string {
	names := make([]string, len(open))
	for i, o := range open {
		names[i] = o.value
	}
	return strings.Join(names, "/")
}
