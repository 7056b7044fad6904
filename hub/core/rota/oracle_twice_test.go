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

// Who is booked twice is, in every minute and for each two of some schedules, who the oracle
// sees on call in both: in schedules of several zones, that change in other ways. By hand: go
// test ./hub/core/rota -run Oracle -args -schedules 10000. Rule keng-7.trouble.twice.
func TestOracleOfDoubleBookings(t *testing.T) {
	var met int
	for i := range uint64(*schedules) {
		d := &draw{Rand: rand.New(rand.NewPCG(*seed+i, 11))}
		d.zone = zone(t, pick(d, clocks()...))
		d.days()
		var all []*rota.Calendar
		for n := range 2 + d.IntN(2) {
			c := d.plans()
			c.Schedule.ID = core.ScheduleID([]string{"mạng", "ca đêm", "bảo vệ"}[n])
			all = append(all, c)
			d.zone = zone(t, pick(d, clocks()...))
		}
		got, want := rota.DoubleBookings(all, d.a, d.b), twice(d, all)
		if wrong := differ(ills(got, time.UTC), ills(want, time.UTC)); wrong != "" {
			why := ""
			for _, c := range all {
				why += fmt.Sprintf("--- schedule %s\n%s\n", c.Schedule.ID, words(c))
			}
			t.Fatalf("-seed %d -schedules 1: the double bookings: %s\n%slooked at from %s to %s", *seed+i, wrong, why, d.a, d.b)
		}
		met += len(got)
	}
	if met < *schedules {
		t.Errorf("only %d people were booked twice: too few to tell anything", met)
	}
}

// twice lists who is on call in two schedules in the same minutes, as somebody would who lays
// the plan of one beside that of another, for each two of them.
func twice(d *draw, all []*rota.Calendar) (found []rota.Trouble) {
	var lived [][][]minute
	for _, c := range all {
		lived = append(lived, live(c, d.a, d.b))
	}
	for i := range all {
		for j := i + 1; j < len(all); j++ {
			for _, user := range []core.UserID{"an", "bình", "chi", "dung"} {
				last := rota.Trouble{Kind: rota.DoubleBooked, Schedule: all[i].Schedule.ID, Other: all[j].Schedule.ID, User: user}
				for m, now := range minutesOf(d.a, d.b) {
					switch {
					case !onCall(lived[i][m], user) || !onCall(lived[j][m], user):
					case last.End.Equal(now):
						last.End = now.Add(time.Minute)
						found[len(found)-1] = last
					default:
						last.Start, last.End = now, now.Add(time.Minute)
						found = append(found, last)
					}
				}
			}
		}
	}
	slices.SortFunc(found, func(x, y rota.Trouble) int {
		return cmp.Or(x.Start.Compare(y.Start), cmp.Compare(x.Schedule, y.Schedule), cmp.Compare(x.Other, y.Other), cmp.Compare(x.User, y.User))
	})
	return found
}
