// Package rota says who is on call at a moment.
//
// A schedule has a time zone and rotations; all rotations are on call at once. A
// rotation hands over from one participant to the next by the wall clock of its
// zone, never by elapsed time: a weekly rotation that begins on Monday at 09:00
// hands over on Mondays at 09:00 in summer and in winter, so that a shift may have
// an hour more or less when clocks change. Where the wall-clock time of a hand-over
// does not exist (clocks sprang over it) the hand-over is at the moment of the jump;
// where it exists twice, at the first. Zones are values: this package looks up none.
package rota

import (
	"fmt"
	"time"

	"keng/hub/core"
)

// Schedule is a calendar of who is on call.
type Schedule struct {
	ID        core.ScheduleID `cbor:"1,keyasint"`
	Name      string          `cbor:"2,keyasint"`
	Zone      string          `cbor:"3,keyasint"` // IANA name
	Team      core.TeamID     `cbor:"4,keyasint,omitempty"`
	Rotations []Rotation      `cbor:"5,keyasint,omitempty"`
	Disabled  bool            `cbor:"6,keyasint,omitempty"`
	// Description is for people.
	Description string `cbor:"7,keyasint,omitempty"`
	// Covers is when somebody is to be on call: of other times no gap is told. Nil: always.
	Covers *Restriction `cbor:"8,keyasint,omitempty"`
	// Holidays is the id of the holiday calendar by which restrictions go; empty: none.
	Holidays string `cbor:"9,keyasint,omitempty"`
}

// Unit is the length unit of a rotation's turns.
type Unit uint8

// The units. Values are stored.
const (
	Hourly  Unit = 1
	Daily   Unit = 2
	Weekly  Unit = 3
	Monthly Unit = 4
	Fixed   Unit = 5 // no turns at all, but slots that were planned by hand
)

// Rotation is a row of participants who take turns.
type Rotation struct {
	ID   string `cbor:"1,keyasint"`
	Name string `cbor:"2,keyasint,omitempty"`
	// Start is when the first turn begins. Nobody is on call before.
	Start time.Time `cbor:"3,keyasint"`
	// End is when the last turn is cut off; zero means never.
	End          time.Time     `cbor:"4,keyasint"`
	Unit         Unit          `cbor:"5,keyasint"`
	Length       int           `cbor:"6,keyasint"` // units a turn, at least 1
	Participants []Participant `cbor:"7,keyasint"`
	// Restriction limits the turns to windows of the week in the schedule's zone.
	Restriction *Restriction `cbor:"8,keyasint,omitempty"`
	// Phase is which participant has the first turn. An edit that keeps whoever is on call
	// sets it; see [Rotation.Keeping].
	Phase int `cbor:"9,keyasint,omitempty"`
	// Skips says that turns of which the restriction leaves nothing are nobody's turns: the
	// next participant has the next turn that has a window.
	Skips bool `cbor:"10,keyasint,omitempty"`
	// Slots are the shifts of a fixed rotation, in order, none over another.
	Slots []Slot `cbor:"11,keyasint,omitempty"`
}

// Slot is a shift that was planned by hand: [Start, End).
type Slot struct {
	Participant Participant `cbor:"1,keyasint"`
	Start       time.Time   `cbor:"2,keyasint"`
	End         time.Time   `cbor:"3,keyasint"`
}

// The bounds of a rotation, within which every moment can be computed.
const (
	LengthMax = 1000 // units a turn
	yearMin   = 1970
	yearMax   = 2200
)

// Check says what is wrong with a rotation that cannot be.
func (r *Rotation) Check() error {
	within := func(t time.Time) bool { y := t.UTC().Year(); return y >= yearMin && y <= yearMax }
	switch {
	case len(r.Participants) == 0:
		return core.Invalid("participants", "a rotation needs at least one")
	case r.Unit < Hourly || r.Unit > Weekly:
		return core.Invalid("type", "must be hourly, daily or weekly")
	case r.Length > LengthMax:
		return core.Invalid("length", fmt.Sprintf("must be from 1 to %d", LengthMax))
	case r.Start.IsZero():
		return core.Invalid("startDate", "a rotation needs one")
	case !within(r.Start):
		return core.Invalid("startDate", fmt.Sprintf("must be in the years %d to %d", yearMin, yearMax))
	case !r.End.IsZero() && !r.End.After(r.Start):
		return core.Invalid("endDate", "must be after startDate")
	case !r.End.IsZero() && !within(r.End):
		return core.Invalid("endDate", fmt.Sprintf("must be in the years %d to %d", yearMin, yearMax))
	}
	return nil
}

// Participant is who takes a turn: at most one of a person, a team and an escalation.
// The zero value is a turn of nobody.
type Participant struct {
	User       core.UserID       `cbor:"1,keyasint,omitempty"`
	Team       core.TeamID       `cbor:"2,keyasint,omitempty"`
	Escalation core.EscalationID `cbor:"3,keyasint,omitempty"`
}

// Shift is one turn: [Start, End), whatever the rotation's restriction cuts out of it.
// A zero End means that it never ends.
type Shift struct {
	Rotation   string
	Start, End time.Time
	Participant
}

// OnCall returns the shifts of a schedule that cover t, in the order of its
// rotations, those of nobody left out.
func (s *Schedule) OnCall(t time.Time, zone *time.Location) []Shift {
	var on []Shift
	if s.Disabled {
		return nil
	}
	for i := range s.Rotations {
		if shift, ok := s.Rotations[i].At(t, zone); ok && shift.Participant != (Participant{}) {
			on = append(on, shift)
		}
	}
	return on
}

// At returns the turn of the rotation that covers t. It reports false before the
// start, at or after the end, outside the restriction's windows, and for a rotation that
// [Rotation.Check] refuses.
func (r *Rotation) At(t time.Time, zone *time.Location) (Shift, bool) {
	if r.Check() != nil || t.Year() > yearMax || t.Before(r.Start) || (!r.End.IsZero() && !t.Before(r.End)) {
		return Shift{}, false
	}
	if !r.Restriction.Covers(t, zone) {
		return Shift{}, false
	}
	n := r.turn(t, zone)
	shift := Shift{
		Rotation: r.ID, Start: r.handover(n, zone), End: r.handover(n+1, zone),
		Participant: r.Participants[n%len(r.Participants)],
	}
	if !r.End.IsZero() && shift.End.After(r.End) {
		shift.End = r.End
	}
	return shift, true
}

// turn returns the number of the turn that covers t, which is not before the start.
func (r *Rotation) turn(t time.Time, zone *time.Location) int {
	// By elapsed time the guess is off by at most the hours that clocks have moved.
	n := max(0, int(t.Sub(r.Start)/r.nominal()))
	for n > 0 && t.Before(r.handover(n, zone)) {
		n--
	}
	for !t.Before(r.handover(n+1, zone)) {
		n++
	}
	return n
}

func (r *Rotation) length() int { return min(max(1, r.Length), LengthMax) }

// nominal is how long a turn lasts where clocks do not move.
func (r *Rotation) nominal() time.Duration {
	unit := 7 * 24 * time.Hour
	switch r.Unit {
	case Hourly:
		unit = time.Hour
	case Daily:
		unit = 24 * time.Hour
	}
	return time.Duration(r.length()) * unit
}

// handover returns the moment at which turn n begins.
func (r *Rotation) handover(n int, zone *time.Location) time.Time {
	if r.Unit == Hourly {
		// Hours are elapsed time: an hourly rotation whose hour vanished would have a turn of nothing.
		return r.Start.Add(time.Duration(n) * r.nominal())
	}
	days := n * r.length()
	if r.Unit == Weekly {
		days *= 7
	}
	if n == 0 {
		return r.Start
	}
	return Wall(r.Start.In(zone), days)
}

// Wall returns the moment, days calendar days after start, that shows the same
// wall-clock time in start's zone. See the package comment for times that a
// change of clocks removes or repeats.
func Wall(start time.Time, days int) time.Time {
	y, m, d := start.Date()
	h, min, s := start.Clock()
	t := time.Date(y, m, d+days, h, min, s, start.Nanosecond(), start.Location())
	wanted := time.Date(y, m, d+days, h, min, s, start.Nanosecond(), time.UTC)
	if !face(t).Equal(wanted) {
		return nearestJump(t)
	}
	// If the time exists twice time.Date may have chosen either: take the first.
	begin, _ := t.ZoneBounds()
	if begin.IsZero() {
		return t
	}
	_, offset := t.Zone()
	_, before := begin.Add(-time.Nanosecond).Zone()
	if first := t.Add(time.Duration(offset-before) * time.Second); first.Before(begin) && face(first).Equal(wanted) {
		return first
	}
	return t
}

// face returns what the clock on the wall shows at t, as if it were UTC.
func face(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// nearestJump returns the change of clocks next to t. For a wall-clock time that
// was jumped over time.Date gives a moment just before or just after the jump.
func nearestJump(t time.Time) time.Time {
	begin, end := t.ZoneBounds()
	if begin.IsZero() || (!end.IsZero() && end.Sub(t) < t.Sub(begin)) {
		return end
	}
	return begin
}
