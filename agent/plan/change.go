package plan

import "time"

// SetChecks replaces the checks, as from now. A check that keep names, and that was there
// before, keeps its place in time and all that is known of it; the others begin afresh. Of a
// check that is there no more nothing is said, and a run of it that still ends is passed over.
func (p *Plan) SetChecks(checks []Check, keep func(name string) bool, now time.Time) {
	before := make(map[string]*watched, len(p.checks))
	for _, w := range p.checks {
		before[w.Name] = w
	}
	p.checks = make([]*watched, len(checks))
	for i, check := range checks {
		if w := before[check.Name]; w != nil && keep(check.Name) {
			p.checks[i] = w
			continue
		}
		p.checks[i] = newWatched(check, now)
	}
}

// Restate tells every verdict that stands, with the moment at which it was given: for a
// hub that may not have heard of all changes.
func (p *Plan) Restate() []Change {
	var changes []Change
	if p.network != None {
		changes = append(changes, p.ofNetwork())
	}
	for _, w := range p.checks {
		if w.verdict == None {
			continue
		}
		outcome := w.latest
		if w.verdict == Down {
			outcome = w.last
		}
		change := Change{At: w.turned, Check: w.Name, State: w.verdict, Reason: outcome.Reason, Details: outcome.Details}
		if w.verdict == Down {
			change.Failures = max(w.failures, w.failedRuns(), 1)
		}
		changes = append(changes, change)
	}
	return changes
}
