package route

import (
	"slices"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// Subject is what conditions are asked of and templates are filled from: an alert, a draft
// of one, or what a tool sent. It is for one decision, and for one goroutine: it counts what that
// costs.
type Subject struct {
	Message     string
	Alias       string
	Description string
	Source      string
	Entity      string
	// EventType is what has happened, as "create" or "acknowledge", where that is known.
	EventType string
	// Priority is P3 where it was not said.
	Priority   core.Priority
	Tags       []string
	Actions    []string
	Details    map[string]string
	Responders []alert.Responder
	// Names gives a responder's name; nil, or an empty name: its id stands for it.
	Names Names
	// Payload is, of something that a tool sent, its fields by the tool's own names, as
	// "NewStateValue" or "_payload.host.name". Nil for what was not sent by a tool.
	Payload map[string]string

	work int // what was spent on decisions about it, see workMax
}

// Names gives the name of a responder: a person's username, a team's name.
type Names func(alert.Responder) string

// Of returns an alert as a subject. The owner team is one of its teams.
func Of(a *alert.Alert, names Names) Subject {
	return Subject{
		Message: a.Message, Alias: a.Alias, Description: a.Description, Source: a.Source, Entity: a.Entity, Priority: a.Priority,
		Tags: a.Tags, Actions: a.Actions, Details: a.Details, Responders: withOwner(a.Responders, a.OwnerTeam), Names: names,
	}
}

// OfDraft returns what is to become an alert as a subject.
func OfDraft(d *alert.Draft, names Names) Subject {
	return Subject{
		Message: d.Message, Alias: d.Alias, Description: d.Description, Source: d.Source, Entity: d.Entity, Priority: d.Priority,
		Tags: d.Tags, Actions: d.Actions, Details: d.Details, Responders: withOwner(d.Responders, d.OwnerTeam), Names: names,
		EventType: Create.String(),
	}
}

// priority returns the priority, or the one that an alert gets which none was given.
func (s *Subject) priority() core.Priority {
	if s.Priority == 0 {
		return core.P3
	}
	return s.Priority
}

// withOwner returns responders with the team that owns an alert.
func withOwner(responders []alert.Responder, owner core.TeamID) []alert.Responder {
	r := alert.Responder{Kind: alert.Team, ID: string(owner)}
	if owner == "" || slices.Contains(responders, r) {
		return responders
	}
	return append(slices.Clip(responders), r)
}

// field is something of a subject that a condition or a template can name.
type field struct {
	name string
	kind kind
	text func(*Subject) string   // for text
	list func(*Subject) []string // for list and names
}

// fields are those that every subject has, in the order in which people are told of them.
var fields = []field{
	{name: "message", kind: text, text: func(s *Subject) string { return s.Message }},
	{name: "alias", kind: text, text: func(s *Subject) string { return s.Alias }},
	{name: "description", kind: text, text: func(s *Subject) string { return s.Description }},
	{name: "source", kind: text, text: func(s *Subject) string { return s.Source }},
	{name: "entity", kind: text, text: func(s *Subject) string { return s.Entity }},
	{name: "tags", kind: list, list: func(s *Subject) []string { return s.Tags }},
	{name: "actions", kind: list, list: func(s *Subject) []string { return s.Actions }},
	{name: "details", kind: dict},
	{name: "extra-properties", kind: dict},
	{name: "recipients", kind: list, list: func(s *Subject) []string { return s.responders(alert.User) }},
	{name: "responders", kind: list, list: func(s *Subject) []string { return s.responders(0) }},
	{name: "teams", kind: names, list: func(s *Subject) []string { return s.responders(alert.Team) }},
	{name: "priority", kind: grade},
	{name: "eventType", kind: text, text: func(s *Subject) string { return s.EventType }},
}

// fieldNamed returns the field of a name, nil if subjects have none.
func fieldNamed(name string) *field {
	if name == "extraProperties" { // as integrations call them
		name = "extra-properties"
	}
	for i := range fields {
		if fields[i].name == name {
			return &fields[i]
		}
	}
	return nil
}

// fieldNames names the fields that every subject has.
func fieldNames() string {
	var all []string
	for i := range fields {
		all = append(all, fields[i].name)
	}
	return strings.Join(all, ", ")
}

// responders names the responders of one kind, or all.
func (s *Subject) responders(k alert.ResponderKind) []string {
	var found []string
	for _, r := range s.Responders {
		if k != 0 && r.Kind != k {
			continue
		}
		name := ""
		if s.Names != nil {
			name = s.Names(r)
		}
		if name == "" {
			name = r.ID
		}
		found = append(found, name)
	}
	return found
}

// detail returns the name of the detail that a template's name means, as "details.host".
func detail(name string) (key string, ok bool) {
	for _, prefix := range []string{"details.", "extraProperties.", "extra-properties."} {
		if key, ok = strings.CutPrefix(name, prefix); ok {
			return key, true
		}
	}
	return "", false
}

// look returns what a template's name stands for, as text: lists are separated by commas,
// details stand one a line. Not ok: the subject has nothing of that name.
func (s *Subject) look(name string) (found string, ok bool) {
	if key, is := detail(name); is {
		found, ok = s.Details[key]
		return found, ok
	}
	f := fieldNamed(name)
	switch {
	case f == nil:
		found, ok = s.Payload[name]
		return found, ok
	case f.text != nil:
		return f.text(s), true
	case f.list != nil:
		return strings.Join(f.list(s), ", "), true
	case f.kind == grade:
		return s.priority().String(), true
	}
	return s.details(), true
}

func (s *Subject) details() string {
	var b strings.Builder
	for i, key := range sortedKeys(s.Details) {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(key + ": " + s.Details[key])
	}
	return b.String()
}
