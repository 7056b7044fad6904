//go:build !fault

package raftstore

import "github.com/hashicorp/raft"

// apply has Raft replicate an entry.
func (e *evaluator) apply(entry []byte) raft.ApplyFuture { return e.raft.Apply(entry, enqueueTimeout) }

// trustsAnyClock reports whether cluster time follows any wall clock. It does not.
func trustsAnyClock() bool { return false }
