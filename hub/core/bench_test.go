package core_test

import (
	"fmt"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/route"
)

// BenchmarkEvaluate is all that is decided of a new alert, from the draft to who is reached
// by what and when: three alert policies of which two write templates, a notification policy,
// five routing rules of which the last matches, an escalation of three steps, and two people
// with rules of their own. The issue allows it 25 µs.
func BenchmarkEvaluate(b *testing.B) {
	zone := time.FixedZone("+07", 7*60*60)
	zones := func(string) (*time.Location, error) { return zone, nil }
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	names := func(r alert.Responder) string { return "name of " + r.ID }
	shaping, judged, team := policies(names)
	policy, people := steps(), []*reach.User{person("an"), person("binh")}
	draft := alert.Draft{
		Message: "disk full on db-1", Alias: "branch-3/disk", Source: "agent", Tags: []string{"disk", "db"}, Details: map[string]string{"site": "branch-3"},
		Responders: []alert.Responder{{Kind: alert.Team, ID: "t1"}}, Priority: core.P4,
	}
	w := &route.World{Now: now, Zones: zones, Memo: route.NewMemo()} // which the hub keeps, too, until its rules change
	b.ReportAllocs()
	for b.Loop() {
		shaped := shaping.Shape(draft, w)
		a := alert.New(shaped.Draft, "a1", 1, now)
		s := route.Of(a, names)
		verdict := route.Judge(judged, &s, &route.Facts{Created: now, Count: 1}, w)
		routed, ok := team.Route(&s, w)
		if !ok || routed.Rule.ID != "5" || len(shaped.Applied) != 3 || len(verdict.Reasons) != 0 {
			b.Fatal(shaped, routed, verdict)
		}
		attempts := 0
		for n := range 3 {
			step, ok := policy.Step(n, now)
			if !ok || !step.Rule.Holds(a) {
				b.Fatal("a step is missing")
			}
			if n < len(people) {
				attempts += len(people[n].Plan(a, step.At, zone))
			}
		}
		if attempts != 6 {
			b.Fatal(attempts, " attempts")
		}
	}
}

// asks makes criteria of conditions that must all hold, each of a field, an operation and a
// value.
func asks(conditions ...[3]string) route.Criteria {
	k := route.Criteria{Join: route.AllConditions}
	for _, c := range conditions {
		k.Conditions = append(k.Conditions, route.Condition{Field: c[0], Operation: c[1], Value: c[2]})
	}
	return k
}

// policies are the rules of a company and of one team.
func policies(names route.Names) (route.Shaping, []route.NotificationPolicy, route.Team) {
	policy := func(n int, message string) route.AlertPolicy {
		return route.AlertPolicy{
			ID: fmt.Sprint("p", n), Name: fmt.Sprint("policy ", n), Continue: true,
			Filter: asks([3]string{"message", "contains", "disk"}, [3]string{"tags", "contains", "db"}),
			Fields: route.Rewrite{Message: message, Tags: []string{fmt.Sprint("tag-", n)}, Details: map[string]string{"by": "{{source}}"}},
		}
	}
	ofTeam := []route.AlertPolicy{policy(2, "[{{details.site}}] {{message}}"), policy(3, "")}
	shaping := route.Shaping{Global: []route.AlertPolicy{policy(1, "{{message}} of {{entity}}")}, Team: func(core.TeamID) []route.AlertPolicy { return ofTeam }, Names: names}
	quiet := route.NotificationPolicy{ID: "n1", Name: "tests", Filter: asks([3]string{"tags", "contains", "test"}), Suppress: true}
	return shaping, []route.NotificationPolicy{quiet}, route.Team{ID: "t1", Name: "network", Rules: []route.Rule{
		{ID: "1", Criteria: asks([3]string{"priority", "equals", "P1"})},
		{ID: "2", Criteria: asks([3]string{"message", "matches", "net(work)?.*"})},
		{ID: "3", Criteria: asks([3]string{"details", "contains-key", "cause"})},
		{ID: "4", Criteria: asks([3]string{"source", "starts-with", "cloud"})},
		{ID: "5", Default: true, Notify: alert.Responder{Kind: alert.Escalation, ID: "e1"}},
	}}
}

// steps is an escalation to two people and their team.
func steps() *escalate.Policy {
	rule := func(minutes time.Duration, kind alert.ResponderKind, id string) escalate.Rule {
		return escalate.Rule{Condition: escalate.IfNotAcked, Delay: minutes * time.Minute, Recipient: alert.Responder{Kind: kind, ID: id}}
	}
	return &escalate.Policy{ID: "e1", Name: "e1", Rules: []escalate.Rule{rule(10, alert.Team, "t1"), rule(5, alert.User, "binh"), rule(0, alert.User, "an")}}
}

// person is told of grave alerts in one way and of others in another, both by three contacts.
func person(name string) *reach.User {
	u := &reach.User{ID: core.UserID(name), Username: name + "@example.vn", Zone: "Asia/Ho_Chi_Minh"}
	var tries []reach.Step
	for n, kind := range []string{"push", "sms", "voice"} {
		k := reach.Contact{ID: core.ContactID(fmt.Sprint(name, n)), Kind: kind, Address: fmt.Sprint("+8490000000", n)}
		u.Contacts, tries = append(u.Contacts, k), append(tries, reach.Step{Contact: k.ID, After: time.Duration(n) * time.Minute})
	}
	u.Rules = []reach.NotificationRule{
		{ID: "grave", Action: reach.CreateAlert, Criteria: asks([3]string{"priority", "greater-than", "P3"}), Steps: tries},
		{ID: "usual", Action: reach.CreateAlert, Criteria: asks([3]string{"tags", "contains", "disk"}), Steps: tries},
	}
	return u
}
