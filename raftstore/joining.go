package raftstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"keng/proto/clusterpb"
)

const (
	membershipLook  = time.Second            // how often a member makes sure that it is one
	membershipRetry = 200 * time.Millisecond // how often who is none asks to become one
	joinTimeout     = 20 * time.Second       // for one attempt, catching up included
	// forlornAfter is how long a member hears of no leader before it asks the others
	// whether it is a member at all.
	forlornAfter = 10 * time.Second
)

// keyVoter, in the log's stable store, says that this node has once had a vote. It
// then does not become a member again by itself when it was removed.
func keyVoter() []byte { return []byte("keng-voter") }

// keepMembership is a task: it has this node made a member, with a vote and with its
// present address, and finds out if it is one no longer.
func (s *Store) keepMembership() {
	heard := time.Now()
	var hint raft.ServerAddress // of who leads, from who does not
	for {
		pause := membershipRetry
		if l, _ := s.leaders.look(); l.id != "" {
			heard = time.Now()
		}
		switch {
		case s.isMember() && time.Since(heard) < forlornAfter:
			pause = membershipLook
		default:
			var err error
			hint, err = s.askToJoin(hint)
			if err == nil {
				s.noteVote() // it may be removed before it hears of it from the log
			}
			if errors.Is(err, ErrNotMember) {
				s.fail(err)
				return
			}
			if err != nil && s.life.Err() == nil {
				s.logger.Info("this node is no member with a vote yet", "error", err)
			}
			if errors.Is(err, ErrRefused) {
				pause = forlornAfter
			}
		}
		select {
		case <-time.After(pause):
		case <-s.closing:
			return
		case <-s.failed:
			return
		}
	}
}

// isMember tells whether this node has a vote under its present address, as far as
// it knows, and remembers that it once had one.
func (s *Store) isMember() bool {
	m, known := s.member(s.options.NodeID)
	if !known || m.Suffrage != raft.Voter {
		return false
	}
	s.noteVote()
	return m.Address == s.self
}

// noteVote remembers, for ever, that this node has had a vote.
func (s *Store) noteVote() {
	if s.hadVote {
		return
	}
	if err := s.stable.SetUint64(keyVoter(), 1); err != nil {
		s.logger.Warn("cannot note that this node has a vote", "error", err)
	}
	s.hadVote = true
}

// askToJoin asks the leader, or whoever may know it. hint is where it was last said
// to be.
func (s *Store) askToJoin(hint raft.ServerAddress) (raft.ServerAddress, error) {
	_, known := s.member(s.options.NodeID)
	fresh := !known && !s.hadVote
	l, _ := s.leaders.look()
	if l.id == s.options.NodeID {
		ctx, cancel := context.WithTimeout(s.life, joinTimeout)
		defer cancel()
		return "", s.joinHere(ctx, s.self, fresh)
	}
	var errs []error
	for _, to := range s.whomToAsk(l, hint) {
		ctx, cancel := context.WithTimeout(s.life, joinTimeout)
		response, err := s.ask(ctx, to, &clusterpb.Request{Kind: &clusterpb.Request_Join{
			Join: &clusterpb.Join{Address: s.options.Network.Advertise, Fresh: fresh},
		}})
		cancel()
		if err == nil || errors.Is(err, ErrNotMember) || errors.Is(err, ErrRefused) {
			return "", err
		}
		if hint := raft.ServerAddress(response.GetError().GetLeader()); hint != "" && hint != to && hint != s.self {
			return hint, err
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

// whomToAsk returns contacts, the likeliest leader first.
func (s *Store) whomToAsk(l leader, hint raft.ServerAddress) []raft.ServerAddress {
	var list []raft.ServerAddress
	if hint != "" {
		list = append(list, hint)
	}
	if l.id != "" {
		list = append(list, l.contact)
	}
	for _, m := range s.members() {
		if string(m.ID) != s.options.NodeID {
			list = append(list, m.Address)
		}
	}
	for _, address := range s.options.Network.Join {
		list = append(list, contact("", address))
	}
	return list
}

// readVote finds out whether this node has once had a vote.
func (s *Store) readVote() error {
	vote, err := s.stable.GetUint64(keyVoter())
	// A key that is not there is no error in one store and one without identity in
	// another.
	if err != nil && err.Error() != "not found" {
		return fmt.Errorf("cannot read the log's stable store: %w", err)
	}
	s.hadVote = vote == 1
	return nil
}
