package state_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/hub/state"
)

// policyVerbs are the verbs of alert policies and notification policies.
func (s *stage) policyVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{
		"shape": s.shape, "notifying": s.notifying, "policies": s.policies, "policy": s.policy,
	}
}

// spaced writes blanks for underscores.
func spaced(text string) string { return strings.ReplaceAll(text, "_", " ") }

// findPolicy returns the policy of a name; nil if there is none.
func (s *stage) findPolicy(name string) *state.Policy {
	for p := range state.Policies.All(s.tx) {
		if p.Alert != nil && p.Alert.Name == name || p.Notification != nil && p.Notification.Name == name {
			return p
		}
	}
	return nil
}

// criteria reads FIELD:OPERATION:VALUE, with a "!" before it if it is not to be met.
func criteria(text string, c *route.Criteria) {
	turned, not := strings.CutPrefix(text, "!")
	parts := append(strings.SplitN(turned, ":", 3), "", "")
	c.Join = route.AllConditions
	c.Conditions = append(c.Conditions, route.Condition{Field: parts[0], Operation: parts[1], Value: spaced(parts[2]), Not: not})
}

// hours reads FROM-TO, hours of every day.
func hours(text string) *rota.Restriction {
	from, to, _ := strings.Cut(text, "-")
	a, _ := strconv.Atoi(from)
	b, _ := strconv.Atoi(to)
	return &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: a * 60, EndMinute: b * 60}}}
}

// shape NAME [KEY=VALUE]... [continue]: an alert policy, made or changed.
func (s *stage) shape(args []string) error {
	p := &route.AlertPolicy{Name: args[0], Fields: route.Rewrite{Message: "{{message}}"}}
	k := state.CreatePolicy{}
	for _, a := range args[1:] {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "team":
			k.Team = state.Pick{Name: value}
		case "if":
			criteria(value, &p.Filter)
		case "hours":
			p.Restriction = hours(value)
		case "continue":
			p.Continue = true
		case "message":
			p.Fields.Message = spaced(value)
		case "alias":
			p.Fields.Alias = value
		case "tag":
			p.Fields.Tags = append(p.Fields.Tags, value)
		case "priority":
			p.Fields.Priority, _ = core.ParsePriority(value)
		case "only":
			p.Fields.IgnoreResponders = true
			fallthrough
		case "add":
			r := s.responder(value)
			k.Fields.Responders = append(k.Fields.Responders, state.Party{Kind: r.Kind, Pick: state.Pick{ID: r.ID}})
		default:
			s.t.Fatalf("shape: %q", a)
		}
	}
	k.Fields.Alert = p
	return s.keep(args[0], k)
}

// notifying NAME team=TEAM [KEY=VALUE]...: a notification policy, made or changed.
func (s *stage) notifying(args []string) error {
	p := &route.NotificationPolicy{Name: args[0]}
	k := state.CreatePolicy{}
	for _, a := range args[1:] {
		key, value, _ := strings.Cut(a, "=")
		first, second, _ := strings.Cut(value, "/")
		switch key {
		case "team":
			k.Team = state.Pick{Name: value}
		case "if":
			criteria(value, &p.Filter)
		case "hours":
			p.Restriction = hours(value)
		case "zone":
			p.Zone = value
		case "suppress":
			p.Suppress = true
		case "delay":
			p.Delay = &route.Delay{Option: route.ForDuration, For: s.duration(value)}
		case "until": // next-monday/9
			option, _ := route.ParseDelayOption(first)
			hour, _ := strconv.Atoi(second)
			p.Delay = &route.Delay{Option: option, Hour: hour}
		case "after": // COUNT[/WITHIN]
			n, _ := strconv.Atoi(first)
			p.Repeated = &route.Deduplication{Count: n}
			if second != "" {
				p.Repeated.Within = s.duration(second)
			}
		case "anew": // AFTER/TIMES
			n, _ := strconv.Atoi(second)
			p.Restart = &route.Restart{After: s.duration(first), Most: n}
		case "close":
			p.CloseAfter = s.duration(value)
		default:
			s.t.Fatalf("notifying: %q", a)
		}
	}
	k.Fields.Notification = p
	return s.keep(args[0], k)
}

// keep makes a policy, or changes the one of that name.
func (s *stage) keep(name string, k state.CreatePolicy) error {
	if old := s.findPolicy(name); old != nil {
		_, err := do(s, state.ChangePolicy{ID: old.ID, Fields: k.Fields})
		return err
	}
	_, err := do(s, k)
	return err
}

// policy NAME on|off|gone|PLACE
func (s *stage) policy(args []string) error {
	p := s.findPolicy(args[0])
	if p == nil {
		p = &state.Policy{ID: args[0]}
	}
	var err error
	switch args[1] {
	case "on", "off":
		_, err = do(s, state.SwitchPolicy{ID: p.ID, On: args[1] == "on"})
	case "gone":
		_, err = do(s, state.DeletePolicy{ID: p.ID})
	default:
		to, _ := strconv.Atoi(args[1])
		_, err = do(s, state.MovePolicy{ID: p.ID, To: to})
	}
	return err
}

// policies: in their order, and what they hold back.
func (s *stage) policies([]string) error {
	teams := []core.TeamID{""}
	for t := range state.Teams.All(s.tx) {
		teams = append(teams, t.ID)
	}
	for _, team := range teams {
		for _, kind := range []state.PolicyKind{state.AlertPolicies, state.NotificationPolicies} {
			var names []string
			for _, p := range state.PoliciesOf(s.tx, kind, team) {
				if p.Alert != nil {
					names = append(names, fmt.Sprintf("%s (on %v)", p.Alert.Name, !p.Alert.Disabled))
				} else {
					names = append(names, fmt.Sprintf("%s (on %v)", p.Notification.Name, !p.Notification.Disabled))
				}
			}
			if len(names) > 0 {
				s.say("%d of %q: %s", kind, teamName(s, team), strings.Join(names, ", "))
			}
		}
	}
	for h := range state.Holds.All(s.tx) {
		a, _ := state.FindAlert(s.tx, state.Ref{ID: h.Alert})
		s.say("#%d for %s: back %q, begun %v, restarts %d, occurred %s", a.Tiny, h.Why.TeamName, h.Back, !h.Began.IsZero(), h.Restarts, s.moments(h.Occurred))
	}
	for a := range state.Alerts.All(s.tx) {
		s.say("#%d %s: %q %s %v, %d responders", a.Tiny, a.Alias, a.Message, a.Priority, a.Tags, len(a.Responders))
	}
	return nil
}

func (s *stage) moments(all []time.Time) string {
	var words []string
	for _, t := range all {
		words = append(words, t.Sub(s.start).String())
	}
	return strings.Join(words, " ")
}

func teamName(s *stage, id core.TeamID) string {
	for t := range state.Teams.All(s.tx) {
		if t.ID == id {
			return t.Name
		}
	}
	return ""
}
