package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"keng/proto/link"
)

const (
	// hubsMax is how many addresses are dialled; more that hubs name are left out.
	hubsMax = 32
	// aliasRest is how long a node must be without a session before an address
	// that has turned out to be its second one is dialled again.
	aliasRest = time.Minute
	// aliasPause is how long who was replaced waits before it looks whether that
	// was another keeper of ours: so long a Welcome may be on its way.
	aliasPause = time.Second
)

// errAlias ends a connection to a node that is connected under another address.
var errAlias = errors.New("this hub node is connected already, under another address")

// hubs keeps one connection to every hub node: those configured, and those that they name. Each
// address has a keeper of its own.
//
// Two addresses may lead to one node, and a hub keeps only the newest connection of a peer.
// So that two keepers do not push each other out for ever, the one that finds its
// node held by another, as it comes or when it was replaced, rests until that one has lost it.
type hubs struct {
	endpoint   *link.Endpoint
	dial       link.DialConfig
	backoff    link.Backoff
	logger     *slog.Logger
	session    func(ctx context.Context, c conn) error
	configured []string            // addresses of this start
	learned    func(hubs []string) // nil: nobody wants to know
	keepers    sync.WaitGroup

	mu      sync.Mutex // owns all below
	known   map[string]bool
	told    []string           // what was learned last
	holders map[string]*holder // by node id
}

// holder is the keeper that has a session with a node.
type holder struct{ gone chan struct{} }

// add starts a keeper for an address that has none yet.
func (h *hubs) add(ctx context.Context, address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known[address] || len(h.known) >= hubsMax || ctx.Err() != nil {
		return
	}
	h.known[address] = true
	h.keepers.Go(func() { h.keep(ctx, address) })
}

// keep holds a connection to one address until ctx ends.
func (h *hubs) keep(ctx context.Context, address string) {
	addresses := func() []string { return []string{address} }
	h.endpoint.Keep(ctx, addresses, h.dial, func(session context.Context, c *link.Conn) error {
		node := c.Welcome().Node
		if !h.hold(node) {
			c.Close(errAlias.Error())
			h.rest(ctx, node)
			return errAlias
		}
		for _, other := range c.Welcome().Hubs {
			h.add(ctx, other)
		}
		h.learn(c.Welcome().Hubs)
		h.watchClock(c)
		err := h.session(session, c)
		h.release(node)
		if errors.Is(context.Cause(session), link.ErrReplaced) {
			pause(ctx, aliasPause)
			if h.holder(node) != nil {
				h.rest(ctx, node)
				return errAlias
			}
		}
		return err
	}, h.backoff)
}

// learn tells who wants to know which hubs to dial after the next start: those that a hub
// names now, and after them, as far as there is room, those of this start.
func (h *hubs) learn(named []string) {
	if h.learned == nil || len(named) == 0 {
		return
	}
	all := slices.Sorted(slices.Values(named))
	for _, old := range h.configured {
		if !slices.Contains(all, old) {
			all = append(all, old)
		}
	}
	all = all[:min(len(all), hubsMax)]
	h.mu.Lock()
	defer h.mu.Unlock() // so that the newest is told last
	if !slices.Equal(all, h.told) {
		h.told = all
		h.learned(all)
	}
}

// hold takes a node, unless a keeper has it.
func (h *hubs) hold(node string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.holders[node] != nil {
		return false
	}
	h.holders[node] = &holder{gone: make(chan struct{})}
	return true
}

// holder returns who has a node, or nil.
func (h *hubs) holder(node string) *holder {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.holders[node]
}

func (h *hubs) release(node string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.holders[node].gone)
	delete(h.holders, node)
}

// rest waits until no keeper has had the node for aliasRest: so long a rival that
// lost it may take to come back.
func (h *hubs) rest(ctx context.Context, node string) {
	for pause(ctx, aliasRest); ctx.Err() == nil; pause(ctx, aliasRest) {
		rival := h.holder(node)
		if rival == nil {
			return
		}
		select {
		case <-rival.gone:
		case <-ctx.Done():
		}
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// skewMax is how far this machine's clock may be from a hub's: send-by times are
// compared with it.
const skewMax = 5 * time.Second

func (h *hubs) watchClock(c *link.Conn) {
	if skew := time.Until(c.Welcome().Now); skew.Abs() > skewMax {
		h.logger.Warn("this machine's clock and the hub's differ: pages may be refused as expired, or sent too late; check time synchronisation",
			"hub", c.Welcome().Node, "hub_is_ahead_by", skew.Round(time.Second))
	}
}
