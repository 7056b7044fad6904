package raftstore

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAgreement(t *testing.T) {
	const year = 365 * 24 * time.Hour
	base := time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		voters int
		shown  []time.Duration
		want   time.Duration
		agreed bool
	}{
		{"nobody", 3, nil, 0, false},
		{"no members yet", 0, nil, 0, false},
		{"one of one", 1, []time.Duration{year}, year, true},
		{"one of three", 3, []time.Duration{0}, 0, false},
		{"two of two", 2, []time.Duration{time.Second, 0}, 0, true},
		{"two of two, apart", 2, []time.Duration{3 * time.Second, 0}, 0, false},
		{"two of three", 3, []time.Duration{0, 2 * time.Second}, 0, true},
		{"two of three, apart", 3, []time.Duration{0, 2*time.Second + 1}, 0, false},
		{"three of three", 3, []time.Duration{time.Second, 0, 2 * time.Second}, time.Second, true},
		{"one a year ahead", 3, []time.Duration{year, time.Second, 0}, 0, true},
		{"one five minutes behind", 3, []time.Duration{-5 * time.Minute, time.Second, 0}, 0, true},
		{"all apart", 3, []time.Duration{year, 0, -5 * time.Minute}, 0, false},
		{"all a year ahead", 3, []time.Duration{year, year, year}, year, true},
		{"two groups of five", 5, []time.Duration{0, year, 1, year, 2}, 1, true},
		{"two groups of four", 4, []time.Duration{0, year, 0, year}, 0, false},
	} {
		var shown []time.Time
		for _, d := range c.shown {
			shown = append(shown, base.Add(d))
		}
		got, agreed := agreement(shown, c.voters/2+1)
		if c.voters == 0 {
			got, agreed = agreement(shown, 1)
		}
		if agreed != c.agreed || agreed && !got.Equal(base.Add(c.want)) {
			t.Errorf("%s: %v, %t", c.name, got.Sub(base), agreed)
		}
	}
}

// TestClockOfOne: a machine that has no other to ask follows its wall clock at the start
// and where it moves a little; where it jumps ahead, after it has stayed there.
func TestClockOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var moved atomic.Int64
		s := openMemory(t, func(o *Options) {
			o.Wall = func() time.Time { return time.Now().Add(time.Duration(moved.Load())) }
			o.Logger = quiet()
		})
		if _, err := s.Lead(t.Context()); err != nil {
			t.Fatal(err)
		}
		off := func() time.Duration { return s.Now().Sub(time.Now().Round(0)) }
		want := func(when string, want time.Duration, distrusted bool) {
			t.Helper()
			if got := off(); got != want {
				t.Errorf("%s: cluster time is off by %s, not %s", when, got, want)
			}
			if state := s.Clock(); state.Distrusted != distrusted || state.Agreed == distrusted {
				t.Errorf("%s: %+v", when, state)
			}
		}
		update(t, s, "now")
		time.Sleep(5 * time.Second)
		want("at the start", 0, false)
		step := 1500 * time.Millisecond
		moved.Store(int64(step))
		want("after a little step", step, false)
		time.Sleep(5 * time.Second)
		moved.Store(int64(8 * time.Hour)) // it has slept
		want("just after a jump", step, false)
		time.Sleep(10 * time.Second)
		want("soon after a jump", step, true)
		moved.Store(0) // it was a mistake
		time.Sleep(10 * time.Second)
		want("when it was taken back", step, false)
		moved.Store(int64(8 * time.Hour))
		time.Sleep(clockStays - 5*time.Second)
		want("before it has stayed long enough", step, true)
		time.Sleep(10 * time.Second)
		want("when it has stayed", 8*time.Hour, false)
		moved.Store(0)
		time.Sleep(10 * time.Second)
		want("when it is set back", 8*time.Hour, false)
		if ahead := s.Clock().Ahead; ahead != 8*time.Hour {
			t.Errorf("cluster time is said to be ahead by %s", ahead)
		}
	})
}

// TestClockOfOneAfterAnOutage: what a node shows when it starts is taken at once; and it
// does not go back.
func TestClockOfOneAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := NewMemory()
		var before time.Time
		for i, skew := range []time.Duration{0, 8 * time.Hour, -time.Hour} {
			o := Options{NodeID: "node", Bootstrap: true, Handle: handleText, Logger: quiet(), Wall: func() time.Time { return time.Now().Add(skew) }}
			s, err := OpenInMemory(o, disk)
			if err != nil {
				t.Fatal(err)
			}
			now, err := time.Parse(time.RFC3339Nano, update(t, s, "now"))
			if err != nil {
				t.Fatal(err)
			}
			if want := time.Now().Add(max(skew, time.Duration(i)*4*time.Hour)); now.Before(before) || apart(now, want) > time.Second {
				t.Errorf("with a clock off by %s: %s, not %s", skew, now, want.UTC())
			}
			before = now
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
