package alert

import (
	"time"

	"keng/hub/core"
)

// Closers is who may close the alerts of a team. Values are stored.
type Closers uint8

// Who may close.
const (
	Anybody Closers = 0
	Members Closers = 1 // of the team
	Owners  Closers = 2 // the alert's owner, and administrators of the team; while no person owns it, members
)

// The bounds of the time that a reporter has to confirm a closing.
const (
	ConfirmMin = time.Minute
	ConfirmMax = 7 * 24 * time.Hour
)

// Closure is a team's rule of how people close its alerts. What a machine closes, since
// what it watches works again, is closed.
type Closure struct {
	Who Closers `cbor:"1,keyasint,omitempty"`
	// Confirm is for how long a reporter is asked whether the trouble is over, from
	// [ConfirmMin] to [ConfirmMax]; 0: the reporter is not asked.
	Confirm time.Duration `cbor:"2,keyasint,omitempty"`
}

// Check says what is wrong with a rule.
func (c Closure) Check() error {
	if c.Who > Owners {
		return core.Invalid("who", "must be anybody, members or owners")
	}
	if c.Confirm != 0 && (c.Confirm < ConfirmMin || c.Confirm > ConfirmMax) {
		return core.Invalid("confirm", "must be from 1 minute to 7 days, or 0: the reporter is not asked")
	}
	return nil
}

// Closer is what is known of a person who closes an alert.
type Closer struct {
	Member, Admin bool // of the team that owns the alert
	// Reachable says that the alert's reporter is a person whom Kẻng knows.
	Reachable bool
	// Ownerless says that the alert's owner is no person whom Kẻng knows: a machine that has
	// acknowledged it, or somebody who was deleted.
	Ownerless bool
}

// Close ends the alert, whatever a team's rule says.
func (a *Alert) Close(by By) Outcome {
	if a.Status == Closed {
		return refuse(AlreadyClosed)
	}
	a.look(by)
	return a.end(by, AsAsked)
}

// CloseQuiet ends the alert because it has not occurred for as long as a policy says. No
// closing rule is asked, nor the reporter.
func (a *Alert) CloseQuiet(by By) Outcome {
	if a.Status == Closed {
		return refuse(AlreadyClosed)
	}
	return a.end(by, LongQuiet)
}

// CloseOver ends the alert because the incident is over for which it called a responder. No
// closing rule is asked, nor the reporter.
func (a *Alert) CloseOver(by By) Outcome {
	if a.Status == Closed {
		return refuse(AlreadyClosed)
	}
	return a.end(by, IncidentOver)
}

// CloseUnanswered ends the alert because an escalation says so that has come to its end, and
// nobody has acknowledged. No closing rule is asked, nor the reporter.
func (a *Alert) CloseUnanswered(by By) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case a.Acknowledged:
		return refuse(AlreadyAcknowledged)
	case a.Silent():
		return refuse(NotOver)
	}
	return a.end(by, AllWasDone)
}

// CloseUnder ends the alert, or asks its reporter whether it may be, by a team's rule. Who
// is not a person is not bound by it, nor asks the reporter.
func (a *Alert) CloseUnder(by By, rule Closure, who Closer) Outcome {
	if a.Status == Closed || by.User == "" {
		return a.Close(by)
	}
	ownerless := a.Owner == "" || who.Ownerless
	switch {
	case rule.Who == Members && !who.Member:
		return refuse(OnlyMembers)
	case rule.Who != Owners || by.User == a.Owner || who.Admin:
	case ownerless && !who.Member:
		return refuse(OnlyMembers)
	case !ownerless:
		return refuse(OnlyOwner)
	}
	switch {
	case rule.Confirm == 0 || !who.Reachable || a.Reporter == "" || a.Reporter == by.User:
		return a.Close(by)
	case a.Closing != nil:
		return refuse(AlreadyClosing)
	}
	a.Closing = &Closing{By: by.Name(), At: by.At, Until: by.At.Add(rule.Confirm)}
	a.SnoozedUntil = time.Time{}
	a.look(by)
	return a.moved(by, DidAskToClose, IsClosing, ThenSilence, a.Reporter)
}

// Confirm is the reporter's word that the trouble is over.
func (a *Alert) Confirm(by By) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case a.Closing == nil:
		return refuse(NotClosing)
	case by.User == "" || by.User != a.Reporter:
		return refuse(OnlyReporter)
	}
	return a.end(by, Confirmed)
}

// Contradict is anybody's word that the trouble is not over: an alert that was about to be
// closed wants attention as if it were new.
func (a *Alert) Contradict(by By) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case a.Closing == nil:
		return refuse(NotClosing)
	}
	a.rouse()
	o := a.moved(by, DidReopen, HasReopened, ThenBeginAnew)
	o.Entry.Why = Contradicted
	return o
}

// EndClosing closes an alert whose reporter has had the time to contradict.
func (a *Alert) EndClosing(now time.Time) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case a.Closing == nil:
		return refuse(NotClosing)
	case now.Before(a.Closing.Until):
		return refuse(NotOver)
	}
	return a.end(By{At: now}, Uncontested)
}

// end closes the alert. Of one that waited to be confirmed, who wanted to close it is who
// closed it.
func (a *Alert) end(by By, why Why) Outcome {
	closer := by.Name()
	if why == Confirmed || why == Uncontested {
		closer = a.Closing.By
	}
	a.SnoozedUntil, a.Closing = time.Time{}, nil
	a.Status, a.ClosedAt, a.ClosedBy = Closed, by.At, closer
	o := a.moved(by, DidClose, HasClosed, ThenSilence)
	o.Entry.Why = why
	return o
}

// Tombstone is what remains of a deleted alert: that there was one, and who deleted it.
// Nothing of what it said remains.
type Tombstone struct {
	ID        core.AlertID  `cbor:"1,keyasint"`
	Tiny      uint64        `cbor:"2,keyasint"`
	CreatedAt time.Time     `cbor:"3,keyasint"`
	DeletedAt time.Time     `cbor:"4,keyasint"`
	DeletedBy string        `cbor:"5,keyasint"`
	Priority  core.Priority `cbor:"6,keyasint"`
	Open      bool          `cbor:"7,keyasint,omitempty"` // it was open when it was deleted
}

// Delete returns what remains of the alert, and its outcome.
func (a *Alert) Delete(by By) (Tombstone, Outcome) {
	t := Tombstone{ID: a.ID, Tiny: a.Tiny, CreatedAt: a.CreatedAt, DeletedAt: by.At, DeletedBy: by.Name(), Priority: a.Priority, Open: a.Status == Open}
	return t, a.moved(by, DidDelete, HasDeleted, ThenSilence)
}
