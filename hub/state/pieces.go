package state

import "keng/raftstore/table"

// pieceBytes is how many bytes a command may have written before it leaves the rest of what
// concerns many alerts to another one, at a deadline. The store refuses a command that writes more than 3 MiB. What
// is written of an alert may be 100 kB, for its texts, and its place in the outbox; and
// settle may write each alert once more.
const pieceBytes = 1 << 20

// full reports whether a command is to leave the rest to another one.
func (c *change) full() bool { return c.tx.bytes+c.unwritten >= pieceBytes }

// writeOverhead is what the store counts for a write besides its key and its value.
const writeOverhead = 12

// metered counts what a command writes as the store does: what is written over counts, too.
type metered struct {
	table.Tx
	bytes int
}

// Set writes a key.
func (m *metered) Set(key, value []byte) {
	m.bytes += len(key) + len(value) + writeOverhead
	m.Tx.Set(key, value)
}

// Delete removes a key.
func (m *metered) Delete(key []byte) {
	m.bytes += len(key) + writeOverhead
	m.Tx.Delete(key)
}

// Fail makes the command fail.
func (m *metered) Fail(err error) {
	f, ok := m.Tx.(table.Failer)
	if !ok {
		panic(err)
	}
	f.Fail(err)
}
