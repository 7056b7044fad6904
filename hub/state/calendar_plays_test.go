package state_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"keng/hub/core/alert"
	"keng/hub/core/holiday"
	"keng/hub/core/rota"
	"keng/hub/state"
	"keng/raftstore/table"
)

// calendarVerbs are what plays do to calendars.
func (s *stage) calendarVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{
		"oncall": s.onCall, "override": s.override, "reoverride": s.reoverride, "unoverride": s.unoverride, "overrides": s.overrides,
		"forward": s.forward, "reforward": s.reforward, "unforward": s.unforward, "takeover": s.takeOver,
		"swap": s.askSwap, "swaps": s.swaps, "accept": s.accept, "decline": s.decline, "withdraw": s.withdraw,
		"rotation": s.rotation, "zone": s.zone, "roster": s.roster, "away": s.away, "back": s.back, "holidays": s.holidays, "unholidays": s.unholidays,
		"forget": s.forget, "planned": s.planned,
		"replan": s.replan, "unrotation": s.unrotation, "unzone": s.unzone,
	}
}

// between reads FROM..TO, both counted from now.
func (s *stage) between(text string) (from, to *time.Time) {
	a, b, _ := strings.Cut(text, "..")
	start, end := s.now.Add(s.duration(a)), s.now.Add(s.duration(b))
	return &start, &end
}

// someone reads user:NAME, team:NAME, escalation:NAME, schedule:NAME; a name alone is a person's.
func someone(text string) *state.Party {
	kind, name, ok := strings.Cut(text, ":")
	if !ok {
		kind, name = "user", text
	}
	kinds := map[string]alert.ResponderKind{"user": alert.User, "team": alert.Team, "escalation": alert.Escalation, "schedule": alert.Schedule}
	return &state.Party{Kind: kinds[kind], Pick: state.Pick{Name: name}}
}

// whoIs returns the name of one who is on call.
func (s *stage) whoIs(p rota.Participant) string {
	if u, ok := state.Users.Get(s.tx, table.K().String(string(p.User))); ok {
		return u.Username
	}
	if t, ok := state.Teams.Get(s.tx, table.K().String(string(p.Team))); ok {
		return "team " + t.Name
	}
	if e, ok := state.Escalations.Get(s.tx, table.K().String(string(p.Escalation))); ok {
		return "escalation " + e.Name
	}
	return "nobody"
}

// oncall SCHEDULE [AT]: who is on call now or later, as the calendar has it.
func (s *stage) onCall(args []string) error {
	at := s.now
	if len(args) > 1 {
		at = at.Add(s.duration(args[1]))
	}
	x, err := state.Either(args[0]).Schedule(s.tx)
	if err != nil {
		return err
	}
	c, err := state.CalendarOf(s.tx, x, time.LoadLocation, at, at.Add(400*24*time.Hour))
	if err != nil {
		return err
	}
	for _, p := range c.OnCall(at) {
		how := map[rota.Kind]string{rota.ByRotation: "", rota.ByOverride: " by override " + p.Override, rota.ByForward: " for " + s.whoIs(rota.Participant{User: p.For})}[p.Kind]
		until := "for good"
		if !p.End.IsZero() {
			until = "to " + p.End.Sub(s.start).String()
		}
		i, _ := state.FindRotation(x, p.Rotation)
		s.say("%s: %s%s %s", x.Rotations[i].Name, s.whoIs(p.Participant), how, until)
	}
	if len(c.OnCall(at)) == 0 {
		s.say("nobody is on call")
	}
	return nil
}

// overrideFields reads [who=X] [at=FROM..TO] [rot=NAME]...
func (s *stage) overrideFields(args []string) (f state.OverrideFields, alias string) {
	for _, a := range args {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "who":
			f.Who = someone(value)
		case "at":
			f.Start, f.End = s.between(value)
		case "alias":
			alias = value
		case "rot":
			if f.Rotations == nil {
				f.Rotations = &[]state.Pick{}
			}
			if value != "" {
				*f.Rotations = append(*f.Rotations, state.Pick{Name: value})
			}
		}
	}
	return f, alias
}

// override SCHEDULE [alias=A] who=X at=FROM..TO [rot=NAME]...
func (s *stage) override(args []string) error {
	f, alias := s.overrideFields(args[1:])
	_, err := do(s, state.CreateOverride{Schedule: state.Either(args[0]), Alias: alias, Fields: f})
	return err
}

// reoverride SCHEDULE ALIAS [who=X] [at=FROM..TO] [rot=NAME]...
func (s *stage) reoverride(args []string) error {
	f, _ := s.overrideFields(args[2:])
	_, err := do(s, state.ChangeOverride{Schedule: state.Either(args[0]), Alias: args[1], Fields: f})
	return err
}

func (s *stage) unoverride(args []string) error {
	_, err := do(s, state.DeleteOverride{Schedule: state.Either(args[0]), Alias: args[1]})
	return err
}

// overrides SCHEDULE: those that are not over.
func (s *stage) overrides(args []string) error {
	x, err := state.Either(args[0]).Schedule(s.tx)
	if err != nil {
		return err
	}
	for _, o := range state.OverridesOf(s.tx, x.ID, s.now) {
		var names []string
		for _, id := range o.Rotations {
			i, err := state.FindRotation(x, id)
			if err != nil {
				return err
			}
			names = append(names, x.Rotations[i].Name)
		}
		s.say("%s from %s to %s %v", s.whoIs(o.Participant), o.Start.Sub(s.start), o.End.Sub(s.start), names)
	}
	return nil
}

// forward FROM TO FROM..TO [ALIAS]
func (s *stage) forward(args []string) error {
	var f state.ForwardFields
	f.From, f.To = &state.Pick{Name: args[0]}, &state.Pick{Name: args[1]}
	f.Start, f.End = s.between(args[2])
	k := state.CreateForward{Fields: f}
	if len(args) > 3 {
		k.Alias = args[3]
	}
	_, err := do(s, k)
	return err
}

// reforward ALIAS FROM TO FROM..TO
func (s *stage) reforward(args []string) error {
	var f state.ForwardFields
	f.From, f.To = &state.Pick{Name: args[1]}, &state.Pick{Name: args[2]}
	f.Start, f.End = s.between(args[3])
	_, err := do(s, state.ChangeForward{Rule: state.Either(args[0]), Fields: f})
	return err
}

func (s *stage) unforward(args []string) error {
	_, err := do(s, state.DeleteForward{Rule: state.Either(args[0])})
	return err
}

// takeover SCHEDULE USER [until=FROM-NOW] [rot=NAME]
func (s *stage) takeOver(args []string) error {
	k := state.TakeOver{Schedule: state.Either(args[0]), User: state.Either(args[1])}
	for _, a := range args[2:] {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "until":
			until := s.now.Add(s.duration(value))
			k.Until = &until
		case "rot":
			k.Rotation = state.Either(value)
		}
	}
	o, err := do(s, k)
	if err == nil {
		s.say("%s has it until %s", s.whoIs(o.Participant), o.End.Sub(s.start))
	}
	return err
}

// swap SCHEDULE ASKER OTHER MINE THEIRS [expires=FROM-NOW], both times as FROM..TO
func (s *stage) askSwap(args []string) error {
	k := state.AskSwap{Schedule: state.Either(args[0]), Asker: state.Either(args[1]), Other: state.Either(args[2])}
	from, to := s.between(args[3])
	k.Mine = state.Span{Start: *from, End: *to}
	from, to = s.between(args[4])
	k.Theirs = state.Span{Start: *from, End: *to}
	for _, a := range args[5:] {
		at := s.now.Add(s.duration(strings.TrimPrefix(a, "expires=")))
		k.Expires = &at
	}
	w, err := do(s, k)
	if err == nil {
		s.asked = w.ID
		s.say("asked, to be answered before %s", w.Expires.Sub(s.start))
	}
	return err
}

// swaps USER: what has become of the requests.
func (s *stage) swaps(args []string) error {
	u, err := state.Either(args[0]).User(s.tx)
	if err != nil {
		return err
	}
	for w := range state.SwapsOf(s.tx, u.ID, s.now) {
		s.say("%s to %s: %s, %d overrides", s.whoIs(rota.Participant{User: w.Asker}), s.whoIs(rota.Participant{User: w.Other}), w.StatusAt(s.now), len(w.Overrides))
	}
	return nil
}

// answered answers the newest request.
func (s *stage) answered(by string, answer state.SwapAnswer) error {
	w, err := do(s, state.AnswerSwap{Swap: s.asked, By: state.Either(by), Answer: answer})
	if err == nil {
		s.say("%s", w.Status)
	}
	return err
}

// accept, decline, withdraw USER: the newest request.
func (s *stage) accept(args []string) error   { return s.answered(args[0], state.AcceptSwap) }
func (s *stage) decline(args []string) error  { return s.answered(args[0], state.DeclineSwap) }
func (s *stage) withdraw(args []string) error { return s.answered(args[0], state.WithdrawSwap) }

// rotation SCHEDULE NAME [who=A,B] [unit=hourly|daily|weekly|monthly] [length=N] [start=TIME] [hours=A-B] [skips] [keep]: makes one or
// changes it; with keep whoever has the turn keeps it.
func (s *stage) rotation(args []string) error {
	x, err := state.Either(args[0]).Schedule(s.tx)
	if err != nil {
		return err
	}
	f, keep := state.RotationFields{Name: &args[1]}, false
	for _, a := range args[2:] {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "who":
			f.Participants = &[]state.Party{}
			for _, name := range strings.Split(value, ",") {
				*f.Participants = append(*f.Participants, *someone(name))
			}
		case "unit":
			unit := map[string]rota.Unit{"hourly": rota.Hourly, "daily": rota.Daily, "weekly": rota.Weekly, "monthly": rota.Monthly}[value]
			f.Unit = &unit
		case "length":
			var n int
			fmt.Sscan(value, &n)
			f.Length = &n
		case "start":
			start, err := time.Parse(time.RFC3339, value)
			if err != nil {
				s.t.Fatal(err)
			}
			f.Start = &start
		case "hours":
			var from, to int
			fmt.Sscanf(value, "%d-%d", &from, &to)
			f.Restriction = &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: from * 60, EndMinute: to * 60}}}
		case "skips":
			skips := true
			f.Skips = &skips
		case "keep":
			keep = true
		}
	}
	i := slices.IndexFunc(x.Rotations, func(r rota.Rotation) bool { return r.Name == args[1] })
	if i < 0 {
		_, err = do(s, state.CreateRotation{Schedule: state.Either(args[0]), Fields: f})
		return err
	}
	_, err = do(s, state.ChangeRotation{Schedule: state.Either(args[0]), Rotation: x.Rotations[i].ID, Fields: f, KeepCurrent: keep})
	return err
}

// zone SCHEDULE ZONE [keep]
func (s *stage) zone(args []string) error {
	_, err := do(s, state.ChangeSchedule{Schedule: state.Either(args[0]), Fields: state.ScheduleFields{Zone: &args[1]}, KeepCurrent: len(args) > 2})
	return err
}

// roster SCHEDULE NAME WHO@FROM..TO...
func (s *stage) roster(args []string) error {
	k := state.PutRoster{Schedule: state.Either(args[0]), Rotation: state.Pick{Name: args[1]}}
	for _, a := range args[2:] {
		who, at, _ := strings.Cut(a, "@")
		from, to := s.between(at)
		k.Slots = append(k.Slots, state.RosterSlot{Who: *someone(who), Start: *from, End: *to})
	}
	r, err := do(s, k)
	if err == nil {
		s.say("%d shifts", len(r.Slots))
	}
	return err
}

// away USER FROM..TO: time off.
func (s *stage) away(args []string) error {
	var f state.AbsenceFields
	f.User = &state.Pick{Name: args[0]}
	f.Start, f.End = s.between(args[1])
	_, err := do(s, state.CreateAbsence{Fields: f})
	return err
}

// back USER: takes the person's first absence away.
func (s *stage) back(args []string) error {
	u, err := state.Either(args[0]).User(s.tx)
	if err != nil {
		return err
	}
	id := "none"
	for a := range state.AbsencesOf(s.tx, u.ID, s.now) {
		id = a.ID
		break
	}
	_, err = do(s, state.DeleteAbsence{ID: id})
	return err
}

// day reads YYYY-MM-DD.
func (s *stage) day(text string) holiday.Date {
	var d holiday.Date
	if _, err := fmt.Sscanf(text, "%d-%d-%d", &d.Year, &d.Month, &d.Day); err != nil {
		s.t.Fatal(err)
	}
	return d
}

// holidays NAME [vietnam] [+YYYY-MM-DD]... [-YYYY-MM-DD]... [of=SCHEDULE]: makes a holiday calendar or changes it.
func (s *stage) holidays(args []string) error {
	f, of := state.HolidayFields{Name: &args[0]}, ""
	for _, a := range args[1:] {
		switch {
		case a[0] == '+':
			if f.Added == nil {
				f.Added = &[]holiday.Day{}
			}
			*f.Added = append(*f.Added, holiday.Day{Date: s.day(a[1:])})
		case a[0] == '-':
			if f.Removed == nil {
				f.Removed = &[]holiday.Date{}
			}
			*f.Removed = append(*f.Removed, s.day(a[1:]))
		case strings.HasPrefix(a, "of="):
			of = a[3:]
		default:
			f.BuiltIn = &a
		}
	}
	var err error
	if _, none := (state.Pick{Name: args[0]}).HolidayCalendar(s.tx); none != nil {
		_, err = do(s, state.CreateHolidayCalendar{Fields: f})
	} else {
		_, err = do(s, state.ChangeHolidayCalendar{Calendar: state.Pick{Name: args[0]}, Fields: f})
	}
	if err == nil && of != "" {
		_, err = do(s, state.ChangeSchedule{Schedule: state.Either(of), Fields: state.ScheduleFields{Holidays: &state.Pick{Name: args[0]}}})
	}
	return err
}

func (s *stage) unholidays(args []string) error {
	_, err := do(s, state.DeleteHolidayCalendar{Calendar: state.Either(args[0])})
	return err
}

// forget user|team|schedule|escalation NAME: deletes it.
func (s *stage) forget(args []string) error {
	var err error
	switch which := state.Either(args[1]); args[0] {
	case "user":
		_, err = do(s, state.DeleteUser{User: which})
	case "team":
		_, err = do(s, state.DeleteTeam{Team: which})
	case "schedule":
		_, err = do(s, state.DeleteSchedule{Schedule: which})
	case "escalation":
		_, err = do(s, state.DeleteEscalation{Escalation: which})
	}
	return err
}

// planned: how many overrides, forwarding rules, absences and requests to swap there are, over or not.
func (s *stage) planned([]string) error {
	o, f, a, w := 0, 0, 0, 0
	for range state.Overrides.All(s.tx) {
		o++
	}
	for range state.Forwards.All(s.tx) {
		f++
	}
	for range state.Absences.All(s.tx) {
		a++
	}
	for range state.Swaps.All(s.tx) {
		w++
	}
	s.say("%d overrides, %d forwarding rules, %d absences, %d swaps", o, f, a, w)
	return nil
}
