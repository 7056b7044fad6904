package app

import (
	"cmp"
	"context"
	"errors"
	"net"
	"reflect"
	"slices"
	"sync"
	"time"

	"keng/hub/api"
	"keng/hub/core"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/raftstore"
	"keng/raftstore/table"
)

// openRaft opens the address at which other nodes reach this one.
func (a *App) openRaft(context.Context) error {
	if a.o.Raft == "" {
		return nil
	}
	l, err := a.host.Listen("tcp", a.o.Raft)
	if err != nil {
		return &addressError{"other nodes", err}
	}
	a.raft = l
	a.atStop("address of other nodes", func(context.Context) error { return ignoreClosed(l.Close()) })
	return nil
}

// network is this node's side of the replicated store's network, nil if it is alone.
func (a *App) network() *raftstore.Network {
	if a.raft == nil {
		return nil
	}
	n := &raftstore.Network{
		Listener: a.raft, Advertise: a.reachable(a.raft.Addr()), Dial: a.host.Dial,
		PeerID: nodeOf, Introduce: a.letIn, EncodeError: encodeError, DecodeError: decodeError,
		Credentials: func() raftstore.Credentials {
			return raftstore.Credentials{Certificate: a.credentials().Certificate, Roots: a.authorities.roots()}
		},
	}
	if a.o.Join != "" {
		n.Join = []string{a.o.Join}
	}
	return n
}

// reachable returns where others reach what listens at an address of this node: at
// Advertise, else at the address itself if it is one, else at the host's name.
func (a *App) reachable(listens net.Addr) string {
	host, port, err := net.SplitHostPort(listens.String())
	switch ip := net.ParseIP(host); {
	case err != nil: // of a network that has no ports
		return listens.String()
	case a.o.Advertise != "":
		host = a.o.Advertise
	case ip == nil || ip.IsUnspecified():
		host = a.hostname
	}
	return net.JoinHostPort(host, port)
}

// announceRetry is how long to wait after the cluster did not take what a node says.
const announceRetry = time.Second

// announceAgain is when to say again what was said and is not there: a leader of an older
// version keeps only what it knows of.
const announceAgain = 30 * time.Second

// announce tells the cluster where agents and gateways reach this node, and what the
// gateways serve that are connected to it, whenever that changes.
func (a *App) announce(ctx context.Context) error {
	me := state.Node{ID: a.o.NodeID, Link: a.reachable(a.link.LocalAddr()), Version: a.o.Version}
	var said state.Node // last, with success
	for {
		changed, authorities := a.edge.Changed(), a.authorities.Changed()
		me.Kinds = a.kinds()
		a.authorities.says(&me)
		var known *state.Node
		err := a.Store().View(ctx, false, func(r table.Reader) error {
			known, _ = state.GetNode(r, me.ID)
			return nil
		})
		kept := known != nil && reflect.DeepEqual(*known, me)
		if err == nil && (kept || reflect.DeepEqual(said, me)) {
			var again <-chan time.Time
			if !kept {
				again = time.After(announceAgain)
			}
			select {
			case <-again:
				said = state.Node{}
				continue
			case <-changed:
				continue
			case <-authorities:
				continue
			case <-ctx.Done():
				return nil
			}
		}
		if err == nil {
			_, err = state.Do(ctx, a.Store(), seed.New(), state.PutNode{Node: me})
		}
		if err == nil {
			said = me
			continue
		}
		select {
		case <-time.After(announceRetry):
		case <-ctx.Done():
			return nil
		}
	}
}

// hubs returns where agents and gateways reach the nodes of this cluster. What a node has
// said of itself may outlive its membership: then it is told to nobody.
func (a *App) hubs() (addresses []string) {
	members := a.store.Status().Members
	_ = a.Store().View(context.Background(), false, func(r table.Reader) error {
		for _, m := range members {
			if n, ok := state.GetNode(r, m.NodeID); ok {
				addresses = append(addresses, n.Link)
			}
		}
		return nil
	}) // none are known while the node closes
	return addresses
}

// handOn gives the leadership to another node before this one stops, so that paging does
// not wait for an election.
func (a *App) handOn(ctx context.Context) error {
	status := a.store.Status()
	voters := 0
	for _, m := range status.Members {
		if m.Voter {
			voters++
		}
	}
	if !status.Leads || voters < 2 {
		return nil
	}
	if err := a.store.TransferLeadership(ctx, ""); err != nil {
		a.logger.Warn("the leadership was not handed on", "error", err)
	}
	return nil
}

// nodes are the hub's nodes in the shape that the API asks for.
type nodes struct{ *App }

var _ api.Cluster = nodes{}

// Nodes returns every member and what it says of itself.
func (n nodes) Nodes(ctx context.Context) ([]api.Node, error) {
	own, clocks := n.store.Status(), n.store.Clock()
	list := make([]api.Node, len(own.Members))
	var asking sync.WaitGroup
	for i, m := range own.Members {
		list[i] = api.Node{ID: m.NodeID, Address: m.Address, Voter: m.Voter, This: m.NodeID == own.NodeID, Clock: clockOf(m.NodeID, own.NodeID, clocks)}
		asking.Go(func() { n.ask(ctx, &list[i]) })
	}
	asking.Wait()
	slices.SortFunc(list, func(a, b api.Node) int { return cmp.Compare(a.ID, b.ID) })
	// The asking may have used up the time; this is local, and does not wait.
	err := n.Store().View(context.WithoutCancel(ctx), false, func(r table.Reader) error {
		for i := range list {
			if known, ok := state.GetNode(r, list[i].ID); ok {
				list[i].Link, list[i].Version = known.Link, known.Version
			}
		}
		return nil
	})
	return list, err
}

// clockOf is what node self knows of a node's wall clock.
func clockOf(id, self string, clocks raftstore.ClockState) *api.NodeClock {
	offset, told := clocks.Offsets[id]
	if !told {
		return nil
	}
	c := &api.NodeClock{Offset: offset, Agreed: clocks.Agreed, Disputed: clocks.Disputed}
	if id == self {
		c.Ahead = clocks.Ahead
	}
	return c
}

// ask asks a node what it knows of itself.
func (n nodes) ask(ctx context.Context, node *api.Node) {
	status, err := n.store.StatusOf(ctx, node.ID)
	if err != nil {
		node.Trouble = trouble(err)
		return
	}
	node.Reached, node.Leader = true, status.Leads
	node.Term, node.Applied, node.Sequence, node.Chain, node.Time = status.Term, status.Applied, status.Sequence, status.Chain, status.Time
}

// trouble says why a node did not answer: what lies at the bottom of the error, since the
// node and its address stand beside it.
func trouble(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}

// MakeNodeToken makes a node token.
func (n nodes) MakeNodeToken(ctx context.Context, uses int, lifetime time.Duration) (string, error) {
	if n.raft == nil {
		return "", &core.Error{Kind: core.Conflict, Words: "this node listens for no other nodes: start it with --raft"}
	}
	return n.makeToken(ctx, state.CreateToken{Uses: uses, Lifetime: lifetime, Node: true})
}

// RemoveNode takes a member out, and forgets what it has said of itself.
func (n nodes) RemoveNode(ctx context.Context, id string) error {
	if id == n.o.NodeID {
		return n.leave(ctx)
	}
	if err := n.store.RemoveNode(ctx, id); err != nil {
		return ofMembers(err)
	}
	if _, err := state.Do(ctx, n.Store(), seed.New(), state.DeleteNode{ID: id}); err != nil {
		n.logger.Warn("what a removed node has said of itself is not forgotten, which does no harm", "id", id, "error", err)
	}
	return nil
}

// leave takes this node out. What it has said of itself is forgotten before, since the
// cluster takes no command from it afterwards: else one that joins anew under its id would
// be told of where this one was, until it has spoken for itself.
func (n nodes) leave(ctx context.Context) error {
	var said *state.Node
	// As the leader has it: this node may not have heard yet that what it said was taken.
	err := n.Store().View(ctx, true, func(r table.Reader) error {
		said, _ = state.GetNode(r, n.o.NodeID)
		return nil
	})
	if err == nil && said != nil {
		_, err = state.Do(ctx, n.Store(), seed.New(), state.DeleteNode{ID: n.o.NodeID})
	}
	if err != nil {
		return kindly(err)
	}
	if err = n.store.RemoveNode(ctx, n.o.NodeID); err != nil && said != nil { // it stays
		if _, again := state.Do(ctx, n.Store(), seed.New(), state.PutNode{Node: *said}); again != nil {
			n.logger.Warn("agents and gateways are not told of this node until it starts again", "error", again)
		}
	}
	return ofMembers(err)
}

// TransferLeadership hands the leadership on.
func (n nodes) TransferLeadership(ctx context.Context, id string) error {
	return ofMembers(n.store.TransferLeadership(ctx, id))
}

// ofMembers gives errors of a change of members a kind.
func ofMembers(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, raftstore.ErrNotMember):
		return &core.Error{Kind: core.NotFound, Words: err.Error()}
	case errors.Is(err, raftstore.ErrRefused):
		return &core.Error{Kind: core.Conflict, Words: err.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return &core.Error{Kind: core.Unavailable, Words: "This was not done in time, and may still be done: no majority of the nodes seems to answer."}
	}
	return kindly(err)
}
