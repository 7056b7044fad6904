package state

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/explain"
	"keng/raftstore/table"
)

// recipient is somebody to whom a step leads: a person or, where that is decided later, a team or
// an escalation.
type recipient struct {
	user core.UserID
	name string
	why  Reason
}

// whom returns to whom a step leads at a moment. Of members of a team, and of who is on call
// before or after, it is told when the step comes: until then it is their team or schedule.
func (x *explanation) whom(rule escalate.Rule, at time.Time) (all []recipient) {
	to := rule.Recipient
	name := cmp.Or(nameOfResponder(x.r, to), to.ID)
	switch {
	case rule.Notify != escalate.Default:
	case to.Kind == alert.User:
		return []recipient{{user: core.UserID(to.ID), name: name}}
	case to.Kind == alert.Schedule:
		s, ok := Schedules.Get(x.r, table.K().String(to.ID))
		if !ok || s.Disabled {
			break
		}
		calendar, err := CalendarOf(x.r, s, x.zones, at, at.Add(1))
		if err != nil {
			break
		}
		for _, p := range calendar.Who(at) {
			who := ResponderOf(p.Participant)
			next := recipient{name: nameOfResponder(x.r, who), why: Reason{Schedule: s.ID, ScheduleName: s.Name, Override: p.Override}}
			if who.Kind == alert.User {
				next.user = core.UserID(who.ID)
			}
			if next.name != "" {
				all = append(all, next)
			}
		}
		if len(all) > 0 {
			return all
		}
	}
	return []recipient{{name: name, why: Reason{Notify: rule.Notify}}}
}

// next says what is planned, and what follows from that.
func (x *explanation) next() {
	for _, d := range deadlinesOf(x.r, x.a.ID) {
		x.deadline(d)
		x.calls = x.calls || !d.Kind.callsNobody()
		x.caught = x.caught || d.Kind == CatchAllDue
	}
	for _, d := range openDeliveries(x.r, x.a.ID) {
		name := x.username(d.User)
		if d.Held {
			x.comes(d.NotBefore, explain.Decision{Kind: explain.HeldPageGoes, User: d.User, Name: name, Page: d.ID, By: string(d.Kind)})
		}
		for _, overdue := range bundleDeadlines(x.r, d.ID) {
			if overdue.Kind == DeliveryOverdue {
				x.comes(overdue.At, explain.Decision{Kind: explain.FateComes, User: d.User, Name: name, Page: d.ID, By: string(d.Kind)})
			}
		}
		x.calls = true
	}
	x.lastResort()
	slices.SortStableFunc(x.out.Next, func(a, b explain.Noted) int { return a.At.Compare(b.At) })
}

func (x *explanation) comes(at time.Time, d explain.Decision) {
	x.out.Next = append(x.out.Next, explain.Noted{At: at.In(x.in), Decision: d})
}

// deadline says what is done at a deadline of the alert.
func (x *explanation) deadline(d *Deadline) {
	out := explain.Decision{Kind: explain.LooksAgain, Why: &d.Why}
	switch d.Kind {
	case EscalationStep:
		x.steps(d)
		return
	case StepsAgain:
		x.again(d)
		return
	case EscalationEnd:
		out.Kind, out.Name = explain.EndComes, x.escalation(d.Escalation)
	case ReachAttempt:
		out.Kind, out.User, out.Name = explain.AttemptComes, d.User, x.username(d.User)
		if u, ok := Users.Get(x.r, table.K().String(string(d.User))); ok {
			k, _ := u.Contact(d.Contact)
			out.By = k.Kind
		}
	case PagesAgain:
		out.Kind, out.User, out.Name = explain.PagesComeAgain, d.User, x.username(d.User)
	case DeliveryOverdue:
		page, ok := GetDelivery(x.r, d.Delivery)
		if !ok {
			return
		}
		out = explain.Decision{Kind: explain.FateComes, User: page.User, Name: x.username(page.User), Page: page.ID, By: string(page.Kind)}
	case CatchAllDue:
		out.Kind = explain.LastResort
		if row, ok := CatchAllOf(x.r); ok {
			out.Of = x.names(escalate.Rule{Recipient: row.To}, d.At)
		}
	case TeamDelayed:
		out.Kind = explain.TeamComes
	case TeamAnew:
		out.Kind = explain.TeamComesAnew
	case ClosedByRule:
		out.Kind = explain.ClosesItself
	case SnoozeEnd:
		out.Kind = explain.SnoozeEnds
	case ClosingDue:
		out.Kind = explain.ClosingEnds
	case HelpUnheard:
		out.Kind = explain.HelpGoesOn
	}
	x.comes(d.At, out)
}

// steps says which steps of an escalation come from a deadline on.
func (x *explanation) steps(d *Deadline) {
	e, ok := Escalations.Get(x.r, table.K().String(string(d.Escalation)))
	if !ok {
		return
	}
	first := d.turn(e).Step
	for n := first; ; n++ {
		step, ok := e.Step(n, d.Added)
		if !ok {
			x.rounds(d, e, escalate.Place{Repeat: d.Repeat, Step: n, Added: d.Added})
			return
		}
		if x.a.Silent() && step.Rule.Condition != escalate.IfNotClosed {
			continue
		}
		why := d.Why
		why.Repeat = d.Repeat
		why.Escalation, why.EscalationName, why.Step = e.ID, e.Name, n+1
		if to := step.Rule.Recipient; step.Rule.Notify != escalate.Default {
			why.Notify = step.Rule.Notify
			switch name := nameOfResponder(x.r, to); to.Kind {
			case alert.Schedule:
				why.Schedule, why.ScheduleName = core.ScheduleID(to.ID), name
			case alert.Team:
				why.Team, why.TeamName = core.TeamID(to.ID), name
			}
		}
		at := step.At
		if n == first {
			at = d.At
		}
		x.comes(at, explain.Decision{Kind: explain.StepComes, Why: &why, Of: x.names(step.Rule, at)})
	}
}

// again says when the steps of an escalation run again by a deadline, and what comes then.
func (x *explanation) again(d *Deadline) {
	e, ok := Escalations.Get(x.r, table.K().String(string(d.Escalation)))
	if !ok {
		return
	}
	x.round(d, e, d.turn(e))
	x.rounds(d, e, escalate.Place{Repeat: d.Repeat, Step: len(e.Rules), Added: d.At})
}

// rounds says when the steps of an escalation, which come by a deadline, run again from a place
// behind the last one on, and whether the alert is closed in the end.
func (x *explanation) rounds(d *Deadline, e *escalate.Policy, here escalate.Place) {
	for {
		next := e.From(here, d.At)
		switch {
		case next.Move == escalate.Begins && (!x.a.Silent() || e.Outlasts(next)):
			x.round(d, e, next)
			here = next.Place
			here.Step = len(e.Rules)
			continue
		case next.Move == escalate.Closes && (!x.a.Silent() || e.Repeat.Reset):
			x.comes(next.At, explain.Decision{Kind: explain.EndComes, Name: e.Name, Why: &d.Why})
		}
		return
	}
}

// round says that the steps of an escalation run again.
func (x *explanation) round(d *Deadline, e *escalate.Policy, t escalate.Turn) {
	why := d.Why
	why.Escalation, why.EscalationName, why.Step, why.Repeat = e.ID, e.Name, 0, t.Repeat
	x.comes(t.At, explain.Decision{Kind: explain.StepsComeAgain, Name: e.Name, Count: t.Repeat, Of: []string{strconv.Itoa(e.Repeat.Count)}, Why: &why})
	last, _ := e.Step(len(e.Rules)-1, t.At)
	x.calling = later(x.calling, last.At)
}

// lastResort says when whoever the cluster names is called in the end, of an alert that wants
// attention: as far as is known now, when all that is planned has been done.
func (x *explanation) lastResort() {
	row, ok := CatchAllOf(x.r)
	_, under := ParentOf(x.r, x.a)
	held := false
	for h := range Holds.Find(x.r, table.K().String(string(x.a.ID))) {
		held = held || h.Back != ""
	}
	if !ok || under || held || x.caught || !x.calls || x.a.Silent() || x.a.Caught || !row.wants(x.a) {
		return
	}
	at, over := x.calling, time.Time{}
	for _, n := range x.out.Next {
		switch n.Kind {
		case explain.EndComes, explain.ClosesItself:
			over = n.At
		default:
			at = later(at, n.At)
		}
	}
	if at = at.Add(row.After); !over.IsZero() && !at.Before(over) {
		return // it is closed by then
	}
	x.comes(at, explain.Decision{Kind: explain.LastResortEnds, Of: x.names(escalate.Rule{Recipient: row.To}, at)})
}

func (x *explanation) escalation(id core.EscalationID) string {
	return nameOfResponder(x.r, alert.Responder{Kind: alert.Escalation, ID: string(id)})
}

// names tells to whom a responder leads, as one text.
func (x *explanation) names(rule escalate.Rule, at time.Time) []string {
	var names []string
	for _, who := range x.whom(rule, at) {
		names = append(names, who.name)
	}
	return []string{strings.Join(names, ", ")}
}
