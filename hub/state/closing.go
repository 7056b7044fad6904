package state

import (
	"errors"
	"fmt"
	"slices"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/raftstore/table"
)

// TeamClosure is a team's rule of how people close its alerts. A team without a row has
// none: anybody may.
type TeamClosure struct {
	Team core.TeamID   `cbor:"1,keyasint"`
	Rule alert.Closure `cbor:"2,keyasint"`
}

// Closures holds the teams' rules of how alerts are closed.
var Closures = table.New(22, "closures", func(t *TeamClosure) table.Key { return table.K().String(string(t.Team)) })

// PutClosure gives a team a rule of how people close its alerts. The zero rule lets anybody.
type PutClosure struct {
	Team Pick          `cbor:"1,keyasint"`
	Rule alert.Closure `cbor:"2,keyasint"`
}

func (PutClosure) number() number { return putClosure }

func (k PutClosure) apply(c *change) (TeamClosure, error) {
	t, err := k.Team.Team(c.tx)
	if err != nil {
		return TeamClosure{}, err
	}
	if err := k.Rule.Check(); err != nil {
		return TeamClosure{}, err
	}
	row := TeamClosure{Team: t.ID, Rule: k.Rule}
	if k.Rule == (alert.Closure{}) {
		Closures.Delete(c.tx, Closures.KeyOf(&row))
		return row, nil
	}
	return row, Closures.Put(c.tx, &row)
}

// closeUnder closes an alert by the rule of the team that owns it.
func (c *change) closeUnder(a *alert.Alert, by alert.By) alert.Outcome {
	if why := mayNotClose(a); why != "" {
		return alert.Outcome{Verdict: alert.Refused, Reason: why}
	}
	rule, ok := Closures.Get(c.tx, table.K().String(string(a.OwnerTeam)))
	if !ok || by.User == "" {
		return a.Close(by)
	}
	var who alert.Closer
	_, who.Reachable = FindUser(c.tx, a.Reporter)
	_, owned := FindUser(c.tx, a.Owner)
	who.Ownerless = !owned
	u, known := FindUser(c.tx, by.User)
	if t, ok := Teams.Get(c.tx, table.K().String(string(a.OwnerTeam))); ok && known {
		who.Member, who.Admin = slices.Contains(t.Members, u.ID), slices.Contains(t.Admins, u.ID)
	}
	return a.CloseUnder(by, rule.Rule, who)
}

// AnswerClosing is an answer to the question whether an alert may be closed: the reporter's
// that it is over, or anybody's that it is not.
type AnswerClosing struct {
	Asked Asked `cbor:"1,keyasint"`
	Over  bool  `cbor:"2,keyasint,omitempty"`
}

func (AnswerClosing) number() number { return answerClosing }

func (k AnswerClosing) apply(c *change) (Request, error) {
	if k.Over {
		return c.move(k.Asked, "Close", func(a *alert.Alert) alert.Outcome { return a.Confirm(k.Asked.by(c)) }, nil)
	}
	return c.move(k.Asked, "Reopen", func(a *alert.Alert) alert.Outcome { return a.Contradict(k.Asked.by(c)) }, nil)
}

// Deleted holds what remains of deleted alerts.
var Deleted = table.New(21, "deleted", func(t *alert.Tombstone) table.Key { return table.K().String(string(t.ID)) })

// sweepMax is how many rows of what a deleted alert has left behind one command removes.
const sweepMax = 200

// DeleteAlert deletes an alert. Nothing further happens for it (P3). Its activity log, and what
// is attached to it, goes in pieces; its pages remain as records of whom Kẻng has called, and of the alert itself an
// [alert.Tombstone].
type DeleteAlert struct {
	Asked Asked `cbor:"1,keyasint"`
}

func (DeleteAlert) number() number { return deleteAlert }

func (k DeleteAlert) apply(c *change) (Request, error) {
	var stone alert.Tombstone
	r, err := c.move(k.Asked, "Delete", func(a *alert.Alert) (o alert.Outcome) {
		stone, o = a.Delete(k.Asked.by(c))
		return o
	}, nil)
	if err != nil || stone.ID == "" {
		return r, err
	}
	c.drop(deadlinesOf(c.tx, stone.ID), 0) // also that by which it would have woken
	Alerts.Delete(c.tx, table.K().String(string(stone.ID)))
	if err := Deleted.Put(c.tx, &stone); err != nil {
		return r, err
	}
	if err := errors.Join(c.age(agedDeleted), c.setFree(stone.ID, fmt.Sprintf("#%d", stone.Tiny))); err != nil {
		return r, err
	}
	return r, c.plan(Deadline{Kind: DeletedRest, At: c.now, Alert: stone.ID})
}

// sweep removes some of what a deleted alert has left behind, and plans to remove the rest.
func (c *change) sweep(id core.AlertID) error {
	room := sweepMax
	if c.eraseAttachments(id, &room) && c.eraseLog(id, &room) {
		return nil
	}
	return c.plan(Deadline{Kind: DeletedRest, At: c.now.Add(rippleRest), Alert: id})
}
