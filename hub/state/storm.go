package state

import (
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// Limits bound how often one person is disturbed (P8). The zero value bounds nothing:
// every alert is a page of its own, at once.
//
// The first page by a contact goes at once. While its window lasts, what else there is to
// say by that contact is held and goes, when the window ends, as one page: a bundle. The
// window after a bundle is twice as long, up to WindowMax; when one passes in which nothing
// came, all begins anew. An alert that is graver than every page of the window does not
// wait for its end. Pages about the same alert alone (the person's next method, an
// escalation that leads back) are no storm: they go at their time.
//
// Besides there is a budget: within Period a contact gets at most Pages pages, a person at
// most Calls calls, by whichever number; only an alert graver than all pages of the period
// goes beyond (there are five priorities: so at most four more). And a person gets one call
// at a time. What is held goes with the next bundle: nothing is left out.
type Limits struct {
	Window, WindowMax time.Duration
	Period            time.Duration
	Pages, Calls      int
}

// DefaultLimits are what a person gets unless something else is configured.
func DefaultLimits() Limits {
	return Limits{Window: time.Minute, WindowMax: 5 * time.Minute, Period: 10 * time.Minute, Pages: 10, Calls: 3}
}

// on reports whether there are limits at all.
func (l Limits) on() bool { return l.Window > 0 }

// budget is how many pages of a kind go within the period.
func (l Limits) budget(kind channel.Kind) int {
	if kind == channel.Voice {
		return l.Calls
	}
	return l.Pages
}

// lookBack bounds how many of a person's pages are looked at to decide about the next.
const lookBack = 64

// deliveriesByPerson has a person's pages of a kind, in the order in which they go out.
var deliveriesByPerson = table.NewIndex(3, "person", false, func(d *Delivery) []table.Key {
	return []table.Key{table.K().String(string(d.User)).String(string(d.Kind)).Time(d.QueuedAt())}
})

// lane is what a window is about: one contact of one person.
type lane struct {
	user    core.UserID
	contact core.ContactID
}

// traffic is what a person got of late, as far as it matters to the next page.
type traffic struct {
	pending *Delivery     // what is held for the contact; of several the last
	open    bool          // the window has not ended
	ends    time.Time     // when it does
	quiet   time.Duration // how long it is
	spent   []time.Time   // when pages of the period went out, newest first
	calling bool          // a call to the person is under way

	// The gravest priority of a page of the window, and of the period; 0: there is none.
	window, period core.Priority
}

// trafficOf looks at a person's pages before one by a contact, about an alert (empty: about
// several) goes out. The page except, if any, is that one itself.
func (c *change) trafficOf(l lane, kind channel.Kind, about core.AlertID, except core.DeliveryID) traffic {
	var t traffic
	seen := 0
	for d := range deliveriesByPerson.FindReverse(c.tx, table.K().String(string(l.user)).String(string(kind))) {
		if seen++; seen > lookBack || d.QueuedAt().Before(c.now.Add(-max(c.limits.Period, c.limits.WindowMax))) {
			break
		}
		switch {
		case d.ID == except:
		case d.Notice != nil: // it keeps no alert waiting
		case d.Held:
			if t.pending == nil && d.Contact == l.contact && !d.Final() {
				t.pending = d
			}
		case d.Disturbed() && (kind == channel.Voice || d.Contact == l.contact):
			t.count(c, d, l, about)
		}
	}
	return t
}

// count takes one page that the person got, or is getting, into account.
func (t *traffic) count(c *change, d *Delivery, l lane, about core.AlertID) {
	if d.Kind == channel.Voice && !d.Final() {
		t.calling = true
	}
	gravest := c.gravest(d)
	if d.QueuedAt().After(c.now.Add(-c.limits.Period)) {
		t.spent = append(t.spent, d.QueuedAt())
		t.period = graver(t.period, gravest)
	}
	ends := d.QueuedAt().Add(d.Quiet)
	if d.Contact != l.contact || !ends.After(c.now) || !d.Bundle && d.Alert == about {
		return
	}
	t.window = graver(t.window, gravest)
	if !t.open || ends.After(t.ends) {
		t.open, t.ends, t.quiet = true, ends, d.Quiet
	}
}

// gravest returns the priority of the gravest alert of a page.
func (c *change) gravest(d *Delivery) core.Priority {
	if d.Gravest != 0 {
		return d.Gravest
	}
	if a, ok := Alerts.Get(c.tx, table.K().String(string(d.Alert))); ok {
		return a.Priority // a page of before there were windows
	}
	return core.P5
}

// graver returns the graver of two priorities, of which 0 is none.
func graver(a, b core.Priority) core.Priority {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// outranks reports whether a priority is graver than what there was.
func outranks(p, was core.Priority) bool { return was == 0 || p != 0 && p < was }

// spentUntil returns until when the budget of a kind is spent for an alert of a
// priority; zero if it is not.
func (c *change) spentUntil(t *traffic, kind channel.Kind, p core.Priority) (until time.Time) {
	most := c.limits.budget(kind)
	if most > 0 && len(t.spent) >= most && !outranks(p, t.period) {
		until = t.spent[most-1].Add(c.limits.Period)
	}
	return until
}

// opening returns until when a page about an alert has to wait; zero: not at all.
func (c *change) opening(t *traffic, kind channel.Kind, a *alert.Alert) (until time.Time) {
	until = c.spentUntil(t, kind, a.Priority)
	if t.open && !outranks(a.Priority, t.window) && t.ends.After(until) {
		until = t.ends
	}
	switch {
	case !until.IsZero():
	case c.spread:
		// The page is for more alerts than one command can deal with: the others come at once.
		until = c.now.Add(spreadPause)
	case kind == channel.Voice && t.calling:
		until = c.now // until the line is free
	}
	return until
}
