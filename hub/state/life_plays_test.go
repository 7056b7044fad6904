package state_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/heartbeat"
	"keng/hub/state"
)

// lifeVerbs are what plays do to alerts and heartbeats after they were created.
func (s *stage) lifeVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{
		"unack": s.unack, "snooze": s.snooze, "assign": s.assign, "take": s.take, "escalate": s.escalate, "call": s.call, "addteam": s.addTeam,
		"note": s.note, "notes": s.notes, "tags": s.tags, "details": s.details, "action": s.action, "priority": s.priority, "message": s.message,
		"describe": s.describe, "see": s.see, "delete": s.delete, "recover": s.recover, "answer": s.answer, "closure": s.closure, "member": s.member,
		"file": s.file, "life": s.life, "heartbeat": s.heartbeat, "ping": s.ping, "switch": s.switchBeat, "unbeat": s.unbeat, "beats": s.beats, "lose": s.lose,
	}
}

// named reads the name of an alert: the alias of an open one, or "#1", the number of any.
func named(name string) (ref state.Ref) {
	if n, ok := strings.CutPrefix(name, "#"); ok {
		fmt.Sscan(n, &ref.Tiny)
		return ref
	}
	ref.Alias = name
	return ref
}

func asked(args []string) state.Asked {
	k := state.Asked{Alert: named(args[0])}
	if len(args) > 1 && args[1] != "-" {
		k.User = args[1]
	}
	return k
}

// asks carries a request out and says what became of it.
func asks[C state.Command[state.Request]](s *stage, command C) error {
	r, err := do(s, command)
	if err == nil {
		s.say("%s: %v %s", r.Action, r.Success, r.Status)
	}
	return err
}

func (s *stage) unack(args []string) error {
	return asks(s, state.UnacknowledgeAlert{Asked: asked(args)})
}

func (s *stage) snooze(args []string) error {
	return asks(s, state.SnoozeAlert{Asked: asked(args), Until: s.now.Add(s.duration(args[2]))})
}

func (s *stage) assign(args []string) error {
	return asks(s, state.AssignAlert{Asked: asked(args), Owner: state.Pick{Name: args[2]}})
}

func (s *stage) take(args []string) error { return asks(s, state.TakeAlert{Asked: asked(args)}) }

func (s *stage) escalate(args []string) error {
	k := state.EscalateAlert{Asked: asked(args)}
	if len(args) > 2 {
		k.To = state.Pick{Name: args[2]}
	}
	return asks(s, k)
}

func (s *stage) call(args []string) error {
	kind, name, _ := strings.Cut(args[2], ":")
	kinds := map[string]alert.ResponderKind{"user": alert.User, "team": alert.Team, "escalation": alert.Escalation, "schedule": alert.Schedule}
	return asks(s, state.AddResponder{Asked: asked(args), Responder: state.Party{Kind: kinds[kind], Pick: state.Pick{Name: name}}})
}

func (s *stage) addTeam(args []string) error {
	return asks(s, state.AddTeam{Asked: asked(args), Team: state.Pick{Name: args[2]}})
}

func (s *stage) note(args []string) error {
	k := asked(args)
	k.Note = strings.Join(args[2:], " ")
	return asks(s, state.AddNote{Asked: k})
}

func (s *stage) notes(args []string) error {
	a, _ := state.FindAlert(s.tx, state.Ref{Alias: args[0]})
	for _, e := range state.NotesOf(s.tx, a.ID, 0, 100) {
		move, _ := e.Move()
		s.say("note of %s: %s (%s; %s)", e.Owner, e.Note(), move.Action(), move.TextVi())
	}
	return nil
}

// changes splits +x and -y.
func changes(args []string) (add, remove []string) {
	for _, a := range args {
		if r, ok := strings.CutPrefix(a, "-"); ok {
			remove = append(remove, r)
			continue
		}
		add = append(add, strings.TrimPrefix(a, "+"))
	}
	return add, remove
}

func (s *stage) tags(args []string) error {
	add, remove := changes(args[2:])
	if len(add) > 0 {
		if err := asks(s, state.AddTags{Asked: asked(args), Tags: add}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		return asks(s, state.RemoveTags{Asked: asked(args), Tags: remove})
	}
	return nil
}

func (s *stage) details(args []string) error {
	add, remove := changes(args[2:])
	if len(add) > 0 {
		all := map[string]string{}
		for _, a := range add {
			k, v, _ := strings.Cut(a, "=")
			all[k] = v
		}
		if err := asks(s, state.AddDetails{Asked: asked(args), Details: all}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		return asks(s, state.RemoveDetails{Asked: asked(args), Keys: remove})
	}
	return nil
}

func (s *stage) action(args []string) error {
	return asks(s, state.RunAction{Asked: asked(args), Action: args[2]})
}

func (s *stage) priority(args []string) error {
	p, err := core.ParsePriority(args[2])
	if err != nil {
		return err
	}
	return asks(s, state.UpdatePriority{Asked: asked(args), Priority: p})
}

func (s *stage) message(args []string) error {
	return asks(s, state.UpdateMessage{Asked: asked(args), Message: strings.Join(args[2:], " ")})
}

func (s *stage) describe(args []string) error {
	return asks(s, state.UpdateDescription{Asked: asked(args), Description: strings.Join(args[2:], " ")})
}

func (s *stage) see(args []string) error { return asks(s, state.SeeAlert{Asked: asked(args)}) }

// delete ALIAS USER: and says what remains.
func (s *stage) delete(args []string) error {
	a, found := state.FindAlert(s.tx, state.Ref{Alias: args[0]})
	if err := asks(s, state.DeleteAlert{Asked: asked(args)}); err != nil || !found {
		return err
	}
	for t := range state.Deleted.All(s.tx) {
		s.say("remains: #%d, %s, deleted by %s, open %v", t.Tiny, t.Priority, t.DeletedBy, t.Open)
	}
	s.say("lines of its log: %d, pages: %d", len(slices.Collect(state.LogOf(s.tx, a.ID))), len(state.DeliveriesOf(s.tx, a.ID)))
	return nil
}

// recover ALIAS: what watches says that it is over.
func (s *stage) recover(args []string) error {
	return asks(s, state.CloseAlert{Alert: state.Ref{Alias: args[0]}, Source: "monitor"})
}

// answer ALIAS USER over|not: to the question whether the alert may be closed.
func (s *stage) answer(args []string) error {
	return asks(s, state.AnswerClosing{Asked: asked(args), Over: args[2] == "over"})
}

// closure TEAM anybody|members|owners DURATION: how the team's alerts are closed.
func (s *stage) closure(args []string) error {
	who := map[string]alert.Closers{"anybody": alert.Anybody, "members": alert.Members, "owners": alert.Owners}
	_, err := do(s, state.PutClosure{Team: state.Pick{Name: args[0]}, Rule: alert.Closure{Who: who[args[1]], Confirm: s.duration(args[2])}})
	return err
}

// member TEAM USER [admin]
func (s *stage) member(args []string) error {
	m := state.Member{User: state.Pick{Name: args[1]}}
	if len(args) > 2 {
		m.Role = args[2]
	}
	_, err := do(s, state.AddMember{Team: state.Pick{Name: args[0]}, Member: m})
	return err
}

// file ALIAS USER RESPONDER...: a person reports an alert, which has an action "restart".
func (s *stage) file(args []string) error {
	d := alert.Draft{Message: "trouble with " + args[0], Alias: args[0], User: args[1], Actions: []string{"restart"}}
	for _, a := range args[2:] {
		d.Responders = append(d.Responders, s.responder(a))
	}
	r, err := do(s, state.CreateAlert{Draft: d})
	if err == nil {
		s.say("request: %s", r.Status)
	}
	return err
}

// life: what alerts have become, and when they stir again.
func (s *stage) life([]string) error {
	for a := range state.Alerts.All(s.tx) {
		words := []string{fmt.Sprintf("#%d %s %s %s", a.Tiny, a.Alias, a.Status, a.Priority)}
		add := func(yes bool, format string, args ...any) {
			if yes {
				words = append(words, fmt.Sprintf(format, args...))
			}
		}
		add(a.Acknowledged, "acknowledged")
		add(a.Snoozed(), "snoozed until %s", a.SnoozedUntil.Sub(s.start))
		add(a.Owner != "", "owner %s", a.Owner)
		add(a.Seen(), "seen by %s", a.SeenBy)
		add(a.AcknowledgedBy != "", "first acknowledged by %s after %s", a.AcknowledgedBy, a.AcknowledgedAt.Sub(a.CreatedAt))
		add(a.Status == alert.Closed, "closed by %s after %s", a.ClosedBy, a.ClosedAt.Sub(a.CreatedAt))
		if a.Closing != nil {
			add(true, "to be closed for %s at %s", a.Closing.By, a.Closing.Until.Sub(s.start))
		}
		add(len(a.Tags) > 0, "tags %s", strings.Join(a.Tags, ","))
		for _, k := range slices.Sorted(maps.Keys(a.Details)) {
			add(true, "%s=%s", k, a.Details[k])
		}
		add(a.Resting != "", "resting")
		s.say("%s, state %d", strings.Join(words, ", "), a.Sequence)
	}
	for d := range state.Deadlines.All(s.tx) {
		if d.Kind == state.RetentionDue || d.Kind == state.ScheduleLook { // of those tell the verbs "retention" and "looks"
			continue
		}
		s.say("next: %s kind %d", d.At.Sub(s.start), d.Kind)
		break
	}
	return nil
}

// heartbeat NAME NUMBER UNIT [off] [team=X] [message=X] [tag=X] [P1…]: makes one, or changes the one of that name.
func (s *stage) heartbeat(args []string) error {
	f := state.HeartbeatFields{Name: &args[0]}
	var n int
	fmt.Sscan(args[1], &n)
	unit, err := heartbeat.ParseUnit(args[2])
	if err != nil {
		return err
	}
	f.Interval, f.Unit = &n, &unit
	for _, a := range args[3:] {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "off":
			f.Enabled = new(bool)
		case "team":
			f.Team = &state.Pick{Name: value}
		case "message":
			f.Message = &value
		case "tag":
			f.Tags = &[]string{value}
		case "name":
			f.Name = &value
		default:
			p, err := core.ParsePriority(a)
			if err != nil {
				return err
			}
			f.Priority = &p
		}
	}
	if _, ok := state.GetHeartbeat(s.tx, args[0]); ok {
		_, err = do(s, state.ChangeHeartbeat{Name: args[0], Fields: f})
		return err
	}
	_, err = do(s, state.CreateHeartbeat{Fields: f})
	return err
}

// ping NAME [AGE]: one that was heard a while ago if an age is given.
func (s *stage) ping(args []string) error {
	p := state.Ping{Name: args[0], At: s.now}
	if len(args) > 1 {
		p.At = s.now.Add(-s.duration(args[1]))
	}
	_, err := do(s, state.PingHeartbeats{Pings: []state.Ping{p}})
	return err
}

// switch NAME on|off
func (s *stage) switchBeat(args []string) error {
	on := args[1] == "on"
	_, err := do(s, state.ChangeHeartbeat{Name: args[0], Fields: state.HeartbeatFields{Enabled: &on}})
	return err
}

// unbeat NAME: deletes a heartbeat.
func (s *stage) unbeat(args []string) error {
	_, err := do(s, state.DeleteHeartbeat{Name: args[0]})
	return err
}

// beats: the heartbeats and when they are looked at.
func (s *stage) beats([]string) error {
	for _, h := range state.HeartbeatList(s.tx, "") {
		at, awaited := h.Beat.ExpiresAt()
		words := "not awaited"
		if awaited {
			words = "expires at " + at.Sub(s.start).String()
		}
		if h.Beat.Expired() {
			words = "expired at " + h.Beat.ExpiredAt.Sub(s.start).String()
		}
		s.say("%s every %s: enabled=%v, %s", h.Beat.Name, h.Beat.Every(), h.Beat.Enabled, words)
	}
	for d := range state.Deadlines.All(s.tx) {
		if d.Kind == state.HeartbeatDue {
			s.say("%s is looked at at %s", d.Heartbeat, d.At.Sub(s.start))
		}
	}
	return nil
}

// lose DURATION: that much later what is due first is given up, as after failing again and again.
func (s *stage) lose(args []string) error {
	s.now = s.now.Add(s.duration(args[0]))
	_, err := do(s, state.DoDue{Drop: true})
	return err
}
