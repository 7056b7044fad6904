package route_test

import (
	"fmt"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// A tool's payload becomes an alert: the first action that matches says how, by templates.
func ExampleIntegration_Decide() {
	draft := alert.Draft{Message: "CPUUtilization", Alias: "cpu"}
	subject := route.OfDraft(&draft, nil)
	subject.Payload = map[string]string{"NewStateValue": "ALARM", "Region": "vn-1"}
	cloud := route.Integration{ID: "i1", Name: "Cloud", Actions: []route.Action{
		{ID: "a1", Kind: route.Close, Name: "over", Filter: asks("NewStateValue", "equals", "OK")},
		{ID: "a2", Kind: route.Create, Name: "alarm", Filter: asks("NewStateValue", "equals", "ALARM"), Alias: "{{Region}}/{{alias}}", Fields: route.Rewrite{Message: "{{message}} in {{Region.toUpperCase()}}", Priority: core.P2}},
	}}
	decided := cloud.Decide(&draft, &subject, &route.World{})
	fmt.Println(decided.Draft.Priority, decided.Draft.Message, "as", decided.Draft.Alias)
	fmt.Println(decided.Reason)
	// Output:
	// P2 CPUUtilization in VN-1 as vn-1/cpu
	// created by action alarm of integration Cloud: NewStateValue equals "ALARM"
}

// Of the global policies, and then of the owner team's, the first that matches rewrites the
// alert; the next one only if it says so.
func ExampleShaping_Shape() {
	shaping := route.Shaping{
		Global: []route.AlertPolicy{
			{ID: "p1", Name: "sites", Continue: true, Filter: asks("details", "contains-key", "site"), Fields: route.Rewrite{Message: "[{{details.site}}] {{message}}"}},
			{ID: "p2", Name: "disks", Filter: asks("message", "contains", "disk"), Fields: route.Rewrite{Message: "{{message}}", Tags: []string{"disk"}}},
			{ID: "p3", Name: "rest", Fields: route.Rewrite{Message: "{{message}}", Tags: []string{"rest"}}},
		},
	}
	shaped := shaping.Shape(alert.Draft{Message: "disk full", Details: map[string]string{"site": "Hải Phòng"}}, &route.World{})
	fmt.Println(shaped.Draft.Message, shaped.Draft.Tags)
	for _, applied := range shaped.Applied {
		fmt.Println(applied.Reason)
	}
	// Output:
	// [Hải Phòng] disk full [disk]
	// alert policy sites: details contains-key "site"
	// alert policy disks: message contains "disk"
}

// An alert in the night waits for the next morning of a weekday; from then on it is notified
// of again after an hour, twice.
func ExampleJudge() {
	policies := []route.NotificationPolicy{{
		ID: "p1", Name: "not by night", Team: "t1", Zone: "Asia/Ho_Chi_Minh", Filter: asks("priority", "less-than", "P2"),
		Delay: &route.Delay{Option: route.NextWeekday, Hour: 8}, Restart: &route.Restart{After: time.Hour, Most: 2},
	}}
	subject := route.Subject{Message: "disk full", Priority: core.P4}
	friday := time.Date(2026, 11, 27, 15, 0, 0, 0, time.UTC) // 22:00 in Hà Nội
	w := route.World{Now: friday, Zones: time.LoadLocation}
	facts := route.Facts{Created: friday, Count: 1}
	v := route.Judge(policies, &subject, &facts, &w)
	fmt.Println(v.Now(), strings.Join(v.Reasons, "\n"))
	w.Now = v.DelayUntil
	v = route.Judge(policies, &subject, &facts, &w)
	fmt.Println(v.Now(), v.RestartAt.Sub(w.Now))
	// Output:
	// false notification policy not by night decides: priority less-than "P2"
	// delayed until next weekday at 08:00, which is 2026-11-30T08:00:00+07:00
	// true 1h0m0s
}

// The first routing rule that matches says who answers for the alert.
func ExampleTeam_Route() {
	network := route.Team{ID: "t1", Name: "network", Rules: []route.Rule{
		{ID: "r1", Name: "grave", Criteria: asks("priority", "greater-than", "P3"), Notify: escalation("at once")},
		{ID: "r2", Name: "rest", Default: true, Notify: alert.Responder{Kind: alert.Schedule, ID: "office hours"}},
	}}
	for _, p := range []core.Priority{core.P1, core.P5} {
		routed, _ := network.Route(&route.Subject{Priority: p}, &route.World{})
		fmt.Println(routed.Rule.Notify.ID+":", routed.Reason)
	}
	// Output:
	// at once: routing rule grave of team network: priority greater-than "P3"
	// office hours: routing rule rest of team network: everything matches
}

// Templates say what is wrong with them, and where.
func ExampleCheckTemplate() {
	for _, template := range []string{"{{message}} on {{details.host}}", "{{host}}", "lỗi {{message.shout()}}"} {
		err := route.CheckTemplate("message", template, route.Alerts)
		if e, ok := err.(*core.Error); ok {
			said, _, _ := strings.Cut(e.Fields["message"], ", or one of")
			said, _, _ = strings.Cut(said, ": use")
			fmt.Println(said)
		} else {
			fmt.Println("fine")
		}
	}
	// Output:
	// fine
	// {{host}} stands for nothing: write details.host
	// the {{ at character 5 calls "shout", which is no function
}
