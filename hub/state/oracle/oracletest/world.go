// Package oracletest joins the oracle and the state: configurations by chance, the rows of a
// state as the oracle wants them, and the pages of a state as the oracle tells them.
package oracletest

import (
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/hub/state"
	"keng/hub/state/oracle"
	"keng/raftstore/table"
)

// World returns what is configured in a state, known by ids, with the overrides and forwarding rules that
// are not over at a moment.
func World(r table.Reader, now time.Time) *oracle.World {
	w := &oracle.World{
		People: map[string]*oracle.Person{}, Teams: map[string]*oracle.TeamOf{},
		Escalations: map[string]*oracle.Steps{}, Schedules: map[string]*oracle.Shifts{},
	}
	for u := range state.Users.All(r) {
		w.People[string(u.ID)] = person(u)
	}
	for t := range state.Teams.All(r) {
		w.Teams[string(t.ID)] = team(t)
	}
	for p := range state.Escalations.All(r) {
		w.Escalations[string(p.ID)] = steps(p)
	}
	for s := range state.Schedules.All(r) {
		w.Schedules[string(s.ID)] = shifts(r, s, now)
	}
	for f := range state.ForwardsOf(r, "", now) {
		w.Forwards = append(w.Forwards, oracle.Forward{From: string(f.From), To: string(f.To), Start: f.Start, End: f.End, Number: f.Number})
	}
	if last, ok := state.CatchAllOf(r); ok {
		w.LastResort = &oracle.LastResort{To: Who(last.To), After: last.After, AtLeast: int(last.MinimumPriority)}
	}
	return w
}

func person(u *reach.User) *oracle.Person {
	p := &oracle.Person{Blocked: u.Blocked, MutedUntil: u.MutedUntil, Quiet: hours(u.QuietHours, u.Zone), Pierces: u.PierceQuiet}
	events := map[reach.Action]string{reach.CreateAlert: oracle.Created, reach.RenotifiedAlert: oracle.Renotified, reach.AssignedAlert: oracle.Assigned}
	for _, k := range u.Contacts {
		p.Contacts = append(p.Contacts, oracle.Contact{ID: string(k.ID), Kind: k.Kind, Address: k.Address, Disabled: k.Disabled, Dead: !k.DeadSince.IsZero()})
	}
	for _, rule := range u.Rules {
		to := oracle.Rule{ID: rule.ID, Event: events[rule.Action], Disabled: rule.Disabled, AtLeast: int(rule.MinimumPriority), Hours: hours(rule.Restriction, u.Zone)}
		for _, s := range rule.Steps {
			to.Attempts = append(to.Attempts, oracle.Attempt{Contact: string(s.Contact), After: s.After, Disabled: s.Disabled})
		}
		if rule.Loops {
			to.Loop = rule.LoopAfter
		}
		p.Rules = append(p.Rules, to)
	}
	return p
}

// hours reads a restriction that package oracletest has made: one window of every day, in whole hours.
func hours(r *rota.Restriction, zone string) *oracle.Hours {
	if r == nil {
		return nil
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	return &oracle.Hours{From: r.Windows[0].StartMinute / 60, To: r.Windows[0].EndMinute / 60, Zone: location}
}

func team(t *route.Team) *oracle.TeamOf {
	to := &oracle.TeamOf{}
	for _, m := range t.Members {
		to.Members = append(to.Members, string(m))
	}
	for _, m := range t.Admins {
		to.Admins = append(to.Admins, string(m))
	}
	for _, rule := range t.Rules {
		r := oracle.Routing{ID: rule.ID, Hours: hours(rule.Restriction, rule.Zone), To: Who(rule.Notify)}
		for _, c := range rule.Criteria.Conditions { // of which there is one at most: priority equals
			p, err := core.ParsePriority(c.Value)
			if err != nil {
				panic(err)
			}
			r.Priority = int(p)
		}
		to.Rules = append(to.Rules, r)
	}
	return to
}

func steps(p *escalate.Policy) *oracle.Steps {
	to := &oracle.Steps{Rounds: p.Repeat.Count, Wait: p.Repeat.Wait, Reset: p.Repeat.Reset, Closes: p.Repeat.CloseAfterAll}
	for _, rule := range p.Rules {
		to.Steps = append(to.Steps, oracle.Step{
			After: rule.Delay, To: Who(rule.Recipient), Notify: notify(rule.Notify), Unclosed: rule.Condition == escalate.IfNotClosed,
			Acks: rule.Acks, EndsEarlier: rule.EndsEarlier,
		})
	}
	return to
}

func notify(n escalate.Notify) string {
	if n == escalate.Default {
		return ""
	}
	return n.String()
}

func shifts(r table.Reader, s *rota.Schedule, now time.Time) *oracle.Shifts {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		panic(err)
	}
	calendar := &rota.Calendar{Schedule: s, Zone: zone}
	for _, o := range state.OverridesOf(r, s.ID, now) {
		calendar.Overrides = append(calendar.Overrides, *o)
	}
	turns := func(of func(time.Time) []rota.Period) func(time.Time) []oracle.Turn {
		return func(at time.Time) (turns []oracle.Turn) {
			for _, p := range of(at) {
				turns = append(turns, oracle.Turn{Who: Who(state.ResponderOf(p.Participant)), Override: p.Override})
			}
			return turns
		}
	}
	return &oracle.Shifts{Disabled: s.Disabled, OnCall: turns(calendar.Who), Next: turns(calendar.Next), Previous: turns(calendar.Previous)}
}

// Who returns a responder as the oracle names it.
func Who(r alert.Responder) oracle.Who {
	kinds := map[alert.ResponderKind]string{alert.User: oracle.User, alert.Team: oracle.Team, alert.Escalation: oracle.Escalation, alert.Schedule: oracle.Schedule}
	return oracle.Who{Kind: kinds[r.Kind], Name: r.ID}
}

// Alert returns what the oracle is told of an alert.
func Alert(a *alert.Alert) oracle.Alert {
	to := oracle.Alert{Priority: int(a.Priority)}
	for _, r := range a.Responders {
		to.Responders = append(to.Responders, Who(r))
	}
	return to
}
