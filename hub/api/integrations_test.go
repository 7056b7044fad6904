package api_test

import (
	"fmt"
	"strings"
	"testing"

	"keng/hub/api"
	"keng/hub/core/route"
)

const integrationsPath = "/v2/integrations"

// tool makes an integration and returns its path and its key.
func (h *hub) tool(body string) (path, key string) {
	h.t.Helper()
	a := h.want(h.call("POST", integrationsPath, body), 201)
	return integrationsPath + "/" + a.data("id").(string), a.data("apiKey").(string)
}

// sent sends an alert by a key and returns what became of the request.
func (h *hub) sent(key, body string) answer {
	h.t.Helper()
	a := h.want(h.with(key, "POST", "/v2/alerts", body), 202)
	return h.want(h.with(key, "GET", "/v2/alerts/requests/"+a.header.Get("X-Request-Id"), ""), 200)
}

// Rules ogapi-2.integration.key, ogapi-2.integration.object: an integration has a key, told once, by which its tool is let in
// as long as it is enabled.
func TestIntegrations(t *testing.T) {
	h := newHub(t)
	team := h.made("/v2/teams", `{"name":"it"}`)
	made := h.want(h.call("POST", integrationsPath, `{"type":"nagios","name":"nagios hanoi","responders":[{"type":"team","name":"it"}],"ignoreRespondersFromPayload":true}`), 201)
	id, key := made.data("id").(string), made.data("apiKey").(string)
	if made.data("type") != "Nagios" || made.data("enabled") != true || made.data("name") != "nagios hanoi" || len(key) != 36 {
		t.Errorf("%s", made.raw)
	}
	one := integrationsPath + "/" + id
	got := h.want(h.call("GET", one, ""), 200)
	for name, want := range map[string]string{
		"id": id, "type": "Nagios", "isGlobal": "true", "ownerTeam": "<nil>", "responders": "[map[id:" + team + " type:team]]", "ignoreRespondersFromPayload": "true", "suppressNotifications": "false",
		"allowReadAccess": "true", "allowWriteAccess": "true", "allowDeleteAccess": "false", "allowConfigurationAccess": "false", "_readOnly": "[id type]", "url": "<nil>",
	} {
		if said := fmt.Sprint(got.data(name)); said != want {
			t.Errorf("%s: %s, want %s", name, said, want)
		}
	}
	if strings.Contains(got.raw, key) || got.data("apiKey") != nil {
		t.Errorf("the key is told again: %s", got.raw)
	}
	alert := h.want(h.call("GET", "/v2/alerts/"+h.sent(key, `{"message":"disk","responders":[{"type":"user","username":"lan@example.vn"}]}`).data("alertId").(string), ""), 200)
	if said := fmt.Sprint(alert.data("integration"), alert.data("responders")); said != "map[id:"+id+" name:nagios hanoi type:Nagios] [map[id:"+team+" type:team]]" {
		t.Errorf("%s", alert.raw)
	}
	if found := h.want(h.call("GET", "/v2/alerts?query=integration.type%3A+nagios", ""), 200).list(); len(found) != 1 {
		t.Errorf("searched by the type: %v", found)
	}
	h.want(h.call("POST", integrationsPath, `{"type":"API","name":"nagios hanoi"}`), 409)

	off := h.want(h.call("POST", one+"/disable", ""), 201)
	if off.data("enabled") != false || off.body["result"] != "Disabled" {
		t.Errorf("%s", off.raw)
	}
	h.want(h.with(key, "POST", "/v2/alerts", `{"message":"m"}`), 401)
	if on := h.want(h.call("POST", one+"/enable", ""), 201); on.data("enabled") != true || on.data("id") != id {
		t.Errorf("%s", on.raw)
	}
	h.sent(key, `{"message":"m"}`)

	h.tool(`{"type":"API","name":"another"}`)
	list := h.want(h.call("GET", integrationsPath, ""), 200).list()
	if len(list) != 2 || list[0]["name"] != "another" || list[1]["name"] != "nagios hanoi" || list[1]["enabled"] != true {
		t.Errorf("listed: %v", list)
	}
	if list := h.want(h.call("GET", integrationsPath+"?type=NAGIOS", ""), 200).list(); len(list) != 1 || list[0]["id"] != id {
		t.Errorf("listed by the type: %v", list)
	}
	h.want(h.call("DELETE", one, ""), 200)
	h.want(h.with(key, "GET", "/v2/alerts", ""), 401)
	for method, path := range map[string]string{"GET": one, "DELETE": one, "POST": one + "/enable"} {
		h.want(h.call(method, path, ""), 404)
	}
}

// Rule ogapi-2.integration.replace: what PUT leaves out is as if it never had been said, but for whether it is enabled and what
// its key may do.
func TestIntegrationIsReplaced(t *testing.T) {
	h := newHub(t)
	team := h.made("/v2/teams", `{"name":"it"}`)
	one, key := h.tool(`{"type":"API","name":"x","ownerTeam":{"name":"it"},"enabled":false,"allowConfigurationAccess":true,"allowReadAccess":false,"ignoreRespondersFromPayload":true,"responders":[{"type":"user","username":"lan@example.vn"}]}`)
	before := h.want(h.call("GET", one, ""), 200)
	if fmt.Sprint(before.data("ownerTeam")) != "map[id:"+team+" name:it]" || before.data("teamId") != team || before.data("isGlobal") != false {
		t.Errorf("%s", before.raw)
	}
	h.want(h.call("PUT", one+"/actions", `{"ignore":[{"name":"all"}]}`), 200)
	after := h.want(h.call("PUT", one, `{"id":"`+strings.TrimPrefix(one, integrationsPath+"/")+`","type":"api","name":"y","headers":null,"url":"","allowDeleteAccess":true}`), 200)
	for name, want := range map[string]string{"name": "y", "ownerTeam": "<nil>", "isGlobal": "true", "responders": "[]", "ignoreRespondersFromPayload": "false", "enabled": "false",
		"allowConfigurationAccess": "true", "allowReadAccess": "false", "allowWriteAccess": "true", "allowDeleteAccess": "true"} {
		if said := fmt.Sprint(after.data(name)); said != want {
			t.Errorf("%s: %s, want %s", name, said, want)
		}
	}
	if said := h.call("GET", one, ""); fmt.Sprint(said.body["data"]) != fmt.Sprint(after.body["data"]) {
		t.Errorf("told after the change %s, then %s", after.raw, said.raw)
	}
	if lists := h.call("GET", one+"/actions", ""); len(lists.data("ignore").([]any)) != 1 {
		t.Errorf("the actions have gone: %s", lists.raw)
	}
	h.want(h.call("PUT", one, `{"type":"API","name":"y","enabled":true,"assignedTeam":{"id":"`+team+`"},"recipients":[{"type":"team","id":"`+team+`"}],"allowWriteAccess":false}`), 200)
	if said := h.call("GET", one, ""); said.data("teamId") != team || len(said.data("responders").([]any)) != 1 || said.data("enabled") != true {
		t.Errorf("%s", said.raw)
	}
	h.want(h.with(key, "POST", "/v2/alerts", `{"message":"m"}`), 403)
	if a := h.want(h.call("PUT", one, `{"type":"Zabbix","name":"y"}`), 422); a.wrong("type") == "" {
		t.Errorf("%s", a.raw)
	}
	if a := h.want(h.call("PUT", one, `{"id":"another","type":"API","name":"y"}`), 422); a.wrong("id") == "" {
		t.Errorf("%s", a.raw)
	}
	h.tool(`{"type":"API","name":"z"}`)
	h.want(h.call("PUT", one, `{"type":"API","name":"z"}`), 409)
	h.want(h.call("PUT", integrationsPath+"/none", `{"type":"API","name":"n"}`), 404)
}

// Rule ogapi-2.integration.refused: what cannot be is told by field.
func TestIntegrationsThatCannotBe(t *testing.T) {
	h := newHub(t)
	for body, field := range map[string]string{
		`{}`:             "type",
		`{"type":"API"}`: "name",
		`{"type":17}`:    "type",
		`{"name":"email","type":"Email","emailUsername":"alerts"}`:                                      "type",
		`{"type":"API","name":"` + strings.Repeat("x", 101) + `"}`:                                      "name",
		`{"type":"` + strings.Repeat("x", 101) + `","name":"x"}`:                                        "type",
		`{"type":"API","name":"x","suppressNotifications":true}`:                                        "suppressNotifications",
		`{"type":"API","name":"x","allowReadAccess":"maybe"}`:                                           "allowReadAccess",
		`{"type":"API","name":"x","ownerTeam":{"name":"nobody"}}`:                                       "ownerTeam",
		`{"type":"API","name":"x","responders":[{"type":"team","name":"nobody"}]}`:                      "responders",
		`{"type":"API","name":"x","responders":[{"type":"none"}]}`:                                      "responders[0].type",
		`{"type":"Webhook","name":"x"}`:                                                                 "url",
		`{"type":"Webhook","name":"x","url":"ftp://x/"}`:                                                "url",
		`{"type":"Webhook","name":"x","url":"https://x/` + strings.Repeat("y", 20_000) + `"}`:           "url",
		`{"type":"Webhook","name":"x","url":"https://x.vn/","headers":{"Authorization":"do not keep"}}`: "headers",
	} {
		if a := h.want(h.call("POST", integrationsPath, body), 422); a.wrong(field) == "" {
			t.Errorf("%.80s: %s", body, a.raw)
		}
	}
	if list := h.want(h.call("GET", integrationsPath, ""), 200).list(); len(list) != 0 {
		t.Errorf("made all the same: %v", list)
	}
}

func TestWebhookIntegration(t *testing.T) {
	h := newHub(t)
	one, key := h.tool(`{"type":"Webhook","name":"x","url":"https://hooks.example.vn/a","addAlertDetails":true,"headers":{}}`)
	if got := h.want(h.call("GET", one, ""), 200); got.data("url") != "https://hooks.example.vn/a" || got.data("addAlertDetails") != true || got.data("addAlertDescription") != false {
		t.Errorf("%s", got.raw)
	}
	h.sent(key, `{"message":"m"}`)
	if got := h.want(h.call("PUT", one, `{"type":"Webhook","name":"x","url":"http://hooks.example.vn/b","addAlertDescription":true}`), 200); got.data("url") != "http://hooks.example.vn/b" || got.data("addAlertDetails") != false ||
		got.data("addAlertDescription") != true {
		t.Errorf("%s", got.raw)
	}
}

// Rule ogapi-2.integration.team: a key that is bound to a team sees and changes the team's integrations alone.
func TestIntegrationsOfATeam(t *testing.T) {
	h := newHub(t)
	ours := h.want(h.with(teamKey, "POST", integrationsPath, `{"type":"API","name":"ours","ownerTeam":{"name":"nobody"}}`), 201)
	if ours.data("teamId") != string(h.team) {
		t.Errorf("%s", ours.raw)
	}
	theirs, _ := h.tool(`{"type":"API","name":"theirs"}`)
	if list := h.want(h.with(teamKey, "GET", integrationsPath, ""), 200).list(); len(list) != 1 || list[0]["name"] != "ours" {
		t.Errorf("listed: %v", list)
	}
	for _, query := range []string{"?teamId=" + string(h.team), "?teamName=M%E1%BA%A1ng"} {
		if list := h.want(h.call("GET", integrationsPath+query, ""), 200).list(); len(list) != 1 || list[0]["name"] != "ours" {
			t.Errorf("%s: %v", query, list)
		}
		if a := h.want(h.with(teamKey, "GET", integrationsPath+query, ""), 422); a.wrong("teamId") == "" {
			t.Errorf("%s", a.raw)
		}
	}
	h.want(h.call("GET", integrationsPath+"?teamId=none", ""), 404)
	h.want(h.call("GET", integrationsPath+"?teamId=a&teamName=b", ""), 422)
	for _, x := range [][3]string{{"GET", theirs, ""}, {"PUT", theirs, `{"type":"API","name":"mine"}`}, {"DELETE", theirs, ""}, {"POST", theirs + "/enable", ""}, {"POST", theirs + "/disable", ""},
		{"GET", theirs + "/actions", ""}, {"POST", theirs + "/actions", `{"type":"ignore","name":"x"}`}, {"PUT", theirs + "/actions", `{}`}, {"POST", "/keng/v1" + strings.TrimPrefix(theirs, "/v2") + "/key", ""}} {
		h.want(h.with(teamKey, x[0], x[1], x[2]), 404)
	}
	own := integrationsPath + "/" + ours.data("id").(string)
	if a := h.want(h.with(teamKey, "PUT", own, `{"type":"API","name":"ours too"}`), 200); a.data("teamId") != string(h.team) {
		t.Errorf("it is not the team's any more: %s", a.raw)
	}
	h.want(h.with(teamKey, "POST", own+"/actions", `{"type":"ignore","name":"x"}`), 201)
	// The integration's own key is bound to the team, too.
	if list := h.want(h.with(ours.data("apiKey").(string), "GET", integrationsPath, ""), 200).list(); len(list) != 1 {
		t.Errorf("listed: %v", list)
	}
}

// Rule keng-8.integration.new-key: an integration gets another key, and the one before is good for nothing from then on.
func TestNewKeyOfAnIntegration(t *testing.T) {
	h := newHub(t)
	one, old := h.tool(`{"type":"API","name":"x"}`)
	path := "/keng/v1" + strings.TrimPrefix(one, "/v2") + "/key"
	a := h.want(h.call("POST", path, ""), 201)
	key, _ := a.data("apiKey").(string)
	if key == old || len(key) != 36 || a.data("name") != "x" {
		t.Errorf("%s", a.raw)
	}
	h.want(h.with(old, "GET", "/v2/alerts", ""), 401)
	h.sent(key, `{"message":"m"}`)
	h.want(h.call("POST", "/keng/v1/integrations/none/key", ""), 404)
}

// Rule ogapi-2.integration.authenticate: a tool asks whether its key is that of an integration of its type.
func TestAuthenticate(t *testing.T) {
	h := newHub(t)
	_, key := h.tool(`{"type":"Zabbix","name":"x","allowReadAccess":false}`)
	for said, status := range map[string]int{"Zabbix": 200, "zabbix": 200, "Nagios": 403, "API": 403, "Email": 422} {
		h.want(h.with(key, "POST", integrationsPath+"/authenticate", `{"type":"`+said+`"}`), status)
	}
	_, odd := h.tool(`{"type":"MyTool","name":"y"}`)
	h.want(h.with(odd, "POST", integrationsPath+"/authenticate", `{"type":"mytool"}`), 200)
	h.want(h.call("POST", integrationsPath+"/authenticate", `{"type":"API"}`), 200)
	h.want(h.call("POST", integrationsPath+"/authenticate", `{"type":"Zabbix"}`), 403)
	h.want(h.with("nobody's", "POST", integrationsPath+"/authenticate", `{"type":"Zabbix"}`), 401)
	if a := h.want(h.call("POST", integrationsPath+"/authenticate", `{}`), 422); a.wrong("type") == "" {
		t.Errorf("%s", a.raw)
	}
}

// An integration begins with the actions that suit its type.
func TestDefaultActions(t *testing.T) {
	h := newHub(t, func(o *api.Options) {
		o.DefaultActions = func(integrationType string) []route.Action {
			if integrationType != "Nagios" {
				return nil
			}
			return []route.Action{{Kind: route.Create, Name: "down", Fields: route.Rewrite{Message: "{{message}} !"}}}
		}
	})
	one, key := h.tool(`{"type":"nagios","name":"x"}`)
	lists := h.want(h.call("GET", one+"/actions", ""), 200)
	if said := fmt.Sprint(lists.data("create")); !strings.Contains(said, "name:down") {
		t.Errorf("%s", lists.raw)
	}
	if got := h.call("GET", "/v2/alerts/"+h.sent(key, `{"message":"disk"}`).data("alertId").(string), ""); got.data("message") != "disk !" {
		t.Errorf("%s", got.raw)
	}
	other, _ := h.tool(`{"type":"API","name":"y"}`)
	if lists := h.want(h.call("GET", other+"/actions", ""), 200); fmt.Sprint(lists.data("create")) != "[]" {
		t.Errorf("%s", lists.raw)
	}
}
