package rota

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"keng/hub/core"
)

// TroubleKind is what is the matter.
type TroubleKind uint8

// The kinds of trouble. Values are stored.
const (
	Gap          TroubleKind = 1 // nobody is on call, though the schedule means to cover the time
	Away         TroubleKind = 2 // who is on call is off
	DoubleBooked TroubleKind = 3 // one person is on call in two schedules
)

// Trouble is something to be mended before its time comes: in [Start, End).
type Trouble struct {
	Kind       TroubleKind
	Schedule   core.ScheduleID
	Start, End time.Time
	User       core.UserID     // who is away or booked twice; of a gap nobody
	Other      core.ScheduleID // of a double booking: the other schedule
	Suggestion []Participant   // who of the schedule's people could take it, the best first
}

// Troubles returns the gaps and absences of [a, b), in order of time. Absences are those of all
// people. It takes time in proportion to the periods of [a, b), which callers put a bound on; they let
// it begin at now, since the past is not to be mended.
func (c *Calendar) Troubles(a, b time.Time, away []Absence) []Trouble {
	if c.Schedule.Disabled {
		return nil
	}
	from, to := momentOf(a), momentOf(b)
	finals := c.finals(from, to)
	p := c.pool(finals, away)
	var troubles []Trouble
	for _, s := range c.gaps(finals, from, to) {
		troubles = append(troubles, p.trouble(Gap, "", s))
	}
	for _, user := range slices.Sorted(maps.Keys(p.on)) {
		for _, s := range absences(finals, user, p.off[user]) {
			troubles = append(troubles, p.trouble(Away, user, s))
		}
	}
	slices.SortStableFunc(troubles, func(x, y Trouble) int {
		return cmp.Or(x.Start.Compare(y.Start), cmp.Compare(x.Kind, y.Kind))
	})
	return troubles
}

// gaps returns when of [from, to) nobody is on call and somebody should be.
func (c *Calendar) gaps(finals []piece, from, to moment) (gaps []span) {
	busy := make([]span, 0, len(finals)+1)
	for _, p := range finals {
		busy = append(busy, span{p.start, p.end})
	}
	meant := c.by(c.Schedule.Covers, newWall(c.Zone))
	for _, s := range append(union(busy, 0), span{to, to}) {
		for p := range cut(meant, from, s.start) {
			gaps = append(gaps, span{p.start, p.end})
		}
		from = s.end
	}
	return gaps
}

// absences returns when a user is on call and off. Two periods are two absences, unless they are
// at the same time.
func absences(finals []piece, user core.UserID, off []span) (all []span) {
	for _, p := range finals {
		for _, s := range off {
			if p.who.User == user && s.meets(span{p.start, p.end}) {
				all = append(all, span{max(s.start, p.start), min(s.end, p.end)})
			}
		}
	}
	return union(all, 1)
}

// pool is the people of a schedule, and what speaks against each.
type pool struct {
	schedule core.ScheduleID
	people   []core.UserID // the fewest hours first
	on, off  map[core.UserID][]span
	gives    map[core.UserID][]span // when their rules give away what would reach them
}

func (c *Calendar) pool(finals []piece, away []Absence) *pool {
	p := &pool{schedule: c.Schedule.ID, on: onCallOf(finals), off: map[core.UserID][]span{}, gives: map[core.UserID][]span{}}
	for _, a := range away {
		p.off[a.User] = append(p.off[a.User], span{momentOf(a.Start), momentOf(a.End)})
	}
	for user, spans := range p.off {
		p.off[user] = union(spans, 0)
	}
	for _, f := range c.Forwards {
		p.gives[f.From] = append(p.gives[f.From], span{momentOf(f.Start), momentOf(f.End)})
	}
	for _, r := range c.Schedule.Rotations {
		for _, who := range r.Participants {
			p.add(who.User)
		}
		for _, s := range r.Slots {
			p.add(s.Participant.User)
		}
	}
	hours := map[core.UserID]moment{}
	for user, spans := range p.on {
		for _, s := range spans {
			hours[user] += s.end - s.start
		}
	}
	slices.SortStableFunc(p.people, func(a, b core.UserID) int { return cmp.Compare(hours[a], hours[b]) })
	return p
}

func (p *pool) add(user core.UserID) {
	if user != "" && !slices.Contains(p.people, user) {
		p.people = append(p.people, user)
	}
}

// trouble makes a trouble with a suggestion.
func (p *pool) trouble(kind TroubleKind, user core.UserID, s span) Trouble {
	t := Trouble{Kind: kind, Schedule: p.schedule, Start: s.start.time(), End: s.end.time(), User: user}
	for _, u := range p.people {
		if p.free(u, s) {
			t.Suggestion = append(t.Suggestion, Participant{User: u})
		}
	}
	return t
}

// free reports whether nothing speaks against a user in a span.
func (p *pool) free(user core.UserID, s span) bool {
	meets := func(spans []span) bool { return slices.ContainsFunc(spans, s.meets) }
	return !meets(p.on[user]) && !meets(p.off[user]) && !meets(p.gives[user])
}

// booking is when a person is on call in one of several schedules.
type booking struct {
	user     core.UserID
	schedule int
	span
}

// DoubleBookings returns the times in [a, b) in which one person is on call in two schedules at
// once, in order of time. Schedule is the one of the two that comes first in all.
func DoubleBookings(all []*Calendar, a, b time.Time) []Trouble {
	var bookings []booking
	for i, c := range all {
		for user, spans := range onCallOf(c.finals(momentOf(a), momentOf(b))) {
			for _, s := range spans {
				bookings = append(bookings, booking{user, i, s})
			}
		}
	}
	slices.SortFunc(bookings, func(x, y booking) int {
		return cmp.Or(cmp.Compare(x.user, y.user), cmp.Compare(x.start, y.start), cmp.Compare(x.schedule, y.schedule))
	})
	var troubles []Trouble
	var open []booking // those of before that may meet the one in hand
	for _, now := range bookings {
		open = slices.DeleteFunc(open, func(was booking) bool { return was.user != now.user || was.end <= now.start })
		for _, was := range open {
			first, other := min(was.schedule, now.schedule), max(was.schedule, now.schedule)
			troubles = append(troubles, Trouble{
				Kind: DoubleBooked, Schedule: all[first].Schedule.ID, Other: all[other].Schedule.ID, User: now.user,
				Start: now.start.time(), End: min(was.end, now.end).time(),
			})
		}
		open = append(open, now)
	}
	slices.SortStableFunc(troubles, func(x, y Trouble) int {
		return cmp.Or(x.Start.Compare(y.Start), cmp.Compare(x.Schedule, y.Schedule), cmp.Compare(x.Other, y.Other))
	})
	return troubles
}
