package state

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

// TakeOver lets a person be on call from now on in the place of those who are: until the
// first of their periods ends, or until a moment that the caller says.
type TakeOver struct {
	Schedule Pick `cbor:"1,keyasint"`
	User     Pick `cbor:"2,keyasint"`
	// Until is when it ends; nil: when the first of the present periods does.
	Until *time.Time `cbor:"3,keyasint,omitempty"`
	// Rotation is the one that is taken over; empty: all of which somebody is on call now.
	Rotation Pick `cbor:"4,keyasint"`
}

// TakenOver is the override by which a person took over, and from whom.
type TakenOver struct {
	rota.Override
	From []rota.Participant `cbor:"8,keyasint,omitempty"` // each once; none: nobody was on call
}

func (TakeOver) number() number { return takeOver }

func (k TakeOver) apply(c *change) (TakenOver, error) {
	s, err := k.Schedule.Schedule(c.tx)
	if err != nil {
		return TakenOver{}, err
	}
	u, err := k.User.User(c.tx)
	if err != nil {
		return TakenOver{}, err
	}
	calendar, err := plannedOf(c.tx, s, c.zones, c.now, c.now.Add(calendarReach))
	if err != nil {
		return TakenOver{}, core.Invalid("schedule", err.Error())
	}
	now := calendar.OnCall(c.now)
	o := TakenOver{Override: rota.Override{Schedule: s.ID, Participant: rota.Participant{User: u.ID}, Start: c.now}}
	if k.Rotation != (Pick{}) {
		r := pickRotation(s, k.Rotation)
		if r == nil {
			return o, core.Missing("Rotation", firstRunes(k.Rotation.String(), NameMax))
		}
		now = slices.DeleteFunc(now, func(p rota.Period) bool { return p.Rotation != r.ID })
		o.Rotations = []string{r.ID}
	}
	if err := k.span(c, &o, now); err != nil {
		return o, err
	}
	if err := o.Check(); err != nil {
		return o, err
	}
	return o, c.addOverride(&o.Override)
}

// span says which of the present periods an override takes over, and until when. Those that
// are the person's already are left as they are.
func (k TakeOver) span(c *change, o *TakenOver, now []rota.Period) error {
	others := slices.DeleteFunc(slices.Clone(now), func(p rota.Period) bool { return p.Participant == o.Participant })
	if len(now) > 0 && len(others) == 0 {
		return core.Invalid("user", c.nameOf(o.Participant)+" is on call already")
	}
	var first time.Time
	for _, p := range others {
		if !slices.Contains(o.From, p.Participant) {
			o.From = append(o.From, p.Participant)
		}
		if len(k.Rotation.String()) == 0 && !slices.Contains(o.Rotations, p.Rotation) {
			o.Rotations = append(o.Rotations, p.Rotation)
		}
		if !p.End.IsZero() && (first.IsZero() || p.End.Before(first)) {
			first = p.End
		}
	}
	o.End = first
	setTime(&o.End, k.Until)
	switch {
	case o.End.IsZero() && len(others) == 0:
		return core.Invalid("endDate", "nobody is on call now: say until when "+c.nameOf(o.Participant)+" is to be")
	case o.End.IsZero():
		return core.Invalid("endDate", "whoever is on call now is so without an end: say until when "+c.nameOf(o.Participant)+" is to be")
	case !o.End.After(c.now):
		return core.Invalid("endDate", "must be in the future")
	}
	return nil
}
