package api_test

import (
	"fmt"
	"testing"
)

// Escalations are told as they were said, delays with their unit. Rules ogapi-8.escalation.shape,
// ogapi-8.escalation.time-unit, ogapi-9.client.empty-strings.
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
		rule(`{"condition":"if-not-acked","notifyType":"somebody",` + someone + `}`):                                 "rules[0].notifyType",
		rule(`{"condition":"if-not-acked","notifyType":"next","recipient":{"type":"team","name":"Mạng"}}`):           "rules[0].notifyType",
		rule(`{"condition":"if-not-acked","acknowledgements":11,` + someone + `}`):                                   "rules[0].acknowledgements",
		rule(`{"condition":"if-not-acked","acknowledgements":-1,` + someone + `}`):                                   "rules[0].acknowledgements",
		rule(`{"condition":"if-not-acked","endsEarlierSteps":"perhaps",` + someone + `}`):                            "rules[0].endsEarlierSteps",
		rule(`{"condition":"if-not-acked","delay":{"timeAmount":99999999},` + someone + `}`):                         "rules[0].delay.timeAmount",
		rule(`{"condition":"if-not-acked","recipient":{"type":"escalation","name":"up"}}`):                           "rules[0].recipient",
		rule(`{"condition":"if-not-acked","recipient":{"type":"user","username":"ghost"}}`):                          "rules[0].recipient",
		`{"name":"x","repeat":{"waitInterval":-5,"count":3},"rules":[{"condition":"if-not-acked",` + someone + `}]}`: "repeat.waitInterval",
		`{"name":"x","repeat":{"waitInterval":99999999999},"rules":[{"condition":"if-not-acked",` + someone + `}]}`:  "repeat.waitInterval",
		`{"name":"x","repeat":{"waitInterval":5,"count":21},"rules":[{"condition":"if-not-acked",` + someone + `}]}`: "repeat.count",
		`{"name":"x","repeat":{"waitInterval":5,"count":0},"rules":[{"condition":"if-not-acked",` + someone + `}]}`:  "repeat.count",
		`{"name":"x","repeat":{"closeAlertAfterAll":true},"rules":[{"condition":"if-not-acked",` + someone + `}]}`:   "repeat.waitInterval",
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

// What an escalation repeats, and whom it tells, is told as it was said; a repetition without a
// wait is none, and told by no word. Rules ogapi-8.repeat.none, ogapi-8.repeat.shape,
// ogapi-8.notify.told, keng-8.notify.told.
func TestEscalationsRepeat(t *testing.T) {
	h := newHub(t)
	id := h.made("/v2/escalations", `{"name":"up","repeat":{"waitInterval":15,"count":3,"resetRecipientStates":true,"closeAlertAfterAll":true},"rules":[
		{"condition":"if-not-acked","notifyType":"admins","acknowledgements":2,"delay":{"timeAmount":1},"recipient":{"type":"team","name":"Mạng"}},
		{"condition":"if-not-closed","notifyType":"round-robin","acknowledgements":1,"endsEarlierSteps":true,"delay":{"timeAmount":5},"recipient":{"type":"team","name":"Mạng"}}]}`)
	tell := func() string {
		e := h.want(h.call("GET", "/v2/escalations/"+id, ""), 200)
		first, second := e.data("rules").([]any)[0].(map[string]any), e.data("rules").([]any)[1].(map[string]any)
		return fmt.Sprint(e.data("repeat"), " ", first["notifyType"], first["acknowledgements"], first["endsEarlierSteps"], " ", second["notifyType"], second["acknowledgements"], second["endsEarlierSteps"])
	}
	const rules = " admins2 <nil> round-robin<nil> true"
	if got, want := tell(), "map[closeAlertAfterAll:true count:3 resetRecipientStates:true waitInterval:15]"+rules; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, c := range []struct{ patch, want string }{
		{`{"description":"e"}`, "map[closeAlertAfterAll:true count:3 resetRecipientStates:true waitInterval:15]"},
		{`{"repeat":{"waitInterval":1}}`, "map[closeAlertAfterAll:false count:20 resetRecipientStates:false waitInterval:1]"},
		{`{"repeat":{}}`, "<nil>"}, {`{"repeat":{"waitInterval":2,"count":1}}`, "map[closeAlertAfterAll:false count:1 resetRecipientStates:false waitInterval:2]"},
		{`{"repeat":{"count":20,"resetRecipientStates":false}}`, "<nil>"},
	} {
		h.want(h.call("PATCH", "/v2/escalations/"+id, c.patch), 200)
		if got := tell(); got != c.want+rules {
			t.Errorf("%s: %s, want %s", c.patch, got, c.want+rules)
		}
	}
}
