package rota_test

import (
	"fmt"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
	"keng/hub/core/rota"
)

// The oracle says who is on call in a minute as a person would who sits under a clock, with
// the plan in hand: it lives through every minute, one after another, looks at the wall and
// at the calendar, and turns a page of the plan when the clock shows the time for it. It
// shares nothing with what it judges but the types.

// duty is what one rotation comes to in one minute. The zero value is no duty at all.
type duty struct {
	who      rota.Participant
	kind     rota.Kind
	override string
	giver    core.UserID // whose it would be, if it was forwarded
	turn     int         // hand-overs before it; 0 for an override
}

// minute is what one rotation comes to in one minute, step by step.
type minute struct{ base, over, final duty }

// shown is what the wall shows, as if it were UTC, where all days have 24 hours.
func shown(t time.Time, zone *time.Location) time.Time {
	_, seconds := t.In(zone).Zone()
	return t.UTC().Add(time.Duration(seconds) * time.Second)
}

// live lives through [a,b) and returns each of its minutes, and in them each rotation.
func live(c *rota.Calendar, a, b time.Time) [][]minute {
	var plans []*plan
	for i := range c.Schedule.Rotations {
		plans = append(plans, newPlan(&c.Schedule.Rotations[i], c.Zone))
	}
	// Clocks are put back by no more than a day: to know what the wall has shown already it
	// is enough to have looked at it for three days.
	var lived [][]minute
	var latest time.Time
	for now := a.Add(-72 * time.Hour); now.Before(b); now = now.Add(time.Minute) {
		wall := shown(now, c.Zone)
		if wall.After(latest) {
			latest = wall
		}
		if now.Before(a) {
			continue
		}
		all := make([]minute, len(plans))
		for i, p := range plans {
			p.turnPages(latest)
			all[i].base = p.duty(now, wall, c.Holidays)
			all[i].over = overridden(c.Overrides, p.r.ID, now)
			all[i].final = all[i].base
			if all[i].over.kind != 0 {
				all[i].final = all[i].over
			}
			all[i].final = forwarded(c.Forwards, all[i].final, now)
			if c.Schedule.Disabled {
				all[i].final = duty{}
			}
		}
		lived = append(lived, all)
	}
	return lived
}

// plan is a rotation with its pages: one a turn, from one hand-over to the next.
type plan struct {
	r       *rota.Rotation
	start   time.Time // what the wall shows at the start
	week    *[7 * 1440]bool
	windows []*[7 * 1440]bool // of those windows that have more than a day, else nil
	turn    int               // pages turned
	until   time.Time         // what the wall is to show for the next one; zero: nobody has looked
	window  bool              // if the rotation skips: the open page has a window
	counted int               // of the pages turned, those that had a window
}

func newPlan(r *rota.Rotation, zone *time.Location) *plan {
	p := &plan{r: r, start: shown(r.Start, zone)}
	if r.Restriction != nil {
		p.week = weekOf(r.Restriction)
		for _, w := range r.Restriction.Windows {
			alone := weekOf(&rota.Restriction{Daily: r.Restriction.Daily, Windows: []rota.Window{w}})
			if !several(r.Restriction, alone) {
				alone = nil
			}
			p.windows = append(p.windows, alone)
		}
	}
	return p
}

// handover is what the wall is to show when so many pages have been turned.
func (p *plan) handover(pages int) time.Time {
	units := pages * max(1, p.r.Length)
	switch p.r.Unit {
	case rota.Daily:
		return p.start.AddDate(0, 0, units)
	case rota.Weekly:
		return p.start.AddDate(0, 0, 7*units)
	}
	month := p.start.AddDate(0, 0, 1-p.start.Day()).AddDate(0, units, 0)
	last := month.AddDate(0, 1, -1)
	return month.AddDate(0, 0, min(p.start.Day(), last.Day())-1)
}

// turnPages turns the pages for which the wall has shown the time, or a later one.
func (p *plan) turnPages(latest time.Time) {
	if p.r.Unit == rota.Hourly || p.r.Unit == rota.Fixed {
		return
	}
	if p.until.IsZero() {
		p.look()
	}
	for !p.until.After(latest) {
		if p.window {
			p.counted++
		}
		p.turn++
		p.look()
	}
}

// look looks up what would else be worked out again in every minute of a page.
func (p *plan) look() {
	p.until, p.window = p.handover(p.turn+1), p.r.Skips && p.hasWindow(p.turn)
}

// hasWindow says whether a page has something left of it by the calendar of the week.
func (p *plan) hasWindow(page int) bool {
	for m := p.handover(page); m.Before(p.handover(page + 1)); m = m.Add(time.Minute) {
		if p.week == nil || p.week[int(m.Weekday())*1440+m.Hour()*60+m.Minute()] {
			return true
		}
	}
	return false
}

// duty is whose duty the rotation says it is now.
func (p *plan) duty(now, wall time.Time, days holiday.Days) duty {
	if now.Before(p.r.Start) || !p.r.End.IsZero() && !now.Before(p.r.End) || !p.open(wall, days) {
		return duty{}
	}
	turn, number := p.turn, p.turn
	switch {
	case p.r.Unit == rota.Fixed:
		for i, s := range p.r.Slots {
			if !now.Before(s.Start) && now.Before(s.End) {
				return duty{kind: rota.ByRotation, who: s.Participant, turn: i}
			}
		}
		return duty{}
	case p.r.Unit == rota.Hourly:
		turn = int(now.Sub(p.r.Start).Minutes()) / 60 / max(1, p.r.Length)
		number = turn
	case p.r.Skips && p.window:
		number = p.counted
	case p.r.Skips: // it does not count, and has a window all the same: the last that counted goes on
		number = max(0, p.counted-1)
	}
	return duty{kind: rota.ByRotation, turn: turn, who: p.r.Participants[(number+p.r.Phase)%len(p.r.Participants)]}
}

// open says whether the restriction leaves a minute, by the wall and the holiday calendar. Without
// a calendar of holidays it is the week that says so. With one, a person in a window of a few hours
// began it today or yesterday, on a day that counted, and stays until the wall shows its end. Who has
// a window of several days looks each morning whether the day counts.
func (p *plan) open(wall time.Time, days holiday.Days) bool {
	r := p.r.Restriction
	if r == nil {
		return true
	}
	midnight := time.Date(wall.Year(), wall.Month(), wall.Day(), 0, 0, 0, 0, time.UTC)
	minute := int(wall.Sub(midnight) / time.Minute)
	if len(days) == 0 {
		return r.Days != rota.HolidaysOnly && p.week[int(wall.Weekday())*1440+minute]
	}
	for i, w := range r.Windows {
		if p.windows[i] != nil {
			if as, counts := calledFor(r, midnight, days); counts && p.windows[i][int(as)*1440+minute] {
				return true
			}
			continue
		}
		for _, on := range []time.Time{midnight, midnight.AddDate(0, 0, -1)} {
			as, counts := calledFor(r, on, days)
			begin, end := on.Add(time.Duration(w.StartMinute%1440)*time.Minute), on.Add(time.Duration(w.EndMinute%1440)*time.Minute)
			if !end.After(begin) {
				end = end.AddDate(0, 0, 1)
			}
			its := r.Daily || as == (w.StartDay+time.Weekday(w.StartMinute/1440))%7
			if counts && its && !wall.Before(begin) && wall.Before(end) {
				return true
			}
		}
	}
	return false
}

// several says whether a window of the week has more minutes than a day.
func several(r *rota.Restriction, week *[7 * 1440]bool) bool {
	minutes := 0
	for _, has := range week {
		if has {
			minutes++
		}
	}
	return !r.Daily && minutes > 1440
}

// calledFor is the weekday for which a day is taken, and whether the windows count on it.
func calledFor(r *rota.Restriction, midnight time.Time, days holiday.Days) (as time.Weekday, counts bool) {
	day, odd := days[holiday.Date{Year: midnight.Year(), Month: midnight.Month(), Day: midnight.Day()}]
	if odd && day.Works {
		return day.As, r.Days != rota.HolidaysOnly
	}
	switch r.Days {
	case rota.NoHolidays:
		return midnight.Weekday(), !odd
	case rota.HolidaysOnly:
		return midnight.Weekday(), odd
	}
	return midnight.Weekday(), true
}

// overridden is what the overrides make of a rotation now: the last made one wins.
func overridden(overrides []rota.Override, rotation string, now time.Time) (d duty) {
	last := uint64(0)
	for _, o := range overrides {
		named := len(o.Rotations) == 0 || slices.Contains(o.Rotations, rotation)
		if named && o.Number > last && !now.Before(o.Start) && now.Before(o.End) {
			last = o.Number
			d = duty{kind: rota.ByOverride, who: o.Participant, override: o.Alias}
		}
	}
	return d
}

// forwarded passes a person's duty on from rule to rule, to each person once.
func forwarded(rules []rota.Forward, d duty, now time.Time) duty {
	first := d.who.User
	passed := []core.UserID{first}
	for first != "" {
		var rule rota.Forward // the last made one of those that say something now
		for _, f := range rules {
			if f.From == d.who.User && f.Number > rule.Number && !now.Before(f.Start) && now.Before(f.End) {
				rule = f
			}
		}
		if rule.Number == 0 || slices.Contains(passed, rule.To) {
			break
		}
		d.kind, d.giver, d.who.User = rota.ByForward, first, rule.To
		passed = append(passed, rule.To)
	}
	return d
}

// periods puts minutes together that belong together: the timeline that the oracle draws.
func periods(c *rota.Calendar, lived [][]minute, a time.Time, of func(minute) duty) (all []rota.Period) {
	for i, r := range c.Schedule.Rotations {
		var before duty
		for m := range lived {
			d := of(lived[m][i])
			begin := a.Add(time.Duration(m) * time.Minute)
			switch {
			case d.kind == 0:
			case d == before:
				all[len(all)-1].End = begin.Add(time.Minute)
			default:
				all = append(all, rota.Period{Rotation: r.ID, Start: begin, End: begin.Add(time.Minute),
					Participant: d.who, Kind: d.kind, Override: d.override, For: d.giver})
			}
			before = d
		}
	}
	return all
}

// somebody leaves out the periods of nobody.
func somebody(all []rota.Period) []rota.Period {
	return slices.DeleteFunc(slices.Clone(all), func(p rota.Period) bool { return p.Participant == rota.Participant{} })
}

// called is what a participant is called in what tests print.
func called(p rota.Participant) string {
	switch {
	case p.Team != "":
		return "team " + string(p.Team)
	case p.Escalation != "":
		return "escalation " + string(p.Escalation)
	case p.User != "":
		return string(p.User)
	}
	return "nobody"
}

// cause says who has a period and by what, in words.
func cause(p rota.Period) string {
	s := p.Rotation + " " + called(p.Participant)
	if p.Override != "" {
		s += " by override " + p.Override
	}
	if p.For != "" {
		s += " for " + string(p.For)
	}
	return s + [...]string{" by nothing", "", "", " forwarded"}[min(p.Kind, 3)]
}

// line is a period in words, as the wall shows it.
func line(p rota.Period, zone *time.Location) string {
	const form = "2006-01-02 15:04:05 -0700"
	return fmt.Sprintf("%s – %s %s", p.Start.In(zone).Format(form), p.End.In(zone).Format(form), cause(p))
}

func lines(all []rota.Period, zone *time.Location) (s []string) {
	for _, p := range all {
		s = append(s, line(p, zone))
	}
	return s
}
