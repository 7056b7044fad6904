// Package rota says who is on call at a moment.
//
// A schedule has a time zone and rotations; all rotations are on call at once. A
// rotation hands over from one participant to the next by the wall clock of its
// zone, never by elapsed time: a weekly rotation that begins on Monday at 09:00
// hands over on Mondays at 09:00 in summer and in winter, so that a shift may have
// an hour more or less when clocks change. Where the wall-clock time of a hand-over
// does not exist (clocks sprang over it) the hand-over is at the moment of the jump;
// where it exists twice, at the first. Zones are values: this package looks up none.
//
// A [Calendar] is a schedule with all that changes it: overrides, people's forwarding rules and
// holidays. It is what is asked: who is on call ([Calendar.OnCall]) and who is next, what
// happens in a time and why ([Calendar.Timeline]), where nobody is on call or somebody who is
// off ([Calendar.Troubles]), and how much each person is ([Calendar.Loads]). All of them ask one
// function, which gives the stretch of time around a moment in which nothing changes: so the
// pager, the API and the picture cannot disagree, and no minute is looked at in which nothing
// happens. DESIGN.md says what was chosen, and why.
package rota

import (
	"fmt"
	"strconv"
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
	PhaseMax  = 1000
	SlotsMax  = 1000
	yearMin   = 1970
	yearMax   = 2200 // nobody is on call after it
)

// Check says what is wrong with a rotation that cannot be.
func (r *Rotation) Check() error {
	switch {
	case len(r.Participants) == 0 && r.Unit != Fixed:
		return core.Invalid("participants", "a rotation needs at least one")
	case r.Unit < Hourly || r.Unit > Fixed:
		return core.Invalid("type", "must be hourly, daily, weekly, monthly or fixed")
	case r.Length > LengthMax:
		return core.Invalid("length", fmt.Sprintf("must be from 1 to %d", LengthMax))
	case r.Start.IsZero():
		return core.Invalid("startDate", "a rotation needs one")
	case !known(r.Start):
		return core.Invalid("startDate", knownWords)
	case !r.End.IsZero() && !r.End.After(r.Start):
		return core.Invalid("endDate", "must be after startDate")
	case !r.End.IsZero() && !known(r.End):
		return core.Invalid("endDate", knownWords)
	case r.Phase < 0 || r.Phase > PhaseMax:
		return core.Invalid("phase", fmt.Sprintf("must be from 0 to %d", PhaseMax))
	case r.Skips && r.Unit != Daily && r.Unit != Weekly:
		return core.Invalid("skips", "only a daily or weekly rotation can skip turns")
	}
	return r.checkSlots()
}

// checkSlots says what is wrong with the slots.
func (r *Rotation) checkSlots() error {
	switch {
	case r.Unit != Fixed && len(r.Slots) > 0:
		return core.Invalid("slots", "only a fixed rotation has slots")
	case r.Unit == Fixed && len(r.Slots) == 0:
		return core.Invalid("slots", "a fixed rotation needs at least one")
	case len(r.Slots) > SlotsMax:
		return core.Invalid("slots", fmt.Sprintf("must be at most %d", SlotsMax))
	}
	for i, s := range r.Slots {
		field := "slots[" + strconv.Itoa(i) + "]"
		switch {
		case !known(s.Start) || !known(s.End):
			return core.Invalid(field, knownWords)
		case s.Participant.several():
			return core.Invalid(field, severalWords)
		case !s.End.After(s.Start):
			return core.Invalid(field, "must end after its start")
		case i > 0 && s.Start.Before(r.Slots[i-1].End):
			return core.Invalid(field, "must not start before the one before it ends")
		}
	}
	return nil
}

// knownWords is what is said of a time that is not known.
const knownWords = "must be in the years 1970 to 2200"

// known reports whether t is in the years with which a calendar can count.
func known(t time.Time) bool {
	y := t.UTC().Year()
	return y >= yearMin && y <= yearMax
}

// Participant is who takes a turn: at most one of a person, a team and an escalation.
// The zero value is a turn of nobody.
type Participant struct {
	User       core.UserID       `cbor:"1,keyasint,omitempty"`
	Team       core.TeamID       `cbor:"2,keyasint,omitempty"`
	Escalation core.EscalationID `cbor:"3,keyasint,omitempty"`
}

// severalWords is what is said of a participant who is more than one.
const severalWords = "must be one user, one team, one escalation or nobody"

// several reports whether the participant is more than one.
func (p Participant) several() bool {
	one := Participant{User: p.User}
	if p.User == "" {
		one.Team = p.Team
	}
	if one == (Participant{}) {
		one.Escalation = p.Escalation
	}
	return p != one
}

// Shift is the part of a turn in which its participant is on call: [Start, End).
type Shift struct {
	Rotation   string
	Start, End time.Time
	Participant
}

// Keeping returns the same rotation with the phase by which who has the turn that covers t,
// whatever the restriction leaves of it: what an edit of somebody's rotation stores so that who
// is on call stays on call. Of several turns of theirs it is the next that comes. It reports
// false if who is not among the participants or no turn covers t. In a fixed rotation nothing
// moves: there it reports whether the slot at t is theirs.
func (r *Rotation) Keeping(who Participant, t time.Time, zone *time.Location) (Rotation, bool) {
	kept := *r
	l := newLane(&kept, newWall(zone), nil)
	p := l.turn(momentOf(t))
	if !p.on || r.Unit == Fixed {
		return kept, p.on && p.who == who
	}
	count := len(r.Participants)
	for range count {
		if l.participant(p.turn) == who {
			return kept, true
		}
		kept.Phase = mod(mod(kept.Phase, count)+1, count)
	}
	return *r, false
}

// Turn returns who has the turn that covers t, or the slot, whatever the restriction leaves of it. It
// reports false if there is none.
func (r *Rotation) Turn(t time.Time, zone *time.Location) (Participant, bool) {
	p := newLane(r, newWall(zone), nil).turn(momentOf(t))
	return p.who, p.on
}

func (r *Rotation) length() int { return min(max(1, r.Length), LengthMax) }
