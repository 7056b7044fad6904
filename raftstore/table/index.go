package table

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"slices"
)

// Index finds rows of a table by a key that is computed from the row. A row may
// have none, one or several keys in an index. It has no state and is safe for use
// by several goroutines.
//
// A loop over an index gives each row once for each of its keys that match. It
// sees the index as it was when the loop began, but each row as it is at that
// step: a row that the loop's own body has deleted meanwhile is left out.
type Index[R any] struct {
	number uint16
	name   string
	unique bool
	keys   func(*R) []Key
	table  *Table[R] // set by New
}

// NewIndex describes an index, to be passed to New. Its number is at least 1 and
// never reused within its table, not even when keys changes its meaning. keys
// must depend on nothing but the row; keys that it gives twice count once. In a
// unique index no two rows have the same key.
func NewIndex[R any](number uint16, name string, unique bool, keys func(*R) []Key) *Index[R] {
	return &Index[R]{number: number, name: name, unique: unique, keys: keys}
}

// UniqueError says that a row was not written because another one holds its key
// in a unique index.
type UniqueError struct {
	Table, Index string
	Key          Key // the key that is taken
	Holder       Key // the primary key of the row that holds it
}

// Error says which index was violated.
func (e *UniqueError) Error() string {
	return fmt.Sprintf("table %s: another row has the same %s", e.Table, e.Index)
}

// Get returns the row that has exactly this key, the first by primary key if the
// index is not unique. In a unique index it is cheaper than First.
func (ix *Index[R]) Get(r Reader, key Key) (*R, bool) {
	if ix.unique {
		primary, ok := r.Get(storeKey(ix.table.number, ix.number, key))
		if !ok {
			return nil, false
		}
		return ix.row(r, storeKey(ix.table.number, ix.number, key), primary)
	}
	from, to := prefixRange(ix.table.number, ix.number, key)
	for row := range ix.rows(r, r.Scan(from, to), len(key), len(key)) {
		return row, true
	}
	return nil, false
}

// Find gives the rows whose index key begins with prefix, ascending by index key
// and then by primary key.
func (ix *Index[R]) Find(r Reader, prefix Key) iter.Seq[*R] {
	from, to := prefixRange(ix.table.number, ix.number, prefix)
	return ix.rows(r, r.Scan(from, to), len(prefix), maxKeyBytes)
}

// FindReverse gives the same rows as Find, descending.
func (ix *Index[R]) FindReverse(r Reader, prefix Key) iter.Seq[*R] {
	from, to := prefixRange(ix.table.number, ix.number, prefix)
	return ix.rows(r, r.ScanReverse(from, to), len(prefix), maxKeyBytes)
}

// First returns the first row that Find would give.
func (ix *Index[R]) First(r Reader, prefix Key) (*R, bool) {
	for row := range ix.Find(r, prefix) {
		return row, true
	}
	return nil, false
}

// Range gives the rows whose index key is in [from, to), ascending. from and to
// have no more elements than the index's keys.
func (ix *Index[R]) Range(r Reader, from, to Key) iter.Seq[*R] {
	table := ix.table.number
	return ix.rows(r, r.Scan(storeKey(table, ix.number, from), storeKey(table, ix.number, to)), 0, maxKeyBytes)
}

// RangeReverse gives the rows whose index key is in [from, to), descending.
func (ix *Index[R]) RangeReverse(r Reader, from, to Key) iter.Seq[*R] {
	table := ix.table.number
	return ix.rows(r, r.ScanReverse(storeKey(table, ix.number, from), storeKey(table, ix.number, to)), 0, maxKeyBytes)
}

// Count returns how many entries of the index are in [from, to), without reading the rows that they lead
// to: a row counts once for each of its keys. It asks stop after each of them, with how many it has counted,
// and ends there if that says so. A nil stop never does. from and to are as for Range.
func (ix *Index[R]) Count(r Reader, from, to Key, stop func(counted int) bool) (n int) {
	table := ix.table.number
	for range r.Scan(storeKey(table, ix.number, from), storeKey(table, ix.number, to)) {
		if n++; stop != nil && stop(n) {
			return n
		}
	}
	return n
}

// maxKeyBytes is longer than any key.
const maxKeyBytes = math.MaxInt

// rows follows index entries to their rows. Where the primary key is part of the
// entry a scan may meet entries whose key is too short, and only together with
// the primary key looks like the one wanted; those are left out.
func (ix *Index[R]) rows(r Reader, scan iter.Seq2[[]byte, []byte], minLen, maxLen int) iter.Seq[*R] {
	return func(yield func(*R) bool) {
		for stored, value := range scan {
			keyLen, primary, err := ix.parseEntry(stored, value)
			if err != nil {
				fail(r, err)
				return
			}
			if keyLen < minLen || keyLen > maxLen {
				continue
			}
			row, ok := ix.row(r, stored, primary)
			if ok && !yield(row) {
				return
			}
		}
	}
}

// parseEntry returns the length of an entry's index key, and the primary key.
// Entries of a unique index are "key → primary key"; those of others are
// "key, primary key → length of key".
func (ix *Index[R]) parseEntry(stored, value []byte) (keyLen int, primary []byte, err error) {
	if ix.unique {
		return len(stored) - prefixBytes, value, nil
	}
	n, size := binary.Uvarint(value)
	if size != len(value) || n > uint64(len(stored)-prefixBytes) {
		return 0, nil, fmt.Errorf("table %s: index %s has a broken entry %x", ix.table.name, ix.name, stored)
	}
	return int(n), stored[prefixBytes+n:], nil
}

// row returns the row that an entry points to. If there is none, then either the
// loop that asks has deleted it, entry and all, or the index is broken.
func (ix *Index[R]) row(r Reader, entry, primary []byte) (*R, bool) {
	row, ok := ix.table.get(r, storeKey(ix.table.number, 0, primary))
	if ok {
		return row, true
	}
	if _, there := r.Get(entry); there {
		fail(r, fmt.Errorf("table %s: index %s points to the row %x, which cannot be had", ix.table.name, ix.name, primary))
	}
	return nil, false
}

// entryChange is an index entry to be written, or deleted.
type entryChange struct {
	key, value []byte
	deleted    bool
}

func (c entryChange) apply(tx Tx) {
	if c.deleted {
		tx.Delete(c.key)
	} else {
		tx.Set(c.key, c.value)
	}
}

// changes appends what must be done to the index when the row with the given
// primary key changes from old to new, either of which may be nil.
func (ix *Index[R]) changes(changes []entryChange, r Reader, primary Key, old, new *R) ([]entryChange, error) {
	before, after := ix.keySet(old), ix.keySet(new)
	for _, key := range before {
		if _, kept := slices.BinarySearch(after, key); !kept {
			stored, _ := ix.entry(key, primary)
			changes = append(changes, entryChange{key: stored, deleted: true})
		}
	}
	for _, key := range after {
		if _, had := slices.BinarySearch(before, key); had {
			continue
		}
		stored, value := ix.entry(key, primary)
		if ix.unique {
			if holder, taken := r.Get(stored); taken {
				return nil, &UniqueError{Table: ix.table.name, Index: ix.name, Key: key, Holder: Key(holder)}
			}
		}
		changes = append(changes, entryChange{key: stored, value: value})
	}
	return changes, nil
}

// keySet returns a row's keys, sorted, each once.
func (ix *Index[R]) keySet(row *R) []Key {
	if row == nil {
		return nil
	}
	keys := ix.keys(row)
	if len(keys) < 2 {
		return keys
	}
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// entry returns the stored form of an index entry.
func (ix *Index[R]) entry(key, primary Key) (stored, value []byte) {
	if ix.unique {
		return storeKey(ix.table.number, ix.number, key), []byte(primary)
	}
	return storeKey(ix.table.number, ix.number, key+primary), binary.AppendUvarint(nil, uint64(len(key)))
}
