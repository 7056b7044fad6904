package raftstore

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"keng/raftstore/internal/overlay"
)

// chain is the chain hash: the SHA-256 of the newest entry that took effect, and
// through the predecessor named in it of all entries before. Two nodes with the
// same chain have the same state.
type chain [sha256.Size]byte

// The format levels of entries. The newest is written; all levels ever written are read
// until no log can hold them.
const (
	entryLevelPlain = 1 // the writes as they are
	entryLevel      = 2 // the writes compressed
)

// header says on what an entry was evaluated.
type header struct {
	term     uint64 // the leader's term
	sequence uint64 // one more than the predecessor's
	base     chain  // the chain hash of the state on which it was evaluated
	time     time.Time
}

// An entry is, all numbers being big endian:
//
//	 0   1  format level
//	 1   4  CRC-32C of all that follows: log stores do not check what they read
//	 5   8  term
//	13   8  sequence
//	21  32  base
//	53   8  cluster time, nanoseconds since 1970
//	61      in one S2 block, at level 1 without it: the writes, each: 1 (set) or 2 (delete), length of key (uvarint),
//	        key, and for a set: length of value (uvarint), value
//
// The list of writes is our own and not the engine's batch format: the log can be
// read by another engine, and the engine is never lent the log's bytes. A batch is mostly
// text that repeats: compressed once, there is a third of it to send, to hash and to keep.
const (
	entryBodyAt   = 5
	entryWritesAt = 61

	writeSet    = 1
	writeDelete = 2
)

// Why an entry cannot be read.
var (
	errEntryCorrupt = errors.New("the log entry is corrupt")
	errEntryLevel   = errors.New("the log entry was written by a newer version")
)

// entryBuffer is memory in which an entry is made. Most entries have some ten kilobytes
// before they are compressed: new memory for each would be a fifth of all that the leader
// of a busy cluster takes.
type entryBuffer struct{ plain, compressed []byte }

var entryBuffers = sync.Pool{New: func() any { return new(entryBuffer) }}

// encodeEntry returns an entry's bytes. size is about the bytes of the writes.
func encodeEntry(h header, writes iter.Seq[overlay.Write], size int) []byte {
	pooled := entryBuffers.Get().(*entryBuffer)
	defer entryBuffers.Put(pooled)
	plain := slices.Grow(pooled.plain[:0], size+size/4+256)
	for w := range writes {
		if w.Deleted {
			plain = append(plain, writeDelete)
			plain = appendBytes(plain, w.Key)
			continue
		}
		plain = append(plain, writeSet)
		plain = appendBytes(plain, w.Key)
		plain = appendBytes(plain, w.Value)
	}
	pooled.compressed = s2.Encode(slices.Grow(pooled.compressed[:0], s2.MaxEncodedLen(len(plain))), plain)
	pooled.plain = plain
	b := make([]byte, entryWritesAt, entryWritesAt+len(pooled.compressed))
	b = append(b, pooled.compressed...)
	b[0] = entryLevel
	binary.BigEndian.PutUint64(b[5:], h.term)
	binary.BigEndian.PutUint64(b[13:], h.sequence)
	copy(b[21:], h.base[:])
	binary.BigEndian.PutUint64(b[53:], uint64(h.time.UnixNano()))
	binary.BigEndian.PutUint32(b[1:], checksum(b[entryBodyAt:]))
	return b
}

// decodeEntry reads an entry's header and checks the whole. The writes are still
// encoded, see eachWrite: they are part of b, or of room if they fit into it.
func decodeEntry(b, room []byte) (h header, writes []byte, err error) {
	switch {
	case len(b) == 0:
		return h, nil, fmt.Errorf("%w: it is empty", errEntryCorrupt)
	case b[0] > entryLevel:
		return h, nil, fmt.Errorf("%w: it has format level %d, and this version reads up to %d", errEntryLevel, b[0], entryLevel)
	case b[0] == 0 || len(b) < entryWritesAt:
		return h, nil, fmt.Errorf("%w: it is no entry of this store", errEntryCorrupt)
	case binary.BigEndian.Uint32(b[1:]) != checksum(b[entryBodyAt:]):
		return h, nil, fmt.Errorf("%w: its checksum is wrong", errEntryCorrupt)
	}
	h.term = binary.BigEndian.Uint64(b[5:])
	h.sequence = binary.BigEndian.Uint64(b[13:])
	copy(h.base[:], b[21:])
	h.time = time.Unix(0, int64(binary.BigEndian.Uint64(b[53:]))).UTC()
	writes = b[entryWritesAt:]
	if b[0] == entryLevelPlain {
		return h, writes, nil
	}
	if n, err := s2.DecodedLen(writes); err != nil || n > maxEntryBytes {
		return h, nil, fmt.Errorf("%w: its writes have no size that can be", errEntryCorrupt)
	}
	if writes, err = s2.Decode(room[:cap(room)], writes); err != nil {
		return h, nil, fmt.Errorf("%w: its writes cannot be decompressed: %w", errEntryCorrupt, err)
	}
	return h, writes, nil
}

// eachWrite gives the writes that decodeEntry has returned. Their slices are part
// of b.
func eachWrite(b []byte, do func(overlay.Write) error) error {
	for len(b) > 0 {
		kind := b[0]
		if kind != writeSet && kind != writeDelete {
			return fmt.Errorf("%w: unknown kind of write %d", errEntryCorrupt, kind)
		}
		w := overlay.Write{Deleted: kind == writeDelete}
		var ok bool
		if w.Key, b, ok = cutBytes(b[1:]); !ok {
			return fmt.Errorf("%w: a key is cut short", errEntryCorrupt)
		}
		if !w.Deleted {
			if w.Value, b, ok = cutBytes(b); !ok {
				return fmt.Errorf("%w: a value is cut short", errEntryCorrupt)
			}
		}
		if err := do(w); err != nil {
			return err
		}
	}
	return nil
}

func appendBytes(b, s []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// cutBytes reads what appendBytes wrote and returns the rest.
func cutBytes(b []byte) (s, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return nil, nil, false
	}
	b = b[size:]
	return b[:n:n], b[n:], true
}

// checksum is CRC-32C.
func checksum(b []byte) uint32 {
	return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
}
