// Package engine turns what the state intends into what happens. It works on the
// leader; the other nodes only hang up what the leader could not (P3).
//
// The leader does three things. It sleeps to the next deadline and has the state do what is due
// ([state.DoDue]). It hands every outbox row to a carrier (the edge's gateways, or this
// node for the kinds that need none), keeps in mind which it has handed over in this
// reign, and takes back what is no longer wanted. And it gathers which agents the nodes
// hear, and tells the state of those that nobody does ([Silence]). An idle engine writes
// nothing. Besides, every node hears the pings of heartbeats ([Pings]).
//
// What it keeps in memory may be lost at any moment: a new leader finds the outbox in
// the state, hands over what has no end yet, marked as a repeat if somebody may have
// sent it already (P4), and gateways refuse what they know.
package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"keng/hub/core"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// Store is the replicated store as the engine needs it.
type Store interface {
	state.Store
	// Lead waits until this node leads and has caught up. since is the cluster time at
	// which its reign began; lost is closed when it is over.
	Lead(ctx context.Context) (term uint64, since time.Time, lost <-chan struct{}, err error)
	// Applied returns a channel that is closed when something more has been applied.
	Applied() <-chan struct{}
	// Now returns cluster time.
	Now() time.Time
	// Node is this node's id.
	Node() string
	// Yield hands the leadership to another node.
	Yield(ctx context.Context, to string) error
}

// Carrier takes pages to where they can be sent.
type Carrier interface {
	// HandOver gives a page to somebody who serves its kind, its holder. It does not
	// wait for the page's fate. The error says that nobody takes it now, for people. last
	// names who has told of the page last, if anybody has: it knows of it best.
	HandOver(page channel.Page, last string) (holder uint64, err error)
	// Serves reports whether somebody is there who serves a kind.
	Serves(kind channel.Kind) bool
	// Holds reports whether the holder is still there to send what it was given.
	Holds(holder uint64) bool
	// Ask asks gateways to show that they live: who has not answered gets no page. It does
	// not wait.
	Ask()
	// Connected reports whether the gateway of an id is there, and if so, whether it has not
	// answered yet what Ask asked it.
	Connected(gateway string) (here, silent bool)
	// Gateway returns the id of a holder, as pages remember who has told of them last; "" if
	// it has gone.
	Gateway(holder uint64) string
	// Cancel takes a page back from its holder.
	Cancel(holder uint64, id core.DeliveryID, term uint64, reason string)
	// Withdraw takes a page back from everybody who is there: whoever holds it, if anybody.
	Withdraw(id core.DeliveryID, reason string)
	// InFlight returns the pages that holders had under way when they came, with who.
	InFlight() map[core.DeliveryID]uint64
	// Changed returns a channel that is closed when holders come or go, or answer, or have
	// not answered in time.
	Changed() <-chan struct{}
}

const (
	// patience is how long a page waits for a gateway that serves its kind, counted from
	// the page's creation, the reign's begin or the loss of who held it, whichever is the
	// latest. Gateways come back within seconds after a restart; after that the next
	// method is better (P5).
	patience = 5 * time.Second
	// returnWithin is how long, after this node has started, a page waits for gateways that
	// have joined once: after a long outage they come back less soon than after a short one.
	returnWithin = 20 * time.Second
	// lastReturns is how long a reign waits for a gateway that had a page under way when the
	// reign began, before another one gets it; lastAnswers is how long if it is there, but
	// does not show that it lives.
	lastReturns = 3 * time.Second
	lastAnswers = 2 * time.Second
	// moveAfter is how long a page waits so, below patience, until the leadership moves to a
	// node that has a gateway for it, if there is one.
	moveAfter = 2 * time.Second
	// yieldTimeout bounds the attempt to have another node lead, and yieldAgain is when a
	// node may be tried again that did not take the leadership.
	yieldTimeout = 2 * time.Second
	yieldAgain   = time.Minute
	// lateAfter is how long after a page became due the person is told that it is late.
	lateAfter = 30 * time.Second
	// inHandMax bounds how many pages about alerts are with carriers at once, and noticesMax how
	// many notices: however many there are, they leave room for what is urgent (P6).
	inHandMax  = 4096
	noticesMax = 64
	// retryPause is how long to wait after the store refused something.
	retryPause = time.Second
	// dropAfter is how often in a row a deadline may fail before it is given up, so that
	// what waits behind it comes to its turn.
	dropAfter = 5
	// reportsMax bounds the failures that are written down by one command.
	reportsMax = 64
)

// Engine is the leader's worker.
type Engine struct {
	store   Store
	carrier Carrier
	logger  *slog.Logger
	zones   *state.ZoneFinder
	started time.Time // when Run was called
}

// New returns an engine. It does nothing before Run.
func New(store Store, carrier Carrier, logger *slog.Logger) *Engine {
	return &Engine{store: store, carrier: carrier, logger: logger, zones: state.NewZoneFinder(time.LoadLocation)}
}

// Run works whenever this node leads, until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	e.started = time.Now()
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { e.hangUp(ctx) })
	for ctx.Err() == nil {
		term, since, lost, err := e.store.Lead(ctx)
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			return err
		}
		e.logger.Info("this node leads", "term", term)
		e.reign(ctx, term, since, lost)
	}
	return nil
}

// reign works until the leadership is lost or ctx ends.
func (e *Engine) reign(ctx context.Context, term uint64, since time.Time, lost <-chan struct{}) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	go func() {
		select {
		case <-lost:
			end()
		case <-ctx.Done():
		}
	}()
	r := &reign{Engine: e, term: term, began: since, inHand: map[core.DeliveryID]uint64{}, met: map[uint64]bool{}, lost: map[core.DeliveryID]time.Time{}, asked: map[string]time.Time{}}
	r.wait = r.comingBack(ctx)
	// What killed the leader before this one may have killed gateways: those that were in its
	// process, or on its machine.
	r.carrier.Ask()
	for ctx.Err() == nil {
		if err := r.turn(ctx); err != nil && ctx.Err() == nil {
			e.logger.Error("the engine could not go on and tries again", "error", err)
			pause(ctx, retryPause)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// reign is the time from winning to losing the leadership. It belongs to one goroutine.
type reign struct {
	*Engine
	term   uint64
	began  time.Time                     // pages of before may have been handed over already
	wait   time.Time                     // until when gateways may be coming back
	inHand map[core.DeliveryID]uint64    // what was handed over, and to whom
	met    map[uint64]bool               // holders whose pages in flight are known
	lost   map[core.DeliveryID]time.Time // when the holder of a page without an end was lost
	asked  map[string]time.Time          // when a node was asked to lead
	failed int                           // how often in a row the due deadlines could not be done
}

// turn does what can be done now and then waits until there may be more: for something
// applied, a gateway that comes or goes, or the next moment of interest. What is under
// way comes before what is due, and one does not wait for the other to succeed.
func (r *reign) turn(ctx context.Context) error {
	// Take the channels before looking, so that nothing between is missed.
	applied, changed := r.store.Applied(), r.carrier.Changed()
	r.meetHolders()
	view, err := r.look(ctx)
	if err != nil {
		return err
	}
	r.takeBack(view)
	next, err := r.handOver(ctx, view)
	if view.due(r.store.Now()) {
		return errors.Join(err, r.doDue(ctx)) // what it wrote is looked at in the next turn
	}
	if err != nil {
		return err
	}
	wait := time.NewTimer(r.until(next, view))
	defer wait.Stop()
	select {
	case <-applied:
	case <-changed:
	case <-wait.C:
	case <-ctx.Done():
	}
	return nil
}

// doDue does what is due. A command that fails time after time, not for want of a
// majority but by itself, would stop all paging: then its first item is given up.
func (r *reign) doDue(ctx context.Context) error {
	command := state.DoDue{Since: r.began}
	if r.failed > 0 {
		command.Max, command.Drop = 1, r.failed >= dropAfter
	}
	due, err := state.Do(ctx, r.store, seed.New(), command)
	switch {
	case err == nil:
		r.failed = min(r.failed, 1)
		if !due.More {
			r.failed = 0
		}
	case core.KindOf(err) != core.Unavailable && ctx.Err() == nil:
		r.failed++
	}
	return err
}

// meetHolders learns what pages are with whom: those whose holder has gone are free to be
// handed over again, and those that a gateway brings along from before are in its hand (P4).
func (r *reign) meetHolders() {
	for id, holder := range r.inHand {
		if !r.carrier.Holds(holder) {
			delete(r.inHand, id)
			r.lost[id] = r.store.Now()
		}
	}
	come := map[uint64]bool{}
	for id, holder := range r.carrier.InFlight() {
		come[holder] = true
		if _, known := r.inHand[id]; !known && !r.met[holder] {
			r.inHand[id] = holder
		}
	}
	r.met = come
}

// outlook is what the state holds that concerns the engine.
type outlook struct {
	pages     []core.DeliveryID                   // to be handed over
	settled   map[core.DeliveryID]*state.Delivery // of what is in hand: the pages that have ended
	deadline  time.Time
	deadlines bool
}

// due reports whether a deadline has come.
func (v *outlook) due(now time.Time) bool { return v.deadlines && !v.deadline.After(now) }

// look reads which pages nobody holds, what has become of those in hand, and the next deadline.
func (r *reign) look(ctx context.Context) (*outlook, error) {
	v := outlook{settled: map[core.DeliveryID]*state.Delivery{}}
	err := r.store.View(ctx, false, func(rd table.Reader) error {
		v.deadline, v.deadlines = state.NextDeadline(rd)
		for _, d := range outbox(rd) {
			if _, held := r.inHand[d.ID]; !held {
				v.pages = append(v.pages, d.ID)
			}
		}
		for id := range r.inHand {
			if d, ok := state.GetDelivery(rd, id); ok && d.Final() {
				v.settled[id] = d
			}
		}
		for id := range r.lost {
			if d, ok := state.GetDelivery(rd, id); !ok || d.Final() {
				delete(r.lost, id)
			}
		}
		return nil
	})
	return &v, err
}

// outbox returns the pages that are to be with carriers: those about alerts first.
func outbox(rd table.Reader) []state.Delivery {
	return append(state.Outbox(rd, inHandMax), state.OpenNotices(rd, noticesMax)...)
}

// takeBack forgets pages that have ended, and cancels those that their holders have not
// ended: an acknowledged alert's ringing call is hung up (P3).
func (r *reign) takeBack(v *outlook) {
	for id, d := range v.settled {
		elsewhere := d.Gateway != "" && d.Gateway != r.carrier.Gateway(r.inHand[id])
		if (!d.EndedByGateway() || elsewhere) && !planted("p3-deaf") {
			r.carrier.Cancel(r.inHand[id], id, r.term, "no longer wanted")
		}
		delete(r.inHand, id)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// until returns how long the engine may sleep.
func (r *reign) until(next time.Time, v *outlook) time.Duration {
	if v.deadlines && (next.IsZero() || v.deadline.Before(next)) {
		next = v.deadline
	}
	if next.IsZero() {
		return time.Hour // any change wakes it before
	}
	return max(next.Sub(r.store.Now()), time.Millisecond)
}
