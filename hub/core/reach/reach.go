// Package reach says by which of a person's contacts, in what order and when, the
// person is reached.
//
// A person writes it down as notification rules: for new alerts, say, a push at
// once and a voice call after three minutes ([User.Plan]). Whoever is muted or in quiet hours is not
// to be paged ([User.Hushed]). How well it is known that a person can be reached tell a [Proof] of
// each contact and the person's [Standing].
package reach

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/rota"
	"keng/hub/core/route"
)

// User is a person who can be reached.
type User struct {
	ID       core.UserID        `cbor:"1,keyasint"`
	Username string             `cbor:"2,keyasint"` // an e-mail address
	FullName string             `cbor:"3,keyasint"`
	Language string             `cbor:"4,keyasint"` // "vi" or "en"
	Zone     string             `cbor:"5,keyasint"` // IANA name
	Contacts []Contact          `cbor:"6,keyasint,omitempty"`
	Rules    []NotificationRule `cbor:"7,keyasint,omitempty"`
	Blocked  bool               `cbor:"8,keyasint,omitempty"`
	Profile  Profile            `cbor:"9,keyasint"`
	// Canary is when and how the person is told something that is about nothing; nil: never.
	Canary *Canary `cbor:"15,keyasint,omitempty"`
	// MutedUntil is until when the person is not to be paged; zero, or past: the person may be.
	MutedUntil time.Time `cbor:"10,keyasint,omitzero"`
	// QuietHours are hours, by the clock of the person's zone, in which the person is not to be
	// paged; nil: none. PierceQuiet lets P1 through all the same, then and while muted.
	QuietHours  *rota.Restriction `cbor:"11,keyasint,omitempty"`
	PierceQuiet bool              `cbor:"12,keyasint,omitempty"`
}

// Profile is what is known of a person and decides nothing.
type Profile struct {
	CreatedAt time.Time           `cbor:"1,keyasint"`
	Role      string              `cbor:"2,keyasint,omitempty"` // Owner, Admin, User, Observer or Stakeholder
	Locale    string              `cbor:"3,keyasint,omitempty"` // such as vi_VN
	Skype     string              `cbor:"4,keyasint,omitempty"`
	Address   Address             `cbor:"5,keyasint"`
	Tags      []string            `cbor:"6,keyasint,omitempty"`
	Details   map[string][]string `cbor:"7,keyasint,omitempty"`
}

// Address is where a person works or lives.
type Address struct {
	Country string `cbor:"1,keyasint,omitempty"`
	State   string `cbor:"2,keyasint,omitempty"`
	City    string `cbor:"3,keyasint,omitempty"`
	Line    string `cbor:"4,keyasint,omitempty"`
	ZipCode string `cbor:"5,keyasint,omitempty"`
}

// Contact is one way to reach a person.
type Contact struct {
	ID       core.ContactID `cbor:"1,keyasint"`
	Kind     string         `cbor:"2,keyasint"` // a channel kind: push, voice …
	Address  string         `cbor:"3,keyasint"`
	Disabled bool           `cbor:"4,keyasint,omitempty"`
	// DeadSince is when the provider said that the address will never work again.
	DeadSince time.Time `cbor:"5,keyasint"`
	// Given is the address as the person wrote it, or the name of the device; empty: as
	// Address is.
	Given string `cbor:"6,keyasint,omitempty"`
	// Language overrides the person's for what is shown on this device.
	Language string `cbor:"7,keyasint,omitempty"`
}

// Usable reports whether a page by this contact can arrive.
func (c *Contact) Usable() bool { return !c.Disabled && c.DeadSince.IsZero() }

// Action is the event that a notification rule is about. Values are stored.
type Action uint8

// The actions. IncomingCallRouting is kept, and nothing asks for it yet.
const (
	CreateAlert         Action = 1 // an alert of which the person has not heard yet
	AcknowledgedAlert   Action = 2 // somebody else takes care of an alert of which the person was told
	RenotifiedAlert     Action = 3 // an alert of which the person was told before
	ClosedAlert         Action = 4 // somebody else has closed an alert of which the person was told
	AssignedAlert       Action = 5 // an alert of which somebody else has made the person the owner
	AddNote             Action = 6 // somebody else has noted something about an alert of which the person was told
	ScheduleStart       Action = 7
	ScheduleEnd         Action = 8
	IncomingCallRouting Action = 9
)

// Pages reports whether rules for the action say how a person is paged about an alert that wants
// attention, and so may repeat. Those for the others say how a person is told of something.
func (a Action) Pages() bool { return a == CreateAlert || a == RenotifiedAlert || a == AssignedAlert }

// NotificationRule is how a person wants to be told of one kind of event.
type NotificationRule struct {
	ID              string        `cbor:"1,keyasint"`
	Action          Action        `cbor:"2,keyasint"`
	MinimumPriority core.Priority `cbor:"3,keyasint,omitempty"` // only alerts at least as grave; zero: all
	Steps           []Step        `cbor:"4,keyasint"`
	Disabled        bool          `cbor:"5,keyasint,omitempty"`
	Name            string        `cbor:"6,keyasint,omitempty"`
	// Criteria and Restriction, in the person's zone, say for which alerts the rule is.
	Criteria    route.Criteria    `cbor:"7,keyasint"`
	Restriction *rota.Restriction `cbor:"8,keyasint,omitempty"`
	// Times and Schedules belong to rules about schedules: how long before, and which.
	Times     []string          `cbor:"9,keyasint,omitempty"`
	Schedules []core.ScheduleID `cbor:"10,keyasint,omitempty"`
	// LoopAfter is how long after the moment of the last step the steps come again, if Loops. Of a
	// rule that pages nobody it is kept only.
	LoopAfter time.Duration `cbor:"11,keyasint,omitempty"`
	Loops     bool          `cbor:"12,keyasint,omitempty"`
	// Default marks the rule that a new person gets, until somebody changes it. It stays
	// the last, and new devices join it.
	Default bool `cbor:"13,keyasint,omitempty"`
}

// wants reports whether the rule is for the alert at a moment.
func (r *NotificationRule) wants(a *alert.Alert, now time.Time, zone *time.Location) bool {
	light := r.MinimumPriority != 0 && a.Priority > r.MinimumPriority
	return !light && r.Criteria.Match(a) && (zone == nil || r.Restriction.Covers(now, zone))
}

// Step is one contact of a notification rule.
type Step struct {
	Contact  core.ContactID `cbor:"1,keyasint"`
	After    time.Duration  `cbor:"2,keyasint"`
	ID       string         `cbor:"3,keyasint,omitempty"`
	Disabled bool           `cbor:"4,keyasint,omitempty"`
}

// Attempt is one contact to be tried at a moment.
type Attempt struct {
	Contact Contact
	At      time.Time
	Rule    string // id of the notification rule that says so
}

// LoopsMax is how often the steps of a rule come again at most.
const LoopsMax = 20

// loopMin is the shortest time after which they do.
const loopMin = time.Minute

// Plan is how a person is told of an alert.
type Plan struct {
	Rule     string    // id of the notification rule that decides; empty: none does
	Attempts []Attempt // in the order of their moments
	Again    time.Time // when the rule's steps come again; zero: never
}

// Plan returns how the person is told of an alert, begun at now, by the rules for an action, which
// must be one that pages: see [Action.Pages]. The first rule that wants the alert decides, as in
// Opsgenie. If the person has no enabled rule for the action those for new alerts count. Zone is
// the person's; nil, if it is not known, restricts no rule. Contacts
// that are switched off are left out; the place of a dead one is taken by the next that
// works, as if the dead one had been tried and had failed at once. A person whose rules do
// not want the alert gets none. One without rules, or whose rule names only contacts that
// cannot work, is tried by every usable contact at once: better a page too many than none.
// Nobody is tried twice by one address at one moment.
func (u *User) Plan(action Action, a *alert.Alert, now time.Time, zone *time.Location) Plan {
	if !u.HasRules(action) {
		action = CreateAlert
	}
	rule, wanted := u.Rule(action, a, now, zone)
	if !wanted && u.HasRules(action) {
		return Plan{}
	}
	return u.by(rule, now)
}

// PlanAgain returns how the steps of a notification rule come again at now. It reports false if
// the person has no such rule any more, or it repeats no more.
func (u *User) PlanAgain(rule string, now time.Time) (Plan, bool) {
	i := slices.IndexFunc(u.Rules, func(r NotificationRule) bool { return r.ID == rule })
	if i < 0 || u.Rules[i].Disabled || !u.Rules[i].repeats() {
		return Plan{}, false
	}
	return u.by(&u.Rules[i], now), true
}

// HasRules reports whether the person has enabled rules for an action.
func (u *User) HasRules(action Action) bool {
	return slices.ContainsFunc(u.Rules, func(r NotificationRule) bool { return r.Action == action && !r.Disabled })
}

// Rule returns the first of the person's enabled rules for an action that wants an alert at a
// moment. Zone is the person's; nil, if it is not known, restricts no rule.
func (u *User) Rule(action Action, a *alert.Alert, now time.Time, zone *time.Location) (*NotificationRule, bool) {
	i := slices.IndexFunc(u.Rules, func(r NotificationRule) bool {
		return r.Action == action && !r.Disabled && r.wants(a, now, zone)
	})
	if i < 0 {
		return nil, false
	}
	return &u.Rules[i], true
}

// by plans the steps of a rule, which may be nil. If that gives none it plans every usable contact.
func (u *User) by(rule *NotificationRule, now time.Time) (plan Plan) {
	if rule != nil {
		plan.Rule = rule.ID
		last := now
		for _, step := range rule.Steps {
			if c, ok := u.Contact(step.Contact); ok && !c.Disabled && !step.Disabled {
				at := now.Add(step.After)
				plan.Attempts = append(plan.Attempts, Attempt{Contact: c, At: at, Rule: rule.ID})
				if at.After(last) {
					last = at
				}
			}
		}
		if rule.repeats() {
			plan.Again = last.Add(rule.LoopAfter)
		}
	}
	slices.SortStableFunc(plan.Attempts, func(a, b Attempt) int { return a.At.Compare(b.At) })
	plan.Attempts = inPlaceOfDead(plan.Attempts)
	if len(plan.Attempts) == 0 {
		for _, c := range u.Contacts {
			if c.Usable() {
				plan.Attempts = append(plan.Attempts, Attempt{Contact: c, At: now})
			}
		}
	}
	plan.Attempts = once(plan.Attempts)
	return plan
}

// repeats reports whether the rule's steps come again.
func (r *NotificationRule) repeats() bool {
	return r.Action.Pages() && r.Loops && r.LoopAfter >= loopMin
}

// inPlaceOfDead leaves out dead contacts. At the moment of one at which nothing else is
// tried, the next that works is tried instead.
func inPlaceOfDead(attempts []Attempt) (alive []Attempt) {
	var vacant *time.Time
	for _, a := range attempts {
		if !a.Contact.Usable() {
			taken := len(alive) > 0 && alive[len(alive)-1].At.Equal(a.At)
			if vacant == nil && !taken {
				vacant = &a.At
			}
			continue
		}
		if vacant != nil {
			a.At, vacant = *vacant, nil
		}
		alive = append(alive, a)
	}
	return alive
}

// once leaves out what two rules, or two steps, say twice: the same address at the same moment.
func once(attempts []Attempt) []Attempt {
	type call struct {
		kind, address string
		at            time.Time
	}
	seen := map[call]bool{}
	return slices.DeleteFunc(attempts, func(a Attempt) bool {
		c := call{a.Contact.Kind, a.Contact.Address, a.At}
		if seen[c] {
			return true
		}
		seen[c] = true
		return false
	})
}

// Contact returns the contact of that id.
func (u *User) Contact(id core.ContactID) (Contact, bool) {
	i := slices.IndexFunc(u.Contacts, func(c Contact) bool { return c.ID == id })
	if i < 0 {
		return Contact{}, false
	}
	return u.Contacts[i], true
}
