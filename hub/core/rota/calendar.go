package rota

import (
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
)

// Calendar is a schedule with all that decides about who is on call in it. It changes
// nothing and is safe for concurrent use as long as nobody changes what it points to.
type Calendar struct {
	Schedule  *Schedule
	Zone      *time.Location
	Overrides []Override   // of the schedule
	Forwards  []Forward    // of people
	Holidays  holiday.Days // of the schedule's holiday calendar; nil: there are none
}

// Kind says by what somebody is on call. Values are stored.
type Kind uint8

// The kinds.
const (
	ByRotation Kind = 1
	ByOverride Kind = 2
	ByForward  Kind = 3
)

// Period is a piece of a timeline: [Start, End). A zero End means that it never ends.
type Period struct {
	Rotation   string // its id
	Start, End time.Time
	Participant
	Kind     Kind
	Override string      // by which, if by one; its alias
	For      core.UserID // whose it would be, if it was forwarded
}
