package rota

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
)

// Calendar is a schedule with all that decides about who is on call in it. It changes
// nothing and is safe for concurrent use as long as nobody changes what it points to.
type Calendar struct {
	Schedule  *Schedule
	Zone      *time.Location
	Overrides []Override   // of the schedule
	Forwards  []Forward    // of people
	Holidays  holiday.Days // of the schedule's holiday calendar; nil: there are none
}

// Kind says by what somebody is on call. Values are stored.
type Kind uint8

// The kinds.
const (
	ByRotation Kind = 1
	ByOverride Kind = 2
	ByForward  Kind = 3
)

// Period is a piece of a timeline: [Start, End). A zero End means that it goes on for longer
// than was looked.
type Period struct {
	Rotation   string // its id
	Start, End time.Time
	Participant
	Kind     Kind
	Override string      // by which, if by one, be it forwarded or not; its alias
	For      core.UserID // whose it would be, if it was forwarded
}

// ahead is how far away from a moment the ends of what happens in it are looked for.
const ahead = 400 * day

// OnCall returns who is on call at t, in the order of the rotations: the periods of the final
// timeline that cover t. They are whole as far as 400 days before and after t; one that ends
// later has a zero End.
func (c *Calendar) OnCall(t time.Time) []Period {
	m := momentOf(t)
	var on []Period
	for _, l := range c.acting(m-ahead, m+ahead+1) { // + 1: does what reaches so far go on?
		if p := whole(l.final, m, m-ahead, m+ahead+1); p.on {
			on = append(on, l.open(p, m+ahead))
		}
	}
	return on
}

// Who returns the periods of [Calendar.OnCall] without their starts and ends, which are zero: all that a page needs.
// It looks at nothing but t.
func (c *Calendar) Who(t time.Time) []Period {
	m := momentOf(t)
	var on []Period
	for _, l := range c.acting(m, m+1) {
		if p := l.final(m); p.on {
			who := l.period(p)
			who.Start, who.End = time.Time{}, time.Time{}
			on = append(on, who)
		}
	}
	return on
}

// Next returns, for each rotation and in their order, the first period of the final timeline
// that begins after t and within 400 days and whose participant is not who is on call in the rotation at t.
// One that lasts for more than 400 days has a zero End.
func (c *Calendar) Next(t time.Time) []Period {
	m := momentOf(t)
	var next []Period
	for _, l := range c.acting(m, m+2*ahead) {
		now := l.final(m)
		for p := range walk(l.final, m, m+ahead, m, m+2*ahead) {
			if p.start > m && (!now.on || p.who != now.who) {
				next = append(next, l.open(p, p.start+ahead))
				break
			}
		}
	}
	return next
}

// Previous returns, for each rotation and in their order, the last period of the final timeline
// that was over at t, within the 400 days before, and whose participant is not who is on call in
// the rotation at t. One that lasted for more than 400 days has a zero End.
func (c *Calendar) Previous(t time.Time) []Period {
	m := momentOf(t)
	var previous []Period
	for _, l := range c.acting(m-2*ahead, m+1) {
		now := l.final(m)
		for p := now; p.start > m-ahead; {
			p = l.final(p.start - 1)
			if p.on && (!now.on || p.who != now.who) {
				previous = append(previous, l.open(whole(l.final, p.start, m-2*ahead, m+1), p.start+ahead))
				break
			}
		}
	}
	return previous
}

// acting returns the lanes of a schedule that is not disabled, for questions about [a, b).
func (c *Calendar) acting(a, b moment) []*lane {
	if c.Schedule.Disabled {
		return nil
	}
	return c.lanes(a, b)
}

// lanes returns the lanes of the schedule's rotations, for questions about [a, b).
func (c *Calendar) lanes(a, b moment) []*lane {
	meets := func(start, end time.Time) bool { return momentOf(start) < b && a < momentOf(end) }
	forwards := map[core.UserID][]Forward{}
	for _, f := range c.Forwards {
		if meets(f.Start, f.End) {
			forwards[f.From] = append(forwards[f.From], f)
		}
	}
	w := newWall(c.Zone)
	lanes := make([]*lane, len(c.Schedule.Rotations))
	for i := range lanes {
		r := &c.Schedule.Rotations[i]
		l := newLane(r, w, c.Holidays)
		for _, o := range c.Overrides {
			if meets(o.Start, o.End) && (len(o.Rotations) == 0 || slices.Contains(o.Rotations, r.ID)) {
				l.overrides = append(l.overrides, o)
			}
		}
		l.forwards = forwards
		lanes[i] = l
	}
	return lanes
}

// override returns the piece around m of the override that wins there, if there is one.
func (l *lane) override(m moment) piece {
	l.steps += pieceSteps
	if l.over.start <= m && m < l.over.end {
		return l.over
	}
	l.steps += len(l.overrides)
	p, winner := piece{start: dawn, end: forever}, (*Override)(nil)
	for i := range l.overrides {
		o := &l.overrides[i]
		if p.around(m, momentOf(o.Start), momentOf(o.End)) && (winner == nil || o.Number >= winner.Number) {
			winner = o
		}
	}
	if winner != nil {
		p.on, p.who, p.kind, p.override = true, winner.Participant, ByOverride, winner.Alias
	}
	l.over = p
	return p
}

// final returns the piece around m of what happens: it is nobody's if nobody is on call.
func (l *lane) final(m moment) piece {
	p := l.override(m)
	if !p.on {
		base := l.shift(m)
		base.start, base.end = max(base.start, p.start), min(base.end, p.end)
		p = base
	}
	if p.on && p.who.User != "" && len(l.forwards) > 0 {
		l.forward(&p, m)
	}
	p.on = p.on && p.who != (Participant{})
	return p
}

// forward gives the piece around m, which is a person's, to whoever the rules lead to.
func (l *lane) forward(p *piece, m moment) {
	whose := p.who.User
	passed := []core.UserID{whose}
	for {
		var rule *Forward
		rules := l.forwards[p.who.User]
		l.steps += len(rules)
		for i := range rules {
			f := &rules[i]
			if p.around(m, momentOf(f.Start), momentOf(f.End)) && (rule == nil || f.Number >= rule.Number) {
				rule = f
			}
		}
		if rule == nil || rule.To == "" || slices.Contains(passed, rule.To) {
			return
		}
		p.who, p.kind, p.whose = Participant{User: rule.To}, ByForward, whose
		passed = append(passed, rule.To)
	}
}

// period returns a piece as others see it.
func (l *lane) period(p piece) Period {
	return Period{
		Rotation: l.r.ID, Start: p.start.time(), End: p.end.time(),
		Participant: p.who, Kind: p.kind, Override: p.override, For: p.whose,
	}
}

// open is [lane.period] of a piece whose end, if it is after last, was not looked for.
func (l *lane) open(p piece, last moment) Period {
	period := l.period(p)
	if p.end > last {
		period.End = time.Time{}
	}
	return period
}
