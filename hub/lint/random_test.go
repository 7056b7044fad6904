package lint_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/hub/lint"
	"keng/hub/state"
	"keng/hub/zones"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// dice throws configurations, sensible or not: ids that lead nowhere, rules that cannot be.
type dice struct{ *rand.Rand }

func of[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }

func (d dice) id() string { return fmt.Sprint("x", d.IntN(6)) }

func (d dice) responder() alert.Responder {
	return who(of(d, alert.User, alert.Team, alert.Escalation, alert.Schedule, 0, 9), d.id())
}

func (d dice) criteria() route.Criteria {
	c := route.Criteria{Join: of(d, route.All, route.AnyCondition, route.AllConditions, 7)}
	for range d.IntN(4) {
		x := is(of(d, "message", "priority", "tags", "details", "teams", "nothing", ""), of(d, "equals", "contains", "greater-than", "less-than", "is-empty", "matches", "starts-with", "odd"), of(d, "", "P1", "5", "(", "a"))
		x.Key, x.Not = of(d, "", "", "host"), d.IntN(3) == 0
		c.Conditions = append(c.Conditions, x)
	}
	return c
}

func (d dice) restriction() *rota.Restriction {
	if d.IntN(2) == 0 {
		return nil
	}
	r := &rota.Restriction{Daily: d.IntN(2) == 0, Days: rota.Days(d.IntN(4))}
	for range d.IntN(3) {
		r.Windows = append(r.Windows, rota.Window{StartDay: time.Weekday(d.IntN(7)), StartMinute: d.IntN(1441), EndDay: time.Weekday(d.IntN(7)), EndMinute: d.IntN(1441)})
	}
	return r
}

func (d dice) zone() string { return of(d, "UTC", "Asia/Ho_Chi_Minh", "", "Nowhere/Else") }

func (d dice) user(id string) reach.User {
	u := reach.User{ID: core.UserID(id), Username: id, Zone: d.zone(), Blocked: d.IntN(4) == 0, Profile: reach.Profile{Role: of(d, "Owner", "User")}}
	for i := range d.IntN(3) {
		k := reach.Contact{ID: core.ContactID(fmt.Sprint("c", i)), Kind: of(d, "push", "email", "sms", "odd"), Disabled: d.IntN(3) == 0}
		if d.IntN(3) == 0 {
			k.DeadSince = now
		}
		u.Contacts = append(u.Contacts, k)
	}
	for range d.IntN(4) {
		u.Rules = append(u.Rules, reach.NotificationRule{Action: reach.Action(d.IntN(11)), MinimumPriority: core.Priority(d.IntN(7)), Criteria: d.criteria(), Restriction: d.restriction(), Disabled: d.IntN(4) == 0,
			Steps: []reach.Step{{Contact: core.ContactID(fmt.Sprint("c", d.IntN(4))), After: time.Duration(d.IntN(20)) * time.Minute, Disabled: d.IntN(4) == 0}}})
	}
	return u
}

func (d dice) schedule(id string) rota.Schedule {
	s := rota.Schedule{ID: core.ScheduleID(id), Name: id, Zone: d.zone(), Disabled: d.IntN(4) == 0, Covers: d.restriction(), Holidays: of(d, "", "gone")}
	for range d.IntN(3) {
		r := rota.Rotation{Start: now.AddDate(0, 0, d.IntN(60)-30), Unit: rota.Unit(d.IntN(7)), Length: d.IntN(3), Restriction: d.restriction()}
		for range d.IntN(3) {
			r.Participants = append(r.Participants, of(d, rota.Participant{}, rota.Participant{User: core.UserID(d.id())}, rota.Participant{Team: core.TeamID(d.id())}, rota.Participant{Escalation: core.EscalationID(d.id())}))
			at := now.AddDate(0, 0, d.IntN(9)-4)
			r.Slots = append(r.Slots, rota.Slot{Participant: rota.Participant{User: core.UserID(d.id())}, Start: at, End: at.Add(time.Hour)})
		}
		s.Rotations = append(s.Rotations, r)
	}
	return s
}

func (d dice) cluster() *cluster {
	c := &cluster{tx: tabletest.NewTx(), facts: lint.Facts{PublicURL: of(d, "", "::", "https://x", "http://api")}}
	for i := range 6 {
		id := fmt.Sprint("x", i)
		if d.IntN(5) > 0 {
			put(c, state.Users, d.user(id))
		}
		if d.IntN(5) > 0 {
			put(c, state.Schedules, d.schedule(id))
		}
		t := route.Team{ID: core.TeamID(id), Name: id, Members: []core.UserID{core.UserID(d.id())}, Admins: []core.UserID{core.UserID(d.id())}}
		p := escalate.Policy{ID: core.EscalationID(id), Name: id}
		for range d.IntN(4) {
			t.Rules = append(t.Rules, route.Rule{Criteria: d.criteria(), Notify: d.responder(), Restriction: d.restriction(), Zone: d.zone(), Default: d.IntN(5) == 0})
			p.Rules = append(p.Rules, escalate.Rule{Condition: escalate.Condition(d.IntN(3)), Delay: time.Duration(d.IntN(30)) * time.Minute, Recipient: d.responder()})
		}
		put(c, state.Teams, t)
		put(c, state.Escalations, p)
		n := &route.NotificationPolicy{Name: id, Team: core.TeamID(d.id()), Filter: d.criteria(), Restriction: d.restriction(), Zone: d.zone(), Suppress: d.IntN(2) == 0, CloseAfter: time.Duration(d.IntN(3)) * time.Hour}
		if d.IntN(2) == 0 {
			n.Delay = &route.Delay{Option: route.DelayOption(d.IntN(12)), For: time.Duration(d.IntN(60)) * time.Hour}
		}
		put(c, state.Policies, state.Policy{ID: id + "n", Team: n.Team, Place: i, Notification: n})
		put(c, state.Policies, state.Policy{ID: id + "a", Place: i, Alert: &route.AlertPolicy{Name: id, Filter: d.criteria(), Restriction: d.restriction(), Fields: route.Rewrite{Responders: []alert.Responder{d.responder()}}}})
		put(c, state.Integrations, state.Integration{Rules: route.Integration{ID: core.IntegrationID(id), Name: id, Team: core.TeamID(of(d, "", d.id())), Responders: []alert.Responder{d.responder()},
			Actions: []route.Action{{Kind: route.ActionKind(d.IntN(7)), Filter: d.criteria()}, {Kind: route.ActionKind(d.IntN(7)), Filter: d.criteria()}}}})
		put(c, state.Groupings, state.Grouping{Place: i, Grouping: route.Grouping{ID: id, Name: id, Filter: d.criteria()}})
		put(c, state.Overrides, rota.Override{Alias: id, Schedule: core.ScheduleID(d.id()), Participant: rota.Participant{User: core.UserID(d.id())}, Start: now.Add(-time.Hour), End: now.Add(time.Duration(d.IntN(9)) * time.Hour)})
		put(c, state.Forwards, rota.Forward{ID: id, From: core.UserID(d.id()), To: core.UserID(d.id()), Start: now.Add(-time.Hour), End: now.Add(time.Hour), Number: uint64(i)})
	}
	return c
}

// Whatever is configured, the linter says something of it, the same each time, and changes nothing.
func TestRandomConfigurations(t *testing.T) {
	for seed := range uint64(100) {
		c := dice{rand.New(rand.NewPCG(seed, 1))}.cluster()
		first, second := c.look(), c.look()
		if fmt.Sprint(first) != fmt.Sprint(second) {
			t.Fatalf("seed %d: two looks differ", seed)
		}
	}
}

// counted counts what is read of a state.
type counted struct {
	table.Reader
	reads int
}

func (c *counted) Get(key []byte) ([]byte, bool) {
	c.reads++
	return c.Reader.Get(key)
}

// As many things as one hub can be expected to have take as much work as there are things: each is
// read once, not once for every other.
func TestWorkIsBounded(t *testing.T) {
	const people, schedules = 10_000, 5_000
	c := clean()
	id := func(i int) string { return fmt.Sprintf("u%05d", i%people) }
	for i := range people {
		put(c, state.Users, someone(id(i), "vi", "User"))
		put(c, state.Forwards, rota.Forward{ID: id(i), From: core.UserID(id(i)), To: core.UserID(id(i + 1)), Start: now, End: now.Add(time.Hour), Number: uint64(i)})
	}
	start := now.AddDate(0, 0, -7)
	for i := range schedules {
		name := fmt.Sprintf("s%04d", i)
		put(c, state.Schedules, rota.Schedule{ID: core.ScheduleID(name), Name: name, Zone: "UTC", Rotations: []rota.Rotation{{ID: "r", Start: start, Unit: rota.Hourly, Length: 4, Participants: turns(core.UserID(id(2*i)), core.UserID(id(2*i+1)))}}})
		put(c, state.Escalations, escalate.Policy{ID: core.EscalationID(name), Name: name, Rules: []escalate.Rule{step(0, who(alert.Schedule, name)), step(5, who(alert.User, id(2*i+2)))}})
		put(c, state.Teams, route.Team{ID: core.TeamID(name), Name: name, Members: []core.UserID{core.UserID(id(i))}, Admins: []core.UserID{core.UserID(id(i))}, Rules: []route.Rule{{Default: true, Notify: who(alert.Escalation, name)}}})
	}
	r := &counted{Reader: c.tx}
	report := lint.Look(r, now, (&zones.Finder{}).Find, c.facts, lint.Hint)
	if report.Unseen == 0 || report.Unseen > schedules/2 {
		t.Errorf("%d schedules were not looked through: they have 336 periods each, and %d may be looked at", report.Unseen, lint.PeriodsMax)
	}
	if r.reads > people+100 { // an index names the row that it is of
		t.Errorf("%d rows were looked up one by one", r.reads)
	}
	if len(report.Findings) > 1 { // the ring of forwards is longer than it is followed
		t.Errorf("%d findings, the first: %+v", len(report.Findings), report.Findings[0])
	}
}
