package state

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/explain"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// Turn is whom a step of an escalation has told last of a team whose members take turns.
type Turn struct {
	Escalation core.EscalationID `cbor:"1,keyasint"`
	Step       int               `cbor:"2,keyasint"` // from 1
	Team       core.TeamID       `cbor:"3,keyasint"`
	Last       core.UserID       `cbor:"4,keyasint"`
}

// Turns has, for steps of round-robin, whose turn it was last.
var Turns = table.New(55, "turns", func(t *Turn) table.Key { return turnKey(t.Escalation, t.Step) })

func turnKey(id core.EscalationID, step int) table.Key {
	return table.K().String(string(id)).Uint64(uint64(step))
}

// membersTold is how many members of a team one step tells at most, so that a command can write it.
const membersTold = 200

// notifyMembers tells members of a team, as a step of an escalation says. Neither routing rules
// nor who is on call count.
func (c *change) notifyMembers(a *alert.Alert, t *route.Team, why *Reason) error {
	ids, none, err := c.membersFor(a, t, why)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return c.nobody(a, explain.Decision{Kind: none, Why: why})
	}
	if more := len(ids) - membersTold; more > 0 {
		if err := c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.TooManyMembers, Count: more, Of: []string{strconv.Itoa(membersTold)}, Why: why}); err != nil {
			return err
		}
		ids = ids[:membersTold]
	}
	return c.together(a.ID, func() error {
		for _, id := range ids {
			u, ok := Users.Get(c.tx, table.K().String(string(id)))
			if !ok {
				continue
			}
			if err := c.notifyUser(a, u, why); err != nil {
				return err
			}
		}
		return nil
	})
}

// membersFor returns which members of a team a step tells; if none, why.
func (c *change) membersFor(a *alert.Alert, t *route.Team, why *Reason) (ids []core.UserID, none explain.Kind, err error) {
	can := func(id core.UserID) bool { return c.canBeTold(a, id) }
	switch why.Notify {
	case escalate.Users:
		none = explain.OnlyAdmins
	case escalate.Admins:
		none = explain.NoAdmins
	case escalate.Random:
		all := slices.DeleteFunc(slices.Clone(t.Members), func(id core.UserID) bool { return !can(id) })
		if len(all) > 0 {
			n := escalate.Choose(a.ID, why.Escalation, why.Step, why.Repeat, len(all))
			ids = all[n : n+1]
		}
		return ids, explain.NoMemberReachable, nil
	case escalate.RoundRobin:
		turn := &Turn{Escalation: why.Escalation, Step: why.Step, Team: t.ID}
		if row, ok := Turns.Get(c.tx, Turns.KeyOf(turn)); ok && row.Team == t.ID {
			turn = row
		}
		next, ok := escalate.TakeTurn(t.Members, turn.Last, can)
		if !ok {
			return nil, explain.NoMemberReachable, nil
		}
		turn.Last = next
		return []core.UserID{next}, 0, Turns.Put(c.tx, turn)
	}
	return why.Notify.Among(t.Members, t.Admins), cmp.Or(none, explain.NoMembers), nil
}

// canBeTold reports whether a person, or in the person's place whom [change.notifyUser] would tell,
// can be told of an alert and has not acknowledged it.
func (c *change) canBeTold(a *alert.Alert, id core.UserID) bool {
	for _, who := range slices.Backward(standIns(c.tx, id, c.now)) {
		u, ok := Users.Get(c.tx, table.K().String(string(who)))
		if ok && c.mayPage(a, u, &Reason{}) {
			return !a.HasAcked(u.Username)
		}
	}
	return false
}

// together tells several of whom it is enough to reach one: only when all were told in vain the
// escalation goes on at once.
func (c *change) together(id core.AlertID, tell func() error) error {
	gathering, unreached := c.gathering, c.unreached
	c.gathering, c.unreached = true, false
	err := tell()
	missed := c.unreached
	c.gathering, c.unreached = gathering, unreached || gathering && missed
	if err != nil || gathering || !missed {
		return err
	}
	return c.hurryEscalation(id)
}

// dropTurns forgets whose turn it was in the steps of an escalation.
func (c *change) dropTurns(id core.EscalationID) {
	for t := range Turns.Find(c.tx, table.K().String(string(id))) {
		Turns.Delete(c.tx, Turns.KeyOf(t))
	}
}

// neighbourReach is how far ahead, and back, it is looked for who is on call next, and was before.
const neighbourReach = 400 * 24 * time.Hour

// shiftSpan returns for what time a calendar is needed to tell whom a step of a schedule means.
func shiftSpan(n escalate.Notify, now time.Time) (from, to time.Time) {
	switch n {
	case escalate.Next:
		return now, now.Add(neighbourReach)
	case escalate.Previous:
		return now.Add(-neighbourReach), now.Add(1)
	}
	return now, now.Add(1)
}

// shiftsOf returns whom a step of a schedule means, and how to say that there is nobody.
func shiftsOf(calendar *rota.Calendar, n escalate.Notify, now time.Time) (periods []rota.Period, none explain.Kind) {
	switch n {
	case escalate.Next:
		return calendar.Next(now), explain.NobodyNext
	case escalate.Previous:
		return calendar.Previous(now), explain.NobodyBefore
	}
	return calendar.Who(now), explain.NobodyOnCall
}
