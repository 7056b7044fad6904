package raftstore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// BlobHash names a blob: it is the SHA-256 of its bytes.
type BlobHash = [sha256.Size]byte

const (
	// MaxBlobBytes bounds a blob.
	MaxBlobBytes = 64 << 20

	blobUnfinished = "unfinished-" // prefix of files that are no blobs yet
	blobDamaged    = "damaged-"    // prefix of what was a blob: its bytes have another hash, or cannot be read
	// blobSyncBytes is after how many bytes a file that is being written is synced: one large
	// sync at the end would hold up those of the log.
	blobSyncBytes = 1 << 20
	// A disk with less free space than both of these takes no blobs.
	blobFreeBytes, blobFreeOf = 1 << 30, 20 // bytes, and one part in so many of the disk
)

// blobs is a node's folder of blobs: a file each, by the name of its hash in hexadecimal. A
// file of such a name is whole, and was synced. It is safe for use by several goroutines.
type blobs struct {
	fs  vfs.FS
	dir string

	mu     sync.Mutex
	number int                    // of files begun
	asked  map[BlobHash]time.Time // when a blob was last put, or asked to be kept
	losses int                    // how many were found damaged
}

// openBlobs makes the folder, and removes what a crash has left unfinished.
func openBlobs(dir string, disk vfs.FS) (*blobs, error) {
	if err := makeDir(disk, dir); err != nil {
		return nil, err
	}
	b := &blobs{fs: disk, dir: dir, asked: map[BlobHash]time.Time{}}
	names, err := disk.List(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the folder of blobs: %w", err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, blobUnfinished) {
			if err := disk.Remove(b.at(name)); err != nil {
				return nil, fmt.Errorf("cannot remove an unfinished blob: %w", err)
			}
		}
	}
	return b, nil
}

func (b *blobs) at(name string) string { return b.fs.PathJoin(b.dir, name) }

func (b *blobs) path(h BlobHash) string { return b.at(hex.EncodeToString(h[:])) }

// damagedPath is where a damaged blob is set aside.
func (b *blobs) damagedPath(h BlobHash) string { return b.at(blobDamaged + hex.EncodeToString(h[:])) }

// blobNamed returns the hash that a file's name is; not ok: it is not a blob's.
func blobNamed(name string) (h BlobHash, ok bool) {
	raw, err := hex.DecodeString(name)
	if err != nil || len(raw) != len(h) || hex.EncodeToString(raw) != name {
		return h, false
	}
	return BlobHash(raw), true
}

// room reports whether the disk has room for blobs. A disk that does not tell has.
func (b *blobs) room() error {
	u, err := b.fs.GetDiskUsage(b.dir)
	if err != nil || u.AvailBytes >= max(blobFreeBytes, u.TotalBytes/blobFreeOf) {
		return nil
	}
	return fmt.Errorf("%w: %d MiB are free", ErrNoRoom, u.AvailBytes>>20)
}

// blobFile is a blob that is being written. It is used by one goroutine.
type blobFile struct {
	folder   *blobs
	path     string
	file     vfs.File // nil when it is closed
	hash     hash.Hash
	size     int64
	unsynced int64
}

// create begins a blob. The caller calls abandon in the end, whether it was finished or not.
func (b *blobs) create() (*blobFile, error) {
	if err := b.room(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.number++
	path := b.at(fmt.Sprintf("%s%d", blobUnfinished, b.number))
	b.mu.Unlock()
	file, err := b.fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, fmt.Errorf("cannot write a blob: %w", err)
	}
	return &blobFile{folder: b, path: path, file: file, hash: sha256.New()}, nil
}

// Write appends to the blob. It may change p.
func (f *blobFile) Write(p []byte) (int, error) {
	if f.size+int64(len(p)) > MaxBlobBytes {
		return 0, fmt.Errorf("%w: a blob has %d bytes at most", ErrTooLarge, MaxBlobBytes)
	}
	f.hash.Write(p) // first: see vfs.File
	n, err := f.file.Write(p)
	f.size, f.unsynced = f.size+int64(n), f.unsynced+int64(n)
	if err == nil && f.unsynced >= blobSyncBytes {
		f.unsynced, err = 0, f.file.SyncData()
	}
	if err != nil {
		err = fmt.Errorf("cannot write a blob: %w", err)
	}
	return n, err
}

// finish makes it a blob, which is on disk when this returns; if its hash is to be a certain
// one, only if it is.
func (f *blobFile) finish(want *BlobHash) (BlobHash, error) {
	h := BlobHash(f.hash.Sum(nil))
	if want != nil && *want != h {
		return h, fmt.Errorf("another node has sent a blob whose hash is %x in the place of %x", h, *want)
	}
	err := f.file.Sync()
	err = errors.Join(err, f.file.Close())
	f.file = nil
	if err == nil {
		f.folder.mu.Lock()
		f.folder.asked[h] = time.Now()
		err = f.folder.fs.Rename(f.path, f.folder.path(h))
		f.folder.mu.Unlock()
	}
	if err == nil {
		err = syncDir(f.folder.fs, f.folder.dir)
	}
	if err != nil {
		return h, fmt.Errorf("cannot keep a blob: %w", err)
	}
	_ = f.folder.fs.Remove(f.folder.damagedPath(h)) // if there is one, it is of no use any more
	return h, nil
}

// abandon removes what was not finished.
func (f *blobFile) abandon() {
	if f.file != nil {
		_ = f.file.Close()
		f.file = nil
	}
	_ = f.folder.fs.Remove(f.path) // a finished one is not there any more
}

// blob is an open blob. It is used by one goroutine.
type blob struct {
	*io.SectionReader
	file vfs.File
}

// Close closes it.
func (b *blob) Close() error { return b.file.Close() }

// open opens a blob without looking whether it is damaged; ErrNoBlob if there is none.
func (b *blobs) open(h BlobHash) (*blob, error) {
	file, err := b.fs.Open(b.path(h))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %x", ErrNoBlob, h)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open a blob: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot open a blob: %w", err), file.Close())
	}
	return &blob{io.NewSectionReader(file, 0, info.Size()), file}, nil
}

// openWhole opens a blob that is not damaged. A damaged one is set aside: then it is as if it
// were not there.
func (b *blobs) openWhole(h BlobHash) (*blob, error) {
	began := time.Now()
	o, err := b.open(h)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	if _, err = io.Copy(sum, o); err == nil && BlobHash(sum.Sum(nil)) == h {
		_, err = o.Seek(0, io.SeekStart)
		return o, err
	}
	_ = o.Close()
	if err != nil { // a disk that does not give it any more has damaged it, too
		err = fmt.Errorf("%w: %x: cannot read it: %w", ErrNoBlob, h, err)
	} else {
		err = fmt.Errorf("%w: %x: the file is damaged", ErrNoBlob, h)
	}
	return nil, errors.Join(err, b.setAside(h, began))
}

// setAside makes a blob that was found damaged, by somebody who began to read at a moment, one that
// is not there. If it was put or asked for since, it is left alone: it may be another file by now.
func (b *blobs) setAside(h BlobHash, began time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked[h].After(began) {
		return nil
	}
	b.losses++
	err := b.fs.Rename(b.path(h), b.damagedPath(h))
	if errors.Is(err, fs.ErrNotExist) { // somebody else has done it
		return nil
	}
	return err
}

// holds reports whether a whole blob is there, which is then kept for a grace from now on.
func (b *blobs) holds(h BlobHash) bool {
	b.mu.Lock()
	b.asked[h] = time.Now()
	b.mu.Unlock()
	o, err := b.openWhole(h)
	if err != nil {
		return false
	}
	_ = o.Close()
	return true
}

// all returns the blobs that are there, whole ones or not.
func (b *blobs) all() (map[BlobHash]bool, error) {
	names, err := b.fs.List(b.dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the folder of blobs: %w", err)
	}
	there := make(map[BlobHash]bool, len(names))
	for _, name := range names {
		if h, ok := blobNamed(name); ok {
			there[h] = true
		}
	}
	return there, nil
}

// old returns the names of files that are older than a moment, and that nobody has asked to
// be kept since.
func (b *blobs) old(before time.Time) ([]string, error) {
	names, err := b.fs.List(b.dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the folder of blobs: %w", err)
	}
	b.mu.Lock()
	for h, at := range b.asked {
		if at.Before(before) {
			delete(b.asked, h)
		}
	}
	b.mu.Unlock()
	var old []string
	for _, name := range names {
		_, isBlob := blobNamed(name)
		if !isBlob && !strings.HasPrefix(name, blobDamaged) {
			continue // an unfinished one is its writer's
		}
		if info, err := b.fs.Stat(b.at(name)); err == nil && info.ModTime().Before(before) {
			old = append(old, name)
		}
	}
	return old, nil
}

// remove removes an old file, unless somebody has asked for the blob to be kept meanwhile.
func (b *blobs) remove(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h, isBlob := blobNamed(name); isBlob && !b.asked[h].IsZero() {
		return nil
	}
	return b.fs.Remove(b.at(name))
}

// lost returns how many blobs were found damaged so far.
func (b *blobs) lost() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.losses
}
