package link

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"time"

	"github.com/quic-go/quic-go"
)

// network is a way over which a hub is reached.
type network string

const (
	overUDP network = "udp" // QUIC
	overTCP network = "tcp" // TLS
)

// wire is what a Conn runs over, after its handshake: a QUIC connection with its one
// stream, or TLS over TCP. It has so many methods because it stands for a connection and a
// stream in one.
type wire interface {
	io.Reader
	// Write writes a whole frame; frames of several goroutines do not mix. If nothing
	// moves for writeTimeout the error is [os.ErrDeadlineExceeded].
	io.Writer
	SetReadDeadline(time.Time) error
	RemoteAddr() net.Addr
	// TLS is what the handshake came to.
	TLS() tls.ConnectionState
	// Context ends with the wire; its cause may be an error of a library.
	Context() context.Context
	// ready waits, at a listener, until the other side can be read from, and bounds the
	// time until its first message is there by helloTimeout.
	ready(ctx context.Context) error
	// CloseWrite tells the other side that nothing more will come.
	CloseWrite() error
	// linger waits until the other side has ended the wire, which has nothing more to say,
	// or the limit is over.
	linger(limit time.Duration)
	// CloseWithError ends the wire at once. Code and reason reach the other side, if
	// anything does. It does not wait, and only its first call counts.
	CloseWithError(code Code, reason string)
}

// datagrams is a wire on which heartbeats need not wait behind frames.
type datagrams interface {
	SendDatagram([]byte) error
	ReceiveDatagram(context.Context) ([]byte, error)
	// Received counts all packets that have come from the other side, whatever is in them.
	Received() uint64
}

// quicWire is a wire over UDP.
type quicWire struct {
	*quic.Stream
	connection *quic.Conn
	writing    chan struct{} // see [newTurn]
}

func newQUICWire(connection *quic.Conn) *quicWire {
	return &quicWire{connection: connection, writing: newTurn()}
}

// open opens the stream, as the dialler does.
func (w *quicWire) open() (err error) {
	w.Stream, err = w.connection.OpenStream()
	return err
}

func (w *quicWire) ready(ctx context.Context) (err error) {
	deadline := time.Now().Add(helloTimeout)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	if w.Stream, err = w.connection.AcceptStream(ctx); err != nil {
		return err
	}
	return w.SetReadDeadline(deadline)
}

func (w *quicWire) Write(b []byte) (int, error) {
	w.writing <- struct{}{}
	defer func() { <-w.writing }()
	return writeInPieces(w.Stream, b)
}

func (w *quicWire) linger(limit time.Duration) {
	ctx, cancel := context.WithTimeout(w.Context(), limit)
	defer cancel()
	<-ctx.Done()
}

func (w *quicWire) RemoteAddr() net.Addr        { return w.connection.RemoteAddr() }
func (w *quicWire) TLS() tls.ConnectionState    { return w.connection.ConnectionState().TLS }
func (w *quicWire) Context() context.Context    { return w.connection.Context() }
func (w *quicWire) CloseWrite() error           { return w.Stream.Close() }
func (w *quicWire) SendDatagram(b []byte) error { return w.connection.SendDatagram(b) }
func (w *quicWire) Received() uint64            { return w.connection.ConnectionStats().PacketsReceived }

func (w *quicWire) ReceiveDatagram(ctx context.Context) ([]byte, error) {
	return w.connection.ReceiveDatagram(ctx)
}

func (w *quicWire) CloseWithError(code Code, reason string) {
	w.connection.CloseWithError(quic.ApplicationErrorCode(code), reason)
}

// newTurn returns what orders writers: who has put something in it writes. It is no
// mutex, because a writer may wait long: in a bubble of testing/synctest time stands
// still while somebody waits for a mutex.
func newTurn() chan struct{} { return make(chan struct{}, 1) }

// writeChunk is how many bytes of a long frame must move within writeTimeout.
const writeChunk = 32 << 10

// writeInPieces writes all of b. The deadline is for progress: a long frame on a slow
// line takes its time.
func writeInPieces(w interface {
	io.Writer
	SetWriteDeadline(time.Time) error
}, b []byte) (written int, err error) {
	for chunk := range slices.Chunk(b, writeChunk) {
		w.SetWriteDeadline(time.Now().Add(writeTimeout))
		n, err := w.Write(chunk)
		if written += n; err != nil {
			return written, err
		}
	}
	return written, nil
}
