package state_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/state"
)

// What is planned is listed for one person or for all, in the order of the ends, until it is over.
func TestListsOfWhatIsPlanned(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{
		"user an en", "user binh en", "user chi en", "schedule it Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z nobody",
		"roster it Main an@1h..20h binh@20h..40h chi@40h..60h",
		"forward an binh 0h..9h", "forward binh an 0h..5h", "forward an chi 0h..1h",
		"away chi 1h..7h", "away an 1h..8h", "away chi 0h..1h",
		"swap it an binh 1h..2h 20h..21h", "swap it chi an 41h..42h 3h..4h", "swap it binh chi 22h..23h 50h..51h",
	} {
		s.act(line)
	}
	if strings.Contains(s.out.String(), "error") {
		t.Fatal(s.out.String())
	}
	id := func(name string) core.UserID {
		u, ok := state.FindUser(s.tx, name)
		if !ok {
			return ""
		}
		return u.ID
	}
	lists := func(name string, now time.Time) string {
		var f, a, w []string
		for x := range state.ForwardsOf(s.tx, id(name), now) {
			f = append(f, fmt.Sprint(s.whoIs(rota.Participant{User: x.From}), x.End.Sub(s.start).Hours()))
		}
		for x := range state.AbsencesOf(s.tx, id(name), now) {
			a = append(a, fmt.Sprint(s.whoIs(rota.Participant{User: x.User}), x.End.Sub(s.start).Hours()))
		}
		for x := range state.SwapsOf(s.tx, id(name), now) {
			w = append(w, fmt.Sprint(s.whoIs(rota.Participant{User: x.Asker}), max(x.Mine.End.Sub(s.start), x.Theirs.End.Sub(s.start)).Hours()))
		}
		return fmt.Sprint(f, a, w)
	}
	for _, c := range []struct {
		name string
		at   time.Duration
		want string
	}{
		{"", 0, "[an1 binh5 an9] [chi1 chi7 an8] [an21 chi42 binh51]"},
		{"an", 0, "[an1 an9] [an8] [an21 chi42]"},
		{"chi", 0, "[] [chi1 chi7] [chi42 binh51]"},
		{"", time.Hour - 1, "[an1 binh5 an9] [chi1 chi7 an8] [an21 chi42 binh51]"},
		{"", time.Hour, "[binh5 an9] [chi7 an8] [an21 chi42 binh51]"},
		{"an", time.Hour, "[an9] [an8] [an21 chi42]"},
		{"chi", 42 * time.Hour, "[] [] [binh51]"},
		{"", 51 * time.Hour, "[] [] []"},
	} {
		if got := lists(c.name, s.start.Add(c.at)); got != c.want {
			t.Errorf("of %q after %v: %s, want %s", c.name, c.at, got, c.want)
		}
	}
}

// What nobody has asked for, or cannot be answered so, is refused in words.
func TestAnswersToSwapsThatCannotBe(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"user an en", "user binh en", "schedule it Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z an binh", "swap it an binh 60h..61h 120h..121h"} {
		s.act(line)
	}
	for _, c := range []struct {
		k    state.AnswerSwap
		says string
	}{
		{state.AnswerSwap{Swap: "none", By: state.Either("binh"), Answer: state.AcceptSwap}, "Swap [none] does not exist"},
		{state.AnswerSwap{Swap: s.asked, By: state.Either("zoe"), Answer: state.AcceptSwap}, "User [zoe] does not exist"},
		{state.AnswerSwap{Swap: s.asked, By: state.Either("binh")}, "must be accept, decline or withdraw"},
		{state.AnswerSwap{Swap: s.asked, By: state.Either("binh"), Answer: state.WithdrawSwap + 1}, "must be accept, decline or withdraw"},
	} {
		if _, err := do(s, c.k); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want %q", c.k, err, c.says)
		}
	}
	for range state.OverridesMax {
		s.act("override it who=an at=0h..1h")
	}
	if _, err := do(s, state.AnswerSwap{Swap: s.asked, By: state.Either("binh"), Answer: state.AcceptSwap}); err == nil || !strings.Contains(err.Error(), "1000 overrides") {
		t.Errorf("into a full schedule: %v", err)
	}
	an, _ := state.FindUser(s.tx, "an")
	if w := slices.Collect(state.SwapsOf(s.tx, an.ID, s.now)); len(w) != 1 || w[0].Status != state.SwapAsked || len(w[0].Overrides) > 0 {
		t.Errorf("what was refused has changed something: %+v", w)
	}
}
