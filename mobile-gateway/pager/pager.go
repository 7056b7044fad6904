// Package pager is what a gateway does with pages, whichever hub they come from: it
// takes each one up at most once, runs its channel, numbers its reports and keeps
// telling hubs of them until one has acknowledged.
//
// A hub's connection is a [Line]. Pages, cancels and acknowledgements enter
// through it, reports leave by it. A page goes on when its line is lost; its reports then
// leave by any other. So a hub that dies during a call takes nothing with it.
//
// What happens to a page, in this order:
//
//  1. A term lower than the highest seen is refused: StaleTerm. That answer goes back on the
//     same line alone and is not remembered, because the leader of the day may hand over the
//     same page rightly; a hub must not take it for the page's fate.
//  2. A known id is not sent again; its reports are told again from the first (P4).
//  3. Its id goes to the ledger. A kind without a channel is Misconfigured, a page beyond
//     [PagesMax] Overloaded; both are final.
//  4. It waits for a place: [channel.Description].Concurrent pages of a kind are under way at
//     once, P1 before P5. Its send-by may pass while it waits: Expired.
//  5. The ledger is synced to disk: only now may a provider see the page.
//  6. Attempted is reported, and the channel sends, for [channel.Description].Timeout at
//     most: even a channel that hangs has failed then.
//
// If the disk fails, pages are sent all the same and the log says so: a page that
// may come twice is better than none.
package pager

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"keng/mobile-gateway/ledger"
	"keng/proto/channel"
)

// PagesMax is how many pages may be under way or wait for a place at once.
const PagesMax = 5000

// Why a page's context ends.
var (
	errTakenBack = errors.New("taken back by the hub")
	errStopping  = errors.New("the gateway is stopping")
)

// Pager is safe for concurrent use.
type Pager struct {
	ledger *ledger.Ledger
	logger *slog.Logger
	desks  map[channel.Kind]*desk
	base   context.Context // of all pages; ends with Close
	stop   context.CancelCauseFunc
	tasks  sync.WaitGroup // one a page

	mu      sync.Mutex // owns all below; taken before the ledger's locks
	closing bool
	flights map[string]context.CancelCauseFunc // pages without an end, by id
	origins map[string]*Line                   // who hears of a page first, until its reports are acknowledged
	lines   map[*Line]struct{}
}

// desk is one kind's channel and its places.
type desk struct {
	channel channel.Channel
	about   channel.Description
	gate    *gate
	stuck   atomic.Int64 // how many pages the channel has not come back from in time
}

// New makes a pager over channels of different kinds; of two with the same kind it is an error.
// The ledger stays the caller's to close, after [Pager.Close].
func New(channels []channel.Channel, ledger *ledger.Ledger, logger *slog.Logger) (*Pager, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	p := &Pager{
		ledger: ledger, logger: logger, desks: map[channel.Kind]*desk{},
		flights: map[string]context.CancelCauseFunc{}, origins: map[string]*Line{}, lines: map[*Line]struct{}{},
	}
	p.base, p.stop = context.WithCancelCause(context.Background())
	for _, ch := range channels {
		about := ch.Describe()
		if p.desks[about.Kind] != nil {
			return nil, errors.New("there are two channels of the kind " + string(about.Kind))
		}
		p.desks[about.Kind] = &desk{channel: ch, about: about, gate: newGate(about.Concurrent)}
	}
	return p, nil
}

// Kinds are the kinds that it serves, in order.
func (p *Pager) Kinds() []channel.Kind { return slices.Sorted(maps.Keys(p.desks)) }

// Term is the highest leader's term seen.
func (p *Pager) Term() uint64 { return p.ledger.Term() }

// InFlight are the ids of the pages that have no end yet.
func (p *Pager) InFlight() []string { return p.ledger.InFlight() }

// Close takes no more pages, gives those under way until ctx ends, and then breaks
// them off: they fail as Unavailable, so that the hub goes on at once to the next
// method. It returns when no page is under way. Lines go on telling.
func (p *Pager) Close(ctx context.Context) {
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	done := make(chan struct{})
	go func() { p.tasks.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		p.stop(errStopping)
		<-done
	}
	p.stop(errStopping)
}

// Drained waits until every report has been acknowledged, or ctx ends.
func (p *Pager) Drained(ctx context.Context) error {
	line := p.Connect() // hears of every acknowledgement; says nothing
	defer line.Close()
	for len(p.ledger.Unacked()) > 0 {
		select {
		case <-line.Wake():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// take begins a page that is new, or makes a known one heard of again.
func (p *Pager) take(page channel.Page, from *Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	current, err := p.ledger.SeeTerm(page.Term)
	p.complain(err)
	if !current {
		from.answer(failed(page.ID, channel.StaleTerm, "a later leader has spoken: this one was deposed"))
		return
	}
	fresh, err := p.ledger.Begin(page.ID, page.Term, time.Now())
	switch {
	case errors.Is(err, ledger.ErrFull):
		from.answer(failed(page.ID, channel.Overloaded, err.Error()))
		return
	case errors.Is(err, ledger.ErrID):
		from.answer(failed(page.ID, channel.Misconfigured, err.Error()))
		return
	}
	p.complain(err)
	if _, live := p.lines[from]; live {
		p.origins[page.ID] = from
	}
	if !fresh && !planted("p4-again") {
		p.ledger.Rewind(page.ID)
		from.repeat(page.ID)
		return
	}
	p.start(page)
}

// start begins a page's own goroutine, unless it has an end already. p.mu is held.
func (p *Pager) start(page channel.Page) {
	desk := p.desks[page.Kind]
	switch {
	case desk == nil:
		p.note(failed(page.ID, channel.Misconfigured, "this gateway has no channel of the kind "+string(page.Kind)))
	case p.closing:
		p.note(failed(page.ID, channel.Unavailable, errStopping.Error()))
	case len(p.flights) >= PagesMax:
		p.note(failed(page.ID, channel.Overloaded, ledger.ErrFull.Error()))
	default:
		ctx, cancel := context.WithCancelCause(p.base)
		p.flights[page.ID] = cancel
		p.tasks.Go(func() {
			final := p.fly(ctx, desk, page)
			cancel(nil)
			p.end(final)
		})
	}
}

// cancel takes a page back. Unlike a page, a cancel of a deposed leader is heeded: it follows from
// what a majority had committed, which no later leader undoes.
func (p *Pager) cancel(id string, term uint64) {
	_, err := p.ledger.SeeTerm(term)
	p.complain(err)
	p.mu.Lock()
	defer p.mu.Unlock()
	if cancel := p.flights[id]; cancel != nil && !planted("p3-deaf") {
		cancel(errTakenBack)
	}
}

// report notes a report of a page under way.
func (p *Pager) report(r channel.Report) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note(r)
}

// end notes the end of a page. What the person said must survive a power cut; of any
// other end, the ledger makes a failure then, which is safe.
func (p *Pager) end(final channel.Report) {
	p.mu.Lock()
	delete(p.flights, final.Page)
	p.note(final)
	p.mu.Unlock()
	if final.Reply != channel.NoAction {
		p.complain(p.ledger.Sync())
	}
}

// note puts a report into the ledger and wakes the lines. p.mu is held.
func (p *Pager) note(r channel.Report) {
	stored, ok, err := p.ledger.Append(r, time.Now())
	p.complain(err)
	if !ok {
		p.logger.Warn("a channel reported more than it may", "page", r.Page, "stage", r.Stage)
		return
	}
	p.logger.Info("page", "page", stored.Page, "number", stored.Number, "stage", stored.Stage, "failure", stored.Failure, "reply", stored.Reply, "detail", stored.Detail)
	p.wakeAll()
}

func (p *Pager) wakeAll() {
	for line := range p.lines {
		line.rouse()
	}
}

// complain logs an error of the disk. Paging goes on without it.
func (p *Pager) complain(err error) {
	if err != nil {
		p.logger.Error("the gateway's ledger cannot be written; pages may be sent twice after a restart", "error", err)
	}
}

func failed(page string, failure channel.Failure, detail string) channel.Report {
	return channel.Report{Page: page, Stage: channel.Failed, Failure: failure, Detail: detail}
}
