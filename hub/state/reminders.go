package state

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// watching is a look at the changes of shift of a schedule around now.
type watching struct {
	*change
	schedule *rota.Schedule
	stints   []rota.Stint
	people   map[core.UserID]*reach.User // nil: whom there is nothing to tell
}

const (
	// watchBack is how long before now a shift may have begun that is worth telling.
	watchBack = startWorth + time.Minute
	// watchAhead is how far it is looked: until the next look, a day later at most, and from
	// there as far as reminders look.
	watchAhead = 25*time.Hour + reach.RemindMost
	// shiftReach is how far it is looked for the end of a shift that is told.
	shiftReach = 35 * 24 * time.Hour
)

// turnsAround looks at a schedule. It fails if its time zone is not known.
func (c *change) turnsAround(s *rota.Schedule) (*watching, error) {
	from, to := c.now.Add(-watchBack), c.now.Add(watchAhead)
	calendar, err := CalendarOf(c.tx, s, c.zones, from, to)
	if err != nil {
		return nil, err
	}
	return &watching{c, s, calendar.Stints(from, to), map[core.UserID]*reach.User{}}, nil
}

// turn is the beginning or the end of a person's shift.
type turn struct {
	action reach.Action
	at     time.Time
	user   *reach.User
	zone   *time.Location // the person's; nil: it is not known
	stint  rota.Stint
}

// until is after when it is not worth telling any more.
func (t *turn) until() time.Time {
	if t.action == reach.ScheduleEnd {
		return t.at.Add(endWorth)
	}
	if until := t.at.Add(startWorth); t.stint.End.IsZero() || until.Before(t.stint.End) {
		return until
	}
	return t.stint.End
}

// turns calls a function for each beginning and end that people want to be reminded of.
func (w *watching) turns(do func(*turn) error) error {
	for _, stint := range w.stints {
		u := w.person(stint.User)
		if u == nil {
			continue
		}
		t := turn{action: reach.ScheduleStart, at: stint.Start, user: u, stint: stint}
		if zone, err := w.zones(u.Zone); err == nil {
			t.zone = zone
		}
		if !t.at.IsZero() {
			if err := do(&t); err != nil {
				return err
			}
		}
		if t.action, t.at = reach.ScheduleEnd, stint.End; !t.at.IsZero() {
			if err := do(&t); err != nil {
				return err
			}
		}
	}
	return nil
}

// person returns somebody who wants to be reminded, nil if there is no such.
func (w *watching) person(id core.UserID) *reach.User {
	u, known := w.people[id]
	if known {
		return u
	}
	u, ok := Users.Get(w.tx, table.K().String(string(id)))
	if !ok || u.Blocked || len(u.Reminds(reach.ScheduleStart, w.schedule.ID))+len(u.Reminds(reach.ScheduleEnd, w.schedule.ID)) == 0 {
		u = nil
	}
	w.people[id] = u
	return u
}

// remind tells people of changes of shift whose reminders were due after a moment and are now. Of
// several of one change, as after an outage, the last counts.
func (w *watching) remind(after time.Time) error {
	return w.turns(func(t *turn) error {
		if !w.now.Before(t.until()) {
			return nil
		}
		for _, before := range t.user.Reminds(t.action, w.schedule.ID) {
			at := t.at.Add(-before)
			if at.After(w.now) || !at.After(after) {
				continue
			}
			if rule, ok := t.user.Reminder(t.action, w.schedule.ID, before, at, t.zone); ok {
				return w.tellTurn(t, rule, at)
			}
		}
		return nil
	})
}

// next returns the first moment after a moment at which somebody is to be reminded, but no later
// than another one.
func (w *watching) next(after, most time.Time) time.Time {
	next := most
	_ = w.turns(func(t *turn) error { // which never fails
		for _, before := range t.user.Reminds(t.action, w.schedule.ID) {
			at := t.at.Add(-before)
			if !at.After(after) || !at.Before(next) {
				continue
			}
			if _, ok := t.user.Reminder(t.action, w.schedule.ID, before, at, t.zone); ok {
				next = at
			}
		}
		return nil
	})
	return next
}

// tellTurn tells a person of a change of shift, by a rule whose moment was at.
func (w *watching) tellTurn(t *turn, rule *reach.NotificationRule, at time.Time) error {
	shift := t.stint
	n := Notice{Kind: ShiftStarts, Schedule: w.schedule.ID, ScheduleName: w.schedule.Name, Zone: w.zoneFor(t.user, w.schedule), Until: t.until(), For: w.fullName(shift.For)}
	var with []core.UserID
	if t.action == reach.ScheduleEnd {
		n.Kind = ShiftEnds
	} else if shift.End.IsZero() {
		shift.End = w.endOf(&shift)
	}
	for _, other := range w.stints {
		from := t.action == reach.ScheduleStart && other.End.Equal(t.at)
		to := t.action == reach.ScheduleEnd && other.Start.Equal(t.at)
		if from || to {
			with = append(with, other.User)
		}
	}
	n.Shift, n.With = Span{shift.Start, shift.End}, w.names(with)
	for _, id := range shift.Rotations {
		if i := slices.IndexFunc(w.schedule.Rotations, func(r rota.Rotation) bool { return r.ID == id }); i >= 0 && w.schedule.Rotations[i].Name != "" {
			n.Rotations = append(n.Rotations, w.schedule.Rotations[i].Name)
		}
	}
	defer func(was time.Time) { w.due = was }(w.due)
	if w.due = at; at.Equal(w.now) {
		w.due = time.Time{}
	}
	contacts, reserve := t.user.Quiet(rule)
	return w.tell(t.user, n, Reason{Schedule: n.Schedule, ScheduleName: n.ScheduleName, NotificationRule: rule.ID}, contacts, reserve)
}

// endOf returns when a shift ends that goes on for longer than was looked; zero if not within
// [shiftReach].
func (w *watching) endOf(shift *rota.Stint) time.Time {
	calendar, err := CalendarOf(w.tx, w.schedule, w.zones, shift.Start, shift.Start.Add(shiftReach))
	if err != nil {
		return time.Time{}
	}
	for _, s := range calendar.Stints(shift.Start, shift.Start.Add(shiftReach)) {
		if s.User == shift.User && s.Start.IsZero() { // the one that begins at the edge
			return s.End
		}
	}
	return time.Time{}
}
