package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"
)

// opening is what is to be dialled.
type opening struct {
	address string
	resolve func(ctx context.Context, address string) (net.Addr, error)
	// tls makes a configuration for each network.
	tls func(network) (*tls.Config, error)
	// silence is how long a handshake over UDP waits for a packet.
	silence time.Duration
	// only, if not empty, leaves the other network alone.
	only network
}

// opened is the outcome of one dial.
type opened struct {
	over network
	wire wire
	err  error
}

// open returns a wire to whoever proved at the address to be what the TLS configuration
// wants. It dials first over the network that worked last, at first UDP; if that fails or
// has kept silent for its head start, over the other one as well. The first whose handshake
// ends is it, and nothing was said on the other one: two Hellos of one peer would push each
// other out at the hub, and a token would be spent twice.
func (e *Endpoint) open(ctx context.Context, o opening) (wire, network, error) {
	remote, err := o.resolve(ctx, o.address)
	if err != nil {
		return nil, "", err
	}
	if o.only != "" {
		w, err := e.openOver(ctx, o.only, remote, o)
		return w, o.only, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	outcomes := make(chan opened, 2)
	try := func(over network) {
		w, err := e.openOver(ctx, over, remote, o)
		outcomes <- opened{over, w, err}
	}
	first := e.ways.first(o.address)
	go try(first)
	pending, failed := 1, []error(nil)
	second := time.NewTimer(e.ways.headStart(first))
	defer second.Stop()
	var begun bool
	for {
		select {
		case <-second.C:
			begun = true
			pending++
			go try(first.other())
			continue
		case outcome := <-outcomes:
			pending--
			if outcome.err == nil || decisive(outcome.err) {
				e.ways.answered(outcome.over)
				cancel()
				go discardWires(outcomes, pending)
				return outcome.wire, outcome.over, outcome.err
			}
			failed = append(failed, fmt.Errorf("over %s: %w", outcome.over, outcome.err))
			if !begun {
				second.Reset(0)
			} else if pending == 0 {
				return nil, "", noAnswer(ctx, failed)
			}
		}
	}
}

// decisive reports whether an error is a hub's answer, which would be no other over the
// other network.
func decisive(err error) bool {
	return errors.Is(err, ErrBusy) || errors.Is(err, ErrCertificate) || errors.Is(err, ErrFingerprint) || errors.Is(err, ErrRefused)
}

// noAnswer says why neither network led to a hub.
func noAnswer(ctx context.Context, failed []error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(failed) < 2 {
		return errors.Join(failed...)
	}
	return fmt.Errorf("%w; %w", failed[0], failed[1])
}

func discardWires(outcomes <-chan opened, pending int) {
	for range pending {
		if outcome := <-outcomes; outcome.wire != nil {
			outcome.wire.CloseWithError(CodeDone, "another way was quicker")
		}
	}
}

// openOver connects over one network, until the handshake is done.
func (e *Endpoint) openOver(ctx context.Context, over network, remote net.Addr, o opening) (wire, error) {
	config, err := o.tls(over)
	if err != nil {
		return nil, err
	}
	if over == overTCP {
		return e.openTCP(ctx, remote, config)
	}
	connection, err := e.transport.Dial(ctx, remote, config, quicConfig(o.silence))
	if err != nil {
		return nil, translate(err)
	}
	w := newQUICWire(connection)
	if err := w.open(); err != nil {
		w.CloseWithError(CodeDone, "no stream")
		return nil, translate(err)
	}
	return w, nil
}

func (e *Endpoint) openTCP(ctx context.Context, remote net.Addr, config *tls.Config) (wire, error) {
	socket, err := e.dialTCP(ctx, remote)
	if err != nil {
		return nil, translate(err)
	}
	closed := e.sockets.add(socket)
	conn := tls.Client(socket, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		closed()
		socket.Close()
		return nil, translate(err)
	}
	return newTCPWire(context.Background(), conn, closed), nil
}

// dialerTCP is implemented by sockets that have a TCP of their own: those of linktest.
type dialerTCP interface {
	DialTCP(ctx context.Context, remote net.Addr) (net.Conn, error)
}

func (e *Endpoint) dialTCP(ctx context.Context, remote net.Addr) (net.Conn, error) {
	if socket, ok := e.socket.(dialerTCP); ok {
		return socket.DialTCP(ctx, remote)
	}
	dialer := net.Dialer{KeepAlive: -1} // we have heartbeats of our own
	return dialer.DialContext(ctx, string(overTCP), remote.String())
}
