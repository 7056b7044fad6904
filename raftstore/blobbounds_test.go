package raftstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"iter"
	"net"
	"path"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/hashicorp/raft"

	"keng/proto/clusterpb"
	"keng/raftstore/internal/call"
	"keng/raftstore/table"
)

// A blob that the state names, and that a disk could not give, stays where it was set aside for as
// long as there is no whole one: it may be all that there is.
func TestDamagedBlobThatIsNamed(t *testing.T) {
	const grace = 20 * time.Minute
	h := sha256.Sum256([]byte("named"))
	synctest.Test(t, func(t *testing.T) {
		var broken sync.Once
		s := openMemory(t, func(o *Options) {
			o.Blobs = func(table.Reader) iter.Seq[BlobHash] { return func(yield func(BlobHash) bool) { yield(h) } }
			o.limits.blobGrace = grace
			o.fs = errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) (err error) {
				if strings.Contains(op.Path, dirBlobs+"/") && (op.Kind == errorfs.OpFileRead || op.Kind == errorfs.OpFileReadAt) {
					broken.Do(func() { err = syscall.EIO })
				}
				return err
			}))
		})
		if _, _, err := s.PutBlob(t.Context(), strings.NewReader("named")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.OpenBlob(t.Context(), h); !errors.Is(err, ErrNoBlob) {
			t.Errorf("from a disk that does not give it: %v", err)
		}
		aside := path.Base(s.blobs.damagedPath(h))
		time.Sleep(3 * grace)
		if got := blobFiles(t, s); got != aside {
			t.Errorf("long after it was set aside there is %q", got)
		}
		if _, _, err := s.PutBlob(t.Context(), strings.NewReader("named")); err != nil {
			t.Fatal(err)
		}
		if got := blobFiles(t, s); got != path.Base(s.blobs.path(h)) {
			t.Errorf("once there is a whole one there is %q", got)
		}
	})
}

// A whole blob that was put while somebody read a damaged one is not set aside in its place.
func TestWholeBlobIsNotSetAside(t *testing.T) {
	t.Parallel()
	s := openMemory(t)
	began := time.Now()
	h, _, err := s.PutBlob(t.Context(), strings.NewReader("whole"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.blobs.setAside(h, began); err != nil {
		t.Fatal(err)
	}
	b, err := s.OpenBlob(t.Context(), h)
	if err != nil {
		t.Fatalf("it is gone: %v", err)
	}
	b.Close()
	if s.blobs.lost() != 0 {
		t.Error("it is counted as damaged")
	}
}

// While as many blobs are put as may be at once, one more is refused after a moment.
func TestBlobsThatTrickle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		slow, end := io.Pipe()
		var puts sync.WaitGroup
		for range maxBlobPuts {
			puts.Go(func() {
				if _, _, err := s.PutBlob(t.Context(), slow); err != nil {
					t.Errorf("a slow one: %v", err)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if _, _, err := s.PutBlob(t.Context(), strings.NewReader("x")); !errors.Is(err, ErrOverloaded) || time.Since(began) != 2*time.Second {
			t.Errorf("one more: %v after %v", err, time.Since(began))
		}
		time.AfterFunc(time.Second, func() { end.Close() })
		if _, _, err := s.PutBlob(t.Context(), strings.NewReader("x")); err != nil {
			t.Errorf("one that a place becomes free for: %v", err)
		}
		puts.Wait()
	})
}

// slowNode is a node that has a blob, and takes a while for each part of it.
func slowNode(t *testing.T, content []byte, pause time.Duration) *peers {
	lane := newPeers(func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go call.Serve(t.Context(), far, func(_ context.Context, r *clusterpb.Request) *clusterpb.Response {
			time.Sleep(pause)
			rest := content[r.GetReadBlob().GetOffset():]
			return &clusterpb.Response{Kind: &clusterpb.Response_BlobPart{BlobPart: &clusterpb.BlobPart{
				Size: int64(len(content)), Content: rest[:min(blobPart, len(rest))],
			}}}
		})
		return near, nil
	})
	t.Cleanup(lane.close)
	return lane
}

// A node that sends a blob all too slowly does not hold the place for a quarter of an hour; one on a
// narrow line is waited for.
func TestBlobFromASlowNode(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 8<<20/16)
	h := sha256.Sum256(content)
	for _, c := range []struct {
		pause, took time.Duration // a part, and in all
		good        bool
	}{{2 * time.Second, 64 * time.Second, true}, {9 * time.Second, 36 * time.Second, false}} {
		synctest.Test(t, func(t *testing.T) {
			s := openMemory(t)
			s.blobPeers = slowNode(t, content, c.pause)
			began := time.Now()
			err := s.fetchFrom(h, raft.Server{ID: "b", Address: "b@b"})
			if took := time.Since(began); (err == nil) != c.good || took != c.took {
				t.Errorf("with %v a part: %v after %v", c.pause, err, took)
			}
			if s.blobs.holds(h) != c.good {
				t.Error("it is there, or not, against what was said")
			}
		})
	}
}
