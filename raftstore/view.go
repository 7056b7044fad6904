package raftstore

import (
	"context"
	"errors"

	"keng/raftstore/table"
)

// Level says how new the state is that a View sees.
type Level int

const (
	// Local sees what this node has applied, which includes every Update that has
	// returned on this node. It needs no other node.
	Local Level = iota
	// Leader sees everything that was acknowledged anywhere before the View began.
	// It asks the leader how far that is, and waits until this node has it.
	Leader
)

// View runs f on a consistent snapshot. The reader must not be used after f has
// returned. If anything could not be read, View fails with that error, whatever f
// returns. At level Leader it waits for a leader as long as ctx lasts.
func (s *Store) View(ctx context.Context, level Level, f func(table.Reader) error) error {
	if level == Local {
		return s.ViewFrom(ctx, 0, f)
	}
	index, err := s.readIndex(ctx)
	if err != nil {
		return err
	}
	return s.ViewFrom(ctx, index, f)
}

// ViewFrom is a View of a state that has applied the log at least up to an index:
// one that UpdateAt has returned, on whichever node. So who wrote on one node reads
// his own writes on another.
func (s *Store) ViewFrom(ctx context.Context, index uint64, f func(table.Reader) error) error {
	if !s.gate.enter() {
		return ErrClosed
	}
	defer s.gate.leave()
	if err := s.reach(ctx, index); err != nil {
		return err
	}
	r := s.states.reader()
	defer r.close()
	err := f(userReader{r})
	if poison := r.Err(); poison != nil {
		return poison
	}
	return err
}

// reach waits until this node has applied the log up to an index.
func (s *Store) reach(ctx context.Context, index uint64) error {
	there, forget := s.feed.await(index)
	if there == nil {
		return nil
	}
	select {
	case <-there:
		return nil
	case <-ctx.Done():
		forget()
		return ctx.Err()
	case <-s.closing:
		forget()
		return ErrClosed
	case <-s.failed:
		forget()
		return s.whyStopped()
	}
}

// readIndex returns an index from which on a state shows everything that was
// acknowledged, by any node, before the call.
func (s *Store) readIndex(ctx context.Context) (index uint64, err error) {
	waited := s.atLeader(ctx, func(l leader, reign context.Context) bool {
		within, cancel := attemptContext(ctx, reign)
		defer cancel()
		if l.id == s.options.NodeID {
			index, err = s.readIndexHere(within)
		} else {
			index, err = s.readIndexThere(within, l)
		}
		return err == nil || !passing(err)
	})
	if waited != nil {
		return 0, waited
	}
	return index, err
}

// readIndexHere is for the leader: what it has applied, provided that it is still
// leading, without a break, after it has looked.
func (s *Store) readIndexHere(ctx context.Context) (uint64, error) {
	if !s.gate.enter() {
		return 0, ErrClosed
	}
	defer s.gate.leave()
	l, err := s.Lead(ctx)
	if err != nil {
		return 0, err
	}
	index := s.fsm.current.Load().applied
	if err := s.await(ctx, s.raft.VerifyLeader()); err != nil {
		return 0, err
	}
	// What was verified is a leadership; it must be the one that l began, or
	// another node may have led, and acknowledged, in between.
	if s.raft.CurrentTerm() != l.Term {
		return 0, ErrNotLeader
	}
	return index, nil
}

// passing tells whether an error may be gone when the leader is asked again.
func passing(err error) bool {
	return errors.Is(err, ErrNotLeader) || errors.Is(err, errUnreachable) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
