package reach_test

import (
	"fmt"
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

// Rules ogapi-8.reach.priority, ogapi-8.reach.criteria.
func TestPlan(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	contacts := func(dead ...string) []reach.Contact {
		all := []reach.Contact{{ID: "push", Kind: "push"}, {ID: "voice", Kind: "voice"}, {ID: "off", Kind: "sms", Disabled: true}}
		for _, d := range dead {
			for i := range all {
				if string(all[i].ID) == d {
					all[i].DeadSince = now
				}
			}
		}
		return all
	}
	rule := func(least core.Priority, steps ...reach.Step) reach.NotificationRule {
		return reach.NotificationRule{ID: "r", Action: reach.CreateAlert, MinimumPriority: least, Steps: steps}
	}
	about := func(message string, steps ...reach.Step) reach.NotificationRule {
		r := rule(0, steps...)
		r.Criteria = route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{{Field: "message", Operation: "equals", Value: message}}}
		return r
	}
	by := func(hour int, steps ...reach.Step) reach.NotificationRule {
		r := rule(0, steps...)
		r.Restriction = &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: hour * 60, EndMinute: hour*60 + 60}}}
		return r
	}
	usual := []reach.Step{{Contact: "voice", After: 3 * time.Minute}, {Contact: "push"}, {Contact: "off"}}
	for _, c := range []struct {
		name     string
		user     reach.User
		priority core.Priority
		want     string
	}{
		{"by the moments, not as written", reach.User{Contacts: contacts(), Rules: []reach.NotificationRule{rule(0, usual...)}}, core.P3, "push@0s voice@3m0s"},
		{"the next takes the place of a dead one", reach.User{Contacts: contacts("push"), Rules: []reach.NotificationRule{rule(0, usual...)}}, core.P3, "voice@0s"},
		{"of several dead ones the first one's", reach.User{Contacts: contacts("push"), Rules: []reach.NotificationRule{
			rule(0, reach.Step{Contact: "push", After: time.Minute}, reach.Step{Contact: "push", After: 2 * time.Minute}, reach.Step{Contact: "voice", After: time.Hour}, reach.Step{Contact: "voice", After: 2 * time.Hour})}}, core.P3, "voice@1m0s voice@2h0m0s"},
		{"a dead one beside which another works leaves no gap", reach.User{Contacts: contacts("push"), Rules: []reach.NotificationRule{
			rule(0, reach.Step{Contact: "voice"}, reach.Step{Contact: "push"}, reach.Step{Contact: "voice", After: time.Hour})}}, core.P3, "voice@0s voice@1h0m0s"},
		{"nobody takes the place of one that is switched off", reach.User{Contacts: contacts(), Rules: []reach.NotificationRule{
			rule(0, reach.Step{Contact: "off"}, reach.Step{Contact: "voice", After: time.Hour})}}, core.P3, "voice@1h0m0s"},
		{"without rules every usable contact at once", reach.User{Contacts: contacts()}, core.P3, "push@0s voice@0s"},
		{"too light for the rules", reach.User{Contacts: contacts(), Rules: []reach.NotificationRule{rule(core.P2, usual...)}}, core.P3, ""},
		{"as grave as the rule wants", reach.User{Contacts: contacts(), Rules: []reach.NotificationRule{rule(core.P2, usual...)}}, core.P2, "push@0s voice@3m0s"},
		{"the rule names only what cannot work", reach.User{Contacts: contacts("push"), Rules: []reach.NotificationRule{rule(0, reach.Step{Contact: "push"})}}, core.P3, "voice@0s"},
		{"a disabled rule is no rule", reach.User{Contacts: contacts(), Rules: []reach.NotificationRule{{Action: reach.CreateAlert, Disabled: true, Steps: usual}}}, core.P3, "push@0s voice@0s"},
		{"the first rule that wants it decides", reach.User{Contacts: contacts(), Rules: []reach.NotificationRule{
			{Action: reach.ClosedAlert, Steps: usual}, rule(core.P1, usual...), about("x", usual...), by(15, usual...),
			by(14, reach.Step{Contact: "voice"}, reach.Step{Contact: "push", Disabled: true}), rule(0, usual...)}}, core.P3, "voice@0s"},
		{"rules that want other alerts", reach.User{Contacts: contacts(), Rules: []reach.NotificationRule{about("x", usual...)}}, core.P3, ""},
		{"nothing works", reach.User{Contacts: contacts("push", "voice")}, core.P1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, a := range c.user.Plan(reach.CreateAlert, &alert.Alert{Priority: c.priority, Message: "m"}, now, time.UTC).Attempts {
				got = append(got, fmt.Sprintf("%s@%s", a.Contact.ID, a.At.Sub(now)))
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}

func TestPlanTriesAnAddressOnceAtATime(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	u := reach.User{
		Contacts: []reach.Contact{{ID: "a", Kind: "push", Address: "tok"}, {ID: "b", Kind: "push", Address: "tok"}, {ID: "c", Kind: "voice", Address: "tok"}},
		Rules: []reach.NotificationRule{
			{ID: "all", Action: reach.CreateAlert, Steps: []reach.Step{{Contact: "a"}, {Contact: "c"}, {Contact: "b"}, {Contact: "a", After: time.Minute}}},
		},
	}
	var got []string
	for _, a := range u.Plan(reach.CreateAlert, &alert.Alert{Priority: core.P1}, now, time.UTC).Attempts {
		got = append(got, string(a.Contact.ID)+" "+a.At.Sub(now).String())
	}
	if want := []string{"a 0s", "c 0s", "a 1m0s"}; !slices.Equal(got, want) {
		t.Errorf("planned %v, want %v", got, want)
	}
}
