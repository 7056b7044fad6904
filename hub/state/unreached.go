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
// person, by what works, and those who look after the schedule. Of each shift once, and of each person once a week: see
// [watching.mayWarn]. Who becomes so later is found
// by the look for gaps, which comes between this moment and the beginning of the shift.
func (w *watching) warn(v *Vigil) error {
	v.Warned = slices.DeleteFunc(v.Warned, func(x Warned) bool { return !x.Start.After(w.now) })
	var risks []ToldTrouble
	seen, toKeepers := map[core.UserID]bool{}, map[core.UserID]bool{}
	err := w.unreached(v, w.now, func(s *rota.Stint, u *reach.User) error {
		if len(v.Warned) == warnedRemembered {
			return nil
		}
		v.Warned = append(v.Warned, Warned{s.User, s.Start})
		toPerson := false
		if !seen[u.ID] {
			var err error
			if toPerson, toKeepers[u.ID], err = w.mayWarn(u); err != nil {
				return err
			}
			seen[u.ID] = true
		}
		if toKeepers[u.ID] {
			risks = append(risks, ToldTrouble{Kind: rota.Away, User: u.ID, At: Span{s.Start, s.End}, Name: w.fullName(u.ID)})
		}
		if !toPerson {
			return nil
		}
		n := w.warning(ShiftUnreached, u, s.Start)
		n.Shift = Span{s.Start, s.End}
		now, reserve := w.byWhatWorks(u, "")
		return w.tell(u, n, Reason{Schedule: n.Schedule, ScheduleName: n.ScheduleName}, now, reserve)
	})
	if err != nil || len(risks) == 0 {
		return err
	}
	for _, keeper := range w.keepersOf(w.schedule) {
		others := slices.DeleteFunc(slices.Clone(risks), func(t ToldTrouble) bool { return t.User == keeper.ID })
		if len(others) == 0 {
			continue
		}
		n := w.warning(ShiftAtRisk, keeper, others[len(others)-1].At.Start)
		n.More = max(0, len(others)-gapsListed)
		n.Troubles = others[:min(len(others), gapsListed)]
		now, reserve := keeper.QuietBy(emailKind)
		if err := w.tell(keeper, n, Reason{Schedule: n.Schedule, ScheduleName: n.ScheduleName}, now, reserve); err != nil {
			return err
		}
	}
	return nil
}

// warning is a notice to a person about shifts of the schedule, the last of which begins at a moment.
func (w *watching) warning(kind NoticeKind, to *reach.User, last time.Time) Notice {
	return Notice{Kind: kind, Schedule: w.schedule.ID, ScheduleName: w.schedule.Name, Zone: w.zoneFor(to, w.schedule), Until: last.Add(startWorth)}
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
