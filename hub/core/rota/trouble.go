package rota

import (
	"time"

	"keng/hub/core"
)

// TroubleKind is what is the matter.
type TroubleKind uint8

// The kinds of trouble. Values are stored.
const (
	Gap          TroubleKind = 1 // nobody is on call
	Away         TroubleKind = 2 // who is on call is off
	DoubleBooked TroubleKind = 3 // one person is on call in two schedules
)

// Trouble is something to be mended before its time comes: in [Start, End).
type Trouble struct {
	Kind       TroubleKind
	Schedule   core.ScheduleID
	Start, End time.Time
	User       core.UserID     // whose trouble it is; of a gap nobody's
	Other      core.ScheduleID // of a double booking, the other schedule
	Suggestion []Participant   // who could take it, the best first
}

// Troubles returns the gaps and absences of [a, b), in order of time.
func (c *Calendar) Troubles(a, b time.Time, away []Absence) []Trouble { return nil }

// DoubleBookings returns the times in [a, b) in which one person is on call in two schedules.
func DoubleBookings(all []*Calendar, a, b time.Time) []Trouble { return nil }
