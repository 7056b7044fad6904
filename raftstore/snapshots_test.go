package raftstore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"keng/raftstore/table"
)

// TestSnapshotsCutTheLog: the snapshotter works by itself, one snapshot is kept,
// and a restart works from state and what is left of the log.
func TestSnapshotsCutTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, log := vfs.NewMem(), raft.NewInmemStore()
		reopen := func() *Store {
			return openMemory(t, func(o *Options) {
				o.fs, o.logs, o.stable = fs, log, log
				o.limits.snapshotEntries, o.limits.retainBytes = 100, 1
			})
		}
		s := reopen()
		for i := range 1000 {
			update(t, s, fmt.Sprintf("set k%d v%d", i%77, i))
			time.Sleep(20 * time.Millisecond)
		}
		status, want := s.Status(), dump(t, s, Local)
		if status.FirstIndex < 500 || status.LastIndex-status.FirstIndex > trailingMin+200 {
			t.Errorf("the log goes from %d to %d", status.FirstIndex, status.LastIndex)
		}
		names, err := fs.List("memory/snapshots")
		if err != nil || len(names) != 1 {
			t.Errorf("the snapshots are %v, %v", names, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = reopen()
		if got := dump(t, s, Leader); got != want {
			t.Errorf("after a restart the state is %q, want %q", got, want)
		}
		if got := s.Status(); got.Chain != status.Chain {
			t.Errorf("after a restart the status is %+v, before it was %+v", got, status)
		}
		update(t, s, "set after restart")
	})
}

// TestSnapshotBySize: it is bytes that count as well as entries.
func TestSnapshotBySize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t, func(o *Options) { o.limits.snapshotBytes, o.limits.retainBytes = 1<<20, 1 })
		random := rand.New(rand.NewPCG(1, 2))
		for i := range 300 {
			text := make([]byte, 5_000) // which cannot be compressed
			for i := range text {
				text[i] = byte(random.Uint32())
			}
			update(t, s, fmt.Sprintf("set k%d %x", i, text))
		}
		time.Sleep(5 * time.Second)
		if first := s.Status().FirstIndex; first < 40 {
			t.Errorf("after three megabytes the log begins at %d", first)
		}
	})
}

// TestCrash: the machine loses power at random moments, and the engine what it
// had not synced. What was acknowledged by then is in the log, and the log is
// enough. What the engine kept agrees with itself.
func TestCrash(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) { crash(t, rand.New(rand.NewPCG(seed, 4))) })
	}
}

// frozenLog is a log that after a crash is as it was then, but for new entries.
type frozenLog struct {
	*raft.InmemStore
	frozen atomic.Bool
}

func (l *frozenLog) DeleteRange(first, last uint64) error {
	if l.frozen.Load() {
		return nil
	}
	return l.InmemStore.DeleteRange(first, last)
}

func crash(t *testing.T, random *rand.Rand) {
	fs, log := vfs.NewCrashableMem(), &frozenLog{InmemStore: raft.NewInmemStore()}
	open := func() *Store {
		s, err := OpenInMemory(Options{
			Handle: handleText, Logger: testLogger(t), fs: fs, logs: log, stable: log.InmemStore,
			limits: limits{snapshotEntries: 50, retainBytes: 1, memTableBytes: 64 << 10},
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	acknowledged := map[string]string{}
	for round := range 4 {
		s := open()
		stop := make(chan struct{})
		var mu sync.Mutex
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					case <-time.After(time.Duration(1+i%7) * time.Millisecond):
					}
					key := fmt.Sprintf("k%d-%d-%d", round, w, i)
					if _, err := s.Update(t.Context(), NewCommandID(), []byte("set "+key+" v"+strings.Repeat("x", i%1000))); err == nil {
						mu.Lock()
						acknowledged[key] = "v" + strings.Repeat("x", i%1000)
						mu.Unlock()
					}
				}
			})
		}
		time.Sleep(time.Duration(500+random.IntN(3000)) * time.Millisecond)
		log.frozen.Store(true)
		survived := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: random})
		close(stop)
		wg.Wait()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		fs = survived
		log.frozen.Store(false)
	}
	s := open()
	defer s.Close()
	err := s.View(t.Context(), Leader, func(r table.Reader) error {
		for key, want := range acknowledged {
			if got, ok := r.Get([]byte(key)); !ok || string(got) != want {
				t.Errorf("%s was acknowledged, but is %q", key, got)
			}
		}
		return nil
	})
	if err != nil || len(acknowledged) < 100 {
		t.Errorf("%d acknowledged, %v", len(acknowledged), err)
	}
}

// TestSnapshotOnDisk does it on the real disk, with the real log store.
func TestSnapshotOnDisk(t *testing.T) {
	dir := t.TempDir()
	s := openDisk(t, dir)
	for i := range 400 {
		update(t, s, fmt.Sprintf("set k%d v%d", i%50, i))
	}
	for range 2 {
		if err := s.snapshot(10); err != nil {
			t.Fatal(err)
		}
		for i := range 30 {
			update(t, s, fmt.Sprintf("set l%d v%d", i, i))
		}
	}
	status, want := s.Status(), dump(t, s, Local)
	if status.FirstIndex < 300 {
		t.Errorf("the log begins at %d", status.FirstIndex)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openDisk(t, dir)
	if got := dump(t, s, Leader); got != want {
		t.Errorf("after a restart the state is %q, want %q", got, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// Directories that do not belong together are noticed.
	for _, lost := range []string{dirState, dirLog} {
		broken := t.TempDir()
		if err := os.CopyFS(broken, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(broken, lost)); err != nil {
			t.Fatal(err)
		}
		s, err := Open(Options{Dir: broken, NodeID: "a", Bootstrap: true, Handle: handleText, Logger: quiet()})
		if err == nil {
			_ = s.Close()
			t.Errorf("a directory without its %s was opened", lost)
		} else if !strings.Contains(err.Error(), "newest") {
			t.Errorf("a directory without its %s: %v", lost, err)
		}
	}
}

func TestUnfinishedSnapshotIsRemoved(t *testing.T) {
	fs := vfs.NewMem()
	s, err := openSnapshots("snapshots", fs)
	if err != nil {
		t.Fatal(err)
	}
	sink, err := s.Create(raft.SnapshotVersionMax, 7, 1, raft.Configuration{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if metas, err := s.List(); err != nil || len(metas) != 0 {
		t.Errorf("an unfinished snapshot is listed: %v, %v", metas, err)
	}
	if err := sink.Close(); err == nil {
		t.Error("an empty snapshot was closed as if it were one")
	}
	if _, err := s.Create(raft.SnapshotVersionMax, 8, 1, raft.Configuration{}, 1, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := openSnapshots("snapshots", fs); err != nil {
		t.Fatal(err)
	}
	if names, _ := fs.List("snapshots"); len(names) != 0 {
		t.Errorf("after a restart there is %v", names)
	}
}

// TestKillWhileASnapshotIsRemoved: what is half removed is no snapshot, and is no reason not
// to start.
func TestKillWhileASnapshotIsRemoved(t *testing.T) {
	disk := &killedRemoving{FS: vfs.NewMem()}
	s, err := openSnapshots("snapshots", disk)
	if err != nil {
		t.Fatal(err)
	}
	take := func(index uint64) error {
		sink, err := s.Create(raft.SnapshotVersionMax, index, 1, raft.Configuration{}, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		k, ok := sink.(*snapshotSink)
		if !ok {
			t.Fatalf("the sink is a %T", sink)
		}
		k.full = true
		return k.Close()
	}
	if err := take(7); err != nil {
		t.Fatal(err)
	}
	for _, index := range []uint64{8, 8} { // it makes room of an older one, and of one of its own name
		disk.killed = true
		if err := take(index); err == nil {
			t.Errorf("snapshot %d was taken although nothing could be removed", index)
		}
		disk.killed = false
		if s, err = openSnapshots("snapshots", disk); err != nil {
			t.Fatal(err)
		}
		metas, err := s.List()
		if err != nil || len(metas) != 1 || metas[0].Index != 8 {
			t.Errorf("after a kill there are %v, %v", metas, err)
		}
	}
	// Earlier versions removed snapshots where they were.
	if err := disk.MkdirAll("snapshots/00000000000000000009-00000000000000000001/state", 0o700); err != nil {
		t.Fatal(err)
	}
	if s, err = openSnapshots("snapshots", disk); err != nil {
		t.Fatal(err)
	}
	if metas, err := s.List(); err != nil || len(metas) != 1 {
		t.Errorf("with half a snapshot there are %v, %v", metas, err)
	}
}

// killedRemoving is a disk that takes away no more than the first file of what is removed.
type killedRemoving struct {
	vfs.FS
	killed bool
}

func (d *killedRemoving) RemoveAll(path string) error {
	if !d.killed {
		return d.FS.RemoveAll(path)
	}
	if _, err := d.Stat(path); err != nil {
		return nil
	}
	return errors.Join(d.FS.Remove(d.PathJoin(path, snapshotDescription)), errors.New("killed"))
}
