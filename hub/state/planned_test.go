package state_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keng/hub/core/rota"
	"keng/hub/state"
)

// There is a bound to what is planned; what is over does not count, and goes piece by piece.
//
// keng-8.calendar.bounds keng-8.calendar.retention
func TestHowMuchCanBePlanned(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"user an en", "user binh en", "schedule it Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z an binh"} {
		s.act(line)
	}
	for _, of := range []struct {
		line, last, refused string
		most                int
	}{
		{"override it who=binh at=0h..1h", "override it alias=full who=binh at=0h..1h", "1000 overrides", state.OverridesMax},
		{"forward an binh 0h..1h", "forward an binh 0h..1h full", "100 forwarding rules", state.ForwardsMax},
		{"away an 0h..1h", "away an 0h..1h", "100 absences", state.AbsencesMax},
	} {
		for range of.most - 1 {
			s.act(of.line)
		}
		s.act(of.last)
		if s.out.Len() > 0 {
			t.Fatalf("%s: %s", of.line, s.out.String())
		}
		if s.act(of.line); !strings.Contains(s.out.String(), of.refused) {
			t.Errorf("one more: %s", s.out.String())
		}
		s.out.Reset()
	}
	s.act("unoverride it full") // what is changed does not count beside itself
	s.act("unforward full")
	for _, line := range []string{"override it alias=full who=binh at=0h..1h", "reoverride it full who=an", "forward an binh 0h..1h full", "reforward full an binh 0h..1h"} {
		if s.act(line); s.out.Len() > 0 {
			t.Fatalf("%s: %s", line, s.out.String())
		}
	}
	s.act("wait 2h")
	for _, line := range []string{"override it who=binh at=0h..1h", "forward an binh 0h..1h", "away an 0h..1h"} {
		if s.act(line); s.out.Len() > 0 {
			t.Fatalf("when the others are over: %s", s.out.String())
		}
	}
	for _, line := range []string{"override it alias=last who=binh at=0h..1h", "wait 2h"} {
		s.act(line)
	}
	for range state.OverridesMax {
		s.act("override it who=binh at=0h..1h")
	}
	if s.act("reoverride it last at=0h..1h"); !strings.Contains(s.out.String(), "1000 overrides") {
		t.Errorf("one that is over begins again beside a thousand: %q", s.out.String())
	}
	s.act("wait 9000h")
	s.out.Reset()
	if s.act("planned"); !strings.HasPrefix(s.out.String(), "0 overrides, 0 forwarding rules, 0 absences") {
		t.Errorf("a year later there are %s", s.out.String())
	}
}

// A person takes part in so many requests to swap at most.
//
// keng-8.calendar.bounds
func TestHowManySwapsCanBeAsked(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"user an en", "user binh en", "schedule it Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z an binh"} {
		s.act(line)
	}
	for range state.SwapsMax {
		s.act("swap it an binh 60h..61h 120h..121h")
	}
	if strings.Contains(s.out.String(), "error") {
		t.Fatal(s.out.String())
	}
	if s.act("swap it binh an 120h..121h 60h..61h"); !strings.Contains(s.out.String(), "100 requests") {
		t.Error("one more was taken")
	}
	s.out.Reset()
	for range 20 { // who asks is told first, each time
		s.act("swap it binh an 120h..121h 60h..61h")
	}
	if strings.Count(s.out.String(), "fromUser: takes part in 100 requests") != 20 {
		t.Error(s.out.String())
	}
	s.act("user chi en")
	s.act("override it who=chi at=50h..51h")
	s.out.Reset()
	s.act("swap it chi an 50h..51h 60h..61h") // an is the one who takes part in too many
	if !strings.Contains(s.out.String(), "toUser: takes part in 100 requests") {
		t.Error(s.out.String())
	}
}

// What was taken back or declined keeps nobody from asking, nor from being asked.
//
// keng-8.calendar.bounds
func TestSwapsThatAreAnswered(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"user an en", "user binh en", "schedule it Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z an binh"} {
		s.act(line)
	}
	for i := range state.SwapsMax + 1 {
		s.act("swap it an binh 60h..61h 120h..121h")
		s.act([]string{"withdraw an", "decline binh"}[i%2])
	}
	if strings.Contains(s.out.String(), "error") {
		t.Error(s.out.String())
	}
}

// What is said of an absence can be changed; its person and its times are checked.
func TestAbsenceIsChanged(t *testing.T) {
	s := newStage(t)
	s.act("user an en")
	s.act("away an 1h..2h")
	an, _ := state.FindUser(s.tx, "an")
	var absence rota.Absence
	for a := range state.AbsencesOf(s.tx, "", s.now) {
		absence = *a
	}
	note, end, before := "Đi đám cưới", s.now.Add(5*time.Hour), s.now.Add(time.Hour)
	changed, err := do(s, state.ChangeAbsence{ID: absence.ID, Fields: state.AbsenceFields{Note: &note, End: &end}})
	if err != nil || changed.Note != note || !changed.End.Equal(end) || changed.User != an.ID || !changed.Start.Equal(absence.Start) {
		t.Errorf("changed to %+v, %v", changed, err)
	}
	for want, f := range map[string]state.AbsenceFields{
		"endDate": {End: &before}, "user": {User: &state.Pick{Name: "zoe"}}, "note": {Note: new(strings.Repeat("x", 1001))},
	} {
		if _, err := do(s, state.ChangeAbsence{ID: absence.ID, Fields: f}); err == nil || !strings.Contains(err.Error(), want+": ") {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := do(s, state.ChangeAbsence{ID: "none"}); err == nil {
		t.Error("an absence that there is not was changed")
	}
	s.act("wait 90m")
	if back, err := do(s, state.ChangeAbsence{ID: absence.ID, Fields: state.AbsenceFields{End: new(s.now.Add(-time.Minute))}}); err != nil || !back.End.Equal(s.now) {
		t.Errorf("who is back since a minute is off until %s, %v", back.End, err)
	}
}

// When somebody is to be on call is kept with the schedule; without windows that is always.
func TestCoversOfSchedule(t *testing.T) {
	s := newStage(t)
	s.act("user an en")
	s.act("schedule it Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z an")
	cover := func(windows ...rota.Window) (rota.Schedule, error) {
		return do(s, state.ChangeSchedule{Schedule: state.Either("it"), Fields: state.ScheduleFields{Covers: &rota.Restriction{Daily: true, Windows: windows}}})
	}
	if x, err := cover(rota.Window{StartMinute: 60, EndMinute: 120}); err != nil || x.Covers == nil {
		t.Errorf("%+v, %v", x.Covers, err)
	}
	if _, err := cover(rota.Window{StartMinute: -1}); err == nil || !strings.Contains(fmt.Sprint(err), "covers: ") {
		t.Errorf("a window before midnight: %v", err)
	}
	if x, err := cover(); err != nil || x.Covers != nil {
		t.Errorf("%+v, %v", x.Covers, err)
	}
}
