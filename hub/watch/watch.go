// Package watch watches the hub itself: it counts what happens for /metrics, looks for
// alerts that were forgotten (P2) and pages the administrators if there ever is one, and
// tells a watchdog elsewhere that all is well, as long as it is.
//
// # Metrics
//
// Every node tells of itself; what concerns the whole cluster (pages, orphaned alerts, the
// outbox) only the leader tells, so that a sum over the nodes is right. A counter begins
// anew when a node becomes the leader of a new process; Prometheus knows what to do.
//
// # Watchdog
//
// A pager that is dead pages nobody. So the leader calls a URL every [WatchdogEvery]: that
// of a service elsewhere which complains when it is no longer called. It is called only
// while a majority of the cluster works and pages go out in time; see [Watcher.Well].
package watch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
)

// Store is the replicated store as the watcher needs it.
type Store interface {
	state.Store
	// Lead waits until this node leads and has caught up. lost is closed when the
	// reign is over.
	Lead(ctx context.Context) (term uint64, since time.Time, lost <-chan struct{}, err error)
	// Now returns cluster time.
	Now() time.Time
	// Written gives the keys of what is applied on this node from now on, as the store
	// has them ([table.RowOf]). It ends with an error when the reader has fallen behind
	// and must begin anew, or ctx has ended.
	Written(ctx context.Context) iter.Seq2[[][]byte, error]
	// Condition says what this node knows of itself.
	Condition() Condition
}

// Condition is what a node knows of itself.
type Condition struct {
	Leads     bool
	HasLeader bool
	Term      uint64
	Applied   uint64 // Raft index up to which it has applied the log
	Last      uint64 // Raft index of the newest entry in its log
	Members   int
}

// Options says what to watch. Store is required.
type Options struct {
	Store Store
	// Version of the program, for people.
	Version string
	// Connected counts the agents and gateways that are connected to this node, by kind.
	Connected func() map[string]int
	// Watchdog is the URL to call while all is well. Empty: none.
	Watchdog string
	// Client calls it. Default: one with a time-out of ten seconds that follows no redirects.
	Client *http.Client
	Logger *slog.Logger
}

// How often and how patiently the watcher looks.
const (
	// WatchdogEvery is how often the watchdog is called.
	WatchdogEvery = 30 * time.Second
	lookEvery     = 15 * time.Second
	// orphanGrace is how long after its moment something that is due must be overdue to
	// be called forgotten. The engine may be catching up after an outage.
	orphanGrace = 2 * time.Minute
	// outboxGrace is how old the oldest page in the outbox may be that nobody has taken up
	// yet. After that the hub is not well.
	outboxGrace = 2 * time.Minute
	orphansMax  = 100     // that are named
	censusMax   = 100_000 // alerts that are counted, of a sort
	outboxMax   = 10_000  // pages that are counted
)

// Watcher watches one node. It is safe for concurrent use.
type Watcher struct {
	store    Store
	logger   *slog.Logger
	registry *prometheus.Registry
	pages    pageMetrics
	http     httpMetrics
	dog      *watchdog // nil without a URL

	mu   sync.Mutex
	look look // the newest
}

// look is what the leader has last seen of the state.
type look struct {
	at      time.Time // of the wall clock; zero if this node does not lead
	census  state.Census
	orphans []core.AlertID
	outbox  map[string]int // open pages by kind
	waiting time.Duration  // how long the oldest page waits that nobody has taken up
	lag     time.Duration  // how overdue the earliest deadline is
	raised  bool           // the administrators have an alert about orphans
}

// New returns a watcher. It does nothing before Run.
func New(o Options) (*Watcher, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Watcher{store: o.Store, logger: o.Logger, registry: prometheus.NewRegistry()}
	if o.Watchdog != "" {
		dog, err := newWatchdog(o.Watchdog, o.Client)
		if err != nil {
			return nil, err
		}
		w.dog = dog
	}
	w.register(o)
	return w, nil
}

// Run watches until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		_, _, lost, err := w.store.Lead(ctx)
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			return err
		}
		w.reign(ctx, lost)
	}
	return nil
}

// reign watches the cluster as long as this node leads.
func (w *Watcher) reign(ctx context.Context, lost <-chan struct{}) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { w.countPages(ctx) })
	if w.dog != nil {
		beside.Go(func() { w.callWatchdog(ctx) })
	}
	defer end() // before the others are waited for
	defer w.see(look{})
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := w.lookAround(ctx); err != nil && ctx.Err() == nil {
			w.logger.Warn("cannot look after the state; trying again", "error", err)
		}
		select {
		case <-tick.C:
		case <-lost:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (w *Watcher) see(l look) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.look = l
}

func (w *Watcher) seen() look {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.look
}

// lookAround reads the state, and tells the administrators of what is forgotten.
func (w *Watcher) lookAround(ctx context.Context) error {
	before := w.seen()
	l := look{at: time.Now(), raised: before.raised}
	var administrators []responder
	err := w.store.View(ctx, false, func(r table.Reader) error {
		now := w.store.Now()
		l.census = state.Count(r, censusMax)
		l.orphans = state.Orphans(r, now, orphanGrace, orphansMax)
		l.outbox, l.waiting = outboxOf(r, now)
		if at, ok := state.NextDeadline(r); ok {
			l.lag = max(now.Sub(at), 0)
		}
		if len(l.orphans) > 0 {
			administrators = state.Administrators(r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	// Two looks in a row: what is being written at this moment is nobody's orphan.
	switch again := len(l.orphans) > 0 && len(before.orphans) > 0; {
	case again && !l.raised:
		err = w.raise(ctx, l.orphans, administrators)
		l.raised = err == nil
	case len(l.orphans) == 0 && (l.raised || before.at.IsZero()):
		// At the first look of a reign too: another leader may have raised it.
		err = w.allClear(ctx)
		l.raised = err != nil && l.raised
	}
	w.see(l)
	return err
}

// outboxOf counts the open pages and returns how long the oldest of them waits that no
// sender has taken up.
func outboxOf(r table.Reader, now time.Time) (map[string]int, time.Duration) {
	kinds, waiting := map[string]int{}, time.Duration(0)
	for _, d := range append(state.Outbox(r, outboxMax), state.OpenNotices(r, outboxMax)...) {
		kinds[string(d.Kind)]++
		if !d.Attempted() {
			waiting = max(waiting, now.Sub(d.CreatedAt))
		}
	}
	return kinds, waiting
}

// Well says why the cluster does not do its work at this moment; nil if it does: this node
// leads a majority that answers, pages are taken up, and what is due is done.
func (w *Watcher) Well(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, WatchdogEvery/3)
	defer cancel()
	var waiting, lag time.Duration
	err := w.store.View(ctx, true, func(r table.Reader) error { // a majority answers
		now := w.store.Now()
		_, waiting = outboxOf(r, now)
		if at, ok := state.NextDeadline(r); ok {
			lag = now.Sub(at)
		}
		return nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("the cluster has no majority that answers: %w", err)
	case waiting > outboxGrace:
		return fmt.Errorf("a page waits for %s and nobody has taken it up", waiting.Round(time.Second))
	case lag > outboxGrace:
		return fmt.Errorf("what was due %s ago is not done", lag.Round(time.Second))
	case len(w.seen().orphans) > 0:
		return errors.New("there are alerts that were forgotten")
	}
	return nil
}
