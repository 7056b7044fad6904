package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/proto/agentpb"
)

// readOnly lets writes at home fail while it is set, as on a file system that the kernel
// has made read-only.
func readOnly(s *Spool, is *bool) {
	write := s.write
	s.write = func(file *os.File, data []byte, at int64) (int, error) {
		if *is && filepath.Dir(file.Name()) == s.home {
			return 0, &os.PathError{Op: "write", Path: file.Name(), Err: syscall.EROFS}
		}
		return write(file, data, at)
	}
}

// P13: while the disk cannot be written events are kept in memory, under the same epoch and
// the next numbers, and go back to the disk when it can.
func TestP13AReadOnlyDiskCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home, ram := t.TempDir(), filepath.Join(t.TempDir(), "ram")
		limits := Limits{SegmentBytes: 256, RAM: ram}
		s := mustOpen(t, home, limits)
		broken := false
		readOnly(s, &broken)
		for i := range 10 {
			mustAppend(t, s, fmt.Sprint(i+1))
		}
		if err := s.Acked(4); err != nil {
			t.Fatal(err)
		}
		broken = true
		mustAppend(t, s, "11")
		if err := s.Away(); !errors.Is(err, syscall.EROFS) {
			t.Fatalf("away: %v", err)
		}
		mustAppend(t, s, "12")
		if got := drain(t, s, 4); got != "5 6 7 8 9 10 11 12" {
			t.Fatal(got)
		}
		// Another process finds both places taken.
		if _, err := Open(home, limits); !errors.Is(err, ErrLocked) {
			t.Fatal(err)
		}
		// The process is killed; the machine has power still.
		epoch := s.Epoch()
		s.release()
		s.closed = true
		again, err := Open(home, limits)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { again.Close() })
		if string(again.Epoch()) != string(epoch) || again.Away() != nil {
			t.Fatalf("another epoch, or still away: %v", again.Away())
		}
		if number := mustAppend(t, again, "13"); number != 13 {
			t.Fatal(number)
		}
		if got := drain(t, again, 4); got != "5 6 7 8 9 10 11 12 13" {
			t.Fatal(got)
		}
		if holds(ram) || !holds(home) {
			t.Fatal("the copy in memory is there still")
		}
		// It goes and comes back while it runs, too.
		broken = true
		readOnly(again, &broken)
		mustAppend(t, again, "14")
		broken = false
		mustAppend(t, again, "15")
		if again.Away() == nil {
			t.Fatal("it tries to go back at each event")
		}
		time.Sleep(homeEvery + time.Second)
		mustAppend(t, again, "16")
		if again.Away() != nil {
			t.Fatal(again.Away())
		}
		again.Close()
		last := mustOpen(t, home, limits)
		if got := drain(t, last, 4); got != "5 6 7 8 9 10 11 12 13 14 15 16" {
			t.Fatal(got)
		}
	})
}

// A directory that cannot even be made, as below a file system that is read-only from the
// start, is no reason not to watch.
func TestASpoolBeginsInMemory(t *testing.T) {
	parent := t.TempDir()
	home, ram := filepath.Join(parent, "a file", "spool"), filepath.Join(t.TempDir(), "ram")
	if err := os.WriteFile(filepath.Dir(home), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(home, Limits{}); err == nil {
		t.Fatal("opened where nothing can be")
	}
	s := mustOpen(t, home, Limits{RAM: ram})
	mustAppend(t, s, "1")
	if got := drain(t, s, 0); got != "1" || s.Away() == nil {
		t.Fatal(got, s.Away())
	}
}

// What waited on the disk follows a configuration that says memory.
func TestASpoolMoves(t *testing.T) {
	disk, ram := t.TempDir(), filepath.Join(t.TempDir(), "ram")
	s := mustOpen(t, disk, Limits{})
	mustAppend(t, s, "1")
	s.Close()
	s = mustOpen(t, ram, Limits{Old: disk})
	mustAppend(t, s, "2")
	if got := drain(t, s, 0); got != "1 2" || holds(disk) {
		t.Fatal(got)
	}
	s.Close()
	s = mustOpen(t, disk, Limits{RAM: ram}) // and back
	if got := drain(t, s, 0); got != "1 2" || s.Away() != nil || holds(ram) {
		t.Fatal(got, s.Away())
	}
}

// A power cut while the spool was in memory takes numbers back that a hub has seen.
func TestAnOlderCopyIsNoticedBeforeItIsUsed(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Limits{})
	mustAppend(t, s, "1")
	s.Close()
	s = mustOpen(t, dir, Limits{})
	mustAppend(t, s, "another 2")
	mustAppend(t, s, "another 3")
	if err := s.Resumed(2); !errors.Is(err, ErrAhead) {
		t.Fatalf("number 2 was used twice: %v", err)
	}
	if err := s.Resumed(1); err != nil {
		t.Fatal(err)
	}
	if err := s.Resumed(3); err != nil { // what it was told in this life
		t.Fatal(err)
	}
}

// P13: what is too old is dropped, and said.
func TestP13WhatIsTooOldIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		limits := Limits{Age: 8 * time.Hour}
		s := mustOpen(t, dir, limits)
		add := func(reason string, at time.Time) {
			e := event(reason)
			e.At = timestamppb.New(at)
			if _, err := s.Append(e); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Until(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
		for i := range 12 {
			add(fmt.Sprint(i), time.Now())
			time.Sleep(time.Hour)
		}
		words := strings.Fields(drain(t, s, 0))
		if n := strings.Count(strings.Join(words, " "), "-"); n < 2 || n > 4 || words[11] != "11" {
			t.Fatal(words)
		}
		// Dropped are said with the time before which they happened.
		if e, _ := s.Next(0, 1); e[0].GetDropped() == nil || !e[0].GetAt().AsTime().Before(time.Now().Add(-6*time.Hour)) {
			t.Fatal(e)
		}
		s.Close()
		time.Sleep(24 * time.Hour)
		s = mustOpen(t, dir, limits)
		add("new", time.Now())
		if got := drain(t, s, 0); strings.Count(got, "-") < 10 || !strings.HasSuffix(got, "new") {
			t.Fatal(got)
		}
	})
	// A clock that says 1970 makes nothing old.
	s := mustOpen(t, t.TempDir(), Limits{Age: time.Hour, SegmentBytes: 64})
	for range 5 {
		e := event("x")
		e.At = timestamppb.New(time.Unix(60, 0))
		if _, err := s.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if got := drain(t, s, 0); got != "x x x x x" {
		t.Fatal(got)
	}
}

// Few writes: events that come together cost one sync.
func TestABatchIsSyncedOnce(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Limits{})
	syncs := 0
	s.sync = func(file *os.File) error { syncs++; return dataSync(file) }
	for range 10 {
		var events []*agentpb.Event
		for i := range 32 {
			events = append(events, event(fmt.Sprint(i)))
		}
		if err := s.AppendAll(events); err != nil {
			t.Fatal(err)
		}
	}
	if syncs != 10 || s.NextNumber() != 321 {
		t.Fatalf("%d syncs for %d events", syncs, s.NextNumber()-1)
	}
}

// BenchmarkWrittenBytes tells what an event costs the disk (write_bytes of /proc/self/io).
func BenchmarkWrittenBytes(b *testing.B) {
	for _, size := range []int{1, 32} {
		b.Run(fmt.Sprintf("batch-%d", size), func(b *testing.B) {
			dir, err := os.MkdirTemp(".", "bench-") // /tmp may be in memory
			if err != nil {
				b.Fatal(err)
			}
			defer os.RemoveAll(dir)
			s, err := Open(dir, Limits{Bytes: 1 << 30})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			before := written(b)
			for range b.N {
				events := make([]*agentpb.Event, size)
				for i := range events {
					events[i] = event(strings.Repeat("x", 200))
				}
				if err := s.AppendAll(events); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(written(b)-before)/float64(b.N*size), "written-B/event")
		})
	}
}

func written(b *testing.B) (bytes int64) {
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		b.Skip("this system does not tell")
	}
	for line := range strings.Lines(string(text)) {
		fmt.Sscanf(line, "write_bytes: %d", &bytes)
	}
	return bytes
}
