package edge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"keng/hub/core"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/proto/gatewaypb"
	"keng/proto/link"
)

// gateways knows the gateways that are connected to this node.
type gateways struct {
	mu       sync.Mutex
	last     uint64
	sessions map[uint64]*gateway
	changed  chan struct{} // closed when one comes or goes
}

// gateway is one connected gateway.
type gateway struct {
	id       string
	kinds    []string
	inFlight []core.DeliveryID         // what it brought along
	outgoing chan *gatewaypb.ToGateway // written to its connection in this order
	ask      func(context.Context) error
	asked    *question // guarded by the mutex of gateways; nil: it has answered, or was not asked
}

// question is one that a gateway has not answered yet.
type question struct{ overdue bool }

// answerWithin is how long a page waits for the gateway that is to have it to show that it
// lives, if it was asked. Then another one gets the page.
const answerWithin = 500 * time.Millisecond

// outgoingMax bounds what waits to be written to one gateway. One that does not read
// soon loses its connection; until then pages go to another one.
const outgoingMax = 512

// errBusy says that too much waits for a gateway already.
var errBusy = errors.New("a gateway is connected, but does not read")

// errSilent says that nobody knows whether a gateway lives.
var errSilent = errors.New("a gateway is connected, but does not answer")

// put queues a message. It never waits: one slow gateway must not hold up the engine.
func (g *gateway) put(m *gatewaypb.ToGateway) error {
	select {
	case g.outgoing <- m:
		return nil
	default:
		return errBusy
	}
}

// come adds a gateway; leave forgets it.
func (g *gateways) come(session *gateway) (leave func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last++
	holder := g.last
	g.sessions[holder] = session
	g.announce()
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.sessions, holder)
		g.announce()
	}
}

// announce wakes who waits for a change. The lock is held.
func (g *gateways) announce() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// Changed returns a channel that is closed when a gateway comes or goes.
func (e *Edge) Changed() <-chan struct{} {
	e.gateways.mu.Lock()
	defer e.gateways.mu.Unlock()
	return e.gateways.changed
}

// Kinds returns the kinds that gateways serve which are connected to this node, in order.
func (e *Edge) Kinds() []channel.Kind {
	g := &e.gateways
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []channel.Kind
	for _, session := range g.sessions {
		for _, kind := range session.kinds {
			all = append(all, channel.Kind(kind))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Serves reports whether a gateway that is connected to this node serves a kind.
func (e *Edge) Serves(kind channel.Kind) bool { return slices.Contains(e.Kinds(), kind) }

// Holds reports whether the gateway that was given something is still connected.
func (e *Edge) Holds(holder uint64) bool { return e.gateways.get(holder) != nil }

// Connected reports whether the gateway of an id is connected to this node, and if so,
// whether it has not answered yet what [Edge.Ask] asked it.
func (e *Edge) Connected(gateway string) (here, silent bool) {
	g := &e.gateways
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, session := range g.sessions {
		if session.id == gateway {
			return true, session.asked != nil
		}
	}
	return false, false
}

// Ask asks all gateways that are connected to this node to show that they live: one that
// died with its machine, or in the process of another hub, is missed only after two
// heartbeats. It does not wait. Who has not answered gets no page until it does; then, and
// when answers are overdue, [Edge.Changed] tells.
func (e *Edge) Ask() {
	g := &e.gateways
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, session := range g.sessions {
		q := &question{}
		session.asked = q
		go g.await(session, q)
	}
}

// await waits for the answer to a question, or the end of the connection.
func (g *gateways) await(session *gateway, q *question) {
	note := func(f func()) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if session.asked == q { // else it was asked again
			f()
			g.announce()
		}
	}
	late := time.AfterFunc(answerWithin, func() { note(func() { q.overdue = true }) })
	defer late.Stop()
	if session.ask(context.Background()) == nil {
		note(func() { session.asked = nil })
	}
}

// Gateway returns the id of the gateway that was given something; "" if it has gone.
func (e *Edge) Gateway(holder uint64) string {
	if session := e.gateways.get(holder); session != nil {
		return session.id
	}
	return ""
}

func (g *gateways) get(holder uint64) *gateway {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sessions[holder]
}

// HandOver gives a page to a gateway that serves its kind: to last, if that is there, since
// it may have the page under way and knows its fate; else the one with the least id, so that
// pages go the same way from every node: what the leader gave to one before it died, the next
// leader gives to the same, which knows it and does not send it again (P4). If too much waits
// for that one, or it has not answered in time what [Edge.Ask] asked it, the next.
func (e *Edge) HandOver(page channel.Page, last string) (uint64, error) {
	g := &e.gateways
	g.mu.Lock()
	defer g.mu.Unlock()
	err := fmt.Errorf("no gateway that is connected serves %s", page.Kind)
	message := &gatewaypb.ToGateway{Kind: &gatewaypb.ToGateway_Page{Page: gatewaypb.FromPage(page)}}
	for _, holder := range g.order(last) {
		session := g.sessions[holder]
		if !slices.Contains(session.kinds, string(page.Kind)) {
			continue
		}
		if q := session.asked; q != nil {
			if err = errSilent; q.overdue {
				continue
			}
			return 0, err // it is about to answer, or to be passed over
		}
		if err = session.put(message); err == nil {
			return holder, nil
		}
	}
	return 0, err
}

// order returns the connected gateways as pages are offered to them. The lock is held.
func (g *gateways) order(last string) []uint64 {
	return slices.SortedFunc(maps.Keys(g.sessions), func(a, b uint64) int {
		x, y := g.sessions[a].id, g.sessions[b].id
		switch {
		case x == y:
			return cmp.Compare(a, b)
		case x == last:
			return -1
		case y == last:
			return 1
		}
		return cmp.Compare(x, y)
	})
}

// InFlight returns the pages that gateways had under way when they connected, and the
// holder of each: they are not to be sent again, but may be taken back. Gateways that do not
// answer are left out: see [Edge.Ask].
func (e *Edge) InFlight() map[core.DeliveryID]uint64 {
	g := &e.gateways
	g.mu.Lock()
	defer g.mu.Unlock()
	brought := map[core.DeliveryID]uint64{}
	for holder, session := range g.sessions {
		if session.asked != nil {
			continue
		}
		for _, id := range session.inFlight {
			brought[id] = holder
		}
	}
	return brought
}

// Cancel tells a gateway that a page is no longer wanted. If the gateway has gone there
// is nothing to tell: it has the page's send-by, and its own limits.
func (e *Edge) Cancel(holder uint64, id core.DeliveryID, term uint64, reason string) {
	session := e.gateways.get(holder)
	if session == nil {
		return
	}
	cancel := &gatewaypb.Cancel{Id: string(id), Term: term, Reason: reason}
	if err := session.put(&gatewaypb.ToGateway{Kind: &gatewaypb.ToGateway_Cancel{Cancel: cancel}}); err != nil {
		e.logger.Warn("cannot take a page back", "page", id, "error", err)
	}
}

// silenceLook is how often to look whether a gateway has fallen silent.
const silenceLook = time.Second

// Withdraw tells every gateway that is connected to this node that a page is no longer
// wanted. Who does not have it passes that over.
func (e *Edge) Withdraw(id core.DeliveryID, reason string) {
	g := &e.gateways
	g.mu.Lock()
	defer g.mu.Unlock()
	message := &gatewaypb.ToGateway{Kind: &gatewaypb.ToGateway_Cancel{Cancel: &gatewaypb.Cancel{Id: string(id), Reason: reason}}}
	for _, session := range g.sessions {
		if err := session.put(message); err != nil {
			e.logger.Warn("cannot take a page back", "page", id, "error", err)
		}
	}
}

var errAbilities = errors.New("the gateway did not begin with its abilities")

// serveGateway talks with one gateway: it learns what it can do and takes its reports.
func (e *Edge) serveGateway(ctx context.Context, c *link.Conn) error {
	var first gatewaypb.FromGateway
	if err := c.Receive(&first); err != nil {
		return err
	}
	abilities := first.GetAbilities()
	if abilities == nil {
		return errAbilities
	}
	session := &gateway{id: c.Peer().ID, kinds: kindsOf(abilities), outgoing: make(chan *gatewaypb.ToGateway, outgoingMax), ask: c.Ask}
	for _, id := range abilities.GetInFlight()[:min(len(abilities.GetInFlight()), inFlightMax)] {
		session.inFlight = append(session.inFlight, core.DeliveryID(id))
	}
	leave := e.gateways.come(session)
	defer leave()
	written := make(chan struct{})
	go func() {
		defer close(written)
		session.write(ctx, c)
	}()
	defer func() { <-written }()
	e.logger.Info("gateway serves", "peer", c.Peer().String(), "kinds", abilities.GetKinds())
	incoming := make(chan channel.Report, batchMax)
	ended := make(chan error, 1)
	go func() { ended <- receiveReports(ctx, c, incoming, e.logger) }()
	look := time.NewTicker(silenceLook)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			// As long as the gateway itself waits for an answer: what it was given is better
			// with another one.
			if silent := time.Since(c.LastHeard()); silent > 2*c.Welcome().Heartbeat {
				_ = c.Close("nothing is heard of the gateway")
				<-ended
				return fmt.Errorf("nothing was heard of it for %s", silent.Round(time.Second))
			}
		case report := <-incoming:
			if err := e.takeReports(ctx, c, gather(report, incoming, func(r channel.Report) int { return len(r.Detail) + len(r.ProviderID) })); err != nil {
				_ = c.Close("the hub could not take a report")
				<-ended
				return err
			}
		case err := <-ended:
			return err
		}
	}
}

// kindsMax bounds the kinds that one gateway serves, and kindMax the bytes of a kind's name.
const (
	kindsMax = 32
	kindMax  = 32
)

// kindsOf returns what a gateway serves, within bounds: nodes tell one another of it.
func kindsOf(a *gatewaypb.Abilities) []string {
	kinds := a.GetKinds()[:min(len(a.GetKinds()), kindsMax)]
	return slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return len(k) > kindMax })
}

// inFlightMax bounds the pages that a gateway may bring along: more than one has.
const inFlightMax = 8192

// write sends what is queued until the connection ends, which it does when a send fails.
func (g *gateway) write(ctx context.Context, c *link.Conn) {
	for {
		select {
		case m := <-g.outgoing:
			if err := c.Send(m); err != nil {
				_ = c.Close("the hub could not write")
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func receiveReports(ctx context.Context, c *link.Conn, out chan<- channel.Report, logger *slog.Logger) error {
	for {
		var m gatewaypb.FromGateway
		if err := c.Receive(&m); err != nil {
			return err
		}
		r := m.GetReport()
		if r == nil {
			continue // of a newer gateway: nothing that this hub knows
		}
		if channel.Failure(r.GetFailure()) == channel.StaleTerm {
			// Another leader may hand the same page over, rightly: this is not its fate.
			logger.Warn("the gateway has seen a newer leader", "page", r.GetPage())
			continue
		}
		select {
		case out <- reportOf(r):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// reportOf takes a report out of its wire form. A moment that cannot be is none.
func reportOf(r *gatewaypb.Report) channel.Report {
	out := r.Channel()
	if !r.GetAt().IsValid() {
		out.At = time.Time{}
	}
	return out
}

// gather takes what else has come already, until it is a batch. It never waits.
func gather[T any](first T, incoming <-chan T, size func(T) int) []T {
	all, bytes := []T{first}, size(first)
	for len(all) < batchMax && bytes < batchBytes {
		select {
		case more := <-incoming:
			all = append(all, more)
			bytes += size(more)
		default:
			return all
		}
	}
	return all
}

// takeReports writes reports down and lets the gateway forget them.
func (e *Edge) takeReports(ctx context.Context, c *link.Conn, reports []channel.Report) error {
	_, err := state.Do(ctx, e.store, seed.New(), state.TakeReports{Reports: reports, Gateway: c.Peer().ID})
	if n := len(reports) / 2; n > 0 && divide(ctx, err) {
		return errors.Join(e.takeReports(ctx, c, reports[:n]), e.takeReports(ctx, c, reports[n:]))
	}
	if err != nil {
		return err
	}
	through := map[string]uint32{}
	for _, r := range reports {
		through[r.Page] = max(through[r.Page], r.Number)
	}
	for page, number := range through {
		ack := &gatewaypb.ReportAck{Page: page, Through: number}
		if err := c.Send(&gatewaypb.ToGateway{Kind: &gatewaypb.ToGateway_ReportAck{ReportAck: ack}}); err != nil {
			return err
		}
	}
	return nil
}
