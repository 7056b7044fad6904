package reach_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
)

var now = time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)

// told writes down a plan as a person would: which contact, after how long, by which rule.
func told(plan reach.Plan, begun time.Time) string {
	var all []string
	for _, a := range plan.Attempts {
		all = append(all, fmt.Sprintf("%s@%s/%s", a.Contact.ID, a.At.Sub(begun), a.Rule))
	}
	if !plan.Again.IsZero() {
		all = append(all, fmt.Sprintf("again@%s/%s", plan.Again.Sub(begun), plan.Rule))
	}
	return strings.Join(all, " ")
}

// decider is the rule for an action that decides about an alert, by the plain reading; ruled says
// that the person has rules for the action at all.
func decider(u *reach.User, action reach.Action, a *alert.Alert, zone *time.Location) (rule *reach.NotificationRule, ruled bool) {
	for i := len(u.Rules) - 1; i >= 0; i-- {
		r := &u.Rules[i]
		if r.Disabled || r.Action != action {
			continue
		}
		ruled = true
		grave := r.MinimumPriority == 0 || a.Priority <= r.MinimumPriority
		about := len(r.Criteria.Conditions) == 0 || r.Criteria.Conditions[0].Value == a.Message
		open := r.Restriction == nil || zone == nil
		if !open {
			h := now.In(zone).Hour()
			open = h >= r.Restriction.Windows[0].StartMinute/60 && h < r.Restriction.Windows[0].EndMinute/60
		}
		if grave && about && open {
			rule = r
		}
	}
	return rule, ruled
}

// plainPlan is Plan, written anew: each working contact looks back over the dead ones just
// before it for the earliest moment at which nothing else is tried.
func plainPlan(u *reach.User, action reach.Action, a *alert.Alert, zone *time.Location) reach.Plan {
	rule, ruled := decider(u, action, a, zone)
	if !ruled {
		rule, ruled = decider(u, reach.CreateAlert, a, zone)
	}
	var steps, plan []reach.Attempt
	var again time.Time
	if rule != nil {
		for _, s := range rule.Steps {
			for _, c := range u.Contacts {
				if c.ID == s.Contact && !s.Disabled && !c.Disabled {
					i := len(steps)
					for i > 0 && steps[i-1].At.After(now.Add(s.After)) {
						i--
					}
					steps = slices.Insert(steps, i, reach.Attempt{Contact: c, At: now.Add(s.After), Rule: rule.ID})
				}
			}
		}
	}
	for i, s := range steps {
		if !s.Contact.DeadSince.IsZero() {
			continue
		}
		for j := i - 1; j >= 0 && !steps[j].Contact.DeadSince.IsZero(); j-- {
			if len(plan) == 0 || !plan[len(plan)-1].At.Equal(steps[j].At) {
				s.At = steps[j].At
			}
		}
		plan = append(plan, s)
	}
	if len(plan) == 0 && (rule != nil || !ruled) {
		for _, c := range u.Contacts {
			if !c.Disabled && c.DeadSince.IsZero() {
				plan = append(plan, reach.Attempt{Contact: c, At: now})
			}
		}
	}
	if rule != nil && rule.Loops && rule.LoopAfter > 0 {
		again = now.Add(rule.LoopAfter)
		if len(steps) > 0 {
			again = steps[len(steps)-1].At.Add(rule.LoopAfter)
		}
	}
	var once []reach.Attempt
	for _, p := range plan {
		if !slices.ContainsFunc(once, func(q reach.Attempt) bool {
			return q.Contact.Kind == p.Contact.Kind && q.Contact.Address == p.Contact.Address && q.At.Equal(p.At)
		}) {
			once = append(once, p)
		}
	}
	if rule == nil {
		return reach.Plan{Attempts: once}
	}
	return reach.Plan{Rule: rule.ID, Attempts: once, Again: again}
}

// someone throws a person with some contacts and rules.
func someone(dice *rand.Rand) *reach.User {
	one := func(of int) bool { return dice.IntN(of) == 0 }
	u := &reach.User{}
	for i := range dice.IntN(5) {
		c := reach.Contact{ID: core.ContactID(fmt.Sprint("c", i)), Kind: []string{"push", "voice"}[dice.IntN(2)], Address: fmt.Sprint(dice.IntN(3)), Disabled: one(5)}
		if one(3) {
			c.DeadSince = now.Add(-time.Hour)
		}
		u.Contacts = append(u.Contacts, c)
	}
	for i := range dice.IntN(4) {
		r := reach.NotificationRule{
			ID: fmt.Sprint("r", i), Action: reach.CreateAlert, Disabled: one(6), MinimumPriority: core.Priority(dice.IntN(6)),
		}
		if one(2) {
			r.Action = []reach.Action{reach.RenotifiedAlert, reach.AssignedAlert, reach.ClosedAlert}[dice.IntN(3)]
		}
		if one(3) {
			r.Loops, r.LoopAfter = one(2), time.Duration(dice.IntN(3))*time.Minute
		}
		if one(3) {
			r.Criteria = route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{{Field: "message", Operation: "equals", Value: []string{"m", "x"}[dice.IntN(2)]}}}
		}
		if one(3) {
			from := 18 + dice.IntN(5)
			r.Restriction = &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: from * 60, EndMinute: (from + 1) * 60}}}
		}
		for range dice.IntN(6) {
			r.Steps = append(r.Steps, reach.Step{Contact: core.ContactID(fmt.Sprint("c", dice.IntN(5))), After: time.Duration(dice.IntN(4)) * time.Minute, Disabled: one(6)})
		}
		u.Rules = append(u.Rules, r)
	}
	return u
}

// The plan is that of the plain reading, and it keeps what every plan must: nobody is tried
// by what cannot work, before the beginning, out of order, or twice by one address at once;
// and a plan begun later is the same plan, later. Rules ogapi-8.reach.first,
// ogapi-8.reach.steps, ogapi-8.reach.repeat, ogapi-8.reach.create, ogapi-8.reach.renotified, ogapi-8.reach.assigned, keng-8.reach.dead, keng-8.reach.once, keng-8.reach.fallback.
func TestPlanAgreesWithThePlainOne(t *testing.T) {
	hanoi := time.FixedZone("+07", 7*3600)
	for seed := range uint64(5000) {
		dice := rand.New(rand.NewPCG(seed, 5))
		u, a := someone(dice), &alert.Alert{Priority: core.Priority(1 + dice.IntN(5)), Message: "m"}
		zone := []*time.Location{hanoi, time.UTC, nil}[dice.IntN(3)]
		action := []reach.Action{reach.CreateAlert, reach.RenotifiedAlert, reach.AssignedAlert}[dice.IntN(3)]
		plan := u.Plan(action, a, now, zone)
		if got, want := told(plan, now), told(plainPlan(u, action, a, zone), now); got != want {
			t.Fatalf("seed %d: %q, want %q, of %+v", seed, got, want, u)
		}
		for i, p := range plan.Attempts {
			if !p.Contact.Usable() || p.At.Before(now) || i > 0 && p.At.Before(plan.Attempts[i-1].At) {
				t.Fatalf("seed %d: %q", seed, told(plan, now))
			}
		}
		later := now.AddDate(0, 0, 7)
		if told(u.Plan(action, a, later, zone), later) != told(plan, now) {
			t.Fatalf("seed %d: a week later the plan is another one", seed)
		}
		again, ok := u.PlanAgain(plan.Rule, later)
		if ok == plan.Again.IsZero() || ok && told(again, later) != told(plan, now) {
			t.Fatalf("seed %d: what comes again is %q (%t), of %q", seed, told(again, later), ok, told(plan, now))
		}
	}
}

// Rules ogapi-8.reach.restriction, keng-8.reach.zone-unknown.
func TestARuleIsForTheHoursOfThePersonsZone(t *testing.T) {
	u := reach.User{
		Contacts: []reach.Contact{{ID: "push"}, {ID: "voice", Kind: "voice"}},
		Rules: []reach.NotificationRule{
			{ID: "evening", Action: reach.CreateAlert, Steps: []reach.Step{{Contact: "voice"}},
				Restriction: &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 21 * 60, EndMinute: 22 * 60}}}},
			{ID: "else", Action: reach.CreateAlert, Steps: []reach.Step{{Contact: "push"}}},
		},
	}
	for name, x := range map[string]struct {
		zone *time.Location
		want string
	}{
		"in Hà Nội it is evening":  {time.FixedZone("+07", 7*3600), "voice@0s/evening"},
		"in London it is not":      {time.UTC, "push@0s/else"},
		"nobody knows what it is":  {nil, "voice@0s/evening"},
		"a moment before evening":  {time.FixedZone("", 7*3600-60), "push@0s/else"},
		"the last minute of it":    {time.FixedZone("", 8*3600-60), "voice@0s/evening"},
		"the evening is over":      {time.FixedZone("", 8*3600), "push@0s/else"},
		"the same hour, yesterday": {time.FixedZone("", -17*3600), "voice@0s/evening"},
	} {
		if got := told(u.Plan(reach.CreateAlert, &alert.Alert{Priority: core.P3}, now, x.zone), now); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

// Rules keng-8.reach.dead, keng-8.reach.fallback: the odd corners of a person's rules.
func TestCornersOfAPlan(t *testing.T) {
	dead := reach.Contact{ID: "dead", Kind: "sms", DeadSince: now}
	contacts := []reach.Contact{{ID: "push", Kind: "push"}, dead, {ID: "voice", Kind: "voice"}}
	at := func(id core.ContactID, minutes int) reach.Step {
		return reach.Step{Contact: id, After: time.Duration(minutes) * time.Minute}
	}
	for name, x := range map[string]struct {
		steps []reach.Step
		want  string
	}{
		"a contact that is gone":                {[]reach.Step{at("gone", 0), at("push", 2)}, "push@2m0s/r"},
		"only contacts that are gone":           {[]reach.Step{at("gone", 0)}, "push@0s/ voice@0s/"},
		"no steps":                              {nil, "push@0s/ voice@0s/"},
		"dead between two":                      {[]reach.Step{at("push", 0), at("dead", 1), at("voice", 5)}, "push@0s/r voice@1m0s/r"},
		"dead beside the first":                 {[]reach.Step{at("push", 0), at("dead", 0), at("voice", 5)}, "push@0s/r voice@5m0s/r"},
		"dead beside the first, and once more":  {[]reach.Step{at("push", 0), at("dead", 0), at("dead", 2), at("voice", 5)}, "push@0s/r voice@2m0s/r"},
		"dead at the end":                       {[]reach.Step{at("push", 0), at("dead", 1)}, "push@0s/r"},
		"who moves up leaves the others":        {[]reach.Step{at("dead", 0), at("push", 1), at("voice", 2)}, "push@0s/r voice@2m0s/r"},
		"who moves up meets nobody twice":       {[]reach.Step{at("dead", 0), at("push", 1), at("push", 1)}, "push@0s/r push@1m0s/r"},
		"equal moments in the order as written": {[]reach.Step{at("voice", 1), at("push", 1), at("push", 0)}, "push@0s/r voice@1m0s/r push@1m0s/r"},
	} {
		u := reach.User{Contacts: contacts, Rules: []reach.NotificationRule{{ID: "r", Action: reach.CreateAlert, Steps: x.steps}}}
		before := slices.Clone(x.steps)
		if got := told(u.Plan(reach.CreateAlert, &alert.Alert{}, now, time.UTC), now); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
		if !slices.Equal(before, x.steps) {
			t.Errorf("%s: planning has changed the rule", name)
		}
	}
	u := reach.User{Contacts: contacts}
	if c, ok := u.Contact("voice"); !ok || c.Kind != "voice" {
		t.Errorf("%+v %v", c, ok)
	}
	if c, ok := u.Contact("gone"); ok || c != (reach.Contact{}) {
		t.Errorf("%+v %v", c, ok)
	}
}
