package escalate_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
)

// Which words there are, and for whom. Rules ogapi-8.notify.pairs, keng-8.notify.round-robin.
func TestNotifyWords(t *testing.T) {
	for kind, want := range map[alert.ResponderKind]string{
		alert.User: "default", alert.Schedule: "default next previous", alert.Team: "default users admins all random round-robin", alert.Escalation: "default",
	} {
		if got := strings.Join(escalate.Possible(kind), " "); got != want {
			t.Errorf("kind %d: %s", kind, got)
		}
	}
	for _, word := range append(escalate.Possible(alert.Team), escalate.Possible(alert.Schedule)...) {
		n, ok := escalate.ParseNotify(strings.ToUpper(word))
		if !ok || n.String() != word {
			t.Errorf("%s is %v", word, n)
		}
		if want := strings.Contains("users admins all random round-robin", word); n.OfMembers() != want {
			t.Errorf("%s: of members %v", word, !want)
		}
	}
	if n, ok := escalate.ParseNotify(""); !ok || n != escalate.Default {
		t.Errorf("no word: %v", n)
	}
	if n, ok := escalate.ParseNotify("somebody"); ok || n != escalate.Default {
		t.Errorf("%v", n)
	}
	if beyond := escalate.RoundRobin + 1; beyond.String() != "" || beyond.Fits(alert.Team) || beyond.OfMembers() || escalate.Next.Fits(alert.User) || escalate.All.Fits(alert.Schedule) {
		t.Error("what is none has a word, or fits")
	}
}

// A choice is the same whenever it is asked for, and about even; another alert, escalation,
// step or repetition is another choice. Rule ogapi-8.notify.random.
func TestChoose(t *testing.T) {
	const members, alerts = 5, 5000
	var counts [members]int
	differ := map[string]int{}
	for i := range alerts {
		id := core.AlertID(fmt.Sprintf("%08d-0000", i))
		first := escalate.Choose(id, "e", 1, 0, members)
		counts[first]++
		if escalate.Choose(id, "e", 1, 0, members) != first {
			t.Fatal("asked again it is another")
		}
		for what, other := range map[string]int{
			"escalation": escalate.Choose(id, "f", 1, 0, members), "step": escalate.Choose(id, "e", 2, 0, members), "repeat": escalate.Choose(id, "e", 1, 1, members),
			"swapped": escalate.Choose(id, "e", 0, 1, members),
		} {
			if other != first {
				differ[what]++
			}
		}
		if escalate.Choose(id, "e", 1, 0, 1) != 0 {
			t.Fatal("of one another was chosen")
		}
	}
	for i, n := range counts {
		if n < alerts/members*8/10 || n > alerts/members*12/10 {
			t.Errorf("member %d was chosen %d times of %d", i, n, alerts)
		}
	}
	for what, n := range differ {
		if share := float64(n) / alerts; share < 0.75 || share > 0.85 { // four of five, if they have nothing to do with one another
			t.Errorf("another %s gives another choice in %.2f of all", what, share)
		}
	}
	if len(differ) != 4 || escalate.Choose("ab", "c", 0, 0, 1<<30) == escalate.Choose("a", "bc", 0, 0, 1<<30) {
		t.Errorf("%v", differ)
	}
}

// Turns go around as by a plain wheel, past those who cannot be told. Rule
// keng-8.notify.round-robin.
func TestTakeTurn(t *testing.T) {
	for seed := range uint64(300) {
		dice := rand.New(rand.NewPCG(seed, 9))
		var members []core.UserID
		for i := range dice.IntN(6) {
			members = append(members, core.UserID(rune('a'+i)))
		}
		can := map[core.UserID]bool{}
		for _, m := range members {
			can[m] = dice.IntN(3) > 0
		}
		last := core.UserID(rune('a' + dice.IntN(7)))
		wheel := members // turned so that who comes next is first
		if i := slices.Index(members, last); i >= 0 {
			wheel = slices.Concat(members[i+1:], members[:i+1])
		}
		wheel = slices.DeleteFunc(slices.Clone(wheel), func(m core.UserID) bool { return !can[m] })
		got, ok := escalate.TakeTurn(members, last, func(m core.UserID) bool { return can[m] })
		if ok != (len(wheel) > 0) || ok && got != wheel[0] {
			t.Fatalf("seed %d: after %s of %v, who can be told %v: %s", seed, last, members, can, got)
		}
	}
}
