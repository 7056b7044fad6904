package storetest_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"keng/raftstore"
	"keng/raftstore/storetest"
)

// story runs f in a bubble, with a cluster of three nodes under load.
func story(t *testing.T, seed uint64, f func(t *testing.T, c *storetest.Cluster, l *load, random *rand.Rand)) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(seed, 7))
		c := storetest.Empty(t, seed, appendText)
		c.SnapshotEntries = 300
		for _, id := range []string{"a", "b", "c"} {
			c.Start(id, "a")
		}
		c.AwaitVoters(3)
		l := startLoad(c, random, 8)
		f(t, c, l, random)
		l.finish(t)
	})
}

// TestLeaderIsCutOff: again and again the leader is cut off from the others under
// load. They go on without it, and it comes back.
func TestLeaderIsCutOff(t *testing.T) {
	story(t, 1, func(t *testing.T, c *storetest.Cluster, _ *load, random *rand.Rand) {
		for range 5 {
			time.Sleep(time.Duration(500+random.IntN(2000)) * time.Millisecond)
			old := c.Leader().Status()
			c.Net.Cut(old.NodeID)
			time.Sleep(3 * time.Second)
			if now := c.Leader().Status(); now.NodeID == old.NodeID || now.Term <= old.Term {
				t.Errorf("after leader %s of term %d was cut off, %s leads in term %d", old.NodeID, old.Term, now.NodeID, now.Term)
			}
			update(t, c.Leader(), "without the old leader")
			c.Net.Heal(old.NodeID)
		}
	})
}

// TestLeaderIsKilled: after the leader's death a write through any other node
// succeeds, soon; and when it is started again it has what it had acknowledged.
func TestLeaderIsKilled(t *testing.T) {
	story(t, 2, func(t *testing.T, c *storetest.Cluster, _ *load, _ *rand.Rand) {
		for range 4 {
			time.Sleep(time.Second)
			dead := c.Leader().Status().NodeID
			c.Kill(dead)
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			_, err := c.Store(c.Running()[0]).Update(ctx, raftstore.NewCommandID(), []byte("after death"))
			cancel()
			if took := time.Since(began); err != nil || took > 3*time.Second {
				t.Errorf("after the leader's death a write takes %s: %v", took, err)
			}
			time.Sleep(2 * time.Second)
			c.Start(dead, "a")
		}
	})
}

// TestTransferUnderLoad: the leadership is handed around, from any node, while
// commands come in.
func TestTransferUnderLoad(t *testing.T) {
	story(t, 3, func(t *testing.T, c *storetest.Cluster, _ *load, random *rand.Rand) {
		for i := range 12 {
			time.Sleep(time.Duration(100+random.IntN(400)) * time.Millisecond)
			to := string("abc"[i%3])
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			if err := c.Store(string("abc"[random.IntN(3)])).TransferLeadership(ctx, to); err != nil {
				t.Errorf("to %s: %v", to, err)
			}
			cancel()
		}
	})
}

// TestFollowerInstallsSnapshot: a node that was away for longer than the log is kept
// gets the state as a whole, and so does one that joins late.
func TestFollowerInstallsSnapshot(t *testing.T) {
	story(t, 4, func(t *testing.T, c *storetest.Cluster, _ *load, _ *rand.Rand) {
		leader := c.Leader().Status().NodeID
		away := map[string]string{"a": "b", "b": "c", "c": "a"}[leader]
		c.Kill(away)
		left := c.Leader().Status().LastIndex
		for c.Leader().Status().FirstIndex <= left+1 {
			time.Sleep(time.Second)
		}
		changes := make(chan error, 1)
		store := c.Start(away, "a")
		go func() {
			for _, err := range store.Changes(t.Context(), store.Status().Applied) {
				if err != nil {
					changes <- err
					return
				}
			}
		}()
		if err := <-changes; err != raftstore.ErrLost {
			t.Errorf("who reads the changes of a node that installs a snapshot gets %v", err)
		}
		c.Start("d", "b")
		c.AwaitVoters(4)
		if first := c.Store("d").Status().FirstIndex; first <= left {
			t.Errorf("the log of a node that has joined late begins at %d", first)
		}
		if err := c.Store("d").RemoveNode(t.Context(), "c"); err != nil {
			t.Error(err)
		}
		removed := c.Store("c")
		<-removed.Failed()
		c.Stop("c")
		c.AwaitVoters(3)
	})
}
