package alert

import (
	"fmt"
	"slices"
	"time"
)

// HasAcked reports whether a person, by the username, has acknowledged the alert since it last
// wanted attention.
func (a *Alert) HasAcked(username string) bool {
	return username != "" && slices.Contains(a.Acks, username)
}

// Wants reports whether a person, by the username, may be told of the alert now: somebody who
// has not acknowledged, of one that is not silent; or, with unclosed, of one that was
// acknowledged and not closed, and is neither snoozed nor closing.
func (a *Alert) Wants(username string, unclosed bool) bool {
	switch {
	case a.HasAcked(username) || a.Status == Closed || a.Snoozed() || a.Closing != nil:
		return false
	}
	return !a.Acknowledged || unclosed
}

// AckedBy returns the name of who acknowledged the alert last; "" for one that is not
// acknowledged.
func (a *Alert) AckedBy() string {
	switch {
	case !a.Acknowledged:
		return ""
	case len(a.Acks) > 0:
		return a.Acks[len(a.Acks)-1]
	case a.Owner != "":
		return a.Owner
	}
	return a.AcknowledgedBy
}

// RaiseAcks has so many people have to acknowledge, if it were fewer until now. It reports
// whether that changes anything. What is acknowledged already stays so.
func (a *Alert) RaiseAcks(n int, now time.Time) bool {
	if a.Status == Closed || a.Acknowledged || n <= max(a.AcksWanted, 1) {
		return false
	}
	a.AcksWanted = n
	a.touch(now)
	return true
}

// AcknowledgeForAll acknowledges however many must. A person does so by [Alert.Acknowledge].
func (a *Alert) AcknowledgeForAll(by By) Outcome {
	wanted := a.AcksWanted
	a.AcksWanted = 0
	o := a.Acknowledge(by)
	if !o.Moved() {
		a.AcksWanted = wanted
	}
	return o
}

// AcknowledgeToo notes that one more person has acknowledged an alert that is acknowledged: one
// who is being called all the same, since it is not closed.
func (a *Alert) AcknowledgeToo(by By) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case a.Closing != nil:
		return refuse(AlreadyClosing)
	case !a.Acknowledged || a.covered():
		return a.Acknowledge(by)
	case by.User == "" || a.HasAcked(by.User):
		return refuse(AlreadyAcknowledged)
	}
	a.noteAck(by.User)
	a.look(by)
	return a.moved(by, DidAcknowledgeToo, HasAcknowledged, ThenSpare)
}

// TakeAckBack has the alert want attention again, since the steps of an escalation run again
// that says so: it calls people itself. What was acknowledged in part is forgotten, too.
func (a *Alert) TakeAckBack(now time.Time) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case a.Snoozed() || a.Closing != nil || !a.Acknowledged && len(a.Acks) == 0:
		return refuse(AlreadyUnacknowledged)
	}
	a.rouse()
	a.forgetAcks()
	o := a.moved(By{At: now}, DidUnacknowledge, HasUnacknowledged, ThenNothing)
	o.Entry.Why = StepsRunAgain
	return o
}

// attendPartly notes the acknowledgement of a person where others have to acknowledge, too.
func (a *Alert) attendPartly(by By, what What, has Reason) Outcome {
	a.noteAck(by.User)
	a.look(by)
	a.Assigned = a.Assigned && a.Owner != by.User // who was called by that has answered
	return a.moved(by, what, has, ThenSpare, fmt.Sprint(len(a.Acks)), fmt.Sprint(a.AcksWanted))
}

// completes reports whether all have acknowledged who must when this one has: a username, or
// "" for what is no person.
func (a *Alert) completes(username string) bool {
	return username == "" || len(a.Acks)+1 >= a.AcksWanted
}

// noteAck notes who has acknowledged. It never writes into the list that was.
func (a *Alert) noteAck(username string) {
	if username != "" && !a.HasAcked(username) {
		a.Acks = append(slices.Clip(a.Acks), username)
	}
}

func (a *Alert) forgetAcks() { a.Acks, a.AcksWanted = nil, 0 }
