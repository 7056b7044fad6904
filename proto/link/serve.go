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
	// Heartbeats are other ones, for kinds of peer that are missed sooner. Same bounds.
	Heartbeats map[Kind]time.Duration
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
	// TCP are listeners at which the same is spoken over TLS, for diallers whose UDP is
	// blocked: usually one at the port of the endpoint's socket. Serve closes them.
	TCP []net.Listener
	// Renew certifies a new key of a peer, which is connected or has proved that it has
	// the key of an expired certificate; see [Authority.Sign]. An error is logged and not
	// shown to it. It has ten seconds. The ID in the reply is of no matter. Default: none
	// is renewed.
	Renew func(ctx context.Context, peer Peer, csr []byte) (JoinReply, error)
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
	endpoint  *Endpoint
	cfg       ListenConfig
	handle    func(ctx context.Context, c *Conn)
	seats     seats
	joins     chan struct{} // places for joiners at work
	renewals  chan struct{} // places for renewals at work
	strangers *crowd        // of TCP connections that have not said yet what they want
	tasks     sync.WaitGroup
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
	s := &server{
		endpoint: e, cfg: cfg.withDefaults(), handle: handle,
		joins: make(chan struct{}, maxJoins), renewals: make(chan struct{}, maxRenewals), strangers: newCrowd(strangersMax, firstWords),
	}
	if !e.admission.CompareAndSwap(nil, newAdmission(s.cfg.Handshakes)) {
		return errors.New("cannot listen: this endpoint listens already")
	}
	defer e.admission.Store(nil)
	listener, err := e.transport.Listen(listenTLS(&s.cfg, e.ticketKey), quicConfig(helloTimeout))
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", e.LocalAddr(), err)
	}
	accepting, stop := context.WithCancelCause(ctx)
	s.tasks.Go(func() {
		if err := s.listenTCP(accepting); err != nil {
			stop(err)
		}
	})
	for {
		// Nothing but this may be done here: the library's queue is short.
		var connection *quic.Conn
		if connection, err = listener.Accept(accepting); err != nil {
			break
		}
		s.tasks.Go(func() { s.receive(accepting, newQUICWire(connection)) })
	}
	listener.Close() // the connections live on
	if accepting.Err() != nil {
		err = context.Cause(accepting)
		s.dismiss()
	} // else the endpoint was closed, and all connections with it
	stop(nil)
	s.tasks.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("cannot listen on %s any longer: %w", e.LocalAddr(), err)
}

// receive takes a wire, whose handshake is done, until its peer is welcome, and has another
// goroutine take it through the rest of its life: this one's stack has grown by all that.
func (s *server) receive(ctx context.Context, w wire) {
	defer leave(w.Context())
	if w.TLS().NegotiatedProtocol == protoJoin {
		s.receiveJoiner(ctx, w)
		return
	}
	c, err := s.meet(ctx, w)
	if err != nil {
		s.cfg.Logger.Info("link: a peer is not welcome", "remote", w.RemoteAddr().String(), "error", err)
		w.CloseWithError(codeOf(err), shorten(err.Error()))
		return
	}
	seat, err := s.seats.take(c)
	if err != nil {
		c.shut(codeOf(err), err.Error())
		return
	}
	if err := c.send(frameWelcome, c.welcome.message()); err != nil {
		seat.free(&s.seats, c)
		return
	}
	s.tasks.Go(func() { s.attend(ctx, c, seat) })
}

// attend has a peer handled that was welcomed.
func (s *server) attend(ctx context.Context, c *Conn, place *seat) {
	defer place.free(&s.seats, c)
	c.begin()
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
func (s *server) meet(ctx context.Context, w wire) (*Conn, error) {
	if err := w.ready(ctx); err != nil {
		return nil, tooSlow(err)
	}
	c, err := newConn(w)
	if err != nil {
		return nil, err
	}
	c.listener, c.server = true, s
	kind, body, err := c.read()
	if err != nil {
		return nil, tooSlow(err)
	}
	if kind != frameHello {
		return nil, fmt.Errorf("%w: the first frame is no Hello", ErrMalformed)
	}
	w.SetReadDeadline(time.Time{})
	var m linkpb.Hello
	if err := decode(body, &m); err != nil {
		return nil, err
	}
	if c.hello, err = helloOf(&m); err != nil {
		return nil, err
	}
	c.welcome, err = s.welcome(c.hello, c.peer.Kind)
	return c, err
}

func (s *server) welcome(hello Hello, kind Kind) (Welcome, error) {
	protocol, err := agree(hello.Protocol)
	heartbeat := s.cfg.Heartbeat
	if other := s.cfg.Heartbeats[kind]; other > 0 {
		heartbeat = heartbeatOf(other)
	}
	hubs := s.cfg.Hubs()
	return Welcome{
		Protocol: protocol, Features: common(s.cfg.Features, hello.Features),
		Software: s.cfg.Software, Node: s.cfg.Node, Now: time.Now(),
		Heartbeat: heartbeat, ReconnectSpread: s.cfg.Spread(), Hubs: hubs[:min(len(hubs), maxHubs)],
	}, err
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
