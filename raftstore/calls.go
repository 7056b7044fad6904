package raftstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/hashicorp/raft"

	"keng/proto/clusterpb"
	"keng/raftstore/internal/call"
)

// serveCalls answers another node's calls on a connection.
func (s *Store) serveCalls(conn net.Conn, nodeID string) {
	<-s.ready // Raft is there
	call.Serve(s.life, conn, func(ctx context.Context, request *clusterpb.Request) *clusterpb.Response {
		return s.answer(ctx, nodeID, request)
	})
}

// answer does what another node asks.
func (s *Store) answer(ctx context.Context, nodeID string, request *clusterpb.Request) *clusterpb.Response {
	response := &clusterpb.Response{}
	var err error
	switch kind := request.Kind.(type) {
	case *clusterpb.Request_GetStatus:
		response.Kind = &clusterpb.Response_Status{Status: encodeStatus(s.Status())}
		return response
	case *clusterpb.Request_GetTime:
		response.Kind = &clusterpb.Response_Time{Time: &clusterpb.Time{WallUnixNs: s.clock.shown().UnixNano()}}
		return response
	case *clusterpb.Request_Tell:
		return s.answerTell(ctx, nodeID, kind.Tell)
	case *clusterpb.Request_KeepBlob:
		return s.answerKeepBlob(ctx, nodeID, kind.KeepBlob)
	case *clusterpb.Request_ReadBlob:
		return s.answerReadBlob(nodeID, kind.ReadBlob)
	}
	l, _ := s.leaders.look()
	if l.id != s.options.NodeID {
		return notLeading(l)
	}
	if _, known := s.member(nodeID); !known && request.GetJoin() == nil {
		// It was removed, and may not know it yet.
		return &clusterpb.Response{Error: encodeError(fmt.Errorf("%w: %s", ErrNotMember, nodeID))}
	}
	switch kind := request.Kind.(type) {
	case *clusterpb.Request_Forward:
		return s.answerForward(ctx, kind.Forward)
	case *clusterpb.Request_ReadIndex:
		var index uint64
		index, err = s.readIndexHere(ctx)
		response.Kind = &clusterpb.Response_Index{Index: &clusterpb.Index{Index: index}}
	case *clusterpb.Request_Join:
		err = s.joinHere(ctx, contact(nodeID, kind.Join.Address), kind.Join.Fresh)
	case *clusterpb.Request_Remove:
		err = s.removeHere(ctx, kind.Remove.NodeId)
	case *clusterpb.Request_Transfer:
		err = s.transferHere(ctx, kind.Transfer.NodeId)
	default:
		err = fmt.Errorf("%w: this version of the node does not know what it is asked for", ErrRefused)
	}
	if err != nil {
		return &clusterpb.Response{Error: encodeError(err)}
	}
	return response
}

// notLeading says who leads, if that is known.
func notLeading(l leader) *clusterpb.Response {
	e := encodeError(ErrNotLeader)
	e.Leader = string(l.contact)
	return &clusterpb.Response{Error: e}
}

// answerForward has another node's command evaluated.
func (s *Store) answerForward(ctx context.Context, forward *clusterpb.Forward) *clusterpb.Response {
	if len(forward.Id) != len(CommandID{}) || len(forward.Command) > MaxCommandBytes {
		return &clusterpb.Response{Error: encodeError(fmt.Errorf("%w: the command is not properly formed", ErrRefused))}
	}
	a := s.updateHere(ctx, CommandID(forward.Id), forward.Command)
	switch {
	case a.verdict == answered && a.err == nil:
		return &clusterpb.Response{Kind: &clusterpb.Response_Applied{Applied: &clusterpb.Applied{Result: a.result, Index: a.index}}}
	case a.verdict == answered:
		return &clusterpb.Response{Error: s.encodeHandlerError(a.err)}
	case a.verdict == unknownVerdict:
		return &clusterpb.Response{Error: encodeError(fmt.Errorf("%w: %w", ErrUnknownOutcome, a.err))}
	}
	return &clusterpb.Response{Error: encodeError(a.err)}
}

// ask asks another node, and returns its error as one of this node's.
func (s *Store) ask(ctx context.Context, to raft.ServerAddress, request *clusterpb.Request) (*clusterpb.Response, error) {
	return s.askOver(ctx, s.peers, to, request)
}

// askOver is ask over certain connections.
func (s *Store) askOver(ctx context.Context, lane *peers, to raft.ServerAddress, request *clusterpb.Request) (*clusterpb.Response, error) {
	if lane == nil {
		return nil, fmt.Errorf("%w: this node has no network", errUnreachable)
	}
	response, err := lane.call(ctx, to, request)
	if err != nil {
		return nil, err
	}
	if response.Error != nil {
		return response, s.decodeError(response.Error)
	}
	return response, nil
}

// updateThere has a command evaluated by another node.
func (s *Store) updateThere(ctx context.Context, l leader, reign context.Context, id CommandID, payload []byte) attempt {
	within, cancel := attemptContext(ctx, reign)
	defer cancel()
	response, err := s.ask(within, l.contact, &clusterpb.Request{Kind: &clusterpb.Request_Forward{
		Forward: &clusterpb.Forward{Id: id[:], Command: payload},
	}})
	switch {
	case errors.Is(err, errUnreachable):
		return attempt{reply{err: err}, againVerdict}
	case err != nil && response == nil:
		return attempt{reply{err: err}, unknownVerdict}
	case err != nil:
		return attempt{reply{err: err}, judgeError(response.Error.Kind)}
	}
	applied := response.GetApplied()
	if err := s.reach(ctx, applied.GetIndex()); err != nil {
		return attempt{reply{err: fmt.Errorf("%w: this node has not caught up with it: %w", ErrUnknownOutcome, err)}, unknownVerdict}
	}
	return attempt{reply{result: applied.GetResult(), index: applied.GetIndex()}, answered}
}

// judgeError tells what an error means that the leader has answered a command with.
func judgeError(kind clusterpb.Error_Kind) verdict {
	switch kind {
	case clusterpb.Error_KIND_NOT_LEADER, clusterpb.Error_KIND_CLOSED, clusterpb.Error_KIND_TIMEOUT:
		return againVerdict
	case clusterpb.Error_KIND_UNKNOWN_OUTCOME:
		return unknownVerdict
	case clusterpb.Error_KIND_OVERLOADED, clusterpb.Error_KIND_REFUSED:
		return refused
	}
	return answered
}

// readIndexThere asks the leader for a read index.
func (s *Store) readIndexThere(ctx context.Context, l leader) (uint64, error) {
	response, err := s.ask(ctx, l.contact, &clusterpb.Request{Kind: &clusterpb.Request_ReadIndex{ReadIndex: &clusterpb.ReadIndex{}}})
	if err != nil {
		return 0, err
	}
	return response.GetIndex().GetIndex(), nil
}

// StatusOf asks another member, or this node, what it knows of itself.
func (s *Store) StatusOf(ctx context.Context, nodeID string) (Status, error) {
	if nodeID == s.options.NodeID {
		return s.Status(), nil
	}
	m, ok := s.member(nodeID)
	if !ok {
		return Status{}, fmt.Errorf("%w: %s", ErrNotMember, nodeID)
	}
	return s.statusAt(ctx, m.Address)
}

func (s *Store) statusAt(ctx context.Context, to raft.ServerAddress) (Status, error) {
	response, err := s.ask(ctx, to, &clusterpb.Request{Kind: &clusterpb.Request_GetStatus{GetStatus: &clusterpb.GetStatus{}}})
	if err != nil {
		return Status{}, err
	}
	return decodeStatus(response.GetStatus()), nil
}

func encodeStatus(s Status) *clusterpb.Status {
	b := &clusterpb.Status{
		NodeId: s.NodeID, State: s.State, Term: s.Term, LeaderId: s.LeaderID, Leads: s.Leads, Applied: s.Applied,
		Sequence: s.Sequence, Chain: s.Chain[:], TimeUnixNs: s.Time.UnixNano(), WallUnixNs: s.Wall.UnixNano(), FirstIndex: s.FirstIndex, LastIndex: s.LastIndex,
	}
	for _, m := range s.Members {
		b.Members = append(b.Members, &clusterpb.Member{NodeId: m.NodeID, Address: m.Address, Voter: m.Voter})
	}
	return b
}

func decodeStatus(b *clusterpb.Status) Status {
	s := Status{
		NodeID: b.GetNodeId(), State: b.GetState(), Term: b.GetTerm(), LeaderID: b.GetLeaderId(), Leads: b.GetLeads(), Applied: b.GetApplied(),
		Sequence: b.GetSequence(), Time: time.Unix(0, b.GetTimeUnixNs()).UTC(), Wall: time.Unix(0, b.GetWallUnixNs()).UTC(), FirstIndex: b.GetFirstIndex(), LastIndex: b.GetLastIndex(),
	}
	copy(s.Chain[:], b.GetChain())
	for _, m := range b.GetMembers() {
		s.Members = append(s.Members, Member{NodeID: m.NodeId, Address: m.Address, Voter: m.Voter})
	}
	return s
}
