package api

import (
	"context"
	"time"

	"keng/hub/state"
	"keng/raftstore/table"
)

// Connection is how an agent or a gateway is connected to the node that is asked.
type Connection struct {
	Since    time.Time
	Address  string // where it is
	Software string // what it says of itself, for people
}

// peerRecord is an agent or a gateway that has joined.
type peerRecord struct {
	ID               string            `json:"id"`
	Kind             string            `json:"kind"`
	Name             string            `json:"name"`
	Labels           map[string]string `json:"labels,omitempty"`
	JoinedAt         moment            `json:"joinedAt"`
	CertificateUntil *moment           `json:"certificateUntil,omitempty"` // absent for one in a hub's own process
	Revoked          bool              `json:"revoked"`
	RevokedAt        *moment           `json:"revokedAt,omitempty"`
	Reason           string            `json:"reason,omitempty"` // of the revocation
	Dropped          uint64            `json:"dropped"`          // events that its spool had to give up
	Connection       *connectionRecord `json:"connection,omitempty"`
}

// connectionRecord is absent if the peer is not connected to the node that answers.
type connectionRecord struct {
	Since    moment `json:"since"`
	Address  string `json:"address"`
	Software string `json:"software,omitempty"`
}

func (a *API) listPeers(ctx context.Context, in *rowsIn) (*page[peerRecord], error) {
	var out *page[peerRecord]
	connected := a.Connected()
	err := a.Store.View(ctx, false, func(tx table.Reader) error {
		out = rows(in, state.Peers.All(tx), func(p *state.Peer) (string, peerRecord) {
			record := peerOf(p)
			if c, ok := connected[p.ID]; ok {
				record.Connection = &connectionRecord{moment{c.Since}, c.Address, c.Software}
			}
			return p.ID, record
		})
		return nil
	})
	return out, err
}

func peerOf(p *state.Peer) peerRecord {
	out := peerRecord{ID: p.ID, Kind: p.Kind, Name: p.Name, Labels: p.Labels, JoinedAt: moment{p.JoinedAt}, Revoked: p.Revoked, Reason: p.RevokedFor, Dropped: p.Dropped}
	if !p.Certified.Until.IsZero() {
		out.CertificateUntil = &moment{p.Certified.Until}
	}
	if !p.RevokedAt.IsZero() {
		out.RevokedAt = &moment{p.RevokedAt}
	}
	return out
}

// revokePeerIn says who is revoked, and why.
type revokePeerIn struct{ id, reason string }

func (in *revokePeerIn) read(c *call) {
	in.id, in.reason = c.identifier("id"), c.body.text("reason")
	c.limit("reason", in.reason, state.NoteMax)
}

func revokePeer(in *revokePeerIn) state.RevokePeer {
	return state.RevokePeer{ID: in.id, Reason: in.reason}
}

// renamePeerIn gives a peer another name.
type renamePeerIn struct{ id, name string }

func (in *renamePeerIn) read(c *call) {
	in.id, in.name = c.identifier("id"), c.body.text("name")
	c.limit("name", in.name, state.NoteMax)
}

func renamePeer(in *renamePeerIn) state.RenamePeer {
	return state.RenamePeer{ID: in.id, Name: in.name}
}

func peerChanged(p state.Peer) *written { return updated(peerOf(&p)) }
