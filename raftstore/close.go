package raftstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/raft"
)

// Close closes the node. Updates under way are answered if that is possible
// within seconds, Views are waited for. It may be called more than once, and then
// returns the same. What was acknowledged is kept whether Close is called or not.
func (s *Store) Close() error { return s.close() }

// shutDown stops things in the order in which they use one another:
//
//  0. the leadership, which another node takes over if there is one;
//  1. the evaluator, so that nothing more is proposed, and waits for what is in
//     flight, because Raft forgets to answer what is queued when it is shut down;
//  2. views and other uses of the engine, and futures of Raft's that are awaited;
//  3. the tasks beside them;
//  4. the network and Raft, and with it applying;
//  5. the engine, flushed, so that the next start has nothing to apply again;
//  6. log, and the lock on the directory.
//
// If one of the first four does not stop in time the rest is left open: to close
// what is in use would be worse than to leave it to the end of the process.
func (s *Store) shutDown() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*closeTimeout)
	defer cancel()
	s.handOn()
	close(s.closing)
	s.endLife()
	close(s.evaluator.stop)
	if err := wait(ctx, s.evaluator.stopped); err != nil {
		return fmt.Errorf("cannot close the store: the evaluator does not stop: %w", err)
	}
	if err := s.gate.close(ctx); err != nil {
		return fmt.Errorf("cannot close the store: a view does not end: %w", err)
	}
	s.tasks.Wait()
	if err := s.waitForRaft(ctx); err != nil {
		return fmt.Errorf("cannot close the store: %w", err)
	}
	var errs []error
	errs = append(errs, s.states.close(s.Failure() == nil))
	if l, ok := s.logs.(io.Closer); ok && s.options.logs == nil {
		errs = append(errs, l.Close())
	}
	return errors.Join(append(errs, s.unlock())...)
}

// waitForRaft shuts Raft down and waits until all its goroutines have ended.
func (s *Store) waitForRaft(ctx context.Context) error {
	done := make(chan struct{})
	var err error
	future := s.stopRaft()
	// What Raft is sending to other nodes would otherwise have to time out.
	closed := s.closeNetwork()
	go func() {
		defer close(done)
		err = future.Error()
		s.telling.Wait()
	}()
	if waited := wait(ctx, done); waited != nil {
		return fmt.Errorf("the Raft node does not stop: %w", waited)
	}
	return errors.Join(err, closed)
}

// handOnTimeout is how long a leader that stops tries to have another node lead.
const handOnTimeout = time.Second

// handOn hands on the leadership, if there is anybody to hand it to, so that the
// others need not find out that the leader is gone.
func (s *Store) handOn() {
	if s.raft.State() != raft.Leader || len(s.members()) == 1 || s.Failure() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), handOnTimeout)
	defer cancel()
	if err := s.transferHere(ctx, ""); err != nil {
		s.logger.Info("the leadership was not handed on before stopping", "error", err)
	}
}

func wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// yieldWhenFailed takes a node that cannot go on out of the cluster, so that the
// others need not wait for the process to end.
func (s *Store) yieldWhenFailed() {
	select {
	case <-s.closing:
	case <-s.failed:
		<-s.evaluator.stopped
		s.stopRaft()
	}
}

const watchdogPeriod = time.Second

// watchdog finds out if a commit or an apply is stuck, as with a disk that has
// stalled: Raft alone would neither step down nor recover. It first tries to hand
// on the leadership, then gives the node up.
func (s *Store) watchdog() {
	tick := time.NewTicker(watchdogPeriod)
	defer tick.Stop()
	handedOn := false
	for {
		select {
		case <-s.closing:
			return
		case <-s.failed:
			return
		case <-tick.C:
		}
		stuck := max(s.fsm.busy.elapsed(), s.evaluator.watch.elapsed())
		switch limit := s.options.limits.stuckAfter; {
		case stuck > limit:
			s.fail(fmt.Errorf("a commit or an apply has not finished for %s: look at this machine's disk, then start the node again", stuck.Round(time.Second)))
			return
		case stuck > limit/2 && !handedOn:
			handedOn = true
			s.logger.Warn("a commit or an apply is stuck", "for", stuck)
			s.raft.LeadershipTransfer()
		case stuck == 0:
			handedOn = false
		}
	}
}
