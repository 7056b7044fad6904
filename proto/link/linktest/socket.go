package linktest

import (
	"context"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// maxQueue is how many packets wait for a reader; more are dropped, as by a kernel.
const maxQueue = 4096

type packet struct {
	data []byte
	from *host
	// source is where it came from; the host may have moved since.
	source net.Addr
	due    time.Time
}

// socket is the net.PacketConn of a host. One goroutine reads.
type socket struct {
	network *Network
	host    *host
	wake    chan struct{} // something below has changed; capacity 1

	mutex    sync.Mutex
	queue    []packet // by due time; those of one time in the order sent
	deadline time.Time
	closed   bool
}

func newSocket(n *Network, h *host) *socket {
	return &socket{network: n, host: h, wake: make(chan struct{}, 1)}
}

func (s *socket) put(p packet) {
	s.mutex.Lock()
	if !s.closed && len(s.queue) < maxQueue {
		at := len(s.queue)
		for at > 0 && s.queue[at-1].due.After(p.due) {
			at--
		}
		s.queue = slices.Insert(s.queue, at, p)
	}
	s.mutex.Unlock()
	s.changed()
}

func (s *socket) changed() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// ReadFrom waits for the next packet that is due.
func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		p, wait, err := s.next()
		if err != nil {
			return 0, nil, err
		}
		if p != nil {
			if cut, _ := s.network.blocked(p.from, s.host); cut {
				continue
			}
			return copy(b, p.data), p.source, nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// next returns a packet that is due, or how long to wait before looking again.
func (s *socket) next() (*packet, time.Duration, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := time.Now()
	if s.closed {
		return nil, 0, net.ErrClosed
	}
	wait := time.Hour
	if !s.deadline.IsZero() {
		if !now.Before(s.deadline) {
			return nil, 0, os.ErrDeadlineExceeded
		}
		wait = s.deadline.Sub(now)
	}
	if len(s.queue) == 0 {
		return nil, wait, nil
	}
	if first := s.queue[0]; first.due.After(now) {
		return nil, min(wait, first.due.Sub(now)), nil
	}
	p := s.queue[0]
	s.queue = slices.Delete(s.queue, 0, 1)
	return &p, 0, nil
}

// WriteTo sends a packet. It never blocks and never fails while the socket is open.
func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	s.mutex.Lock()
	closed := s.closed
	s.mutex.Unlock()
	if closed {
		return 0, net.ErrClosed
	}
	s.network.send(s.host, to, slices.Clone(b))
	return len(b), nil
}

func (s *socket) Close() error {
	s.mutex.Lock()
	s.closed = true
	s.queue = nil
	s.mutex.Unlock()
	s.network.leave(s)
	s.changed()
	return nil
}

func (s *socket) LocalAddr() net.Addr {
	s.network.mutex.Lock()
	defer s.network.mutex.Unlock()
	return s.host.addr
}

// Resolve lets an Endpoint on this socket dial by name.
func (s *socket) Resolve(ctx context.Context, address string) (net.Addr, error) {
	return s.network.Resolve(ctx, address)
}

func (s *socket) SetReadDeadline(t time.Time) error {
	s.mutex.Lock()
	s.deadline = t
	s.mutex.Unlock()
	s.changed()
	return nil
}

func (s *socket) SetDeadline(t time.Time) error    { return s.SetReadDeadline(t) }
func (s *socket) SetWriteDeadline(time.Time) error { return nil } // a write never blocks

// The library asks for larger buffers and complains if it cannot have them.
func (s *socket) SetReadBuffer(int) error  { return nil }
func (s *socket) SetWriteBuffer(int) error { return nil }
