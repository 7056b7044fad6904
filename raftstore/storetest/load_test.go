package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/raftstore"
	"keng/raftstore/storetest"
	"keng/raftstore/table"
)

// load is writers that, at any node that runs, each append numbers to keys of their own:
// 0, 1, 2, …, a hundred to a key. A number whose outcome is not known is sent again with its id, to any
// node, until it is; so in the end every key has every number once, in order.
type load struct {
	c    *storetest.Cluster
	stop chan struct{}
	work sync.WaitGroup

	mu       sync.Mutex
	done     []int // numbers of each writer that were acknowledged
	unknowns int
	reads    int
	stale    []string // reads that did not see what they should
}

// loadKeyNumbers is how many numbers are appended to a key.
const loadKeyNumbers = 100

func loadKey(w, n int) string { return fmt.Sprintf("w%02d-%05d", w, n/loadKeyNumbers) }

func startLoad(c *storetest.Cluster, random *rand.Rand, writers int) *load {
	l := &load{c: c, stop: make(chan struct{}), done: make([]int, writers)}
	for w := range writers {
		random := rand.New(rand.NewPCG(random.Uint64(), random.Uint64()))
		l.work.Go(func() { l.write(w, random) })
	}
	return l
}

func (l *load) write(w int, random *rand.Rand) {
	for n := 0; ; n++ {
		id := raftstore.NewCommandID()
		for !l.try(w, n, id, random) {
			time.Sleep(10 * time.Millisecond)
		}
		if random.IntN(4) == 0 {
			l.read(w, n, random)
		}
		select {
		case <-l.stop:
			return
		case <-time.After(time.Duration(1+random.IntN(40)) * time.Millisecond):
		}
	}
}

// try tells whether the number was acknowledged.
func (l *load) try(w, n int, id raftstore.CommandID, random *rand.Rand) bool {
	running := l.c.Running()
	if len(running) == 0 {
		return false
	}
	store := l.c.Store(running[random.IntN(len(running))])
	if store == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+random.IntN(20_000))*time.Millisecond)
	defer cancel()
	_, err := store.Update(ctx, id, fmt.Appendf(nil, "%s %d,", loadKey(w, n), n))
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.done[w]++
	}
	if errors.Is(err, raftstore.ErrUnknownOutcome) {
		l.unknowns++
	}
	return err == nil
}

// read makes sure that what was acknowledged is seen at level Leader, on any node that
// can answer at all.
func (l *load) read(w, n int, random *rand.Rand) {
	running := l.c.Running()
	if len(running) == 0 {
		return
	}
	id := running[random.IntN(len(running))]
	store := l.c.Store(id)
	if store == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var got string
	err := store.View(ctx, raftstore.Leader, func(r table.Reader) error {
		value, _ := r.Get([]byte(loadKey(w, n)))
		got = string(value)
		return nil
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
	case strings.HasSuffix(got, fmt.Sprintf("%d,", n)):
		l.reads++
	default:
		l.stale = append(l.stale, fmt.Sprintf("writer %d was told of %d, and reads on node %s: %s", w, n, id, got))
	}
}

// acknowledged returns how many numbers have been acknowledged.
func (l *load) acknowledged() (sum int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.done {
		sum += n
	}
	return sum
}

// finish stops the writers, which need a working cluster for it, and makes sure that
// nothing was lost, nothing doubled, and that all nodes agree.
func (l *load) finish(t *testing.T) {
	t.Helper()
	close(l.stop)
	l.work.Wait()
	l.c.Compare()
	err := l.c.Leader().View(context.Background(), raftstore.Leader, func(r table.Reader) error {
		for w, done := range l.done {
			var want, got strings.Builder
			for n := range done {
				fmt.Fprintf(&want, "%d,", n)
			}
			for n := 0; n <= done; n += loadKeyNumbers {
				value, _ := r.Get([]byte(loadKey(w, n)))
				got.Write(value)
			}
			if got.String() != want.String() {
				t.Errorf("writer %d was told of %d numbers, and has written %s", w, done, &got)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for _, stale := range l.stale {
		t.Error(stale)
	}
	t.Logf("%d acknowledged, %d outcomes not known at first, %d reads", l.acknowledged(), l.unknowns, l.reads)
}
