package state

import (
	"fmt"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// RotationFields is what a caller says of a rotation. Nil is not said.
type RotationFields struct {
	ID           string            `cbor:"1,keyasint,omitempty"` // in a schedule's list: which of those it has
	Name         *string           `cbor:"2,keyasint,omitempty"`
	Start        *time.Time        `cbor:"3,keyasint,omitempty"`
	End          *time.Time        `cbor:"4,keyasint,omitempty"`
	Unit         *rota.Unit        `cbor:"5,keyasint,omitempty"`
	Length       *int              `cbor:"6,keyasint,omitempty"`
	Participants *[]Party          `cbor:"7,keyasint,omitempty"` // people, teams, escalations and nobody
	Restriction  *rota.Restriction `cbor:"8,keyasint,omitempty"` // one without windows: none
	Skips        *bool             `cbor:"9,keyasint,omitempty"` // see [rota.Rotation]
	// Slots are the shifts of a fixed rotation, in any order; they replace all, and say when it begins.
	Slots *[]RosterSlot `cbor:"10,keyasint,omitempty"`
	// First is which of the participants takes the first hand-over, counted from 0.
	First *int `cbor:"11,keyasint,omitempty"`
	// Endless takes the end off.
	Endless bool `cbor:"12,keyasint,omitempty"`
	// Whole says that this is all of it: what is not said a rotation that is there loses, but for
	// its name and who has the first turn.
	Whole bool `cbor:"13,keyasint,omitempty"`
}

// fill writes what was said into a rotation and complains about what cannot be.
func (f *RotationFields) fill(c *change, wrong faults, at string, r *rota.Rotation) {
	was := *r
	if f.Whole {
		*r = rota.Rotation{ID: r.ID, Name: r.Name, Phase: r.Phase}
	}
	set(&r.Name, f.Name)
	wrong.length(at+"name", r.Name, NameMax)
	if f.Start != nil {
		r.Start = f.Start.UTC()
	}
	setTime(&r.End, f.End)
	if f.Endless {
		r.End = time.Time{}
	}
	set(&r.Unit, f.Unit)
	if f.Unit != nil && r.Unit != rota.Fixed {
		r.Slots = nil
	}
	if f.Length != nil {
		if r.Length = *f.Length; r.Length < 1 || r.Length > rota.LengthMax {
			wrong.add(at+"length", fmt.Sprintf("must be from 1 to %d", rota.LengthMax))
		}
	}
	r.Length = max(1, r.Length)
	set(&r.Skips, f.Skips)
	wrong.restrict(at+"timeRestriction", &r.Restriction, f.Restriction)
	if f.Participants != nil {
		r.Participants = nil
		wrong.count(at+"participants", len(*f.Participants), TurnsMax)
		for i, p := range (*f.Participants)[:min(len(*f.Participants), TurnsMax)] {
			field := fmt.Sprintf("%sparticipants[%d]", at, i)
			if p.Kind == alert.Schedule {
				wrong.add(field, "must be a user, a team, an escalation or none")
				continue
			}
			found, err := p.find(c.tx)
			wrong.missing(field, err)
			r.Participants = append(r.Participants, participantOf(found))
		}
	}
	if !r.Start.Equal(was.Start) || r.Unit != was.Unit || r.Length != was.Length || !slices.Equal(r.Participants, was.Participants) {
		r.Phase = 0 // other turns: the first has the first, as the list says
	}
	f.turns(c, wrong, at, r)
	for field, why := range fieldsOf(r.Check()) {
		if wrong[at+field] == "" {
			wrong.add(at+field, why)
		}
	}
}

// turns takes over who has the first turn and, of a rotation without turns, its shifts.
func (f *RotationFields) turns(c *change, wrong faults, at string, r *rota.Rotation) {
	if r.Unit == rota.Fixed {
		if f.Participants != nil && len(*f.Participants) > 0 {
			wrong.add(at+"participants", "a fixed rotation has none: its slots say who is on call")
		}
		if f.First != nil {
			wrong.add(at+"firstParticipant", "a fixed rotation has no turns")
		}
		r.Participants, r.Phase = nil, 0
	}
	switch {
	case f.Slots == nil && r.Unit == rota.Fixed && len(r.Slots) == 0:
		wrong.add(at+"slots", "a fixed rotation needs at least one")
	case f.Slots == nil:
	case r.Unit != rota.Fixed:
		wrong.add(at+"slots", "only a fixed rotation has slots")
	default:
		bad := faults{}
		(&PutRoster{Slots: *f.Slots}).plan(c, bad, r)
		for field, why := range bad {
			wrong.add(at+field, why)
		}
	}
	if f.First == nil || r.Unit == rota.Fixed {
		return
	}
	if r.Phase = *f.First; r.Phase < 0 || r.Phase >= len(r.Participants) {
		wrong.add(at+"firstParticipant", "must be the place of one of the participants, from 0")
		r.Phase = 0
	}
}

// ScheduleFields is what a caller says of a schedule. Nil is not said.
type ScheduleFields struct {
	Name        *string           `cbor:"1,keyasint,omitempty"`
	Description *string           `cbor:"2,keyasint,omitempty"`
	Zone        *string           `cbor:"3,keyasint,omitempty"` // IANA name
	Enabled     *bool             `cbor:"4,keyasint,omitempty"`
	Team        *Pick             `cbor:"5,keyasint,omitempty"` // an empty pick: none
	Rotations   *[]RotationFields `cbor:"6,keyasint,omitempty"` // replaces all
	// Holidays is the holiday calendar by which it goes; an empty pick: none.
	Holidays *Pick `cbor:"7,keyasint,omitempty"`
	// Covers is when somebody is to be on call; one without windows: always.
	Covers *rota.Restriction `cbor:"8,keyasint,omitempty"`
}

// fill writes what was said into a schedule and complains about what cannot be.
func (f *ScheduleFields) fill(c *change, s *rota.Schedule) faults {
	wrong := faults{}
	set(&s.Name, f.Name)
	wrong.length("name", s.Name, NameMax)
	set(&s.Description, f.Description)
	wrong.length("description", s.Description, TextMax)
	if f.Zone != nil || s.Zone == "" {
		s.Zone = c.zone(f.Zone)
		if _, err := c.zones(s.Zone); err != nil {
			wrong.add("timezone", "there is no time zone "+s.Zone)
		}
	}
	if f.Enabled != nil {
		s.Disabled = !*f.Enabled
	}
	s.Team = c.owner(wrong, f.Team, s.Team)
	c.holidayCalendar(wrong, s, f.Holidays)
	wrong.restrict("covers", &s.Covers, f.Covers)
	f.rotations(c, wrong, s)
	return wrong
}

// rotations takes over the list of rotations, which replaces all. One that is said without an id
// is the one of before with its name, so that what is planned for that stays. Of it nothing is
// kept but the id.
func (f *ScheduleFields) rotations(c *change, wrong faults, s *rota.Schedule) {
	if f.Rotations == nil {
		return
	}
	old := s.Rotations
	s.Rotations = nil
	wrong.count("rotations", len(*f.Rotations), RotationMax)
	for i, said := range (*f.Rotations)[:min(len(*f.Rotations), RotationMax)] {
		at := fmt.Sprintf("rotations[%d].", i)
		if said.ID != "" && hasRotation(s.Rotations, said.ID) {
			wrong.add(at+"id", "is named twice")
		}
		r := rota.Rotation{}
		if j := slices.IndexFunc(old, func(x rota.Rotation) bool { return said.ID != "" && x.ID == said.ID }); j >= 0 {
			r = old[j]
		}
		said.fill(c, wrong, at, &r)
		s.Rotations = append(s.Rotations, r)
	}
	for i := range s.Rotations {
		nameRotation(s, &s.Rotations[i])
	}
	for i := range s.Rotations {
		r := &s.Rotations[i]
		if r.ID != "" {
			continue
		}
		r.ID = c.newID("rotation")
		if j := slices.IndexFunc(old, func(x rota.Rotation) bool { return x.Name == r.Name && !hasRotation(s.Rotations, x.ID) }); j >= 0 {
			r.ID = old[j].ID
		}
	}
}

func hasRotation(all []rota.Rotation, id string) bool {
	return slices.ContainsFunc(all, func(r rota.Rotation) bool { return r.ID == id })
}

// restrict takes over a restriction, if one is said. One without windows is none.
func (f faults) restrict(field string, to **rota.Restriction, said *rota.Restriction) {
	switch {
	case said == nil:
	case len(said.Windows) == 0:
		*to = nil
	default:
		if *to = said; !said.Valid() || len(said.Windows) > RulesMax {
			f.add(field, "must have windows with days, hours from 0 to 24 and minutes from 0 to 59")
		}
	}
}

// owner returns the team that a caller names as the owner, none if it names none, else the one
// that it was.
func (c *change) owner(wrong faults, said *Pick, was core.TeamID) core.TeamID {
	if said == nil {
		return was
	}
	if *said == (Pick{}) {
		return ""
	}
	t, err := said.Team(c.tx)
	if err != nil {
		wrong.missing("ownerTeam", err)
		return was
	}
	return t.ID
}

// nameRotation gives a rotation without a name the next free one: Rot1, Rot2 …
func nameRotation(s *rota.Schedule, r *rota.Rotation) {
	for n := 1; r.Name == ""; n++ {
		name := fmt.Sprintf("Rot%d", n)
		if !slices.ContainsFunc(s.Rotations, func(x rota.Rotation) bool { return x.Name == name }) {
			r.Name = name
		}
	}
}

// CreateSchedule makes a schedule.
type CreateSchedule struct {
	Fields ScheduleFields `cbor:"1,keyasint"`
}

func (CreateSchedule) number() number { return createSchedule }

func (k CreateSchedule) apply(c *change) (rota.Schedule, error) {
	s := rota.Schedule{ID: core.ScheduleID(c.newID("schedule"))}
	wrong := k.Fields.fill(c, &s)
	if s.Name == "" {
		wrong.add("name", "a schedule needs a name")
	}
	if err := wrong.err(); err != nil {
		return s, err
	}
	return PutSchedule{Schedule: s}.apply(c)
}

// ChangeSchedule changes what is said of a schedule.
type ChangeSchedule struct {
	Schedule Pick           `cbor:"1,keyasint"`
	Fields   ScheduleFields `cbor:"2,keyasint"`
	// KeepCurrent lets those who have the turns of its rotations now have them after the change.
	KeepCurrent bool `cbor:"3,keyasint,omitempty"`
}

func (ChangeSchedule) number() number { return changeSchedule }

func (k ChangeSchedule) apply(c *change) (rota.Schedule, error) {
	return c.changeSchedule(k.Schedule, c.keepTurnsOf(k.KeepCurrent, func(s *rota.Schedule) error { return k.Fields.fill(c, s).err() }))
}

// changeSchedule lets a function change a schedule and keeps the result.
func (c *change) changeSchedule(which Pick, do func(*rota.Schedule) error) (rota.Schedule, error) {
	s, err := which.Schedule(c.tx)
	if err != nil {
		return rota.Schedule{}, err
	}
	if err := do(s); err != nil {
		return *s, err
	}
	return PutSchedule{Schedule: *s}.apply(c)
}

// DeleteSchedule deletes a schedule that no team or escalation needs.
type DeleteSchedule struct {
	Schedule Pick `cbor:"1,keyasint"`
}

func (DeleteSchedule) number() number { return deleteSchedule }

func (k DeleteSchedule) apply(c *change) (Nothing, error) {
	s, err := k.Schedule.Schedule(c.tx)
	if err != nil {
		return Nothing{}, err
	}
	if err := inUse("Schedule", s.Name, c.usesOf(alert.Responder{Kind: alert.Schedule, ID: string(s.ID)})); err != nil {
		return Nothing{}, err
	}
	c.forgetSchedule(s.ID)
	c.scheduleChanged(s.ID)
	Schedules.Delete(c.tx, table.K().String(string(s.ID)))
	return Nothing{}, nil
}

// FindRotation returns the place of a rotation in its schedule.
func FindRotation(s *rota.Schedule, id string) (int, error) {
	i := slices.IndexFunc(s.Rotations, func(r rota.Rotation) bool { return r.ID == id })
	if i < 0 {
		return 0, core.Missing("Rotation", firstRunes(id, NameMax))
	}
	return i, nil
}

// CreateRotation gives a schedule one more rotation.
type CreateRotation struct {
	Schedule Pick           `cbor:"1,keyasint"`
	Fields   RotationFields `cbor:"2,keyasint"`
}

func (CreateRotation) number() number { return createRotation }

func (k CreateRotation) apply(c *change) (rota.Rotation, error) {
	r := rota.Rotation{ID: c.newID("rotation")}
	_, err := c.changeSchedule(k.Schedule, func(s *rota.Schedule) error {
		wrong := faults{}
		k.Fields.fill(c, wrong, "", &r)
		nameRotation(s, &r)
		s.Rotations = append(s.Rotations, r)
		wrong.count("rotations", len(s.Rotations), RotationMax)
		return wrong.err()
	})
	return r, err
}

// ChangeRotation changes what is said of a rotation.
type ChangeRotation struct {
	Schedule Pick           `cbor:"1,keyasint"`
	Rotation string         `cbor:"2,keyasint"`
	Fields   RotationFields `cbor:"3,keyasint"`
	// KeepCurrent lets whoever has the turn now have it after the change.
	KeepCurrent bool `cbor:"4,keyasint,omitempty"`
}

func (ChangeRotation) number() number { return changeRotation }

func (k ChangeRotation) apply(c *change) (rota.Rotation, error) {
	s, err := c.changeSchedule(k.Schedule, c.keepTurnsOf(k.KeepCurrent, func(s *rota.Schedule) error {
		i, err := FindRotation(s, k.Rotation)
		if err != nil {
			return err
		}
		wrong := faults{}
		k.Fields.fill(c, wrong, "", &s.Rotations[i])
		return wrong.err()
	}))
	if err != nil {
		return rota.Rotation{}, err
	}
	i, err := FindRotation(&s, k.Rotation)
	if err != nil {
		return rota.Rotation{}, err
	}
	return s.Rotations[i], nil
}

// DeleteRotation deletes a rotation, and what of overrides was for it.
type DeleteRotation struct {
	Schedule Pick   `cbor:"1,keyasint"`
	Rotation string `cbor:"2,keyasint"`
}

func (DeleteRotation) number() number { return deleteRotation }

func (k DeleteRotation) apply(c *change) (Nothing, error) {
	_, err := c.changeSchedule(k.Schedule, func(s *rota.Schedule) error {
		i, err := FindRotation(s, k.Rotation)
		if err == nil {
			s.Rotations = slices.Delete(s.Rotations, i, i+1)
		}
		return err
	})
	return Nothing{}, err
}
