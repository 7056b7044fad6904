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
	// busyPercent is the most that it gets when it is busy, and garbageMost how many bytes it may
	// be then. In a storm of alerts on a busy machine 200 percent cost a tenth more than 800.
	busyPercent = 800
	garbageMost = 256 << 20
	// collectEvery is how long, at least, what there is room for is to last. What is kept is
	// gone through each time, so it costs less the more seldom that is.
	collectEvery = 2 * time.Second
	// startPercent is what it begins with.
	startPercent = 200
	// garbageLook is how often it is looked at.
	garbageLook = time.Second
)

// gcPercent is the least of 25, 50, 100 … 800 percent with which the collector has to run no
// oftener than every collectEvery, by what is kept and how fast memory is taken, in bytes. Beyond
// Go's default of 100 it makes no more garbage than garbageMost.
func gcPercent(kept, perSecond uint64) int {
	garbage := func(percent int) float64 { return float64(kept) * float64(percent) / 100 }
	percent := restPercent
	for percent < busyPercent && garbage(percent) < float64(perSecond)*collectEvery.Seconds() && (percent < 100 || garbage(2*percent) <= garbageMost) {
		percent *= 2
	}
	return percent
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
	taken, set := read[1].Value.Uint64(), startPercent
	before := debug.SetGCPercent(startPercent)
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
