package rota

import "time"

// At returns the turn of the rotation that covers t, in a world without holidays. It reports
// false before the start, at or after the end, outside the restriction's windows, and for a
// rotation that [Rotation.Check] refuses.
func (r *Rotation) At(t time.Time, zone *time.Location) (Shift, bool) {
	p := newLane(r, newWall(zone), nil).turn(momentOf(t))
	if !p.on || !r.Restriction.Covers(t, zone) {
		return Shift{}, false
	}
	return Shift{Rotation: r.ID, Start: p.start.time(), End: p.end.time(), Participant: p.who}, true
}

// Wall returns the moment, days calendar days after start, that shows the same
// wall-clock time in start's zone. See the package comment for times that a
// change of clocks removes or repeats.
func Wall(start time.Time, days int) time.Time {
	w := newWall(start.Location())
	return w.first(w.face(momentOf(start)) + moment(days)*day).time().In(start.Location())
}
