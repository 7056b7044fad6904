package rota_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
	"keng/hub/core/rota"
)

// draw draws calendars by lot, mostly of what is nasty: hand-overs, windows and overrides
// around a change of clocks and around holidays.
type draw struct {
	*rand.Rand
	zone   *time.Location
	near   time.Time // what happens about then
	wall   time.Time // a time that the wall shows then, perhaps twice, perhaps never
	a, b   time.Time // the days that are looked at
	number uint64
}

func (d *draw) one(of int) bool { return d.IntN(of) == 0 }

func pick[T any](d *draw, from ...T) T { return from[d.IntN(len(from))] }

// calendar draws a calendar and the days to look at it.
func (d *draw) calendar() *rota.Calendar {
	d.days()
	return d.plans()
}

// days draws what happens when, and the days to look at it.
func (d *draw) days() {
	d.near = time.Date(2008+d.IntN(23), 1, 1, 0, d.IntN(365*1440), 0, 0, time.UTC)
	if _, next := d.near.In(d.zone).ZoneBounds(); !next.IsZero() && next.Year() < 2037 {
		d.near = next.UTC()
	}
	before, after := shown(d.near.Add(-time.Second), d.zone).Add(time.Second), shown(d.near, d.zone)
	if after.Before(before) {
		before, after = after, before
	}
	d.wall = before.Add(-time.Hour + time.Duration(d.IntN(int(after.Sub(before).Minutes())+120))*time.Minute)
	if d.one(2) {
		d.wall = d.wall.Truncate(30 * time.Minute)
	}
	d.a = d.near.Add(-time.Duration(600+d.IntN(3000)) * time.Minute)
	d.b = d.near.Add(time.Duration(600+d.IntN(3000)) * time.Minute)
}

// plans draws a calendar of those days.
func (d *draw) plans() *rota.Calendar {
	s := &rota.Schedule{ID: "s", Disabled: d.one(50)}
	for i := range 1 + d.IntN(4) {
		s.Rotations = append(s.Rotations, d.rotation(fmt.Sprint("r", i+1)))
	}
	c := &rota.Calendar{Schedule: s, Zone: d.zone, Holidays: d.holidays()}
	for i := range d.IntN(4) {
		c.Overrides = append(c.Overrides, d.override(fmt.Sprint("o", i+1)))
	}
	for i := range d.IntN(5) {
		from, to := pick(d, "an", "bình", "chi"), pick(d, "an", "bình", "chi", "dung")
		if start, end := d.times(); from != to {
			c.Forwards = append(c.Forwards, rota.Forward{ID: fmt.Sprint("f", i+1), From: core.UserID(from), To: core.UserID(to), Start: start, End: end, Number: d.next()})
		}
	}
	// What was made last need not be what stands last.
	d.Shuffle(len(c.Overrides), func(i, j int) { c.Overrides[i], c.Overrides[j] = c.Overrides[j], c.Overrides[i] })
	d.Shuffle(len(c.Forwards), func(i, j int) { c.Forwards[i], c.Forwards[j] = c.Forwards[j], c.Forwards[i] })
	return c
}

func (d *draw) next() uint64 { d.number++; return d.number }

func (d *draw) participant() rota.Participant {
	switch d.IntN(12) {
	case 0:
		return rota.Participant{}
	case 1:
		return rota.Participant{Team: "mạng"}
	case 2:
		return rota.Participant{Escalation: "tầng"}
	}
	return rota.Participant{User: pick[core.UserID](d, "an", "bình", "chi")}
}

// moment is one of the days that are looked at, or a little outside.
func (d *draw) moment() time.Time {
	if d.one(4) {
		return d.near.Add(time.Duration(d.IntN(240)-120) * time.Minute)
	}
	return d.a.Add(time.Duration(d.IntN(int(d.b.Sub(d.a).Minutes())+1440)-720) * time.Minute)
}

// times are a start and an end after it.
func (d *draw) times() (start, end time.Time) {
	start, end = d.moment(), d.moment()
	if end.Before(start) {
		start, end = end, start
	}
	return start, end.Add(time.Minute)
}

func (d *draw) override(alias string) rota.Override {
	o := rota.Override{Alias: alias, Schedule: "s", Participant: d.participant(), Number: d.next()}
	o.Start, o.End = d.times()
	for d.one(2) {
		o.Rotations = append(o.Rotations, pick(d, "r1", "r2", "r3", "gone"))
	}
	return o
}

func (d *draw) rotation(id string) rota.Rotation {
	r := rota.Rotation{
		ID: id, Unit: pick(d, rota.Hourly, rota.Daily, rota.Daily, rota.Daily, rota.Weekly, rota.Monthly, rota.Fixed),
		Length: pick(d, 0, 1, 1, 1, 1, 2, 3, 5, 30), Participants: []rota.Participant{d.participant()},
	}
	for range d.IntN(4) {
		r.Participants = append(r.Participants, d.participant())
	}
	r.Phase = d.IntN(len(r.Participants))
	r.Start = d.start(r.Unit, max(1, r.Length))
	if r.Unit == rota.Fixed {
		r.Start = d.a.Add(-24 * time.Hour)
		for begin := r.Start.Add(time.Duration(d.IntN(1440)) * time.Minute); begin.Before(d.b) && len(r.Slots) < 6; {
			end := begin.Add(time.Duration(1+d.IntN(2000)) * time.Minute)
			r.Slots = append(r.Slots, rota.Slot{Participant: d.participant(), Start: begin, End: end})
			begin = end.Add(time.Duration(d.IntN(600)*d.IntN(2)) * time.Minute)
		}
	}
	if end := d.moment(); d.one(5) && end.After(r.Start) {
		r.End = end
	}
	if d.one(2) {
		r.Restriction = d.restriction()
		r.Skips = (r.Unit == rota.Daily || r.Unit == rota.Weekly) && d.one(2)
	}
	return r
}

// start is when a rotation begins: long ago, a moment ago or soon, and mostly so that a
// hand-over is due just when clocks change.
func (d *draw) start(unit rota.Unit, length int) time.Time {
	if d.one(4) {
		return d.moment().Add(-time.Duration(d.IntN(90)*d.IntN(2)) * 24 * time.Hour)
	}
	turns := pick(d, 0, 1, 2, 3, 10, 100)
	days, months := -turns*length, 0
	switch unit {
	case rota.Weekly:
		days *= 7
	case rota.Monthly:
		days, months = d.IntN(4), -turns*length
	}
	if days < -3000 || months < -200 {
		days, months = max(days, -3000), max(months, -200)
	}
	w := d.wall.AddDate(0, months, days)
	return time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), 0, 0, d.zone).UTC()
}

func (d *draw) restriction() *rota.Restriction {
	around := func() int {
		minute := d.wall.Hour()*60 + d.wall.Minute()
		return pick(d, 0, 1440, 360, minute, (minute+30)%1440, d.IntN(48)*30, d.IntN(48)*30)
	}
	r := &rota.Restriction{Daily: d.one(2), Days: pick(d, rota.AnyDay, rota.NoHolidays, rota.HolidaysOnly)}
	for range 1 + d.IntN(3) {
		w := rota.Window{StartMinute: around(), EndMinute: around()}
		if !r.Daily {
			w.StartDay, w.EndDay = time.Weekday(d.IntN(7)), time.Weekday(d.IntN(7))
		}
		r.Windows = append(r.Windows, w)
		if r.Daily {
			break
		}
	}
	return r
}

// holidays are some of the days that are looked at, and some days on which people work.
func (d *draw) holidays() holiday.Days {
	if d.one(3) {
		return nil
	}
	days := holiday.Days{}
	for t := d.a.Add(-48 * time.Hour); t.Before(d.b.Add(48 * time.Hour)); t = t.Add(24 * time.Hour) {
		on := holiday.On(t.In(d.zone))
		switch d.IntN(6) {
		case 0:
			days[on] = holiday.Day{Date: on, English: "holiday"}
		case 1:
			days[on] = holiday.Day{Date: on, English: "make-up day", Works: true, As: time.Weekday(d.IntN(7))}
		}
	}
	return days
}

// words describes a calendar for whoever has to find out why it failed.
func words(c *rota.Calendar) string {
	var b strings.Builder
	when := func(t time.Time) string { return t.In(c.Zone).Format("Mon 2006-01-02 15:04:05 -0700") }
	fmt.Fprintf(&b, "zone %s, disabled %v\n", c.Zone, c.Schedule.Disabled)
	for _, r := range c.Schedule.Rotations {
		unit := [...]string{"?", "hours", "days", "weeks", "months", "slots"}[min(r.Unit, 5)]
		fmt.Fprintf(&b, "rotation %s: turns of %d %s from %s", r.ID, r.Length, unit, when(r.Start))
		if !r.End.IsZero() {
			fmt.Fprintf(&b, " to %s", when(r.End))
		}
		fmt.Fprintf(&b, ", phase %d of", r.Phase)
		for _, p := range r.Participants {
			fmt.Fprintf(&b, " [%s]", called(p))
		}
		for _, s := range r.Slots {
			fmt.Fprintf(&b, "\n  slot %s to %s: %s", when(s.Start), when(s.End), called(s.Participant))
		}
		if w := r.Restriction; w != nil {
			fmt.Fprintf(&b, "\n  restricted, skips %v, daily %v, %s:", r.Skips, w.Daily, [...]string{"any day", "no holidays", "holidays only"}[w.Days])
			for _, w := range w.Windows {
				fmt.Fprintf(&b, " %.3s %02d:%02d to %.3s %02d:%02d;", w.StartDay, w.StartMinute/60, w.StartMinute%60, w.EndDay, w.EndMinute/60, w.EndMinute%60)
			}
		}
		b.WriteByte('\n')
	}
	for _, o := range c.Overrides {
		fmt.Fprintf(&b, "override %d %s by %s of %q, %s to %s\n", o.Number, o.Alias, called(o.Participant), o.Rotations, when(o.Start), when(o.End))
	}
	for _, f := range c.Forwards {
		fmt.Fprintf(&b, "forward %d from %s to %s, %s to %s\n", f.Number, f.From, f.To, when(f.Start), when(f.End))
	}
	var days []string
	for on, day := range c.Holidays {
		s := fmt.Sprintf("%d-%02d-%02d holiday", on.Year, on.Month, on.Day)
		if day.Works {
			s = fmt.Sprintf("%d-%02d-%02d works as %s", on.Year, on.Month, on.Day, day.As)
		}
		days = append(days, s)
	}
	slices.Sort(days)
	return b.String() + strings.Join(days, ", ")
}
