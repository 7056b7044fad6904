// Package table gives a transactional key-value store typed tables with
// secondary indexes.
//
// A Table[R] keeps rows of one Go struct type R by primary key; an Index[R]
// finds them by anything that can be computed from a row. Both are plain
// descriptions without state: they are made once, at start, and used with
// whatever Reader or Tx is at hand, by any number of goroutines.
//
//	type Alert struct {
//		ID     string    `cbor:"1,keyasint"`
//		Alias  string    `cbor:"2,keyasint"`
//		Opened time.Time `cbor:"3,keyasint"`
//	}
//
//	byAlias := table.NewIndex(1, "alias", true, func(a *Alert) []table.Key {
//		return []table.Key{table.K().String(a.Alias)}
//	})
//	alerts := table.New(7, "alerts", func(a *Alert) table.Key {
//		return table.K().String(a.ID)
//	}, byAlias)
//
//	err := alerts.Put(tx, &Alert{ID: "x", Alias: "branch-3/website"})
//	alert, ok := byAlias.First(tx, table.K().String("branch-3/website"))
//
// # What is stored
//
// Every key begins with the table's number (two bytes, big endian) and the
// index's number (two bytes; 0 is the rows themselves), followed by a Key.
// A row is one byte of format level and the struct in deterministic CBOR
// (RFC 8949, core deterministic encoding). Numbers of tables, indexes and
// struct fields are never reused. An index whose keys are to be computed
// otherwise is a new index with a new number.
//
// # Errors
//
// Reads return no errors. A failing engine, or a row that cannot be decoded,
// poisons the transaction through Failer; the command or view then fails as a
// whole, whatever its function returned. This is bufio.Scanner's manner: the
// check stands once, at the end, where nobody can forget it.
package table

import "iter"

// Reader reads a consistent state. It belongs to one goroutine.
type Reader interface {
	// Get returns the value of a key. The value is valid until the transaction
	// ends and must not be modified.
	Get(key []byte) (value []byte, ok bool)
	// Scan gives keys and values of [from, to) in ascending order; an empty
	// from is the lowest key, an empty to is past the highest. It sees the state
	// as it was when the loop began: what the loop's body writes does not appear
	// in it. Key and value are valid until the loop's next step.
	Scan(from, to []byte) iter.Seq2[[]byte, []byte]
	// ScanReverse gives the same range in descending order.
	ScanReverse(from, to []byte) iter.Seq2[[]byte, []byte]
}

// Tx reads a state and writes to it. All its writes take effect together, or
// none does. It belongs to one goroutine.
type Tx interface {
	Reader
	// Set keeps key and value: the caller must not modify them afterwards.
	Set(key, value []byte)
	// Delete removes a key, if there is one. It keeps the slice as Set does.
	Delete(key []byte)
}

// Failer is what a Reader implements if it can be poisoned.
type Failer interface {
	// Fail makes the whole transaction fail with err. The first error counts.
	Fail(err error)
}

// fail poisons r, or panics if r cannot be poisoned: to go on with a row that
// could not be read would be worse.
func fail(r Reader, err error) {
	f, ok := r.(Failer)
	if !ok {
		panic(err)
	}
	f.Fail(err)
}
