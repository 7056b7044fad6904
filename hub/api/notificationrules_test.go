package api_test

import (
	"fmt"
	"strings"
	"testing"
)

// Notification rules are told as they were said. Rules ogapi-8.reach.loop-after, ogapi-9.client.bool.
func TestNotificationRules(t *testing.T) {
	h := newHub(t)
	const path = "/v2/users/lan@example.vn/notification-rules"
	h.made("/v2/users/lan@example.vn/contacts", `{"method":"voice","to":"84-901234567"}`)
	h.made("/v2/schedules", `{"name":"rota"}`)
	id := h.made(path, `{"name":"grave","actionType":"create-alert","criteria":{"type":"match-all-conditions","conditions":[
			{"field":"priority","operation":"less-than","expectedValue":"P4","not":true,"order":0},{"field":"message","operation":"contains","expectedValue":"Wi-Fi","order":1}]},
		"timeRestriction":{"type":"weekday-and-time-of-day","restriction":{},"restrictions":[{"startDay":"monday","startHour":9,"startMin":30,"endDay":"friday","endHour":24,"endMin":0}]},
		"notificationTime":[],"schedules":[],"order":0,"enabled":false,"steps":[{"contact":{"method":"voice","to":"84-901234567"},"sendAfter":{"timeAmount":2},"enabled":true}]}`)
	r := h.want(h.call("GET", path+"/"+id, ""), 200)
	for name, want := range map[string]string{
		"name": "grave", "actionType": "create-alert", "order": "0", "enabled": "false",
		"criteria":        "map[conditions:[map[expectedValue:P4 field:priority not:true operation:less-than order:0] map[expectedValue:Wi-Fi field:message not:false operation:contains order:1]] type:match-all-conditions]",
		"timeRestriction": "map[restrictions:[map[endDay:friday endHour:24 endMin:0 startDay:monday startHour:9 startMin:30]] type:weekday-and-time-of-day]",
		"schedules":       "[]", "notificationTime": "[]", "repeat": "<nil>",
	} {
		if got := fmt.Sprint(r.data(name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	step := r.data("steps").([]any)[0].(map[string]any)
	if fmt.Sprint(step["contact"], step["sendAfter"], step["enabled"]) != "map[method:voice to:84-901234567] map[timeAmount:2 timeUnit:minutes] true" || fmt.Sprint(step["_parent"]) != "map[id:"+id+" name:grave]" {
		t.Errorf("step: %v", step)
	}
	other := h.made(path, `{"name":"shift","actionType":"schedule-start","notificationTime":["just-before","1-hour-ago"],"schedules":[{"type":"schedule","name":"rota"}],
		"repeat":{"loopAfter":5,"enabled":true},"timeRestriction":{"type":"time-of-day","restriction":{"startHour":22,"startMin":0,"endHour":6,"endMin":30}}}`)
	r = h.want(h.call("GET", path+"/"+other, ""), 200)
	for name, want := range map[string]string{"notificationTime": "[just-before 1-hour-ago]", "repeat": "map[enabled:true loopAfter:5]", "order": "0", "criteria": "map[type:match-all]",
		"timeRestriction": "map[restriction:map[endHour:6 endMin:30 startHour:22 startMin:0] type:time-of-day]"} {
		if got := fmt.Sprint(r.data(name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if s := r.data("schedules").([]any); len(s) != 1 || s[0].(map[string]any)["name"] != "rota" {
		t.Errorf("schedules: %v", s)
	}
	second := h.made(path, `{"name":"usual","actionType":"create-alert"}`)
	if a := h.want(h.call("POST", path+"/"+second+"/change-order", `{"order":0}`), 200); a.data("order") != 0.0 {
		t.Errorf("%s", a.raw)
	}
	if r := h.call("GET", path+"/"+id, ""); r.data("order") != 1.0 {
		t.Errorf("%s", r.raw)
	}
	h.want(h.call("POST", path+"/"+id+"/enable", ""), 200)
	h.want(h.call("POST", path+"/"+second+"/disable", ""), 200)
	h.want(h.call("PATCH", path+"/"+id, `{"criteria":{"type":"match-all"},"order":0,"steps":[{"contact":{"method":"mobile"},"sendAfter":{"timeAmount":30,"timeUnit":"seconds"}}]}`), 200)
	r = h.want(h.call("GET", path+"/"+id, ""), 200)
	if step := r.data("steps").([]any)[0].(map[string]any); r.data("name") != "grave" || r.data("order") != 0.0 || r.data("enabled") != true || fmt.Sprint(step["sendAfter"]) != "map[timeAmount:30 timeUnit:seconds]" {
		t.Errorf("%s", r.raw)
	}
	for body, field := range map[string]string{
		`{"actionType":"create-alert"}`: "name", `{"name":"x"}`: "actionType", `{"name":"x","actionType":"dance"}`: "actionType", `{"name":"x","actionType":"schedule-end"}`: "notificationTime",
		`{"name":"x","actionType":"add-note","notificationTime":["never"]}`:                                                                                 "notificationTime",
		`{"name":"x","actionType":"create-alert","repeat":{"loopAfter":0,"enabled":true}}`:                                                                  "repeat.loopAfter",
		`{"name":"x","actionType":"create-alert","steps":[{"contact":{"method":"sms","to":"1-5551234567"}}]}`:                                               "steps[0].contact",
		`{"name":"x","actionType":"create-alert","criteria":{"type":"some"}}`:                                                                               "criteria.type",
		`{"name":"x","actionType":"create-alert","criteria":{"type":"match-any-condition","conditions":[{"field":"moon","operation":"equals"}]}}`:           "criteria.conditions[0].field",
		`{"name":"x","actionType":"create-alert","timeRestriction":{"type":"time-of-day"}}`:                                                                 "timeRestriction",
		`{"name":"x","actionType":"create-alert","timeRestriction":{"type":"weekday-and-time-of-day","restrictions":[{"startDay":"x","endDay":"sunday"}]}}`: "timeRestriction.restrictions[0].startDay",
		`{"name":"x","actionType":"schedule-start","notificationTime":["just-before"],"schedules":[{"name":"ghost"}]}`:                                      "schedules[0]",
	} {
		if a := h.want(h.call("POST", path, body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	h.want(h.call("GET", path+"/ghost", ""), 404)
	h.want(h.call("DELETE", path+"/"+other, ""), 200)
	list := h.want(h.call("GET", path, ""), 200).list()
	if len(list) != 2 || list[0]["id"] != id || list[0]["enabled"] != true || list[1]["enabled"] != false {
		t.Errorf("%v", list)
	}
}

// Every word for what a rule is about is taken and told, whatever the case of its letters. Rule ogapi-8.reach.actions.
func TestActionTypes(t *testing.T) {
	h := newHub(t)
	h.lenient = true // the words are in capitals
	const path = "/v2/users/lan@example.vn/notification-rules"
	words := []string{"create-alert", "acknowledged-alert", "renotified-alert", "closed-alert", "assigned-alert", "add-note", "schedule-start", "schedule-end", "incoming-call-routing"}
	for _, word := range words {
		id := h.made(path, `{"name":"`+word+`","actionType":"`+strings.ToUpper(word)+`","notificationTime":["just-before"]}`)
		if r := h.want(h.call("GET", path+"/"+id, ""), 200); r.data("actionType") != word {
			t.Errorf("%s: %s", word, r.raw)
		}
	}
}

// A step is by one of four methods. Rule ogapi-8.reach.methods.
func TestMethods(t *testing.T) {
	h := newHub(t)
	const user = "/v2/users/lan@example.vn"
	for method, to := range map[string]string{"sms": "84-901234567", "voice": "84-901234568", "email": "lan2@example.vn"} {
		h.made(user+"/contacts", `{"method":"`+method+`","to":"`+to+`"}`)
		id := h.made(user+"/notification-rules", `{"name":"by `+method+`","actionType":"create-alert","steps":[{"contact":{"method":"`+method+`","to":"`+to+`"}}]}`)
		r := h.want(h.call("GET", user+"/notification-rules/"+id, ""), 200)
		if got := fmt.Sprint(r.data("steps").([]any)[0].(map[string]any)["contact"]); got != "map[method:"+method+" to:"+to+"]" {
			t.Errorf("%s: %s", method, got)
		}
	}
	id := h.made(user+"/notification-rules", `{"name":"app","actionType":"create-alert","steps":[{"contact":{"method":"mobile"}}]}`)
	if r := h.want(h.call("GET", user+"/notification-rules/"+id, ""), 200); !strings.Contains(fmt.Sprint(r.data("steps")), "method:mobile") {
		t.Errorf("%s", r.raw)
	}
}

func TestSteps(t *testing.T) {
	h := newHub(t)
	const rules = "/v2/users/lan@example.vn/notification-rules"
	h.made("/v2/users/lan@example.vn/contacts", `{"method":"sms","to":"84-901234567"}`)
	path := rules + "/" + h.made(rules, `{"name":"r","actionType":"create-alert"}`) + "/steps"
	id := h.made(path, `{"contact":{"method":"sms","to":"+84901234567"},"sendAfter":{"timeAmount":1,"timeUnit":"hours"},"enabled":true}`)
	if s := h.want(h.call("GET", path+"/"+id, ""), 200); fmt.Sprint(s.data("contact"), s.data("sendAfter"), s.data("enabled")) != "map[method:sms to:84-901234567] map[timeAmount:60 timeUnit:minutes] true" {
		t.Errorf("%s", s.raw)
	}
	h.want(h.call("PATCH", path+"/"+id, `{"sendAfter":{"timeAmount":7}}`), 200)
	h.want(h.call("POST", path+"/"+id+"/disable", ""), 200)
	if list := h.want(h.call("GET", path, ""), 200).list(); len(list) != 1 || list[0]["enabled"] != false || fmt.Sprint(list[0]["sendAfter"]) != "map[timeAmount:7 timeUnit:minutes]" {
		t.Errorf("%v", list)
	}
	h.want(h.call("POST", path+"/"+id+"/enable", ""), 200)
	for body, field := range map[string]string{`{}`: "contact", `{"contact":{"method":"email"}}`: "contact", `{"contact":{"method":"sms"},"sendAfter":{"timeAmount":-1}}`: "sendAfter.timeAmount",
		`{"contact":{"method":"sms"},"sendAfter":{"timeAmount":100000}}`: "sendAfter", `{"contact":{"method":"pigeon"}}`: "contact.method"} {
		if a := h.want(h.call("POST", path, body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	h.want(h.call("DELETE", path+"/"+id, ""), 200)
	h.want(h.call("DELETE", path+"/"+id, ""), 404)
	h.want(h.call("GET", path+"/"+id, ""), 404)
}
