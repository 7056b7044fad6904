package raftstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// write writes a snapshot's description, which replaces what it had.
func (s *snapshots) write(dir string, file snapshotFile) error {
	b, err := json.Marshal(file)
	if err != nil {
		return fmt.Errorf("cannot describe a snapshot: %w", err)
	}
	return writeFile(s.fs, s.fs.PathJoin(dir, snapshotDescription), b)
}

// noteApplied notes that the node's state has more than a snapshot's.
func (s *snapshots) noteApplied(id string, applied uint64) error {
	file, err := s.describe(id)
	if err != nil || file.Applied >= applied {
		return err
	}
	file.Applied = applied
	return s.write(s.fs.PathJoin(s.dir, id), *file)
}

// newest returns the newest snapshot's description, or nil if there is none.
func (s *snapshots) newest() (*snapshotFile, error) {
	metas, err := s.List()
	if err != nil || len(metas) == 0 {
		return nil, err
	}
	return s.describe(metas[0].ID)
}

// hold keeps a snapshot from being removed.
func (s *snapshots) hold(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[id]++
}

// letGo is called once for each hold.
func (s *snapshots) letGo(id string) {
	s.mu.Lock()
	if s.held[id]--; s.held[id] == 0 {
		delete(s.held, id)
	}
	if len(s.held) == 0 && s.sent != 0 && s.sentTill.IsZero() {
		s.sentTill = time.Now()
	}
	s.mu.Unlock()
	_ = s.tidy() // what cannot be removed now is removed after the next snapshot
}

// tidy removes all snapshots that are neither the newest nor open.
func (s *snapshots) tidy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	metas, err := s.List()
	if err != nil {
		return err
	}
	for i, meta := range metas {
		if i == 0 || s.held[meta.ID] > 0 || strings.HasPrefix(meta.ID, snapshotUnfinished) {
			continue
		}
		retired, err := s.retire(meta.ID)
		if err == nil {
			err = errors.Join(syncDir(s.fs, s.dir), s.fs.RemoveAll(retired))
		}
		if err != nil {
			return fmt.Errorf("cannot remove an old snapshot: %w", err)
		}
	}
	return nil
}

// retire moves a snapshot, if there is one of that id, to where it is to be removed. It is
// none any more then: a crash in the middle of removing must not leave one that lacks some
// of its files.
func (s *snapshots) retire(id string) (to string, err error) {
	to = s.fs.PathJoin(s.dir, snapshotUnfinished+"removed-"+id)
	if err := s.fs.RemoveAll(to); err != nil {
		return "", err
	}
	if err := s.fs.Rename(s.fs.PathJoin(s.dir, id), to); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return to, nil
}

// sendingFrom notes that a snapshot is being sent.
func (s *snapshots) sendingFrom(index uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent == 0 || !s.sentTill.IsZero() || index < s.sent {
		s.sent = index
	}
	s.sentTill = time.Time{}
}

// followUp is for how long after a snapshot was sent the log behind it is kept: the
// other node restores it, and then asks for what follows.
const followUp = 2 * time.Minute

// sending returns the index of a snapshot whose receiver will ask for the log behind
// it.
func (s *snapshots) sending() (index uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent == 0 || !s.sentTill.IsZero() && time.Since(s.sentTill) > followUp {
		return 0, false
	}
	return s.sent, true
}
