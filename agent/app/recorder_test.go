package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"keng/agent/spool"
	"keng/proto/agentpb"
)

// disk is a spool that can be full.
type disk struct {
	mu    sync.Mutex
	full  error
	kept  []string
	limit int // of the details of an event; 0 is none
}

func (d *disk) fill(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = err
}

func (d *disk) Append(event *agentpb.Event) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full != nil {
		return 0, d.full
	}
	if d.limit > 0 && len(event.GetVerdict().GetDetails()) > d.limit {
		return 0, spool.ErrTooLong
	}
	d.kept = append(d.kept, event.GetVerdict().GetReason())
	return uint64(len(d.kept)), nil
}

func verdict(reason string) *agentpb.Event {
	return &agentpb.Event{Kind: &agentpb.Event_Verdict{Verdict: &agentpb.Verdict{Reason: reason, Details: map[string]string{"a": "b"}}}}
}

// A disk that takes nothing for a while costs no event, and no order.
func TestAFullDiskIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{full: errors.New("full")}
		q := newQueue()
		r := &recorder{queue: q, spool: d, logger: slog.New(slog.DiscardHandler)}
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
	if !r.record(t.Context(), event) || len(d.kept) != 1 {
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
