package raftstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"keng/proto/clusterpb"
)

const (
	// maxBlobPuts is how many blobs may be put at a node at once: more wait, for blobPutPatience.
	maxBlobPuts     = 16
	blobPutPatience = 2 * time.Second
	// maxBlobFetches is how many are read from other nodes at once, and maxBlobsAwaited how many may
	// wait for it.
	maxBlobFetches, maxBlobsAwaited = 2, 64
	// blobPart is how much of a blob goes in one message, and blobPartTimeout how long that
	// may take. The next one is asked for when it is there, so that a blob leaves room to others
	// on a narrow line.
	blobPart        = 256 << 10
	blobPartTimeout = 10 * time.Second
	// blobKeepWait is how long a node lets the other one wait that asks it to keep a blob,
	// before it tells that it is still reading.
	blobKeepWait = 3 * time.Second
	// blobFetchPace is how many bytes a second a node must send on average, once it has had blobFetchGrace:
	// else it is given up, since others wait for the place.
	blobFetchPace, blobFetchGrace = 64 << 10, 30 * time.Second
)

// transfers bounds what is under way between nodes.
type transfers struct {
	puts, fetches chan struct{} // a place for each

	mu      sync.Mutex
	awaited map[BlobHash]*fetching
}

func newTransfers() *transfers {
	return &transfers{
		puts: make(chan struct{}, maxBlobPuts), fetches: make(chan struct{}, maxBlobFetches), awaited: map[BlobHash]*fetching{},
	}
}

// fetching is a blob that is being read from other nodes.
type fetching struct {
	done chan struct{} // closed when it is over
	err  error         // why it is not there; set before
}

// PutBlob keeps what r gives, of [MaxBlobBytes] at most, and returns its hash and its size in
// bytes. When it returns without an error the blob is on the disks of a majority of the
// nodes, synced; the others get it sooner or later. Then the caller writes the row that names
// it (see Options.Blobs), within the day for which a blob is kept that no row names. After an error
// nothing of it counts as kept. r's own error is returned as it is; ErrNoRoom says that too many disks are
// nearly full, ErrOverloaded that too many blobs are being put here; while too few nodes can be reached it tries until ctx ends. What is put twice is kept
// once. Safe for use by several goroutines.
func (s *Store) PutBlob(ctx context.Context, r io.Reader) (h BlobHash, size int64, err error) {
	select {
	case s.transfers.puts <- struct{}{}:
		defer func() { <-s.transfers.puts }()
	case <-time.After(blobPutPatience):
		return h, 0, fmt.Errorf("%w: %d blobs are being put", ErrOverloaded, maxBlobPuts)
	case <-ctx.Done():
		return h, 0, ctx.Err()
	case <-s.closing:
		return h, 0, ErrClosed
	}
	file, err := s.blobs.create()
	if err != nil {
		return h, 0, err
	}
	defer file.abandon()
	if err := s.take(ctx, file, r); err != nil {
		return h, 0, err
	}
	if h, err = file.finish(nil); err != nil {
		return h, 0, err
	}
	return h, file.size, s.spread(ctx, h, file.size)
}

// take writes what r gives into a file.
func (s *Store) take(ctx context.Context, file *blobFile, r io.Reader) error {
	buffer := make([]byte, 64<<10)
	for {
		n, err := r.Read(buffer)
		if n > 0 {
			if _, err := file.Write(buffer[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case s.life.Err() != nil:
			return ErrClosed
		}
	}
}

// spread has a blob that is on this node's disk kept by a majority.
func (s *Store) spread(ctx context.Context, h BlobHash, size int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer context.AfterFunc(s.life, cancel)()
	var others []raft.Server
	voters, kept := 0, 0
	for _, m := range s.members() {
		switch {
		case m.Suffrage != raft.Voter: // it gets it later
			continue
		case string(m.ID) == s.options.NodeID:
			kept++
		default:
			others = append(others, m)
		}
		voters++
	}
	if voters == 0 {
		return ErrNotMember
	}
	need := voters/2 + 1
	var offering sync.WaitGroup
	defer offering.Wait()
	defer cancel() // first
	answers := make(chan error, len(others))
	for _, m := range others {
		offering.Go(func() { answers <- s.offer(ctx, m.Address, h, size) })
	}
	var errs []error
	for kept < need {
		if voters-len(errs) < need {
			return fmt.Errorf("too few nodes keep the blob: %w", errors.Join(errs...))
		}
		if err := <-answers; err != nil {
			errs = append(errs, err)
		} else {
			kept++
		}
	}
	return nil
}

// offer asks another node to keep a blob until it does, refuses to, or ctx ends.
func (s *Store) offer(ctx context.Context, to raft.ServerAddress, h BlobHash, size int64) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		within, cancel := context.WithTimeout(ctx, blobPartTimeout)
		response, err := s.askOver(within, s.blobPeers, to, &clusterpb.Request{Kind: &clusterpb.Request_KeepBlob{
			KeepBlob: &clusterpb.KeepBlob{Hash: h[:], Size: size},
		}})
		cancel()
		switch {
		case err == nil && response.GetBlobKept().GetKept():
			return nil
		case errors.Is(err, ErrNoRoom), errors.Is(err, ErrRefused), errors.Is(err, ErrNotLeader):
			return err // a node of an earlier version knows no blobs, and says that it does not lead
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// answerKeepBlob keeps a blob for another node, which has it.
func (s *Store) answerKeepBlob(ctx context.Context, from string, keep *clusterpb.KeepBlob) *clusterpb.Response {
	kept, err := s.keepFrom(ctx, from, keep)
	if err != nil {
		return &clusterpb.Response{Error: encodeError(err)}
	}
	return &clusterpb.Response{Kind: &clusterpb.Response_BlobKept{BlobKept: &clusterpb.BlobKept{Kept: kept}}}
}

func (s *Store) keepFrom(ctx context.Context, from string, keep *clusterpb.KeepBlob) (kept bool, err error) {
	m, known := s.member(from)
	switch {
	case !known:
		return false, fmt.Errorf("%w: %s", ErrNotMember, from)
	case len(keep.GetHash()) != len(BlobHash{}) || keep.GetSize() < 0 || keep.GetSize() > MaxBlobBytes:
		return false, fmt.Errorf("%w: the blob is not properly named, or too large", ErrRefused)
	}
	h := BlobHash(keep.GetHash())
	if s.blobs.holds(h) {
		return true, nil
	}
	if err := s.blobs.room(); err != nil {
		return false, err
	}
	f, err := s.fetch(h, m)
	if err != nil {
		return false, err
	}
	select {
	case <-f.done:
		return f.err == nil, f.err
	case <-time.After(blobKeepWait):
	case <-ctx.Done():
	}
	return false, nil
}

// answerReadBlob gives another node a part of a blob.
func (s *Store) answerReadBlob(from string, read *clusterpb.ReadBlob) *clusterpb.Response {
	part, err := s.readBlob(from, read)
	if err != nil {
		return &clusterpb.Response{Error: encodeError(err)}
	}
	return &clusterpb.Response{Kind: &clusterpb.Response_BlobPart{BlobPart: part}}
}

func (s *Store) readBlob(from string, read *clusterpb.ReadBlob) (*clusterpb.BlobPart, error) {
	_, known := s.member(from)
	switch {
	case !known:
		return nil, fmt.Errorf("%w: %s", ErrNotMember, from)
	case len(read.GetHash()) != len(BlobHash{}) || read.GetOffset() < 0:
		return nil, fmt.Errorf("%w: the blob is not properly named", ErrRefused)
	}
	open := s.blobs.open
	if read.GetOffset() == 0 { // who begins with a damaged one would begin again and again
		open = s.blobs.openWhole
	}
	b, err := open(BlobHash(read.GetHash()))
	if err != nil {
		return nil, err
	}
	defer func() { _ = b.Close() }()
	content := make([]byte, max(0, min(blobPart, b.Size()-read.GetOffset())))
	if _, err := b.ReadAt(content, read.GetOffset()); err != nil && err != io.EOF {
		return nil, fmt.Errorf("cannot read a blob: %w", err)
	}
	return &clusterpb.BlobPart{Size: b.Size(), Content: content}, nil
}
