package api

import (
	"context"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/state"
)

// scheduleIn names a schedule, and says what it is to be.
type scheduleIn struct {
	schedule scheduleName
	expand   bool
	keep     bool // who has the turns now keeps them
	fields   state.ScheduleFields
}

func (in *scheduleIn) read(c *call) {
	in.schedule, in.expand = c.schedule("identifierType"), c.query("expand") == "rotation"
	b := c.body
	in.keep = b.isTrue("keepCurrent")
	in.fields = state.ScheduleFields{Name: b.said("name"), Description: b.said("description"), Zone: b.said("timezone"),
		Enabled: b.saidTruth("enabled"), Team: b.saidPick("ownerTeam"), Holidays: b.saidHolidays(), Covers: b.saidCovers()}
	if b.none("ownerTeam") {
		in.fields.Team = &state.Pick{}
	}
	if b.has("rotations") {
		rotations := []state.RotationFields{}
		for _, o := range b.objects("rotations") {
			f := readRotation(o)
			f.Whole = f.Unit != nil && (f.Slots != nil || f.Start != nil && f.Participants != nil)
			rotations = append(rotations, f)
		}
		in.fields.Rotations = &rotations
	}
}

// units are the words for units of turns.
var units = map[string]rota.Unit{"hourly": rota.Hourly, "daily": rota.Daily, "weekly": rota.Weekly, "monthly": rota.Monthly, "fixed": rota.Fixed}

func readRotation(o object) state.RotationFields {
	f := state.RotationFields{ID: o.text("id"), Name: o.said("name"), Start: o.saidMoment("startDate"), End: o.saidMoment("endDate"), Endless: o.none("endDate"),
		Length: o.saidNumber("length"), Restriction: o.saidShiftRestriction("timeRestriction"),
		Skips: o.saidTruth("skips"), First: o.saidNumber("firstParticipant")}
	if word := o.text("type"); word != "" {
		unit, ok := units[word]
		if !ok {
			o.complain("type", "must be hourly, daily, weekly, monthly or fixed")
		}
		f.Unit = &unit
	}
	if o.has("participants") {
		participants := []state.Party{}
		for _, p := range o.objects("participants") {
			participants = append(participants, p.party())
		}
		f.Participants = &participants
	}
	if o.has("slots") {
		slots := []state.RosterSlot{}
		for _, s := range o.objects("slots") {
			slots = append(slots, s.slot())
		}
		f.Slots = &slots
	}
	return f
}

// slot reads a shift of a fixed rotation.
func (o object) slot() (s state.RosterSlot) {
	user, _ := o.child("user")
	s.Who, s.Start, s.End = user.party(), o.neededMoment("startDate"), o.neededMoment("endDate")
	return s
}

// neededMoment returns a moment without which the object means nothing.
func (o object) neededMoment(key string) time.Time {
	if said := o.saidMoment(key); said != nil {
		return *said
	}
	if !o.has(key) {
		o.complain(key, "is needed")
	}
	return time.Time{}
}

// dayWords are the words for the days on which a restriction's windows count, where holidays are known.
var dayWords = map[rota.Days]string{rota.NoHolidays: "no-holidays", rota.HolidaysOnly: "holidays-only"}

// saidHolidays returns by which holiday calendar a schedule goes. An empty object or null is none.
func (o object) saidHolidays() *state.Pick {
	said, some := o.child("holidays")
	p := said.pick()
	switch {
	case o.none("holidays"):
		return &state.Pick{}
	case !o.has("holidays"):
		return nil
	case some && p == (state.Pick{}):
		o.complain("holidays", "must say which holiday calendar, by id or name, or be {} for none")
	}
	return &p
}

// saidCovers returns when somebody is to be on call. An empty object or null is always.
func (o object) saidCovers() *rota.Restriction {
	_, some := o.child("covers")
	r := o.saidShiftRestriction("covers")
	switch {
	case !o.has("covers"):
		return r
	case !some:
		return &rota.Restriction{}
	case r == nil:
		o.complain("covers", "must have windows, or be {} for always")
	}
	return r
}

// saidShiftRestriction returns a time restriction of a schedule, which may go by holidays; for an
// empty object or null one without windows, which is none.
func (o object) saidShiftRestriction(key string) *rota.Restriction {
	if o.none(key) {
		return &rota.Restriction{}
	}
	r := o.saidRestriction(key)
	if r == nil {
		return nil
	}
	if len(r.Windows) == 0 {
		o.complain(key, "must have windows, or be {} for none")
	}
	child, _ := o.child(key)
	word := child.text("days")
	for days, known := range dayWords {
		if known == word {
			r.Days = days
		}
	}
	if word != "" && word != "any" && r.Days == rota.AnyDay {
		child.complain("days", "must be any, no-holidays or holidays-only")
	}
	return r
}

func createSchedule(in *scheduleIn) state.CreateSchedule {
	return state.CreateSchedule{Fields: in.fields}
}

func changeSchedule(in *scheduleIn) state.ChangeSchedule {
	return state.ChangeSchedule{Schedule: in.schedule.Pick, Fields: in.fields, KeepCurrent: in.keep}
}

func deleteSchedule(in *scheduleIn) state.DeleteSchedule {
	return state.DeleteSchedule{Schedule: in.schedule.Pick}
}

func scheduleThing(s *rota.Schedule) thing {
	enabled := !s.Disabled
	return thing{ID: string(s.ID), Name: s.Name, Enabled: &enabled}
}

func scheduleCreated(s rota.Schedule) *written { return created(scheduleThing(&s)) }
func scheduleChanged(s rota.Schedule) *written { return updated(scheduleThing(&s)) }

// scheduleRecord is a schedule as replies tell it.
type scheduleRecord struct {
	ID          string           `json:"id"`
	Name        string           `json:"name"`
	Description string           `json:"description"`
	Timezone    string           `json:"timezone"`
	Enabled     bool             `json:"enabled"`
	OwnerTeam   *thing           `json:"ownerTeam,omitempty"`
	Rotations   []rotationRecord `json:"rotations"`
	Holidays    *thing           `json:"holidays,omitempty"` // the calendar by which restrictions go
	Covers      *restriction     `json:"covers,omitempty"`   // when somebody is to be on call
}

// rotationRecord is a rotation as replies tell it.
type rotationRecord struct {
	Parent       *thing       `json:"_parent,omitempty"`
	ID           string       `json:"id"`
	Name         string       `json:"name"`
	StartDate    moment       `json:"startDate"`
	EndDate      *moment      `json:"endDate,omitempty"`
	Type         string       `json:"type"`
	Length       int          `json:"length"`
	Participants []someone    `json:"participants"`
	Restriction  *restriction `json:"timeRestriction,omitempty"`
	// What follows Opsgenie has not. It is told only where it is used, so that its clients see no difference.
	FirstParticipant int          `json:"firstParticipant,omitempty"`
	Skips            bool         `json:"skips,omitempty"`
	Slots            []slotRecord `json:"slots,omitempty"`
}

// slotRecord is a shift of a fixed rotation as replies tell it.
type slotRecord struct {
	User      someone `json:"user"`
	StartDate moment  `json:"startDate"`
	EndDate   moment  `json:"endDate"`
}

func scheduleOf(tx reader, s *rota.Schedule, expand bool) scheduleRecord {
	out := scheduleRecord{ID: string(s.ID), Name: s.Name, Description: s.Description, Timezone: s.Zone, Enabled: !s.Disabled,
		OwnerTeam: ownerOf(tx, string(s.Team)), Rotations: []rotationRecord{}, Covers: restrictionOf(s.Covers)}
	if h, err := (state.Pick{ID: s.Holidays}).HolidayCalendar(tx); err == nil {
		out.Holidays = &thing{ID: h.ID, Name: h.Name}
	}
	if expand {
		for i := range s.Rotations {
			out.Rotations = append(out.Rotations, rotationOf(tx, &s.Rotations[i]))
		}
	}
	return out
}

func rotationOf(tx reader, r *rota.Rotation) rotationRecord {
	out := rotationRecord{ID: r.ID, Name: r.Name, StartDate: moment{r.Start}, Length: max(1, r.Length), Participants: []someone{},
		Restriction: restrictionOf(r.Restriction), Skips: r.Skips}
	for word, unit := range units {
		if unit == r.Unit {
			out.Type = word
		}
	}
	if !r.End.IsZero() {
		out.EndDate = &moment{r.End}
	}
	for _, p := range r.Participants {
		out.Participants = append(out.Participants, participantOf(tx, p))
	}
	if n := len(r.Participants); n > 0 {
		out.FirstParticipant = r.Phase % n
	}
	for _, s := range r.Slots {
		out.Slots = append(out.Slots, slotRecord{participantOf(tx, s.Participant), moment{s.Start}, moment{s.End}})
	}
	return out
}

func participantOf(tx reader, p rota.Participant) someone {
	return someoneOf(tx, state.ResponderOf(p))
}

// personOf tells a person by the id and the present name.
func personOf(tx reader, id core.UserID) *someone {
	who := participantOf(tx, rota.Participant{User: id})
	return &who
}

// scheduleList is a list of schedules, with what more may be asked for.
type scheduleList struct{ page[scheduleRecord] }

func (l *scheduleList) fill(e *envelope) int {
	e.Expandable = []string{"rotation"}
	return l.page.fill(e)
}

func (a *API) listSchedules(ctx context.Context, in *scheduleIn) (*scheduleList, error) {
	out := &scheduleList{}
	err := a.Store.View(ctx, false, func(tx reader) error {
		for s := range state.Schedules.All(tx) {
			if !in.schedule.seen(s) {
				continue
			}
			out.of = append(out.of, scheduleOf(tx, s, in.expand))
		}
		return nil
	})
	return out, err
}

func getSchedule(tx reader, in *scheduleIn) (scheduleRecord, error) {
	s, err := in.schedule.Schedule(tx)
	if err != nil {
		return scheduleRecord{}, err
	}
	return scheduleOf(tx, s, true), nil
}

// rotationIn names a rotation of a schedule, and says what it is to be.
type rotationIn struct {
	schedule scheduleName
	rotation string
	keep     bool // who has the turn now keeps it
	fields   state.RotationFields
}

func (in *rotationIn) read(c *call) {
	in.schedule, in.rotation = c.schedule("scheduleIdentifierType"), c.identifier("id")
	in.keep, in.fields = c.body.isTrue("keepCurrent"), readRotation(c.body)
}

func createRotation(in *rotationIn) state.CreateRotation {
	return state.CreateRotation{Schedule: in.schedule.Pick, Fields: in.fields}
}

func changeRotation(in *rotationIn) state.ChangeRotation {
	return state.ChangeRotation{Schedule: in.schedule.Pick, Rotation: in.rotation, Fields: in.fields, KeepCurrent: in.keep}
}

func deleteRotation(in *rotationIn) state.DeleteRotation {
	return state.DeleteRotation{Schedule: in.schedule.Pick, Rotation: in.rotation}
}

func rotationCreated(r rota.Rotation) *written { return created(thing{ID: r.ID, Name: r.Name}) }
func rotationChanged(r rota.Rotation) *written { return updated(thing{ID: r.ID, Name: r.Name}) }

func listRotations(tx reader, in *rotationIn) ([]rotationRecord, error) {
	s, err := in.schedule.Schedule(tx)
	if err != nil {
		return nil, err
	}
	return scheduleOf(tx, s, true).Rotations, nil
}

func getRotation(tx reader, in *rotationIn) (rotationRecord, error) {
	s, err := in.schedule.Schedule(tx)
	if err != nil {
		return rotationRecord{}, err
	}
	i, err := state.FindRotation(s, in.rotation)
	if err != nil {
		return rotationRecord{}, err
	}
	out, parent := rotationOf(tx, &s.Rotations[i]), scheduleThing(s)
	out.Parent = &parent
	return out, nil
}
