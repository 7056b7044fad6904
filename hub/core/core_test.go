package core_test

import (
	"errors"
	"fmt"
	"regexp"
	"testing"

	"keng/hub/core"
)

func TestSeedMakesTheSameIDsAgain(t *testing.T) {
	a, b := core.Seed{1}, core.Seed{2}
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	if id := a.ID("alert", 1); !form.MatchString(id) || id != a.ID("alert", 1) {
		t.Errorf("%q is no UUID, or not the same twice", id)
	}
	seen := map[string]bool{}
	for _, id := range []string{a.ID("alert", 1), a.ID("alert", 2), a.ID("user", 1), b.ID("alert", 1)} {
		if seen[id] {
			t.Errorf("%s was made twice", id)
		}
		seen[id] = true
	}
}

func TestParsePriority(t *testing.T) {
	for text, want := range map[string]core.Priority{"": core.P3, "P1": core.P1, "P5": core.P5} {
		if got, err := core.ParsePriority(text); err != nil || got != want {
			t.Errorf("%q gives %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"P0", "P6", "p1", "1", "P11", "critical"} {
		if _, err := core.ParsePriority(text); core.KindOf(err) != core.Unacceptable {
			t.Errorf("%q is taken for a priority (%v)", text, err)
		}
	}
	if s := core.Priority(0).String(); s != "" {
		t.Errorf("no priority is written %q", s)
	}
}

func TestErrorKindsAndWords(t *testing.T) {
	err := fmt.Errorf("around: %w", core.Missing("user", "an"))
	if core.KindOf(err) != core.NotFound || core.KindOf(errors.New("x")) != core.Internal || core.KindOf(nil) != core.Internal {
		t.Error("kinds are told apart wrongly")
	}
	e := &core.Error{Words: "no", Fields: map[string]string{"b": "2", "a": "1"}}
	if e.Error() != "no; a: 1; b: 2" {
		t.Errorf("words: %q", e.Error())
	}
}

func TestNumberedIDsSortByTheirNumbers(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	before := ""
	for _, n := range []uint64{0, 1, 2, 255, 1<<16 - 1, 1 << 16, 1<<32 + 7, 1<<48 - 1} {
		id := core.Seed{byte(n * 37)}.Numbered("alert", n)
		if !form.MatchString(id) || id <= before {
			t.Errorf("%d: %q is no UUID, or not behind %q", n, id, before)
		}
		if from, to := core.NumberedFrom(n), core.NumberedFrom(n+1); n+1 < 1<<48 && (id < from || id >= to) {
			t.Errorf("%d: %q is not from %q to %q", n, id, from, to)
		}
		before = id
	}
	if id := (core.Seed{0, 0, 1, 2, 3, 4, 5}).Ordered("request", 0); id[:14] != "00000102-0304-" || !form.MatchString(id) {
		t.Errorf("an id ordered by its seed is %q", id)
	}
	if (core.Seed{1}).Numbered("alert", 5) == (core.Seed{2}).Numbered("alert", 5) {
		t.Error("two commands made the same id")
	}
}
