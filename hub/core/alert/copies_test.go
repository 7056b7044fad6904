package alert_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// roomy is an alert whose lists have room behind them, as those have that were appended to.
func roomy(make func() *alert.Alert) *alert.Alert {
	a := make()
	a.Tags = append(slices.Grow(a.Tags, 9), "spare")
	a.Responders = slices.Grow(a.Responders, 9)
	a.Begun = append(slices.Grow(a.Begun, 9), "d", "e", "f")
	return a
}

// Who moves a copy of an alert (a rehearsal, or a reader with an older state in hand) moves
// that copy alone, though a plain copy shares its lists with the first.
func TestAMoveLeavesOtherCopiesAlone(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(moves)) {
		for _, s := range in {
			a, want := roomy(s.make), roomy(s.make)
			moved, other := *a, *a
			moves[name](&moved)
			if !reflect.DeepEqual(a, want) {
				t.Errorf("%s when %s has changed another copy:\n%+v, want\n%+v", name, s.name, a, want)
			}
			after := copyOf(t, &moved)
			other.AddResponder(by("an", 0), alert.Responder{Kind: alert.User, ID: "another"}, "A")
			other.Escalate(by("an", 0), "f", "F")
			other.AddTags(by("an", 0), []string{"another"})
			other.RemoveTags(by("an", 0), []string{"spare"})
			other.AddDetails(by("an", 0), map[string]string{"another": "x"})
			if !reflect.DeepEqual(copyOf(t, &moved), after) {
				t.Errorf("after %s when %s: moving another copy has changed this one:\n%+v, want\n%+v", name, s.name, &moved, after)
			}
		}
	}
	a := roomy(fresh)
	moved := *a
	moved.Escalate(by("an", 0), "e", "E")
	if !slices.Equal(a.Begun, []core.EscalationID{"d", "e", "f"}) || !slices.Equal(moved.Begun, []core.EscalationID{"d", "f"}) {
		t.Errorf("begun: %v, of the copy %v", a.Begun, moved.Begun)
	}
}
