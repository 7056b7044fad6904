package state

import (
	"errors"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// The kinds of deadline of notification policies. Why leads to the team.
const (
	TeamDelayed  DeadlineKind = 40 // a team is notified of which a policy has held the page back
	TeamAnew     DeadlineKind = 41 // notifying a team begins anew, since nobody has acknowledged
	ClosedByRule DeadlineKind = 42 // an alert is closed by itself, unless it has occurred meanwhile
	JudgedAnew   DeadlineKind = 43 // what some policies hold back is judged anew, a piece at a time; of no alert
)

// Hold is what a team's notification policies have said of an alert, while it is open.
type Hold struct {
	Alert  core.AlertID `cbor:"1,keyasint"`
	Team   core.TeamID  `cbor:"2,keyasint"`
	Policy string       `cbor:"3,keyasint,omitempty"` // that decided last
	Why    Reason       `cbor:"4,keyasint"`           // the way to the team
	// Back says why the team is not notified; empty: it is, or has been.
	Back string `cbor:"5,keyasint,omitempty"`
	// Began is when notifying began last, Restarts how often it has begun anew.
	Began    time.Time `cbor:"6,keyasint,omitzero"`
	Restarts int       `cbor:"7,keyasint,omitempty"`
	// Occurred are the latest occurrences, oldest first.
	Occurred []time.Time `cbor:"8,keyasint,omitempty"`
	// Begun are the escalations that have begun on the way through the team.
	Begun []core.EscalationID `cbor:"9,keyasint,omitempty"`
}

// Holds has, for alerts of which a notification policy has had a say, what it said.
var Holds = table.New(25, "holds", func(h *Hold) table.Key { return holdKey(h.Alert, h.Team) })

func holdKey(id core.AlertID, team core.TeamID) table.Key {
	return table.K().String(string(id)).String(string(team))
}

// facts are what policies want to know of an alert.
func (h *Hold) facts(a *alert.Alert) *route.Facts {
	return &route.Facts{Created: a.CreatedAt, Count: a.Count, Occurred: h.Occurred, Began: h.Began, Restarts: h.Restarts}
}

// withhold asks a team's notification policies whether the team is to be notified of an alert
// now, writes down what they say and plans what they want. It reports whether they hold the
// notification back: then something is planned, or the hold says why not (P2).
func (c *change) withhold(a *alert.Alert, t *route.Team, why *Reason) (back bool, err error) {
	h, known := Holds.Get(c.tx, holdKey(a.ID, t.ID))
	if !known {
		h = &Hold{Alert: a.ID, Team: t.ID, Occurred: []time.Time{a.LastOccurredAt}}
	} else if !h.Began.IsZero() {
		h.Began = c.now
	}
	if c.reminds && h.Began.IsZero() {
		h.Began = c.now // a person's own appointment: neither delay nor repetition holds it up
	}
	v := c.rules.verdict(t.ID, a, h.facts(a))
	if v.Policy == "" && !known {
		return false, c.sayVerdict(a.ID, v, why)
	}
	same := v.Back != "" && h.Back != "" && v.Policy == h.Policy
	h.Policy, h.Why, h.Back = v.Policy, *why, v.Back
	c.forgetTeam(a.ID, t.ID, TeamDelayed, TeamAnew, ClosedByRule)
	if v.Now() {
		h.Began = c.now
	}
	if !same { // it is not said again each time that it occurs
		err = c.sayVerdict(a.ID, v, why)
	}
	if a.Silent() { // called all the same, until it is closed: notifying begins anew for what nobody has acknowledged
		v.RestartAt = time.Time{}
	}
	return !v.Now(), errors.Join(err, Holds.Put(c.tx, h), c.markJudged(a), c.planVerdict(a.ID, v, why))
}

// sayVerdict writes down what notification policies have said.
func (c *change) sayVerdict(id core.AlertID, v route.Verdict, why *Reason) error {
	if len(v.Reasons) == 0 {
		return nil
	}
	return c.log(id, RecipientNote, System, explain.Decision{Kind: explain.PolicyDecided, Why: why, At: v.DelayUntil, Of: v.Reasons})
}

// planVerdict plans what is to happen by itself.
func (c *change) planVerdict(id core.AlertID, v route.Verdict, why *Reason) error {
	var errs []error
	plan := func(kind DeadlineKind, at time.Time) {
		if !at.IsZero() {
			errs = append(errs, c.plan(Deadline{Kind: kind, At: at, Alert: id, Why: *why}))
		}
	}
	plan(TeamDelayed, v.DelayUntil)
	plan(TeamAnew, v.RestartAt)
	plan(ClosedByRule, v.CloseAt)
	return errors.Join(errs...)
}

// forgetTeam drops deadlines of some kinds that are on the way through a team.
func (c *change) forgetTeam(id core.AlertID, team core.TeamID, kinds ...DeadlineKind) {
	for _, d := range deadlinesOf(c.tx, id) {
		for _, k := range kinds {
			if d.Kind == k && d.Why.Team == team {
				Deadlines.Delete(c.tx, deadlineKey(d))
			}
		}
	}
}

// markJudged notes in an alert that it has holds.
func (c *change) markJudged(a *alert.Alert) error {
	a.Judged = true
	row, ok := Alerts.Get(c.tx, table.K().String(string(a.ID))) // a may be older
	if !ok || row.Judged {
		return nil
	}
	row.Judged = true
	return Alerts.Put(c.tx, row)
}

// holdsOf returns the holds of an alert.
func (c *change) holdsOf(a *alert.Alert) (all []*Hold) {
	if !a.Judged {
		return nil
	}
	for h := range Holds.Find(c.tx, table.K().String(string(a.ID))) {
		all = append(all, h)
	}
	return all
}

// dropHolds forgets the holds of an alert, which is over.
func (c *change) dropHolds(a *alert.Alert) {
	for _, h := range c.holdsOf(a) {
		Holds.Delete(c.tx, holdKey(h.Alert, h.Team))
	}
}

// heldBack says why an alert's teams are not notified, of one for which nothing is planned;
// the zero value: no policy holds them back.
func (c *change) heldBack(a *alert.Alert) explain.Decision {
	for _, h := range c.holdsOf(a) {
		if h.Back == "" {
			continue
		}
		why := explain.Decision{Kind: explain.RestsHeld, Why: &h.Why, Of: []string{h.Back}}
		if p, err := GetPolicy(c.tx, h.Policy); err == nil && p.Notification != nil {
			why.Kind, why.Name = explain.RestsHeldBack, p.Notification.Name
		}
		return why
	}
	return explain.Decision{}
}

// occurred notes that an alert has occurred again. Teams that waited for that are notified.
func (c *change) occurred(a *alert.Alert) error {
	for _, h := range c.holdsOf(a) {
		h.Occurred = append(h.Occurred, c.now)
		if extra := len(h.Occurred) - route.CountMax; extra > 0 {
			h.Occurred = h.Occurred[extra:]
		}
		if err := Holds.Put(c.tx, h); err != nil {
			return err
		}
		if h.Back == "" || a.Silent() || a.Parent != "" {
			continue
		}
		if err := c.tellTeam(a, &h.Why); err != nil {
			return err
		}
	}
	return nil
}

// anewPiece is how many holds are looked at by one command: each may mean an alert, with all
// its texts, to be written.
const anewPiece = 25

// judgeAnew lets what the notification policies among some have said be judged anew: they have
// been changed, or maintenance has switched them. So nobody waits for a policy that is gone.
func (c *change) judgeAnew(policies ...*Policy) error {
	d := Deadline{Kind: JudgedAnew, At: c.now}
	for _, p := range policies {
		if p.Notification != nil {
			d.Judge = append(d.Judge, p.ID)
		}
	}
	if len(d.Judge) == 0 {
		return nil
	}
	d.ID = c.deadlineID()
	return c.planned(&d)
}

// judgePiece judges a piece of the holds anew, and plans the rest.
func (c *change) judgePiece(d *Deadline) error {
	var piece []*Hold
	for h := range Holds.Range(c.tx, table.K().String(string(d.From)), afterAll) {
		if len(piece) >= anewPiece && h.Alert != piece[len(piece)-1].Alert { // those of one alert are judged together
			rest := Deadline{ID: c.deadlineID(), Kind: JudgedAnew, At: c.now.Add(sweepRest), Judge: d.Judge, From: h.Alert}
			if err := c.planned(&rest); err != nil {
				return err
			}
			break
		}
		piece = append(piece, h)
	}
	for _, h := range piece {
		if !slices.Contains(d.Judge, h.Policy) {
			continue
		}
		a, ok := Alerts.Get(c.tx, table.K().String(string(h.Alert)))
		if !ok || a.Parent != "" {
			continue
		}
		if err := c.judgeHold(a, h); err != nil {
			return err
		}
	}
	return nil
}

// judgeHold judges one hold anew: the team is notified if nothing holds it back any more, and
// when the alert is closed by itself is as the policy says now.
func (c *change) judgeHold(a *alert.Alert, h *Hold) error {
	if h.Back != "" && !a.Silent() {
		return c.tellTeam(a, &h.Why)
	}
	c.forgetTeam(a.ID, h.Team, ClosedByRule)
	v := c.rules.verdict(h.Team, a, h.facts(a))
	return c.planVerdict(a.ID, route.Verdict{CloseAt: v.CloseAt}, &h.Why)
}

// tellTeam notifies a team to which a way has led before.
func (c *change) tellTeam(a *alert.Alert, why *Reason) error {
	c.touched[a.ID] = true
	way := *why
	way.Team, way.TeamName, way.RoutingRule = "", "", ""
	_, err := c.telling(a, why.Acks, func() error { return c.notifyTeam(a, string(why.Team), &way) })
	return err
}

// wakeHolds plans anew what notification policies want of an alert that was silent until
// somebody called for help: its silence has ended what was planned. A team that is held back
// is not to wait for ever because another was called; the time until notifying begins anew
// counts from the call.
func (c *change) wakeHolds(a *alert.Alert) error {
	for _, h := range c.holdsOf(a) {
		if h.Back != "" {
			if err := c.tellTeam(a, &h.Why); err != nil {
				return err
			}
			continue
		}
		if h.Began.IsZero() {
			continue
		}
		h.Began = c.now
		v := c.rules.verdict(h.Team, a, h.facts(a))
		c.forgetTeam(a.ID, h.Team, TeamAnew)
		if err := errors.Join(Holds.Put(c.tx, h), c.planVerdict(a.ID, route.Verdict{RestartAt: v.RestartAt}, &h.Why)); err != nil {
			return err
		}
	}
	return nil
}

// tellAnew notifies a team once more, from the beginning: what was still to come by the way
// through it is dropped.
func (c *change) tellAnew(a *alert.Alert, why *Reason) error {
	h, ok := Holds.Get(c.tx, holdKey(a.ID, why.Team))
	if !ok {
		return nil
	}
	switch v := c.rules.verdict(why.Team, a, h.facts(a)); {
	case v.RestartAt.IsZero():
		return c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.TeamNotAnew, Why: why})
	case v.RestartAt.After(c.now):
		return c.plan(Deadline{Kind: TeamAnew, At: v.RestartAt, Alert: a.ID, Why: *why})
	}
	if err := c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.TeamToldAnew, Why: why}); err != nil {
		return err
	}
	c.forgetTeam(a.ID, why.Team, EscalationStep, StepsAgain, EscalationEnd, ReachAttempt, PagesAgain)
	a.Begun, a.Caught = without(a.Begun, h.Begun), false
	a.Led = slices.DeleteFunc(a.Led, func(l alert.Led) bool { return slices.Contains(h.Begun, l.To) })
	h.Restarts, h.Begun = h.Restarts+1, nil
	if err := errors.Join(Alerts.Put(c.tx, a), Holds.Put(c.tx, h)); err != nil {
		return err
	}
	return c.tellTeam(a, why)
}

// without returns what is in a list and not in another.
func without[T comparable](list, other []T) (rest []T) {
	gone := map[T]bool{}
	for _, x := range other {
		gone[x] = true
	}
	for _, x := range list {
		if !gone[x] {
			rest = append(rest, x)
		}
	}
	return rest
}

// noteBegun notes which escalations have begun on the way through a team, since there were
// so many.
func (c *change) noteBegun(a *alert.Alert, team core.TeamID, before int) error {
	h, ok := Holds.Get(c.tx, holdKey(a.ID, team))
	row, there := Alerts.Get(c.tx, table.K().String(string(a.ID)))
	if !ok || !there || len(row.Begun) <= before {
		return nil
	}
	h.Begun = append(h.Begun, row.Begun[before:]...)
	return Holds.Put(c.tx, h)
}

// closeByRule closes an alert of which a policy has said so, unless it has occurred since, or
// the policy says otherwise by now.
func (c *change) closeByRule(a *alert.Alert, why *Reason) error {
	h, ok := Holds.Get(c.tx, holdKey(a.ID, why.Team))
	if !ok || a.Status == alert.Closed {
		return nil
	}
	v := c.rules.verdict(why.Team, a, h.facts(a))
	switch {
	case v.CloseAt.IsZero():
		return c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.NotClosedByRule, Why: why})
	case v.CloseAt.After(c.now):
		return c.plan(Deadline{Kind: ClosedByRule, At: v.CloseAt, Alert: a.ID, Why: *why})
	}
	source := "notification policy"
	if p, err := GetPolicy(c.tx, v.Policy); err == nil {
		source += " " + p.Notification.Name
	}
	by := alert.By{Source: source, At: c.now}
	if a.Lead == nil {
		return c.follows(a, a.CloseQuiet(by), nil)
	}
	// What occurs under a parent is its occurrence: so all members have been as quiet, and with
	// the last of them it is closed.
	more, err := c.eachOpen(a.ID, &Rest{}, func(m *alert.Alert) error { return c.follows(m, m.CloseQuiet(by), nil) })
	if err != nil || !more {
		return err
	}
	return c.plan(Deadline{Kind: ClosedByRule, At: c.now.Add(rippleRest), Alert: a.ID, Why: *why})
}
