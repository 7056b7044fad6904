package raftstore

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"keng/raftstore/internal/overlay"
)

// command is one Update on its way.
type command struct {
	id      CommandID
	payload []byte
	reply   chan reply // one place, so that nobody waits to answer
	state   atomic.Int32
}

// reply is what Update returns.
type reply struct {
	result []byte
	index  uint64 // of the log entry with the command's batch
	err    error
}

// errNotLeading is the reply to a command that is handed back, because this node
// does not lead. Whether it has taken effect depends on whether it was taken.
var errNotLeading = errors.New("this node does not lead")

// States of a command. Update and the evaluator both move it on from waiting: who
// comes first decides whether the outcome can be known.
const (
	commandWaiting   = iota
	commandTaken     // it is or was being evaluated
	commandAbandoned // its caller has gone, and it will not be evaluated
)

// take tells whether the command is to be evaluated.
func (c *command) take() bool {
	return c.state.CompareAndSwap(commandWaiting, commandTaken) || c.state.Load() == commandTaken
}

// abandon tells whether the command was given up before anybody took it.
func (c *command) abandon() bool {
	return c.state.CompareAndSwap(commandWaiting, commandAbandoned)
}

// batch is commands that were evaluated together and go through Raft as one entry.
type batch struct {
	sequence uint64
	chain    chain    // the state's hash once it is applied
	keys     [][]byte // what it writes
	commands []*command
	replies  []reply // of the commands, to be given when it is applied
	proposed time.Time

	settled bool // what follows is known
	index   uint64
	outcome outcome
	err     error // why it is not known whether it is in the log
}

// applied tells whether the batch has taken effect.
func (b *batch) applied() bool { return b.settled && b.err == nil && b.outcome == outcomeApplied }

// evaluation runs commands on an overlay, one after another.
type evaluation struct {
	overlay  *overlay.Overlay
	memory   *memory
	handle   Handler
	now      time.Time
	logger   *slog.Logger
	commands []*command
	replies  []reply
	learnt   int // results to remember
}

// full tells whether no further command fits.
func (e *evaluation) full() bool {
	return len(e.commands) >= maxBatchCommands || e.overlay.Size() >= maxBatchBytes
}

// add evaluates one command. Whatever goes wrong concerns this command alone.
func (e *evaluation) add(c *command) {
	if !c.take() {
		return
	}
	e.overlay.Save()
	result, err := e.evaluate(c)
	if err != nil {
		e.overlay.Rollback()
		result = nil
	}
	e.commands = append(e.commands, c)
	e.replies = append(e.replies, reply{result: result, err: err})
}

func (e *evaluation) evaluate(c *command) ([]byte, error) {
	result, known := e.memory.recall(e.overlay, c.id)
	if known {
		return result, nil
	}
	result, err := e.call(c)
	if poison := e.overlay.Err(); poison != nil {
		return nil, poison // err may be no more than a consequence
	}
	if err != nil {
		return nil, err
	}
	if size := e.overlay.Grown() + len(result); size > MaxCommandWrites {
		return nil, fmt.Errorf("%w: it writes %d bytes, and %d are allowed", ErrTooLarge, size, MaxCommandWrites)
	}
	e.memory.remember(e.overlay, c.id, e.now, result)
	e.learnt++
	return result, nil
}

// call runs the handler. A panic is a failure of this command: nothing of it has
// been replicated yet, so the other commands, and the other nodes, need not suffer.
func (e *evaluation) call(c *command) (result []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			e.logger.Error("a command's handler panicked", "command", c.id.String(), "panic", p, "stack", string(debug.Stack()))
			err = &PanicError{Value: p}
		}
	}()
	return e.handle(newUserTx(e.overlay), e.now, c.payload)
}

// PanicError says that the Handler panicked. The command has left nothing.
type PanicError struct {
	Value any // what it panicked with
}

// Error tells what it panicked with.
func (e *PanicError) Error() string {
	return fmt.Sprintf("the command's handler panicked: %v", e.Value)
}

// finish adds what the batch itself has to write and returns it and its entry.
func (e *evaluation) finish(h header) (*batch, []byte, error) {
	if e.learnt > 0 {
		e.overlay.Save()
		e.memory.tidy(e.overlay, e.now, 2*e.learnt+8)
		if err := e.overlay.Err(); err != nil {
			return nil, nil, err
		}
	}
	if size := e.overlay.Size(); size > maxEntryBytes {
		return nil, nil, fmt.Errorf("an entry of %d bytes came about, and %d are allowed", size, maxEntryBytes)
	}
	entry := encodeEntry(h, e.overlay.Writes(), e.overlay.Size())
	return &batch{
		sequence: h.sequence,
		chain:    sha256.Sum256(entry),
		keys:     e.overlay.Keys(),
		commands: e.commands,
		replies:  e.replies,
	}, entry, nil
}
