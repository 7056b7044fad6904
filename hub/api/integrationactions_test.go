package api_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// Rule ogapi-2.actions.echo: actions are told as they were said, in the order in which they were said, an order of 0 included.
func TestActionsAreToldAsTheyWereSaid(t *testing.T) {
	h := newHub(t)
	one, _ := h.tool(`{"type":"Nagios","name":"x"}`)
	const condition = `{"field":"message","not":false,"operation":"contains","expectedValue":"disk","order":0},{"field":"extra-properties","key":"host","not":true,"operation":"starts-with","expectedValue":"db","order":1}`
	said := `{"ignore":[{"type":"ignore","name":"tests","order":1,"filter":{"conditionMatchType":"match-any-condition","conditions":[` + condition + `]}}],
		"create":[{"type":"create","name":"second","order":2,"filter":{"conditionMatchType":"match-all","conditions":[]},"alias":"{{alias}}","user":"{{user}}","note":"{{note}}","message":"{{message}}","description":"d","entity":"e","source":"s",
			"priority":"P2","tags":["b","a"],"alertActions":["restart"],"extraProperties":{"k":"{{host}}"},"responders":[{"type":"team","id":"` + string(h.team) + `"}],"appendAttachments":true,"ignoreTagsFromPayload":true,
			"ignoreAlertActionsFromPayload":false,"ignoreExtraPropertiesFromPayload":true,"ignoreRespondersFromPayload":false},
			{"type":"create","name":"first","order":0,"filter":{"conditionMatchType":"match-all-conditions","conditions":[` + condition + `]},"customPriority":"{{p}}","appendAttachments":false,"ignoreTagsFromPayload":false,
			"ignoreAlertActionsFromPayload":true,"ignoreExtraPropertiesFromPayload":false,"ignoreRespondersFromPayload":true}],
		"close":[{"type":"close","name":"c","order":1,"filter":{"conditionMatchType":"match-all","conditions":[]},"alias":"{{alias}}"}],"acknowledge":[],"addNote":[{"type":"addNote","name":"n","order":0,"filter":{"conditionMatchType":"match-all","conditions":[]},"note":"n"}]}`
	put := h.want(h.call("PUT", one+"/actions", said), 200)
	got := h.want(h.call("GET", one+"/actions", ""), 200)
	var want map[string]any
	if err := json.Unmarshal([]byte(said), &want); err != nil {
		t.Fatal(err)
	}
	for _, a := range []answer{put, got} {
		lists := a.body["data"].(map[string]any)
		if parent := fmt.Sprint(lists["_parent"]); !strings.Contains(parent, "name:x") || !strings.Contains(parent, "enabled:true") || !strings.Contains(parent, "type:Nagios") {
			t.Errorf("_parent: %s", parent)
		}
		delete(lists, "_parent")
		if !reflect.DeepEqual(lists, want) {
			t.Errorf("told\n%v\nsaid\n%v", lists, want)
		}
	}
	h.want(h.call("PUT", one+"/actions", `{"create":[{"name":"only"}]}`), 200)
	got = h.want(h.call("GET", one+"/actions", ""), 200)
	if len(got.data("create").([]any)) != 1 || len(got.data("ignore").([]any)) != 0 || len(got.data("addNote").([]any)) != 0 {
		t.Errorf("the others have not gone: %s", got.raw)
	}
}

// Rule ogapi-2.actions.add: an action is added to those that are there, whatever the spelling of its type.
func TestActionsAreAdded(t *testing.T) {
	h := newHub(t)
	one, _ := h.tool(`{"type":"API","name":"x"}`)
	h.lenient = true
	for _, said := range []string{"AddNote", "addNote", "add-note", "ADD_NOTE"} {
		h.want(h.call("POST", one+"/actions", `{"type":"`+said+`","name":"`+said+`","alias":"{{alias}}","filter":{"conditionMatchType":"matchAllConditions","conditions":[{"field":"message","operation":"startsWith","expectedValue":"x"}]}}`), 201)
	}
	a := h.want(h.call("POST", one+"/actions", `{"type":"close","name":"last"}`), 201)
	var names []any
	for _, x := range a.data("addNote").([]any) {
		names = append(names, x.(map[string]any)["name"])
	}
	if fmt.Sprint(names) != "[AddNote addNote add-note ADD_NOTE]" || len(a.data("close").([]any)) != 1 {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("POST", integrationsPath+"/none/actions", `{"type":"close","name":"last"}`), 404)
	h.want(h.call("GET", integrationsPath+"/none/actions", ""), 404)
	h.want(h.call("PUT", integrationsPath+"/none/actions", `{}`), 404)
}

// Rule ogapi-2.actions.refused: what is wrong with an action is told by where it stands.
func TestActionsThatCannotBe(t *testing.T) {
	h := newHub(t)
	one, _ := h.tool(`{"type":"API","name":"x"}`)
	h.want(h.call("PUT", one+"/actions", `{"ignore":[{"name":"kept"}]}`), 200)
	many := strings.TrimSuffix(strings.Repeat(`{"name":"x"},`, 201), ",")
	for body, field := range map[string]string{
		`{"create":[{}]}`: "create[0].name",
		`{"create":[{"name":"x"},{"name":"y","message":"{{oops"}]}`:                                      "create[1].message",
		`{"create":[{"name":"x","type":"close"}]}`:                                                       "create[0].type",
		`{"create":[{"name":"x","tags":["{{"]}]}`:                                                        "create[0].tags[0]",
		`{"create":[{"name":"x","alertActions":["{{"]}]}`:                                                "create[0].alertActions[0]",
		`{"create":[{"name":"x","extraProperties":{"k":"{{"}}]}`:                                         "create[0].extraProperties.k",
		`{"create":[{"name":"x","priority":"P9"}]}`:                                                      "create[0].priority",
		`{"create":[{"name":"x","responders":[{"type":"team","name":"nobody"}]}]}`:                       "create[0].responders",
		`{"create":[{"name":"x","filter":{"conditions":[{"field":"message","operation":"contains"}]}}]}`: "create[0].filter.type",
		`{"create":[{"name":"x","filter":{"conditionMatchType":"match-all-conditions","conditions":[{},{},{"field":"message","operation":"resembles"}]}}]}`:            "create[0].filter.conditions[2].operation",
		`{"close":[{"name":"x","filter":{"conditionMatchType":"match-all-conditions","conditions":[{"field":"message","operation":"matches","expectedValue":"("}]}}]}`: "close[0].filter.conditions[0].expectedValue",
		`{"addNote":[{"name":"x","note":17}]}`: "addNote[0].note",
		`{"ignore":17}`:                        "ignore",
		`{"ignore":[` + many + `]}`:            "ignore[200].name",
	} {
		if a := h.want(h.call("PUT", one+"/actions", body), 422); a.wrong(field) == "" {
			t.Errorf("%.150s: %s", body, a.raw)
		}
	}
	for body, field := range map[string]string{`{"name":"x"}`: "type", `{"type":"explode","name":"x"}`: "type", `{"type":"create"}`: "name",
		`{"type":"create","name":"x","responders":[{"type":"user","username":"nobody"}]}`: "responders", `{"type":"close","name":"x","alias":"{{"}`: "alias"} {
		if a := h.want(h.call("POST", one+"/actions", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	if lists := h.call("GET", one+"/actions", ""); len(lists.data("ignore").([]any)) != 1 || len(lists.data("create").([]any)) != 0 {
		t.Errorf("something was changed: %s", lists.raw)
	}
}

// Rule ogapi-2.actions.done: what a tool sends becomes what its integration's actions say.
func TestActionsAreDone(t *testing.T) {
	h := newHub(t)
	one, key := h.tool(`{"type":"API","name":"x"}`)
	h.want(h.call("PUT", one+"/actions", `{"ignore":[{"name":"tests","filter":{"conditionMatchType":"match-any-condition","conditions":[{"field":"tags","operation":"contains","expectedValue":"test"}]}}],
		"close":[{"name":"over","alias":"{{alias}}","filter":{"conditionMatchType":"match-all-conditions","conditions":[{"field":"message","operation":"starts-with","expectedValue":"OK"}]}}],
		"create":[{"name":"graver","order":1,"priority":"P1","filter":{"conditionMatchType":"match-all-conditions","conditions":[{"field":"extra-properties","key":"site","operation":"equals","expectedValue":"hanoi"}]}},
			{"name":"rest","order":2,"message":"[{{details.site}}] {{message}}","tags":["seen"],"extraProperties":{"from":"{{source}}"}}]}`), 200)
	h.lenient = true
	get := func(s answer) answer { return h.want(h.call("GET", "/v2/alerts/"+s.data("alertId").(string), ""), 200) }
	if s := h.sent(key, `{"message":"m","tags":["test"]}`); s.data("success") != false || !strings.Contains(s.data("status").(string), "ignored by action tests") {
		t.Errorf("%s", s.raw)
	}
	if a := get(h.sent(key, `{"message":"m","details":{"site":"hanoi"}}`)); a.data("priority") != "P1" || a.data("message") != "m" {
		t.Errorf("%s", a.raw)
	}
	down := h.sent(key, `{"message":"disk","alias":"d","source":"web-1","details":{"site":"hue"}}`)
	// "close" is tried behind "create", which matches everything: it never comes to it.
	if a := get(down); a.data("message") != "[hue] disk" || fmt.Sprint(a.data("tags")) != "[seen]" || fmt.Sprint(a.data("details")) != "map[from:web-1 site:hue]" {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("PUT", one+"/actions", `{"close":[{"name":"over","filter":{"conditionMatchType":"match-all-conditions","conditions":[{"field":"message","operation":"starts-with","expectedValue":"OK"}]}}]}`), 200)
	h.sent(key, `{"message":"OK again","alias":"d"}`)
	if a := get(down); a.data("status") != "closed" {
		t.Errorf("%s", a.raw)
	}
}

// Whatever bodies say, the hub does not fail, and what it takes it can tell again.
func FuzzIntegrations(f *testing.F) {
	for _, seed := range []string{
		`{"type":"API","name":"x","ownerTeam":{"id":"t"},"responders":[{"type":"team","name":"Mạng"}],"allowReadAccess":"true"}`,
		`{"type":"Webhook","name":"x","url":"https://x/","headers":{"a":1}}`,
		`{"type":"create","name":"x","alias":"{{a.substringAfter(\"x\")}}","filter":{"conditionMatchType":"match-all-conditions","conditions":[{"field":"tags","operation":"contains","order":0}]},"extraProperties":{"a":"b"}}`,
		`{"create":[{"name":"x","order":-1}],"ignore":{"name":"y"},"addNote":[{"name":"z","type":"AddNote"}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		h := newHub(t)
		h.lenient = true
		one, key := h.tool(`{"type":"API","name":"fuzzed"}`)
		for _, x := range [][2]string{{"POST", integrationsPath}, {"PUT", one}, {"POST", one + "/actions"}, {"PUT", one + "/actions"}, {"POST", integrationsPath + "/authenticate"}} {
			h.call(x[0], x[1], body)
			h.want(h.call("GET", one, ""), 200)
			h.want(h.call("GET", one+"/actions", ""), 200)
		}
		h.with(key, "POST", "/v2/alerts", `{"message":"m"}`)
	})
}
