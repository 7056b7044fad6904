package state_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/hub/state"
)

// intakeVerbs are the verbs of what tools send.
func (s *stage) intakeVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{
		"tool": s.tool, "rename": s.rename, "rule": s.rule, "untool": s.untool, "send": s.send, "journal": s.journal, "replay": s.replay,
	}
}

func (s *stage) findTool(name string) (*state.Integration, bool) {
	for i := range state.Integrations.All(s.tx) {
		if i.Rules.Name == name {
			return i, true
		}
	}
	return &state.Integration{Rules: route.Integration{ID: core.IntegrationID(name)}}, false
}

// tool NAME TYPE [on|off] [team=X] [add=RESPONDER] [ignore-responders] [plain]: an integration,
// made or changed; plain takes its actions away.
func (s *stage) tool(args []string) error {
	k := state.CreateIntegration{Type: args[1]}
	k.Fields.Name = &args[0]
	hash := sha256.Sum256([]byte(args[0]))
	k.Hash = hash[:]
	for _, a := range args[2:] {
		key, value, _ := strings.Cut(a, "=")
		yes := true
		switch key {
		case "on", "off":
			on := key == "on"
			k.Fields.Enabled = &on
		case "team":
			k.Team = state.Pick{Name: value}
		case "add":
			r := s.responder(value)
			k.Fields.Responders = &[]state.Party{{Kind: r.Kind, Pick: state.Pick{ID: r.ID}}}
		case "ignore-responders":
			k.Fields.IgnoreResponders = &yes
		case "plain":
			k.Fields.Actions = &[]state.ActionFields{}
		default:
			s.t.Fatalf("tool: %q", a)
		}
	}
	if old, ok := s.findTool(args[0]); ok && old.Type == args[1] {
		_, err := do(s, state.ChangeIntegration{ID: old.Rules.ID, Fields: k.Fields})
		return err
	}
	_, err := do(s, k)
	return err
}

// rename TOOL NAME: gives an integration another name.
func (s *stage) rename(args []string) error {
	i, _ := s.findTool(args[0])
	_, err := do(s, state.ChangeIntegration{ID: i.Rules.ID, Fields: state.IntegrationFields{Name: &args[1]}})
	return err
}

func (s *stage) untool(args []string) error {
	i, _ := s.findTool(args[0])
	_, err := do(s, state.DeleteIntegration{ID: i.Rules.ID})
	return err
}

// rule TOOL create|close|acknowledge|addNote|ignore NAME [if=FIELD:OPERATION:VALUE] [KEY=TEMPLATE]...
func (s *stage) rule(args []string) error {
	i, _ := s.findTool(args[0])
	var k state.ActionFields
	k.Action.Name = args[2]
	for kind := route.Create; kind <= route.Ignore; kind++ {
		if kind.String() == args[1] {
			k.Action.Kind = kind
		}
	}
	for _, a := range args[3:] {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "if":
			criteria(value, &k.Action.Filter)
		case "alias":
			k.Action.Alias = value
		case "user":
			k.Action.User = value
		case "note":
			k.Action.Note = spaced(value)
		case "message":
			k.Action.Fields.Message = spaced(value)
		case "tag":
			k.Action.Fields.Tags = append(k.Action.Fields.Tags, value)
		case "priority":
			k.Action.Fields.CustomPriority = value
		case "add":
			r := s.responder(value)
			k.Responders = append(k.Responders, state.Party{Kind: r.Kind, Pick: state.Pick{ID: r.ID}})
		default:
			s.t.Fatalf("rule: %q", a)
		}
	}
	_, err := do(s, state.AddAction{ID: i.Rules.ID, Action: k})
	return err
}

// send TOOL EVENT ALIAS [RESPONDER] [.FIELD=VALUE]...: what a tool sends, with fields of its own.
func (s *stage) send(args []string) error {
	i, _ := s.findTool(args[0])
	k := state.TakeInput{
		Request: fmt.Sprint("r", s.seeds), Integration: i.Rules.ID, Event: args[1], Payload: map[string]string{},
		Draft: alert.Draft{Message: "trouble with " + args[2], Alias: strings.Trim(args[2], "-"), Source: args[0]},
	}
	for _, a := range args[3:] {
		if field, ok := strings.CutPrefix(a, "."); ok {
			name, value, _ := strings.Cut(field, "=")
			k.Payload[name] = spaced(value)
			continue
		}
		k.Draft.Responders = append(k.Draft.Responders, s.responder(a))
	}
	r, err := do(s, k)
	if err == nil {
		s.say("request: %s %v %s", r.Action, r.Success, r.Status)
	}
	return err
}

// journal: what is in it, newest first.
func (s *stage) journal([]string) error {
	list, _ := state.Inputs(s.tx, "", 0, 50, 1000)
	for _, in := range list {
		tool, ok := "?", false
		if i, err := state.GetIntegration(s.tx, in.Integration); err == nil {
			tool, ok = i.Rules.Name, true
		}
		about := "nothing"
		if a, found := state.FindAlert(s.tx, state.Ref{ID: in.Alert}); found {
			about = fmt.Sprintf("#%d", a.Tiny)
		}
		why := in.Why
		if !ok && why == "" {
			why = "by the API"
		}
		s.say("%d. %s %s %s %q: %q, about %s: %s; %s", in.Number, in.At.Sub(s.start), tool, in.Event, in.Draft.Alias, in.Done, about, in.Status, why)
	}
	return nil
}

// replay NUMBER: what would become of an input now.
func (s *stage) replay(args []string) error {
	n, _ := strconv.ParseUint(args[0], 10, 64)
	list, _ := state.Inputs(s.tx, "", n+1, 1, 1)
	r := s.machine.Replay(s.tx, s.now, list[0])
	s.say("%q by %s", r.Decision.Kind, r.Decision.Reason)
	if a, ok := state.FindAlert(s.tx, state.Ref{ID: r.Alert}); ok {
		s.say("about #%d, which is open", a.Tiny)
	}
	if r.Decision.Kind == route.Create {
		s.say("%q %s %v %s", r.Shaped.Draft.Message, r.Shaped.Draft.Priority, r.Shaped.Draft.Tags, reasons(r.Shaped.Applied))
	}
	return nil
}

func reasons(all []route.Applied) string {
	var words []string
	for _, a := range all {
		words = append(words, a.Reason)
	}
	return strings.Join(slices.Clip(words), "; ")
}
