package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/roster"
	"keng/hub/state"
)

// importMax bounds a file that is imported, in bytes.
const importMax = roster.BytesMax

// importRoutes is the part of the table by which files of other programs come in. Their bodies are no
// JSON, whatever the Content-Type says.
func importRoutes() []route {
	return []route{
		{"POST", "/keng/v1/schedules/{identifier...}/roster", state.Configure, true, configurationDomain, importRoster},
		{"POST", "/keng/v1/holiday-calendars/import", state.Configure, true, configurationDomain, importHolidays},
	}
}

// file reads a body that is a file.
func (c *call) file() ([]byte, error) {
	if err := c.room(importMax); err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, importMax))
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		return nil, &problem{status: http.StatusRequestEntityTooLarge, typ: "RequestTooLarge", words: fmt.Sprintf("The file is larger than %d MiB.", importMax>>20)}
	}
	if err != nil {
		return nil, malformed("the file could not be read: it was cut short or came too slowly")
	}
	return raw, nil
}

// truth returns a parameter that is true or false.
func (c *call) truth(name string) bool { return c.choice(name, "false", "true") == "true" }

// The time of which the events of a calendar are taken: from four weeks ago to a year ahead.
const (
	rosterBack  = 28 * 24 * time.Hour
	rosterAhead = 366 * 24 * time.Hour
)

// defaultRoster is the name of the rotation of a roster of which none is said.
const defaultRoster = "roster"

// rosterIn is a roster in a file, and into which rotation of a schedule it is to come.
type rosterIn struct {
	schedule state.Pick
	rotation state.Pick
	whole    bool // in the place of all shifts of the rotation from the first new one on, not beside them
	dryRun   bool
	shifts   []roster.Shift
	problems []roster.Problem
}

func (in *rosterIn) read(c *call) {
	in.schedule, in.rotation = c.picked("identifierType"), state.Either(c.query("rotation"))
	in.whole, in.dryRun = c.truth("whole"), c.truth("dryRun")
	if in.rotation == (state.Pick{}) {
		in.rotation.Name = defaultRoster
	}
	c.limit("rotation", in.rotation.Name, state.NameMax)
}

// rosterRecord is what an import of a roster does, or would do.
type rosterRecord struct {
	Schedule thing         `json:"schedule"`
	Timezone string        `json:"timezone"`
	Rotation string        `json:"rotation"`
	New      bool          `json:"newRotation"`
	Added    int           `json:"added"`
	Removed  int           `json:"removed"`
	Kept     int           `json:"kept"`
	Shifts   []rosterShift `json:"shifts"` // those that are added and removed, in order
	Problems []fileProblem `json:"problems"`
	Troubles []trouble     `json:"troubles"` // of the schedule, in the time of the roster that is to come
}

// rosterShift is a shift that is added or removed.
type rosterShift struct {
	Change    string  `json:"change"` // added or removed
	StartDate moment  `json:"startDate"`
	EndDate   moment  `json:"endDate"`
	Recipient someone `json:"recipient"`
}

// fileProblem is what is wrong with a line of a file.
type fileProblem struct {
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// troublesOfRoster is how many troubles are told of a roster.
const troublesOfRoster = 100

// importRoster tells what a roster in a file changes, and does it unless that was all that was asked for.
func importRoster(a *API, ctx context.Context, c *call) (outcome, error) {
	in := &rosterIn{}
	in.read(c)
	if err := c.complaint(); err != nil {
		return nil, err
	}
	raw, err := c.file()
	if err != nil {
		return nil, err
	}
	if err := a.readRoster(ctx, in, raw); err != nil {
		return nil, err
	}
	var out rosterRecord
	var command state.PutRoster
	err = a.look(ctx, func(tx reader) (err error) {
		out, command, err = a.planRoster(tx, in)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case in.dryRun:
		return &written{http.StatusOK, "Nothing has been changed", out}, nil
	case len(out.Problems) > 0:
		return nil, problemsOf(out.Problems)
	}
	if _, err := do(ctx, a, c.seed, command); err != nil {
		return nil, err
	}
	return updated(out), nil
}

// problemsOf is an error that names the lines of a file.
func problemsOf(all []fileProblem) error {
	e := &core.Error{Kind: core.Unacceptable, Words: "The file cannot be imported. Nothing has been changed. Please check the errors.", Fields: map[string]string{}}
	for _, p := range all {
		field := fmt.Sprintf("line %d", p.Line)
		if e.Fields[field] != "" {
			e.Fields[field] += "; "
		}
		e.Fields[field] += p.Message
	}
	return e
}

// readRoster takes the file of a roster apart. The state is looked at for time zones alone, each by itself: how
// long a file takes is nothing that others should wait for.
func (a *API) readRoster(ctx context.Context, in *rosterIn, raw []byte) error {
	zones, now := a.foreignZones(ctx), a.Now()
	name := ""
	err := a.look(ctx, func(tx reader) error {
		s, err := in.schedule.Schedule(tx)
		if err == nil {
			name = s.Zone
		}
		return err
	})
	if err != nil {
		return err
	}
	zone, err := zones(name)
	if err != nil {
		return err
	}
	in.shifts, in.problems = roster.Read(raw, roster.Options{Zone: zone, From: now.Add(-rosterBack), To: now.Add(rosterAhead), Zones: zones})
	return nil
}

// foreignZones finds the time zones that a file names, each in the state of that moment.
func (a *API) foreignZones(ctx context.Context) state.Zones {
	return func(name string) (zone *time.Location, err error) {
		viewed := a.Store.View(ctx, false, func(tx reader) error {
			zone, err = a.zones.In(tx)(name)
			return nil
		})
		if viewed != nil {
			return nil, viewed
		}
		return zone, err
	}
}

// planRoster finds out what a roster that was read changes.
func (a *API) planRoster(tx reader, in *rosterIn) (out rosterRecord, command state.PutRoster, err error) {
	now := a.Now()
	s, err := in.schedule.Schedule(tx)
	if err != nil {
		return out, command, err
	}
	zones := a.zones.In(tx)
	here, err := state.FindRoster(s, in.rotation)
	if err != nil {
		return out, command, err
	}
	slots, unknown := slotsOf(tx, in.shifts, len(in.problems))
	out = rosterRecord{Schedule: scheduleThing(s), Timezone: s.Zone, Rotation: in.rotation.Name, New: here == nil, Shifts: []rosterShift{}, Problems: []fileProblem{}, Troubles: []trouble{}}
	for _, p := range slices.Concat(in.problems, unknown) {
		out.Problems = append(out.Problems, fileProblem{p.Line, p.Words})
	}
	slices.SortStableFunc(out.Problems, func(x, y fileProblem) int { return x.Line - y.Line })
	r := rota.Rotation{Name: in.rotation.Name, Unit: rota.Fixed, Length: 1}
	if here != nil {
		r, out.Rotation = *here, here.Name
	}
	if len(out.Problems) > 0 {
		return out, command, nil
	}
	out.compare(tx, r.Slots, slots, in.whole, now, &r)
	if err := r.Check(); err != nil {
		return out, command, err
	}
	command = state.PutRoster{Schedule: state.Pick{ID: string(s.ID)}, Rotation: in.rotation, Beside: !in.whole}
	for _, x := range slots {
		command.Slots = append(command.Slots, state.RosterSlot{Who: state.Party{Kind: state.ResponderOf(x.Participant).Kind, Pick: state.Pick{ID: string(x.Participant.User)}}, Start: x.Start, End: x.End})
	}
	out.weigh(tx, zones, withRotation(s, r, here == nil), slots, now)
	return out, command, nil
}

// slotsOf makes slots of shifts, and says who is unknown.
func slotsOf(tx reader, shifts []roster.Shift, problems int) (slots []rota.Slot, unknown []roster.Problem) {
	people := peopleOf(tx)
	for _, x := range shifts {
		id, words := people.Find(x.Who)
		if words != "" && problems+len(unknown) < roster.ProblemsMax {
			unknown = append(unknown, roster.Problem{Line: x.Line, Words: words})
		}
		slots = append(slots, rota.Slot{Participant: rota.Participant{User: core.UserID(id)}, Start: x.Start.UTC(), End: x.End.UTC()})
	}
	return slots, unknown
}

// peopleOf are the people who can be named.
func peopleOf(tx reader) *roster.People {
	people := &roster.People{}
	for u := range state.Users.All(tx) {
		people.Add(string(u.ID), u.Username, u.FullName)
	}
	return people
}

// compare writes the new slots into a rotation as the command will, and tells the difference.
func (out *rosterRecord) compare(tx reader, old, slots []rota.Slot, whole bool, now time.Time, r *rota.Rotation) {
	r.Slots = state.WholeRoster(old, slots, now)
	if !whole {
		r.Slots = state.BesideRoster(old, slots, now)
	}
	r.Start = r.Slots[0].Start
	key := func(s rota.Slot) rota.Slot {
		return rota.Slot{Participant: s.Participant, Start: s.Start.UTC(), End: s.End.UTC()}
	}
	was := map[rota.Slot]bool{}
	for _, s := range old {
		was[key(s)] = true
	}
	add := func(change string, s rota.Slot) {
		out.Shifts = append(out.Shifts, rosterShift{change, moment{s.Start}, moment{s.End}, participantOf(tx, s.Participant)})
	}
	for _, s := range r.Slots {
		if was[key(s)] {
			delete(was, key(s))
			out.Kept++
			continue
		}
		add("added", s)
		out.Added++
	}
	for _, s := range old {
		if was[key(s)] {
			add("removed", s)
			out.Removed++
		}
	}
	slices.SortStableFunc(out.Shifts, func(x, y rosterShift) int { return x.StartDate.Compare(y.StartDate.Time) })
}

// withRotation returns a schedule with a rotation as it is planned.
func withRotation(s *rota.Schedule, r rota.Rotation, made bool) *rota.Schedule {
	planned := *s
	planned.Rotations = slices.Clone(s.Rotations)
	if made {
		planned.Rotations = append(planned.Rotations, r)
		return &planned
	}
	for i := range planned.Rotations {
		if planned.Rotations[i].ID == r.ID {
			planned.Rotations[i] = r
		}
	}
	return &planned
}

// weigh tells what would be to be mended in the schedule in the time of the new slots, from now on.
func (out *rosterRecord) weigh(tx reader, zones state.Zones, planned *rota.Schedule, slots []rota.Slot, now time.Time) {
	from, to := slots[0].Start, slots[len(slots)-1].End
	if from.Before(now) {
		from = now
	}
	if most := from.AddDate(0, 0, 7*weeksMax); to.After(most) {
		to = most
	}
	if !from.Before(to) {
		return
	}
	all := state.TroublesWith(tx, zones, planned, from, to)
	for _, t := range firstTroubles(all, troublesOfRoster) {
		out.Troubles = append(out.Troubles, troubleOf(tx, zones, t))
	}
}
