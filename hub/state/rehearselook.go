package state

import (
	"cmp"
	"slices"
	"time"

	"keng/hub/core"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// expected is a page whose end is yet to come.
type expected struct {
	id    core.DeliveryID
	about core.AlertID
	out   bool           // it has left
	told  *RehearsedPage // nil: it is from before, or about other alerts
}

// look takes in what the last command has done: lines, pages, ends of pages.
func (p *performance) look() {
	if p.spent() != nil {
		return // what was read last may lack something
	}
	for _, id := range slices.Clone(p.about) {
		p.meetParent(id)
	}
	p.readLogs()
	p.findPages()
	for i := range p.open {
		p.lookAt(&p.open[i])
	}
	p.open = slices.DeleteFunc(p.open, func(x expected) bool { return x.told != nil && x.told.Ended.Stage != "" || x.told == nil && x.out })
	slices.SortStableFunc(p.left, func(a, b RehearsedStep) int {
		return cmp.Or(cmp.Compare(a.Page.Username, b.Page.Username), cmp.Compare(a.Page.Kind, b.Page.Kind), cmp.Compare(a.Page.Address, b.Page.Address))
	})
	if len(p.left) > 0 && p.AckAfter > 0 && p.ackAt.IsZero() {
		p.ack, p.ackAt = p.left[0].Page, p.left[0].At.Add(p.AckAfter)
	}
	p.out.Steps, p.left = append(p.out.Steps, p.left...), nil
	if seen := [2]int{len(p.out.Steps), len(p.open)}; seen != p.seen {
		p.seen, p.changed = seen, p.now // a turn of maintenance that concerns nothing changes nothing
	}
}

// readLogs takes in the new lines of the alerts' logs that are about no page, in their order.
func (p *performance) readLogs() {
	var lines []*Entry
	last := p.read
	for _, id := range p.about {
		for row := range Log.Range(p.tx, logKey(id, p.read+1), logKey(id, 1<<63)) {
			for line := range row.Lines() {
				last = max(last, line.Number)
				if line.Type != PageEntry {
					lines = append(lines, &line)
				}
			}
		}
	}
	p.read = last
	slices.SortFunc(lines, func(a, b *Entry) int { return cmp.Compare(a.Number, b.Number) })
	for _, line := range lines {
		p.out.Steps = append(p.out.Steps, RehearsedStep{At: line.At, Line: line})
	}
}

// findPages finds the pages that were made, or that the alert has joined, at this moment.
func (p *performance) findPages() {
	for _, id := range p.about {
		now := table.K().String(string(id)).Time(p.now)
		for d := range deliveriesByAlert.Find(p.tx, now) {
			p.take(*d, d.CreatedAt)
		}
		for b := range bundledByAlert.Find(p.tx, now) {
			if d, ok := GetDelivery(p.tx, b.Delivery); ok {
				p.take(d.seenFrom(b), b.JoinedAt)
			}
		}
	}
}

// take takes a page in, to be told when it goes out.
func (p *performance) take(d Delivery, at time.Time) {
	if p.taken[d.ID] {
		return
	}
	p.taken[d.ID] = true
	page := &RehearsedPage{Alert: d.Alert, User: d.User, Contact: d.Contact, Kind: d.Kind, Address: d.Address, Why: d.Why, PlanAt: at}
	if u, ok := Users.Get(p.tx, table.K().String(string(d.User))); ok {
		page.Username, page.FullName, page.Zone = u.Username, u.FullName, u.Zone
		if k, ok := u.Contact(d.Contact); ok {
			page.Given = k.Given
		}
	}
	if d.Bundle {
		p.bundles = append(p.bundles, d.ID)
	}
	p.open = append(p.open, expected{id: d.ID, about: d.Alert, told: page})
}

// await waits for the end of a page that is not told.
func (p *performance) await(d *Delivery, about core.AlertID) {
	p.taken[d.ID] = true
	if d.Bundle {
		p.bundles = append(p.bundles, d.ID)
	}
	p.open = append(p.open, expected{id: d.ID, about: about})
}

// lookAt looks whether a page has gone out or has ended.
func (p *performance) lookAt(x *expected) {
	d, ok := GetDelivery(p.tx, x.id)
	if !ok {
		x.out = true
		return
	}
	if !d.Held && !d.Final() && !x.out {
		x.out = true
		p.goesOut(d, x)
	}
	if d.Held && !d.Final() && d.Kind == channel.Voice {
		p.findCalls(d.User)
	}
	seen := *d
	if b, ok := Bundles.Get(p.tx, bundledKey(d.ID, x.about)); ok && d.Bundle {
		seen = d.seenFrom(b)
	}
	if i := slices.IndexFunc(seen.Trace, func(t Trace) bool { return t.Stage.Final() }); i >= 0 {
		x.out = true
		if x.told != nil {
			x.told.Ended = seen.Trace[i]
		}
	}
}

// goesOut tells a page that goes out, and when what is to be heard of it.
func (p *performance) goesOut(d *Delivery, x *expected) {
	p.expect(d)
	if x.told == nil {
		return
	}
	p.pages++
	x.told.Alerts = max(1, d.Count)
	p.left = append(p.left, RehearsedStep{At: d.QueuedAt(), Page: x.told})
}

// expect notes what is assumed to become of a page that has gone out.
func (p *performance) expect(d *Delivery) {
	after, r := passesOn, channel.Report{Page: string(d.ID), Number: 1, Stage: channel.Done}
	switch {
	case slices.Contains(p.Fails, d.Kind):
		after, r.Stage, r.Failure = nobodyTakes, channel.Failed, channel.Unavailable
	case d.Kind == channel.Voice:
		after, r.Stage, r.Failure = passesOn+ringsFor, channel.Failed, channel.Unanswered
	}
	p.agenda[d.ID] = assumed{at: d.QueuedAt().Add(after), report: r}
}

// findCalls finds the calls about other alerts for whose end a person's next one waits.
func (p *performance) findCalls(user core.UserID) {
	seen := 0
	for d := range deliveriesByPerson.FindReverse(p.tx, table.K().String(string(user)).String(string(channel.Voice))) {
		if seen++; seen > lookBack {
			return
		}
		if !d.Final() && !d.Held && !p.taken[d.ID] {
			p.taken[d.ID], p.away[d.ID] = true, true
			p.expect(d)
		}
	}
}
