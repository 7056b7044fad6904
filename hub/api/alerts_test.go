package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/state"
)

// Rules ogapi-1.async.acknowledged, ogapi-3.status.both, ogapi-3.status.texts,
// ogapi-3.object.tiny-id, ogapi-3.object.owner, ogapi-3.object.report,
// ogapi-3.responders.names.
func TestCreateThenReadBack(t *testing.T) {
	h := newHub(t)
	a := h.want(h.call("POST", "/v2/alerts", `{"message":"Mạng chi nhánh 3 rớt","alias":"branch-3/website","description":"không trả lời",
		"responders":[{"type":"user","username":"lan@example.vn"}],"actions":["ping"],"tags":["wifi","core"],"details":{"site":"branch-3"},
		"entity":"router","source":"probe","priority":"P1","user":"minh","note":"x"}`), 202)
	if a.body["result"] != "Request will be processed" {
		t.Errorf("result: %v", a.body["result"])
	}
	s := h.want(h.call("GET", "/v2/alerts/requests/"+a.body["requestId"].(string), ""), 200)
	if s.data("success") != true || s.data("isSuccess") != true || s.data("status") != "Created alert" || s.data("action") != "Create" {
		t.Errorf("status of the request: %s", s.raw)
	}
	id := s.data("alertId").(string)
	for _, target := range []string{"/v2/alerts/" + id, "/v2/alerts/1?identifierType=tiny", "/v2/alerts/branch-3%2Fwebsite?identifierType=alias"} {
		d := h.want(h.call("GET", target, ""), 200)
		for name, want := range map[string]any{"id": id, "tinyId": "1", "message": "Mạng chi nhánh 3 rớt", "status": "open", "acknowledged": false,
			"count": 1.0, "source": "probe", "owner": "", "priority": "P1", "entity": "router", "description": "không trả lời", "isSeen": false} {
			if got := d.data(name); got != want {
				t.Errorf("%s: %s is %v, want %v", target, name, got, want)
			}
		}
		if d.data("report") != nil {
			t.Error("a report before anybody reacted")
		}
		if got := fmt.Sprint(d.data("responders")); !strings.Contains(got, "type:user") {
			t.Errorf("responders: %s", got)
		}
	}
}

// Rules ogapi-3.dedup.alias, ogapi-3.dedup.content, ogapi-3.dedup.closed,
// ogapi-3.dedup.alias-open.
func TestDuplicatesAreCounted(t *testing.T) {
	h := newHub(t)
	first := h.create(`{"message":"a","alias":"x","priority":"P1"}`)
	second := h.create(`{"message":"b","alias":"x","priority":"P2"}`)
	if first != second {
		t.Fatalf("two alerts with one alias: %s, %s", first, second)
	}
	d := h.call("GET", "/v2/alerts/"+first, "")
	if d.data("count") != 2.0 || d.data("message") != "a" || d.data("priority") != "P1" {
		t.Errorf("after a duplicate: %s", d.raw)
	}
	h.want(h.call("POST", "/v2/alerts/x/close?identifierType=alias", `{"source":"probe"}`), 202)
	h.want(h.call("GET", "/v2/alerts/x?identifierType=alias", ""), 404)
	if third := h.create(`{"message":"c","alias":"x"}`); third == first {
		t.Error("a closed alert came back")
	}
}

// Rules ogapi-1.async.missing-alert, ogapi-3.status.already, ogapi-3.status.texts,
// ogapi-3.object.report, ogapi-3.life.acknowledged-is-open.
func TestAcknowledgeAndClose(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m"}`)
	status := func(method, target, body string) answer {
		t.Helper()
		a := h.want(h.call(method, target, body), 202)
		return h.want(h.call("GET", "/v2/alerts/requests/"+a.header.Get("X-Request-Id"), ""), 200)
	}
	s := status("POST", "/v2/alerts/"+id+"/acknowledge", `{"user":"lan@example.vn","note":"đang xem"}`)
	if s.data("success") != true || s.data("action") != "Acknowledge" {
		t.Errorf("%s", s.raw)
	}
	d := h.call("GET", "/v2/alerts/"+id, "")
	report, _ := d.data("report").(map[string]any)
	if d.data("status") != "open" || d.data("acknowledged") != true || d.data("owner") != "lan@example.vn" ||
		report["acknowledgedBy"] != "lan@example.vn" || report["ackTime"] != 1234.0 || report["closeTime"] != nil {
		t.Errorf("after the acknowledgement: %s", d.raw)
	}
	if s := status("POST", "/v2/alerts/"+id+"/acknowledge", ""); s.data("success") != false || !strings.Contains(s.data("status").(string), "Alert is already") {
		t.Errorf("a second acknowledgement: %s", s.raw)
	}
	if s := status("POST", "/v2/alerts/"+id+"/close", "{}"); s.data("success") != true {
		t.Errorf("%s", s.raw)
	}
	d = h.call("GET", "/v2/alerts/"+id, "")
	report, _ = d.data("report").(map[string]any)
	if d.data("status") != "closed" || report["closedBy"] != "203.0.113.7" || report["closeTime"].(float64) <= 1234 {
		t.Errorf("after closing: %s", d.raw)
	}
	s = status("POST", "/v2/alerts/no-such-alert/close", "")
	if s.data("success") != false || s.data("status") != "Alert does not exist" || s.data("alertId") != "" {
		t.Errorf("of an alert that does not exist: %s", s.raw)
	}
}

// Rules ogapi-3.limits.each, ogapi-3.limits.runes.
func TestLimitsAreCountedInCodePoints(t *testing.T) {
	h := newHub(t)
	h.want(h.call("POST", "/v2/alerts", `{"message":"`+strings.Repeat("ế", 130)+`"}`), 202)
	many := func(n int, item string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
	}
	for field, value := range map[string]string{
		"message": `"` + strings.Repeat("ế", 131) + `"`, "alias": `"` + strings.Repeat("a", 513) + `"`,
		"description": `"` + strings.Repeat("a", 15001) + `"`, "entity": `"` + strings.Repeat("a", 513) + `"`,
		"user": `"` + strings.Repeat("a", 101) + `"`, "note": `"` + strings.Repeat("a", 25001) + `"`,
		"tags": many(21, `"t"`), "actions": many(11, `"a"`), "details": `{"k":"` + strings.Repeat("v", 8000) + `"}`,
		"responders": many(51, `{"type":"user","username":"u"}`), "priority": `"P6"`,
	} {
		body := `{"` + field + `":` + value + `}`
		if field != "message" {
			body = `{"message":"m","` + field + `":` + value + `}`
		}
		if a := h.want(h.call("POST", "/v2/alerts", body), 422); a.wrong(field) == "" || len(a.body["errors"].(map[string]any)) != 1 {
			t.Errorf("%s beyond its limit: %s", field, a.raw)
		}
	}
	a := h.want(h.call("POST", "/v2/alerts", ""), 422)
	if a.wrong("message") == "" || a.header.Get("X-Opsgenie-Errortype") == "" || a.body["message"] == "" {
		t.Errorf("an empty alert: %s", a.raw)
	}
}

// Rules ogapi-3.responders.unknown, ogapi-3.responders.other-kinds, ogapi-3.responders.empty,
// ogapi-3.responders.names.
func TestUnknownRespondersAreLeftOutAndLogged(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m","responders":[{"type":"team","name":"không có"},{"name":"Mạng","username":"Mạng","type":"team"},{"type":"all","name":"x"},
		{"type":"user","name":"","username":""},{"username":"lan@example.vn"},{"type":"team","id":"` + strings.Repeat("ế", 9000) + `"}]}`)
	d := h.call("GET", "/v2/alerts/"+id, "")
	if got := d.data("responders").([]any); len(got) != 2 || d.data("ownerTeamId") != string(h.team) {
		t.Errorf("responders: %s", d.raw)
	}
	log := h.want(h.call("GET", "/keng/v1/alerts/"+id+"/log", ""), 200)
	if !strings.Contains(log.raw, "không có") || !strings.Contains(log.raw, "does not exist") {
		t.Errorf("the log does not say who could not be told: %s", log.raw)
	}
}

// Somebody who does not exist is no failed step: the escalation keeps its times.
func TestUnknownResponderDoesNotHurryAnEscalation(t *testing.T) {
	h := newHub(t)
	must(state.Do(t.Context(), h.store, core.Seed{5}, state.PutEscalation{Policy: escalate.Policy{Name: "later", Rules: []escalate.Rule{
		{Condition: escalate.IfNotAcked, Delay: time.Hour, Recipient: alert.Responder{Kind: alert.User, ID: string(h.user)}}}}}))
	id := h.create(`{"message":"m","responders":[{"type":"escalation","name":"later"},{"type":"team","name":"none"}]}`)
	if list := h.call("GET", "/keng/v1/alerts/"+id+"/deliveries", "").list(); len(list) != 0 {
		t.Errorf("paged before the time: %v", list)
	}
}

func TestTeamBoundKeyAnswersWithItsTeam(t *testing.T) {
	h := newHub(t)
	h.want(h.with(teamKey, "POST", "/v2/alerts", `{"message":"m","alias":"x","responders":[{"type":"user","username":"lan@example.vn"}]}`), 202)
	d := h.call("GET", "/v2/alerts/x?identifierType=alias", "")
	if got := fmt.Sprint(d.data("responders")); d.data("ownerTeamId") != string(h.team) || !strings.Contains(got, "type:team") || strings.Contains(got, "type:user") {
		t.Errorf("the team did not take the place of the responders: %s", d.raw)
	}
}

// Rule ogapi-3.source.default.
func TestSourceIsTheCallersAddress(t *testing.T) {
	h := newHub(t)
	d := h.call("GET", "/v2/alerts/"+h.create(`{"message":"m"}`), "")
	if d.data("source") != "203.0.113.7" {
		t.Errorf("source: %v", d.data("source"))
	}
	long := strings.Repeat("ế", 101)
	d = h.call("GET", "/v2/alerts/"+h.create(`{"message":"m","alias":"x","source":"`+long+`"}`), "")
	if d.data("source") != strings.TrimSuffix(long, "ế") {
		t.Errorf("a long source is not cut: %v", d.data("source"))
	}
	h.want(h.call("POST", "/v2/alerts/x/close?identifierType=alias", `{"source":"`+long+`"}`), 202)
}

func TestListPagesAndFilters(t *testing.T) {
	h := newHub(t)
	for i := range 7 {
		h.create(fmt.Sprintf(`{"message":"m%d","alias":"a %d","priority":"P%d","tags":["t%d","all"]}`, i, i, i%5+1, i))
	}
	h.want(h.call("POST", "/v2/alerts/1/close?identifierType=tiny", ""), 202)
	h.want(h.call("POST", "/v2/alerts/2/acknowledge?identifierType=tiny", ""), 202)
	numbers := func(a answer) string {
		var s string
		for _, x := range a.list() {
			s += x["tinyId"].(string)
		}
		return s
	}
	for query, want := range map[string]string{
		"": "7654321", "status: open": "765432", "status:closed": "1", "status: open AND acknowledged: false": "76543",
		"acknowledged:true": "2", `alias: "a 3"`: "4", `alias: "a 0"`: "", "priority: P1": "61", "tag: t4": "5",
		"tag: ALL and priority:p2": "72", "status:open AND status:closed": "", "priority:P1 AND priority:P2": "",
		"status: open OR tag: t0": "7654321", "NOT status: open": "1", "tag: t*": "7654321", "(status: closed)": "1", "status: open tag: t4": "5", "m3": "4", "M5 OR m6": "76",
		"createdAt > 1": "7654321", "createdAt < 1": "", "createdAt > now-5000w AND tinyId <= 2": "21", "status": "", "isSeen: true": "", "count: 1 AND NOT priority: (P1 OR P2)": "543",
	} {
		if got := numbers(h.want(h.call("GET", "/v2/alerts?query="+url.QueryEscape(query), ""), 200)); got != want {
			t.Errorf("%q gave %s, want %s", query, got, want)
		}
	}
	for _, query := range []string{"status: half", "x: y", "statis: open", "status: open AND", "createdAt > soon", "(status: open", `tag: "x`, `tag: ""`, ":", "tag:", strings.Repeat("a", 2000)} {
		if a := h.call("GET", "/v2/alerts?query="+url.QueryEscape(query), ""); a.status != 422 || a.wrong("query") == "" {
			t.Errorf("%q: HTTP %d %s", query, a.status, a.raw)
		}
	}
	// Walk through all pages by their links, both ways.
	for _, order := range []string{"desc", "asc"} {
		var walked string
		next := "http://hub.example/v2/alerts?limit=3&sort=createdAt&query=tag:all&order=" + order
		for next != "" {
			a := h.want(h.call("GET", next, ""), 200)
			walked += numbers(a)
			links := a.body["paging"].(map[string]any)
			next, _ = links["next"].(string)
			if next == "" && links["last"] == nil || links["first"] == nil {
				t.Errorf("links: %v", links)
			}
		}
		if want := map[string]string{"desc": "7654321", "asc": "1234567"}[order]; walked != want {
			t.Errorf("%s: walked %s", order, walked)
		}
	}
	prev := "/v2/alerts?limit=3&offset=5"
	for _, want := range []string{"21", "543", "765", ""} {
		if want == "" {
			if prev != "" {
				t.Errorf("before the first page: %s", prev)
			}
			break
		}
		a := h.want(h.call("GET", prev, ""), 200)
		if numbers(a) != want {
			t.Errorf("%s gave %s, want %s", prev, numbers(a), want)
		}
		prev, _ = a.body["paging"].(map[string]any)["prev"].(string)
	}
	for _, q := range []string{"limit=0", "limit=101", "limit=x", "offset=-1", "offset=20000", "order=up", "sort=colour", "offset=99999999999999999999", "searchIdentifier=x"} {
		h.want(h.call("GET", "/v2/alerts?"+q, ""), 422)
	}
	h.want(h.call("GET", "/v2/alerts?limit=&offset=&order=ASC", ""), 200)
}

func TestLinksNameTheHostThatTheCallerUsed(t *testing.T) {
	h := newHub(t)
	h.create(`{"message":"m"}`)
	first := func(target string, headers ...string) string {
		r := newRequest("GET", target, "", headers...)
		return h.want(h.send(r), 200).body["paging"].(map[string]any)["first"].(string)
	}
	if got := first("http://hub.example:8080/v2/alerts?apiKey=" + fullKey); got != "http://hub.example:8080/v2/alerts?limit=20&offset=0" {
		t.Errorf("link %s: it must not hold the key", got)
	}
	if got := first("/v2/alerts/", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "keng.example.vn"); !strings.HasPrefix(got, "https://keng.example.vn/v2/alerts/?") {
		t.Errorf("behind a proxy: %s", got)
	}
	if got := first("/v2/alerts/", "X-Forwarded-Proto", "https, http", "X-Forwarded-Host", "keng.example.vn, inner:8080"); !strings.HasPrefix(got, "https://keng.example.vn/v2/alerts/?") {
		t.Errorf("behind two proxies: %s", got)
	}
	if got := first("http://hub.example/v2/alerts", "X-Forwarded-Proto", "javascript", "X-Forwarded-Host", "evil/x@y"); !strings.HasPrefix(got, "http://hub.example/") {
		t.Errorf("with hostile headers: %s", got)
	}
}

func TestLogIsPagedByOffset(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m","responders":[{"username":"lan@example.vn"}]}`)
	h.want(h.call("POST", "/v2/alerts/"+id+"/close", `{"note":"xong"}`), 202)
	whole := h.want(h.call("GET", "/keng/v1/alerts/"+id+"/log", ""), 200).list()
	if len(whole) < 4 || whole[0]["text"] != "Alert created" || whole[0]["type"] != "alertAction" {
		t.Fatalf("log: %v", whole)
	}
	for _, order := range []string{"asc", "desc"} {
		var walked []string
		next := "/v2/alerts/" + id + "/logs?limit=1&order=" + order
		for next != "" {
			a := h.want(h.call("GET", next, ""), 200)
			walked = append(walked, a.list()[0]["log"].(string))
			next, _ = a.body["paging"].(map[string]any)["next"].(string)
		}
		if len(walked) != len(whole) {
			t.Fatalf("%s: %d lines, want %d", order, len(walked), len(whole))
		}
		for i := range walked {
			j := i
			if order == "desc" {
				j = len(whole) - 1 - i
			}
			if walked[i] != whole[j]["text"] {
				t.Errorf("%s: line %d is %q", order, i, walked[i])
			}
		}
	}
	second := h.call("GET", fmt.Sprintf("/v2/alerts/%s/logs?order=desc&direction=prev&limit=1&offset=%v", id, whole[0]["number"]), "").list()
	if len(second) != 1 || second[0]["log"] != whole[1]["text"] {
		t.Errorf("backwards: %v", second)
	}
	after := h.call("GET", fmt.Sprintf("/keng/v1/alerts/%s/log?after=%v&limit=1", id, whole[0]["number"]), "").list()
	if len(after) != 1 || after[0]["text"] != whole[1]["text"] {
		t.Errorf("after the first line: %v", after)
	}
	h.want(h.call("GET", "/v2/alerts/"+id+"/logs?offset=x", ""), 422)
	h.want(h.call("GET", "/v2/alerts/none/logs", ""), 404)
	h.want(h.call("GET", "/keng/v1/alerts/none/log", ""), 404)
}

func TestDeliveriesTellTheirReasonAndTrace(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m","responders":[{"username":"lan@example.vn"}]}`)
	h.want(h.call("POST", "/v2/alerts/"+id+"/acknowledge", ""), 202)
	list := h.want(h.call("GET", "/keng/v1/alerts/"+id+"/deliveries", ""), 200).list()
	if len(list) != 1 || list[0]["kind"] != "push" || list[0]["why"] != "named as a responder" || list[0]["final"] != true {
		t.Fatalf("deliveries: %v", list)
	}
	if user := list[0]["user"].(map[string]any); user["username"] != "lan@example.vn" {
		t.Errorf("user: %v", user)
	}
	trace := list[0]["trace"].([]any)
	if len(trace) != 2 || trace[0].(map[string]any)["stage"] != "queued" || trace[1].(map[string]any)["stage"] != "cancelled" {
		t.Errorf("trace: %v", trace)
	}
	if strings.Contains(fmt.Sprint(list), "token-1") {
		t.Error("the person's address is told")
	}
	h.want(h.call("GET", "/keng/v1/alerts/none/deliveries", ""), 404)
}

// Whom this node does not know another one may have just made: the newest state of the cluster is asked before
// a responder is left out, and only then.
func TestUnknownRespondersAreLookedForInTheNewestState(t *testing.T) {
	h := newHub(t)
	for name, want := range map[string]int{"Mạng": 0, "nobody": 1} {
		before := h.store.latest
		h.want(h.call("POST", "/v2/alerts", `{"message":"m","alias":"`+name+`","responders":[{"type":"team","name":"`+name+`"}]}`), 202)
		if asked := h.store.latest - before; asked != want {
			t.Errorf("for team %s the newest state was asked for %d times, want %d", name, asked, want)
		}
	}
}

// What became of requests goes with time, even where no alert is ever closed.
func TestRequestsGoWithTime(t *testing.T) {
	h := newHub(t)
	h.create(`{"message":"m","alias":"x"}`)
	for s := range state.Sweeps.All(h.store.tx) {
		if s.Aged == "requests" && s.Keep > 0 {
			return
		}
	}
	t.Error("nobody looks at how old requests are")
}
