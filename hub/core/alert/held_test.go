package alert_test

import (
	"slices"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// What escalations were to do next is remembered once for each, also beside what a row of
// before has.
//
// Rule keng-8.life.held-once.
func TestUnderWay(t *testing.T) {
	a := &alert.Alert{Next: &alert.Next{Escalation: "old", Step: 2}}
	is := func(want ...core.EscalationID) {
		t.Helper()
		var got []core.EscalationID
		for _, n := range a.UnderWay() {
			got = append(got, n.Escalation)
		}
		if !slices.Equal(got, want) {
			t.Errorf("under way are %v, not %v", got, want)
		}
	}
	is("old")
	a.Hold(alert.Next{Escalation: "b"}, alert.Next{Escalation: "c"})
	is("b", "c", "old")
	a.Hold(alert.Next{Escalation: "old", Step: 3})
	is("old", "b", "c")
	if n := a.UnderWay()[0]; n.Step != 3 {
		t.Errorf("old is to do step %d", n.Step)
	}
	a.Release("b")
	is("old", "c")
	a = &alert.Alert{Next: &alert.Next{Escalation: "old"}, Held: []alert.Next{{Escalation: "b"}}}
	a.Release("old")
	is("b")
	a.ReleaseAll()
	is()
}
