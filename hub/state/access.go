package state

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"iter"
	"time"

	"keng/hub/core"
	"keng/raftstore/table"
)

// Rights is what an API key may do.
type Rights uint8

// The rights. Values are stored.
const (
	Read      Rights = 1 << iota // see alerts and configuration
	Write                        // create and change alerts
	Delete                       // delete alerts
	Configure                    // change configuration, make tokens
	AllRights = Read | Write | Delete | Configure
)

// Key is an API key, or the key of an integration. The key itself is not kept.
type Key struct {
	ID        core.IntegrationID `cbor:"1,keyasint"`
	Name      string             `cbor:"2,keyasint"`
	Hash      []byte             `cbor:"3,keyasint"` // SHA-256 of the key
	Rights    Rights             `cbor:"4,keyasint"`
	Team      core.TeamID        `cbor:"5,keyasint,omitempty"` // the team it is bound to
	CreatedAt time.Time          `cbor:"6,keyasint"`
	Disabled  bool               `cbor:"7,keyasint,omitempty"`
}

var keysByHash = table.NewIndex(1, "hash", true, func(k *Key) []table.Key { return []table.Key{table.K().Bytes(k.Hash)} })

// Keys holds the API keys.
var Keys = table.New(3, "keys", func(k *Key) table.Key { return table.K().String(string(k.ID)) }, keysByHash)

// FindKey returns the key whose secret this is. A disabled key is not found.
func FindKey(r table.Reader, secret string) (*Key, bool) {
	hash := sha256.Sum256([]byte(secret))
	k, ok := keysByHash.First(r, table.K().Bytes(hash[:]))
	if !ok || k.Disabled {
		return nil, false
	}
	return k, true
}

// PutKey makes an API key of a secret that the caller made, or of which it knows the
// hash. A key with the same hash is overwritten.
type PutKey struct {
	Name   string      `cbor:"1,keyasint"`
	Hash   []byte      `cbor:"2,keyasint"` // SHA-256 of the secret
	Rights Rights      `cbor:"3,keyasint"`
	Team   core.TeamID `cbor:"4,keyasint,omitempty"`
}

func (PutKey) number() number { return putKey }

func (p PutKey) apply(c *change) (core.IntegrationID, error) {
	if len(p.Hash) != sha256.Size {
		return "", core.Invalid("key", "the hash of a key has 32 bytes")
	}
	if p.Team != "" {
		if _, ok := Teams.Get(c.tx, table.K().String(string(p.Team))); !ok {
			return "", core.Missing("team", string(p.Team))
		}
	}
	k := Key{ID: core.IntegrationID(c.newID("key")), Name: p.Name, Hash: p.Hash, Rights: p.Rights, Team: p.Team, CreatedAt: c.now}
	if old, ok := keysByHash.First(c.tx, table.K().Bytes(p.Hash)); ok {
		k.ID, k.CreatedAt = old.ID, old.CreatedAt
	}
	return k.ID, Keys.Put(c.tx, &k)
}

// Token is an enrolment token, with which an agent or a gateway gets its certificate, or
// a node token, with which a hub node joins. The secret itself is not kept.
type Token struct {
	ID        string    `cbor:"1,keyasint"`
	Hash      []byte    `cbor:"2,keyasint"` // SHA-256 of the secret
	CreatedAt time.Time `cbor:"3,keyasint"`
	ExpiresAt time.Time `cbor:"4,keyasint"`
	UsesLeft  int       `cbor:"5,keyasint"`
	// Node says that it is a node token: neither kind is good for the other's purpose.
	Node bool `cbor:"6,keyasint,omitempty"`
}

// Tokens holds the enrolment tokens and the node tokens.
var Tokens = table.New(4, "tokens", func(t *Token) table.Key { return table.K().String(t.ID) })

// EnrolmentTokens gives the tokens with which agents and gateways join.
func EnrolmentTokens(r table.Reader) iter.Seq[*Token] {
	return func(yield func(*Token) bool) {
		for t := range Tokens.All(r) {
			if !t.Node && !yield(t) {
				return
			}
		}
	}
}

// The bounds of a token.
const (
	TokenLifetimeMax = 90 * 24 * time.Hour
	TokenUsesMax     = 10_000
)

// CreateToken writes down an enrolment token, or a node token.
type CreateToken struct {
	ID       string        `cbor:"1,keyasint"`
	Hash     []byte        `cbor:"2,keyasint"`
	Lifetime time.Duration `cbor:"3,keyasint"` // at most [TokenLifetimeMax]
	Uses     int           `cbor:"4,keyasint"` // 1 to [TokenUsesMax]
	Node     bool          `cbor:"5,keyasint,omitempty"`
}

func (CreateToken) number() number { return createToken }

func (t CreateToken) apply(c *change) (Token, error) {
	switch {
	case t.Lifetime <= 0 || t.Lifetime > TokenLifetimeMax:
		return Token{}, core.Invalid("lifetime", fmt.Sprintf("must be more than 0 and at most %d days", TokenLifetimeMax/(24*time.Hour)))
	case t.Uses < 1 || t.Uses > TokenUsesMax:
		return Token{}, core.Invalid("uses", fmt.Sprintf("must be from 1 to %d", TokenUsesMax))
	}
	row := Token{ID: t.ID, Hash: t.Hash, CreatedAt: c.now, ExpiresAt: c.now.Add(t.Lifetime), UsesLeft: t.Uses, Node: t.Node}
	return row, Tokens.Put(c.tx, &row)
}

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
	// Labels are those of the token by which it joined.
	Labels map[string]string `cbor:"11,keyasint,omitempty"`
}

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

// UseToken spends one use of a token on a new peer. Without a token it admits a peer
// that is part of the hub's own process, under the same id at every start.
type UseToken struct {
	Token string `cbor:"1,keyasint,omitempty"`
	Hash  []byte `cbor:"2,keyasint,omitempty"`
	Kind  string `cbor:"3,keyasint"`
	Name  string `cbor:"4,keyasint"`
	// ID, only without a token, is the peer's own: admitted again it stays the same peer.
	ID string `cbor:"5,keyasint,omitempty"`
}

func (UseToken) number() number { return useToken }

func (u UseToken) apply(c *change) (Peer, error) {
	if u.Kind != "agent" && u.Kind != "gateway" {
		return Peer{}, &core.Error{Kind: core.Forbidden, Words: "only an agent or a gateway can join"}
	}
	if u.Token == "" {
		for p := range Peers.All(c.tx) {
			if p.Token == "" && p.Kind == u.Kind && p.Name == u.Name && !p.Revoked {
				return *p, nil // of an earlier start of this process
			}
		}
	} else if err := c.spendToken(u.Token, u.Hash, false); err != nil {
		return Peer{}, err
	}
	if known, ok := GetPeer(c.tx, u.ID); ok && u.Token == "" {
		return *known, nil
	}
	id := c.newID("peer")
	if u.Token == "" && u.ID != "" {
		id = u.ID
	}
	p := Peer{ID: id, Kind: u.Kind, Name: u.Name, JoinedAt: c.now, Token: u.Token}
	return p, Peers.Put(c.tx, &p)
}

// spendToken takes one use of an enrolment token, or of a node token.
func (c *change) spendToken(id string, hash []byte, node bool) error {
	command := "`keng-hub token create`"
	if node {
		command = "`keng-hub cluster token`"
	}
	refuse := func(why string) error {
		return &core.Error{Kind: core.Forbidden, Words: "this token " + why + ": make one with " + command}
	}
	t, ok := Tokens.Get(c.tx, table.K().String(id))
	switch {
	case !ok || subtle.ConstantTimeCompare(t.Hash, hash) != 1:
		return refuse("is not known here")
	case t.Node && !node:
		return refuse("is for hub nodes, not for agents and gateways")
	case node && !t.Node:
		return refuse("is for agents and gateways, not for hub nodes")
	case !c.now.Before(t.ExpiresAt):
		return refuse("has expired")
	case t.UsesLeft < 1:
		return refuse("has been used already")
	}
	t.UsesLeft--
	return Tokens.Put(c.tx, t)
}
