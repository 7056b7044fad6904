package edge

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"keng/hub/core"
	"keng/hub/state"
	"keng/proto/link"
	"keng/raftstore/table"
)

// connected knows who is connected to this node, so that who is revoked is put out.
type connected struct {
	mu    sync.Mutex
	conns map[*link.Conn]time.Time // since when

	// tells says that the authorities have been changed before, so that who comes is told
	// which to trust.
	tells atomic.Bool
}

// Connection is a peer that is connected to this node.
type Connection struct {
	Peer     link.Peer
	Since    time.Time
	Address  string
	Software string
}

// Connections returns who is connected to this node, by id.
func (e *Edge) Connections() map[string]Connection {
	all := map[string]Connection{}
	for c, since := range e.connected.all() {
		all[c.Peer().ID] = Connection{Peer: c.Peer(), Since: since, Address: c.RemoteAddr().String(), Software: c.Hello().Software}
	}
	return all
}

// Count counts who is connected to this node, by kind of peer.
func (e *Edge) Count() map[string]int {
	counts := map[string]int{string(link.Agent): 0, string(link.Gateway): 0}
	for c := range e.connected.all() {
		counts[string(c.Peer().Kind)]++
	}
	return counts
}

func (k *connected) all() map[*link.Conn]time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := make(map[*link.Conn]time.Time, len(k.conns))
	for c, since := range k.conns {
		all[c] = since
	}
	return all
}

// arrive notes a connection; leave forgets it. A peer that was revoked since its handshake
// is put out.
func (e *Edge) arrive(c *link.Conn) (leave func(), err error) {
	k := &e.connected
	k.mu.Lock()
	k.conns[c] = time.Now()
	k.mu.Unlock()
	leave = func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.conns, c)
	}
	if err := e.judge(context.Background(), c); err != nil {
		return leave, err
	}
	if k.tells.Load() {
		err = c.Trust(e.listen.Credentials().Authorities)
	}
	return leave, err
}

// judge puts a peer out that may not be here, and returns why.
func (e *Edge) judge(ctx context.Context, c *link.Conn) error {
	p := c.Peer()
	var verdict error
	err := e.store.View(ctx, false, func(r table.Reader) error {
		verdict = state.MayCome(r, p.ID, string(p.Kind))
		return nil
	})
	// One that this node does not know yet was vouched for by the others.
	if err != nil || core.KindOf(verdict) != core.Forbidden {
		return nil
	}
	_ = c.Refuse(verdict.Error()) // it has ended then, either way
	return verdict
}

// watchPause is how often, at most, a node looks whether somebody was revoked.
const watchPause = 100 * time.Millisecond

// always is what is waited for where nothing tells of changes: it has happened already.
func always() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// watch puts out who is revoked, from the moment at which this node learns of it.
func (e *Edge) watch(ctx context.Context) {
	var known uint64
	for ctx.Err() == nil {
		applied := e.applied()
		count := known
		err := e.store.View(ctx, false, func(r table.Reader) error {
			count = state.Revocations(r)
			return nil
		})
		if err == nil && count != known {
			known = count
			for c := range e.connected.all() {
				if why := e.judge(ctx, c); why != nil {
					e.logger.Warn("put out", "peer", c.Peer().String(), "why", why)
				}
			}
		}
		wait(ctx, watchPause)
		select {
		case <-applied:
		case <-ctx.Done():
		}
	}
}

// wait waits, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Trust tells everybody who is connected, and from now on who comes, which authorities to
// trust: those of Listen.Credentials. It is to be called when they change, and at the start
// if they have changed before. It does not wait for the peers.
func (e *Edge) Trust() {
	e.connected.tells.Store(true)
	authorities := e.listen.Credentials().Authorities
	for c := range e.connected.all() {
		go func() {
			if err := c.Trust(authorities); err != nil {
				e.logger.Info("a peer could not be told whom to trust", "peer", c.Peer().String(), "error", err)
			}
		}()
	}
}
