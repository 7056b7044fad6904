package storetest

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipeBytes is how much may be on its way in one direction.
const pipeBytes = 256 << 10

// pipe is one direction of a connection.
type pipe struct {
	from, to string
	done     func() // called once nothing can go through any more

	mu      sync.Mutex
	buffer  []byte
	cut     bool          // what is in the buffer does not arrive
	ended   bool          // the writer has closed
	err     error         // the pipe is broken
	changed chan struct{} // closed when any of these changes
}

func (p *pipe) wakeLocked() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *pipe) setCut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut != cut {
		p.cut = cut
		p.wakeLocked()
	}
}

// breakOff makes reads and writes fail.
func (p *pipe) breakOff(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
		p.wakeLocked()
	}
}

// end is the writer's Close: what is in the buffer still arrives.
func (p *pipe) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.wakeLocked()
}

// tryRead reads if there is something to be had, or returns what to wait for.
func (p *pipe) tryRead(b []byte) (n int, err error, wait <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.err != nil:
		return 0, p.err, nil
	case !p.cut && len(p.buffer) > 0:
		n = copy(b, p.buffer)
		p.buffer = p.buffer[n:]
		p.wakeLocked()
		return n, nil, nil
	case !p.cut && p.ended:
		return 0, io.EOF, nil
	}
	return 0, nil, p.changed
}

// tryWrite writes as much as there is room for, or returns what to wait for.
func (p *pipe) tryWrite(b []byte) (n int, err error, wait <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.err != nil:
		return 0, p.err, nil
	case p.ended:
		return 0, net.ErrClosed, nil
	case len(p.buffer) < pipeBytes:
		n = min(len(b), pipeBytes-len(p.buffer))
		p.buffer = append(p.buffer, b[:n]...)
		p.wakeLocked()
		return n, nil, nil
	}
	return 0, nil, p.changed
}

// conn is one end of a connection.
type conn struct {
	local, remote    net.Addr
	in, out          *pipe
	reading, writing deadline
	once             sync.Once
	closed           chan struct{}
}

func newConn(local, remote net.Addr, in, out *pipe) *conn {
	c := &conn{local: local, remote: remote, in: in, out: out, closed: make(chan struct{})}
	c.reading.changed, c.writing.changed = make(chan struct{}), make(chan struct{})
	return c
}

// Read reads what has arrived.
func (c *conn) Read(b []byte) (int, error) {
	for {
		n, err, wait := c.in.tryRead(b)
		if n > 0 || err != nil {
			return n, err
		}
		if err := c.wait(&c.reading, wait); err != nil {
			return 0, err
		}
	}
}

// Write sends all of b.
func (c *conn) Write(b []byte) (int, error) {
	written := 0
	for written < len(b) {
		n, err, wait := c.out.tryWrite(b[written:])
		written += n
		if err != nil {
			return written, err
		}
		if n == 0 {
			if err := c.wait(&c.writing, wait); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// wait waits until a pipe has changed, the deadline has passed or been moved, or the
// connection is closed.
func (c *conn) wait(d *deadline, changed <-chan struct{}) error {
	at, moved := d.look()
	var expired <-chan time.Time
	if !at.IsZero() {
		left := time.Until(at)
		if left <= 0 {
			return os.ErrDeadlineExceeded
		}
		timer := time.NewTimer(left)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-changed:
	case <-moved:
	case <-expired:
		return os.ErrDeadlineExceeded
	case <-c.closed:
		return net.ErrClosed
	}
	return nil
}

// Close closes the connection; the other end reads what was sent before.
func (c *conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.out.end()
		c.in.breakOff(errReset)
		c.in.done() // the other end does the same for the other direction
	})
	return nil
}

// LocalAddr returns this host.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the other host.
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets both deadlines.
func (c *conn) SetDeadline(t time.Time) error {
	c.reading.set(t)
	c.writing.set(t)
	return nil
}

// SetReadDeadline sets when reads fail.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.reading.set(t)
	return nil
}

// SetWriteDeadline sets when writes fail.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.writing.set(t)
	return nil
}

// deadline is a time that can be moved while somebody waits for it.
type deadline struct {
	mu      sync.Mutex
	at      time.Time
	changed chan struct{}
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = t
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *deadline) look() (time.Time, <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at, d.changed
}
