package state

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

const (
	// warnAhead is how long before a shift begins it is told that who has it can be reached by nothing loud.
	warnAhead = 24 * time.Hour
	// warnedRemembered is of how many shifts of one schedule it is remembered that this was told.
	warnedRemembered = 300
)

// Warned is a shift of which it was told that who has it can be reached by nothing loud.
type Warned struct {
	User  core.UserID `cbor:"1,keyasint"`
	Start time.Time   `cbor:"2,keyasint"`
}

// unreached calls a function for each shift that is to begin, within warnAhead of a moment, and whose person can be
// reached by nothing loud, unless that was told.
func (w *watching) unreached(v *Vigil, before time.Time, do func(*rota.Stint, *reach.User) error) error {
	people := map[core.UserID]*reach.User{}
	for i := range w.stints {
		s := &w.stints[i]
		warned := func(x Warned) bool { return x.User == s.User && x.Start.Equal(s.Start) }
		if !s.Start.After(w.now) || s.Start.After(before.Add(warnAhead)) || slices.ContainsFunc(v.Warned, warned) {
			continue
		}
		u, known := people[s.User]
		if !known {
			// Whoever is blocked is told of as a trouble of the calendar: see troublesOf.
			if x, ok := Users.Get(w.tx, table.K().String(string(s.User))); ok && !x.Blocked && StandingOf(w.tx, x, w.now) < reach.PerhapsLoud {
				u = x
			}
			people[s.User] = u
		}
		if u == nil {
			continue
		}
		if err := do(s, u); err != nil {
			return err
		}
	}
	return nil
}

// warn tells of shifts that are to begin within warnAhead and whose person can be reached by nothing loud: the
// person, by what works, and those who look after the schedule. Of each shift once. Who becomes so later is found
// by the look for gaps, which comes between this moment and the beginning of the shift.
func (w *watching) warn(v *Vigil) error {
	v.Warned = slices.DeleteFunc(v.Warned, func(x Warned) bool { return !x.Start.After(w.now) })
	return w.unreached(v, w.now, func(s *rota.Stint, u *reach.User) error {
		if len(v.Warned) == warnedRemembered {
			return nil
		}
		v.Warned = append(v.Warned, Warned{s.User, s.Start})
		n := Notice{Kind: ShiftUnreached, Schedule: w.schedule.ID, ScheduleName: w.schedule.Name, Zone: w.zoneFor(u, w.schedule), Until: s.Start.Add(startWorth), Shift: Span{s.Start, s.End}}
		why := Reason{Schedule: n.Schedule, ScheduleName: n.ScheduleName}
		now, reserve := w.byWhatWorks(u, "")
		if err := w.tell(u, n, why, now, reserve); err != nil {
			return err
		}
		for _, keeper := range w.keepersOf(w.schedule) {
			if keeper.ID == u.ID {
				continue
			}
			n.Kind, n.Zone, n.With = ShiftAtRisk, w.zoneFor(keeper, w.schedule), w.names([]core.UserID{u.ID})
			now, reserve := keeper.QuietBy(emailKind)
			if err := w.tell(keeper, n, why, now, reserve); err != nil {
				return err
			}
		}
		return nil
	})
}

// nextWarning returns when there is next something to warn of, as things are now, but no later than another moment.
func (w *watching) nextWarning(v *Vigil, most time.Time) time.Time {
	next := most
	_ = w.unreached(v, most, func(s *rota.Stint, _ *reach.User) error { // which never fails
		at := later(s.Start.Add(-warnAhead), w.now)
		if at.Before(next) && (len(v.Warned) < warnedRemembered || at.After(w.now)) {
			next = at
		}
		return nil
	})
	return next
}
