package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"keng/proto/link/linkpb"
)

// Conn is a connection to a peer that is known and has been welcomed. It is safe
// for concurrent use, but only one goroutine may Receive.
type Conn struct {
	quic     *quic.Conn
	peer     Peer
	hello    Hello
	welcome  Welcome
	listener bool // we are the hub

	server   *server              // of a listener
	renewing atomic.Bool          // of a listener: the peer's renewal is under way
	identity *Identity            // of a dialler, if it renews
	renewed  chan *linkpb.Renewed // of a dialler: the hub's answer

	ctx    context.Context // ends with the connection; its cause is why
	cancel context.CancelCauseFunc

	born  time.Time
	heard atomic.Int64 // nanoseconds after born: monotonic, and without an allocation

	frames frameReader // of the goroutine that receives

	// writing orders the frames and guards what follows; who has put something
	// in it writes. It is no mutex, because a writer may wait long: in a bubble of
	// testing/synctest time stands still while somebody waits for a mutex.
	writing chan struct{}
	stream  *quic.Stream
	buffer  []byte // for small frames
}

const (
	keptBuffer = 1 << 10 // a longer buffer is not kept while the connection idles
	writeChunk = 32 << 10
)

func newConn(connection *quic.Conn, stream *quic.Stream, peer Peer) *Conn {
	c := &Conn{
		quic: connection, stream: stream, peer: peer,
		born: time.Now(), frames: newFrameReader(stream, maxHello), writing: make(chan struct{}, 1),
		renewed: make(chan *linkpb.Renewed, 1),
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	// If the library ends the connection by itself, so do we. No goroutine waits.
	context.AfterFunc(connection.Context(), func() {
		c.cancel(translate(context.Cause(connection.Context())))
	})
	return c
}

// peerOf is who is at the other end of a connection, whose certificate the
// handshake has verified.
func peerOf(connection *quic.Conn) (Peer, error) {
	chain := connection.ConnectionState().TLS.PeerCertificates
	if len(chain) == 0 {
		return Peer{}, fmt.Errorf("%w: there is none", ErrCertificate)
	}
	return PeerOf(chain[0])
}

// Peer is the other side, as its verified certificate names it.
func (c *Conn) Peer() Peer { return c.peer }

// RemoteAddr is where the other side is at the moment; it may move.
func (c *Conn) RemoteAddr() net.Addr { return c.quic.RemoteAddr() }

// Hello is how the dialler introduced itself, on either side.
func (c *Conn) Hello() Hello { return c.hello }

// Welcome is how the hub answered, on either side.
func (c *Conn) Welcome() Welcome { return c.welcome }

// Has reports whether both sides have a feature.
func (c *Conn) Has(feature string) bool { return slices.Contains(c.welcome.Features, feature) }

// Context ends when the connection does; [context.Cause] tells why: a [*ClosedError],
// or an error that is [ErrLost].
func (c *Conn) Context() context.Context { return c.ctx }

// LastHeard is when the other side last showed that it lives: for a listener the
// last heartbeat or frame, for a dialler the last answer to a heartbeat. It bears a
// monotonic reading.
func (c *Conn) LastHeard() time.Time { return c.born.Add(time.Duration(c.heard.Load())) }

func (c *Conn) touch() { c.heard.Store(int64(time.Since(c.born))) }

// Send sends one message. It blocks while the other side does not read; if nothing
// moves for ten seconds it ends the connection with [ErrSlow]. A message too long
// for a frame is [ErrTooLong], and the connection lives on. A nil error means that
// the message is on its way, not that it arrived.
func (c *Conn) Send(m proto.Message) error { return c.send(framePayload, m) }

func (c *Conn) send(kind protowire.Number, m proto.Message) error {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	frame, err := appendFrame(c.buffer[:0], kind, m)
	if err != nil {
		return err
	}
	if cap(frame) <= keptBuffer {
		c.buffer = frame[:0]
	}
	// In pieces, because the deadline is for progress: a long frame on a slow
	// line takes its time.
	for chunk := range slices.Chunk(frame, writeChunk) {
		c.stream.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := c.write(chunk); err != nil {
			return c.broken(err)
		}
	}
	return nil
}

// Receive waits for the next message and decodes it into m. After an orderly end
// of the connection, by either side, the error is [io.EOF]; else it is the cause of
// [Conn.Context]. A frame that is malformed or too long ends the connection.
func (c *Conn) Receive(m proto.Message) error {
	for {
		kind, body, err := c.frames.next()
		if err != nil {
			return c.broken(err)
		}
		if c.listener {
			c.touch()
		}
		switch kind {
		case framePayload:
			if err := decode(body, m); err != nil {
				return c.broken(err)
			}
			return nil
		case frameGoodbye:
			return c.heedGoodbye(body)
		case frameHello, frameWelcome:
			return c.broken(errors.Join(ErrMalformed, errors.New("a second introduction")))
		case frameRenew, frameRenewed, frameTrust:
			if err := c.attend(kind, body); err != nil {
				return c.broken(err)
			}
		}
		// Else it is a kind of a later version, which we may pass over.
	}
}

// heedGoodbye ends the connection as the other side wishes. What it sent before has
// been received, because frames are in order.
func (c *Conn) heedGoodbye(body []byte) error {
	var goodbye linkpb.Goodbye
	if err := decode(body, &goodbye); err != nil {
		return c.broken(err)
	}
	c.cancel(&ClosedError{
		Code: CodeGoingAway, Reason: printable(goodbye.Reason), Remote: true,
		Delay: min(max(goodbye.Delay.AsDuration(), 0), maxDelay),
	})
	c.quic.CloseWithError(quic.ApplicationErrorCode(CodeDone), "goodbye")
	return io.EOF
}

// Close ends the connection in an orderly way, at once. The reason is for the other
// side's log. Frames still on their way may be lost; see [Conn.Goodbye]. It is
// harmless on a connection that has ended.
func (c *Conn) Close(reason string) error {
	c.shut(CodeDone, reason)
	return nil
}

// Refuse ends the connection at once, because the other side is not (any longer)
// allowed or speaks nonsense. The reason is for its people: there it is [ErrRefused].
func (c *Conn) Refuse(reason string) error {
	c.shut(CodeRefused, reason)
	return nil
}

// Goodbye ends the connection gently: it tells the other side to come back no
// sooner than after delay, and waits until it has read all that was sent and closed
// the connection, but at most two seconds. It must not be called by a goroutine that
// somebody who receives waits for.
func (c *Conn) Goodbye(reason string, delay time.Duration) error {
	err := c.send(frameGoodbye, &linkpb.Goodbye{Reason: shorten(reason), Delay: durationpb.New(delay)})
	if err != nil {
		return err
	}
	timer := time.NewTimer(goodbyeWait)
	defer timer.Stop()
	select {
	case <-c.ctx.Done():
	case <-timer.C:
	}
	c.shut(CodeGoingAway, reason)
	return nil
}

// shut ends the connection from this side, unless it has ended already.
func (c *Conn) shut(code Code, reason string) {
	reason = shorten(reason)
	c.cancel(&ClosedError{Code: code, Reason: reason})
	c.quic.CloseWithError(quic.ApplicationErrorCode(code), reason)
}

// broken ends the connection after an error of reading or writing, and returns
// what the caller is told.
func (c *Conn) broken(err error) error {
	switch {
	case errors.Is(err, ErrMalformed), errors.Is(err, ErrTooLong):
		c.shut(CodeMalformed, err.Error())
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.shut(CodeSlow, "the peer takes too long")
	case errors.Is(err, io.EOF):
		c.shut(CodeDone, "the stream has ended")
	default:
		// The stream's errors are the connection's. Whoever ended it first has
		// already said why.
		c.cancel(translate(err))
		c.quic.CloseWithError(quic.ApplicationErrorCode(CodeDone), "")
	}
	cause := context.Cause(c.ctx)
	if orderly(cause) {
		return io.EOF
	}
	return cause
}
