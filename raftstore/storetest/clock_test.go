package storetest_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"keng/raftstore"
	"keng/raftstore/storetest"
	"keng/raftstore/table"
)

const year = 365 * 24 * time.Hour

// skews are how far the nodes' wall clocks are off.
type skews struct {
	mu  sync.Mutex
	off map[string]time.Duration
}

func (s *skews) set(off time.Duration, nodes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range nodes {
		s.off[id] = off
	}
}

func (s *skews) change(o *raftstore.Options) {
	id := o.NodeID
	o.Wall = func() time.Time {
		s.mu.Lock()
		defer s.mu.Unlock()
		return time.Now().Add(s.off[id])
	}
}

// skewed runs f with a cluster whose clocks can be set.
func skewed(t *testing.T, f func(t *testing.T, c *storetest.Cluster, s *skews), nodes ...string) {
	synctest.Test(t, func(t *testing.T) {
		s := &skews{off: map[string]time.Duration{}}
		c := storetest.Empty(t, 1, tellTime)
		c.Change = s.change
		for _, id := range nodes {
			c.Start(id, nodes[0])
		}
		c.AwaitVoters(len(nodes))
		f(t, c, s)
	})
}

// tellTime is a handler: its result is cluster time.
func tellTime(tx table.Tx, now time.Time, command []byte) ([]byte, error) {
	tx.Set([]byte("last"), command)
	return []byte(now.Format(time.RFC3339Nano)), nil
}

// off is how far cluster time is ahead, as a command sees it.
func off(t *testing.T, c *storetest.Cluster) time.Duration {
	t.Helper()
	leader := c.Leader()
	at := time.Now()
	now, err := time.Parse(time.RFC3339Nano, update(t, leader, "x"))
	if err != nil {
		t.Fatal(err)
	}
	return now.Sub(at)
}

func near(t *testing.T, when string, got, want, by time.Duration) {
	t.Helper()
	if (got - want).Abs() > by {
		t.Errorf("%s: cluster time is off by %s, not %s", when, got, want)
	}
}

func leads(c *storetest.Cluster) string { return c.Leader().Status().NodeID }

// TestClockOfTheLeaderGoesMad: cluster time does not follow it; the leadership goes to
// where the clock is right, once; and may come back when this one is.
func TestClockOfTheLeaderGoesMad(t *testing.T) {
	for _, wrong := range []time.Duration{year, 10 * time.Second, 3 * time.Second, -5 * time.Minute} {
		t.Run(fmt.Sprint(wrong), func(t *testing.T) {
			skewed(t, func(t *testing.T, c *storetest.Cluster, s *skews) {
				mad := leads(c)
				time.Sleep(10 * time.Second)
				term := c.Leader().Status().Term
				s.set(wrong, mad)
				near(t, "at once", off(t, c), 0, 100*time.Millisecond)
				time.Sleep(4 * time.Second)
				near(t, "after a few seconds", off(t, c), 0, 100*time.Millisecond)
				state := c.Store(mad).Clock()
				if leads(c) == mad || !state.Agreed || !state.Distrusted || (state.Offset-wrong).Abs() > 100*time.Millisecond {
					t.Errorf("the leader is %s, of its clock it says %+v", leads(c), state)
				}
				if state := c.Leader().Clock(); state.Distrusted || !state.Agreed || (state.Offsets[mad]-wrong).Abs() > 100*time.Millisecond || len(state.Offsets) != 3 {
					t.Errorf("the new leader says %+v", state)
				}
				time.Sleep(2 * time.Minute)
				if now := c.Leader().Status().Term; now != term+1 {
					t.Errorf("from term %d it came to term %d", term, now)
				}
				near(t, "minutes later", off(t, c), 0, 100*time.Millisecond)
				s.set(0, mad)
				time.Sleep(10 * time.Second)
				for tries := 0; leads(c) != mad; tries++ {
					if err := c.Leader().TransferLeadership(t.Context(), mad); err != nil && tries > 10 {
						t.Fatal(err)
					}
				}
				term = c.Leader().Status().Term
				time.Sleep(90 * time.Second)
				if now := leads(c); now != mad || c.Leader().Status().Term != term {
					t.Errorf("%s leads, in term %d", now, c.Leader().Status().Term)
				}
				c.Compare()
			}, "a", "b", "c")
		})
	}
}

// TestClockOfANewLeaderIsOff: though nobody else can lead, cluster time goes on.
func TestClockOfANewLeaderIsOff(t *testing.T) {
	for _, wrong := range []time.Duration{-5 * time.Minute, 5 * time.Minute, year} {
		t.Run(fmt.Sprint(wrong), func(t *testing.T) {
			skewed(t, func(t *testing.T, c *storetest.Cluster, s *skews) {
				old := leads(c)
				off(t, c)
				var next string
				for _, id := range c.Running() {
					if id != old {
						next = id
					}
				}
				s.set(wrong, next)
				time.Sleep(time.Minute)
				c.Kill(old)
				time.Sleep(15 * time.Second)                // what its clock showed counts a while longer
				for tries := 0; leads(c) != next; tries++ { // an election may go otherwise
					if err := c.Leader().TransferLeadership(t.Context(), next); err != nil && tries > 10 {
						t.Fatal(err)
					}
				}
				near(t, "after the change", off(t, c), 0, 100*time.Millisecond)
				time.Sleep(2 * time.Minute)
				near(t, "minutes later", off(t, c), 0, 100*time.Millisecond)
				if state := c.Store(next).Clock(); leads(c) != next || state.Agreed || !state.Disputed {
					t.Errorf("%s leads, of the clocks it says %+v", leads(c), state)
				}
			}, "a", "b", "c")
		})
	}
}

// TestClockAfterAllWereOff: what a majority shows is taken at once, by the first command.
func TestClockAfterAllWereOff(t *testing.T) {
	for name, odd := range map[string]time.Duration{"all agree": 0, "one is behind": -time.Hour, "one is a year ahead": year} {
		for _, nodes := range [][]string{{"a", "b"}, {"a", "b", "c"}} {
			t.Run(fmt.Sprintf("%s of %d", name, len(nodes)), func(t *testing.T) {
				skewed(t, func(t *testing.T, c *storetest.Cluster, s *skews) {
					off(t, c)
					for _, id := range c.Running() {
						c.Kill(id)
					}
					s.set(8*time.Hour, nodes...)
					s.set(8*time.Hour+odd, nodes[0])
					for _, id := range nodes {
						c.Start(id, nodes[0])
					}
					want := 8 * time.Hour
					if len(nodes) == 2 && odd != 0 {
						want = 0 // nobody knows
					}
					near(t, "the first command", off(t, c), want, 2*time.Second)
					time.Sleep(time.Minute)
					near(t, "a minute later", off(t, c), want, 2*time.Second)
				}, nodes...)
			})
		}
	}
}

// TestClocksJumpTogether: as those of virtual machines do that were suspended. The
// monotonic clock has stood still.
func TestClocksJumpTogether(t *testing.T) {
	skewed(t, func(t *testing.T, c *storetest.Cluster, s *skews) {
		off(t, c)
		time.Sleep(time.Minute)
		s.set(8*time.Hour, "a", "b", "c")
		time.Sleep(4 * time.Second)
		near(t, "after they woke up", off(t, c), 8*time.Hour, 100*time.Millisecond)
		s.set(0, "a", "b", "c")
		time.Sleep(time.Minute)
		near(t, "when all are set back", off(t, c), 8*time.Hour, 100*time.Millisecond)
		if state := c.Leader().Clock(); !state.Agreed || (state.Ahead-8*time.Hour).Abs() > 100*time.Millisecond {
			t.Errorf("the leader says %+v", state)
		}
	}, "a", "b", "c")
}

// TestClocksOfTwoDiffer: neither of two knows better. Nobody hands the leadership on, and
// time runs on.
func TestClocksOfTwoDiffer(t *testing.T) {
	skewed(t, func(t *testing.T, c *storetest.Cluster, s *skews) {
		off(t, c)
		before := c.Leader().Status()
		s.set(time.Hour, before.NodeID)
		time.Sleep(2 * time.Minute)
		near(t, "while they differ", off(t, c), 0, 100*time.Millisecond)
		if now := c.Leader().Status(); now.Term != before.Term || !c.Leader().Clock().Disputed {
			t.Errorf("in term %d: %+v", now.Term, c.Leader().Clock())
		}
		s.set(0, before.NodeID)
		time.Sleep(10 * time.Second)
		if state := c.Leader().Clock(); !state.Agreed || state.Disputed {
			t.Errorf("when they agree again: %+v", state)
		}
	}, "a", "b")
}
