package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"
)

// strangersMax is how many TCP connections may be open whose handshake has not begun: who has
// not said a word yet takes no place from those who have. When all are there the slowest gives
// way; see [crowd].
const strangersMax = 1024

// acceptPause is how long to wait after a passing error, as when file descriptors have run
// out.
const acceptPause = 100 * time.Millisecond

// acceptTCP accepts connections until the listener is closed, and takes each through its
// life.
func (s *server) acceptTCP(ctx context.Context, listener net.Listener) error {
	config := s.admitting(listenTLS(&s.cfg, s.endpoint.ticketKey))
	for {
		socket, err := listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed), err != nil && ctx.Err() != nil:
			return err
		case err != nil:
			s.cfg.Logger.Warn("link: cannot accept a TCP connection", "error", err)
			sleep(ctx, acceptPause)
			continue
		}
		known, ok := s.strangers.enter(func() { socket.Close() })
		if !ok {
			socket.Close()
			continue
		}
		s.tasks.Go(func() { s.greet(ctx, socket, config, known) })
	}
}

// admitting lets a handshake over TCP begin only if admission has a place for it: when the
// other side has said what it wants, and before anything is spent on TLS. Who is refused
// hears an alert, which its side takes for ErrBusy.
func (s *server) admitting(config *tls.Config) *tls.Config {
	choose := config.GetConfigForClient
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		arrival := hello.Context().Value(arrivalKey{}).(*arrival)
		if err := arrival.enter(s.endpoint.admission.Load()); err != nil {
			return nil, err // internal_error on the wire
		}
		return choose(hello)
	}
	return config
}

// arrival is a TCP connection before its handshake is done.
type arrival struct {
	life   context.Context // the context of the wire to be
	socket net.Conn
	known  func() // it has said what it wants
	leave  func() // the crowd of those whose handshake is under way; nil: it is not in it
}

// enter takes a place for the handshake. Until that is done it may have to give way.
func (a *arrival) enter(places *admission) error {
	leave, ok := places.enterCrowd(func() { a.socket.Close() })
	if !ok {
		return ErrBusy
	}
	a.leave = leave
	admitted, err := places.enter(a.life)
	if err != nil {
		return err
	}
	a.life = admitted
	a.known()
	return nil
}

// through says that the handshake is over, well or not.
func (a *arrival) through() {
	if a.leave != nil {
		a.leave()
	}
}

type arrivalKey struct{}

// greet takes a TCP connection through its handshake and what follows.
func (s *server) greet(ctx context.Context, socket net.Conn, config *tls.Config, known func()) {
	defer known()
	w, err := s.shakeHands(ctx, socket, config, known)
	if err != nil {
		s.cfg.Logger.Debug("link: a handshake over TCP failed", "remote", socket.RemoteAddr().String(), "error", err)
		return
	}
	s.receive(ctx, w)
}

func (s *server) shakeHands(ctx context.Context, socket net.Conn, config *tls.Config, known func()) (wire, error) {
	life, end := context.WithCancel(context.Background())
	a := &arrival{life: life, socket: socket, known: known}
	defer a.through()
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, arrivalKey{}, a), helloTimeout)
	defer cancel()
	remove := s.endpoint.sockets.add(socket)
	closed := func() { remove(); end() }
	conn := tls.Server(socket, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		leave(a.life)
		closeGently(socket) // what we have against it is in an alert
		closed()
		return nil, err
	}
	return newTCPWire(a.life, conn, closed), nil
}

// listenTCP accepts from all TCP listeners until ctx ends, and closes them. The error is
// why one cannot accept any longer.
func (s *server) listenTCP(ctx context.Context) error {
	if len(s.cfg.TCP) == 0 {
		return nil
	}
	failed := make(chan error, len(s.cfg.TCP))
	for _, listener := range s.cfg.TCP {
		s.tasks.Go(func() { failed <- s.acceptTCP(ctx, listener) })
	}
	var err error
	select {
	case <-ctx.Done():
	case cause := <-failed:
		err = fmt.Errorf("cannot listen for TCP any longer: %w", cause)
	}
	for _, listener := range s.cfg.TCP {
		listener.Close()
	}
	return err
}
