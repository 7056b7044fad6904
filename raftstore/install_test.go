package raftstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/hashicorp/raft"
)

// stateOf opens a node alone that has some keys and a snapshot of them, and returns it
// with the snapshot.
func stateOf(t *testing.T, keys int) (*Store, *raft.SnapshotMeta) {
	t.Helper()
	s := openMemory(t, func(o *Options) { o.limits.memTableBytes = 64 << 10 })
	for i := range keys {
		update(t, s, fmt.Sprintf("set k%d %s", i, strings.Repeat("v", i%1000)))
	}
	if err := s.snapshot(1); err != nil {
		t.Fatal(err)
	}
	metas, err := s.snapshots.List()
	if err != nil || len(metas) != 1 {
		t.Fatalf("snapshots %v, %v", metas, err)
	}
	return s, metas[0]
}

// follower is the parts of a node that an installation concerns.
type follower struct {
	states *states
	snaps  *snapshots
	fsm    *fsm
	log    *memoryLog
}

// openFollower opens them, as Open does.
func openFollower(disk vfs.FS, log *memoryLog) (*follower, error) {
	o := Options{Dir: "node", fs: disk, Wall: time.Now, limits: limits{}.withDefaults()}
	if err := makeDir(disk, o.Dir); err != nil {
		return nil, err
	}
	f := &follower{log: log}
	var err error
	if f.snaps, err = openSnapshots("node/snapshots", disk); err != nil {
		return nil, err
	}
	if f.states, err = openStates(o, quiet(), func(error) {}); err != nil {
		return nil, err
	}
	r := f.states.reader()
	m, err := readMeta(r)
	r.close()
	if err == nil {
		m, err = finishInstall(m, f.states, f.snaps, log, quiet())
	}
	if err == nil {
		err = checkTogether(m, log, f.snaps)
	}
	if err != nil {
		return nil, errors.Join(err, f.states.close(false))
	}
	fail := func(err error) { panic(err) }
	f.fsm = newFSM(f.states, m, newFeed(m.applied), newClock(time.Now), quiet(), fail)
	return f, nil
}

// install does what Raft does with a snapshot that it receives.
func (f *follower) install(meta *raft.SnapshotMeta, stream io.Reader) error {
	sink, err := f.snaps.Create(meta.Version, meta.Index, meta.Term, meta.Configuration, meta.ConfigurationIndex, nil)
	if err != nil {
		return err
	}
	if _, err := io.Copy(sink, stream); err != nil {
		return errors.Join(err, sink.Cancel())
	}
	if err := sink.Close(); err != nil {
		return err
	}
	_, source, err := f.snaps.Open(sink.ID())
	if err != nil {
		return err
	}
	defer source.Close()
	if err := f.fsm.Restore(source); err != nil {
		return err
	}
	first, _ := f.log.FirstIndex()
	last, _ := f.log.LastIndex()
	return f.log.DeleteRange(first, last)
}

// keys returns how many keys of the user's there are.
func (f *follower) keys() (n int) {
	r := f.states.reader()
	defer r.close()
	for range (userReader{r}).Scan(nil, nil) {
		n++
	}
	return n
}

// oldFollower returns the disk and the log of a follower with three keys.
func oldFollower(t *testing.T) (*vfs.MemFS, *memoryLog) {
	t.Helper()
	disk, log := vfs.NewCrashableMem(), newMemoryLog()
	f, err := openFollower(disk, log)
	if err != nil {
		t.Fatal(err)
	}
	state, release := f.states.use()
	db := state.db
	m := meta{applied: 4, term: 1, sequence: 3, time: time.Unix(0, 0)}
	for _, err := range []error{
		db.Set([]byte("x"), nil, pebble.NoSync), db.Set([]byte("y"), nil, pebble.NoSync), db.Set([]byte("z"), nil, pebble.NoSync), db.Set([]byte(keyMeta), m.encode(), pebble.NoSync),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	release()
	if err := f.states.close(true); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(5) {
		if err := log.StoreLog(&raft.Log{Index: i + 1, Term: 1}); err != nil {
			t.Fatal(err)
		}
	}
	return disk, log
}

// TestCrashWhileInstalling: the machine loses power before every single change that an
// installation makes to the disk. The next start finds the old state or the new one,
// with a log that belongs to it, and can install the same snapshot again.
func TestCrashWhileInstalling(t *testing.T) {
	const oldKeys, newKeys = 3, 300
	source, meta := stateOf(t, newKeys)
	_, stream, err := source.snapshots.Open(meta.ID)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := io.ReadAll(stream)
	if err := errors.Join(err, stream.Close()); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	disk, log := oldFollower(t)
	type moment struct {
		op   string
		disk *vfs.MemFS
		log  *memoryLog
	}
	var moments []moment
	watched := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			log.mu.Lock() // the engine cleans up on goroutines of its own
			defer log.mu.Unlock()
			moments = append(moments, moment{fmt.Sprint(op.Kind, " ", op.Path), disk.CrashClone(lostPower(random)), log.clone()})
		}
		return nil
	}))
	f, err := openFollower(watched, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.install(meta, bytes.NewReader(sent)); err != nil {
		t.Fatal(err)
	}
	if got := f.keys(); got != newKeys || f.fsm.meta.applied < meta.Index {
		t.Errorf("after the installation there are %d keys, applied %d", got, f.fsm.meta.applied)
	}
	if err := f.states.close(false); err != nil {
		t.Fatal(err)
	}
	found := map[int]int{}
	for i, m := range moments {
		f, err := openFollower(m.disk, m.log)
		if err != nil {
			t.Errorf("after a crash before step %d, %s: %v", i, m.op, err)
			continue
		}
		keys := f.keys()
		found[keys]++
		if keys != oldKeys && keys != newKeys {
			t.Errorf("after a crash before step %d, %s, there are %d keys", i, m.op, keys)
		}
		if last, _ := m.log.LastIndex(); keys == newKeys && last != 0 && last < meta.Index {
			t.Errorf("after a crash before step %d, %s, the log ends at %d", i, m.op, last)
		}
		if keys == oldKeys {
			if err := f.install(meta, bytes.NewReader(sent)); err != nil || f.keys() != newKeys {
				t.Errorf("after a crash before step %d, %s, another try ends with %d keys, %v", i, m.op, f.keys(), err)
			}
		}
		if err := f.states.close(false); err != nil {
			t.Error(err)
		}
	}
	if found[oldKeys] < 20 || found[newKeys] < 20 {
		t.Errorf("of %d crashes, so many ended with so many keys: %v", len(moments), found)
	}
}

// TestViewOutlivesState: a view goes on reading the state that it began with, and the
// old state goes when it ends.
func TestViewOutlivesState(t *testing.T) {
	source, meta := stateOf(t, 100)
	_, stream, err := source.snapshots.Open(meta.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	disk, log := oldFollower(t)
	f, err := openFollower(disk, log)
	if err != nil {
		t.Fatal(err)
	}
	view := f.states.reader()
	if err := f.install(meta, stream); err != nil {
		t.Fatal(err)
	}
	if _, ok := view.Get([]byte("x")); !ok || f.keys() != 100 {
		t.Errorf("the view finds its row: %v; a new one finds %d", ok, f.keys())
	}
	there := func() bool {
		_, err := disk.Stat("node/" + dirState)
		return err == nil
	}
	if !there() {
		t.Error("the state that is being read was removed")
	}
	view.close()
	if there() {
		t.Error("the old state is still there")
	}
	if err := f.states.close(true); err != nil {
		t.Fatal(err)
	}
}

// TestOldSnapshot: a state that has more than a snapshot is not put back by it.
func TestOldSnapshot(t *testing.T) {
	source, meta := stateOf(t, 100)
	for i := range 20 {
		update(t, source, fmt.Sprintf("set more%d v", i))
	}
	before := source.fsm.current.Load().applied
	_, stream, err := source.snapshots.Open(meta.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if err := source.fsm.Restore(stream); err != nil {
		t.Fatal(err)
	}
	if after := source.fsm.current.Load().applied; after != before || !strings.Contains(dump(t, source, Local), "more19") {
		t.Errorf("applied was %d, and is %d", before, after)
	}
	if newest, err := source.snapshots.newest(); err != nil || newest.Applied != before {
		t.Errorf("the snapshot is now described by %+v, %v", newest, err)
	}
}

// FuzzReceiveState: whatever comes, nothing is written outside the directory.
func FuzzReceiveState(f *testing.F) {
	disk := vfs.NewMem()
	_ = disk.MkdirAll("from", 0o700)
	for _, name := range []string{"000001.sst", "MANIFEST-1"} {
		file, err := disk.Create("from/"+name, vfs.WriteCategoryUnspecified)
		if err != nil {
			f.Fatal(err)
		}
		_, _ = file.Write([]byte(name))
		_ = file.Close()
	}
	names, size, err := stateFiles(disk, "from")
	if err != nil {
		f.Fatal(err)
	}
	var good bytes.Buffer
	if err := sendState(&good, disk, "from", names); err != nil || int64(good.Len()) != size {
		f.Fatalf("%d bytes were announced, %d came, %v", size, good.Len(), err)
	}
	f.Add(good.Bytes())
	f.Add([]byte{streamLevel, 0, 0})
	f.Add(append([]byte{streamLevel, 0, 5}, "../x\x00\x00\x00\x00\x00\x00\x00\x00\x01y"...))
	f.Fuzz(func(t *testing.T, b []byte) {
		disk := vfs.NewMem()
		err := receiveState(bytes.NewReader(b), disk, "into")
		top, _ := disk.List("")
		if len(top) > 1 {
			t.Fatalf("there is %v beside the directory", top)
		}
		if err != nil {
			return
		}
		names, size, err := stateFiles(disk, "into")
		if err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := sendState(&again, disk, "into", names); err != nil || int64(again.Len()) != size {
			t.Fatalf("what was received cannot be sent: %d bytes, announced %d, %v", again.Len(), size, err)
		}
	})
}
