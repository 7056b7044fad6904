// Package direct sends pages by the hub's own channels: those that need no phone and
// therefore no gateway, such as e-mail. Its [Desk] is to them what a gateway's pager is to its
// channels; it is smaller, because it lives in the process that has the state.
//
// What happens to a page, in this order:
//
//  1. The leader's engine hands it over, once a reign. A page that is under way already, from
//     an earlier reign of this node, goes on.
//  2. It waits for a place: [channel.Description].Concurrent pages of a kind are under way
//     at once, P1 before P5.
//  3. Attempted is written into the state, on a majority: whoever leads after a crash marks
//     the page as a repeat (P4).
//  4. The state is looked at once more, as the leader has it: a page that has ended, or an
//     alert that was acknowledged meanwhile, is not sent (P3); nor is anything if this node leads no more.
//  5. The channel sends. Its reports are written down in order, and tried again while the
//     cluster has no leader.
//
// A page that is broken off because the process stops gets no end: the next leader finds it
// in the outbox and repeats it, and says so.
package direct

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"keng/hub/core"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// Holder is what the desk is called among those who hold pages. Gateways' numbers begin at 1.
const Holder = math.MaxUint64

const (
	// pagesMax bounds the pages that are under way or wait. A page about no alert is taken only
	// while they are fewer than noticesMax, so that there is room for alerts always (P6).
	pagesMax   = 8192
	noticesMax = pagesMax / 2
	// finishTime is how long pages under way may go on when the desk stops, and writeTime how
	// much longer their fate may take to be written down.
	finishTime = 3 * time.Second
	writeTime  = time.Second
	// reportPause is between two attempts to write reports down, and askTimeout bounds one.
	reportPause = 200 * time.Millisecond
	askTimeout  = 5 * time.Second
)

// Options says what a desk needs. Store and Leads are required.
type Options struct {
	Store state.Store
	// Channels are the hub's own, of different kinds.
	Channels []channel.Channel
	// Leads reports whether this node leads in a term, as far as it knows.
	Leads  func(term uint64) bool
	Logger *slog.Logger // default: [slog.Default]
}

// Desk sends pages by the hub's own channels. It is safe for concurrent use.
type Desk struct {
	o     Options
	tasks sync.WaitGroup // one a page under way

	mu      sync.Mutex // owns all below
	counter map[channel.Kind]*counter
	flights map[string]*flight
	running context.Context // of all pages; nil before Run and after it
	writing context.Context // of what must be written down though a page was taken back; lasts longer
}

// counter is where pages of one kind are sent.
type counter struct {
	channel channel.Channel
	about   channel.Description
	busy    int       // places taken
	waiting []*flight // by urgency, then in the order in which they came
}

// flight is one page from the hand-over to its end.
type flight struct {
	page     channel.Page
	term     atomic.Uint64      // the newest in which the page was handed over
	takeBack context.CancelFunc // nil while it waits
}

// New returns a desk; of two channels with the same kind it is an error. It takes pages
// while Run runs.
func New(o Options) (*Desk, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	d := &Desk{o: o, counter: map[channel.Kind]*counter{}, flights: map[string]*flight{}}
	for _, ch := range o.Channels {
		about := ch.Describe()
		if d.counter[about.Kind] != nil {
			return nil, errors.New("there are two channels of the kind " + string(about.Kind))
		}
		d.counter[about.Kind] = &counter{channel: ch, about: about}
	}
	return d, nil
}

// Kinds are the kinds that the hub reaches by itself, in order.
func (d *Desk) Kinds() []channel.Kind { return slices.Sorted(maps.Keys(d.counter)) }

// Serves reports whether a kind is the desk's.
func (d *Desk) Serves(kind channel.Kind) bool { return d.counter[kind] != nil }

// Run sends pages until ctx ends. Then those under way may finish within a few seconds.
func (d *Desk) Run(ctx context.Context) error {
	writing, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	running, breakOff := context.WithCancel(writing)
	defer breakOff()
	d.mu.Lock()
	d.running, d.writing = running, writing
	d.mu.Unlock()
	<-ctx.Done()
	d.mu.Lock()
	d.running = nil
	for _, c := range d.counter {
		c.waiting = nil // the next leader finds them in the outbox
	}
	d.mu.Unlock()
	defer time.AfterFunc(finishTime, breakOff).Stop()
	defer time.AfterFunc(finishTime+writeTime, giveUp).Stop()
	d.tasks.Wait()
	for _, c := range d.counter {
		if closer, ok := c.channel.(interface{ Close() }); ok {
			closer.Close()
		}
	}
	return nil
}

// errNotRunning is an error of HandOver.
var errNotRunning = errors.New("the hub is stopping, or not up yet")

// HandOver takes a page up and does not wait for its fate. The error says that it is not
// taken now, for people.
func (d *Desk) HandOver(page channel.Page) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.counter[page.Kind]
	switch {
	case c == nil:
		return fmt.Errorf("the hub has no channel for %s by itself", page.Kind)
	case d.running == nil:
		return errNotRunning
	case d.flights[page.ID] != nil:
		d.flights[page.ID].term.Store(page.Term) // of an earlier reign of this node: it goes on
		return nil
	case len(d.flights) >= pagesMax, page.AlertID == "" && len(d.flights) >= noticesMax:
		return fmt.Errorf("%d pages wait already for the hub's own channels", len(d.flights))
	}
	f := &flight{page: page}
	f.term.Store(page.Term)
	d.flights[page.ID] = f
	at, _ := slices.BinarySearchFunc(c.waiting, f, func(before, new *flight) int {
		if urgency(before.page) <= urgency(new.page) {
			return -1 // who came first goes first
		}
		return 1
	})
	c.waiting = slices.Insert(c.waiting, at, f)
	d.fill(c)
	return nil
}

// fill gives free places to pages that wait. The lock is held.
func (d *Desk) fill(c *counter) {
	for d.running != nil && c.busy < c.about.Concurrent && len(c.waiting) > 0 {
		f := c.waiting[0]
		c.waiting = slices.Delete(c.waiting, 0, 1)
		ctx, cancel := context.WithCancel(d.running)
		f.takeBack = cancel
		c.busy++
		d.tasks.Go(func() {
			d.fly(ctx, c, f)
			cancel()
			d.land(c, f)
		})
	}
}

// land ends a flight and lets the next one begin.
func (d *Desk) land(c *counter, f *flight) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.flights, f.page.ID)
	c.busy--
	d.fill(c)
}

// Cancel takes a page back, wherever it is. One that is unknown or has ended is none of its
// business.
func (d *Desk) Cancel(id core.DeliveryID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.flights[string(id)]
	switch {
	case f == nil:
	case f.takeBack != nil:
		f.takeBack()
	default:
		c := d.counter[f.page.Kind]
		c.waiting = slices.DeleteFunc(c.waiting, func(w *flight) bool { return w == f })
		delete(d.flights, string(id))
	}
}

// urgency orders pages that wait: P1 is 1, and what is no priority comes last.
func urgency(page channel.Page) int {
	const last = 6
	if p := page.Priority; len(p) == 2 && p[0] == 'P' && p[1] >= '1' && p[1] <= '5' {
		return int(p[1] - '0')
	}
	return last
}

// wanted reports whether a page is still to be sent, by what the leader has.
func (d *Desk) wanted(ctx context.Context, id core.DeliveryID) (yes bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	err = d.o.Store.View(ctx, true, func(r table.Reader) error {
		row, ok := state.GetDelivery(r, id)
		if !ok || row.Final() {
			return nil
		}
		a, ok := state.FindAlert(r, state.Ref{ID: row.Alert})
		yes = row.Notice != nil || ok && !a.Silent()
		return nil
	})
	return yes, err
}

// tell writes reports down, as often as it takes, until ctx ends.
func (d *Desk) tell(ctx context.Context, reports []channel.Report) bool {
	identity := seed.New()
	for {
		bounded, cancel := context.WithTimeout(ctx, askTimeout)
		_, err := state.Do(bounded, d.o.Store, identity, state.TakeReports{Reports: reports})
		cancel()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		d.o.Logger.Warn("cannot write down what became of a page; it is tried again", "page", reports[0].Page, "error", err)
		select {
		case <-time.After(reportPause):
		case <-ctx.Done():
			return false
		}
	}
}
