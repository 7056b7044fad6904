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
	DoubleBooked TroubleKind = 3 // one person is on call in several schedules
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
	User       core.UserID       // who is away or booked twice; of a gap nobody
	Other      core.ScheduleID   // of a double booking: the second schedule
	More       []core.ScheduleID // of a double booking: the third and all others
	Suggestion []Participant     // who of the schedule's people could take it, the best first, at most [SuggestionsMax]
	Why        string            // of one that is [Unknown]: why
}

// Concerns reports whether a trouble is one of a schedule, be it not the first that it names.
func (t *Trouble) Concerns(id core.ScheduleID) bool {
	return t.Schedule == id || t.Other == id || slices.Contains(t.More, id)
}

// Troubles returns the gaps and absences of [a, b), in order of time: the first [TroublesMax].
// Absences are those of all people. The time that it takes grows with the turns and windows in [a, b), whether they make
// a period or not, and with the square of the overrides in it: callers put a bound on that (see [Calendar.Periods]). They let it begin at
// now, since the past is not to be mended.
func (c *Calendar) Troubles(a, b time.Time, away []Absence) []Trouble {
	off := offOf(away)
	d := c.duties(momentOf(a), momentOf(b), off)
	return d.suggested(off, d.on)
}

// Troubles returns the gaps and absences of all schedules in [a, b), as [Calendar.Troubles] does schedule by
// schedule, and then the double bookings, as [DoubleBookings] does. Nobody is suggested who is on call in any of
// the schedules then.
func Troubles(all []*Calendar, a, b time.Time, away []Absence) (troubles []Trouble) {
	off, busy := offOf(away), map[core.UserID][]span{}
	plans := make([]*duties, len(all))
	for i, c := range all {
		plans[i] = c.duties(momentOf(a), momentOf(b), off)
		for user, spans := range plans[i].on {
			busy[user] = append(busy[user], spans...)
		}
	}
	for user, spans := range busy {
		busy[user] = union(spans, 0)
	}
	for _, d := range plans {
		troubles = append(troubles, d.suggested(off, busy)...)
	}
	return append(troubles, twice(plans)...)
}

// offOf returns when each person is off.
func offOf(away []Absence) map[core.UserID][]span {
	off := map[core.UserID][]span{}
	for _, a := range away {
		off[a.User] = append(off[a.User], span{momentOf(a.Start), momentOf(a.End)})
	}
	for user, spans := range off {
		off[user] = union(spans, 0)
	}
	return off
}

// duties are what there is to know of a calendar in a time, when what happens there has been looked through.
type duties struct {
	*Calendar
	on       map[core.UserID][]span // when each person is on call
	troubles []Trouble              // gaps and absences, without suggestions
}

// duties looks through what happens in [from, to).
func (c *Calendar) duties(from, to moment, off map[core.UserID][]span) *duties {
	if c.Schedule.Disabled {
		return &duties{Calendar: c}
	}
	finals := c.finals(from, to)
	d := &duties{Calendar: c, on: onCallOf(finals)}
	add := func(kind TroubleKind, user core.UserID, spans []span) {
		for _, s := range spans {
			d.troubles = append(d.troubles, Trouble{Kind: kind, Schedule: c.Schedule.ID, Start: s.start.time(), End: s.end.time(), User: user})
		}
	}
	add(Gap, "", c.gaps(finals, from, to))
	absent := absences(finals, off)
	for _, user := range slices.Sorted(maps.Keys(absent)) {
		add(Away, user, absent[user])
	}
	slices.SortStableFunc(d.troubles, func(x, y Trouble) int {
		return cmp.Or(x.Start.Compare(y.Start), cmp.Compare(x.Kind, y.Kind))
	})
	d.troubles = d.troubles[:min(len(d.troubles), TroublesMax)]
	return d
}

// suggested returns the gaps and absences with suggestions of who is neither off nor busy.
func (d *duties) suggested(off, busy map[core.UserID][]span) []Trouble {
	p := d.pool(off, busy)
	for i := range d.troubles {
		p.suggest(&d.troubles[i])
	}
	return d.troubles
}

// Periods returns how many periods the final timeline of [a, b) has, or most if there are more, or if so much would have
// to be looked at that a timeline were cut.
func (c *Calendar) Periods(a, b time.Time, most int) (n int) {
	from, to := momentOf(a), momentOf(b)
	spent, tooMuch := 0, false
	for _, l := range c.acting(from, to) {
		for range cut(l.within(stepsMax-spent, l.final, &tooMuch), from, to) {
			if n++; n >= most {
				return most
			}
		}
		spent += l.steps
	}
	if tooMuch {
		return most
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

// pool is the people of a schedule, and what speaks against each: in order, none over another.
type pool struct {
	people []core.UserID // the fewest hours first
	busy   map[core.UserID][]span
	off    map[core.UserID][]span
	gives  map[core.UserID][]span // when their rules give away what would reach them
}

func (d *duties) pool(off, busy map[core.UserID][]span) *pool {
	p := &pool{people: d.Schedule.People(), busy: busy, off: off, gives: map[core.UserID][]span{}}
	for _, f := range d.Forwards {
		p.gives[f.From] = append(p.gives[f.From], span{momentOf(f.Start), momentOf(f.End)})
	}
	for user, spans := range p.gives {
		p.gives[user] = union(spans, 0)
	}
	hours := map[core.UserID]moment{}
	for user, spans := range d.on {
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
	return !meets(p.busy[user]) && !meets(p.off[user]) && !meets(p.gives[user])
}
