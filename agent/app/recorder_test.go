package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"keng/agent/check"
	"keng/agent/spool"
	"keng/proto/agentpb"
)

// disk is a spool that can be full.
type disk struct {
	mu     sync.Mutex
	full   error
	kept   []string
	limit  int // of the details of an event; 0 is none
	writes int
}

func (d *disk) fill(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = err
}

func (d *disk) AppendAll(events []*agentpb.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full != nil {
		return d.full
	}
	d.writes++
	for _, event := range events {
		if d.limit > 0 && len(event.GetVerdict().GetDetails()) > d.limit {
			return spool.ErrTooLong
		}
	}
	for _, event := range events {
		d.kept = append(d.kept, event.GetVerdict().GetReason())
	}
	return nil
}

func verdict(reason string) *agentpb.Event {
	return &agentpb.Event{Kind: &agentpb.Event_Verdict{Verdict: &agentpb.Verdict{Reason: reason, Details: map[string]string{"a": "b"}}}}
}

// A disk that takes nothing for a while costs no event, and no order.
func TestAFullDiskIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{full: errors.New("full")}
		q := newQueue()
		r := &recorder{queue: q, spool: d, reported: newReported(t.TempDir()), restate: make(chan struct{}, 1), logger: slog.New(slog.DiscardHandler)}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.run(ctx) }()
		for i := range 3 {
			q.push(verdict(fmt.Sprint(i)))
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		d.fill(nil)
		time.Sleep(recordWaitMax)
		synctest.Wait()
		if got := strings.Join(d.kept, " "); got != "0 1 2" {
			t.Fatal(got)
		}
		q.push(verdict("3"))
		cancel() // what is queued is still written
		<-done
		if got := strings.Join(d.kept, " "); got != "0 1 2 3" {
			t.Fatal(got)
		}
	})
}

func TestAnEventTooLongLosesItsDetails(t *testing.T) {
	d := &disk{limit: 0}
	d.limit = 1
	event := verdict("x")
	event.GetVerdict().Details["c"] = "d"
	r := &recorder{queue: newQueue(), spool: d, logger: slog.New(slog.DiscardHandler)}
	if !r.record(t.Context(), []*agentpb.Event{verdict("y"), event}) || len(d.kept) != 2 {
		t.Fatal(d.kept)
	}
}

func TestTheQueueIsBounded(t *testing.T) {
	q := newQueue()
	for i := range queueMax + 5 {
		q.push(verdict(fmt.Sprint(i)))
	}
	event, dropped := q.pop()
	if dropped != 5 || event.GetVerdict().GetReason() != "5" {
		t.Fatal(dropped, event)
	}
	if _, dropped := q.pop(); dropped != 0 {
		t.Fatal("told twice")
	}
}

// Few writes: what comes together is written together, and what is critical at once.
func TestEventsAreWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, q := &disk{}, newQueue()
		r := &recorder{queue: q, spool: d, reported: newReported(t.TempDir()), restate: make(chan struct{}, 1), logger: slog.New(slog.DiscardHandler)}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.run(ctx) }()
		expect := func(kept, writes int) {
			t.Helper()
			synctest.Wait()
			d.mu.Lock()
			defer d.mu.Unlock()
			if len(d.kept) != kept || d.writes != writes {
				t.Fatalf("%d events by %d writes, not %d by %d", len(d.kept), d.writes, kept, writes)
			}
		}
		for i := range 5 {
			q.push(verdict(fmt.Sprint(i)))
			time.Sleep(30 * time.Millisecond)
		}
		expect(0, 0)
		time.Sleep(batchWait)
		expect(5, 1)
		for i := range 2 * batchMax {
			q.push(verdict(fmt.Sprint(i)))
		}
		expect(5+2*batchMax, 3)
		urgent := verdict("urgent")
		urgent.GetVerdict().State, urgent.GetVerdict().Priority = agentpb.State_STATE_DOWN, "P1"
		q.push(verdict("before"))
		q.push(urgent)
		expect(7+2*batchMax, 4)
		cancel()
		<-done
	})
}

// A spool in memory is not in the data directory, and outlives the agent.
func TestASpoolInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, web := newWorld(t), newMemory(), newStub("192.0.2.1")
		dir := t.TempDir()
		ram, err := ramDir(dir)
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { os.RemoveAll(ram) })
		options := w.options(dir, "hub-1:7443")
		options.Config.Spool.Mode = spoolRAM
		stop := start(t, options, map[string]*stub{"web": web}, nil)
		time.Sleep(time.Minute)
		stop()
		if _, err := os.Stat(filepath.Join(dir, spoolDir)); !errors.Is(err, os.ErrNotExist) {
			t.Fatal("there is a spool on the disk")
		}
		web.set(check.Down)
		start(t, options, map[string]*stub{"web": web}, nil)
		w.hub("hub-1", m)
		expectStory(t, m, "branch-3/web up target", "branch-3/web down target")
	})
}
