package state_test

import (
	"cmp"
	"fmt"
	"strings"

	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/hub/state"
)

// routingVerbs are what plays do to teams and escalations as the API makes them, and to routing rules.
func (s *stage) routingVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{"newteam": s.newTeam, "routing": s.routing, "unrouting": s.unrouting, "routings": s.routings, "newescalation": s.newEscalation}
}

// newEscalation is what escalation is, as the API makes one: with what is wrong told.
func (s *stage) newEscalation(args []string) error {
	p := s.escalationOf(args)
	rules := []state.EscalationRule{}
	for _, r := range p.Rules {
		to := state.Party{Kind: r.Recipient.Kind, Pick: state.Pick{ID: r.Recipient.ID}}
		rules = append(rules, state.EscalationRule{Condition: r.Condition, Delay: r.Delay, Recipient: to, Notify: r.Notify, Acks: r.Acks, EndsEarlier: r.EndsEarlier})
	}
	_, err := do(s, state.CreateEscalation{Fields: state.EscalationFields{Name: &p.Name, Rules: &rules, Repeat: &p.Repeat}})
	return err
}

// newTeam NAME [USER]...: with what a team has at its beginning.
func (s *stage) newTeam(args []string) error {
	members := []state.Member{}
	for _, name := range args[1:] {
		members = append(members, state.Member{User: state.Either(name)})
	}
	_, err := do(s, state.CreateTeam{Fields: state.TeamFields{Name: &args[0], Members: &members}})
	return err
}

// routing TEAM NAME [RESPONDER|none] [if=FIELD:OPERATION:VALUE] [hours=A-B] [zone=ZONE] [first]: a routing rule, made or
// changed.
func (s *stage) routing(args []string) error {
	var f state.RoutingFields
	f.Name = &args[1]
	for _, a := range args[2:] {
		switch key, value, _ := strings.Cut(a, "="); key {
		case "if":
			f.Criteria = &route.Criteria{}
			criteria(value, f.Criteria)
		case "hours":
			f.Restriction = hours(value)
		case "zone":
			f.Zone = &value
		case "first":
			f.Order = new(int)
		case "none":
			f.Notify = &state.Party{}
		default:
			kind, name, _ := strings.Cut(a, ":")
			f.Notify = &state.Party{Kind: map[string]alert.ResponderKind{"user": alert.User, "schedule": alert.Schedule, "escalation": alert.Escalation}[kind], Pick: state.Either(name)}
		}
	}
	if r, ok := s.findRouting(args[0], args[1]); ok {
		_, err := do(s, state.ChangeRoutingRule{Team: state.Either(args[0]), Rule: r.ID, Fields: f})
		return err
	}
	_, err := do(s, state.CreateRoutingRule{Team: state.Either(args[0]), Fields: f})
	return err
}

// findRouting returns a team's routing rule of a name; "default" is the default rule, "-" one without a name.
func (s *stage) findRouting(team, name string) (route.Rule, bool) {
	t, ok := state.FindTeam(s.tx, team)
	if !ok {
		s.t.Fatalf("no team %s", team)
	}
	for _, r := range t.Rules {
		if r.Name == name || r.Default && name == "default" || r.Name == "" && name == "-" {
			return r, true
		}
	}
	return route.Rule{}, false
}

// unrouting TEAM NAME: deletes a routing rule.
func (s *stage) unrouting(args []string) error {
	r, _ := s.findRouting(args[0], args[1])
	_, err := do(s, state.DeleteRoutingRule{Team: state.Either(args[0]), Rule: r.ID})
	return err
}

// routings TEAM: the team's routing rules in their order.
func (s *stage) routings(args []string) error {
	t, ok := state.FindTeam(s.tx, args[0])
	if !ok {
		return fmt.Errorf("no team %s", args[0])
	}
	for i, r := range t.Rules {
		to := map[alert.ResponderKind]string{alert.Escalation: "an escalation", alert.Schedule: "a schedule"}[r.Notify.Kind]
		s.say("%d: %s notifies %s", i, r.Name, cmp.Or(to, "nobody"))
	}
	return nil
}
