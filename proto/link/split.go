package link

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// Splitter parts the connections of one TCP port by what they want to speak (ALPN, RFC
// 7301): a link, or something else. So agents get through where only the port of HTTPS is
// open. Nothing is decrypted here; each side does its own TLS.
type Splitter struct {
	from       net.Listener
	link, rest *side
	strangers  *crowd
}

// splitMax is how many connections may be about to say what they want, within splitTimeout.
// It is large, because people's browsers are among them.
const (
	splitMax     = 4096
	splitTimeout = 5 * time.Second
)

// NewSplitter takes a listener over, until that is closed. Each connection has five seconds
// to say what it wants, and at most 4,096 may be about to.
func NewSplitter(from net.Listener) *Splitter {
	s := &Splitter{
		from: from, link: newSide(from.Addr()), rest: newSide(from.Addr()),
		strangers: newCrowd(splitMax, firstWords),
	}
	go s.run()
	return s
}

// Link has the connections for [ListenConfig].TCP. To close it refuses them; the port stays
// open.
func (s *Splitter) Link() net.Listener { return s.link }

// Rest has all other connections, also those that do not speak TLS. To close it refuses
// them; the port stays open.
func (s *Splitter) Rest() net.Listener { return s.rest }

func (s *Splitter) run() {
	for {
		socket, err := s.from.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			s.link.end(err)
			s.rest.end(err)
			return
		case err != nil: // such as no more file descriptors
			sleep(context.Background(), acceptPause)
			continue
		}
		known, ok := s.strangers.enter(func() { socket.Close() })
		if !ok {
			socket.Close()
			continue
		}
		go s.sort(socket, known)
	}
}

// sort finds out what a connection wants and hands it on. known is called when that is known.
func (s *Splitter) sort(socket net.Conn, known func()) {
	socket.SetReadDeadline(time.Now().Add(splitTimeout))
	protocols, seen, err := peekProtocols(socket)
	known()
	socket.SetReadDeadline(time.Time{})
	if err != nil {
		socket.Close()
		return
	}
	to := s.rest
	if slices.Contains(protocols, protoLink) || slices.Contains(protocols, protoJoin) {
		to = s.link
	}
	to.hand(&peeked{Conn: socket, seen: seen})
}

// errPeeked ends a handshake that was begun to see what is wanted.
var errPeeked = errors.New("seen enough")

// peekProtocols reads the first message of TLS, and returns which protocols it asks for and
// all that was read. What is no TLS asks for none. The error is of reading.
func peekProtocols(r io.Reader) (protocols []string, seen []byte, err error) {
	var tape bytes.Buffer
	// The library bounds what it reads: a message of at most 64 KiB.
	ear := &listeningConn{reader: io.TeeReader(r, &tape)}
	tls.Server(ear, &tls.Config{
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			protocols = slices.Clone(hello.SupportedProtos)
			return nil, errPeeked
		},
	}).Handshake()
	if ear.failed != nil && protocols == nil {
		return nil, nil, ear.failed
	}
	return protocols, tape.Bytes(), nil
}

// listeningConn is a connection that only hears.
type listeningConn struct {
	net.Conn
	reader io.Reader
	failed error
}

func (c *listeningConn) Read(b []byte) (int, error) {
	n, err := c.reader.Read(b)
	if err != nil {
		c.failed = err
	}
	return n, err
}

func (c *listeningConn) Write(b []byte) (int, error)      { return len(b), nil }
func (c *listeningConn) SetWriteDeadline(time.Time) error { return nil }
func (c *listeningConn) Close() error                     { return nil }

// peeked is a connection of which something was read already.
type peeked struct {
	net.Conn
	seen []byte
}

// Read gives what was read already, and then what comes.
func (p *peeked) Read(b []byte) (int, error) {
	if len(p.seen) == 0 {
		return p.Conn.Read(b)
	}
	n := copy(b, p.seen)
	if p.seen = p.seen[n:]; len(p.seen) == 0 {
		p.seen = nil
	}
	return n, nil
}

// CloseWrite lets the other side read to the end.
func (p *peeked) CloseWrite() error {
	if half, ok := p.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// side is one of the listeners of a Splitter.
type side struct {
	addr  net.Addr
	conns chan net.Conn
	once  sync.Once
	ended chan struct{}
	err   error // why; read after ended
}

func newSide(addr net.Addr) *side {
	return &side{addr: addr, conns: make(chan net.Conn), ended: make(chan struct{})}
}

// Accept waits for the next connection.
func (s *side) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.ended:
		return nil, s.err
	}
}

// Close ends Accept.
func (s *side) Close() error {
	s.end(net.ErrClosed)
	return nil
}

// Addr is that of the port.
func (s *side) Addr() net.Addr { return s.addr }

func (s *side) end(err error) {
	s.once.Do(func() {
		s.err = err
		close(s.ended)
	})
}

// hand gives a connection to who accepts, and waits for that no longer than for a Hello.
func (s *side) hand(c net.Conn) {
	timer := time.NewTimer(helloTimeout)
	defer timer.Stop()
	select {
	case s.conns <- c:
		return
	case <-s.ended:
	case <-timer.C:
	}
	c.Close()
}
