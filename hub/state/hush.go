package state

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/hub/core/reach"
	"keng/raftstore/table"
)

// PagesAgain is when the steps of a person's notification rule come again: Why has the rule, and how
// often they have come again already.
const PagesAgain DeadlineKind = 85

// reaches reports whether a deadline pages a person.
func (d *Deadline) reaches(user core.UserID) bool {
	return d.User == user && (d.Kind == ReachAttempt || d.Kind == PagesAgain)
}

// leaveAlone forgets what was planned to page a person about an alert.
func (c *change) leaveAlone(id core.AlertID, user core.UserID) {
	for _, d := range deadlinesOf(c.tx, id) {
		if d.reaches(user) {
			Deadlines.Delete(c.tx, deadlineKey(d))
		}
	}
}

// hushed returns why a person is not to be paged now about an alert of a priority, to whom it was on
// the way by why. It reports false if the person may be.
func (c *change) hushed(u *reach.User, p core.Priority, by *Reason) (explain.Decision, bool) {
	if u.MutedUntil.IsZero() && u.QuietHours == nil {
		return explain.Decision{}, false // nearly everybody: without a look for the zone, which every page would pay for
	}
	zone := c.zoneOf(u)
	why, until := u.Hushed(p, c.now, zone)
	d := explain.Decision{User: u.ID, Name: u.Username, Why: by, At: until.UTC()}
	if zone != nil {
		until = until.In(zone)
	}
	if !until.IsZero() {
		d.Of = []string{until.Format(time.RFC3339)}
	}
	switch {
	case why == reach.NotHushed:
		return d, false
	case why == reach.Muted:
		d.Kind = explain.PersonMuted
	case until.IsZero():
		d.Kind = explain.PersonAlwaysQuiet
	default:
		d.Kind = explain.PersonInQuietHours
	}
	return d, true
}

// keptOut ends what was planned to page a person who is not to be paged now: it goes on as if the
// person had no contact (P10). It does not come back when the person may be paged again.
func (c *change) keptOut(a *alert.Alert, u *reach.User, why explain.Decision) error {
	c.leaveAlone(a.ID, u.ID)
	return c.nobody(a, why)
}

// mayPage reports whether a person would be paged about an alert now, by anything.
func (c *change) mayPage(a *alert.Alert, u *reach.User, why *Reason) bool {
	_, hushed := c.hushed(u, a.Priority, why)
	return !u.Blocked && !hushed && len(c.planFor(a, u, why).Attempts) > 0
}

// planAgain plans when the steps by which a person is told come again, if they do, in the place of
// what was planned of that before.
func (c *change) planAgain(a *alert.Alert, u *reach.User, plan reach.Plan, why *Reason) error {
	if !slices.ContainsFunc(u.Rules, func(r reach.NotificationRule) bool { return r.Loops }) {
		return nil // without a look: hundreds may be told at once
	}
	for _, d := range deadlinesOf(c.tx, a.ID) {
		if d.Kind == PagesAgain && d.User == u.ID {
			Deadlines.Delete(c.tx, deadlineKey(d))
		}
	}
	if plan.Again.IsZero() || why.Again >= reach.LoopsMax {
		return nil
	}
	d := Deadline{Kind: PagesAgain, At: plan.Again, Alert: a.ID, User: u.ID, Why: *why}
	d.Why.NotificationRule, d.Why.After = plan.Rule, ""
	return c.plan(d)
}

// pageAgain begins the steps of a person's rule once more. After an outage they wait their time
// anew for a person who is just being told.
func (c *change) pageAgain(a *alert.Alert, d *Deadline) error {
	u, ok := Users.Get(c.tx, table.K().String(string(d.User)))
	if !ok || u.Blocked || !wantedBy(c.tx, a, u.ID, d.Why) {
		return nil
	}
	plan, again := u.PlanAgain(d.Why.NotificationRule, c.now)
	if !again || len(plan.Attempts) == 0 {
		return c.log(a.ID, RecipientNote, System, explain.Decision{Kind: explain.NotToldAgain, User: u.ID, Name: u.Username, Why: &d.Why})
	}
	beingPaged := func(d *Delivery) bool { return d.User == u.ID }
	if c.told[told{a.ID, u.ID}] || c.catchesUp() && slices.ContainsFunc(openDeliveries(c.tx, a.ID), beingPaged) {
		return c.planAgain(a, u, plan, &d.Why)
	}
	if c.crowded(a.ID) {
		later := *d
		later.At = c.now.Add(crowdedFor)
		return c.plan(later)
	}
	if decided, hushed := c.hushed(u, a.Priority, &d.Why); hushed {
		return c.keptOut(a, u, decided)
	}
	why := d.Why
	why.Again++
	if err := c.log(a.ID, RecipientNote, System, explain.Decision{Kind: explain.Told, User: u.ID, Name: u.Username, Why: &why}); err != nil {
		return err
	}
	c.told[told{a.ID, u.ID}] = true
	return c.tryBy(a, u, plan, &why)
}
