package raftstore

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		update(t, s, "set old 1")
		from := s.Status().Applied
		ctx, cancel := context.WithCancel(t.Context())
		var seen []string
		ended := make(chan error, 1)
		go func() {
			for c, err := range s.Changes(ctx, from) {
				if err != nil {
					ended <- err
					return
				}
				for _, key := range c.Keys {
					seen = append(seen, string(key))
				}
				if c.Index <= from || c.Term == 0 || c.Time.IsZero() {
					t.Errorf("the change is %+v", c)
				}
			}
		}()
		for i := range 3 {
			wake := s.Applied()
			update(t, s, fmt.Sprintf("set k%d v", i))
			<-wake
			time.Sleep(time.Second)
		}
		update(t, s, "del k1")
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the changes ended with %v", err)
		}
		if got := fmt.Sprint(seen); got != "[k0 k1 k2 k1]" {
			t.Errorf("the changes were %s", got)
		}
		for _, err := range s.Changes(t.Context(), 0) { // what was before the start is not kept
			if !errors.Is(err, ErrLost) && s.feed.floor > 0 {
				t.Errorf("from the beginning: %v", err)
			}
			break
		}
	})
}

func TestFeedIsBounded(t *testing.T) {
	f := newFeed(5)
	if _, _, err := f.since(4); !errors.Is(err, ErrLost) {
		t.Errorf("what was before the feed: %v", err)
	}
	key := make([]byte, 1<<20)
	for i := range uint64(30) {
		f.add([]Change{{Index: 6 + i, Keys: [][]byte{key}}}, 6+i)
	}
	if len(f.changes) >= 16 || len(f.changes) < 14 || f.bytes > maxFeedBytes {
		t.Errorf("%d changes of a megabyte are kept, %d bytes", len(f.changes), f.bytes)
	}
	if _, _, err := f.since(f.floor - 1); !errors.Is(err, ErrLost) {
		t.Errorf("what was dropped: %v", err)
	}
	changes, _, err := f.since(f.floor)
	if err != nil || len(changes) != len(f.changes) || changes[len(changes)-1].Index != 35 {
		t.Errorf("what is kept: %d changes, %v", len(changes), err)
	}
	for i := range uint64(maxFeedChanges + 10) {
		f.add([]Change{{Index: 100 + i}}, 100+i)
	}
	if len(f.changes) != maxFeedChanges {
		t.Errorf("%d small changes are kept", len(f.changes))
	}
}
