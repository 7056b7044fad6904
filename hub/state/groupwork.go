package state

import (
	"cmp"
	"errors"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// The kinds of deadline at which something goes on that concerns more members of a parent
// than one command can deal with. Nobody is called by them.
const (
	GroupGathers DeadlineKind = 55 // further alerts that stood for themselves are put under a new parent
	GroupCloses  DeadlineKind = 56 // further members are closed with their parent
)

// Rest is how far something has come that concerns many alerts.
type Rest struct {
	// Rank and Tiny are where it goes on in the index that it follows.
	Rank uint64 `cbor:"1,keyasint,omitempty"`
	Tiny uint64 `cbor:"2,keyasint,omitempty"`
	// Asked is, of a parent that is closed with its members, by whom; Left is why the first
	// of those that stay open does.
	Asked Asked  `cbor:"3,keyasint"`
	Left  string `cbor:"4,keyasint,omitempty"`
}

// heavy reports whether alerts are more than one command can deal with for their texts alone:
// each is written three times or so.
func heavy(some []*alert.Alert) bool {
	n := 0
	for _, a := range some {
		n += 3 * len(a.Description)
		for name, value := range a.Details {
			n += 3 * (len(name) + len(value))
		}
	}
	return n > pieceBytes
}

// gather puts alerts under a parent that were there before it and stood for themselves, from
// one on. Told is the gravest that wants attention; next is where to go on if there are more than one
// command can deal with. Those whose responders have no room at the parent, besides others, go
// on standing for themselves: nobody is left out.
func (c *change) gather(p *alert.Alert, from uint64, others []alert.Responder) (told *alert.Alert, next uint64, err error) {
	loose := groupKey(groupLoose, p.Group)
	why, seen := p.Details["group"], 0
	for m := range alertsByGroup.Range(c.tx, loose.Uint64(from), loose.Uint64(p.Tiny)) {
		if seen == freedMax || seen > 0 && c.full() {
			return told, m.Tiny, nil
		}
		seen++
		p, ok := Alerts.Get(c.tx, Alerts.KeyOf(p)) // as the one before has left it
		if !ok || !p.RoomFor(others, m.Responders) {
			continue
		}
		if wants := !m.Silent() && !c.waitsToTell(m); wants && (told == nil || m.Priority <= told.Priority) {
			told = m
		}
		if err := c.putUnder(m, p, why); err != nil {
			return told, 0, err
		}
	}
	return told, 0, nil
}

// gatherRest puts further alerts under a parent that stood for themselves.
func (c *change) gatherRest(p *alert.Alert, rest *Rest) error {
	if p.Lead == nil || p.Status != alert.Open || rest == nil {
		return nil
	}
	told, next, err := c.gather(p, rest.Tiny, nil)
	if err != nil {
		return err
	}
	if err := c.planGather(p, next); err != nil || told == nil {
		return err
	}
	return c.tellParent(told)
}

// planGather plans to put further alerts under a parent, from one on; 0: there are none.
func (c *change) planGather(p *alert.Alert, from uint64) error {
	if from == 0 {
		return nil
	}
	return c.plan(Deadline{Kind: GroupGathers, At: c.now.Add(rippleRest), Alert: p.ID, Rest: &Rest{Tiny: from}})
}

// CloseGroup closes an alert with all that is under it, each by the rule of the team that owns
// it: as many at once as one command can deal with, the rest soon after. What joins after it
// was asked for stays open. The status of the request says at the end what has become of it.
type CloseGroup struct {
	Asked Asked `cbor:"1,keyasint"`
}

func (CloseGroup) number() number { return closeGroup }

func (k CloseGroup) apply(c *change) (Request, error) {
	p, ok := FindAlert(c.tx, k.Asked.Alert)
	if !ok || p.Lead == nil {
		return CloseAlert(k.Asked).apply(c)
	}
	if p.Status == alert.Closed {
		r := Request{ID: k.Asked.Request, Action: "Close", Integration: k.Asked.Integration, Alert: p.ID, Alias: p.Alias, Status: string(alert.AlreadyClosed)}
		return r, c.answer(&r)
	}
	return c.closeGroup(p, Rest{Asked: k.Asked}, c.now)
}

// closeGroup closes some members of a parent, as was asked for at a moment, and plans to close
// the rest. With the last of them the parent is closed.
func (c *change) closeGroup(p *alert.Alert, rest Rest, asked time.Time) (Request, error) {
	k := rest.Asked
	more, err := c.eachOpen(p.ID, &rest, func(m *alert.Alert) error {
		if m.CreatedAt.After(asked) {
			return nil
		}
		o := c.closeUnder(m, k.by(c))
		if !o.OK() || o.Reason == alert.IsClosing {
			rest.Left = cmp.Or(rest.Left, string(o.Reason))
		}
		return c.follows(m, o, nil)
	})
	r := Request{ID: k.Request, Action: "Close", Integration: k.Integration, Alert: p.ID, Alias: p.Alias, Success: true, Status: string(alert.HasClosed)}
	if err != nil {
		return r, err
	}
	if p, ok := Alerts.Get(c.tx, Alerts.KeyOf(p)); ok && p.Status == alert.Open {
		r.Success, r.Status = false, factsOf(p).MayClose().Reason
		switch {
		case more:
			r.Status = "Closing goes on: " + r.Status
			err = c.plan(Deadline{Kind: GroupCloses, At: c.now.Add(rippleRest), Alert: p.ID, Added: asked, Rest: &rest})
		case rest.Left != "":
			r.Status += ": " + rest.Left
		}
	}
	return r, errors.Join(err, c.answer(&r))
}

// closeRest closes further members of a parent.
func (c *change) closeRest(p *alert.Alert, d *Deadline) error {
	if p.Lead == nil || p.Status != alert.Open || d.Rest == nil {
		return nil
	}
	_, err := c.closeGroup(p, *d.Rest, d.Added)
	return err
}

// eachOpen does something with open members of a parent, from where it has come to on, and
// notes how far that is. It reports whether there are more than one command can deal with.
func (c *change) eachOpen(parent core.AlertID, at *Rest, do func(*alert.Alert) error) (more bool, err error) {
	members, seen := membersKey(parent), 0
	for m := range alertsByParent.Range(c.tx, members.Uint64(at.Rank).Uint64(at.Tiny), members.Uint64(memberClosed)) {
		at.Rank, at.Tiny = memberRank(m), m.Tiny
		if seen == freedMax || seen > 0 && c.full() {
			return true, nil
		}
		seen++
		if err := do(m); err != nil {
			return false, err
		}
	}
	return false, nil
}
