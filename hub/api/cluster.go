package api

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"keng/hub/core"
)

// Cluster is the hub's nodes as the API needs them. It is safe for concurrent use. Its
// errors are of [core.Kind]s: NotFound for a node that is no member, Conflict where the
// cluster does not do it (the words say why: the only member, a node without a vote),
// Unavailable for "not now, or not known whether".
type Cluster interface {
	// Nodes returns every member in the order of the ids, those that do not answer too.
	// It asks all at once and is back when ctx ends, with what it has heard by then.
	Nodes(ctx context.Context) ([]Node, error)
	// MakeNodeToken makes a token with which nodes join, and returns its text, which is
	// not kept. Errors of kind Unacceptable name the fields "uses" and "lifetime".
	MakeNodeToken(ctx context.Context, uses int, lifetime time.Duration) (string, error)
	// RemoveNode takes a member out, the leader too: then the leadership moves first.
	RemoveNode(ctx context.Context, id string) error
	// TransferLeadership hands the leadership to a member, to any other if id is "". It is
	// done already if that member leads.
	TransferLeadership(ctx context.Context, id string) error
	// Authority tells of the certificate authority.
	Authority(ctx context.Context) (Authority, error)
	// RotateAuthority begins to change the authority, or finishes that. What stands in the
	// way is Conflict; force passes over agents and gateways that do, not over nodes.
	RotateAuthority(ctx context.Context, finish, force bool) error
}

// Node is what is known of one member of the cluster.
type Node struct {
	ID      string
	Address string // for other nodes, HOST:PORT
	Link    string // for agents and gateways, HOST:PORT; "" if not known
	Version string // of Kẻng; "" if not known
	Voter   bool   // it counts for a majority; else it is still catching up
	Leader  bool   // it leads
	This    bool   // it answers this request
	Reached bool   // it was asked and has answered
	Trouble string // why it was not reached; then everything below is zero

	Term     uint64
	Applied  uint64   // the log entry up to which it has applied all
	Sequence uint64   // how many batches have taken effect
	Chain    [32]byte // hash of the newest of them, and through it of all
	Time     time.Time

	// Clock is what this node has heard of its wall clock in the last seconds; nil: nothing.
	Clock *NodeClock
}

// NodeClock is what is known of a node's wall clock.
type NodeClock struct {
	// Offset is how far it is ahead of the majority's; without agreement, of cluster time.
	Offset time.Duration
	// Agreed says that a majority's clocks agree; Disputed, that they were heard and do not.
	Agreed, Disputed bool
	// Ahead is how far cluster time is ahead of the majority's clocks; of this node only.
	Ahead time.Duration
}

// clockTolerance is how far a wall clock may be off and still be said to be right. One that
// is further off is not followed, and its node hands the leadership on.
const clockTolerance = 2 * time.Second

// nodesTimeout is how long nodes may take to tell of themselves. One that lives does so
// in milliseconds.
const nodesTimeout = 3 * time.Second

// nodeTokenLifetime is how long a node token is good for unless said otherwise. Who has
// it gets the whole state with all secrets, so it is short.
const nodeTokenLifetime = time.Hour

// nodes asks the cluster for its members.
func (a *API) nodes(ctx context.Context) ([]Node, error) {
	if a.Cluster == nil {
		return nil, noCluster()
	}
	ctx, cancel := context.WithTimeout(ctx, nodesTimeout)
	defer cancel()
	return a.Cluster.Nodes(ctx)
}

func noCluster() error {
	return &core.Error{Kind: core.Unavailable, Words: "This node is not part of a cluster whose members can be seen or changed."}
}

// changeCluster does something to the cluster within the time that a command may take.
func (a *API) changeCluster(ctx context.Context, do func(context.Context, Cluster) error) error {
	if a.Cluster == nil {
		return noCluster()
	}
	ctx, cancel := context.WithTimeout(ctx, CommandTimeout)
	defer cancel()
	return do(ctx, a.Cluster)
}

// clusterRecord is the cluster as one node sees it.
type clusterRecord struct {
	AnsweredBy string        `json:"answeredBy,omitempty"`
	Leader     string        `json:"leader,omitempty"` // absent while none is known
	Quorum     quorum        `json:"quorum"`
	Diverged   bool          `json:"diverged"`
	Differing  [][2]string   `json:"differing,omitempty"` // pairs of nodes
	Clocks     *clocksRecord `json:"clocks,omitempty"`
	Nodes      []nodeRecord  `json:"nodes"`
}

// clocksRecord is what the node that answers knows of all nodes' wall clocks; absent if it
// has no clock of its own to compare.
type clocksRecord struct {
	Agreed      bool  `json:"agreed"`
	Disputed    bool  `json:"disputed"`
	AheadMillis int64 `json:"aheadMillis"`
}

// clockRecord is a node's wall clock.
type clockRecord struct {
	OffsetMillis int64 `json:"offsetMillis"`
	Wrong        bool  `json:"wrong"` // it is off the majority's, if a majority agrees
}

// nodeRecord is a member. What is told by the node itself is absent if it does not answer.
type nodeRecord struct {
	ID       string       `json:"id"`
	Role     string       `json:"role"` // leader, follower, joining or unknown
	Voter    bool         `json:"voter"`
	Reached  bool         `json:"reached"`
	Trouble  string       `json:"trouble,omitempty"`
	Address  string       `json:"address,omitempty"`
	Link     string       `json:"link,omitempty"`
	Version  string       `json:"version,omitempty"`
	Term     uint64       `json:"term,omitempty"`
	Applied  uint64       `json:"applied,omitempty"`
	Behind   *uint64      `json:"behind,omitempty"` // entries; absent without a leader
	Sequence uint64       `json:"sequence,omitempty"`
	Chain    string       `json:"chain,omitempty"`
	Time     *moment      `json:"time,omitempty"`
	Clock    *clockRecord `json:"clock,omitempty"`
	Without  quorum       `json:"without"`
}

func (a *API) getCluster(ctx context.Context, _ *nothingIn) (*data[clusterRecord], error) {
	nodes, err := a.nodes(ctx)
	if err != nil {
		return nil, err
	}
	return &data[clusterRecord]{clusterOf(nodes)}, nil
}

func clusterOf(nodes []Node) clusterRecord {
	out := clusterRecord{Quorum: quorumOf(nodes, ""), Differing: differing(nodes), Nodes: []nodeRecord{}}
	out.Diverged = len(out.Differing) > 0
	leader := leaderOf(nodes)
	if leader != nil {
		out.Leader = leader.ID
	}
	for i := range nodes {
		if nodes[i].This {
			out.AnsweredBy = nodes[i].ID
			if c := nodes[i].Clock; c != nil {
				out.Clocks = &clocksRecord{Agreed: c.Agreed, Disputed: c.Disputed, AheadMillis: c.Ahead.Milliseconds()}
			}
		}
		record := nodeOf(&nodes[i], leader)
		record.Without = quorumOf(nodes, nodes[i].ID)
		out.Nodes = append(out.Nodes, record)
	}
	return out
}

func nodeOf(n, leader *Node) nodeRecord {
	out := nodeRecord{ID: n.ID, Role: "unknown", Voter: n.Voter, Reached: n.Reached, Trouble: n.Trouble, Address: n.Address, Link: n.Link, Version: n.Version}
	switch {
	case leader != nil && leader.ID == n.ID:
		out.Role = "leader"
	case !n.Voter:
		out.Role = "joining"
	case n.Reached:
		out.Role = "follower"
	}
	if !n.Reached {
		return out
	}
	if c := n.Clock; c != nil {
		out.Clock = &clockRecord{OffsetMillis: c.Offset.Milliseconds(), Wrong: c.Agreed && c.Offset.Abs() > clockTolerance}
	}
	out.Term, out.Applied, out.Sequence, out.Chain = n.Term, n.Applied, n.Sequence, hex.EncodeToString(n.Chain[:])
	if !n.Time.IsZero() {
		out.Time = &moment{n.Time}
	}
	if leader != nil {
		behind := leader.Applied - min(n.Applied, leader.Applied) // they were not asked at the same moment
		out.Behind = &behind
	}
	return out
}

// createNodeTokenIn is a node token as it is asked for.
type createNodeTokenIn struct{ createTokenIn }

func (in *createNodeTokenIn) read(c *call) { in.readFor(c, nodeTokenLifetime) }

func (a *API) createNodeToken(ctx context.Context, in *createNodeTokenIn) (*newToken, error) {
	out := &newToken{}
	err := a.changeCluster(ctx, func(ctx context.Context, cluster Cluster) (err error) {
		out.Token, err = cluster.MakeNodeToken(ctx, in.spec.Uses, in.spec.Lifetime)
		return err
	})
	return out, err
}

type removeNodeIn struct {
	id    string
	force bool // though no majority of the others answers
}

func (in *removeNodeIn) read(c *call) {
	in.id, in.force = c.identifier("id"), c.choice("force", "false", "true") == "true"
}

func (a *API) removeNode(ctx context.Context, in *removeNodeIn) (*written, error) {
	if !in.force {
		nodes, err := a.nodes(ctx)
		if err == nil {
			err = mayGo(nodes, in.id)
		}
		if err != nil {
			return nil, err
		}
	}
	err := a.changeCluster(ctx, func(ctx context.Context, cluster Cluster) error { return cluster.RemoveNode(ctx, in.id) })
	return deleted(in), err
}

// mayGo refuses to remove a node that is needed for a majority. A change of members is
// counted by who is left: without a majority of those it would never be done, and until
// then nothing else either.
func mayGo(nodes []Node, id string) error {
	now, left := quorumOf(nodes, ""), quorumOf(nodes, id)
	refuse := func(format string, args ...any) error {
		return &core.Error{Kind: core.Conflict, Words: fmt.Sprintf(format, args...)}
	}
	switch {
	case !isMember(nodes, id):
		return core.Missing("Node", id)
	case left.Voters == 0:
		return refuse("Node %s is the only member with a vote: without it there is no cluster.", id)
	case !now.Majority:
		return refuse("There is no majority now: %d of %d nodes with a vote answer, %d are needed. Until they answer no member can be removed.",
			now.Reachable, now.Voters, now.Needed)
	case !left.Majority:
		return refuse("Without node %s, %d of the %d nodes left would answer, and %d are a majority: the cluster would stop. Bring the others back first, or force it.",
			id, left.Reachable, left.Voters, left.Needed)
	}
	return nil
}

type transferIn struct{ to string }

func (in *transferIn) read(c *call) {
	in.to = c.body.text("to")
	c.limit("to", in.to, identifierMax)
}

func (a *API) transferLeadership(ctx context.Context, in *transferIn) (*written, error) {
	err := a.changeCluster(ctx, func(ctx context.Context, cluster Cluster) error { return cluster.TransferLeadership(ctx, in.to) })
	return &written{http.StatusOK, "Transferred", nil}, err
}
