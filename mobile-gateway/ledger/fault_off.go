//go:build !fault

package ledger

// knows reports whether a page was begun. mu is held.
func (l *Ledger) knows(id string) bool { return l.pages[id] != nil }
