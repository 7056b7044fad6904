package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/link"
	"keng/raftstore/table"
)

// found makes sure that the cluster has an authority, and that this node can use it.
func (a *App) found(ctx context.Context) error {
	var row *state.Cluster
	err := a.Store().View(ctx, true, func(r table.Reader) error {
		row, _ = state.GetCluster(r)
		return nil
	})
	if err != nil {
		return err
	}
	key, err := loadMasterKey(a.o.KeyFile, row == nil)
	if err != nil {
		return err
	}
	if row == nil {
		if row, err = a.newCluster(ctx, key); err != nil {
			return err
		}
	}
	a.key = key
	secret, err := key.open(row.SealedKey, sealedAuthority)
	if err != nil {
		return err
	}
	a.authority, err = link.ParseAuthority(row.Authority, secret)
	return err
}

// sealedAuthority is the purpose for which the authority's key is sealed.
const sealedAuthority = "certificate authority"

// newCluster makes the authority and, if the operator gave one, the first API key.
func (a *App) newCluster(ctx context.Context, key masterKey) (*state.Cluster, error) {
	authority, err := link.NewAuthority(time.Now())
	if err != nil {
		return nil, err
	}
	certificate, secret, err := authority.Marshal()
	if err != nil {
		return nil, err
	}
	if a.o.BootstrapKey != "" {
		hash := sha256.Sum256([]byte(a.o.BootstrapKey))
		first := state.PutKey{Name: "bootstrap", Hash: hash[:], Rights: state.AllRights}
		if _, err := state.Do(ctx, a.Store(), seed.New(), first); err != nil {
			return nil, err
		}
	}
	founded, err := state.Do(ctx, a.Store(), seed.New(), state.FoundCluster{
		Name: "Kẻng", Language: a.o.Language, Authority: certificate, SealedKey: key.seal(secret, sealedAuthority),
	})
	return &founded, err
}

// MakeToken makes an enrolment token. The text is returned once and not kept.
func (a *App) MakeToken(ctx context.Context, uses int, lifetime time.Duration) (string, error) {
	if a.authority.Certificate == nil {
		return "", errors.New("the hub has not started")
	}
	token := link.NewToken(a.authority.Certificate)
	hash := sha256.Sum256(token.Secret)
	_, err := state.Do(ctx, a.Store(), seed.New(), state.CreateToken{ID: token.ID, Hash: hash[:], Uses: uses, Lifetime: lifetime})
	return token.String(), err
}

// hubLifetime is how long a hub's own certificate is good.
const hubLifetime = 365 * 24 * time.Hour

// ownCredentials returns a function that gives this node's certificate. It is made anew at
// every start, and when half of its life is over: a hub may run for years.
func (a *App) ownCredentials() (func() link.Credentials, error) {
	issue := func() (link.Credentials, error) {
		return a.authority.Credentials(link.Peer{Kind: link.Hub, ID: a.o.NodeID}, time.Now(), hubLifetime)
	}
	current, err := issue()
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	made := time.Now()
	return func() link.Credentials {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(made) < hubLifetime/2 {
			return current
		}
		if fresh, err := issue(); err == nil {
			current, made = fresh, time.Now()
		} else {
			a.logger.Error("cannot renew the hub's own certificate", "error", err)
		}
		return current
	}, nil
}
