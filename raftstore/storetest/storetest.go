// Package storetest opens stores for the tests of what is built on raftstore: one in
// memory (New), or a cluster over a network in memory, whose links can be cut and whose
// nodes can be killed (NewCluster). Both live in a testing/synctest bubble as well as
// outside of one.
package storetest

import (
	"log/slog"
	"testing"

	"keng/raftstore"
)

// New opens a node in memory, which logs to the test's log, and closes it when
// the test ends. In a testing/synctest bubble call it inside the bubble, with the
// bubble's t. change may set further options, such as the wall clock.
func New(t testing.TB, handle raftstore.Handler, change ...func(*raftstore.Options)) *raftstore.Store {
	t.Helper()
	options := raftstore.Options{Handle: handle, Logger: Logger(t)}
	for _, f := range change {
		f(&options)
	}
	store, err := raftstore.OpenInMemory(options)
	if err != nil {
		t.Fatalf("cannot open a store in memory: %v", err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("cannot close the store: %v", err)
		}
	})
	return store
}

// Logger returns a logger that writes warnings and errors to the test's log.
func Logger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}
