// Package port is the one TCP port of a node: TLS 1.3, on which both sides show a
// certificate, and which protocol is spoken is agreed by ALPN. It bounds what
// strangers can cost: how many handshakes run at once, how long one may take, and
// how many connections there are.
package port

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"sync"
	"time"
)

// Bounds.
const (
	maxHandshakes    = 64   // at once; more are closed unheard
	maxConns         = 1024 // open; then none is accepted
	handshakeTimeout = 5 * time.Second
	keepAlive        = 5 * time.Second // idle before a probe, and between probes
	keepAliveProbes  = 3
)

// Credentials are what a node shows, and what it trusts.
type Credentials struct {
	// Certificate is the node's own, with its key. It must be good for clients and
	// for servers.
	Certificate tls.Certificate
	// Roots are the authorities whose certificates are believed.
	Roots *x509.CertPool
}

// Config says how a port is opened. All fields are required.
type Config struct {
	Listener net.Listener // closed by Close
	// Credentials is asked for each connection, so that they can be renewed.
	Credentials func() Credentials
	// PeerID says which node a verified certificate belongs to, or why it belongs to
	// none that may connect.
	PeerID func(*x509.Certificate) (nodeID string, err error)
	Dial   func(ctx context.Context, address string) (net.Conn, error)
	Logger *slog.Logger
	// Protocols are the ALPN names that are served, and by whom. serve owns the
	// connection; it may return before the connection is closed.
	Protocols map[string]Protocol
}

// Protocol is what is spoken on a connection.
type Protocol struct {
	Serve func(conn net.Conn, nodeID string)
	// Strangers have no certificate; nodeID is then empty.
	Strangers bool
}

// Port is an open port. It is safe for use by several goroutines.
type Port struct {
	config Config
	seats  chan struct{} // one for each handshake
	work   sync.WaitGroup
	life   context.Context // ends when the port is closed
	end    context.CancelFunc

	mu     sync.Mutex
	conns  map[net.Conn]struct{} // all there are, from before their handshake on
	closed bool
}

// Open begins to accept connections.
func Open(config Config) *Port {
	p := &Port{config: config, seats: make(chan struct{}, maxHandshakes), conns: map[net.Conn]struct{}{}}
	p.life, p.end = context.WithCancel(context.Background())
	p.work.Go(p.accept)
	return p
}

// Close closes the listener and all connections, those that were dialled too, and
// waits until nothing that accepted ones were served by runs any more.
func (p *Port) Close() error {
	p.mu.Lock()
	p.closed = true
	conns := p.conns
	p.conns = nil
	p.mu.Unlock()
	p.end()
	err := p.config.Listener.Close()
	for conn := range conns {
		_ = conn.Close()
	}
	p.work.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// accept accepts until the port is closed.
func (p *Port) accept() {
	for {
		conn, err := p.config.Listener.Accept()
		if err != nil {
			if p.isClosed() || errors.Is(err, net.ErrClosed) {
				return
			}
			p.config.Logger.Warn("cannot accept a connection", "error", err)
			time.Sleep(50 * time.Millisecond) // such as: no file descriptors
			continue
		}
		select {
		case p.seats <- struct{}{}:
		default:
			_ = conn.Close()
			continue
		}
		tracked, ok := p.track(conn, maxConns)
		if !ok {
			_ = conn.Close()
			<-p.seats
			continue
		}
		p.work.Go(func() { p.serve(tracked) })
	}
}

func (p *Port) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// serve shakes hands and hands the connection to who speaks its protocol.
func (p *Port) serve(conn net.Conn) {
	setKeepAlive(conn)
	secure := tls.Server(conn, p.serverTLS())
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	err := secure.HandshakeContext(ctx)
	cancel()
	<-p.seats
	if err != nil {
		p.config.Logger.Info("a connection was refused", "from", conn.RemoteAddr().String(), "error", err)
		_ = conn.Close()
		return
	}
	state := secure.ConnectionState()
	protocol := p.config.Protocols[state.NegotiatedProtocol]
	var nodeID string
	if !protocol.Strangers {
		if nodeID, err = p.config.PeerID(state.PeerCertificates[0]); err != nil {
			_ = conn.Close()
			return
		}
	}
	protocol.Serve(secure, nodeID)
}

// Dial connects to a node and agrees on a protocol. The node must show that it is
// nodeID, unless that is empty: then any node will do.
func (p *Port) Dial(ctx context.Context, protocol, nodeID, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)()
	conn, err := p.config.Dial(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("cannot reach node %s at %s: %w", nodeID, address, err)
	}
	setKeepAlive(conn)
	tracked, ok := p.track(conn, math.MaxInt)
	if !ok {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	conn = tracked
	secure := tls.Client(conn, p.clientTLS(protocol, nodeID))
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("cannot reach node %s at %s: %w", nodeID, address, err)
	}
	return secure, nil
}

// trackedConn is a connection, which is forgotten when it is closed.
type trackedConn struct {
	net.Conn
	port *Port
}

// Close closes the connection.
func (c *trackedConn) Close() error {
	c.port.mu.Lock()
	delete(c.port.conns, c)
	c.port.mu.Unlock()
	return c.Conn.Close()
}

// track notes a connection, unless there are so many already.
func (p *Port) track(conn net.Conn, most int) (net.Conn, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.conns) >= most {
		return nil, false
	}
	c := &trackedConn{conn, p}
	p.conns[c] = struct{}{}
	return c, true
}

// setKeepAlive has the system notice that the other machine is gone.
func setKeepAlive(conn net.Conn) {
	if t, ok := conn.(*trackedConn); ok {
		conn = t.Conn
	}
	if t, ok := conn.(*net.TCPConn); ok {
		_ = t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: keepAlive, Interval: keepAlive, Count: keepAliveProbes})
	}
}
