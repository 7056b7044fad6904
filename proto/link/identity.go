package link

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Identity is the credentials of an agent or a gateway in a directory, as
// [SaveCredentials] writes them, which are renewed while it dials: see
// [DialConfig].Identity. It is safe for concurrent use, by several connections too;
// but a directory belongs to one process.
//
// A renewed certificate is kept beside the one before, in the folder "next", until a hub
// has welcomed it. If hubs refuse it the one before is used again.
type Identity struct {
	dir    string
	logger *slog.Logger

	mu       sync.Mutex
	current  Credentials   // what was last dialled with, or is to be
	unsaved  *Credentials  // renewed, but the disk did not take it
	doubted  [32]byte      // fingerprint of a renewed certificate that a hub has refused
	ahead    time.Duration // of a hub's clock before this machine's
	busy     bool          // a connection is renewing
	failures int           // of renewals in a row
	changed  chan struct{} // closed when credentials or authorities change
}

const (
	pendingDir = "next" // in the directory of an identity
	// renewRetryMin and renewRetryMax bound the wait after a renewal that failed.
	renewRetryMin = time.Minute
	renewRetryMax = time.Hour
)

// OpenIdentity reads an identity. If none was ever saved there, the error is
// [fs.ErrNotExist]. The logger hears of renewals; nil: nobody.
func OpenIdentity(dir string, logger *slog.Logger) (*Identity, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	settled, err := LoadCredentials(dir)
	if err != nil {
		return nil, err
	}
	if _, err := settled.Peer(); err != nil {
		return nil, fmt.Errorf("the certificate in %s is no agent's or gateway's: %w", dir, err)
	}
	i := &Identity{dir: dir, logger: logger, current: settled, changed: make(chan struct{})}
	i.Credentials()
	return i, nil
}

// Credentials returns what to dial with. It reads the directory, because somebody may
// have joined anew there; if that fails it returns what it had.
func (i *Identity) Credentials() Credentials {
	i.mu.Lock()
	defer i.mu.Unlock()
	settled, err := LoadCredentials(i.dir)
	if err != nil {
		i.logger.Warn("link: cannot read the identity; the one of before is used", "error", err)
		return i.current
	}
	i.current = settled
	if i.unsaved != nil && sameOwner(*i.unsaved, settled) {
		i.current = *i.unsaved
	} else if next, err := LoadCredentials(i.pending()); err == nil && sameOwner(next, settled) && fingerprintOf(next) != i.doubted {
		i.current = next
	}
	return i.current
}

func (i *Identity) pending() string { return filepath.Join(i.dir, pendingDir) }

// sameOwner reports whether two credentials are of the same peer.
func sameOwner(a, b Credentials) bool {
	one, err := a.Peer()
	other, err2 := b.Peer()
	return err == nil && err2 == nil && one == other
}

// fingerprintOf names the certificate of credentials.
func fingerprintOf(c Credentials) [32]byte {
	if len(c.Certificate.Certificate) == 0 {
		return [32]byte{}
	}
	return sha256.Sum256(c.Certificate.Certificate[0])
}

// present is the time by the hub's clock, as far as it is known.
func (i *Identity) present() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return time.Now().Add(i.ahead)
}

// hear takes a hub's clock for the right one. The zero time is none.
func (i *Identity) hear(hub time.Time) {
	if hub.Unix() <= 0 {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ahead = time.Until(hub)
}

// expired reports whether a certificate is of no use any more.
func (i *Identity) expired(own Credentials) bool {
	leaf, err := own.Leaf()
	return err == nil && i.present().After(leaf.NotAfter)
}

// welcomed settles on a renewed certificate with which a hub has taken us.
func (i *Identity) welcomed(own Credentials) {
	i.mu.Lock()
	defer i.mu.Unlock()
	next, err := LoadCredentials(i.pending())
	if err != nil || fingerprintOf(next) != fingerprintOf(own) {
		return
	}
	if err := SaveCredentials(i.dir, next); err != nil {
		i.logger.Warn("link: the renewed certificate works, but does not take the old one's place yet", "error", err)
	}
}

// refused takes note that a hub did not accept a certificate, and reports whether there
// is another one to try.
func (i *Identity) refused(own Credentials) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	settled, err := LoadCredentials(i.dir)
	if err != nil || fingerprintOf(settled) == fingerprintOf(own) {
		i.doubted = [32]byte{} // neither works: the next time both are tried again
		return false
	}
	i.doubted, i.unsaved = fingerprintOf(own), nil
	return true
}

// take keeps renewed credentials, for the next dials.
func (i *Identity) take(renewed Credentials) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	err := SaveCredentials(i.pending(), renewed)
	i.unsaved = nil
	if err != nil {
		i.unsaved = &renewed // good for as long as this process lives
		i.logger.Error("link: the renewed certificate cannot be saved, and is lost when this program ends", "error", err)
	}
	i.current, i.doubted = renewed, [32]byte{}
	i.announce()
	return err
}

// trust takes over which authorities to trust, from a hub of one that was trusted.
func (i *Identity) trust(authorities []*x509.Certificate) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if sameCertificates(i.current.Authorities, authorities) {
		return nil
	}
	err := saveAuthorities(i.dir, authorities)
	if _, statErr := os.Stat(i.pending()); statErr == nil {
		err = errors.Join(err, saveAuthorities(i.pending(), authorities))
	}
	if i.unsaved != nil {
		i.unsaved.Authorities = authorities
	}
	i.current.Authorities = authorities
	i.announce()
	return err
}

func sameCertificates(a, b []*x509.Certificate) bool {
	if len(a) != len(b) {
		return false
	}
	for n := range a {
		if !bytes.Equal(a[n].Raw, b[n].Raw) {
			return false
		}
	}
	return true
}

// announce wakes who waits for a change. The lock is held.
func (i *Identity) announce() {
	close(i.changed)
	i.changed = make(chan struct{})
}

// due returns when to renew by this machine's clock, and a channel that is closed when
// that changes. It is at half the certificate's life and up to a tenth of it later, which
// of that is the certificate's own; and at once if the authority that signs now, the
// first of those trusted, is not the one that signed it.
func (i *Identity) due() (time.Time, <-chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	leaf, err := i.current.Leaf()
	if err != nil {
		return time.Now().Add(renewRetryMax), i.changed
	}
	if len(i.current.Authorities) > 0 && leaf.CheckSignatureFrom(i.current.Authorities[0]) != nil {
		return time.Time{}, i.changed
	}
	life := leaf.NotAfter.Sub(leaf.NotBefore)
	own := fingerprintOf(i.current)
	share := time.Duration(binary.BigEndian.Uint32(own[:4]) >> 8)
	later := life / 10 >> 24 * share
	return leaf.NotBefore.Add(life/2 + later).Add(-i.ahead), i.changed
}

// claim reports whether the caller may renew: one connection at a time. If so it must
// call release.
func (i *Identity) claim() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.busy {
		return false
	}
	i.busy = true
	return true
}

// release ends what claim began, logs how it went, and returns how long to wait before
// the next attempt, if it failed.
func (i *Identity) release(err error) time.Duration {
	now := i.present()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.busy = false
	leaf, leafErr := i.current.Leaf()
	if leafErr != nil {
		return renewRetryMax
	}
	if err == nil {
		i.failures = 0
		i.logger.Info("link: the certificate is renewed", "until", leaf.NotAfter)
		return renewRetryMin
	}
	i.failures++
	wait := Backoff{Min: renewRetryMin, Max: renewRetryMax}.longest(i.failures)
	left, level := leaf.NotAfter.Sub(now), slog.LevelWarn
	if left < leaf.NotAfter.Sub(leaf.NotBefore)/4 {
		level = slog.LevelError
	}
	i.logger.Log(context.Background(), level, "link: the certificate is not renewed; it is tried again",
		"error", err, "expires", leaf.NotAfter, "left", left.Round(time.Minute), "wait", wait.Round(time.Second))
	return wait
}

// renewedCredentials makes credentials of what a hub has answered, if that holds together:
// the certificate is for our key and for who we are, and of an authority that is named.
func renewedCredentials(certificates, authorities [][]byte, key *ecdsa.PrivateKey, who Peer) (Credentials, error) {
	trusted, err := parseAuthorities(authorities)
	if err != nil {
		return Credentials{}, fmt.Errorf("the hub's answer names no usable authority: %w", err)
	}
	chain, err := parseChain(certificates)
	if err != nil {
		return Credentials{}, fmt.Errorf("the hub's answer holds no usable certificate: %w", err)
	}
	peer, err := verifyChainAt(chain, trusted, x509.ExtKeyUsageClientAuth, later(time.Now(), chain[0].NotBefore))
	switch {
	case err != nil:
		return Credentials{}, fmt.Errorf("the certificate given: %w", err)
	case !key.PublicKey.Equal(chain[0].PublicKey):
		return Credentials{}, fmt.Errorf("%w: the certificate given is not for our key", ErrCertificate)
	case peer != who:
		return Credentials{}, fmt.Errorf("%w: the certificate given is for %s", ErrCertificate, peer)
	}
	return Credentials{
		Certificate: tls.Certificate{Certificate: certificates, PrivateKey: key, Leaf: chain[0]},
		Authorities: trusted,
	}, nil
}

// parseAuthorities parses certificates of authorities, in DER.
func parseAuthorities(ders [][]byte) ([]*x509.Certificate, error) {
	list, err := parseChain(ders)
	if err != nil {
		return nil, err
	}
	for _, certificate := range list {
		if !certificate.IsCA {
			return nil, errors.New("a certificate among them is no authority's")
		}
	}
	return list, nil
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
