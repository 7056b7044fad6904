package raftstore

import (
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// logPatience is for how long the log may refuse what it is given before the node gives
// itself up.
const logPatience = 5 * time.Second

// watchedLog notices that the log takes nothing any more, as after a disk was full: it
// does not recover from that while it is open. Raft alone would try again for ever, on a
// node that answers and never catches up. Raft writes it on one goroutine.
type watchedLog struct {
	raft.LogStore
	fail  func(error)
	since time.Time // when the first write failed after which none has succeeded
}

// StoreLog writes one entry.
func (w *watchedLog) StoreLog(log *raft.Log) error { return w.watch(w.LogStore.StoreLog(log)) }

// StoreLogs writes entries.
func (w *watchedLog) StoreLogs(logs []*raft.Log) error { return w.watch(w.LogStore.StoreLogs(logs)) }

// IsMonotonic tells whether the log takes only the entry after its last one.
func (w *watchedLog) IsMonotonic() bool {
	m, ok := w.LogStore.(raft.MonotonicLogStore)
	return ok && m.IsMonotonic()
}

func (w *watchedLog) watch(err error) error {
	switch {
	case err == nil:
		w.since = time.Time{}
	case w.since.IsZero():
		w.since = time.Now()
	case time.Since(w.since) > logPatience:
		w.fail(fmt.Errorf("the log cannot be written to the disk: %w; make room or mend the disk, then start the node again", err))
	}
	return err
}
