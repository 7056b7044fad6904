package state_test

import (
	"fmt"
	"testing"
	"time"

	"keng/hub/state"
)

// looksAt returns for which moments schedules are planned to be looked at, and how many for each.
func (s *stage) looksAt() map[time.Time]int {
	at := map[time.Time]int{}
	for d := range state.Deadlines.All(s.tx) {
		if d.Kind == state.ScheduleLook {
			at[d.At]++
		}
	}
	return at
}

func manySchedules(t *testing.T, n int) *stage {
	s := newStage(t)
	s.act("user an vi email:an")
	s.act("user binh en email:binh")
	for i := range n {
		s.act(fmt.Sprintf("schedule s%d Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z binh an", i))
	}
	return s
}

// P6: the schedules of one zone are looked at for gaps one after another, each at its own second of the ten
// minutes after nine, on each day.
func TestP6GapsAreLookedForOneAfterAnother(t *testing.T) {
	const schedules = 300
	s := manySchedules(t, schedules)
	nine := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	first := s.looksAt()
	if len(first) < schedules/2 {
		t.Fatalf("%d schedules are looked at in %d moments", schedules, len(first))
	}
	for at, n := range first {
		if at.Before(nine) || !at.Before(nine.Add(10*time.Minute)) || n > 6 {
			t.Errorf("%d are looked at at %v", n, at)
		}
	}
	s.act("wait 13h")
	for at, n := range s.looksAt() {
		if first[at.Add(-24*time.Hour)] != n {
			t.Errorf("a day later %d are looked at at %v", n, at)
		}
	}
}

// P6: after an outage hundreds of schedules are to be looked at together. Hardly one is put off twice; for
// no moment more are planned than one command looks at; and what is put off costs one small row.
func TestP6PutOffOnce(t *testing.T) {
	const schedules = 700
	s := manySchedules(t, schedules)
	s.now = time.Date(2026, 11, 26, 3, 0, 0, 7, time.UTC)
	done, commands := 0, 0
	for commands < 200 {
		due, err := do(s, state.DoDue{})
		if err != nil {
			t.Fatal(err)
		}
		done, commands = done+due.Done, commands+1
		next, ok := state.NextDeadline(s.tx)
		if !ok || next.After(s.now.Add(time.Minute)) {
			break
		}
		if due.More {
			s.now = s.now.Add(5 * time.Millisecond) // as long as a command may take
			continue
		}
		for at, n := range s.looksAt() {
			if at.Before(s.now.Add(time.Minute)) && n > 10 {
				t.Fatalf("%d are planned for %v", n, at)
			}
		}
		s.now = next
	}
	if done > 2*schedules+10 || commands > schedules/10+5 {
		t.Errorf("%d deadlines and %d commands for %d schedules", done, commands, schedules)
	}
	today := s.now
	for v := range state.Vigils.All(s.tx) {
		if v.Looked.Before(today.Add(-time.Minute)) || !v.LookAt.After(today.Add(time.Hour)) {
			t.Errorf("%s was looked at at %v, and will be at %v", v.Schedule, v.Looked, v.LookAt)
		}
	}
	if len(s.looksAt()) == 0 || commands < schedules/10 {
		t.Errorf("%d commands have looked at all", commands)
	}
}

// A schedule that is disabled, or enabled anew, while its look is put off is looked at as any other.
func TestPutOffAndDisabled(t *testing.T) {
	const schedules = 25
	s := manySchedules(t, schedules)
	s.now = time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)
	if _, err := do(s, state.DoDue{}); err != nil {
		t.Fatal(err)
	}
	for i := range schedules {
		s.act(fmt.Sprintf("enable s%d off", i))
		if i%2 == 0 {
			s.act(fmt.Sprintf("enable s%d on", i))
		}
	}
	s.act("wait 1s")
	planned := 0
	for _, n := range s.looksAt() {
		planned += n
	}
	if want := (schedules + 1) / 2; planned != want {
		t.Errorf("%d looks are planned for %d schedules", planned, want)
	}
}
