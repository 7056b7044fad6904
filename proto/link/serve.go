package link

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"keng/proto/link/linkpb"
)

// ListenConfig is how to listen. Credentials is required. The functions are called
// from many goroutines.
type ListenConfig struct {
	// Credentials are a hub's, with the authority in the chain. Asked for each connection.
	Credentials func() Credentials
	// Node is the id of this hub node.
	Node string
	// Software is for people: "keng-hub 0.1.0".
	Software string
	// Features are optional abilities, by name. At most 64.
	Features []string
	// Heartbeat is how often diallers show that they live: 100 ms to 20 s, default 10 s.
	Heartbeat time.Duration
	// ReconnectSpread is told to diallers: after a loss wait a random part of
	// this. About one second for every 500 peers. At most ten minutes.
	ReconnectSpread time.Duration
	// Spread returns the same where it grows with the number of peers. Asked for each
	// connection. Default: ReconnectSpread.
	Spread func() time.Duration
	// Hubs returns the addresses where diallers may go instead, of which the first 64 are
	// told. Asked for each connection. Default: none.
	Hubs func() []string
	// Handshakes is how many may be under way at once. Default 200.
	Handshakes int
	// Admit judges a peer whose certificate is otherwise good: an error refuses it.
	// It is asked during the handshake of every connection, resumed ones too. It must
	// not block. To put out a peer that is connected, close its [Conn]. Default: all.
	Admit func(Peer, *x509.Certificate) error
	// Join answers a machine that asks for a certificate; an error is logged and
	// not shown to it. It has ten seconds. Default: nobody may join.
	Join func(ctx context.Context, request JoinRequest, remote net.Addr) (JoinReply, error)
	// Logger hears of peers that come to nothing. Default: nobody.
	Logger *slog.Logger
}

func (cfg ListenConfig) withDefaults() ListenConfig {
	cfg.Heartbeat = heartbeatOf(cfg.Heartbeat)
	spread, fixed := cfg.Spread, cfg.ReconnectSpread
	cfg.Spread = func() time.Duration {
		if spread != nil {
			return min(max(spread(), 0), maxDelay)
		}
		return min(max(fixed, 0), maxDelay)
	}
	if cfg.Handshakes <= 0 {
		cfg.Handshakes = maxHandshakes
	}
	if cfg.Hubs == nil {
		cfg.Hubs = func() []string { return nil }
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// server is one run of Serve.
type server struct {
	cfg    ListenConfig
	handle func(ctx context.Context, c *Conn)
	seats  seats
	joins  chan struct{} // places for joiners at work
	tasks  sync.WaitGroup
}

// Serve accepts connections until ctx ends, and hands each to handle in a
// goroutine of its own, after Hello and Welcome. The context of handle is the
// connection's; handle must return soon after it ends, and when it returns the
// connection is closed. handle never runs twice at once for the same [Peer]: a newer
// connection ends the older one with [ErrReplaced] and waits for its handle to return.
//
// When ctx ends, Serve says Goodbye to every peer with a delay, spread evenly over
// Spread, closes within some seconds what is still open, waits for all
// handles and returns nil. It returns an error if it cannot listen (any longer).
// An endpoint can serve once at a time.
func (e *Endpoint) Serve(ctx context.Context, cfg ListenConfig, handle func(ctx context.Context, c *Conn)) error {
	s := &server{cfg: cfg.withDefaults(), handle: handle, joins: make(chan struct{}, maxJoins)}
	if !e.admission.CompareAndSwap(nil, &admission{limit: int64(s.cfg.Handshakes)}) {
		return errors.New("cannot listen: this endpoint listens already")
	}
	defer e.admission.Store(nil)
	listener, err := e.transport.Listen(listenTLS(&s.cfg, e.ticketKey), quicConfig(helloTimeout))
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", e.LocalAddr(), err)
	}
	for {
		// Nothing but this may be done here: the library's queue is short.
		var connection *quic.Conn
		if connection, err = listener.Accept(ctx); err != nil {
			break
		}
		s.tasks.Go(func() { s.receive(ctx, connection) })
	}
	listener.Close() // the connections live on
	if ctx.Err() != nil {
		s.dismiss()
	} // else the endpoint was closed, and all connections with it
	s.tasks.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("cannot listen on %s any longer: %w", e.LocalAddr(), err)
}

// receive takes a connection whose handshake is done through its life.
func (s *server) receive(ctx context.Context, connection *quic.Conn) {
	defer leave(connection.Context())
	if connection.ConnectionState().TLS.NegotiatedProtocol == protoJoin {
		s.receiveJoiner(ctx, connection)
		return
	}
	c, err := s.meet(ctx, connection)
	if err != nil {
		s.cfg.Logger.Info("link: a peer is not welcome", "remote", connection.RemoteAddr().String(), "error", err)
		connection.CloseWithError(quic.ApplicationErrorCode(codeOf(err)), shorten(err.Error()))
		return
	}
	seat, err := s.seats.take(c)
	if err != nil {
		c.shut(CodeRefused, err.Error())
		return
	}
	defer seat.free(&s.seats, c)
	if err := c.send(frameWelcome, c.welcome.message()); err != nil {
		return
	}
	leave(connection.Context())
	if ctx.Err() != nil { // dismiss may have missed it
		c.Goodbye(goodbyeReason, jitter(s.cfg.Spread()))
		return
	}
	go c.answer()
	s.handle(c.ctx, c)
	c.Close("the hub is done with this connection")
}

// codeOf is how a connection is closed whose introduction failed.
func codeOf(err error) Code {
	switch {
	case errors.Is(err, ErrMalformed), errors.Is(err, ErrTooLong):
		return CodeMalformed
	case errors.Is(err, ErrSlow):
		return CodeSlow
	case errors.Is(err, context.Canceled):
		return CodeGoingAway
	}
	return CodeRefused
}

// meet reads the dialler's Hello.
func (s *server) meet(ctx context.Context, connection *quic.Conn) (*Conn, error) {
	peer, err := peerOf(connection)
	if err != nil {
		return nil, err
	}
	stream, err := acceptStream(ctx, connection)
	if err != nil {
		return nil, err
	}
	c := newConn(connection, stream, peer)
	c.listener = true
	kind, body, err := c.frames.next()
	if err != nil {
		return nil, tooSlow(err)
	}
	if kind != frameHello {
		return nil, fmt.Errorf("%w: the first frame is no Hello", ErrMalformed)
	}
	stream.SetReadDeadline(time.Time{})
	var m linkpb.Hello
	if err := decode(body, &m); err != nil {
		return nil, err
	}
	if c.hello, err = helloOf(&m); err != nil {
		return nil, err
	}
	c.welcome, err = s.welcome(c.hello)
	c.frames.limit = MaxFrame
	c.touch()
	return c, err
}

func (s *server) welcome(hello Hello) (Welcome, error) {
	protocol, err := agree(hello.Protocol)
	hubs := s.cfg.Hubs()
	return Welcome{
		Protocol: protocol, Features: common(s.cfg.Features, hello.Features),
		Software: s.cfg.Software, Node: s.cfg.Node, Now: time.Now(),
		Heartbeat: s.cfg.Heartbeat, ReconnectSpread: s.cfg.Spread(), Hubs: hubs[:min(len(hubs), maxHubs)],
	}, err
}

// acceptStream waits for the dialler's one stream and bounds the time until its
// first message is there.
func acceptStream(ctx context.Context, connection *quic.Conn) (*quic.Stream, error) {
	deadline := time.Now().Add(helloTimeout)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	stream, err := connection.AcceptStream(ctx)
	if err != nil {
		return nil, tooSlow(err)
	}
	stream.SetReadDeadline(deadline)
	return stream, nil
}

// tooSlow names the error of a deadline.
func tooSlow(err error) error {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return fmt.Errorf("%w: no Hello within %s", ErrSlow, helloTimeout)
	}
	if errors.Is(err, ErrMalformed) || errors.Is(err, ErrTooLong) {
		return err
	}
	return translate(err)
}

const goodbyeReason = "this hub stops; go to another"

// dismiss says goodbye to everybody, so spread that they do not all fall upon
// another hub at once.
func (s *server) dismiss() {
	var farewells sync.WaitGroup
	conns := s.seats.conns()
	rand.Shuffle(len(conns), func(i, j int) { conns[i], conns[j] = conns[j], conns[i] })
	spread := s.cfg.Spread()
	for i, c := range conns {
		delay := spread * time.Duration(i+1) / time.Duration(len(conns))
		farewells.Go(func() {
			if c.Goodbye(goodbyeReason, delay) != nil {
				c.shut(CodeGoingAway, goodbyeReason)
			}
		})
	}
	farewells.Wait()
}
