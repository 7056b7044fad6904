package state

import (
	"crypto/subtle"
	"fmt"
	"iter"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"keng/hub/core"
	"keng/raftstore/table"
)

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
	// Kind is what may join with it, "agent" or "gateway"; "" is either.
	Kind string `cbor:"7,keyasint,omitempty"`
	// Networks are the prefixes (CIDR) from which it may be used; none is anywhere.
	Networks []string `cbor:"8,keyasint,omitempty"`
	// Labels become those of the peer.
	Labels map[string]string `cbor:"9,keyasint,omitempty"`
	// Note is for people: for whom the token was made.
	Note    string `cbor:"10,keyasint,omitempty"`
	Revoked bool   `cbor:"11,keyasint,omitempty"`
}

// Usable reports whether the token is good at a moment, as far as it is not for its kind
// and networks.
func (t *Token) Usable(now time.Time) bool {
	return !t.Revoked && t.UsesLeft > 0 && now.Before(t.ExpiresAt)
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
	TokenNetworksMax = 32
	NoteMax          = 200 // code points
)

// The bounds of labels: how many, and the code points of a name and of a value.
const (
	LabelsMax     = 32
	LabelNameMax  = 64
	LabelValueMax = 200
)

// CreateToken writes down an enrolment token, or a node token.
type CreateToken struct {
	ID       string            `cbor:"1,keyasint"`
	Hash     []byte            `cbor:"2,keyasint"`
	Lifetime time.Duration     `cbor:"3,keyasint"` // at most [TokenLifetimeMax]
	Uses     int               `cbor:"4,keyasint"` // 1 to [TokenUsesMax]
	Node     bool              `cbor:"5,keyasint,omitempty"`
	Kind     string            `cbor:"6,keyasint,omitempty"` // "agent", "gateway" or "": either
	Networks []string          `cbor:"7,keyasint,omitempty"` // CIDR, at most [TokenNetworksMax]
	Labels   map[string]string `cbor:"8,keyasint,omitempty"`
	Note     string            `cbor:"9,keyasint,omitempty"` // at most [NoteMax]
}

func (CreateToken) number() number { return createToken }

func (t CreateToken) apply(c *change) (Token, error) {
	networks, err := cleanNetworks(t.Networks)
	switch {
	case err != nil:
		return Token{}, err
	case t.Lifetime <= 0 || t.Lifetime > TokenLifetimeMax:
		return Token{}, core.Invalid("lifetime", fmt.Sprintf("must be more than 0 and at most %d days", TokenLifetimeMax/(24*time.Hour)))
	case t.Uses < 1 || t.Uses > TokenUsesMax:
		return Token{}, core.Invalid("uses", fmt.Sprintf("must be from 1 to %d", TokenUsesMax))
	case t.Kind != "" && t.Kind != "agent" && t.Kind != "gateway":
		return Token{}, core.Invalid("kind", "must be agent, gateway or any")
	case utf8.RuneCountInString(t.Note) > NoteMax:
		return Token{}, core.Invalid("note", fmt.Sprintf("must have at most %d characters", NoteMax))
	}
	if err := checkLabels(t.Labels); err != nil {
		return Token{}, err
	}
	row := Token{
		ID: t.ID, Hash: t.Hash, CreatedAt: c.now, ExpiresAt: c.now.Add(t.Lifetime), UsesLeft: t.Uses, Node: t.Node,
		Kind: t.Kind, Networks: networks, Labels: t.Labels, Note: line(t.Note, NoteMax),
	}
	return row, Tokens.Put(c.tx, &row)
}

// cleanNetworks reads prefixes, and writes each in the one usual way. A single address is
// a prefix of itself.
func cleanNetworks(networks []string) ([]string, error) {
	if len(networks) > TokenNetworksMax {
		return nil, core.Invalid("networks", fmt.Sprintf("must be at most %d", TokenNetworksMax))
	}
	var clean []string
	for _, text := range networks {
		prefix, err := netip.ParsePrefix(text)
		if address, alone := netip.ParseAddr(text); alone == nil && address.Zone() == "" {
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil || prefix.Addr().Is4In6() {
			return nil, core.Invalid("networks", fmt.Sprintf("%q must be a network such as 10.3.0.0/16 or 2001:db8::/32, or an address", line(text, LabelNameMax)))
		}
		clean = append(clean, prefix.Masked().String())
	}
	return clean, nil
}

// checkLabels bounds labels.
func checkLabels(labels map[string]string) error {
	if len(labels) > LabelsMax {
		return core.Invalid("labels", fmt.Sprintf("must be at most %d", LabelsMax))
	}
	for _, name := range sortedKeys(labels) {
		value := labels[name]
		switch {
		case name == "" || utf8.RuneCountInString(name) > LabelNameMax || strings.ContainsFunc(name, notOfLabel):
			return core.Invalid("labels", fmt.Sprintf("the name %q must have 1 to %d of the characters a-z A-Z 0-9 . _ - /", line(name, LabelNameMax), LabelNameMax))
		case utf8.RuneCountInString(value) > LabelValueMax || !utf8.ValidString(value):
			return core.Invalid("labels", fmt.Sprintf("the value of %s must have at most %d characters", name, LabelValueMax))
		}
	}
	return nil
}

func notOfLabel(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-/", r))
}

// RevokeToken makes a token useless. Who has joined with it stays.
type RevokeToken struct {
	ID string `cbor:"1,keyasint"`
}

func (RevokeToken) number() number { return revokeToken }

func (r RevokeToken) apply(c *change) (Nothing, error) {
	t, ok := Tokens.Get(c.tx, table.K().String(r.ID))
	if !ok {
		return Nothing{}, core.Missing("Token", r.ID)
	}
	t.Revoked = true
	return Nothing{}, Tokens.Put(c.tx, t)
}

// admits tells why the token is not good for a peer of a kind at an address; nil if it is.
func (t *Token) admits(kind, remote string) string {
	if t.Kind != "" && t.Kind != kind {
		return "is for joining as " + withArticle(t.Kind) + ", not as " + withArticle(kind)
	}
	if len(t.Networks) == 0 {
		return ""
	}
	address, err := netip.ParseAddr(remote)
	address = address.Unmap().WithZone("")
	for _, text := range t.Networks {
		if network, bad := netip.ParsePrefix(text); err == nil && bad == nil && network.Contains(address) {
			return ""
		}
	}
	return fmt.Sprintf("may be used only from %s, and this machine comes from %s", strings.Join(t.Networks, ", "), line(remote, LabelNameMax))
}

// spendToken takes one use of a token, as an agent or a gateway at an address, or as a
// node. What is refused is not spent.
func (c *change) spendToken(id string, hash []byte, kind, remote string, node bool) (*Token, error) {
	command := "`keng-hub token create`"
	if node {
		command = "`keng-hub cluster token`"
	}
	refuse := func(why string) (*Token, error) {
		return nil, &core.Error{Kind: core.Forbidden, Words: "this token " + why + ": make one with " + command}
	}
	t, ok := Tokens.Get(c.tx, table.K().String(id))
	switch {
	case !ok || subtle.ConstantTimeCompare(t.Hash, hash) != 1:
		return refuse("is not known here")
	case t.Node && !node:
		return refuse("is for hub nodes, not for agents and gateways")
	case node && !t.Node:
		return refuse("is for agents and gateways, not for hub nodes")
	case t.Revoked:
		return refuse("has been revoked")
	case !c.now.Before(t.ExpiresAt):
		return refuse("has expired")
	case t.UsesLeft < 1:
		return refuse("has been used already")
	}
	if why := t.admits(kind, remote); why != "" {
		return refuse(why)
	}
	t.UsesLeft--
	return t, Tokens.Put(c.tx, t)
}

func withArticle(kind string) string {
	if kind == "agent" {
		return "an agent"
	}
	return "a " + kind
}
