package raftstore

import (
	"encoding/binary"
	"fmt"
	"time"

	"keng/raftstore/table"
)

// The store's own keys begin with ownSpace, which no table's key does: tables
// have numbers below table.ReservedTables.
const (
	ownSpace = table.ReservedTables >> 8

	keyMeta        = "\xffm" // the meta row
	keyResultCount = "\xffn" // how many results are remembered
	keyResult      = "\xffr" // + id: a remembered result
	keyResultTime  = "\xfft" // + time, id: when it came; no value
	keyAfterTimes  = "\xffu" // past the last key of keyResultTime
)

// meta says what state the engine holds. It is written in the same batch as what
// it tells of, so it is always true.
type meta struct {
	applied  uint64 // index of the newest Raft entry that was applied or refused
	term     uint64 // term of the newest entry that took effect
	sequence uint64 // its sequence: how many have taken effect
	chain    chain  // its hash
	time     time.Time
}

const (
	metaLevel = 1
	metaBytes = 1 + 8 + 8 + 8 + len(chain{}) + 8
)

// encode returns the meta row: level, then the fields in their order, big endian.
func (m meta) encode() []byte {
	b := make([]byte, 0, metaBytes)
	b = append(b, metaLevel)
	b = binary.BigEndian.AppendUint64(b, m.applied)
	b = binary.BigEndian.AppendUint64(b, m.term)
	b = binary.BigEndian.AppendUint64(b, m.sequence)
	b = append(b, m.chain[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(m.time.UnixNano()))
}

// decodeMeta reads a meta row.
func decodeMeta(b []byte) (m meta, err error) {
	switch {
	case len(b) > 0 && b[0] > metaLevel:
		return m, fmt.Errorf("the state was written by a newer version (level %d, and this version reads up to %d)", b[0], metaLevel)
	case len(b) != metaBytes || b[0] != metaLevel:
		return m, fmt.Errorf("the state's meta row is corrupt: %x", b)
	}
	m.applied = binary.BigEndian.Uint64(b[1:])
	m.term = binary.BigEndian.Uint64(b[9:])
	m.sequence = binary.BigEndian.Uint64(b[17:])
	copy(m.chain[:], b[25:])
	m.time = time.Unix(0, int64(binary.BigEndian.Uint64(b[25+len(chain{}):]))).UTC()
	return m, nil
}

// readMeta returns the meta row of a state: the zero meta (at time 1970) if
// nothing was ever applied.
func readMeta(r *reader) (meta, error) {
	b, ok := r.Get([]byte(keyMeta))
	if err := r.Err(); err != nil {
		return meta{}, err
	}
	if !ok {
		return meta{time: time.Unix(0, 0).UTC()}, nil
	}
	return decodeMeta(b)
}
