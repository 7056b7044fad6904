// Package edge serves agents and gateways: it lets them join, takes agents' events,
// and carries pages to gateways and what became of them back.
//
// Any node serves any agent. Events and reports become commands, and are acknowledged
// only when the command's effects are on disk on a majority: until then the other side
// keeps them. Pages go the other way, from the leader's engine over [Edge.HandOver].
//
// What is known of an agent only while it is connected stays in memory, at the node that it
// is connected to: when it was heard last, of which the leader is told ([Edge.TellHeard]),
// and what it last said of its checks ([Edge.Results]).
package edge

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"keng/hub/state"
	"keng/proto/link"
)

// Options says what an edge needs. All fields but Logger and Applied are required.
type Options struct {
	Store    state.Store
	Endpoint *link.Endpoint
	// Authority signs certificates of peers. Asked for each, since it may change.
	Authority func() link.Authority
	// Listen is how to listen; Join, Renew and Admit are the edge's own. The authorities of
	// its Credentials are those that peers are to trust.
	Listen link.ListenConfig
	// Applied returns a channel that is closed when the state has changed on this node.
	// Default: the state is looked at every [watchPause].
	Applied func() <-chan struct{}
	Logger  *slog.Logger
}

// Edge is one node's side of all links.
type Edge struct {
	store     state.Store
	endpoint  *link.Endpoint
	authority func() link.Authority
	applied   func() <-chan struct{}
	listen    link.ListenConfig
	logger    *slog.Logger
	gateways  gateways
	connected connected
	watched   watched
	heard     *heard
}

// New returns an edge. It listens when Run is called.
func New(o Options) *Edge {
	e := &Edge{store: o.Store, endpoint: o.Endpoint, authority: o.Authority, applied: o.Applied, listen: o.Listen, logger: o.Logger}
	if e.logger == nil {
		e.logger = slog.New(slog.DiscardHandler)
	}
	e.heard = newHeard()
	e.gateways.changed = make(chan struct{})
	e.gateways.sessions = map[uint64]*gateway{}
	if e.applied == nil {
		e.applied = always
	}
	e.connected.conns = map[*link.Conn]time.Time{}
	e.listen.Join, e.listen.Renew, e.listen.Admit = e.join, e.renew, e.admit
	return e
}

// Run serves until ctx ends.
func (e *Edge) Run(ctx context.Context) error {
	var watching sync.WaitGroup
	defer watching.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	watching.Go(func() { e.watch(ctx) })
	watching.Go(func() { e.watchChecks(ctx) })
	return e.endpoint.Serve(ctx, e.listen, func(ctx context.Context, c *link.Conn) {
		var leave func()
		err := apart(func() (err error) {
			e.logger.Info("connected", "peer", c.Peer().String(), "address", c.RemoteAddr().String(), "software", c.Hello().Software)
			leave, err = e.arrive(c)
			return err
		})
		if err == nil {
			err = e.serve(ctx, c)
		}
		leave()
		e.logger.Info("gone", "peer", c.Peer().String(), "why", err)
	})
}

func (e *Edge) serve(ctx context.Context, c *link.Conn) error {
	switch c.Peer().Kind {
	case link.Agent:
		return e.serveAgent(ctx, c)
	case link.Gateway:
		return e.serveGateway(ctx, c)
	}
	return fmt.Errorf("nothing is known of peers of kind %q", c.Peer().Kind)
}
