// Package escalate says which step of an escalation is due, and when the next is.
//
// An escalation is a row of rules. Each fires a fixed time after the escalation was
// added to the alert, if its condition still holds then, and names whom to notify: a responder
// and, by [Notify], whom of it. It may want several to acknowledge. When all steps have had their
// time they may run again: see [Repeat]. What comes next, and whether an acknowledgement ends it,
// tell [Policy.From] and [Policy.Outlasts].
package escalate

import (
	"cmp"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// Condition is what must still be true of the alert when a rule fires.
type Condition uint8

// The conditions. Values are stored.
const (
	IfNotAcked  Condition = 1
	IfNotClosed Condition = 2
)

// Policy is an escalation.
type Policy struct {
	ID    core.EscalationID `cbor:"1,keyasint"`
	Name  string            `cbor:"2,keyasint"`
	Team  core.TeamID       `cbor:"3,keyasint,omitempty"`
	Rules []Rule            `cbor:"4,keyasint"`
	// Description is for people.
	Description string `cbor:"5,keyasint,omitempty"`
	// Repeat says whether the steps run again; the zero value: once only.
	Repeat Repeat `cbor:"6,keyasint,omitzero"`
}

// Rule is one step of an escalation.
type Rule struct {
	Condition Condition     `cbor:"1,keyasint"`
	Delay     time.Duration `cbor:"2,keyasint"` // since the escalation was added
	// Recipient is a user, a schedule (who is on call then) or a team (by its routing).
	Recipient alert.Responder `cbor:"3,keyasint"`
	// Notify says whom of the recipient it tells.
	Notify Notify `cbor:"4,keyasint,omitempty"`
	// Acks is how many of those whom it tells must acknowledge, at most [AcksMax]; 0: one.
	Acks int `cbor:"5,keyasint,omitempty"`
	// EndsEarlier says that what earlier steps have planned for people ends when this one
	// tells somebody. Without it everybody's own notification rules run to their end.
	EndsEarlier bool `cbor:"6,keyasint,omitempty"`
}

// Step is a rule with the moment at which it fires. Number is its place in the
// order of firing, from 0.
type Step struct {
	Number int
	At     time.Time
	Rule   Rule
}

// Step returns the n-th rule in the order of their delays (rules of equal delay in
// the order in which they stand), for an escalation added at a moment. It reports
// false when there are no more.
func (p *Policy) Step(n int, added time.Time) (Step, bool) {
	if n < 0 || n >= len(p.Rules) {
		return Step{}, false
	}
	ordered := slices.Clone(p.Rules)
	slices.SortStableFunc(ordered, func(a, b Rule) int { return cmp.Compare(a.Delay, b.Delay) })
	return Step{Number: n, At: added.Add(ordered[n].Delay), Rule: ordered[n]}, true
}

// Resumes returns with which step, from 0, an escalation goes on that was to go on with the n-th, of a delay. If
// that is another one now the rules have been changed: then none is left out that is no earlier than what was
// to come. Better somebody is told twice than never.
func (p *Policy) Resumes(n int, delay time.Duration) int {
	if step, ok := p.Step(n, time.Time{}); ok && step.Rule.Delay == delay {
		return n
	}
	earlier := 0
	for _, r := range p.Rules {
		if r.Delay < delay {
			earlier++
		}
	}
	return min(n, earlier)
}

// Holds reports whether the rule's condition holds for the alert. Whoever has snoozed it, or
// waits for the word of who reported it, has it begin anew: until then nothing holds.
func (r Rule) Holds(a *alert.Alert) bool {
	if r.Condition == IfNotClosed {
		return a.Status == alert.Open && !a.Snoozed() && a.Closing == nil
	}
	return !a.Silent()
}
