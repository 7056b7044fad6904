package incident

import "keng/hub/core/alert"

// Reason is the status of a request in the API, for people.
type Reason string

// The reasons for which a move is made.
const (
	HasCreated     Reason = "Created incident"
	HasResolved    Reason = "Resolved incident"
	HasReopened    Reason = "Reopened incident"
	HasClosed      Reason = "Closed incident"
	HasDeleted     Reason = "Deleted incident"
	HasResponders  Reason = "Added responders to incident"
	HasNote        Reason = "Added note to incident"
	HasTags        Reason = "Added tags to incident"
	HasLessTags    Reason = "Removed tags from incident"
	HasDetails     Reason = "Added details to incident"
	HasLessDetails Reason = "Removed details from incident"
	HasPriority    Reason = "Updated priority of incident"
	HasMessage     Reason = "Updated message of incident"
	HasDescription Reason = "Updated description of incident"
	HasBeenSeen    Reason = "Marked incident as seen"
	HasCalled      Reason = "Opened responder alert of incident"
	HasHeard       Reason = "Noted what became of a responder alert"
)

// The reasons for which a move is refused.
const (
	NoSuchIncident    Reason = "Incident does not exist"
	AlreadyOpen       Reason = "Incident is already open"
	AlreadyResolved   Reason = "Incident is already resolved"
	AlreadyClosed     Reason = "Incident is already closed"
	NothingNamed      Reason = "Nothing was named that could be changed"
	TooManyResponders Reason = "Incident would have more responders than are allowed, 50"
	TooManyTags       Reason = "Incident already has the most tags that are allowed, 20"
	TooManyDetails    Reason = "The details would have more than 8000 characters"
	NoSuchPriority    Reason = "The priority must be P1, P2, P3, P4 or P5"
	NoMessage         Reason = "The message can not be empty"
	NoSuchAlert       Reason = "Incident has no such responder alert"
)

// Then is what must follow from a move, in the same transaction as far as one can hold it.
type Then uint8

// What must follow.
const (
	ThenNothing Then = 0
	// ThenCall opens an alert for each responder that has none: see [Incident.Uncalled].
	ThenCall Then = 1
	// ThenEnd ends the responder alerts that are open (P3).
	ThenEnd Then = 2
	// ThenRaise makes the responder alerts as grave as the incident.
	ThenRaise Then = 3
)

// Outcome is what became of an attempt to move an incident.
type Outcome struct {
	Verdict alert.Verdict
	Reason  Reason
	Entry   Entry // of a move: the line for the log
	Then    Then
}

// Moved reports whether the incident has changed.
func (o Outcome) Moved() bool { return o.Verdict == alert.Moved }

// OK reports whether who asked for the move has what was asked for.
func (o Outcome) OK() bool { return o.Verdict != alert.Refused }

func refuse(why Reason) Outcome { return Outcome{Verdict: alert.Refused, Reason: why} }

// same is the outcome of a move that would change nothing: asked again after a lost answer, say.
func same(why Reason) Outcome { return Outcome{Verdict: alert.Same, Reason: why} }

// moved counts the change and returns its outcome.
func (i *Incident) moved(by alert.By, what What, why Reason, then Then, of ...string) Outcome {
	i.UpdatedAt = by.At
	i.Sequence++
	entry := Entry{What: what, By: by.Name(), At: by.At, Of: of, Note: alert.Cut(by.Note, alert.NoteMax)}
	return Outcome{Verdict: alert.Moved, Reason: why, Entry: entry, Then: then}
}
