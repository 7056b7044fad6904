package rota_test

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
	"keng/hub/core/rota"
)

// troublesDiffer compares the gaps and absences ahead, and who is suggested for each, with what
// the minutes lived say.
func troublesDiffer(d *draw, c *rota.Calendar, lived [][]minute) string {
	if d.one(2) {
		c.Schedule.Covers = d.restriction()
	}
	away := d.absences()
	want := ahead(d, c, lived, nil, away)
	if wrong := differ(ills(c.Troubles(d.a, d.b, away), c.Zone), ills(want, c.Zone)); wrong != "" {
		return fmt.Sprintf("the troubles, with %+v away and %+v to be covered: %s", away, c.Schedule.Covers, wrong)
	}
	return ""
}

// absences are some of a few people, one of whom is in no schedule; some go on where others end.
func (d *draw) absences() (all []rota.Absence) {
	for i := range d.IntN(6) {
		a := rota.Absence{ID: fmt.Sprint("a", i+1), User: pick[core.UserID](d, "an", "bình", "chi", "dung", "em")}
		a.Start, a.End = d.times()
		if i > 0 && d.one(3) {
			before := all[i-1]
			a.User, a.Start, a.End = before.User, before.End, before.End.Add(time.Duration(1+d.IntN(900))*time.Minute)
		}
		all = append(all, a)
	}
	return all
}

// ahead lists the troubles that a schedule has in the minutes lived. A gap goes on while nobody
// is on call who should be. That a person is on call and off goes on for as long as one of the
// periods does in which they are on call, and they are off without a break.
func ahead(d *draw, c *rota.Calendar, lived [][]minute, elsewhere [][][]minute, away []rota.Absence) (all []rota.Trouble) {
	covers := newPlan(&rota.Rotation{Restriction: c.Schedule.Covers}, c.Zone)
	people := []core.UserID{"an", "bình", "chi", "dung", "em"}
	var before []minute
	open := map[core.UserID]int{} // the trouble that each has had since, a gap under no name
	for m, now := range minutesOf(d.a, d.b) {
		nobody := !slices.ContainsFunc(lived[m], func(r minute) bool { return r.final.who != rota.Participant{} })
		here := map[core.UserID]bool{"": nobody && !c.Schedule.Disabled && covers.open(shown(now, c.Zone), c.Holidays)}
		for _, user := range people {
			here[user] = onCall(lived[m], user) && isAway(away, user, now)
			if here[user] && !goesOn(before, lived[m], user) {
				delete(open, user)
			}
		}
		for _, user := range append([]core.UserID{""}, people...) {
			i, since := open[user]
			switch {
			case !here[user]:
				delete(open, user)
			case since:
				all[i].End = now.Add(time.Minute)
			default:
				open[user] = len(all)
				t := rota.Trouble{Kind: rota.Away, Schedule: c.Schedule.ID, User: user, Start: now, End: now.Add(time.Minute)}
				if user == "" {
					t.Kind = rota.Gap
				}
				all = append(all, t)
			}
		}
		before = lived[m]
	}
	for i := range all {
		all[i].Suggestion = suggested(d, c, lived, elsewhere, away, all[i])
	}
	return all
}

// minutesOf are the minutes of [a, b), numbered.
func minutesOf(a, b time.Time) iter.Seq2[int, time.Time] {
	return func(yield func(int, time.Time) bool) {
		for m := 0; a.Add(time.Duration(m) * time.Minute).Before(b); m++ {
			if !yield(m, a.Add(time.Duration(m)*time.Minute)) {
				return
			}
		}
	}
}

// onCall says whether a person is on call in one of the rotations.
func onCall(rotations []minute, user core.UserID) bool {
	for i := range rotations { // by number: minutes are large, and there are many
		if rotations[i].final.who.User == user {
			return true
		}
	}
	return false
}

// goesOn says whether a period of a person goes on from one minute to the next.
func goesOn(before, now []minute, user core.UserID) bool {
	for i := range before {
		if now[i].final == before[i].final && now[i].final.who.User == user {
			return true
		}
	}
	return false
}

func isAway(away []rota.Absence, user core.UserID, now time.Time) bool {
	return slices.ContainsFunc(away, func(a rota.Absence) bool {
		return a.User == user && !now.Before(a.Start) && now.Before(a.End)
	})
}

// suggested are the people whom the schedule names and against whom nothing speaks in any
// minute of a trouble: they are not on call in it, here or elsewhere, not away, and give nothing away. The fewer
// minutes somebody has in all, the better; of two with the same the one named first.
func suggested(d *draw, c *rota.Calendar, lived [][]minute, elsewhere [][][]minute, away []rota.Absence, t rota.Trouble) []rota.Participant {
	var named []rota.Participant
	for _, r := range c.Schedule.Rotations {
		named = append(named, r.Participants...)
		for _, s := range r.Slots {
			named = append(named, s.Participant)
		}
	}
	minutes := map[core.UserID]int{}
	var free []rota.Participant
	for _, who := range named {
		if who.User == "" || slices.Contains(free, who) {
			continue
		}
		good, sum := true, 0
		for m, now := range minutesOf(d.a, d.b) {
			on := onCall(lived[m], who.User)
			if on {
				sum++
			}
			if now.Before(t.Start) || !now.Before(t.End) {
				continue
			}
			for _, other := range elsewhere {
				on = on || onCall(other[m], who.User)
			}
			gives := slices.ContainsFunc(c.Forwards, func(f rota.Forward) bool {
				return f.From == who.User && !now.Before(f.Start) && now.Before(f.End)
			})
			good = good && !on && !gives && !isAway(away, who.User, now)
		}
		if good {
			free = append(free, who)
			minutes[who.User] = sum
		}
	}
	slices.SortStableFunc(free, func(x, y rota.Participant) int { return minutes[x.User] - minutes[y.User] })
	return free
}

// ills are troubles in words, one a line.
func ills(all []rota.Trouble, zone *time.Location) (told []string) {
	for _, t := range all {
		s := fmt.Sprintf("%s – %s %s in %s", t.Start.In(zone).Format(time.RFC3339), t.End.In(zone).Format(time.RFC3339),
			[...]string{"?", "gap", "away", "twice"}[min(t.Kind, 3)], t.Schedule)
		if t.Other != "" {
			s += " and " + string(t.Other)
		}
		for _, more := range t.More {
			s += " and " + string(more)
		}
		if t.User != "" {
			s += " of " + string(t.User)
		}
		for _, who := range t.Suggestion {
			s += ", why not " + called(who)
		}
		told = append(told, s)
	}
	return told
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
