package state

import (
	"slices"

	"keng/proto/channel"
	"keng/raftstore/table"
)

// Node is what a hub node says of itself to those who look for one. Which nodes are
// members is the replicated store's matter.
type Node struct {
	ID      string `cbor:"1,keyasint"`
	Link    string `cbor:"2,keyasint"` // where agents and gateways dial it, host:port
	Version string `cbor:"3,keyasint"`
	// Kinds are the kinds of channel that the gateways serve that are connected to it.
	Kinds []channel.Kind `cbor:"4,keyasint,omitempty"`
	// Authority is the [AuthorityID] of the one that has signed the certificate that it
	// shows, Trusts those of the authorities that it trusts.
	Authority []byte   `cbor:"5,keyasint,omitempty"`
	Trusts    [][]byte `cbor:"6,keyasint,omitempty"`
}

// Nodes holds what nodes say of themselves.
var Nodes = table.New(16, "nodes", func(n *Node) table.Key { return table.K().String(n.ID) })

// GetNode returns what a node says of itself.
func GetNode(r table.Reader, id string) (*Node, bool) { return Nodes.Get(r, table.K().String(id)) }

// NodesServing returns the nodes of which a gateway serves a kind, as far as is known.
func NodesServing(r table.Reader, kind channel.Kind) []string {
	var ids []string
	for n := range Nodes.All(r) {
		if slices.Contains(n.Kinds, kind) {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

// PutNode writes down what a node says of itself.
type PutNode struct {
	Node Node `cbor:"1,keyasint"`
}

func (PutNode) number() number { return putNode }

func (p PutNode) apply(c *change) (Nothing, error) { return Nothing{}, Nodes.Put(c.tx, &p.Node) }

// DeleteNode forgets what a node has said of itself: it is no member any more.
type DeleteNode struct {
	ID string `cbor:"1,keyasint"`
}

func (DeleteNode) number() number { return deleteNode }

func (d DeleteNode) apply(c *change) (Nothing, error) {
	Nodes.Delete(c.tx, table.K().String(d.ID))
	return Nothing{}, nil
}

// UseNodeToken spends one use of a node token on a node that joins.
type UseNodeToken struct {
	Token string `cbor:"1,keyasint"`
	Hash  []byte `cbor:"2,keyasint"` // SHA-256 of the secret
}

func (UseNodeToken) number() number { return useNodeToken }

func (u UseNodeToken) apply(c *change) (Nothing, error) {
	_, err := c.spendToken(u.Token, u.Hash, "", "", true)
	return Nothing{}, err
}
