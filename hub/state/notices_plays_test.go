package state_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/state"
	"keng/raftstore/table"
)

// noticeVerbs are what plays do about what is no alert.
func (s *stage) noticeVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{
		"remind": s.remind, "notices": s.notices, "fates": s.fates, "looks": s.looks, "own": s.own, "role": s.role, "block": s.block, "enable": s.enable,
	}
}

// remind USER NAME start|end TIME[,TIME] [via=KIND[+MINUTES],...] [of=SCHEDULE] [hours=A-B] [off]: makes a rule or changes it.
func (s *stage) remind(args []string) error {
	u, err := state.Either(args[0]).User(s.tx)
	if err != nil {
		return err
	}
	action := map[string]reach.Action{"start": reach.ScheduleStart, "end": reach.ScheduleEnd}[args[2]]
	times, enabled := strings.Split(args[3], ","), true
	f := state.RuleFields{Name: &args[1], Action: &action, Times: &times, Enabled: &enabled}
	for _, a := range args[4:] {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "via":
			f.Steps = &[]state.StepFields{}
			for _, kind := range strings.Split(value, ",") {
				kind, minutes, _ := strings.Cut(kind, "+")
				step := state.StepFields{Kind: &kind}
				if minutes != "" {
					after := s.duration(minutes)
					step.After = &after
				}
				*f.Steps = append(*f.Steps, step)
			}
		case "of":
			f.Schedules = &[]state.Pick{state.Either(value)}
		case "hours":
			var from, to int
			fmt.Sscanf(value, "%d-%d", &from, &to)
			f.Restriction = &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: from * 60, EndMinute: to * 60}}}
		case "off":
			enabled = false
		}
	}
	if i := slices.IndexFunc(u.Rules, func(r reach.NotificationRule) bool { return r.Name == args[1] }); i >= 0 {
		_, err = do(s, state.ChangeRule{User: state.Either(args[0]), Rule: u.Rules[i].ID, Fields: f})
		return err
	}
	_, err = do(s, state.CreateRule{User: state.Either(args[0]), Fields: f})
	return err
}

// notices: those that were not shown yet, oldest first.
func (s *stage) notices([]string) error {
	all := slices.Collect(state.NoticesOf(s.tx, ""))
	slices.Reverse(all)
	none := true
	for _, d := range all {
		if s.noticed[d.ID] {
			continue
		}
		s.noticed[d.ID], none = true, false
		s.say("%7s %s of %s to %s by %s: %s", d.CreatedAt.Sub(s.start), d.Notice.Kind, d.Notice.ScheduleName, s.whoIs(rota.Participant{User: d.User}), d.Kind, s.inShort(d.Notice))
		if late := s.now.Sub(d.DueAt()); !d.Due.IsZero() {
			s.say("        late by %s, to be sent before %s", late, d.SendBy.Sub(s.start))
		}
		for _, t := range d.Notice.Troubles {
			s.say("        %s", s.needed(t))
		}
		if d.Notice.More > 0 {
			s.say("        and %d more", d.Notice.More)
		}
	}
	if none {
		s.say("no notice")
	}
	return nil
}

// inShort tells a notice in a line.
func (s *stage) inShort(n *state.Notice) string {
	said := s.when(n.Shift)
	if len(n.Rotations) > 0 {
		said += " in " + strings.Join(n.Rotations, "+")
	}
	if n.For != "" {
		said += ", for " + n.For
	}
	if len(n.With) > 0 {
		said += ", with " + strings.Join(n.With, "+")
	}
	if n.Alert != "" {
		said += fmt.Sprintf("#%d, by %s", n.Tiny, n.By)
	}
	if n.Alert != "" && n.Note != "" {
		said += ": " + n.Note
	}
	if n.Method != "" {
		said += n.Method + " to " + n.To
	}
	if n.Swap != "" {
		said += " who gets " + s.when(n.Other)
	}
	if !n.AnswerBy.IsZero() {
		said += ", to be answered before " + n.AnswerBy.Sub(s.start).String()
	}
	return strings.TrimSpace(said)
}

func (s *stage) when(at state.Span) string {
	switch {
	case at.Start.IsZero() && at.End.IsZero():
		return ""
	case at.Start.IsZero():
		return "to " + s.wall(at.End)
	case at.End.IsZero():
		return "from " + s.wall(at.Start) + " on"
	}
	return s.wall(at.Start) + " to " + s.wall(at.End)
}

// wall is a moment as clocks in Vietnam show it.
func (s *stage) wall(t time.Time) string {
	return t.In(time.FixedZone("Vietnam", 7*60*60)).Format("02 Jan 15:04")
}

// fates: what became of notices that have come to an end and were not shown yet.
func (s *stage) fates([]string) error {
	all := slices.Collect(state.NoticesOf(s.tx, ""))
	slices.Reverse(all)
	for _, d := range all {
		if d.Final() && !s.fated[d.ID] {
			s.fated[d.ID] = true
			s.say("%7s %s to %s by %s: %s", d.CreatedAt.Sub(s.start), d.Notice.Kind, s.whoIs(rota.Participant{User: d.User}), d.Kind, d.Trace[len(d.Trace)-1])
		}
	}
	return nil
}

// needed tells a time for which somebody is needed.
func (s *stage) needed(t state.ToldTrouble) string {
	said := s.when(t.At)
	if t.Open {
		said += " and on"
	}
	switch {
	case t.Blocked:
		said += ": " + t.Name + " is blocked"
	case t.Kind == rota.Away:
		said += ": " + t.Name + " is away"
	default:
		said += ": nobody"
	}
	return said + ", instead " + strings.Join(t.Suggest, "+")
}

// looks: when schedules are looked at next.
func (s *stage) looks([]string) error {
	for x := range state.Schedules.All(s.tx) {
		v, ok := state.Vigils.Get(s.tx, table.K().String(string(x.ID)))
		if !ok {
			s.say("%s is not looked at", x.Name)
			continue
		}
		s.say("%s is looked at in %s", x.Name, v.LookAt.Sub(s.now))
	}
	return nil
}

// own SCHEDULE TEAM: the team has the schedule.
func (s *stage) own(args []string) error {
	_, err := do(s, state.ChangeSchedule{Schedule: state.Either(args[0]), Fields: state.ScheduleFields{Team: &state.Pick{Name: args[1]}}})
	return err
}

// role USER ROLE
func (s *stage) role(args []string) error {
	_, err := do(s, state.ChangeUser{User: state.Either(args[0]), Fields: state.UserFields{Role: &args[1]}})
	return err
}

// block USER: nobody can tell the person anything.
func (s *stage) block(args []string) error {
	u, err := state.Either(args[0]).User(s.tx)
	if err != nil {
		return err
	}
	u.Blocked = true
	_, err = do(s, state.PutUser{User: *u})
	return err
}

// enable SCHEDULE on|off
func (s *stage) enable(args []string) error {
	on := args[1] == "on"
	_, err := do(s, state.ChangeSchedule{Schedule: state.Either(args[0]), Fields: state.ScheduleFields{Enabled: &on}})
	return err
}
