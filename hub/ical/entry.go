package ical

import (
	"strings"
	"time"
)

// An entry is a VEVENT as it is understood.
type entry struct {
	line      int
	event     Event // without its times
	start     moment
	span      span
	rules     []*rule
	more      []extra          // RDATE
	not       map[instant]bool // EXDATE
	instance  *moment          // RECURRENCE-ID: of the recurrence in whose place it is
	sequence  int
	cancelled bool
}

// A span is how long something lasts: first by the clock on the wall, then by elapsed time.
type span struct{ wall, elapsed time.Duration }

// An extra is a beginning that was added to those of the rules; with a length of its own,
// if it was given one.
type extra struct {
	moment
	span *span
}

// An instant names a beginning: a moment in seconds, or a date.
type instant struct {
	seconds int64
	date    bool
}

// instant returns what names the beginning.
func (m moment) instant() instant { return instant{m.time().Unix(), m.zone == nil} }

// day returns what names the date of the beginning.
func (m moment) day() instant { return instant{midnight(m.wall).Unix(), true} }

// end is when something ends that begins at m.
func (s span) end(m moment) time.Time {
	return moment{m.wall.Add(s.wall), m.zone}.time().Add(s.elapsed)
}

// understand makes an entry of a component.
func understand(c component, f *finder) (*entry, error) {
	e := &entry{line: c.line}
	text := func(name string) string { p, _ := c.one(name); return unescape(p.value) }
	e.event = Event{Line: c.line, UID: text("UID"), Summary: text("SUMMARY"), Description: text("DESCRIPTION"), Location: text("LOCATION")}
	for _, a := range c.props["ATTENDEE"] {
		e.event.Attendees = append(e.event.Attendees, address(a.value))
	}
	e.event.Away = strings.EqualFold(text("X-MICROSOFT-CDO-BUSYSTATUS"), "OOF")
	e.cancelled = strings.EqualFold(text("STATUS"), "CANCELLED")
	e.sequence = max(digits(text("SEQUENCE")), 0)
	if p, ok := c.one("EXRULE"); ok {
		return nil, wrong(p.line, "EXRULE is not supported: export the exceptions as EXDATE")
	}
	if err := e.times(c, f); err != nil {
		return nil, err
	}
	return e, e.recurrence(c, f)
}

// address is an e-mail address without what calendars put before it.
func address(s string) string {
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	return strings.TrimSpace(s)
}

// times reads when the event is.
func (e *entry) times(c component, f *finder) error {
	start, ok := c.one("DTSTART")
	if !ok {
		return wrong(c.line, "the event has no DTSTART")
	}
	var err error
	if e.start, err = f.moment(start, start.value); err != nil {
		return err
	}
	e.event.AllDay = e.start.zone == nil
	if end, ok := c.one("DTEND"); ok {
		until, err := f.moment(end, end.value)
		if err == nil {
			e.span, err = between(e.start, until, end.line)
		}
		return err
	}
	if d, ok := c.one("DURATION"); ok {
		e.span, ok = e.lasting(d.value)
		if !ok {
			return wrong(d.line, "%q is no duration of such an event: write P1D or PT8H", short([]byte(d.value)))
		}
	} else if e.event.AllDay {
		e.span.wall = 24 * time.Hour
	}
	return nil
}

// lasting reads a duration.
func (e *entry) lasting(value string) (span, bool) {
	days, rest, ok := length(value)
	s := span{time.Duration(min(days, 100_000)) * 24 * time.Hour, rest}
	return s, ok && (!e.event.AllDay || rest == 0 && days > 0)
}

// between is how long something lasts from one moment to another. A day that ends where it begins
// is one day: some write it so.
func between(from, to moment, line int) (span, error) {
	switch {
	case (from.zone == nil) != (to.zone == nil):
		return span{}, wrong(line, "the event begins with a date and ends with a time, or the other way round")
	case to.time().Before(from.time()):
		return span{}, wrong(line, "the event ends before it begins")
	case from.zone == nil:
		return span{wall: max(to.wall.Sub(from.wall), 24*time.Hour)}, nil
	case from.zone.String() == to.zone.String():
		return span{wall: to.wall.Sub(from.wall)}, nil
	}
	return span{elapsed: to.time().Sub(from.time())}, nil
}

// recurrence reads when the event is again, and when not.
func (e *entry) recurrence(c component, f *finder) error {
	for i, p := range c.props["RRULE"] {
		if i == rulesMax {
			return wrong(p.line, "the event has more than %d rules", rulesMax)
		}
		r, err := newRule(p, e.start, f)
		if err != nil {
			return err
		}
		e.rules = append(e.rules, r)
	}
	for _, p := range c.props["RDATE"] {
		for value := range strings.SplitSeq(p.value, ",") {
			x, err := e.extra(p, value, f)
			if err != nil {
				return err
			}
			e.more = append(e.more, x)
		}
	}
	e.not = map[instant]bool{}
	for _, p := range c.props["EXDATE"] {
		for value := range strings.SplitSeq(p.value, ",") {
			m, err := f.moment(p, value)
			if err != nil {
				return err
			}
			e.not[m.instant()] = true
		}
	}
	p, ok := c.one("RECURRENCE-ID")
	if !ok {
		return nil
	}
	if p.params["RANGE"] != "" {
		return wrong(p.line, "RANGE=%s is not supported: change the recurrences one by one, or end the event and make a new one", short([]byte(p.params["RANGE"])))
	}
	m, err := f.moment(p, p.value)
	e.instance = &m
	return err
}

// extra reads one value of an RDATE: a date, a time, or a period.
func (e *entry) extra(p prop, value string, f *finder) (extra, error) {
	if !strings.EqualFold(p.params["VALUE"], "PERIOD") {
		m, err := f.moment(p, value)
		if err == nil && (m.zone == nil) != e.event.AllDay {
			err = wrong(p.line, "RDATE has dates of an event with times, or the other way round")
		}
		return extra{moment: m}, err
	}
	from, to, _ := strings.Cut(value, "/")
	m, err := f.moment(p, from)
	if err != nil {
		return extra{}, err
	}
	if s, ok := e.lasting(to); ok {
		return extra{m, &s}, nil
	}
	until, err := f.moment(p, to)
	if err != nil {
		return extra{}, err
	}
	s, err := between(m, until, p.line)
	return extra{m, &s}, err
}

// without reports whether a beginning is excepted by a list: by itself, or with its whole day.
func (m moment) without(list map[instant]bool) bool {
	return list[m.instant()] || list[m.day()]
}
