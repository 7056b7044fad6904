package state

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/raftstore/table"
)

// climb does the steps of an escalation that are due, from the n-th on, and plans the
// first that is not. The next step is planned before this one is done, so that this
// one can hurry it when it reaches nobody. The way to the escalation is why.
func (c *change) climb(a *alert.Alert, p *escalate.Policy, n int, added time.Time, why Reason) error {
	for {
		step, ok := p.Step(n, added)
		if !ok {
			return nil
		}
		next, more := p.Step(n+1, added)
		more = more && next.At.After(c.now)
		if more {
			d := Deadline{Kind: EscalationStep, At: next.At, Alert: a.ID, Escalation: p.ID, Step: n + 1, Added: added, Why: why}
			if err := c.plan(d); err != nil {
				return err
			}
		}
		if step.Rule.Holds(a) {
			reason := why
			reason.Escalation, reason.EscalationName, reason.Step = p.ID, p.Name, n+1
			if err := c.notify(a, step.Rule.Recipient, reason); err != nil {
				return err
			}
		}
		if more {
			return nil
		}
		n++
	}
}

// begin starts an escalation now, unless it has begun for this alert before: a step of
// it may name a team whose routing leads back to it.
func (c *change) begin(a *alert.Alert, p *escalate.Policy, why Reason) error {
	row, ok := Alerts.Get(c.tx, table.K().String(string(a.ID))) // a may be older
	if !ok {
		return nil
	}
	if slices.Contains(row.Begun, p.ID) {
		if why.Escalation != "" {
			return c.nobody(a, why.String()+" leads to escalation "+p.Name+", which has begun already")
		}
		return c.log(a.ID, RecipientNote, System, "Escalation "+p.Name+" has begun already: "+why.String())
	}
	row.Begun = append(row.Begun, p.ID)
	if err := Alerts.Put(c.tx, row); err != nil {
		return err
	}
	first, ok := p.Step(0, c.now)
	if ok && first.At.After(c.now) {
		return c.plan(Deadline{Kind: EscalationStep, At: first.At, Alert: a.ID, Escalation: p.ID, Added: c.now, Why: why})
	}
	return c.climb(a, p, 0, c.now, why)
}

// hurryEscalation lets the alert's next escalation step come at once, unless
// somebody is still being reached.
func (c *change) hurryEscalation(id core.AlertID) error {
	if len(openDeliveries(c.tx, id)) > 0 {
		return nil
	}
	all := deadlinesOf(c.tx, id)
	if slices.ContainsFunc(all, func(d *Deadline) bool { return d.Kind == ReachAttempt }) {
		return nil
	}
	for _, kind := range []DeadlineKind{EscalationStep, HelpUnheard} {
		if i := slices.IndexFunc(all, func(d *Deadline) bool { return d.Kind == kind }); i >= 0 {
			return c.fire(all[i])
		}
	}
	return nil
}
