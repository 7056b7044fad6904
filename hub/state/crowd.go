package state

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/raftstore/table"
)

const (
	// openPagesMax is how many pages about one alert are under way before others wait: who acknowledges takes
	// all of them back in one command, which the store must let it write. What one command more adds is
	// below 1,000.
	openPagesMax = 1000
	// crowdedFor is how long others wait, then.
	crowdedFor = 10 * time.Second
)

// crowded reports whether so many pages about an alert were under way before this command that others
// are to wait.
func (c *change) crowded(id core.AlertID) bool {
	if c.idle[id] {
		return false
	}
	crowd, known := c.crowds[id]
	if !known {
		crowd = len(openDeliveries(c.tx, id)) >= openPagesMax
		c.crowds[id] = crowd
	}
	return crowd
}

// pageAwaited reports whether it is planned for an alert to look after a page that is under way, or another attempt.
// What it has found it looks at first when it is asked again: hundreds of pages may fail by one command.
func (c *change) pageAwaited(id core.AlertID) bool {
	if d, ok := Deadlines.Get(c.tx, c.awaited[id]); ok && c.awaits(d) {
		return true
	}
	for d := range eachDeadlineOf(c.tx, id) {
		if c.awaits(d) {
			c.awaited[id] = deadlineKey(d)
			return true
		}
	}
	return false
}

// awaits reports whether a deadline is to look after a page that is under way, or an attempt.
func (c *change) awaits(d *Deadline) bool {
	if d.Kind == DeliveryOverdue {
		page, ok := GetDelivery(c.tx, d.Delivery)
		return ok && !page.Final()
	}
	return d.Kind == ReachAttempt
}

// attempts has, by person, the keys of the attempts that are planned for an alert, or were.
type attempts map[core.UserID][]table.Key

// note adds a deadline, if it is an attempt.
func (known attempts) note(d *Deadline) {
	if d.Kind == ReachAttempt {
		known[d.User] = append(known[d.User], deadlineKey(d))
	}
}

// nextAttempt returns the attempt to reach a person for an alert that comes first. What is planned for the alert
// is looked through once a command: hundreds of pages may fail by one, about an alert of which thousands are told.
func (c *change) nextAttempt(id core.AlertID, user core.UserID) (*Deadline, bool) {
	known, ok := c.attempts[id]
	if !ok {
		known = attempts{}
		for d := range eachDeadlineOf(c.tx, id) {
			known.note(d)
		}
		c.attempts[id] = known
	}
	keys := known[user]
	slices.Sort(keys)
	for _, key := range keys {
		if d, there := Deadlines.Get(c.tx, key); there {
			return d, true
		}
	}
	return nil, false
}

// tellNext leaves it to another command to tell a person, at once: this one tells as many as the store
// lets it write. It is planned as an attempt by no contact.
func (c *change) tellNext(a *alert.Alert, u *reach.User, why *Reason) error {
	c.told[told{a.ID, u.ID}] = true
	return c.plan(Deadline{Kind: ReachAttempt, At: c.now, Alert: a.ID, User: u.ID, Why: *why})
}
