// Package edge serves agents and gateways: it lets them join, takes agents' events,
// and carries pages to gateways and what became of them back.
//
// Any node serves any agent. Events and reports become commands, and are acknowledged
// only when the command's effects are on disk on a majority: until then the other side
// keeps them. Pages go the other way, from the leader's engine over [Edge.HandOver].
package edge

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"keng/hub/core"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/link"
	"keng/raftstore/table"
)

// Options says what an edge needs. All fields but Logger are required.
type Options struct {
	Store     state.Store
	Endpoint  *link.Endpoint
	Authority link.Authority
	// Listen is how to listen; Join and Admit are the edge's own.
	Listen link.ListenConfig
	Logger *slog.Logger
}

// Edge is one node's side of all links.
type Edge struct {
	store     state.Store
	endpoint  *link.Endpoint
	authority link.Authority
	listen    link.ListenConfig
	logger    *slog.Logger
	gateways  gateways
	heard     *heard
}

// New returns an edge. It listens when Run is called.
func New(o Options) *Edge {
	e := &Edge{store: o.Store, endpoint: o.Endpoint, authority: o.Authority, listen: o.Listen, logger: o.Logger}
	if e.logger == nil {
		e.logger = slog.New(slog.DiscardHandler)
	}
	e.heard = newHeard()
	e.gateways.changed = make(chan struct{})
	e.gateways.sessions = map[uint64]*gateway{}
	e.listen.Join, e.listen.Admit = e.join, e.admit
	return e
}

// Run serves until ctx ends.
func (e *Edge) Run(ctx context.Context) error {
	return e.endpoint.Serve(ctx, e.listen, func(ctx context.Context, c *link.Conn) {
		logger := e.logger.With("peer", c.Peer().String())
		logger.Info("connected", "address", c.RemoteAddr().String(), "software", c.Hello().Software)
		err := e.serve(ctx, c)
		logger.Info("gone", "why", err)
	})
}

func (e *Edge) serve(ctx context.Context, c *link.Conn) error {
	switch c.Peer().Kind {
	case link.Agent:
		return e.serveAgent(ctx, c)
	case link.Gateway:
		return e.serveGateway(ctx, c)
	}
	return fmt.Errorf("nothing is known of peers of kind %q", c.Peer().Kind)
}

// admitTimeout bounds how long the others are asked about a peer that this node does not
// know: it may have joined at another node a moment ago.
const admitTimeout = 2 * time.Second

// admit refuses peers that the cluster does not know, or knows no more.
func (e *Edge) admit(p link.Peer, _ *x509.Certificate) error {
	known := false
	judge := func(r table.Reader) error {
		row, ok := state.GetPeer(r, p.ID)
		known = ok
		switch {
		case !ok:
			return errors.New("it is not known here")
		case row.Revoked:
			return errors.New("it has been revoked")
		case row.Kind != string(p.Kind):
			return errors.New("it joined as something else")
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), admitTimeout)
	defer cancel()
	err := e.store.View(ctx, false, judge)
	if err != nil && !known {
		err = e.store.View(ctx, true, judge)
	}
	return err
}

// peerLifetime is how long the certificate of a peer that joins is good. A peer must join
// again after that, so it is long; a peer that is not to be trusted any more is revoked.
const peerLifetime = 365 * 24 * time.Hour

// join spends a token and signs a certificate.
func (e *Edge) join(ctx context.Context, request link.JoinRequest, remote net.Addr) (link.JoinReply, error) {
	refuse := func(err error) (link.JoinReply, error) {
		e.logger.Warn("joining refused", "address", remote.String(), "why", err)
		return link.JoinReply{Refused: err.Error()}, nil
	}
	token, err := link.ParseToken(request.Token)
	if err != nil {
		return refuse(err)
	}
	// Before the token is spent on it.
	if csr, err := x509.ParseCertificateRequest(request.CSR); err != nil || csr.CheckSignature() != nil {
		return refuse(errors.New("the signing request is damaged, or not signed by its own key"))
	}
	hash := sha256.Sum256(token.Secret)
	peer, err := state.Do(ctx, e.store, seed.New(), state.UseToken{Token: token.ID, Hash: hash[:], Kind: string(request.Kind), Name: request.Name})
	if core.KindOf(err) == core.Forbidden {
		return refuse(err)
	}
	if err != nil {
		return link.JoinReply{}, err
	}
	der, err := e.authority.Sign(request.CSR, link.Peer{Kind: request.Kind, ID: peer.ID}, time.Now(), peerLifetime)
	if err != nil {
		return refuse(err)
	}
	e.logger.Info("joined", "kind", request.Kind, "id", peer.ID, "name", request.Name, "address", remote.String())
	return link.JoinReply{ID: peer.ID, Certificates: [][]byte{der}, Authorities: [][]byte{e.authority.Certificate.Raw}, Now: time.Now()}, nil
}
