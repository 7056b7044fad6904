package ical

import (
	"cmp"
	"io"
	"slices"
	"time"
)

// Read returns what is in a foreign calendar between two moments: every event, and every
// recurrence of one, of which some part is in [from, to), in the order of their starts. An event
// on whole days counts by the days of the calendar's own zone.
//
// zones finds a zone by its IANA name, as time.LoadLocation does; for "" it gives the zone of
// times that are in none. It is called with no other names than such as may be
// IANA names, each once.
//
// What is wrong with the calendar is an [*Error], which names the line; errors of r are returned
// as they are. Nothing is returned with an error: half a roster is not a roster.
func Read(r io.Reader, from, to time.Time, zones func(string) (*time.Location, error), limits Limits) ([]Event, error) {
	limits = limits.orDefault()
	cal, err := parse(r, limits)
	if err != nil || cal.cancels || !from.Before(to) {
		return nil, err
	}
	s := &selection{from: from, to: to, limits: limits, finder: newFinder(cal, zones), replaced: map[string]map[instant]bool{}}
	var entries []*entry
	for _, c := range cal.events {
		e, err := understand(c, s.finder)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	for _, e := range latest(entries) {
		if e.instance != nil && e.event.UID != "" {
			s.replace(e)
		}
	}
	for _, e := range latest(entries) {
		if e.cancelled {
			continue
		}
		if err := s.take(e); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(s.found, func(a, b Event) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(a.UID, b.UID))
	})
	return s.found, nil
}

// latest leaves out the entries of which there is a later version.
func latest(entries []*entry) []*entry {
	type name struct {
		uid      string
		instance instant
		whole    bool
	}
	of := func(e *entry) name {
		if e.instance == nil {
			return name{uid: e.event.UID, whole: true}
		}
		return name{uid: e.event.UID, instance: e.instance.instant()}
	}
	last := map[name]int{}
	for _, e := range entries {
		last[of(e)] = max(last[of(e)], e.sequence)
	}
	var all []*entry
	for _, e := range entries {
		if e.event.UID == "" || e.sequence == last[of(e)] {
			all = append(all, e)
		}
	}
	return all
}

// A selection is what was found between two moments.
type selection struct {
	from, to time.Time
	limits   Limits
	finder   *finder
	// replaced are the recurrences in whose places something else is, by UIDs.
	replaced map[string]map[instant]bool
	found    []Event
}

// replace notes in the place of which recurrence an entry is.
func (s *selection) replace(e *entry) {
	if s.replaced[e.event.UID] == nil {
		s.replaced[e.event.UID] = map[instant]bool{}
	}
	s.replaced[e.event.UID][e.instance.instant()] = true
}

// take takes an entry, and all its recurrences, as far as they are in the time.
func (s *selection) take(e *entry) error {
	if e.instance != nil {
		return s.add(e, e.start, e.span)
	}
	seen := map[instant]bool{}
	one := func(m moment, long span) error {
		if seen[m.instant()] || m.without(e.not) || m.without(s.replaced[e.event.UID]) {
			return nil
		}
		seen[m.instant()] = true
		return s.add(e, m, long)
	}
	if len(e.rules) == 0 {
		if err := one(e.start, e.span); err != nil {
			return err
		}
	}
	zone := e.start.zone
	if zone == nil {
		zone = s.finder.day()
	}
	const margin = 48 * time.Hour // more than walls can be apart
	low := face(s.from.In(zone)).Add(-e.span.wall).Add(-e.span.elapsed).Add(-margin)
	high := face(s.to.In(zone)).Add(margin)
	for _, r := range e.rules {
		if err := r.expand(low, high, &s.limits.Steps, func(wall time.Time) error { return one(moment{wall, e.start.zone}, e.span) }); err != nil {
			return err
		}
	}
	for _, x := range e.more {
		long := e.span
		if x.span != nil {
			long = *x.span
		}
		if err := one(x.moment, long); err != nil {
			return err
		}
	}
	return nil
}

// add adds one event, if it is in the time.
func (s *selection) add(e *entry, m moment, long span) error {
	found := e.event
	found.Start, found.End = m.time(), long.end(m)
	from, to := s.from, s.to
	if found.AllDay {
		from, to = face(from.In(s.finder.day())), face(to.In(s.finder.day()))
	}
	empty := found.Start.Equal(found.End)
	if !found.Start.Before(to) || !found.End.After(from) && !(empty && found.Start.Equal(from)) {
		return nil
	}
	if len(s.found) == s.limits.Found {
		return wrong(e.line, "the calendar has more than %d events in the time that is asked for", s.limits.Found)
	}
	s.found = append(s.found, found)
	return nil
}
