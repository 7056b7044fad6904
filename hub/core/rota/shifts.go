package rota

import (
	"iter"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
)

// piece is a stretch of time, [start, end), in which one thing is so. What is computed here is
// computed as functions from a moment to the piece around it; whoever wants to know what comes
// next asks at its end, so that no minute is looked at in which nothing happens.
type piece struct {
	start, end moment
	on         bool // false: nobody has it, not even a participant who is nobody
	turn       int  // pieces of two turns are two, whoever has them
	who        Participant
	kind       Kind
	override   string      // its alias
	whose      core.UserID // if it was forwarded
}

// joins reports whether two pieces that touch are one.
func (p piece) joins(q piece) bool {
	p.start, p.end = q.start, q.end
	return p.on && p == q
}

// around narrows the piece, which is around m, so that neither end of [start, end) is inside, and reports
// whether m is in [start, end).
func (p *piece) around(m, start, end moment) bool {
	for _, edge := range [2]moment{start, end} {
		if edge <= m {
			p.start = max(p.start, edge)
		} else {
			p.end = min(p.end, edge)
		}
	}
	return start <= m && m < end
}

// whole returns the piece around m with all that joins it, as far as it does not go beyond
// [from, to) anyway.
func whole(at func(moment) piece, m, from, to moment) piece {
	p := at(m)
	for p.on && p.start > from {
		before := at(p.start - 1)
		if !before.joins(p) {
			break
		}
		p.start = before.start
	}
	return onward(at, p, to)
}

// onward returns a piece with all that joins it after it, as far as it does not go beyond to.
func onward(at func(moment) piece, p piece, to moment) piece {
	for p.on && p.end < to {
		after := at(p.end)
		if !p.joins(after) {
			break
		}
		p.end = after.end
	}
	return p
}

// walk yields the pieces of [a, b), joined, in order, without those that nobody has. How far
// the first and the last go beyond a and b is computed as far as from and to.
func walk(at func(moment) piece, a, b, from, to moment) iter.Seq[piece] {
	return func(yield func(piece) bool) {
		if a >= b {
			return
		}
		for p := whole(at, a, from, to); ; p = onward(at, at(p.end), to) {
			if p.on && !yield(p) || p.end >= b {
				return
			}
		}
	}
}

// cut yields the pieces of [a, b), joined, in order, cut off at a and b.
func cut(at func(moment) piece, a, b moment) iter.Seq[piece] {
	return func(yield func(piece) bool) {
		for p := range walk(at, a, b, a, b) {
			p.start, p.end = max(p.start, a), min(p.end, b)
			if !yield(p) {
				return
			}
		}
	}
}

// shift returns the piece of a turn around m in which nothing changes by the restriction.
func (l *lane) shift(m moment) piece {
	l.steps += pieceSteps
	p := l.turn(m)
	if p.on && l.r.Restriction != nil {
		l.steps += len(l.r.Restriction.Windows)
		covered := l.r.Restriction.span(m, l.w, l.days)
		p.start, p.end, p.on = max(p.start, covered.start), min(p.end, covered.end), covered.on
	}
	return p
}

// Shifts yields the shifts of the rotation that overlap [from, to), in order, those of nobody
// too: turns without what the restriction cuts out. They are not cut off at from and to. Days
// are those of the schedule's holiday calendar, nil if it has none. A rotation that
// [Rotation.Check] refuses has none.
func (r *Rotation) Shifts(from, to time.Time, zone *time.Location, days holiday.Days) iter.Seq[Shift] {
	return func(yield func(Shift) bool) {
		l := newLane(r, newWall(zone), days)
		for p := range walk(l.shift, momentOf(from), min(momentOf(to), dusk), dawn, forever) {
			if !yield(Shift{Rotation: r.ID, Start: p.start.time(), End: p.end.time(), Participant: p.who}) {
				return
			}
		}
	}
}
