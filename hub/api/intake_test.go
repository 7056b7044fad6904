package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"keng/hub/api"
	"keng/hub/core"
	"keng/hub/core/route"
	"keng/hub/intake"
	"keng/hub/state"
)

// nagiosBody is what Nagios' script sends of a service.
func nagiosBody(kind, key string, more ...string) string {
	body := map[string]string{"entity_type": "service", "notification_type": kind, "host_name": "web-1", "service_desc": "HTTP", "service_state": "CRITICAL", "service_output": "refused"}
	if key != "" {
		body["apiKey"] = key
	}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i]] = more[i+1]
	}
	raw, _ := json.Marshal(body) // a map of strings
	return string(raw)
}

// bare sends a body without a key in the header.
func (h *hub) bare(target, body string) answer {
	h.t.Helper()
	r := httptest.NewRequest("POST", target, strings.NewReader(body))
	r.RemoteAddr = "203.0.113.7:5555"
	r.Header.Set("Content-Type", "text/plain; charset=UTF-8") // as SNS sends JSON
	return h.send(r)
}

// integration makes an integration with the key secret.
func (h *hub) integration(name, typ, secret string, rights state.Rights, actions ...route.Action) core.IntegrationID {
	h.t.Helper()
	hash := sha256.Sum256([]byte(secret))
	fields := state.IntegrationFields{Name: &name, Rights: &rights}
	list := []state.ActionFields{}
	for _, a := range actions {
		list = append(list, state.ActionFields{Action: a})
	}
	fields.Actions = &list
	return must(state.Do(h.t.Context(), h.store, core.Seed{7, byte(len(name)), secret[0]}, state.CreateIntegration{Type: typ, Hash: hash[:], Fields: fields})).Rules.ID
}

// Rules ogapi-11.intake.status, ogapi-11.intake.key, ogapi-11.intake.defaults: what a native script sends, with its key in
// the body, raises, repeats, acknowledges, notes and closes one alert; each answer is 200 and
// says what was done, and so does the request's status. The key is kept nowhere.
func TestANativeScript(t *testing.T) {
	h := newHub(t)
	for i, step := range []struct{ kind, result, status string }{
		{"PROBLEM", "Created alert", "open"}, {"PROBLEM", "Existing alert occurred again", "open"}, {"FLAPPINGSTART", "Added note to alert", "open"},
		{"ACKNOWLEDGEMENT", "Acknowledged alert", "open"}, {"RECOVERY", "Closed alert", "closed"}, {"RECOVERY", "Alert does not exist", "closed"},
	} {
		a := h.want(h.bare("/v1/json/nagios", nagiosBody(step.kind, writeKey, "notification_author", "lan", "service_notes_url", "http://x?k="+writeKey)), 200)
		if a.body["result"] != step.result || a.body["took"] == nil {
			t.Fatalf("%d %s: %s", i, step.kind, a.raw)
		}
		s := h.want(h.call("GET", "/v2/alerts/requests/"+a.header.Get("X-Request-Id"), ""), 200)
		if s.data("status") != step.result || s.data("success") != (step.result != "Alert does not exist") {
			t.Errorf("%d %s: %s", i, step.kind, s.raw)
		}
		list := h.call("GET", "/v2/alerts", "").list()
		if len(list) != 1 || list[0]["alias"] != "web-1/HTTP" || list[0]["status"] != step.status || list[0]["source"] != "Nagios" || list[0]["message"] != "web-1/HTTP is CRITICAL: refused" {
			t.Fatalf("%d %s: %v", i, step.kind, list)
		}
		if acknowledged := step.kind == "ACKNOWLEDGEMENT" || step.kind == "RECOVERY"; list[0]["acknowledged"] != acknowledged {
			t.Errorf("%d %s: acknowledged %v", i, step.kind, list[0]["acknowledged"])
		}
	}
	for key, value := range h.store.tx.Scan(nil, nil) {
		if name := "test-write-key"; strings.Contains(string(value), "k="+name) || strings.Contains(string(value), `apiKey`) {
			t.Errorf("the key is kept in row %q", key)
		}
	}
}

// Rules ogapi-11.intake.key: the key may come in four ways, of which the header counts before the query and that
// before the body; without one, with a wrong one or with one that lacks the right nothing is taken.
// Elsewhere a key in the body is none.
func TestTheKeyOfATool(t *testing.T) {
	h := newHub(t)
	body := nagiosBody("PROBLEM", "")
	for how, a := range map[string]answer{
		"header":          h.with(writeKey, "POST", "/v1/json/nagios", body),
		"query":           h.bare("/v1/json/nagios?apiKey="+writeKey, nagiosBody("PROBLEM", "unknown-key-of-somebody")),
		"body":            h.bare("/v1/json/nagios/", nagiosBody("PROBLEM", writeKey)),
		"header and body": h.with(writeKey, "POST", "/v1/json/nagios", nagiosBody("PROBLEM", "unknown-key-of-somebody")),
	} {
		if a.status != 200 {
			t.Errorf("%s: %s", how, a.raw)
		}
	}
	for how, want := range map[string]struct {
		a      answer
		status int
	}{
		"none":            {h.bare("/v1/json/nagios", body), 401},
		"no JSON":         {h.bare("/v1/json/nagios", `{"apiKey":`), 401},
		"a number":        {h.bare("/v1/json/nagios", `{"apiKey":7}`), 401},
		"a list":          {h.bare("/v1/json/nagios", `{"apiKey":["`+writeKey+`"]}`), 401},
		"spelt otherwise": {h.bare("/v1/json/nagios", `{"APIKEY":"`+writeKey+`"}`), 401},
		"unknown":         {h.bare("/v1/json/nagios", nagiosBody("PROBLEM", "unknown-key-of-somebody")), 401},
		"disabled":        {h.bare("/v1/json/nagios", nagiosBody("PROBLEM", blockedKey)), 401},
		"only to read":    {h.bare("/v1/json/nagios", nagiosBody("PROBLEM", readKey)), 403},
		"another path":    {h.bare("/v2/alerts", `{"apiKey":"`+fullKey+`","message":"x"}`), 401},
		"a trial":         {h.bare("/keng/v1/intake/nagios/test", nagiosBody("PROBLEM", fullKey)), 401},
		"too large by it": {h.bare("/v1/json/nagios", nagiosBody("PROBLEM", writeKey, "service_output", strings.Repeat("x", 300<<10))), 413},
	} {
		if want.a.status != want.status {
			t.Errorf("%s: %d, want %d: %s", how, want.a.status, want.status, want.a.raw)
		}
	}
	if n := len(h.call("GET", "/v2/alerts", "").list()); n != 1 {
		t.Errorf("there are %d alerts", n)
	}
}

// Rules ogapi-11.intake.actions: the actions of the key's integration decide, whatever its type, and the path's
// defaults where it has none; a key that is bound to a team alerts the team alone.
func TestWhoseActionsDecide(t *testing.T) {
	h := newHub(t)
	h.integration("by rules", "Nagios", "own-actions-of-it", state.Write,
		route.Action{Kind: route.Create, Name: "loud", Alias: "{{host_name}}", Fields: route.Rewrite{Message: "{{service_desc}} of {{host_name}}", Priority: core.P1}},
		route.Action{Kind: route.Ignore, Name: "tests", Filter: route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{{Field: "host_name", Operation: "starts-with", Value: "test"}}}})
	h.integration("of another type", "Zabbix", "no-actions-of-it", state.Write)
	for _, step := range []struct{ key, body, result string }{
		{"own-actions-of-it", nagiosBody("RECOVERY", ""), "Created alert"},
		{"own-actions-of-it", nagiosBody("PROBLEM", "", "host_name", "test-1"), "Nothing was done: ignored by action tests of integration by rules"},
		{"no-actions-of-it", nagiosBody("RECOVERY", "", "host_name", "db-1"), "Alert does not exist"},
		{"no-actions-of-it", nagiosBody("PROBLEM", "", "host_name", "db-1"), "Created alert"},
		{teamKey, nagiosBody("PROBLEM", "", "host_name", "db-2", "responders", "lan@example.vn"), "Created alert"},
		{writeKey, nagiosBody("PROBLEM", "", "host_name", "db-3", "responders", "lan@example.vn, Mạng, nobody", "tags", "a,b"), "Created alert"},
		{writeKey, nagiosBody("CHANGED", ""), "Nothing was done: not used: no action of integration test-write-key matches"},
	} {
		a := h.want(h.with(step.key, "POST", "/v1/json/nagios", step.body), 200)
		if got, _ := a.body["result"].(string); !strings.HasPrefix(got, step.result) {
			t.Errorf("%s %s: %s", step.key, step.body, got)
		}
	}
	for alias, want := range map[string]string{
		"web-1": "HTTP of web-1 P1 []", "db-1/HTTP": "db-1/HTTP is CRITICAL: refused P3 []", "db-2/HTTP": "db-2/HTTP is CRITICAL: refused P3 [team]", "db-3/HTTP": "db-3/HTTP is CRITICAL: refused P3 [user team]",
	} {
		a := h.want(h.call("GET", "/v2/alerts/"+alias+"?identifierType=alias", ""), 200)
		var kinds []string
		for _, r := range a.data("responders").([]any) {
			kinds = append(kinds, r.(map[string]any)["type"].(string))
		}
		slices.Sort(kinds)
		slices.Reverse(kinds)
		if got := fmt.Sprint(a.data("message"), " ", a.data("priority"), " ", kinds); got != want {
			t.Errorf("%s: %s", alias, got)
		}
	}
}

// Rules ogapi-11.intake.many, keng-5.intake.overflow: a body with many alerts is taken whole, in its order, by more than one command
// if need be, and the answer sums it up.
func TestManyAlertsOfOneBody(t *testing.T) {
	h := newHub(t)
	alerts := func(n int, status func(i int) string) string {
		var items []string
		for i := range n {
			items = append(items, fmt.Sprintf(`{"status":%q,"labels":{"alertname":"A"},"annotations":{"summary":"n %d"},"fingerprint":"f%d"}`, status(i), i, i))
		}
		return `{"status":"firing","alerts":[` + strings.Join(items, ",") + `]}`
	}
	a := h.want(h.with(writeKey, "POST", "/v1/json/prometheus", alerts(60, func(int) string { return "firing" })), 200)
	if a.body["result"] != "25 × Created alert; then 25 × Created alert; then 10 × Created alert" {
		t.Errorf("%s", a.raw)
	}
	if c := h.call("GET", "/v2/alerts/count?query=status:open", ""); c.data("count") != 60.0 {
		t.Errorf("%s", c.raw)
	}
	a = h.want(h.with(writeKey, "POST", "/v1/json/prometheus", alerts(4, func(i int) string { return []string{"resolved", "firing", "resolved", "pending"}[i] })), 200)
	if a.body["result"] != "2 × Closed alert; 1 × Existing alert occurred again; 1 × Nothing was done" {
		t.Errorf("%s", a.raw)
	}
	s := h.want(h.call("GET", "/v2/alerts/requests/"+a.header.Get("X-Request-Id"), ""), 200)
	if s.data("success") != true || s.data("status") != a.body["result"] {
		t.Errorf("%s", s.raw)
	}
	if a = h.want(h.with(writeKey, "POST", "/v1/json/prometheus", alerts(0, nil)), 200); a.body["result"] != "Nothing was done: the body says nothing of any alert" {
		t.Errorf("%s", a.raw)
	}
	if a = h.with(writeKey, "POST", "/v1/json/prometheus", alerts(1003, func(int) string { return "resolved" })); !strings.HasSuffix(a.body["result"].(string), "; 3 more alerts were passed over, which the last alert says") {
		t.Errorf("%s", a.raw)
	}
	if newest := h.call("GET", "/v2/alerts?sort=createdAt&order=desc&limit=1", "").list(); newest[0]["message"] != "3 more alerts of Alertmanager (webhook) were passed over" || newest[0]["priority"] != "P1" {
		t.Errorf("nobody is told what was passed over: %v", newest)
	}
}

// What rules make of a body's alerts may be more than a command may write: then fewer of them go in one.
func TestAToolsStormGoesInSmallerParts(t *testing.T) {
	h := newHub(t)
	attempts := 0
	h.store.fault = func(done bool) error {
		if attempts++; !done && attempts <= 3 {
			return errors.New("it writes 4277770 bytes, and 3145728 are allowed")
		}
		return nil
	}
	var items []string
	for i := range 60 {
		items = append(items, fmt.Sprintf(`{"status":"firing","labels":{"alertname":"A"},"fingerprint":"f%d"}`, i))
	}
	storm := `{"status":"firing","alerts":[` + strings.Join(items, ",") + `]}`
	a := h.want(h.with(writeKey, "POST", "/v1/json/prometheus", storm), 200)
	attempts = 0
	h.store.fault = func(bool) error { attempts++; return context.DeadlineExceeded }
	if a := h.with(writeKey, "POST", "/v1/json/prometheus", storm); a.status != 503 || attempts != 1 {
		t.Errorf("without a leader: HTTP %d after %d attempts", a.status, attempts)
	}
	h.store.fault = nil
	if a.body["result"] != "3 × Created alert; then 25 × Created alert; then 25 × Created alert; then 7 × Created alert" {
		t.Errorf("%s", a.raw)
	}
	if c := h.call("GET", "/v2/alerts/count?query=count:1", ""); c.data("count") != 60.0 {
		t.Errorf("%s", c.raw)
	}
}

// Rules ogapi-11.intake.cut, ogapi-11.intake.refused: what is too long is cut, what is of no format, no JSON or lacks all fields is
// refused with a word of what was expected.
func TestWhatAToolMaySend(t *testing.T) {
	h := newHub(t)
	long := strings.Repeat("ẻ", 20_000)
	a := h.want(h.with(writeKey, "POST", "/v1/json/nagios", nagiosBody("PROBLEM", "", "host_name", long, "service_output", long, "tags", strings.Repeat("t,", 100), "responders", strings.Repeat("x,", 100))), 200)
	if a.body["result"] != "Created alert" {
		t.Errorf("%s", a.raw)
	}
	for body, want := range map[string]struct {
		status int
		words  string
	}{
		`{`: {400, "not valid JSON"}, `[1]`: {422, "must be a JSON object"}, `{}`: {422, "notification_type, entity_type, host_name"}, ``: {422, "must be a JSON object"}, `{"x":1}`: {422, "Nagios"},
	} {
		if a := h.with(writeKey, "POST", "/v1/json/nagios", body); a.status != want.status || !strings.Contains(a.raw, want.words) {
			t.Errorf("%s: %d %s", body, a.status, a.raw)
		}
	}
	if a := h.with(writeKey, "POST", "/v1/json/nothing", `{}`); a.status != 404 || !strings.Contains(a.raw, "integrations/webhooks/connectwiseautomate") {
		t.Errorf("a format that is not there: %s", a.raw)
	}
	large := func(size int) answer {
		return h.with(writeKey, "POST", "/v1/json/nagios", nagiosBody("PROBLEM", "", "host_name", "large", "service_output", strings.Repeat("x", size)))
	}
	h.want(large(api.ToolBodyMax-1000), 200)
	if a := h.want(large(api.ToolBodyMax), 413); !strings.Contains(a.raw, "8 MiB") || api.ToolBodyMax != intake.BodyMax {
		t.Errorf("too large: %s", a.raw)
	}
	none := newHub(t, func(o *api.Options) { o.ReadTool = nil })
	none.want(none.with(writeKey, "POST", "/v1/json/nagios", nagiosBody("PROBLEM", "")), 404)
}

// Rules ogapi-11.intake.formats: each format's example raises an alert over HTTP, and what is over closes it.
func TestEachFormatOverHTTP(t *testing.T) {
	h := newHub(t)
	for _, f := range intake.All() {
		for _, step := range []struct{ body, result, status string }{{f.Example, "Created alert", "open"}, {f.Over, "Closed alert", "closed"}} {
			a := h.want(h.bare("/v1/json/"+f.Path+"?apiKey="+writeKey, step.body), 200)
			newest := h.call("GET", "/v2/alerts?sort=createdAt&order=desc&limit=1", "").list()
			if a.body["result"] != step.result || newest[0]["status"] != step.status {
				t.Errorf("%s: %s: %v", f.Path, a.raw, newest)
			}
		}
	}
}

// Rules ogapi-11.intake.defaults: an integration of a tool's type begins with the tool's default actions, which take what the tool
// sends in its own format, and what it sends by the API.
func TestIntegrationsOfTools(t *testing.T) {
	h := newHub(t, func(o *api.Options) { o.DefaultActions = intake.DefaultActions })
	for _, f := range intake.All() {
		made := h.want(h.call("POST", "/v2/integrations", fmt.Sprintf(`{"type":%q,"name":%q}`, f.Type, f.Label)), 201)
		key, _ := made.data("apiKey").(string)
		for _, step := range []struct{ path, body, result, status string }{{"/v1/json/" + f.Path, f.Example, "Created alert", "open"}, {"/v1/json/" + f.Path, f.Over, "Closed alert", "closed"},
			{"/v2/alerts", `{"message":"by the API","alias":"` + f.Type + `"}`, "Request will be processed", "open"}} {
			a := h.with(key, "POST", step.path, step.body)
			newest := h.call("GET", "/v2/alerts?sort=createdAt&order=desc&limit=1", "").list()
			if a.body["result"] != step.result || newest[0]["status"] != step.status || step.path == "/v2/alerts" && newest[0]["alias"] != f.Type {
				t.Errorf("%s %s: %s: %v", f.Type, step.path, a.raw, newest)
			}
		}
	}
}

// Rules keng-5.intake.trial: a trial says what would become of a body, and changes nothing.
func TestATrialChangesNothing(t *testing.T) {
	h := newHub(t)
	count := func() (n int) {
		for range h.store.tx.Scan(nil, nil) {
			n++
		}
		return n
	}
	before := count()
	a := h.want(h.with(readKey, "POST", "/keng/v1/intake/nagios/test", nagiosBody("PROBLEM", "", "responders", "Mạng", "tags", "x")), 200)
	if count() != before {
		t.Error("a trial has written something")
	}
	in := a.data("inputs").([]any)[0].(map[string]any)
	made, _ := in["alert"].(map[string]any)
	if a.data("verified") != true || a.data("integrationType") != "Nagios" || in["action"] != "create" || in["alias"] != "web-1/HTTP" || in["alertId"] != "" ||
		in["fields"].(map[string]any)["host_name"] != "web-1" || made["message"] != "web-1/HTTP is CRITICAL: refused" || len(made["responders"].([]any)) != 1 {
		t.Errorf("%s", a.raw)
	}
	h.want(h.with(writeKey, "POST", "/v1/json/nagios", nagiosBody("PROBLEM", "")), 200)
	a = h.want(h.with(readKey, "POST", "/keng/v1/intake/nagios/test", nagiosBody("RECOVERY", "")), 200)
	in = a.data("inputs").([]any)[0].(map[string]any)
	if in["action"] != "close" || in["alertId"] == "" || in["alert"] != nil || !strings.Contains(in["reason"].(string), "closed by action Close alert") {
		t.Errorf("%s", a.raw)
	}
	a = h.want(h.with(readKey, "POST", "/keng/v1/intake/integrations/webhooks/connectwiseautomate/test", `{"status":"FAILED","monitorName":"m"}`), 200)
	if a.data("format") != "integrations/webhooks/connectwiseautomate" {
		t.Errorf("%s", a.raw)
	}
	if a = h.want(h.with(readKey, "POST", "/keng/v1/intake/oem/test", `{"SEVERITY":"x","MESSAGE":"m"}`), 200); a.data("verified") != false {
		t.Errorf("%s", a.raw)
	}
}
