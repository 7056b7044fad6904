package edge

import (
	"context"
	"crypto/x509"
	"slices"
	"sync"
	"time"

	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/link"
)

// Admission lets a gateway in that is part of the hub's own process, and returns its
// credentials: a function, since they are made anew when half their life is over. The
// same id is the same gateway, over restarts too.
func (e *Edge) Admission(ctx context.Context, id, name string) (func() link.Credentials, error) {
	if _, err := state.Do(ctx, e.store, seed.New(), state.UseToken{ID: id, Kind: string(link.Gateway), Name: name}); err != nil {
		return nil, err
	}
	peer := link.Peer{Kind: link.Gateway, ID: id}
	issue := func(now time.Time) (link.Credentials, error) {
		c, err := e.authority().Credentials(peer, now, link.DefaultLifetime)
		c.Authorities = e.listen.Credentials().Authorities
		return c, err
	}
	first, err := issue(time.Now())
	if err != nil {
		return nil, err
	}
	current := &renewed{credentials: first, made: time.Now()}
	return func() link.Credentials {
		current.follow(e.listen.Credentials().Authorities)
		return current.get(time.Now(), issue)
	}, nil
}

// renewed is a certificate that is replaced in time. It is safe for concurrent use.
type renewed struct {
	mu          sync.Mutex
	credentials link.Credentials
	made        time.Time
}

// follow has new credentials made if other authorities are to be trusted than before.
func (r *renewed) follow(authorities []*x509.Certificate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.EqualFunc(r.credentials.Authorities, authorities, (*x509.Certificate).Equal) {
		r.made = time.Time{}
	}
}

// get returns the credentials, new ones if half the life of the old ones is over. If no
// new ones can be made the old ones serve as long as they do.
func (r *renewed) get(now time.Time, renew func(time.Time) (link.Credentials, error)) link.Credentials {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.made) > link.DefaultLifetime/2 {
		if c, err := renew(now); err == nil {
			r.credentials, r.made = c, now
		}
	}
	return r.credentials
}
