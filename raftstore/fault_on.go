//go:build fault

package raftstore

import (
	"os"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// apply has Raft replicate an entry, unless a fault is planted. "raft" only says so: the
// stories that rest on Raft must then fail. "p1-answer-early" says so before it is true: what
// was answered in the last moments before a kill is lost, and the tests of P1 must fail.
func (e *evaluator) apply(entry []byte) raft.ApplyFuture {
	switch os.Getenv("KENG_FAULT") {
	case "raft":
		return pretended{}
	case "p1-answer-early":
		late() <- lateEntry{e.raft, entry, time.Now()}
		return pretended{}
	}
	return e.raft.Apply(entry, enqueueTimeout)
}

// trustsAnyClock reports whether cluster time follows the leader's wall clock wherever it
// jumps: the stories of clocks must then fail.
func trustsAnyClock() bool { return os.Getenv("KENG_FAULT") == "clock-trust" }

// pretended is the outcome of an entry that went nowhere, or nowhere yet.
type pretended struct{}

func (pretended) Error() error  { return nil }
func (pretended) Response() any { return outcomeApplied }
func (pretended) Index() uint64 { return 0 }

// lateEntry is an entry that is replicated lateBy after it came.
type lateEntry struct {
	raft  *raft.Raft
	entry []byte
	came  time.Time
}

const lateBy = 200 * time.Millisecond

// late takes entries and replicates them in their order.
var late = sync.OnceValue(func() chan<- lateEntry {
	queue := make(chan lateEntry, 1<<16)
	go func() {
		for x := range queue {
			time.Sleep(time.Until(x.came.Add(lateBy)))
			x.raft.Apply(x.entry, enqueueTimeout)
		}
	}()
	return queue
})
