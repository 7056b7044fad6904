package state

import (
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/raftstore/table"
)

// CatchAll is who is called for an alert when all that was configured for it has been done and
// nobody takes care of it.
type CatchAll struct {
	To alert.Responder `cbor:"1,keyasint"`
	// After is how long after the last of that. If nobody could be reached it is at once.
	After time.Duration `cbor:"2,keyasint,omitempty"`
	// MinimumPriority is how grave an alert is at least; zero: all are.
	MinimumPriority core.Priority `cbor:"3,keyasint,omitempty"`
}

// CatchAllDue is when whoever is the last resort is called for an alert.
const CatchAllDue DeadlineKind = 95

// CatchAllAfterMax bounds how long the last resort waits.
const CatchAllAfterMax = 24 * time.Hour

var catchAlls = table.New(59, "catch-alls", func(*CatchAll) table.Key { return catchAllKey })

var catchAllKey = table.K().String("cluster")

// CatchAllOf returns who is the last resort. It reports false if nobody is.
func CatchAllOf(r table.Reader) (*CatchAll, bool) { return catchAlls.Get(r, catchAllKey) }

// PutCatchAll says who is the last resort from now on. Alerts for which nothing more happens
// already are left alone until something happens to them.
type PutCatchAll struct {
	To              Party         `cbor:"1,keyasint"`
	After           time.Duration `cbor:"2,keyasint,omitempty"`
	MinimumPriority core.Priority `cbor:"3,keyasint,omitempty"`
}

func (PutCatchAll) number() number { return putCatchAll }

func (k PutCatchAll) apply(c *change) (CatchAll, error) {
	row, wrong := CatchAll{After: k.After, MinimumPriority: k.MinimumPriority}, faults{}
	if k.To.Kind == 0 {
		wrong.add("responder", "must be a user, a team, a schedule or an escalation")
	} else {
		found, err := k.To.find(c.tx)
		wrong.missing("responder", err)
		row.To = found
	}
	if k.After < 0 || k.After > CatchAllAfterMax {
		wrong.add("after", "must be from 0 to 24 hours")
	}
	if k.MinimumPriority != 0 && k.MinimumPriority.String() == "" {
		wrong.add("minimumPriority", "must be P1, P2, P3, P4 or P5")
	}
	if err := wrong.err(); err != nil {
		return row, err
	}
	return row, keep(c, catchAlls, &row)
}

// DeleteCatchAll says that nobody is the last resort.
type DeleteCatchAll struct{}

func (DeleteCatchAll) number() number { return deleteCatchAll }

func (DeleteCatchAll) apply(c *change) (Nothing, error) {
	if _, ok := CatchAllOf(c.tx); !ok {
		return Nothing{}, &core.Error{Kind: core.NotFound, Words: "There is no catch-all."}
	}
	catchAlls.Delete(c.tx, catchAllKey)
	return Nothing{}, nil
}

// catches plans that the last resort is called for an alert that wants attention, if nothing more is
// to happen for it or, of a busy one, nothing that is not in vain. It reports whether it is to be.
func (c *change) catches(a *alert.Alert, busy bool) (bool, error) {
	row, ok := c.catchAll()
	if !ok || a.Caught || !row.wants(a) || busy && !c.waitsInVain(a) || c.restsAsWanted(a) {
		return false, nil
	}
	at := c.now
	if c.reachedSince(a, a.CreatedAt) {
		at = at.Add(row.After)
	}
	return true, c.plan(Deadline{Kind: CatchAllDue, At: at, Alert: a.ID})
}

func (row *CatchAll) wants(a *alert.Alert) bool {
	return row.MinimumPriority == 0 || a.Priority <= row.MinimumPriority
}

// restsAsWanted reports whether nothing more happens for an alert because somebody has said so:
// its parent calls people, a notification policy holds it back, or the routing of all who answer
// for it wants nobody to be notified.
func (c *change) restsAsWanted(a *alert.Alert) bool {
	if _, under := ParentOf(c.tx, a); under || c.heldBack(a).Kind != 0 || a.Lead != nil && len(a.Lead.Untold) > 0 {
		return true
	}
	for _, r := range a.Responders {
		if r.Kind != alert.Team {
			return false
		}
		t, ok := Teams.Get(c.tx, table.K().String(r.ID))
		if !ok {
			return false
		}
		if routed, found := c.rules.route(t, a); !found || routed.Rule.Notify.Kind != 0 {
			return false
		}
	}
	return len(a.Responders) > 0
}

// waitsInVain reports whether all that is planned for an alert is to try once more what has
// reached nobody: the last resort does not wait for that.
func (c *change) waitsInVain(a *alert.Alert) bool {
	for d := range eachDeadlineOf(c.tx, a.ID) {
		if !d.Kind.callsNobody() && d.Kind != StepsAgain && d.Kind != PagesAgain {
			return false
		}
	}
	return len(openDeliveries(c.tx, a.ID)) == 0 && !c.reachedSince(a, a.CreatedAt)
}

// catchAllDue calls the last resort, once until the alert begins anew. If something else has been
// planned meanwhile it is that one's turn first.
func (c *change) catchAllDue(a *alert.Alert) error {
	row, ok := c.catchAll()
	if !ok || a.Silent() || a.Caught || !row.wants(a) || c.restsAsWanted(a) || c.busy(a.ID) && !c.waitsInVain(a) {
		return nil
	}
	a.Caught = true
	if row.To.Kind == alert.Escalation {
		a.Begun = without(a.Begun, []core.EscalationID{core.EscalationID(row.To.ID)})
	}
	if err := Alerts.Put(c.tx, a); err != nil {
		return err
	}
	return c.notify(a, row.To, &Reason{LastResort: true})
}
