package state

import (
	"cmp"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/hub/core/reach"
	"keng/proto/channel"
	"keng/raftstore/table"
)

const (
	// BundleMax is how many alerts one page speaks of at most. What is more goes with the
	// next bundle.
	BundleMax = 2000
	// rippleMax is for how many alerts of a bundle one command does what follows from a
	// stage of the page; the next one does the rest at once.
	rippleMax = 200
	// rippleRest is when the rest follows, so that other commands come between.
	rippleRest = time.Millisecond
	// spreadPause is how long a page is held that more than one command makes.
	spreadPause = time.Second
	// lineLook is how often to look whether a person's line is free, beside being told.
	lineLook = 15 * time.Second
	// bundleAgain is when a bundle's deadline comes again that could not be done.
	bundleAgain = time.Minute
)

// Bundled is one alert of a bundle: a page that speaks of several.
type Bundled struct {
	Delivery core.DeliveryID `cbor:"1,keyasint"`
	Alert    core.AlertID    `cbor:"2,keyasint"`
	Why      Reason          `cbor:"3,keyasint"`
	JoinedAt time.Time       `cbor:"4,keyasint"`
	// LeftAt is when the alert was taken out before the page's end, and Left why: somebody
	// has acknowledged it, say.
	LeftAt time.Time `cbor:"5,keyasint"`
	Left   string    `cbor:"6,keyasint,omitempty"`
}

var bundledByAlert = table.NewIndex(1, "alert", false, func(b *Bundled) []table.Key {
	return []table.Key{table.K().String(string(b.Alert)).Time(b.JoinedAt)}
})

// Bundles holds which alerts a bundle speaks of.
var Bundles = table.New(18, "bundles", func(b *Bundled) table.Key { return bundledKey(b.Delivery, b.Alert) }, bundledByAlert)

func bundledKey(d core.DeliveryID, a core.AlertID) table.Key {
	return table.K().String(string(d)).String(string(a))
}

// AlertsOf returns the alerts that a page speaks of now, the gravest first and of one
// priority the newest first: those of which the person is still to be told.
func AlertsOf(r table.Reader, d *Delivery) []*alert.Alert {
	var all []*alert.Alert
	add := func(id core.AlertID, why Reason) {
		if a, ok := Alerts.Get(r, table.K().String(string(id))); ok && wantedBy(r, a, d.User, why) {
			all = append(all, a)
		}
	}
	if !d.Bundle {
		add(d.Alert, d.Why)
		return all
	}
	for b := range Bundles.Find(r, table.K().String(string(d.ID))) {
		if b.LeftAt.IsZero() {
			add(b.Alert, b.Why)
		}
	}
	slices.SortFunc(all, func(a, b *alert.Alert) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Tiny, a.Tiny))
	})
	return all
}

// seenFrom returns a bundle as a page of one of its alerts: with the reason of that one,
// and with the end that it had for that one.
func (d Delivery) seenFrom(b *Bundled) Delivery {
	d.Alert, d.Why = b.Alert, b.Why
	if b.LeftAt.IsZero() {
		return d
	}
	d.Trace = slices.DeleteFunc(slices.Clone(d.Trace), func(t Trace) bool { return t.Stage.Final() || t.At.After(b.LeftAt) })
	d.Trace = append(d.Trace, Trace{At: b.LeftAt, Stage: channel.Cancelled, Detail: b.Left})
	return d
}

// hold makes a page that waits, to become one with what else comes.
func (c *change) hold(a *alert.Alert, u *reach.User, k reach.Contact, why *Reason, t *traffic, until time.Time) error {
	quiet := c.limits.Window
	if t.open {
		quiet = min(2*t.quiet, max(c.limits.WindowMax, c.limits.Window))
	}
	d := c.newDelivery(a, u, k, why)
	d.Held, d.Bundle, d.NotBefore, d.Quiet, d.Due = true, true, until, quiet, time.Time{}
	if err := c.plan(Deadline{Kind: BundleDue, At: c.look(until), Delivery: d.ID}); err != nil {
		return err
	}
	c.fresh[lane{u.ID, k.ID}] = d.ID
	return c.bundle(d, a, u, why)
}

// look returns when to look at a page that waits until then. One that is not for a
// moment but for the line looks again and again.
func (c *change) look(until time.Time) time.Time {
	if until.After(c.now) {
		return until
	}
	return c.now.Add(lineLook)
}

// bundle adds an alert to a page that nobody has been given yet, and keeps the page.
func (c *change) bundle(d *Delivery, a *alert.Alert, u *reach.User, why *Reason) error {
	c.stir(a.ID)
	if !d.Bundle {
		if err := c.beBundle(d); err != nil {
			return err
		}
	}
	b, in := Bundles.Get(c.tx, bundledKey(d.ID, a.ID))
	if in && b.LeftAt.IsZero() {
		return c.log(a.ID, PageEntry, System, aboutPage(explain.AboutToGo, d, u, why))
	}
	if err := Bundles.Put(c.tx, &Bundled{Delivery: d.ID, Alert: a.ID, Why: *why, JoinedAt: c.now}); err != nil {
		return err
	}
	d.Count++
	d.Gravest = graver(d.Gravest, a.Priority)
	switch {
	case c.due.IsZero():
	case d.Held:
		d.Late = max(d.Late, c.now.Sub(c.due)) // what it is held for is not late
	case c.due.Before(d.DueAt()):
		d.Due = c.due
	}
	if err := Deliveries.Put(c.tx, d); err != nil {
		return err
	}
	when := aboutPage(explain.QueuedWithOthers, d, u, why)
	if d.Held {
		when.Kind = explain.HeldForLine
		if wait := d.NotBefore.Sub(c.now).Round(time.Second); wait > 0 {
			when.Kind, when.For = explain.HeldForOthers, wait
		}
	}
	return c.log(a.ID, PageEntry, System, when)
}

// beBundle makes a page about one alert, which this command has made, one about several.
func (c *change) beBundle(d *Delivery) error {
	c.dropOverdue(d)
	first := Bundled{Delivery: d.ID, Alert: d.Alert, Why: d.Why, JoinedAt: c.now}
	d.Bundle, d.Count = true, 1
	if err := Bundles.Put(c.tx, &first); err != nil {
		return err
	}
	return c.planOverdue(d)
}

// leave takes an alert out of a bundle whose fate is open. The last one takes the page
// back.
func (c *change) leave(d *Delivery, id core.AlertID, why string) error {
	b, ok := Bundles.Get(c.tx, bundledKey(d.ID, id))
	if !ok || !b.LeftAt.IsZero() {
		return nil
	}
	b.LeftAt, b.Left = c.now, why
	if err := Bundles.Put(c.tx, b); err != nil {
		return err
	}
	if d.Count--; d.Count == 0 {
		return c.takeBack(d, why)
	}
	return Deliveries.Put(c.tx, d)
}

// bundleDeadline does what a bundle's deadline is for.
func (c *change) bundleDeadline(x *Deadline) error {
	d, ok := GetDelivery(c.tx, x.Delivery)
	switch {
	case !ok:
		return nil
	case x.From != "":
		return c.ripple(d, x.Step, x.From)
	case d.Held && !d.Final():
		return c.release(d, c.now.Sub(x.At))
	}
	return nil
}

// release lets a page go that was held, unless it has to wait on. It is that late.
func (c *change) release(d *Delivery, late time.Duration) error {
	u, k, ok := c.holder(d)
	if !ok {
		d.Held = false
		return c.record(d, Trace{At: c.now, Stage: channel.Failed, Failure: channel.Misconfigured, Detail: "the contact works no more"})
	}
	d.Gravest = 0
	for _, a := range AlertsOf(c.tx, d) {
		d.Gravest = a.Priority
		break
	}
	if why, hushed := c.hushed(u, d.Gravest, &d.Why); hushed {
		d.Held = false
		return c.record(d, Trace{At: c.now, Stage: channel.Cancelled, Detail: why.Cause()})
	}
	t := c.trafficOf(lane{u.ID, k.ID}, d.Kind, "", d.ID)
	until := c.spentUntil(&t, d.Kind, d.Gravest)
	if until.IsZero() && d.Kind == channel.Voice && t.calling {
		until = d.NotBefore // as before: what it waits for is the line
	}
	if !until.IsZero() {
		d.NotBefore = until
		if err := Deliveries.Put(c.tx, d); err != nil {
			return err
		}
		return c.plan(Deadline{Kind: BundleDue, At: c.look(until), Delivery: d.ID})
	}
	c.dropBundleDue(d.ID)
	if late = max(late, d.Late); late >= lateMin {
		d.Due = c.now.Add(-late)
	}
	d.Held, d.NotBefore, d.SendBy, d.Address = false, c.now, c.now.Add(sendWithin), k.Address
	if err := Deliveries.Put(c.tx, d); err != nil {
		return err
	}
	return c.planOverdue(d)
}

// holder returns the person and the contact of a page, if it can still arrive there.
func (c *change) holder(d *Delivery) (*reach.User, reach.Contact, bool) {
	u, ok := Users.Get(c.tx, table.K().String(string(d.User)))
	if !ok || u.Blocked {
		return nil, reach.Contact{}, false
	}
	k, ok := u.Contact(d.Contact)
	return u, k, ok && k.Usable()
}

// lineFree lets a person's next call go, if one waits for the line only.
func (c *change) lineFree(user core.UserID) error {
	if !c.limits.on() {
		return nil
	}
	var next *Delivery
	seen := 0
	for d := range deliveriesByPerson.FindReverse(c.tx, table.K().String(string(user)).String(string(channel.Voice))) {
		if seen++; seen > lookBack {
			break
		}
		if d.Held && !d.Final() && !d.NotBefore.After(c.now) {
			next = d
		}
	}
	if next == nil {
		return nil
	}
	return c.release(next, 0)
}

// ripple does for each alert of a bundle, from the one behind a given one on, what follows
// from the i-th stage of the page: for some now, for the rest soon.
func (c *change) ripple(d *Delivery, i int, from core.AlertID) error {
	if i < 0 || i >= len(d.Trace) {
		return nil
	}
	settled := slices.ContainsFunc(d.Trace[:i], func(t Trace) bool { return t.Stage.Final() })
	some, more := bundledAfter(c.tx, d.ID, from)
	if more {
		rest := Deadline{Kind: BundleDue, At: c.now.Add(rippleRest), Delivery: d.ID, Step: i, From: some[len(some)-1].Alert}
		if err := c.plan(rest); err != nil {
			return err
		}
	}
	before := c.spread
	c.spread = c.spread || more || from != ""
	defer func() { c.spread = before }()
	for _, b := range some {
		if !b.LeftAt.IsZero() {
			continue
		}
		if err := c.follow(d, b.Alert, d.Trace[i], settled, d.Count-1); err != nil {
			return err
		}
	}
	return nil
}

// bundledAfter returns alerts of a bundle in their order, from the one behind a given one
// on: as many as one command may deal with, and whether there are more.
func bundledAfter(r table.Reader, id core.DeliveryID, from core.AlertID) (some []*Bundled, more bool) {
	for b := range Bundles.Find(r, table.K().String(string(id))) {
		switch {
		case b.Alert <= from:
		case len(some) == rippleMax:
			return some, true
		default:
			some = append(some, b)
		}
	}
	return some, false
}

// rippling reports whether a stage of a bundle that has ended has yet to come to one of its
// alerts.
func rippling(r table.Reader, d *Delivery, id core.AlertID) bool {
	for x := range deadlinesByBundle.Find(r, table.K().String(string(d.ID))) {
		if x.From != "" && x.From < id {
			return true
		}
	}
	return false
}

// dropBundleDue forgets when a bundle was to go.
func (c *change) dropBundleDue(id core.DeliveryID) {
	for _, x := range bundleDeadlines(c.tx, id) {
		if x.Kind == BundleDue && x.From == "" {
			Deadlines.Delete(c.tx, deadlineKey(x))
		}
	}
}

// bundleDeadlines returns the deadlines of a bundle, earliest first.
func bundleDeadlines(r table.Reader, id core.DeliveryID) (all []*Deadline) {
	for x := range deadlinesByBundle.Find(r, table.K().String(string(id))) {
		all = append(all, x)
	}
	return all
}
