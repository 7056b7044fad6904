package escalate

import (
	"time"

	"keng/hub/core"
)

// The bounds of what an escalation repeats.
const (
	RepeatsMax = 20
	WaitMin    = time.Minute
	WaitMax    = 30 * 24 * time.Hour
	AcksMax    = 10
)

// Repeat says that the steps of an escalation run again when the last one has had its time.
// The zero value says that they do not.
type Repeat struct {
	// Wait is how long after the last step they run again, from [WaitMin] to [WaitMax].
	Wait time.Duration `cbor:"1,keyasint"`
	// Count is how often they run again, from 1 to [RepeatsMax].
	Count int `cbor:"2,keyasint"`
	// Reset says that an acknowledgement is taken back whenever they run again.
	Reset bool `cbor:"3,keyasint,omitempty"`
	// CloseAfterAll says that the alert is closed when the last time is over and nobody has
	// acknowledged.
	CloseAfterAll bool `cbor:"4,keyasint,omitempty"`
}

// Check says what is wrong with it, by the fields of the API.
func (r Repeat) Check() error {
	if r == (Repeat{}) {
		return nil
	}
	wrong := map[string]string{}
	if r.Wait < WaitMin || r.Wait > WaitMax {
		wrong["waitInterval"] = "must be from 1 minute to 30 days"
	}
	if r.Count < 1 || r.Count > RepeatsMax {
		wrong["count"] = "must be from 1 to 20"
	}
	if len(wrong) > 0 {
		return &core.Error{Kind: core.Unacceptable, Words: "The repetition is not possible.", Fields: wrong}
	}
	return nil
}

// Place is how far an escalation has come.
type Place struct {
	Repeat int       // how often its steps have run through before, from 0
	Step   int       // the next one in the order of firing, from 0
	Added  time.Time // when this time of running through began: delays count from it
}

// Move is what an escalation does.
type Move uint8

// The moves.
const (
	Rests  Move = 0 // nothing more
	Fires  Move = 1 // the step of its place
	Begins Move = 2 // its steps run again
	Closes Move = 3 // the alert is closed
)

// Turn is what an escalation does next: at what moment, at which place.
type Turn struct {
	Move Move
	At   time.Time
	Place
}

// From returns what an escalation does next that has come to a place. When the steps are
// through, the wait counts from the last one's moment, or from now if that has passed: a hub
// that was down does not make up for what it has missed, and people get their time. A step
// that came before its time, since those before it reached nobody, makes nothing earlier.
func (p *Policy) From(here Place, now time.Time) Turn {
	if step, ok := p.Step(here.Step, here.Added); ok {
		return Turn{Fires, step.At, here}
	}
	over := here.Added.Add(p.longest())
	if over.Before(now) {
		over = now
	}
	over = over.Add(p.Repeat.Wait)
	switch {
	case here.Repeat < p.Repeat.Count:
		return Turn{Begins, over, Place{Repeat: here.Repeat + 1, Added: over}}
	case p.Repeat.CloseAfterAll:
		return Turn{Closes, over, here}
	}
	return Turn{Place: here}
}

// longest returns the delay of the last step.
func (p *Policy) longest() (longest time.Duration) {
	for _, r := range p.Rules {
		longest = max(longest, r.Delay)
	}
	return longest
}

// Outlasts reports whether an escalation has something to do for an alert that is
// acknowledged: a step, now or when the steps run again, is for whatever is not closed, or
// the acknowledgement is to be taken back.
func (p *Policy) Outlasts(t Turn) bool {
	switch t.Move {
	case Fires:
		for n := t.Step; n < len(p.Rules); n++ {
			if step, _ := p.Step(n, t.Added); step.Rule.Condition == IfNotClosed {
				return true
			}
		}
		return t.Repeat < p.Repeat.Count && p.repeatOutlasts()
	case Begins:
		return p.repeatOutlasts()
	}
	return false
}

// repeatOutlasts is [Policy.Outlasts] of the steps running again.
func (p *Policy) repeatOutlasts() bool {
	if p.Repeat.Reset {
		return true
	}
	for _, r := range p.Rules {
		if r.Condition == IfNotClosed {
			return true
		}
	}
	return false
}
