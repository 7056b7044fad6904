package state_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// A random life of two schedules: whatever is changed about them, by whichever command, every
// reminder that the shifts of the moment promise is told at its minute, once, and no other. The
// shifts are found minute by minute, and the rules are read plainly.
//
// Rules keng-6.notice.once, keng-6.notice.final, keng-6.notice.joined, ogapi-8.reminder.times,
// ogapi-8.reminder.schedules, ogapi-8.reminder.rule.
func TestRemindersInRandomLives(t *testing.T) {
	for seed := *first; seed < *first+uint64(*seeds)/4; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := &dutyLife{life: life{stage: newStage(t), dice: rand.New(rand.NewPCG(seed, 6))}, told: map[string]bool{}}
			for _, line := range []string{
				"user an vi email:an push:a", "user binh en email:binh sms:b", "user chi en email:chi",
				"schedule it Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z an binh", "schedule net UTC 2026-11-23T02:00:00Z nobody",
				"rotation net Nights who=binh,chi unit=daily start=2026-11-23T11:00:00Z hours=11-2", "role chi Owner", "wait 1m",
			} {
				l.act(line)
			}
			for range 40 {
				l.change()
				l.act("wait 1m") // all schedules have been asked
				l.out.Reset()
				l.checkVigils()
				l.checkNext(time.Duration(1+l.dice.IntN(1500)) * time.Minute)
			}
		})
	}
}

type dutyLife struct {
	life
	told map[string]bool
}

func (l *dutyLife) change() {
	who, other, schedule := pick(l.dice, "an", "binh", "chi"), pick(l.dice, "an", "binh", "chi"), pick(l.dice, "it", "net")
	from := l.dice.IntN(600)
	at := fmt.Sprintf("%dm..%dm", from, from+1+l.dice.IntN(900))
	switch l.dice.IntN(15) {
	case 0, 1, 2, 3:
		l.act("remind " + who + " r" + pick(l.dice, "1 ", "2 ") + pick(l.dice, "start ", "end ") + pick(l.dice, "just-before", "15-minutes-ago", "1-hour-ago,just-before", "1-day-ago,1-hour-ago") +
			" via=email" + pick(l.dice, "", "", " of="+schedule, " hours=6-18", " off"))
	case 4, 5, 6:
		l.act("override " + schedule + " who=" + who + " at=" + at + " alias=" + pick(l.dice, "x", "y", "z"))
	case 7:
		l.act("unoverride " + schedule + " " + pick(l.dice, "x", "y", "z"))
	case 8:
		l.act("forward " + who + " " + other + " " + at + " " + pick(l.dice, "f", "g"))
	case 9:
		l.act("unforward " + pick(l.dice, "f", "g"))
	case 10:
		l.act("takeover " + schedule + " " + who + " until=" + pick(l.dice, "30m", "3h"))
	case 11:
		l.act("rotation " + schedule + " Extra who=" + who + "," + other + " unit=" + pick(l.dice, "hourly", "daily") + " start=2026-11-23T02:00:00Z length=" + pick(l.dice, "1", "3"))
	case 12:
		l.act("zone net " + pick(l.dice, "UTC", "Asia/Ho_Chi_Minh", "Europe/Berlin"))
	case 13:
		l.act("enable " + schedule + " " + pick(l.dice, "on", "on", "off"))
	case 14:
		l.act("away " + who + " " + at)
		l.act("holidays h +2026-11-28 of=net")
	}
}

// checkVigils: every schedule that is not disabled is looked at by one deadline, and no other.
func (l *dutyLife) checkVigils() {
	looks := map[core.ScheduleID][]string{}
	for d := range state.Deadlines.All(l.tx) {
		switch d.Kind {
		case state.ScheduleLook:
			looks[d.Schedule] = append(looks[d.Schedule], d.ID)
		case state.ScheduleRound:
			l.t.Fatal("all schedules are to be asked still")
		}
	}
	for s := range state.Schedules.All(l.tx) {
		v, ok := state.Vigils.Get(l.tx, table.K().String(string(s.ID)))
		switch {
		case ok == s.Disabled || len(looks[s.ID]) > 0 == s.Disabled:
			l.t.Fatalf("schedule %s, disabled %t, is looked at by %v", s.Name, s.Disabled, looks[s.ID])
		case ok && !slices.Equal(looks[s.ID], []string{v.Look}):
			l.t.Fatalf("schedule %s is looked at by %v, and by %s", s.Name, looks[s.ID], v.Look)
		case ok && (!v.LookAt.After(l.now) || v.LookAt.After(l.now.Add(24*time.Hour+time.Minute))):
			l.t.Fatalf("schedule %s is looked at in %s", s.Name, v.LookAt.Sub(l.now))
		}
	}
}

// promise is a reminder that is to be told if nothing changes.
type promise struct {
	change string    // of which shift
	at     time.Time // when it is
}

// checkNext lets time pass in which nothing changes, and holds what has been told against what
// had to be. Now and then the hub does nothing meanwhile.
func (l *dutyLife) checkNext(d time.Duration) {
	from, down := l.now, l.dice.IntN(8) == 0
	want := map[string]promise{}
	for s := range state.Schedules.All(l.tx) {
		maps.Copy(want, l.promised(s, d))
	}
	if down {
		l.act("down " + d.String())
	} else {
		l.act("wait " + d.String())
	}
	got := map[string]bool{}
	for n := range state.NoticesOf(l.tx, "") {
		if n.Notice.Kind > state.ShiftEnds || n.Why.After != "" || !n.CreatedAt.After(from) {
			continue
		}
		at := n.Notice.Shift.Start
		if n.Notice.Kind == state.ShiftEnds {
			at = n.Notice.Shift.End
		}
		change := fmt.Sprintf("%s %s %s %s", n.Notice.Kind, n.Notice.ScheduleName, l.whoIs(rota.Participant{User: n.User}), at.UTC().Format(time.RFC3339))
		key := change + " at " + n.DueAt().UTC().Format(time.RFC3339)
		_, wanted := want[key]
		switch {
		case l.told[key] || down && got[change]:
			l.t.Fatalf("%s is told twice", key)
		case !wanted || n.Kind != channel.Email:
			l.t.Fatalf("%s is told by %s, and was not to be", key, n.Kind)
		case !down && !n.Due.IsZero() || n.CreatedAt.Sub(at) >= 2*time.Hour:
			l.t.Fatalf("%s is told as late as %s", key, n.CreatedAt.Sub(at))
		}
		got[change], l.told[key] = true, true
		delete(want, key)
	}
	for key, p := range want {
		if !down || !got[p.change] && l.now.Before(p.at) {
			l.t.Fatalf("%s is not told between %s and %s", key, from, l.now)
		}
	}
}

// promised returns what is to be told of a schedule in the time to come, if nothing changes.
func (l *dutyLife) promised(s *rota.Schedule, d time.Duration) map[string]promise {
	promised := map[string]promise{}
	to := l.now.Add(d + 25*time.Hour)
	calendar, err := state.CalendarOf(l.tx, s, time.LoadLocation, l.now, to)
	if err != nil || s.Disabled {
		return promised
	}
	final := calendar.Timeline(l.now, to).Final
	for u := range state.Users.All(l.tx) {
		on := make([]bool, int(to.Sub(l.now)/time.Minute)+1) // by the minute from now on
		for _, p := range final {
			for m := p.Start; p.User == u.ID && m.Before(p.End); m = m.Add(time.Minute) {
				on[int(m.Sub(l.now)/time.Minute)] = true
			}
		}
		for i := 1; i < len(on)-1; i++ {
			if on[i] == on[i-1] {
				continue
			}
			kind, action, at := state.ShiftStarts, reach.ScheduleStart, l.now.Add(time.Duration(i)*time.Minute)
			if !on[i] {
				kind, action = state.ShiftEnds, reach.ScheduleEnd
			}
			change := fmt.Sprintf("%s %s %s %s", kind, s.Name, u.Username, at.UTC().Format(time.RFC3339))
			for word, before := range map[string]time.Duration{"just-before": 0, "15-minutes-ago": 15 * time.Minute, "1-hour-ago": time.Hour, "1-day-ago": 24 * time.Hour} {
				m := at.Add(-before)
				if m.After(l.now) && !m.After(l.now.Add(d)) && speaks(u, s, action, word, m) {
					promised[change+" at "+m.UTC().Format(time.RFC3339)] = promise{change, at}
				}
			}
		}
	}
	return promised
}

// speaks reports whether one of a person's rules speaks at a moment.
func speaks(u *reach.User, s *rota.Schedule, action reach.Action, word string, at time.Time) bool {
	hour := at.UTC().Add(7 * time.Hour).Hour()
	for _, r := range u.Rules {
		about := len(r.Schedules) == 0 || r.Schedules[0] == s.ID
		open := r.Restriction == nil || hour*60 >= r.Restriction.Windows[0].StartMinute && hour*60 < r.Restriction.Windows[0].EndMinute
		if r.Action == action && !r.Disabled && about && open && slices.Contains(r.Times, word) {
			return true
		}
	}
	return false
}
