package state

import (
	"crypto/sha256"
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
	k, ok := keysByHash.Get(r, table.K().Bytes(hash[:]))
	if !ok || k.Disabled {
		return nil, false
	}
	return k, true
}

// PutKey makes an API key of a secret that the caller made, or of which it knows the
// hash. A key with the same hash is overwritten, but not that of an integration: it is
// changed with it.
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
		if i, err := GetIntegration(c.tx, old.ID); err == nil {
			return "", &core.Error{Kind: core.Conflict, Words: "Integration [" + i.Rules.Name + "] has this key"}
		}
		k.ID, k.CreatedAt = old.ID, old.CreatedAt
	}
	return k.ID, Keys.Put(c.tx, &k)
}
