package oracle

import "time"

// deed is what is to be done at a moment.
type deed int

const (
	aStep       deed = iota // of an escalation
	aRound                  // its steps run again
	anEnd                   // of it: the alert is closed
	anAttempt               // to reach a person by a contact
	aRepetition             // of a person's attempts
	aWaking                 // the end of a snooze
	aGivingUp               // of a page of which nothing is heard
	aLastResort             // whoever is that is called
	aLook                   // whether somebody has answered who was called for help
)

// plan is something that is to be done at a moment.
type plan struct {
	number int // in the order of planning
	does   deed
	at     time.Time
	way    Way

	escalation string
	round      int       // how often its steps have run through
	step       int       // place in the order of firing, from 0
	begun      time.Time // when the round did

	person  string
	contact string
	page    int
}

// calls reports whether it reaches a person.
func (p plan) calls() bool { return p.does == anAttempt || p.does == aRepetition }

// climbs reports whether it is what an escalation does next to have people called.
func (p plan) climbs() bool { return p.does == aStep || p.does == aRound }

// lead is that a step of one escalation led to another one.
type lead struct{ by, to string }

// turn is a step whose team takes turns.
type turn struct {
	escalation string
	step       int
	team       string
}
