// Package linktest is what tests of a link need: a network in memory that delays,
// drops and cuts, for UDP and TCP, a relay for real processes that does the same on
// loopback, and an authority to throw away.
//
// The network runs in a bubble of testing/synctest, on its time, and needs no
// goroutine of its own. Make everything inside the bubble, end Serve and Keep, and close
// the endpoints before the bubble ends:
//
//	synctest.Test(t, func(t *testing.T) {
//		network := linktest.NewNetwork(20 * time.Millisecond)
//		hub := link.NewEndpoint(network.Listen("hub-1"), nil)
//		defer hub.Close()
//		agent := link.NewEndpoint(network.Listen("agent-1"), nil)
//		defer agent.Close()
//		// … agent.Dial(ctx, "hub-1", …) …
//		network.Cut("agent-1", "hub-1")
//	})
package linktest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"
)

// Port is where every host of a network listens.
const Port = 7443

// Network joins hosts. Packets arrive whole, in the order of their due times, late by
// the delay of that time. Safe for concurrent use.
type Network struct {
	mutex   sync.Mutex
	delay   time.Duration
	loss    float64
	random  *rand.Rand
	hosts   map[string]*host // by name; they stay when their socket closes
	byIP    map[string]*host
	cut     map[pair]bool
	noUDP   map[string]bool // hosts
	moves   int
	streams map[*stream]struct{} // open ones
	changed chan struct{}        // closed when a cut begins or ends, or a host comes
}

// host is a name and an address, and the sockets that hold it at the moment.
type host struct {
	name     string
	addr     *net.UDPAddr
	socket   *socket   // nil if nobody listens
	listener *listener // nil if nobody listens for TCP
}

// pair is a direction.
type pair struct{ from, to string }

// NewNetwork makes a network in which a packet takes delay from one host to another.
// What it drops is chosen by a fixed seed.
func NewNetwork(delay time.Duration) *Network {
	return &Network{
		delay:   delay,
		random:  rand.New(rand.NewPCG(1, 2)),
		hosts:   map[string]*host{},
		byIP:    map[string]*host{},
		cut:     map[pair]bool{},
		noUDP:   map[string]bool{},
		streams: map[*stream]struct{}{},
		changed: make(chan struct{}),
	}
}

// Listen opens the socket of a host. A name keeps its address: after its socket has
// been closed it may listen again, as a machine does that restarts. It panics if the
// name is in use, because the test is wrong then.
//
// The socket resolves the names of the network ("hub-1", with or without a port), so
// that an Endpoint on it dials by name.
func (n *Network) Listen(name string) net.PacketConn {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	h := n.host(name)
	if h.socket != nil {
		panic(fmt.Sprintf("linktest: %s listens already", name))
	}
	h.socket = newSocket(n, h)
	n.change()
	return h.socket
}

// host finds or makes a host. The mutex is held.
func (n *Network) host(name string) *host {
	if h := n.hosts[name]; h != nil {
		return h
	}
	number := len(n.hosts) + 1
	h := &host{name: name, addr: &net.UDPAddr{IP: net.IPv4(10, byte(number>>16), byte(number>>8), byte(number)), Port: Port}}
	n.hosts[name] = h
	n.byIP[h.addr.IP.String()] = h
	return h
}

// Cut drops all packets between two hosts from now on, those under way included. What
// goes over TCP waits, as if it were sent again and again.
func (n *Network) Cut(a, b string) {
	n.CutOneWay(a, b)
	n.CutOneWay(b, a)
}

// CutOneWay drops what one host sends to another; the other direction goes on.
func (n *Network) CutOneWay(from, to string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.cut[pair{from, to}] = true
	n.change()
}

// Heal ends cuts between two hosts, of either kind.
func (n *Network) Heal(a, b string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	delete(n.cut, pair{a, b})
	delete(n.cut, pair{b, a})
	n.change()
}

// BlockUDP drops all of a host's UDP, as a firewall before it does, or ends that.
func (n *Network) BlockUDP(name string, blocked bool) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.noUDP[name] = blocked
}

// Move gives a host another address, of which it is not told: as when its router takes
// another port for it. What is sent to the old one gets nowhere, and its TCP connections
// carry nothing any more.
func (n *Network) Move(name string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	h := n.host(name)
	delete(n.byIP, h.addr.IP.String())
	n.moves++
	h.addr = &net.UDPAddr{IP: net.IPv4(10, 255, byte(n.moves>>8), byte(n.moves)), Port: Port}
	n.byIP[h.addr.IP.String()] = h
	n.lose(h)
}

// LoseTCP has a host's TCP connections carry nothing any more, and tells nobody: as when
// the machine loses power.
func (n *Network) LoseTCP(name string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.lose(n.host(name))
}

// lose loses the streams of a host. The mutex is held.
func (n *Network) lose(h *host) {
	for s := range n.streams {
		if s.from == h || s.to == h {
			s.change(func() { s.lost = true })
			delete(n.streams, s)
		}
	}
}

// forget lets streams go.
func (n *Network) forget(streams ...*stream) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, s := range streams {
		delete(n.streams, s)
	}
}

// change wakes who waits for the network. The mutex is held.
func (n *Network) change() {
	close(n.changed)
	n.changed = make(chan struct{})
}

// arrival is when a piece of a TCP connection arrives that is sent now.
func (n *Network) arrival() time.Time {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	delay := n.delay
	for again := retransmission; n.loss > 0 && n.random.Float64() < n.loss; again *= 2 {
		delay += again
	}
	return time.Now().Add(delay)
}

// blocked reports whether nothing gets from one host to another, and when to look again.
func (n *Network) blocked(from, to *host) (bool, <-chan struct{}) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return n.cut[pair{from.name, to.name}], n.changed
}

// SetLoss drops a part of all packets, 0 to 1, by chance.
func (n *Network) SetLoss(part float64) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.loss = part
}

// SetDelay changes how long packets take that are sent from now on.
func (n *Network) SetDelay(delay time.Duration) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.delay = delay
}

// Resolve finds the address of a host by name, with or without a port. A host need
// not listen to have one. It fits link.DialConfig.
func (n *Network) Resolve(_ context.Context, address string) (net.Addr, error) {
	name, _, _ := strings.Cut(address, ":")
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if h := n.byIP[name]; h != nil {
		return h.addr, nil
	}
	return n.host(name).addr, nil
}

// send takes a packet from a host. What cannot be delivered is dropped, as on the
// internet.
func (n *Network) send(from *host, to net.Addr, data []byte) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	addr, ok := to.(*net.UDPAddr)
	if !ok {
		return
	}
	target := n.byIP[addr.IP.String()]
	if target == nil || addr.Port != Port || target.socket == nil || n.cut[pair{from.name, target.name}] ||
		n.noUDP[from.name] || n.noUDP[target.name] {
		return
	}
	if n.loss > 0 && n.random.Float64() < n.loss {
		return
	}
	target.socket.put(packet{data: data, from: from, source: from.addr, due: time.Now().Add(n.delay)})
}

// leave frees a host's name.
func (n *Network) leave(s *socket) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if s.host.socket == s {
		s.host.socket = nil
	}
}
