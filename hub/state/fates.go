package state

import "keng/hub/core"

// An ending is what happens to an alert that ends some of what was planned for it. When it is
// closed or deleted nothing stays.
type ending uint8

const (
	fallsSilent ending = 1 << iota // it is acknowledged or snoozed, or waits for the word of who reported it
	goesUnder                      // it is put under a parent, whose part calling is now
	isHelped                       // somebody calls for help
	beginsAnew                     // all are called as if it were new
	isStuck                        // doing it has failed again and again: it would be given up
)

// survives says which endings deadlines of a kind outlive. This is all there is to know about it:
//
//	kind                                 silence  parent  help  anew  stuck
//	EscalationStep, ReachAttempt            –       –      yes    –     –
//	PagesAgain                              –       –      yes    –     –
//	CallsAgain, HelpUnheard, CatchAllDue    –       –      yes    –     –
//	TellLate                                –      yes     yes    –     –
//	SnoozeEnd, ClosingDue                   –      yes      –     –    yes
//	TeamAnew, BundleDue                     –       –      yes   yes    –
//	TeamDelayed, MembersRest, DeletedRest   –       –      yes   yes   yes
//	DeliveryOverdue                         –       –      yes   yes   yes
//	GroupGathers, GroupCloses              yes      –      yes   yes   yes
//	ClosedByRule                           yes     yes     yes   yes   yes
//
// What would be missed for ever if it were given up is not: an alert would stay silent, a page
// be waited for, what a deleted alert said be kept. What is of no alert is never given up.
func (k DeadlineKind) survives() ending {
	switch k {
	case TellLate:
		return goesUnder | isHelped
	case SnoozeEnd, ClosingDue:
		return goesUnder | isStuck
	case TeamAnew, BundleDue:
		return isHelped | beginsAnew
	case TeamDelayed, MembersRest, DeletedRest, DeliveryOverdue:
		return isHelped | beginsAnew | isStuck
	case GroupGathers, GroupCloses:
		return fallsSilent | isHelped | beginsAnew | isStuck
	case ClosedByRule:
		return fallsSilent | goesUnder | isHelped | beginsAnew | isStuck
	}
	return isHelped
}

// callsNobody reports whether a deadline does something for an alert by which nobody is
// notified, so that it is no reason to think that the alert is attended to (P2). That it stays
// when the alert falls silent is the same.
func (k DeadlineKind) callsNobody() bool { return k.survives()&fallsSilent != 0 }

// endAt forgets the deadlines of an alert that do not outlive an ending.
func (c *change) endAt(e ending, id core.AlertID) { c.drop(deadlinesOf(c.tx, id), e) }

// drop forgets those of some deadlines that do not outlive an ending; none does if it is 0.
func (c *change) drop(planned []*Deadline, e ending) {
	for _, d := range planned {
		if d.Kind.survives()&e == 0 {
			Deadlines.Delete(c.tx, deadlineKey(d))
		}
	}
}

// forget drops the deadlines of a kind of an alert.
func (c *change) forget(id core.AlertID, kind DeadlineKind) {
	for _, d := range deadlinesOf(c.tx, id) {
		if d.Kind == kind {
			Deadlines.Delete(c.tx, deadlineKey(d))
		}
	}
}
