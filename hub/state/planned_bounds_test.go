package state_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core/rota"
	"keng/hub/state"
)

// What is to be mended in all schedules, in order of time: gaps, who is on call and off, who is
// on call in two schedules, with what overrides and forwarding rules make of it.
func TestTroublesOfAllSchedules(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{
		"user an en", "user binh en", "user chi en",
		"schedule b Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z nobody", "schedule a Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z nobody",
		"roster b Roster an@0h..5h binh@5h..30h", "roster a Roster chi@0h..10h an@10h..20h binh@20h..30h",
		"away an -2h..2h", "away chi 6h..7h", "away binh -5h..0h", // the last is over
		"override b who=chi at=3h..4h", "forward binh an 12h..14h", "forward chi binh 24h..25h",
	} {
		s.act(line)
	}
	tell := func(from, to time.Duration) (told []string) {
		for _, x := range state.Troubles(s.tx, time.LoadLocation, s.now.Add(from), s.now.Add(to)) {
			name := map[rota.TroubleKind]string{rota.Gap: "gap", rota.Away: "away", rota.DoubleBooked: "twice"}[x.Kind]
			row, _ := state.Either(string(x.Schedule)).Schedule(s.tx)
			other, _ := state.Either(string(x.Other)).Schedule(s.tx)
			line := fmt.Sprintf("%s in %s, %s to %s:", name, row.Name, x.Start.Sub(s.now), x.End.Sub(s.now))
			if other != nil {
				line = strings.Replace(line, ",", " and "+other.Name+",", 1)
			}
			for _, p := range append([]rota.Participant{{User: x.User}}, x.Suggestion...) {
				line += " " + s.whoIs(p)
			}
			told = append(told, line)
		}
		return told
	}
	want := []string{
		"away in b, 0s to 2h0m0s: an binh",
		"twice in a and b, 3h0m0s to 4h0m0s: chi",
		"away in a, 6h0m0s to 7h0m0s: chi an", // not binh, who is on call in b then
		"twice in a and b, 12h0m0s to 14h0m0s: an",
		"twice in a and b, 20h0m0s to 30h0m0s: binh",
		"gap in a, 30h0m0s to 31h0m0s: nobody chi an binh",
		"gap in b, 30h0m0s to 31h0m0s: nobody an binh",
	}
	if got := tell(0, 31*time.Hour); !slices.Equal(got, want) {
		t.Errorf("got:\n%s", strings.Join(got, "\n"))
	}
	want = []string{"twice in a and b, 12h0m0s to 13h0m0s: an"} // of a shorter time: its end counts
	if got := tell(8*time.Hour, 13*time.Hour); !slices.Equal(got, want) {
		t.Errorf("of a shorter time: %q", got)
	}
	s.act("block chi") // as good as off for ever, and nobody to be asked
	if got := tell(150*time.Minute, 4*time.Hour); len(got) != 3 || got[0] != "away in a, 2h30m0s to 4h0m0s: chi binh" || got[2] != "away in b, 3h0m0s to 4h0m0s: chi binh an" {
		t.Errorf("when chi is blocked:\n%s", strings.Join(got, "\n"))
	}
	if got := tell(30*time.Hour, 31*time.Hour); got[0] != "gap in a, 30h0m0s to 31h0m0s: nobody an binh" {
		t.Errorf("somebody who is blocked is to take a gap: %s", got[0])
	}
	unknown := state.Troubles(s.tx, func(string) (*time.Location, error) { return nil, errors.New("none") }, s.now, s.now.Add(1))
	if len(unknown) != 2 || unknown[0].Kind != rota.Unknown || unknown[1].Kind != rota.Unknown || unknown[0].Schedule == unknown[1].Schedule {
		t.Errorf("two schedules of an unknown zone have the troubles %+v", unknown)
	}
}

// A schedule that is disabled is a trouble if something sends alerts to it, and an alert that
// comes there says so.
func TestDisabledScheduleIsATrouble(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{
		"user an en push:tok-an push@0s", "schedule used Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z an", "schedule routed Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z an",
		"schedule idle Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z an", "escalation e 0s=schedule:used", "team it escalation:e", "team net schedule:routed",
	} {
		s.act(line)
	}
	told := func() (lines []string) {
		for _, x := range state.Troubles(s.tx, time.LoadLocation, s.now, s.now.Add(time.Hour)) {
			if x.Kind == rota.Unknown {
				row, _ := state.Either(string(x.Schedule)).Schedule(s.tx)
				lines = append(lines, row.Name+": "+x.Why)
			}
		}
		slices.Sort(lines)
		return lines
	}
	if got := told(); len(got) != 0 {
		t.Fatalf("while all are enabled: %q", got)
	}
	off := false
	for _, name := range []string{"used", "routed", "idle"} {
		if _, err := do(s, state.ChangeSchedule{Schedule: state.Pick{Name: name}, Fields: state.ScheduleFields{Enabled: &off}}); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"routed: it is disabled, so nobody is, and a routing rule of team net sends to it", "used: it is disabled, so nobody is, and escalation e sends to it"}
	if got := told(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	s.out.Reset()
	s.act("create x P1 team:it")
	if !strings.Contains(s.out.String(), "Nobody notified: schedule used is disabled, so nobody is on call in it") {
		t.Errorf("the alert says:\n%s", s.out.String())
	}
}
