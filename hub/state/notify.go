package state

import (
	"cmp"
	"maps"
	"slices"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/explain"
	"keng/hub/core/reach"
	"keng/raftstore/table"
)

// Reason is why a person is paged (P15).
type Reason = explain.Reason

// notifyResponders begins to tell everybody whom a new alert names. Whom it does not
// name it cannot tell: that is written down.
func (c *change) notifyResponders(a *alert.Alert) error {
	if _, under := ParentOf(c.tx, a); under {
		return c.tellParent(a)
	}
	if a.Lead != nil && len(a.Lead.Untold) > 0 {
		a.Lead.Untold = nil
		if err := Alerts.Put(c.tx, a); err != nil {
			return err
		}
	}
	if len(a.Responders) == 0 {
		if a.Resting == "" { // it was silent until now: settle says that nothing follows (P2)
			c.touched[a.ID] = true
		}
		return nil
	}
	return c.tellAll(a, a.Responders, &Reason{})
}

// tellAll tells some of an alert's responders of it. The way to them is why. Here and in all that follows who
// goes further by a way makes another one: what was written down of it points to it.
func (c *change) tellAll(a *alert.Alert, responders []alert.Responder, why *Reason) error {
	c.touched[a.ID] = true
	return c.together(a.ID, func() error {
		for _, r := range responders {
			if err := c.notify(a, r, why); err != nil {
				return err
			}
		}
		return nil
	})
}

// notify leads from a responder to people.
func (c *change) notify(a *alert.Alert, r alert.Responder, why *Reason) error {
	key := table.K().String(r.ID)
	switch r.Kind {
	case alert.User:
		if u, ok := Users.Get(c.tx, key); ok {
			return c.notifyUser(a, u, why)
		}
	case alert.Team:
		return c.notifyTeam(a, r.ID, why)
	case alert.Escalation:
		if p, ok := Escalations.Get(c.tx, key); ok {
			return c.begin(a, p, why)
		}
	case alert.Schedule:
		if s, ok := Schedules.Get(c.tx, key); ok {
			return c.notifySchedule(a, s, why)
		}
	}
	gone := explain.Decision{Kind: explain.ResponderGone, Why: why, Of: []string{r.ID}}
	if *why == (Reason{}) {
		// Whom the alert itself names wrongly is no failed step: escalations keep their times.
		return c.log(a.ID, SystemEntry, System, gone)
	}
	return c.nobody(a, gone)
}

func (c *change) notifyTeam(a *alert.Alert, id string, why *Reason) error {
	t, ok := Teams.Get(c.tx, table.K().String(id))
	if !ok {
		Holds.Delete(c.tx, holdKey(a.ID, core.TeamID(id))) // nothing is held back for a team that is gone
		return c.nobody(a, explain.Decision{Kind: explain.TeamGone, Why: why, Of: []string{id}})
	}
	through := *why
	through.Team, through.TeamName = t.ID, t.Name
	if back, err := c.withhold(a, t, &through); back || err != nil {
		return err
	}
	if why.Notify.OfMembers() {
		return c.notifyMembers(a, t, &through)
	}
	way := through
	way.Notify = escalate.Default // it is the routing rule that names whom to tell
	routed, ok := c.rules.route(t, a)
	if !ok {
		return c.nobody(a, explain.Decision{Kind: explain.NoRoutingRule, Why: &way})
	}
	way.RoutingRule = routed.Rule.ID
	if routed.Rule.Notify.Kind == 0 {
		return c.log(a.ID, RecipientNote, System, explain.Decision{Kind: explain.RoutedToNobody, Why: &way})
	}
	if !a.Judged {
		return c.notify(a, routed.Rule.Notify, &way)
	}
	row, ok := Alerts.Get(c.tx, table.K().String(string(a.ID))) // a may be older
	if !ok {
		return nil
	}
	if err := c.notify(a, routed.Rule.Notify, &way); err != nil {
		return err
	}
	return c.noteBegun(a, t.ID, len(row.Begun))
}

// nobody writes down that a way led to no one (P10), and why, and lets the next step of the
// alert's escalations, if any, come at once. While responders are yet to be told it waits
// for them: one of them may be reached.
func (c *change) nobody(a *alert.Alert, why explain.Decision) error {
	if err := c.log(a.ID, SystemEntry, System, why); err != nil {
		return err
	}
	if c.gathering {
		c.unreached = true
		return nil
	}
	return c.hurryEscalation(a.ID)
}

// tellUser begins to reach a person: what is due now at once, the rest by deadlines.
func (c *change) tellUser(a *alert.Alert, u *reach.User, why *Reason) error {
	if a.HasAcked(u.Username) && (why.Unclosed != "" || !a.Silent()) {
		return c.log(a.ID, RecipientNote, System, explain.Decision{Kind: explain.AckedAlready, User: u.ID, Name: u.Username, Why: why})
	}
	if !a.Wants(u.Username, why.Unclosed != "") {
		return nil
	}
	if u.Blocked {
		return c.nobody(a, explain.Decision{Kind: explain.PersonBlocked, User: u.ID, Name: u.Username, Why: why})
	}
	if c.told[told{a.ID, u.ID}] || c.willBeTold(a, u.ID) {
		return c.log(a.ID, RecipientNote, System, explain.Decision{Kind: explain.ToldAlready, User: u.ID, Name: u.Username, Why: why})
	}
	if d, hushed := c.hushed(u, a.Priority, why); hushed {
		return c.keptOut(a, u, d)
	}
	if c.full() || c.crowded(a.ID) {
		return c.tellNext(a, u, why)
	}
	if err := c.log(a.ID, RecipientNote, System, explain.Decision{Kind: explain.Told, User: u.ID, Name: u.Username, Why: why}); err != nil {
		return err
	}
	plan := c.planFor(a, u, why)
	if len(plan.Attempts) == 0 {
		return c.nobody(a, explain.Decision{Kind: explain.NoWayToPerson, User: u.ID, Name: u.Username, Why: why})
	}
	c.told[told{a.ID, u.ID}] = true
	return c.tryBy(a, u, plan, why)
}

// tryBy makes a person's attempts that are due now, and plans the rest.
func (c *change) tryBy(a *alert.Alert, u *reach.User, plan reach.Plan, why *Reason) error {
	if err := c.planAgain(a, u, plan, why); err != nil {
		return err
	}
	for _, at := range plan.Attempts {
		way := *why
		way.NotificationRule = at.Rule
		if at.At.After(c.now) {
			d := Deadline{Kind: ReachAttempt, At: at.At, Alert: a.ID, User: u.ID, Contact: at.Contact.ID, Why: way}
			if err := c.plan(d); err != nil {
				return err
			}
			continue
		}
		if err := c.page(a, u, at.Contact, &way); err != nil {
			return err
		}
	}
	return nil
}

// planFor returns by which contacts a person is to be reached for an alert, and when: by the rules for
// whoever was made the owner, for who was paged about it before, or for new alerts.
func (c *change) planFor(a *alert.Alert, u *reach.User, why *Reason) reach.Plan {
	action := reach.CreateAlert
	switch {
	case why.Assigned != "":
		action = reach.AssignedAlert
	case u.HasRules(reach.RenotifiedAlert) && slices.Contains(pagedAbout(c.tx, a.ID), u.ID):
		action = reach.RenotifiedAlert
	}
	return u.Plan(action, a, c.now, c.zoneOf(u))
}

// attempt tries a person's contact whose time has come.
func (c *change) attempt(a *alert.Alert, user core.UserID, contact core.ContactID, why *Reason) error {
	if !wantedBy(c.tx, a, user, *why) {
		return nil
	}
	u, ok := Users.Get(c.tx, table.K().String(string(user)))
	if !ok {
		return c.nobody(a, explain.Decision{Kind: explain.PersonGone, User: user, Why: why})
	}
	if why.After == "" && c.crowded(a.ID) { // a page that has failed makes room for the next one
		return c.plan(Deadline{Kind: ReachAttempt, At: c.now.Add(crowdedFor), Alert: a.ID, User: user, Contact: contact, Why: *why})
	}
	if contact == "" { // see tellNext
		delete(c.told, told{a.ID, u.ID})
		return c.tellUser(a, u, why)
	}
	if d, hushed := c.hushed(u, a.Priority, why); hushed {
		return c.keptOut(a, u, d)
	}
	k, ok := u.Contact(contact)
	if !ok || !k.Usable() || u.Blocked {
		if err := c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.ContactLeftOut, User: u.ID, Name: u.Username, Why: why}); err != nil {
			return err
		}
		return c.hurry(a.ID, user, "")
	}
	return c.page(a, u, k, why)
}

// hurry lets the person's next attempt for an alert begin at once (P5); when there
// is none, and nobody else is being reached, the escalation goes on.
func (c *change) hurry(id core.AlertID, user core.UserID, after core.DeliveryID) error {
	d, ok := c.nextAttempt(id, user)
	if !ok {
		return c.hurryEscalation(id)
	}
	a, ok := Alerts.Get(c.tx, table.K().String(string(id)))
	if !ok {
		return nil
	}
	Deadlines.Delete(c.tx, deadlineKey(d))
	d.Why.After = after
	return c.attempt(a, user, d.Contact, &d.Why)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := slices.AppendSeq(make([]K, 0, len(m)), maps.Keys(m))
	slices.Sort(keys)
	return keys
}
