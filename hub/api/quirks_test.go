package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"keng/hub/api"
)

// The tests here are named after the quirks of real clients in the notes on Opsgenie's API.

// Quirk 1: structs of the Go client leak fields that are no part of the API. Rule ogapi-9.client.go-cased.
func TestQuirk1GoCasedKeysNeverShadow(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"Message":"wrong","message":"right","Alias":"wrong","ALIAS":"wrong","Id":"x","Priority":"P9","Tags":17,"IdentifierType":1,"IdentifierValue":"",
		"Details":{"a":1},"responders":[{"Type":"team","Name":"Mạng","type":"user","Username":"x","username":"lan@example.vn","Id":"zzz"}],"unknown":[{}]}`)
	d := h.call("GET", "/v2/alerts/"+id, "")
	if d.data("message") != "right" || d.data("alias") != id || d.data("priority") != "P3" || len(d.data("tags").([]any)) != 0 || len(d.data("details").(map[string]any)) != 0 {
		t.Errorf("%s", d.raw)
	}
	if got := fmt.Sprint(d.data("responders")); !strings.Contains(got, string(h.user)) || strings.Contains(got, "team") {
		t.Errorf("responders: %s", got)
	}
	if a := h.want(h.call("POST", "/v2/alerts", `{"Message":"m"}`), 422); a.wrong("message") == "" {
		t.Error("a Go-cased key filled the message")
	}
	up := h.made("/v2/escalations", `{"Id":"x","Name":"wrong","name":"up","OwnerTeam":{"name":"ghost"},"Repeat":{"waitInterval":1},"Rules":[],"IdentifierType":1,
		"rules":[{"Condition":"if-not-closed","condition":"if-not-acked","NotifyType":"all","Delay":{"timeAmount":7},"recipient":{"type":"user","Type":"team","username":"lan@example.vn"}}]}`)
	if e := h.call("GET", "/v2/escalations/"+up, ""); e.data("name") != "up" || e.data("repeat") != nil || e.data("ownerTeam") != nil ||
		!strings.Contains(fmt.Sprint(e.data("rules")), "condition:if-not-acked delay:map[timeAmount:0 timeUnit:minutes] notifyType:default") {
		t.Errorf("%s", e.raw)
	}
}

// Quirk 2: empty strings mean "absent".
//
// Rules ogapi-3.responders.empty, ogapi-9.client.empty-strings.
func TestQuirk2EmptyStringsAreAbsent(t *testing.T) {
	h := newHub(t)
	h.lenient = true // an enumeration in the contract has no empty word
	id := h.create(`{"message":"m","alias":"","priority":"","source":"","user":"","responders":[{"type":"user","id":"","name":"","username":"lan@example.vn"}],
		"tags":["",null],"entity":null,"details":null,"actions":"","note":""}`)
	d := h.call("GET", "/v2/alerts/"+id, "")
	if d.data("alias") != id || d.data("priority") != "P3" || d.data("source") != "203.0.113.7" || len(d.data("tags").([]any)) != 0 || len(d.data("responders").([]any)) != 1 {
		t.Errorf("%s", d.raw)
	}
	h.want(h.call("GET", "/v2/alerts?query=&limit=&offset=&sort=&order=", ""), 200)
	h.want(h.call("GET", "/v2/alerts/"+id+"?identifierType=", ""), 200)
}

// What Alertmanager 0.25 sends, recorded: it cuts tags at commas alone, and names
// responders by one name whatever they are.
func TestAlertmanagersBodies(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"alias":"9ad702712ef65aac","message":"[FIRING:1] Web Down","description":"Alerts Firing:","details":{"alertname":"Web Down"},
		"source":"http://vm:9093/#/alerts?receiver=og","responders":[{"name":"Mạng","type":"team"},{"username":"ghost@example.vn","type":"user"}],
		"tags":["wifi"," core","x"],"priority":"P2"}` + "\n")
	d := h.call("GET", "/v2/alerts/"+id, "")
	if fmt.Sprint(d.data("tags")) != "[wifi core x]" || len(d.data("responders").([]any)) != 1 {
		t.Errorf("%s", d.raw)
	}
	h.want(h.call("POST", "/v2/alerts/9ad702712ef65aac/close?identifierType=alias", `{"source":"http://vm:9093/#/alerts?receiver=og"}`+"\n"), 202)
	if d := h.call("GET", "/v2/alerts/"+id, ""); d.data("status") != "closed" {
		t.Errorf("%s", d.raw)
	}
}

// Zabbix 7 posts to a path with a slash at its end, with an empty team.
func TestZabbixBodies(t *testing.T) {
	h := newHub(t)
	r := newRequest("POST", "/v2/alerts/", `{"alias":"17","message":"Problem: x","description":"","source":"Zabbix","entity":"","tags":["a:b"],"priority":"P3",
		"responders":[{"type":"team","name":""}],"details":{"Zabbix server":"http://z","Problem ID":"17"},"note":""}`, "User-Agent", "Zabbix")
	a := h.want(h.send(r), 202)
	s := h.want(h.call("GET", "/v2/alerts/requests/"+a.header.Get("X-Request-Id"), ""), 200)
	if s.data("success") != true || s.data("alertId") == "" {
		t.Errorf("%s", s.raw)
	}
	log := h.call("GET", "/keng/v1/alerts/17/log?identifierType=alias", "")
	if strings.Contains(log.raw, "does not exist") {
		t.Errorf("an empty team counts as an unknown one: %s", log.raw)
	}
}

// Quirk 3: a slash at the end is served, not redirected: a redirect would turn POST into GET.
func TestQuirk3TrailingSlashes(t *testing.T) {
	h := newHub(t)
	a := h.want(h.call("POST", "/v2/alerts/", `{"message":"m","alias":"x"}`), 202)
	h.want(h.call("GET", "/v2/alerts/requests/"+a.header.Get("X-Request-Id")+"/", ""), 200)
	h.want(h.call("GET", "/v2/alerts/x/?identifierType=alias", ""), 200)
	h.want(h.call("POST", "/v2/alerts/x/close/?identifierType=alias", ""), 202)
	h.want(h.call("GET", "/v2/request-limits/", ""), 200)
}

// Quirk 4: what GET carries as a body does not matter.
func TestQuirk4BodiesOfGetAreIgnored(t *testing.T) {
	h := newHub(t)
	h.want(h.call("GET", "/v2/alerts", "{{{"), 200)
	h.want(h.call("GET", "/v2/alerts", strings.Repeat("x", 2<<20)), 200)
}

// Quirk 5: whatever the Content-Type says, a body is JSON.
func TestQuirk5OddContentTypes(t *testing.T) {
	h := newHub(t)
	h.lenient = true
	for _, contentType := range []string{"application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", "application/vnd.api+json", ";;;", " "} {
		h.want(h.send(newRequest("POST", "/v2/alerts", `{"message":"m"}`, "Content-Type", contentType)), 202)
		h.want(h.send(newRequest("GET", "/v2/alerts", "", "Content-Type", contentType, "Accept", "text/html")), 200)
	}
}

// Quirk 14: slashes in an alias come unescaped; the operation is told by the end of the path.
func TestQuirk14AliasWithSlashes(t *testing.T) {
	h := newHub(t)
	for i, alias := range []string{"a b/c", "http://example.vn/x?y=%25", "requests/r1", "x/close", "x/acknowledge/logs", "../..", "a//b", "ngõ 5/nhà 3", "a+b@c"} {
		body := fmt.Sprintf(`{"message":"m","alias":%q}`, alias)
		id := h.create(body)
		// As the Go client sends it: each segment escaped, slashes left as they are.
		path := "/v2/alerts/" + strings.NewReplacer("%", "%25", " ", "%20", "?", "%3F", "ế", "%E1%BA%BF").Replace(alias)
		h.want(h.call("POST", path+"/acknowledge?identifierType=alias", `{"user":"lan"}`), 202)
		d := h.want(h.call("GET", "/v2/alerts/"+id, ""), 200)
		if d.data("acknowledged") != true {
			t.Errorf("%d: %q was not acknowledged by %s", i, alias, path)
		}
		if alias != "requests/r1" && !strings.HasSuffix(alias, "/logs") { // those are other operations
			if d := h.want(h.call("GET", path+"?identifierType=alias", ""), 200); d.data("id") != id {
				t.Errorf("%q is another alert", path)
			}
		}
		h.want(h.call("GET", path+"/logs?identifierType=alias", ""), 200)
		h.want(h.call("POST", path+"/close?identifierType=alias", ""), 202)
		if d := h.call("GET", "/v2/alerts/"+id, ""); d.data("status") != "closed" {
			t.Errorf("%q was not closed", alias)
		}
	}
}

// Quirk 15: clients poll while they see 404 with this header, and stop at anything else.
func TestQuirk15RequestNotProcessed(t *testing.T) {
	h := newHub(t)
	a := h.want(h.call("GET", "/v2/alerts/requests/00000000-0000-0000-0000-000000000000", ""), 404)
	if a.header.Get("X-Opsgenie-Errortype") != "RequestNotProcessed" {
		t.Errorf("header: %v", a.header)
	}
	if h.store.latest != 1 {
		t.Error("a miss was told without a look at the whole cluster")
	}
	if other := h.call("GET", "/v2/alerts/none", ""); other.status != 404 || other.header.Get("X-Opsgenie-Errortype") == "RequestNotProcessed" {
		t.Error("an alert that does not exist looks like a request that is not processed yet")
	}
}

// Clients warn about headers that are not there; errors bear one more.
func TestEveryReplyBearsTheHeaders(t *testing.T) {
	h := newHub(t)
	for _, a := range []answer{
		h.call("POST", "/v2/alerts", `{"message":"m"}`), h.call("POST", "/v2/alerts", `{`), h.call("GET", "/v2/alerts", ""), h.with("", "GET", "/v2/alerts", ""),
		h.call("GET", "/v2/nothing", ""), h.call("PUT", "/v2/alerts", ""), h.call("GET", "/healthz", ""), h.call("GET", "/openapi.yaml", ""), h.call("HEAD", "/v2/alerts", ""),
	} {
		for _, name := range []string{"X-Request-Id", "X-Response-Time", "X-Ratelimit-State", "X-Ratelimit-Reason", "X-Ratelimit-Period-In-Sec"} {
			if a.header.Get(name) == "" {
				t.Errorf("HTTP %d without %s", a.status, name)
			}
		}
		if (a.header.Get("X-Opsgenie-Errortype") != "") != (a.status >= 400) {
			t.Errorf("HTTP %d with error type %q", a.status, a.header.Get("X-Opsgenie-Errortype"))
		}
	}
}

func TestUnknownRoutesAndMethods(t *testing.T) {
	h := newHub(t, func(o *api.Options) {
		o.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	})
	for _, path := range []string{"/v2", "/v2/", "/v2/alert", "/v1/incidents", "/keng/v1/x", "/jsm/x", "/v2/alerts//close", "/v2//alerts"} {
		if a := h.want(h.call("GET", path, ""), 404); a.body["message"] == "" {
			t.Errorf("%s: %s", path, a.raw)
		}
	}
	for _, path := range []string{"/", "/alerts/x", "/v2x"} {
		h.want(h.call("GET", path, ""), http.StatusTeapot)
	}
	for target, allow := range map[string]string{"PUT /v2/alerts": "GET, POST", "PUT /v2/alerts/x": "GET, DELETE", "GET /v2/alerts/x/acknowledge/": "", "POST /healthz": "GET", "OPTIONS /v2/alerts": "GET, POST"} {
		method, path, _ := strings.Cut(target, " ")
		if allow == "" {
			continue // for GET it is an alert with the alias x/acknowledge
		}
		if a := h.want(h.call(method, path, ""), 405); a.header.Get("Allow") != allow {
			t.Errorf("%s: Allow %q, want %q", target, a.header.Get("Allow"), allow)
		}
	}
}

// Jira Service Management has the same operations below another root.
func TestSecondDoor(t *testing.T) {
	h := newHub(t)
	h.want(h.call("POST", "/jsm/ops/integration/v2/alerts", `{"message":"m","alias":"x"}`), 202)
	h.want(h.call("POST", "/jsm/ops/integration/v2/alerts/x/close?identifierType=alias", ""), 202)
	h.want(h.call("GET", "/jsm/ops/integration/healthz", ""), 404)
}

func TestNodeRoutesNeedNoKey(t *testing.T) {
	var down error
	h := newHub(t, func(o *api.Options) { o.Ready = func(context.Context) error { return down } })
	h.want(h.with("", "GET", "/healthz", ""), 200)
	h.want(h.with("", "GET", "/readyz", ""), 200)
	down = fmt.Errorf("no leader yet")
	if a := h.want(h.with("", "GET", "/readyz", ""), 503); !strings.Contains(a.raw, "no leader yet") || a.header.Get("Retry-After") == "" {
		t.Errorf("%s", a.raw)
	}
	if a := h.want(h.with("", "GET", "/openapi.yaml", ""), 200); !strings.HasPrefix(a.raw, "openapi: 3") || a.header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%.80s", a.raw)
	}
}

func TestTokensAndPeers(t *testing.T) {
	h := newHub(t)
	a := h.want(h.call("POST", "/keng/v1/tokens", `{"uses":3,"lifetime":"48h"}`), 201)
	if !strings.HasPrefix(a.data("token").(string), "secret-") {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("POST", "/keng/v1/tokens", ""), 201)
	list := h.want(h.call("GET", "/keng/v1/tokens?limit=1", ""), 200)
	next, _ := list.body["paging"].(map[string]any)["next"].(string)
	if len(list.list()) != 1 || next == "" || strings.Contains(list.raw, "secret") {
		t.Fatalf("%s", list.raw)
	}
	if rest := h.want(h.call("GET", next, ""), 200); len(rest.list()) != 1 || rest.list()[0]["id"] == list.list()[0]["id"] {
		t.Errorf("%s", rest.raw)
	}
	for body, field := range map[string]string{`{"uses":0}`: "uses", `{"uses":"x"}`: "uses", `{"uses":1.5}`: "uses", `{"uses":99999999999999999999}`: "uses",
		`{"lifetime":"1"}`: "lifetime", `{"lifetime":"9000h"}`: "lifetime", `{"lifetime":"-1h"}`: "lifetime", `{"lifetime":5}`: "lifetime"} {
		if a := h.want(h.call("POST", "/keng/v1/tokens", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	if peers := h.want(h.call("GET", "/keng/v1/peers", ""), 200); len(peers.list()) != 0 {
		t.Errorf("%s", peers.raw)
	}
}
