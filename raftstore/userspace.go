package raftstore

import (
	"fmt"
	"iter"

	"keng/raftstore/table"
)

// userReader and userTx are what the store's user gets to see: everything but the
// keys of the store's own.

// failingReader is a reader that can be poisoned.
type failingReader interface {
	table.Reader
	table.Failer
}

type userReader struct{ failingReader }

// userEnd is past the last key of the user's.
func userEnd() []byte { return []byte{ownSpace} }

// own tells whether a key is the store's own.
func own(key []byte) bool { return len(key) == 0 || key[0] >= ownSpace }

// clamp returns the end of a range, within the user's keys.
func clamp(to []byte) []byte {
	if own(to) { // no end, or one that is too far
		return userEnd()
	}
	return to
}

// Get finds no key of the store's own.
func (r userReader) Get(key []byte) ([]byte, bool) {
	if own(key) {
		return nil, false
	}
	return r.failingReader.Get(key)
}

// Scan leaves out the keys of the store's own.
func (r userReader) Scan(from, to []byte) iter.Seq2[[]byte, []byte] {
	return r.failingReader.Scan(from, clamp(to))
}

// ScanReverse leaves out the keys of the store's own.
func (r userReader) ScanReverse(from, to []byte) iter.Seq2[[]byte, []byte] {
	return r.failingReader.ScanReverse(from, clamp(to))
}

// failingTx is a transaction that can be poisoned.
type failingTx interface {
	table.Tx
	table.Failer
}

type userTx struct {
	userReader
	tx failingTx
}

func newUserTx(tx failingTx) userTx { return userTx{userReader{tx}, tx} }

// Set refuses keys of the store's own.
func (u userTx) Set(key, value []byte) {
	if own(key) {
		u.Fail(fmt.Errorf("key %x cannot be written: a key is not empty and begins with a byte below %#x", key, ownSpace))
		return
	}
	u.tx.Set(key, value)
}

// Delete refuses keys of the store's own.
func (u userTx) Delete(key []byte) {
	if own(key) {
		u.Fail(fmt.Errorf("key %x cannot be deleted: a key is not empty and begins with a byte below %#x", key, ownSpace))
		return
	}
	u.tx.Delete(key)
}
