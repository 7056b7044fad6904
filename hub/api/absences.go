package api

import (
	"context"
	"iter"
	"strconv"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/state"
	"keng/raftstore/table"
)

// partIn is a part of a list of /keng/v1 that has no ids to go by.
type partIn struct {
	offset, limit int
	link          func(pairs ...string) string
}

func (in *partIn) read(c *call) {
	in.offset, in.limit, in.link = c.number("offset", 0, 1_000_000, 0), c.number("limit", 1, rowsMax, listMax), c.link
}

// part makes a page of rows in the order in which they come.
func part[R, T any](in partIn, rows iter.Seq[R], tell func(R) T) *page[T] {
	at := func(offset int) string { return in.link("offset", strconv.Itoa(offset)) }
	out := &page[T]{paging: &paging{First: at(0)}}
	if in.offset > 0 {
		out.paging.Prev = at(max(0, in.offset-in.limit))
	}
	n := 0
	for row := range rows {
		if n++; n <= in.offset {
			continue
		}
		if len(out.of) == in.limit {
			out.paging.Next = at(in.offset + in.limit)
			break
		}
		out.of = append(out.of, tell(row))
	}
	return out
}

// filterUser returns the id of the person whom a parameter of the query names, empty if it does
// not.
func filterUser(tx reader, name string) (core.UserID, error) {
	if name == "" {
		return "", nil
	}
	u, err := state.Either(name).User(tx)
	if err != nil {
		return "", core.Invalid("user", err.Error())
	}
	return u.ID, nil
}

// absenceIn names an absence, and says what it is to be.
type absenceIn struct {
	id     string
	fields state.AbsenceFields
}

func (in *absenceIn) read(c *call) {
	in.id = c.identifier("id")
	b := c.body
	note := b.text("note")
	in.fields = state.AbsenceFields{User: b.saidPick("user"), Start: b.saidMoment("startDate"), End: b.saidMoment("endDate"), Note: &note}
}

// wholeAbsence is an absence of which everything is said.
type wholeAbsence struct{ absenceIn }

func (in *wholeAbsence) read(c *call) {
	in.absenceIn.read(c)
	c.whole("user", "startDate", "endDate")
}

func createAbsence(in *wholeAbsence) state.CreateAbsence {
	return state.CreateAbsence{Fields: in.fields}
}

func changeAbsence(in *wholeAbsence) state.ChangeAbsence {
	return state.ChangeAbsence{ID: in.id, Fields: in.fields}
}

func deleteAbsence(in *absenceIn) state.DeleteAbsence { return state.DeleteAbsence{ID: in.id} }

func absenceCreated(a rota.Absence) *written { return created(thing{ID: a.ID}) }
func absenceChanged(a rota.Absence) *written { return updated(thing{ID: a.ID}) }

// absenceRecord is when somebody is off, as replies tell it.
type absenceRecord struct {
	ID        string  `json:"id"`
	User      someone `json:"user"`
	StartDate moment  `json:"startDate"`
	EndDate   moment  `json:"endDate"`
	Note      string  `json:"note"`
}

func absenceOf(tx reader, a *rota.Absence) absenceRecord {
	return absenceRecord{ID: a.ID, User: *personOf(tx, a.User), StartDate: moment{a.Start}, EndDate: moment{a.End}, Note: a.Note}
}

func getAbsence(tx reader, in *absenceIn) (absenceRecord, error) {
	a, ok := state.Absences.Get(tx, table.K().String(in.id))
	if !ok {
		return absenceRecord{}, core.Missing("Absence", in.id)
	}
	return absenceOf(tx, a), nil
}

// absencesIn asks for the absences that are not over: everybody's, or one person's.
type absencesIn struct {
	partIn
	user string
}

func (in *absencesIn) read(c *call) {
	in.partIn.read(c)
	in.user = c.query("user")
}

func (a *API) listAbsences(ctx context.Context, in *absencesIn) (out *page[absenceRecord], err error) {
	err = a.look(ctx, func(tx reader) error {
		user, err := filterUser(tx, in.user)
		if err != nil {
			return err
		}
		out = part(in.partIn, state.AbsencesOf(tx, user, a.Now()), func(x *rota.Absence) absenceRecord { return absenceOf(tx, x) })
		return nil
	})
	return out, err
}
