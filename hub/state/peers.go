package state

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"keng/hub/core"
	"keng/raftstore/table"
)

// Peer is an agent or a gateway that has joined.
type Peer struct {
	ID       string    `cbor:"1,keyasint"`
	Kind     string    `cbor:"2,keyasint"` // "agent" or "gateway"
	Name     string    `cbor:"3,keyasint"`
	JoinedAt time.Time `cbor:"4,keyasint"`
	Token    string    `cbor:"5,keyasint,omitempty"` // id of the token by which it joined
	Revoked  bool      `cbor:"6,keyasint,omitempty"`
	// Spool is the epoch of the agent's spool, Through the last number kept of it.
	Spool   []byte `cbor:"7,keyasint,omitempty"`
	Through uint64 `cbor:"8,keyasint,omitempty"`
	// Dropped counts the events that the agent's spool had to give up.
	Dropped uint64 `cbor:"9,keyasint,omitempty"`
	// Labels are those of the token by which it joined. They select its checks.
	Labels map[string]string `cbor:"10,keyasint,omitempty"`
	// Certified is what is known of its newest certificate. It is the zero value of one
	// that is part of a hub's own process, which is known by no token either.
	Certified Certified `cbor:"11,keyasint,omitempty"`
	// RevokedAt is when, RevokedFor why it was revoked.
	RevokedAt  time.Time `cbor:"12,keyasint"`
	RevokedFor string    `cbor:"13,keyasint,omitempty"`
	// Site is where an agent says that it is.
	Site string `cbor:"20,keyasint,omitempty"`
	// Checks is the version of the hub's checks that an agent uses, ChecksProblem why it does
	// not use the newest; ChecksAt is when that was last written down.
	Checks        []byte    `cbor:"21,keyasint,omitempty"`
	ChecksProblem string    `cbor:"22,keyasint,omitempty"`
	ChecksAt      time.Time `cbor:"23,keyasint"`
	// Backlog is the number below which the spool's events were written before the agent
	// connected, TakenAt when events were last taken, EventAt the time of the last of them.
	Backlog uint64    `cbor:"24,keyasint,omitempty"`
	TakenAt time.Time `cbor:"25,keyasint"`
	EventAt time.Time `cbor:"26,keyasint"`
}

// Certified is what is known of a certificate.
type Certified struct {
	Until     time.Time `cbor:"1,keyasint"`
	Authority []byte    `cbor:"2,keyasint,omitempty"` // SHA-256 of the authority's certificate, DER
}

// Inside reports whether the peer is part of a hub's own process.
func (p *Peer) Inside() bool { return p.Token == "" }

// Peers holds the agents and gateways.
var Peers = table.New(5, "peers", func(p *Peer) table.Key { return table.K().String(p.ID) })

// GetPeer returns an agent or a gateway.
func GetPeer(r table.Reader, id string) (*Peer, bool) { return Peers.Get(r, table.K().String(id)) }

// KnowsGateways reports whether any gateway has joined that may come.
func KnowsGateways(r table.Reader) bool {
	for p := range Peers.All(r) {
		if p.Kind == "gateway" && !p.Revoked {
			return true
		}
	}
	return false
}

// revocations counts them, so that a node sees by one row that there was another.
const revocations = "revocations"

// Revocations is how many peers have been revoked so far.
func Revocations(r table.Reader) uint64 {
	row, ok := counters.Get(r, table.K().String(revocations))
	if !ok {
		return 0
	}
	return row.Last
}

// UseToken spends one use of a token on a new peer. Without a token it admits a peer
// that is part of the hub's own process, under the same id at every start.
type UseToken struct {
	Token string `cbor:"1,keyasint,omitempty"`
	Hash  []byte `cbor:"2,keyasint,omitempty"`
	Kind  string `cbor:"3,keyasint"`
	Name  string `cbor:"4,keyasint"`
	// ID, only without a token, is the peer's own: admitted again it stays the same peer.
	ID string `cbor:"5,keyasint,omitempty"`
	// Remote is the address (without a port) from which it joins.
	Remote string `cbor:"6,keyasint,omitempty"`
	// Certified is the certificate that it gets.
	Certified Certified `cbor:"7,keyasint,omitempty"`
}

func (UseToken) number() number { return useToken }

func (u UseToken) apply(c *change) (Peer, error) {
	if u.Kind != "agent" && u.Kind != "gateway" {
		return Peer{}, &core.Error{Kind: core.Forbidden, Words: "only an agent or a gateway can join"}
	}
	if u.Token == "" {
		return c.admitInside(u)
	}
	t, err := c.spendToken(u.Token, u.Hash, u.Kind, u.Remote, false)
	if err != nil {
		return Peer{}, err
	}
	p := Peer{ID: c.newID("peer"), Kind: u.Kind, Name: u.Name, JoinedAt: c.now, Token: u.Token, Labels: t.Labels, Certified: u.Certified}
	return p, Peers.Put(c.tx, &p)
}

// admitInside admits a peer that is part of the hub's own process.
func (c *change) admitInside(u UseToken) (Peer, error) {
	for p := range Peers.All(c.tx) {
		if p.Inside() && p.Kind == u.Kind && p.Name == u.Name && !p.Revoked {
			return *p, nil // of an earlier start of this process
		}
	}
	if known, ok := GetPeer(c.tx, u.ID); ok {
		return *known, nil
	}
	id := c.newID("peer")
	if u.ID != "" {
		id = u.ID
	}
	p := Peer{ID: id, Kind: u.Kind, Name: u.Name, JoinedAt: c.now}
	return p, Peers.Put(c.tx, &p)
}

// RenewPeer writes down that a peer gets a new certificate. It fails for one that is
// not to have any.
type RenewPeer struct {
	ID        string    `cbor:"1,keyasint"`
	Kind      string    `cbor:"2,keyasint"`
	Certified Certified `cbor:"3,keyasint"`
}

func (RenewPeer) number() number { return renewPeer }

func (r RenewPeer) apply(c *change) (Nothing, error) {
	p, ok := GetPeer(c.tx, r.ID)
	if !ok {
		return Nothing{}, &core.Error{Kind: core.Forbidden, Words: "this machine is not known here any more: let it join again with a token"}
	}
	if err := p.mayCome(r.Kind); err != nil {
		return Nothing{}, err
	}
	p.Certified = r.Certified
	return Nothing{}, Peers.Put(c.tx, p)
}

// mayCome returns why a peer is not let in as what it says it is, nil if it is.
func (p *Peer) mayCome(kind string) error {
	switch {
	case p.Revoked && p.RevokedFor != "":
		return &core.Error{Kind: core.Forbidden, Words: fmt.Sprintf("it was revoked on %s: %s", p.RevokedAt.Format(time.DateOnly), p.RevokedFor)}
	case p.Revoked:
		return &core.Error{Kind: core.Forbidden, Words: "it has been revoked"}
	case p.Kind != kind:
		return &core.Error{Kind: core.Forbidden, Words: "it joined as something else"}
	}
	return nil
}

// MayCome returns why a peer with an id is not let in as what it says it is, nil if it is.
func MayCome(r table.Reader, id, kind string) error {
	p, ok := GetPeer(r, id)
	if !ok {
		return core.Missing("peer", id)
	}
	return p.mayCome(kind)
}

// RevokePeer puts an agent or a gateway out for good. Again it changes nothing.
type RevokePeer struct {
	ID     string `cbor:"1,keyasint"`
	Reason string `cbor:"2,keyasint,omitempty"` // for people, those of the machine too
}

func (RevokePeer) number() number { return revokePeer }

func (r RevokePeer) apply(c *change) (Peer, error) {
	p, ok := GetPeer(c.tx, r.ID)
	switch {
	case !ok:
		return Peer{}, core.Missing("Peer", r.ID)
	case p.Inside():
		return Peer{}, &core.Error{Kind: core.Conflict, Words: "This gateway is part of a hub's own process: it cannot be revoked. Start that hub without a gateway, or remove the node."}
	case p.Revoked:
		return *p, nil
	}
	p.Revoked, p.RevokedAt, p.RevokedFor = true, c.now, strings.TrimSpace(line(r.Reason, NoteMax))
	c.next(revocations)
	return *p, Peers.Put(c.tx, p)
}

// RenamePeer gives a peer another name, for people.
type RenamePeer struct {
	ID   string `cbor:"1,keyasint"`
	Name string `cbor:"2,keyasint"`
}

func (RenamePeer) number() number { return renamePeer }

func (r RenamePeer) apply(c *change) (Peer, error) {
	p, ok := GetPeer(c.tx, r.ID)
	if !ok {
		return Peer{}, core.Missing("Peer", r.ID)
	}
	if p.Name = strings.TrimSpace(line(r.Name, NoteMax)); p.Name == "" {
		return Peer{}, core.Invalid("name", "must not be empty")
	}
	return *p, Peers.Put(c.tx, p)
}

// holdsOld reports whether the peer may come with a certificate that an authority has not
// signed, at the latest at a moment since.
func (p *Peer) holdsOld(authority []byte, since time.Time) bool {
	if p.Revoked || p.Inside() || bytes.Equal(p.Certified.Authority, authority) {
		return false
	}
	return p.Certified.Until.IsZero() || p.Certified.Until.After(since)
}
