package intake_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/hub/intake"
	"keng/hub/state"
)

// decide returns what the default actions of a body's format do with what it says.
func decide(body *state.ToolBody) []route.Decision {
	rules := route.Integration{ID: "i", Name: "tool", Actions: body.Defaults}
	world := route.World{Now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC), Zones: time.LoadLocation}
	var out []route.Decision
	for _, x := range body.Inputs {
		draft := x.Draft
		subject := route.OfDraft(&draft, nil)
		subject.EventType, subject.Payload = x.Event, x.Payload
		out = append(out, rules.Decide(&draft, &subject, &world))
	}
	return out
}

func read(t testing.TB, format, body string) *state.ToolBody {
	t.Helper()
	out, err := intake.Read(format, []byte(body), "the-secret-of-the-key")
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return out
}

// Each format describes itself completely, its default actions are sound, its example raises an
// alert, and what is over closes that very alert.
func TestFormatsDescribeThemselves(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range intake.All() {
		t.Run(f.Path, func(t *testing.T) {
			if f.Type == "" || f.Label == "" || len(f.Fields) < 5 || seen[f.Path] || seen[f.Type] || f.Example == "" {
				t.Fatalf("it does not describe itself, or is there twice: %+v", f)
			}
			seen[f.Path], seen[f.Type] = true, true
			if err := (&route.Integration{Name: "x", Actions: f.Actions}).Check(); err != nil {
				t.Fatalf("its default actions: %v", err)
			}
			if got := intake.DefaultActions(strings.ToUpper(f.Type)); len(got) != len(f.Actions) {
				t.Errorf("an integration of its type gets %d actions", len(got))
			}
			raised := read(t, f.Path, f.Example)
			told := map[string]bool{}
			for _, x := range f.Fields {
				told[x.Name] = true
			}
			for _, x := range raised.Inputs {
				if !slices.ContainsFunc(f.Fields, func(a intake.Field) bool { return x.Payload[a.Name] != "" }) {
					t.Errorf("the example has none of the fields: %v", x.Payload)
				}
			}
			for _, a := range f.Actions {
				for _, c := range a.Filter.Conditions {
					if !told[c.Field] && c.Field != "eventType" {
						t.Errorf("action %q asks for %s, which is not described", a.Name, c.Field)
					}
				}
			}
			d := decide(raised)
			if len(d) != 1 || d[0].Kind != route.Create || d[0].Draft.Alias == "" || strings.HasPrefix(d[0].Draft.Message, "Alert from") || len(d[0].Missing) > 0 || d[0].Draft.Check() != nil {
				t.Fatalf("the example does not raise an alert as it should: %+v", d)
			}
			over := decide(read(t, f.Path, f.Over))
			if len(over) != 1 || over[0].Kind != route.Close || over[0].Alias != d[0].Draft.Alias {
				t.Fatalf("what is over does not close alert %q: %+v", d[0].Draft.Alias, over)
			}
		})
	}
}

// What each tool says of an alert, and what is done besides create and close.
func TestWhatToolsSay(t *testing.T) {
	for name, c := range map[string]struct {
		format, body                  string
		kind                          route.ActionKind
		message, alias, entity, extra string // extra: user, note, priority, tags and one of the details
	}{
		"a host of Nagios": {"nagios", `{"entity_type":"host","notification_type":"PROBLEM","host_name":"sw-1","host_state":"DOWN","host_output":"no answer","service_desc":"","nagios_server":"hanoi","tags":"net, hn"}`,
			route.Create, "sw-1 is DOWN: no answer", "hanoi/sw-1", "sw-1", "|||net,hn|sw-1"},
		"a service of Nagios": {"nagios", `{"entity_type":"service","notification_type":"PROBLEM","host_name":"web-1","host_state":"UP","host_output":"ping ok","service_desc":"HTTP","service_state":"CRITICAL","service_output":"refused","nagios_server":"default"}`,
			route.Create, "web-1/HTTP is CRITICAL: refused", "web-1/HTTP", "web-1", "||||web-1"},
		"an acknowledgement": {"icinga2", `{"entity_type":"service","notification_type":"ACKNOWLEDGEMENT","host_name":"web-1","service_desc":"HTTP","service_state":"CRITICAL","notification_author":"lan","notification_comment":"I look"}`,
			route.Acknowledge, "", "web-1/HTTP", "", "lan|I look|||"},
		"an acknowledgement without a word": {"nagios", `{"entity_type":"host","notification_type":"ACKNOWLEDGEMENT","host_name":"web-1","host_output":"no answer"}`,
			route.Acknowledge, "", "web-1", "", "|ACKNOWLEDGEMENT: no answer|||"},
		"flapping":        {"op5", `{"entity_type":"host","notification_type":"FLAPPINGSTART","host_name":"web-1","host_output":"x"}`, route.AddNote, "", "web-1", "", "|FLAPPINGSTART: x|||"},
		"an unknown kind": {"nagios", `{"notification_type":"NEW","host_name":"web-1"}`, 0, "", "", "", "||||"},
		"Opsview":         {"opsview", `{"NAGIOS_NOTIFICATIONTYPE":"ACKNOWLEDGEMENT","NAGIOS_HOSTNAME":"db-1","NAGIOS_HOSTSTATE":"DOWN","NAGIOS_NOTIFICATIONAUTHOR":"an"}`, route.Acknowledge, "", "db-1", "", "an|ACKNOWLEDGEMENT|||"},
		"Zabbix": {"zabbix", `{"triggerStatus":"PROBLEM","triggerName":"CPU","triggerId":"7","triggerSeverity":"Disaster","hostName":"web-1","recoveryEventStatus":"{EVENT.RECOVERY.STATUS}"}`,
			route.Create, "CPU", "web-1/7", "web-1", "||P1||"},
		"a resolved event of Zabbix whose trigger still has problems": {"zabbix", `{"triggerStatus":"PROBLEM","triggerName":"CPU","triggerId":"7","hostName":"web-1","eventId":"5","itemValue":"9 %","recoveryEventStatus":"RESOLVED"}`,
			route.AddNote, "", "web-1/7", "", "|Event 5 is over: 9 %|||"},
		"the last recovery of a trigger of Zabbix": {"zabbix", `{"triggerStatus":"OK","triggerName":"CPU","triggerId":"7","hostName":"web-1","recoveryEventStatus":"RESOLVED"}`,
			route.Close, "", "web-1/7", "", "|OK|||"},
		"what Zabbix has not classified": {"zabbix", `{"triggerStatus":"PROBLEM","triggerName":"CPU","triggerId":"7","triggerSeverity":"Not classified","hostName":"web-1"}`,
			route.Create, "CPU", "web-1/7", "web-1", "||P5||"},
		"a priority of Nagios": {"nagios", `{"notification_type":"PROBLEM","host_name":"sw-1","host_state":"DOWN","host_output":"no answer","priority":"P1"}`,
			route.Create, "sw-1 is DOWN: no answer", "sw-1", "sw-1", "||P1||sw-1"},
		"a priority of Nagios that is none": {"nagios", `{"notification_type":"PROBLEM","host_name":"sw-1","host_state":"DOWN","host_output":"no answer","priority":"high"}`,
			route.Create, "sw-1 is DOWN: no answer", "sw-1", "sw-1", "||||sw-1"},
		"an alarm of vCenter that is not known any more": {"vcenter", `{"VMWARE_ALARM_NAME":"CPU","VMWARE_ALARM_ID":"a-1","VMWARE_ALARM_TARGET_ID":"host-9","VMWARE_ALARM_NEWSTATUS":"Gray","VMWARE_ALARM_TRIGGERINGSUMMARY":"no data"}`,
			route.AddNote, "", "host-9/a-1", "", "|Gray: no data|||"},
		"an event of Enterprise Manager without a name": {"oem", `{"SEVERITY":"Clear","TARGET_NAME":"orcl","MESSAGE":"all is well"}`, route.Close, "", "orcl", "", "||||"},
		"a clearing of Enterprise Manager in Vietnamese": {"oem", `{"SEVERITY":"Xóa","SEVERITY_CODE":"CLEAR","TARGET_NAME":"orcl","SEQUENCE_ID":"C0FFEE","EVENT_NAME":"tbsp","KEY_VALUE":"USERS"}`,
			route.Close, "", "orcl/C0FFEE", "", "||||"},
		"an event of Enterprise Manager on one of several things": {"oem", `{"SEVERITY":"Critical","TARGET_NAME":"orcl","MESSAGE":"full","EVENT_NAME":"tbsp","KEY_VALUE":"USERS"}`,
			route.Create, "orcl: full", "orcl/tbsp/USERS", "orcl", "||||"},
		"a test of Zenoss":   {"zenoss", `{"evid":"","test":true}`, route.Create, "Test alert from Zenoss", "", "", "||||"},
		"ServiceNow's group": {"servicenow", `{"action":"addTeam","alias":"INC1","team":"web"}`, route.AddNote, "", "INC1", "", "|addTeam: web|||"},
		"ServiceNow's acknowledgement": {"servicenowv3", `{"state":"Acknowledged","user":"an@example.vn","incidentNumber":"INC1","alias":"INC1"}`,
			route.Acknowledge, "", "INC1", "", "an@example.vn||||"},
		"ServiceNow's note":    {"servicenowv3", `{"state":"Added Note","workNotes":"restarted","incidentNumber":"INC1","alias":"INC1"}`, route.AddNote, "", "INC1", "", "|restarted|||"},
		"Remedy's assignee":    {"bmcremedy", `{"IncidentID":"INC5","Status":"In Progress","Assignee":"Lan"}`, route.Acknowledge, "", "INC5", "", "Lan||||"},
		"a note of FootPrints": {"bmcfootprintsv11", `{"action":"AddNote","issueNumber":"9","mostRecentEdit":"looked","opsgenieAlertAlias":"web-1"}`, route.AddNote, "", "web-1", "", "|looked|||"},
		"labels of Prometheus without a fingerprint": {"prometheus", `{"alerts":[{"status":"firing","labels":{"alertname":"Up","job":"x"},"annotations":{}}]}`,
			route.Create, "Up", "alertname=Up,job=x", "x", "||||"},
		"the priority of a label": {"grafana", `{"alerts":[{"status":"firing","labels":{"alertname":"Up","priority":"p1"},"annotations":{"summary":"It is down"},"fingerprint":"f"}]}`,
			route.Create, "It is down", "f", "", "||P1||"},
		"a topic that wants to be confirmed": {"cloudwatch", `{"Type":"SubscriptionConfirmation","TopicArn":"arn:x","SubscribeURL":"https://sns.example/confirm","Message":"You have chosen to subscribe"}`,
			route.Create, "Confirm the subscription of the topic arn:x", "confirm/arn:x", "", "||P5||"},
		"no data in CloudWatch": {"cloudwatch", `{"Type":"Notification","Message":"{\"AlarmName\":\"cpu\",\"NewStateValue\":\"INSUFFICIENT_DATA\",\"NewStateReason\":\"none\"}"}`,
			route.AddNote, "", "cpu", "", "|INSUFFICIENT_DATA: none|||"},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(read(t, c.format, c.body))
			if len(d) != 1 || d[0].Kind != c.kind {
				t.Fatalf("%+v", d)
			}
			got := d[0]
			if c.kind == route.Create {
				got.Alias, got.User, got.Note = got.Draft.Alias, got.Draft.User, got.Draft.Note
			}
			extra := fmt.Sprintf("%s|%s|%s|%s|%s", got.User, got.Note, got.Draft.Priority, strings.Join(got.Draft.Tags, ","), got.Draft.Details["host_name"])
			if got.Draft.Message != c.message || got.Alias != c.alias || got.Draft.Entity != c.entity || extra != c.extra {
				t.Errorf("%q %q %q %q", got.Draft.Message, got.Alias, got.Draft.Entity, extra)
			}
		})
	}
}

// Whom scripts want to be told is told under whichever name they say it.
func TestWhomScriptsName(t *testing.T) {
	for format, body := range map[string]string{
		"nagios": `"notification_type":"PROBLEM","host_name":"x"`, "op5": `"notification_type":"PROBLEM","host_name":"x"`, "oem": `"SEVERITY":"Critical","TARGET_NAME":"x"`,
		"vcenter": `"VMWARE_ALARM_NAME":"x"`, "zabbix": `"triggerStatus":"PROBLEM","triggerName":"x"`, "opsview": `"NAGIOS_NOTIFICATIONTYPE":"PROBLEM","NAGIOS_HOSTNAME":"x"`,
		"zenoss": `"evid":"1","test":true`, "bmcfootprints": `"action":"Create","ticketNumber":"1"`, "servicenowv3": `"state":"New","incidentNumber":"INC1"`,
	} {
		got := read(t, format, "{"+body+`,"responders":"an@example.vn","teams":"web, db","recipients":"lan@example.vn"}`).Inputs[0].Responders
		if strings.Join(got, ",") != "an@example.vn,web,db,lan@example.vn" {
			t.Errorf("%s: %q", format, got)
		}
	}
}

// The aliases of all tools are one another's: what tells its alerts by bare numbers says whose they are, and
// what differs only far behind stays apart.
func TestAliasesAreNobodyElses(t *testing.T) {
	long := strings.Repeat("ẻ", 600)
	seen := map[string]string{}
	for _, c := range [][2]string{
		{"bmcfootprints", `{"action":"Create","ticketNumber":"4711","workspaceName":"a"}`}, {"bmcfootprints", `{"action":"Create","ticketNumber":"4711","workspaceName":"b"}`},
		{"cherwell", `{"incident":{"id":"4711","status":"New"}}`}, {"scalyr", `{"action":"create","id":"4711"}`}, {"magentrix", `{"caseNumber":"4711"}`}, {"datadog", `{"alert_id":"4711"}`},
		{"nagios", `{"notification_type":"PROBLEM","host_name":"` + long + `a"}`}, {"nagios", `{"notification_type":"PROBLEM","host_name":"` + long + `b"}`},
	} {
		for again := range 2 {
			alias := decide(read(t, c[0], c[1]))[0].Draft.Alias
			if alias == "" || alias == "4711" || utf8.RuneCountInString(alias) > alert.AliasMax || seen[alias] != "" && (again == 0 || seen[alias] != c[1]) {
				t.Errorf("%.100s and %.100s have the alias %q", c[1], seen[alias], alias)
			}
			seen[alias] = c[1]
		}
	}
	if d := decide(read(t, "cherwell", `{"incident":{"status":"New"}}`)); d[0].Draft.Alias != "" {
		t.Errorf("what has no number has the alias %q", d[0].Draft.Alias)
	}
	if d := decide(read(t, "bmcfootprints", `{"action":"Close","ticketNumber":"4711","workspaceName":"a","opsgenieAlertAlias":"web-1"}`)); d[0].Alias != "web-1" {
		t.Errorf("a ticket about an alert has the alias %q", d[0].Alias)
	}
}

// A webhook with many alerts says each of them, in its order; the group's own status does not
// count. How many are beyond the bound an alert of its own says.
func TestManyAlertsInABody(t *testing.T) {
	var items []string
	for i := range intake.AlertsMax + 7 {
		status := []string{"firing", "resolved"}[i%2]
		items = append(items, fmt.Sprintf(`{"status":%q,"labels":{"alertname":"A","n":"%d"},"fingerprint":"f%d"}`, status, i, i))
	}
	body := `{"status":"firing","receiver":"keng","truncatedAlerts":5,"alerts":[` + strings.Join(items, ",") + `]}`
	got := read(t, "prometheus", body)
	d := decide(got)
	if len(d) != intake.AlertsMax+1 || got.Left != 12 || d[0].Kind != route.Create || d[1].Kind != route.Close || d[1].Alias != "f1" || got.Inputs[3].Payload["receiver"] != "keng" {
		t.Fatalf("%d, %d left, %+v", len(d), got.Left, d[:2])
	}
	if last := d[intake.AlertsMax]; last.Kind != route.Create || last.Draft.Message != "12 more alerts of Alertmanager (webhook) were passed over" || last.Draft.Alias != "prometheus/overflow/keng" || last.Draft.Priority != core.P1 {
		t.Errorf("how many were passed over: %+v", last)
	}
	for truncated, want := range map[string]int{"0": 1, "3": 2, "-3": 1, "1e3": 1, `"3"`: 1, "99999999999999999999": 1, "null": 1} {
		if n := len(read(t, "grafana", `{"truncatedAlerts":`+truncated+`,"alerts":[{"status":"firing"}]}`).Inputs); n != want {
			t.Errorf("truncatedAlerts %s: %d inputs", truncated, n)
		}
	}
	if none := read(t, "prometheus", `{"status":"resolved","alerts":[]}`); len(none.Inputs) != 0 {
		t.Errorf("no alert says something: %+v", none)
	}
}

// The key, and passwords that scripts send along, are in nothing that is read; of a tool that
// sends its whole environment nothing that looks like a secret is.
func TestSecretsAreLeftOut(t *testing.T) {
	for format, body := range map[string]string{
		"nagios":        `{"apiKey":"the-secret-of-the-key","notification_type":"PROBLEM","host_name":"the-secret-of-the-key","host_notes_url":"http://x/?apiKey=\u0074he-secret-of-the-key","the-secret-of-the-key":"1"}`,
		"bmcfootprints": `{"action":"Create","ticketNumber":"1","title":"x","password":"the-secret-of-the-key-","Password":"pass-of-footprints"}`,
		"vcsa":          `{"VMWARE_ALARM_NAME":"x","AWS_SECRET_ACCESS_KEY":"pass-of-footprints","GITHUB_TOKEN":"pass-of-footprints","OG_APIKEY":"pass-of-footprints"}`,
		"prometheus":    `{"alerts":[{"status":"firing","labels":{"a":"the-secret-of-the-key"},"annotations":{"summary":"the-secret-of-the-key"}}]}`,
		"grafana":       `{"receiver":"` + strings.Repeat("x", 480) + `the-secret-of-the-key","alerts":[{"status":"firing"}]}`,
		"vcenter":       `{"VMWARE_ALARM_NAME":"x","VMWARE_ALARM_PASSWORD":"pass-of-footprints","PATH":"pass-of-footprints","env":{"a":"pass-of-footprints"}}`,
		"opsview":       `{"NAGIOS_HOSTNAME":"x","NAGIOS__HOSTSNMP_PASS":"pass-of-footprints","HOME":"pass-of-footprints"}`,
		"oem":           `{"MESSAGE":"x","DB_PASS":"pass-of-footprints","PGPASS":"pass-of-footprints","PRIVATE_KEY":"pass-of-footprints","AWS_ACCESS_KEY_ID":"pass-of-footprints","SSH_AUTH_SOCK":"pass-of-footprints","ORACLE_PWD":"pass-of-footprints"}`,
		"cloudwatch":    `{"Type":"SubscriptionConfirmation","Token":"pass-of-footprints","UnsubscribeURL":"https://sns.example.vn/?pass-of-footprints","SubscribeURL":"https://sns.example.vn/","Message":"x"}`,
	} {
		got := fmt.Sprintf("%+v", read(t, format, body).Inputs)
		for _, secret := range []string{"the-secret", "pass-of-footprints"} {
			if strings.Contains(got, secret) {
				t.Errorf("%s: %s", format, got)
			}
		}
	}
}

// What is no object, or has none of the fields, is refused with what was expected.
func TestStrangeBodiesAreRefused(t *testing.T) {
	for body, want := range map[string]string{
		``: "JSON object", `[]`: "JSON object", `null`: "JSON object", `{}`: "notification_type", `{"hello":1}`: "host_name",
	} {
		_, err := intake.Read("nagios", []byte(body), "")
		if core.KindOf(err) != core.Unacceptable || !strings.Contains(fmt.Sprint(err.(*core.Error).Fields), want) {
			t.Errorf("%s: %v", body, err)
		}
	}
	if _, err := intake.Read("prometheus", []byte(`{"alerts":{}}`), ""); core.KindOf(err) != core.Unacceptable {
		t.Errorf("no list of alerts: %v", err)
	}
	if _, err := intake.Read("nothing", []byte(`{}`), ""); core.KindOf(err) != core.NotFound || !strings.Contains(err.Error(), "icinga2") {
		t.Errorf("a format that is not there: %v", err)
	}
	if len(intake.DefaultActions("API")) != 0 {
		t.Error("an integration of the API has default actions")
	}
}

// What a body within its bounds takes is bounded by its size, however its names and values are laid out. It is memory
// that is counted: time would depend on what else the machine does.
func TestBodiesAreReadWithinBounds(t *testing.T) {
	long := strings.Repeat("n", 300<<10)
	var many, deep strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&many, `"k%d":"",`, i)
	}
	for range 100_000 {
		deep.WriteString(`{"a":`)
	}
	for name, body := range map[string]string{
		"a long name above many": `{"notification_type":"x","` + long + `":{` + many.String() + `"z":1}}`,
		"many below a long name": `{"notification_type":"x","` + long[:700] + `":{` + many.String() + `"z":1}}`,
		"many names":             `{` + many.String() + `"notification_type":"x"}`,
		"a long list":            `{"notification_type":"x","l":[` + strings.Repeat(`{"a":1},`, 100_000) + `1]}`,
		"many alerts":            `{"receiver":"` + long + `","alerts":[` + strings.Repeat(`{"status":"firing"},`, 30_000) + `{}]}`,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		format := map[bool]string{true: "prometheus", false: "nagios"}[name == "many alerts"]
		if _, err := intake.Read(format, []byte(body), "secret-secret"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 140<<20 {
			t.Errorf("%s took %d MiB", name, took>>20)
		}
	}
	if _, err := intake.Read("nagios", []byte(deep.String()), ""); core.KindOf(err) != core.Unacceptable {
		t.Errorf("what is too deep: %v", err)
	}
}

// FuzzFormats: whatever comes in whatever format, it is read or refused, within its bounds, and
// what is decided of it can become an alert.
func FuzzFormats(f *testing.F) {
	for i, x := range intake.All() {
		f.Add(uint8(i), []byte(x.Example))
		f.Add(uint8(i), []byte(x.Over))
	}
	f.Add(uint8(0), []byte(`{"notification_type":{"a":[[[[[[[[[[1]]]]]]]]]]},"host_name":[1,null,true,{"x":"\ud800"}]}`))
	f.Fuzz(func(t *testing.T, n uint8, body []byte) {
		all := intake.All()
		format := all[int(n)%len(all)]
		got, err := intake.Read(format.Path, body, "secret-secret")
		if err != nil {
			if core.KindOf(err) != core.Unacceptable || json.Valid(body) && len(err.(*core.Error).Fields) == 0 {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		if len(got.Inputs) > intake.AlertsMax+1 {
			t.Fatalf("%d inputs", len(got.Inputs))
		}
		for i, d := range decide(got) {
			size := 0
			for name, value := range got.Inputs[i].Payload {
				size += len(name) + len(value)
			}
			if size > state.PayloadBytesMax || len(got.Inputs[i].Payload) > state.PayloadFieldsMax {
				t.Fatalf("%d bytes of fields", size)
			}
			if d.Kind == route.Create && d.Draft.Check() != nil || !utf8.ValidString(d.Draft.Message+d.Draft.Description+d.Alias+d.Note) {
				t.Fatalf("no alert can be made of it: %+v", d.Draft)
			}
		}
	})
}
