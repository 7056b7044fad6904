package raftstore

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestFork: commands on a fork see one another, and a fixed state below; nothing of
// it is left.
func TestFork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		update(t, s, "set a 1")
		at := time.Now().Add(time.Hour).UTC()
		err := s.Fork(t.Context(), ForkLimits{}, func(f *Fork) error {
			do := func(command string) string {
				result, err := f.Do(at, []byte(command))
				if err != nil {
					return err.Error()
				}
				return string(result)
			}
			do("append a 2")
			update(t, s, "append a x") // meanwhile
			for command, want := range map[string]string{
				"get a": "12", "fail a 3": errWanted.Error(), "panic a 4": "panicked", "now": at.Format(time.RFC3339Nano),
				"set \xffm x": "cannot be written",
			} {
				if got := do(command); !strings.Contains(got, want) {
					t.Errorf("%s: %s, want %s", command, got, want)
				}
			}
			var keys []string
			f.Tx().Set([]byte("b"), nil)
			for k, v := range f.Tx().Scan(nil, nil) {
				keys = append(keys, string(k)+string(v))
			}
			if got := strings.Join(keys, " "); got != "a12 b" {
				t.Errorf("the fork has %s", got)
			}
			return errWanted
		})
		if err != errWanted {
			t.Errorf("the fork's error is %v", err)
		}
		if got := dump(t, s, Leader); got != "a=1x" {
			t.Errorf("after the fork the state is %q", got)
		}
	})
}

// TestForkLimits: rows and time are bounded, and an error that f swallows counts.
func TestForkLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		for i := range 10 {
			update(t, s, fmt.Sprintf("set k%d v", i))
		}
		read := func(limits ForkLimits, pause time.Duration) (rows int, err error) {
			err = s.Fork(t.Context(), limits, func(f *Fork) error {
				for range 100 {
					for range f.Tx().Scan(nil, nil) {
						rows++
					}
					time.Sleep(pause)
				}
				_, err := f.Do(time.Now(), []byte("get k1"))
				if (err != nil) != (rows < 1000) {
					t.Errorf("a command after %d rows: %v", rows, err)
				}
				return nil
			})
			return rows, err
		}
		if rows, err := read(ForkLimits{}, 0); err != nil || rows != 1000 {
			t.Errorf("without limits: %d rows, %v", rows, err)
		}
		if rows, err := read(ForkLimits{Rows: 25}, 0); !errors.Is(err, ErrForkLimit) || rows != 25 {
			t.Errorf("with 25 rows: %d rows, %v", rows, err)
		}
		if rows, err := read(ForkLimits{Time: time.Second}, 100*time.Millisecond); !errors.Is(err, ErrForkLimit) || rows < 100 || rows > 200 {
			t.Errorf("with a second: %d rows, %v", rows, err)
		}
	})
}
