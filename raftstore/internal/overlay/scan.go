package overlay

import (
	"bytes"
	"iter"

	"github.com/tidwall/btree"
)

// Scan gives the merged range [from, to) in ascending order, as of now.
func (o *Overlay) Scan(from, to []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		c, done := o.cursor(from, to, false)
		defer done()
		merge(o.base.Scan(from, to), c, yield)
	}
}

// ScanReverse gives the same range in descending order.
func (o *Overlay) ScanReverse(from, to []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		c, done := o.cursor(from, to, true)
		defer done()
		merge(o.base.ScanReverse(from, to), c, yield)
	}
}

// merge gives what base and the overlay's cursor hold, in their common order. At
// the same key the overlay's item counts, and one that deletes hides the base's.
func merge(base iter.Seq2[[]byte, []byte], c *cursor, yield func(key, value []byte) bool) {
	for key, value := range base {
		for c.valid() && c.order(c.key(), key) < 0 {
			if !c.step(yield) {
				return
			}
		}
		if c.valid() && bytes.Equal(c.key(), key) {
			if !c.step(yield) {
				return
			}
			continue
		}
		if !yield(key, value) {
			return
		}
	}
	for c.valid() {
		if !c.step(yield) {
			return
		}
	}
}

// cursor walks over the overlay's own items of a range.
type cursor struct {
	iter     btree.IterG[*item]
	from, to []byte
	reverse  bool
	at       bool // the iterator stands on an item
}

// cursor returns a cursor on the first item of the range in its direction, and
// what must be called when it is no longer used.
func (o *Overlay) cursor(from, to []byte, reverse bool) (c *cursor, done func()) {
	o.order()
	tree := o.tree
	o.scans++
	c = &cursor{iter: tree.Iter(), from: from, to: to, reverse: reverse}
	switch {
	case !reverse && len(from) == 0:
		c.at = c.iter.First()
	case !reverse:
		c.at = c.iter.Seek(&item{key: from})
	case len(to) == 0:
		c.at = c.iter.Last()
	case c.iter.Seek(&item{key: to}): // the first that is past the range
		c.at = c.iter.Prev()
	default:
		c.at = c.iter.Last()
	}
	return c, func() {
		c.iter.Release()
		if o.tree == tree {
			o.scans--
		}
	}
}

func (c *cursor) key() []byte { return c.iter.Item().key }

// valid tells whether the cursor stands on an item of the range.
func (c *cursor) valid() bool {
	if !c.at {
		return false
	}
	if c.reverse {
		return bytes.Compare(c.key(), c.from) >= 0
	}
	return len(c.to) == 0 || bytes.Compare(c.key(), c.to) < 0
}

// order compares keys in the cursor's direction.
func (c *cursor) order(a, b []byte) int {
	if c.reverse {
		return bytes.Compare(b, a)
	}
	return bytes.Compare(a, b)
}

// step yields the present item unless it deletes, and moves on. It returns false
// if the loop is over.
func (c *cursor) step(yield func(key, value []byte) bool) bool {
	it := c.iter.Item()
	if !it.deleted && !yield(it.key, it.value) {
		return false
	}
	if c.reverse {
		c.at = c.iter.Prev()
	} else {
		c.at = c.iter.Next()
	}
	return true
}
