package lint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/heartbeat"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/hub/lint"
	"keng/hub/state"
	"keng/hub/zones"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// now is a Monday in a week without anything special.
var now = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// cluster is a configuration to be spoilt: whatever a test wants, as it stands in the tables.
type cluster struct {
	tx    *tabletest.Tx
	facts lint.Facts
}

func put[R any](c *cluster, t *table.Table[R], row R) {
	if err := t.Put(c.tx, &row); err != nil {
		panic(err)
	}
}

// edit changes a row.
func edit[R any](c *cluster, t *table.Table[R], id string, change func(*R)) {
	row, ok := t.Get(c.tx, table.K().String(id))
	if !ok {
		panic("there is no " + id)
	}
	change(row)
	put(c, t, *row)
}

func (c *cluster) user(id string, change func(*reach.User)) { edit(c, state.Users, id, change) }
func (c *cluster) team(id string, change func(*route.Team)) { edit(c, state.Teams, id, change) }
func (c *cluster) schedule(id string, change func(*rota.Schedule)) {
	edit(c, state.Schedules, id, change)
}
func (c *cluster) escalation(id string, change func(*escalate.Policy)) {
	edit(c, state.Escalations, id, change)
}
func (c *cluster) integration(id string, change func(*route.Integration)) {
	edit(c, state.Integrations, id, func(i *state.Integration) { change(&i.Rules) })
}
func (c *cluster) alertPolicy(id string, change func(*route.AlertPolicy)) {
	edit(c, state.Policies, id, func(p *state.Policy) { change(p.Alert) })
}
func (c *cluster) notificationPolicy(id string, change func(*route.NotificationPolicy)) {
	edit(c, state.Policies, id, func(p *state.Policy) { change(p.Notification) })
}

func (c *cluster) look() lint.Report {
	return lint.Look(c.tx, now, (&zones.Finder{}).Find, c.facts, lint.Hint)
}

func who(kind alert.ResponderKind, id string) alert.Responder {
	return alert.Responder{Kind: kind, ID: id}
}

func step(minutes int, r alert.Responder) escalate.Rule {
	return escalate.Rule{Condition: escalate.IfNotAcked, Delay: time.Duration(minutes) * time.Minute, Recipient: r}
}

func turns(ids ...core.UserID) (all []rota.Participant) {
	for _, id := range ids {
		all = append(all, rota.Participant{User: id})
	}
	return all
}

func all(conditions ...route.Condition) route.Criteria {
	return route.Criteria{Join: route.AllConditions, Conditions: conditions}
}

func is(field, operation, value string) route.Condition {
	return route.Condition{Field: field, Operation: operation, Value: value}
}

func daily(from, to int) *rota.Restriction {
	return &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: from * 60, EndMinute: to * 60}}}
}

// someone is a person with the app, a telephone and mail, in one of the two languages.
func someone(id, language, role string) reach.User {
	return reach.User{
		ID: core.UserID(id), Username: id + "@example.vn", FullName: id, Language: language, Zone: "Asia/Ho_Chi_Minh", Profile: reach.Profile{Role: role, CreatedAt: now},
		Contacts: []reach.Contact{{ID: core.ContactID(id + "-push"), Kind: "push", Address: id}, {ID: core.ContactID(id + "-voice"), Kind: "voice", Address: "+8490" + id}, {ID: core.ContactID(id + "-mail"), Kind: "email", Address: id + "@example.vn"}},
		Rules: []reach.NotificationRule{
			{ID: id + "-grave", Name: "grave", Action: reach.CreateAlert, MinimumPriority: core.P2, Steps: []reach.Step{{Contact: core.ContactID(id + "-push")}, {Contact: core.ContactID(id + "-voice"), After: 2 * time.Minute}}},
			{ID: id + "-all", Name: "all", Action: reach.CreateAlert, Steps: []reach.Step{{Contact: core.ContactID(id + "-push")}}},
			{ID: id + "-shift", Name: "shift", Action: reach.ScheduleStart, Times: []string{"1-hour-ago"}, Steps: []reach.Step{{Contact: core.ContactID(id + "-mail")}}},
			{ID: id + "-closed", Name: "closed", Action: reach.ClosedAlert, Steps: []reach.Step{{Contact: core.ContactID(id + "-mail")}}},
		},
	}
}

// clean is a rich configuration in which everything is in order.
func clean() *cluster {
	c := &cluster{tx: tabletest.NewTx(), facts: lint.Facts{PublicURL: "https://keng-api.example.vn"}}
	put(c, state.Clusters, state.Cluster{Name: "main", Language: "vi", FoundedAt: now, DefaultTeam: "net"})
	for _, u := range []reach.User{someone("an", "vi", "Owner"), someone("binh", "en", "Admin"), someone("chi", "vi", "User"), someone("dung", "en", "User")} {
		put(c, state.Users, u)
	}
	edit(c, state.Users, "chi", func(u *reach.User) {
		u.QuietHours, u.PierceQuiet, u.MutedUntil = daily(22, 6), true, now.Add(-time.Hour)
	})
	// A stakeholder is called for nothing, and needs nothing.
	put(c, state.Users, reach.User{ID: "boss", Username: "boss@example.vn", FullName: "Boss", Language: "vi", Zone: "Asia/Ho_Chi_Minh", Profile: reach.Profile{Role: "Stakeholder"}})
	put(c, state.HolidayCalendars, state.HolidayCalendar{ID: "vietnam", Name: "Việt Nam", BuiltIn: state.VietnamHolidays})
	monday := time.Date(2026, 11, 2, 2, 0, 0, 0, time.UTC)
	put(c, state.Schedules, rota.Schedule{ID: "net", Name: "net-rota", Zone: "Asia/Ho_Chi_Minh", Team: "net", Holidays: "vietnam", Rotations: []rota.Rotation{
		{ID: "day", Name: "day", Start: monday, Unit: rota.Weekly, Length: 1, Participants: turns("an", "binh"), Restriction: daily(8, 20)},
		{ID: "night", Name: "night", Start: monday, Unit: rota.Daily, Length: 1, Participants: turns("chi", "an", "binh"), Restriction: daily(20, 8)},
	}})
	put(c, state.Schedules, rota.Schedule{ID: "web", Name: "web-rota", Zone: "Europe/Berlin", Team: "web", Covers: &rota.Restriction{Windows: []rota.Window{
		{StartDay: time.Monday, StartMinute: 8 * 60, EndDay: time.Friday, EndMinute: 18 * 60}}}, Rotations: []rota.Rotation{
		{ID: "office", Name: "office", Start: monday, Unit: rota.Weekly, Length: 1, Participants: turns("chi", "dung"), Restriction: &rota.Restriction{Windows: []rota.Window{
			{StartDay: time.Monday, StartMinute: 7 * 60, EndDay: time.Friday, EndMinute: 19 * 60}}}}}})
	put(c, state.Overrides, rota.Override{Alias: "swap", Schedule: "net", Participant: rota.Participant{User: "dung"}, Start: now.Add(24 * time.Hour), End: now.Add(36 * time.Hour), Number: 1})
	put(c, state.Forwards, rota.Forward{ID: "f", From: "an", To: "binh", Start: now.Add(time.Hour), End: now.Add(2 * time.Hour), Number: 2})
	put(c, state.Forwards, rota.Forward{ID: "g", From: "binh", To: "an", Start: now.Add(2 * time.Hour), End: now.Add(3 * time.Hour), Number: 3})
	put(c, state.Escalations, escalate.Policy{ID: "net", Name: "net", Team: "net", Rules: []escalate.Rule{
		step(0, who(alert.Schedule, "net")), step(5, who(alert.User, "binh")), step(15, who(alert.Team, "web"))}})
	put(c, state.Escalations, escalate.Policy{ID: "web", Name: "web", Team: "web", Rules: []escalate.Rule{
		step(0, who(alert.Schedule, "web")), step(5, who(alert.Schedule, "net")), step(10, who(alert.User, "dung"))}})
	put(c, state.Escalations, escalate.Policy{ID: "all", Name: "all", Team: "web", Repeat: escalate.Repeat{Wait: 10 * time.Minute, Count: 3, CloseAfterAll: true}, Rules: []escalate.Rule{
		{Condition: escalate.IfNotAcked, Recipient: who(alert.Schedule, "net"), Notify: escalate.Next, Acks: 2},
		{Condition: escalate.IfNotClosed, Delay: 5 * time.Minute, Recipient: who(alert.Team, "web"), Notify: escalate.All, Acks: 2, EndsEarlier: true},
		{Condition: escalate.IfNotAcked, Delay: 30 * time.Minute, Recipient: who(alert.Team, "net"), Notify: escalate.RoundRobin}}})
	put(c, state.Teams, route.Team{ID: "net", Name: "Mạng", Members: []core.UserID{"an", "binh", "chi"}, Admins: []core.UserID{"an"}, Rules: []route.Rule{
		{ID: "night", Name: "night", Criteria: all(is("priority", "greater-than", "P3")), Restriction: daily(22, 6), Zone: "Asia/Ho_Chi_Minh", Notify: who(alert.Escalation, "net")},
		{ID: "noise", Name: "noise", Criteria: all(is("tags", "contains", "noise")), Restriction: daily(22, 6), Zone: "Asia/Ho_Chi_Minh"},
		{ID: "rest", Default: true, Notify: who(alert.Escalation, "net")}}})
	put(c, state.Teams, route.Team{ID: "web", Name: "Web", Members: []core.UserID{"chi", "dung"}, Admins: []core.UserID{"dung", "boss"}, Rules: []route.Rule{
		{ID: "down", Name: "down", Criteria: all(is("tags", "contains", "down")), Notify: who(alert.Escalation, "all")}, {ID: "rest", Default: true, Notify: who(alert.Escalation, "web")}}})
	put(c, state.Policies, state.Policy{ID: "tag", Place: 0, Alert: &route.AlertPolicy{ID: "tag", Name: "tag", Continue: true, Fields: route.Rewrite{Message: "[HN] {{message}}"}}})
	put(c, state.Policies, state.Policy{ID: "grave", Place: 1, Alert: &route.AlertPolicy{ID: "grave", Name: "grave", Filter: all(is("message", "contains", "core"), is("entity", "starts-with", "sw-")), Fields: route.Rewrite{Message: "{{message}}", Priority: core.P1}}})
	put(c, state.Policies, state.Policy{ID: "quiet", Team: "net", Notification: &route.NotificationPolicy{ID: "quiet", Name: "quiet", Team: "net", Filter: all(is("priority", "equals", "P5")), Suppress: true}})
	put(c, state.Policies, state.Policy{ID: "wait", Place: 1, Team: "net", Notification: &route.NotificationPolicy{ID: "wait", Name: "wait", Team: "net", Filter: all(is("priority", "less-than", "P2")), Restriction: daily(22, 6), Zone: "Asia/Ho_Chi_Minh", Delay: &route.Delay{Option: route.ForDuration, For: time.Hour}, CloseAfter: 48 * time.Hour}})
	put(c, state.Integrations, state.Integration{Type: "Prometheus", Rules: route.Integration{ID: "prometheus", Name: "prometheus", Team: "web", Actions: []route.Action{
		{ID: "ignore", Kind: route.Ignore, Name: "ignore tests", Filter: all(is("message", "contains", "test"))},
		{ID: "create", Kind: route.Create, Name: "create", Filter: all(is("state", "equals", "firing"))},
		{ID: "close", Kind: route.Close, Name: "close", Filter: all(is("state", "equals", "resolved"))}}}})
	put(c, state.Integrations, state.Integration{Type: "API", Rules: route.Integration{ID: "api", Name: "api", Responders: []alert.Responder{who(alert.Team, "net")}}})
	put(c, state.Peers, state.Peer{ID: "gateway", Kind: "gateway", Name: "gateway"})
	put(c, state.Peers, state.Peer{ID: "agent", Kind: "agent", Name: "branch-3", Labels: map[string]string{"site": "branch-3"}})
	put(c, state.CheckLists, state.CheckList{Name: "branch", Labels: map[string]string{"site": "branch-3"}, Checks: []state.HubCheck{{Name: "website"}}})
	put(c, state.CheckLists, state.CheckList{Name: "all", Checks: []state.HubCheck{{Name: "disk"}}})
	put(c, state.Heartbeats, state.Heartbeat{Beat: heartbeat.Heartbeat{Name: "backup", Interval: 1, Unit: heartbeat.Days, Enabled: true, Team: "net", LastPing: now.Add(-time.Hour)}})
	put(c, state.Groupings, state.Grouping{Grouping: route.Grouping{ID: "site", Name: "site", Key: "{{details.site}}"}})
	put(c, state.Maintenances, state.Maintenance{Window: route.Maintenance{ID: "now", Description: "move", Length: route.Indefinitely, Start: now.Add(-24 * time.Hour), Rules: []route.MaintenanceRule{{Kind: route.AnIntegration, ID: "api"}}}})
	must(state.New((&zones.Finder{}).Find).Handle(c.tx, now, command(state.PutCatchAll{To: state.Party{Kind: alert.Team, Pick: state.Pick{ID: "net"}}, After: 5 * time.Minute, MinimumPriority: core.P3})))
	return c
}

func command[C state.Command[R], R any](k C) []byte { return must(state.Encode(core.Seed{1}, k)) }

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// told says what was found: check, kind and id, in order.
func told(r lint.Report) (all []string) {
	for _, f := range r.Findings {
		all = append(all, f.Check+" "+f.About.Kind+":"+f.About.ID)
	}
	slices.Sort(all)
	return all
}

// In a clean configuration nothing is found, and it is said what was looked at.
func TestNothingInACleanConfiguration(t *testing.T) {
	r := clean().look()
	for _, f := range r.Findings {
		t.Errorf("%s: %s %s: %s", f.Check, f.About.Kind, f.About.Name, f.What.En)
	}
	if r.Checks != len(lint.All()) || !slices.Contains(r.Things, lint.Count{Kind: "schedule", Number: 2}) || r.More != 0 || r.Unseen != 0 {
		t.Errorf("it says that it looked at %+v", r)
	}
}

// Each planted mistake is found, and nothing else.
func TestPlantedMistakesAreFound(t *testing.T) {
	planted := map[string]bool{}
	for _, m := range mistakes() {
		t.Run(m.name, func(t *testing.T) {
			c := clean()
			m.plant(c)
			r := c.look()
			want := slices.Sorted(slices.Values(m.found))
			if got := told(r); !slices.Equal(got, want) {
				t.Errorf("found %q, want %q", got, want)
			}
			for _, f := range r.Findings {
				for _, text := range []string{f.What.En, f.What.Vi, f.Mend.En, f.Mend.Vi} {
					if strings.Contains(text, "%!") || !strings.HasSuffix(text, ".") || strings.Contains(text, "  ") {
						t.Errorf("%s says %q", f.Check, text)
					}
				}
				if f.What.En == f.What.Vi || f.Mend.En == f.Mend.Vi {
					t.Errorf("%s says the same in both languages: %q", f.Check, f.What.En)
				}
			}
		})
		for _, f := range m.found {
			planted[strings.Fields(f)[0]] = true
		}
	}
	for _, c := range lint.All() {
		if !planted[c.ID] {
			t.Errorf("no mistake is planted for %s", c.ID)
		}
	}
	if n := len(mistakes()); n < 25 {
		t.Errorf("only %d mistakes are planted", n)
	}
}

// A catalogue that people read: ids are unique and in kebab-case, all is said in both languages.
func TestChecksAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range lint.All() {
		if seen[c.ID] || c.ID != strings.ToLower(c.ID) || strings.ContainsAny(c.ID, " _") || c.Severity < lint.Error || c.Severity > lint.Hint {
			t.Errorf("check %q, %v", c.ID, c.Severity)
		}
		seen[c.ID] = true
		for _, text := range []lint.Text{c.Finds, c.Mend} {
			if text.En == "" || text.Vi == "" || text.En == text.Vi {
				t.Errorf("%s: %q", c.ID, text)
			}
		}
	}
}

// What is less grave than was asked for is not told.
func TestSeverity(t *testing.T) {
	c := clean()
	c.facts.PublicURL = ""
	c.user("chi", func(u *reach.User) { u.Zone = "Asia/Saigon2" })
	for s, want := range map[lint.Severity]string{lint.Error: "", lint.Warning: "zone-unknown user:chi", lint.Hint: "public-url-missing cluster:,zone-unknown user:chi"} {
		r := lint.Look(c.tx, now, (&zones.Finder{}).Find, c.facts, s)
		if got := strings.Join(told(r), ","); got != want {
			t.Errorf("%v: %q, want %q", s, got, want)
		}
		if word, ok := lint.ParseSeverity(s.String()); !ok || word != s {
			t.Errorf("%v is read as %v", s, word)
		}
	}
	if _, ok := lint.ParseSeverity("fatal"); ok {
		t.Error("there is a severity fatal")
	}
}

// What is found is bounded, and the gravest is told.
func TestFindingsAreBounded(t *testing.T) {
	c := clean()
	for i := range lint.FindingsMax + 7 {
		id := fmt.Sprintf("t%04d", i)
		put(c, state.Teams, route.Team{ID: core.TeamID(id), Name: id, Members: []core.UserID{"an"}, Admins: []core.UserID{"an"}})
		put(c, state.Schedules, rota.Schedule{ID: core.ScheduleID(id), Name: id, Zone: "UTC"})
	}
	r := c.look()
	if len(r.Findings) != lint.FindingsMax || r.More != 7+lint.FindingsMax+7 || r.Worst(lint.Error) != lint.FindingsMax {
		t.Errorf("%d are told, of them %d errors, and %d not", len(r.Findings), r.Worst(lint.Error), r.More)
	}
}
