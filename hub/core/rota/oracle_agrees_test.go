package rota_test

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

var (
	schedules = flag.Int("schedules", 60, "how many random schedules are compared with the oracle")
	share     = flag.Int("share", 8, "of how many zones one is walked through for twenty years; 1: all are")
	seed      = flag.Uint64("seed", 1, "the first of them")
)

// Who is on call, now and in the timeline, is in every minute who the oracle says, and the
// periods are those that it draws. By hand: go test ./hub/core/rota -run Oracle -args
// -schedules 10000. Rules ogapi-7.rotation.several, ogapi-7.override.replaces,
// ogapi-7.forward.redirects, keng-7.turn.months, keng-7.turn.fixed,
// keng-7.turn.skips, keng-7.restriction.holidays, keng-7.override.newest,
// keng-7.override.always, keng-7.forward.chain.
func TestOracle(t *testing.T) {
	zones := everyZone(t)
	for i := range uint64(*schedules) {
		d := &draw{Rand: rand.New(rand.NewPCG(*seed+i, 7))}
		d.zone = zone(t, pick(d, clocks()...))
		if d.one(2) {
			d.zone = pick(d, zones...)
		}
		c := d.calendar()
		if wrong := disagreement(d, c); wrong != "" {
			t.Fatalf("-seed %d -schedules 1: %s\n%s\nlooked at from %s to %s", *seed+i, wrong, words(c), d.a.In(c.Zone), d.b.In(c.Zone))
		}
	}
}

// disagreement compares a calendar with the oracle and says what differs first.
func disagreement(d *draw, c *rota.Calendar) string {
	for i := range c.Schedule.Rotations {
		if err := c.Schedule.Rotations[i].Check(); err != nil {
			return fmt.Sprintf("rotation %s is refused: %v", c.Schedule.Rotations[i].ID, err)
		}
	}
	lived := live(c, d.a, d.b)
	line := c.Timeline(d.a, d.b)
	if !line.Start.Equal(d.a) || !line.End.Equal(d.b) {
		return fmt.Sprintf("the timeline is from %s to %s", line.Start, line.End)
	}
	if wrong := everyMinute(d, c, lived, line.Final); wrong != "" {
		return wrong
	}
	for _, part := range []struct {
		name      string
		got, want []rota.Period
	}{
		{"final", line.Final, somebody(periods(c, lived, d.a, func(m minute) duty { return m.final }))},
		{"base", line.Base, periods(c, lived, d.a, func(m minute) duty { return m.base })},
		{"overridden", line.Overridden, periods(c, lived, d.a, func(m minute) duty { return m.over })},
		{"forwarded", line.Forwarded, periods(c, lived, d.a, func(m minute) duty {
			if m.final.kind != rota.ByForward {
				return duty{}
			}
			return m.final
		})},
	} {
		if wrong := differ(lines(part.got, c.Zone), lines(part.want, c.Zone)); wrong != "" && !c.Schedule.Disabled {
			return "the periods of the timeline, " + part.name + ": " + wrong
		}
	}
	return cmp.Or(shiftsDiffer(d, c, lived), nextDiffers(d, c, lived), previousDiffers(d, c, lived), keepingDiffers(d, c, lived), troublesDiffer(d, c, lived), loadsDiffer(d, c, lived))
}

// differ says where two lists of lines part.
func differ(got, want []string) string {
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			return fmt.Sprintf("number %d is\n  %s\nfor the oracle\n  %s", i+1, g, w)
		}
	}
	return ""
}

// everyMinute compares who is on call minute by minute: in the final timeline in each, by
// OnCall in those around which something changes, and in every seventh.
func everyMinute(d *draw, c *rota.Calendar, lived [][]minute, final []rota.Period) string {
	whole := periods(c, lived, d.a, func(m minute) duty { return m.final })
	changed := true
	var before string
	for m := range lived {
		now := d.a.Add(time.Duration(m) * time.Minute)
		var want []string
		for i, duty := range lived[m] {
			if duty.final.who != (rota.Participant{}) {
				want = append(want, cause(rota.Period{Rotation: c.Schedule.Rotations[i].ID, Participant: duty.final.who,
					Kind: duty.final.kind, Override: duty.final.override, For: duty.final.giver}))
			}
		}
		all := strings.Join(want, ", ")
		if drawn := covering(final, now); drawn != all {
			return fmt.Sprintf("at %s in the timeline [%s] is on call, for the oracle [%s]", now.In(c.Zone), drawn, all)
		}
		last := changed
		changed = all != before
		before = all
		if !changed && !last && m%7 != 0 && *schedules > 1 {
			continue
		}
		on := c.OnCall(now)
		if said := covering(on, now); said != all || len(on) != len(want) {
			return fmt.Sprintf("at %s [%s] is on call, for the oracle [%s]", now.In(c.Zone), said, all)
		}
		who := c.Who(now)
		if len(who) != len(on) {
			return fmt.Sprintf("at %s %d are on call, and without ends %d", now.In(c.Zone), len(on), len(who))
		}
		for i, p := range who {
			if !p.Start.IsZero() || !p.End.IsZero() {
				return "who is on call has ends: " + line(p, c.Zone)
			}
			p.Start, p.End = on[i].Start, on[i].End
			if p != on[i] {
				return fmt.Sprintf("at %s %s is on call, and without ends %s", now.In(c.Zone), line(on[i], c.Zone), line(p, c.Zone))
			}
		}
		for _, p := range on {
			if wrong := bounds(d, p, now, whole); wrong != "" {
				return fmt.Sprintf("at %s: %s", now.In(c.Zone), wrong)
			}
		}
	}
	return ""
}

// covering says who of some periods is on call at a moment.
func covering(all []rota.Period, now time.Time) string {
	var on []string
	for _, p := range all {
		if !now.Before(p.Start) && (p.End.IsZero() || now.Before(p.End)) && p.Participant != (rota.Participant{}) {
			on = append(on, cause(p))
		}
	}
	return strings.Join(on, ", ")
}

// bounds says what is wrong with the ends of a period that is on call now: they are those of
// the oracle's period, or lie outside of what the oracle has seen if that was cut off.
func bounds(d *draw, p rota.Period, now time.Time, whole []rota.Period) string {
	for _, w := range whole {
		if w.Rotation != p.Rotation || now.Before(w.Start) || !now.Before(w.End) {
			continue
		}
		starts := p.Start.Equal(w.Start) || w.Start.Equal(d.a) && p.Start.Before(d.a)
		ends := p.End.Equal(w.End) || w.End.Equal(d.b) && (p.End.IsZero() || p.End.After(d.b))
		if !starts || !ends {
			return fmt.Sprintf("the period on call is %s, for the oracle %s", line(p, d.zone), line(w, d.zone))
		}
	}
	return ""
}

// shiftsDiffer compares the shifts of each rotation with the oracle's base.
func shiftsDiffer(d *draw, c *rota.Calendar, lived [][]minute) string {
	base := periods(c, lived, d.a, func(m minute) duty { return m.base })
	for i := range c.Schedule.Rotations {
		r := &c.Schedule.Rotations[i]
		var got []rota.Period
		for s := range r.Shifts(d.a, d.b, c.Zone, c.Holidays) {
			p := rota.Period{Rotation: s.Rotation, Start: s.Start, End: s.End, Participant: s.Participant, Kind: rota.ByRotation}
			if p.Start.Before(d.a) {
				p.Start = d.a
			}
			if p.End.IsZero() || p.End.After(d.b) {
				p.End = d.b
			}
			got = append(got, p)
		}
		want := slices.DeleteFunc(slices.Clone(base), func(p rota.Period) bool { return p.Rotation != r.ID })
		if wrong := differ(lines(got, c.Zone), lines(want, c.Zone)); wrong != "" {
			return "the shifts of " + r.ID + ": " + wrong
		}
	}
	return ""
}

// nextDiffers compares who is next at some moments with what the oracle has seen.
func nextDiffers(d *draw, c *rota.Calendar, lived [][]minute) string {
	for range 5 {
		m := d.IntN(len(lived))
		now := d.a.Add(time.Duration(m) * time.Minute)
		for i, r := range c.Schedule.Rotations {
			present := lived[m][i].final.who
			after := m + 1
			for after < len(lived) && (lived[after][i].final.who == present || lived[after][i].final.who == rota.Participant{}) {
				after++
			}
			begin := d.a.Add(time.Duration(after) * time.Minute)
			for _, p := range c.Next(now) {
				if p.Rotation != r.ID {
					continue
				}
				if after == len(lived) && !p.Start.Before(d.b) {
					after = -1
				}
				if after >= 0 && after < len(lived) && p.Start.Equal(begin) && p.Participant == lived[after][i].final.who {
					after = -1
				}
				if after >= 0 {
					return fmt.Sprintf("next after %s is %s, for the oracle it begins at %s", now.In(c.Zone), line(p, c.Zone), begin.In(c.Zone))
				}
			}
			if after >= 0 && after < len(lived) {
				return fmt.Sprintf("next after %s is nobody of %s, for the oracle %s at %s", now.In(c.Zone), r.ID, called(lived[after][i].final.who), begin.In(c.Zone))
			}
		}
	}
	return ""
}

// previousDiffers compares who was on call before with what the oracle has seen.
func previousDiffers(d *draw, c *rota.Calendar, lived [][]minute) string {
	for range 5 {
		m := d.IntN(len(lived))
		now := d.a.Add(time.Duration(m) * time.Minute)
		all := c.Previous(now)
		for i, r := range c.Schedule.Rotations {
			present := lived[m][i].final.who
			before := m - 1
			for before >= 0 && (lived[before][i].final.who == present || lived[before][i].final.who == rota.Participant{}) {
				before--
			}
			var said *rota.Period
			for _, p := range all {
				if p.Rotation == r.ID {
					said = &p
				}
			}
			end := d.a.Add(time.Duration(before+1) * time.Minute)
			switch {
			case before < 0 && said != nil && said.End.After(d.a):
				return fmt.Sprintf("previous to %s is %s, and the oracle has not seen it", now.In(c.Zone), line(*said, c.Zone))
			case before >= 0 && (said == nil || said.Participant != lived[before][i].final.who || !said.End.Equal(end)):
				return fmt.Sprintf("previous to %s is %+v, for the oracle it ends at %s", now.In(c.Zone), said, end.In(c.Zone))
			}
		}
	}
	return ""
}

// keepingDiffers lets a participant keep a turn, and asks the oracle who has it then.
func keepingDiffers(d *draw, c *rota.Calendar, lived [][]minute) string {
	m := d.IntN(len(lived))
	now := d.a.Add(time.Duration(m) * time.Minute)
	for i := range c.Schedule.Rotations {
		r := &c.Schedule.Rotations[i]
		if lived[m][i].base.kind == 0 || r.Unit == rota.Fixed {
			continue
		}
		if who, ok := r.Turn(now, c.Zone); !ok || who != lived[m][i].base.who {
			return fmt.Sprintf("%s has the turn of %s at %s: %v", called(who), r.ID, now.In(c.Zone), ok)
		}
		who := pick(d, r.Participants...)
		kept, ok := r.Keeping(who, now, c.Zone)
		if !ok {
			return fmt.Sprintf("%s cannot keep the turn of %s at %s", called(who), r.ID, now.In(c.Zone))
		}
		then := live(&rota.Calendar{Schedule: &rota.Schedule{Rotations: []rota.Rotation{kept}}, Zone: c.Zone, Holidays: c.Holidays}, now, now.Add(time.Minute))
		if then[0][0].base.who != who {
			return fmt.Sprintf("%s keeps the turn of %s at %s, but with phase %d %s has it", called(who), r.ID, now.In(c.Zone), kept.Phase, called(then[0][0].base.who))
		}
		if _, ok := r.Keeping(rota.Participant{User: core.UserID("nobody of it")}, now, c.Zone); ok {
			return "somebody keeps a turn who is not a participant"
		}
	}
	return ""
}
