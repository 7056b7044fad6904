package route

import (
	"cmp"
	"fmt"
	"slices"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// ActionKind is what an integration does with what came in. Values are stored.
type ActionKind uint8

// The kinds of action.
const (
	Create      ActionKind = 1
	Close       ActionKind = 2
	Acknowledge ActionKind = 3
	AddNote     ActionKind = 4
	Ignore      ActionKind = 5
)

// String returns the kind as the API calls it.
func (k ActionKind) String() string {
	switch k {
	case Create:
		return "create"
	case Close:
		return "close"
	case Acknowledge:
		return "acknowledge"
	case AddNote:
		return "addNote"
	case Ignore:
		return "ignore"
	}
	return ""
}

// turn is the place of a kind in the order in which actions are tried.
func (k ActionKind) turn() int {
	if k == Ignore {
		return 0
	}
	return int(k)
}

// The bounds of integrations.
const (
	NameMax       = 100 // characters
	ActionsMax    = 200 // of one integration
	noReasonTexts = 3   // names that a reason tells of those that were missing
)

// Action is one thing that an integration may do with what came in.
type Action struct {
	ID   string     `cbor:"1,keyasint"`
	Kind ActionKind `cbor:"2,keyasint"`
	Name string     `cbor:"3,keyasint"`
	// Filter says with what: see [Payloads] for the fields.
	Filter Criteria `cbor:"4,keyasint"`
	// Order is what the caller wrote; see [Arrange].
	Order int `cbor:"5,keyasint,omitempty"`
	// Alias, User and Note are templates. Without an alias it is {{alias}}.
	Alias string `cbor:"6,keyasint,omitempty"`
	User  string `cbor:"7,keyasint,omitempty"`
	Note  string `cbor:"8,keyasint,omitempty"`
	// Fields are, of an action that creates, those of the alert; its alias is Alias.
	Fields Rewrite `cbor:"9,keyasint"`
	// AppendAttachments keeps what came attached, as files of an e-mail.
	AppendAttachments bool `cbor:"10,keyasint,omitempty"`
	// Place is where the caller had the action in his list, from 1: so it is told, in whatever order
	// actions are tried. 0, of one that an earlier version wrote: where it is tried.
	Place int `cbor:"11,keyasint,omitempty"`
}

// Check says what is wrong with an action.
func (a *Action) Check() error {
	wrong := faults{}
	a.check(wrong, "")
	return wrong.err()
}

func (a *Action) check(wrong faults, at string) {
	if a.Kind.String() == "" {
		wrong.add(at+"type", "must be create, close, acknowledge, addNote or ignore")
	}
	wrong.name(at+"name", a.Name)
	a.Filter.check(wrong, at+"filter.", Payloads)
	wrong.template(at+"alias", a.Alias, Payloads)
	wrong.template(at+"user", a.User, Payloads)
	wrong.template(at+"note", a.Note, Payloads)
	if a.Kind == Create {
		a.Fields.check(wrong, at, Payloads)
	}
}

// Arrange puts actions in the order in which they are tried: those that ignore, create,
// close, acknowledge and add a note, and of each kind by what the callers wrote as order.
func Arrange(actions []Action) {
	slices.SortStableFunc(actions, func(a, b Action) int {
		return cmp.Or(cmp.Compare(a.Kind.turn(), b.Kind.turn()), cmp.Compare(a.Order, b.Order))
	})
}

// Integration is how what one tool sends becomes something about alerts.
type Integration struct {
	ID       core.IntegrationID `cbor:"1,keyasint"`
	Name     string             `cbor:"2,keyasint"`
	Disabled bool               `cbor:"3,keyasint,omitempty"`
	// Actions are tried one after the other; see [Arrange].
	Actions []Action `cbor:"4,keyasint,omitempty"`
	// Responders answer for the alerts that it creates, besides those of the payload and of
	// the action, or instead of the payload's.
	Responders       []alert.Responder `cbor:"5,keyasint,omitempty"`
	IgnoreResponders bool              `cbor:"6,keyasint,omitempty"`
	// Team owns the integration and alone answers for what it creates; empty: anybody may.
	Team core.TeamID `cbor:"7,keyasint,omitempty"`
}

// Check says what is wrong with an integration.
func (i *Integration) Check() error {
	wrong := faults{}
	wrong.name("name", i.Name)
	wrong.count("responders", len(i.Responders), alert.RespondersMax)
	wrong.count("actions", len(i.Actions), ActionsMax)
	for n := range i.Actions[:min(len(i.Actions), ActionsMax)] {
		i.Actions[n].check(wrong, fmt.Sprintf("actions[%d].", n))
	}
	return wrong.err()
}

// Decision is what is done with what came in.
type Decision struct {
	// Kind is what is done; zero: nothing, as no action wanted it.
	Kind ActionKind
	// Action is the id of the action that decided; empty if none did.
	Action string
	// Draft is the alert to be created. It has neither empty a message nor anything beyond
	// the limits of an alert.
	Draft alert.Draft
	// Alias, User and Note are for what happens to an alert that is there. With an empty
	// alias nothing can happen.
	Alias, User, Note string
	AppendAttachments bool
	// Reason says why, for the log of the integration.
	Reason string
	// Missing are the names in templates that what came in had not.
	Missing []string
}

// Decide returns what an integration does with what a tool has sent. At most one action is
// done: the first that matches. An integration without actions creates what it is given.
//
// Maintenance that switches the integration off lets it create nothing. What is over by then
// is closed all the same, and what was acknowledged or noted is so: an outage that has ended
// must not wake anybody.
//
// The draft is what the payload says of an alert, by names that every tool's are translated
// to, and s the same as a subject with the payload's own fields.
func (i *Integration) Decide(d *alert.Draft, s *Subject, w *World) Decision {
	name := "integration " + called(i.Name, string(i.ID))
	on, why := w.Maintenance.Integration(i.ID, !i.Disabled)
	off := Decision{Kind: Ignore, Reason: "ignored: " + name + " is " + cmp.Or(why, "disabled")}
	if !on && why == "" {
		return off
	}
	creates := false
	for n := range i.Actions {
		a := &i.Actions[n]
		creates = creates || a.Kind == Create
		if a.Kind.String() == "" || !a.Filter.MetBy(s, w.Memo) {
			continue
		}
		if !on && a.Kind == Create {
			return off
		}
		out := a.do(i, d, &filler{subject: s, memo: w.Memo})
		out.Reason = verbs[a.Kind] + " by action " + called(a.Name, a.ID) + " of " + name + ": " + a.Filter.Why(s, w.Memo) + lacking(out.Missing)
		return out
	}
	if creates && !s.tired() {
		return Decision{Reason: "not used: no action of " + name + " matches"}
	}
	if !on {
		return off
	}
	plain := Action{Kind: Create}
	out := plain.create(i, d, &filler{subject: s, memo: w.Memo})
	out.Reason = "created as it came: " + name + " has no action that creates"
	if s.tired() {
		out.Reason = "created as it came: " + name + ": " + tooMuch
	}
	return out
}

// verbs say what was done, by the kind of action.
var verbs = [...]string{"", "created", "closed", "acknowledged", "noted", "ignored"}

func (a *Action) do(i *Integration, d *alert.Draft, f *filler) Decision {
	switch a.Kind {
	case Create:
		return a.create(i, d, f)
	case Ignore:
		return Decision{Kind: Ignore, Action: a.ID}
	}
	out := Decision{Kind: a.Kind, Action: a.ID}
	out.Alias = f.whole(cmp.Or(a.Alias, "{{alias}}"), alert.AliasMax)
	out.User = f.fillOr(a.User, d.User, alert.UserMax)
	out.Note = f.fillOr(a.Note, d.Note, alert.NoteMax)
	out.Missing = f.missing
	return out
}

func (a *Action) create(i *Integration, d *alert.Draft, f *filler) Decision {
	out := Decision{Kind: Create, Action: a.ID, AppendAttachments: a.AppendAttachments}
	given := *d
	if i.IgnoreResponders {
		given.Responders = nil
	}
	fields := a.Fields
	fields.Alias = cmp.Or(a.Alias, fields.Alias)
	fields.Responders = join(fields.Responders, i.Responders, alert.RespondersMax)
	out.Draft = fields.rewrite(&given, f)
	out.Draft.User = f.fillOr(a.User, d.User, alert.UserMax)
	out.Draft.Note = f.fillOr(a.Note, d.Note, alert.NoteMax)
	out.Draft.Integration = i.ID
	if i.Team != "" {
		out.Draft.OwnerTeam = i.Team
		out.Draft.Responders = []alert.Responder{{Kind: alert.Team, ID: string(i.Team)}}
	}
	if out.Draft.Message == "" {
		out.Draft.Message = cut("Alert of "+called(i.Name, string(i.ID)), alert.MessageMax)
	}
	out.Missing = f.missing
	return out
}

// lacking says, at the end of a reason, what templates wanted and was not there.
func lacking(missing []string) string {
	switch n := len(missing) - noReasonTexts; {
	case len(missing) == 0:
		return ""
	case n > 0:
		return fmt.Sprintf("; without %q and %d more, which were not there", missing[:noReasonTexts], n)
	}
	return fmt.Sprintf("; without %q, which were not there", missing)
}
