// Package linktest is what tests of a link need: a network in memory that delays,
// drops and cuts, and an authority to throw away.
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
	mutex  sync.Mutex
	delay  time.Duration
	loss   float64
	random *rand.Rand
	hosts  map[string]*host // by name; they stay when their socket closes
	byIP   map[string]*host
	cut    map[pair]bool
}

// host is a name and an address, and the socket that holds it at the moment.
type host struct {
	name   string
	addr   *net.UDPAddr
	socket *socket // nil if nobody listens
}

// pair is two hosts, the lesser name first.
type pair struct{ a, b string }

func pairOf(a, b string) pair {
	if a > b {
		a, b = b, a
	}
	return pair{a, b}
}

// NewNetwork makes a network in which a packet takes delay from one host to another.
// What it drops is chosen by a fixed seed.
func NewNetwork(delay time.Duration) *Network {
	return &Network{
		delay:  delay,
		random: rand.New(rand.NewPCG(1, 2)),
		hosts:  map[string]*host{},
		byIP:   map[string]*host{},
		cut:    map[pair]bool{},
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

// Cut drops all packets between two hosts from now on, those under way included.
func (n *Network) Cut(a, b string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.cut[pairOf(a, b)] = true
}

// Heal ends a cut.
func (n *Network) Heal(a, b string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	delete(n.cut, pairOf(a, b))
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
	if target == nil || addr.Port != Port || target.socket == nil || n.cut[pairOf(from.name, target.name)] {
		return
	}
	if n.loss > 0 && n.random.Float64() < n.loss {
		return
	}
	target.socket.put(packet{data: data, from: from, due: time.Now().Add(n.delay)})
}

// isCut reports whether two hosts are cut off from each other.
func (n *Network) isCut(a, b *host) bool {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return n.cut[pairOf(a.name, b.name)]
}

// leave frees a host's name.
func (n *Network) leave(s *socket) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if s.host.socket == s {
		s.host.socket = nil
	}
}
