package api

import (
	"context"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/state"
)

// scheduleIn names a schedule, and says what it is to be.
type scheduleIn struct {
	schedule state.Pick
	expand   bool
	fields   state.ScheduleFields
}

func (in *scheduleIn) read(c *call) {
	in.schedule, in.expand = c.picked("identifierType"), c.query("expand") == "rotation"
	b := c.body
	in.fields = state.ScheduleFields{Name: b.said("name"), Description: b.said("description"), Zone: b.said("timezone"),
		Enabled: b.saidTruth("enabled"), Team: b.saidPick("ownerTeam")}
	if b.has("rotations") {
		rotations := []state.RotationFields{}
		for _, o := range b.objects("rotations") {
			rotations = append(rotations, readRotation(o))
		}
		in.fields.Rotations = &rotations
	}
}

// units are the words for units of turns.
var units = map[string]rota.Unit{"hourly": rota.Hourly, "daily": rota.Daily, "weekly": rota.Weekly}

func readRotation(o object) state.RotationFields {
	f := state.RotationFields{ID: o.text("id"), Name: o.said("name"), Start: o.saidMoment("startDate"), End: o.saidMoment("endDate"),
		Length: o.saidNumber("length"), Restriction: o.saidRestriction("timeRestriction")}
	if word := o.text("type"); word != "" {
		unit, ok := units[word]
		if !ok {
			o.complain("type", "must be hourly, daily or weekly")
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
	return f
}

func createSchedule(in *scheduleIn) state.CreateSchedule {
	return state.CreateSchedule{Fields: in.fields}
}

func changeSchedule(in *scheduleIn) state.ChangeSchedule {
	return state.ChangeSchedule{Schedule: in.schedule, Fields: in.fields}
}

func deleteSchedule(in *scheduleIn) state.DeleteSchedule {
	return state.DeleteSchedule{Schedule: in.schedule}
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
}

func scheduleOf(tx reader, s *rota.Schedule, expand bool) scheduleRecord {
	out := scheduleRecord{ID: string(s.ID), Name: s.Name, Description: s.Description, Timezone: s.Zone, Enabled: !s.Disabled,
		OwnerTeam: ownerOf(tx, string(s.Team)), Rotations: []rotationRecord{}}
	if expand {
		for i := range s.Rotations {
			out.Rotations = append(out.Rotations, rotationOf(tx, &s.Rotations[i]))
		}
	}
	return out
}

func rotationOf(tx reader, r *rota.Rotation) rotationRecord {
	out := rotationRecord{ID: r.ID, Name: r.Name, StartDate: moment{r.Start}, Length: max(1, r.Length), Participants: []someone{},
		Restriction: restrictionOf(r.Restriction)}
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
	schedule state.Pick
	rotation string
	fields   state.RotationFields
}

func (in *rotationIn) read(c *call) {
	in.schedule, in.rotation = c.picked("scheduleIdentifierType"), c.identifier("id")
	in.fields = readRotation(c.body)
}

func createRotation(in *rotationIn) state.CreateRotation {
	return state.CreateRotation{Schedule: in.schedule, Fields: in.fields}
}

func changeRotation(in *rotationIn) state.ChangeRotation {
	return state.ChangeRotation{Schedule: in.schedule, Rotation: in.rotation, Fields: in.fields}
}

func deleteRotation(in *rotationIn) state.DeleteRotation {
	return state.DeleteRotation{Schedule: in.schedule, Rotation: in.rotation}
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
