package state

import (
	"slices"

	"keng/hub/core"
	"keng/hub/core/explain"
	"keng/hub/core/reach"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// TakeReports writes down what became of pages. Reports that are known are passed over.
type TakeReports struct {
	Reports []channel.Report `cbor:"1,keyasint"`
	// Gateway is who reports; empty: the hub itself.
	Gateway string `cbor:"2,keyasint,omitempty"`
}

func (TakeReports) number() number { return takeReports }

func (reports TakeReports) apply(c *change) (Nothing, error) {
	if p, ok := GetPeer(c.tx, reports.Gateway); ok && p.Revoked {
		return Nothing{}, p.mayCome(p.Kind)
	}
	for _, r := range reports.Reports {
		d, ok := GetDelivery(c.tx, core.DeliveryID(r.Page))
		if !ok {
			continue // of a page that nobody knows there is nothing to write down
		}
		t := c.trace(r)
		if slices.ContainsFunc(d.Trace, t.repeats) {
			continue
		}
		if moved(d, t, reports.Gateway) {
			if !Alerts.Has(c.tx, table.K().String(string(d.Alert))) {
				continue // deleted; others of the bundle live
			}
			if err := c.log(d.Alert, PageEntry, System, explain.Decision{Kind: explain.OtherGateway, User: d.User, Page: d.ID, By: string(d.Kind), Fate: t.fate()}); err != nil {
				return Nothing{}, err
			}
			continue
		}
		// A talkative gateway must not keep out what matters: the end, and what the person said.
		matters := t.Stage.Final() && !d.Final() || asks(t.Reply)
		if len(d.Trace) >= traceMax && !(matters && len(d.Trace) < 2*traceMax) {
			continue
		}
		if reports.Gateway != "" {
			d.Gateway = reports.Gateway
		}
		if err := c.record(d, t); err != nil {
			return Nothing{}, err
		}
	}
	return Nothing{}, nil
}

// moved reports whether a page, of which a gateway says that it failed there, has meanwhile
// gone on to another one: that one tells of its end. What a person said counts in any case.
func moved(d *Delivery, t Trace, gateway string) bool {
	broken := t.Stage == channel.Failed || t.Stage == channel.Cancelled
	return broken && t.Reply == channel.NoAction && gateway != "" && d.Gateway != "" && gateway != d.Gateway && !d.Final()
}

// trace makes a stage of a report. Texts are cut and made one line, so that no gateway
// can make a page too large to be written down.
func (c *change) trace(r channel.Report) Trace {
	return Trace{
		At: c.moment(r.At), Stage: channel.Stage(line(string(r.Stage), wordMax)), Failure: channel.Failure(line(string(r.Failure), wordMax)),
		Reply: channel.Reply(line(string(r.Reply), wordMax)), Detail: line(r.Detail, detailMax), ProviderID: line(r.ProviderID, detailMax), Number: r.Number,
	}
}

// repeats reports whether x says the same again. The number alone does not tell: each
// gateway counts for itself, and a page may have been with several.
func (t Trace) repeats(x Trace) bool {
	return t.Number != 0 && x.Number == t.Number && x.Stage == t.Stage && x.At.Equal(t.At) && x.Reply == t.Reply
}

// record adds a stage to a page and draws the consequences, for each of its alerts.
func (c *change) record(d *Delivery, t Trace) error {
	settled := d.Final()
	d.Trace = append(d.Trace, t)
	if err := Deliveries.Put(c.tx, d); err != nil {
		return err
	}
	if t.Stage.Final() {
		c.dropOverdue(d)
		if t.Failure == channel.DeadContact && !settled {
			if err := c.bury(d); err != nil {
				return err
			}
		}
	}
	var err error
	switch {
	case d.Notice != nil: // it waits for no answer
		if !settled && (t.Stage == channel.Failed || t.Stage == channel.Cancelled) {
			err = c.noticeFailed(d)
		}
	case !d.Bundle:
		err = c.follow(d, d.Alert, t, settled, 0)
	case t.Stage.Final() && !settled || asks(t.Reply):
		err = c.ripple(d, len(d.Trace)-1, "")
	}
	if err == nil && t.Stage.Final() && d.Kind == channel.Voice {
		err = c.lineFree(d.User)
	}
	return err
}

// follow does for one alert of a page, which it shares with so many others, what follows
// from a stage. The page may have been settled before.
func (c *change) follow(d *Delivery, id core.AlertID, t Trace, settled bool, others int) error {
	if _, ok := Alerts.Get(c.tx, table.K().String(string(id))); !ok {
		return nil // it has been deleted
	}
	c.touched[id] = true
	name := string(d.User)
	if u, ok := Users.Get(c.tx, table.K().String(string(d.User))); ok {
		name = u.Username
	}
	came := explain.Decision{Kind: explain.PageCame, User: d.User, Name: name, Page: d.ID, By: string(d.Kind), Count: max(others, 0), Fate: t.fate()}
	if err := c.log(id, PageEntry, System, came); err != nil {
		return err
	}
	// A digit pressed counts whenever it is heard, even after the page was given up.
	if heeded, err := c.heed(d, id, t.Reply, name); heeded || err != nil {
		return err
	}
	// A page that was cancelled, and not by us, has not reached anybody either.
	if settled || t.Stage != channel.Failed && t.Stage != channel.Cancelled || c.fault == NextMethodWaits {
		return nil
	}
	return c.hurry(id, d.User, d.ID)
}

// asks reports whether a reply is one that this version heeds.
func asks(r channel.Reply) bool {
	return r == channel.Acknowledge || r == channel.Close || r == channel.NextPerson
}

// heed does for one alert what a person asked for through a channel. It reports false for
// no reply, and for one that this version does not know: to the page that makes no
// difference.
func (c *change) heed(d *Delivery, id core.AlertID, reply channel.Reply, name string) (heeded bool, err error) {
	ref, note := Ref{ID: id}, "by "+string(d.Kind)
	switch reply {
	case channel.Acknowledge:
		_, err = AcknowledgeAlert{Alert: ref, User: name, Note: note}.apply(c)
	case channel.Close:
		if a, ok := FindAlert(c.tx, ref); ok && mayNotClose(a) != "" {
			_, err = AcknowledgeAlert{Alert: ref, User: name, Note: note + ", instead of closing it: " + string(mayNotClose(a))}.apply(c)
			break
		}
		_, err = CloseAlert{Alert: ref, User: name, Note: note}.apply(c)
	case channel.NextPerson:
		err = c.passOn(d, id, name)
	default:
		return false, nil
	}
	return true, err
}

// passOn leaves a person in peace who cannot take care of an alert, and lets the next
// step of its escalations come at once.
func (c *change) passOn(d *Delivery, id core.AlertID, name string) error {
	a, ok := Alerts.Get(c.tx, table.K().String(string(id)))
	if !ok || a.Silent() {
		return nil
	}
	if err := c.log(id, ActionEntry, name, explain.Decision{Kind: explain.PassedOn, User: d.User, Name: name, Page: d.ID, By: string(d.Kind), Why: &d.Why}); err != nil {
		return err
	}
	c.leaveAlone(id, d.User)
	if err := c.cancelDeliveries(id, d.User, "the person has passed the alert on"); err != nil {
		return err
	}
	return c.hurryEscalation(id)
}

// bury marks the contact of which the provider says that it will never work again, and tells the
// person. One
// that has got another address meanwhile lives.
func (c *change) bury(d *Delivery) error {
	u, ok := Users.Get(c.tx, table.K().String(string(d.User)))
	if !ok {
		return nil
	}
	i := slices.IndexFunc(u.Contacts, func(k reach.Contact) bool {
		return k.ID == d.Contact && k.Address == d.Address && k.DeadSince.IsZero()
	})
	if i < 0 {
		return nil
	}
	u.Contacts[i].DeadSince = c.now
	if err := Users.Put(c.tx, u); err != nil {
		return err
	}
	return c.tellDied(u, &u.Contacts[i])
}
