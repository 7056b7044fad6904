package state

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/raftstore/table"
)

// maintenanceTurn is a moment at which maintenance begins or ends.
type maintenanceTurn struct {
	id string
	at time.Time
}

// findTurns finds which maintenance begins or ends before the end of a rehearsal.
func (p *performance) findTurns() {
	for row := range unfinished.Range(p.tx, table.K(), table.K().Time(p.out.Until)) {
		if row.Turn != "" && row.TurnAt.Before(p.out.Until) {
			p.turns = append(p.turns, maintenanceTurn{row.Window.ID, row.TurnAt})
		}
	}
}

// turnAll lets maintenance begin and end that has until now.
func (p *performance) turnAll() error {
	for slices.ContainsFunc(p.turns, func(t maintenanceTurn) bool { return !t.at.After(p.now) }) {
		if err := p.doDue(); err != nil || p.spent() != nil {
			return err
		}
	}
	return nil
}

// doDue does what is due, as [DoDue] does, of what the rehearsal is about.
func (p *performance) doDue() error {
	return p.do(func(c *change) error {
		turned, err := p.turn(c)
		if err != nil {
			return err
		}
		if err := p.fireDue(c); err != nil || !turned {
			return err
		}
		if err := p.judge(c); err != nil {
			return err
		}
		return p.fireDue(c)
	})
}

// fireDue does what is due for the alerts that the rehearsal is about.
func (p *performance) fireDue(c *change) error {
	for range DueMax {
		d, ok := p.earliest(c.tx)
		if !ok || d.At.After(c.now) || c.full() {
			return nil
		}
		if err := c.fire(d); err != nil {
			return err
		}
	}
	return nil
}

// turn does what is due for maintenance. It reports whether anything was.
func (p *performance) turn(c *change) (turned bool, err error) {
	due := p.turns
	p.turns = nil
	for _, t := range due {
		if t.at.After(c.now) {
			p.turns = append(p.turns, t)
			continue
		}
		turned = true
		row, ok := GetMaintenance(c.tx, t.id)
		if !ok {
			continue
		}
		d, ok := Deadlines.Get(c.tx, deadlineKey(&Deadline{ID: row.Turn, At: row.TurnAt}))
		if !ok {
			continue
		}
		if err := c.fire(d); err != nil {
			return turned, err
		}
		if row, ok = GetMaintenance(c.tx, t.id); ok && row.Turn != "" && row.TurnAt.Before(p.out.Until) {
			p.turns = append(p.turns, maintenanceTurn{t.id, row.TurnAt})
		}
	}
	return turned, nil
}

// judge judges anew what policies that maintenance has switched hold back, of the alerts that the
// rehearsal is about.
func (p *performance) judge(c *change) error {
	var judged []string
	for d := range Deadlines.Range(c.tx, table.K().Time(c.now), table.K().Time(c.now.Add(1))) {
		if d.Kind == JudgedAnew {
			judged = append(judged, d.Judge...)
			Deadlines.Delete(c.tx, deadlineKey(d))
		}
	}
	for _, id := range p.about {
		a, ok := Alerts.Get(c.tx, table.K().String(string(id)))
		if !ok || a.Parent != "" {
			continue
		}
		for _, h := range c.holdsOf(a) {
			if !slices.Contains(judged, h.Policy) {
				continue
			}
			if err := c.judgeHold(a, h); err != nil {
				return err
			}
		}
	}
	return nil
}

// earliest returns the deadline that comes first of what the rehearsal is about.
func (p *performance) earliest(r table.Reader) (first *Deadline, ok bool) {
	consider := func(d *Deadline) {
		if first == nil || deadlineKey(d) < deadlineKey(first) {
			first = d
		}
	}
	for _, id := range p.about {
		for d := range deadlinesByAlert.Find(r, table.K().String(string(id))) {
			if first != nil && d.At.After(first.At) {
				break
			}
			consider(d)
		}
	}
	p.bundles = slices.DeleteFunc(p.bundles, func(id core.DeliveryID) bool {
		planned := bundleDeadlines(r, id)
		for _, d := range planned {
			consider(d)
		}
		d, there := GetDelivery(r, id)
		return len(planned) == 0 && (!there || d.Final())
	})
	return first, first != nil
}
