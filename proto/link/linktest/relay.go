package linktest

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The bounds of a relay. What is beyond them is dropped.
const (
	relayFlows  = 256  // UDP senders, and TCP connections
	relayQueued = 8192 // packets that wait for their delay
	relayPiece  = 32 << 10
	portTries   = 20 // to find a port that is free for UDP and TCP
)

// Relay stands on loopback between real processes and a hub, and forwards UDP and TCP at
// the same port, as well as it is told to. Safe for concurrent use.
//
// To have an agent that knows the hub's own address go by the relay all the same, let the
// hub listen at 127.0.0.2, the relay at the same port of 127.0.0.3, and the hub advertise that.
type Relay struct {
	target netip.AddrPort
	socket *net.UDPConn
	tcp    net.Listener
	tasks  sync.WaitGroup

	mutex   sync.Mutex
	weather weather
	fates   []bool                          // of the next packets of UDP: whether they are lost
	flows   map[netip.AddrPort]*net.UDPConn // by sender: the socket that speaks for it
	conns   map[*relayed]struct{}
	queued  int
	counts  RelayCounts
	healed  chan struct{} // closed when the weather changes
	closed  bool
}

// weather is what a relay does to what it forwards.
type weather struct {
	noUDP       bool
	loss        float64
	delay       time.Duration
	cutTo, from bool // to the target, from it
}

// RelayCounts says what a relay has forwarded.
type RelayCounts struct {
	Packets, Dropped int // of UDP, both ways
	Connections      int // of TCP
}

// NewRelay forwards from a port of an address on loopback, such as "127.0.0.3:0", to a
// target there, until the test ends. Port 0 is that of the target.
func NewRelay(t testing.TB, listen, target string) *Relay {
	t.Helper()
	to, err := netip.ParseAddrPort(target)
	if err != nil || !to.Addr().IsLoopback() {
		t.Fatalf("a relay forwards to loopback only, not to %q: %v", target, err)
	}
	at, err := netip.ParseAddrPort(listen)
	if err != nil || !at.Addr().IsLoopback() {
		t.Fatalf("a relay listens on loopback only, not at %q: %v", listen, err)
	}
	if at.Port() == 0 {
		at = netip.AddrPortFrom(at.Addr(), to.Port())
	}
	r := &Relay{target: to, flows: map[netip.AddrPort]*net.UDPConn{}, conns: map[*relayed]struct{}{}, healed: make(chan struct{})}
	if r.socket, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at)); err != nil {
		t.Fatal(err)
	}
	if r.tcp, err = net.Listen("tcp", at.String()); err != nil {
		r.socket.Close()
		t.Fatal(err)
	}
	r.tasks.Go(r.forwardUDP)
	r.tasks.Go(r.acceptTCP)
	t.Cleanup(r.close)
	return r
}

// portsGiven are the ports that FreePort has given to tests that still run, or has looked at for them.
var portsGiven sync.Map

// FreePort returns a port of an address on loopback that is free for UDP and TCP now. It is
// none of those that the system gives to whoever asks for any: it stays free until somebody
// means it. While a test runs no other of the process gets its port: it may mean to use it yet, or again.
func FreePort(t testing.TB, host string) string {
	t.Helper()
	const first, last = 12_000, 22_000 // those above are taken by mobile-gateway's counterparts
	for range portTries {
		port := first + rand.IntN(last-first)
		if _, given := portsGiven.LoadOrStore(port, true); given {
			continue
		}
		t.Cleanup(func() { portsGiven.Delete(port) })
		address := net.JoinHostPort(host, strconv.Itoa(port))
		socket, err := net.ListenPacket("udp", address)
		if err == nil {
			socket.Close()
			var listener net.Listener
			if listener, err = net.Listen("tcp", address); err == nil {
				listener.Close()
				return address
			}
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
	}
	t.Fatal("no port is free for UDP and TCP")
	return ""
}

// Addr is where the relay listens.
func (r *Relay) Addr() string { return r.tcp.Addr().String() }

// BlockUDP drops all UDP, as a firewall does, or ends that.
func (r *Relay) BlockUDP(block bool) { r.set(func(w *weather) { w.noUDP = block }) }

// SetLoss drops a part of the UDP packets, 0 to 1, each way. What is lost of TCP comes
// later.
func (r *Relay) SetLoss(part float64) { r.set(func(w *weather) { w.loss = part }) }

// SetDelay lets everything take longer, each way.
func (r *Relay) SetDelay(d time.Duration) { r.set(func(w *weather) { w.delay = d }) }

// Cut stops what goes to the target, and what comes from it. What goes over TCP waits.
func (r *Relay) Cut(to, from bool) { r.set(func(w *weather) { w.cutTo, w.from = to, from }) }

func (r *Relay) set(change func(*weather)) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	change(&r.weather)
	r.fates = nil
	close(r.healed)
	r.healed = make(chan struct{})
}

// Rebind gives every sender of UDP another port at the target's side, as a router does that
// was restarted. TCP connections carry nothing any more, and nobody is told.
func (r *Relay) Rebind(t testing.TB) {
	t.Helper()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for sender, old := range r.flows {
		if err := r.openFlow(sender); err != nil {
			t.Error(err)
		}
		old.Close()
	}
	for c := range r.conns {
		c.lost = true
	}
}

// Counts says what was forwarded so far.
func (r *Relay) Counts() RelayCounts {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.counts
}

func (r *Relay) close() {
	r.mutex.Lock()
	r.closed = true
	close(r.healed)
	r.healed = make(chan struct{})
	r.socket.Close()
	r.tcp.Close()
	for _, flow := range r.flows {
		flow.Close()
	}
	for c := range r.conns {
		c.close()
	}
	r.mutex.Unlock()
	r.tasks.Wait()
}

// forwardUDP takes what senders send.
func (r *Relay) forwardUDP() {
	buffer := make([]byte, 64<<10)
	for {
		n, sender, err := r.socket.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		packet := append([]byte(nil), buffer[:n]...)
		r.weigh(true, func() {
			if flow := r.flow(sender); flow != nil {
				flow.Write(packet)
			}
		})
	}
}

// handful is of how many packets the part is lost that the weather says, as exactly as can
// be: so a story of a hundred packets meets the loss that it asks for. The lock is held.
const handful = 20

func (r *Relay) loses() bool {
	if len(r.fates) == 0 {
		r.fates = make([]bool, handful)
		for i := range int(r.weather.loss*handful + 0.5) {
			r.fates[i] = true
		}
		rand.Shuffle(handful, func(i, j int) { r.fates[i], r.fates[j] = r.fates[j], r.fates[i] })
	}
	lost := r.fates[0]
	r.fates = r.fates[1:]
	return lost
}

// weigh forwards a packet now, later or never.
func (r *Relay) weigh(to bool, forward func()) {
	r.mutex.Lock()
	w := r.weather
	cut := to && w.cutTo || !to && w.from
	if r.closed || w.noUDP || cut || r.loses() || r.queued >= relayQueued {
		r.counts.Dropped++
		r.mutex.Unlock()
		return
	}
	r.counts.Packets++
	if w.delay == 0 {
		r.mutex.Unlock()
		forward()
		return
	}
	r.queued++
	r.mutex.Unlock()
	time.AfterFunc(w.delay, func() {
		r.mutex.Lock()
		r.queued--
		r.mutex.Unlock()
		forward()
	})
}

// flow is the socket that speaks for a sender; nil if there are too many.
func (r *Relay) flow(sender netip.AddrPort) *net.UDPConn {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.flows[sender] == nil && len(r.flows) < relayFlows && !r.closed {
		_ = r.openFlow(sender) // without it the packet is lost
	}
	return r.flows[sender]
}

// openFlow opens the socket that speaks for a sender. The mutex is held.
func (r *Relay) openFlow(sender netip.AddrPort) error {
	flow, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.target))
	if err != nil {
		return err
	}
	r.flows[sender] = flow
	r.tasks.Go(func() {
		buffer := make([]byte, 64<<10)
		for {
			n, err := flow.Read(buffer)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil { // such as that nobody listens there now
				continue
			}
			packet := append([]byte(nil), buffer[:n]...)
			r.weigh(false, func() { r.socket.WriteToUDPAddrPort(packet, sender) })
		}
	})
	return nil
}

// relayed is a TCP connection.
type relayed struct {
	near, far net.Conn
	lost      bool // guarded by the relay's mutex
}

func (c *relayed) close() {
	c.near.Close()
	c.far.Close()
}

func (r *Relay) acceptTCP() {
	for {
		near, err := r.tcp.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		r.tasks.Go(func() { r.forwardTCP(near) })
	}
}

func (r *Relay) forwardTCP(near net.Conn) {
	far, err := net.DialTimeout("tcp", r.target.String(), 5*time.Second)
	if err != nil {
		near.(*net.TCPConn).SetLinger(0) // a reset, as the target itself would send
		near.Close()
		return
	}
	c := &relayed{near: near, far: far}
	r.mutex.Lock()
	if r.closed || len(r.conns) >= relayFlows {
		r.mutex.Unlock()
		c.close()
		return
	}
	r.conns[c] = struct{}{}
	r.counts.Connections++
	r.mutex.Unlock()
	var both sync.WaitGroup
	both.Go(func() { r.pump(c, true, near, far) })
	both.Go(func() { r.pump(c, false, far, near) })
	both.Wait()
	c.close()
	r.mutex.Lock()
	delete(r.conns, c)
	r.mutex.Unlock()
}

// pump carries one direction of a TCP connection.
func (r *Relay) pump(c *relayed, to bool, from, into net.Conn) {
	buffer := make([]byte, relayPiece)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !r.hold(c, to) {
			return
		}
		if _, failed := into.Write(buffer[:n]); failed != nil {
			c.close()
			return
		}
		if err != nil {
			into.(*net.TCPConn).CloseWrite()
			return
		}
	}
}

// hold waits as long as a piece of a TCP connection takes. It reports whether it arrives.
func (r *Relay) hold(c *relayed, to bool) bool {
	for late := false; ; {
		r.mutex.Lock()
		w, healed, stuck := r.weather, r.healed, c.lost
		cut := to && r.weather.cutTo || !to && r.weather.from
		closed := r.closed
		r.mutex.Unlock()
		if closed {
			return false
		}
		wait := time.Hour
		if !cut && !stuck {
			if late {
				return true
			}
			if wait = w.delay; rand.Float64() < w.loss {
				wait += retransmission
			}
			late = true
			healed = nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-healed:
		}
		timer.Stop()
	}
}
