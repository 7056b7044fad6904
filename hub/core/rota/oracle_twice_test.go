package rota_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

// Who is booked twice is, in every minute, who the oracle sees on call in several of some schedules,
// and in which: schedules of several zones, that change in other ways. And the gaps and absences of all of them are those of
// each, but that nobody is suggested who is on call in another. By hand: go
// test ./hub/core/rota -run Oracle -args -schedules 10000. Rules keng-7.trouble.twice, keng-7.trouble.elsewhere.
func TestOracleOfDoubleBookings(t *testing.T) {
	var met int
	for i := range uint64(*schedules) {
		d := &draw{Rand: rand.New(rand.NewPCG(*seed+i, 11))}
		d.zone = zone(t, pick(d, clocks()...))
		d.days()
		var all []*rota.Calendar
		for n := range 2 + d.IntN(3) {
			c := d.plans()
			c.Schedule.ID = core.ScheduleID([]string{"mạng", "ca đêm", "bảo vệ", "điện"}[n])
			all = append(all, c)
			d.zone = zone(t, pick(d, clocks()...))
		}
		var lived [][][]minute
		for _, c := range all {
			lived = append(lived, live(c, d.a, d.b))
		}
		got, want, away := rota.DoubleBookings(all, d.a, d.b), twice(d, all, lived), d.absences()
		var each []rota.Trouble
		for i, c := range all {
			each = append(each, ahead(d, c, lived[i], lived, away)...)
		}
		wrong := differ(ills(got, time.UTC), ills(want, time.UTC))
		if wrong = cmp.Or(wrong, differ(ills(rota.Troubles(all, d.a, d.b, away), time.UTC), ills(append(each, want...), time.UTC))); wrong != "" {
			why := ""
			for _, c := range all {
				why += fmt.Sprintf("--- schedule %s\n%s\n", c.Schedule.ID, words(c))
			}
			t.Fatalf("-seed %d -schedules 1: the double bookings, with %+v away: %s\n%slooked at from %s to %s", *seed+i, away, wrong, why, d.a, d.b)
		}
		met += len(got)
	}
	if met < *schedules {
		t.Errorf("only %d people were booked twice: too few to tell anything", met)
	}
}

// twice lists who is on call in several schedules in the same minutes, as somebody would who lays
// all plans beside one another and looks for each person in each: a double booking goes on for as long as the person is
// found in the same of them.
func twice(d *draw, all []*rota.Calendar, lived [][][]minute) (found []rota.Trouble) {
	for _, user := range []core.UserID{"an", "bình", "chi", "dung"} {
		before := ""
		for m, now := range minutesOf(d.a, d.b) {
			var in []core.ScheduleID
			for i, c := range all {
				if onCall(lived[i][m], user) {
					in = append(in, c.Schedule.ID)
				}
			}
			names := fmt.Sprint(in)
			switch {
			case len(in) < 2:
			case names == before:
				found[len(found)-1].End = now.Add(time.Minute)
			default:
				found = append(found, rota.Trouble{Kind: rota.DoubleBooked, Schedule: in[0], Other: in[1], More: in[2:], User: user, Start: now, End: now.Add(time.Minute)})
			}
			before = names
		}
	}
	slices.SortFunc(found, func(x, y rota.Trouble) int {
		return cmp.Or(x.Start.Compare(y.Start), cmp.Compare(x.Schedule, y.Schedule), cmp.Compare(x.Other, y.Other), cmp.Compare(x.User, y.User))
	})
	return found
}
