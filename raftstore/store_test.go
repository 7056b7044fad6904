package raftstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"keng/raftstore/table"
)

func TestUpdateAndView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		update(t, s, "set a 1")
		update(t, s, "set b 2")
		if got := update(t, s, "get a"); got != "1" {
			t.Errorf("a is %q, want 1", got)
		}
		update(t, s, "del a")
		for _, level := range []Level{Local, Leader} {
			if got := dump(t, s, level); got != "b=2" {
				t.Errorf("at level %d the state is %q", level, got)
			}
		}
		err := s.View(t.Context(), Local, func(table.Reader) error { return errWanted })
		if err != errWanted {
			t.Errorf("the view's error is %v", err)
		}
	})
}

// blocker is a handler that stops at the command "block" until it is released.
type blocker struct{ reached, release chan struct{} }

func newBlocker() *blocker {
	return &blocker{reached: make(chan struct{}, 1), release: make(chan struct{})}
}

func (b *blocker) handle(tx table.Tx, now time.Time, command []byte) ([]byte, error) {
	if string(command) == "block" {
		b.reached <- struct{}{}
		<-b.release
		return []byte("released"), nil
	}
	return handleText(tx, now, command)
}

// openBlocked opens a store whose evaluator is busy with a command until release
// is called.
func openBlocked(t *testing.T) (s *Store, release func()) {
	b := newBlocker()
	s = openMemory(t, func(o *Options) { o.Handle = b.handle })
	go func() { _, _ = s.Update(context.Background(), NewCommandID(), []byte("block")) }()
	<-b.reached
	return s, func() { close(b.release) }
}

// TestBatch: commands that wait are evaluated together, in their order; one that
// fails or panics leaves nothing, and the others keep theirs.
func TestBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := openBlocked(t)
		before := s.Status().Sequence
		commands := []string{"append a 1", "fail a x", "append a 2", "panic b x", "append a 3", "del nothing", "get a"}
		results := make([]string, len(commands))
		var wg sync.WaitGroup
		for i, c := range commands {
			wg.Go(func() {
				result, err := s.Update(t.Context(), NewCommandID(), []byte(c))
				results[i] = fmt.Sprintf("%s %v", result, err)
			})
			synctest.Wait() // so that they stand in the queue in this order
		}
		release()
		wg.Wait()
		if got := dump(t, s, Local); got != "a=123" {
			t.Errorf("the state is %q", got)
		}
		// The blocked batch took what had come by then, which is all of it.
		if batches := s.Status().Sequence - before; batches != 1 {
			t.Errorf("there were %d batches", batches)
		}
		for i, want := range []string{"done", errWanted.Error(), "done", "panicked", "done", "done", "123 <nil>"} {
			if !strings.Contains(results[i], want) {
				t.Errorf("%s: %s", commands[i], results[i])
			}
		}
	})
}

func TestBatchLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := openBlocked(t)
		before := s.Status().Sequence
		var wg sync.WaitGroup
		for i := range 3*maxBatchCommands - 1 { // one is blocked
			wg.Go(func() { update(t, s, fmt.Sprintf("set k%d v", i)) })
		}
		synctest.Wait()
		release()
		wg.Wait()
		if batches := s.Status().Sequence - before; batches != 3 {
			t.Errorf("%d commands were %d batches", 3*maxBatchCommands, batches)
		}
	})
}

func TestErrorsOfHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		update(t, s, "set a 1")
		try := func(command string) error {
			_, err := s.Update(t.Context(), NewCommandID(), []byte(command))
			return err
		}
		var panicked *PanicError
		if err := try("fail a 2"); err != errWanted {
			t.Errorf("failing: %v", err)
		}
		if err := try("panic a 3"); !errors.As(err, &panicked) || panicked.Value != "the command wants to panic" {
			t.Errorf("panicking: %v", err)
		}
		if err := try("set \xffm x"); err == nil || !strings.Contains(err.Error(), "cannot be written") {
			t.Errorf("writing the store's own key: %v", err)
		}
		if err := try("del \xffm"); err == nil || !strings.Contains(err.Error(), "cannot be deleted") {
			t.Errorf("deleting the store's own key: %v", err)
		}
		if got := update(t, s, "get \xffm"); got != "" {
			t.Errorf("the store's own key reads as %q", got)
		}
		if err := try("set a " + strings.Repeat("x", MaxCommandBytes)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("a large command: %v", err)
		}
		if got := dump(t, s, Local); got != "a=1" {
			t.Errorf("the state is %q", got)
		}
	})
}

func TestTooManyWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t, func(o *Options) {
			o.Handle = func(tx table.Tx, _ time.Time, command []byte) ([]byte, error) {
				for i := range len(command) {
					tx.Set(fmt.Appendf(nil, "k%d", i), make([]byte, 1<<20-100))
				}
				return nil, nil
			}
		})
		if _, err := s.Update(t.Context(), NewCommandID(), make([]byte, 2)); err != nil {
			t.Errorf("two megabytes: %v", err)
		}
		if _, err := s.Update(t.Context(), NewCommandID(), make([]byte, 4)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("four megabytes: %v", err)
		}
	})
}

// TestKnownID: what is sent again with the same id is not evaluated again, whether
// it comes while the first is under way or later.
func TestKnownID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := openBlocked(t)
		id := NewCommandID()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if result, err := s.Update(t.Context(), id, []byte("append a x")); err != nil || string(result) != "done append a x" {
					t.Errorf("the result is %q, %v", result, err)
				}
			})
		}
		synctest.Wait()
		release()
		wg.Wait()
		if result, err := s.Update(t.Context(), id, []byte("anything")); err != nil || string(result) != "done append a x" {
			t.Errorf("later the result is %q, %v", result, err)
		}
		if got := dump(t, s, Local); got != "a=x" {
			t.Errorf("the state is %q", got)
		}
		failing := NewCommandID()
		if _, err := s.Update(t.Context(), failing, []byte("fail a y")); err != errWanted {
			t.Errorf("failing: %v", err)
		}
		if _, err := s.Update(t.Context(), failing, []byte("append a z")); err != nil {
			t.Errorf("an id whose command failed cannot be used again: %v", err)
		}
	})
}

func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBlocker()
		s := openMemory(t, func(o *Options) { o.Handle = b.handle })
		ctx, cancel := context.WithCancel(t.Context())
		id := NewCommandID()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := s.Update(ctx, id, []byte("block"))
			if !errors.Is(err, ErrUnknownOutcome) || !errors.Is(err, context.Canceled) {
				t.Errorf("the command under way: %v", err)
			}
		})
		<-b.reached
		// Two batches of other commands stand between the evaluator and this one.
		for i := range 2 * maxBatchCommands {
			go func() { _, _ = s.Update(t.Context(), NewCommandID(), fmt.Appendf(nil, "set k%d v", i)) }()
		}
		synctest.Wait()
		wg.Go(func() {
			_, err := s.Update(ctx, NewCommandID(), []byte("set waiting x"))
			if !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnknownOutcome) {
				t.Errorf("the command that waits: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
		close(b.release)
		synctest.Wait()
		if strings.Contains(dump(t, s, Local), "waiting") {
			t.Error("a command was evaluated after its caller was told that it was not")
		}
		if result, err := s.Update(t.Context(), id, nil); err != nil || string(result) != "released" {
			t.Errorf("asked again, the outcome is %q, %v", result, err)
		}
	})
}

func TestOverloaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := openBlocked(t)
		var wg sync.WaitGroup
		for range maxQueued {
			wg.Go(func() { update(t, s, "append a x") })
		}
		synctest.Wait()
		if _, err := s.Update(t.Context(), NewCommandID(), []byte("append a y")); !errors.Is(err, ErrOverloaded) {
			t.Errorf("one more than the queue holds: %v", err)
		}
		release()
		wg.Wait()
		if got := update(t, s, "get a"); got != strings.Repeat("x", maxQueued) {
			t.Errorf("of %d commands %d have taken effect", maxQueued, len(got))
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		update(t, s, "set a 1")
		inView, endView := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			err := s.View(t.Context(), Local, func(r table.Reader) error {
				close(inView)
				<-endView
				if v, _ := r.Get([]byte("a")); string(v) != "1" {
					t.Errorf("a view that outlasts the beginning of Close reads %q", v)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-inView
		wg.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if _, err := s.Update(t.Context(), NewCommandID(), []byte("set a 2")); !errors.Is(err, ErrClosed) {
			t.Errorf("an update after Close: %v", err)
		}
		if err := s.View(t.Context(), Local, func(table.Reader) error { return nil }); !errors.Is(err, ErrClosed) {
			t.Errorf("a view after Close: %v", err)
		}
		if _, err := s.Lead(t.Context()); err == nil {
			t.Error("a closed store leads")
		}
		close(endView)
		wg.Wait()
	})
}

func TestCloseAnswersWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := openBlocked(t)
		var wg sync.WaitGroup
		for i := range 2 * maxBatchCommands {
			wg.Go(func() {
				_, err := s.Update(t.Context(), NewCommandID(), fmt.Appendf(nil, "set k%d v", i))
				if err != nil && !errors.Is(err, ErrClosed) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		wg.Go(func() { _ = s.Close() })
		synctest.Wait()
		release()
		wg.Wait()
	})
}

// TestLeaderOfOne is about Lead, Status and Now.
func TestLeaderOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var skew atomic.Int64
		s := openMemory(t, func(o *Options) { o.Wall = func() time.Time { return time.Now().Add(time.Duration(skew.Load())) } })
		l, err := s.Lead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		status := s.Status()
		if l.Term == 0 || status.Term != l.Term || !status.Leads || status.State != "Leader" || status.LeaderID != "node" {
			t.Errorf("the leadership is %+v, the status %+v", l, status)
		}
		before := update(t, s, "now")
		skew.Store(int64(-time.Hour)) // somebody sets the wall clock back
		if after := update(t, s, "now"); after < before {
			t.Errorf("cluster time went from %s to %s", before, after)
		}
		time.Sleep(time.Minute)
		first, _ := time.Parse(time.RFC3339Nano, before)
		if passed := s.Now().Sub(first); passed < time.Minute || passed > time.Minute+time.Second {
			t.Errorf("in a minute, cluster time went on by %s", passed)
		}
		select {
		case <-l.Lost:
			t.Error("the leadership is lost")
		default:
		}
	})
}
