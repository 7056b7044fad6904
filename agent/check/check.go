// Package check says what a check is: one way to ask one target whether it works.
//
// A kind of check is one folder below this one. Its type implements [Kind]: it
// describes itself with a [Description], so that validation, documentation and
// forms come by themselves, and it builds a [Check] from the values a person
// configured. Package all lists the kinds, and package checktest holds the suite
// that every kind passes. A kind imports this package and nothing of its siblings.
//
// A check answers with one of three states. The third matters most: a check that
// could not be run (no permission, no free socket, a condition of this machine)
// has learnt nothing about its target, so it says [Unknown] and never [Down].
// Whether a [Down] is worth waking somebody is not decided here but in package plan.
package check

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// State is what one run of a check found.
type State uint8

// The states. The zero value is Unknown, so that a forgotten result never pages.
const (
	Unknown State = iota // the check could not be run
	Up                   // the target does what is expected of it
	Down                 // the target does not
)

// String returns the state's name in English, in lower case.
func (s State) String() string {
	switch s {
	case Up:
		return "up"
	case Down:
		return "down"
	default:
		return "unknown"
	}
}

// ReasonMax bounds [Result.Reason], in bytes.
const ReasonMax = 300

// DetailsMax bounds how many entries [Result.Details] has.
const DetailsMax = 32

// Result is what one run found.
type Result struct {
	State State
	// Reason is one line for people, at most [ReasonMax] bytes: what was seen.
	Reason string
	// Details is what else is known, for the alert: at most [DetailsMax] entries.
	// It never holds a secret. It may be nil.
	Details map[string]string
	// Took is how long the run lasted.
	Took time.Duration
}

// Check asks one target. It is safe for concurrent use.
type Check interface {
	// Run asks once and returns when it knows. The deadline of ctx is the check's
	// time-out: reaching it is Down, for the target did not answer. A ctx that is
	// cancelled is Unknown, for the agent is stopping. Run never panics, and
	// leaves neither a goroutine nor a connection behind.
	Run(ctx context.Context) Result
	// Host is the name or address that Run talks to, without a port. It is
	// empty if Run asks only this machine.
	Host() string
}

// Kind is one kind of check. It is a value without state, safe for concurrent use.
type Kind interface {
	// Describe says what this kind is. It is constant and cheap.
	Describe() Description
	// New builds a check of a target. The values have passed [Complete] with the
	// fields that Describe names. The error is a sentence for the person who wrote
	// the configuration, and begins with the name of the field that it is about.
	New(target string, values Values) (Check, error)
}

// Text is a text for people, in the languages that Kẻng speaks.
type Text struct {
	VI string // Vietnamese
	EN string // English
}

// Description is what a kind says about itself.
type Description struct {
	// Name is the word in the configuration: lower case letters and digits.
	Name string
	// Label is the kind's name for people.
	Label Text
	// Help is a sentence on what the kind finds out.
	Help Text
	// Target says what a target of this kind is.
	Target Text
	// Example is a target as a person would write it.
	Example string
	// Fields are what can be configured, besides what every check has.
	Fields []Field
}

// OneLine makes text fit for [Result.Reason]: control characters, which may come
// from a hostile target, become spaces, and what is too long ends in an ellipsis.
func OneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= ReasonMax {
		return text
	}
	const ellipsis = "…"
	cut := ReasonMax - len(ellipsis)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + ellipsis
}
