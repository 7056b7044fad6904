// Package route decides everything about an alert before a person is chosen.
//
// Something comes in: a tool's payload, or a draft of an alert. What happens to it, in this
// order, is decided here, each by a function of plain values:
//
//   - [Integration.Decide]: which action of the integration it is: create an alert, close or
//     acknowledge one, add a note, or nothing.
//   - [Shaping.Shape]: which alert policies rewrite the alert, the global ones first and then
//     its owner team's.
//   - [Grouping.Place]: whether it joins others under one parent.
//   - [Verdict]: what the team's notification policies say of notifying: now, later, after
//     more occurrences, never; and when to begin again or to close by itself.
//   - [Team.Route]: which escalation or schedule of a team answers for it.
//
// [Effects] say what maintenance switches off or on meanwhile, and [Matrix] gives a priority
// to who knows only an impact and an urgency.
//
// All of them ask conditions ([Criteria]) of a [Subject], and where they write texts they
// fill templates ([CheckTemplate] tells the language). Every decision bears its reasons, in
// English, for the activity log: a person who is paged can read why, and one who was not.
//
// Where Opsgenie's documents are silent the rule is: what cannot be evaluated does not
// silence. A condition that is not understood is met by nothing; a policy whose time zone is
// unknown does not suppress; a routing rule whose time zone is unknown is not restricted; an
// alias of which a part is missing is no alias; an alert whose rewritten text is too long is
// cut, not refused.
//
// What is stored is plain structs with numbered fields. Nothing here reads a clock or looks
// up a zone: both come in a [World]. Everything may be called from any goroutine, as long as
// a [Memo] stays with one.
package route

import (
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/rota"
)

// Team is a group of people that answers for alerts.
type Team struct {
	ID      core.TeamID   `cbor:"1,keyasint"`
	Name    string        `cbor:"2,keyasint"`
	Members []core.UserID `cbor:"3,keyasint,omitempty"`
	Rules   []Rule        `cbor:"4,keyasint,omitempty"`
	// Admins are the members with the role "admin"; the others have the role "user".
	Admins      []core.UserID `cbor:"5,keyasint,omitempty"`
	Description string        `cbor:"6,keyasint,omitempty"`
}

// Rule sends what its criteria match to a responder.
type Rule struct {
	ID       string   `cbor:"1,keyasint"`
	Name     string   `cbor:"2,keyasint,omitempty"`
	Criteria Criteria `cbor:"3,keyasint"`
	// Notify is an escalation or a schedule; the zero value notifies nobody.
	Notify alert.Responder `cbor:"4,keyasint"`
	// Restriction limits the rule to windows of the week in Zone, an IANA name.
	Restriction *rota.Restriction `cbor:"5,keyasint,omitempty"`
	Zone        string            `cbor:"6,keyasint,omitempty"`
	// Default marks the rule that is always last and matches everything.
	Default bool `cbor:"7,keyasint,omitempty"`
}

// Check says what is wrong with a routing rule. Whether what it notifies and its zone exist
// is for the caller to know.
func (r *Rule) Check() error {
	wrong := faults{}
	r.Criteria.check(wrong, "criteria.", Alerts)
	wrong.restriction(r.Restriction, r.Zone)
	if r.Default && (r.Criteria.Join != All || r.Restriction != nil) {
		wrong.add("criteria", "the default rule always matches everything")
	}
	if k := r.Notify.Kind; k != 0 && k != alert.Escalation && k != alert.Schedule {
		wrong.add("notify", "must be an escalation, a schedule or none")
	}
	return wrong.err()
}

// Routed is the routing rule that answers for an alert.
type Routed struct {
	Rule Rule
	// Reason says by what the rule was chosen.
	Reason string
}

// Route returns the first of the team's rules that matches at the present moment. A rule
// whose zone is not known is not restricted: better a page too many than none.
func (t *Team) Route(s *Subject, w *World) (Routed, bool) {
	for i := range t.Rules {
		r := &t.Rules[i]
		if in, known := w.covers(r.Restriction, r.Zone); known && !in || !r.Criteria.MetBy(s, w.Memo) {
			continue
		}
		why := "routing rule " + called(r.Name, r.ID) + " of team " + called(t.Name, string(t.ID)) + ": " + r.Criteria.Why(s, w.Memo)
		if s.tired() {
			why += "; " + tooMuch
		}
		return Routed{*r, why}, true
	}
	return Routed{}, false
}

// First returns the first rule of the team that matches an alert at a moment, as
// [Team.Route] does, where teams and recipients are known by their ids.
func (t *Team) First(a *alert.Alert, now time.Time, zones func(string) (*time.Location, error)) (Rule, bool) {
	s := Of(a, nil)
	routed, ok := t.Route(&s, &World{Now: now, Zones: zones})
	return routed.Rule, ok
}

// called returns what people call a thing: its name, else its id.
func called(name, id string) string {
	if name != "" {
		return name
	}
	return id
}
