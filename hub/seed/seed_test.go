package seed_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/core"
	"keng/hub/seed"
)

func TestSeedsAreInTheOrderOfTheirMaking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made := map[core.Seed]bool{}
		last := seed.New()
		for range 1000 {
			time.Sleep(time.Millisecond)
			next, twin := seed.New(), seed.New()
			if bytes.Compare(last[:], next[:]) >= 0 {
				t.Fatalf("%x is made after %x", next, last)
			}
			if made[next] || made[twin] || next == twin {
				t.Fatalf("%x or %x is made twice", next, twin)
			}
			made[next], made[twin], last = true, true, next
		}
	})
}
