package table

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
)

// ReservedTables is the first table number that may not be used: keys from
// there on belong to the store itself.
const ReservedTables = 0xff00

// Table is a typed table: rows of type R, a struct with `cbor:"N,keyasint"`
// tags, under a primary key that is computed from the row. It has no state and
// is safe for use by several goroutines.
type Table[R any] struct {
	number  uint16
	name    string
	key     func(*R) Key
	indexes []*Index[R]
	codec   codec
}

// New describes a table. Its number is stored in every key and never reused for
// another table; its name is for messages. It panics if numbers are wrong or used
// twice, which is a mistake in the program.
func New[R any](number uint16, name string, key func(*R) Key, indexes ...*Index[R]) *Table[R] {
	if number >= ReservedTables {
		panic(fmt.Sprintf("table %s: number %d is reserved, take one below %d", name, number, ReservedTables))
	}
	t := &Table[R]{number: number, name: name, key: key, indexes: indexes, codec: newCodec()}
	seen := map[uint16]string{0: "the rows"}
	for _, ix := range indexes {
		if other, dup := seen[ix.number]; dup {
			panic(fmt.Sprintf("table %s: index %s has number %d, which belongs to %s", name, ix.name, ix.number, other))
		}
		if ix.table != nil {
			panic(fmt.Sprintf("table %s: index %s belongs to table %s already", name, ix.name, ix.table.name))
		}
		seen[ix.number] = ix.name
		ix.table = t
	}
	return t
}

// Name returns the table's name.
func (t *Table[R]) Name() string { return t.name }

// Number returns the table's number.
func (t *Table[R]) Number() uint16 { return t.number }

// KeyOf returns the primary key of a row.
func (t *Table[R]) KeyOf(row *R) Key { return t.key(row) }

// Get returns the row with the given primary key. The row is the caller's own.
func (t *Table[R]) Get(r Reader, key Key) (*R, bool) {
	return t.get(r, storeKey(t.number, 0, key))
}

// get returns the row under a stored key.
func (t *Table[R]) get(r Reader, stored []byte) (*R, bool) {
	value, ok := r.Get(stored)
	if !ok {
		return nil, false
	}
	return t.decode(r, stored, value)
}

// Has tells whether there is a row with the given primary key.
func (t *Table[R]) Has(r Reader, key Key) bool {
	_, ok := r.Get(storeKey(t.number, 0, key))
	return ok
}

// Put writes a row, new or in place of the one with its key, and keeps the
// indexes right. It fails, and writes nothing, with a *UniqueError if another row
// holds the same key of a unique index, or if the row cannot be encoded. The row
// is not kept: the caller may go on changing it.
func (t *Table[R]) Put(tx Tx, row *R) error {
	value, err := t.codec.encode(row)
	if err != nil {
		return fmt.Errorf("table %s: %w", t.name, err)
	}
	key := t.key(row)
	rowKey := storeKey(t.number, 0, key)
	var old *R
	if oldValue, ok := tx.Get(rowKey); ok {
		if bytes.Equal(oldValue, value) {
			return nil
		}
		if old, ok = t.decode(tx, rowKey, oldValue); !ok {
			return fmt.Errorf("table %s: the row that is to be replaced cannot be read", t.name)
		}
	}
	changes := make([]entryChange, 0, 2*len(t.indexes))
	for _, ix := range t.indexes {
		if changes, err = ix.changes(changes, tx, key, old, row); err != nil {
			return err
		}
	}
	for _, c := range changes {
		c.apply(tx)
	}
	tx.Set(rowKey, value)
	return nil
}

// Insert writes a row that the caller knows to be new: no row has its primary key,
// nor one of its keys in a unique index. Nothing is looked up, which makes it much
// cheaper than Put; where the caller is wrong about it, indexes are left that lead to
// the wrong row. It fails, and writes nothing, if the row cannot be encoded. The row
// is not kept: the caller may go on changing it.
func (t *Table[R]) Insert(tx Tx, row *R) error {
	value, err := t.codec.encode(row)
	if err != nil {
		return fmt.Errorf("table %s: %w", t.name, err)
	}
	key := t.key(row)
	for _, ix := range t.indexes {
		for _, k := range ix.keySet(row) {
			tx.Set(ix.entry(k, key))
		}
	}
	tx.Set(storeKey(t.number, 0, key), value)
	return nil
}

// Delete removes the row with the given primary key and its index entries, and
// tells whether there was one.
func (t *Table[R]) Delete(tx Tx, key Key) bool {
	old, ok := t.Get(tx, key)
	if !ok {
		return false
	}
	for _, ix := range t.indexes {
		changes, err := ix.changes(nil, tx, key, old, nil)
		if err != nil { // only writing an entry can fail
			fail(tx, err)
			return false
		}
		for _, c := range changes {
			c.apply(tx)
		}
	}
	tx.Delete(storeKey(t.number, 0, key))
	return true
}

// All gives every row in ascending order of primary keys. As all loops of this
// package it sees the table as it was when it began.
func (t *Table[R]) All(r Reader) iter.Seq[*R] { return t.Find(r, K()) }

// Find gives the rows whose primary key begins with prefix, ascending.
func (t *Table[R]) Find(r Reader, prefix Key) iter.Seq[*R] {
	from, to := prefixRange(t.number, 0, prefix)
	return t.rows(r, r.Scan(from, to))
}

// FindReverse gives the rows whose primary key begins with prefix, descending.
func (t *Table[R]) FindReverse(r Reader, prefix Key) iter.Seq[*R] {
	from, to := prefixRange(t.number, 0, prefix)
	return t.rows(r, r.ScanReverse(from, to))
}

// Range gives the rows whose primary key is in [from, to), ascending.
func (t *Table[R]) Range(r Reader, from, to Key) iter.Seq[*R] {
	return t.rows(r, r.Scan(storeKey(t.number, 0, from), storeKey(t.number, 0, to)))
}

// RangeReverse gives the rows whose primary key is in [from, to), descending.
func (t *Table[R]) RangeReverse(r Reader, from, to Key) iter.Seq[*R] {
	return t.rows(r, r.ScanReverse(storeKey(t.number, 0, from), storeKey(t.number, 0, to)))
}

// rows decodes what a scan over row keys gives.
func (t *Table[R]) rows(r Reader, scan iter.Seq2[[]byte, []byte]) iter.Seq[*R] {
	return func(yield func(*R) bool) {
		for key, value := range scan {
			row, ok := t.decode(r, key, value)
			if !ok || !yield(row) {
				return
			}
		}
	}
}

// decode decodes the row under a stored key; one that cannot be decoded poisons r.
func (t *Table[R]) decode(r Reader, stored, value []byte) (*R, bool) {
	row := new(R)
	if err := t.codec.decode(value, row); err != nil {
		fail(r, fmt.Errorf("table %s: cannot read the row with key %x: %w", t.name, stored[prefixBytes:], err))
		return nil, false
	}
	return row, true
}

// prefixBytes is what stands in front of every Key: the numbers of table and index.
const prefixBytes = 4

// storeKey returns the key under which something is stored.
func storeKey[K Key | []byte](table, index uint16, key K) []byte {
	b := make([]byte, prefixBytes, prefixBytes+len(key))
	binary.BigEndian.PutUint16(b, table)
	binary.BigEndian.PutUint16(b[2:], index)
	return append(b, key...)
}

// prefixRange returns the range of all stored keys that begin with prefix.
func prefixRange(table, index uint16, prefix Key) (from, to []byte) {
	from = storeKey(table, index, prefix)
	return from, successor(from)
}

// RowOf takes a stored key apart. It tells of which table's row a change told by
// the store is; ok is false for keys of index entries.
func RowOf(stored []byte) (table uint16, key Key, ok bool) {
	if len(stored) < prefixBytes || binary.BigEndian.Uint16(stored[2:]) != 0 {
		return 0, "", false
	}
	return binary.BigEndian.Uint16(stored), Key(stored[prefixBytes:]), true
}
