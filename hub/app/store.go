package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
	"time"

	"keng/hub/core"
	"keng/raftstore"
	"keng/raftstore/table"
)

// replicated is the store in the shapes that state and engine ask for. They do not
// import raftstore.
type replicated struct{ *raftstore.Store }

// Update has a command evaluated and made durable.
func (r replicated) Update(ctx context.Context, id [16]byte, command []byte) ([]byte, error) {
	result, err := r.Store.Update(ctx, raftstore.CommandID(id), command)
	return result, kindly(err)
}

// View calls f with a view of the state.
func (r replicated) View(ctx context.Context, latest bool, f func(table.Reader) error) error {
	level := raftstore.Local
	if latest {
		level = raftstore.Leader
	}
	return kindly(r.Store.View(ctx, level, f))
}

// PutBlob keeps a file on the disks of a majority.
func (r replicated) PutBlob(ctx context.Context, content io.Reader) (hash [32]byte, size int64, err error) {
	hash, size, err = r.Store.PutBlob(ctx, content)
	return hash, size, discreetly(err, "The file cannot be kept at present: too few nodes can be reached, or have room on their disks. Try again later.")
}

// OpenBlob opens a file that was kept.
func (r replicated) OpenBlob(ctx context.Context, hash [32]byte) (io.ReadSeekCloser, error) {
	content, err := r.Store.OpenBlob(ctx, hash)
	return content, discreetly(err, "The file cannot be had from any node at present. Try again later.")
}

// discreetly is kindly about files, of which callers are told in fixed words: the store's own tell of
// nodes and their addresses, and whoever has a link may ask. They are in the error, for the log.
func discreetly(err error, words string) error {
	if !passing(err) {
		return err
	}
	return fmt.Errorf("%w (%w)", &core.Error{Kind: core.Unavailable, Words: words}, err)
}

// kindly gives the store's own errors a kind: they are nobody's fault and may be over soon.
func kindly(err error) error {
	if !passing(err) {
		return err
	}
	return &core.Error{Kind: core.Unavailable, Words: err.Error()}
}

// passing reports whether an error is one of the store's own that may be over soon.
func passing(err error) bool {
	return slices.ContainsFunc([]error{
		raftstore.ErrClosed, raftstore.ErrOverloaded, raftstore.ErrUnknownOutcome, raftstore.ErrNotLeader, raftstore.ErrNotMember,
		raftstore.ErrNoRoom, raftstore.ErrNoBlob, syscall.ENOSPC,
	}, func(own error) bool { return errors.Is(err, own) })
}

// Lead waits until this node leads.
func (r replicated) Lead(ctx context.Context) (term uint64, since time.Time, lost <-chan struct{}, err error) {
	l, err := r.Store.Lead(ctx)
	return l.Term, l.Since, l.Lost, err
}

// Node is this node's id.
func (r replicated) Node() string { return r.Status().NodeID }

// Yield hands the leadership to a node.
func (r replicated) Yield(ctx context.Context, to string) error {
	return ofMembers(r.TransferLeadership(ctx, to))
}

// encodeError and decodeError carry a command's own error from node to node.

func encodeError(err error) ([]byte, bool) {
	own, ok := errors.AsType[*core.Error](err)
	if !ok {
		return nil, false
	}
	b, err := json.Marshal(own)
	return b, err == nil
}

func decodeError(b []byte) error {
	var own core.Error
	if err := json.Unmarshal(b, &own); err != nil {
		return &core.Error{Words: "another node told of an error that this version does not understand"}
	}
	return &own
}
