package state_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"keng/hub/state"
	"keng/raftstore/table"
)

func (s *stage) noticesNow() []*state.Delivery { return slices.Collect(state.NoticesOf(s.tx, "")) }

// P6: hundreds of schedules hand over at the same minute. One command looks at ten; the others come
// after what else is due, and each tells what it has to.
func TestP6ManySchedulesAtOnce(t *testing.T) {
	s := newStage(t)
	s.act("user an vi email:an voice:+84901")
	s.act("user binh en email:binh voice:+84902")
	s.act("remind an r start just-before via=email")
	const schedules = 35
	for i := range schedules {
		s.act(fmt.Sprintf("schedule s%d Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z binh an", i))
	}
	s.act("wait 107h59m")
	s.now = s.now.Add(time.Minute)
	for want := 10; want < schedules; want += 10 {
		due, err := do(s, state.DoDue{})
		if err != nil || due.More {
			t.Fatalf("%+v, %v", due, err)
		}
		if n := len(s.noticesNow()); n != want {
			t.Fatalf("%d are told after a command, want %d", n, want)
		}
		s.now = s.now.Add(20 * time.Millisecond)
	}
	s.act("wait 1s")
	if n := len(s.noticesNow()); n != schedules {
		t.Fatalf("%d are told", n)
	}
}

// Schedules of a version that told nobody of shifts are found when something old is removed. Notices are
// kept for 30 days.
func TestSchedulesOfBefore(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"user an vi email:an voice:+84901", "user binh en email:binh voice:+84902", "remind an r start just-before via=email", "schedule it Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z binh an", "forward binh an 1h..2h"} {
		s.act(line)
	}
	// Now as that version would have left it.
	for v := range state.Vigils.All(s.tx) {
		state.Vigils.Delete(s.tx, state.Vigils.KeyOf(v))
	}
	for d := range state.Deadlines.All(s.tx) {
		if d.Kind != state.RetentionDue {
			state.Deadlines.Delete(s.tx, state.Deadlines.KeyOf(d))
		}
	}
	s.tx.Delete(roundsKey(s))
	s.act("wait 444h")
	if all := s.noticesNow(); len(all) != 1 || all[0].CreatedAt.Sub(s.start) != 444*time.Hour {
		t.Fatalf("told: %d", len(all))
	}
	s.act("remind an r start just-before off")
	s.act("wait 719h")
	if n := len(s.noticesNow()); n != 1 {
		t.Fatalf("%d notices are left after 30 days less an hour", n)
	}
	s.act("wait 3h")
	if n := len(s.noticesNow()); n != 0 {
		t.Fatalf("%d notices are left", n)
	}
}

// roundsKey finds the key of the only row of the table of rounds.
func roundsKey(s *stage) []byte {
	for key := range s.tx.Scan(nil, nil) {
		if number, _, ok := table.RowOf(key); ok && number == 46 {
			return key
		}
	}
	s.t.Fatal("there has been no round")
	return nil
}

// P6: notices are not among the pages about alerts, so that no crowd of them hides one of those.
func TestP6NoticesHideNoPage(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{
		"user an vi email:an voice:+84901 / voice@0s", "user binh en email:binh", "schedule it Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z an binh",
		"swap it binh an 108h..276h 276h..444h", "swap it binh an 109h..276h 276h..444h", "wait 1s", "create x P1 user:an",
	} {
		s.act(line)
	}
	if all := state.Outbox(s.tx, 1); len(all) != 1 || all[0].Kind != "voice" {
		t.Errorf("first in the outbox: %+v", all)
	}
	if all := state.Outbox(s.tx, 9); len(all) != 1 {
		t.Errorf("in the outbox: %+v", all)
	}
	if all := state.OpenNotices(s.tx, 9); len(all) != 2 || all[0].Notice == nil || all[1].Notice == nil {
		t.Errorf("open notices: %+v", all)
	}
	if all := state.OpenNotices(s.tx, 1); len(all) != 1 {
		t.Errorf("more than one was asked for: %d", len(all))
	}
	s.act("report email an done")
	if all := state.OpenNotices(s.tx, 9); len(all) != 1 {
		t.Errorf("after one has arrived: %+v", all)
	}
}
