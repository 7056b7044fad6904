package edge

import (
	"slices"
	"testing"
)

// Pages go to the same gateway from every node, in whatever order gateways have come: what
// one leader has given to it, the next one does not give to another (P4).
func TestPagesGoTheSameWayFromEveryNode(t *testing.T) {
	g := gateways{sessions: map[uint64]*gateway{1: {id: "c"}, 2: {id: "a"}, 3: {id: "b"}}}
	for last, want := range map[string][]uint64{"": {2, 3, 1}, "b": {3, 2, 1}, "gone": {2, 3, 1}} {
		if got := g.order(last); !slices.Equal(got, want) {
			t.Errorf("after %q the order is %v, want %v", last, got, want)
		}
	}
}
