package oracle

import "slices"

// settle plans that the last resort is called, if nothing more is to happen, or only what is in vain: to try
// once more what has reached nobody.
func (l *Life) settle() {
	if !l.wantsLastResort() {
		return
	}
	at := l.now
	if len(l.noticed) > 0 {
		at = at.Add(l.world.LastResort.After)
	}
	l.plan(plan{does: aLastResort, at: at})
}

// wantsLastResort reports whether whoever is that is to be called, once until all begins anew.
func (l *Life) wantsLastResort() bool {
	last := l.world.LastResort
	if last == nil || l.Silent() || l.caught || last.AtLeast > 0 && l.alert.Priority > last.AtLeast || l.meantForNobody() {
		return false
	}
	toCome := func(p plan) bool { return p.does != anEnd }
	of := func(p plan) bool {
		return toCome(p) && (len(l.noticed) > 0 || p.does != aRound && p.does != aRepetition)
	}
	return len(l.open) == 0 && l.first(of) < 0
}

// meantForNobody reports whether all who are named are teams whose routing wants nobody to be told.
func (l *Life) meantForNobody() bool {
	return len(l.alert.Responders) > 0 && !slices.ContainsFunc(l.alert.Responders, func(who Who) bool {
		if who.Kind != Team || !l.exists(who) {
			return true
		}
		r := l.routing(who.Name)
		return r == nil || r.To.Kind != Nobody
	})
}

func (l *Life) callLastResort() {
	if !l.wantsLastResort() {
		return
	}
	l.caught = true
	to := l.world.LastResort.To
	if to.Kind == Escalation {
		l.begun[to.Name] = false
	}
	l.follow(to, Way{LastResort: true})
}
