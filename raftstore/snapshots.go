package raftstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

// snapshots is a raft.SnapshotStore in which a snapshot is a directory: a
// checkpoint of the engine (hard links to its files, so it costs no space until
// the engine has replaced them) and a file that describes it. One is kept: that
// the log was cut off behind it is what it is for, and an older one would hold
// disk space for nothing. A node does not start from it, since its engine always
// holds at least as much.
type snapshots struct {
	fs  vfs.FS
	dir string

	mu       sync.Mutex
	held     map[string]int // how often a snapshot is open; what is open is not removed
	sent     uint64         // the index of the snapshot that was sent last
	sentTill time.Time      // when that ended; zero while it is on
}

const (
	snapshotState       = "state"         // the checkpoint, in a snapshot's directory
	snapshotDescription = "snapshot.json" // snapshotFile, beside it
	snapshotUnfinished  = "unfinished-"   // prefix of directories that are no snapshots yet
	snapshotLevel       = 1
	snapshotJSONMax     = 1 << 20
)

// snapshotFile is a snapshot's description.
type snapshotFile struct {
	Level   int               `json:"level"`
	Meta    raft.SnapshotMeta `json:"meta"`
	Applied uint64            `json:"applied"` // the state's applied index, or less
	// Received says that it came from another node. Then Applied is exact, and the
	// node's state may be older: see finishInstall.
	Received bool `json:"received,omitempty"`
}

// openSnapshots makes the directory, and removes what a crash has left unfinished.
func openSnapshots(dir string, fs vfs.FS) (*snapshots, error) {
	if err := makeDir(fs, dir); err != nil {
		return nil, err
	}
	s := &snapshots{fs: fs, dir: dir, held: map[string]int{}}
	names, err := fs.List(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the directory of snapshots: %w", err)
	}
	for _, name := range names {
		// Without a description it was being removed, in the manner of earlier versions.
		_, err := fs.Stat(fs.PathJoin(dir, name, snapshotDescription))
		if strings.HasPrefix(name, snapshotUnfinished) || errors.Is(err, os.ErrNotExist) {
			if err := fs.RemoveAll(fs.PathJoin(dir, name)); err != nil {
				return nil, fmt.Errorf("cannot remove an unfinished snapshot: %w", err)
			}
		}
	}
	return s, nil
}

// Create begins a snapshot.
func (s *snapshots) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64, _ raft.Transport,
) (raft.SnapshotSink, error) {
	meta := raft.SnapshotMeta{
		Version: version, ID: fmt.Sprintf("%020d-%020d", index, term), Index: index, Term: term,
		Configuration: configuration, ConfigurationIndex: configurationIndex,
	}
	k := &snapshotSink{store: s, meta: meta, dir: s.fs.PathJoin(s.dir, snapshotUnfinished+meta.ID)}
	if err := s.fs.RemoveAll(k.dir); err != nil {
		return nil, fmt.Errorf("cannot begin a snapshot: %w", err)
	}
	if err := s.fs.MkdirAll(k.dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot begin a snapshot: %w", err)
	}
	return k, nil
}

// List returns the snapshots there are, the newest first.
func (s *snapshots) List() ([]*raft.SnapshotMeta, error) {
	names, err := s.fs.List(s.dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the directory of snapshots: %w", err)
	}
	slices.Sort(names)
	slices.Reverse(names) // ids begin with the index
	var metas []*raft.SnapshotMeta
	for _, name := range names {
		if strings.HasPrefix(name, snapshotUnfinished) {
			continue
		}
		file, err := s.describe(name)
		if err != nil {
			return nil, err
		}
		metas = append(metas, &file.Meta)
	}
	return metas, nil
}

// describe reads a snapshot's description.
func (s *snapshots) describe(id string) (*snapshotFile, error) {
	f, err := s.fs.Open(s.fs.PathJoin(s.dir, id, snapshotDescription))
	if err != nil {
		return nil, fmt.Errorf("cannot read snapshot %s: %w", id, err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, snapshotJSONMax))
	if err != nil {
		return nil, fmt.Errorf("cannot read snapshot %s: %w", id, err)
	}
	var file snapshotFile
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf("cannot read snapshot %s: %w", id, err)
	}
	if file.Level != snapshotLevel {
		return nil, fmt.Errorf("snapshot %s has format level %d, and this version reads %d", id, file.Level, snapshotLevel)
	}
	return &file, nil
}

// snapshotSink is a snapshot in the making.
type snapshotSink struct {
	store *snapshots
	meta  raft.SnapshotMeta
	dir   string
	full  bool // the checkpoint is there
	done  bool
	// applied is what the checkpoint's meta row has at least. It may be below the
	// snapshot's index: Raft's own entries are not told to the state.
	applied  uint64
	received *received // nil for this node's own
}

// ID returns the snapshot's name.
func (k *snapshotSink) ID() string { return k.meta.ID }

// Close makes the snapshot a valid one, on disk, and removes older ones.
func (k *snapshotSink) Close() error {
	if k.done {
		return nil
	}
	k.done = true
	if k.received != nil {
		if err := k.finishReceiving(); err != nil {
			return k.remove(err)
		}
	}
	if !k.full {
		return k.remove(errors.New("the snapshot is empty"))
	}
	newest, err := k.store.newest()
	if err != nil {
		return k.remove(err)
	}
	if newest != nil && newest.Meta.ID > k.meta.ID {
		// Raft must not take this one for its last: the log may begin behind the other.
		return k.remove(errors.New("a newer snapshot was installed meanwhile"))
	}
	if err := k.describe(); err != nil {
		return k.remove(err)
	}
	fs := k.store.fs
	retired, err := k.store.retire(k.meta.ID)
	if err != nil {
		return k.remove(err)
	}
	if err := fs.Rename(k.dir, fs.PathJoin(k.store.dir, k.meta.ID)); err != nil {
		return k.remove(err)
	}
	if err := errors.Join(syncDir(fs, k.store.dir), fs.RemoveAll(retired)); err != nil {
		return err
	}
	return k.store.tidy()
}

// Cancel drops the snapshot.
func (k *snapshotSink) Cancel() error {
	if k.done {
		return nil
	}
	k.done = true
	if k.received != nil {
		k.cancelReceiving()
	}
	return k.remove(nil)
}

func (k *snapshotSink) remove(cause error) error {
	return errors.Join(cause, k.store.fs.RemoveAll(k.dir))
}

// describe writes the description and syncs it and the directory.
func (k *snapshotSink) describe() error {
	return k.store.write(k.dir, snapshotFile{Level: snapshotLevel, Meta: k.meta, Applied: k.applied, Received: k.received != nil})
}

// checkpoint is a raft.FSMSnapshot.
type checkpoint struct {
	states  *states
	applied uint64 // the engine's applied index when Raft asked for the snapshot
}

// Persist flushes the engine, without which a checkpoint would leave out what is
// still in memory, and links its files into the snapshot. Only when that is done
// does Raft cut off its log.
func (c checkpoint) Persist(sink raft.SnapshotSink) error {
	k, ok := sink.(*snapshotSink)
	if !ok {
		return fmt.Errorf("cannot write a checkpoint to a %T", sink)
	}
	state, release := c.states.use()
	defer release()
	if err := c.states.flush(state.db); err != nil {
		return err
	}
	if err := state.db.Checkpoint(k.store.fs.PathJoin(k.dir, snapshotState)); err != nil {
		return fmt.Errorf("cannot make a checkpoint of the state: %w", err)
	}
	k.full, k.applied = true, c.applied
	return nil
}

// Release does nothing.
func (checkpoint) Release() {}
