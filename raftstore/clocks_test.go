package raftstore

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// others is what a node "a" knows whose own wall clock is moved by so much.
func others(moved *time.Duration, showing map[string]time.Duration) *clocks {
	k := newClocks("a", newClock(func() time.Time { return time.Now().Add(*moved) }))
	for id, offset := range showing {
		k.take(id, time.Now().Add(offset), time.Now())
	}
	return k
}

// Who leads by a wrong clock hands on to one whose clock is right: the rightest first, never
// itself, none that is more than a second off, none that has no vote.
func TestSuccessorsHaveRightClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moved := time.Hour
		k := others(&moved, map[string]time.Duration{
			"b": 700 * time.Millisecond, "c": -100 * time.Millisecond, "d": 0, "f": clockTolerance, "watcher": 0,
		})
		if !k.conclude([]string{"a", "b", "c", "d", "f"}) {
			t.Fatal("most are together, and do not agree")
		}
		// The middle of those together is that of d: b and c are nearer to it than a second.
		if got, want := k.successors(), []string{"d", "c", "b"}; !slices.Equal(got, want) {
			t.Errorf("%q may lead, not %q", got, want)
		}
		s := k.state(time.Now())
		if !s.Agreed || !s.Distrusted || s.Disputed || s.Offset != time.Hour || s.Offsets["a"] != time.Hour || s.Offsets["f"] != clockTolerance || len(s.Offsets) != 6 {
			t.Errorf("the clocks are %+v", s)
		}
		time.Sleep(clockKept)
		if s := k.state(time.Now()); len(s.Offsets) != 6 || s.Offsets["f"] != clockTolerance {
			t.Errorf("after %s the clocks are %+v", clockKept, s)
		}
		time.Sleep(1)
		if s := k.state(time.Now()); len(s.Offsets) != 1 {
			t.Errorf("a little later what was told counts still: %+v", s)
		}
	})
}

// A clock that was off is trusted again when it is within a second, not at two.
func TestDistrustIsSticky(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moved := time.Duration(0)
		k := others(&moved, map[string]time.Duration{"b": 0, "c": 0})
		for i, c := range []struct {
			moved      time.Duration
			distrusted bool
		}{
			{clockTolerance, false}, {clockTolerance + 1, true}, {clockTolerance, true}, {clockTrusted + 1, true}, {clockTrusted, false},
			{-clockTolerance, false}, {-clockTolerance - 1, true}, {-clockTrusted - 1, true}, {-clockTrusted, false},
		} {
			// Moved before the others are asked: the majority is theirs, since it is the two.
			moved = c.moved
			k.take("b", time.Now(), time.Now())
			k.take("c", time.Now(), time.Now())
			k.take("d", time.Now(), time.Now())
			if !k.conclude([]string{"a", "b", "c", "d"}) {
				t.Fatal("three of four do not agree")
			}
			if s := k.state(time.Now()); s.Distrusted != c.distrusted || s.Offset != c.moved {
				t.Errorf("%d: moved by %s, the clock is distrusted: %t; it is off by %s", i, c.moved, s.Distrusted, s.Offset)
			}
		}
	})
}

// Without agreement: clocks of a majority that are apart are a dispute, too few are none. How
// far cluster time is ahead counts from this node's own clock then.
func TestClocksThatDoNotAgree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			showing  map[string]time.Duration
			disputed bool
		}{
			{map[string]time.Duration{"b": time.Hour, "c": -time.Hour}, true},
			{map[string]time.Duration{"b": time.Hour}, true},
			{nil, false},
		} {
			moved := time.Duration(0)
			k := others(&moved, c.showing)
			if k.conclude([]string{"a", "b", "c"}) {
				t.Fatalf("%v agree", c.showing)
			}
			k.clock.now()
			moved = -3 * time.Second
			if s := k.state(time.Now()); s.Agreed || s.Disputed != c.disputed || s.Distrusted || s.Ahead != 3*time.Second || s.Offset != -3*time.Second {
				t.Errorf("%v: the clocks are %+v", c.showing, s)
			}
			if len(k.successors()) > 0 && !c.disputed {
				t.Errorf("%v: %q may lead", c.showing, k.successors())
			}
		}
	})
}

// It is clear what time it is while the majority was heard within a minute and this node's
// clock is with it.
func TestWhenTheTimeIsSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moved := time.Duration(0)
		c := newClock(func() time.Time { return time.Now().Add(moved) })
		if c.settled() {
			t.Error("nothing is known, and settled")
		}
		c.learn(time.Now())
		for _, by := range []time.Duration{0, clockTolerance, -clockTolerance} {
			if moved = by; !c.settled() {
				t.Errorf("%s off, and not settled", by)
			}
		}
		if moved = clockTolerance + 1; c.settled() {
			t.Error("too far off, and settled")
		}
		moved = 0
		time.Sleep(clockFresh)
		if !c.settled() {
			t.Error("a minute later it is not settled")
		}
		time.Sleep(1)
		if c.settled() {
			t.Error("it is settled by what was known long ago")
		}
	})
}
