package icmp

import (
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/icmp"

	"keng/agent/check"
)

// host is how one address of the fake network behaves. It speaks real messages.
type host struct {
	delay   time.Duration
	answers func(sequence int) bool // nil: all
	silent  bool
	refused int   // code of a "destination unreachable" that the router sends; 0 is none
	send    error // of sending to it
	forged  bool  // false answers come before the true one
}

// router is who refuses.
func router() netip.Addr { return netip.MustParseAddr("192.0.2.254") }

// network is a network in memory.
type network struct {
	hosts map[string]host
	isRaw bool

	mu   sync.Mutex
	open int // sockets that are open
}

func (n *network) listen(netip.Addr) (socket, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open++
	return &memorySocket{network: n, arrived: make(chan packet, 64), closed: make(chan struct{})}, nil
}

func (n *network) stillOpen() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open
}

// packet is a message on its way back.
type packet struct {
	data []byte
	from netip.Addr
}

type memorySocket struct {
	network *network
	arrived chan packet
	closed  chan struct{}
	once    sync.Once
}

func (s *memorySocket) raw() bool    { return s.network.isRaw }
func (s *memorySocket) kind() string { return "memory" }

func (s *memorySocket) close() error {
	s.once.Do(func() {
		close(s.closed)
		s.network.mu.Lock()
		defer s.network.mu.Unlock()
		s.network.open--
	})
	return nil
}

func (s *memorySocket) receive(buffer []byte, until time.Time) (int, netip.Addr, error) {
	select {
	case p := <-s.arrived:
		return copy(buffer, p.data), p.from, nil
	case <-s.closed:
		return 0, netip.Addr{}, os.ErrClosed
	case <-time.After(time.Until(until)):
		return 0, netip.Addr{}, os.ErrDeadlineExceeded
	}
}

func (s *memorySocket) send(message []byte, to netip.Addr) error {
	h := s.network.hosts[to.String()]
	if h.send != nil {
		return os.NewSyscallError("sendto", h.send)
	}
	f := familyOf(to)
	request, err := icmp.ParseMessage(f.protocol, message)
	if err != nil {
		return err
	}
	echo := request.Body.(*icmp.Echo)
	if !s.network.isRaw {
		echo.ID = 4711 // a ping socket has an id of its own
	}
	if h.forged {
		s.forge(f, *echo, to)
	}
	switch {
	case h.silent, h.answers != nil && !h.answers(echo.Seq):
	case h.refused != 0:
		s.deliver(h.delay, router(), refusal(f, h.refused, to, message))
	default:
		s.deliver(h.delay, to, reply(f, echo))
	}
	return nil
}

// deliver brings a message back after a while.
func (s *memorySocket) deliver(after time.Duration, from netip.Addr, data []byte) {
	time.AfterFunc(after, func() {
		select {
		case s.arrived <- packet{data, from}:
		case <-s.closed:
		}
	})
}

// forge brings what is no answer, though it looks nearly like one.
func (s *memorySocket) forge(f family, echo icmp.Echo, to netip.Addr) {
	s.deliver(0, to, []byte("rubbish"))
	s.deliver(0, to, nil)
	s.deliver(0, router(), reply(f, &echo)) // of somebody else
	other := echo
	other.Data = make([]byte, dataSize) // without our token
	s.deliver(0, to, reply(f, &other))
	other = echo
	other.Data = echo.Data[:4]
	s.deliver(0, to, reply(f, &other))
	other = echo
	other.Seq += 100
	s.deliver(0, to, reply(f, &other))
	if s.network.isRaw { // of another program
		s.deliver(0, router(), refusal(f, 1, to, []byte{8, 0, 0, 0, byte(echo.ID>>8) ^ 1, byte(echo.ID), 0, byte(echo.Seq)}))
		s.deliver(0, to, s.request(f, echo)) // our own request, as loopback shows it
	}
	s.deliver(0, router(), refusal(f, 1, router(), []byte{8, 0, 0, 0, byte(echo.ID >> 8), byte(echo.ID), 0, byte(echo.Seq)})) // of another host
}

func (s *memorySocket) request(f family, echo icmp.Echo) []byte {
	data, _ := (&icmp.Message{Type: f.echo, Body: &echo}).Marshal(nil)
	return data
}

func reply(f family, echo *icmp.Echo) []byte {
	data, _ := (&icmp.Message{Type: f.answer, Body: echo}).Marshal(nil)
	return data
}

// refusal is a "destination unreachable" that repeats the refused packet.
func refusal(f family, code int, to netip.Addr, request []byte) []byte {
	header := make([]byte, 20)
	header[0], header[9] = 0x45, 1
	number := byte(3)
	if f.protocol == 58 {
		header = make([]byte, 40)
		header[0], header[6] = 0x60, 58
		number = 1
	}
	copy(header[len(header)-len(to.AsSlice()):], to.AsSlice())
	return append(append([]byte{number, byte(code), 0, 0, 0, 0, 0, 0}, header...), request...)
}

// world is a network with a host of every kind.
func world() *network {
	odd := func(sequence int) bool { return sequence%2 == 1 }
	return &network{isRaw: true, hosts: map[string]host{
		"192.0.2.1":   {delay: 5 * time.Millisecond},
		"192.0.2.2":   {silent: true},
		"192.0.2.3":   {answers: odd},
		"192.0.2.4":   {refused: 1},
		"192.0.2.5":   {send: syscall.ENETUNREACH},
		"192.0.2.6":   {delay: 5 * time.Millisecond, forged: true},
		"192.0.2.7":   {delay: 300 * time.Millisecond},
		"192.0.2.8":   {send: syscall.EPERM},
		"192.0.2.9":   {silent: true, forged: true},
		"2001:db8::1": {delay: 5 * time.Millisecond},
		"2001:db8::4": {refused: 3},
	}}
}

// fakeKind is the kind on a network in memory.
type fakeKind struct {
	Kind
	network *network
}

func (k fakeKind) New(target string, values check.Values) (check.Check, error) {
	made, err := k.Kind.New(target, values)
	if err != nil {
		return nil, err
	}
	made.(*icmpCheck).open = k.network.listen
	return made, nil
}
