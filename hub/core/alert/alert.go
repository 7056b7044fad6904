// Package alert says what an alert is and how it moves: created, occurring again,
// acknowledged, snoozed, handed on, described, closed. Its meaning is Opsgenie's; where
// that is silent, the rule is the one that saves a night's sleep, and stands below.
//
// An alert is open or closed. Acknowledged, snoozed and closing are marks on an open
// alert, not statuses. Among open alerts the alias is unique: what comes in with the alias
// of an open alert is one more occurrence of it and changes nothing but its count.
//
// A move is a method that is told by whom and when ([By]) and returns an [Outcome]: whether
// the alert has moved, the words that the API's clients parse, the line for the activity
// log, and what must follow ([Then]). A refused move changes nothing. One that is made
// grows the sequence number by one (P7). A move never writes into a list or a map that the
// alert had: a plain copy of an alert stays as it was.
//
// The rules of our own:
//
//   - Who calls for help gets it: escalating, adding a responder or a team, and assigning
//     the alert to somebody else take an acknowledgement, a snooze and a closing back.
//     Only whom the move names is called; the alert is silent again when somebody answers.
//   - Where several must acknowledge ([Alert.RaiseAcks]), a person does so for one: the alert
//     stays not acknowledged, and who has acknowledged is not called again. The last one
//     completes it. What is no person acknowledges for all.
//   - Taking ownership is acknowledging. So is assigning an alert to oneself.
//   - When a snooze is over, everything begins anew, also for an alert that had been
//     acknowledged: who snoozes until seven wants to be woken at seven.
//   - An alert that becomes graver than it ever was, and that nobody takes care of, begins
//     anew. Becoming graver again, back and forth, calls nobody.
//   - A closed alert may still be described (notes, tags, details, message, description,
//     priority), since the review is the morning after. Nobody can be called to it, and
//     no action run: the button stood on a screen of yesterday.
//   - A team may let the reporter confirm that the trouble is over ([Closure]). Until then
//     the alert is silent. If the reporter says nothing in time it is closed: nobody is
//     woken because a reporter sleeps. If the reporter contradicts, or the trouble occurs
//     again meanwhile, it is open as on the first day. What no person has reported, and what
//     a machine closes, needs no confirmation.
//   - The first acknowledgement is the one that reports count; taking it back does not
//     unmake it.
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
	// AcknowledgedAt and AcknowledgedBy are of the first acknowledgement, for reports. They
	// stay when it is taken back.
	AcknowledgedAt time.Time `cbor:"22,keyasint,omitzero"`
	AcknowledgedBy string    `cbor:"23,keyasint,omitempty"`
	ClosedAt       time.Time `cbor:"24,keyasint,omitzero"`
	ClosedBy       string    `cbor:"25,keyasint,omitempty"`
	// Sequence grows with every change: of two states of an alert the one with the
	// larger number is the newer.
	Sequence uint64 `cbor:"26,keyasint"`
	// Resting says, of an alert that still wants attention, why nothing further
	// happens by itself; empty while something will.
	Resting string `cbor:"27,keyasint,omitempty"`
	// Begun are the escalations that have begun for the alert, each at most once: routing
	// that leads in a circle must not page for ever.
	Begun []core.EscalationID `cbor:"28,keyasint,omitempty"`
	// SnoozedUntil is when a snooze ends; zero: the alert is not snoozed.
	SnoozedUntil time.Time `cbor:"29,keyasint,omitzero"`
	// SeenAt and SeenBy are of the first person who looked at the alert.
	SeenAt time.Time `cbor:"30,keyasint,omitzero"`
	SeenBy string    `cbor:"31,keyasint,omitempty"`
	// Reporter is the person who reported the alert, a username; empty: a machine.
	Reporter string `cbor:"32,keyasint,omitempty"`
	// Closing says that somebody wants to close the alert and the reporter is asked.
	Closing *Closing `cbor:"33,keyasint,omitempty"`
	// Gravest is the gravest priority that the alert has had; zero: the present one.
	Gravest core.Priority `cbor:"34,keyasint,omitempty"`
	// Next is what rows of before have in the place of Held, of one escalation alone.
	Next *Next `cbor:"35,keyasint,omitempty"`
	// Judged says that a notification policy has had a say in whether a team is notified.
	Judged bool `cbor:"36,keyasint,omitempty"`
	// Parent is the alert under which it is, which is told in its place; empty: it stands for
	// itself.
	Parent core.AlertID `cbor:"37,keyasint,omitempty"`
	// Group is the key of the group that it belongs to, or leads; empty: it is in none.
	Group string `cbor:"38,keyasint,omitempty"`
	// Lead is what it knows of the alerts under it; nil: it is no parent.
	Lead *Lead `cbor:"39,keyasint,omitempty"`
	// Assigned says that the owner was called by being assigned, and has not answered yet.
	Assigned bool `cbor:"40,keyasint,omitempty"`
	// Incident is the incident for which the alert calls a responder; empty: none.
	Incident core.IncidentID `cbor:"41,keyasint,omitempty"`
	// Acks are the usernames of those who have acknowledged since the alert last wanted
	// attention, in their order: nobody calls them again.
	Acks []string `cbor:"42,keyasint,omitempty"`
	// AcksWanted is how many must acknowledge; 0: one.
	AcksWanted int `cbor:"43,keyasint,omitempty"`
	// Led says through which escalation one has begun that another's step led to.
	Led []Led `cbor:"44,keyasint,omitempty"`
	// Caught says that the last resort has been called since the alert began last.
	Caught bool `cbor:"47,keyasint,omitempty"`
	// Held is what the escalations that were under way when the alert fell silent were to do
	// next, each at most once: see [Alert.UnderWay].
	Held []Next `cbor:"48,keyasint,omitempty"`
}

// Led is an escalation that has begun since a step of another led to it.
type Led struct {
	To core.EscalationID `cbor:"1,keyasint"`
	By core.EscalationID `cbor:"2,keyasint"`
}

// Closing is the wish to close an alert, until the reporter has confirmed it.
type Closing struct {
	By    string    `cbor:"1,keyasint"`
	At    time.Time `cbor:"2,keyasint"`
	Until time.Time `cbor:"3,keyasint"` // then the alert is closed without an answer
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
		CreatedAt: now, UpdatedAt: now, LastOccurredAt: now, Sequence: 1, Reporter: d.User,
	}
	if a.Alias == "" {
		a.Alias = string(id)
	}
	if a.Priority == 0 {
		a.Priority = core.P3
	}
	return a
}

// Silent reports whether the alert wants nobody's attention now (P3): it is closed,
// acknowledged, snoozed, or its closing waits to be confirmed.
func (a *Alert) Silent() bool {
	return a.Status == Closed || a.Acknowledged || a.Snoozed() || a.Closing != nil
}

// Snoozed reports whether the alert is to be quiet until a moment.
func (a *Alert) Snoozed() bool { return !a.SnoozedUntil.IsZero() }

// Seen reports whether a person has looked at the alert.
func (a *Alert) Seen() bool { return !a.SeenAt.IsZero() }

// HasResponder reports whether r answers for the alert already.
func (a *Alert) HasResponder(r Responder) bool { return slices.Contains(a.Responders, r) }

// Newer reports whether a is a later state than b of the same alert (P7).
func (a *Alert) Newer(b *Alert) bool { return a.Sequence > b.Sequence }

func (a *Alert) touch(now time.Time) {
	a.UpdatedAt = now
	a.Sequence++
}
