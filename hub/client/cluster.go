package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Cluster is the hub's nodes as the one sees them that was asked.
type Cluster struct {
	AnsweredBy string      `json:"answeredBy,omitempty"`
	Leader     string      `json:"leader,omitempty"` // "" while no node that answers leads
	Quorum     Quorum      `json:"quorum"`
	Diverged   bool        `json:"diverged"`            // two nodes hold different states: this must never be
	Differing  [][2]string `json:"differing,omitempty"` // the pairs of nodes that do
	Clocks     *Clocks     `json:"clocks,omitempty"`    // nil if the one that was asked knows nothing of clocks
	Nodes      []Node      `json:"nodes"`               // in the order of their ids
}

// Clocks is what is known of all nodes' wall clocks.
type Clocks struct {
	Agreed      bool  `json:"agreed"`      // those of a majority agree: cluster time follows them
	Disputed    bool  `json:"disputed"`    // a majority was heard and does not agree: time just runs on
	AheadMillis int64 `json:"aheadMillis"` // how far cluster time is ahead of the majority's clocks
}

// Clock is a node's wall clock.
type Clock struct {
	OffsetMillis int64 `json:"offsetMillis"` // ahead of the majority's, or of cluster time if none agrees
	Wrong        bool  `json:"wrong"`        // it is not followed, and the node should not lead
}

// Quorum says whether a cluster can work: only while a majority of its nodes with a vote
// answers.
type Quorum struct {
	Voters    int  `json:"voters"`    // nodes with a vote
	Needed    int  `json:"needed"`    // how many of them are a majority
	Reachable int  `json:"reachable"` // how many answer
	Majority  bool `json:"majority"`  // enough answer
	Spare     int  `json:"spare"`     // how many more may be lost
}

// Node is one node of the hub. What it tells of itself (Term and so on) is zero if it does
// not answer.
type Node struct {
	ID       string     `json:"id"`
	Role     string     `json:"role"` // leader, follower, joining (without a vote yet) or unknown
	Voter    bool       `json:"voter"`
	Reached  bool       `json:"reached"`
	Trouble  string     `json:"trouble,omitempty"` // why it was not reached
	Address  string     `json:"address,omitempty"` // for other nodes
	Link     string     `json:"link,omitempty"`    // for agents and gateways
	Version  string     `json:"version,omitempty"`
	Term     uint64     `json:"term,omitempty"`
	Applied  uint64     `json:"applied,omitempty"`  // log entry up to which it has applied all
	Behind   *uint64    `json:"behind,omitempty"`   // entries that the leader has applied and it has not; nil if not known
	Sequence uint64     `json:"sequence,omitempty"` // batches of writes that have taken effect
	Chain    string     `json:"chain,omitempty"`    // hash of the newest of them, in hexadecimal digits
	Time     *time.Time `json:"time,omitempty"`     // cluster time of it
	Clock    *Clock     `json:"clock,omitempty"`    // nil if nothing was heard of it in the last seconds
	Without  Quorum     `json:"without"`            // what would be left if this node were removed
}

// Node returns the node with an id.
func (c *Cluster) Node(id string) (Node, bool) {
	for _, n := range c.Nodes {
		if n.ID == id {
			return n, true
		}
	}
	return Node{}, false
}

// Cluster returns the nodes of the hub. It answers without a majority, too.
func (c *Client) Cluster(ctx context.Context) (Cluster, error) {
	var out Cluster
	_, err := c.call(ctx, http.MethodGet, "/keng/v1/cluster", nil, &out)
	return out, err
}

// CreateNodeToken makes a token with which nodes join the cluster. This is the only time
// that it is told.
func (c *Client) CreateNodeToken(ctx context.Context, uses int, lifetime time.Duration) (string, error) {
	var out struct {
		Token string `json:"token"`
	}
	_, err := c.call(ctx, http.MethodPost, "/keng/v1/cluster/tokens", map[string]any{"uses": uses, "lifetime": lifetime.String()}, &out)
	return out.Token, err
}

// RemoveNode takes a node out of the cluster. Unless it is forced, it is
// [core.Conflict] if no majority of the nodes left would answer.
func (c *Client) RemoveNode(ctx context.Context, id string, force bool) error {
	path := "/keng/v1/cluster/nodes/" + url.PathEscape(id)
	if force {
		path += "?force=true"
	}
	_, err := c.call(ctx, http.MethodDelete, path, nil, nil)
	return err
}

// TransferLeadership hands the leadership to a node, or to any other if id is "". Who
// leads then may take a moment to be known: see [Client.Cluster].
func (c *Client) TransferLeadership(ctx context.Context, id string) error {
	body := map[string]string{}
	if id != "" {
		body["to"] = id
	}
	_, err := c.call(ctx, http.MethodPost, "/keng/v1/cluster/transfer", body, nil)
	return err
}
