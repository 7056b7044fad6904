package state

import (
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

// pageAwaited reports whether the first thing that is planned for an alert is to look after a page that is under
// way, or another attempt: mostly so while many are being called, and known without a look at their pages.
func (c *change) pageAwaited(id core.AlertID) bool {
	for d := range deadlinesByAlert.Find(c.tx, table.K().String(string(id))) {
		if d.Kind == DeliveryOverdue {
			page, ok := GetDelivery(c.tx, d.Delivery)
			return ok && !page.Final()
		}
		return d.Kind == ReachAttempt
	}
	return false
}

// tellNext leaves it to another command to tell a person, at once: this one tells as many as the store
// lets it write. It is planned as an attempt by no contact.
func (c *change) tellNext(a *alert.Alert, u *reach.User, why Reason) error {
	c.told[told{a.ID, u.ID}] = true
	return c.plan(Deadline{Kind: ReachAttempt, At: c.now, Alert: a.ID, User: u.ID, Why: why})
}
