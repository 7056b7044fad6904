package oracle

import (
	"slices"
	"time"
)

// tell tells a person, or whoever has the person's notifications at the moment. Where forwarding
// leads to somebody who cannot be told it is the last before who can.
func (l *Life) tell(person string, way Way) {
	if l.silent {
		return
	}
	chain := []string{person}
	for {
		next := l.forwarded(chain[len(chain)-1])
		if next == "" || slices.Contains(chain, next) {
			break
		}
		chain = append(chain, next)
	}
	for i := len(chain) - 1; i > 0; i-- {
		if l.canBeTold(chain[i]) {
			way.For = person
			l.reach(chain[i], way)
			return
		}
	}
	l.reach(person, way)
}

// forwarded returns who has a person's notifications: by the rule that was made last of those in force.
func (l *Life) forwarded(person string) (to string) {
	last := uint64(0)
	for _, f := range l.world.Forwards {
		if f.From == person && !l.now.Before(f.Start) && l.now.Before(f.End) && f.Number > last {
			to, last = f.To, f.Number
		}
	}
	return to
}

func (l *Life) canBeTold(person string) bool {
	p := l.world.People[person]
	return p != nil && !p.Blocked && len(l.attempts(p)) > 0
}

// reach begins to reach a person, once at a moment.
func (l *Life) reach(person string, way Way) {
	p := l.world.People[person]
	if p.Blocked {
		l.vain = true
		return
	}
	soon := func(q plan) bool { return q.person == person && !q.at.After(l.now) }
	if l.told[person] || l.late() && l.first(soon) >= 0 {
		return
	}
	attempts := l.attempts(p)
	if len(attempts) == 0 {
		l.vain = true
		return
	}
	l.told[person] = true
	for _, a := range attempts {
		way.Rule = a.rule
		at := plan{at: l.now.Add(a.after), person: person, contact: a.contact, way: way}
		if a.after > 0 {
			l.planned = append(l.planned, at)
			continue
		}
		l.page(person, a.contact, way)
	}
}

// attempt is one contact, tried so long after now.
type attempt struct {
	contact string
	after   time.Duration
	rule    string
}

// attempts are how a person is reached: as the first rule says that wants the alert. Without rules, or
// if such a rule has no contact that can work, by every contact at once.
func (l *Life) attempts(p *Person) []attempt {
	ruled := false
	for _, r := range p.Rules {
		if r.Disabled {
			continue
		}
		ruled = true
		if r.AtLeast != 0 && l.alert.Priority > r.AtLeast || r.Hours != nil && !r.Hours.has(l.now) {
			continue
		}
		if all := p.inPlaceOfDead(r); len(all) > 0 {
			return p.once(all)
		}
		ruled = false // better a page too many than none
		break
	}
	if ruled {
		return nil
	}
	var all []attempt
	for i := range p.Contacts {
		if p.Contacts[i].works() {
			all = append(all, attempt{contact: p.Contacts[i].ID})
		}
	}
	return p.once(all)
}

// inPlaceOfDead are a rule's attempts in their order. The place of a contact that is dead is taken
// by the next that works, unless something else is tried at that moment.
func (p *Person) inPlaceOfDead(r Rule) (all []attempt) {
	var steps []Attempt
	for _, s := range r.Attempts {
		if c := p.contact(s.Contact); c != nil && !c.Disabled && !s.Disabled {
			steps = append(steps, s)
		}
	}
	slices.SortStableFunc(steps, func(a, b Attempt) int { return int(a.After - b.After) })
	vacant := time.Duration(-1)
	for _, s := range steps {
		if p.contact(s.Contact).Dead {
			if vacant < 0 && (len(all) == 0 || all[len(all)-1].after != s.After) {
				vacant = s.After
			}
			continue
		}
		after := s.After
		if vacant >= 0 {
			after, vacant = vacant, -1
		}
		all = append(all, attempt{s.Contact, after, r.ID})
	}
	return all
}

// once leaves out what is said twice: one address at one moment.
func (p *Person) once(all []attempt) (some []attempt) {
	for _, a := range all {
		c := p.contact(a.contact)
		if !slices.ContainsFunc(some, func(b attempt) bool {
			d := p.contact(b.contact)
			return b.after == a.after && d.Kind == c.Kind && d.Address == c.Address
		}) {
			some = append(some, a)
		}
	}
	return some
}

func (p *Person) contact(id string) *Contact {
	for i := range p.Contacts {
		if p.Contacts[i].ID == id {
			return &p.Contacts[i]
		}
	}
	return nil
}

// try tries a contact whose time has come. One that works no more is left out, and the
// next comes at once.
func (l *Life) try(at plan) {
	if l.silent {
		return
	}
	p := l.world.People[at.person]
	if p == nil {
		l.vain = true
		return
	}
	if c := p.contact(at.contact); c == nil || !c.works() || p.Blocked {
		l.nextOf(at.person, 0)
		return
	}
	l.page(at.person, at.contact, at.way)
}

// nextOf has a person's next attempt come at once, because of a page that failed if one is given. If
// there is none the person has been told in vain.
func (l *Life) nextOf(person string, failed int) {
	i := l.first(func(p plan) bool { return p.person == person })
	if i < 0 {
		l.vain = true
		return
	}
	next := l.take(i)
	next.way.AfterFailureOf = failed
	l.try(next)
}

func (l *Life) page(person, contact string, way Way) {
	p := Page{ID: len(l.all) + 1, Person: person, Contact: contact, Due: l.due, Way: way}
	l.open[p.ID], l.all[p.ID] = p, p
	l.paged = append(l.paged, p)
	if l.GivesUp {
		l.planned = append(l.planned, plan{at: l.now.Add(l.patience(p.ID)), givesUp: p.ID})
	}
}
