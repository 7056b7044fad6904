package rota

import (
	"fmt"
	"time"

	"keng/hub/core"
)

// OverrideMax is how many days an override may last.
const OverrideMax = 366

// Override puts somebody in the place of rotations in [Start, End).
type Override struct {
	Alias       string          `cbor:"1,keyasint"`
	Schedule    core.ScheduleID `cbor:"2,keyasint"`
	Participant Participant     `cbor:"3,keyasint"`
	Start       time.Time       `cbor:"4,keyasint"`
	End         time.Time       `cbor:"5,keyasint"`
	Rotations   []string        `cbor:"6,keyasint,omitempty"` // ids; none: all
	// Number grows: of overrides that overlap the one with the greatest wins.
	Number uint64 `cbor:"7,keyasint"`
}

// Check says what is wrong with an override that cannot be.
func (o *Override) Check() error {
	switch err := checkTimes(o.Start, o.End); {
	case err != nil:
		return err
	case o.End.Sub(o.Start) > OverrideMax*24*time.Hour:
		return core.Invalid("endDate", fmt.Sprintf("must be at most %d days after startDate", OverrideMax))
	case o.Participant.several():
		return core.Invalid("user", severalWords)
	}
	return nil
}

// Forward gives what would reach one person in [Start, End) to another.
type Forward struct {
	ID     string      `cbor:"1,keyasint"`
	Alias  string      `cbor:"2,keyasint,omitempty"`
	From   core.UserID `cbor:"3,keyasint"`
	To     core.UserID `cbor:"4,keyasint"`
	Start  time.Time   `cbor:"5,keyasint"`
	End    time.Time   `cbor:"6,keyasint"`
	Number uint64      `cbor:"7,keyasint"` // as that of an override
}

// Check says what is wrong with a forwarding rule that cannot be.
func (f *Forward) Check() error {
	switch {
	case f.From == "":
		return core.Invalid("fromUser", "a forwarding rule needs one")
	case f.To == "":
		return core.Invalid("toUser", "a forwarding rule needs one")
	case f.From == f.To:
		return core.Invalid("toUser", "must be somebody else than fromUser")
	}
	return checkTimes(f.Start, f.End)
}

// Absence is a time in which a person is off.
type Absence struct {
	ID    string      `cbor:"1,keyasint"`
	User  core.UserID `cbor:"2,keyasint"`
	Start time.Time   `cbor:"3,keyasint"`
	End   time.Time   `cbor:"4,keyasint"`
	Note  string      `cbor:"5,keyasint,omitempty"`
}

// Check says what is wrong with an absence that cannot be.
func (a *Absence) Check() error {
	if a.User == "" {
		return core.Invalid("user", "an absence needs one")
	}
	return checkTimes(a.Start, a.End)
}

// checkTimes says what is wrong with the ends of something.
func checkTimes(start, end time.Time) error {
	switch {
	case !known(start):
		return core.Invalid("startDate", knownWords)
	case !known(end):
		return core.Invalid("endDate", knownWords)
	case !end.After(start):
		return core.Invalid("endDate", "must be after startDate")
	}
	return nil
}
