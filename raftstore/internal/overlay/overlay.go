// Package overlay is an ordered set of writes laid over a table.Reader: what is
// read through it is the state as if the writes had been made.
//
// The store's evaluator keeps in it the writes of all batches that are on their
// way through Raft, and those of the batch in the making. A command that fails is
// taken back to a savepoint; when a batch has been applied, and the base is a
// snapshot that contains it, the batch is forgotten. A Pebble batch with an index
// could do none of this: it has no savepoints, and it reads the database's
// present state, not that of a snapshot.
//
// An overlay belongs to one goroutine.
package overlay

import (
	"bytes"
	"iter"
	"slices"

	"github.com/tidwall/btree"

	"keng/raftstore/table"
)

// Overlay is writes in batches over a base. It implements table.Tx and
// table.Failer.
type Overlay struct {
	base   table.Reader
	newest map[string]*item // by key: most reads are of one key, and need no order
	// Writes are put in order when a range is read, which many batches never do: see order.
	tree      *btree.BTreeG[*item]
	unordered []*item // what was written since, in the order of writing; some of it may not be there any more
	scans     int     // loops that are reading the present tree; see own

	batch uint64   // the batch that is being written
	keys  [][]byte // its keys, in the order of their first writing
	size  int      // bytes of all its writes, those overwritten since included

	undo      []replaced // what the writes since the savepoint have replaced
	savedKeys int
	savedSize int
	err       error // why the present command fails
}

// item is a key's newest write; it does not change.
type item struct {
	key, value []byte
	batch      uint64
	deleted    bool
}

// replaced is a write, and what was there before: nil if the key was not written.
type replaced struct{ by, old *item }

// writeOverhead is what a write counts for besides its bytes: at least what its
// kind and two lengths take in an encoding.
const writeOverhead = 12

// Write is one key's fate in a batch.
type Write struct {
	Key, Value []byte
	Deleted    bool
}

// Over returns an empty overlay over base, writing batch 1.
func Over(base table.Reader) *Overlay {
	less := func(a, b *item) bool { return bytes.Compare(a.key, b.key) < 0 }
	tree := btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})
	return &Overlay{base: base, newest: map[string]*item{}, tree: tree, batch: 1}
}

// Rebase replaces the base by one that contains more of the batches.
func (o *Overlay) Rebase(base table.Reader) { o.base = base }

// Begin begins a batch. Its number is above those of all batches before.
func (o *Overlay) Begin(batch uint64) {
	o.batch, o.keys, o.size = batch, nil, 0
	o.Save()
}

// Forget removes a batch whose writes the base contains. keys are the batch's.
func (o *Overlay) Forget(batch uint64, keys [][]byte) {
	for _, key := range keys {
		if it, ok := o.newest[string(key)]; ok && it.batch == batch {
			o.remove(it)
		}
	}
	o.unordered = slices.DeleteFunc(o.unordered, func(it *item) bool { return !o.holds(it) })
}

// Save makes the present state the savepoint.
func (o *Overlay) Save() {
	clear(o.undo)
	o.undo, o.savedKeys, o.savedSize, o.err = o.undo[:0], len(o.keys), o.size, nil
}

// Rollback takes back all writes since the savepoint, and the failure.
func (o *Overlay) Rollback() {
	for i := len(o.undo) - 1; i >= 0; i-- {
		if was := o.undo[i]; was.old == nil {
			o.remove(was.by)
		} else {
			o.set(was.old)
		}
	}
	o.keys, o.size = o.keys[:o.savedKeys], o.savedSize
	o.Save()
}

// Keys returns the keys that the batch has written, each once.
func (o *Overlay) Keys() [][]byte { return o.keys }

// Writes gives the batch's writes in the order of their keys: every key once, with its last
// value. In this order they cost the engine of each node least.
func (o *Overlay) Writes() iter.Seq[Write] {
	return func(yield func(Write) bool) {
		for _, key := range slices.SortedFunc(slices.Values(o.keys), bytes.Compare) {
			it := o.newest[string(key)]
			if !yield(Write{Key: it.key, Value: it.value, Deleted: it.deleted}) {
				return
			}
		}
	}
}

// Size is an upper bound of the bytes of keys and values in the batch, with twelve
// more for each.
func (o *Overlay) Size() int { return o.size }

// Grown is by how much Size has grown since the savepoint.
func (o *Overlay) Grown() int { return o.size - o.savedSize }

// Len is the number of keys that differ from the base.
func (o *Overlay) Len() int { return len(o.newest) }

// Fail makes what was written since the savepoint unfit to be kept: the first
// error is what Err returns until Save or Rollback.
func (o *Overlay) Fail(err error) {
	if o.err == nil {
		o.err = err
	}
}

// Err returns the first error since the savepoint, of reads as well.
func (o *Overlay) Err() error { return o.err }

// Set writes a key. It keeps both slices.
func (o *Overlay) Set(key, value []byte) {
	o.put(&item{key: key, value: value, batch: o.batch})
	o.size += len(key) + len(value) + writeOverhead
}

// Delete removes a key. It keeps the slice.
func (o *Overlay) Delete(key []byte) {
	o.put(&item{key: key, batch: o.batch, deleted: true})
	o.size += len(key) + writeOverhead
}

func (o *Overlay) put(it *item) {
	old := o.newest[string(it.key)]
	o.set(it)
	o.undo = append(o.undo, replaced{it, old})
	if old == nil || old.batch != o.batch {
		o.keys = append(o.keys, it.key)
	}
}

func (o *Overlay) set(it *item) {
	o.newest[string(it.key)] = it
	o.unordered = append(o.unordered, it)
}

func (o *Overlay) remove(it *item) {
	delete(o.newest, string(it.key))
	if o.tree.Len() > 0 { // it may hold the item, or one that this has replaced
		o.own()
		o.tree.Delete(it)
	}
}

// holds reports whether an item is what was last written under its key.
func (o *Overlay) holds(it *item) bool { return o.newest[string(it.key)] == it }

// order puts into the tree what was written since it was last asked for.
func (o *Overlay) order() {
	if len(o.unordered) == 0 {
		return
	}
	o.own()
	for _, it := range o.unordered {
		if o.holds(it) {
			o.tree.Set(it)
		}
	}
	clear(o.unordered)
	o.unordered = o.unordered[:0]
}

// own gives running loops the present tree and goes on with a copy of it. A copy
// shares its nodes until they are changed, so this costs something only where a
// loop's body writes.
func (o *Overlay) own() {
	if o.scans > 0 {
		o.tree, o.scans = o.tree.Copy(), 0
	}
}

// Get returns a key's value.
func (o *Overlay) Get(key []byte) (value []byte, ok bool) {
	if it, ok := o.newest[string(key)]; ok {
		return it.value, !it.deleted
	}
	return o.base.Get(key)
}
