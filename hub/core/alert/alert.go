// Package alert says what an alert is and how it moves: created, occurring again,
// acknowledged, closed. Its meaning is Opsgenie's.
//
// An alert is open or closed; acknowledged is a mark on an open alert, not a third
// status. Among open alerts the alias is unique: what comes in with the alias of an
// open alert is one more occurrence of it and changes nothing but its count.
package alert

import (
	"slices"
	"time"

	"keng/hub/core"
)

// Status is whether an alert still wants something.
type Status uint8

// The statuses. Values are stored.
const (
	Open   Status = 1
	Closed Status = 2
)

// String returns "open" or "closed", the words of the API.
func (s Status) String() string {
	if s == Closed {
		return "closed"
	}
	return "open"
}

// ResponderKind is what kind of thing answers for an alert.
type ResponderKind uint8

// The kinds of responder. Values are stored.
const (
	User       ResponderKind = 1
	Team       ResponderKind = 2
	Escalation ResponderKind = 3
	Schedule   ResponderKind = 4
)

// Responder is who answers for an alert.
type Responder struct {
	Kind ResponderKind `cbor:"1,keyasint"`
	ID   string        `cbor:"2,keyasint"`
}

// Alert is something that somebody must know of. Times are UTC.
type Alert struct {
	ID             core.AlertID       `cbor:"1,keyasint"`
	Tiny           uint64             `cbor:"2,keyasint"` // the short number that people say
	Alias          string             `cbor:"3,keyasint"`
	Message        string             `cbor:"4,keyasint"`
	Description    string             `cbor:"5,keyasint,omitempty"`
	Entity         string             `cbor:"6,keyasint,omitempty"`
	Source         string             `cbor:"7,keyasint,omitempty"`
	Priority       core.Priority      `cbor:"8,keyasint"`
	Tags           []string           `cbor:"9,keyasint,omitempty"`
	Actions        []string           `cbor:"10,keyasint,omitempty"`
	Details        map[string]string  `cbor:"11,keyasint,omitempty"`
	Responders     []Responder        `cbor:"12,keyasint,omitempty"`
	OwnerTeam      core.TeamID        `cbor:"13,keyasint,omitempty"`
	Integration    core.IntegrationID `cbor:"14,keyasint,omitempty"`
	Status         Status             `cbor:"15,keyasint"`
	Acknowledged   bool               `cbor:"16,keyasint,omitempty"`
	Owner          string             `cbor:"17,keyasint,omitempty"` // username
	Count          uint64             `cbor:"18,keyasint"`
	CreatedAt      time.Time          `cbor:"19,keyasint"`
	UpdatedAt      time.Time          `cbor:"20,keyasint"`
	LastOccurredAt time.Time          `cbor:"21,keyasint"`
	AcknowledgedAt time.Time          `cbor:"22,keyasint,omitzero"`
	AcknowledgedBy string             `cbor:"23,keyasint,omitempty"`
	ClosedAt       time.Time          `cbor:"24,keyasint,omitzero"`
	ClosedBy       string             `cbor:"25,keyasint,omitempty"`
	// Sequence grows with every change: of two states of an alert the one with the
	// larger number is the newer.
	Sequence uint64 `cbor:"26,keyasint"`
	// Resting says, of an alert that still wants attention, why nothing further
	// happens by itself; empty while something will.
	Resting string `cbor:"27,keyasint,omitempty"`
	// Begun are the escalations that have begun for the alert, each at most once: routing
	// that leads in a circle must not page for ever.
	Begun []core.EscalationID `cbor:"28,keyasint,omitempty"`
}

// Draft is what a caller says of a new alert. See [Draft.Check] for its limits.
type Draft struct {
	Message     string             `cbor:"1,keyasint"`
	Alias       string             `cbor:"2,keyasint,omitempty"`
	Description string             `cbor:"3,keyasint,omitempty"`
	Responders  []Responder        `cbor:"4,keyasint,omitempty"`
	Actions     []string           `cbor:"5,keyasint,omitempty"`
	Tags        []string           `cbor:"6,keyasint,omitempty"`
	Details     map[string]string  `cbor:"7,keyasint,omitempty"`
	Entity      string             `cbor:"8,keyasint,omitempty"`
	Source      string             `cbor:"9,keyasint,omitempty"`
	Priority    core.Priority      `cbor:"10,keyasint,omitempty"`
	User        string             `cbor:"11,keyasint,omitempty"`
	Note        string             `cbor:"12,keyasint,omitempty"`
	Integration core.IntegrationID `cbor:"13,keyasint,omitempty"`
	// OwnerTeam is the team of a team-bound key, or the first team among the
	// responders.
	OwnerTeam core.TeamID `cbor:"14,keyasint,omitempty"`
}

// New makes an open alert of a checked draft. An alert without an alias gets its
// id as the alias; one without a priority is P3.
func New(d Draft, id core.AlertID, tiny uint64, now time.Time) *Alert {
	a := &Alert{
		ID: id, Tiny: tiny, Alias: d.Alias, Message: d.Message, Description: d.Description, Entity: d.Entity,
		Source: d.Source, Priority: d.Priority, Tags: d.Tags, Actions: d.Actions, Details: d.Details,
		Responders: d.Responders, OwnerTeam: d.OwnerTeam, Integration: d.Integration, Status: Open, Count: 1,
		CreatedAt: now, UpdatedAt: now, LastOccurredAt: now, Sequence: 1,
	}
	if a.Alias == "" {
		a.Alias = string(id)
	}
	if a.Priority == 0 {
		a.Priority = core.P3
	}
	return a
}

// Silent reports whether the alert wants nobody's attention (P3).
func (a *Alert) Silent() bool { return a.Status == Closed || a.Acknowledged }

// Recur counts one more occurrence of an open alert. The content stays.
func (a *Alert) Recur(now time.Time) {
	a.Count++
	a.LastOccurredAt = now
	a.touch(now)
}

// Outcome is what became of an attempt to move an alert. Its text is the status
// of the request in the API, which clients parse.
type Outcome string

// The outcomes.
const (
	Moved               Outcome = ""
	AlreadyAcknowledged Outcome = "Alert is already acknowledged"
	AlreadyClosed       Outcome = "Alert is already closed"
)

// Acknowledge marks the alert as taken care of by somebody. Who acknowledges an
// alert that nobody owns owns it.
func (a *Alert) Acknowledge(by string, now time.Time) Outcome {
	switch {
	case a.Status == Closed:
		return AlreadyClosed
	case a.Acknowledged:
		return AlreadyAcknowledged
	}
	a.Acknowledged, a.AcknowledgedAt, a.AcknowledgedBy = true, now, by
	if a.Owner == "" {
		a.Owner = by
	}
	a.touch(now)
	return Moved
}

// Close ends the alert.
func (a *Alert) Close(by string, now time.Time) Outcome {
	if a.Status == Closed {
		return AlreadyClosed
	}
	a.Status, a.ClosedAt, a.ClosedBy = Closed, now, by
	a.touch(now)
	return Moved
}

func (a *Alert) touch(now time.Time) {
	a.UpdatedAt = now
	a.Sequence++
}

// HasResponder reports whether r answers for the alert already.
func (a *Alert) HasResponder(r Responder) bool { return slices.Contains(a.Responders, r) }
