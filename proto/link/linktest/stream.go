package linktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// streamBuffer is how many bytes may be under way in one direction of a TCP connection.
	streamBuffer = 256 << 10
	// retransmission is how late a piece is that was lost, the first time; then twice that.
	retransmission = 200 * time.Millisecond
	backlog        = 256
)

// ListenTCP opens a TCP listener of a host, which may have one at a time. It panics if it
// has one, because the test is wrong then.
func (n *Network) ListenTCP(name string) net.Listener {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	h := n.host(name)
	if h.listener != nil {
		panic(fmt.Sprintf("linktest: %s listens for TCP already", name))
	}
	h.listener = &listener{network: n, host: h, conns: make(chan net.Conn, backlog), closed: make(chan struct{})}
	return h.listener
}

// listener is a host's TCP listener.
type listener struct {
	network *Network
	host    *host
	conns   chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept; connections live on.
func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.network.mutex.Lock()
		defer l.network.mutex.Unlock()
		l.host.listener = nil
	})
	return nil
}

// Addr is the host's address.
func (l *listener) Addr() net.Addr {
	l.network.mutex.Lock()
	defer l.network.mutex.Unlock()
	return tcpAddr(l.host)
}

func tcpAddr(h *host) *net.TCPAddr { return &net.TCPAddr{IP: h.addr.IP, Port: h.addr.Port} }

// DialTCP connects to a host. A host without a listener refuses; one that has no socket
// either is dead, and nothing answers.
func (s *socket) DialTCP(ctx context.Context, remote net.Addr) (net.Conn, error) {
	for {
		conn, wait, err := s.network.connect(s.host, remote)
		if conn != nil || err != nil {
			return conn, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: remote, Err: ctx.Err()}
		}
	}
}

// connect connects a host to another, or returns what to wait for until it can.
func (n *Network) connect(from *host, remote net.Addr) (net.Conn, <-chan struct{}, error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	addr, err := net.ResolveTCPAddr("tcp", remote.String())
	if err != nil {
		return nil, nil, err
	}
	to := n.byIP[addr.IP.String()]
	switch {
	case to == nil, to.listener == nil && to.socket == nil, n.cut[pair{from.name, to.name}], n.cut[pair{to.name, from.name}]:
		return nil, n.changed, nil
	case to.listener == nil, len(to.listener.conns) == backlog:
		return nil, nil, &net.OpError{Op: "dial", Net: "tcp", Addr: remote, Err: syscall.ECONNREFUSED}
	}
	there, back := newStream(n, from, to), newStream(n, to, from)
	n.streams[there], n.streams[back] = struct{}{}, struct{}{}
	near := &conn{local: tcpAddr(from), remote: tcpAddr(to), in: back, out: there}
	to.listener.conns <- &conn{local: tcpAddr(to), remote: tcpAddr(from), in: there, out: back}
	return near, nil, nil
}

// conn is an end of a TCP connection.
type conn struct {
	local, remote net.Addr
	in, out       *stream
}

func (c *conn) Read(b []byte) (int, error)  { return c.in.read(b) }
func (c *conn) Write(b []byte) (int, error) { return c.out.write(b) }
func (c *conn) LocalAddr() net.Addr         { return c.local }
func (c *conn) RemoteAddr() net.Addr        { return c.remote }

// CloseWrite lets the other side read to the end.
func (c *conn) CloseWrite() error {
	c.out.change(func() { c.out.finished = true })
	return nil
}

// Close ends both directions. What the other side still writes is an error there.
func (c *conn) Close() error {
	c.out.change(func() { c.out.finished = true })
	c.in.change(func() { c.in.closed = true })
	c.in.network.forget(c.in, c.out)
	return nil
}

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.change(func() { c.in.readBy = t })
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.change(func() { c.out.writeBy = t })
	return nil
}

// stream is one direction of a TCP connection.
type stream struct {
	network  *Network
	from, to *host

	mutex           sync.Mutex
	changed         chan struct{} // closed when something below changes
	pieces          []piece
	bytes           int
	finished        bool // the writer has said all
	closed          bool // the reader has closed it
	lost            bool // nothing gets through any more, and nobody is told
	readBy, writeBy time.Time
}

type piece struct {
	data []byte
	due  time.Time
}

func newStream(n *Network, from, to *host) *stream {
	return &stream{network: n, from: from, to: to, changed: make(chan struct{})}
}

func (s *stream) change(f func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *stream) write(b []byte) (written int, err error) {
	for written < len(b) {
		n, wait, until, err := s.put(b[written:])
		if written += n; err != nil {
			return written, err
		}
		if n == 0 {
			await(wait, nil, until)
		}
	}
	return written, nil
}

// put takes as much as there is room for; if there is none, it says what to wait for.
func (s *stream) put(b []byte) (n int, wait <-chan struct{}, until time.Time, err error) {
	due := s.network.arrival()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case s.closed, s.finished:
		return 0, nil, until, net.ErrClosed
	case !s.writeBy.IsZero() && !time.Now().Before(s.writeBy):
		return 0, nil, until, os.ErrDeadlineExceeded
	}
	n = min(len(b), streamBuffer-s.bytes)
	if n == 0 {
		return 0, s.changed, s.writeBy, nil
	}
	if last := len(s.pieces) - 1; last >= 0 && due.Before(s.pieces[last].due) {
		due = s.pieces[last].due // in order
	}
	s.pieces = append(s.pieces, piece{append([]byte(nil), b[:n]...), due})
	s.bytes += n
	close(s.changed)
	s.changed = make(chan struct{})
	return n, nil, until, nil
}

func (s *stream) read(b []byte) (int, error) {
	for {
		cut, healed := s.network.blocked(s.from, s.to)
		n, wait, until, err := s.get(b, cut)
		if n > 0 || err != nil {
			return n, err
		}
		await(wait, healed, until)
	}
}

// get returns what has arrived; if nothing has, it says what to wait for.
func (s *stream) get(b []byte, cut bool) (n int, wait <-chan struct{}, until time.Time, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := time.Now()
	switch {
	case s.closed:
		return 0, nil, until, net.ErrClosed
	case !s.readBy.IsZero() && !now.Before(s.readBy):
		return 0, nil, until, os.ErrDeadlineExceeded
	}
	until = s.readBy
	if cut || s.lost {
		return 0, s.changed, until, nil
	}
	if len(s.pieces) == 0 {
		if s.finished {
			return 0, nil, until, io.EOF
		}
		return 0, s.changed, until, nil
	}
	first := &s.pieces[0]
	if first.due.After(now) {
		if until.IsZero() || first.due.Before(until) {
			until = first.due
		}
		return 0, s.changed, until, nil
	}
	n = copy(b, first.data)
	if first.data = first.data[n:]; len(first.data) == 0 {
		s.pieces = s.pieces[1:]
	}
	s.bytes -= n
	close(s.changed)
	s.changed = make(chan struct{})
	return n, nil, until, nil
}

// await waits for one of two things, or until a moment if that is not zero.
func await(one, other <-chan struct{}, until time.Time) {
	var expired <-chan time.Time
	if !until.IsZero() {
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-one:
	case <-other:
	case <-expired:
	}
}
