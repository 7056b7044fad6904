package link

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Neither side lets crypto/tls verify the chain: both do it in VerifyConnection,
// which is called on resumed connections too. So every connection is judged by the
// authorities, the clock and the list of revoked peers of this moment.

// serverName is sent by every dialler. It names no host: hubs are known by their
// SPIFFE ID. It is one name for all, because the hubs of a cluster share their ticket
// keys and a session begun with one resumes with another.
const serverName = "keng"

// dialTLS is the dialler's side of protoLink.
func dialTLS(own Credentials, sessions tls.ClientSessionCache) (*tls.Config, error) {
	leaf, err := own.Leaf()
	if err != nil {
		return nil, fmt.Errorf("cannot dial: %w", err)
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		NextProtos:         []string{protoLink},
		ServerName:         serverName,
		Certificates:       []tls.Certificate{own.bare()},
		ClientSessionCache: sessionsOf(sessions, leaf),
		InsecureSkipVerify: true, // see VerifyConnection
		VerifyConnection: func(state tls.ConnectionState) error {
			_, err := verifyHub(state.PeerCertificates, own.Authorities, leaf)
			return err
		},
	}, nil
}

// listenTLS is the hub's side of both protocols. own is asked for each connection,
// because certificates are renewed and authorities change while the hub runs.
func listenTLS(cfg *ListenConfig, ticketKey [32]byte) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			own := cfg.Credentials()
			for _, protocol := range hello.SupportedProtos {
				switch {
				case protocol == protoLink:
					return mutualTLS(cfg, own, ticketKey), nil
				case protocol == protoJoin && cfg.Join != nil:
					return joinersTLS(own), nil
				}
			}
			// Let crypto/tls say that there is no common protocol.
			return joinersTLS(own, protoLink), nil
		},
	}
}

func mutualTLS(cfg *ListenConfig, own Credentials, ticketKey [32]byte) *tls.Config {
	config := &tls.Config{
		MinVersion:   tls.VersionTLS13,
		NextProtos:   []string{protoLink},
		Certificates: []tls.Certificate{own.bare()},
		ClientAuth:   tls.RequireAnyClientCert, // see VerifyConnection
		VerifyConnection: func(state tls.ConnectionState) error {
			err := admitPeer(cfg, state.PeerCertificates, own.Authorities)
			if err != nil {
				// The dialler hears only an alert, so the words go here.
				cfg.Logger.Warn("link: a certificate is not accepted", "error", err)
			}
			return err
		},
	}
	config.SetSessionTicketKeys([][32]byte{ticketKey})
	return config
}

func joinersTLS(own Credentials, protocols ...string) *tls.Config {
	if len(protocols) == 0 {
		protocols = []string{protoJoin}
	}
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		NextProtos:             protocols,
		Certificates:           []tls.Certificate{own.Certificate},
		SessionTicketsDisabled: true,
	}
}

func admitPeer(cfg *ListenConfig, chain, authorities []*x509.Certificate) error {
	peer, err := verifyChainAt(chain, authorities, x509.ExtKeyUsageClientAuth, time.Now())
	if err != nil {
		return err
	}
	if cfg.Admit == nil {
		return nil
	}
	if err := cfg.Admit(peer, chain[0]); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrCertificate, peer, err)
	}
	return nil
}

// verifyHub verifies that a chain is a hub's. known is a certificate that was issued in
// the past, by which a clock that cannot be right is found out; see present.
func verifyHub(chain, authorities []*x509.Certificate, known *x509.Certificate) (Peer, error) {
	if len(chain) == 0 {
		return Peer{}, fmt.Errorf("%w: there is none", ErrCertificate)
	}
	peer, err := verifyChainAt(chain, authorities, x509.ExtKeyUsageServerAuth, present(known, chain[0]))
	if err != nil {
		return Peer{}, err
	}
	if peer.Kind != Hub {
		return Peer{}, fmt.Errorf("%w: %s is no hub", ErrCertificate, peer)
	}
	return peer, nil
}

// present is the moment at which to judge a certificate. A machine whose clock is before
// the beginning of a certificate that it holds (many a router wakes in 1970) has none: it
// knows no more than that it is later than that, and takes the other's certificate as begun.
func present(known, judged *x509.Certificate) time.Time {
	now := time.Now()
	if !now.Before(known.NotBefore) {
		return now
	}
	return later(known.NotBefore, judged.NotBefore)
}

// verifyChainAt verifies a peer's chain, leaf first, at a moment, and returns who it is.
func verifyChainAt(chain, authorities []*x509.Certificate, usage x509.ExtKeyUsage, at time.Time) (Peer, error) {
	if len(chain) == 0 {
		return Peer{}, fmt.Errorf("%w: there is none", ErrCertificate)
	}
	options := x509.VerifyOptions{
		Roots: pool(authorities), Intermediates: pool(chain[1:]),
		CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{usage},
	}
	leaf := chain[0]
	if _, err := leaf.Verify(options); err != nil {
		return Peer{}, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	if leaf.IsCA {
		return Peer{}, fmt.Errorf("%w: it is an authority's, not a peer's", ErrCertificate)
	}
	peer, err := PeerOf(leaf)
	if err != nil {
		return Peer{}, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	return peer, nil
}

// verifyFingerprint verifies that a chain is a hub's of the authority that a token
// names. The authority must be in the chain; it is returned.
func verifyFingerprint(chain []*x509.Certificate, fingerprint [32]byte) (*x509.Certificate, error) {
	for _, certificate := range chain {
		if !certificate.IsCA || Fingerprint(certificate) != fingerprint {
			continue
		}
		if _, err := verifyHub(chain, []*x509.Certificate{certificate}, certificate); err != nil {
			return nil, err
		}
		return certificate, nil
	}
	return nil, fmt.Errorf("%w: check the address and the token", ErrFingerprint)
}

// TLS is the configuration of a dialler that has nothing but the token: it accepts only
// a hub of the authority that the token names. What protocol is spoken is to be added.
func (t Token) TLS() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		ServerName:         serverName,
		InsecureSkipVerify: true, // see VerifyConnection
		VerifyConnection: func(state tls.ConnectionState) error {
			_, err := verifyFingerprint(state.PeerCertificates, t.Fingerprint)
			return err
		},
	}
}

func pool(certificates []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, certificate := range certificates {
		pool.AddCert(certificate)
	}
	return pool
}

// sessionCache keeps the sessions of one identity apart from those of others that
// dial from the same endpoint: a resumed session speaks for whom it was begun.
type sessionCache struct {
	tls.ClientSessionCache
	identity string
}

func sessionsOf(all tls.ClientSessionCache, leaf *x509.Certificate) tls.ClientSessionCache {
	identity := sha256.Sum256(leaf.Raw)
	return sessionCache{all, string(identity[:])}
}

func (c sessionCache) Get(key string) (*tls.ClientSessionState, bool) {
	return c.ClientSessionCache.Get(c.identity + key)
}

func (c sessionCache) Put(key string, session *tls.ClientSessionState) {
	c.ClientSessionCache.Put(c.identity+key, session)
}

// parseChain parses certificates in DER.
func parseChain(ders [][]byte) ([]*x509.Certificate, error) {
	if len(ders) > maxChain {
		return nil, fmt.Errorf("%d certificates, at most %d", len(ders), maxChain)
	}
	chain := make([]*x509.Certificate, len(ders))
	for i, der := range ders {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		chain[i] = certificate
	}
	if len(chain) == 0 {
		return nil, errors.New("no certificate")
	}
	return chain, nil
}

const maxChain = 16
