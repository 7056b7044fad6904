package link

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"keng/proto/link/linkpb"
)

// Renewal on a live connection. The dialler asks with a frame Renew, at half the life of
// its certificate; the hub answers Renewed. Both travel between the payloads and hold none
// of them up: the hub signs in a goroutine of its own, and the new certificate is used at
// the next dial. A connection outlives the certificate with which it began; who is not to
// be trusted any more is put out by [Conn.Refuse].

const (
	renewTimeout = 30 * time.Second // from Renew to Renewed
	renewPause   = 10 * time.Second // between two renewals of one connection, at the hub
	// renewSpread is the least over which renewals are spread that are due at once: after
	// a change of authority, or when many come back.
	renewSpread = 2 * time.Second
	maxRenewals = 32 // answered at once
)

const (
	renewBusy   = "the hub renews many certificates at the moment"
	renewFailed = "the hub could not renew the certificate; its log says why"
)

// errNotNow says that the hub could not renew for a reason that passes: it closes the
// connection, which the dialler does not take for a refusal.
var errNotNow = errors.New("the hub cannot renew certificates at the moment; try again later")

// attend does what the link itself is asked between payloads.
func (c *Conn) attend(kind protowire.Number, body []byte) error {
	switch {
	case kind == frameRenew && c.server != nil:
		var m linkpb.Renew
		if err := decode(body, &m); err != nil {
			return err
		}
		c.server.renew(c, m.Csr)
	case kind == frameRenewed && c.identity != nil:
		m := new(linkpb.Renewed)
		if err := decode(body, m); err != nil {
			return err
		}
		select {
		case c.renewed <- m:
		default: // to a question that nobody waits for any more
		}
	case kind == frameTrust && c.identity != nil:
		var m linkpb.Trust
		if err := decode(body, &m); err != nil {
			return err
		}
		return c.heedTrust(&m)
	}
	return nil // else it is not for this side
}

// heedTrust takes over which authorities the hub says are to be trusted.
func (c *Conn) heedTrust(m *linkpb.Trust) error {
	authorities, err := parseAuthorities(m.Authorities)
	if err != nil {
		return fmt.Errorf("%w: authorities to trust: %w", ErrMalformed, err)
	}
	if err := c.identity.trust(authorities); err != nil {
		c.identity.logger.Error("link: which authorities to trust cannot be saved", "error", err)
	}
	return nil
}

// Trust tells the dialler which authorities to trust from now on, the one that signs
// first. Only a hub says so; a dialler with a [DialConfig].Identity heeds it, and renews its
// certificate if another authority has signed it.
func (c *Conn) Trust(authorities []*x509.Certificate) error {
	return c.send(frameTrust, &linkpb.Trust{Authorities: rawOf(authorities)})
}

func rawOf(certificates []*x509.Certificate) [][]byte {
	raw := make([][]byte, len(certificates))
	for i, certificate := range certificates {
		raw[i] = certificate.Raw
	}
	return raw
}

// keepRenewed renews the identity whenever that is due, over this connection. It is a
// dialler's goroutine; it ends with the connection.
func (c *Conn) keepRenewed(id *Identity) {
	spread := max(c.welcome.ReconnectSpread, renewSpread)
	earliest := time.Now().Add(jitter(spread))
	for {
		due, changed := id.due()
		timer := time.NewTimer(time.Until(later(due, earliest)))
		select {
		case <-c.ctx.Done():
			timer.Stop()
			return
		case <-changed:
			timer.Stop()
			earliest = later(earliest, time.Now().Add(jitter(spread)))
			continue
		case <-timer.C:
		}
		wait := renewRetryMin // another connection is at it
		if id.claim() {
			wait = id.release(c.renew(id))
		}
		earliest = time.Now().Add(wait)
	}
}

// renew asks for a certificate for a new key, and keeps it.
func (c *Conn) renew(id *Identity) error {
	who, err := id.Credentials().Peer()
	if err != nil {
		return err
	}
	key, csr, err := newRequest()
	if err != nil {
		return err
	}
	select {
	case <-c.renewed: // an answer that came too late
	default:
	}
	if err := c.send(frameRenew, &linkpb.Renew{Csr: csr}); err != nil {
		return err
	}
	timer := time.NewTimer(renewTimeout)
	defer timer.Stop()
	var m *linkpb.Renewed
	select {
	case m = <-c.renewed:
	case <-timer.C:
		return fmt.Errorf("hub %s has not answered within %s", c.welcome.Node, renewTimeout)
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
	if m.Refused != "" {
		return fmt.Errorf("%w: %s", ErrRefused, printable(m.Refused))
	}
	renewed, err := renewedCredentials(m.Certificates, m.Authorities, key, who)
	if err != nil {
		return err
	}
	return id.take(renewed)
}

// newRequest makes a key and a signing request for it.
func newRequest() (*ecdsa.PrivateKey, []byte, error) {
	key, err := NewKey()
	if err != nil {
		return nil, nil, err
	}
	csr, err := NewSigningRequest(key)
	return key, csr, err
}

// renew answers a dialler that asks for a new certificate: one question of a connection at
// a time, so many at once, and never on the goroutine that receives.
func (s *server) renew(c *Conn, csr []byte) {
	if !c.renewing.CompareAndSwap(false, true) {
		return
	}
	s.tasks.Go(func() {
		defer c.renewing.Store(false)
		reply, err := s.answerRenewal(c.ctx, c.peer, csr)
		m := &linkpb.Renewed{Refused: reply.Refused, Certificates: reply.Certificates, Authorities: reply.Authorities}
		if err != nil {
			m = &linkpb.Renewed{Refused: err.Error()}
		}
		if c.send(frameRenewed, m) != nil {
			return
		}
		timer := time.NewTimer(renewPause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.ctx.Done():
		}
	})
}

// answerRenewal asks the hub. An error is for the peer's eyes.
func (s *server) answerRenewal(ctx context.Context, peer Peer, csr []byte) (JoinReply, error) {
	select {
	case s.renewals <- struct{}{}:
		defer func() { <-s.renewals }()
	default:
		return JoinReply{}, errors.New(renewBusy)
	}
	if s.cfg.Renew == nil {
		return JoinReply{Refused: "this hub renews no certificates"}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	reply, err := s.cfg.Renew(ctx, peer, csr)
	if err != nil {
		s.cfg.Logger.Error("link: cannot renew a certificate", "peer", peer.String(), "error", err)
		return JoinReply{}, errors.New(renewFailed)
	}
	reply.Refused = shorten(reply.Refused)
	return reply, nil
}
