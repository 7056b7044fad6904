package state_test

import (
	"fmt"
	"slices"
	"strings"

	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/hub/state"
)

// reachVerbs are what plays say of how people want to be reached.
func (s *stage) reachVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{"prefer": s.prefer, "mute": s.mute, "quiet": s.quiet, "peace": s.peace}
}

// prefer USER NAME ACTION [via=KIND[+DELAY],…] [if=FIELD:OPERATION:VALUE] [hours=A-B] [loop=DURATION|off] [off] [gone]: makes a
// notification rule, or changes the one of that name.
func (s *stage) prefer(args []string) error {
	u, err := state.Either(args[0]).User(s.tx)
	if err != nil {
		return err
	}
	actions := map[string]reach.Action{
		"create": reach.CreateAlert, "acknowledged": reach.AcknowledgedAlert, "renotified": reach.RenotifiedAlert, "closed": reach.ClosedAlert,
		"assigned": reach.AssignedAlert, "note": reach.AddNote,
	}
	action, enabled, first := actions[args[2]], true, 0
	f := state.RuleFields{Name: &args[1], Action: &action, Enabled: &enabled, Order: &first}
	at := slices.IndexFunc(u.Rules, func(r reach.NotificationRule) bool { return r.Name == args[1] })
	for _, a := range args[3:] {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "via":
			f.Steps = s.steps(value)
		case "if":
			words := strings.Split(value, ":")
			f.Criteria = &route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{{Field: words[0], Operation: words[1], Value: words[2]}}}
		case "hours":
			f.Restriction = hours(value)
		case "loop":
			loops := value != "off"
			if f.Loops = &loops; loops {
				after := s.duration(value)
				f.LoopAfter = &after
			}
		case "off":
			enabled = false
		case "gone":
			_, err := do(s, state.DeleteRule{User: state.Either(args[0]), Rule: u.Rules[at].ID})
			return err
		}
	}
	if at >= 0 {
		_, err = do(s, state.ChangeRule{User: state.Either(args[0]), Rule: u.Rules[at].ID, Fields: f})
		return err
	}
	_, err = do(s, state.CreateRule{User: state.Either(args[0]), Fields: f})
	return err
}

// steps reads KIND[+DELAY],…
func (s *stage) steps(text string) *[]state.StepFields {
	steps := []state.StepFields{}
	for _, kind := range strings.Split(text, ",") {
		kind, delay, _ := strings.Cut(kind, "+")
		step := state.StepFields{Kind: &kind}
		if delay != "" {
			after := s.duration(delay)
			step.After = &after
		}
		steps = append(steps, step)
	}
	return &steps
}

// mute USER DURATION|off
func (s *stage) mute(args []string) error {
	until := s.now
	if args[1] != "off" {
		until = s.now.Add(s.duration(args[1]))
	}
	_, err := do(s, state.ChangeUser{User: state.Either(args[0]), Fields: state.UserFields{MutedUntil: &until}})
	return err
}

// quiet USER A-B|off [pierced|tight]: in which hours of each day the person is not paged, and whether P1 pierces.
func (s *stage) quiet(args []string) error {
	f := state.UserFields{QuietHours: &rota.Restriction{}}
	if args[1] != "off" {
		f.QuietHours = hours(args[1])
	}
	if len(args) > 2 {
		pierced := args[2] == "pierced"
		f.PierceQuiet = &pierced
	}
	_, err := do(s, state.ChangeUser{User: state.Either(args[0]), Fields: f})
	return err
}

// peace USER: when the person is not paged.
func (s *stage) peace(args []string) error {
	u, err := state.Either(args[0]).User(s.tx)
	if err != nil {
		return err
	}
	said := "not muted"
	if !u.MutedUntil.IsZero() {
		said = "muted until " + u.MutedUntil.Sub(s.start).String()
	}
	if u.QuietHours != nil {
		w := u.QuietHours.Windows[0]
		said += fmt.Sprintf(", quiet from %d to %d minutes after midnight", w.StartMinute, w.EndMinute)
	}
	s.say("%s, pierced by P1: %t", said, u.PierceQuiet)
	return nil
}
