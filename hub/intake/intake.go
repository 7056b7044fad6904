// Package intake reads alerts in the formats of other tools: what Nagios' and Zabbix' scripts
// for Opsgenie send, the webhooks of Alertmanager and Grafana, and so on.
//
// A [Format] describes itself: its names, its fields, where those were seen, what is done with
// what comes by default, and an example. So validation, documentation and the command line come
// by themselves. A new one is a file of its own with one function that returns it, and one line
// in all.go.
//
// Reading is a pure function of the body: what becomes of the inputs the state decides, by the
// rules of the key's integration or the format's default actions. A body is bounded in bytes
// ([BodyMax]), what is made of it in fields, texts and inputs ([AlertsMax]). A tool can mend
// nothing, so what is too long is cut and never refused, and what is too much is told by an alert;
// but a body that has none of the format's fields is refused, since it was sent to the wrong address.
package intake

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/hub/state"
)

// The bounds of what is read.
const (
	BodyMax   = 8 << 20 // bytes of a body: in a storm Alertmanager's have megabytes, and what is refused it does not send again
	AlertsMax = 1000    // alerts of one body; an alert of its own says how many more there were
	depthMax  = 8       // objects within one another; what lies deeper is passed over
	itemsMax  = 200     // of one list
	nameMax   = 800     // bytes of a field's name; four for each character that a template may have
	totalMax  = 8 << 20 // bytes of all inputs of one body together, about
)

// Field is one of a tool's own fields.
type Field struct {
	Name  string // as templates and conditions call it, within objects with dots
	Words string // what it is, in a few words
}

// Format is how one tool says that something has happened.
type Format struct {
	Path  string // in the address: /v1/json/{Path}
	Type  string // of its integrations, as the API calls it
	Label string // as people call the tool
	// Seen is against what the names of its fields were verified, such as the vendor's own
	// script. Empty: nothing could be had, and the format is made by analogy.
	Seen string
	// Note is what else one should know, one sentence. May be empty.
	Note   string
	Fields []Field
	// Actions are what is done with what comes, unless its integration has actions of its own.
	Actions []route.Action
	// Example is a body that raises an alert, Over one that closes it; empty: the tool never says.
	Example, Over string

	// split parts a body that says several things, and takes the secret by which it came out of what
	// it cuts; nil: it says one.
	split func(body map[string]any, secret string) []map[string]any
	// say tells what one of them says.
	say func(f fields) said
	// leavesOut tells, of a tool that sends all variables of its environment, which of those that are
	// no fields of the format are nobody's business; nil: it sends none.
	leavesOut func(name string) bool
}

// said is what a tool says of one alert.
type said struct {
	event      string // what has happened, in the tool's word
	draft      alert.Draft
	responders string // names, between commas
}

// Verified reports whether the names of the format's fields were seen.
func (f *Format) Verified() bool { return f.Seen != "" }

// Find returns the format of a path, or an error of kind [core.NotFound].
func Find(path string) (*Format, error) {
	for _, f := range All() {
		if strings.EqualFold(f.Path, path) {
			return f, nil
		}
	}
	return nil, &core.Error{Kind: core.NotFound, Words: "There is no format of that name. There are: " + strings.Join(paths(), ", ") + "."}
}

func paths() (names []string) {
	for _, f := range All() {
		names = append(names, f.Path)
	}
	return names
}

// DefaultActions returns what is done with what comes by an integration of a type, none if it is
// of no tool's. Upper case, blanks and hyphens do not count.
func DefaultActions(integrationType string) []route.Action {
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(s))
	}
	for _, f := range All() {
		if plain(f.Type) == plain(integrationType) || plain(f.Path) == plain(integrationType) {
			return f.Actions
		}
	}
	return nil
}

// Read reads a body in the format of a path. What in it is the secret by which it came, if it is
// not empty, is left out. Errors: of kind [core.NotFound] if there is no such format, of
// [core.Unacceptable] if the body is no JSON object, or has none of the format's fields.
func Read(path string, body []byte, secret string) (*state.ToolBody, error) {
	f, err := Find(path)
	if err != nil {
		return nil, err
	}
	root, err := parse(body)
	if err != nil {
		return nil, err
	}
	out := &state.ToolBody{Format: f.Path, Type: f.Type, Unverified: !f.Verified(), Defaults: f.Actions}
	parts := []map[string]any{root}
	if f.split != nil {
		if parts = f.split(root, secret); parts == nil {
			return nil, f.strange()
		}
		out.Left = truncated(root)
	}
	out.Left, parts = out.Left+max(len(parts)-AlertsMax, 0), parts[:min(len(parts), AlertsMax)]
	total, known := 0, len(parts) == 0
	for i, part := range parts {
		own := f.flatten(part, secret)
		if total += own.bytes(); i > 0 && total > totalMax {
			out.Left += len(parts) - i
			break
		}
		known = known || f.knows(own)
		out.Inputs = append(out.Inputs, f.input(own))
	}
	if !known {
		return nil, f.strange()
	}
	if out.Left > 0 {
		out.Inputs = append(out.Inputs, f.overflow(root, secret, out.Left))
	}
	return out, nil
}

// input returns what a tool says, with its fields.
func (f *Format) input(own fields) state.ToolInput {
	s := f.say(own)
	if s.draft.Message = strings.TrimSpace(s.draft.Message); s.draft.Message == "" {
		s.draft.Message = "Alert from " + f.Label
	}
	s.draft.Source = cmp.Or(s.draft.Source, f.Type) // as who closes the alert, too
	s.draft.Alias = fitAlias(s.draft.Alias)
	return state.ToolInput{
		Said:       state.Said{Event: s.event, Draft: s.draft, Payload: own},
		Responders: listed(s.responders, alert.RespondersMax),
	}
}

// knows reports whether any field is one of the format's.
func (f *Format) knows(own fields) bool {
	return slices.ContainsFunc(f.Fields, func(x Field) bool {
		_, there := own[x.Name]
		return there
	})
}

// strange is the error for a body that is not the format's.
func (f *Format) strange() error {
	var names []string
	for _, x := range f.Fields[:min(len(f.Fields), 6)] {
		names = append(names, x.Name)
	}
	return core.Invalid("body", fmt.Sprintf("has none of the fields that %s sends, such as %s", f.Label, strings.Join(names, ", ")))
}
