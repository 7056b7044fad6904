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

// files returns the names in a store's folder of blobs.
func blobFiles(t *testing.T, s *Store) string {
	t.Helper()
	names, err := s.blobs.fs.List(s.blobs.dir)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

// overwrite damages a blob on the disk.
func overwrite(t *testing.T, s *Store, h BlobHash, content string) {
	t.Helper()
	f, err := s.blobs.fs.Create(s.blobs.path(h), vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// A blob is read back as it was put, from any place, also after a restart.
func TestBlobAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openDisk(t, dir)
	h, size, err := s.PutBlob(t.Context(), strings.NewReader("what was on the screen"))
	if err != nil || size != 22 || h != sha256.Sum256([]byte("what was on the screen")) {
		t.Fatalf("%x of %d bytes, %v", h, size, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openDisk(t, dir)
	defer s.Close()
	b, err := s.OpenBlob(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Seek(9, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(b); err != nil || string(rest) != "on the screen" {
		t.Errorf("%q, %v", rest, err)
	}
	if _, err := s.OpenBlob(t.Context(), BlobHash{1}); !errors.Is(err, ErrNoBlob) {
		t.Errorf("one that there is not: %v", err)
	}
	if _, _, err := s.PutBlob(t.Context(), io.LimitReader(zeros{}, MaxBlobBytes+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one that is too large: %v", err)
	}
	if got := blobFiles(t, s); got != path.Base(s.blobs.path(h)) {
		t.Errorf("in the folder is %s", got)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// A disk that takes no more leaves nothing half written under a blob's name, or under any.
func TestBlobOnAFullDisk(t *testing.T) {
	t.Parallel()
	for what, full := range map[string]func(errorfs.Op) bool{
		"write":  func(op errorfs.Op) bool { return op.Kind == errorfs.OpFileWrite },
		"sync":   func(op errorfs.Op) bool { return op.Kind == errorfs.OpFileSync },
		"rename": func(op errorfs.Op) bool { return op.Kind == errorfs.OpRename },
	} {
		s := openMemory(t, func(o *Options) {
			o.fs = errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
				if strings.Contains(op.Path, dirBlobs+"/") && full(op) {
					return syscall.ENOSPC
				}
				return nil
			}))
		})
		if _, _, err := s.PutBlob(t.Context(), strings.NewReader("x")); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v", what, err)
		}
		if got := blobFiles(t, s); got != "" {
			t.Errorf("%s: in the folder is %s", what, got)
		}
		update(t, s, "set k v") // it goes on
	}
}

// A damaged blob is not served but set aside.
func TestBlobThatIsDamaged(t *testing.T) {
	t.Parallel()
	s := openMemory(t)
	h, _, err := s.PutBlob(t.Context(), strings.NewReader("whole"))
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, s, h, "whale")
	if _, err := s.OpenBlob(t.Context(), h); !errors.Is(err, ErrNoBlob) {
		t.Errorf("a damaged blob: %v", err)
	}
	if got := blobFiles(t, s); !strings.HasPrefix(got, blobDamaged) {
		t.Errorf("in the folder is %s", got)
	}
	if _, _, err := s.PutBlob(t.Context(), strings.NewReader("whole")); err != nil {
		t.Fatal(err)
	}
	if b, err := s.OpenBlob(t.Context(), h); err != nil {
		t.Errorf("put once more: %v", err)
	} else {
		b.Close()
	}
}

// liar is a node that answers all that it is asked for with one part of a blob.
func liar(t *testing.T, part *clusterpb.BlobPart) *peers {
	lane := newPeers(func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go call.Serve(t.Context(), far, func(context.Context, *clusterpb.Request) *clusterpb.Response {
			return &clusterpb.Response{Kind: &clusterpb.Response_BlobPart{BlobPart: part}}
		})
		return near, nil
	})
	t.Cleanup(lane.close)
	return lane
}

// Bytes whose hash is another one are refused, and so is what would never end. Of the right ones a
// blob is made.
func TestWrongBlobFromAnotherNode(t *testing.T) {
	t.Parallel()
	right := []byte("the right bytes")
	h := sha256.Sum256(right)
	for what, c := range map[string]struct {
		part *clusterpb.BlobPart
		good bool
	}{
		"right":            {&clusterpb.BlobPart{Size: int64(len(right)), Content: right}, true},
		"wrong":            {&clusterpb.BlobPart{Size: 5, Content: []byte("wrong")}, false},
		"more than told":   {&clusterpb.BlobPart{Size: 5, Content: right[:7]}, false},
		"nothing":          {nil, false},
		"empty":            {&clusterpb.BlobPart{Size: 15}, false},
		"larger than any":  {&clusterpb.BlobPart{Size: 1 << 60, Content: right}, false},
		"of negative size": {&clusterpb.BlobPart{Size: -1, Content: right[:3]}, false},
	} {
		s := openMemory(t)
		s.blobPeers = liar(t, c.part)
		err := s.fetchFrom(h, raft.Server{ID: "b", Address: "b@b"})
		if (err == nil) != c.good {
			t.Errorf("%s: %v", what, err)
		}
		if got := blobFiles(t, s); (got != "") != c.good {
			t.Errorf("%s: in the folder is %q", what, got)
		}
		if b, err := s.OpenBlob(t.Context(), h); c.good && err != nil {
			t.Errorf("%s: %v", what, err)
		} else if err == nil {
			got, _ := io.ReadAll(b)
			b.Close()
			if !bytes.Equal(got, right) {
				t.Errorf("%s: it serves %q", what, got)
			}
		}
	}
}

// Strangers are told nothing, and what is no hash is refused.
func TestBlobCallsAreOfMembers(t *testing.T) {
	t.Parallel()
	s := openMemory(t)
	h, _, err := s.PutBlob(t.Context(), strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from string
		hash []byte
		at   int64
		want clusterpb.Error_Kind
	}{
		{"stranger", h[:], 0, clusterpb.Error_KIND_NOT_MEMBER},
		{"node", h[:5], 0, clusterpb.Error_KIND_REFUSED},
		{"node", h[:], -1, clusterpb.Error_KIND_REFUSED},
		{"node", make([]byte, len(h)), 0, clusterpb.Error_KIND_NO_BLOB},
	} {
		got := s.answer(t.Context(), c.from, &clusterpb.Request{Kind: &clusterpb.Request_ReadBlob{ReadBlob: &clusterpb.ReadBlob{Hash: c.hash, Offset: c.at}}})
		if got.GetError().GetKind() != c.want {
			t.Errorf("reading %x at %d: %v", c.hash, c.at, got)
		}
		if c.want == clusterpb.Error_KIND_NO_BLOB {
			continue
		}
		got = s.answer(t.Context(), c.from, &clusterpb.Request{Kind: &clusterpb.Request_KeepBlob{KeepBlob: &clusterpb.KeepBlob{Hash: c.hash, Size: c.at}}})
		if got.GetError().GetKind() != c.want {
			t.Errorf("keeping %x of %d bytes: %v", c.hash, c.at, got)
		}
	}
	behind := s.answer(t.Context(), "node", &clusterpb.Request{Kind: &clusterpb.Request_ReadBlob{ReadBlob: &clusterpb.ReadBlob{Hash: h[:], Offset: 100}}})
	if part := behind.GetBlobPart(); part.GetSize() != 1 || len(part.GetContent()) != 0 {
		t.Errorf("behind the end: %v", behind)
	}
}

// What is set aside, and what no row names, is removed after the grace, and not before.
func TestBlobGrace(t *testing.T) {
	const grace = 20 * time.Minute
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t, func(o *Options) {
			o.Blobs = func(table.Reader) iter.Seq[BlobHash] { return func(func(BlobHash) bool) {} }
			o.limits.blobGrace = grace
		})
		damaged, _, err := s.PutBlob(t.Context(), strings.NewReader("damaged"))
		if err != nil {
			t.Fatal(err)
		}
		overwrite(t, s, damaged, "?")
		if s.blobs.holds(damaged) {
			t.Error("a damaged blob counts as one")
		}
		kept, _, err := s.PutBlob(t.Context(), strings.NewReader("kept"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(grace - time.Minute)
		if got := blobFiles(t, s); len(strings.Fields(got)) != 2 {
			t.Errorf("before the grace is over there is %s", got)
		}
		if !s.blobs.holds(kept) { // somebody puts it once more
			t.Error("it is gone")
		}
		time.Sleep(grace - time.Minute)
		if got := blobFiles(t, s); got != path.Base(s.blobs.path(kept)) {
			t.Errorf("what was asked for meanwhile should be there: %s", got)
		}
		time.Sleep(3 * time.Minute)
		if got := blobFiles(t, s); got != "" {
			t.Errorf("after the grace there is %s", got)
		}
	})
}
