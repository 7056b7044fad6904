// Package plan decides when a check is run and what its results mean: whether a
// target is down, and whether the fault lies with the target or with this agent's
// own network.
//
// It is pure. It has no clock, does no I/O, draws no random numbers and depends on
// no map's order: the same calls with the same moments give the same answers, so
// that a bug report can be played back as a test. Its user asks [Plan.Due] what to
// run, runs it, hands the result to [Plan.Finish], which returns the changes that
// the hub must hear of, and sleeps until [Plan.Wake].
//
// # Verdicts
//
// A check is [Down] when FailAfter of its last Of runs failed and, if For is set,
// it has been failing for that long; it is [Up] again after RecoverAfter good runs
// in a row. A run that could not be made counts neither way; after FailAfter of
// them in a row a check that is not down becomes [Unknown]. The first verdict is
// always told, even if it is Up, and so is the first answer of a probe: the hub may
// hold an alert from before the agent was restarted.
//
// # Isolation
//
// An agent that has lost its network sees every target fail. So before a verdict
// Down is told, the agent's probes (its gateway, say) are run afresh:
//
//   - one probe answers: the target is at fault;
//   - no probe answers, though at least one of them once did: the agent is cut off.
//     That is one change, of the pseudo check [Network]; the checks are held back;
//   - there are no probes, or none of them ever answered: they prove nothing, and
//     the target is taken to be at fault.
//
// When a probe answers again the agent is no longer cut off. What was held back is
// forgotten and run afresh at once. A check whose target is on this machine neither
// makes the agent cut off nor is held back.
package plan

import (
	"fmt"
	"strings"
	"time"
)

// Network is the name under which the agent's own network appears in a [Change]. It
// cannot be the name of a check, which has no slash.
const Network = "agent/network"

// cutOffProbeEvery bounds how long an agent that is cut off waits before it probes again.
const cutOffProbeEvery = 5 * time.Second

// firstRunWithin bounds how long after its start an agent makes the first run of a check.
const firstRunWithin = 30 * time.Second

// State is what a run found, or what the plan thinks of a check.
type State uint8

// The states. None is the verdict of a check that has not been judged yet.
const (
	None State = iota
	Up
	Down
	Unknown
)

// String returns the state's name in English, in lower case; that of None is pending.
func (s State) String() string {
	switch s {
	case Up:
		return "up"
	case Down:
		return "down"
	case Unknown:
		return "unknown"
	default:
		return "pending"
	}
}

// Cause says where the fault lies.
type Cause uint8

// The causes.
const (
	Target Cause = iota // the probes answer, or prove nothing
	CutOff              // no probe answers: the agent's own network
)

// Check is what the plan must know of a check.
type Check struct {
	Name         string
	Every        time.Duration // from one run to the next; more than 0
	FailAfter    int           // how many runs must fail; 0 means 2
	Of           int           // among how many of the last ones; 0 means FailAfter
	RecoverAfter int           // how many good runs in a row recover it; 0 means 1
	For          time.Duration // how long it must have been failing
	Local        bool          // the target is on this machine
}

// Settings are what a plan is made for.
type Settings struct {
	Checks     []Check
	Probes     []Probe
	ProbeEvery time.Duration // 0 means 30 s
}

// Probe is a way to ask whether the agent's own network works.
type Probe struct {
	Name string
	// Answered says that it answered in an earlier life of the agent: an agent that
	// starts before the router does, after a power cut, then knows that it is cut off.
	Answered bool
}

// Run is one run that is due. The user hands it back to [Plan.Finish].
type Run struct {
	Name  string
	Probe bool // a probe, not a check
	index int  // of a probe
	// number tells this run from others.
	number uint64
}

// Outcome is what a run found. A probe that is not Up did not answer.
type Outcome struct {
	State   State // Up, Down or Unknown
	Reason  string
	Details map[string]string // handed through; not looked at
}

// Change is a verdict that the hub must hear of.
type Change struct {
	At      time.Time
	Check   string // its name, or Network
	State   State
	Cause   Cause
	Reason  string
	Details map[string]string
	// Failures is how many runs in a row, or among the last Of, have failed; 0 but
	// for Down.
	Failures int
}

// Plan is the state of all checks. It is not safe for concurrent use: one
// goroutine owns it.
type Plan struct {
	checks     []*watched
	probes     []*probe
	probeEvery time.Duration
	network    State // None until it is known; Down is cut off
	// networkSince is when network became that, networkReason why.
	networkSince  time.Time
	networkReason string
	runs          uint64 // begun so far
}

// New returns a plan that begins now. The names of checks are unique.
func New(settings Settings, now time.Time) *Plan {
	p := &Plan{probeEvery: settings.ProbeEvery}
	if p.probeEvery <= 0 {
		p.probeEvery = 30 * time.Second
	}
	for _, check := range settings.Checks {
		p.checks = append(p.checks, newWatched(check, now))
	}
	for _, b := range settings.Probes {
		// At once: only a probe that has answered before counts.
		p.probes = append(p.probes, &probe{name: b.Name, once: b.Answered, next: now})
	}
	return p
}

// Due returns the runs that are due, and takes it that they begin now. A check or
// probe that is still running is not due: it delays only itself.
func (p *Plan) Due(now time.Time) []Run {
	var runs []Run
	for i, b := range p.probes {
		if b.due(now, p.asked()) {
			runs = append(runs, Run{Name: b.name, Probe: true, index: i, number: b.begin(now, p.rhythm())})
		}
	}
	for _, w := range p.checks {
		if w.due(now) {
			p.runs++
			w.begin(now, p.runs)
			runs = append(runs, Run{Name: w.Name, number: p.runs})
		}
	}
	return runs
}

// Wake returns when something will be due next, and false if nothing will before
// a run ends.
func (p *Plan) Wake() (time.Time, bool) {
	var wake time.Time
	found := false
	earliest := func(at time.Time) {
		if !found || at.Before(wake) {
			wake, found = at, true
		}
	}
	for _, w := range p.checks {
		if !w.running {
			earliest(w.wake())
		}
	}
	asked := p.asked()
	for _, b := range p.probes {
		switch {
		case b.running:
		case b.wanted(asked):
			earliest(asked)
		default:
			earliest(b.next)
		}
	}
	return wake, found
}

// Finish takes the result of a run and returns what has changed. A run that was
// finished before is passed over.
func (p *Plan) Finish(run Run, outcome Outcome, now time.Time) []Change {
	if run.Probe {
		if !p.probes[run.index].finish(run.number, outcome) {
			return nil
		}
		return append(p.reconnect(now), p.settle(now)...)
	}
	w := p.find(run.Name)
	if w == nil || !w.finish(run.number) {
		return nil
	}
	// What began before the network returned and failed says nothing of the target.
	if w.stale && outcome.State == Down {
		return nil
	}
	var changes []Change
	if change, ok := w.take(outcome, now); ok {
		changes = append(changes, change)
	}
	return append(changes, p.settle(now)...)
}

// CutOff reports whether the agent takes itself to be cut off.
func (p *Plan) CutOff() bool { return p.network == Down }

// Verdict returns what the plan thinks of a check, None if there is no such check.
func (p *Plan) Verdict(name string) State {
	if w := p.find(name); w != nil {
		return w.verdict
	}
	return None
}

// find returns a check, nil if there is none of that name.
func (p *Plan) find(name string) *watched {
	for _, w := range p.checks {
		if w.Name == name {
			return w
		}
	}
	return nil
}

// rhythm is how often probes run at present.
func (p *Plan) rhythm() time.Duration {
	if p.CutOff() {
		return min(p.probeEvery, cutOffProbeEvery)
	}
	return p.probeEvery
}

// asked returns the latest moment at which a check came into doubt, zero if none is.
func (p *Plan) asked() time.Time {
	var latest time.Time
	for _, w := range p.checks {
		if w.doubted && w.doubt.After(latest) {
			latest = w.doubt
		}
	}
	return latest
}

// settle gives a verdict on every check in doubt for which there is proof.
func (p *Plan) settle(now time.Time) []Change {
	var changes []Change
	var held []string
	for _, w := range p.checks {
		if !w.doubted {
			continue
		}
		switch p.evidence(w) {
		case proofTarget:
			changes = append(changes, w.condemn(now))
		case proofCutOff:
			w.doubted, w.held = false, true
			held = append(held, w.Name)
		}
	}
	if len(held) > 0 && !p.CutOff() {
		p.network, p.networkSince, p.networkReason = Down, now, p.cutOffReason(held)
		changes = append(changes, p.ofNetwork())
		for _, b := range p.probes {
			b.next = earlier(b.next, now.Add(p.rhythm()))
		}
	}
	return changes
}

// proof is what the probes say about a check in doubt.
type proof uint8

const (
	proofMissing proof = iota // they must answer first
	proofTarget
	proofCutOff
)

// evidence weighs the results of the probes that began after the check came into doubt.
func (p *Plan) evidence(w *watched) proof {
	if w.Local {
		return proofTarget
	}
	waiting, counts := false, false
	for _, b := range p.probes {
		fresh := !b.asOf.Before(w.doubt) && b.known
		if fresh && b.answered {
			return proofTarget
		}
		waiting = waiting || !fresh
		counts = counts || b.once
	}
	switch {
	case waiting:
		return proofMissing
	case counts:
		return proofCutOff
	default:
		return proofTarget
	}
}

// reconnect ends the cut-off if a probe answers.
func (p *Plan) reconnect(now time.Time) []Change {
	answering := ""
	for _, b := range p.probes {
		if b.known && b.answered {
			answering = b.name
		}
	}
	if p.network == Up || answering == "" {
		return nil
	}
	if p.CutOff() {
		for _, w := range p.checks {
			if !w.Local && w.verdict != Down {
				w.refresh(now)
			}
		}
	}
	p.network, p.networkSince, p.networkReason = Up, now, "the probe "+answering+" answers"
	return []Change{p.ofNetwork()}
}

// ofNetwork tells of the agent's own network as it is.
func (p *Plan) ofNetwork() Change {
	c := Change{At: p.networkSince, Check: Network, State: p.network, Cause: CutOff, Reason: p.networkReason}
	if p.network == Down {
		c.Failures = 1
	}
	return c
}

// cutOffReason says why the agent takes itself to be cut off.
func (p *Plan) cutOffReason(held []string) string {
	names := make([]string, len(p.probes))
	for i, b := range p.probes {
		names[i] = b.name
	}
	return "no probe answers (" + list(names) + "); held back: " + list(held)
}

// list joins names, the first few.
func list(names []string) string {
	const shown = 8
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
