package raftstore

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// openDisk opens a node in a directory on the real disk.
func openDisk(t testing.TB, dir string, change ...func(*Options)) *Store {
	t.Helper()
	o := Options{Dir: dir, NodeID: "a", Bootstrap: true, Handle: handleText, Logger: testLogger(t)}
	for _, f := range change {
		f(&o)
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRestartKeepsAll(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for round := range 3 {
		s := openDisk(t, dir)
		for i := range 5 {
			update(t, s, fmt.Sprintf("set key%d%d %d", round, i, i))
			want = append(want, fmt.Sprintf("key%d%d=%d", round, i, i))
		}
		if got := dump(t, s, Leader); got != strings.Join(want, " ") {
			t.Errorf("round %d: the state is %q", round, got)
		}
		before := s.Status()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openDisk(t, dir, func(o *Options) { o.Bootstrap = false })
		dump(t, s, Leader)
		if after := s.Status(); after.Chain != before.Chain || after.Sequence != before.Sequence {
			t.Errorf("round %d: after a restart the status is %+v, before it was %+v", round, after, before)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir, NodeID: "a", Handle: handleText, Logger: testLogger(t)}
	if _, err := Open(o); err == nil || !strings.Contains(err.Error(), "bootstrap") {
		t.Errorf("opening an empty directory: %v", err)
	}
	if err := openDisk(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	o.NodeID = "b"
	if _, err := Open(o); err == nil || !strings.Contains(err.Error(), `belongs to node "a"`) {
		t.Errorf("opening under another name: %v", err)
	}
	o.NodeID = "a"
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if other, err := Open(o); err == nil {
		other.Close()
		t.Error("the same directory was opened twice")
	}
}

// TestDiskThatTakesNothing: a node that can no longer write its state, here because the
// directory is gone, gives itself up, and can be closed, whenever it notices.
func TestDiskThatTakesNothing(t *testing.T) {
	for _, when := range []string{"at work", "at the end"} {
		t.Run(when, func(t *testing.T) {
			dir := t.TempDir()
			s := openDisk(t, dir, func(o *Options) { o.limits.memTableBytes, o.Logger = 64<<10, quiet() })
			update(t, s, "set a 1")
			if err := os.RemoveAll(filepath.Join(dir, dirState)); err != nil {
				t.Fatal(err)
			}
			if when == "at work" {
				for i := 0; s.Failure() == nil && i < 10_000; i++ {
					_, _ = s.Update(t.Context(), NewCommandID(), fmt.Appendf(nil, "set key%d %s", i, strings.Repeat("x", 1000)))
				}
				if s.Failure() == nil {
					t.Error("the node goes on")
				}
			}
			closed := make(chan error, 1)
			go func() { closed <- s.Close() }()
			select {
			case err := <-closed:
				if when == "at the end" && (err == nil || !strings.Contains(err.Error(), "cannot be written")) {
					t.Errorf("closing says %v", err)
				}
			case <-time.After(time.Minute):
				t.Fatal("it cannot be closed")
			}
			if err := s.Failure(); err == nil || !strings.Contains(err.Error(), "cannot be written to the disk") {
				t.Errorf("the failure is %v", err)
			}
		})
	}
}
