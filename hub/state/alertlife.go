package state

import (
	"errors"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/raftstore/table"
)

// The kinds of deadline of an alert's life.
const (
	SnoozeEnd   DeadlineKind = 30 // a snooze is over
	ClosingDue  DeadlineKind = 31 // a reporter has had the time to contradict
	DeletedRest DeadlineKind = 33 // what a deleted alert has left behind is removed
)

// quietUntil returns until when an alert is silent, of one that is not silent for good.
func quietUntil(a *alert.Alert) (at time.Time, ok bool) {
	switch {
	case a.Status == alert.Closed:
		return at, false
	case a.Closing != nil:
		return a.Closing.Until, true
	}
	return a.SnoozedUntil, a.Snoozed()
}

// planQuiet plans the moment at which an alert is not to be silent any more (P2).
func (c *change) planQuiet(a *alert.Alert) error {
	at, ok := quietUntil(a)
	if !ok {
		return nil
	}
	kind := SnoozeEnd
	if a.Closing != nil {
		kind = ClosingDue
	}
	return c.plan(Deadline{Kind: kind, At: at, Alert: a.ID})
}

// quietDue does what is to be done when an alert has been silent long enough.
func (c *change) quietDue(a *alert.Alert, kind DeadlineKind) error {
	if kind == ClosingDue {
		return c.follows(a, a.EndClosing(c.now), nil)
	}
	c.reminds = true
	defer func() { c.reminds = false }()
	if a.Lead != nil {
		return c.endSnooze(a)
	}
	return c.follows(a, a.EndSnooze(c.now), nil)
}

// Oversleepers returns up to limit alerts that should not be silent any more since longer
// than a grace, or for which nothing is planned that would end it (P2).
//
// No command leaves such an alert behind. This looks whether that is so.
func Oversleepers(r table.Reader, now time.Time, grace time.Duration, limit int) (all []core.AlertID) {
	for a := range AlertsQuiet.Find(r, table.K()) {
		if len(all) == limit {
			break
		}
		if !attended(r, a.ID, now.Add(-grace)) {
			all = append(all, a.ID)
		}
	}
	return all
}

// recur counts one more occurrence of an open alert.
func (c *change) recur(a *alert.Alert, d alert.Draft) error {
	if err := c.follows(a, a.Recur(alert.By{User: d.User, Source: d.Source, At: c.now}), nil); err != nil {
		return err
	}
	if p, ok := ParentOf(c.tx, a); ok && p.Status == alert.Open {
		return c.occurredUnder(p)
	}
	return c.occurred(a)
}

// callOn tells one more responder of an alert.
func (c *change) callOn(r alert.Responder) func(*alert.Alert) error {
	return func(a *alert.Alert) error { return c.tellAll(a, []alert.Responder{r}, &Reason{}) }
}

// refusal is the outcome of a request that names what does not exist.
func refusal(err error) alert.Outcome {
	return alert.Outcome{Verdict: alert.Refused, Reason: alert.Reason(err.Error())}
}

// UnacknowledgeAlert takes an acknowledgement back, a snooze or a closing.
type UnacknowledgeAlert struct {
	Asked Asked `cbor:"1,keyasint"`
}

func (UnacknowledgeAlert) number() number { return unacknowledgeAlert }

func (k UnacknowledgeAlert) apply(c *change) (Request, error) {
	return c.move(k.Asked, "UnAcknowledge", func(a *alert.Alert) alert.Outcome { return a.Unacknowledge(k.Asked.by(c)) }, nil)
}

// SnoozeAlert lets an alert be quiet until a moment.
type SnoozeAlert struct {
	Asked Asked     `cbor:"1,keyasint"`
	Until time.Time `cbor:"2,keyasint"`
}

func (SnoozeAlert) number() number { return snoozeAlert }

func (k SnoozeAlert) apply(c *change) (Request, error) {
	return c.move(k.Asked, "Snooze", func(a *alert.Alert) alert.Outcome {
		o := a.Snooze(k.Asked.by(c), k.Until)
		if o.Moved() && a.Lead != nil {
			a.Lead.Wake = !c.wanted(a.ID, "")
		}
		return o
	}, nil)
}

// AssignAlert makes a person the owner of an alert, and calls that person.
type AssignAlert struct {
	Asked Asked `cbor:"1,keyasint"`
	Owner Pick  `cbor:"2,keyasint"`
}

func (AssignAlert) number() number { return assignAlert }

func (k AssignAlert) apply(c *change) (Request, error) {
	owner, err := k.Owner.User(c.tx)
	by := k.Asked.asPerson(c)
	do := func(a *alert.Alert) alert.Outcome {
		if err != nil {
			return refusal(err)
		}
		return a.Assign(by, owner.Username)
	}
	return c.move(k.Asked, "AssignOwnership", do, func(a *alert.Alert) error {
		return c.tellAll(a, []alert.Responder{{Kind: alert.User, ID: string(owner.ID)}}, &Reason{Assigned: by.Name()})
	})
}

// TakeAlert makes the person who asks the owner of an alert, which is acknowledged by that.
type TakeAlert struct {
	Asked Asked `cbor:"1,keyasint"`
}

func (TakeAlert) number() number { return takeAlert }

func (k TakeAlert) apply(c *change) (Request, error) {
	by := k.Asked.asPerson(c)
	return c.move(k.Asked, "TakeOwnership", func(a *alert.Alert) alert.Outcome { return a.TakeOwnership(by) }, nil)
}

// EscalateAlert calls by an escalation; if none is named, by the next step of the one that
// is under way, or was when the alert fell silent.
type EscalateAlert struct {
	Asked Asked `cbor:"1,keyasint"`
	To    Pick  `cbor:"2,keyasint"`
}

func (EscalateAlert) number() number { return escalateAlert }

func (k EscalateAlert) apply(c *change) (Request, error) {
	if k.To == (Pick{}) {
		return c.escalateToNext(k.Asked)
	}
	e, err := k.To.Escalation(c.tx)
	do := func(a *alert.Alert) alert.Outcome {
		if err != nil {
			return refusal(err)
		}
		return a.Escalate(k.Asked.by(c), e.ID, e.Name)
	}
	return c.move(k.Asked, "Escalate", do, func(a *alert.Alert) error {
		for _, d := range deadlinesOf(c.tx, a.ID) {
			if d.ofEscalation() && d.Escalation == e.ID {
				Deadlines.Delete(c.tx, deadlineKey(d)) // it begins once more
			}
		}
		if a.Lead != nil && slices.Contains(a.Begun, e.ID) { // it was asked for through a member
			a.Begun = without(a.Begun, []core.EscalationID{e.ID})
			a.Release(e.ID)
			if err := Alerts.Put(c.tx, a); err != nil {
				return err
			}
		}
		return c.tellAll(a, []alert.Responder{{Kind: alert.Escalation, ID: string(e.ID)}}, &Reason{})
	})
}

func (c *change) escalateToNext(k Asked) (Request, error) {
	var next *Deadline
	do := func(a *alert.Alert) alert.Outcome {
		next = c.nextStep(a)
		return a.EscalateToNext(k.by(c), next != nil)
	}
	return c.move(k, "EscalateToNext", do, func(a *alert.Alert) error {
		a.Release(next.Escalation) // it comes now
		return errors.Join(Alerts.Put(c.tx, a), c.fire(next))
	})
}

// nextStep returns the escalation step of an alert that comes next: that which is planned,
// or that which was when the alert fell silent, as if its moment were now.
func (c *change) nextStep(a *alert.Alert) *Deadline {
	if p, under := ParentOf(c.tx, a); under {
		a = p
	}
	for d := range eachDeadlineOf(c.tx, a.ID) {
		if d.climbs() {
			return d
		}
	}
	if !a.Silent() {
		return nil
	}
	if held := c.held(a); len(held) > 0 {
		return held[0]
	}
	return nil
}

// AddResponder calls one more responder.
type AddResponder struct {
	Asked     Asked `cbor:"1,keyasint"`
	Responder Party `cbor:"2,keyasint"`
}

func (AddResponder) number() number { return addResponder }

func (k AddResponder) apply(c *change) (Request, error) {
	r, err := k.Responder.find(c.tx)
	do := func(a *alert.Alert) alert.Outcome {
		if err != nil {
			return refusal(err)
		}
		return a.AddResponder(k.Asked.by(c), r, k.Responder.Pick.String())
	}
	return c.move(k.Asked, "AddResponder", do, c.callOn(r))
}

// AddTeam calls one more team.
type AddTeam struct {
	Asked Asked `cbor:"1,keyasint"`
	Team  Pick  `cbor:"2,keyasint"`
}

func (AddTeam) number() number { return addTeam }

func (k AddTeam) apply(c *change) (Request, error) {
	t, err := k.Team.Team(c.tx)
	if err != nil {
		return c.move(k.Asked, "AddTeam", func(*alert.Alert) alert.Outcome { return refusal(err) }, nil)
	}
	do := func(a *alert.Alert) alert.Outcome { return a.AddTeam(k.Asked.by(c), t.ID, t.Name) }
	return c.move(k.Asked, "AddTeam", do, c.callOn(alert.Responder{Kind: alert.Team, ID: string(t.ID)}))
}
