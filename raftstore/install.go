package raftstore

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

// This file is a snapshot's way into another node. The leader's Raft opens its
// snapshot and streams it; the follower's Raft writes the stream to a sink, closes
// it, and has the FSM restore it. A crash finds the follower with the old state or
// the new one, whatever it interrupts:
//
//	receiving           an unfinished snapshot, which the next start removes
//	received            a snapshot newer than the state: the next start restores it
//	the state copied    the same; the copy is removed, and made again
//	the copy in place   a state that reaches the snapshot; the old one is removed
//	                    behind it, now or with the next start
//	the log left over   it ends before the snapshot: the next start removes it

// received is the end of a stream that a snapshotSink takes.
type received struct {
	pipe *io.PipeWriter
	done chan error // one place: how receiving ended
}

// Write takes a part of the stream that another node sends.
func (k *snapshotSink) Write(b []byte) (int, error) {
	if k.received == nil {
		r, w := io.Pipe()
		k.received = &received{w, make(chan error, 1)}
		go func(done chan<- error) {
			err := receiveState(r, k.store.fs, k.store.fs.PathJoin(k.dir, snapshotState))
			_ = r.CloseWithError(orDefault(err, io.ErrClosedPipe))
			done <- err
		}(k.received.done)
	}
	return k.received.pipe.Write(b)
}

// finishReceiving makes sure that the whole state is there, and can be read.
func (k *snapshotSink) finishReceiving() error {
	_ = k.received.pipe.Close()
	if err := <-k.received.done; err != nil {
		return err
	}
	m, err := peekState(k.store.fs, k.store.fs.PathJoin(k.dir, snapshotState))
	if err != nil {
		return err
	}
	k.full, k.applied = true, m.applied
	return nil
}

// cancelReceiving stops it.
func (k *snapshotSink) cancelReceiving() {
	_ = k.received.pipe.CloseWithError(errors.New("cancelled"))
	<-k.received.done
}

// snapshotSource is an open snapshot: a stream of its state. The snapshot stays until
// it is closed. It belongs to one goroutine.
type snapshotSource struct {
	store  *snapshots
	id     string
	file   snapshotFile
	names  []string
	start  sync.Once
	pipe   *io.PipeReader
	closed bool
}

// Open opens a snapshot to be read.
func (s *snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	s.hold(id)
	file, err := s.describe(id)
	if err != nil {
		s.letGo(id)
		return nil, nil, err
	}
	names, size, err := stateFiles(s.fs, s.fs.PathJoin(s.dir, id, snapshotState))
	if err != nil {
		s.letGo(id)
		return nil, nil, err
	}
	meta := file.Meta
	meta.Size = size
	return &meta, &snapshotSource{store: s, id: id, file: *file, names: names}, nil
}

// Read reads the stream.
func (s *snapshotSource) Read(b []byte) (int, error) {
	s.start.Do(func() {
		r, w := io.Pipe()
		s.pipe = r
		s.store.sendingFrom(s.file.Meta.Index)
		go func(disk vfs.FS, dir string) {
			err := sendState(w, disk, dir, s.names)
			_ = w.CloseWithError(orDefault(err, io.EOF))
		}(s.store.fs, s.state())
	})
	if s.pipe == nil {
		return 0, io.ErrClosedPipe
	}
	return s.pipe.Read(b)
}

func (s *snapshotSource) state() string {
	return s.store.fs.PathJoin(s.store.dir, s.id, snapshotState)
}

// Close ends the stream.
func (s *snapshotSource) Close() error {
	s.start.Do(func() {}) // from now on Read starts nothing
	if s.pipe != nil {
		_ = s.pipe.Close()
	}
	if !s.closed {
		s.closed = true
		s.store.letGo(s.id)
	}
	return nil
}

// Restore replaces the state by a snapshot's, unless it has all of it already.
func (f *fsm) Restore(source io.ReadCloser) error {
	for {
		w, ok := source.(raft.ReadCloserWrapper)
		if !ok {
			break
		}
		source = w.WrappedReadCloser()
	}
	s, ok := source.(*snapshotSource)
	if !ok {
		return fmt.Errorf("cannot restore a state from a %T", source)
	}
	if f.failed {
		return errors.New("no snapshot is restored: this node has failed")
	}
	f.busy.startAt(time.Now())
	defer f.busy.stop()
	if s.file.Applied > f.meta.applied {
		m, err := f.states.restore(s.state(), s.id)
		if err != nil {
			return err
		}
		f.meta = m
		f.current.Store(&m)
		f.clock.observe(m.time)
		f.feed.leap(m.applied)
		f.logger.Info("the state of another node was put in place of this node's", "applied", m.applied)
	}
	// What the state has beyond the snapshot is in no log soon; checkTogether must not
	// wonder about it.
	return s.store.noteApplied(s.id, f.meta.applied)
}

// restore replaces the state by a checkpoint, and returns the new one's meta row.
func (s *states) restore(checkpoint, id string) (meta, error) {
	if err := s.replace(checkpoint, id); err != nil {
		return meta{}, err
	}
	r := s.reader()
	defer r.close()
	return readMeta(r)
}

// finishInstall does at start what a crash has kept an installation from doing. It
// returns the state's meta row.
func finishInstall(m meta, states *states, snaps *snapshots, logs raft.LogStore, logger *slog.Logger) (meta, error) {
	file, err := snaps.newest()
	if err != nil || file == nil || !file.Received {
		return m, err
	}
	if file.Applied > m.applied {
		logger.Info("finishing the installation of a snapshot", "applied", file.Applied)
		if m, err = states.restore(snaps.fs.PathJoin(snaps.dir, file.Meta.ID, snapshotState), file.Meta.ID); err != nil {
			return m, err
		}
	}
	return m, dropOldLog(logs, file.Meta)
}

// dropOldLog removes the log if it does not lead up to, and past, a snapshot that was
// installed: what is appended next would leave a gap, or not fit.
func dropOldLog(logs raft.LogStore, snapshot raft.SnapshotMeta) error {
	first, err := logs.FirstIndex()
	if err != nil {
		return fmt.Errorf("cannot read the log: %w", err)
	}
	last, err := logs.LastIndex()
	if err != nil {
		return fmt.Errorf("cannot read the log: %w", err)
	}
	if first == 0 || first > snapshot.Index {
		return nil
	}
	if last >= snapshot.Index {
		var entry raft.Log
		if err := logs.GetLog(snapshot.Index, &entry); err != nil {
			return fmt.Errorf("cannot read the log: %w", err)
		}
		if entry.Term == snapshot.Term {
			return nil
		}
	}
	if err := logs.DeleteRange(first, last); err != nil {
		return fmt.Errorf("cannot remove the log before a snapshot: %w", err)
	}
	return nil
}
