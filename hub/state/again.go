package state

import (
	"slices"
	"time"

	"keng/hub/core/alert"
	"keng/hub/core/explain"
)

// CallsAgain is when a parent calls those who answer for it once more, since something has
// come under it after all of them had been called.
const CallsAgain DeadlineKind = 60

// callAgainAfter is how long after it began to call people last a parent may begin anew by
// itself: a storm that goes on and that nobody acknowledges is one call in so long (P8).
const callAgainAfter = 10 * time.Minute

// callAgain lets a parent that nobody takes care of call for a member, which wants attention.
// Who has not been told of the parent is told. If nothing more was to happen, all are called
// once more, but not too often: an outage that comes later than the calls is one of which
// nobody has heard.
func (c *change) callAgain(p, m *alert.Alert) error {
	if known := p.Lead.Newest == m.Tiny && p.Lead.JoinedAt.Equal(c.now); !known && !p.Silent() {
		for _, h := range c.holdsOf(p) { // it stirs again, and may be what no policy means
			if h.Back == "" {
				continue
			}
			if err := c.tellTeam(p, &h.Why); err != nil {
				return err
			}
		}
	}
	if err := c.callsAgainFor(p); err != nil {
		return err
	}
	if p.Silent() || p.CreatedAt.Equal(c.now) || c.busy(p.ID) || c.waitsForOccurrence(p) {
		return c.tellUntold(p.ID)
	}
	called := p.Lead.CalledAt
	if called.IsZero() {
		called = p.CreatedAt
	}
	if at := called.Add(callAgainAfter); at.After(c.now) {
		if err := c.plan(Deadline{Kind: CallsAgain, At: at, Alert: p.ID, Added: c.now}); err != nil {
			return err
		}
		return c.tellUntold(p.ID)
	}
	return c.calledAgain(p)
}

// callsAgainFor has a call that is planned already be for what comes now, too: that somebody
// has heard of what came before it is not enough.
func (c *change) callsAgainFor(p *alert.Alert) error {
	for _, d := range deadlinesOf(c.tx, p.ID) {
		if d.Kind == CallsAgain && d.Added.Before(c.now) {
			d.Added = c.now
			return Deadlines.Put(c.tx, d)
		}
	}
	return nil
}

// callsAgainDue looks whether what came under a parent has been told meanwhile. While people
// are being called it is told by that, if any of them is reached: so it looks again later.
func (c *change) callsAgainDue(p *alert.Alert, d *Deadline) error {
	if p.Silent() || p.Lead == nil {
		return nil
	}
	if c.busy(p.ID) {
		again := *d
		again.At = c.now.Add(time.Minute)
		return c.plan(again)
	}
	if c.reachedSince(p, d.Added) {
		return nil
	}
	return c.calledAgain(p)
}

// reachedSince reports whether a page about an alert that was queued at a moment or later may
// have come to somebody's notice.
func (c *change) reachedSince(a *alert.Alert, since time.Time) bool {
	return slices.ContainsFunc(DeliveriesOf(c.tx, a.ID), func(d Delivery) bool { return !d.QueuedAt().Before(since) && d.Disturbed() })
}

// calledAgain begins anew for a parent of which something has yet to be told.
func (c *change) calledAgain(p *alert.Alert) error {
	if err := c.log(p.ID, SystemEntry, System, explain.Decision{Kind: explain.BegunAnewUnder}); err != nil {
		return err
	}
	p.GoOn(c.now)
	return c.beginAnew(p)
}

// waitsForOccurrence reports whether notification policies hold back every team that answers
// for a parent, and say themselves when that ends.
func (c *change) waitsForOccurrence(p *alert.Alert) bool {
	return len(p.Responders) == 1 && c.heldBack(p).Kind != 0
}
