package api

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// However many ask, one feed is written at a time, each once; who waits too long is told so.
func TestOneFeedAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeedAnswers()
		running, most, written := 0, 0, 0
		write := func(context.Context) (*feedFile, error) {
			running++
			written++
			most = max(most, running)
			time.Sleep(4 * time.Second)
			running--
			return &feedFile{etag: "x"}, nil
		}
		var late atomic.Int32
		for i := range 40 {
			go func() {
				if _, err := f.get(t.Context(), fmt.Sprint(i%4), time.Now, write); errors.Is(err, context.DeadlineExceeded) {
					late.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			}()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if most != 1 || written != 3 || late.Load() != 9+10 { // after ten seconds two are there, and the third is only for whom it is written
			t.Errorf("%d at a time, %d written, %d too late", most, written, late.Load())
		}
		failed := errors.New("no")
		if _, err := f.get(t.Context(), "9", time.Now, func(context.Context) (*feedFile, error) { return nil, failed }); !errors.Is(err, failed) {
			t.Error(err)
		}
		if _, err := f.get(t.Context(), "9", time.Now, write); err != nil || written != 4 {
			t.Errorf("after an error: %v", err)
		}
	})
}

// What is kept of feeds is bounded, in number and in bytes.
func TestKeptFeedsAreBounded(t *testing.T) {
	f, now := newFeedAnswers(), time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	for _, c := range []struct{ files, bytes int }{{3 * feedsKeptMax, 10}, {40, 1 << 20}, {2, feedsKeptSize + 1}, {5, 10}} {
		for i := range c.files {
			f.keep(fmt.Sprint(c.bytes, i), keptFeed{&feedFile{bytes: make([]byte, c.bytes)}, now})
			f.keep(fmt.Sprint(c.bytes, i), keptFeed{&feedFile{bytes: make([]byte, c.bytes)}, now})
			size := 0
			for _, k := range f.kept {
				size += len(k.bytes)
			}
			if len(f.kept) > feedsKeptMax || size > feedsKeptSize || size != f.size {
				t.Fatalf("%d kept of %d bytes, %d counted", len(f.kept), size, f.size)
			}
		}
	}
	if f.known("10 4", now) == nil || f.known("10 4", now.Add(feedKept)) != nil || f.known("10 4", now.Add(-1)) != nil {
		t.Error("what was just kept is not known for a minute")
	}
}
