package state

import (
	"iter"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/incident"
	"keng/raftstore/table"
)

// IncidentsOpen has the incidents that are open, in the order in which they were created.
var IncidentsOpen = table.NewIndex(1, "open", false, func(i *incident.Incident) []table.Key {
	if i.Status != incident.Open {
		return nil
	}
	return []table.Key{table.K().Uint64(i.Tiny)}
})

// Incidents holds the incidents in the order in which they were created: ids begin with the
// short number.
var Incidents = table.New(48, "incidents", func(i *incident.Incident) table.Key { return incidentKey(i.ID) }, IncidentsOpen)

func incidentKey(id core.IncidentID) table.Key { return table.K().String(string(id)) }

// IncidentRef names an incident. Exactly one field is set.
type IncidentRef struct {
	ID   core.IncidentID `cbor:"1,keyasint,omitempty"`
	Tiny uint64          `cbor:"2,keyasint,omitempty"`
}

// FindIncident returns the incident that a reference names.
func FindIncident(r table.Reader, ref IncidentRef) (*incident.Incident, bool) {
	if ref.Tiny == 0 {
		return Incidents.Get(r, incidentKey(ref.ID))
	}
	for i := range Incidents.Range(r, table.K().String(core.NumberedFrom(ref.Tiny)), table.K().String(core.NumberedFrom(ref.Tiny+1))) {
		return i, true
	}
	return nil, false
}

// IncidentLine is a line of an incident's log. Its number is the sequence number of the
// incident that it led to.
type IncidentLine struct {
	Incident core.IncidentID `cbor:"1,keyasint"`
	Number   uint64          `cbor:"2,keyasint"`
	Entry    incident.Entry  `cbor:"3,keyasint"`
}

// incidentNotes has the lines that have a note.
var incidentNotes = table.NewIndex(1, "notes", false, func(l *IncidentLine) []table.Key {
	if l.Entry.Note == "" {
		return nil
	}
	return []table.Key{lineKey(l.Incident, l.Number)}
})

func lineKey(id core.IncidentID, n uint64) table.Key { return incidentKey(id).Uint64(n) }

// IncidentLog holds the logs of all incidents, each in order: read it by [IncidentLines].
var IncidentLog = table.New(49, "incident log", func(l *IncidentLine) table.Key { return lineKey(l.Incident, l.Number) }, incidentNotes)

// IncidentLines gives lines of an incident's log, those with a note alone if notes is set, from the
// one behind a number on, oldest first; or, if newest is set, from the one before it on, newest
// first. Number 0 is the beginning either way.
func IncidentLines(r table.Reader, id core.IncidentID, from uint64, newest, notes bool) iter.Seq[*IncidentLine] {
	low, high := lineKey(id, from+1), incidentKey(id)+afterAll
	if newest && from > 0 {
		low, high = lineKey(id, 0), lineKey(id, from)
	}
	switch {
	case notes && newest:
		return incidentNotes.RangeReverse(r, low, high)
	case notes:
		return incidentNotes.Range(r, low, high)
	case newest:
		return IncidentLog.RangeReverse(r, low, high)
	}
	return IncidentLog.Range(r, low, high)
}

// CreateIncident opens an incident and calls its responders, each by an alert.
type CreateIncident struct {
	Request     string             `cbor:"1,keyasint,omitempty"` // id under which the request's status is asked for
	Draft       incident.Draft     `cbor:"2,keyasint"`           // checked by its maker
	Integration core.IntegrationID `cbor:"3,keyasint,omitempty"`
}

func (CreateIncident) number() number { return createIncident }

func (k CreateIncident) apply(c *change) (Request, error) {
	r := Request{ID: k.Request, Action: "Create", Integration: k.Integration, Success: true}
	if err := k.Draft.Check(); err != nil {
		return r, err
	}
	tiny := c.next("incident")
	i, o := incident.New(k.Draft, core.IncidentID(c.seed.Numbered("incident", tiny)), tiny, c.now)
	r.Status, r.Incident = string(o.Reason), i.ID
	if err := c.incidentFollows(i, o); err != nil {
		return r, err
	}
	return r, c.answer(&r)
}

// IncidentAsked is what every request to move an incident says.
type IncidentAsked struct {
	Request     string             `cbor:"1,keyasint,omitempty"` // id under which the request's status is asked for
	Incident    IncidentRef        `cbor:"2,keyasint"`
	User        string             `cbor:"3,keyasint,omitempty"` // a person's username; empty: a machine
	Source      string             `cbor:"4,keyasint,omitempty"`
	Note        string             `cbor:"5,keyasint,omitempty"`
	Integration core.IntegrationID `cbor:"6,keyasint,omitempty"`
}

// moveIncident finds an incident, moves it, does what must follow, and writes down what
// became of the request. An incident that does not exist, or cannot be moved so, is an
// outcome, not an error.
func (c *change) moveIncident(k IncidentAsked, action string, do func(*incident.Incident, alert.By) incident.Outcome) (Request, error) {
	r := Request{ID: k.Request, Action: action, Integration: k.Integration, Status: string(incident.NoSuchIncident)}
	i, ok := FindIncident(c.tx, k.Incident)
	if !ok {
		return r, c.answer(&r)
	}
	o := do(i, alert.By{User: k.User, Source: k.Source, Note: k.Note, At: c.now})
	r.Incident, r.Success, r.Status = i.ID, o.OK(), string(o.Reason)
	if err := c.incidentFollows(i, o); err != nil {
		return r, err
	}
	return r, c.answer(&r)
}

// incidentFollows keeps an incident that has moved and does what must follow.
func (c *change) incidentFollows(i *incident.Incident, o incident.Outcome) error {
	if !o.Moved() {
		return nil
	}
	if err := c.keepIncident(i, o); err != nil {
		return err
	}
	switch o.Then {
	case incident.ThenCall:
		if len(i.Responders) == 0 {
			return c.keepIncident(i, i.CallNobody(alert.By{At: c.now}))
		}
		return c.bringOn(i, false)
	case incident.ThenRaise:
		return c.bringOn(i, true)
	case incident.ThenEnd:
		if i.Status == incident.Closed {
			if err := c.age(agedIncidents); err != nil {
				return err
			}
		}
		return c.bringOn(i, false)
	}
	return nil
}

// keepIncident keeps an incident that has moved, and the line about it.
func (c *change) keepIncident(i *incident.Incident, o incident.Outcome) error {
	if o.Entry.What != incident.DidSee {
		if err := IncidentLog.Insert(c.tx, &IncidentLine{Incident: i.ID, Number: i.Sequence, Entry: o.Entry}); err != nil {
			return err
		}
	}
	return Incidents.Put(c.tx, i)
}

// ResolveIncident says that the trouble is over. Its responder alerts are closed.
type ResolveIncident struct {
	Asked IncidentAsked `cbor:"1,keyasint"`
}

func (ResolveIncident) number() number { return resolveIncident }

func (k ResolveIncident) apply(c *change) (Request, error) {
	return c.moveIncident(k.Asked, "Resolve", (*incident.Incident).Resolve)
}

// ReopenIncident says that the trouble is not over. Its responders are called anew.
type ReopenIncident struct {
	Asked IncidentAsked `cbor:"1,keyasint"`
}

func (ReopenIncident) number() number { return reopenIncident }

func (k ReopenIncident) apply(c *change) (Request, error) {
	return c.moveIncident(k.Asked, "Reopen", (*incident.Incident).Reopen)
}

// CloseIncident ends an incident for good, with its responder alerts.
type CloseIncident struct {
	Asked IncidentAsked `cbor:"1,keyasint"`
}

func (CloseIncident) number() number { return closeIncident }

func (k CloseIncident) apply(c *change) (Request, error) {
	return c.moveIncident(k.Asked, "Close", (*incident.Incident).Close)
}

// AddIncidentResponders lets more responders answer for an incident, and calls them.
type AddIncidentResponders struct {
	Asked      IncidentAsked     `cbor:"1,keyasint"`
	Responders []alert.Responder `cbor:"2,keyasint"` // who does not exist is called in vain, and the alert says so
}

func (AddIncidentResponders) number() number { return addIncidentResponders }

func (k AddIncidentResponders) apply(c *change) (Request, error) {
	return c.moveIncident(k.Asked, "AddResponder", func(i *incident.Incident, by alert.By) incident.Outcome {
		return i.AddResponders(by, k.Responders, c.calledName)
	})
}

// AddIncidentNote adds the note of who asks to an incident's log.
type AddIncidentNote struct {
	Asked IncidentAsked `cbor:"1,keyasint"`
}

func (AddIncidentNote) number() number { return addIncidentNote }

func (k AddIncidentNote) apply(c *change) (Request, error) {
	return c.moveIncident(k.Asked, "AddNote", (*incident.Incident).AddNote)
}

// AddIncidentTags adds tags to an incident.
type AddIncidentTags struct {
	Asked IncidentAsked `cbor:"1,keyasint"`
	Tags  []string      `cbor:"2,keyasint"`
}

func (AddIncidentTags) number() number { return addIncidentTags }

func (k AddIncidentTags) apply(c *change) (Request, error) {
	return c.moveIncident(k.Asked, "AddTags", func(i *incident.Incident, by alert.By) incident.Outcome { return i.AddTags(by, k.Tags) })
}

// RemoveIncidentTags removes tags from an incident.
type RemoveIncidentTags struct {
	Asked IncidentAsked `cbor:"1,keyasint"`
	Tags  []string      `cbor:"2,keyasint"`
}

func (RemoveIncidentTags) number() number { return removeIncidentTags }

func (k RemoveIncidentTags) apply(c *change) (Request, error) {
	return c.moveIncident(k.Asked, "RemoveTags", func(i *incident.Incident, by alert.By) incident.Outcome { return i.RemoveTags(by, k.Tags) })
}

// AddIncidentDetails sets details of an incident.
type AddIncidentDetails struct {
	Asked   IncidentAsked     `cbor:"1,keyasint"`
	Details map[string]string `cbor:"2,keyasint"`
}

func (AddIncidentDetails) number() number { return addIncidentDetails }

func (k AddIncidentDetails) apply(c *change) (Request, error) {
	return c.moveIncident(k.Asked, "AddDetails", func(i *incident.Incident, by alert.By) incident.Outcome { return i.AddDetails(by, k.Details) })
}

// RemoveIncidentDetails removes details of an incident by their keys.
type RemoveIncidentDetails struct {
	Asked IncidentAsked `cbor:"1,keyasint"`
	Keys  []string      `cbor:"2,keyasint"`
}

func (RemoveIncidentDetails) number() number { return removeIncidentDetails }

func (k RemoveIncidentDetails) apply(c *change) (Request, error) {
	return c.moveIncident(k.Asked, "RemoveDetails", func(i *incident.Incident, by alert.By) incident.Outcome { return i.RemoveDetails(by, k.Keys) })
}

// UpdateIncident changes what an incident says: the one field that is set.
type UpdateIncident struct {
	Asked       IncidentAsked `cbor:"1,keyasint"`
	Message     *string       `cbor:"2,keyasint,omitempty"`
	Description *string       `cbor:"3,keyasint,omitempty"`
	Priority    core.Priority `cbor:"4,keyasint,omitempty"` // if neither of the others is set
}

func (UpdateIncident) number() number { return updateIncident }

func (k UpdateIncident) apply(c *change) (Request, error) {
	switch {
	case k.Message != nil:
		return c.moveIncident(k.Asked, "UpdateMessage", func(i *incident.Incident, by alert.By) incident.Outcome { return i.SetMessage(by, *k.Message) })
	case k.Description != nil:
		return c.moveIncident(k.Asked, "UpdateDescription", func(i *incident.Incident, by alert.By) incident.Outcome { return i.SetDescription(by, *k.Description) })
	}
	return c.moveIncident(k.Asked, "UpdatePriority", func(i *incident.Incident, by alert.By) incident.Outcome { return i.SetPriority(by, k.Priority) })
}

// SeeIncident notes that a person has looked at an incident.
type SeeIncident struct {
	Asked IncidentAsked `cbor:"1,keyasint"`
}

func (SeeIncident) number() number { return seeIncident }

func (k SeeIncident) apply(c *change) (Request, error) {
	return c.moveIncident(k.Asked, "Seen", (*incident.Incident).See)
}
