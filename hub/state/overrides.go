package state

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// Bounds of overrides.
const (
	// OverridesMax is how many overrides that are not over a schedule has at most.
	OverridesMax = 1000
	// calendarAliasMax bounds the alias of an override or a forwarding rule, in characters.
	calendarAliasMax = 512
)

var overridesBySchedule = table.NewIndex(1, "schedule and end", false, func(o *rota.Override) []table.Key {
	return []table.Key{table.K().String(string(o.Schedule)).Time(o.End)}
})

var overridesByEnd = table.NewIndex(2, "end", false, func(o *rota.Override) []table.Key { return []table.Key{table.K().Time(o.End)} })

// Overrides holds who is on call in the place of rotations, by schedule and alias.
var Overrides = table.New(37, "overrides", func(o *rota.Override) table.Key { return overrideKey(o.Schedule, o.Alias) }, overridesBySchedule, overridesByEnd)

func overrideKey(s core.ScheduleID, alias string) table.Key {
	return table.K().String(string(s)).String(alias)
}

// unfinishedOverrides returns a schedule's overrides that end after a moment, in the order
// of their ends.
func unfinishedOverrides(r table.Reader, s core.ScheduleID, now time.Time) iter.Seq[*rota.Override] {
	prefix := table.K().String(string(s))
	return overridesBySchedule.Range(r, prefix.Time(now.Add(1)), prefix+afterAll)
}

// FindOverride returns an override of a schedule.
func FindOverride(r table.Reader, s core.ScheduleID, alias string) (*rota.Override, error) {
	if o, ok := Overrides.Get(r, overrideKey(s, alias)); ok {
		return o, nil
	}
	return nil, core.Missing("Override", firstRunes(alias, NameMax))
}

// OverridesOf returns a schedule's overrides that are not over at a moment, in the order in
// which they begin.
func OverridesOf(r table.Reader, s core.ScheduleID, now time.Time) []*rota.Override {
	all := slices.Collect(unfinishedOverrides(r, s, now))
	slices.SortStableFunc(all, func(a, b *rota.Override) int { return a.Start.Compare(b.Start) })
	return all
}

// OverrideFields is what a caller says of an override. Nil is not said.
type OverrideFields struct {
	Who   *Party     `cbor:"1,keyasint,omitempty"` // a person, a team or an escalation
	Start *time.Time `cbor:"2,keyasint,omitempty"`
	End   *time.Time `cbor:"3,keyasint,omitempty"`
	// Rotations are the ids or names of those that it replaces; none: all.
	Rotations *[]Pick `cbor:"4,keyasint,omitempty"`
}

// fill writes what was said into an override and complains about what cannot be.
func (f *OverrideFields) fill(c *change, s *rota.Schedule, o *rota.Override) faults {
	wrong := faults{}
	if f.Who != nil {
		o.Participant = c.participant(wrong, "user", *f.Who)
	}
	setTime(&o.Start, f.Start)
	setTime(&o.End, f.End)
	if f.Rotations != nil {
		o.Rotations = nil
		wrong.count("rotations", len(*f.Rotations), RotationMax)
		for i, p := range (*f.Rotations)[:min(len(*f.Rotations), RotationMax)] {
			r := pickRotation(s, p)
			if r == nil {
				wrong.missing(fmt.Sprintf("rotations[%d]", i), core.Missing("Rotation", firstRunes(p.String(), NameMax)))
				continue
			}
			if !slices.Contains(o.Rotations, r.ID) {
				o.Rotations = append(o.Rotations, r.ID)
			}
		}
	}
	wrong.merge("", o.Check())
	wrong.future("endDate", o.End, c.now)
	return wrong
}

// participant returns a party as one who takes turns.
func (c *change) participant(wrong faults, field string, p Party) rota.Participant {
	if p.Kind == alert.Schedule {
		wrong.add(field, "must be a user, a team or an escalation")
		return rota.Participant{}
	}
	found, err := p.find(c.tx)
	wrong.missing(field, err)
	return participantOf(found)
}

// pickRotation returns the rotation of a schedule with an id or a name, nil if there is none.
func pickRotation(s *rota.Schedule, p Pick) *rota.Rotation {
	for _, is := range []func(rota.Rotation) bool{
		func(r rota.Rotation) bool { return p.ID != "" && r.ID == p.ID },
		func(r rota.Rotation) bool { return p.Name != "" && r.Name == p.Name },
	} {
		if i := slices.IndexFunc(s.Rotations, is); i >= 0 {
			return &s.Rotations[i]
		}
	}
	return nil
}

// CreateOverride puts somebody in the place of a schedule's rotations for a time.
type CreateOverride struct {
	Schedule Pick           `cbor:"1,keyasint"`
	Alias    string         `cbor:"2,keyasint,omitempty"` // none: one is made
	Fields   OverrideFields `cbor:"3,keyasint"`
}

func (CreateOverride) number() number { return createOverride }

func (k CreateOverride) apply(c *change) (rota.Override, error) {
	s, err := k.Schedule.Schedule(c.tx)
	if err != nil {
		return rota.Override{}, err
	}
	o := rota.Override{Schedule: s.ID, Alias: k.Alias}
	wrong := k.Fields.fill(c, s, &o)
	if k.Fields.Who == nil {
		wrong.add("user", "an override needs somebody who is on call by it")
	}
	wrong.length("alias", k.Alias, calendarAliasMax)
	if err := wrong.err(); err != nil {
		return o, err
	}
	if Overrides.Has(c.tx, overrideKey(s.ID, o.Alias)) {
		return o, &core.Error{Kind: core.Conflict, Words: "Override with alias [" + firstRunes(o.Alias, NameMax) + "] already exists."}
	}
	return o, c.addOverride(&o)
}

// addOverride keeps a new override, which wins over those made before. Without an alias it
// gets one.
func (c *change) addOverride(o *rota.Override) error {
	if atLeast(OverridesMax, unfinishedOverrides(c.tx, o.Schedule, c.now)) {
		return core.Invalid("body", fmt.Sprintf("the schedule has %d overrides that are not over: delete one first", OverridesMax))
	}
	if o.Alias == "" {
		o.Alias = c.newID("override")
	}
	o.Number = c.next("override")
	if err := c.age(agedOverrides); err != nil {
		return err
	}
	c.scheduleChanged(o.Schedule)
	return Overrides.Put(c.tx, o)
}

// ChangeOverride changes what is said of an override. It wins over the same ones as before.
type ChangeOverride struct {
	Schedule Pick           `cbor:"1,keyasint"`
	Alias    string         `cbor:"2,keyasint"`
	Fields   OverrideFields `cbor:"3,keyasint"`
}

func (ChangeOverride) number() number { return changeOverride }

func (k ChangeOverride) apply(c *change) (rota.Override, error) {
	s, err := k.Schedule.Schedule(c.tx)
	if err != nil {
		return rota.Override{}, err
	}
	o, err := FindOverride(c.tx, s.ID, k.Alias)
	if err != nil {
		return rota.Override{}, err
	}
	if err := k.Fields.fill(c, s, o).err(); err != nil {
		return *o, err
	}
	c.scheduleChanged(s.ID)
	return *o, Overrides.Put(c.tx, o)
}

// DeleteOverride takes an override away: who would be on call without it is.
type DeleteOverride struct {
	Schedule Pick   `cbor:"1,keyasint"`
	Alias    string `cbor:"2,keyasint"`
}

func (DeleteOverride) number() number { return deleteOverride }

func (k DeleteOverride) apply(c *change) (Nothing, error) {
	s, err := k.Schedule.Schedule(c.tx)
	if err != nil {
		return Nothing{}, err
	}
	o, err := FindOverride(c.tx, s.ID, k.Alias)
	if err != nil {
		return Nothing{}, err
	}
	c.scheduleChanged(s.ID)
	Overrides.Delete(c.tx, Overrides.KeyOf(o))
	return Nothing{}, nil
}
