package overlay

import "iter"

// Empty is a table.Reader of nothing, to lay an overlay over.
type Empty struct{}

// Get finds nothing.
func (Empty) Get([]byte) ([]byte, bool) { return nil, false }

// Scan gives nothing.
func (Empty) Scan(_, _ []byte) iter.Seq2[[]byte, []byte] { return func(func(_, _ []byte) bool) {} }

// ScanReverse gives nothing.
func (Empty) ScanReverse(_, _ []byte) iter.Seq2[[]byte, []byte] {
	return func(func(_, _ []byte) bool) {}
}
