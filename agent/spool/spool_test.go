package spool

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/proto/agentpb"
)

// event makes an event that can be told from others by its reason.
func event(reason string) *agentpb.Event {
	return &agentpb.Event{At: timestamppb.Now(), Kind: &agentpb.Event_Verdict{Verdict: &agentpb.Verdict{
		Check: "website", Site: "branch-3", State: agentpb.State_STATE_DOWN, Reason: reason,
	}}}
}

func mustOpen(t *testing.T, dir string, limits Limits) *Spool {
	t.Helper()
	s, err := Open(dir, limits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func mustAppend(t *testing.T, s *Spool, reason string) uint64 {
	t.Helper()
	number, err := s.Append(event(reason))
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// drain reads everything after a number, in batches of an odd size, and checks that
// the numbers have no gap. It prints an event as its reason, and a dropped one as "-".
func drain(t *testing.T, s *Spool, after uint64) string {
	t.Helper()
	var seen []string
	for {
		events, err := s.Next(after, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return strings.Join(seen, " ")
		}
		for _, e := range events {
			after++
			if e.GetNumber() != after {
				t.Fatalf("number %d where %d should be", e.GetNumber(), after)
			}
			word := e.GetVerdict().GetReason()
			if d := e.GetDropped(); d != nil {
				word = "-"
				if d.GetFirst() != after || d.GetLast() < after || d.GetReason() == "" {
					t.Fatalf("event %d says %v", after, d)
				}
			}
			seen = append(seen, word)
		}
	}
}

func TestEventsSurviveUntilAcknowledged(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Limits{})
	changed := s.Changed()
	for i, reason := range []string{"a", "b", "c", "d", "e"} {
		if got := mustAppend(t, s, reason); got != uint64(i+1) {
			t.Fatalf("event %s has number %d", reason, got)
		}
	}
	<-changed
	if got := drain(t, s, 0); got != "a b c d e" {
		t.Fatalf("got %q", got)
	}
	if err := s.Acked(2); err != nil {
		t.Fatal(err)
	}
	if err := s.Acked(1); err != nil {
		t.Fatalf("an old acknowledgement is harmless: %v", err)
	}
	epoch := s.Epoch()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = mustOpen(t, dir, Limits{})
	if !bytes.Equal(epoch, s.Epoch()) || len(epoch) != 16 {
		t.Fatal("another epoch after a restart")
	}
	if s.Waiting() != 3 || s.NextNumber() != 6 {
		t.Fatalf("%d events wait and the next is %d", s.Waiting(), s.NextNumber())
	}
	mustAppend(t, s, "f")
	if got := drain(t, s, 2); got != "c d e f" {
		t.Fatalf("got %q", got)
	}
	if err := s.Acked(7); !errors.Is(err, ErrAhead) {
		t.Fatalf("acknowledged what was never written: %v", err)
	}
}

func TestTwoSpoolsHaveTwoEpochs(t *testing.T) {
	a, b := mustOpen(t, t.TempDir(), Limits{}), mustOpen(t, t.TempDir(), Limits{})
	if bytes.Equal(a.Epoch(), b.Epoch()) {
		t.Fatal("the same epoch twice")
	}
}

func TestAcknowledgedSegmentsAreDeleted(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Limits{SegmentBytes: 256})
	for i := range 50 {
		mustAppend(t, s, fmt.Sprint(i))
	}
	before := segmentFiles(t, dir)
	if err := s.Acked(50); err != nil {
		t.Fatal(err)
	}
	if after := segmentFiles(t, dir); len(before) < 10 || len(after) != 1 {
		t.Fatalf("%d segments, then %d", len(before), len(after))
	}
	s.Close()
	// The last segment stays, for it knows the next number.
	os.Remove(filepath.Join(dir, ackedFile))
	s = mustOpen(t, dir, Limits{SegmentBytes: 256})
	if number := mustAppend(t, s, "more"); number != 51 {
		t.Fatalf("number %d after a restart", number)
	}
}

func segmentFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// P13: over its bound the spool drops the oldest, and says so.
func TestP13OverItsBoundTheOldestAreDropped(t *testing.T) {
	dir := t.TempDir()
	limits := Limits{Bytes: 1024, SegmentBytes: 256}
	s := mustOpen(t, dir, limits)
	for i := range 100 {
		mustAppend(t, s, fmt.Sprint(i+1))
	}
	check := func(s *Spool) {
		t.Helper()
		words := strings.Fields(drain(t, s, 0))
		if len(words) != 100 || words[0] != "-" || words[99] != "100" {
			t.Fatalf("got %v", words)
		}
		kept := strings.Join(words, " ")
		kept = kept[strings.LastIndex(kept, "-")+2:]
		if n := len(strings.Fields(kept)); n < 8 || n > 24 {
			t.Fatalf("%d events are kept: %s", n, kept)
		}
		events, _ := s.Next(0, 1)
		if d := events[0].GetDropped(); d.GetFirst() != 1 || int(d.GetLast()) != strings.Count(strings.Join(words, " "), "-") || !strings.Contains(d.GetReason(), "full") {
			t.Fatalf("dropped %v of %v", d, words)
		}
	}
	check(s)
	events, _ := s.Next(0, 1)
	if got, want := s.Dropped(), events[0].GetDropped().GetLast(); got != want {
		t.Fatalf("it says that %d are dropped, and %d are", got, want)
	}
	s.Close()
	s = mustOpen(t, dir, limits)
	check(s)
	// The hub may skip to the last that is missing at once.
	events, _ = s.Next(0, 1)
	last := events[0].GetDropped().GetLast()
	if err := s.Acked(last); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(drain(t, s, last), "-") {
		t.Fatal("more was dropped than was said")
	}
}

func TestAHubThatForgotIsToldWhatIsMissing(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Limits{SegmentBytes: 128})
	for i := range 10 {
		mustAppend(t, s, fmt.Sprint(i+1))
	}
	if err := s.Acked(10); err != nil {
		t.Fatal(err)
	}
	events, err := s.Next(4, 1) // restored from a backup, it wants 5
	if err != nil || len(events) != 1 || !strings.Contains(events[0].GetDropped().GetReason(), "acknowledged") {
		t.Fatalf("%v %v", events, err)
	}
}

// filled returns a directory of a closed spool with events "1", "2", … and the
// bytes of its only segment.
func filled(t *testing.T, count int) (dir, file string, data []byte) {
	t.Helper()
	dir = t.TempDir()
	s := mustOpen(t, dir, Limits{})
	for i := range count {
		mustAppend(t, s, fmt.Sprint(i+1))
	}
	s.Close()
	file = segmentFiles(t, dir)[0]
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return dir, file, data
}

func TestATornTailIsCutOff(t *testing.T) {
	dir, file, data := filled(t, 3)
	whole := len(segmentMagic)
	ends := []int{whole}
	for record := range records(data[whole:], 1) {
		ends = append(ends, whole+record.end)
	}
	for size := len(data) - 1; size >= 0; size-- {
		if err := os.WriteFile(file, data[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		kept := 0
		for kept+1 < len(ends) && ends[kept+1] <= size {
			kept++
		}
		s := mustOpen(t, dir, Limits{})
		number := mustAppend(t, s, "new")
		if number != uint64(kept+1) {
			t.Fatalf("cut to %d bytes: the next number is %d", size, number)
		}
		want := strings.Join(append([]string{"1", "2", "3"}[:kept:kept], "new"), " ")
		if got := drain(t, s, 0); got != want {
			t.Fatalf("cut to %d bytes: %q instead of %q", size, got, want)
		}
		s.Close()
	}
}

func TestAZeroTailIsCutOff(t *testing.T) {
	dir, file, data := filled(t, 2)
	if err := os.WriteFile(file, append(data, make([]byte, 500)...), 0o600); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, dir, Limits{})
	if number := mustAppend(t, s, "new"); number != 3 {
		t.Fatalf("number %d", number)
	}
}

// Whatever byte is damaged: what is read is what was written or is said to be
// dropped, and no number is used again.
func TestDamageCostsOnlyWhatItTouches(t *testing.T) {
	dir, file, data := filled(t, 4)
	for at := range data {
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			damaged := bytes.Clone(data)
			damaged[at] ^= flip
			if err := os.WriteFile(file, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			s := mustOpen(t, dir, Limits{})
			number := mustAppend(t, s, "new")
			if number < 5 {
				t.Fatalf("byte %d: number %d is used again", at, number)
			}
			words := strings.Fields(drain(t, s, 0))
			lost := 0
			for i, word := range words[:4] {
				if word == "-" {
					lost++
				} else if word != fmt.Sprint(i+1) {
					t.Fatalf("byte %d: %v", at, words)
				}
			}
			if lost > 1 || words[len(words)-1] != "new" {
				t.Fatalf("byte %d: %v", at, words)
			}
			s.Close()
			for _, extra := range segmentFiles(t, dir) {
				os.Remove(extra)
			}
		}
	}
}

func TestDamageWhileRunningIsSaid(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Limits{})
	for i := range 3 {
		mustAppend(t, s, fmt.Sprint(i+1))
	}
	file := segmentFiles(t, dir)[0]
	data, _ := os.ReadFile(file)
	data[len(data)-1] ^= 1
	os.WriteFile(file, data, 0o600)
	if got := drain(t, s, 0); got != "1 2 -" {
		t.Fatalf("got %q", got)
	}
}

func TestAFullDiskLosesNothing(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Limits{SegmentBytes: 512})
	mustAppend(t, s, "1")
	free := false
	s.write = func(file *os.File, data []byte, at int64) (int, error) {
		if _, err := os.Stat(filepath.Join(dir, reserveFile)); err == nil || !free {
			n, _ := file.WriteAt(data[:len(data)/2], at) // as a real disk does
			return n, &os.PathError{Op: "write", Path: file.Name(), Err: syscall.ENOSPC}
		}
		return file.WriteAt(data, at)
	}
	if _, err := s.Append(event("lost")); !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "make room") {
		t.Fatalf("the disk is full, and Append says %v", err)
	}
	if got := drain(t, s, 0); got != "1" {
		t.Fatalf("got %q", got)
	}
	free = true // the reserve is gone
	for i := range 20 {
		mustAppend(t, s, fmt.Sprint(i+2))
	}
	want := "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"
	if got := drain(t, s, 0); got != want {
		t.Fatalf("got %q", got)
	}
	s.Close()
	if got := drain(t, mustOpen(t, dir, Limits{}), 0); got != want {
		t.Fatalf("got %q after a restart", got)
	}
}

func TestTheReserveIsGivenUpWhenTheDiskIsFull(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Limits{})
	s.write = func(file *os.File, data []byte, at int64) (int, error) {
		if _, err := os.Stat(filepath.Join(dir, reserveFile)); err == nil {
			return 0, syscall.ENOSPC
		}
		return file.WriteAt(data, at)
	}
	mustAppend(t, s, "1")
	if got := drain(t, s, 0); got != "1" {
		t.Fatalf("got %q", got)
	}
}

func TestAnEventTooLongIsRefused(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Limits{})
	if _, err := s.Append(event(strings.Repeat("x", EventMax))); !errors.Is(err, ErrTooLong) {
		t.Fatalf("got %v", err)
	}
	if number := mustAppend(t, s, "1"); number != 1 {
		t.Fatalf("number %d", number)
	}
}

func TestADirectoryHasOneUser(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Limits{})
	if _, err := Open(dir, Limits{}); !errors.Is(err, ErrLocked) {
		t.Fatalf("got %v", err)
	}
	s.Close()
	if _, err := s.Append(event("late")); !errors.Is(err, ErrClosed) {
		t.Fatalf("got %v", err)
	}
	mustOpen(t, dir, Limits{})
}

func TestASpoolWithoutItsEpochIsSetAside(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"epoch lost":    func(dir string) error { return os.Remove(filepath.Join(dir, epochFile)) },
		"epoch damaged": func(dir string) error { return os.WriteFile(filepath.Join(dir, epochFile), []byte("?"), 0o600) },
		"events lost":   func(dir string) error { return os.Remove(filepath.Join(dir, fmt.Sprintf("%020d.events", 1))) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "spool")
			s := mustOpen(t, dir, Limits{})
			mustAppend(t, s, "1")
			s.Close()
			if err := damage(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir, Limits{}); !errors.Is(err, ErrDamaged) {
				t.Fatalf("got %v", err)
			}
			aside, err := SetAside(dir)
			if err != nil || aside != dir+".damaged-1" {
				t.Fatal(aside, err)
			}
			if got := drain(t, mustOpen(t, dir, Limits{}), 0); got != "" {
				t.Fatalf("got %q", got)
			}
		})
	}
}

func TestAnInterruptedBirthIsRepeated(t *testing.T) {
	for _, content := range []string{"", segmentMagic[:3], segmentMagic} {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, fmt.Sprintf("%020d.events", 1)), []byte(content), 0o600)
		s := mustOpen(t, dir, Limits{})
		if number := mustAppend(t, s, "1"); number != 1 {
			t.Fatalf("number %d", number)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	s := mustOpen(t, t.TempDir(), Limits{SegmentBytes: 1024})
	const writers, each = 4, 50
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if _, err := s.Append(event(fmt.Sprintf("%d/%d", w, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen := map[string]bool{}
	var after uint64
	for len(seen) < writers*each {
		changed := s.Changed()
		events, err := s.Next(after, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			after = e.GetNumber()
			seen[e.GetVerdict().GetReason()] = true
		}
		if len(events) == 0 {
			<-changed
		}
		if err := s.Acked(after); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	if s.Waiting() != 0 {
		t.Fatalf("%d events wait", s.Waiting())
	}
}

// What lies on disks out there: an agent that was updated must go on with the spool of
// the version before it, and tell its hub the same events under the same numbers.
func TestGoldenSpool(t *testing.T) {
	golden := map[string]string{
		epochFile: "6b656e6765706f31000102030405060708090a0b0c0d0e0f266049d6",
		ackedFile: "6b656e6761636b3101000000000000002ec07b25",
		"00000000000000000001" + segmentSuffix: "6b656e6765767431" +
			"350000005ae3bed80801120b08808292c90610c0a9d33a1a240a077765627369746512086272616e63682d3318023a0d6de1baa57420c49169e1bb876e" +
			"2500000042ac965d0802120608808292c9061a190a077765627369746512086272616e63682d3318023a026f6b",
	}
	dir := t.TempDir()
	for name, text := range golden {
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := mustOpen(t, dir, Limits{})
	if got := hex.EncodeToString(s.Epoch()); got != "000102030405060708090a0b0c0d0e0f" {
		t.Errorf("the epoch is read as %s", got)
	}
	if got := drain(t, s, 0); got != "mất điện ok" || s.Waiting() != 1 || s.NextNumber() != 3 {
		t.Errorf("read %q, %d wait, the next is %d", got, s.Waiting(), s.NextNumber())
	}

	// And it is written so: an agent that was taken back to the version before must read it.
	event := event("ok")
	event.At = timestamppb.New(time.Unix(1764000000, 0))
	record, err := encode(event, 2)
	if err != nil {
		t.Fatal(err)
	}
	for name, sealed := range map[string][]byte{
		epochFile:                              seal(epochMagic, s.Epoch()),
		ackedFile:                              seal(ackedMagic, binary.LittleEndian.AppendUint64(nil, 1)),
		"00000000000000000001" + segmentSuffix: record,
	} {
		if got := hex.EncodeToString(sealed); !strings.HasSuffix(golden[name], got) {
			t.Errorf("%s is written as\n%s, want (the end of)\n%s", name, got, golden[name])
		}
	}
}

func FuzzSegment(f *testing.F) {
	var segment []byte
	for i := range 3 {
		record, err := encode(event(fmt.Sprint(i)), uint64(i+1))
		if err != nil {
			f.Fatal(err)
		}
		segment = append(segment, record...)
	}
	f.Add(segment)
	f.Add(segment[:len(segment)-3])
	f.Add(append([]byte{9, 0, 0, 0, 1, 2, 3, 4}, segment...))
	f.Add(binary.LittleEndian.AppendUint32(nil, EventMax))
	f.Fuzz(func(t *testing.T, data []byte) {
		last, end := uint64(0), 0
		for found, ok := range records(data, 1) {
			if found.end <= end || found.end > len(data) {
				t.Fatalf("a record ends at %d after one at %d", found.end, end)
			}
			end = found.end
			if ok && found.number <= last {
				t.Fatalf("number %d after %d", found.number, last)
			}
			if ok {
				last = found.number
			}
		}
		if next, end, rest := survey(data, 1); next <= last && last > 0 || end > len(data) || (end == len(data)) != (rest == tailNone) {
			t.Fatalf("survey: next %d, end %d of %d, tail %d", next, end, len(data), rest)
		}
	})
}
