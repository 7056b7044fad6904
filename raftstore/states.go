package raftstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"log/slog"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// states holds the engine with the node's state, and replaces it by one that came
// from another node. Those who read the old one go on doing so: it is closed, and
// its directory removed, when the last of them has left.
//
// Which directory is the state's is said by a small file that is replaced as a
// whole. So a crash leaves the old state or the new one, and never a mixture.
type states struct {
	fs            vfs.FS
	dir           string // the node's
	memTableBytes uint64
	logger        *slog.Logger
	breakdown

	mu      sync.Mutex
	current *stateDB
	retired int           // states that are still being read
	left    chan struct{} // closed when retired becomes zero; nil while it is
}

// stateDB is one engine. What may change is guarded by the mutex of states.
type stateDB struct {
	db     *pebble.DB
	rows   *rowCache
	name   string // of its directory
	users  int
	old    bool    // another has taken its place
	shared *pinned // the state as it is, nil if nobody has read it yet
	unused *pinned // the state before the last write, if nobody reads it any more
}

// stateFile says which directory the state is in.
type stateFile struct {
	Level     int    `json:"level"`
	Directory string `json:"directory"`
}

const (
	fileState    = "state.json" // stateFile; without it the directory is dirState
	stateLevel   = 1
	stateFileMax = 4 << 10
)

// breakdown is what becomes of an engine that cannot write what it has in memory, as on
// a full disk. Pebble tries that again for ever, without a pause, and a Flush never
// returns. The node is better restarted: the log has everything.
type breakdown struct {
	fail   func(error) // of the node
	once   sync.Once
	cause  error
	broken chan struct{} // closed when cause is set
}

// background is told of each failure to write.
func (b *breakdown) background(err error) {
	b.once.Do(func() {
		b.cause = fmt.Errorf("the state cannot be written to the disk: %w; make room or mend the disk, then start the node again", err)
		close(b.broken)
		b.fail(b.cause)
	})
}

// flush has the engine write what it has in memory.
func (b *breakdown) flush(db *pebble.DB) error {
	flushed, err := db.AsyncFlush()
	if err != nil {
		return fmt.Errorf("cannot flush the state: %w", err)
	}
	select {
	case <-flushed:
		return nil
	case <-b.broken:
		return b.cause
	}
}

// openStates opens the present state, and removes what a crash has left of others. If an
// engine breaks down the node fails.
func openStates(o Options, logger *slog.Logger, fail func(error)) (*states, error) {
	s := &states{
		fs: o.fs, dir: o.Dir, memTableBytes: o.limits.memTableBytes, logger: logger,
		breakdown: breakdown{fail: fail, broken: make(chan struct{})},
	}
	name, err := s.directory()
	if err != nil {
		return nil, err
	}
	names, err := s.fs.List(s.dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", s.dir, err)
	}
	for _, other := range names {
		if other != name && (other == dirState || strings.HasPrefix(other, dirState+"-")) {
			if err := s.fs.RemoveAll(s.fs.PathJoin(s.dir, other)); err != nil {
				return nil, fmt.Errorf("cannot remove an old state: %w", err)
			}
		}
	}
	db, err := s.open(name)
	if err != nil {
		return nil, err
	}
	s.current = &stateDB{db: db, rows: newRowCache(), name: name}
	return s, nil
}

func (s *states) open(name string) (*pebble.DB, error) {
	return openEngine(s.fs.PathJoin(s.dir, name), s.fs, s.memTableBytes, s.logger, s.background)
}

// directory returns the name of the state's directory.
func (s *states) directory() (string, error) {
	path := s.fs.PathJoin(s.dir, fileState)
	f, err := s.fs.Open(path)
	if errors.Is(err, iofs.ErrNotExist) {
		return dirState, nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot find the state: %w", err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, stateFileMax))
	if err != nil {
		return "", fmt.Errorf("cannot find the state: %w", err)
	}
	var file stateFile
	if err := json.Unmarshal(b, &file); err != nil {
		return "", fmt.Errorf("cannot read %s: %w", path, err)
	}
	if file.Level != stateLevel || !strings.HasPrefix(file.Directory, dirState) || s.fs.PathBase(file.Directory) != file.Directory {
		return "", fmt.Errorf("%s cannot be understood: run the version that wrote it, or a newer one", path)
	}
	return file.Directory, nil
}

// use returns the present engine, which stays open until release is called.
func (s *states) use() (state *stateDB, release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state = s.current
	state.users++
	return state, func() { s.release(state) }
}

func (s *states) release(state *stateDB) {
	s.mu.Lock()
	state.users--
	last := state.old && state.users == 0
	s.mu.Unlock()
	if last {
		s.discard(state)
	}
}

// reader returns a reader of the present state: of all that written was told of.
func (s *states) reader() *reader {
	s.mu.Lock()
	state := s.current
	state.users++
	if state.shared == nil {
		state.shared = pin(state.db, state.rows)
	}
	shared, unused := state.shared, state.unused
	shared.readers++
	state.unused = nil
	s.mu.Unlock()
	unused.end()
	return &reader{state: shared, release: func() {
		s.mu.Lock()
		shared.readers--
		last := shared.readers == 0 && shared != state.shared
		s.mu.Unlock()
		if last {
			shared.end()
		}
		s.release(state)
	}}
}

// written is told that a state was written to, before anybody else is: who reads from now on
// reads what was written. What nobody reads any more is mostly ended by the next reader, for
// nothing is applied meanwhile; without readers by the next write, or it would
// keep Pebble from making room.
func (s *states) written(state *stateDB) {
	s.mu.Lock()
	unused := state.unused
	state.unused = nil
	if state.shared != nil && state.shared.readers == 0 {
		state.unused = state.shared
	}
	state.shared = nil
	s.mu.Unlock()
	unused.end()
}

// end closes a state that nobody reads any more.
func (s *states) end(state *stateDB) error {
	state.shared.end()
	state.unused.end()
	return state.db.Close()
}

// replace makes a copy of a checkpoint the present state. It is called by one
// goroutine, on which nothing else is written to the state meanwhile.
func (s *states) replace(checkpoint, id string) error {
	name := dirState + "-" + id
	if s.current.name == name {
		return fmt.Errorf("the state is that of snapshot %s already", id)
	}
	if err := s.copy(checkpoint, name); err != nil {
		return err
	}
	db, err := s.open(name)
	if err != nil {
		return err
	}
	b, err := json.Marshal(stateFile{Level: stateLevel, Directory: name})
	if err == nil {
		err = writeFile(s.fs, s.fs.PathJoin(s.dir, fileState), b)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("cannot put a state in place: %w", err), db.Close())
	}
	s.mu.Lock()
	old := s.current
	s.current = &stateDB{db: db, rows: newRowCache(), name: name}
	old.old = true
	if s.retired++; s.left == nil {
		s.left = make(chan struct{})
	}
	unused := old.users == 0
	s.mu.Unlock()
	if unused {
		s.discard(old)
	}
	return nil
}

// copy makes a directory that the engine can use of a checkpoint: tables, which are
// never changed, are linked, all else is copied.
func (s *states) copy(checkpoint, name string) error {
	to := s.fs.PathJoin(s.dir, name)
	if err := s.fs.RemoveAll(to); err != nil {
		return fmt.Errorf("cannot copy a state: %w", err)
	}
	if err := makeDir(s.fs, to); err != nil {
		return err
	}
	names, err := s.fs.List(checkpoint)
	if err != nil {
		return fmt.Errorf("cannot copy a state: %w", err)
	}
	for _, file := range names {
		if file == fileEngineLock {
			continue
		}
		put := vfs.Copy
		if strings.HasSuffix(file, ".sst") {
			put = vfs.LinkOrCopy
		}
		if err := put(s.fs, s.fs.PathJoin(checkpoint, file), s.fs.PathJoin(to, file)); err != nil {
			return fmt.Errorf("cannot copy a state: %w", err)
		}
	}
	return syncDir(s.fs, to)
}

// discard closes a state that nobody reads any more, and removes it.
func (s *states) discard(state *stateDB) {
	if err := errors.Join(s.end(state), s.fs.RemoveAll(s.fs.PathJoin(s.dir, state.name))); err != nil {
		s.logger.Warn("cannot remove an old state: it goes with the next start", "directory", state.name, "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retired--; s.retired == 0 {
		close(s.left)
		s.left = nil
	}
}

// close closes the present state, flushed unless the node has failed, and waits for
// those before it. Nobody reads any of them now, but one may still be on its way out.
func (s *states) close(flush bool) error {
	s.mu.Lock()
	left := s.left
	s.mu.Unlock()
	if left != nil {
		<-left
	}
	var errs []error
	if flush {
		errs = append(errs, s.flush(s.current.db))
	}
	return errors.Join(append(errs, s.end(s.current))...)
}
