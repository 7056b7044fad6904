package link

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"strings"
)

// Kind is what a peer is.
type Kind string

// The kinds. They are part of identities: a value never changes its meaning.
const (
	Agent   Kind = "agent"
	Gateway Kind = "gateway"
	Hub     Kind = "hub"
)

// Valid reports whether k is one of the kinds above.
func (k Kind) Valid() bool { return k == Agent || k == Gateway || k == Hub }

// Peer is an identity: what, and which. The zero Peer is nobody.
type Peer struct {
	Kind Kind
	// ID is 1 to 128 of the characters A–Z a–z 0–9 . _ -
	ID string
}

const (
	uriPrefix = "spiffe://keng/"
	maxID     = 128
)

// String returns "agent/…", for people.
func (p Peer) String() string { return string(p.Kind) + "/" + p.ID }

// URI returns the SPIFFE ID spiffe://keng/<kind>/<id>.
func (p Peer) URI() *url.URL {
	return &url.URL{Scheme: "spiffe", Host: "keng", Path: "/" + string(p.Kind) + "/" + p.ID}
}

// Valid returns nil if the kind is known and the ID well formed.
func (p Peer) Valid() error {
	if !p.Kind.Valid() {
		return fmt.Errorf("kind %q is none of agent, gateway, hub", printable(string(p.Kind)))
	}
	if p.ID == "" || len(p.ID) > maxID {
		return fmt.Errorf("an id has 1 to %d characters, not %d", maxID, len(p.ID))
	}
	if p.ID == "." || p.ID == ".." {
		return fmt.Errorf("%q is not an id", p.ID)
	}
	for _, r := range p.ID {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-", r)) {
			return fmt.Errorf("an id has no %q in it", r)
		}
	}
	return nil
}

// ParsePeerURI is the inverse of [Peer.URI]. It takes only the one spelling that
// URI makes: no other case, escape, port, query or fragment.
func ParsePeerURI(uri string) (Peer, error) {
	path, ok := strings.CutPrefix(uri, uriPrefix)
	if !ok {
		return Peer{}, fmt.Errorf("%q does not begin with %s", printable(uri), uriPrefix)
	}
	kind, id, _ := strings.Cut(path, "/")
	peer := Peer{Kind: Kind(kind), ID: id}
	if err := peer.Valid(); err != nil {
		return Peer{}, err
	}
	return peer, nil
}

// PeerOf reads the identity in a certificate: its one SPIFFE ID. It does not
// verify the certificate.
func PeerOf(certificate *x509.Certificate) (Peer, error) {
	if len(certificate.URIs) != 1 {
		return Peer{}, fmt.Errorf("the certificate has %d URIs where one SPIFFE ID belongs", len(certificate.URIs))
	}
	return ParsePeerURI(certificate.URIs[0].String())
}
