package state

import (
	"slices"
	"strconv"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/explain"
	"keng/raftstore/table"
)

// The kinds of deadline of an escalation, beside [EscalationStep].
const (
	StepsAgain    DeadlineKind = 80 // the steps run again
	EscalationEnd DeadlineKind = 81 // the alert is closed, unless somebody has acknowledged
)

// deadlineOf is what kind of deadline a move of an escalation is planned by.
var deadlineOf = map[escalate.Move]DeadlineKind{escalate.Fires: EscalationStep, escalate.Begins: StepsAgain, escalate.Closes: EscalationEnd}

// climbs reports whether a deadline is the next thing that an escalation does to call people.
func (d *Deadline) climbs() bool { return d.Kind == EscalationStep || d.Kind == StepsAgain }

// ofEscalation reports whether a deadline is what an escalation does next.
func (d *Deadline) ofEscalation() bool { return d.climbs() || d.Kind == EscalationEnd }

// turn returns what is planned by the deadline of an escalation, which is as it is now.
func (d *Deadline) turn(p *escalate.Policy) escalate.Turn {
	t := escalate.Turn{Move: escalate.Fires, At: d.At, Place: escalate.Place{Repeat: d.Repeat, Step: d.Step, Added: d.Added}}
	switch d.Kind {
	case StepsAgain:
		t.Move = escalate.Begins
	case EscalationEnd:
		t.Move = escalate.Closes
	default:
		t.Step = p.Resumes(d.Step, d.At.Sub(d.Added))
	}
	return t
}

// begin starts an escalation now, unless it has begun for this alert before: a step of
// it may name a team whose routing leads back to it.
func (c *change) begin(a *alert.Alert, p *escalate.Policy, why *Reason) error {
	row, ok := Alerts.Get(c.tx, table.K().String(string(a.ID))) // a may be older
	if !ok {
		return nil
	}
	led := alert.Led{To: p.ID, By: why.Escalation}
	if slices.Contains(row.Begun, p.ID) {
		again := why.Repeat > 0 && slices.Contains(row.Led, led)
		if why.Escalation != "" && !again {
			return c.nobody(a, explain.Decision{Kind: explain.BegunOnTheWay, Name: p.Name, Why: why})
		}
		return c.log(a.ID, RecipientNote, System, explain.Decision{Kind: explain.EscalationBegun, Name: p.Name, Why: why})
	}
	if why.Unclosed != "" && !p.Outlasts(p.From(escalate.Place{Added: c.now}, c.now)) {
		return c.nobody(a, explain.Decision{Kind: explain.OnlyForNotAcked, Name: p.Name, Why: why})
	}
	row.Begun = append(row.Begun, p.ID)
	if led.By != "" {
		row.Led = append(row.Led, led)
	}
	if err := Alerts.Put(c.tx, row); err != nil {
		return err
	}
	return c.start(a, p, escalate.Place{Added: c.now}, why)
}

// start does the steps of an escalation that are due, from a place on at which its steps begin
// to run. If the command has written much already another one does so at once.
func (c *change) start(a *alert.Alert, p *escalate.Policy, here escalate.Place, why *Reason) error {
	if first := p.From(here, c.now); first.Move != escalate.Fires || first.At.After(c.now) || c.full() {
		return c.planMove(a, p, first, why)
	}
	return c.climb(a, p, here, why)
}

// climb does the steps of an escalation that are due, from a place on, and plans what comes
// then. That is planned before a step is done, so that a step that reaches nobody can hurry
// the next. The way to the escalation is why.
func (c *change) climb(a *alert.Alert, p *escalate.Policy, here escalate.Place, why *Reason) error {
	for {
		step, ok := p.Step(here.Step, here.Added)
		if !ok { // it was taken away
			return c.planMove(a, p, p.From(here, c.now), why)
		}
		fires := here
		here.Step++
		next := p.From(here, c.now)
		due := next.Move == escalate.Fires && !next.At.After(c.now) && !c.full()
		if !due {
			if err := c.planMove(a, p, next, why); err != nil {
				return err
			}
		}
		if step.Rule.Holds(a) {
			if err := c.fireStep(a, p, step.Rule, fires, why); err != nil {
				return err
			}
		}
		if !due {
			return nil
		}
	}
}

// planMove plans what an escalation does next, if anything. For an alert that is acknowledged
// it may have nothing to do any more.
func (c *change) planMove(a *alert.Alert, p *escalate.Policy, next escalate.Turn, why *Reason) error {
	if next.Move == escalate.Rests || a.Acknowledged && !p.Outlasts(next) {
		return nil
	}
	return c.plan(Deadline{
		Kind: deadlineOf[next.Move], At: next.At, Alert: a.ID, Escalation: p.ID, Step: next.Step, Added: next.Added, Repeat: next.Repeat, Why: *why,
	})
}

// fireStep tells whom a step names.
func (c *change) fireStep(a *alert.Alert, p *escalate.Policy, r escalate.Rule, here escalate.Place, why *Reason) error {
	way := *why
	way.Escalation, way.EscalationName, way.Step, way.Repeat = p.ID, p.Name, here.Step+1, here.Repeat
	way.Notify, way.Acks, way.Unclosed = r.Notify, r.Acks, c.ackedBy(a)
	var earlier []*Deadline
	if r.EndsEarlier {
		earlier = slices.DeleteFunc(deadlinesOf(c.tx, a.ID), func(d *Deadline) bool { return !d.reaches(d.User) || d.Why.Escalation != p.ID })
	}
	told, err := c.telling(a, r.Acks, func() error { return c.notify(a, r.Recipient, &way) })
	if err != nil || told == 0 || len(earlier) == 0 {
		return err // who is called already is better than nobody
	}
	for _, d := range earlier {
		Deadlines.Delete(c.tx, deadlineKey(d))
	}
	return c.log(a.ID, RecipientNote, System, explain.Decision{Kind: explain.EarlierEnded, Count: len(earlier), Why: &way})
}

// telling tells people, and has as many of them acknowledge as are to. It returns how
// many were told, now or by this command before.
func (c *change) telling(a *alert.Alert, acks int, tell func() error) (int, error) {
	outer := c.reached
	c.reached = map[core.UserID]bool{}
	err := tell()
	told := c.reached
	c.reached = outer
	for id := range told {
		c.noteReached(id)
	}
	if n := min(acks, len(told)); err == nil && n > 1 {
		err = c.raiseAcks(a, n)
	}
	return len(told), err
}

// noteReached counts a person whom a step has told.
func (c *change) noteReached(id core.UserID) {
	if c.reached != nil {
		c.reached[id] = true
	}
}

// climbDue does what is planned for an escalation, which is as it is now.
func (c *change) climbDue(a *alert.Alert, d *Deadline) error {
	p, ok := Escalations.Get(c.tx, table.K().String(string(d.Escalation)))
	if !ok {
		return c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.EscalationGone, Why: &d.Why})
	}
	switch turn := d.turn(p); turn.Move {
	case escalate.Begins:
		return c.runAgain(a, p, turn, &d.Why)
	case escalate.Closes:
		return c.endUnanswered(a, p, d)
	default:
		return c.climb(a, p, turn.Place, &d.Why)
	}
}

// runAgain lets the steps of an escalation run again.
func (c *change) runAgain(a *alert.Alert, p *escalate.Policy, turn escalate.Turn, why *Reason) error {
	here := turn.Place
	if here.Added.After(c.now) {
		here.Added = c.now // somebody has asked for it
	}
	switch {
	case here.Repeat > p.Repeat.Count:
		over := escalate.Place{Repeat: p.Repeat.Count, Step: len(p.Rules), Added: here.Added}
		if err := c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.StepsNotAgain, Name: p.Name}); err != nil {
			return err
		}
		return c.planMove(a, p, p.From(over, c.now), why)
	case a.Acknowledged && !p.Outlasts(turn):
		return nil
	}
	if err := c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.StepsAgain, Name: p.Name, Count: here.Repeat, Of: []string{strconv.Itoa(p.Repeat.Count)}}); err != nil {
		return err
	}
	if p.Repeat.Reset {
		if err := c.takeAckBack(a); err != nil {
			return err
		}
	}
	if err := c.forgetLed(a.ID, p.ID); err != nil {
		return err
	}
	return c.start(a, p, here, why)
}

// forgetLed lets escalations to which steps of one have led begin once more, now that its steps
// run again; but for those that are under way still, and for what they have led to.
func (c *change) forgetLed(id core.AlertID, by core.EscalationID) error {
	row, ok := Alerts.Get(c.tx, table.K().String(string(id)))
	if !ok || len(row.Led) == 0 {
		return nil
	}
	underWay := map[core.EscalationID]bool{by: true}
	for _, d := range deadlinesOf(c.tx, id) {
		underWay[d.Escalation] = underWay[d.Escalation] || d.climbs()
	}
	forgotten := []core.EscalationID{}
	for open := []core.EscalationID{by}; len(open) > 0; open = open[1:] {
		for _, led := range row.Led {
			if led.By == open[0] && !underWay[led.To] {
				underWay[led.To] = true
				forgotten, open = append(forgotten, led.To), append(open, led.To)
			}
		}
	}
	row.Begun = without(row.Begun, forgotten)
	row.Led = slices.DeleteFunc(row.Led, func(l alert.Led) bool { return slices.Contains(forgotten, l.To) })
	return Alerts.Put(c.tx, row)
}

// endPatience is after how long it is looked again whether nobody is being called any more.
const endPatience = time.Minute

// endUnanswered closes an alert that nobody has acknowledged when an escalation has come to its
// end; while something else still calls people, another escalation or the rules of a person, it waits.
func (c *change) endUnanswered(a *alert.Alert, p *escalate.Policy, d *Deadline) error {
	switch why := mayNotClose(a); {
	case a.Silent():
		return nil
	case !p.Repeat.CloseAfterAll:
		return c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.NotClosedAtEnd, Name: p.Name})
	case c.busy(a.ID, CatchAllDue):
		again := *d
		again.At = c.now.Add(endPatience)
		return c.plan(again)
	case why != "":
		return c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.EndNotClosed, Name: p.Name, Of: []string{string(why)}})
	}
	return c.follows(a, a.CloseUnanswered(alert.By{At: c.now}), nil)
}

// hurryEscalation lets the alert's next escalation step come at once, unless
// somebody is still being reached. That steps run again is not hurried: it would spin.
func (c *change) hurryEscalation(id core.AlertID) error {
	if c.pageAwaited(id) {
		return nil
	}
	for range eachOpenDelivery(c.tx, id) {
		return nil
	}
	all := deadlinesOf(c.tx, id)
	reached := c.reached
	c.reached = nil // whom the next step tells was not told by this one
	defer func() { c.reached = reached }()
	for _, kind := range []DeadlineKind{EscalationStep, HelpUnheard} {
		if i := slices.IndexFunc(all, func(d *Deadline) bool { return d.Kind == kind }); i >= 0 {
			passed := c.passesOver(all[i])
			if err := c.fire(all[i]); err != nil || !passed {
				return err
			}
			return c.hurryEscalation(id)
		}
	}
	return nil
}

// passesOver reports whether a step tells nobody, since its condition does not hold.
func (c *change) passesOver(d *Deadline) bool {
	a, ok := Alerts.Get(c.tx, table.K().String(string(d.Alert)))
	p, known := Escalations.Get(c.tx, table.K().String(string(d.Escalation)))
	if d.Kind != EscalationStep || !ok || !known {
		return false
	}
	step, ok := p.Step(d.turn(p).Step, d.Added)
	return ok && !step.Rule.Holds(a)
}
