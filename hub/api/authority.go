package api

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"keng/hub/state"
)

// Authority is the cluster's certificate authority, and how far a change of it is.
type Authority struct {
	Present []byte // certificate, DER
	Next    []byte // that takes its place, while it is being changed
	Since   time.Time
	Nodes   []string // members that stand in the way of the next stage
	Peers   int      // how many agents and gateways do
	Some    []string // the names of some of those
}

// authorityRecord names authorities by the SHA-256 of their certificates.
type authorityRecord struct {
	Present string   `json:"present"`
	Next    string   `json:"next,omitempty"`
	Since   *moment  `json:"since,omitempty"`
	Stage   string   `json:"stage"` // steady, changing, retiring
	Nodes   []string `json:"nodesBehind,omitempty"`
	Peers   int      `json:"peersBehind"`
	Some    []string `json:"somePeersBehind,omitempty"`
}

func authorityOf(a *Authority) authorityRecord {
	name := func(der []byte) string { return hex.EncodeToString(state.AuthorityID(der)) }
	out := authorityRecord{Present: name(a.Present), Stage: "steady", Nodes: a.Nodes, Peers: a.Peers, Some: a.Some}
	switch {
	case len(a.Next) > 0:
		out.Next, out.Stage = name(a.Next), "changing"
	case len(a.Nodes) > 0:
		out.Stage = "retiring"
	}
	if !a.Since.IsZero() {
		out.Since = &moment{a.Since}
	}
	return out
}

func (a *API) getAuthority(ctx context.Context, _ *nothingIn) (*data[authorityRecord], error) {
	var out Authority
	err := a.changeCluster(ctx, func(ctx context.Context, cluster Cluster) (err error) {
		out, err = cluster.Authority(ctx)
		return err
	})
	return &data[authorityRecord]{authorityOf(&out)}, err
}

// rotateIn says which stage of a change of authority is to begin.
type rotateIn struct{ finish, force bool }

func (in *rotateIn) read(c *call) {
	if said := c.body.saidTruth("finish"); said != nil {
		in.finish = *said
	}
	if said := c.body.saidTruth("force"); said != nil {
		in.force = *said
	}
}

func (a *API) rotateAuthority(ctx context.Context, in *rotateIn) (*written, error) {
	var out Authority
	err := a.changeCluster(ctx, func(ctx context.Context, cluster Cluster) error {
		if err := cluster.RotateAuthority(ctx, in.finish, in.force); err != nil {
			return err
		}
		var err error
		out, err = cluster.Authority(ctx)
		return err
	})
	return &written{http.StatusOK, "Updated", authorityOf(&out)}, err
}
