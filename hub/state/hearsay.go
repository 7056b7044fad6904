package state

import (
	"cmp"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/proto/channel"
	"keng/raftstore/table"
)

const (
	// hearsayWorth is how long after somebody has done something to an alert it is worth telling.
	hearsayWorth = time.Hour
	// hearsayEvery is how often a person is told of one kind of thing about one alert at most.
	hearsayEvery = time.Minute
	// hearsayNote is how much of a note is told, in characters.
	hearsayNote = 500
	// diedWorth is how long after a contact died that is worth telling.
	diedWorth = 24 * time.Hour
)

// hearsayOf returns the kind of notice that tells what somebody has done to an alert, and the
// action of the rules that ask for it; 0 if nobody is told of that.
func hearsayOf(what alert.What) (NoticeKind, reach.Action) {
	switch what {
	case alert.DidAcknowledge, alert.DidTakeOwnership:
		return OtherAcknowledged, reach.AcknowledgedAlert
	case alert.DidClose:
		return OtherClosed, reach.ClosedAlert
	case alert.DidAddNote:
		return OtherNoted, reach.AddNote
	}
	return 0, 0
}

// hearsay tells those who were paged about an alert what somebody else has done to it, if a rule
// of theirs asks for that. Of what is done to a member its parent tells. What comes too often is left out,
// see [change.heardLately], and so is what is more than one command can write.
func (c *change) hearsay(a *alert.Alert, e alert.Entry) error {
	kind, action := hearsayOf(e.What)
	if kind == 0 || a.Parent != "" || c.idle[a.ID] {
		return nil
	}
	paged := pagedAbout(c.tx, a.ID)
	if len(paged) == 0 {
		return nil
	}
	by := e.By
	doer, known := named(c.tx, e.By)
	if known {
		by = cmp.Or(doer.FullName, by)
	}
	for _, id := range paged {
		if c.full() {
			return nil // news for the others are not worth that the store refuses the command
		}
		u, ok := Users.Get(c.tx, table.K().String(string(id)))
		if !ok || u.Blocked || known && u.ID == doer.ID || !u.HasRules(action) {
			continue
		}
		zone := c.zoneOf(u)
		rule, ok := u.Rule(action, a, c.now, zone)
		if why, _ := u.Hushed(a.Priority, c.now, zone); !ok || why != reach.NotHushed {
			continue
		}
		contacts, reserve := u.Quiet(rule)
		if len(contacts) == 0 || c.heardLately(u.ID, channel.Kind(contacts[0].Kind), kind, a.ID) {
			continue
		}
		n := Notice{
			Kind: kind, Zone: c.zoneFor(u, nil), Until: c.now.Add(hearsayWorth), Alert: a.ID, Tiny: a.Tiny, Message: a.Message, By: by,
			Note: firstRunes(e.Note, hearsayNote),
		}
		if err := c.tell(u, n, Reason{NotificationRule: rule.ID}, contacts, reserve); err != nil {
			return err
		}
	}
	return nil
}

// zoneOf finds the zone by whose clock a person lives; nil if it is not known.
func (c *change) zoneOf(u *reach.User) *time.Location {
	zone, err := c.zones(u.Zone)
	if err != nil {
		return nil
	}
	return zone
}

// pagedAbout returns whom a page about an alert has disturbed, or will, in the order of their ids.
func pagedAbout(r table.Reader, id core.AlertID) (users []core.UserID) {
	for _, d := range DeliveriesOf(r, id) {
		if d.Disturbed() {
			users = append(users, d.User)
		}
	}
	slices.Sort(users)
	return slices.Compact(users)
}

// heardLately reports whether a person is not to be told by a kind of contact of one more thing
// about an alert: the person was within [hearsayEvery], or has got as many such notices, about
// whatever alerts, as pages by one contact are allowed (P8).
func (c *change) heardLately(user core.UserID, by channel.Kind, kind NoticeKind, id core.AlertID) bool {
	heard := 0
	for d := range deliveriesByPerson.FindReverse(c.tx, table.K().String(string(user)).String(string(by))) {
		since := c.now.Sub(d.QueuedAt())
		if since > max(c.limits.Period, hearsayEvery) {
			break
		}
		if d.Notice == nil || d.Notice.Alert == "" {
			continue
		}
		if d.Notice.Kind == kind && d.Notice.Alert == id && since < hearsayEvery {
			return true
		}
		if since <= c.limits.Period {
			heard++
		}
	}
	return c.limits.on() && heard >= c.limits.Pages
}

// tellDied tells a person by the other contacts, by mail first, that one of them works no more.
func (c *change) tellDied(u *reach.User, k *reach.Contact) error {
	n := Notice{Kind: ContactDied, Zone: c.zoneFor(u, nil), Until: c.now.Add(diedWorth), Method: k.Kind, To: calledBy(k)}
	contacts, reserve := u.QuietBy(emailKind)
	return c.tell(u, n, Reason{}, contacts, reserve)
}

// calledBy returns what a person calls a contact. The address of a device says nothing to anybody.
func calledBy(k *reach.Contact) string {
	if k.Kind == string(channel.Push) {
		return k.Given
	}
	return written(k)
}
