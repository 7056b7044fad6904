package rota

import (
	"time"

	"keng/hub/core"
)

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

// Absence is a time in which a person is off.
type Absence struct {
	ID    string      `cbor:"1,keyasint"`
	User  core.UserID `cbor:"2,keyasint"`
	Start time.Time   `cbor:"3,keyasint"`
	End   time.Time   `cbor:"4,keyasint"`
	Note  string      `cbor:"5,keyasint,omitempty"`
}
