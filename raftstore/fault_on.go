//go:build fault

package raftstore

import (
	"os"

	"github.com/hashicorp/raft"
)

// apply has Raft replicate an entry, unless a stub is planted that only says so: the
// stories that rest on Raft must then fail.
func (e *evaluator) apply(entry []byte) raft.ApplyFuture {
	if os.Getenv("KENG_FAULT") != "raft" {
		return e.raft.Apply(entry, enqueueTimeout)
	}
	return pretended{}
}

// trustsAnyClock reports whether cluster time follows the leader's wall clock wherever it
// jumps: the stories of clocks must then fail.
func trustsAnyClock() bool { return os.Getenv("KENG_FAULT") == "clock-trust" }

// pretended is the outcome of an entry that went nowhere.
type pretended struct{}

func (pretended) Error() error  { return nil }
func (pretended) Response() any { return outcomeApplied }
func (pretended) Index() uint64 { return 0 }
