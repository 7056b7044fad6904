package state

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/raftstore/table"
)

// StandIn returns who is told at a moment of what would reach a person, as pages go: the last of
// those to whom forwarding rules lead who can be told, or else the person. Whether notification
// rules want an alert is not asked: that goes by the alert.
func StandIn(r table.Reader, from core.UserID, at time.Time) core.UserID {
	for _, id := range slices.Backward(standIns(r, from, at)) {
		u, ok := Users.Get(r, table.K().String(string(id)))
		if ok && !u.Blocked && slices.ContainsFunc(u.Contacts, func(k reach.Contact) bool { return k.Usable() }) {
			return id
		}
	}
	return from
}
