package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"keng/proto/link/linkpb"
)

// DialConfig is how to dial. Credentials or Identity is required.
type DialConfig struct {
	// Credentials is asked at each dial, because they are renewed.
	Credentials func() Credentials
	// Identity takes the place of Credentials, and is renewed over the connections
	// that are dialled.
	Identity *Identity
	// Software is for people: "keng-agent 0.1.0 linux/arm64".
	Software string
	// Features are optional abilities, by name. At most 64.
	Features []string
	// BootID is random and new at each start of the process. At most 64 bytes.
	BootID []byte
	// Timeout bounds a dial until Welcome. Default 30 s.
	Timeout time.Duration
	// Logger hears of attempts and losses. Default: nobody.
	Logger *slog.Logger
	// Resolve finds the address of "host:port". Default: the system's resolver.
	Resolve func(ctx context.Context, address string) (net.Addr, error)
}

func (e *Endpoint) withDefaults(cfg DialConfig) DialConfig {
	if cfg.Timeout <= 0 {
		cfg.Timeout = dialTimeout
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Resolve == nil {
		cfg.Resolve = e.resolve
	}
	return cfg
}

// Dial connects to the hub at "host:port" and returns when it has said Welcome.
// It dials over UDP, and if nothing answers soon over TCP as well; which of them worked is
// remembered. The listener must be a hub of one of the authorities that the credentials trust.
// The connection lives until it is closed or lost, whatever becomes of ctx.
//
// Errors to tell apart: [ErrCertificate], [ErrRefused], [ErrBusy], [ErrLost],
// [context.DeadlineExceeded].
func (e *Endpoint) Dial(ctx context.Context, address string, cfg DialConfig) (*Conn, error) {
	return e.dialOnly(ctx, address, e.withDefaults(cfg), "")
}

// dialOnly is Dial over one network, if that is not empty. The defaults are set.
func (e *Endpoint) dialOnly(ctx context.Context, address string, cfg DialConfig, only network) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	c, err := e.dialAs(ctx, address, cfg, only)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to hub %s: %w", address, err)
	}
	go c.beat(c.welcome.Heartbeat)
	if c.identity != nil {
		go c.keepRenewed(c.identity)
	}
	return c, nil
}

// dial connects over whichever network answers, or over the only one that is named.
func (e *Endpoint) dial(ctx context.Context, address string, cfg DialConfig, only network) (*Conn, error) {
	own := cfg.Credentials()
	w, over, err := e.open(ctx, opening{
		address: address, resolve: cfg.Resolve, silence: cfg.Timeout, only: only,
		tls: func(over network) (*tls.Config, error) { return dialTLS(own, e.sessionsOver(over)) },
	})
	if err != nil {
		return nil, err
	}
	c, err := introduce(ctx, w, cfg)
	if err != nil {
		w.CloseWithError(CodeDone, "no welcome")
		return nil, err
	}
	e.ways.worked(address, over)
	return c, nil
}

// sessionsOver keeps the TLS sessions of the two networks apart: QUIC puts things of its
// own into them.
func (e *Endpoint) sessionsOver(over network) tls.ClientSessionCache {
	return sessionCache{e.sessions, string(over)}
}

// introduce says Hello and waits for Welcome.
func introduce(ctx context.Context, w wire, cfg DialConfig) (*Conn, error) {
	c, err := newConn(w)
	if err != nil {
		return nil, err
	}
	c.hello = Hello{Protocol: protocolNewest, Features: cfg.Features, Software: cfg.Software, BootID: cfg.BootID}
	// The deadline of ctx and its cancellation both end the wait for Welcome.
	stop := context.AfterFunc(ctx, func() { w.SetReadDeadline(time.Now()) })
	defer stop()
	err = c.send(frameHello, c.hello.message())
	if err == nil {
		err = c.awaitWelcome()
	}
	if err == nil && !stop() {
		err = context.Cause(ctx) // it came in the very last moment
	}
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("the hub said no Welcome: %w", context.Cause(ctx))
	}
	if err != nil {
		return nil, err
	}
	c.begin()
	return c, nil
}

func (c *Conn) awaitWelcome() error {
	kind, body, err := c.read()
	if err != nil {
		return c.whyNot(err)
	}
	if kind != frameWelcome {
		return fmt.Errorf("%w: the hub's first frame is no Welcome", ErrMalformed)
	}
	var m linkpb.Welcome
	if err := decode(body, &m); err != nil {
		return err
	}
	c.welcome, err = welcomeOf(&m)
	return err
}

// whyNot explains an error before Welcome. Here an orderly end is a failure too.
func (c *Conn) whyNot(err error) error {
	if errors.Is(err, ErrMalformed) || errors.Is(err, ErrTooLong) {
		return err
	}
	return translate(err)
}
