// Package lint looks through the whole configuration of a cluster for what would hurt at three
// in the morning: steps that nobody reaches, shifts of nobody, people whom nothing wakes, rules
// that never match.
//
// [Look] is a pure function of the state, a moment, the time zones and what the wiring knows
// ([Facts]). It runs every [Check] of one list, [All]. A check stands in the file of its family,
// says in both languages what it looks for and how to mend what it finds, and tells what it has
// found with one sentence each. To add one: write its function, put it on the list, plant the
// mistake in the table of the tests, and name it in deploy/docs/lint.md, which a test compares.
//
// What is told is certain. A rule is said never to match only if no alert could, and a person
// to be silent only if no contact works: a linter that cries wolf is switched off. Where two
// checks would tell of one mistake the one nearer to its cause does.
//
// All work is bounded: checks go through each list once, calendars are looked through for
// [WeeksAhead] and as long as they have fewer than [PeriodsMax] periods together, and of what is
// found [FindingsMax] are told, the gravest first.
package lint

import (
	"slices"
	"time"

	"keng/hub/state"
	"keng/raftstore/table"
)

// The bounds of one look.
const (
	WeeksAhead  = 8         // how far schedules are looked through for gaps, as `hub gaps` does
	PeriodsMax  = 1_000_000 // of all schedules together
	FindingsMax = 1000
)

// Severity is how grave a finding is.
type Severity uint8

// The severities, the gravest first.
const (
	Error   Severity = 1 // somebody is not told, or at some time will not be
	Warning Severity = 2 // it does something else than whoever wrote it believes
	Hint    Severity = 3 // it is worth a look
)

// Severities are the words for them, the gravest first.
func Severities() []string { return []string{"error", "warning", "hint"} }

// String returns the word of the API.
func (s Severity) String() string { return Severities()[min(max(s, Error), Hint)-1] }

// ParseSeverity reads the word of the API.
func ParseSeverity(word string) (Severity, bool) {
	i := slices.Index(Severities(), word)
	return Severity(i + 1), i >= 0
}

// Check is one kind of mistake.
type Check struct {
	ID       string // in kebab-case
	Severity Severity
	// Finds says what it looks for, in a few words; Mend how to mend it, in a sentence.
	Finds, Mend Text

	run func(*world, func(About, Text))
}

// About is a thing of the configuration. Kind is user, team, schedule, escalation, alert-policy,
// notification-policy, integration, heartbeat, maintenance, grouping, checks, agent or cluster.
type About struct{ Kind, ID, Name string }

// Finding is one mistake.
type Finding struct {
	Check    string
	Severity Severity
	About    About
	What     Text // a sentence
	Mend     Text // a sentence
}

// Facts are what the linter cannot read in the state.
type Facts struct {
	// PublicURL is how people and tools reach the hub, such as https://keng-api.example.vn; empty:
	// nobody has said it.
	PublicURL string
}

// Report is what was found.
type Report struct {
	Findings []Finding // the gravest first, and then in the order of the checks
	More     int       // found besides [FindingsMax]
	// Checks is how many checks there are, Things how many things of each kind were looked at.
	Checks int
	Things []Count
	// Unseen is how many schedules were not looked through for gaps, as there are more periods
	// than can be looked at.
	Unseen int
}

// Count is how many things there are of a kind.
type Count struct {
	Kind   string
	Number int
}

// Worst reports how many findings there are of a severity, as far as they are told.
func (r *Report) Worst(s Severity) (n int) {
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Look returns what is wrong in the configuration at a moment, if it is at least so grave.
func Look(r table.Reader, now time.Time, zones state.Zones, facts Facts, least Severity) Report {
	w := newWorld(r, now, zones, facts)
	report := Report{Things: w.counts()}
	found := map[Severity][]Finding{}
	for _, c := range All() {
		report.Checks++
		if c.Severity > least {
			continue
		}
		c.run(w, func(about About, what Text) {
			if len(found[c.Severity]) == FindingsMax {
				report.More++
				return
			}
			found[c.Severity] = append(found[c.Severity], Finding{c.ID, c.Severity, about, what, c.Mend})
		})
	}
	all := slices.Concat(found[Error], found[Warning], found[Hint])
	report.Findings = all[:min(len(all), FindingsMax)]
	report.More += len(all) - len(report.Findings)
	report.Unseen = w.unseen
	return report
}
