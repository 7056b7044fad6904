// Package incident says what an incident is and how it moves: created, told to more
// responders, described, resolved, opened again, closed. Its meaning is Opsgenie's; where that
// is silent, the rule is the one that saves a night's sleep, and stands below.
//
// An incident is a trouble that people work on together, where an alert is a call to one
// responder. It calls nobody itself: for each responder there is one alert, a responder
// alert, which is an alert like any other. Whoever keeps incidents opens those alerts and
// ends them as [Then] says, and tells the incident what has become of them.
//
// An incident is open, resolved or closed. Resolved is the word that the trouble is over: it
// may be wrong, so it can be taken back. Closed is the last word: after it an incident can
// be looked at and deleted, and nothing else (Opsgenie's manual says so, too).
//
// Moves are made as those of alerts are: a method is told by whom and when ([alert.By]) and
// returns an [Outcome]. A refused move changes nothing. One that is made grows the sequence number
// by one (P7), and writes one line of the log, but for a look. A move never writes into a
// list or a map that the incident had.
//
// The rules of our own:
//
//   - When an incident is resolved or closed its responder alerts are over: nobody is woken
//     for what is done. That was decided about the incident, so no team's rule of closing is asked.
//   - When it is opened again each responder is called anew, by a new alert. Whoever had
//     acknowledged had acknowledged what was over.
//   - Responders can be added to an open incident only: who wants help for one that was
//     resolved has not finished, and opens it again.
//   - All responders that are added at once find room, or none is added: whom nobody calls
//     must not seem to be called.
//   - When it becomes graver its responder alerts become so as well, which calls those anew who
//     have not answered. When it becomes lighter they stay: nobody sleeps worse for that.
//   - Who acknowledges the first responder alert of an incident without an owner owns it.
package incident

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// Status is whether an incident still wants something.
type Status uint8

// The statuses. Values are stored.
const (
	Open     Status = 1
	Resolved Status = 2
	Closed   Status = 3
)

// String returns "open", "resolved" or "closed", the words of the API.
func (s Status) String() string {
	switch s {
	case Resolved:
		return "resolved"
	case Closed:
		return "closed"
	}
	return "open"
}

// Incident is a trouble that people work on together. Times are UTC.
type Incident struct {
	ID          core.IncidentID   `cbor:"1,keyasint"`
	Tiny        uint64            `cbor:"2,keyasint"` // the short number that people say
	Services    []core.ServiceID  `cbor:"3,keyasint,omitempty"`
	Message     string            `cbor:"4,keyasint"`
	Description string            `cbor:"5,keyasint,omitempty"`
	Status      Status            `cbor:"6,keyasint"`
	Priority    core.Priority     `cbor:"7,keyasint"`
	Tags        []string          `cbor:"8,keyasint,omitempty"`
	Details     map[string]string `cbor:"9,keyasint,omitempty"` // the API's extraProperties
	Source      string            `cbor:"10,keyasint,omitempty"`
	Owner       string            `cbor:"11,keyasint,omitempty"` // username
	Responders  []alert.Responder `cbor:"12,keyasint,omitempty"`
	OwnerTeam   core.TeamID       `cbor:"13,keyasint,omitempty"`
	// Calls are the responder alerts since the incident was opened last.
	Calls     []Call    `cbor:"14,keyasint,omitempty"`
	CreatedAt time.Time `cbor:"15,keyasint"`
	UpdatedAt time.Time `cbor:"16,keyasint"`
	// SeenAt and SeenBy are of the first person who looked at the incident.
	SeenAt time.Time `cbor:"17,keyasint,omitzero"`
	SeenBy string    `cbor:"18,keyasint,omitempty"`
	// ResolvedAt and ResolvedBy are of the last time that it was resolved; opening it again
	// takes them back.
	ResolvedAt time.Time `cbor:"19,keyasint,omitzero"`
	ResolvedBy string    `cbor:"20,keyasint,omitempty"`
	ClosedAt   time.Time `cbor:"21,keyasint,omitzero"`
	ClosedBy   string    `cbor:"22,keyasint,omitempty"`
	// Sequence grows with every change: of two states of an incident the one with the
	// larger number is the newer.
	Sequence uint64 `cbor:"23,keyasint"`
}

// Call is how a responder is called: by an alert.
type Call struct {
	Responder alert.Responder `cbor:"1,keyasint"`
	Alert     core.AlertID    `cbor:"2,keyasint"`
}

// New makes an open incident of a checked draft, and the outcome of that: its responders are
// to be called. One without a priority is P3; one without responders that a team owns is that
// team's. What is named twice is named once.
func New(d Draft, id core.IncidentID, tiny uint64, now time.Time) (*Incident, Outcome) {
	i := &Incident{
		ID: id, Tiny: tiny, Message: d.Message, Description: d.Description, Status: Open, Priority: d.Priority, Details: d.Details,
		Source: d.Source, OwnerTeam: d.OwnerTeam, CreatedAt: now,
	}
	i.Services = lacking(nil, d.Services)
	i.Responders = lacking(nil, d.Responders)
	i.Tags, _, _ = alert.WithTags(nil, d.Tags)
	if i.Priority == 0 {
		i.Priority = core.P3
	}
	if len(i.Responders) == 0 && i.OwnerTeam != "" {
		i.Responders = []alert.Responder{{Kind: alert.Team, ID: string(i.OwnerTeam)}}
	}
	i.own()
	return i, i.moved(alert.By{User: d.User, Source: d.Source, Note: d.Note, At: now}, DidCreate, HasCreated, ThenCall)
}

// own lets the first team that answers for the incident own it, if none does.
func (i *Incident) own() {
	for _, r := range i.Responders {
		if i.OwnerTeam == "" && r.Kind == alert.Team {
			i.OwnerTeam = core.TeamID(r.ID)
		}
	}
}

// Seen reports whether a person has looked at the incident.
func (i *Incident) Seen() bool { return !i.SeenAt.IsZero() }

// Newer reports whether i is a later state than b of the same incident (P7).
func (i *Incident) Newer(b *Incident) bool { return i.Sequence > b.Sequence }

// Uncalled returns the responders for whom there is no alert yet.
func (i *Incident) Uncalled() (all []alert.Responder) {
	for _, r := range i.Responders {
		if !slices.ContainsFunc(i.Calls, func(c Call) bool { return c.Responder == r }) {
			all = append(all, r)
		}
	}
	return all
}

// CallBy returns how a responder is called by an alert of the incident. It reports false for
// an alert of before the incident was opened last, or of another one.
func (i *Incident) CallBy(id core.AlertID) (Call, bool) {
	n := slices.IndexFunc(i.Calls, func(c Call) bool { return c.Alert == id })
	if n < 0 {
		return Call{}, false
	}
	return i.Calls[n], true
}

// Links returns where the incident is found under a site's address, which ends without a
// slash: for people, and in the API.
func (i *Incident) Links(site string) (web, api string) {
	return site + "/incidents/" + string(i.ID), site + "/v1/incidents/" + string(i.ID)
}

// lacking returns those of some items that have has not, each once, in their order.
func lacking[T comparable](has, items []T) (all []T) {
	for _, item := range items {
		if !slices.Contains(has, item) && !slices.Contains(all, item) {
			all = append(all, item)
		}
	}
	return all
}
