package app

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"reflect"
	"sync"
	"time"

	"keng/hub/api"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/link"
	"keng/raftstore/table"
)

// authorityFile is the cluster's authorities on a node's disk: what the cluster's row says
// of them (see state.RotateAuthority), for the time before the node has read that.
type authorityFile struct {
	Certificate   []byte `json:"certificate"` // DER
	SealedKey     []byte `json:"sealed_key"`
	Next          []byte `json:"next,omitempty"`
	SealedNextKey []byte `json:"sealed_next_key,omitempty"`
	Retired       []byte `json:"retired,omitempty"`
}

// sealedAuthority is the purpose for which an authority's key is sealed.
const sealedAuthority = "certificate authority"

// authorities are those of the cluster, and this node's own certificate. The zero value has
// none. It is safe for concurrent use.
type authorities struct {
	node string // this node's id

	mu      sync.Mutex
	read    authorityFile
	now     link.Authority  // tokens name it, nodes show its certificates
	next    *link.Authority // signs those of agents and gateways, if there is one
	retired *x509.Certificate
	mine    link.Credentials
	made    time.Time     // when mine was
	changed chan struct{} // closed at the next change; nil before somebody asked
}

// take opens what a file says. On an error nothing has changed.
func (k *authorities) take(key masterKey, file authorityFile) error {
	open := func(certificate, sealed []byte) (link.Authority, error) {
		secret, err := key.open(sealed, sealedAuthority)
		if err != nil {
			return link.Authority{}, err
		}
		return link.ParseAuthority(certificate, secret)
	}
	now, err := open(file.Certificate, file.SealedKey)
	if err != nil {
		return err
	}
	var next *link.Authority
	if len(file.Next) > 0 {
		second, err := open(file.Next, file.SealedNextKey)
		if err != nil {
			return err
		}
		next = &second
	}
	var retired *x509.Certificate
	if len(file.Retired) > 0 {
		if retired, err = x509.ParseCertificate(file.Retired); err != nil {
			return fmt.Errorf("cannot read the retired authority: %w", err)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !bytes.Equal(k.read.Certificate, file.Certificate) {
		k.made = time.Time{} // the node's own certificate follows
	}
	k.read, k.now, k.next, k.retired = file, now, next, retired
	if k.changed != nil {
		close(k.changed)
		k.changed = nil
	}
	return nil
}

// file returns what is to be on disk.
func (k *authorities) file() authorityFile {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.read
}

// Changed returns a channel that is closed when the authorities change.
func (k *authorities) Changed() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.changed == nil {
		k.changed = make(chan struct{})
	}
	return k.changed
}

// present is the authority that tokens name. Its certificate is nil before there is one.
func (k *authorities) present() link.Authority {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

// signer is the authority that signs certificates of agents and gateways.
func (k *authorities) signer() link.Authority {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.next != nil {
		return *k.next
	}
	return k.now
}

// trusted returns the authorities that everybody is to trust, the one that signs first. The
// lock is held.
func (k *authorities) trusted() []*x509.Certificate {
	if k.next != nil {
		return []*x509.Certificate{k.next.Certificate, k.now.Certificate}
	}
	return []*x509.Certificate{k.now.Certificate}
}

// roots returns the authorities whose certificates this node accepts of other nodes.
func (k *authorities) roots() *x509.CertPool {
	k.mu.Lock()
	defer k.mu.Unlock()
	pool := x509.NewCertPool()
	for _, authority := range k.trusted() {
		pool.AddCert(authority)
	}
	if k.retired != nil {
		pool.AddCert(k.retired)
	}
	return pool
}

// own returns this node's certificate, and whom to trust. It is made anew at every start,
// when half of its life is over, and when the authority has changed.
func (k *authorities) own() link.Credentials {
	c, _ := k.renewOwn() // if no new one can be made the old one serves as long as it does
	return c
}

func (k *authorities) renewOwn() (link.Credentials, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var err error
	if now := time.Now(); now.Sub(k.made) > link.DefaultLifetime/2 {
		var fresh link.Credentials
		if fresh, err = k.now.Credentials(link.Peer{Kind: link.Hub, ID: k.node}, now, link.DefaultLifetime); err == nil {
			k.mine, k.made = fresh, now
		}
	}
	k.mine.Authorities = k.trusted()
	return k.mine, err
}

// says adds to what the node says of itself which authorities it trusts and follows.
func (k *authorities) says(me *state.Node) {
	k.mu.Lock()
	defer k.mu.Unlock()
	me.Authority, me.Trusts = state.AuthorityID(k.now.Certificate.Raw), nil
	for _, authority := range k.trusted() {
		me.Trusts = append(me.Trusts, state.AuthorityID(authority.Raw))
	}
}

// knows reports whether the cluster's row may be that of these authorities: one of its is
// one of ours. A node that was away is behind, by one stage at most.
func (k *authorities) knows(row *state.Cluster) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, theirs := range [][]byte{row.Authority, row.Next} {
		for _, ours := range [][]byte{k.read.Certificate, k.read.Next} {
			if len(ours) > 0 && bytes.Equal(ours, theirs) {
				return true
			}
		}
	}
	return false
}

// followPause is how often, at most, a node looks whether the authorities have changed.
const followPause = 200 * time.Millisecond

// followAuthority is a task: it keeps this node's authorities in step with the cluster's.
func (a *App) followAuthority(ctx context.Context) error {
	first := true
	for ctx.Err() == nil {
		applied := a.store.Applied()
		changed, err := a.adopt(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			a.logger.Error("cannot follow the change of the cluster's authority", "error", err)
		case changed || first && err == nil && a.authorities.rotated():
			a.edge.Trust()
		}
		first = false
		select {
		case <-time.After(followPause):
		case <-ctx.Done():
		}
		select {
		case <-applied:
		case <-ctx.Done():
		}
	}
	return nil
}

// rotated reports whether the authorities are being changed, or have been.
func (k *authorities) rotated() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.next != nil || k.retired != nil
}

// adopt takes the authorities of the cluster's row, if they are others, first on disk.
func (a *App) adopt(ctx context.Context) (changed bool, err error) {
	row, behind, err := a.rotation(ctx)
	if err != nil || row == nil {
		return false, err
	}
	file := authorityFile{Certificate: row.Authority, SealedKey: row.SealedKey, Next: row.Next, SealedNextKey: row.SealedNext}
	if len(row.Next) == 0 && len(behind) > 0 {
		file.Retired = row.Retired
	}
	if reflect.DeepEqual(file, a.authorities.file()) {
		return false, nil
	}
	if err := a.authorities.take(a.key, file); err != nil {
		return false, err
	}
	a.logger.Info("the cluster's authorities have changed", "changing", len(file.Next) > 0, "retiring", len(file.Retired) > 0)
	return true, a.keepAuthority(file)
}

// rotation returns the cluster's row, and which members stand in the way of the next stage.
func (a *App) rotation(ctx context.Context) (row *state.Cluster, behind []string, err error) {
	members := a.memberIDs()
	err = a.Store().View(ctx, false, func(r table.Reader) error {
		if row, _ = state.GetCluster(r); row != nil {
			behind = state.NodesBehind(r, row, members)
		}
		return nil
	})
	return row, behind, err
}

func (a *App) memberIDs() (ids []string) {
	for _, m := range a.store.Status().Members {
		ids = append(ids, m.NodeID)
	}
	return ids
}

// Authority tells how far the change of the cluster's authority is.
func (n nodes) Authority(ctx context.Context) (api.Authority, error) {
	row, behind, err := n.rotation(ctx)
	if err != nil || row == nil {
		return api.Authority{}, err
	}
	out := api.Authority{Present: row.Authority, Next: row.Next, Since: row.RotatedAt, Nodes: behind}
	if len(row.Next) == 0 && len(row.Retired) == 0 {
		out.Nodes = nil // there never was a change
	}
	err = n.Store().View(ctx, false, func(r table.Reader) error {
		out.Peers, out.Some = state.PeersBehind(r, row, n.store.Now())
		return nil
	})
	return out, err
}

// RotateAuthority begins or finishes the change of the cluster's authority.
func (n nodes) RotateAuthority(ctx context.Context, finish, force bool) error {
	command := state.RotateAuthority{Members: n.memberIDs(), Force: force}
	if !finish {
		next, err := link.NewAuthority(time.Now())
		if err != nil {
			return err
		}
		certificate, secret, err := next.Marshal()
		if err != nil {
			return err
		}
		command.Next, command.SealedNext = certificate, n.key.seal(secret, sealedAuthority)
	}
	_, err := state.Do(ctx, n.Store(), seed.New(), command)
	if err == nil {
		n.logger.Warn("the cluster's authority is being changed", "finish", finish, "forced", force)
	}
	return err
}

// Connected returns who is connected to this node.
func (n nodes) Connected() map[string]api.Connection {
	all := map[string]api.Connection{}
	for id, c := range n.edge.Connections() {
		all[id] = api.Connection{Since: c.Since, Address: c.Address, Software: c.Software}
	}
	return all
}
