package link

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
)

// EndpointKeys are shared by the hubs of a cluster, so that one can tell another's
// peers that a connection is gone, and resume another's sessions. They are secret, and
// derived from one secret of the cluster.
type EndpointKeys struct {
	StatelessReset [32]byte // RFC 9000, section 10.3
	Token          [32]byte // address validation, section 8.1
	Ticket         [32]byte // TLS session tickets
}

// Endpoint is one UDP socket that dials and listens, and where UDP does not get through
// as many TCP connections as are needed. Safe for concurrent use.
type Endpoint struct {
	socket    net.PacketConn
	transport *quic.Transport
	ticketKey [32]byte
	sessions  tls.ClientSessionCache
	admission atomic.Pointer[admission] // while it serves
	ways      ways
	sockets   sockets // of TCP
	closing   sync.Once
	closed    error
}

// rememberedSessions is how many TLS sessions a dialler keeps to resume.
const rememberedSessions = 8

// NewEndpoint takes a socket over; [Endpoint.Close] closes it. Nil keys are made at
// random, which is right for all but hubs.
func NewEndpoint(pc net.PacketConn, keys *EndpointKeys) *Endpoint {
	if keys == nil {
		keys = randomKeys()
	}
	reset, token := quic.StatelessResetKey(keys.StatelessReset), quic.TokenGeneratorKey(keys.Token)
	e := &Endpoint{
		socket: pc, ticketKey: keys.Ticket,
		sessions: tls.NewLRUClientSessionCache(rememberedSessions),
	}
	e.transport = &quic.Transport{
		Conn: pc, StatelessResetKey: &reset, TokenGeneratorKey: &token,
		ConnContext: func(ctx context.Context, _ *quic.ClientInfo) (context.Context, error) {
			return e.admission.Load().enter(ctx)
		},
		VerifySourceAddress: func(net.Addr) bool { return e.admission.Load().crowded() },
	}
	return e
}

func randomKeys() *EndpointKeys {
	var keys EndpointKeys
	rand.Read(keys.StatelessReset[:]) // never fails, by its contract
	rand.Read(keys.Token[:])
	rand.Read(keys.Ticket[:])
	return &keys
}

// LocalAddr is the socket's address.
func (e *Endpoint) LocalAddr() net.Addr { return e.socket.LocalAddr() }

// Close closes the socket, and the TCP connections. What still runs over it ends without a word to the
// other side: end the context of [Endpoint.Serve] and [Endpoint.Keep] first, and
// wait for them.
func (e *Endpoint) Close() error {
	e.closing.Do(func() { e.closed = errors.Join(e.transport.Close(), e.socket.Close()); e.sockets.close() })
	return e.closed
}

// quicConfig is what both sides set alike.
func quicConfig(handshake time.Duration) *quic.Config {
	return &quic.Config{
		Versions:             []quic.Version{quic.Version1},
		HandshakeIdleTimeout: handshake,
		MaxIdleTimeout:       IdleTimeout,
		// Heartbeats keep the connection alive. A bare PING would be too
		// short to make a hub that has forgotten the connection say so.
		KeepAlivePeriod:       0,
		EnableDatagrams:       true,
		MaxIncomingStreams:    maxStreams,
		MaxIncomingUniStreams: -1,
		// Windows are not allocated ahead; these bound what a peer may
		// make us hold.
		InitialStreamReceiveWindow:     maxWindow / 8,
		MaxStreamReceiveWindow:         maxWindow / 2,
		InitialConnectionReceiveWindow: maxWindow / 4,
		MaxConnectionReceiveWindow:     maxWindow,
	}
}

// resolver is implemented by sockets that know names of their own: those of
// linktest.
type resolver interface {
	Resolve(ctx context.Context, address string) (net.Addr, error)
}

// resolve finds the address to dial.
func (e *Endpoint) resolve(ctx context.Context, address string) (net.Addr, error) {
	if socket, ok := e.socket.(resolver); ok {
		return socket.Resolve(ctx, address)
	}
	return e.lookup(ctx, address)
}

// lookup asks the system's resolver. If a name has several addresses it takes one by
// chance, so that one name may stand for all hubs: IPv4 before IPv6, and none that the
// socket cannot send to.
func (e *Endpoint) lookup(ctx context.Context, address string) (net.Addr, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%q is not host:port: %w", address, err)
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "udp", service)
	if err != nil {
		return nil, fmt.Errorf("cannot find the port of %q: %w", address, err)
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("cannot find %q: %w", host, err)
	}
	local, _ := e.socket.LocalAddr().(*net.UDPAddr)
	usable := reachable(found, local == nil || local.IP.To4() == nil)
	if len(usable) == 0 {
		return nil, fmt.Errorf("%q has no address that this socket can reach", host)
	}
	ip := usable[mathrand.IntN(len(usable))]
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(port))), nil
}

// reachable returns the IPv4 addresses; if there are none, and the socket takes
// them, the IPv6 addresses.
func reachable(found []netip.Addr, six bool) []netip.Addr {
	var v4, v6 []netip.Addr
	for _, ip := range found {
		if ip = ip.Unmap(); ip.Is4() {
			v4 = append(v4, ip)
		} else if six {
			v6 = append(v6, ip)
		}
	}
	if len(v4) > 0 {
		return v4
	}
	return v6
}
