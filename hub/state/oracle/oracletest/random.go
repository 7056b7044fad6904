package oracletest

import (
	"fmt"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/hub/state"
	"keng/raftstore/table"
)

// Command encodes a command.
type Command func(core.Seed) ([]byte, error)

// Encoded returns a command to be encoded.
func Encoded[C state.Command[R], R any](command C) Command {
	return func(seed core.Seed) ([]byte, error) { return state.Encode(seed, command) }
}

// Dice decide: a [math/rand/v2.Rand], say.
type Dice interface {
	IntN(n int) int
	Int64N(n int64) int64
}

// Configuration makes a random configuration.
type Configuration struct {
	Dice Dice
	// Now is about when it is made; what is planned lies around it.
	Now time.Time
	// Kinds are the kinds of contacts.
	Kinds []string
	// NotifyTypes has steps tell members of teams, and who is on call before and after.
	NotifyTypes bool
	// Do carries a command out, View reads the state. Both end the test if they fail.
	Do   func(Command)
	View func(func(table.Reader))
}

// How much there is of each, with names "u0", "t0", "e0" and "s0" and so on.
const (
	users, teams, escalations, schedules = 5, 3, 3, 3
)

// Make makes it: people of whom some cannot be told, rotations that overlap, teams and escalations
// that lead to each other and in circles, overrides and forwarding.
func (c Configuration) Make() {
	for i := range users {
		c.Do(Encoded(state.PutUser{User: c.user(i)}))
	}
	for i := range teams {
		c.Do(Encoded(state.PutTeam{Team: route.Team{Name: fmt.Sprint("t", i), Rules: []route.Rule{{}}}}))
	}
	for i := range schedules {
		c.Do(Encoded(state.PutSchedule{Schedule: c.schedule(i)}))
	}
	for i := range escalations {
		c.Do(Encoded(state.PutEscalation{Policy: c.escalation(i)}))
	}
	for i := range teams {
		c.Do(Encoded(state.PutTeam{Team: c.team(i)}))
	}
	for range c.Dice.IntN(3) {
		start, end := c.Now.Add(-time.Hour), c.Now.Add(c.span(2*time.Hour))
		who := state.Party{Kind: alert.User, Pick: state.Pick{Name: c.name("u", users)}}
		if c.one(4) {
			who = state.Party{Kind: alert.Team, Pick: state.Pick{Name: c.name("t", teams)}}
		}
		if c.one(4) {
			who = state.Party{Kind: alert.Escalation, Pick: state.Pick{Name: c.name("e", escalations)}}
		}
		c.Do(Encoded(state.CreateOverride{Schedule: state.Pick{Name: c.name("s", schedules)}, Fields: state.OverrideFields{Who: &who, Start: &start, End: &end}}))
	}
	for range c.Dice.IntN(3) {
		start, end := c.Now.Add(-time.Hour), c.Now.Add(c.span(2*time.Hour))
		from := c.Dice.IntN(users)
		to := (from + 1 + c.Dice.IntN(users-1)) % users
		c.Do(Encoded(state.CreateForward{Fields: state.ForwardFields{
			From: &state.Pick{Name: fmt.Sprint("u", from)}, To: &state.Pick{Name: fmt.Sprint("u", to)}, Start: &start, End: &end,
		}}))
	}
	if c.one(3) {
		last := state.PutCatchAll{To: state.Party{Kind: alert.User, Pick: state.Pick{Name: c.name("u", users)}}}
		if c.one(2) {
			last.To = state.Party{Kind: alert.Escalation, Pick: state.Pick{Name: c.name("e", escalations)}}
		}
		if c.one(2) {
			last.After = c.span(10 * time.Minute)
		}
		if c.one(3) {
			last.MinimumPriority = core.Priority(1 + c.Dice.IntN(5))
		}
		c.Do(Encoded(last))
	}
	if c.one(3) { // who is blocked must have been there before
		c.block()
	}
}

func (c Configuration) one(in int) bool { return c.Dice.IntN(in) == 0 }

// span is so odd that hardly two things are due at one moment.
func (c Configuration) span(most time.Duration) time.Duration {
	return time.Duration(1+c.Dice.Int64N(int64(most/time.Millisecond))) * time.Millisecond
}

func (c Configuration) name(kind string, n int) string { return fmt.Sprint(kind, c.Dice.IntN(n)) }

func (c Configuration) user(i int) reach.User {
	u := reach.User{Username: fmt.Sprint("u", i), FullName: fmt.Sprint("u", i), Language: []string{"vi", "en"}[c.Dice.IntN(2)], Zone: "Asia/Ho_Chi_Minh"}
	if c.one(6) {
		u.MutedUntil = c.Now.Add(c.span(4 * time.Hour))
	}
	if c.one(5) {
		u.QuietHours = c.hours()
	}
	u.PierceQuiet = c.one(2)
	for n := range c.Dice.IntN(4) {
		u.Contacts = append(u.Contacts, reach.Contact{
			ID: core.ContactID(fmt.Sprint("k", n)), Kind: c.Kinds[c.Dice.IntN(len(c.Kinds))], Address: fmt.Sprintf("%s/%d", u.Username, c.Dice.IntN(3)), Disabled: c.one(6),
		})
	}
	for range c.Dice.IntN(3) {
		rule := reach.NotificationRule{Action: reach.CreateAlert, Disabled: c.one(6), Name: "rule"}
		switch c.Dice.IntN(8) {
		case 0, 1:
			rule.Action = reach.RenotifiedAlert
		case 2:
			rule.Action = reach.AssignedAlert
		}
		if c.one(3) {
			rule.Loops, rule.LoopAfter = true, time.Minute+c.span(5*time.Minute)
		}
		if c.one(3) {
			rule.MinimumPriority = core.Priority(1 + c.Dice.IntN(4))
		}
		if c.one(4) {
			rule.Restriction = c.hours()
		}
		for range 1 + c.Dice.IntN(4) {
			if len(u.Contacts) == 0 {
				break
			}
			step := reach.Step{Contact: u.Contacts[c.Dice.IntN(len(u.Contacts))].ID, Disabled: c.one(8)}
			if !c.one(3) {
				step.After = c.span(6 * time.Minute)
			}
			rule.Steps = append(rule.Steps, step)
		}
		if len(rule.Steps) > 0 {
			u.Rules = append(u.Rules, rule)
		}
	}
	return u
}

func (c Configuration) block() {
	var u reach.User
	c.View(func(r table.Reader) {
		row, _ := state.FindUser(r, c.name("u", users))
		u = *row
	})
	u.Blocked = true
	c.Do(Encoded(state.PutUser{User: u}))
}

// notify is whom of a recipient a step tells, if it is not as usual.
func (c Configuration) notify(of alert.ResponderKind) escalate.Notify {
	switch {
	case c.one(2):
	case of == alert.Schedule:
		return escalate.Next + escalate.Notify(c.Dice.IntN(2))
	case of == alert.Team:
		return escalate.Users + escalate.Notify(c.Dice.IntN(5))
	}
	return escalate.Default
}

// members are some people, in any order, and those of them who are administrators.
func (c Configuration) members() (all, admins []core.UserID) {
	c.View(func(r table.Reader) {
		for i := range users {
			u, _ := state.FindUser(r, fmt.Sprint("u", i))
			if c.one(3) {
				continue
			}
			at := c.Dice.IntN(len(all) + 1)
			all = slices.Insert(all, at, u.ID)
			if c.one(3) {
				admins = append(admins, u.ID)
			}
		}
	})
	return all, admins
}

// hours are some hours of every day.
func (c Configuration) hours() *rota.Restriction {
	from := c.Dice.IntN(23)
	to := from + 1 + c.Dice.IntN(24-from-1)
	return &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: from * 60, EndMinute: to * 60}}}
}

func (c Configuration) schedule(i int) rota.Schedule {
	s := rota.Schedule{Name: fmt.Sprint("s", i), Zone: "Asia/Ho_Chi_Minh", Disabled: c.one(8)}
	for range 1 + c.Dice.IntN(2) {
		r := rota.Rotation{Start: c.Now.Add(-30 * 24 * time.Hour).Truncate(time.Hour), Unit: rota.Hourly}
		for range 1 + c.Dice.IntN(3) {
			var p rota.Participant
			c.View(func(r table.Reader) {
				switch n := c.Dice.IntN(8); {
				case n == 0: // a turn of nobody
				case n == 1:
					t, _ := state.FindTeam(r, c.name("t", teams))
					p.Team = t.ID
				default:
					u, _ := state.FindUser(r, c.name("u", users))
					p.User = u.ID
				}
			})
			r.Participants = append(r.Participants, p)
		}
		s.Rotations = append(s.Rotations, r)
	}
	return s
}

func (c Configuration) escalation(i int) escalate.Policy {
	p := escalate.Policy{Name: fmt.Sprint("e", i)}
	for n := range 1 + c.Dice.IntN(4) {
		rule := escalate.Rule{Condition: escalate.IfNotAcked}
		if c.one(3) {
			rule.Condition = escalate.IfNotClosed
		}
		if n > 0 || c.one(4) {
			rule.Delay = c.span(15 * time.Minute)
		}
		rule.Recipient = c.Responder(alert.User, alert.User, alert.Schedule, alert.Schedule, alert.Team)
		if c.NotifyTypes {
			rule.Notify = c.notify(rule.Recipient.Kind)
		}
		if c.one(3) {
			rule.Acks = 2 + c.Dice.IntN(2)
		}
		rule.EndsEarlier = c.one(5)
		p.Rules = append(p.Rules, rule)
	}
	if c.one(3) {
		p.Repeat = escalate.Repeat{Wait: time.Minute + c.span(10*time.Minute), Count: 1 + c.Dice.IntN(3), Reset: c.one(2), CloseAfterAll: c.one(2)}
	}
	return p
}

func (c Configuration) team(i int) route.Team {
	var t route.Team
	c.View(func(r table.Reader) {
		row, _ := state.FindTeam(r, fmt.Sprint("t", i))
		t = *row
	})
	t.Rules = nil
	if c.NotifyTypes {
		t.Members, t.Admins = c.members()
	}
	for n := 1 + c.Dice.IntN(3); n > 0; n-- {
		rule := route.Rule{Name: "rule"}
		if n > 1 || c.one(8) {
			switch c.Dice.IntN(2) {
			case 0:
				rule.Criteria = route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{{Field: "priority", Operation: "equals", Value: core.Priority(1 + c.Dice.IntN(5)).String()}}}
			default:
				rule.Restriction, rule.Zone = c.hours(), "Asia/Ho_Chi_Minh"
			}
		}
		if !c.one(6) {
			rule.Notify = c.Responder(alert.Escalation, alert.Escalation, alert.Schedule)
		}
		t.Rules = append(t.Rules, rule)
	}
	return t
}

// Responder picks somebody of one of some kinds.
func (c Configuration) Responder(kinds ...alert.ResponderKind) alert.Responder {
	to := alert.Responder{Kind: kinds[c.Dice.IntN(len(kinds))]}
	c.View(func(r table.Reader) {
		switch to.Kind {
		case alert.User:
			u, _ := state.FindUser(r, c.name("u", users))
			to.ID = string(u.ID)
		case alert.Team:
			t, _ := state.FindTeam(r, c.name("t", teams))
			to.ID = string(t.ID)
		case alert.Escalation:
			e, _ := state.FindEscalation(r, c.name("e", escalations))
			to.ID = string(e.ID)
		case alert.Schedule:
			s, _ := state.FindSchedule(r, c.name("s", schedules))
			to.ID = string(s.ID)
		}
	})
	return to
}

// Responders picks whom an alert names.
func (c Configuration) Responders() (all []alert.Responder) {
	for range 1 + c.Dice.IntN(2) {
		all = append(all, c.Responder(alert.User, alert.Team, alert.Team, alert.Escalation, alert.Escalation, alert.Schedule))
	}
	return all
}
