package raftstore

import (
	"context"
	"fmt"

	"keng/proto/clusterpb"
)

const (
	// MaxTellBytes bounds the body of a message between nodes, and of its answer.
	MaxTellBytes = 1 << 20
	// maxTopicBytes bounds the name of what a message is about.
	maxTopicBytes = 64
)

// Tell hands a message to another member, or to this node, and returns the answer of its
// Options.Told. Nothing of it is kept: the message or its answer may be lost, after which
// the error does not tell which, and it is neither repeated nor forwarded. The error of
// Told crosses between nodes as that of a Handler does. Body and answer have
// [MaxTellBytes] at most. Safe for use by several goroutines.
func (s *Store) Tell(ctx context.Context, nodeID, topic string, body []byte) ([]byte, error) {
	if len(body) > MaxTellBytes || len(topic) > maxTopicBytes {
		return nil, fmt.Errorf("%w: a message to another node has %d bytes, and %d are allowed", ErrTooLarge, len(body), MaxTellBytes)
	}
	if nodeID == s.options.NodeID {
		return s.toldHere(ctx, nodeID, topic, body)
	}
	m, ok := s.member(nodeID)
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNotMember, nodeID)
	}
	response, err := s.ask(ctx, m.Address, &clusterpb.Request{Kind: &clusterpb.Request_Tell{Tell: &clusterpb.Tell{Topic: topic, Body: body}}})
	if err != nil {
		return nil, err
	}
	return response.GetTold().GetBody(), nil
}

// answerTell answers another node's message.
func (s *Store) answerTell(ctx context.Context, from string, tell *clusterpb.Tell) *clusterpb.Response {
	body, err := s.toldHere(ctx, from, tell.GetTopic(), tell.GetBody())
	if err != nil {
		e := encodeError(err)
		if e.Kind == clusterpb.Error_KIND_UNSPECIFIED { // not one of the store's own
			e = s.encodeHandlerError(err)
		}
		return &clusterpb.Response{Error: e}
	}
	return &clusterpb.Response{Kind: &clusterpb.Response_Told{Told: &clusterpb.Told{Body: body}}}
}

// toldHere has this node's user answer a message. Only members are listened to.
func (s *Store) toldHere(ctx context.Context, from, topic string, body []byte) ([]byte, error) {
	switch _, member := s.member(from); {
	case s.options.Told == nil:
		return nil, fmt.Errorf("%w: this node takes no messages", ErrRefused)
	case len(body) > MaxTellBytes || len(topic) > maxTopicBytes:
		return nil, fmt.Errorf("%w: the message is not properly formed", ErrRefused)
	case !member && from != s.options.NodeID:
		return nil, fmt.Errorf("%w: %s", ErrNotMember, from)
	}
	answer, err := s.options.Told(ctx, from, topic, body)
	if err == nil && len(answer) > MaxTellBytes {
		return nil, fmt.Errorf("%w: the answer has %d bytes, and %d are allowed", ErrTooLarge, len(answer), MaxTellBytes)
	}
	return answer, err
}
