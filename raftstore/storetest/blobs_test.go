package storetest_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"keng/raftstore"
	"keng/raftstore/storetest"
	"keng/raftstore/table"
)

// The state of these tests names blobs: "name HASH" and "forget HASH" are its commands. Any other
// one is kept as it is.

const namePrefix = "blob/"

func nameBlobs(tx table.Tx, _ time.Time, command []byte) ([]byte, error) {
	verb, what, _ := strings.Cut(string(command), " ")
	switch verb {
	case "name":
		tx.Set([]byte(namePrefix+what), []byte{})
	case "forget":
		tx.Delete([]byte(namePrefix + what))
	default:
		tx.Set([]byte("other/"+verb), command)
	}
	return nil, nil
}

func namedBlobs(r table.Reader) iter.Seq[raftstore.BlobHash] {
	return func(yield func(raftstore.BlobHash) bool) {
		for key := range r.Scan([]byte(namePrefix), []byte("blob0")) {
			raw, err := hex.DecodeString(string(key[len(namePrefix):]))
			if err != nil || !yield(raftstore.BlobHash(raw)) {
				return
			}
		}
	}
}

// withBlobs runs f in a bubble with three nodes that keep blobs.
func withBlobs(t *testing.T, f func(t *testing.T, c *storetest.Cluster)) { withSeed(t, 1, f) }

// withSeed is withBlobs, where what is lost with the power follows from a seed.
func withSeed(t *testing.T, seed uint64, f func(t *testing.T, c *storetest.Cluster)) {
	synctest.Test(t, func(t *testing.T) {
		c := storetest.Empty(t, seed, nameBlobs)
		c.Change = func(o *raftstore.Options) { o.Blobs = namedBlobs }
		c.SnapshotEntries, c.BlobGrace = 100, 2*time.Minute
		for _, id := range []string{"a", "b", "c"} {
			c.Start(id, "a")
		}
		c.AwaitVoters(3)
		f(t, c)
	})
}

// content is some bytes that take several messages.
func content(seed byte) []byte {
	b := make([]byte, 600<<10)
	for i := range b {
		b[i] = byte(i>>8) ^ byte(i)*seed
	}
	return b
}

func put(t *testing.T, s *raftstore.Store, b []byte, within time.Duration) (raftstore.BlobHash, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	h, size, err := s.PutBlob(ctx, bytes.NewReader(b))
	if err == nil && size != int64(len(b)) {
		t.Errorf("the size is told as %d", size)
	}
	return h, err
}

func read(t *testing.T, s *raftstore.Store, h raftstore.BlobHash, within time.Duration) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	b, err := s.OpenBlob(ctx, h)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return io.ReadAll(b)
}

// has makes sure that a node has a blob of its own, whatever becomes of the others.
func has(t *testing.T, c *storetest.Cluster, id string, h raftstore.BlobHash, want []byte) {
	t.Helper()
	c.Net.Cut(id)
	defer c.Net.Heal(id)
	got, err := read(t, c.Store(id), h, 30*time.Second)
	if want == nil {
		if !errors.Is(err, raftstore.ErrNoBlob) {
			t.Errorf("node %s has the blob, or does not say so: %v", id, err)
		}
		return
	}
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("node %s has not the blob: %d bytes, %v", id, len(got), err)
	}
}

// A blob is on the disks of two of three nodes when it has been put, whatever these go through
// afterwards; the third one gets it when the state names it.
func TestBlobIsOnAMajority(t *testing.T) {
	for seed := range uint64(4) { // a disk keeps what was not synced, or does not
		withSeed(t, seed, blobIsOnAMajority)
	}
}

func blobIsOnAMajority(t *testing.T, c *storetest.Cluster) {
	c.Net.Cut("c")
	want := content(3)
	h, err := put(t, c.Store("b"), want, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	c.Kill("a")
	c.Kill("b")
	c.Start("a", "a")
	c.Start("b", "a")
	has(t, c, "a", h, want)
	has(t, c, "b", h, want)
	has(t, c, "c", h, nil)
	c.Net.Heal("c")
	if got, err := read(t, c.Store("c"), h, time.Minute); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the third node does not fetch it when it is opened there: %v", err)
	}
	again, err := put(t, c.Store("c"), want, time.Minute)
	if err != nil || again != h {
		t.Errorf("put once more: %v", err)
	}
}

// Without a majority a blob is not kept, and the other nodes have nothing of it.
func TestBlobWithoutAMajority(t *testing.T) {
	withBlobs(t, func(t *testing.T, c *storetest.Cluster) {
		c.Net.Cut("b")
		c.Net.Cut("c")
		began := time.Now()
		h, err := put(t, c.Store("a"), content(5), 20*time.Second)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 25*time.Second {
			t.Errorf("put by one of three: %v after %s", err, time.Since(began))
		}
		has(t, c, "b", h, nil)
		has(t, c, "c", h, nil)
		c.Net.Heal("b")
		c.Net.Heal("c")
		c.Leader()
		broken := errors.New("the sender went away")
		_, _, err = c.Store("a").PutBlob(t.Context(), io.MultiReader(bytes.NewReader(content(6)), failing{broken}))
		if !errors.Is(err, broken) {
			t.Errorf("half a blob: %v", err)
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// What no row names is removed when it is old, on all nodes: also if the node that put it died
// before there was a row. What a row names stays as long as it does.
func TestBlobsThatNothingNames(t *testing.T) {
	withBlobs(t, func(t *testing.T, c *storetest.Cluster) {
		orphan, err := put(t, c.Store("b"), content(7), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		c.Kill("b")
		c.Start("b", "a")
		want := content(9)
		named, err := put(t, c.Store("a"), want, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		update(t, c.Leader(), "name "+hex.EncodeToString(named[:]))
		time.Sleep(3 * time.Minute)
		for _, id := range c.Running() {
			has(t, c, id, orphan, nil)
			has(t, c, id, named, want)
		}
		update(t, c.Leader(), "forget "+hex.EncodeToString(named[:]))
		time.Sleep(3 * time.Minute)
		for _, id := range c.Running() {
			has(t, c, id, named, nil)
		}
	})
}

// A node that was away for so long that it gets the state as a whole fetches what that names; one
// that joins anew as well.
func TestBlobsAfterASnapshot(t *testing.T) {
	withBlobs(t, func(t *testing.T, c *storetest.Cluster) {
		leader := c.Leader().Status().NodeID
		away := map[string]string{"a": "b", "b": "c", "c": "a"}[leader]
		c.Kill(away)
		want := map[raftstore.BlobHash][]byte{}
		for i := range 5 {
			b := content(byte(11 + i))
			h, err := put(t, c.Leader(), b, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			want[h] = b
			update(t, c.Leader(), "name "+hex.EncodeToString(h[:]))
		}
		left := c.Leader().Status().LastIndex
		for c.Leader().Status().FirstIndex <= left+1 {
			for i := range 200 {
				update(t, c.Leader(), fmt.Sprintf("other%d", i))
			}
			time.Sleep(2 * time.Second)
		}
		c.Start(away, leader)
		c.Start("d", leader)
		c.AwaitVoters(4)
		time.Sleep(time.Minute)
		for h, b := range want {
			has(t, c, away, h, b)
			has(t, c, "d", h, b)
		}
	})
}

// A node whose disk is nearly full keeps no blobs; if the others do not make a majority none is
// put.
func TestBlobsAndFullDisks(t *testing.T) {
	withBlobs(t, func(t *testing.T, c *storetest.Cluster) {
		c.Disk("b").TellFree(100 << 20)
		h, err := put(t, c.Store("a"), content(21), time.Minute)
		if err != nil {
			t.Errorf("with room on two of three: %v", err)
		}
		if _, err := read(t, c.Store("b"), h, time.Minute); !errors.Is(err, raftstore.ErrNoRoom) {
			t.Errorf("opened at the node without room: %v", err)
		}
		if _, err := put(t, c.Store("b"), content(22), time.Minute); !errors.Is(err, raftstore.ErrNoRoom) {
			t.Errorf("put at the node without room: %v", err)
		}
		c.Disk("c").TellFree(100 << 20)
		began := time.Now()
		if _, err := put(t, c.Store("a"), content(23), time.Minute); !errors.Is(err, raftstore.ErrNoRoom) || time.Since(began) > 10*time.Second {
			t.Errorf("with room on one of three: %v after %s", err, time.Since(began))
		}
		c.Disk("b").TellFree(1 << 39)
		if _, err := put(t, c.Store("b"), content(23), time.Minute); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
}
