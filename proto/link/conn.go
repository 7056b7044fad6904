package link

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"keng/proto/link/linkpb"
)

// Conn is a connection to a peer that is known and has been welcomed. It is safe
// for concurrent use, but only one goroutine may Receive.
type Conn struct {
	wire     wire
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

	frames frameReader // of the goroutine that receives, or over TCP of sort

	// Over UDP datagrams are the way of heartbeats. Over TCP it is nil, and sort puts
	// heartbeats into beats and other frames into inbox.
	datagrams datagrams
	beats     chan []byte
	inbox     *inbox

	writing chan struct{} // see [newTurn]; guards the buffer
	buffer  []byte        // for small frames
}

// keptBuffer is how long a buffer is kept while the connection idles.
const keptBuffer = 1 << 10

// newConn makes a connection of a wire whose peer is about to introduce itself.
func newConn(w wire) (*Conn, error) {
	peer, err := peerOf(w)
	if err != nil {
		return nil, err
	}
	c := &Conn{
		wire: w, peer: peer, born: time.Now(), frames: newFrameReader(w, maxHello), writing: newTurn(),
		renewed: make(chan *linkpb.Renewed, 1),
	}
	c.datagrams, _ = w.(datagrams)
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	// If the library ends the connection by itself, so do we. No goroutine waits.
	context.AfterFunc(w.Context(), func() {
		c.cancel(translate(context.Cause(w.Context())))
	})
	return c, nil
}

// begin lets frames of any length in, now that the peer is known, and over TCP begins to
// read them.
func (c *Conn) begin() {
	c.frames.limit = MaxFrame
	c.touch()
	if tcp, ok := c.wire.(*tcpWire); ok {
		tcp.idle = IdleTimeout
		c.beats, c.inbox = make(chan []byte, beatsMax), newInbox()
		go c.sort()
	}
}

// peerOf is who is at the other end of a wire, whose certificate the handshake has
// verified.
func peerOf(w wire) (Peer, error) {
	chain := w.TLS().PeerCertificates
	if len(chain) == 0 {
		return Peer{}, fmt.Errorf("%w: there is none", ErrCertificate)
	}
	return PeerOf(chain[0])
}

// Peer is the other side, as its verified certificate names it.
func (c *Conn) Peer() Peer { return c.peer }

// RemoteAddr is where the other side is at the moment; it may move.
func (c *Conn) RemoteAddr() net.Addr { return c.wire.RemoteAddr() }

// Network is what the connection runs over: "udp" (QUIC) or "tcp".
func (c *Conn) Network() string {
	if c.datagrams == nil {
		return string(overTCP)
	}
	return string(overUDP)
}

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

// Send sends messages, in order; many in one call cost much less than one each. It blocks
// while the other side does not read; if nothing moves for ten seconds it ends the connection
// with [ErrSlow]. A message too long for a frame is [ErrTooLong]: those before it are sent,
// those behind it are not, and the connection lives on. A nil error means that the messages
// are on their way, not that they arrived.
func (c *Conn) Send(messages ...proto.Message) error { return c.send(framePayload, messages...) }

func (c *Conn) send(kind protowire.Number, messages ...proto.Message) error {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	frames := c.buffer[:0]
	for _, m := range messages {
		var unfit error
		if frames, unfit = appendFrame(frames, kind, m); unfit != nil {
			return cmp.Or(c.flush(frames), unfit)
		}
		if len(frames) >= writeChunk {
			if err := c.flush(frames); err != nil {
				return err
			}
			frames = frames[:0]
		}
	}
	if cap(frames) <= keptBuffer {
		c.buffer = frames[:0]
	}
	return c.flush(frames)
}

// flush writes frames. It is for who has the turn to write.
func (c *Conn) flush(frames []byte) error {
	if len(frames) == 0 {
		return nil
	}
	if _, err := c.write(frames); err != nil {
		return c.broken(err)
	}
	return nil
}

// Receive waits for the next message and decodes it into m. After an orderly end
// of the connection, by either side, the error is [io.EOF]; else it is the cause of
// [Conn.Context]. A frame that is malformed or too long ends the connection.
func (c *Conn) Receive(m proto.Message) error {
	for {
		kind, body, err := c.next()
		if err != nil {
			return c.broken(err)
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

// next returns the next frame for who receives.
func (c *Conn) next() (protowire.Number, []byte, error) {
	if c.inbox != nil {
		return c.inbox.take(c.ctx)
	}
	return c.read()
}

// read reads a frame off the wire. A Close is an error: the [*ClosedError] that it stands
// for.
func (c *Conn) read() (protowire.Number, []byte, error) {
	kind, body, err := c.frames.next()
	switch {
	case err != nil:
		return frameUnknown, nil, err
	case kind == frameClose:
		return frameUnknown, nil, closedBy(body)
	case c.listener:
		c.touch()
	}
	return kind, body, nil
}

// sort reads frames until the connection ends, and parts heartbeats from the rest. It is a
// goroutine of a connection over TCP, so that heartbeats are heard whether or not somebody
// receives.
func (c *Conn) sort() {
	for {
		kind, body, err := c.read()
		if err != nil {
			c.broken(err)
			return
		}
		switch kind {
		case frameHeartbeat, frameHeartbeatAck:
			select {
			case c.beats <- slices.Clone(body):
			default: // as a datagram may be lost
			}
		default:
			if !c.inbox.put(c.ctx, kind, body) {
				return
			}
		}
	}
}

// heedGoodbye ends the connection as the other side wishes. What it sent before has
// been received, because frames are in order.
func (c *Conn) heedGoodbye(body []byte) error {
	var goodbye linkpb.Goodbye
	if err := decode(body, &goodbye); err != nil {
		return c.broken(err)
	}
	c.end(&ClosedError{
		Code: CodeGoingAway, Reason: printable(goodbye.Reason), Remote: true,
		Delay: min(max(goodbye.Delay.AsDuration(), 0), maxDelay),
	})
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
	c.end(&ClosedError{Code: code, Reason: shorten(reason)})
}

// end ends the connection. Who comes first says why, here and to the other side: another
// goroutine that finds the connection ended may close the wire sooner.
func (c *Conn) end(why error) {
	c.cancel(why)
	if closed, ok := errors.AsType[*ClosedError](context.Cause(c.ctx)); ok && !closed.Remote {
		c.wire.CloseWithError(closed.Code, closed.Reason)
		return
	}
	c.wire.CloseWithError(CodeDone, "")
}

// broken ends the connection after an error of reading or writing, and returns
// what the caller is told.
func (c *Conn) broken(err error) error {
	switch {
	case isType[*ClosedError](err):
		c.end(err)
	case errors.Is(err, ErrMalformed), errors.Is(err, ErrTooLong):
		c.shut(CodeMalformed, err.Error())
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.shut(CodeSlow, "the peer takes too long")
	case errors.Is(err, io.EOF):
		c.shut(CodeDone, "the stream has ended")
	default:
		c.end(translate(err)) // the stream's errors are the connection's
	}
	cause := context.Cause(c.ctx)
	if orderly(cause) {
		return io.EOF
	}
	return cause
}
