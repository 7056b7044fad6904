package api_test

import (
	"fmt"
	"testing"
)

func TestEscalations(t *testing.T) {
	h := newHub(t)
	h.lenient = true // the Go client's empty names
	id := h.made("/v2/escalations", `{"name":"up","description":"d","ownerTeam":{"name":"Mạng","id":""},"repeat":{"count":20},"rules":[
		{"condition":"if-not-acked","notifyType":"default","delay":{"timeAmount":1},"recipient":{"type":"user","username":"lan@example.vn","name":"","id":""}},
		{"condition":"if-not-closed","notifyType":"","delay":{"timeAmount":2,"timeUnit":"hours"},"recipient":{"type":"team","id":"`+string(h.team)+`"}}]}`)
	h.lenient = false
	e := h.want(h.call("GET", "/v2/escalations/up?identifierType=name", ""), 200)
	want := fmt.Sprintf("[map[condition:if-not-acked delay:map[timeAmount:1 timeUnit:minutes] notifyType:default recipient:map[id:%s type:user username:lan@example.vn]] "+
		"map[condition:if-not-closed delay:map[timeAmount:120 timeUnit:minutes] notifyType:default recipient:map[id:%s name:Mạng type:team]]]", h.user, h.team)
	if got := fmt.Sprint(e.data("rules")); got != want || e.data("description") != "d" || e.data("repeat") != nil || e.data("id") != id {
		t.Errorf("%s, want %s", e.raw, want)
	}
	h.want(h.call("PATCH", "/v2/escalations/"+id, `{"description":"e"}`), 200)
	if e := h.call("GET", "/v2/escalations/"+id, ""); e.data("description") != "e" || fmt.Sprint(e.data("rules")) != want || e.data("name") != "up" {
		t.Errorf("%s", e.raw)
	}
	if list := h.want(h.call("GET", "/v2/escalations", ""), 200).list(); len(list) != 1 {
		t.Errorf("%v", list)
	}
	rule := func(s string) string { return `{"name":"x","rules":[` + s + `]}` }
	const someone = `"recipient":{"type":"user","username":"lan@example.vn"}`
	for body, field := range map[string]string{
		`{"name":"x"}`: "rules", `{"rules":[{"condition":"if-not-acked",` + someone + `}]}`: "name", rule(`{"condition":"if-asleep",` + someone + `}`): "rules[0].condition",
		rule(`{"condition":"if-not-acked"}`): "rules[0].recipient", rule(`{"condition":"if-not-acked","notifyType":"random",` + someone + `}`): "rules[0].notifyType",
		rule(`{"condition":"if-not-acked","delay":{"timeAmount":99999999},` + someone + `}`):                        "rules[0].delay.timeAmount",
		rule(`{"condition":"if-not-acked","recipient":{"type":"escalation","name":"up"}}`):                          "rules[0].recipient",
		rule(`{"condition":"if-not-acked","recipient":{"type":"user","username":"ghost"}}`):                         "rules[0].recipient",
		`{"name":"x","repeat":{"waitInterval":5,"count":3},"rules":[{"condition":"if-not-acked",` + someone + `}]}`: "repeat",
		`{"name":"x","repeat":{"closeAlertAfterAll":true},"rules":[{"condition":"if-not-acked",` + someone + `}]}`:  "repeat",
	} {
		if a := h.want(h.call("POST", "/v2/escalations", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	h.want(h.call("POST", "/v2/escalations", rule(`{"condition":"if-not-acked",`+someone+`}`)), 201)
	h.want(h.call("PATCH", "/v2/escalations/"+id, `{"name":"x"}`), 409)
	h.want(h.call("DELETE", "/v2/escalations/"+id, ""), 200)
	h.want(h.call("DELETE", "/v2/escalations/"+id, ""), 404)
}
