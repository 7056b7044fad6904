package alert

import (
	"slices"
	"time"

	"keng/hub/core"
)

// Next is a step of an escalation, counted from 0 in the order of the steps' delays.
type Next struct {
	Escalation core.EscalationID `cbor:"1,keyasint"`
	Step       int               `cbor:"2,keyasint,omitempty"`
	Added      time.Time         `cbor:"3,keyasint"` // when the escalation began, or its steps began to run again
	// Repeat is how often its steps had run through before, Begins that they were to run again.
	Repeat int  `cbor:"4,keyasint,omitempty"`
	Begins bool `cbor:"5,keyasint,omitempty"`
	// Why is the way from the alert to the escalation, as the state writes it; empty in rows of
	// before.
	Why []byte `cbor:"6,keyasint,omitempty"`
}

// UnderWay returns what the escalations that were under way when the alert fell silent were to
// do next, that which was to come first before the others.
func (a *Alert) UnderWay() []Next {
	if a.Next != nil {
		return append([]Next{*a.Next}, a.Held...)
	}
	return a.Held
}

// Hold remembers what escalations were to do next, in the place of what is remembered of the same.
func (a *Alert) Hold(all ...Next) {
	for _, n := range all {
		a.Release(n.Escalation)
	}
	a.Next, a.Held = nil, append(all, a.UnderWay()...)
}

// Release forgets what an escalation was to do next: it does so now, or begins anew.
func (a *Alert) Release(id core.EscalationID) {
	rest := slices.DeleteFunc(slices.Clone(a.UnderWay()), func(n Next) bool { return n.Escalation == id })
	a.Next, a.Held = nil, rest
}

// ReleaseAll forgets what was to come.
func (a *Alert) ReleaseAll() { a.Next, a.Held = nil, nil }
