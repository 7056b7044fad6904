package hubtest_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/raftstore"
	"keng/raftstore/table"
)

// disk is a store of one node on the real disk, in the shape that state asks for.
type disk struct{ *raftstore.Store }

func (d disk) Update(ctx context.Context, id [16]byte, command []byte) ([]byte, error) {
	return d.Store.Update(ctx, id, command)
}

func (d disk) View(ctx context.Context, _ bool, f func(table.Reader) error) error {
	return d.Store.View(ctx, raftstore.Local, f)
}

func openDisk(b *testing.B) disk {
	b.Helper()
	s, err := raftstore.Open(raftstore.Options{
		Dir: b.TempDir(), NodeID: "a", Bootstrap: true, Handle: state.New(time.LoadLocation).Handle, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return disk{s}
}

// ingesters is how many send at the same time, and eventsEach how many events of an agent
// go in one command.
const ingesters, eventsEach = 64, 64

// BenchmarkTakeEvents measures what an alert from an agent costs the store: evaluating,
// the log and the engine. Each event is another check that is down, and nobody is paged.
func BenchmarkTakeEvents(b *testing.B) {
	s := openDisk(b)
	agents := make([]state.TakeEvents, ingesters)
	for i := range agents {
		p, err := state.Do(b.Context(), s, seed.New(), state.UseToken{Kind: "agent", Name: fmt.Sprint("agent-", i)})
		if err != nil {
			b.Fatal(err)
		}
		agents[i] = state.TakeEvents{Agent: p.ID, Epoch: bytes.Repeat([]byte{1}, 16), Events: make([]state.Event, eventsEach)}
	}
	sent := make([]uint64, ingesters)
	ingest(b, eventsEach, func(worker int, _ int64) error {
		command := agents[worker]
		for i := range command.Events {
			sent[worker]++
			command.Events[i] = state.Event{
				Number: sent[worker], At: time.Now(), Check: fmt.Sprint("disk-", sent[worker]), Site: command.Agent, State: state.Down, Kind: "disk",
				Target: "/var/lib/shop", Reason: long, Priority: core.P3, Details: map[string]string{"instance": "db.example.vn:9100", "device": "/dev/nvme0n1p2"},
			}
		}
		taken, err := state.Do(b.Context(), s, seed.New(), command)
		if err == nil && taken.Through != sent[worker] {
			err = fmt.Errorf("%d events are taken, of %d", taken.Through, sent[worker])
		}
		return err
	})
}

// BenchmarkCreateAlert measures the same of an alert that comes by the API.
func BenchmarkCreateAlert(b *testing.B) {
	s := openDisk(b)
	ingest(b, 1, func(_ int, n int64) error {
		_, err := state.Do(b.Context(), s, seed.New(), state.CreateAlert{Request: fmt.Sprint("request-", n), Draft: alert.Draft{
			Message: "The disk is nearly full", Alias: fmt.Sprint("disk-", n), Description: long, Priority: core.P3, Tags: []string{"disk", "shop"},
			Source: "bench", Details: map[string]string{"instance": "db.example.vn:9100", "device": "/dev/nvme0n1p2"},
		}})
		return err
	})
}

// long is the text of an alert: with the rest it makes about a kilobyte.
var long = strings.Repeat("The disk of this machine is nearly full. ", 16)

// ingest has all send, again and again, and reports the processor time of an alert.
func ingest(b *testing.B, alerts int, send func(worker int, n int64) error) {
	var next atomic.Int64
	var senders sync.WaitGroup
	b.ResetTimer()
	before := processorTime(b)
	for worker := range ingesters {
		senders.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := send(worker, n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
	b.StopTimer()
	all := float64(b.N * alerts)
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/all, "cpu-µs/alert")
	b.ReportMetric(all/b.Elapsed().Seconds(), "alerts/s")
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
