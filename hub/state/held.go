package state

import (
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/raftstore/table"
)

// hold remembers, in an alert that falls silent, what escalations were to do next and how the
// alert led to them.
func hold(a *alert.Alert, ended []*Deadline) error {
	var all []alert.Next
	for _, d := range ended {
		if !d.climbs() {
			continue
		}
		why, err := wire.Marshal(d.Why)
		if err != nil {
			return fmt.Errorf("cannot encode the way to escalation %s: %w", d.Escalation, err)
		}
		all = append(all, alert.Next{Escalation: d.Escalation, Step: d.Step, Added: d.Added, Repeat: d.Repeat, Begins: d.Kind == StepsAgain, Why: why})
	}
	a.Hold(all...)
	return nil
}

// turnOf returns the deadline by which an escalation does what it was to do next. Its moment
// is to be said.
func turnOf(a *alert.Alert, n alert.Next) *Deadline {
	d := &Deadline{Kind: EscalationStep, Alert: a.ID, Escalation: n.Escalation, Step: n.Step, Added: n.Added, Repeat: n.Repeat}
	if n.Begins {
		d.Kind = StepsAgain
	}
	if err := cbor.Unmarshal(n.Why, &d.Why); err != nil {
		d.Why = Reason{} // a row of before has none
	}
	return d
}

// held returns what escalations were to do next when an alert fell silent, as if their moment
// were now.
func (c *change) held(a *alert.Alert) (all []*Deadline) {
	for _, n := range a.UnderWay() {
		p, ok := Escalations.Get(c.tx, table.K().String(string(n.Escalation)))
		if !ok {
			continue
		}
		d := turnOf(a, n)
		d.At, d.Added = c.now, c.now
		if !n.Begins {
			step, found := p.Step(n.Step, c.now)
			if !found {
				continue
			}
			d.Added = c.now.Add(c.now.Sub(step.At))
		}
		all = append(all, d)
	}
	return all
}

// resumes returns what escalations have to do until an alert is closed, of an alert that was
// acknowledged just now: they were held since somebody had snoozed the alert before. It forgets
// that they were held.
func (c *change) resumes(a *alert.Alert) (all []*Deadline) {
	for _, n := range a.UnderWay() {
		p, ok := Escalations.Get(c.tx, table.K().String(string(n.Escalation)))
		if !ok {
			continue
		}
		d := turnOf(a, n)
		d.At = momentOf(p, n)
		turn := d.turn(p)
		if !p.Outlasts(turn) {
			continue
		}
		if step, found := p.Step(turn.Step, turn.Added); found && !n.Begins { // it may have moved
			d.Step, d.At = turn.Step, step.At
		}
		d.At = later(d.At, c.now)
		a.Release(n.Escalation)
		all = append(all, d)
	}
	return all
}

// momentOf returns when an escalation was to do something.
func momentOf(p *escalate.Policy, n alert.Next) time.Time {
	if step, found := p.Step(n.Step, n.Added); found && !n.Begins {
		return step.At
	}
	return n.Added
}
