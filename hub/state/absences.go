package state

import (
	"fmt"
	"iter"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// AbsencesMax is how many absences that are not over a person has at most.
const AbsencesMax = 100

var absencesByPerson = table.NewIndex(1, "person and end", false, func(a *rota.Absence) []table.Key {
	return []table.Key{table.K().String(string(a.User)).Time(a.End)}
})

var absencesByEnd = table.NewIndex(2, "end", false, func(a *rota.Absence) []table.Key { return []table.Key{table.K().Time(a.End)} })

// Absences holds when people are off. It changes nobody's shift: see [rota.Calendar.Troubles].
var Absences = table.New(39, "absences", func(a *rota.Absence) table.Key { return table.K().String(a.ID) }, absencesByPerson, absencesByEnd)

// AbsencesOf returns a person's absences that end after a moment, in the order of their
// ends; of everybody if no person is named.
func AbsencesOf(r table.Reader, user core.UserID, now time.Time) iter.Seq[*rota.Absence] {
	if user == "" {
		return absencesByEnd.Range(r, table.K().Time(now.Add(1)), afterAll)
	}
	prefix := table.K().String(string(user))
	return absencesByPerson.Range(r, prefix.Time(now.Add(1)), prefix+afterAll)
}

// AbsenceFields is what a caller says of an absence. Nil is not said.
type AbsenceFields struct {
	User  *Pick      `cbor:"1,keyasint,omitempty"`
	Start *time.Time `cbor:"2,keyasint,omitempty"`
	End   *time.Time `cbor:"3,keyasint,omitempty"`
	Note  *string    `cbor:"4,keyasint,omitempty"`
}

// fill writes what was said into an absence and complains about what cannot be.
func (f *AbsenceFields) fill(c *change, a *rota.Absence) faults {
	wrong, was := faults{}, *a
	c.person(wrong, "user", &a.User, f.User)
	setTime(&a.Start, f.Start)
	setTime(&a.End, f.End)
	set(&a.Note, f.Note)
	wrong.length("note", a.Note, 1000)
	c.times(wrong, Span{was.Start, was.End}, a.Start, &a.End, a.Check)
	return wrong
}

// CreateAbsence says that a person is off for a time.
type CreateAbsence struct {
	Fields AbsenceFields `cbor:"1,keyasint"`
}

func (CreateAbsence) number() number { return createAbsence }

func (k CreateAbsence) apply(c *change) (rota.Absence, error) {
	a := rota.Absence{ID: c.newID("absence")}
	if err := k.Fields.fill(c, &a).err(); err != nil {
		return a, err
	}
	if err := c.age(agedAbsences); err != nil {
		return a, err
	}
	return a, c.keepAbsence(&a)
}

// keepAbsence keeps an absence if its person has not too many.
func (c *change) keepAbsence(a *rota.Absence) error {
	others := only(AbsencesOf(c.tx, a.User, c.now), func(x *rota.Absence) bool { return x.ID != a.ID })
	if atLeast(AbsencesMax, others) {
		return core.Invalid("user", fmt.Sprintf("has %d absences that are not over: delete one first", AbsencesMax))
	}
	return Absences.Put(c.tx, a)
}

// ChangeAbsence changes what is said of an absence. One that has begun and is said to have ended
// already ends now.
type ChangeAbsence struct {
	ID     string        `cbor:"1,keyasint"`
	Fields AbsenceFields `cbor:"2,keyasint"`
}

func (ChangeAbsence) number() number { return changeAbsence }

func (k ChangeAbsence) apply(c *change) (rota.Absence, error) {
	a, ok := Absences.Get(c.tx, table.K().String(k.ID))
	if !ok {
		return rota.Absence{}, core.Missing("Absence", firstRunes(k.ID, NameMax))
	}
	if err := k.Fields.fill(c, a).err(); err != nil {
		return *a, err
	}
	return *a, c.keepAbsence(a)
}

// DeleteAbsence takes an absence away.
type DeleteAbsence struct {
	ID string `cbor:"1,keyasint"`
}

func (DeleteAbsence) number() number { return deleteAbsence }

func (k DeleteAbsence) apply(c *change) (Nothing, error) {
	if !Absences.Delete(c.tx, table.K().String(k.ID)) {
		return Nothing{}, core.Missing("Absence", firstRunes(k.ID, NameMax))
	}
	return Nothing{}, nil
}
