package state

import (
	"time"

	"keng/hub/core/alert"
	"keng/hub/core/explain"
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

// helpUnheard goes on with the escalations that were under way when the alert fell silent, or
// begins anew if there is none: who was called for help does not answer. While other people
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
	held := c.held(a)
	a.GoOn(c.now)
	if len(held) == 0 {
		return c.beginAnew(a)
	}
	if err := Alerts.Put(c.tx, a); err != nil {
		return err
	}
	for _, d := range held {
		goOn := c.fire
		if c.full() { // another command does so at once
			goOn = func(d *Deadline) error { return c.plan(*d) }
		}
		if err := goOn(d); err != nil {
			return err
		}
	}
	return nil
}
