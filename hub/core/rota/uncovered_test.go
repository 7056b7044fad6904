package rota_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"keng/hub/core/rota"
)

// What of a timeline is uncovered is what is told as gaps.
func TestUncoveredIsWhereGapsAre(t *testing.T) {
	told := 0
	for n := range uint64(600) {
		d := &draw{Rand: rand.New(rand.NewPCG(n, 5))}
		d.zone = zone(t, pick(d, clocks()...))
		c := d.calendar()
		if d.one(2) {
			c.Schedule.Covers = d.restriction()
		}
		var want []rota.Stretch
		for _, gap := range c.Troubles(d.a, d.b, nil) {
			if gap.Kind == rota.Gap {
				want = append(want, rota.Stretch{Start: gap.Start, End: gap.End})
			}
		}
		line := c.Timeline(d.a, d.b)
		if got := c.Uncovered(&line); !slices.Equal(got, want) {
			t.Fatalf("drawing %d: %v, want %v of %s", n, got, want, words(c))
		}
		told += len(want)
		if line.Cut = true; len(c.Uncovered(&line)) != 0 {
			t.Fatalf("drawing %d: what is missing is told as gaps", n)
		}
	}
	if told < 200 {
		t.Errorf("only %d gaps were compared", told)
	}
}
