package raftstore

import (
	"context"
	"errors"
	"fmt"
)

// Update has a command evaluated, by whichever node leads, and waits until its
// effects are durable on a majority and applied on this node; then it returns the
// Handler's result. The same id is never evaluated again once it has taken effect:
// the result of that time is returned. An error of the Handler is returned as it is
// (see Network for how it crosses between nodes), and means that the command has
// left nothing and may be sent again.
//
// Update waits for a leader, and goes from one to the next, as long as ctx lasts.
// If ctx ends before the command was looked at, the error is that of ctx; if
// afterwards, it is also ErrUnknownOutcome. Neither the command nor the result may
// be modified afterwards.
func (s *Store) Update(ctx context.Context, id CommandID, payload []byte) ([]byte, error) {
	result, _, err := s.UpdateAt(ctx, id, payload)
	return result, err
}

// UpdateAt is Update, and also returns an index: a state that has applied the log up
// to it shows the command's effects. Any node can wait for it, see ViewFrom.
func (s *Store) UpdateAt(ctx context.Context, id CommandID, payload []byte) (result []byte, index uint64, err error) {
	if len(payload) > MaxCommandBytes {
		return nil, 0, fmt.Errorf("%w: it has %d bytes, and %d are allowed", ErrTooLarge, len(payload), MaxCommandBytes)
	}
	select {
	case <-s.evaluator.stopped:
		return nil, 0, s.whyStopped()
	case <-s.closing:
		return nil, 0, ErrClosed
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	default:
	}
	var last attempt
	unknown := false // an attempt may have taken effect
	err = s.atLeader(ctx, func(l leader, reign context.Context) bool {
		if l.id == s.options.NodeID {
			last = s.updateHere(ctx, id, payload)
		} else {
			last = s.updateThere(ctx, l, reign, id, payload)
		}
		unknown = unknown || last.verdict == unknownVerdict
		return last.verdict != againVerdict && (last.verdict != unknownVerdict || ctx.Err() != nil)
	})
	if err == nil {
		err = last.err
	}
	if err != nil && unknown && last.verdict != answered && !errors.Is(err, ErrUnknownOutcome) {
		err = fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
	return last.result, last.index, err
}

// attempt is how one attempt to have a command evaluated ended.
type attempt struct {
	reply
	verdict verdict
}

type verdict int

const (
	// answered: the reply is the command's.
	answered verdict = iota + 1
	// refused: nothing was done, and err says why no other attempt is made.
	refused
	// againVerdict: nothing was done, because the leader is elsewhere.
	againVerdict
	// unknownVerdict: the command may have taken effect, or may still do so. Sent
	// again with its id it takes effect once.
	unknownVerdict
)

// updateHere has a command evaluated by this node.
func (s *Store) updateHere(ctx context.Context, id CommandID, payload []byte) attempt {
	c := &command{id: id, payload: payload, reply: make(chan reply, 1)}
	select {
	case s.evaluator.queue <- c:
	default:
		return attempt{reply{err: ErrOverloaded}, refused}
	}
	select {
	case r := <-c.reply:
		return c.judge(r)
	case <-ctx.Done():
		return c.leave(ctx.Err())
	case <-s.evaluator.stopped:
		return c.leave(s.whyStopped())
	}
}

// judge tells what a reply of the evaluator's means.
func (c *command) judge(r reply) attempt {
	switch {
	case r.err != errNotLeading:
		return attempt{r, answered}
	case c.abandon():
		return attempt{reply{err: ErrNotLeader}, againVerdict}
	}
	return attempt{reply{err: ErrNotLeader}, unknownVerdict}
}

// leave returns what can be said of a command that is waited for no longer.
func (c *command) leave(cause error) attempt {
	if c.abandon() {
		return attempt{reply{err: cause}, refused}
	}
	select {
	case r := <-c.reply:
		return c.judge(r)
	default:
		return attempt{reply{err: fmt.Errorf("%w: %w", ErrUnknownOutcome, cause)}, unknownVerdict}
	}
}

// whyStopped returns why no more commands are evaluated.
func (s *Store) whyStopped() error {
	if err := s.Failure(); err != nil {
		return fmt.Errorf("%w, because this node has failed: %w", ErrClosed, err)
	}
	return ErrClosed
}
