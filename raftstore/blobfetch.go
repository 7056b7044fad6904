package raftstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/raft"

	"keng/proto/clusterpb"
)

// OpenBlob opens a blob: this node's own, or else it is fetched from a node that has it, and
// kept. ErrNoBlob says that no node that could be asked has it. The caller closes it; a node's Close does not wait
// for that.
func (s *Store) OpenBlob(ctx context.Context, h BlobHash) (io.ReadSeekCloser, error) {
	b, err := s.blobs.openWhole(h)
	if err == nil {
		return b, nil
	}
	if !errors.Is(err, ErrNoBlob) {
		return nil, err
	}
	f, err := s.fetch(h, s.otherMembers()...)
	if err != nil {
		return nil, err
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if f.err != nil {
		return nil, f.err
	}
	b, err = s.blobs.openWhole(h)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// otherMembers returns the members but for this node.
func (s *Store) otherMembers() (others []raft.Server) {
	for _, m := range s.members() {
		if string(m.ID) != s.options.NodeID {
			others = append(others, m)
		}
	}
	return others
}

// fetch begins to read a blob from the first of some nodes that has it, unless that is under
// way already.
func (s *Store) fetch(h BlobHash, from ...raft.Server) (*fetching, error) {
	if !s.gate.enter() { // so that tasks are not awaited yet
		return nil, ErrClosed
	}
	defer s.gate.leave()
	t := s.transfers
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.awaited[h]; f != nil {
		return f, nil
	}
	if len(t.awaited) >= maxBlobsAwaited {
		return nil, fmt.Errorf("%w: too many blobs are awaited", ErrOverloaded)
	}
	f := &fetching{done: make(chan struct{})}
	t.awaited[h] = f
	s.tasks.Go(func() {
		f.err = s.fetchNow(h, from)
		t.mu.Lock()
		delete(t.awaited, h)
		t.mu.Unlock()
		close(f.done)
	})
	return f, nil
}

func (s *Store) fetchNow(h BlobHash, from []raft.Server) error {
	select {
	case s.transfers.fetches <- struct{}{}:
		defer func() { <-s.transfers.fetches }()
	case <-s.life.Done():
		return ErrClosed
	}
	errs := []error{fmt.Errorf("%w: %x", ErrNoBlob, h)}
	for _, m := range from {
		err := s.fetchFrom(h, m)
		if err == nil || errors.Is(err, ErrNoRoom) {
			return err
		}
		errs = append(errs, fmt.Errorf("node %s: %w", m.ID, err))
	}
	return errors.Join(errs...)
}

// fetchFrom reads a blob from a node, part by part, and keeps it if it is the right one. A node that
// is too slow it gives up.
func (s *Store) fetchFrom(h BlobHash, from raft.Server) error {
	file, err := s.blobs.create()
	if err != nil {
		return err
	}
	defer file.abandon()
	began := time.Now()
	for {
		part, err := s.fetchPart(h, from.Address, file.size)
		if err != nil {
			return err
		}
		if part.GetSize() > MaxBlobBytes || len(part.GetContent()) == 0 && file.size < part.GetSize() {
			return errors.New("what it sends is no blob")
		}
		if _, err := file.Write(part.GetContent()); err != nil {
			return err
		}
		if file.size >= part.GetSize() {
			_, err := file.finish(&h)
			return err
		}
		if took := time.Since(began); took > blobFetchGrace && file.size < int64(took.Seconds()*blobFetchPace) {
			return fmt.Errorf("it is too slow: %d of %d bytes in %s", file.size, part.GetSize(), took.Round(time.Second))
		}
	}
}

func (s *Store) fetchPart(h BlobHash, from raft.ServerAddress, offset int64) (*clusterpb.BlobPart, error) {
	ctx, cancel := context.WithTimeout(s.life, blobPartTimeout)
	defer cancel()
	response, err := s.askOver(ctx, s.blobPeers, from, &clusterpb.Request{Kind: &clusterpb.Request_ReadBlob{
		ReadBlob: &clusterpb.ReadBlob{Hash: h[:], Offset: offset},
	}})
	if err != nil {
		return nil, err
	}
	return response.GetBlobPart(), nil
}
