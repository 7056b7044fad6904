package raftstore

import (
	"context"
	"errors"
	"fmt"

	"keng/proto/clusterpb"
)

// ownErrors are the store's errors that keep their identity between nodes.
func ownErrors() map[clusterpb.Error_Kind]error {
	return map[clusterpb.Error_Kind]error{
		clusterpb.Error_KIND_CLOSED:          ErrClosed,
		clusterpb.Error_KIND_TOO_LARGE:       ErrTooLarge,
		clusterpb.Error_KIND_OVERLOADED:      ErrOverloaded,
		clusterpb.Error_KIND_UNKNOWN_OUTCOME: ErrUnknownOutcome,
		clusterpb.Error_KIND_NOT_LEADER:      ErrNotLeader,
		clusterpb.Error_KIND_NOT_MEMBER:      ErrNotMember,
		clusterpb.Error_KIND_REFUSED:         ErrRefused,
		clusterpb.Error_KIND_TIMEOUT:         context.DeadlineExceeded,
		clusterpb.Error_KIND_NO_ROOM:         ErrNoRoom,
		clusterpb.Error_KIND_NO_BLOB:         ErrNoBlob,
	}
}

// encodeError returns what another node is told of an error of the store's.
func encodeError(err error) *clusterpb.Error {
	e := &clusterpb.Error{Words: err.Error()}
	for kind, own := range ownErrors() {
		// An outcome that is not known is the more important news of two.
		if errors.Is(err, own) && e.Kind != clusterpb.Error_KIND_UNKNOWN_OUTCOME {
			e.Kind = kind
		}
	}
	return e
}

// encodeHandlerError returns what another node is told of an error that a command
// was answered with.
func (s *Store) encodeHandlerError(err error) *clusterpb.Error {
	var panicked *PanicError
	switch {
	case errors.As(err, &panicked):
		return &clusterpb.Error{Kind: clusterpb.Error_KIND_PANIC, Words: fmt.Sprint(panicked.Value)}
	case errors.Is(err, ErrTooLarge):
		return encodeError(err)
	}
	e := &clusterpb.Error{Kind: clusterpb.Error_KIND_HANDLER, Words: err.Error()}
	if n := s.options.Network; n.EncodeError != nil {
		if detail, ok := n.EncodeError(err); ok {
			e.Detail = detail
		}
	}
	return e
}

// decodeError returns the error that another node has told of.
func (s *Store) decodeError(e *clusterpb.Error) error {
	switch {
	case e.Kind == clusterpb.Error_KIND_PANIC:
		return &PanicError{Value: e.Words}
	case e.Detail != nil && s.options.Network.DecodeError != nil:
		return s.options.Network.DecodeError(e.Detail)
	}
	if own := ownErrors()[e.Kind]; own != nil {
		return &toldError{e.Words, own}
	}
	return errors.New(e.Words)
}

// toldError is an error that another node has told of, in its words.
type toldError struct {
	words string
	is    error // one of the store's own
}

func (e *toldError) Error() string { return e.words }

func (e *toldError) Unwrap() error { return e.is }
