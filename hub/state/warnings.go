package state

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/raftstore/table"
)

// warnedFor is for how long nobody is warned again of the same: who has daily shifts, and e-mail alone, knows it.
const warnedFor = 7 * 24 * time.Hour

// Warning is that it was told of a person that nothing loud reaches them in a shift.
type Warning struct {
	User     core.UserID    `cbor:"1,keyasint"`
	Standing reach.Standing `cbor:"2,keyasint,omitempty"` // how well the person could be reached
	At       time.Time      `cbor:"3,keyasint"`           // when the person was told
	// Schedules are those whose keepers were told since.
	Schedules []core.ScheduleID `cbor:"4,keyasint,omitempty"`
}

// Warnings holds them, a row a person at most. It goes when something loud comes through again.
var Warnings = table.New(60, "warnings", func(w *Warning) table.Key { return warningKey(w.User) })

func warningKey(id core.UserID) table.Key { return table.K().String(string(id)) }

// mayWarn reports whether a person is to be warned now, and whether those who look after the schedule are to be
// warned of the person: neither twice within warnedFor while it is as bad as before. It notes that they are.
func (w *watching) mayWarn(u *reach.User) (person, keepers bool, err error) {
	standing := StandingOf(w.tx, u, w.now)
	row, ok := Warnings.Get(w.tx, warningKey(u.ID))
	if !ok || row.Standing != standing || w.now.Sub(row.At) >= warnedFor {
		row, person = &Warning{User: u.ID, Standing: standing, At: w.now}, true
	}
	if keepers = !slices.Contains(row.Schedules, w.schedule.ID); !keepers {
		return person, keepers, nil
	}
	row.Schedules = append(row.Schedules, w.schedule.ID)
	row.Schedules = row.Schedules[max(0, len(row.Schedules)-warnedRemembered):]
	return person, keepers, Warnings.Put(w.tx, row)
}
