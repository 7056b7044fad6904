package rota

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
)

// lane answers for one rotation. Not for concurrent use.
type lane struct {
	r         *Rotation
	w         *wall
	days      holiday.Days
	overrides []Override                // that replace the rotation
	forwards  map[core.UserID][]Forward // by whose they are

	start, until moment  // of the rotation; until is at start if it cannot be computed
	face         moment  // what the clock shows at the start
	counts       [7]bool // of a rotation that skips: which of seven turns have a window
	last         piece   // the turn that was computed last
	over         piece   // the piece of an override, or of none, that was computed last
	steps        int     // taken so far: a measure of time, see [stepsMax]
}

func newLane(r *Rotation, w *wall, days holiday.Days) *lane {
	l := &lane{r: r, w: w, days: days, start: dawn, until: dawn, last: piece{start: dawn, end: dawn}}
	if r.Check() != nil {
		return l
	}
	l.start, l.until = momentOf(r.Start), dusk
	if !r.End.IsZero() {
		l.until = min(l.until, momentOf(r.End))
	}
	l.face = w.face(l.start)
	for n := range l.counts {
		l.counts[n] = r.Skips && l.hasWindow(n)
	}
	return l
}

// turn returns the turn that covers m, or the time around m in which there is none.
func (l *lane) turn(m moment) piece {
	switch {
	case m < l.start:
		return piece{start: dawn, end: l.start}
	case m >= l.until:
		return piece{start: l.until, end: forever}
	case l.last.start <= m && m < l.last.end:
		return l.last
	case l.r.Unit == Fixed:
		l.last = l.slot(m)
	default:
		n := l.number(m)
		l.last = piece{start: l.handover(n), end: l.handover(n + 1), on: true, turn: n, who: l.participant(n), kind: ByRotation}
	}
	l.last.start, l.last.end = max(l.last.start, l.start), min(l.last.end, l.until)
	return l.last
}

// slot returns the slot that covers m, or the time between two slots.
func (l *lane) slot(m moment) piece {
	slots := l.r.Slots
	n, _ := slices.BinarySearchFunc(slots, m, func(s Slot, m moment) int {
		if momentOf(s.End) <= m {
			return -1
		}
		return 1
	})
	p := piece{start: dawn, end: forever, turn: n}
	if n > 0 {
		p.start = momentOf(slots[n-1].End)
	}
	if n == len(slots) {
		return p
	}
	if start := momentOf(slots[n].Start); m < start {
		p.end = start
		return p
	}
	return piece{start: momentOf(slots[n].Start), end: momentOf(slots[n].End), on: true, turn: n, who: slots[n].Participant, kind: ByRotation}
}

// number returns the number of the turn that covers m, which is not before the start.
func (l *lane) number(m moment) int {
	n, length := 0, l.r.length()
	switch l.r.Unit {
	case Hourly:
		return int((m - l.start) / (moment(length) * hour))
	case Monthly:
		n = (months(l.w.face(m)) - months(l.face)) / length
	default:
		n = int((l.w.face(m) - l.face) / (moment(l.turnDays()) * day))
	}
	// What the clock shows misses by one next to a hand-over, and where clocks move.
	for n = max(n, 0); n > 0 && m < l.handover(n); {
		n--
	}
	for m >= l.handover(n+1) {
		n++
	}
	return n
}

// handover returns the moment at which turn n begins.
func (l *lane) handover(n int) moment {
	switch {
	case n == 0:
		return l.start // whatever the clock shows: it may show it twice
	case l.r.Unit == Hourly:
		// Hours are elapsed time: an hourly rotation whose hour vanished would have a turn of nothing.
		return l.start + moment(n*l.r.length())*hour
	case l.r.Unit == Monthly:
		return l.w.first(addMonths(l.face, n*l.r.length()))
	}
	return l.w.first(l.face + moment(n*l.turnDays())*day)
}

// turnDays returns how many days of the calendar a daily or weekly turn has.
func (l *lane) turnDays() int {
	if l.r.Unit == Weekly {
		return 7 * l.r.length()
	}
	return l.r.length()
}

// months counts the months of the calendar up to what a clock shows.
func months(face moment) int {
	y, m, _ := face.time().Date()
	return y*12 + int(m)
}

// addMonths returns the same day and time so many months later, or the month's last day if it
// has no such day.
func addMonths(face moment, n int) moment {
	t := face.time()
	y, m, d := t.Date()
	last := time.Date(y, m+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC)
	return momentOf(time.Date(y, m+time.Month(n), min(d, last.Day()), 0, 0, 0, 0, time.UTC)) + mod(face, day)
}

// participant returns who has turn n.
func (l *lane) participant(n int) Participant {
	all := l.r.Participants
	if l.r.Skips {
		n = l.counted(n)
	}
	return all[mod(n+mod(l.r.Phase, len(all)), len(all))]
}

// counted returns how many turns that count come before turn n, or before the last that counts
// if n does not: it stays with whoever had that one.
func (l *lane) counted(n int) int {
	week, some := 0, 0
	for k, counts := range l.counts {
		if counts {
			week++
			if k <= n%len(l.counts) {
				some++
			}
		}
	}
	return max(0, n/len(l.counts)*week+some-1)
}

// hasWindow reports whether turn n of a rotation has a window, by the calendar of the week
// alone. It is the same for every seventh turn.
func (l *lane) hasWindow(n int) bool {
	r, days := l.r.Restriction, moment(l.turnDays())
	if r == nil || len(r.Windows) > 0 && (r.Daily || days >= 7) {
		return true
	}
	const week = 7 * day
	sunday := moment(l.face.time().Weekday())*day + mod(l.face, day)
	start := mod(sunday+moment(n)*days*day, week)
	end := mod(start+days*day, week)
	return slices.ContainsFunc(r.Windows, func(w Window) bool {
		from, to := r.edges(w)
		a, b := moment(from)*minute, moment(to)*minute
		return within(start, a, b) || within(a, start, end)
	})
}
