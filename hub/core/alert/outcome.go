package alert

import "time"

// System is the name of who does what nobody has asked for.
const System = "System"

// By is who moves an alert, when, and with what words.
type By struct {
	User   string // username; empty: not a person, or nobody says which
	Source string // where it comes from: an address, an agent, a program
	Note   string // cut to [NoteMax]
	At     time.Time
}

// Name returns the one who moves the alert, for people: the user, else the source, else
// [System].
func (b By) Name() string {
	switch {
	case b.User != "":
		return b.User
	case b.Source != "":
		return b.Source
	}
	return System
}

// Verdict is whether an alert has moved.
type Verdict uint8

// The verdicts.
const (
	Moved   Verdict = 1 // it has changed
	Same    Verdict = 2 // it was so already, and that is well
	Refused Verdict = 3 // it cannot be
)

// Reason is the status of a request in the API: words that clients parse. Zabbix stops
// asking when it reads "Alert is already" or "There is no open alert".
type Reason string

// The reasons for which a move is made.
const (
	HasCreated        Reason = "Created alert"
	HasRecurred       Reason = "Existing alert occurred again"
	HasAcknowledged   Reason = "Acknowledged alert"
	HasUnacknowledged Reason = "Unacknowledged alert"
	HasSnoozed        Reason = "Snoozed alert"
	HasEndedSnooze    Reason = "Ended snooze of alert"
	HasAssigned       Reason = "Assigned alert"
	HasTaken          Reason = "Took ownership of alert"
	HasEscalated      Reason = "Escalated alert"
	HasResponderNow   Reason = "Added responder to alert"
	HasTeamNow        Reason = "Added team to alert"
	HasNote           Reason = "Added note to alert"
	HasTags           Reason = "Added tags to alert"
	HasLessTags       Reason = "Removed tags from alert"
	HasDetails        Reason = "Added details to alert"
	HasLessDetails    Reason = "Removed details from alert"
	HasRun            Reason = "Executed action of alert"
	HasPriority       Reason = "Updated priority of alert"
	HasMessage        Reason = "Updated message of alert"
	HasDescription    Reason = "Updated description of alert"
	HasClosed         Reason = "Closed alert"
	IsClosing         Reason = "Closing of alert waits for the reporter to confirm it"
	HasReopened       Reason = "Reopened alert"
	HasBeenSeen       Reason = "Marked alert as seen"
	HasDeleted        Reason = "Deleted alert"
	HasJoined         Reason = "Put alert under another one"
	HasLeft           Reason = "Set alert free from another one"

	HasAttachment      Reason = "Attached file to alert"
	HasLessAttachments Reason = "Deleted attached file of alert"

	HasAcknowledgedPartly Reason = "Acknowledged alert for one person: others have to acknowledge it, too"
)

// The reasons for which a move is refused.
const (
	NoSuchAlert           Reason = "Alert does not exist"
	AlreadyAcknowledged   Reason = "Alert is already acknowledged"
	YouAcknowledged       Reason = "Alert is already acknowledged by you: others have to acknowledge it, too"
	AlreadyUnacknowledged Reason = "Alert is already unacknowledged"
	AlreadyClosed         Reason = "Alert is already closed"
	AlreadyClosing        Reason = "Alert is already closing: it waits for the reporter to confirm it"
	NotClosing            Reason = "Alert does not wait for a confirmation of its closing"
	NotSnoozed            Reason = "Alert is not snoozed"
	NotOver               Reason = "It is not time yet"
	NotInFuture           Reason = "The end of the snooze must be in the future"
	TooFar                Reason = "The end of the snooze must be within a year"
	NoOwner               Reason = "The owner must be named"
	NoStep                Reason = "There is no further escalation step"
	NothingNamed          Reason = "Nothing was named that could be changed"
	TooManyResponders     Reason = "Alert already has the most responders that are allowed, 50"
	TooManyTags           Reason = "Alert already has the most tags that are allowed, 20"
	TooManyDetails        Reason = "The details would have more than 8000 characters"
	NoSuchAction          Reason = "Alert has no such action"
	NoSuchPriority        Reason = "The priority must be P1, P2, P3, P4 or P5"
	NoMessage             Reason = "The message can not be empty"
	NoMember              Reason = "Alert can not be under this one"
	OnlyReporter          Reason = "Only the reporter can confirm that the alert may be closed"
	OnlyMembers           Reason = "Only members of the team can close its alerts"
	OnlyOwner             Reason = "Only the owner, or an administrator of the team, can close the alert"
)

// Then is what must follow from a move, in the same transaction.
type Then uint8

// What must follow.
const (
	ThenNothing Then = 0
	// ThenSilence cancels what remains to be done for the alert (P3).
	ThenSilence Then = 1
	// ThenCall notifies whom the move names, and lets run on what runs.
	ThenCall Then = 2
	// ThenBeginAnew forgets what was to come and notifies all responders, as of a new alert.
	ThenBeginAnew Then = 3
	// ThenSpare cancels what remains to be done to call the person who has moved the alert.
	ThenSpare Then = 4
)

// Outcome is what became of an attempt to move an alert.
type Outcome struct {
	Verdict Verdict
	Reason  Reason
	Entry   Entry // of a move: the line for the activity log
	Then    Then
}

// Moved reports whether the alert has changed.
func (o Outcome) Moved() bool { return o.Verdict == Moved }

// OK reports whether who asked for the move has what was asked for.
func (o Outcome) OK() bool { return o.Verdict != Refused }

func refuse(why Reason) Outcome { return Outcome{Verdict: Refused, Reason: why} }

// same is the outcome of a move that would change nothing: asked again after a lost answer,
// say.
func same(why Reason) Outcome { return Outcome{Verdict: Same, Reason: why} }

// moved counts the change and returns its outcome.
func (a *Alert) moved(by By, what What, why Reason, then Then, of ...string) Outcome {
	a.touch(by.At)
	entry := Entry{What: what, By: by.Name(), At: by.At, Of: of, Note: Cut(by.Note, NoteMax)}
	return Outcome{Verdict: Moved, Reason: why, Entry: entry, Then: then}
}
