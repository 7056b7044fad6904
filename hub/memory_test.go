package main

import (
	"context"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"
)

func TestGCPercent(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name            string
		kept, perSecond uint64
		want            int
	}{
		{"nothing", 0, 0, 25},
		{"three thousand agents at rest", 140 * mib, 2 * mib, 25},
		{"they all dial", 140 * mib, 50 * mib, 100},
		{"events pour in", 140 * mib, 400 * mib, 100}, // twice that would be more than 256 MiB
		{"a small hub that works", 20 * mib, 20 * mib, 200},
		{"a storm of alerts", 30 * mib, 110 * mib, 800},
		{"there is no end to it", 5 * mib, 400 * mib, 800},
		{"just enough", 100 * mib, 12 * mib, 25},
	} {
		if got := gcPercent(c.kept, c.perSecond); got != c.want {
			t.Errorf("%s: %d, not %d", c.name, got, c.want)
		}
	}
}

// TestSpareMemory: at rest the process keeps little garbage, and leaves all as it was.
func TestSpareMemory(t *testing.T) {
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(busyPercent)
	defer debug.SetGCPercent(before)
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			spareMemory(ctx)
			close(ended)
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := debug.SetGCPercent(restPercent); got != restPercent {
			t.Errorf("at rest it is %d percent", got)
		}
		stop()
		<-ended
		if got := debug.SetGCPercent(busyPercent); got != busyPercent {
			t.Errorf("after that %d percent", got)
		}
	})
}
