package state

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

const (
	// gapsAhead is how far ahead it is looked for gaps. What is new is told when it is no
	// further away than gapsNear, together with all the rest: so a gap that comes every week is
	// told once a week, not once a day, and always a week before.
	gapsAhead, gapsNear = 14 * 24 * time.Hour, 7 * 24 * time.Hour
	// gapsFrom is to what both are counted from, rounded down: from nine in every zone, since one that
	// counted from its own second would tell of a gap of that many seconds at the end.
	gapsFrom = 15 * time.Minute
	// gapsListed is how many gaps one notice lists, and suggestedMost how many people for each.
	gapsListed, suggestedMost = 20, 5
	// gapsRemembered is how many gaps of one schedule it is remembered of that they are told.
	gapsRemembered = 300
	// keepersMax is how many people are told of the gaps of a schedule.
	keepersMax = 20
)

// tellGaps tells those who look after a schedule for which times ahead somebody is needed (P10),
// if there is one that they have not been told of. What has been mended meanwhile is forgotten.
func (c *change) tellGaps(s *rota.Schedule, v *Vigil) error {
	from := c.now.Truncate(gapsFrom)
	troubles, err := c.troublesOf(s, from.Add(gapsAhead))
	if err != nil {
		return err
	}
	fresh := slices.ContainsFunc(troubles, func(t ToldTrouble) bool {
		return t.At.Start.Before(from.Add(gapsNear)) && !slices.ContainsFunc(v.Gaps, t.within)
	})
	if !fresh {
		v.remember(slices.DeleteFunc(troubles, func(t ToldTrouble) bool { return !slices.ContainsFunc(v.Gaps, t.within) }))
		return nil
	}
	keepers := c.keepersOf(s)
	if len(keepers) == 0 {
		return nil // perhaps there is somebody tomorrow
	}
	for _, u := range keepers {
		if err := c.tellKeeper(u, s, troubles); err != nil {
			return err
		}
	}
	v.remember(troubles)
	return nil
}

// remember notes which troubles have been told, without what is for people.
func (v *Vigil) remember(told []ToldTrouble) {
	v.Gaps = nil
	for _, t := range told[:min(len(told), gapsRemembered)] {
		v.Gaps = append(v.Gaps, ToldTrouble{Kind: t.Kind, User: t.User, At: t.At, Open: t.Open})
	}
}

// within reports whether a trouble is no more than one that was told. One of which no end was
// seen is the same however long it goes on.
func (t ToldTrouble) within(told ToldTrouble) bool {
	same := t.Kind == told.Kind && t.User == told.User && !t.At.Start.Before(told.At.Start)
	return same && (!t.At.End.After(told.At.End) || told.Open && t.At.Start.Before(told.At.End))
}

// troublesOf returns the times from now on for which a schedule needs somebody: in which nobody is
// on call, or who is so is away or blocked.
func (c *change) troublesOf(s *rota.Schedule, to time.Time) (all []ToldTrouble, err error) {
	calendar, err := CalendarOf(c.tx, s, c.zones, c.now, to)
	if err != nil {
		return nil, err
	}
	away, blocked := c.awayFrom(calendar, to)
	for _, t := range calendar.Troubles(c.now, to, away) {
		told := ToldTrouble{Kind: t.Kind, User: t.User, At: Span{t.Start, t.End}, Name: c.fullName(t.User), Blocked: blocked[t.User], Open: !t.End.Before(to)}
		for _, p := range t.Suggestion[:min(len(t.Suggestion), suggestedMost)] {
			told.Suggest = append(told.Suggest, c.names([]core.UserID{p.User})...)
		}
		all = append(all, told)
	}
	return all, nil
}

// awayFrom returns when the people of a calendar are away, from now on, and who of them is
// blocked: they cannot be told anything all the while.
func (c *change) awayFrom(calendar *rota.Calendar, to time.Time) (away []rota.Absence, blocked map[core.UserID]bool) {
	seen, blocked := map[core.UserID]bool{"": true}, map[core.UserID]bool{}
	add := func(id core.UserID) {
		if seen[id] {
			return
		}
		seen[id] = true
		if u, ok := Users.Get(c.tx, table.K().String(string(id))); ok && u.Blocked {
			blocked[id] = true
			away = append(away, rota.Absence{User: id, Start: c.now, End: to})
			return
		}
		for a := range AbsencesOf(c.tx, id, c.now) {
			away = append(away, *a)
		}
	}
	for i := range calendar.Schedule.Rotations {
		for _, p := range takers(&calendar.Schedule.Rotations[i], c.now) {
			add(p.User)
		}
	}
	for _, o := range calendar.Overrides {
		add(o.Participant.User)
	}
	for _, f := range calendar.Forwards {
		add(f.To)
	}
	return away, blocked
}

// keepersOf returns who looks after a schedule: the admins of its team, else the administrators.
func (c *change) keepersOf(s *rota.Schedule) (all []*reach.User) {
	ids := c.adminsOf(s.Team)
	if len(ids) == 0 {
		for _, r := range Administrators(c.tx) {
			switch r.Kind {
			case alert.User:
				ids = append(ids, core.UserID(r.ID))
			case alert.Team:
				ids = append(ids, c.adminsOf(core.TeamID(r.ID))...)
			}
		}
	}
	for _, id := range ids {
		if u, ok := Users.Get(c.tx, table.K().String(string(id))); ok && !u.Blocked && len(all) < keepersMax {
			all = append(all, u)
		}
	}
	return all
}

// adminsOf returns the admins of a team who are not blocked.
func (c *change) adminsOf(team core.TeamID) (ids []core.UserID) {
	t, ok := Teams.Get(c.tx, table.K().String(string(team)))
	if !ok {
		return nil
	}
	for _, id := range t.Admins {
		if u, ok := Users.Get(c.tx, table.K().String(string(id))); ok && !u.Blocked {
			ids = append(ids, id)
		}
	}
	return ids
}

// tellKeeper tells one person, by mail if that works, for which times somebody is needed.
func (c *change) tellKeeper(u *reach.User, s *rota.Schedule, troubles []ToldTrouble) error {
	n := Notice{Kind: GapsAhead, Schedule: s.ID, ScheduleName: s.Name, Zone: c.zoneFor(u, s), Until: c.now.Add(24 * time.Hour)}
	n.More = max(0, len(troubles)-gapsListed)
	n.Troubles = troubles[:min(len(troubles), gapsListed)]
	contacts, reserve := u.QuietBy(emailKind)
	return c.tell(u, n, Reason{Schedule: s.ID, ScheduleName: s.Name}, contacts, reserve)
}
