package oracle

import "slices"

// stepsOf are the steps of an escalation in the order in which they come: of several of one delay that
// comes first which stands first.
func (l *Life) stepsOf(escalation string) []Step {
	steps := slices.Clone(l.world.Escalations[escalation].Steps)
	slices.SortStableFunc(steps, func(a, b Step) int { return int(a.After - b.After) })
	return steps
}

// start begins an escalation, unless it has begun before: then it was in vain to lead to it, unless it is
// led to as it was in an earlier round, and is still under way.
func (l *Life) start(escalation string, way Way) {
	is := lead{way.Escalation, escalation}
	if l.begun[escalation] {
		again := way.Round > 0 && slices.Contains(l.led, is)
		l.vain = l.vain || way.Escalation != "" && !again
		return
	}
	if l.acked && !l.outlasts(plan{does: aStep, escalation: escalation}) {
		l.vain = true // none of its steps is for this
		return
	}
	l.begun[escalation] = true
	if is.by != "" {
		l.led = append(l.led, is)
	}
	l.run(plan{does: aStep, escalation: escalation, begun: l.now, way: way})
}

// run lets the steps of an escalation run that are due, from the first.
func (l *Life) run(p plan) {
	if p.at = p.begun.Add(l.stepsOf(p.escalation)[0].After); p.at.After(l.now) {
		l.planStep(p)
		return
	}
	l.climb(p)
}

// climb does a step in any case, since it may be hurried, and then those that are due, and plans the next.
func (l *Life) climb(p plan) {
	for due := true; due; {
		here, step := p, l.stepsOf(p.escalation)[p.step]
		next, some := l.after(p)
		due = some && next.does == aStep && !next.at.After(l.now)
		if some && !due {
			l.planStep(next)
		}
		if l.holds(step) {
			l.do(here, step)
		}
		p = next
	}
}

// after says what an escalation does after a step.
func (l *Life) after(p plan) (next plan, some bool) {
	e, steps := l.world.Escalations[p.escalation], l.stepsOf(p.escalation)
	p.step++
	if p.step < len(steps) {
		p.at = p.begun.Add(steps[p.step].After)
		return p, true
	}
	over := p.begun.Add(steps[len(steps)-1].After)
	if over.Before(l.now) { // nothing is made up for
		over = l.now
	}
	p.at = over.Add(e.Wait)
	switch {
	case p.round < e.Rounds:
		p.does, p.round, p.step, p.begun = aRound, p.round+1, 0, p.at
		return p, true
	case e.Closes:
		p.does = anEnd
		return p, true
	}
	return p, false
}

// planStep plans what an escalation does next, unless an acknowledgement has ended it.
func (l *Life) planStep(p plan) {
	if !l.acked || l.outlasts(p) {
		l.plan(p)
	}
}

// outlasts reports whether an acknowledgement does not end what an escalation does next: a step that is to
// come is for alerts that are not closed, or the acknowledgement will be taken back.
func (l *Life) outlasts(p plan) bool {
	e := l.world.Escalations[p.escalation]
	unclosed := func(s Step) bool { return s.Unclosed }
	rounds := e.Reset || slices.ContainsFunc(e.Steps, unclosed)
	switch p.does {
	case aStep:
		return slices.ContainsFunc(l.stepsOf(p.escalation)[p.step:], unclosed) || p.round < e.Rounds && rounds
	case aRound:
		return rounds
	}
	return false
}

// holds reports whether a step is for the alert as it is.
func (l *Life) holds(s Step) bool { return !l.closed && !l.snoozed && (!l.acked || s.Unclosed) }

// do has a step tell people.
func (l *Life) do(p plan, s Step) {
	way := p.way
	way.Escalation, way.Step, way.Round, way.Notify, way.Acks, way.Unclosed = p.escalation, p.step+1, p.round, s.Notify, s.Acks, l.ackedBy()
	earlier := map[int]bool{}
	for _, q := range l.planned {
		if q.calls() && q.way.Escalation == p.escalation {
			earlier[q.number] = true
		}
	}
	outer := l.reached
	l.reached = map[string]bool{}
	l.follow(s.To, way)
	told := len(l.reached)
	for person := range l.reached {
		if outer != nil {
			outer[person] = true
		}
	}
	l.reached = outer
	if n := min(s.Acks, told); n > max(l.wanted, 1) && !l.acked {
		l.wanted = n
	}
	if s.EndsEarlier && told > 0 {
		l.forget(func(q plan) bool { return earlier[q.number] })
	}
	if !l.together {
		l.goOn()
	}
}

// round lets the steps of an escalation run again, from the moment for which that was planned.
func (l *Life) round(p plan) {
	e := l.world.Escalations[p.escalation]
	if l.acked && !l.outlasts(p) {
		return
	}
	if e.Reset && (l.acked || len(l.acks) > 0) {
		l.attention = attention{}
	}
	l.mayBeginAgain(p.escalation, map[string]bool{p.escalation: true})
	p.does = aStep
	l.run(p)
}

// mayBeginAgain lets escalations begin again to which one has led, and so on, but for those that are under way.
func (l *Life) mayBeginAgain(by string, seen map[string]bool) {
	for _, is := range slices.Clone(l.led) {
		underWay := l.first(func(p plan) bool { return p.climbs() && p.escalation == is.to }) >= 0
		if is.by != by || seen[is.to] || underWay {
			continue
		}
		seen[is.to] = true
		l.begun[is.to] = false
		l.mayBeginAgain(is.to, seen)
		l.led = slices.DeleteFunc(l.led, func(x lead) bool { return x.to == is.to })
	}
}
