package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"sync"
	"time"
)

// measured is what came of a load: how long each operation took, shortest first.
type measured struct {
	elapsed time.Duration
	took    []time.Duration
}

func (m measured) perSecond() float64 { return float64(len(m.took)) / m.elapsed.Seconds() }

// quantile returns, in milliseconds, what the part q of the operations did not exceed.
func (m measured) quantile(q float64) float64 {
	if len(m.took) == 0 {
		return 0
	}
	return milliseconds(m.took[min(int(q*float64(len(m.took))), len(m.took)-1)])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// operationTimeout is how long one operation of a load may take.
const operationTimeout = 30 * time.Second

// drive has so many workers do something over and over, each without a pause, until the
// window is over. The first error ends it.
func drive(ctx context.Context, workers int, window time.Duration, do func(ctx context.Context, worker int) error) (measured, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(window+operationTimeout, func() { cancel(errors.New("an operation did not come to an end")) })
	defer stalled.Stop()
	took := make([][]time.Duration, workers)
	began := time.Now()
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for last := began; last.Sub(began) < window && ctx.Err() == nil; {
				if err := do(ctx, w); err != nil {
					cancel(err)
					return
				}
				now := time.Now()
				took[w] = append(took[w], now.Sub(last))
				last = now
			}
		})
	}
	wg.Wait()
	m := measured{elapsed: time.Since(began), took: slices.Concat(took...)}
	slices.Sort(m.took)
	return m, context.Cause(ctx)
}

// profiled calls f, and keeps a processor profile of it in a directory if there is one.
func profiled(dir, name string, f func() error) error {
	if dir == "" {
		return f()
	}
	file, err := os.Create(filepath.Join(dir, name+".pprof"))
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return errors.Join(err, file.Close())
	}
	err = f()
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}

// syncTime returns the median of what a write of 4 KiB to a directory's disk takes, until
// it is durable.
func syncTime(dir string) (time.Duration, error) {
	f, err := os.CreateTemp(dir, "sync-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block := bytes.Repeat([]byte("k"), 4096)
	var took []time.Duration
	for range 100 {
		began := time.Now()
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
