package raftstore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"keng/raftstore/internal/overlay"
	"keng/raftstore/table"
)

// flakyLog is a log store that fails when told to: before writing, or after it
// ("it failed, but it happened").
type flakyLog struct {
	*raft.InmemStore
	before, after atomic.Int32 // how many of the next writes of commands fail so
	failures      atomic.Int32
}

var errDisk = errors.New("the disk fails, as the test wants it to")

func (l *flakyLog) StoreLog(log *raft.Log) error { return l.StoreLogs([]*raft.Log{log}) }

func (l *flakyLog) StoreLogs(logs []*raft.Log) error {
	commands := slices.ContainsFunc(logs, func(l *raft.Log) bool { return l.Type == raft.LogCommand })
	if commands && l.before.Add(-1) >= 0 {
		l.failures.Add(1)
		return errDisk
	}
	if err := l.InmemStore.StoreLogs(logs); err != nil {
		return err
	}
	if commands && l.after.Add(-1) >= 0 {
		l.failures.Add(1)
		return errDisk
	}
	return nil
}

// openFlaky opens a node in memory whose log store can be told to fail.
func openFlaky(t testing.TB) (*Store, *flakyLog) {
	log := &flakyLog{InmemStore: raft.NewInmemStore()}
	return openMemory(t, func(o *Options) { o.logs, o.stable = log, log.InmemStore }), log
}

// TestFailedEntries: while the log store fails now and then, many writers each
// append their numbers. None is lost, none doubled, and the order is kept.
func TestFailedEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := openFlaky(t)
		const writers, numbers = 20, 30
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for n := range numbers {
					if got := update(t, s, fmt.Sprintf("append k%02d %d,", w, n)); !strings.HasPrefix(got, "done") {
						t.Errorf("the result is %q", got)
					}
					time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
				}
			})
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 20 {
				time.Sleep(time.Duration(rand.IntN(400)) * time.Millisecond)
				log.before.Store(rand.Int32N(3))
				log.after.Store(rand.Int32N(3))
			}
			log.before.Store(0)
			log.after.Store(0)
		}()
		wg.Wait()
		<-done
		if log.failures.Load() < 5 {
			t.Fatalf("the log store has failed %d times only", log.failures.Load())
		}
		var want []string
		for n := range numbers {
			want = append(want, fmt.Sprint(n))
		}
		for w := range writers {
			got := update(t, s, fmt.Sprintf("get k%02d", w))
			if got != strings.Join(want, ",")+"," {
				t.Errorf("writer %d has written %s", w, got)
			}
		}
	})
}

// TestLeadershipEnds: Lost is closed when an entry fails, and the next leadership
// has a higher term.
func TestLeadershipEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := openFlaky(t)
		first, err := s.Lead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		log.before.Store(1)
		update(t, s, "set a 1") // is tried again inside
		<-first.Lost
		second, err := s.Lead(t.Context())
		if err != nil || second.Term <= first.Term {
			t.Errorf("after term %d there is term %d, %v", first.Term, second.Term, err)
		}
	})
}

// foreign proposes an entry that the evaluator knows nothing of, as another leader
// would have, and returns what became of it.
func foreign(t *testing.T, s *Store, change func(*header)) (outcome, chain) {
	t.Helper()
	status := s.Status()
	h := header{term: status.Term, sequence: status.Sequence + 1, base: status.Chain, time: status.Time}
	change(&h)
	writes := slices.Values([]overlay.Write{{Key: []byte("foreign"), Value: []byte("x")}})
	entry := encodeEntry(h, writes, 10)
	future := s.raft.Apply(entry, time.Second)
	if err := future.Error(); err != nil {
		t.Fatal(err)
	}
	return future.Response().(outcome), sha256.Sum256(entry)
}

// TestRefusedEntries: an entry that was evaluated on another state, or in another
// term, changes nothing but the applied index.
func TestRefusedEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		update(t, s, "set a 1")
		before := s.Status()
		for what, change := range map[string]func(*header){
			"another chain":    func(h *header) { h.base[0] ^= 1 },
			"an older term":    func(h *header) { h.term-- },
			"a newer term":     func(h *header) { h.term++ },
			"a sequence again": func(h *header) { h.sequence-- },
			"a sequence left":  func(h *header) { h.sequence++ },
		} {
			if got, _ := foreign(t, s, change); got != outcomeRefused {
				t.Errorf("an entry with %s: outcome %d", what, got)
			}
		}
		after := s.Status()
		if after.Applied != before.Applied+5 || after.Chain != before.Chain || after.Sequence != before.Sequence {
			t.Errorf("before: %+v, after: %+v", before, after)
		}
		update(t, s, "set b 2")
		if got := dump(t, s, Leader); got != "a=1 b=2" {
			t.Errorf("the state is %q", got)
		}
	})
}

// TestAnotherLeadersEntry: an entry of another's takes effect between two of the
// evaluator's. It notices, and evaluates again on what is there now.
func TestAnotherLeadersEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBlocker()
		s := openMemory(t, func(o *Options) { o.Handle = b.handle })
		update(t, s, "set a 1")
		done := make(chan struct{})
		go func() {
			defer close(done)
			if got := update(t, s, "block"); got != "released" {
				t.Errorf("the result is %q", got)
			}
		}()
		<-b.reached // the batch is being evaluated on a state that now changes
		got, chain := foreign(t, s, func(*header) {})
		if got != outcomeApplied || s.Status().Chain != chain {
			t.Fatalf("the other's entry has outcome %d", got)
		}
		close(b.release)
		<-b.reached // evaluated again
		<-done
		update(t, s, "append foreign y")
		if got := dump(t, s, Leader); got != "a=1 foreign=xy" {
			t.Errorf("the state is %q", got)
		}
	})
}

// TestUnreadableEntry: a node that cannot read its log stops, and says so.
func TestUnreadableEntry(t *testing.T) {
	for what, entry := range map[string][]byte{"a newer level": {entryLevel + 1}, "rubbish": []byte("rubbish")} {
		synctest.Test(t, func(t *testing.T) {
			s := openMemory(t, func(o *Options) { o.Logger = quiet() })
			update(t, s, "set a 1")
			before := s.Status()
			if err := s.raft.Apply(entry, time.Second).Error(); err != nil {
				t.Fatal(err)
			}
			<-s.Failed()
			if err := s.Failure(); !errors.Is(err, errEntryLevel) && !errors.Is(err, errEntryCorrupt) {
				t.Errorf("%s: the node has failed with %v", what, err)
			}
			synctest.Wait()
			_, err := s.Update(t.Context(), NewCommandID(), []byte("set a 2"))
			if !errors.Is(err, ErrClosed) || !strings.Contains(err.Error(), "cannot apply entry") {
				t.Errorf("%s: an update: %v", what, err)
			}
			if after := s.Status(); after.Applied != before.Applied || after.State != "Shutdown" {
				t.Errorf("%s: the status is %+v", what, after)
			}
		})
	}
}

// TestWatchdog: when the disk stalls, the node gives itself up.
func TestWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &stallingLog{InmemStore: raft.NewInmemStore(), stalled: make(chan struct{})}
		s := openMemory(t, func(o *Options) { o.logs, o.stable, o.Logger = log, log.InmemStore, quiet() })
		update(t, s, "set a 1")
		log.stall.Store(true)
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := s.Update(t.Context(), NewCommandID(), []byte("set a 2"))
			if !errors.Is(err, ErrUnknownOutcome) {
				t.Errorf("the update: %v", err)
			}
		})
		<-s.Failed()
		if after := time.Since(start); after < 15*time.Second || after > 30*time.Second {
			t.Errorf("the node has failed after %s", after)
		}
		wg.Wait()
		close(log.stalled)
	})
}

// TestLogThatTakesNothing: when the log has failed for a while without end, the node gives
// itself up.
func TestLogThatTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &fullLog{InmemStore: raft.NewInmemStore()}
		s := openMemory(t, func(o *Options) { o.logs, o.stable, o.Logger = log, log.InmemStore, quiet() })
		update(t, s, "set a 1")
		log.full.Store(true)
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			for s.Failure() == nil && time.Since(start) < time.Minute {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				_, _ = s.Update(ctx, NewCommandID(), []byte("set a 2"))
				cancel()
			}
		})
		wg.Wait()
		if err := s.Failure(); err == nil || !strings.Contains(err.Error(), "make room") {
			t.Fatalf("the failure is %v", err)
		}
		if after := time.Since(start); after < logPatience || after > 4*logPatience {
			t.Errorf("the node has failed after %s", after)
		}
	})
}

// fullLog takes nothing any more when told so.
type fullLog struct {
	*raft.InmemStore
	full atomic.Bool
}

func (l *fullLog) StoreLog(log *raft.Log) error { return l.StoreLogs([]*raft.Log{log}) }

func (l *fullLog) StoreLogs(logs []*raft.Log) error {
	if l.full.Load() {
		return errDisk
	}
	return l.InmemStore.StoreLogs(logs)
}

// TestHalfABootstrap: a process that dies between the two things that a bootstrap writes
// has lost nothing.
func TestHalfABootstrap(t *testing.T) {
	log := raft.NewInmemStore()
	if err := log.SetUint64(keyTerm(), 1); err != nil {
		t.Fatal(err)
	}
	s := openMemory(t, func(o *Options) { o.logs, o.stable = log, log })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := s.Update(ctx, NewCommandID(), []byte("set a 1")); err != nil {
		t.Error(err)
	}
}

// stallingLog stops at the next write when told to.
type stallingLog struct {
	*raft.InmemStore
	stall   atomic.Bool
	stalled chan struct{}
}

func (l *stallingLog) StoreLogs(logs []*raft.Log) error {
	if l.stall.Load() {
		<-l.stalled
	}
	return l.InmemStore.StoreLogs(logs)
}

// TestHandlerSeesNothingOfDroppedBatches: commands evaluated on a batch that is
// dropped are evaluated again, on the state without it.
func TestHandlerSeesNothingOfDroppedBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := openFlaky(t)
		update(t, s, "set n 0")
		var handled atomic.Int32
		s.evaluator.handle = func(tx table.Tx, now time.Time, command []byte) ([]byte, error) {
			handled.Add(1)
			return handleText(tx, now, command)
		}
		log.before.Store(2)
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() { update(t, s, fmt.Sprintf("append n %d", i+1)) })
		}
		wg.Wait()
		if got := update(t, s, "get n"); len(got) != 4 {
			t.Errorf("n is %q", got)
		}
		if handled.Load() <= 4 {
			t.Errorf("the handler ran %d times, though entries were dropped", handled.Load())
		}
	})
}
