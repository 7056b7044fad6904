package state

import (
	"hash/fnv"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

const (
	// ScheduleLook is the kind of deadline at which it is looked whom to tell of what a
	// schedule brings: see [Vigil].
	ScheduleLook DeadlineKind = 70
	// ScheduleRound is the kind at which it is planned anew when some schedules are looked at, one
	// after another.
	ScheduleRound DeadlineKind = 71
)

// Vigil is what the hub has in mind of a schedule that is not disabled: when somebody is to be
// told next of what it brings, and what has been told.
type Vigil struct {
	Schedule core.ScheduleID `cbor:"1,keyasint"`
	// Look is the deadline at which it is looked next, at LookAt.
	Look   string    `cbor:"2,keyasint,omitempty"`
	LookAt time.Time `cbor:"3,keyasint,omitzero"`
	// Looked is when it was looked last: what there was to tell through then has been told.
	Looked time.Time `cbor:"4,keyasint,omitzero"`
	// From is before when nothing that is not yet told will be: no reminder lay between
	// Looked and it, and what is planned for a time that has passed is not made up for.
	From time.Time `cbor:"5,keyasint,omitzero"`
	// GapsAt is when it is looked for gaps next, and Gaps what was told of that is not over.
	GapsAt time.Time     `cbor:"6,keyasint,omitzero"`
	Gaps   []ToldTrouble `cbor:"7,keyasint,omitempty"`
	// Warned are the shifts to come of which it was told that who has them can be reached by nothing loud.
	Warned []Warned `cbor:"57,keyasint,omitempty"`
}

// Vigils holds what the hub has in mind of schedules, a row each.
var Vigils = table.New(45, "vigils", func(v *Vigil) table.Key { return vigilKey(v.Schedule) })

func vigilKey(id core.ScheduleID) table.Key { return table.K().String(string(id)) }

// round is how far it has come that for all schedules it is planned anew when they are looked at.
type round struct {
	Look   string    `cbor:"1,keyasint,omitempty"` // the deadline at which it goes on; empty: it is done
	LookAt time.Time `cbor:"2,keyasint,omitzero"`
	// From is the schedule with which it goes on; empty: it begins.
	From core.ScheduleID `cbor:"3,keyasint,omitempty"`
}

var rounds = table.New(46, "rounds", func(*round) table.Key { return roundKey })

var roundKey = table.K().String("schedules")

const (
	// looksMax is how many schedules one command looks at: hundreds may hand over at the same
	// minute, and a page must not wait for them (P6). The others come later, as many each lookRest.
	looksMax = 10
	lookRest = 20 * time.Millisecond
	// lookRests is how many of those moments are looked at for one that is free: of 10,000 schedules.
	lookRests = 1000
	// gapsHour is the hour at which it is looked for gaps, by the wall of the schedule's zone. Each
	// schedule has its own second of the gapsSpread that follow: thousands have one zone (P6).
	gapsHour, gapsSpread = 9, 600
)

// scheduleChanged has it planned anew, at the end of the command, when a schedule is looked at: it
// has changed, or what is planned for it.
func (c *change) scheduleChanged(id core.ScheduleID) { c.changedSchedules[id] = true }

// schedulesChanged is the same after a change that concerns several: of forwarding, a person's
// rules, holidays, time zones.
func (c *change) schedulesChanged() { c.changedCalendars = true }

// planLooks plans anew when schedules are looked at that this command has changed.
func (c *change) planLooks() error {
	for _, id := range sortedKeys(c.changedSchedules) {
		if err := c.planLook(id); err != nil {
			return err
		}
	}
	if !c.changedCalendars {
		return nil
	}
	return c.beginRound()
}

// planLook plans anew when a schedule is looked at. Of one that is disabled or deleted nothing is to
// be told. If it makes no difference nothing is written.
func (c *change) planLook(id core.ScheduleID) error {
	v, known := Vigils.Get(c.tx, vigilKey(id))
	s, ok := Schedules.Get(c.tx, table.K().String(string(id)))
	if !ok || s.Disabled {
		if known {
			c.dropLook(v)
			Vigils.Delete(c.tx, vigilKey(id))
		}
		return nil
	}
	if !known {
		v = &Vigil{Schedule: id}
	} else if !v.LookAt.After(c.now) || v.From.Before(c.now) {
		return nil // it is about to be looked at, and has perhaps more to tell
	}
	gapsAt := c.nextGaps(s)
	next := gapsAt
	if w, err := c.turnsAround(s); err == nil {
		next = w.nextWarning(v, w.next(later(v.Looked, c.now.Add(-1)), gapsAt))
	}
	if v.LookAt.Equal(next) && v.GapsAt.Equal(gapsAt) {
		return nil
	}
	v.From, v.GapsAt = next, gapsAt
	return c.vigilAt(v, next)
}

// vigilAt keeps a vigil and plans when it is looked.
func (c *change) vigilAt(v *Vigil, at time.Time) error {
	c.dropLook(v)
	d := Deadline{ID: c.newID("deadline"), Kind: ScheduleLook, At: at, Schedule: v.Schedule}
	if err := c.planned(&d); err != nil {
		return err
	}
	v.Look, v.LookAt = d.ID, at
	return Vigils.Put(c.tx, v)
}

func (c *change) dropLook(v *Vigil) {
	if v.Look != "" {
		Deadlines.Delete(c.tx, deadlineKey(&Deadline{ID: v.Look, At: v.LookAt}))
	}
	v.Look = ""
}

// nextGaps returns when it is looked next for the gaps of a schedule: soon after nine in the morning,
// by its wall. Of one without a known zone it is looked a day later.
func (c *change) nextGaps(s *rota.Schedule) time.Time {
	zone, err := c.zones(s.Zone)
	if err != nil {
		return c.now.Add(24 * time.Hour)
	}
	y, m, d := c.now.In(zone).Date()
	own := gapsSecond(s.ID)
	at := time.Date(y, m, d, gapsHour, 0, own, 0, zone)
	for ; !at.After(c.now); d++ {
		at = time.Date(y, m, d+1, gapsHour, 0, own, 0, zone)
	}
	return at.UTC()
}

// gapsSecond returns how long after gapsHour it is looked for the gaps of a schedule, in seconds.
func gapsSecond(id core.ScheduleID) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32() % gapsSpread)
}

// vigilOf returns the vigil of a deadline that has fired, and its schedule.
func (c *change) vigilOf(d *Deadline) (*Vigil, *rota.Schedule, bool) {
	v, ok := Vigils.Get(c.tx, vigilKey(d.Schedule))
	if !ok || v.Look != d.ID {
		return nil, nil, false
	}
	v.Look = "" // it has been deleted
	s, ok := Schedules.Get(c.tx, table.K().String(string(d.Schedule)))
	return v, s, ok
}

// lookDue looks whom to tell of what a schedule brings, and plans when to look next.
func (c *change) lookDue(d *Deadline) error {
	if c.looks == looksMax {
		return c.putOff(d)
	}
	v, s, ok := c.vigilOf(d)
	if !ok {
		return nil
	}
	c.looks++
	w, err := c.turnsAround(s)
	if err != nil { // its zone is known no more: the data may be mended
		v.GapsAt = c.nextGaps(s)
		v.From = v.GapsAt
		return c.vigilAt(v, v.GapsAt)
	}
	after := v.Looked
	if before := v.From.Add(-1); before.After(after) {
		after = before
	}
	if err := w.remind(after); err != nil {
		return err
	}
	if err := w.warn(v); err != nil {
		return err
	}
	if !v.GapsAt.After(c.now) {
		if err := c.tellGaps(s, v); err != nil {
			return err
		}
	}
	v.Looked, v.GapsAt = c.now, c.nextGaps(s)
	next := w.nextWarning(v, w.next(c.now, v.GapsAt))
	v.From = next
	return c.vigilAt(v, next)
}

// putOff has a schedule looked at later, at a moment that no other command has put others off to: so
// hardly one is put off twice. The vigil, which may be long, is not written: it goes by the
// deadline's id, and by its LookAt the look is still about to be.
func (c *change) putOff(d *Deadline) error {
	if c.putOffs%looksMax == 0 {
		c.putOffTo = c.freeMoment(later(c.putOffTo, c.now))
	}
	c.putOffs++
	put := *d
	put.At = c.putOffTo
	return c.planned(&put)
}

// freeMoment returns the first whole lookRest, at least one after a moment, for which nothing is planned.
func (c *change) freeMoment(after time.Time) time.Time {
	at := after.Add(2*lookRest - 1).Truncate(lookRest)
	for range lookRests {
		if !atLeast(1, Deadlines.Find(c.tx, table.K().Time(at))) {
			break
		}
		at = at.Add(lookRest)
	}
	return at
}

// lookAgain looks a little later: doing so now has failed again and again.
func (c *change) lookAgain(d *Deadline) error {
	v, _, ok := c.vigilOf(d)
	if !ok {
		return nil
	}
	return c.vigilAt(v, c.now.Add(bundleAgain))
}

// beginRound has it planned anew when each schedule is looked at.
func (c *change) beginRound() error {
	if !atLeast(1, Schedules.All(c.tx)) {
		return nil
	}
	r, ok := rounds.Get(c.tx, roundKey)
	if ok && r.Look != "" && r.From == "" {
		return nil // it is about to begin
	}
	if !ok {
		r = &round{}
	}
	c.dropRound(r)
	return c.roundAt(r, "", c.now)
}

// roundAt has the round go on with a schedule.
func (c *change) roundAt(r *round, from core.ScheduleID, at time.Time) error {
	d := Deadline{ID: c.newID("deadline"), Kind: ScheduleRound, At: at, Round: true}
	r.Look, r.LookAt, r.From = d.ID, at, from
	if err := c.planned(&d); err != nil {
		return err
	}
	return rounds.Put(c.tx, r)
}

func (c *change) dropRound(r *round) {
	if r.Look != "" {
		Deadlines.Delete(c.tx, deadlineKey(&Deadline{ID: r.Look, At: r.LookAt}))
	}
	r.Look = ""
}

// roundAgain goes on a little later: doing so now has failed again and again.
func (c *change) roundAgain(d *Deadline) error {
	r, ok := rounds.Get(c.tx, roundKey)
	if !ok || r.Look != d.ID {
		return nil
	}
	return c.roundAt(r, r.From, c.now.Add(bundleAgain))
}

// roundDue plans for some schedules anew, unless something else is due: that comes first (P6).
func (c *change) roundDue(d *Deadline) error {
	r, ok := rounds.Get(c.tx, roundKey)
	if !ok || r.Look != d.ID {
		return nil
	}
	r.Look = ""
	if next, ok := c.earliest(); ok && !next.At.After(c.now) {
		return c.roundAt(r, r.From, c.now.Add(lookRest))
	}
	asked := 0
	for s := range Schedules.Range(c.tx, table.K().String(string(r.From)), afterAll) {
		if asked++; asked > looksMax {
			return c.roundAt(r, s.ID, c.now.Add(lookRest))
		}
		if err := c.planLook(s.ID); err != nil {
			return err
		}
	}
	r.From, r.LookAt = "", time.Time{}
	return rounds.Put(c.tx, r)
}
