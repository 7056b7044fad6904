package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"keng/proto/link/linkpb"
)

// tcpWire is a wire over TCP. What QUIC has frames of its own for are frames of ours
// here: Close, Heartbeat, HeartbeatAck.
type tcpWire struct {
	*tls.Conn
	ctx     context.Context
	cancel  context.CancelFunc
	writing chan struct{} // see [newTurn]
	closing sync.Once
	closed  func() // tells the endpoint that the socket is closed

	// idle, if not zero, ends the wire when nothing arrives for so long. It is set before
	// the goroutine starts that reads.
	idle time.Duration
}

// newTCPWire takes over a connection whose handshake is done. What ctx holds, the wire's
// context holds. closed is called when the socket has been closed.
func newTCPWire(ctx context.Context, conn *tls.Conn, closed func()) *tcpWire {
	w := &tcpWire{Conn: conn, writing: newTurn(), closed: closed}
	w.ctx, w.cancel = context.WithCancel(ctx)
	return w
}

func (w *tcpWire) TLS() tls.ConnectionState { return w.ConnectionState() }
func (w *tcpWire) Context() context.Context { return w.ctx }

func (w *tcpWire) ready(context.Context) error {
	return w.SetReadDeadline(time.Now().Add(helloTimeout))
}

func (w *tcpWire) linger(limit time.Duration) {
	w.SetReadDeadline(time.Now().Add(limit))
	io.Copy(io.Discard, io.LimitReader(w, maxWindow))
}

// Read reads. An end without a Close frame is a loss: only that frame ends a connection in
// an orderly way.
func (w *tcpWire) Read(b []byte) (int, error) {
	if w.idle > 0 {
		w.SetReadDeadline(time.Now().Add(w.idle))
	}
	n, err := w.Conn.Read(b)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("%w: the other side has hung up, perhaps by a restart", ErrLost)
	case w.idle > 0 && errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("%w: nothing heard for too long", ErrLost)
	}
	return n, err
}

func (w *tcpWire) Write(b []byte) (int, error) {
	select {
	case w.writing <- struct{}{}:
		defer func() { <-w.writing }()
	case <-w.ctx.Done():
		return 0, net.ErrClosed
	}
	return writeInPieces(w.Conn, b)
}

func (w *tcpWire) CloseWithError(code Code, reason string) {
	w.closing.Do(func() {
		w.cancel()
		go w.leave(code, reason)
	})
}

// leave says Close, if that is possible within goodbyeWait, and closes the socket.
func (w *tcpWire) leave(code Code, reason string) {
	limit := time.AfterFunc(goodbyeWait, func() { w.NetConn().Close() })
	defer w.closed()
	defer closeGently(w.NetConn())
	defer limit.Stop()
	w.writing <- struct{}{} // who has it fails at the latest when the socket closes
	defer func() { <-w.writing }()
	frame, err := appendFrame(nil, frameClose, &linkpb.Close{Code: uint64(code), Reason: shorten(reason)})
	if err != nil {
		return
	}
	if _, err := writeInPieces(w.Conn, frame); err != nil {
		return
	}
	w.Conn.CloseWrite()
}

// closeGently closes a socket when the other side has, but at most after goodbyeWait: a
// socket that is closed while something unread lies in it sends a reset, and that overtakes
// what was said before.
func closeGently(socket net.Conn) {
	defer socket.Close()
	limit := time.AfterFunc(goodbyeWait, func() { socket.Close() })
	defer limit.Stop()
	if half, ok := socket.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	// What comes does not matter any more, nor that another goroutine may still read, too.
	io.Copy(io.Discard, io.LimitReader(socket, maxWindow))
}

// sockets are the open TCP connections of an endpoint, so that it can close them. The zero
// value is ready. Safe for concurrent use.
type sockets struct {
	mutex  sync.Mutex
	open   map[net.Conn]struct{}
	closed bool
}

// add takes a socket in and returns how to take it out again. Those of a closed endpoint
// are closed at once.
func (s *sockets) add(socket net.Conn) (remove func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.closed {
		socket.Close()
		return func() {}
	}
	if s.open == nil {
		s.open = map[net.Conn]struct{}{}
	}
	s.open[socket] = struct{}{}
	return func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		delete(s.open, socket)
	}
}

// close closes all sockets, and those that are still to come.
func (s *sockets) close() {
	s.mutex.Lock()
	open := s.open
	s.open, s.closed = nil, true
	s.mutex.Unlock()
	for socket := range open {
		socket.Close()
	}
}
