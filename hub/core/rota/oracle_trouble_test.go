package rota_test

import (
	"fmt"
	"maps"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
	"keng/hub/core/rota"
)

// troublesDiffer compares the gaps and absences ahead with those of the minutes lived: a
// minute of a gap has nobody in it, though the schedule means to be covered; a minute of an
// absence has somebody on call who is off.
func troublesDiffer(d *draw, c *rota.Calendar, lived [][]minute) string {
	if d.one(2) {
		c.Schedule.Covers = d.restriction()
	}
	covers := newPlan(&rota.Rotation{Restriction: c.Schedule.Covers}, c.Zone)
	start, end := d.times()
	away := []rota.Absence{{ID: "a", User: "an", Start: start, End: end}}
	troubles := c.Troubles(d.a, d.b, away)
	for i, t := range troubles {
		if i > 0 && t.Start.Before(troubles[i-1].Start) || !t.End.After(t.Start) || t.Start.Before(d.a) || t.End.After(d.b) {
			return fmt.Sprintf("trouble number %d is %+v, after %+v", i+1, t, troubles[max(0, i-1)])
		}
	}
	for m := range lived {
		now := d.a.Add(time.Duration(m) * time.Minute)
		var somebody, an bool
		for _, r := range lived[m] {
			somebody = somebody || r.final.who != rota.Participant{}
			an = an || r.final.who.User == "an"
		}
		gap := !somebody && !c.Schedule.Disabled && covers.open(shown(now, c.Zone), c.Holidays)
		off := an && !now.Before(start) && now.Before(end)
		var toldGap, toldOff bool
		for _, t := range troubles {
			if !now.Before(t.Start) && now.Before(t.End) {
				toldGap = toldGap || t.Kind == rota.Gap
				toldOff = toldOff || t.Kind == rota.Away && t.User == "an"
			}
		}
		if gap != toldGap {
			return fmt.Sprintf("a gap at %s, restricted to %+v: %v, for the oracle %v", now.In(c.Zone), c.Schedule.Covers, toldGap, gap)
		}
		if off && !toldOff {
			return fmt.Sprintf("at %s an is on call and away from %s to %s, and nobody is told", now.In(c.Zone), start.In(c.Zone), end.In(c.Zone))
		}
	}
	return ""
}

// loadsDiffer compares the hours of each person with the minutes lived.
func loadsDiffer(d *draw, c *rota.Calendar, lived [][]minute) string {
	want := map[core.UserID]rota.Load{}
	for m := range lived {
		wall := shown(d.a.Add(time.Duration(m)*time.Minute), c.Zone)
		day, odd := c.Holidays[holiday.Date{Year: wall.Year(), Month: wall.Month(), Day: wall.Day()}]
		on := map[core.UserID]bool{} // once, in however many rotations
		for _, r := range lived[m] {
			who := r.final.who.User
			if who == "" || on[who] {
				continue
			}
			on[who] = true
			load := want[who]
			load.OnCall += time.Minute
			if wall.Hour() >= 22 || wall.Hour() < 6 {
				load.Nights += time.Minute
			}
			weekday := wall.Weekday()
			if odd && day.Works {
				weekday = day.As
			}
			if weekday == time.Saturday || weekday == time.Sunday {
				load.Weekends += time.Minute
			}
			if odd && !day.Works {
				load.Holidays += time.Minute
			}
			want[who] = load
		}
	}
	if got := c.Loads(d.a, d.b); !maps.Equal(got, want) {
		return fmt.Sprintf("the loads are %v, for the oracle %v", got, want)
	}
	return ""
}
