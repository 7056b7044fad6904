package state

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// overtakenAfter is how late what is due must be for the hub to have been away, so that
// several things became due at once that were to come one after the other.
const overtakenAfter = 30 * time.Second

// overtaken reports whether an attempt is late, and so is one that was to come after it:
// then that one alone is made. It is the more insistent one, in the person's own order,
// and a person who slept through our outage needs one page about an alert, not all (P8, P9).
func (c *change) overtaken(d *Deadline) bool {
	return c.now.Sub(d.At) >= overtakenAfter && slices.ContainsFunc(deadlinesOf(c.tx, d.Alert), func(x *Deadline) bool {
		return x.Kind == ReachAttempt && x.User == d.User && x.At.After(d.At) && !x.At.After(c.now)
	})
}

// catchesUp reports whether what is being done is late.
func (c *change) catchesUp() bool {
	return !c.due.IsZero() && c.now.Sub(c.due) >= overtakenAfter
}

// willBeTold reports whether a person is to be told of an alert by an attempt that is due:
// a late step need not tell them too.
func (c *change) willBeTold(a *alert.Alert, user core.UserID) bool {
	return c.catchesUp() && slices.ContainsFunc(deadlinesOf(c.tx, a.ID), func(x *Deadline) bool {
		return x.Kind == ReachAttempt && x.User == user && !x.At.After(c.now)
	})
}
