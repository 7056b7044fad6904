package oracle

import (
	"slices"
	"time"
)

// attention is whether an alert wants any, and who has acknowledged.
type attention struct {
	closed, snoozed, acked bool

	acks   []string // people who have acknowledged
	wanted int      // how many must
	tool   string   // what has acknowledged that is no person

	assigned bool // the owner was called by being made that, and has not answered
}

// Silent reports whether somebody wants no more pages about the alert, for now or for good.
func (a *attention) Silent() bool { return a.closed || a.snoozed || a.acked }

// wants reports whether a person may be told of the alert: unclosed, of one that is acknowledged, too.
func (a *attention) wants(person string, unclosed bool) bool {
	return !a.closed && !a.snoozed && (!a.acked || unclosed) && !slices.Contains(a.acks, person)
}

// ackedBy is who has acknowledged last.
func (a *attention) ackedBy() string {
	switch {
	case !a.acked:
		return ""
	case len(a.acks) > 0:
		return a.acks[len(a.acks)-1]
	}
	return a.tool
}

// Acknowledge says that a person has acknowledged, or a tool, if it is none whom the world knows. It reports
// whether that made a difference.
func (l *Life) Acknowledge(at time.Time, who string) bool {
	l.now = at
	_, person := l.world.People[who]
	noted := slices.Contains(l.acks, who)
	switch {
	case l.closed, !l.acked && noted:
		return false
	case l.acked: // whoever is called all the same may say so, too
		if !person || noted || !l.calledUnclosed(who) {
			return false
		}
		l.acks = append(l.acks, who)
		l.leaveAlone(who)
		return true
	}
	if person && !noted {
		l.acks = append(l.acks, who)
	}
	if person && len(l.acks) < l.wanted {
		l.assigned = l.assigned && l.owner != who
		l.leaveAlone(who)
		l.settle()
		return true
	}
	if !person {
		l.tool = who
	}
	l.acked, l.snoozed, l.assigned = true, false, false
	if l.owner == "" {
		l.owner = who
	}
	wanted := func(person string, way Way) bool { return l.wants(person, way.Unclosed != "") }
	for id, p := range l.open {
		if !wanted(p.Person, p.Way) {
			l.end(id)
		}
	}
	ends := func(p plan) bool {
		switch {
		case p.climbs():
			return !l.outlasts(p)
		case p.calls():
			return !wanted(p.person, p.way)
		}
		return p.does != aGivingUp
	}
	l.hold(ends)
	l.forget(ends)
	for _, p := range l.held { // what a snooze has ended
		if l.outlasts(p) {
			if p.at.Before(at) {
				p.at = at
			}
			l.planned = append(l.planned, p)
		}
	}
	l.held = slices.DeleteFunc(l.held, l.outlasts)
	return true
}

// hold remembers what escalations were to do next, of what ends now, in the place of what is remembered of the same.
func (l *Life) hold(ends func(plan) bool) {
	ended := slices.DeleteFunc(slices.Clone(l.planned), func(p plan) bool { return !p.climbs() || !ends(p) })
	slices.SortStableFunc(ended, func(p, q plan) int { return p.at.Compare(q.at) })
	for _, p := range ended {
		l.held = slices.DeleteFunc(l.held, func(q plan) bool { return q.escalation == p.escalation })
	}
	l.held = append(ended, l.held...)
}

// calledUnclosed reports whether a person has been called, or will be, although the alert is acknowledged.
func (l *Life) calledUnclosed(person string) bool {
	for _, p := range l.all {
		if p.Person == person && p.Way.Unclosed != "" {
			return true
		}
	}
	return l.first(func(p plan) bool { return p.calls() && p.person == person && p.way.Unclosed != "" }) >= 0
}

// Snooze says that nobody is to be called until a moment; then it begins anew.
func (l *Life) Snooze(until time.Time) {
	l.snoozed, l.assigned = true, false
	l.hold(plan.climbs)
	l.planned, l.open = nil, map[int]Page{}
	l.plan(plan{does: aWaking, at: until})
}

// answerTime is how long who is called for help about a silent alert has to answer.
const answerTime = 5 * time.Minute

// Assign says that somebody makes another one the owner, who is called: what was silent wants attention again. It
// reports whether that made a difference.
func (l *Life) Assign(at time.Time, by, owner string) (pages []Page, did bool) {
	if l.closed || l.owner == owner && (l.acked || l.assigned) && !l.snoozed {
		return nil, false
	}
	roused := l.Silent()
	if roused {
		l.attention = attention{}
	}
	l.owner, l.assigned = owner, true
	l.forget(func(p plan) bool { return p.does == aWaking })
	return l.moment(at, func() {
		l.follow(Who{User, owner}, Way{Assigned: by})
		if roused {
			l.lookAgain()
		}
	}), true
}

// lookAgain plans to look whether somebody has answered.
func (l *Life) lookAgain() {
	l.forget(func(p plan) bool { return p.does == aLook })
	l.plan(plan{does: aLook, at: l.now.Add(answerTime)})
}

// look goes on with what was under way when the alert fell silent, and begins anew if nothing was: nobody has
// answered who was called for help.
func (l *Life) look() {
	if l.first(func(p plan) bool { return p.does != anEnd }) >= 0 || len(l.open) > 0 {
		l.lookAgain()
		return
	}
	held, assigned := l.held, l.assigned
	if l.held = nil; len(held) == 0 {
		l.begin()
		l.assigned = assigned
		return
	}
	l.acks, l.wanted = nil, 0
	for _, p := range held {
		p.at, p.begun = l.now, l.now
		if p.does == aStep {
			p.begun = l.now.Add(-l.stepsOf(p.escalation)[p.step].After)
		}
		l.fire(p)
	}
}

// Close says that the alert is over.
func (l *Life) Close() {
	l.closed, l.planned, l.open = true, nil, map[int]Page{}
}

// leaveAlone ends what calls a person, now and later.
func (l *Life) leaveAlone(person string) {
	l.forget(func(p plan) bool { return p.calls() && p.person == person })
	for id, p := range l.open {
		if p.Person == person {
			l.end(id)
		}
	}
}
