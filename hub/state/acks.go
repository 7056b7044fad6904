package state

import (
	"slices"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/raftstore/table"
)

// acknowledge lets somebody acknowledge an alert. A person does so for one, where several must;
// whoever is not known as a person does so for all. Who is called although the alert is
// acknowledged can do so, too.
func (c *change) acknowledge(a *alert.Alert, by alert.By) alert.Outcome {
	u, known := named(c.tx, by.User)
	if !known {
		return a.AcknowledgeForAll(by)
	}
	by.User = u.Username
	if a.Acknowledged && c.calledUnclosed(a, u.ID) {
		return a.AcknowledgeToo(by)
	}
	return a.Acknowledge(by)
}

// named returns the person whom a caller has named, by the id, or the username in any case.
func named(r table.Reader, name string) (*reach.User, bool) {
	if name == "" {
		return nil, false
	}
	if u, ok := FindUser(r, name); ok {
		return u, true
	}
	if lower := strings.ToLower(name); lower != name {
		return FindUser(r, lower)
	}
	return nil, false
}

// calledUnclosed reports whether a person has been called, or is to be, for an alert although
// it was acknowledged. That the page is over is no reason: by that the person answers.
func (c *change) calledUnclosed(a *alert.Alert, user core.UserID) bool {
	return slices.ContainsFunc(DeliveriesOf(c.tx, a.ID), func(d Delivery) bool { return d.User == user && d.Why.Unclosed != "" }) ||
		slices.ContainsFunc(deadlinesOf(c.tx, a.ID), func(d *Deadline) bool {
			return d.reaches(user) && d.Why.Unclosed != ""
		})
}

// ackedBy returns the name of who acknowledged an alert last; "" if it is not acknowledged. Of what is no person
// the log alone knows the name: the owner may be somebody who acknowledged before that was taken back.
func (c *change) ackedBy(a *alert.Alert) string {
	if !a.Acknowledged || len(a.Acks) > 0 {
		return a.AckedBy()
	}
	for e := range LogReverse(c.tx, a.ID) { // the line is there, and none before it is read
		if e.What == alert.DidAcknowledge {
			return e.Owner
		}
	}
	return a.AckedBy()
}

// wantedBy reports whether what calls a person for an alert, for a reason, is wanted still.
func wantedBy(r table.Reader, a *alert.Alert, user core.UserID, why Reason) bool {
	switch silent := a.Silent(); {
	case !silent && len(a.Acks) == 0:
		return true
	case silent && why.Unclosed == "":
		return false
	}
	u, ok := Users.Get(r, table.K().String(string(user)))
	return ok && a.Wants(u.Username, why.Unclosed != "")
}

// survivesAck reports whether what is planned for an alert, which was acknowledged just now,
// goes on: an escalation that has something to do until the alert is closed, and whom it calls.
func (c *change) survivesAck(a *alert.Alert, d *Deadline) bool {
	switch {
	case d.reaches(d.User):
		return wantedBy(c.tx, a, d.User, d.Why)
	case d.Kind == DeliveryOverdue: // of a page that goes on it must become known what becomes of it
		page, ok := GetDelivery(c.tx, d.Delivery)
		return ok && wantedBy(c.tx, a, page.User, page.Why)
	case d.climbs():
		p, ok := Escalations.Get(c.tx, table.K().String(string(d.Escalation)))
		return ok && p.Outlasts(d.turn(p))
	}
	return false
}

// spare ends what calls a person, by the username, who has acknowledged for one.
func (c *change) spare(a *alert.Alert, username string) error {
	c.touched[a.ID] = true
	if err := Alerts.Put(c.tx, a); err != nil {
		return err
	}
	u, ok := FindUser(c.tx, username)
	if !ok {
		return nil
	}
	c.leaveAlone(a.ID, u.ID)
	return c.cancelDeliveries(a.ID, u.ID, "the person has acknowledged the alert")
}

// raiseAcks has so many people have to acknowledge an alert.
func (c *change) raiseAcks(a *alert.Alert, n int) error {
	row, ok := Alerts.Get(c.tx, table.K().String(string(a.ID))) // a may be older
	if !ok || !row.RaiseAcks(n, c.now) {
		return nil
	}
	a.AcksWanted = n
	return Alerts.Put(c.tx, row)
}

// takeAckBack has an alert want attention again, since the steps of an escalation run again that
// says so.
func (c *change) takeAckBack(a *alert.Alert) error {
	acked := a.Acknowledged
	if err := c.follows(a, a.TakeAckBack(c.now), nil); err != nil || !acked {
		return err
	}
	return c.wakeHolds(a)
}
