package link

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"time"
)

const (
	// DefaultLifetime is how long a peer's certificate is valid.
	DefaultLifetime = 7 * 24 * time.Hour

	authorityLifetime = 20 * 365 * 24 * time.Hour
	// clockSkew is how far a peer's clock may be behind the signer's.
	clockSkew = 5 * time.Minute
)

// Authority signs the certificates of a cluster. Safe for concurrent use.
type Authority struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
}

// NewAuthority makes a key (ECDSA on P-256) and a certificate for it, valid for 20
// years from now.
func NewAuthority(now time.Time) (Authority, error) {
	key, err := NewKey()
	if err != nil {
		return Authority{}, err
	}
	serial := newSerial()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: fmt.Sprintf("keng authority %x", serial.Bytes()[:4])},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(authorityLifetime),
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return Authority{}, fmt.Errorf("cannot make the authority's certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	return Authority{Certificate: certificate, Key: key}, err
}

// ParseAuthority reads what [Authority.Marshal] wrote.
func ParseAuthority(certificate, key []byte) (Authority, error) {
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		return Authority{}, fmt.Errorf("cannot read the authority's certificate: %w", err)
	}
	private, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		return Authority{}, fmt.Errorf("cannot read the authority's key: %w", err)
	}
	signer, ok := private.(*ecdsa.PrivateKey)
	if !ok || !signer.PublicKey.Equal(parsed.PublicKey) {
		return Authority{}, errors.New("the authority's key does not belong to its certificate")
	}
	return Authority{Certificate: parsed, Key: signer}, nil
}

// Marshal returns the certificate (DER) and the key (PKCS #8, DER). Seal the key
// before it is stored.
func (a Authority) Marshal() (certificate, key []byte, err error) {
	key, err = x509.MarshalPKCS8PrivateKey(a.Key)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot encode the authority's key: %w", err)
	}
	return a.Certificate.Raw, key, nil
}

// Issue certifies that whoever holds a public key is a peer, from five minutes
// before now (clocks differ) until lifetime after it; 0 is [DefaultLifetime]. It returns
// the certificate in DER.
func (a Authority) Issue(peer Peer, publicKey crypto.PublicKey, now time.Time, lifetime time.Duration) ([]byte, error) {
	if err := peer.Valid(); err != nil {
		return nil, fmt.Errorf("cannot certify %s: %w", peer, err)
	}
	if key, ok := publicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("cannot certify %s: its key is not an ECDSA key on P-256", peer)
	}
	if lifetime == 0 {
		lifetime = DefaultLifetime
	}
	usage := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if peer.Kind == Hub {
		usage = append(usage, x509.ExtKeyUsageServerAuth)
	}
	end := now.Add(lifetime)
	if end.After(a.Certificate.NotAfter) {
		end = a.Certificate.NotAfter
	}
	template := &x509.Certificate{
		SerialNumber:          newSerial(),
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              end,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           usage,
		URIs:                  []*url.URL{peer.URI()},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.Certificate, publicKey, a.Key)
	if err != nil {
		return nil, fmt.Errorf("cannot certify %s: %w", peer, err)
	}
	return der, nil
}

// Sign certifies the public key in a certificate signing request (PKCS #10, DER), as
// [Authority.Issue] does. Nothing else in the request is believed; its signature
// proves that the asker holds the key.
func (a Authority) Sign(csr []byte, peer Peer, now time.Time, lifetime time.Duration) ([]byte, error) {
	request, err := x509.ParseCertificateRequest(csr)
	if err != nil {
		return nil, fmt.Errorf("cannot read the signing request: %w", err)
	}
	if err := request.CheckSignature(); err != nil {
		return nil, fmt.Errorf("the signing request is not signed by its own key: %w", err)
	}
	return a.Issue(peer, request.PublicKey, now, lifetime)
}

// Credentials makes a key and certifies it: for a hub, which has the authority at
// hand. The chain includes the authority, because a joiner looks for it there.
func (a Authority) Credentials(peer Peer, now time.Time, lifetime time.Duration) (Credentials, error) {
	key, err := NewKey()
	if err != nil {
		return Credentials{}, err
	}
	leaf, err := a.Issue(peer, key.Public(), now, lifetime)
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{
		Certificate: tls.Certificate{Certificate: [][]byte{leaf, a.Certificate.Raw}, PrivateKey: key},
		Authorities: []*x509.Certificate{a.Certificate},
	}, nil
}

// NewSigningRequest makes a request (PKCS #10, DER) for a certificate of a key, to
// join or to renew. It says nothing but the public key.
func NewSigningRequest(key crypto.Signer) ([]byte, error) {
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, fmt.Errorf("cannot make the signing request: %w", err)
	}
	return der, nil
}

// NewKey makes a private key of the kind that every peer has: ECDSA on P-256.
func NewKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make a key: %w", err)
	}
	return key, nil
}

// newSerial returns 127 random bits: positive, and at most 20 octets as RFC 5280 demands.
func newSerial() *big.Int {
	serial := make([]byte, 16)
	rand.Read(serial) // never fails, by its contract
	serial[0] = serial[0]&0x7f | 0x40
	return new(big.Int).SetBytes(serial)
}
