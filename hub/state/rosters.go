package state

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// RosterSlot is a shift that was planned by hand: [Start, End).
type RosterSlot struct {
	Who   Party     `cbor:"1,keyasint"` // a person, a team or an escalation; nobody: nobody is on call
	Start time.Time `cbor:"2,keyasint"`
	End   time.Time `cbor:"3,keyasint"`
}

// PutRoster keeps a roster that was planned by hand as a rotation of a schedule: a new one, or
// in the place of the shifts of one that it names. What that has before the first of the new shifts
// stays: next month's plan takes nobody off call today.
type PutRoster struct {
	Schedule Pick `cbor:"1,keyasint"`
	// Rotation is the roster's id or name. One that does not exist is made, with the name.
	Rotation Pick         `cbor:"2,keyasint"`
	Slots    []RosterSlot `cbor:"3,keyasint"` // in any order
	// Beside keeps what the roster has outside of the time of these shifts, from the start of the
	// first to the end of the last: next month's come beside this month's. See [BesideRoster].
	Beside bool `cbor:"4,keyasint,omitempty"`
}

func (PutRoster) number() number { return putRoster }

func (k PutRoster) apply(c *change) (rota.Rotation, error) {
	var r rota.Rotation
	_, err := c.changeSchedule(k.Schedule, func(s *rota.Schedule) error {
		wrong := faults{}
		here, err := FindRoster(s, k.Rotation)
		if err != nil {
			return err
		}
		if here == nil {
			wrong.count("rotations", len(s.Rotations)+1, RotationMax)
			s.Rotations = append(s.Rotations, rota.Rotation{ID: c.newID("rotation"), Name: k.Rotation.Name, Unit: rota.Fixed})
			here = &s.Rotations[len(s.Rotations)-1]
			nameRotation(s, here)
			wrong.length("name", here.Name, NameMax)
		}
		old := here.Slots
		if k.plan(c, wrong, here); len(wrong) == 0 && !k.Beside {
			here.Slots = WholeRoster(old, here.Slots, c.now)
			here.Start = here.Slots[0].Start
			wrong.merge("", here.Check())
		}
		r = *here
		return wrong.err()
	})
	return r, err
}

// FindRoster returns the rotation of a schedule that is to be a roster; nil if it is to be made.
func FindRoster(s *rota.Schedule, p Pick) (*rota.Rotation, error) {
	here, err := pickRotation(s, p)
	switch {
	case core.KindOf(err) == core.Conflict:
		return nil, err
	case here != nil && here.Unit != rota.Fixed:
		return nil, core.Invalid("rotation", "["+here.Name+"] is no roster: its participants take turns")
	case here == nil && p.Name == "" && p.ID != "":
		return nil, core.Missing("Rotation", firstRunes(p.ID, NameMax))
	}
	return here, nil
}

// BesideRoster returns the shifts of a roster after new ones came beside its old ones: of those
// there stays what is before the first or after the last new one. If they are too many, the oldest of
// those that are over go. Both lists are in order; so is the result.
func BesideRoster(old, come []rota.Slot, now time.Time) []rota.Slot {
	if len(come) == 0 {
		return old
	}
	from, to := come[0].Start, come[len(come)-1].End
	all := slices.Clone(come)
	for _, s := range old {
		before, after := s, s
		if before.End.After(from) {
			before.End = from
		}
		if after.Start.Before(to) {
			after.Start = to
		}
		for _, rest := range []rota.Slot{before, after} {
			if rest.Start.Before(rest.End) {
				all = append(all, rest)
			}
		}
	}
	sortSlots(all)
	for len(all) > rota.SlotsMax && !all[0].End.After(now) {
		all = all[1:]
	}
	return all
}

// WholeRoster is as [BesideRoster], but what is after the new shifts goes, too: only what is
// before the first of them stays, so that nobody goes off call earlier and the past is as it was.
func WholeRoster(old, come []rota.Slot, now time.Time) []rota.Slot {
	var before []rota.Slot
	for _, s := range old {
		if len(come) > 0 && s.Start.Before(come[0].Start) {
			if s.End.After(come[0].Start) {
				s.End = come[0].Start
			}
			before = append(before, s)
		}
	}
	return BesideRoster(before, come, now)
}

func sortSlots(all []rota.Slot) {
	slices.SortFunc(all, func(a, b rota.Slot) int { return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End)) })
}

// plan writes the shifts into a rotation and complains about what cannot be.
func (k *PutRoster) plan(c *change, wrong faults, r *rota.Rotation) {
	old := r.Slots
	r.Slots, r.Length = nil, 1
	wrong.count("slots", len(k.Slots), rota.SlotsMax)
	if len(k.Slots) == 0 {
		wrong.add("slots", "a roster needs at least one shift")
		return
	}
	for i, said := range k.Slots[:min(len(k.Slots), rota.SlotsMax)] {
		at := fmt.Sprintf("slots[%d].", i)
		slot := rota.Slot{Participant: c.participant(wrong, at+"user", said.Who), Start: said.Start.UTC(), End: said.End.UTC()}
		if !slot.End.After(slot.Start) {
			wrong.add(at+"endDate", "must be after startDate")
		}
		r.Slots = append(r.Slots, slot)
	}
	sortSlots(r.Slots)
	r.Start, r.End = r.Slots[0].Start, time.Time{}
	if len(wrong) == 0 {
		wrong.merge("", r.Check())
	}
	if k.Beside && len(wrong) == 0 {
		r.Slots = BesideRoster(old, r.Slots, c.now)
		r.Start = r.Slots[0].Start
		wrong.merge("", r.Check())
	}
}

// takers returns who has turns or shifts of a rotation now or later.
func takers(r *rota.Rotation, now time.Time) []rota.Participant {
	if r.Unit != rota.Fixed {
		return r.Participants
	}
	var all []rota.Participant
	for _, s := range r.Slots {
		if s.End.After(now) {
			all = append(all, s.Participant)
		}
	}
	return all
}

// turnHolder is who has the turn of a rotation at a moment, on call or not.
type turnHolder struct {
	rotation string
	rota.Participant
}

// turnHolders returns who has the turns of a schedule's rotations now.
func (c *change) turnHolders(s *rota.Schedule) (all []turnHolder) {
	zone, err := c.zones(s.Zone)
	if err != nil {
		return nil
	}
	for i := range s.Rotations {
		r := &s.Rotations[i]
		if p, ok := r.Turn(c.now, zone); ok && r.Unit != rota.Fixed { // the shifts of a roster stay where they are
			all = append(all, turnHolder{r.ID, p})
		}
	}
	return all
}

// keepTurns lets those who had the turns before an edit have them after it.
func (c *change) keepTurns(s *rota.Schedule, had []turnHolder) error {
	zone, err := c.zones(s.Zone)
	if err != nil {
		return nil // the schedule is refused for that
	}
	for i := range s.Rotations {
		r := &s.Rotations[i]
		at := slices.IndexFunc(had, func(h turnHolder) bool { return h.rotation == r.ID })
		if at < 0 || r.Unit == rota.Fixed {
			continue
		}
		kept, ok := r.Keeping(had[at].Participant, c.now, zone)
		if !ok {
			return core.Invalid("keepCurrent", c.nameOf(had[at].Participant)+", who has the turn of rotation ["+r.Name+"] now, could not keep it: "+
				"with this change there is no turn now, or it leaves them out. Leave keepCurrent out, or make an override.")
		}
		*r = kept
	}
	return nil
}

// nameOf returns what people call one who takes turns.
func (c *change) nameOf(p rota.Participant) string {
	if u, ok := Users.Get(c.tx, table.K().String(string(p.User))); ok {
		return u.Username
	}
	if t, ok := Teams.Get(c.tx, table.K().String(string(p.Team))); ok {
		return "team " + t.Name
	}
	if e, ok := Escalations.Get(c.tx, table.K().String(string(p.Escalation))); ok {
		return "escalation " + e.Name
	}
	return "nobody"
}

// keepTurnsOf lets a function change a schedule; if asked, those who have the turns of its
// rotations now have them after it.
func (c *change) keepTurnsOf(keep bool, do func(*rota.Schedule) error) func(*rota.Schedule) error {
	if !keep {
		return do
	}
	return func(s *rota.Schedule) error {
		had := c.turnHolders(s)
		if err := do(s); err != nil {
			return err
		}
		return c.keepTurns(s, had)
	}
}
