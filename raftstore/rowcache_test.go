package raftstore

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"keng/raftstore/table"
)

// TestRowCacheShowsWhatTheSnapshotHolds: whoever reads a key, while others write it, sees what
// his own snapshot holds. A scan does not ask the cache.
func TestRowCacheShowsWhatTheSnapshotHolds(t *testing.T) {
	s := openMemory(t)
	const keys, writes, readers = 8, 400, 3 // few keys: they are read again before and after each write
	var all sync.WaitGroup
	written := make(chan struct{})
	all.Go(func() {
		defer close(written)
		random := rand.New(rand.NewPCG(1, 0))
		for n := range writes {
			command := fmt.Sprintf("set k%d %d", random.IntN(keys), n)
			if random.IntN(4) == 0 {
				command = fmt.Sprintf("del k%d", random.IntN(keys))
			}
			update(t, s, command)
		}
	})
	for seed := range uint64(readers) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(2, seed))
			for {
				select {
				case <-written:
					return
				default:
				}
				err := s.View(t.Context(), Local, func(r table.Reader) error {
					for range 2 * keys {
						key := fmt.Sprint("k", random.IntN(keys))
						value, ok := r.Get([]byte(key))
						want, there := "", false
						for _, v := range r.Scan([]byte(key), []byte(key+"\x00")) {
							want, there = string(v), true
						}
						if string(value) != want || ok != there {
							return fmt.Errorf("%s is %q (%v), the snapshot has %q (%v)", key, value, ok, want, there)
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestRowCacheRemembers: what was read once is known in later snapshots, until its key is
// written; then who holds an older snapshot is not told anything.
func TestRowCacheRemembers(t *testing.T) {
	c := newRowCache()
	known := func(key string, since uint64) string {
		value, found, known := c.look([]byte(key), since)
		return fmt.Sprint(string(value), " ", found, " ", known)
	}
	commit := func(keys ...string) {
		for _, key := range keys {
			c.announce([]byte(key))
		}
		c.committed()
	}
	const unknown = " false false"
	commit("a")
	if got := known("a", c.now.Load()); got != unknown {
		t.Errorf("before it was read it is %s", got)
	}
	c.remember([]byte("a"), []byte("1"), true, c.now.Load())
	c.remember([]byte("b"), nil, false, c.now.Load())
	before := c.now.Load()
	commit("c")
	if a, b := known("a", c.now.Load()), known("b", before); a != "1 true true" || b != " false true" {
		t.Errorf("what was read is %s, and %s", a, b)
	}
	c.announce([]byte("a")) // and not committed yet
	if got := known("a", c.now.Load()); got != unknown {
		t.Errorf("while it is written it is %s", got)
	}
	c.committed()
	if now, then := known("a", c.now.Load()), known("a", before); now != unknown || then != unknown {
		t.Errorf("after it was written it is %s, and for an older snapshot %s", now, then)
	}
	c.remember([]byte("a"), []byte("1"), true, before) // by who has an older snapshot
	if got := known("a", c.now.Load()); got != unknown {
		t.Errorf("what an older snapshot holds is taken for %s", got)
	}
	c.remember([]byte("a"), make([]byte, rowCacheBytes), true, c.now.Load())
	if got := known("a", c.now.Load()); got != unknown {
		t.Error("a large row is remembered")
	}
}

// TestReadersShareASnapshot: until something is written; who reads on sees what was there
// before, and in the end all snapshots are closed, or the engine would not be.
func TestReadersShareASnapshot(t *testing.T) {
	s := openMemory(t)
	update(t, s, "set k 1")
	value := func(r *reader) string {
		v, _ := userReader{r}.Get([]byte("k"))
		return string(v)
	}
	one, two := s.states.reader(), s.states.reader()
	if one.state != two.state {
		t.Error("two who read the same state have two snapshots")
	}
	one.close()
	update(t, s, "set k 2")
	three := s.states.reader()
	if before, after := value(two), value(three); before != "1" || after != "2" {
		t.Errorf("before the write there is %s, after it %s", before, after)
	}
	two.close()
	three.close()
	// A node on which nobody reads any more keeps none: Pebble could not make room.
	for range 2 {
		s.states.written(s.states.current)
	}
	if n := s.states.current.db.Metrics().Snapshots.Count; n != 0 {
		t.Errorf("%d snapshots are kept", n)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
