package raftstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"keng/raftstore/internal/overlay"
	"keng/raftstore/table"
)

// ErrForkLimit says that a fork has read and written more rows, or taken more time,
// than it was allowed.
var ErrForkLimit = errors.New("the fork has reached its limit")

// ForkLimits bound what a fork may cost.
type ForkLimits struct {
	Rows int           // read and written together: 100,000 unless set
	Time time.Duration // five seconds unless set
}

const (
	forkRows = 100_000
	forkTime = 5 * time.Second
	// forkLook is after how many rows the time is looked at.
	forkLook = 64
)

// Fork is a throw-away transaction on a fixed state: what is done on it answers "what
// would happen?", and leaves nothing. It belongs to one goroutine.
type Fork struct {
	overlay *overlay.Overlay
	handle  Handler
	logger  *slog.Logger
	meter   *meter
}

// Fork calls f with a fork of this node's present state, see View at level Local. Any
// number of forks may be on their way, on any node; they hinder nobody, but hold on to
// the state they were made of. When a limit is reached all reads find nothing, and Fork
// fails with ErrForkLimit, whatever f returns.
func (s *Store) Fork(ctx context.Context, limits ForkLimits, f func(*Fork) error) error {
	if !s.gate.enter() {
		return ErrClosed
	}
	defer s.gate.leave()
	ctx, cancel := context.WithTimeoutCause(ctx, orDefault(limits.Time, forkTime), ErrForkLimit)
	defer cancel()
	r := s.states.reader()
	defer r.close()
	fork := &Fork{
		overlay: overlay.Over(r), handle: s.options.Handle, logger: s.logger,
		meter: &meter{ctx: ctx, left: orDefault(limits.Rows, forkRows)},
	}
	err := f(fork)
	for _, poison := range []error{r.Err(), fork.meter.err, fork.overlay.Err()} {
		if poison != nil {
			return poison
		}
	}
	return err
}

// Tx returns the fork's state, to be read and written.
func (f *Fork) Tx() table.Tx { return newUserTx(meteredTx{f.overlay, f.meter}) }

// Err returns why no more may be read and written, or what has spoiled the fork; nil while all is
// well. Who reads a lot asks, and can so tell what came before from what is missing.
func (f *Fork) Err() error {
	if f.meter.err != nil {
		return f.meter.err
	}
	return f.overlay.Err()
}

// Do has the store's Handler evaluate a command on the fork, at a time. As with Update,
// a command that fails or panics leaves nothing. Commands have no ids here.
func (f *Fork) Do(now time.Time, command []byte) (result []byte, err error) {
	if f.meter.err != nil {
		return nil, f.meter.err
	}
	if poison := f.overlay.Err(); poison != nil {
		return nil, poison
	}
	f.overlay.Save()
	result, err = f.call(now, command)
	for _, poison := range []error{f.meter.err, f.overlay.Err()} {
		if poison != nil {
			err = poison
			break
		}
	}
	if err != nil {
		f.overlay.Rollback()
		return nil, err
	}
	f.overlay.Save()
	return result, nil
}

func (f *Fork) call(now time.Time, command []byte) (result []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			f.logger.Warn("a command's handler panicked on a fork", "panic", p)
			err = &PanicError{Value: p}
		}
	}()
	return f.handle(f.Tx(), now.UTC(), command)
}

// meter counts rows, and looks at the time.
type meter struct {
	ctx  context.Context
	left int
	err  error // why no more is allowed
}

// allow tells whether one more row may be read or written.
func (m *meter) allow() bool {
	if m.err != nil {
		return false
	}
	m.left--
	switch {
	case m.left < 0:
		m.err = fmt.Errorf("%w of rows", ErrForkLimit)
	case m.left%forkLook == 0 && m.ctx.Err() != nil:
		m.err = context.Cause(m.ctx)
	}
	return m.err == nil
}

// meteredTx is a transaction whose rows are counted.
type meteredTx struct {
	failingTx
	meter *meter
}

// Get finds nothing when no more is allowed.
func (m meteredTx) Get(key []byte) ([]byte, bool) {
	if !m.meter.allow() {
		return nil, false
	}
	return m.failingTx.Get(key)
}

// Scan ends when no more is allowed.
func (m meteredTx) Scan(from, to []byte) iter.Seq2[[]byte, []byte] {
	return m.count(m.failingTx.Scan(from, to))
}

// ScanReverse ends when no more is allowed.
func (m meteredTx) ScanReverse(from, to []byte) iter.Seq2[[]byte, []byte] {
	return m.count(m.failingTx.ScanReverse(from, to))
}

func (m meteredTx) count(rows iter.Seq2[[]byte, []byte]) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		for key, value := range rows {
			if !m.meter.allow() || !yield(key, value) {
				return
			}
		}
	}
}

// Set does nothing when no more is allowed.
func (m meteredTx) Set(key, value []byte) {
	if m.meter.allow() {
		m.failingTx.Set(key, value)
	}
}

// Delete does nothing when no more is allowed.
func (m meteredTx) Delete(key []byte) {
	if m.meter.allow() {
		m.failingTx.Delete(key)
	}
}
