package raftstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/hashicorp/raft"

	"keng/proto/clusterpb"
	"keng/raftstore/internal/call"
)

// errUnreachable says that a node could not be asked, so that nothing was done.
var errUnreachable = errors.New("the other node cannot be reached")

// peers keeps a connection for calls to each node that was called. It is safe for
// use by several goroutines.
type peers struct {
	dial func(ctx context.Context, nodeID, address string) (net.Conn, error)

	mu     sync.Mutex
	byName map[raft.ServerAddress]*peer
	closed bool
}

// peer is a connection to a node, or the place for one.
type peer struct {
	turn   chan struct{} // holds one token: who has it may look at client, and dial
	client *call.Client
}

func newPeers(dial func(ctx context.Context, nodeID, address string) (net.Conn, error)) *peers {
	return &peers{dial: dial, byName: map[raft.ServerAddress]*peer{}}
}

// call asks a node. If it fails with errUnreachable nothing was done; with another
// error it is not known.
func (p *peers) call(ctx context.Context, to raft.ServerAddress, request *clusterpb.Request) (*clusterpb.Response, error) {
	client, err := p.client(ctx, to)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreachable, err)
	}
	return client.Call(ctx, request)
}

// client returns a connection to a node, which is made if there is none.
func (p *peers) client(ctx context.Context, to raft.ServerAddress) (*call.Client, error) {
	c, err := p.place(to)
	if err != nil {
		return nil, err
	}
	select {
	case <-c.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { c.turn <- struct{}{} }()
	if c.client != nil && !c.client.Broken() {
		return c.client, nil
	}
	nodeID, address := splitContact(to)
	if address == "" {
		return nil, fmt.Errorf("node %s has no address yet", nodeID)
	}
	conn, err := p.dial(ctx, nodeID, address)
	if err != nil {
		return nil, err
	}
	client := call.NewClient(conn)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		client.Close()
		return nil, ErrClosed
	}
	c.client = client
	return client, nil
}

func (p *peers) place(to raft.ServerAddress) (*peer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	c := p.byName[to]
	if c == nil {
		c = &peer{turn: make(chan struct{}, 1)}
		c.turn <- struct{}{}
		p.byName[to] = c
	}
	return c, nil
}

// keepOnly closes the connections to who is not among some contacts.
func (p *peers) keepOnly(contacts map[raft.ServerAddress]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for to, c := range p.byName {
		if !contacts[to] {
			if c.client != nil {
				c.client.Close()
			}
			delete(p.byName, to)
		}
	}
}

// close closes all connections. Calls under way fail.
func (p *peers) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.keepOnly(nil)
}
