package ledger

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/proto/channel"
)

func open(t *testing.T, dir string, options Options) *Ledger {
	t.Helper()
	l, err := Open(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func reopen(t *testing.T, l *Ledger) *Ledger {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, l.dir, l.options)
}

func begin(t *testing.T, l *Ledger, id string) {
	t.Helper()
	if fresh, err := l.Begin(id, 1, time.Now()); !fresh || err != nil {
		t.Fatalf("Begin(%s) = %v, %v; want true", id, fresh, err)
	}
}

func report(t *testing.T, l *Ledger, id string, stage channel.Stage) {
	t.Helper()
	if _, ok, err := l.Append(channel.Report{Page: id, Stage: stage, Detail: "chi tiết"}, time.Now()); !ok || err != nil {
		t.Fatalf("Append(%s, %s) = %v, %v; want true", id, stage, ok, err)
	}
}

func stages(reports []channel.Report) string {
	var list []string
	for i, r := range reports {
		list = append(list, string(r.Stage))
		if int(r.Number) != i+1 {
			list = append(list, fmt.Sprintf("numbered %d", r.Number))
		}
	}
	return strings.Join(list, " ")
}

func TestP4KnownAfterReopening(t *testing.T) {
	l := open(t, t.TempDir(), Options{})
	if ok, err := l.SeeTerm(9); !ok || err != nil {
		t.Fatal(ok, err)
	}
	begin(t, l, "a")
	for _, stage := range []channel.Stage{channel.Attempted, channel.Accepted, channel.Done} {
		report(t, l, "a", stage)
	}
	before, _ := l.Reports("a")
	if err := l.Ack("a", 2); err != nil {
		t.Fatal(err)
	}
	l = reopen(t, l)
	defer l.Close()
	if fresh, err := l.Begin("a", 9, time.Now()); fresh || err != nil {
		t.Errorf("Begin of a known page = %v, %v; want false", fresh, err)
	}
	if after, _ := l.Reports("a"); !slices.Equal(before, after) {
		t.Errorf("reports are\n%+v\nafter reopening; before\n%+v", after, before)
	}
	if unacked := l.Unacked(); len(unacked) != 1 || len(unacked[0]) != 1 || unacked[0][0].Number != 3 {
		t.Errorf("unacknowledged are %+v; want number 3", unacked)
	}
	if ok, _ := l.SeeTerm(8); ok || l.Term() != 9 {
		t.Errorf("term 8 was taken after 9; the highest is %d", l.Term())
	}
}

func TestWhatARestartCutsOffIsEnded(t *testing.T) {
	l := open(t, t.TempDir(), Options{})
	begin(t, l, "a")
	report(t, l, "a", channel.Attempted)
	if ids := l.InFlight(); !slices.Equal(ids, []string{"a"}) {
		t.Errorf("in flight are %q; want a", ids)
	}
	l = reopen(t, l)
	defer l.Close()
	reports, _ := l.Reports("a")
	last := reports[len(reports)-1]
	if stages(reports) != "attempted failed" || last.Failure != channel.Unavailable || last.Detail != Interrupted {
		t.Errorf("reports are %+v; want attempted, failed as unavailable", reports)
	}
	if len(l.InFlight()) != 0 {
		t.Errorf("in flight are %q after reopening", l.InFlight())
	}
}

// A child begins a page, syncs, and is killed with -9 in the middle of sending.
func TestP4KillMinus9(t *testing.T) {
	if dir := os.Getenv("KENG_LEDGER_CHILD"); dir != "" {
		l := open(t, dir, Options{})
		begin(t, l, "a")
		report(t, l, "a", channel.Attempted)
		if err := l.Sync(); err != nil {
			t.Fatal(err)
		}
		fmt.Println("sending")
		select {}
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestP4KillMinus9$", "-test.v")
	child.Env = append(os.Environ(), "KENG_LEDGER_CHILD="+dir)
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() && lines.Text() != "sending" {
	}
	if _, err := Open(dir, Options{}); err == nil {
		t.Error("a second process could open the ledger")
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait() // it was killed
	l := open(t, dir, Options{})
	defer l.Close()
	if fresh, _ := l.Begin("a", 1, time.Now()); fresh {
		t.Error("the page would be sent a second time")
	}
	if reports, _ := l.Reports("a"); stages(reports) != "attempted failed" {
		t.Errorf("reports are %q; want attempted failed", stages(reports))
	}
}

func TestAppendKeepsTheOrder(t *testing.T) {
	l := open(t, t.TempDir(), Options{})
	defer l.Close()
	if _, ok, _ := l.Append(channel.Report{Page: "unknown", Stage: channel.Done}, time.Now()); ok {
		t.Error("took a report of an unknown page")
	}
	begin(t, l, "a")
	for range ReportsMax + 5 {
		l.Append(channel.Report{Page: "a", Stage: channel.Ringing}, time.Now())
	}
	report(t, l, "a", channel.Done) // there is always room for the end
	if _, ok, _ := l.Append(channel.Report{Page: "a", Stage: channel.Failed}, time.Now()); ok {
		t.Error("took a report after the final one")
	}
	if reports, _ := l.Reports("a"); len(reports) != ReportsMax {
		t.Errorf("keeps %d reports; want %d", len(reports), ReportsMax)
	}
}

func TestRewindBringsAckedReportsBack(t *testing.T) {
	l := open(t, t.TempDir(), Options{})
	defer l.Close()
	begin(t, l, "a")
	report(t, l, "a", channel.Done)
	l.Ack("a", 99) // beyond what there is: not heeded
	if len(l.Unacked()) != 1 {
		t.Error("an acknowledgement of what was never sent was taken")
	}
	l.Ack("a", 1)
	if len(l.Unacked()) != 0 {
		t.Error("not acknowledged")
	}
	l.Rewind("a")
	if len(l.Unacked()) != 1 {
		t.Error("Rewind brought nothing back")
	}
}

func TestBounds(t *testing.T) {
	l := open(t, t.TempDir(), Options{Pages: 10})
	defer l.Close()
	for i := range 10 {
		begin(t, l, fmt.Sprint(i))
	}
	if _, err := l.Begin("10", 1, time.Now()); !errors.Is(err, ErrFull) {
		t.Errorf("Begin of one too many: %v; want ErrFull", err)
	}
	report(t, l, "3", channel.Done) // finished, not acknowledged
	report(t, l, "5", channel.Done)
	l.Ack("5", 1)
	begin(t, l, "10")
	if _, known := l.Reports("5"); known {
		t.Error("the acknowledged page was not the first to be forgotten")
	}
	begin(t, l, "11")
	if _, known := l.Reports("3"); known {
		t.Error("the finished page was not forgotten")
	}
	for _, id := range []string{"", strings.Repeat("x", IDMax+1)} {
		if _, err := l.Begin(id, 1, time.Now()); !errors.Is(err, ErrID) {
			t.Errorf("Begin(%.10q…): %v; want ErrID", id, err)
		}
	}
}

func TestForgetsAfterADay(t *testing.T) {
	l := open(t, t.TempDir(), Options{})
	defer l.Close()
	now := time.Now()
	if _, err := l.Begin("old", 1, now.Add(-Keep-time.Minute)); err != nil {
		t.Fatal(err)
	}
	report(t, l, "old", channel.Done)
	begin(t, l, "new")
	if _, known := l.Reports("old"); known {
		t.Error("a page is known after more than a day")
	}
}

// A damaged ledger keeps what can be read, and the gateway starts.
func TestDamage(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"cut in the last record": func(b []byte) []byte { return b[:len(b)-3] },
		"last record flipped":    func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"foreign":                func([]byte) []byte { return []byte("#!/bin/sh\necho hello\n") },
		"empty":                  func([]byte) []byte { return nil },
		"zeros behind":           func(b []byte) []byte { return append(b, make([]byte, 4096)...) },
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, t.TempDir(), Options{})
			begin(t, l, "a")
			report(t, l, "a", channel.Done)
			begin(t, l, "b")
			l.Close()
			bytes, err := os.ReadFile(l.path())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(l.path(), spoil(bytes), 0o600); err != nil {
				t.Fatal(err)
			}
			l = open(t, l.dir, Options{})
			defer l.Close()
			_, known := l.Reports("a")
			if whole := name != "foreign" && name != "empty"; known != whole {
				t.Errorf("the first page is known: %v; want %v", known, whole)
			}
			begin(t, l, "c")
		})
	}
}

func TestDamageIsSaidAndPutAside(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ledger"), []byte("not a ledger"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	l := open(t, dir, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	defer l.Close()
	if !strings.Contains(log.String(), "damaged") {
		t.Errorf("the log says %q", log.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "ledger.damaged")); err != nil {
		t.Error(err)
	}
}

func TestCompactsWhileItRuns(t *testing.T) {
	l := open(t, t.TempDir(), Options{Pages: 100})
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			for i := range 3000 {
				id := fmt.Sprintf("%d-%d", worker, i)
				l.Begin(id, 1, time.Now())
				l.Append(channel.Report{Page: id, Stage: channel.Done, Detail: strings.Repeat("x", 300)}, time.Now())
				l.Ack(id, 1)
				if i%500 == 0 {
					if err := l.Sync(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wait.Wait()
	info, err := os.Stat(l.path())
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 2*compactMin {
		t.Errorf("the file has %d bytes after 12,000 pages of which 100 are kept", info.Size())
	}
	l = reopen(t, l)
	defer l.Close()
	if n := len(l.pages); n == 0 || n > 100 {
		t.Errorf("%d pages are known; want up to 100", n)
	}
}

// A file of format 1 as it lies on disks must be readable for ever.
func TestGoldenFile(t *testing.T) {
	golden, err := hex.DecodeString("6b656e676c64673105000000f3c28199a20104040717000000efa4fd60a401010266706167652d31031b0000019ab697" +
		"e80004072200000010f8c7bba501020266706167652d31031b0000019ab697e87b05010669617474656d707465644400" +
		"000041fef54ca901020266706167652d31031b0000019ab697ebe8050206666661696c6564076462757379086b61636b" +
		"6e6f776c65646765096a6dc3a1792062e1baad6e0a6469642d390d000000dd3210bca301030266706167652d310501")
	if err != nil {
		t.Fatal(err)
	}
	codec, err := newCodec()
	if err != nil {
		t.Fatal(err)
	}
	l := &Ledger{codec: codec, options: Options{Pages: 10}, pages: map[string]*entry{}, unacked: map[string]struct{}{}}
	if err := codec.read(bytes.NewReader(golden), l.apply); err != nil {
		t.Fatal(err)
	}
	// It is written so as well: the version before must read it when it comes back.
	written := []byte(magic)
	if err := codec.read(bytes.NewReader(golden), func(r record) {
		if written, err = codec.appendRecord(written, r); err != nil {
			t.Error(err)
		}
	}); err != nil || !bytes.Equal(written, golden) {
		t.Errorf("the file is written as\n%x, want\n%x (%v)", written, golden, err)
	}
	reports, _ := l.Reports("page-1")
	want := []channel.Report{
		{Page: "page-1", Number: 1, At: time.UnixMilli(1764000000123).UTC(), Stage: channel.Attempted},
		{
			Page: "page-1", Number: 2, At: time.UnixMilli(1764000001000).UTC(), Stage: channel.Failed, Failure: channel.Busy,
			Reply: channel.Acknowledge, Detail: "máy bận", ProviderID: "id-9",
		},
	}
	if !slices.Equal(reports, want) || l.term != 7 || l.pages["page-1"].acked != 1 {
		t.Errorf("read %+v, term %d, acknowledged %d", reports, l.term, l.pages["page-1"].acked)
	}
}

func FuzzRead(f *testing.F) {
	codec, err := newCodec()
	if err != nil {
		f.Fatal(err)
	}
	good, err := codec.appendRecord([]byte(magic), record{Kind: pageBegun, Page: "a", At: 1, Term: 2})
	if err == nil {
		good, err = codec.appendRecord(good, recordOf(channel.Report{Page: "a", Number: 1, Stage: channel.Done}))
	}
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, file []byte) {
		l := &Ledger{options: Options{Pages: 10}, pages: map[string]*entry{}, unacked: map[string]struct{}{}}
		if err := codec.read(bytes.NewReader(file), l.apply); err != nil && !errors.Is(err, errDamaged) {
			t.Fatalf("error %v is not errDamaged", err)
		}
		for id, e := range l.pages {
			if len(e.reports) > ReportsMax || int(e.acked) > len(e.reports) || len(id) > IDMax {
				t.Fatalf("page %q breaks the bounds: %+v", id, e)
			}
		}
	})
}
