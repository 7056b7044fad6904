package oracle

import (
	"slices"
	"time"
)

// tell tells a person, or whoever has the person's notifications at the moment.
func (l *Life) tell(person string, way Way) {
	who := l.inPlaceOf(person, way)
	if who != person {
		way.For = person
	}
	l.reach(who, way)
}

// inPlaceOf returns who has a person's notifications at the moment. Where forwarding leads to somebody who
// cannot be told it is the last before who can.
func (l *Life) inPlaceOf(person string, way Way) string {
	chain := []string{person}
	for {
		next := l.forwarded(chain[len(chain)-1])
		if next == "" || slices.Contains(chain, next) {
			break
		}
		chain = append(chain, next)
	}
	for i := len(chain) - 1; i > 0; i-- {
		if l.canBeTold(chain[i], way) {
			return chain[i]
		}
	}
	return person
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

func (l *Life) canBeTold(person string, way Way) bool {
	p := l.world.People[person]
	if p == nil || p.Blocked || l.quiet(p) {
		return false
	}
	_, attempts := l.attempts(person, way)
	return len(attempts) > 0
}

// quiet reports whether a person is not to be paged now.
func (l *Life) quiet(p *Person) bool {
	if p.Pierces && l.alert.Priority == 1 {
		return false
	}
	return l.now.Before(p.MutedUntil) || p.Quiet != nil && p.Quiet.has(l.now)
}

// keptOut: who is not to be paged now is told in vain, and not later either.
func (l *Life) keptOut(person string) {
	l.forget(func(p plan) bool { return p.calls() && p.person == person })
	l.vain = true
}

// reach begins to reach a person, once at a moment.
func (l *Life) reach(person string, way Way) {
	if !l.wants(person, way.Unclosed != "") {
		return
	}
	p := l.world.People[person]
	if p.Blocked {
		l.vain = true
		return
	}
	soon := func(q plan) bool { return q.does == anAttempt && q.person == person && !q.at.After(l.now) }
	if l.told[person] || l.late() && l.first(soon) >= 0 {
		l.count(person)
		return
	}
	if l.quiet(p) {
		l.keptOut(person)
		return
	}
	rule, attempts := l.attempts(person, way)
	if len(attempts) == 0 {
		l.vain = true
		return
	}
	l.tryAll(person, rule, attempts, way)
	l.count(person)
}

// count: a step has told a person.
func (l *Life) count(person string) {
	if l.reached != nil && l.told[person] {
		l.reached[person] = true
	}
}

// tryAll makes a person's attempts that are due now, and plans the others, and that they come again.
func (l *Life) tryAll(person string, rule *Rule, attempts []attempt, way Way) {
	l.told[person] = true
	l.planAgain(person, rule, way)
	for _, a := range attempts {
		way.Rule = a.rule
		if a.after > 0 {
			l.plan(plan{does: anAttempt, at: l.now.Add(a.after), person: person, contact: a.contact, way: way})
			continue
		}
		l.page(person, a.contact, way)
	}
}

// loopsMost is how often a person's attempts come again.
const loopsMost = 20

// planAgain plans that a rule's attempts come again, in the place of what was planned of that before.
func (l *Life) planAgain(person string, rule *Rule, way Way) {
	l.forget(func(p plan) bool { return p.does == aRepetition && p.person == person })
	if rule == nil || rule.Loop == 0 || way.Again == loopsMost {
		return
	}
	last := time.Duration(0)
	for _, s := range rule.Attempts {
		if c := l.world.People[person].contact(s.Contact); c != nil && !c.Disabled && !s.Disabled {
			last = max(last, s.After)
		}
	}
	way.Rule = rule.ID
	l.plan(plan{does: aRepetition, at: l.now.Add(last + rule.Loop), person: person, way: way})
}

// again lets a person's attempts come again. After an outage they wait their time anew for
// a person who is just being told.
func (l *Life) again(at plan) {
	p := l.world.People[at.person]
	if p == nil || p.Blocked || !l.wants(at.person, at.way.Unclosed != "") {
		return
	}
	i := slices.IndexFunc(p.Rules, func(r Rule) bool { return r.ID == at.way.Rule && !r.Disabled && r.Loop > 0 })
	if i < 0 {
		return
	}
	rule, underWay := &p.Rules[i], false
	attempts := p.by(rule)
	for _, page := range l.open {
		underWay = underWay || page.Person == at.person
	}
	switch {
	case len(attempts) == 0:
	case l.told[at.person], l.late() && underWay:
		l.planAgain(at.person, rule, at.way)
	case l.quiet(p):
		l.keptOut(at.person)
	default:
		at.way.Again++
		l.tryAll(at.person, rule, attempts, at.way)
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
func (l *Life) attempts(person string, way Way) (*Rule, []attempt) {
	p, ruled := l.world.People[person], false
	event := l.event(person, way)
	for i := range p.Rules {
		r := &p.Rules[i]
		if r.Disabled || r.Event != event {
			continue
		}
		ruled = true
		if (r.AtLeast == 0 || l.alert.Priority <= r.AtLeast) && (r.Hours == nil || r.Hours.has(l.now)) {
			return r, p.by(r)
		}
	}
	if ruled {
		return nil, nil
	}
	return nil, p.everything()
}

// event is what the alert is to a person: it decides which of the person's rules count. If there are none of
// those, the rules for what is new do.
func (l *Life) event(person string, way Way) string {
	for _, r := range l.world.People[person].Rules {
		switch {
		case r.Disabled:
		case way.Assigned != "":
			if r.Event == Assigned {
				return Assigned
			}
		case r.Event == Renotified && l.hasHeard(person):
			return Renotified
		}
	}
	return Created
}

// hasHeard reports whether a page about the alert may have come to a person's notice, or will.
func (l *Life) hasHeard(person string) bool {
	for id, p := range l.all {
		if _, open := l.open[id]; p.Person == person && (open || l.noticed[id]) {
			return true
		}
	}
	return false
}

// by is how a rule has a person tried: better a page too many than none.
func (p *Person) by(r *Rule) []attempt {
	if all := p.inPlaceOfDead(*r); len(all) > 0 {
		return p.once(all)
	}
	return p.everything()
}

// everything is every contact at once.
func (p *Person) everything() (all []attempt) {
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
	if !l.wants(at.person, at.way.Unclosed != "") {
		return
	}
	p := l.world.People[at.person]
	if p == nil {
		l.vain = true
		return
	}
	if l.quiet(p) {
		l.keptOut(at.person)
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
	i := l.first(func(p plan) bool { return p.does == anAttempt && p.person == person })
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
		l.plan(plan{does: aGivingUp, at: l.now.Add(l.patience(p.ID)), page: p.ID})
	}
}
