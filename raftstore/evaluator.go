package raftstore

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"keng/raftstore/internal/overlay"
)

// evaluator is the one goroutine that evaluates commands and proposes entries. It
// is a small state machine, driven by what comes in on its channels:
//
//	following → catchingUp   this node became leader
//	catchingUp → leading     a Barrier was passed: all that was committed is applied
//	leading → settling       an entry failed or was refused, or the leadership ended
//	settling → catchingUp    all entries in flight are settled
//	catchingUp → following   the Barrier failed
//
// While it follows, commands are handed back: the leader is elsewhere.
//
// After anything but success it proposes nothing until it knows the fate of every
// entry in flight and, through the Barrier, of every entry it cannot know of. Only
// then are commands evaluated again: those without a known outcome are recognised
// by their ids if they did take effect.
type evaluator struct {
	states      *states
	raft        *raft.Raft
	handle      Handler
	clock       *clock
	settleClock func() // finds out what time it is, before this node leads
	throne      *throne
	logger      *slog.Logger
	limit       uint64    // of remembered results
	watch       stopwatch // runs while the oldest entry in flight is under way

	queue    chan *command
	stop     chan struct{}   // closed to stop
	failed   <-chan struct{} // closed when the node cannot go on
	stopped  chan struct{}   // closed when run has returned
	settled  chan *batch     // one place for each batch in flight
	barriers chan barrier
	again    <-chan time.Time // try another Barrier; nil if not to

	phase    phase
	term     uint64
	retry    []*command // whose batch took no effect: to be evaluated before all others
	waiting  []*command // taken from the queue while a batch was under way: the next ones
	inFlight []*batch   // not yet answered, in the order of proposing
	full     bool       // the newest batch was, so there may be another as large

	// The state that the next batch is evaluated on.
	overlay *overlay.Overlay
	memory  *memory
	base    meta     // of the snapshot under the overlay
	pending []*batch // those in the overlay, in order: applied after base or not yet
}

type phase int

const (
	following phase = iota
	catchingUp
	leading
	settling
)

// barrier is how a Barrier ended.
type barrier struct {
	term uint64 // when it was begun
	err  error
}

// barrierPause is the time between attempts to pass a Barrier.
const barrierPause = 100 * time.Millisecond

// run works until it is stopped or the node fails.
func (e *evaluator) run() {
	defer close(e.stopped)
	defer e.throne.leave()
	for {
		if e.due() {
			e.evaluate()
			continue
		}
		var queue, elsewhere <-chan *command
		switch {
		case e.ready():
			queue = e.queue
		case e.phase == following && e.raft.State() != raft.Leader:
			elsewhere = e.queue
			e.handBack()
		}
		select {
		case c := <-elsewhere:
			c.reply <- reply{err: errNotLeading}
		case c := <-queue:
			e.waiting = append(e.waiting, c)
		case b := <-e.settled:
			e.settle(b)
		case leads := <-e.raft.LeaderCh():
			e.leadershipChanged(leads)
		case b := <-e.barriers:
			e.barrierPassed(b)
		case <-e.again:
			e.again = nil
			if e.phase == following && e.raft.State() == raft.Leader {
				e.unsettle()
			}
		case <-e.stop:
			if e.ready() && e.gathered() > 0 {
				e.evaluate() // what was gathered is answered too
			}
			e.shutDown()
			return
		case <-e.failed:
			e.shutDown()
			return
		}
	}
}

// handBack gives back what this node, which leads no longer, was to evaluate.
func (e *evaluator) handBack() {
	for _, c := range slices.Concat(e.retry, e.waiting) {
		c.reply <- reply{err: errNotLeading}
	}
	e.retry, e.waiting = nil, nil
}

// ready tells whether a batch may be evaluated.
func (e *evaluator) ready() bool { return e.phase == leading && len(e.inFlight) < maxInFlight }

// gathered is how many commands wait here, before those in the queue.
func (e *evaluator) gathered() int { return len(e.retry) + len(e.waiting) }

// due tells whether a batch is to be evaluated. While one is under way the next is gathered:
// each has its price, on every node, whatever is in it. It follows when the one before is
// applied, or when there is enough of it.
func (e *evaluator) due() bool {
	return e.ready() && e.gathered() > 0 &&
		(len(e.inFlight) == 0 || e.full || e.gathered()+len(e.queue) >= enoughCommands)
}

// leadershipChanged is told of the newest change; of several in quick succession
// only the last.
func (e *evaluator) leadershipChanged(leads bool) {
	e.throne.leave()
	if e.phase != following || leads {
		e.unsettle()
	}
}

// unsettle begins to find out where things stand.
func (e *evaluator) unsettle() {
	if e.phase == catchingUp { // its Barrier will tell
		return
	}
	e.phase = settling
	e.allSettled()
}

// allSettled passes a Barrier if nothing is in flight any more.
func (e *evaluator) allSettled() {
	if e.phase != settling || len(e.inFlight) > 0 {
		return
	}
	e.phase = catchingUp
	e.overlay, e.memory, e.pending = nil, nil, nil
	term := e.raft.CurrentTerm()
	future := e.raft.Barrier(enqueueTimeout)
	go func() {
		e.settleClock() // the Barrier takes its time too
		e.barriers <- barrier{term, future.Error()}
	}()
}

// barrierPassed begins to lead, if the Barrier was passed.
func (e *evaluator) barrierPassed(b barrier) {
	e.phase = following
	if b.err == nil && e.raft.State() == raft.Leader && e.raft.CurrentTerm() == b.term {
		b.err = e.begin(b.term)
	} else if b.err == nil {
		b.err = errors.New("the leadership changed meanwhile")
	}
	if b.err != nil {
		e.throne.leave()
		e.again = time.After(barrierPause)
		e.logger.Debug("this node cannot lead", "term", b.term, "error", b.err)
	}
}

// begin begins to lead, on the state that the engine holds.
func (e *evaluator) begin(term uint64) error {
	r := e.states.reader()
	defer r.close()
	base, err := readMeta(r)
	if err != nil {
		return err
	}
	memory, err := loadMemory(r, e.limit)
	if err != nil {
		return err
	}
	e.base, e.memory, e.term = base, memory, term
	e.overlay = overlay.Over(r) // replaced by the present one for each batch
	e.phase = leading
	e.throne.take(term, e.clock.now())
	return nil
}

// evaluate makes one batch of the commands that wait, and proposes it.
func (e *evaluator) evaluate() {
	r := e.states.reader()
	defer r.close()
	if err := e.rebase(r); err != nil {
		e.logger.Warn("cannot evaluate commands on the present state", "error", err)
		e.unsettle()
		return
	}
	h := header{term: e.term, sequence: e.base.sequence + 1, base: e.base.chain, time: e.clock.now()}
	if n := len(e.pending); n > 0 {
		h.sequence, h.base = e.pending[n-1].sequence+1, e.pending[n-1].chain
	}
	e.overlay.Begin(h.sequence)
	run := evaluation{overlay: e.overlay, memory: e.memory, handle: e.handle, now: h.time, logger: e.logger}
	for !run.full() {
		c := e.next()
		if c == nil {
			break
		}
		run.add(c)
	}
	e.full = run.full()
	if len(run.commands) == 0 { // all of them were abandoned
		return
	}
	b, entry, err := run.finish(h)
	if err != nil {
		for _, c := range run.commands {
			c.reply <- reply{err: fmt.Errorf("cannot make a log entry: %w", err)}
		}
		e.unsettle()
		return
	}
	e.propose(b, entry)
}

// next returns the next command that waits, or nil.
func (e *evaluator) next() *command {
	for _, list := range []*[]*command{&e.retry, &e.waiting} {
		if len(*list) > 0 {
			c := (*list)[0]
			(*list)[0] = nil
			*list = (*list)[1:]
			return c
		}
	}
	select {
	case c := <-e.queue:
		return c
	default:
		return nil
	}
}

// rebase lays the overlay over a newer snapshot, and forgets the batches that it
// contains. The state of the snapshot must be one that the overlay was evaluated
// on: the base, or the base after some of the pending batches.
func (e *evaluator) rebase(r *reader) error {
	m, err := readMeta(r)
	if err != nil {
		return err
	}
	contained := 0
	if m.chain != e.base.chain {
		for contained < len(e.pending) && e.pending[contained].chain != m.chain {
			contained++
		}
		if contained == len(e.pending) {
			return errors.New("another leader's entry was applied")
		}
		contained++
	}
	for _, b := range e.pending[:contained] {
		e.overlay.Forget(b.sequence, b.keys)
	}
	e.pending = e.pending[contained:]
	e.base = m
	e.overlay.Rebase(r)
	return nil
}

// propose hands an entry to Raft. Its outcome comes in on settled.
func (e *evaluator) propose(b *batch, entry []byte) {
	b.proposed = time.Now()
	e.pending = append(e.pending, b)
	e.inFlight = append(e.inFlight, b)
	e.watch.startAt(e.inFlight[0].proposed)
	future := e.apply(entry)
	go func() {
		if b.err = future.Error(); b.err == nil {
			b.outcome, _ = future.Response().(outcome)
			b.index = future.Index()
		}
		e.settled <- b
	}()
}

// settle takes note of a batch's outcome, and answers what can be answered: in
// order, since a batch's answers rest on the batches before it.
func (e *evaluator) settle(b *batch) {
	b.settled = true
	for len(e.inFlight) > 0 && e.inFlight[0].settled {
		b := e.inFlight[0]
		e.inFlight[0] = nil
		e.inFlight = e.inFlight[1:]
		if b.applied() {
			b.answer()
		} else {
			e.logger.Info("a log entry did not take effect; its commands are evaluated again",
				"sequence", b.sequence, "commands", len(b.commands), "refused", b.outcome == outcomeRefused, "error", b.err)
			e.retry = append(e.retry, b.commands...)
			e.unsettle()
		}
	}
	e.watch.stop()
	if len(e.inFlight) > 0 {
		e.watch.startAt(e.inFlight[0].proposed)
	}
	e.allSettled()
}

// answer gives every command of an applied batch its reply.
func (b *batch) answer() {
	for i, c := range b.commands {
		b.replies[i].index = b.index
		c.reply <- b.replies[i]
	}
}

// shutDown waits, within bounds, for what is in flight: Raft never answers what
// is still queued in it when it is shut down. Commands that get no answer here are
// told by Update that the outcome is not known, if they were evaluated.
func (e *evaluator) shutDown() {
	e.throne.leave()
	timeout := time.After(closeTimeout)
	for len(e.inFlight) > 0 || e.phase == catchingUp {
		select {
		case b := <-e.settled:
			b.settled = true
			for len(e.inFlight) > 0 && e.inFlight[0].settled {
				if e.inFlight[0].applied() {
					e.inFlight[0].answer()
				}
				e.inFlight = e.inFlight[1:]
			}
		case <-e.barriers:
			e.phase = following
		case <-timeout:
			return
		}
	}
}
