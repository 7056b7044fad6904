package raftstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"keng/proto/clusterpb"
)

// Member is a node of the cluster as this node knows it.
type Member struct {
	NodeID  string
	Address string // empty if it was never told
	Voter   bool   // false while it is catching up
}

// members returns the newest configuration that this node has.
func (s *Store) members() []raft.Server {
	future := s.raft.GetConfiguration()
	if future.Error() != nil {
		return nil
	}
	return future.Configuration().Servers
}

func (s *Store) member(nodeID string) (raft.Server, bool) {
	for _, m := range s.members() {
		if string(m.ID) == nodeID {
			return m, true
		}
	}
	return raft.Server{}, false
}

func (s *Store) memberList() []Member {
	var list []Member
	for _, m := range s.members() {
		_, address := splitContact(m.Address)
		list = append(list, Member{NodeID: string(m.ID), Address: address, Voter: m.Suffrage == raft.Voter})
	}
	return list
}

// AddNode makes a node that runs, and has no state of any cluster, a member. It
// first has no vote; when it has caught up it gets one. Only the leader can do this
// (ErrNotLeader). A node that is opened with Network.Join asks for it by itself.
func (s *Store) AddNode(ctx context.Context, nodeID, address string) error {
	return s.joinHere(ctx, contact(nodeID, address), true)
}

// RemoveNode takes a member out of the cluster, from any node. The member learns it
// sooner or later and gives itself up (ErrNotMember).
func (s *Store) RemoveNode(ctx context.Context, nodeID string) error {
	tried := false
	err := s.changeMembers(ctx, func(ctx context.Context, l leader) error {
		again := tried
		tried = true
		var err error
		if l.id == s.options.NodeID {
			err = s.removeHere(ctx, nodeID)
		} else {
			_, err = s.ask(ctx, l.contact, &clusterpb.Request{Kind: &clusterpb.Request_Remove{Remove: &clusterpb.Remove{NodeId: nodeID}}})
		}
		if again && errors.Is(err, ErrNotMember) {
			return nil // an attempt whose end was not heard of has done it
		}
		return err
	})
	return err
}

// TransferLeadership hands the leadership to a member, or if nodeID is empty to any,
// from any node. What is under way is done by the new leader.
func (s *Store) TransferLeadership(ctx context.Context, nodeID string) error {
	return s.changeMembers(ctx, func(ctx context.Context, l leader) error {
		if l.id == nodeID {
			return nil
		}
		if l.id == s.options.NodeID {
			return s.transferHere(ctx, nodeID)
		}
		_, err := s.ask(ctx, l.contact, &clusterpb.Request{Kind: &clusterpb.Request_Transfer{Transfer: &clusterpb.Transfer{NodeId: nodeID}}})
		if nodeID == "" && err != nil && !passing(err) {
			return err
		}
		return err
	})
}

// changeMembers calls do with the leader until it is done or fails for good.
func (s *Store) changeMembers(ctx context.Context, do func(context.Context, leader) error) (err error) {
	waited := s.atLeader(ctx, func(l leader, _ context.Context) bool {
		within, cancel := context.WithTimeout(ctx, attemptTimeout)
		defer cancel()
		err = do(within, l)
		return err == nil || !passing(err)
	})
	if waited != nil && err != nil {
		return fmt.Errorf("%w: %w", waited, err)
	}
	return errors.Join(waited, err)
}

// changing has one change of members made at a time, by the leader.
func (s *Store) changing(ctx context.Context, change func() error) error {
	select {
	case s.membership <- struct{}{}:
		defer func() { <-s.membership }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if !s.gate.enter() {
		return ErrClosed
	}
	defer s.gate.leave()
	if _, leads, _ := s.throne.look(); !leads {
		return ErrNotLeader
	}
	if err := s.noteOwnAddress(ctx); err != nil {
		return err
	}
	return change()
}

// noteOwnAddress has the members know where this node is, which leads. Without it a leader
// that was alone, or has moved, could hand on the leadership to one that cannot even ask it
// for its vote.
func (s *Store) noteOwnAddress(ctx context.Context) error {
	if m, known := s.member(s.options.NodeID); s.options.Network == nil || !known || m.Address == s.self {
		return nil
	}
	return refusedUnlessPassing("the address of the leader could not be made known", s.giveVote(ctx, s.self))
}

// joinHere makes a node a member, or notes its new address, and gives it a vote when
// it has caught up. If that takes longer than ctx lasts the node asks again.
func (s *Store) joinHere(ctx context.Context, who raft.ServerAddress, fresh bool) error {
	nodeID, address := splitContact(who)
	if nodeID == "" || address == "" {
		return fmt.Errorf("%w: a node that joins needs an id and an address", ErrRefused)
	}
	return s.changing(ctx, func() error {
		m, known := s.member(nodeID)
		voter := known && m.Suffrage == raft.Voter
		switch {
		case !known && !fresh:
			return fmt.Errorf("%w: %s", ErrNotMember, nodeID)
		case voter && fresh:
			// It may have voted, or acknowledged entries, and does not remember.
			return fmt.Errorf("%w: node %s is a member but has lost its state: remove it, then let it join", ErrRefused, nodeID)
		case voter && m.Address == who:
			return nil
		case voter:
			return s.giveVote(ctx, who)
		case !known || m.Address != who:
			if err := s.await(ctx, s.raft.AddNonvoter(raft.ServerID(nodeID), who, 0, raftTimeout)); err != nil {
				return err
			}
		}
		if err := s.caughtUp(ctx, who); err != nil {
			return err
		}
		return s.giveVote(ctx, who)
	})
}

// giveVote gives a node a vote, or notes a voter's new address.
func (s *Store) giveVote(ctx context.Context, who raft.ServerAddress) error {
	nodeID, _ := splitContact(who)
	given := s.raft.AddVoter(raft.ServerID(nodeID), who, 0, raftTimeout)
	// Raft counts the new voter's copies from when it has noted the vote, which is a moment
	// after it has begun to send the entry that gives it: a quick answer to that is lost, and
	// where it is needed for the majority nothing is committed until there is another entry.
	s.raft.Barrier(0)
	return s.await(ctx, given)
}

const (
	// catchUpRound is how long a node may take for what the leader has at the
	// beginning of a round, to count as caught up: what comes meanwhile is then little.
	catchUpRound = time.Second
	catchUpLook  = 50 * time.Millisecond
)

// caughtUp waits until a node has nearly everything. A vote for one that has little
// could leave the cluster without a working majority.
func (s *Store) caughtUp(ctx context.Context, who raft.ServerAddress) error {
	for {
		target, began := s.fsm.current.Load().applied, time.Now()
		for {
			status, err := s.statusAt(ctx, who)
			if err == nil && status.Applied >= target {
				break
			}
			select {
			case <-time.After(catchUpLook):
			case <-ctx.Done():
				return errors.Join(fmt.Errorf("node %s is still catching up: %w", who, ctx.Err()), err)
			case <-s.closing:
				return ErrClosed
			}
		}
		if time.Since(began) <= catchUpRound {
			return nil
		}
	}
}

func (s *Store) removeHere(ctx context.Context, nodeID string) error {
	return s.changing(ctx, func() error {
		_, known := s.member(nodeID)
		switch {
		case !known:
			return fmt.Errorf("%w: %s", ErrNotMember, nodeID)
		case len(s.members()) == 1:
			return fmt.Errorf("%w: node %s is the only member", ErrRefused, nodeID)
		case nodeID == s.options.NodeID:
			// Another leader will do it: one that removes itself would not know that it is
			// committed.
			if err := s.await(ctx, s.raft.LeadershipTransfer()); err != nil {
				return fmt.Errorf("%w: cannot hand on the leadership: %w", ErrRefused, err)
			}
			return ErrNotLeader
		}
		return s.await(ctx, s.raft.RemoveServer(raft.ServerID(nodeID), 0, raftTimeout))
	})
}

func (s *Store) transferHere(ctx context.Context, nodeID string) error {
	return s.changing(ctx, func() error {
		if nodeID == "" {
			return refusedUnlessPassing(notHandedOn, s.await(ctx, s.raft.LeadershipTransfer()))
		}
		m, known := s.member(nodeID)
		switch {
		case !known:
			return fmt.Errorf("%w: %s", ErrNotMember, nodeID)
		case nodeID == s.options.NodeID:
			return nil
		case m.Suffrage != raft.Voter:
			return fmt.Errorf("%w: node %s has no vote", ErrRefused, nodeID)
		}
		return refusedUnlessPassing(notHandedOn, s.await(ctx, s.raft.LeadershipTransferToServer(m.ID, m.Address)))
	})
}

const notHandedOn = "the leadership could not be handed on"

// refusedUnlessPassing makes an error of Raft's one that crosses between nodes, and says what
// could not be done.
func refusedUnlessPassing(what string, err error) error {
	if err == nil || passing(err) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrRefused, what, err)
}
