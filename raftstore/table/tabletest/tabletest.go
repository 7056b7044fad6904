// Package tabletest gives tests of tables, and of what uses them, a transaction
// in memory: no Raft, no disk.
package tabletest

import "keng/raftstore/internal/overlay"

// Tx is a table.Tx in memory. It belongs to one goroutine.
type Tx struct{ *overlay.Overlay }

// NewTx returns a transaction over an empty state.
func NewTx() *Tx { return &Tx{overlay.Over(overlay.Empty{})} }

// Run runs f as the store would run a command: if f, or something that it read,
// fails, everything it wrote is taken back and the error is returned.
func (tx *Tx) Run(f func(tx *Tx) error) error {
	tx.Save()
	err := f(tx)
	if poison := tx.Err(); poison != nil {
		err = poison
	}
	if err != nil {
		tx.Rollback()
		return err
	}
	tx.Save()
	return nil
}
