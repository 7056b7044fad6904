package state_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"keng/hub/core/rota"
	"keng/hub/state"
)

// Whatever is planned, ended, deleted and planned again under the same alias: who was on call at a
// moment is told at the end as it was then, and an alias that is not planned now is free.
//
// keng-8.calendar.past
func TestThePastStays(t *testing.T) {
	for seed := *first; seed < *first+uint64(max(*seeds/2, 1)); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s, dice := newStage(t), rand.New(rand.NewPCG(seed, 21))
			people := []string{"an", "binh", "chi"}
			for _, name := range people {
				s.act("user " + name + " en")
			}
			s.act("schedule it Asia/Ho_Chi_Minh 2026-11-02T02:00:00Z an binh")
			s.act("rotation it Second who=chi unit=daily start=2026-11-02T05:00:00Z hours=8-20")
			was := map[time.Time][]string{}
			starts := map[string]time.Time{} // of what is planned, by alias
			for range 60 {
				alias := pick(dice, "a", "b", "c")
				if start, planned := starts[alias]; !planned {
					from := dice.IntN(6)
					s.plan("override it alias="+alias+" who="+pick(dice, people...)+pick(dice, "", " rot=Second")+" at=%s..%s", from, from+1+dice.IntN(12))
					starts[alias] = s.now.Add(time.Duration(from) * time.Hour)
				} else if dice.IntN(2) == 0 {
					s.act("unoverride it " + alias)
					delete(starts, alias)
				} else if start.Before(s.now) { // it has ended, it says, or it goes on
					s.act(fmt.Sprintf("reoverride it %s at=%s..%s", alias, start.Sub(s.now), pick(dice, "-3h", "-25m", "5h")))
				}
				from := pick(dice, people...)
				switch dice.IntN(4) {
				case 0:
					s.plan("forward "+from+" "+pick(dice, people...)+" %s..%s "+from, 0, 1+dice.IntN(8))
				case 1:
					s.act("unforward " + from)
				}
				s.act("wait 1m")
				was[s.now] = s.onCallAt(s.now)
				s.act(fmt.Sprintf("wait %dm", 30+dice.IntN(180)))
				for alias := range starts {
					if x, _ := state.Either("it").Schedule(s.tx); !s.isPlanned(x, alias) {
						delete(starts, alias)
					}
				}
			}
			for at, who := range was {
				if now := s.onCallAt(at); !slices.Equal(now, who) {
					t.Errorf("at %s %v were on call, now it is told that it was %v", at.Sub(s.start), who, now)
				}
			}
		})
	}
}

// plan acts what begins and ends so many hours from now.
func (s *stage) plan(line string, from, to int) {
	s.act(fmt.Sprintf(line, time.Duration(from)*time.Hour, time.Duration(to)*time.Hour))
}

// isPlanned reports whether an override that is not over has an alias.
func (s *stage) isPlanned(x *rota.Schedule, alias string) bool {
	return slices.ContainsFunc(state.OverridesOf(s.tx, x.ID, s.now), func(o *rota.Override) bool { return o.Alias == alias })
}

// onCallAt returns who is on call in the schedule "it" at a moment, by rotation.
func (s *stage) onCallAt(at time.Time) (who []string) {
	x, err := state.Either("it").Schedule(s.tx)
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := state.CalendarOf(s.tx, x, time.LoadLocation, at, at.Add(1))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range c.OnCall(at) {
		who = append(who, p.Rotation+": "+s.whoIs(p.Participant))
	}
	return who
}
