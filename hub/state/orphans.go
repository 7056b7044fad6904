package state

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/raftstore/table"
)

// Orphans returns alerts that are forgotten (P2): they are open and not acknowledged, and
// yet nothing will happen for them, and nothing says why not; or what is to happen has
// been overdue for longer than a grace; or they are snoozed, and nothing will end it; or they are
// under a parent that is not open. It returns at most limit of them, oldest first.
//
// No command leaves such an alert behind. This looks whether that is so.
func Orphans(r table.Reader, now time.Time, grace time.Duration, limit int) []core.AlertID {
	var orphans []core.AlertID
	for a := range AlertsOpen.Find(r, table.K()) {
		if len(orphans) == limit {
			break
		}
		since := now.Add(-grace)
		if !a.Silent() && (a.Resting == "" && !attended(r, a.ID, since) || underNobody(r, a, since)) {
			orphans = append(orphans, a.ID)
		}
	}
	return append(orphans, Oversleepers(r, now, grace, limit-len(orphans))...)
}

// attended reports whether something will still happen for an alert by itself: something
// that was not due before a moment already, or a page that is under way.
func attended(r table.Reader, id core.AlertID, since time.Time) bool {
	for d := range eachDeadlineOf(r, id) {
		if d.At.After(since) && !d.Kind.callsNobody() {
			return true
		}
	}
	for d := range eachOpenDelivery(r, id) {
		if d.SendBy.After(since) || d.Held && awaited(r, d, since) {
			return true
		}
	}
	return false
}

// awaited reports whether a page that is held will be looked at: not before a moment already.
func awaited(r table.Reader, d *Delivery, since time.Time) bool {
	return slices.ContainsFunc(bundleDeadlines(r, d.ID), func(x *Deadline) bool { return x.At.After(since) })
}

// Census counts what is open. It looks at no more alerts than a limit.
type Census struct {
	Open       int // alerts
	Unattended int // of those: they want somebody's attention, see [alert.Alert.Silent]
}

// Count counts the alerts, up to limit.
func Count(r table.Reader, limit int) (n Census) {
	for a := range AlertsOpen.Find(r, table.K()) {
		if !a.Silent() {
			n.Unattended++
		}
		if n.Open++; n.Open == limit {
			break
		}
	}
	return n
}

// Administrators returns the people who run the cluster, as those who answer for an alert
// about Kẻng itself: its owners and administrators who are not blocked; if there are none,
// the default team.
func Administrators(r table.Reader) []alert.Responder {
	var all []alert.Responder
	for u := range Users.All(r) {
		if (u.Profile.Role == "Owner" || u.Profile.Role == "Admin") && !u.Blocked {
			all = append(all, alert.Responder{Kind: alert.User, ID: string(u.ID)})
		}
	}
	if len(all) > 0 {
		return all
	}
	if team, ok := defaultTeam(r); ok {
		all = append(all, team)
	}
	return all
}
