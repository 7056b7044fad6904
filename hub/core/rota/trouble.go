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
	Unknown      TroubleKind = 4 // who is on call cannot be told; no function here finds that, but who has no calendar
)

// Bounds of what is found.
const (
	TroublesMax    = 10_000 // troubles of a calendar, or double bookings: the first ones
	SuggestionsMax = 20     // people who could take it
)

// Trouble is something to be mended before its time comes: in [Start, End).
type Trouble struct {
	Kind       TroubleKind
	Schedule   core.ScheduleID
	Start, End time.Time
	User       core.UserID     // who is away or booked twice; of a gap nobody
	Other      core.ScheduleID // of a double booking: the other schedule
	Suggestion []Participant   // who of the schedule's people could take it, the best first, at most [SuggestionsMax]
	Why        string          // of one that is [Unknown]: why
}

// Troubles returns the gaps and absences of [a, b), in order of time: the first [TroublesMax].
// Absences are those of all people. It takes time in proportion to the periods of [a, b), which callers
// put a bound on (see [Calendar.Periods]); they let it begin at now, since the past is not to be mended.
func (c *Calendar) Troubles(a, b time.Time, away []Absence) []Trouble {
	if c.Schedule.Disabled {
		return nil
	}
	from, to := momentOf(a), momentOf(b)
	finals := c.finals(from, to)
	p := c.pool(finals, away)
	var troubles []Trouble
	add := func(kind TroubleKind, user core.UserID, s span) {
		troubles = append(troubles, Trouble{Kind: kind, Schedule: p.schedule, Start: s.start.time(), End: s.end.time(), User: user})
	}
	for _, s := range c.gaps(finals, from, to) {
		add(Gap, "", s)
	}
	absent := absences(finals, p.off)
	for _, user := range slices.Sorted(maps.Keys(absent)) {
		for _, s := range absent[user] {
			add(Away, user, s)
		}
	}
	slices.SortStableFunc(troubles, func(x, y Trouble) int {
		return cmp.Or(x.Start.Compare(y.Start), cmp.Compare(x.Kind, y.Kind))
	})
	troubles = troubles[:min(len(troubles), TroublesMax)]
	for i := range troubles {
		p.suggest(&troubles[i])
	}
	return troubles
}

// Periods returns how many periods the final timeline of [a, b) has, or most if there are more.
func (c *Calendar) Periods(a, b time.Time, most int) (n int) {
	from, to := momentOf(a), momentOf(b)
	for _, l := range c.acting(from, to) {
		for range cut(l.final, from, to) {
			if n++; n >= most {
				return most
			}
		}
	}
	return n
}

// People returns the people who have turns or shifts of a schedule, each once, in the order in
// which they come.
func (s *Schedule) People() (all []core.UserID) {
	seen := map[core.UserID]bool{"": true}
	add := func(p Participant) {
		if !seen[p.User] {
			seen[p.User] = true
			all = append(all, p.User)
		}
	}
	for _, r := range s.Rotations {
		for _, p := range r.Participants {
			add(p)
		}
		for _, slot := range r.Slots {
			add(slot.Participant)
		}
	}
	return all
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

// absences returns when people are on call and off. Two periods are two absences, unless they are
// at the same time.
func absences(finals []piece, off map[core.UserID][]span) map[core.UserID][]span {
	absent := map[core.UserID][]span{}
	for _, p := range finals {
		spans := off[p.who.User]
		for i := reaching(spans, p.start); i < len(spans) && spans[i].start < p.end; i++ {
			absent[p.who.User] = append(absent[p.who.User], span{max(spans[i].start, p.start), min(spans[i].end, p.end)})
		}
	}
	for user, spans := range absent {
		absent[user] = union(spans, 1)
	}
	return absent
}

// reaching returns the place of the first of spans that ends after m. They are in order, and
// none is over another.
func reaching(spans []span, m moment) int {
	i, _ := slices.BinarySearchFunc(spans, m, func(s span, m moment) int {
		if s.end <= m {
			return -1
		}
		return 1
	})
	return i
}

// pool is the people of a schedule, and what speaks against each.
type pool struct {
	schedule core.ScheduleID
	people   []core.UserID // the fewest hours first
	on, off  map[core.UserID][]span
	gives    map[core.UserID][]span // when their rules give away what would reach them
}

func (c *Calendar) pool(finals []piece, away []Absence) *pool {
	p := &pool{schedule: c.Schedule.ID, people: c.Schedule.People(), on: onCallOf(finals), off: map[core.UserID][]span{}, gives: map[core.UserID][]span{}}
	for _, a := range away {
		p.off[a.User] = append(p.off[a.User], span{momentOf(a.Start), momentOf(a.End)})
	}
	for _, f := range c.Forwards {
		p.gives[f.From] = append(p.gives[f.From], span{momentOf(f.Start), momentOf(f.End)})
	}
	for _, all := range []map[core.UserID][]span{p.off, p.gives} {
		for user, spans := range all {
			all[user] = union(spans, 0)
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

// suggest says who could take a trouble's time.
func (p *pool) suggest(t *Trouble) {
	s := span{momentOf(t.Start), momentOf(t.End)}
	for _, u := range p.people {
		if p.free(u, s) {
			if t.Suggestion = append(t.Suggestion, Participant{User: u}); len(t.Suggestion) == SuggestionsMax {
				return
			}
		}
	}
}

// free reports whether nothing speaks against a user in a span.
func (p *pool) free(user core.UserID, s span) bool {
	meets := func(spans []span) bool {
		i := reaching(spans, s.start)
		return i < len(spans) && spans[i].start < s.end
	}
	return !meets(p.on[user]) && !meets(p.off[user]) && !meets(p.gives[user])
}

// booking is when a person is on call in one of several schedules.
type booking struct {
	user     core.UserID
	schedule int
	span
}

// DoubleBookings returns the times in [a, b) in which one person is on call in two schedules at
// once, in order of time: the first [TroublesMax]. Schedule is the one of the two that comes first in all.
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
		return cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(x.user, y.user), cmp.Compare(x.schedule, y.schedule))
	})
	var troubles []Trouble
	open := map[core.UserID][]booking{} // those of before that may meet the one in hand
	for _, now := range bookings {
		before := slices.DeleteFunc(open[now.user], func(was booking) bool { return was.end <= now.start })
		for _, was := range before[:min(len(before), TroublesMax-len(troubles))] {
			first, other := min(was.schedule, now.schedule), max(was.schedule, now.schedule)
			troubles = append(troubles, Trouble{
				Kind: DoubleBooked, Schedule: all[first].Schedule.ID, Other: all[other].Schedule.ID, User: now.user,
				Start: now.start.time(), End: min(was.end, now.end).time(),
			})
		}
		open[now.user] = append(before, now)
	}
	slices.SortStableFunc(troubles, func(x, y Trouble) int {
		return cmp.Or(x.Start.Compare(y.Start), cmp.Compare(x.Schedule, y.Schedule), cmp.Compare(x.Other, y.Other))
	})
	return troubles
}
