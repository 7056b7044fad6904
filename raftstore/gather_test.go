package raftstore

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"keng/raftstore/table"
)

// slowLog takes a moment for each write when it is told to.
type slowLog struct {
	*raft.InmemStore
	slow atomic.Bool
}

func (l *slowLog) StoreLogs(logs []*raft.Log) error {
	if l.slow.Load() {
		time.Sleep(10 * time.Millisecond)
	}
	return l.InmemStore.StoreLogs(logs)
}

// TestCommandsAreGathered: what comes while an entry is under way goes together in the next
// one, and does not wait for the first if there is enough of it. All are answered.
func TestCommandsAreGathered(t *testing.T) {
	tests := []struct {
		name     string
		commands int
		bytes    int    // of each
		underWay int64  // commands, while the first's entry is being written
		entries  uint64 // in the end
	}{
		{"a few", enoughCommands - 1, 1, 1, 2},
		{"many", enoughCommands, 1, 1 + enoughCommands, 2},
		{"a few that fill an entry each", 3, maxBatchBytes, 2, 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &slowLog{InmemStore: raft.NewInmemStore()}
				var evaluated atomic.Int64
				s := openMemory(t, func(o *Options) {
					o.logs, o.stable = log, log.InmemStore
					o.Handle = func(tx table.Tx, now time.Time, command []byte) ([]byte, error) {
						evaluated.Add(1)
						return handleText(tx, now, command)
					}
				})
				update(t, s, "set first 0")
				log.slow.Store(true)
				evaluated.Store(0)
				before := s.Status().Sequence
				var all sync.WaitGroup
				send := func(n int) {
					all.Go(func() { update(t, s, fmt.Sprintf("set k%d %0*d", n, test.bytes, n)) })
				}
				send(0)
				synctest.Wait() // it is being written
				for n := range test.commands {
					send(n + 1)
				}
				synctest.Wait()
				underWay := evaluated.Load()
				all.Wait()
				if entries := s.Status().Sequence - before; underWay != test.underWay || entries != test.entries {
					t.Errorf("%d commands were under way, %d entries came of it", underWay, entries)
				}
				log.slow.Store(false)
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestGatheredAreAnsweredAtClose: what waits for an entry that is under way when the store is closed
// is evaluated too.
func TestGatheredAreAnsweredAtClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &slowLog{InmemStore: raft.NewInmemStore()}
		s := openMemory(t, func(o *Options) { o.logs, o.stable = log, log.InmemStore })
		update(t, s, "set first 0")
		log.slow.Store(true)
		var all sync.WaitGroup
		for n := range 10 {
			all.Go(func() { update(t, s, fmt.Sprintf("set k%d v", n)) })
			synctest.Wait()
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
	})
}
