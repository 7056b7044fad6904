package link

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"keng/proto/link/linkpb"
)

// A machine that was off for longer than its certificate lives comes back by itself: on
// the ALPN of joiners it shows the expired certificate and proves that it has the key, by
// a signature over this connection's exported keying material (RFC 9266's idea: a proof
// that was made for one connection is worth nothing on another) and the signing request.
// No token is needed. It trusts the authorities that it has.

// RenewalGrace is for how long after its end a certificate can be renewed.
const RenewalGrace = 90 * 24 * time.Hour

const (
	proofLabel = "EXPORTER-keng-renew/1"
	proofBytes = 32  // of keying material
	maxProof   = 256 // bytes of a signature
)

// dialAs dials with an identity that is renewed: if the certificate has expired, or the
// hub does not accept it, it is renewed with proof first.
func (e *Endpoint) dialAs(ctx context.Context, address string, cfg DialConfig, only network) (*Conn, error) {
	id := cfg.Identity
	if id == nil {
		return e.dial(ctx, address, cfg, only)
	}
	own := id.Credentials()
	cfg.Credentials = func() Credentials { return own }
	if id.expired(own) {
		if err := e.renewWithProof(ctx, address, cfg, only, own); err != nil {
			return nil, fmt.Errorf("the certificate of this machine has expired, and cannot be renewed: %w", err)
		}
		own = id.Credentials()
	}
	c, err := e.dial(ctx, address, cfg, only)
	if errors.Is(err, ErrCertificate) && id.refused(own) {
		own = id.Credentials() // the one of before, which worked
		c, err = e.dial(ctx, address, cfg, only)
	}
	if errors.Is(err, ErrCertificate) {
		// In the handshake the hub cannot say what is wrong with the certificate. Here
		// it can; and if it only has expired, and our clock does not know, it is renewed.
		switch why := e.renewWithProof(ctx, address, cfg, only, own); {
		case why == nil:
			own = id.Credentials()
			c, err = e.dial(ctx, address, cfg, only)
		case errors.Is(why, ErrRefused):
			err = why
		}
	}
	if err != nil {
		return nil, err
	}
	c.identity = id
	id.hear(c.welcome.Now)
	id.welcomed(own)
	return c, nil
}

// renewWithProof gets a certificate for a new key from the hub at an address.
func (e *Endpoint) renewWithProof(ctx context.Context, address string, cfg DialConfig, only network, old Credentials) error {
	leaf, err := old.Leaf()
	if err != nil {
		return err
	}
	who, err := PeerOf(leaf)
	if err != nil {
		return err
	}
	key, csr, err := newRequest()
	if err != nil {
		return err
	}
	w, over, err := e.open(ctx, opening{
		address: address, resolve: cfg.Resolve, silence: joinSilence, only: only,
		tls: func(network) (*tls.Config, error) { return proofTLS(old, leaf), nil },
	})
	if err != nil {
		return silence(err)
	}
	defer w.CloseWithError(CodeDone, "renewed")
	e.ways.worked(address, over)
	proof, err := prove(w.TLS(), old.Certificate.PrivateKey, csr)
	if err != nil {
		return err
	}
	reply, err := ask(ctx, w, &linkpb.JoinRequest{
		Csr: csr, Kind: string(who.Kind), Expired: old.bare().Certificate, Proof: proof,
	})
	if err != nil {
		return err
	}
	if reply.Now.IsValid() {
		cfg.Identity.hear(reply.Now.AsTime())
	}
	if reply.Refused != "" {
		return fmt.Errorf("%w: %s", ErrRefused, printable(reply.Refused))
	}
	renewed, err := renewedCredentials(reply.Certificates, reply.Authorities, key, who)
	if err != nil {
		return err
	}
	if err := cfg.Identity.take(renewed); err != nil {
		return nil // it is logged, and the certificate is good until this process ends
	}
	cfg.Logger.Info("link: the certificate had expired and is renewed", "until", renewed.Certificate.Leaf.NotAfter)
	return nil
}

// proofTLS is the configuration of a dialler that shows no certificate, but knows whom
// to trust.
func proofTLS(old Credentials, leaf *x509.Certificate) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		NextProtos:         []string{protoJoin},
		ServerName:         serverName,
		InsecureSkipVerify: true, // see VerifyConnection
		VerifyConnection: func(state tls.ConnectionState) error {
			_, err := verifyHub(state.PeerCertificates, old.Authorities, leaf)
			return err
		},
	}
}

// prove signs a connection and a signing request with the old key.
func prove(state tls.ConnectionState, old crypto.PrivateKey, csr []byte) ([]byte, error) {
	signer, ok := old.(crypto.Signer)
	if !ok {
		return nil, errors.New("the old key cannot sign")
	}
	digest, err := proofDigest(state, csr)
	if err != nil {
		return nil, err
	}
	return signer.Sign(rand.Reader, digest, crypto.SHA256)
}

// proofDigest is what is signed.
func proofDigest(state tls.ConnectionState, csr []byte) ([]byte, error) {
	material, err := state.ExportKeyingMaterial(proofLabel, nil, proofBytes)
	if err != nil {
		return nil, fmt.Errorf("this connection exports no keying material: %w", err)
	}
	digest := sha256.Sum256(append(material, csr...)) // the material has a fixed length
	return digest[:], nil
}

// judgeProof verifies an expired certificate and the proof, and returns whose it is. An
// error is for the dialler's people. The digest is what the proof should be of.
func judgeProof(m *linkpb.JoinRequest, digest []byte, authorities []*x509.Certificate, now time.Time) (Peer, error) {
	chain, err := parseChain(m.Expired)
	if err != nil || len(m.Proof) > maxProof {
		return Peer{}, errors.New("the expired certificate cannot be read")
	}
	leaf := chain[0]
	if now.Sub(leaf.NotAfter) > RenewalGrace {
		return Peer{}, fmt.Errorf("the certificate ended on %s, more than %d days ago: let this machine join again with a token",
			leaf.NotAfter.UTC().Format(time.DateOnly), RenewalGrace/(24*time.Hour))
	}
	peer, err := PeerOf(leaf)
	switch {
	case err != nil || !issuedHere(leaf, authorities, now):
		return Peer{}, errors.New("the certificate is not of an authority that this cluster trusts: let this machine join again with a token")
	case peer.Kind != Agent && peer.Kind != Gateway:
		return Peer{}, errors.New("only agents and gateways renew in this way")
	}
	key, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok || !ecdsa.VerifyASN1(key, digest, m.Proof) {
		return Peer{}, errors.New("the proof is not by the key of the certificate")
	}
	return peer, nil
}

// issuedHere reports whether one of the authorities, which are good at the moment, has signed
// a peer's certificate. The end of the certificate's own life is not looked at.
func issuedHere(leaf *x509.Certificate, authorities []*x509.Certificate, now time.Time) bool {
	if leaf.IsCA || now.Before(leaf.NotBefore) || !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		return false
	}
	return slices.ContainsFunc(authorities, func(a *x509.Certificate) bool {
		return !now.Before(a.NotBefore) && now.Before(a.NotAfter) && leaf.CheckSignatureFrom(a) == nil
	})
}

// decideExpired answers who renews with proof. An error is one that passes.
func (s *server) decideExpired(ctx context.Context, m *linkpb.JoinRequest, state tls.ConnectionState) (JoinReply, error) {
	digest, err := proofDigest(state, m.Csr)
	if err != nil {
		return JoinReply{}, err
	}
	peer, err := judgeProof(m, digest, s.cfg.Credentials().Authorities, time.Now())
	if err != nil {
		return JoinReply{Refused: err.Error()}, nil
	}
	reply, err := s.answerRenewal(ctx, peer, m.Csr)
	if err != nil {
		return JoinReply{}, errNotNow
	}
	reply.ID = peer.ID
	return reply, nil
}
