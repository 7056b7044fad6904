package state

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// Alerts of one group are under a parent, an alert of its own (see [route.Grouping]):
//
//   - Only the parent calls people. Nothing is ever planned for a member that is open, but the
//     end of its own snooze or closing, and, of an outage of long ago, when the parent may call
//     for it; that it rests says why.
//   - Whoever answers for a member answers for the parent. Each of them is told of the parent
//     once; who comes with a later member is told when that one joins. An alert whose
//     responders have no room there (50 are the most) does not join. A member that is graver
//     makes the parent graver, which begins anew by the rule for every alert: if it is graver
//     than it ever was, and nobody takes care of it.
//   - Who acknowledges or snoozes the parent takes care of what is under it, and of what comes
//     under it meanwhile: within half an hour of an acknowledgement, until the end of a snooze.
//     When that ends, the parent begins anew; but when a snooze ends and all members have been
//     taken care of meanwhile, the parent is acknowledged by that. If all of them were so when
//     it was snoozed, whoever did wants to be woken, and is. What is graver than the parent
//     ever was ends both.
//   - While nobody takes care of a parent and all who answer for it have been called, what
//     comes calls them again, ten minutes after they were called last at the earliest.
//   - Who takes care of members takes care of them alone. But when nothing open under the
//     parent wants attention any more, the parent is acknowledged by that, until something
//     does again: it comes, or its acknowledgement or snooze ends.
//   - Who calls for help through a member is heard: the help is called to the parent.
//   - The parent is closed with its last member, acknowledged or not, and by nobody before. A
//     person who presses "close" when called acknowledges it: what is open is not over.
//   - Members whose parent is deleted are free, and stand for themselves from then on.
//   - An alert that waited for others of its group stands for itself; when the parent is
//     founded its pages are taken back, since the parent's come.

// MembersRest is when further members of a parent that was deleted are set free.
const MembersRest DeadlineKind = 50

// freedMax is how many members one command puts under a parent, sets free or closes at most;
// fewer if they are large, see pieceBytes.
const freedMax = 200

// memberRank says what a member asks for, in the index of members.
func memberRank(a *alert.Alert) uint64 {
	switch {
	case a.Status == alert.Closed:
		return memberClosed
	case a.Silent():
		return memberSilent
	}
	return memberWants
}

const (
	memberWants  = 0
	memberSilent = 1
	memberClosed = 2

	groupLoose  = 1 // open, and under nobody
	groupParent = 2
)

var (
	alertsByParent = table.NewIndex(7, "parent", false, func(a *alert.Alert) []table.Key {
		if a.Parent == "" {
			return nil
		}
		return []table.Key{membersKey(a.Parent).Uint64(memberRank(a)).Uint64(a.Tiny)}
	})
	alertsByGroup = table.NewIndex(8, "group", false, func(a *alert.Alert) []table.Key {
		switch {
		case a.Group == "" || a.Lead == nil && (a.Status != alert.Open || a.Parent != ""):
			return nil
		case a.Lead != nil:
			return []table.Key{groupKey(groupParent, a.Group).Uint64(a.Tiny)}
		}
		return []table.Key{groupKey(groupLoose, a.Group).Uint64(a.Tiny)}
	})
)

func membersKey(parent core.AlertID) table.Key { return table.K().String(string(parent)) }

func groupKey(which uint64, group string) table.Key { return table.K().Uint64(which).String(group) }

// Members gives the alerts under a parent: those that want attention first, then those of
// which somebody takes care, then the closed ones, each in the order of their numbers.
func Members(r table.Reader, parent core.AlertID) iter.Seq[*alert.Alert] {
	return alertsByParent.Find(r, membersKey(parent))
}

// ParentOf returns the alert under which an alert is. It reports false for one that stands
// for itself, also since its parent was deleted.
func ParentOf(r table.Reader, a *alert.Alert) (*alert.Alert, bool) {
	if a.Parent == "" {
		return nil, false
	}
	return Alerts.Get(r, table.K().String(string(a.Parent)))
}

// place puts a new alert into its group, if it has one: under the parent that is there, or
// under a new one.
func (c *change) place(a *alert.Alert) error {
	g, ok := c.rules.group(a)
	if !ok {
		return nil
	}
	var last *alert.Alert
	for p := range alertsByGroup.FindReverse(c.tx, groupKey(groupParent, g.Key)) {
		last = p
		break
	}
	var loose []*alert.Alert
	for x := range alertsByGroup.Find(c.tx, groupKey(groupLoose, g.Key)) {
		if loose = append(loose, x); len(loose) == freedMax {
			break
		}
	}
	facts := factsOf(last)
	if facts != nil {
		facts.Crowded = !last.RoomFor(a.Responders)
	}
	where := g.Place(facts, len(loose), c.now)
	a.Group = g.Key
	switch where.Place {
	case route.Joins:
		return c.putUnder(a, last, title(&g))
	case route.Founds:
		return c.found(loose, a, &g)
	}
	return errors.Join(c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.StandsAlone, Of: []string{where.Reason}}), Alerts.Put(c.tx, a))
}

// factsOf are what decisions want to know of a parent; nil if there is none.
func factsOf(p *alert.Alert) *route.Parent {
	if p == nil || p.Lead == nil {
		return nil
	}
	return &route.Parent{ID: p.ID, Open: p.Status == alert.Open, Members: p.Lead.Members, OpenMembers: p.Lead.Open, LastJoined: p.Lead.JoinedAt}
}

// title names a group for people, as "site hanoi".
func title(g *route.Group) string {
	return g.Grouping.Name + " " + strings.TrimPrefix(g.Key, g.Grouping.ID+"/")
}

// found makes the parent of a group, with its members: some that stood for themselves, and a
// new one.
func (c *change) found(loose []*alert.Alert, first *alert.Alert, g *route.Group) error {
	tiny := c.next("alert")
	d := alert.Draft{
		Message: g.Message, Source: line("grouping "+g.Grouping.Name, alert.SourceMax), Priority: first.Priority, OwnerTeam: first.OwnerTeam,
		Tags: []string{parentTag}, Details: map[string]string{parentTag: title(g)},
	}
	p := alert.New(d, core.AlertID(c.seed.Numbered("alert", tiny)), tiny, c.now)
	p.Lead, p.Group = &alert.Lead{}, g.Key
	for _, m := range loose {
		p.Priority = min(p.Priority, m.Priority)
	}
	if err := Alerts.Insert(c.tx, p); err != nil {
		return err
	}
	c.idle[p.ID] = true
	if err := c.write(p.ID, alert.Entry{What: alert.DidCreate, By: p.Source, At: c.now}); err != nil {
		return err
	}
	told, next, err := c.gather(p, 0, first.Responders)
	if err != nil {
		return err
	}
	if p, _ = Alerts.Get(c.tx, Alerts.KeyOf(p)); p == nil {
		return nil // the store has failed
	}
	if err := errors.Join(c.putUnder(first, p, title(g)), c.planGather(p, next)); err != nil || told == nil {
		return err // who made the first one tells of it
	}
	return c.tellParent(told)
}

// putUnder puts an alert under a parent. Why is the group, for people. What was to happen for
// the alert is the parent's part now.
func (c *change) putUnder(a, p *alert.Alert, why string) error {
	by := alert.By{At: c.now}
	o := a.Join(by, p, why)
	if !o.Moved() {
		return fmt.Errorf("cannot put alert %s under %s: %s", a.ID, p.ID, o.Reason)
	}
	if !c.idle[a.ID] {
		c.endAt(goesUnder, a.ID)
		if err := c.cancelDeliveries(a.ID, "", "the alert is now under "+p.Number()); err != nil {
			return err
		}
	}
	if a.Resting = ""; !a.Silent() {
		a.Resting = restsUnder(p).Cause()
	}
	grown := p.Gain(by, a)
	c.touched[a.ID], c.touched[p.ID] = true, true
	if err := errors.Join(c.follows(a, o, nil), c.follows(p, grown, nil)); err != nil {
		return err
	}
	if p.Lead.Members == 1 {
		return nil
	}
	return c.occurredUnder(p)
}

// occurredUnder counts what joins a parent, or occurs again under it, as an occurrence of the
// parent: policies that wait for so many count those.
func (c *change) occurredUnder(p *alert.Alert) error {
	if err := c.follows(p, p.Recur(alert.By{At: c.now}), nil); err != nil {
		return err
	}
	return c.occurred(p)
}

// waitsToTell reports whether nobody is to be called for an alert before its agent has told all.
func (c *change) waitsToTell(a *alert.Alert) bool {
	return slices.ContainsFunc(deadlinesOf(c.tx, a.ID), func(d *Deadline) bool { return d.Kind == TellLate })
}

// restsUnder says why nothing happens by itself for a member.
func restsUnder(p *alert.Alert) explain.Decision {
	return explain.Decision{Kind: explain.RestsUnder, Name: p.Number()}
}

// tellParent lets the parent of an alert that wants attention call whom it has not called.
func (c *change) tellParent(m *alert.Alert) error {
	p, ok := ParentOf(c.tx, m)
	if !ok {
		return nil
	}
	c.touched[m.ID], c.touched[p.ID] = true, true
	if m.Silent() {
		return nil
	}
	by, graver := alert.By{At: c.now}, m.Priority < p.Ever()
	if m.Priority < p.Priority {
		o := p.SetPriority(by, m.Priority)
		if err := c.follows(p, o, nil); err != nil || o.Then == alert.ThenBeginAnew {
			return err
		}
	}
	if o := p.Uncover(by); o.Moved() {
		return c.follows(p, o, nil)
	}
	if o := p.Hear(by, m, graver); o.Moved() {
		return c.follows(p, o, nil)
	}
	return c.callAgain(p, m)
}

// tellUntold tells those who answer for a parent and have not been told of it, unless
// somebody takes care of it.
func (c *change) tellUntold(id core.AlertID) error {
	p, ok := Alerts.Get(c.tx, table.K().String(string(id)))
	if !ok || p.Lead == nil || p.Silent() || len(p.Lead.Untold) == 0 {
		return nil
	}
	untold := p.Lead.Untold
	p.Lead.Untold = nil
	if err := Alerts.Put(c.tx, p); err != nil {
		return err
	}
	return c.tellAll(p, untold, &Reason{})
}

// helpParent calls help, for which somebody asked through a member, to its parent.
func (c *change) helpParent(m, p *alert.Alert, call func(*alert.Alert) error) error {
	c.touched[m.ID], c.touched[p.ID] = true, true
	o := p.Help(alert.By{At: c.now, Note: "for " + m.Number()})
	if o.Moved() {
		if err := c.write(p.ID, o.Entry); err != nil {
			return err
		}
		c.endAt(isHelped, p.ID)
	}
	if !p.RoomFor(m.Responders) {
		lost := explain.Decision{Kind: explain.NoRoomUnder, Name: m.Number(), Count: alert.RespondersMax}
		if err := c.log(p.ID, SystemEntry, System, lost); err != nil {
			return err
		}
	}
	p.Answer(alert.By{At: c.now}, m.Responders)
	if err := Alerts.Put(c.tx, p); err != nil {
		return err
	}
	if err := call(p); err != nil {
		return err
	}
	if o.Moved() {
		if err := errors.Join(c.wakeHolds(p), c.planUnheard(p)); err != nil {
			return err
		}
	}
	return c.tellParent(m) // whoever has not been told while the parent was silent
}

// fell looks at the parent of an alert that has fallen silent: the last one that is closed
// closes it, the last one of which somebody takes care acknowledges it.
func (c *change) fell(m *alert.Alert, e alert.Entry) error {
	p, ok := ParentOf(c.tx, m)
	if !ok || p.Status == alert.Closed {
		return nil
	}
	by, gone := alert.By{Source: e.By, At: c.now}, e.What == alert.DidDelete
	if gone || m.Status == alert.Closed {
		lost := p.Lose(alert.By{At: c.now}, m, gone)
		if closing := factsOf(p).MemberClosed(); closing.Close {
			return c.follows(p, p.CloseEmpty(by), nil)
		}
		if err := c.follows(p, lost, nil); err != nil {
			return err
		}
	}
	if p.Silent() {
		return nil
	}
	if c.wanted(p.ID, m.ID) { // which is still there while it is being deleted
		return nil
	}
	if gone || m.Status == alert.Closed {
		by.Source = cmp.Or(c.carer(p.ID), by.Source)
	}
	return c.follows(p, p.Cover(by), nil)
}

// wanted reports whether a member of a parent, but for one, wants attention.
func (c *change) wanted(parent, but core.AlertID) bool {
	for x := range alertsByParent.Find(c.tx, membersKey(parent).Uint64(memberWants)) {
		if x.ID != but {
			return true
		}
	}
	return false
}

// carer returns the owner of a member of which somebody takes care.
func (c *change) carer(parent core.AlertID) string {
	for x := range alertsByParent.Find(c.tx, membersKey(parent).Uint64(memberSilent)) {
		return x.Owner
	}
	return ""
}

// endSnooze ends the snooze of a parent. If everything under it has been taken care of
// meanwhile it is acknowledged by that: nobody is woken for what is in hands already.
func (c *change) endSnooze(p *alert.Alert) error {
	o := p.EndSnooze(c.now)
	if p.Lead.Wake || !o.Moved() || c.wanted(p.ID, "") {
		return c.follows(p, o, nil)
	}
	o.Then = alert.ThenNothing
	if err := c.follows(p, o, nil); err != nil {
		return err
	}
	return c.follows(p, p.Cover(alert.By{Source: c.carer(p.ID), At: c.now}), nil)
}

// freeRest sets further members of a parent free that was deleted.
func (c *change) freeRest(parent core.AlertID) error {
	number := "a parent"
	if stone, ok := Deleted.Get(c.tx, table.K().String(string(parent))); ok {
		number = fmt.Sprintf("#%d", stone.Tiny)
	}
	return c.setFree(parent, number)
}

// setFree lets some members of a parent that was deleted stand for themselves, and plans to
// let the rest.
func (c *change) setFree(parent core.AlertID, number string) error {
	var some []*alert.Alert
	for m := range Members(c.tx, parent) {
		if some = append(some, m); len(some) > freedMax {
			break
		}
	}
	before := c.spread
	c.spread = c.spread || len(some) > freedMax || heavy(some)
	defer func() { c.spread = before }()
	free := 0
	for _, m := range some[:min(len(some), freedMax)] {
		if c.full() && free > 0 {
			break
		}
		free++
		c.touched[m.ID] = true
		if err := c.follows(m, m.Leave(alert.By{At: c.now}, number), nil); err != nil {
			return err
		}
	}
	if free == len(some) {
		return nil
	}
	return c.plan(Deadline{Kind: MembersRest, At: c.now.Add(rippleRest), Alert: parent})
}

// mayNotClose says why a parent is not closed now; "" for what may be.
func mayNotClose(a *alert.Alert) alert.Reason {
	if a.Lead == nil || a.Status == alert.Closed {
		return ""
	}
	if closing := factsOf(a).MayClose(); !closing.Close {
		return alert.Reason(closing.Reason)
	}
	return ""
}

// underNobody reports whether a member's parent is neither open nor being taken from it (P2).
func underNobody(r table.Reader, a *alert.Alert, since time.Time) bool {
	if a.Parent == "" {
		return false
	}
	if p, ok := ParentOf(r, a); ok {
		return p.Status != alert.Open
	}
	for d := range eachDeadlineOf(r, a.Parent) {
		if d.Kind == MembersRest && d.At.After(since) {
			return false
		}
	}
	return true
}
