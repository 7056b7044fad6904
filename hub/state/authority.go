package state

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/raftstore/table"
)

// A change of the cluster's authority has three stages, which every node follows by the
// cluster's row:
//
//  1. Everybody learns to trust the next one beside the present one. Agents and gateways
//     get certificates of the next; nodes still show those of the present one, which
//     also who was away knows.
//  2. Finished, the next one is the present one, and what was the present is retired: agents
//     and gateways trust it no more, nodes show certificates of the new one.
//  3. Nodes trust the retired one from one another until every member shows a certificate
//     of the new one: so that no two nodes cut each other off, whichever learns of it first.

// AuthorityID names an authority in rows: the SHA-256 of its certificate, DER.
func AuthorityID(certificate []byte) []byte {
	sum := sha256.Sum256(certificate)
	return sum[:]
}

// RotationGrace is how long an agent or a gateway may have been away and still stand in the
// way of the end of a change of authority.
const RotationGrace = 14 * 24 * time.Hour

// RotateAuthority begins a change of the cluster's authority, or finishes it.
type RotateAuthority struct {
	// Next and SealedNext are the new authority, as in [FoundCluster]; to finish, empty.
	Next       []byte `cbor:"1,keyasint,omitempty"`
	SealedNext []byte `cbor:"2,keyasint,omitempty"`
	// Members are the ids of the nodes.
	Members []string `cbor:"3,keyasint,omitempty"`
	// Force finishes it though peers hold certificates of the old authority.
	Force bool `cbor:"4,keyasint,omitempty"`
}

func (RotateAuthority) number() number { return rotateAuthority }

func (r RotateAuthority) apply(c *change) (Cluster, error) {
	row, ok := GetCluster(c.tx)
	if !ok {
		return Cluster{}, core.Missing("cluster", "")
	}
	step := c.beginRotation
	if len(r.Next) == 0 {
		step = c.finishRotation
	}
	if err := step(row, r); err != nil {
		return Cluster{}, err
	}
	return *row, Clusters.Put(c.tx, row)
}

func conflict(format string, args ...any) error {
	return &core.Error{Kind: core.Conflict, Words: fmt.Sprintf(format, args...)}
}

func (c *change) beginRotation(row *Cluster, r RotateAuthority) error {
	if len(row.Next) > 0 {
		return conflict("A change of the authority is under way since %s. Finish it first.", row.RotatedAt.Format(time.DateOnly))
	}
	if behind := NodesBehind(c.tx, row, r.Members); len(row.Retired) > 0 && len(behind) > 0 {
		return conflict("The last change of the authority is not complete: node %s still shows a certificate of the old one. Start it, or remove it.", strings.Join(behind, ", "))
	}
	row.Next, row.SealedNext, row.Retired, row.RotatedAt = r.Next, r.SealedNext, nil, c.now
	return nil
}

func (c *change) finishRotation(row *Cluster, r RotateAuthority) error {
	if len(row.Next) == 0 {
		return conflict("No change of the authority is under way.")
	}
	if behind := NodesBehind(c.tx, row, r.Members); len(behind) > 0 {
		return conflict("Node %s does not trust the new authority yet. Wait until it does; start it if it is down, or remove it.", strings.Join(behind, ", "))
	}
	if count, some := PeersBehind(c.tx, row, c.now); count > 0 && !r.Force {
		return conflict("%d agents or gateways that were here within %d days have no certificate of the new authority yet (%s). They get one when they connect; revoke those that will not come back, or force it: then they must join again.",
			count, RotationGrace/(24*time.Hour), strings.Join(some, ", "))
	}
	row.Retired, row.Authority, row.SealedKey = row.Authority, row.Next, row.SealedNext
	row.Next, row.SealedNext, row.RotatedAt = nil, nil, c.now
	return nil
}

// behindNamed is how many peers that stand in the way are named.
const behindNamed = 5

// PeersBehind returns how many peers stand in the way of the end of a change of authority,
// and some of their names.
func PeersBehind(r table.Reader, row *Cluster, now time.Time) (count int, some []string) {
	if len(row.Next) == 0 {
		return 0, nil
	}
	next := AuthorityID(row.Next)
	for p := range Peers.All(r) {
		if !p.holdsOld(next, now.Add(-RotationGrace)) {
			continue
		}
		if count++; len(some) < behindNamed {
			some = append(some, p.Kind+" "+p.Name)
		}
	}
	return count, some
}

// NodesBehind returns the members that stand in the way of the next stage: those that do not
// trust the next authority yet, or if there is none, do not show a certificate of the present one.
func NodesBehind(r table.Reader, row *Cluster, members []string) (behind []string) {
	for _, id := range members {
		n, ok := GetNode(r, id)
		trusts := func(der []byte) bool {
			return ok && slices.ContainsFunc(n.Trusts, func(t []byte) bool { return bytes.Equal(t, AuthorityID(der)) })
		}
		switch {
		case len(row.Next) > 0 && !trusts(row.Next),
			len(row.Next) == 0 && !(ok && bytes.Equal(n.Authority, AuthorityID(row.Authority))):
			behind = append(behind, id)
		}
	}
	return behind
}
