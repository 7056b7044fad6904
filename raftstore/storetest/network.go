package storetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
)

// Network is a network in memory between named hosts. What goes over a link that is
// cut waits, as under TCP, until it is healed; to dial over it takes until the
// dialler gives up. It is safe for use by several goroutines.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*listener
	pipes     map[*pipe]struct{}
	down      map[link]bool
	isolated  map[string]bool
	changed   chan struct{} // closed when a link is cut or healed
}

type link struct{ from, to string }

// NewNetwork returns a network without hosts.
func NewNetwork() *Network {
	return &Network{
		listeners: map[string]*listener{}, pipes: map[*pipe]struct{}{}, down: map[link]bool{},
		isolated: map[string]bool{}, changed: make(chan struct{}),
	}
}

// Listen returns a listener of a host, whose address is the host's name. A host has
// one at a time.
func (n *Network) Listen(host string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[host] != nil {
		return nil, fmt.Errorf("host %s listens already", host)
	}
	l := &listener{network: n, host: host, conns: make(chan net.Conn), closed: make(chan struct{})}
	n.listeners[host] = l
	return l, nil
}

// Dialer returns what a host dials others with.
func (n *Network) Dialer(from string) func(ctx context.Context, to string) (net.Conn, error) {
	return func(ctx context.Context, to string) (net.Conn, error) {
		for {
			l, cut, changed := n.route(from, to)
			switch {
			case !cut && l == nil:
				return nil, fmt.Errorf("dial %s: connection refused", to)
			case !cut:
				return n.connect(ctx, l, from)
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return nil, fmt.Errorf("dial %s: %w", to, ctx.Err())
			}
		}
	}
}

func (n *Network) connect(ctx context.Context, l *listener, from string) (net.Conn, error) {
	there, back := n.newPipe(from, l.host), n.newPipe(l.host, from)
	near := newConn(address(from), address(l.host), back, there)
	far := newConn(address(l.host), address(from), there, back)
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		_ = near.Close()
		return nil, fmt.Errorf("dial %s: connection refused", l.host)
	case <-ctx.Done():
		_ = near.Close()
		return nil, fmt.Errorf("dial %s: %w", l.host, ctx.Err())
	}
}

// route tells whether one host can reach another, and who listens there.
func (n *Network) route(from, to string) (l *listener, cut bool, changed <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.listeners[to], n.isCut(from, to), n.changed
}

func (n *Network) isCut(from, to string) bool {
	return from != to && (n.isolated[from] || n.isolated[to] || n.down[link{from, to}])
}

// Cut isolates a host from all others.
func (n *Network) Cut(host string) { n.change(func() { n.isolated[host] = true }) }

// CutLink stops what one host sends to another; the other direction goes on.
func (n *Network) CutLink(from, to string) { n.change(func() { n.down[link{from, to}] = true }) }

// Heal ends all cuts that concern a host.
func (n *Network) Heal(host string) {
	n.change(func() {
		delete(n.isolated, host)
		for l := range n.down {
			if l.from == host || l.to == host {
				delete(n.down, l)
			}
		}
	})
}

// Reset breaks all connections of a host, as when it dies: the others notice.
func (n *Network) Reset(host string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for p := range n.pipes {
		if p.from == host || p.to == host {
			p.breakOff(errReset)
		}
	}
}

var errReset = errors.New("connection reset by peer")

func (n *Network) change(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
	close(n.changed)
	n.changed = make(chan struct{})
	for p := range n.pipes {
		p.setCut(n.isCut(p.from, p.to))
	}
}

func (n *Network) newPipe(from, to string) *pipe {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := &pipe{from: from, to: to, cut: n.isCut(from, to), changed: make(chan struct{})}
	p.done = func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.pipes, p)
	}
	n.pipes[p] = struct{}{}
	return p
}

// listener is a host's.
type listener struct {
	network *Network
	host    string
	conns   chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

// Accept waits for a connection.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close stops listening.
func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.network.mu.Lock()
		defer l.network.mu.Unlock()
		delete(l.network.listeners, l.host)
	})
	return nil
}

// Addr returns the host's name.
func (l *listener) Addr() net.Addr { return address(l.host) }

type address string

func (address) Network() string  { return "memory" }
func (a address) String() string { return string(a) }
