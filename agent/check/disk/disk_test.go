package disk

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"keng/agent/check"
	"keng/agent/check/checktest"
)

func TestSuite(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	checktest.Suite(t, checktest.Config{
		Kind: Kind{},
		Cases: []checktest.Case{
			{Name: "enough", Target: dir, YAML: "{free_below: 0%, inodes_below: 0}", State: check.Up, Reason: " free ("},
			{Name: "a file", Target: file, YAML: "{free_below: 1B, inodes_below: 0}", State: check.Up},
			{Name: "not enough", Target: dir, YAML: "free_below: 7EiB", State: check.Down, Reason: "less than 7EiB"},
			{Name: "not there", Target: filepath.Join(dir, "none"), State: check.Unknown, Reason: "there is no "},
			{Name: "below a file", Target: filepath.Join(file, "none"), State: check.Unknown},
		},
		BadTargets: []string{"relative", ".", "a/b"},
	})
}

func TestBadFields(t *testing.T) {
	for fields, name := range map[string]string{
		"free_below: some": "free_below", "free_below: 101%": "free_below", "free_below: 1 furlong": "free_below",
		"inodes_below: 1GiB": "inodes_below", "inodes_below: -1": "inodes_below", "free_below: 9EiB": "free_below",
	} {
		if _, err := checktest.Make(t, Kind{}, t.TempDir(), fields); err == nil || !strings.Contains(err.Error(), name+": ") {
			t.Errorf("%s: %v", fields, err)
		}
	}
}

// on makes a check of a file system that a test makes up.
func on(t *testing.T, fields string, measure func(string) (usage, error)) check.Check {
	t.Helper()
	made, err := checktest.Make(t, Kind{}, t.TempDir(), fields)
	if err != nil {
		t.Fatal(err)
	}
	made.(*diskCheck).measure = measure
	return made
}

func TestJudge(t *testing.T) {
	const gib = 1 << 30
	good := usage{total: 100 * gib, free: 50 * gib, inodes: 1000, freeInodes: 500}
	for name, c := range map[string]struct {
		fields string
		change func(*usage)
		state  check.State
		reason string
	}{
		"well":                       {"", func(*usage) {}, check.Up, "50 GiB of 100 GiB free (50.0%)"},
		"full":                       {"", func(u *usage) { u.free = 9 * gib }, check.Down, "9 GiB of 100 GiB free (9.0%), less than 10%"},
		"at the limit":               {"", func(u *usage) { u.free = 10 * gib }, check.Up, "10 GiB"},
		"less than an amount":        {"free_below: 60 GiB", func(*usage) {}, check.Down, "50 GiB of 100 GiB free (50.0%), less than 60 GiB"},
		"no inodes":                  {"", func(u *usage) { u.freeInodes = 49 }, check.Down, "49 of 1000 inodes free (4.9%), less than 5%"},
		"fewer inodes than a number": {"inodes_below: 501", func(*usage) {}, check.Down, "less than 501"},
		"inodes without a number":    {"", func(u *usage) { u.inodes, u.freeInodes = 0, 0 }, check.Up, "50 GiB"},
		"read-only":                  {"", func(u *usage) { u.readOnly = true }, check.Down, "the file system is read-only"},
		"read-only on purpose":       {"allow_read_only: true", func(u *usage) { u.readOnly = true }, check.Up, "50 GiB"},
		"no size at all":             {"", func(u *usage) { *u = usage{} }, check.Up, "0 B of 0 B free (0%)"},
	} {
		u := good
		c.change(&u)
		got := on(t, c.fields, func(string) (usage, error) { return u, nil }).Run(t.Context())
		if got.State != c.state || !strings.HasPrefix(got.Reason, c.reason) && !strings.HasSuffix(got.Reason, c.reason) {
			t.Errorf("%s: %s, %q", name, got.State, got.Reason)
		}
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		state  check.State
		reason string
	}{
		"the disk fails":   {syscall.EIO, check.Down, "input/output error"},
		"no permission":    {syscall.EACCES, check.Unknown, "this machine could not run the check"},
		"another system":   {errNotSupported, check.Unknown, "this agent cannot look"},
		"not there":        {syscall.ENOENT, check.Unknown, "there is no "},
		"a broken network": {syscall.ESTALE, check.Down, "stale"},
	} {
		got := on(t, "", func(path string) (usage, error) {
			if c.err == errNotSupported {
				return usage{}, c.err
			}
			return usage{}, &os.PathError{Op: "statfs", Path: path, Err: c.err}
		}).Run(t.Context())
		if got.State != c.state || !strings.Contains(got.Reason, c.reason) && runtime.GOOS == "linux" {
			t.Errorf("%s: %s, %q", name, got.State, got.Reason)
		}
	}
}

// A mount that hangs is down, holds up one goroutine however often it is asked, and is
// up when it comes back.
func TestAMountThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := make(chan struct{})
		var calls atomic.Int32
		c := on(t, "inodes_below: 0", func(string) (usage, error) {
			calls.Add(1)
			<-back
			return usage{total: 10, free: 5}, nil
		})
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if got := c.Run(ctx); got.State != check.Down || got.Reason != "no answer within 10s" {
				t.Fatal(got)
			}
			cancel()
		}
		if calls := calls.Load(); calls != 1 {
			t.Fatalf("%d calls hang", calls)
		}
		close(back)
		synctest.Wait()
		if got := c.Run(t.Context()); got.State != check.Up {
			t.Fatal(got)
		}
	})
}

// This machine's own file system has a size that makes sense.
func TestMeasure(t *testing.T) {
	got, err := measure(t.TempDir())
	if err != nil || got.total == 0 || got.free > got.total || got.freeInodes > got.inodes {
		t.Fatal(got, err)
	}
	t.Logf("%+v", got)
}

func TestParseLimit(t *testing.T) {
	for text, want := range map[string]uint64{
		"1GiB": 1 << 30, "1.5 GiB": 3 << 29, "500MB": 500e6, "2g": 2 << 30, "10k": 10 << 10, "1000": 1000, "7 B": 7, "0": 0,
	} {
		if got, err := parseLimit(text, true); err != nil || got.amount != want || got.percent != 0 {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for bytes, want := range map[uint64]string{0: "0 B", 999: "999 B", 1023897: "0.976 MiB", 1 << 20: "1 MiB", 1234567: "1.18 MiB", 5 << 40: "5 TiB", 1 << 63: "8.00 EiB"} {
		if got := size(bytes); got != want {
			t.Errorf("%d: %s instead of %s", bytes, got, want)
		}
	}
}

func FuzzParseLimit(f *testing.F) {
	for _, text := range []string{"10%", "1GiB", "NaN%", "1e300EiB", "-1", "0x10", "%", "GiB", "١%"} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, withUnits bool) {
		got, err := parseLimit(text, withUnits)
		if err == nil && (!(got.percent >= 0 && got.percent <= 100) || got.amount > 1<<63-1) {
			t.Fatalf("%+v", got)
		}
	})
}
