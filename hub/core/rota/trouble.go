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
	User       core.UserID       // who is away or booked twice; of a gap nobody
	Other      core.ScheduleID   // of a double booking: the second schedule
	More       []core.ScheduleID // of a double booking: the third and all others
	Suggestion []Participant     // who of the schedule's people could take it, the best first
}

// duties are a calendar and what happens by it in a time.
type duties struct {
	*Calendar
	from, to moment
	finals   []piece
	on       map[core.UserID][]span
}

// duties returns what happens in [a, b).
func (c *Calendar) duties(a, b time.Time) *duties {
	d := &duties{Calendar: c, from: momentOf(a), to: momentOf(b)}
	d.finals = c.finals(d.from, d.to)
	d.on = onCallOf(d.finals)
	return d
}

// Gaps returns the gaps of [a, b), in order of time, without suggestions. The time that it takes grows with
// the turns and windows in [a, b), whether they make a period or not, and with the square of the overrides in it: callers
// put a bound on both.
func (c *Calendar) Gaps(a, b time.Time) (gaps []Trouble) {
	if c.Schedule.Disabled {
		return nil
	}
	for _, s := range c.duties(a, b).gaps() {
		gaps = append(gaps, Trouble{Kind: Gap, Schedule: c.Schedule.ID, Start: s.start.time(), End: s.end.time()})
	}
	return gaps
}

// Troubles returns the gaps and absences of [a, b), in order of time. Absences are those of all
// people. It takes the time that [Calendar.Gaps] takes. Callers let it begin at now, since the past is not to be
// mended.
func (c *Calendar) Troubles(a, b time.Time, away []Absence) []Trouble {
	d := c.duties(a, b)
	return d.troubles(offOf(away), d.on)
}

// Troubles returns the gaps and absences of all schedules in [a, b), as [Calendar.Troubles] does schedule by
// schedule, and then the double bookings, as [DoubleBookings] does. Nobody is suggested who is on call in any of
// the schedules then.
func Troubles(all []*Calendar, a, b time.Time, away []Absence) (troubles []Trouble) {
	plans := make([]*duties, len(all))
	busy := map[core.UserID][]span{}
	for i, c := range all {
		plans[i] = c.duties(a, b)
		for user, spans := range plans[i].on {
			busy[user] = append(busy[user], spans...)
		}
	}
	for user, spans := range busy {
		busy[user] = union(spans, 0)
	}
	off := offOf(away)
	for _, d := range plans {
		troubles = append(troubles, d.troubles(off, busy)...)
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

// troubles returns the gaps and absences, with suggestions of who is neither off nor busy.
func (d *duties) troubles(off, busy map[core.UserID][]span) (troubles []Trouble) {
	if d.Schedule.Disabled {
		return nil
	}
	p := d.pool(off, busy)
	for _, s := range d.gaps() {
		troubles = append(troubles, p.trouble(Gap, "", s))
	}
	for _, user := range slices.Sorted(maps.Keys(d.on)) {
		if len(off[user]) == 0 {
			continue
		}
		for _, s := range absences(d.finals, user, off[user]) {
			troubles = append(troubles, p.trouble(Away, user, s))
		}
	}
	slices.SortStableFunc(troubles, func(x, y Trouble) int {
		return cmp.Or(x.Start.Compare(y.Start), cmp.Compare(x.Kind, y.Kind))
	})
	return troubles
}

// gaps returns when nobody is on call and somebody should be.
func (d *duties) gaps() (gaps []span) {
	busy := make([]span, 0, len(d.finals)+1)
	for _, p := range d.finals {
		busy = append(busy, span{p.start, p.end})
	}
	from, meant := d.from, d.by(d.Schedule.Covers, newWall(d.Zone))
	for _, s := range append(union(busy, 0), span{d.to, d.to}) {
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

// pool is the people of a schedule, and what speaks against each: in order, none meeting another.
type pool struct {
	schedule core.ScheduleID
	people   []core.UserID // the fewest hours first
	busy     map[core.UserID][]span
	off      map[core.UserID][]span
	gives    map[core.UserID][]span // when their rules give away what would reach them
}

func (d *duties) pool(off, busy map[core.UserID][]span) *pool {
	p := &pool{schedule: d.Schedule.ID, busy: busy, off: off, gives: map[core.UserID][]span{}}
	for _, f := range d.Forwards {
		p.gives[f.From] = append(p.gives[f.From], span{momentOf(f.Start), momentOf(f.End)})
	}
	for user, spans := range p.gives {
		p.gives[user] = union(spans, 0)
	}
	for _, r := range d.Schedule.Rotations {
		for _, who := range r.Participants {
			p.add(who.User)
		}
		for _, s := range r.Slots {
			p.add(s.Participant.User)
		}
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
	return !meets(p.busy[user], s) && !meets(p.off[user], s) && !meets(p.gives[user], s)
}

// meets reports whether s meets one of some spans, which are in order and do not meet one another.
func meets(spans []span, s span) bool {
	first, _ := slices.BinarySearchFunc(spans, s.start, func(o span, start moment) int {
		if o.end <= start {
			return -1
		}
		return 1
	})
	return first < len(spans) && spans[first].meets(s)
}
