package alert

import (
	"fmt"
	"slices"
	"time"
)

// Lead is what an alert knows of its members: the alerts that are under it. An alert that has
// one is a parent. A parent is under nobody, and a member has no members.
type Lead struct {
	// Members is how many have joined and were not deleted since (of old ones that have gone
	// with time it is not told), Open how many of them are open.
	Members int `cbor:"1,keyasint"`
	Open    int `cbor:"2,keyasint"`
	// JoinedAt is when the last one joined, Newest its short number, and About its message.
	JoinedAt time.Time `cbor:"3,keyasint,omitzero"`
	Newest   uint64    `cbor:"4,keyasint,omitempty"`
	About    string    `cbor:"5,keyasint,omitempty"`
	// Untold are responders who have not been told of the parent yet.
	Untold []Responder `cbor:"6,keyasint,omitempty"`
	// Covered says that nobody has acknowledged the parent itself: everything open under it
	// was.
	Covered bool `cbor:"7,keyasint,omitempty"`
	// Wake says that everything under the parent was taken care of when it was snoozed: whoever
	// did that wants to be woken at the end.
	Wake bool `cbor:"8,keyasint,omitempty"`
	// CalledAt is when the parent last began anew to call people; zero: never, so when it was
	// created. TakenAt is when somebody last took care of it; zero: see AcknowledgedAt.
	CalledAt time.Time `cbor:"9,keyasint,omitzero"`
	TakenAt  time.Time `cbor:"10,keyasint,omitzero"`
}

// CoversFor is for how long who acknowledges a parent takes care of what comes under it.
// What comes later is other trouble, of which nobody knows.
const CoversFor = 30 * time.Minute

// Number returns the short number of the alert as people say it, as "#12".
func (a *Alert) Number() string { return fmt.Sprintf("#%d", a.Tiny) }

// Join puts the alert under a parent. Why is the group, for people. Whoever joins calls
// nobody: that is the parent's part.
func (a *Alert) Join(by By, parent *Alert, why string) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case a.Lead != nil || a.Parent != "" || parent.Lead == nil || parent.Status == Closed:
		return refuse(NoMember)
	}
	a.Parent, a.Begun, a.Led = parent.ID, nil, nil
	a.ReleaseAll()
	if !a.Silent() {
		a.forgetAcks() // the parent calls people from now on
	}
	return a.moved(by, DidJoin, HasJoined, ThenNothing, parent.Number(), why)
}

// Gain counts one more member, which answers to the parent from now on: whoever answers for
// the member answers for the parent. Beyond [RespondersMax] nobody is added.
func (a *Alert) Gain(by By, member *Alert) Outcome {
	a.Lead.Members++
	a.Lead.Open++
	a.Lead.JoinedAt, a.Lead.Newest, a.Lead.About = by.At, member.Tiny, member.Message
	for _, r := range member.Responders {
		if len(a.Responders) < RespondersMax && !a.HasResponder(r) {
			a.Responders, a.Lead.Untold = append(a.Responders, r), append(a.Lead.Untold, r)
		}
	}
	return a.moved(by, DidGain, HasJoined, ThenNothing, member.Number(), member.Message)
}

// RoomFor reports whether so many more may answer for a parent, each counted once, who do not
// yet: whoever would have no room would not be called.
func (a *Alert) RoomFor(lists ...[]Responder) bool {
	all := slices.Clone(a.Responders)
	for _, r := range slices.Concat(lists...) {
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return len(all) <= RespondersMax
}

// Lose counts a member off that is closed or, gone, deleted.
func (a *Alert) Lose(by By, member *Alert, gone bool) Outcome {
	if gone {
		a.Lead.Members--
	}
	if member.Status == Open || !gone {
		a.Lead.Open--
	}
	return a.moved(by, DidLose, HasClosed, ThenNothing, member.Number(), fmt.Sprint(a.Lead.Open))
}

// CloseEmpty closes a parent with its last member. No closing rule is asked: what there was
// to confirm was confirmed of the members.
func (a *Alert) CloseEmpty(by By) Outcome {
	if a.Status == Closed {
		return refuse(AlreadyClosed)
	}
	return a.end(by, LastMember)
}

// Leave sets a member free whose parent, as "#12", was deleted. One that wants attention
// begins anew; what somebody takes care of stays so.
func (a *Alert) Leave(by By, parent string) Outcome {
	a.Parent, a.Group = "", ""
	then := ThenNothing
	if !a.Silent() {
		then = ThenBeginAnew
		a.forgetAcks()
	}
	return a.moved(by, DidLeave, HasLeft, then, parent)
}

// Cover acknowledges a parent of which everything open is silent already: nobody is to be
// called for it. What comes, or comes back, undoes that: see [Alert.Uncover].
func (a *Alert) Cover(by By) Outcome {
	o := a.Acknowledge(by)
	if o.Moved() {
		a.Lead.Covered, o.Entry.Why = true, AllSilent
	}
	return o
}

// Uncover takes the acknowledgement of a parent back that nobody has given it itself.
func (a *Alert) Uncover(by By) Outcome {
	if !a.covered() {
		return refuse(AlreadyUnacknowledged)
	}
	o := a.Unacknowledge(by)
	o.Entry.Why = MemberWants
	return o
}

// Help ends whatever keeps a parent silent, since somebody calls for help through a member.
func (a *Alert) Help(by By) Outcome {
	o := a.endQuiet(by, HelpWanted)
	if o.Moved() {
		o.Then = ThenCall
	}
	return o
}

// Hear ends what keeps a parent silent if a member, which wants attention, is none of what
// whoever took care of the parent could know of. Graver says that the member is graver than
// the parent ever was: that ends a snooze and an acknowledgement alike. What is new ends an
// acknowledgement after [CoversFor]; a snooze is somebody's own word until when.
func (a *Alert) Hear(by By, member *Alert, graver bool) Outcome {
	switch {
	case !a.Silent() || a.Lead == nil:
		return refuse(AlreadyUnacknowledged)
	case graver:
		return a.endQuiet(by, GraverCame)
	case a.Snoozed() || !member.CreatedAt.After(a.takenAt().Add(CoversFor)):
		return refuse(AlreadyAcknowledged)
	}
	return a.endQuiet(by, NewCame)
}

// GoOn notes that the hub itself goes on with calling people for an alert, with what was
// remembered for that forgotten.
func (a *Alert) GoOn(at time.Time) {
	a.ReleaseAll()
	if !a.Silent() {
		a.forgetAcks()
	}
	a.touch(at)
}

// takenAt returns when somebody last took care of a parent.
func (a *Alert) takenAt() time.Time {
	if a.Lead.TakenAt.IsZero() {
		return a.AcknowledgedAt
	}
	return a.Lead.TakenAt
}

// endQuiet takes back what keeps an alert silent. The line says whether that was a snooze.
func (a *Alert) endQuiet(by By, why Why) Outcome {
	snoozed := a.Snoozed()
	o := a.Unacknowledge(by)
	if o.Moved() {
		o.Entry.Why = why
		if snoozed {
			o.Entry.What = DidEndSnooze
		}
	}
	return o
}

// Answer lets more responders answer for a parent, as far as there is room.
func (a *Alert) Answer(by By, responders []Responder) {
	before := len(a.Responders)
	for _, r := range responders {
		if len(a.Responders) < RespondersMax && !a.HasResponder(r) {
			a.Responders = append(a.Responders, r)
		}
	}
	if len(a.Responders) > before {
		a.touch(by.At)
	}
}

// covered reports whether the alert is a parent that nobody has acknowledged itself.
func (a *Alert) covered() bool { return a.Lead != nil && a.Lead.Covered }

// uncovered notes that somebody has decided about a parent itself.
func (a *Alert) uncovered() {
	if a.Lead != nil {
		a.Lead.Covered = false
	}
}
