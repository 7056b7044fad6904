package state

import (
	"errors"
	"time"

	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/raftstore/table"
)

// HelpUnheard is when a call for help that nobody has answered is over. Who was called is all
// that was to happen: what had been planned ended when the alert fell silent, before.
const HelpUnheard DeadlineKind = 61

// helpPatience is how long who is called for help has to answer.
const helpPatience = 5 * time.Minute

// planUnheard has it looked whether a call for help, which has taken a silence back, is answered.
func (c *change) planUnheard(a *alert.Alert) error {
	c.forget(a.ID, HelpUnheard)
	return c.plan(Deadline{Kind: HelpUnheard, At: c.now.Add(helpPatience), Alert: a.ID})
}

// helpUnheard goes on with the escalation that was under way when the alert fell silent, or
// begins anew if there is no such: who was called for help does not answer. While other people
// are being called it waits for them.
func (c *change) helpUnheard(a *alert.Alert) error {
	if a.Silent() {
		return nil
	}
	if c.busy(a.ID) {
		return c.planUnheard(a)
	}
	if err := c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.HelpNotAnswered}); err != nil {
		return err
	}
	next := c.heldStep(a)
	a.GoOn(c.now)
	if next == nil {
		return c.beginAnew(a)
	}
	return errors.Join(Alerts.Put(c.tx, a), c.fire(next))
}

// heldStep returns the escalation step that was to come next when an alert fell silent, as if
// its moment were now; nil if there is none.
func (c *change) heldStep(a *alert.Alert) *Deadline {
	if a.Next == nil {
		return nil
	}
	p, ok := Escalations.Get(c.tx, table.K().String(string(a.Next.Escalation)))
	if !ok {
		return nil
	}
	if a.Next.Begins {
		return &Deadline{Kind: StepsAgain, At: c.now, Alert: a.ID, Escalation: p.ID, Repeat: a.Next.Repeat, Added: c.now}
	}
	step, ok := p.Step(a.Next.Step, c.now)
	if !ok {
		return nil
	}
	return &Deadline{Kind: EscalationStep, At: c.now, Alert: a.ID, Escalation: p.ID, Step: a.Next.Step, Repeat: a.Next.Repeat, Added: c.now.Add(c.now.Sub(step.At))}
}
