//go:build fault

package ledger

import (
	"os"
	"slices"
)

// knows reports whether a page was begun, unless it is planted that the ledger forgets: then
// what is handed over again is sent again, and the tests of P4 must fail. mu is held.
func (l *Ledger) knows(id string) bool {
	if os.Getenv("KENG_FAULT") != "p4-gateway-forgets" {
		return l.pages[id] != nil
	}
	delete(l.pages, id)
	delete(l.unacked, id)
	l.order = slices.DeleteFunc(l.order, func(known string) bool { return known == id })
	return false
}
