package state

import (
	"fmt"
	"iter"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/incident"
	"keng/raftstore/table"
)

// An incident calls each of its responders by an alert, which is an alert like any other: it
// is made, routed, held back, escalated and acknowledged as all are. It knows its incident, and
// the incident knows which responder it calls. See DESIGN.md.

// IncidentRest is the kind of deadline at which something goes on that concerns more responder
// alerts than one command can deal with.
const IncidentRest DeadlineKind = 62

var (
	alertsByIncident = table.NewIndex(9, "incident", false, func(a *alert.Alert) []table.Key {
		if a.Incident == "" {
			return nil
		}
		return []table.Key{incidentKey(a.Incident).Uint64(a.Tiny)}
	})
	openByIncident = table.NewIndex(10, "open of an incident", false, func(a *alert.Alert) []table.Key {
		if a.Incident == "" || a.Status != alert.Open {
			return nil
		}
		return []table.Key{incidentKey(a.Incident).Uint64(a.Tiny)}
	})
)

// ResponderAlerts gives the alerts by which an incident has called its responders, in the
// order of their creation: also those of before it was opened last. Deleted ones are not
// among them, nor those that have gone with time.
func ResponderAlerts(r table.Reader, id core.IncidentID) iter.Seq[*alert.Alert] {
	return alertsByIncident.Find(r, incidentKey(id))
}

// incidentNumber names an incident for people, as "incident #12".
func incidentNumber(i *incident.Incident) string { return fmt.Sprintf("incident #%d", i.Tiny) }

// calledName returns what people call a responder: the name, or the id of one that does not
// exist.
func (c *change) calledName(r alert.Responder) string {
	if name := c.rules.nameOf(r); name != "" {
		return name
	}
	return r.ID
}

// bringOn ends the responder alerts of an incident that are over, opens those that it
// lacks, and makes them as grave as the incident if raise is set: as many as one command can,
// and plans the rest.
func (c *change) bringOn(i *incident.Incident, raise bool) error {
	more, err := c.endCalls(i)
	if err == nil && !more && i.Status == incident.Open {
		more, err = c.openCalls(i)
		if err == nil && !more && raise {
			more, err = c.raiseCalls(i)
		}
	}
	if err != nil || !more {
		return err
	}
	d := Deadline{Incident: i.ID}
	if raise {
		d.Step = 1
	}
	return c.planIncidentRest(d)
}

func (c *change) planIncidentRest(d Deadline) error {
	d.ID, d.Kind, d.At = c.deadlineID(), IncidentRest, c.now.Add(rippleRest)
	return c.planned(&d)
}

// incidentRest goes on with the responder alerts of an incident.
func (c *change) incidentRest(d *Deadline) error {
	if i, ok := Incidents.Get(c.tx, incidentKey(d.Incident)); ok {
		return c.bringOn(i, d.Step == 1)
	}
	if d.Rest == nil {
		return nil // it was deleted, and that goes on by itself
	}
	return c.buryIncident(d.Incident, d.Rest.Asked)
}

// endCalls closes the responder alerts that are over: all of them, or, of an incident that was
// opened again, those of before.
func (c *change) endCalls(i *incident.Incident) (more bool, err error) {
	by := alert.By{Source: i.ResolvedBy, At: c.now}
	switch i.Status {
	case incident.Closed:
		by.Source = i.ClosedBy
	case incident.Open:
		by.Source = incidentNumber(i)
	}
	done := 0
	for a := range openByIncident.Find(c.tx, incidentKey(i.ID)) {
		if _, called := i.CallBy(a.ID); called && i.Status == incident.Open {
			continue
		}
		if done++; done > 1 && c.full() {
			return true, nil
		}
		if err := c.follows(a, a.CloseOver(by), nil); err != nil {
			return false, err
		}
	}
	return false, nil
}

// openCalls opens an alert for each responder who has none.
func (c *change) openCalls(i *incident.Incident) (more bool, err error) {
	uncalled := i.Uncalled()
	if len(uncalled) == 0 {
		return false, nil
	}
	for n, r := range uncalled {
		if n > 0 && c.full() {
			more = true
			break
		}
		d := alert.Draft{
			Message: i.Message, Description: i.Description, Tags: i.Tags, Details: i.Details, Priority: i.Priority, Source: incidentNumber(i), Responders: []alert.Responder{r},
		}
		if r.Kind != alert.Team {
			d.OwnerTeam = i.OwnerTeam
		}
		a, _, err := c.makeAlert(d, i.ID) // without an alias it is always a new one
		if err != nil {
			return false, err
		}
		o := i.Call(alert.By{At: c.now}, incident.Call{Responder: r, Alert: a.ID}, a.Number(), c.calledName(r))
		if err := IncidentLog.Insert(c.tx, &IncidentLine{Incident: i.ID, Number: i.Sequence, Entry: o.Entry}); err != nil {
			return false, err
		}
		if err := c.notifyResponders(a); err != nil {
			return false, err
		}
	}
	return more, Incidents.Put(c.tx, i)
}

// raiseCalls makes the responder alerts of an open incident as grave as it is. One that has
// been so grave already stays as somebody has decided.
func (c *change) raiseCalls(i *incident.Incident) (more bool, err error) {
	done := 0
	for a := range openByIncident.Find(c.tx, incidentKey(i.ID)) {
		if a.Ever() <= i.Priority {
			continue
		}
		if done++; done > 1 && c.full() {
			return true, nil
		}
		if err := c.follows(a, a.SetPriority(alert.By{Source: incidentNumber(i), At: c.now}, i.Priority), nil); err != nil {
			return false, err
		}
	}
	return false, nil
}

// tellIncident writes into the log of an incident what is to become of one of its responder
// alerts, which is about to be kept, if that says whether somebody takes care.
func (c *change) tellIncident(a *alert.Alert, e alert.Entry) error {
	i, ok := Incidents.Get(c.tx, incidentKey(a.Incident))
	if !ok {
		return nil
	}
	call, called := i.CallBy(a.ID)
	before, there := Alerts.Get(c.tx, Alerts.KeyOf(a))
	if !called || !there {
		return nil
	}
	var what incident.What
	switch {
	case e.What == alert.DidDelete:
		what = incident.DidLose
	case a.Status == alert.Closed && before.Status == alert.Open:
		what = incident.DidEnd
	case a.Acknowledged && !before.Acknowledged:
		what = incident.DidAnswer
	case !a.Acknowledged && before.Acknowledged:
		what = incident.DidUnanswer
	default:
		return nil
	}
	o := i.Hear(alert.By{Source: e.By, At: c.now}, what, e.Why, a.ID, a.Number(), c.calledName(call.Responder))
	if !o.Moved() {
		return nil
	}
	return c.keepIncident(i, o)
}

// DeleteIncident deletes an incident with its log and its responder alerts. Nothing further
// happens for them (P3).
type DeleteIncident struct {
	Asked IncidentAsked `cbor:"1,keyasint"`
}

func (DeleteIncident) number() number { return deleteIncident }

func (k DeleteIncident) apply(c *change) (Request, error) {
	r := Request{ID: k.Asked.Request, Action: "Delete", Integration: k.Asked.Integration, Status: string(incident.NoSuchIncident)}
	i, ok := FindIncident(c.tx, k.Asked.Incident)
	if !ok {
		return r, c.answer(&r)
	}
	r.Incident, r.Success, r.Status = i.ID, true, string(incident.HasDeleted)
	Incidents.Delete(c.tx, incidentKey(i.ID))
	if err := c.buryIncident(i.ID, Asked{User: k.Asked.User, Source: k.Asked.Source}); err != nil {
		return r, err
	}
	return r, c.answer(&r)
}

// buryIncident removes what a deleted incident has left behind, as much as one command can, and plans
// to remove the rest.
func (c *change) buryIncident(id core.IncidentID, by Asked) error {
	done := 0
	for a := range alertsByIncident.Find(c.tx, incidentKey(id)) {
		if done++; done > buriedMax || done > 1 && c.full() {
			return c.planIncidentRest(Deadline{Incident: id, Rest: &Rest{Asked: by}})
		}
		by.Alert = Ref{ID: a.ID}
		if _, err := (DeleteAlert{Asked: by}).apply(c); err != nil {
			return err
		}
	}
	room := sweepMax
	if c.eraseIncidentLog(id, &room) {
		return nil
	}
	return c.planIncidentRest(Deadline{Incident: id, Rest: &Rest{Asked: by}})
}

// buriedMax is how many responder alerts one command deletes at most.
const buriedMax = 50

// eraseIncidentLog removes lines of an incident's log while there is room.
func (c *change) eraseIncidentLog(id core.IncidentID, room *int) (all bool) {
	for l := range IncidentLog.Find(c.tx, incidentKey(id)) {
		if *room <= 0 {
			return false
		}
		IncidentLog.Delete(c.tx, lineKey(l.Incident, l.Number))
		*room--
	}
	return true
}
