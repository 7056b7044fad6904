package state

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// calendarReach is how far ahead it is looked for the end of a period of somebody on call.
const calendarReach = 400 * 24 * time.Hour

// CalendarOf returns a schedule with what decides about who is on call in it in [from, to):
// the overrides, forwarding rules and holidays that matter then. What it says of other times,
// such as where a period ends that reaches beyond, may be otherwise.
func CalendarOf(r table.Reader, s *rota.Schedule, zones Zones, from, to time.Time) (*rota.Calendar, error) {
	calendar, err := plannedOf(r, s, zones, from, to)
	if err != nil {
		return nil, err
	}
	calendar.Holidays = holidaysOf(r, s.Holidays, from, to)
	for f := range forwardsByEnd.Range(r, table.K().Time(from.Add(1)), afterAll) {
		if f.Start.Before(to) {
			calendar.Forwards = append(calendar.Forwards, *f)
		}
	}
	return calendar, nil
}

// MayBeOnCall returns a function that reports whether a person may be on call in a schedule from a moment on: by
// a turn, a shift or an override of that person, or of somebody whose forwarding rules lead there. It looks
// up no time, and so costs little: where it says no, [CalendarOf] need not be asked.
func MayBeOnCall(r table.Reader, person core.UserID, from time.Time) func(*rota.Schedule) bool {
	givers := map[core.UserID][]core.UserID{}
	for f := range ForwardsOf(r, "", from) {
		givers[f.To] = append(givers[f.To], f.From)
	}
	known, open := map[core.UserID]bool{person: true}, []core.UserID{person}
	for len(open) > 0 {
		last := open[len(open)-1]
		open = open[:len(open)-1]
		for _, giver := range givers[last] {
			if !known[giver] {
				known[giver] = true
				open = append(open, giver)
			}
		}
	}
	return func(s *rota.Schedule) bool {
		for _, rotation := range s.Rotations {
			if slices.ContainsFunc(rotation.Participants, func(p rota.Participant) bool { return known[p.User] }) ||
				slices.ContainsFunc(rotation.Slots, func(x rota.Slot) bool { return known[x.Participant.User] }) {
				return true
			}
		}
		for o := range unfinishedOverrides(r, s.ID, from) {
			if known[o.Participant.User] {
				return true
			}
		}
		return false
	}
}

// plannedOf is as [CalendarOf], but without forwarding: whose shift it is, whoever is told in
// the person's place. What is planned anew, and what a page begins with, goes by it. Holidays
// it has only if they decide about that.
func plannedOf(r table.Reader, s *rota.Schedule, zones Zones, from, to time.Time) (*rota.Calendar, error) {
	zone, err := zones(s.Zone)
	if err != nil {
		return nil, fmt.Errorf("schedule %s has an unknown time zone %s", s.Name, s.Zone)
	}
	calendar := &rota.Calendar{Schedule: s, Zone: zone}
	if slices.ContainsFunc(s.Rotations, func(x rota.Rotation) bool { return x.Restriction != nil }) {
		calendar.Holidays = holidaysOf(r, s.Holidays, from, to)
	}
	for o := range unfinishedOverrides(r, s.ID, from) {
		if o.Start.Before(to) {
			calendar.Overrides = append(calendar.Overrides, *o)
		}
	}
	return calendar, nil
}

// standIns returns to whom forwarding rules lead from somebody at a moment, step by step: first
// the person, last whose the notifications are. Rules follow one another as in
// [rota.Calendar]: each person once, and of a person's rules the one made last.
func standIns(r table.Reader, from core.UserID, now time.Time) []core.UserID {
	chain := []core.UserID{from}
	for {
		var last *rota.Forward
		for f := range forwardsOf(r, chain[len(chain)-1], now) {
			if !f.Start.After(now) && (last == nil || f.Number > last.Number) {
				last = f
			}
		}
		if last == nil || slices.Contains(chain, last.To) {
			return chain
		}
		chain = append(chain, last.To)
	}
}

// notifyUser begins to tell a person of an alert, or whoever has the person's notifications
// at the moment. Every way to a person leads through here. Where rules lead to somebody who cannot be
// told it is the last before who can: better somebody who is off than nobody.
func (c *change) notifyUser(a *alert.Alert, u *reach.User, why *Reason) error {
	chain := standIns(c.tx, u.ID, c.now)
	for i := len(chain) - 1; i > 0; i-- {
		other, ok := Users.Get(c.tx, table.K().String(string(chain[i])))
		if ok && c.mayPage(a, other, why) {
			way := *why
			way.For, way.ForName = u.ID, u.Username
			return c.tellPerson(a, other, &way)
		}
		left := explain.Decision{Kind: explain.ForwardNowhere, User: chain[i-1], Name: c.nameOf(rota.Participant{User: chain[i-1]}), Why: why}
		if ok {
			left.Kind, left.Of = explain.ForwardUnfollowed, []string{other.Username}
		}
		if err := c.log(a.ID, SystemEntry, System, left); err != nil {
			return err
		}
	}
	return c.tellPerson(a, u, why)
}

// tellPerson begins to tell a person of an alert, and counts whom a step has told.
func (c *change) tellPerson(a *alert.Alert, u *reach.User, why *Reason) error {
	err := c.tellUser(a, u, why)
	if c.told[told{a.ID, u.ID}] {
		c.noteReached(u.ID)
	}
	return err
}

// notBlocked complains about a person who is blocked: whoever has a shift is to be told of alerts.
func (c *change) notBlocked(field string, id core.UserID) error {
	if u, ok := Users.Get(c.tx, table.K().String(string(id))); ok && u.Blocked {
		return core.Invalid(field, u.Username+" is blocked and would not be notified of anything")
	}
	return nil
}

// times checks the times of something that is planned or, if it was there, changed. It is to end in
// the future; but what is running may be said to have ended, and ends now: what was stays.
func (c *change) times(wrong faults, was Span, start time.Time, end *time.Time, check func() error) {
	running := !was.Start.IsZero() && !was.Start.After(c.now) && was.End.After(c.now)
	ends := running && !end.After(c.now) && !end.Before(start)
	if ends {
		*end = c.now
	}
	wrong.merge("", check())
	if !ends {
		wrong.future("endDate", *end, c.now)
	}
}

// future complains about an end that has passed: what is over decides nothing.
func (f faults) future(field string, end, now time.Time) {
	if f[field] == "" && !end.After(now) {
		f.add(field, "must be in the future")
	}
}

// merge adds what a check of the core says, where nothing is known to be wrong yet.
func (f faults) merge(at string, err error) {
	for field, why := range fieldsOf(err) {
		if f[at+field] == "" {
			f.add(at+field, why)
		}
	}
}

// atLeast reports whether there are so many rows.
func atLeast[R any](n int, rows iter.Seq[R]) bool {
	for range rows {
		if n--; n == 0 {
			return true
		}
	}
	return false
}

// only returns the rows of which something is so.
func only[R any](rows iter.Seq[R], is func(R) bool) iter.Seq[R] {
	return func(yield func(R) bool) {
		for row := range rows {
			if is(row) && !yield(row) {
				return
			}
		}
	}
}

// setTime takes over a moment that a caller has said.
func setTime(field *time.Time, said *time.Time) {
	if said != nil {
		*field = said.UTC()
	}
}

// forgetSchedule removes what is planned for a schedule that is deleted. What is over goes
// with time.
func (c *change) forgetSchedule(id core.ScheduleID) {
	c.forgetFeeds(id, "")
	for o := range unfinishedOverrides(c.tx, id, c.now) {
		Overrides.Delete(c.tx, Overrides.KeyOf(o))
	}
	for s := range unfinishedSwaps(c.tx, c.now) {
		if s.Schedule == id {
			Swaps.Delete(c.tx, Swaps.KeyOf(s))
		}
	}
}

// forgetUser removes what a deleted person has planned.
func (c *change) forgetUser(id core.UserID) {
	c.forgetFeeds("", id)
	for f := range forwardsOf(c.tx, id, c.now) {
		Forwards.Delete(c.tx, Forwards.KeyOf(f))
	}
	for a := range AbsencesOf(c.tx, id, c.now) {
		Absences.Delete(c.tx, Absences.KeyOf(a))
	}
	for s := range SwapsOf(c.tx, id, c.now) {
		Swaps.Delete(c.tx, Swaps.KeyOf(s))
	}
}

// usesOfCalendars returns what of what is planned for now and later needs somebody.
func (c *change) usesOfCalendars(r alert.Responder) (uses []use) {
	who := takes(r)
	for o := range overridesByEnd.Range(c.tx, table.K().Time(c.now.Add(1)), afterAll) {
		if !who(o.Participant) {
			continue
		}
		if s, ok := Schedules.Get(c.tx, table.K().String(string(o.Schedule))); ok {
			uses = append(uses, use{alert.Responder{Kind: alert.Schedule, ID: string(s.ID)}, "an override of schedule [" + s.Name + "]"})
		}
	}
	if r.Kind != alert.User {
		return uses
	}
	for f := range forwardsByEnd.Range(c.tx, table.K().Time(c.now.Add(1)), afterAll) {
		if string(f.To) != r.ID {
			continue
		}
		if u, ok := Users.Get(c.tx, table.K().String(string(f.From))); ok {
			uses = append(uses, use{alert.Responder{Kind: alert.User, ID: string(u.ID)}, "the forwarding of user [" + u.Username + "]"})
		}
	}
	return uses
}
