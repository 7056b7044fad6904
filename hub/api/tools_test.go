package api_test

import (
	"fmt"
	"strings"
	"testing"

	"keng/hub/core/alert"
)

// What a tool sends that is too long is cut and not refused: nobody would read that. What it says
// of itself tells it from others, of whom a person or a program hears that it is too long.
//
// Rule keng-7.tools.cut.
func TestWhatToolsSendIsCut(t *testing.T) {
	h := newHub(t)
	h.lenient = true
	long := func(n int) string { return strings.Repeat("ế", n) }
	body := func(source string) string {
		return fmt.Sprintf(`{"message":%q,"description":%q,"entity":%q,"source":%q,"note":"mine","priority":"critical","tags":["short",%q%s],
			"details":{"a":"1","b":%q},"responders":[{"type":"team","name":"Mạng"}%s]}`,
			long(alert.MessageMax+1), long(alert.DescriptionMax+1), long(alert.EntityMax+1), source, long(alert.TagMax+1), strings.Repeat(`,"t"`, alert.TagsMax),
			long(alert.DetailsMax+1), strings.Repeat(`,{"type":"team","name":"Mạng"}`, alert.RespondersMax))
	}
	h.want(h.call("POST", "/v2/alerts", body("probe")), 422)
	for _, tool := range []struct{ agent, source string }{
		{"Alertmanager/0.25.0", "http://vm:9093/#/alerts?receiver=keng"}, {"Alertmanager/0.33.1", ""}, {"Grafana", "Grafana"}, {"Go-http-client/1.1", "Grafana"}, {"", "Zabbix"}, {"Zabbix", ""},
	} {
		a := h.want(h.send(newRequest("POST", "/v2/alerts", body(tool.source), "User-Agent", tool.agent)), 202)
		path := "/v2/alerts/" + h.fate(a).data("alertId").(string)
		d := h.call("GET", path, "")
		for field, most := range map[string]int{"message": alert.MessageMax, "description": alert.DescriptionMax, "entity": alert.EntityMax} {
			if d.data(field) != long(most-1)+"…" {
				t.Errorf("%s: the %s is %.30q", tool, field, d.data(field))
			}
		}
		tags := d.data("tags").([]any)
		if tags[0] != "short" || tags[1] != long(alert.TagMax-1)+"…" || d.data("priority") != "P3" || fmt.Sprint(d.data("details")) != "map[a:1]" || len(d.data("responders").([]any)) != 1 {
			t.Errorf("%s: %.800s", tool, d.raw)
		}
		log := h.call("GET", path+"/logs?order=asc", "").raw
		for _, said := range []string{`was cut: description, details, entity, message, tags.`, `\"critical\", is none of P1 to P5`, "mine"} {
			if !strings.Contains(log, said) {
				t.Errorf("%s: the log does not say %q: %s", tool, said, log)
			}
		}
	}
	alertmanager := []string{"User-Agent", "Alertmanager/0.25.0"}
	for body, field := range map[string]string{`{"message":""}`: "message", `{"message":"m","alias":"` + long(alert.AliasMax+1) + `"}`: "alias"} {
		if a := h.want(h.send(newRequest("POST", "/v2/alerts", body, alertmanager...)), 422); a.wrong(field) == "" {
			t.Errorf("%s", a.raw)
		}
	}
	id := h.create(`{"message":"m"}`)
	change := func(headers ...string) answer {
		return h.send(newRequest("PUT", "/v2/alerts/"+id+"/description", `{"description":"`+long(alert.DescriptionMax+1)+`"}`, headers...))
	}
	h.want(change(), 422)
	h.want(change(alertmanager...), 202)
	if d := h.call("GET", "/v2/alerts/"+id, ""); d.data("description") != long(alert.DescriptionMax-1)+"…" {
		t.Errorf("the description is %.30q", d.data("description"))
	}
}

// Alertmanager leaves out of its body what is empty. Rule keng-7.tools.empty-description.
func TestAlertmanagerClearsADescription(t *testing.T) {
	for body, cleared := range map[string]bool{"{}\n": true, `{"description":""}`: true, "": false, `{"Description":"x"}`: false, `{"source":"x"}`: false, `{"description":null}`: false} {
		h := newHub(t)
		id := h.create(`{"message":"m","description":"before"}`)
		status, want := 202, ""
		if !cleared {
			status, want = 422, "before"
		}
		h.want(h.call("PUT", "/v2/alerts/"+id+"/description", body), status)
		if d := h.call("GET", "/v2/alerts/"+id, ""); d.data("description") != want {
			t.Errorf("%q: the description is %q", body, d.data("description"))
		}
	}
}

// What Opsgenie's command line lamp 3.2.0 sends, recorded: each command's request, and what the
// status of it says. It names a responder in two ways, whatever it is, and its library leaks fields.
//
// Rules ogapi-3.responders.names, ogapi-9.client.go-cased.
func TestLampsRequests(t *testing.T) {
	h := newHub(t)
	h.made("/v2/escalations", `{"name":"up","rules":[{"condition":"if-not-acked","notifyType":"default","delay":{"timeAmount":60},"recipient":{"type":"user","username":"lan@example.vn"}}]}`)
	const one, leaked = "/v2/alerts/disk/1", `"IdentifierType":1,"IdentifierValue":"disk/1"`
	send := func(method, target, body string) answer {
		t.Helper()
		kind := "application/json; charset=utf-8"
		if body == "" {
			kind = ""
		}
		return h.send(newRequest(method, target, body, "Content-Type", kind, "User-Agent", "opsgenie-go-sdk-2.0.0 go1.26.8 (linux/amd64)"))
	}
	for _, command := range []struct{ method, target, body, status string }{
		{"POST", "/v2/alerts", `{"message":"disk is full","alias":"disk/1","description":"d","responders":[{"type":"team","name":"Mạng","username":"Mạng"},
			{"type":"user","name":"lan@example.vn","username":"lan@example.vn"},{"type":"escalation","name":"up","username":"up"}],"actions":["restart","ping"],"tags":["a","b"],
			"details":{"site":"HN","x":"y"},"entity":"nas-1","source":"nas","priority":"P2","user":"me","note":"n"}`, "Created alert"},
		{"POST", one + "/assign?identifierType=alias", `{` + leaked + `,"owner":{"username":"lan@example.vn"},"user":"me"}`, "Assigned alert"},
		{"POST", one + "/responders?identifierType=alias", `{` + leaked + `,"responder":{"type":"user","name":"lan@example.vn","username":"lan@example.vn"}}`, ""},
		{"POST", one + "/responders?identifierType=alias", `{` + leaked + `,"responder":{"type":"team","name":"Mạng","username":"Mạng"}}`, ""},
		{"POST", one + "/teams?identifierType=alias", `{` + leaked + `,"team":{"name":"Mạng"}}`, ""},
		{"POST", one + "/tags?identifierType=alias", `{` + leaked + `,"tags":["c","d"]}`, "Added tags to alert"},
		{"DELETE", one + "/tags?identifierType=alias&tags=a%2Cc", "", "Removed tags from alert"},
		{"POST", one + "/details?identifierType=alias", `{` + leaked + `,"details":{"k":"v"}}`, "Added details to alert"},
		{"DELETE", one + "/details?identifierType=alias&keys=k%2Cx", "", "Removed details from alert"},
		{"POST", one + "/notes?identifierType=alias", `{` + leaked + `,"note":"hello"}`, "Added note to alert"},
		{"POST", one + "/actions/restart?identifierType=alias", `{` + leaked + `,"Action":"restart"}`, "Executed action of alert"},
		{"POST", one + "/acknowledge?identifierType=alias", `{` + leaked + `}`, "Acknowledged alert"},
		{"POST", one + "/unacknowledge?identifierType=alias", `{` + leaked + `}`, "Unacknowledged alert"},
		{"POST", one + "/snooze?identifierType=alias", `{` + leaked + `,"endTime":"2026-11-26T18:40:17Z"}`, "Snoozed alert"},
		{"POST", one + "/escalate?identifierType=alias", `{` + leaked + `,"escalation":{"name":"up"}}`, "Escalated alert"},
		{"POST", one + "/close?identifierType=alias", `{` + leaked + `,"note":"done"}`, "Closed alert"},
	} {
		s := h.fate(send(command.method, command.target, command.body))
		if command.status != "" && (s.data("success") != true || s.data("status") != command.status) {
			t.Errorf("%s %s: %s", command.method, command.target, s.raw)
		}
	}
	list := h.want(send("GET", "/v2/alerts?limit=5&query=status%3A+closed", ""), 200).list()
	if len(list) != 1 {
		t.Fatalf("%v", list)
	}
	id := list[0]["id"].(string)
	d := h.want(send("GET", "/v2/alerts/"+id, ""), 200)
	if fmt.Sprintf("%v %v %v %v", d.data("tags"), d.data("details"), d.data("owner"), d.data("status")) != "[b d] map[site:HN] lan@example.vn closed" || len(d.data("responders").([]any)) != 3 {
		t.Errorf("%s", d.raw)
	}
	for suffix, least := range map[string]int{"/notes": 2, "/logs?limit=3": 3, "/recipients": 1} {
		if got := h.want(send("GET", "/v2/alerts/"+id+suffix, ""), 200).list(); len(got) < least {
			t.Errorf("%s: %v", suffix, got)
		}
	}
	if s := h.fate(send("DELETE", "/v2/alerts/"+id+"?identifierType=id&source=nas", "")); s.data("status") != "Deleted alert" {
		t.Errorf("%s", s.raw)
	}
}
