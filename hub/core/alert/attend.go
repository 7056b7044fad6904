package alert

import (
	"slices"
	"time"

	"keng/hub/core"
)

// SnoozeMax is how far away the end of a snooze may be.
const SnoozeMax = 366 * 24 * time.Hour

// Recur counts one more occurrence of an open alert. The content stays. If the alert was
// about to be closed, the trouble is not over.
func (a *Alert) Recur(by By) Outcome {
	if a.Status == Closed {
		return refuse(AlreadyClosed)
	}
	a.Count++
	a.LastOccurredAt = by.At
	if a.Closing != nil {
		a.rouse()
		o := a.moved(By{At: by.At}, DidReopen, HasRecurred, ThenBeginAnew)
		o.Entry.Why = OccurredAnew
		return o
	}
	return a.moved(by, DidRecur, HasRecurred, ThenNothing)
}

// Acknowledge marks the alert as taken care of by somebody. Who acknowledges an alert that
// nobody owns owns it. It ends a snooze; a closing that waits to be confirmed goes on.
func (a *Alert) Acknowledge(by By) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case a.Acknowledged && !a.covered():
		return refuse(AlreadyAcknowledged)
	case a.Closing != nil:
		return refuse(AlreadyClosing)
	case !a.Acknowledged && a.HasAcked(by.User):
		return refuse(YouAcknowledged)
	}
	if !a.completes(by.User) {
		return a.attendPartly(by, DidAcknowledgePartly, HasAcknowledgedPartly)
	}
	a.attend(by)
	if a.Owner == "" {
		a.Owner = by.Name()
	}
	return a.moved(by, DidAcknowledge, HasAcknowledged, ThenSilence)
}

// attend writes down that somebody takes care of the alert.
func (a *Alert) attend(by By) {
	a.Acknowledged, a.SnoozedUntil, a.Assigned = true, time.Time{}, false
	a.noteAck(by.User)
	a.uncovered()
	if a.Lead != nil {
		a.Lead.TakenAt = by.At
	}
	if a.AcknowledgedAt.IsZero() {
		a.AcknowledgedAt, a.AcknowledgedBy = by.At, by.Name()
	}
	a.look(by)
}

// rouse takes back whatever keeps an open alert silent. That some have acknowledged an alert
// which is not silent stays.
func (a *Alert) rouse() {
	if a.Silent() {
		a.forgetAcks()
	}
	a.Acknowledged, a.SnoozedUntil, a.Closing, a.Assigned = false, time.Time{}, nil, false
	a.uncovered()
}

// Unacknowledge takes back an acknowledgement, also that of one where several must, a snooze or a
// closing: the alert wants attention as if it were new.
func (a *Alert) Unacknowledge(by By) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case !a.Silent() && len(a.Acks) == 0:
		return refuse(AlreadyUnacknowledged)
	}
	a.rouse()
	a.forgetAcks()
	return a.moved(by, DidUnacknowledge, HasUnacknowledged, ThenBeginAnew)
}

// Snooze lets the alert be quiet until a moment, at most [SnoozeMax] away. One that is
// snoozed already gets the new end. A closing that waits to be confirmed goes first.
func (a *Alert) Snooze(by By, until time.Time) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case a.Closing != nil:
		return refuse(AlreadyClosing)
	case !until.After(by.At):
		return refuse(NotInFuture)
	case until.After(by.At.Add(SnoozeMax)):
		return refuse(TooFar)
	case until.Equal(a.SnoozedUntil):
		return same(HasSnoozed)
	}
	a.SnoozedUntil, a.Assigned = until.UTC(), false
	a.uncovered()
	a.look(by)
	return a.moved(by, DidSnooze, HasSnoozed, ThenSilence, until.UTC().Format(time.RFC3339))
}

// EndSnooze ends a snooze whose time has come: the alert wants attention as if it were new,
// also one that had been acknowledged.
func (a *Alert) EndSnooze(now time.Time) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case !a.Snoozed():
		return refuse(NotSnoozed)
	case now.Before(a.SnoozedUntil):
		return refuse(NotOver)
	}
	a.rouse()
	o := a.moved(By{At: now}, DidEndSnooze, HasEndedSnooze, ThenBeginAnew)
	o.Entry.Why = SnoozeOver
	return o
}

// TakeOwnership makes who does it the owner, and acknowledges the alert if that has not
// been done.
func (a *Alert) TakeOwnership(by By) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case by.User == "":
		return refuse(NoOwner)
	case a.Closing != nil:
		return refuse(AlreadyClosing)
	case a.Owner == by.User && (a.Acknowledged || a.HasAcked(by.User)):
		return same(HasTaken)
	}
	a.Owner = by.User
	if !a.Acknowledged && !a.completes(by.User) {
		return a.attendPartly(by, DidTakePartly, HasTaken)
	}
	a.attend(by)
	return a.moved(by, DidTakeOwnership, HasTaken, ThenSilence)
}

// Assign makes a person, by the username, the owner and calls that person. Who assigns an
// alert to oneself takes ownership.
func (a *Alert) Assign(by By, owner string) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case owner == "":
		return refuse(NoOwner)
	case owner == by.User:
		o := a.TakeOwnership(by)
		if o.OK() {
			o.Reason = HasAssigned
		}
		return o
	case a.Owner == owner && (a.Acknowledged || a.Assigned) && !a.Snoozed() && a.Closing == nil:
		return same(HasAssigned) // the owner takes care of it, or has been called
	}
	a.Owner = owner
	a.rouse()
	a.Assigned = true
	return a.moved(by, DidAssign, HasAssigned, ThenCall, owner)
}

// Escalate calls by an escalation, whose name is for people. It answers for the alert from
// now on; if it did so before, it begins once more.
func (a *Alert) Escalate(by By, id core.EscalationID, name string) Outcome {
	if a.Status == Closed {
		return refuse(AlreadyClosed)
	}
	r := Responder{Kind: Escalation, ID: string(id)}
	if !a.HasResponder(r) {
		if len(a.Responders) >= RespondersMax {
			return refuse(TooManyResponders)
		}
		a.Responders = append(slices.Clip(a.Responders), r)
	}
	a.Begun = slices.DeleteFunc(slices.Clone(a.Begun), func(x core.EscalationID) bool { return x == id })
	a.Release(id)
	a.rouse()
	return a.moved(by, DidEscalate, HasEscalated, ThenCall, name)
}

// EscalateToNext calls by the next step of the alert's escalation, of which the caller
// knows whether there is one: for a silent alert [Alert.UnderWay] says so.
func (a *Alert) EscalateToNext(by By, step bool) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case !step:
		return refuse(NoStep)
	}
	a.rouse()
	return a.moved(by, DidEscalateToNext, HasEscalated, ThenCall)
}

// AddResponder calls one more responder, whose name is for people.
func (a *Alert) AddResponder(by By, r Responder, name string) Outcome {
	return a.join(by, r, DidAddResponder, HasResponderNow, name)
}

// AddTeam calls one more team, whose name is for people.
func (a *Alert) AddTeam(by By, id core.TeamID, name string) Outcome {
	return a.join(by, Responder{Kind: Team, ID: string(id)}, DidAddTeam, HasTeamNow, name)
}

// join lets one more answer for the alert. A team owns it if no team does, in whichever way it was called.
func (a *Alert) join(by By, r Responder, what What, has Reason, name string) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case r.ID == "":
		return refuse(NothingNamed)
	case a.HasResponder(r):
		return same(has)
	case len(a.Responders) >= RespondersMax:
		return refuse(TooManyResponders)
	}
	a.Responders = append(slices.Clip(a.Responders), r)
	if r.Kind == Team && a.OwnerTeam == "" {
		a.OwnerTeam = core.TeamID(r.ID)
	}
	a.rouse()
	return a.moved(by, what, has, ThenCall, name)
}

// See notes the first person who looks at the alert. It is no update of it.
func (a *Alert) See(by By) Outcome {
	if a.Seen() || by.User == "" {
		return same(HasBeenSeen)
	}
	updated := a.UpdatedAt
	a.look(by)
	o := a.moved(by, DidSee, HasBeenSeen, ThenNothing)
	a.UpdatedAt = updated
	return o
}

func (a *Alert) look(by By) {
	if !a.Seen() && by.User != "" {
		a.SeenAt, a.SeenBy = by.At, by.User
	}
}
