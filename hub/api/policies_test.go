package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/state"
)

// pretty returns what a reply tells of some keys, in their order.
func (a answer) pretty(keys ...string) string {
	var b strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&b, "%s=%v ", key, a.data(key))
	}
	return strings.TrimSpace(b.String())
}

// keysOf returns which keys a reply's data has besides those that every policy is told with.
func (a answer) keysOf() map[string]bool {
	keys := map[string]bool{}
	for key := range a.body["data"].(map[string]any) {
		keys[key] = true
	}
	return keys
}

// What the Go client sends for an alert policy, recorded: it comes back as it was said, and
// what was not said does not come back. Rule ogapi-8.policy.details-list.
func TestAlertPolicyAsTheGoClientSendsIt(t *testing.T) {
	h := newHub(t)
	id := h.made("/v2/policies", `{"type":"alert","name":"disks","enabled":true,"policyDescription":"d","filter":{"type":"match-all-conditions","conditions":[
		{"field":"message","not":false,"operation":"contains","expectedValue":"disk","order":0},{"field":"extra-properties","not":true,"operation":"equals","expectedValue":"x","key":"site","order":1}]},
		"timeRestrictions":{"type":"time-of-day","restriction":{"startHour":22,"startMin":30,"endHour":0,"endMin":30}},"TeamId":"","message":"{{message}}!","continue":true,"alias":"{{alias}}",
		"description":"{{description}}","ignoreOriginalDetails":false,"actions":["act"],"details":["a","b"],"responders":[{"type":"team","id":"`+string(h.team)+`","username":""}],
		"ignoreOriginalTags":true,"tags":["t"],"priority":"P2"}`)
	one := "/v2/policies/" + id
	got := h.want(h.call("GET", one, ""), 200)
	for key, want := range map[string]string{
		"id": id, "type": "alert", "name": "disks", "enabled": "true", "policyDescription": "d", "message": "{{message}}!", "continue": "true", "alias": "{{alias}}", "description": "{{description}}",
		"filter": "map[conditions:[map[expectedValue:disk field:message not:false operation:contains order:0]" +
			" map[expectedValue:x field:extra-properties key:site not:true operation:equals order:1]] type:match-all-conditions]",
		"timeRestrictions":      "map[restriction:map[endHour:0 endMin:30 startHour:22 startMin:30] type:time-of-day]",
		"ignoreOriginalDetails": "false", "ignoreOriginalActions": "false", "ignoreOriginalResponders": "false", "ignoreOriginalTags": "true",
		"details": "map[0:a 1:b]", "actions": "[act]", "tags": "[t]", "priority": "P2", "responders": "[map[id:" + string(h.team) + " type:team]]",
	} {
		if said := fmt.Sprint(got.data(key)); said != want {
			t.Errorf("%s: %s, want %s", key, said, want)
		}
	}
	// The update has its details as a map, and null for what is to stay.
	h.want(h.call("POST", one+"/disable", `{"id":"`+id+`","TeamId":"","Type":"alert"}`), 200)
	h.want(h.call("PUT", one+"?teamId=", `{"type":"alert","name":"disks","enabled":null,"policyDescription":"","filter":{"type":"match-all"},"TeamId":"","message":"{{message}}","details":{"0":"a","k":"{{alias}}"},"Id":"`+id+`"}`), 200)
	got = h.want(h.call("GET", one, ""), 200)
	if said := got.pretty("enabled", "filter", "details", "policyDescription"); said != "enabled=false filter=map[type:match-all] details=map[0:a k:{{alias}}] policyDescription=" {
		t.Error(said)
	}
	for _, key := range []string{"timeRestrictions", "responders", "tags", "actions", "alias", "description", "priority", "entity", "source", "teamId"} {
		if got.keysOf()[key] {
			t.Errorf("%s was not said, and is told: %s", key, got.raw)
		}
	}
	h.want(h.call("PUT", one, `{"type":"alert","name":"disks","message":"m"}`), 200)
	if got := h.call("GET", one, ""); got.keysOf()["filter"] || got.keysOf()["details"] || got.data("enabled") != false {
		t.Errorf("nothing was said of a filter: %s", got.raw)
	}
	h.want(h.call("DELETE", one, ""), 200)
	h.want(h.call("GET", one, ""), 404)
	for _, method := range []string{"PUT", "DELETE"} {
		h.want(h.call(method, one, `{"type":"alert","name":"n","message":"m"}`), 404)
	}
}

// What the Go client and Terraform send for a notification policy, recorded: hours stay
// hours, and an hour until which is not told of a duration.
func TestNotificationPolicyAsTheGoClientSendsIt(t *testing.T) {
	h := newHub(t)
	team := "?teamId=" + string(h.team)
	id := h.made("/v2/policies"+team, `{"type":"notification","name":"n","enabled":true,"policyDescription":"","filter":{"type":"match-all"},"timeRestrictions":{"type":"weekday-and-time-of-day",
		"restrictions":[{"startDay":"monday","startHour":22,"startMin":0,"endHour":0,"endDay":"tuesday","endMin":30}],"restriction":{}},"TeamId":"`+string(h.team)+`",
		"autoRestartAction":{"duration":{"timeAmount":60,"timeUnit":"minutes"},"maxRepeatCount":3},"autoCloseAction":{"duration":{"timeAmount":2,"timeUnit":"days"}},
		"deduplicationAction":{"deduplicationActionType":"frequency-based","duration":{"timeAmount":1,"timeUnit":"hours"},"count":3},
		"delayAction":{"delayOption":"next-monday","untilMinute":0,"untilHour":5},"suppress":false}`)
	one := "/v2/policies/" + id + team
	got := h.want(h.call("GET", one, ""), 200)
	for key, want := range map[string]string{
		"type": "notification", "teamId": string(h.team), "suppress": "false", "filter": "map[type:match-all]",
		"timeRestrictions":    "map[restrictions:[map[endDay:tuesday endHour:0 endMin:30 startDay:monday startHour:22 startMin:0]] type:weekday-and-time-of-day]",
		"autoRestartAction":   "map[duration:map[timeAmount:60 timeUnit:minutes] maxRepeatCount:3]",
		"autoCloseAction":     "map[duration:map[timeAmount:2 timeUnit:days]]",
		"deduplicationAction": "map[count:3 deduplicationActionType:frequency-based duration:map[timeAmount:1 timeUnit:hours]]",
		"delayAction":         "map[delayOption:next-monday untilHour:5 untilMinute:0]",
	} {
		if said := fmt.Sprint(got.data(key)); said != want {
			t.Errorf("%s: %s, want %s", key, said, want)
		}
	}
	h.want(h.call("PUT", one, `{"type":"notification","name":"n","enabled":null,"delayAction":{"delayOption":"for-duration","untilMinute":0,"untilHour":0,"duration":{"timeAmount":90}},
		"deduplicationAction":{"deduplicationActionType":"value-based","count":2},"suppress":true}`), 200)
	got = h.call("GET", one, "")
	if said := got.pretty("delayAction", "deduplicationAction", "suppress"); said != "delayAction=map[delayOption:for-duration duration:map[timeAmount:90 timeUnit:minutes]]"+
		" deduplicationAction=map[count:2 deduplicationActionType:value-based] suppress=true" {
		t.Error(said)
	}
	for _, key := range []string{"filter", "timeRestrictions", "autoRestartAction", "autoCloseAction"} {
		if got.keysOf()[key] {
			t.Errorf("%s was not said, and is told: %s", key, got.raw)
		}
	}
}

// listOf returns a list as "order name type on".
func (h *hub) listOf(path string) (all []string) {
	h.t.Helper()
	for _, p := range h.want(h.call("GET", path, ""), 200).list() {
		all = append(all, fmt.Sprint(p["order"], " ", p["name"], " ", p["type"], " ", p["enabled"]))
	}
	return all
}

// Quirk 11: the Go client leaves an index of 0 out.
func TestQuirk11PoliciesInOrder(t *testing.T) {
	h := newHub(t)
	other := h.made("/v2/teams", `{"name":"other"}`)
	ids := map[string]string{}
	for _, where := range []string{"", string(h.team), other} {
		for _, name := range []string{"a", "b", "c"} {
			ids[where+name] = h.made("/v2/policies?teamId="+where, `{"type":"alert","name":"`+name+where+`","message":"m","enabled":`+fmt.Sprint(name != "b")+`}`)
		}
	}
	h.made("/v2/policies?teamId="+other, `{"type":"notification","name":"quiet","suppress":true}`)
	order := func(where, name, body string) {
		h.want(h.call("POST", "/v2/policies/"+ids[where+name]+"/change-order?teamId="+where, body), 200)
	}
	order("", "c", `{"id":"x","TeamId":"","Type":"alert"}`)
	order(string(h.team), "a", `{"targetIndex":99}`)
	for path, want := range map[string]string{
		"/v2/policies/alert": "[0 c alert true 1 a alert true 2 b alert false]", "/v2/policies/alert?teamId=": "[0 c alert true 1 a alert true 2 b alert false]",
		"/v2/policies/alert?teamId=" + string(h.team):        strings.ReplaceAll("[0 b* alert false 1 c* alert true 2 a* alert true]", "*", string(h.team)),
		"/v2/policies/alert?teamId=" + other:                 strings.ReplaceAll("[0 a* alert true 1 b* alert false 2 c* alert true]", "*", other),
		"/v2/policies/notification?teamId=" + string(h.team): "[]", "/v2/policies/notification?teamId=" + other: "[0 quiet notification true]",
	} {
		if got := fmt.Sprint(h.listOf(path)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if a := h.want(h.call("GET", "/v2/policies/notification", ""), 422); a.wrong("teamId") == "" {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("GET", "/v2/policies/notification?teamId=ghost", ""), 404)
	h.want(h.call("POST", "/v2/policies?teamId=ghost", `{"type":"alert","name":"n","message":"m"}`), 404)
	if a := h.want(h.call("POST", "/v2/policies", `{"type":"notification","name":"n"}`), 422); a.wrong("teamId") == "" {
		t.Errorf("%s", a.raw)
	}
	if a := h.want(h.call("POST", "/v2/policies/"+ids["a"]+"/change-order", `{"targetIndex":-1}`), 422); a.wrong("targetIndex") == "" {
		t.Errorf("%s", a.raw)
	}
	// By the wrong team a policy is not there.
	for _, what := range []string{"GET ", "PUT ", "DELETE ", "POST /enable", "POST /disable", "POST /change-order"} {
		method, end, _ := strings.Cut(what, " ")
		for _, id := range []string{ids["a"], ids[string(h.team)+"a"], "ghost"} {
			h.want(h.call(method, "/v2/policies/"+id+end+"?teamId="+other, `{"type":"alert","name":"n","message":"m"}`), 404)
		}
	}
	for _, method := range []string{"enable", "disable", "enable"} {
		h.want(h.call("POST", "/v2/policies/"+ids["b"]+"/"+method, ""), 200)
		if got := h.call("GET", "/v2/policies/"+ids["b"], ""); got.data("enabled") != (method == "enable") {
			t.Errorf("%s: %s", method, got.raw)
		}
	}
	if a := h.want(h.call("PUT", "/v2/policies/"+ids["a"], `{"type":"notification","name":"n"}`), 422); a.wrong("type") == "" {
		t.Errorf("%s", a.raw)
	}
}

// Conditions may stand in three places and be spelt in several ways; what is wrong with them
// is told by where they stand. Rule ogapi-6.criteria.shapes.
func TestShapesOfConditions(t *testing.T) {
	h := newHub(t)
	h.lenient = true
	const want = "map[conditions:[map[expectedValue:x field:message not:true operation:starts-with order:0]] type:match-any-condition]"
	rule := h.made("/v2/teams/"+string(h.team)+"/routing-rules", `{"name":"r","notify":{"type":"none"}}`)
	policy := h.made("/v2/policies", `{"type":"alert","name":"p","message":"m"}`)
	for _, spelling := range []string{"starts-with", "startsWith", "STARTS_WITH", "Starts With", "starts_with"} {
		list := `"conditions":[{"field":"message","not":"true","operation":"` + spelling + `","expectedValue":"x","order":0}]`
		for shape, at := range map[string]string{
			`"criteria":{"type":"match-any-condition",` + list + `}`:             "criteria.",
			`"filter":{"type":"matchAnyCondition",` + list + `}`:                 "filter.",
			`"filter":{"conditionMatchType":"match-any-condition",` + list + `}`: "filter.",
			`"conditionMatchType":"match-any-condition",` + list:                 "",
		} {
			h.want(h.call("PUT", "/v2/policies/"+policy, `{"type":"alert","name":"p","message":"m",`+shape+`}`), 200)
			h.want(h.call("PATCH", "/v2/teams/"+string(h.team)+"/routing-rules/"+rule, `{`+shape+`}`), 200)
			if got := fmt.Sprint(h.call("GET", "/v2/policies/"+policy, "").data("filter")); got != want {
				t.Errorf("%s: %s", shape, got)
			}
			if got := fmt.Sprint(h.call("GET", "/v2/teams/"+string(h.team)+"/routing-rules/"+rule, "").data("criteria")); got != want {
				t.Errorf("%s: %s", shape, got)
			}
			for from, wrong := range map[string][2]string{
				spelling:      {"contains-key", "conditions[0].operation"},
				`"message"`:   {`"message","key":"k"`, "conditions[0].key"},
				`"x"`:         {`17`, "conditions[0].expectedValue"},
				`"true"`:      {`"yes"`, "conditions[0].not"},
				`"order":0`:   {`"order":"first"`, "conditions[0].order"},
				`"field":"me`: {`"field":"me-`, "conditions[0].field"},
			} {
				bad := strings.Replace(shape, from, wrong[0], 1)
				for _, request := range [][3]string{{"POST", "/v2/policies", `{"type":"alert","name":"q","message":"m",` + bad + `}`}, {"PATCH", "/v2/teams/" + string(h.team) + "/routing-rules/" + rule, `{` + bad + `}`}} {
					if a := h.want(h.call(request[0], request[1], request[2]), 422); a.wrong(at+wrong[1]) == "" {
						t.Errorf("%s: no %s in %s", bad, at+wrong[1], a.raw)
					}
				}
			}
		}
	}
	// How conditions combine must be said: else they would not count, and the rule would be for everything.
	const one = `"conditions":[{"field":"message","operation":"equals","expectedValue":"x"}]`
	for body, field := range map[string]string{`"filter":{` + one + `}`: "filter.type", `"criteria":{` + one + `}`: "criteria.type", one: "conditionMatchType",
		`"filter":{"type":"any",` + one + `}`: "filter.type", `"conditionMatchType":"some",` + one: "conditionMatchType", `"filter":{"conditionMatchType":"some"}`: "filter.conditionMatchType",
		`"filter":[]`: "filter", `"criteria":17`: "criteria", `"filter":{"type":"match-all","conditions":{"a":[]}}`: "filter.conditions[0].field", `"filter":{"type":7}`: "filter.type"} {
		if a := h.want(h.call("POST", "/v2/policies", `{"type":"alert","name":"q","message":"m",`+body+`}`), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	if got := h.listOf("/v2/policies/alert"); len(got) != 1 {
		t.Errorf("a policy that was refused is there: %q", got)
	}
}

// after lets time pass and what is due by then be done.
func (h *hub) after(d time.Duration) {
	h.t.Helper()
	h.store.now = h.store.now.Add(d)
	for n := range 20 {
		result := must(state.Do(h.t.Context(), h.store, core.Seed{7, byte(n), byte(h.store.now.Unix()), byte(h.store.now.Unix() >> 8)}, state.DoDue{}))
		if result.Done == 0 {
			return
		}
	}
	h.t.Fatal("there is always more to do")
}

// A policy that is made by the API decides about alerts that are made by the API.
func TestPoliciesShapeAndHoldAlerts(t *testing.T) {
	h := newHub(t)
	team := h.made("/v2/teams", `{"name":"it"}`)
	h.made("/keng/v1/devices", `{"user":"lan@example.vn","token":"token-of-lan","name":"Galaxy"}`)
	h.made("/v2/users/lan@example.vn/notification-rules", `{"name":"at once","actionType":"create-alert","enabled":true,"steps":[{"contact":{"method":"mobile","to":"Galaxy"},"enabled":true}]}`)
	h.made("/v2/schedules", `{"name":"rota","timezone":"Asia/Ho_Chi_Minh","rotations":[{"startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"user","username":"lan@example.vn"}]}]}`)
	h.made("/v2/teams/it/routing-rules?teamIdentifierType=name", `{"name":"all","notify":{"type":"schedule","name":"rota"}}`)
	const responders = `"responders":[{"type":"team","name":"it"}]`
	paged := func(alert string) int { return len(h.pagesOf(alert)) }

	rewrite := h.made("/v2/policies", `{"type":"alert","name":"sites","filter":{"type":"match-all-conditions","conditions":[{"field":"message","operation":"startsWith","expectedValue":"disk"}]},
		"message":"[{{details.site}}] {{message}}","priority":"P1","tags":["storage"],"details":["from-a-list"]}`)
	id := h.create(`{"message":"disk is full","details":{"site":"HN"},` + responders + `}`)
	if got := h.call("GET", "/v2/alerts/"+id, ""); got.pretty("message", "priority", "tags", "details") != "message=[HN] disk is full priority=P1 tags=[storage] details=map[0:from-a-list site:HN]" {
		t.Errorf("%s", got.raw)
	}
	if other := h.call("GET", "/v2/alerts/"+h.create(`{"message":"no disk"}`), ""); other.pretty("message", "priority") != "message=no disk priority=P3" {
		t.Errorf("the filter does not count: %s", other.raw)
	}
	log := h.call("GET", "/keng/v1/alerts/"+id+"/log", "")
	if !strings.Contains(log.raw, `alert policy sites: message starts-with \"disk\"`) {
		t.Errorf("the log does not say why: %s", log.raw)
	}
	h.want(h.call("POST", "/v2/policies/"+rewrite+"/disable", ""), 200)
	if off := h.call("GET", "/v2/alerts/"+h.create(`{"message":"disk is slow"}`), ""); off.data("message") != "disk is slow" {
		t.Errorf("a policy that is off rewrites: %s", off.raw)
	}

	quiet := h.made("/v2/policies?teamId="+team, `{"type":"notification","name":"tests","filter":{"type":"match-any-condition","conditions":[
		{"field":"tags","operation":"contains","expectedValue":"test"}]},"suppress":true}`)
	late := h.made("/v2/policies?teamId="+team, `{"type":"notification","name":"small","filter":{"type":"match-all-conditions","conditions":[
		{"field":"priority","operation":"less-than","expectedValue":"P3"}]},"delayAction":{"delayOption":"for-duration","duration":{"timeAmount":2,"timeUnit":"hours"}}}`)
	h.after(10 * time.Minute) // what was to be one page is sent
	test, small, plain := h.create(`{"message":"a","tags":["test"],`+responders+`}`), h.create(`{"message":"b","priority":"P4",`+responders+`}`), h.create(`{"message":"c",`+responders+`}`)
	if paged(test) != 0 || paged(small) != 0 || paged(plain) != 1 {
		t.Fatalf("pages: %d, %d, %d", paged(test), paged(small), paged(plain))
	}
	h.after(2*time.Hour - time.Minute)
	if paged(small) != 0 {
		t.Errorf("paged too early: %q", h.pagesOf(small))
	}
	h.after(2 * time.Minute)
	if paged(small) != 1 || paged(test) != 0 {
		t.Errorf("pages: %d, %d", paged(small), paged(test))
	}
	// What a policy holds back is judged anew when the policy changes.
	h.want(h.call("PUT", "/v2/policies/"+quiet+"?teamId="+team, `{"type":"notification","name":"tests","filter":{"type":"match-any-condition","conditions":[
		{"field":"tags","operation":"contains","expectedValue":"drill"}]},"suppress":true}`), 200)
	h.after(10 * time.Minute)
	if paged(test) != 1 {
		t.Errorf("nobody was notified when the policy stopped holding it back: %s", h.call("GET", "/keng/v1/alerts/"+test+"/log", "").raw)
	}
	h.want(h.call("DELETE", "/v2/policies/"+late, ""), 200)
	if again := h.create(`{"message":"d","priority":"P5",` + responders + `}`); paged(again) != 1 {
		t.Error("a policy that was deleted delays")
	}
}

// Configuring needs the right to, by a key for the whole account.
func TestRightsOfPoliciesAndMaintenance(t *testing.T) {
	h := newHub(t)
	policy := h.made("/v2/policies", `{"type":"alert","name":"p","message":"m"}`)
	window := h.made("/v1/maintenance", `{"time":{"type":"for-1-hour"},"rules":[{"state":"enabled","entity":{"id":"`+policy+`","type":"policy"}}]}`)
	for _, path := range []string{"/v2/policies/alert", "/v2/policies/notification?teamId=" + string(h.team), "/v2/policies/" + policy, "/v1/maintenance", "/v1/maintenance/" + window} {
		for key, want := range map[string]int{fullKey: 200, readKey: 200, teamKey: 200, writeKey: 403, setupKey: 403, "": 401, "wrong": 401, blockedKey: 401} {
			h.want(h.with(key, "GET", path, ""), want)
		}
	}
	for _, what := range []string{"POST /v2/policies", "PUT /v2/policies/" + policy, "DELETE /v2/policies/" + policy, "POST /v2/policies/" + policy + "/enable",
		"POST /v2/policies/" + policy + "/disable", "POST /v2/policies/" + policy + "/change-order", "POST /v1/maintenance", "PUT /v1/maintenance/" + window,
		"DELETE /v1/maintenance/" + window, "POST /v1/maintenance/" + window + "/cancel", "POST /v1/maintenance/" + window + "/change-end-date"} {
		method, path, _ := strings.Cut(what, " ")
		for key, want := range map[string]int{readKey: 403, teamKey: 403, writeKey: 403, "": 401, "wrong": 401, blockedKey: 401} {
			h.want(h.with(key, method, path, `{}`), want)
		}
	}
	if a := h.call("GET", "/v2/policies/"+policy, ""); a.data("enabled") != true {
		t.Errorf("%s", a.raw)
	}
	h.want(h.with(setupKey, "POST", "/v2/policies/"+policy+"/disable", ""), 200)
}

func TestHostilePolicies(t *testing.T) {
	h := newHub(t)
	h.lenient = true
	const alert, quiet = `{"type":"alert","name":"n","message":"m",`, `{"type":"notification","name":"n",`
	for body, field := range map[string]string{
		`{}`: "type", `[]`: "body", `{"type":7}`: "type", `{"type":"modify"}`: "type", `{"type":"alert","message":"m"}`: "name", `{"type":"alert","name":"n"}`: "message",
		alert + `"enabled":"yes"}`: "enabled", alert + `"continue":[]}`: "continue", alert + `"details":"x"}`: "details", alert + `"details":[{}]}`: "details", alert + `"details":{"a":{}}}`: "details",
		alert + `"details":[1]}`: "details", alert + `"tags":"x"}`: "tags", alert + `"actions":{}}`: "actions", alert + `"priority":"P9"}`: "priority", alert + `"message":"{{message"}`: "message",
		alert + `"responders":[{"type":"team","name":"ghost"}]}`: "responders", alert + `"responders":[{"type":"none"}]}`: "responders[0].type", alert + `"responders":[{}]}`: "responders[0].type",
		alert + `"responders":[{"type":"user"}]}`: "responders[0].id", alert + `"timezone":"Mars/Base","timeRestrictions":{"type":"time-of-day","restriction":{"startHour":1,"endHour":2}}}`: "timezone",
		alert + `"timeRestrictions":{"type":"sometimes"}}`: "timeRestrictions.type", alert + `"timeRestrictions":{"type":"time-of-day","restriction":{"startHour":25}}}`: "timeRestrictions.restriction.startHour",
		alert + `"timeRestriction":{"type":"weekday-and-time-of-day","restrictions":[]}}`: "timeRestrictions",
		`{"type":"alert","name":"` + strings.Repeat("ẻ", 101) + `","message":"m"}`:        "name", alert + `"policyDescription":"` + strings.Repeat("ẻ", 201) + `"}`: "policyDescription",
		quiet + `"suppress":"maybe"}`: "suppress", quiet + `"delayAction":[]}`: "delayAction", quiet + `"delayAction":{"delayOption":"soon"}}`: "delayAction.delayOption",
		quiet + `"delayAction":{"delayOption":"for-duration"}}`: "delayAction.duration", quiet + `"delayAction":{"delayOption":"for-duration","duration":{"timeAmount":0}}}`: "delayAction.duration",
		quiet + `"delayAction":{"delayOption":"next-time"}}`: "delayAction.untilHour", quiet + `"delayAction":{"delayOption":"next-time","untilHour":24}}`: "delayAction.untilHour",
		quiet + `"delayAction":{"delayOption":"next-time","untilHour":1,"untilMinute":60}}`: "delayAction.untilMinute", quiet + `"delayAction":{"delayOption":"for-duration","duration":{"timeAmount":1,"timeUnit":"weeks"}}}`: "delayAction.duration.timeUnit",
		quiet + `"delayAction":{"delayOption":"for-duration","duration":{"timeAmount":213504,"timeUnit":"days"}}}`: "delayAction.duration.timeAmount", // would wrap round
		quiet + `"autoRestartAction":{"maxRepeatCount":3}}`:                                                        "autoRestartAction.duration",
		quiet + `"autoRestartAction":{"duration":{"timeAmount":5},"maxRepeatCount":0}}`:                            "autoRestartAction.maxRepeatCount",
		quiet + `"autoCloseAction":{"duration":{"timeAmount":-5}}}`:                                                "autoCloseAction.duration.timeAmount",
		quiet + `"autoCloseAction":{"duration":{"timeAmount":1,"timeUnit":"seconds"}}}`:                            "autoCloseAction.duration",
		quiet + `"deduplicationAction":{"count":3}}`:                                                               "deduplicationAction.deduplicationActionType",
		quiet + `"deduplicationAction":{"deduplicationActionType":"frequency-based","count":3}}`:                   "deduplicationAction.duration",
		quiet + `"deduplicationAction":{"deduplicationActionType":"value-based","count":1}}`:                       "deduplicationAction.count",
	} {
		path := "/v2/policies?teamId=" + string(h.team)
		if a := h.want(h.call("POST", path, body), 422); a.wrong(field) == "" {
			t.Errorf("%s: no %s in %s", body, field, a.raw)
		}
	}
	h.want(h.call("POST", "/v2/policies", "{"), 400)
	h.want(h.call("GET", "/v2/policies/"+strings.Repeat("x", 513), ""), 422)
	h.want(h.call("GET", "/v2/policies/x?teamId="+strings.Repeat("x", 513), ""), 422)
	for _, id := range []string{"%FF", "%00", "x%2Fenable", "alertx"} {
		h.want(h.call("GET", "/v2/policies/"+id, ""), 404)
		h.want(h.call("POST", "/v2/policies/"+id+"/enable?teamId="+url.QueryEscape("\x00\xff"), ""), 404)
	}
	if got := append(h.listOf("/v2/policies/alert?teamId="+string(h.team)), h.listOf("/v2/policies/notification?teamId="+string(h.team))...); len(got) != 0 {
		t.Errorf("a policy that was refused is there: %q", got)
	}
}
