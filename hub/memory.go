package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// restPercent is how much garbage a hub at rest lets gather, in percent of what it
	// keeps. Ten thousand idle agents make little: with Go's usual hundred percent the
	// process would grow to twice what it needs, and stay so.
	restPercent = 25
	// busyPercent is what it gets when it is busy: twice Go's default, which takes a tenth of
	// the processor off the taking of alerts.
	busyPercent = 200
	// collectEvery is how long, at least, what restPercent leaves room for is to last.
	// Beyond that the hub is busy, and gets more room.
	collectEvery = 500 * time.Millisecond
	// garbageLook is how often it is looked at.
	garbageLook = time.Second
)

// gcPercent is the least of 25, 50, 100 and 200 percent with which the collector has to run no
// oftener than every collectEvery, by what is kept and how fast memory is taken, in bytes.
func gcPercent(kept, perSecond uint64) int {
	percent := restPercent
	for percent < busyPercent && float64(kept)*float64(percent)/100 < float64(perSecond)*collectEvery.Seconds() {
		percent *= 2
	}
	return min(percent, busyPercent)
}

// spareMemory has the process keep little garbage while it is at rest, until ctx ends. Who
// sets GOGC decides otherwise.
func spareMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	look := time.NewTicker(garbageLook)
	defer look.Stop()
	read := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(read)
	taken, set := read[1].Value.Uint64(), busyPercent
	before := debug.SetGCPercent(busyPercent)
	defer func() { debug.SetGCPercent(before) }()
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
		metrics.Read(read)
		now := read[1].Value.Uint64()
		if percent := gcPercent(read[0].Value.Uint64(), now-taken); percent != set {
			debug.SetGCPercent(percent) // it stops the world for a moment: only for a change
			set = percent
		}
		taken = now
	}
}
