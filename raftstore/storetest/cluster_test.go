package storetest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"keng/raftstore"
	"keng/raftstore/storetest"
	"keng/raftstore/table"
)

// appendText is a handler: "KEY VALUE" appends the value to the key's, and returns
// what the key has then.
func appendText(tx table.Tx, _ time.Time, command []byte) ([]byte, error) {
	key, value, ok := strings.Cut(string(command), " ")
	if !ok {
		return nil, fmt.Errorf("%q is not what is wanted", command)
	}
	old, _ := tx.Get([]byte(key))
	all := append(old[:len(old):len(old)], value...)
	tx.Set([]byte(key), all)
	return all, nil
}

func get(t *testing.T, s *raftstore.Store, level raftstore.Level, key string) string {
	t.Helper()
	var got string
	err := s.View(t.Context(), level, func(r table.Reader) error {
		value, _ := r.Get([]byte(key))
		got = string(value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func update(t *testing.T, s *raftstore.Store, command string) string {
	t.Helper()
	result, err := s.Update(t.Context(), raftstore.NewCommandID(), []byte(command))
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return string(result)
}

// TestThreeNodes: any node takes commands, and what was written through one is read,
// at the right level, on each.
func TestThreeNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := storetest.NewCluster(t, 1, appendText, "a", "b", "c")
		want := ""
		for i := range 9 {
			id := string("abc"[i%3])
			want += id
			if got := update(t, c.Store(id), "k "+id); got != want {
				t.Errorf("node %s: the result is %q, want %q", id, got, want)
			}
			if got := get(t, c.Store(id), raftstore.Local, "k"); got != want {
				t.Errorf("node %s does not see its own write: %q", id, got)
			}
			other := c.Store(string("abc"[(i+1)%3]))
			if got := get(t, other, raftstore.Leader, "k"); got != want {
				t.Errorf("the other node sees %q at level leader", got)
			}
		}
		_, index, err := c.Store("b").UpdateAt(t.Context(), raftstore.NewCommandID(), []byte("k z"))
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range c.Running() {
			err := c.Store(id).ViewFrom(t.Context(), index, func(r table.Reader) error {
				if value, _ := r.Get([]byte("k")); string(value) != want+"z" {
					t.Errorf("node %s, from index %d on, has %q", id, index, value)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
		c.Compare()
	})
}

// TestCloseWhileCutOff: a leader that is closed while its messages go nowhere does not
// wait for them.
func TestCloseWhileCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := storetest.NewCluster(t, 1, appendText, "a", "b", "c")
		leader := c.Leader().Status().NodeID
		c.Net.Cut(leader)
		time.Sleep(50 * time.Millisecond)
		began := time.Now()
		c.Stop(leader)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("it took %s", took)
		}
		update(t, c.Leader(), "k 1")
	})
}

// TestRemovedAtOnce: a node that is removed the moment it has a vote does not take
// itself for one that was never a member, and join again.
func TestRemovedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := storetest.NewCluster(t, 1, appendText, "a")
		c.Start("b", "a")
		voters := func() (n int) {
			for _, m := range c.Store("a").Status().Members {
				if m.Voter {
					n++
				}
			}
			return n
		}
		for voters() < 2 {
			time.Sleep(time.Millisecond)
		}
		if err := c.Store("a").RemoveNode(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-c.Store("b").Failed():
		case <-time.After(time.Minute):
			t.Error("the removed node goes on")
		}
		if n := voters(); n != 1 {
			t.Errorf("%d nodes have a vote", n)
		}
	})
}

// TestFollowersHearAtOnce: who writes through a follower has his answer as soon as the cluster
// has written it down, though nothing else comes and Raft would tell the follower much later.
func TestFollowersHearAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := storetest.Empty(t, 1, appendText)
		c.CommitTimeout = 10 * time.Second
		for _, id := range []string{"a", "b", "c"} {
			c.Start(id, "a")
		}
		c.AwaitVoters(3)
		update(t, c.Leader(), "k x") // and the cluster is at rest
		for _, id := range []string{"a", "b", "c", "b", "c", "a"} {
			began := time.Now()
			update(t, c.Store(id), "k "+id)
			if took := time.Since(began); took > time.Second {
				t.Errorf("through %s it took %s", id, took)
			}
		}
	})
}
