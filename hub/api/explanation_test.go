package api_test

import (
	"strings"
	"testing"
)

// An alert is explained as data and as sentences, in both languages.
func TestExplanation(t *testing.T) {
	h := newHub(t)
	h.made("/v2/users", `{"username":"mute@example.vn","fullName":"mute"}`)
	h.made("/v2/escalations", `{"name":"on-call","rules":[
		{"condition":"if-not-acked","notifyType":"default","delay":{"timeAmount":0},"recipient":{"type":"user","username":"lan@example.vn"}},
		{"condition":"if-not-acked","notifyType":"default","delay":{"timeAmount":9},"recipient":{"type":"user","username":"mute@example.vn"}}]}`)
	id := h.create(`{"message":"the web is down","alias":"web","responders":[{"type":"escalation","name":"on-call"}]}`)
	got := h.want(h.call("GET", "/keng/v1/alerts/"+id+"/explanation", ""), 200)
	if state, _ := got.data("state").(map[string]any); state["kind"] != "wantsAttention" || got.data("alertId") != id || got.data("language") != "en" {
		t.Errorf("the state is %v of %v", state, got.data("alertId"))
	}
	if next, _ := got.data("next").([]any); len(next) == 0 {
		t.Error("nothing is to come")
	}

	h.want(h.call("POST", "/v2/alerts/"+id+"/acknowledge", `{"user":"lan@example.vn"}`), 202)
	got = h.want(h.call("GET", "/keng/v1/alerts/"+id+"/explanation", ""), 200)
	people, _ := got.data("people").([]any)
	paged, tallies := map[string]bool{}, map[string][3]any{}
	for _, x := range people {
		p := x.(map[string]any)
		name := p["user"].(map[string]any)["username"].(string)
		paged[name] = p["paged"].(bool)
		tallies[name] = [3]any{p["tried"], p["failed"], p["withdrawn"]}
		for _, y := range p["pages"].([]any) {
			why := y.(map[string]any)["why"].(map[string]any)
			if why["escalation"].(map[string]any)["name"] != "on-call" || why["step"] != 1.0 {
				t.Errorf("the page's reason is %v", why)
			}
		}
		if notes := p["notes"].([]any); name == "mute@example.vn" && (len(notes) == 0 || notes[0].(map[string]any)["kind"] != "notReached") {
			t.Errorf("notes: %v", notes)
		}
	}
	if len(paged) != 2 || paged["mute@example.vn"] || paged["lan@example.vn"] {
		t.Errorf("paged: %v", paged) // the page to lan was taken back before it went
	}
	if tally := tallies["lan@example.vn"]; tally != [3]any{0.0, 0.0, 1.0} {
		t.Errorf("tried, failed, withdrawn: %v", tally)
	}
	vi := h.want(h.call("GET", "/keng/v1/alerts/web/explanation?identifierType=alias&language=vi&timezone=Asia/Ho_Chi_Minh", ""), 200)
	lines, _ := vi.data("lines").([]any)
	if len(lines) == 0 || !strings.HasPrefix(lines[0].(string), "lan@example.vn đã xác nhận cảnh báo lúc 2026-11-25 21:00") {
		t.Errorf("lines: %v", lines)
	}
	if state, _ := vi.data("state").(map[string]any); state["kind"] != "isAcknowledged" {
		t.Errorf("the state is %v", state)
	}

	h.want(h.call("GET", "/keng/v1/alerts/none/explanation", ""), 404)
	h.lenient = true
	h.want(h.call("GET", "/keng/v1/alerts/"+id+"/explanation?language=fr", ""), 422)
	h.want(h.call("GET", "/keng/v1/alerts/"+id+"/explanation?timezone=Mars/Olympus", ""), 422)
	h.want(h.with(writeKey, "GET", "/keng/v1/alerts/"+id+"/explanation", ""), 403)
}

// The way to a person has whom the step calls, as data.
func TestExplainedWays(t *testing.T) {
	h := newHub(t)
	h.made("/v2/teams", `{"name":"pair","members":[{"user":{"username":"lan@example.vn"},"role":"user"}]}`)
	h.made("/v2/escalations", `{"name":"both","rules":[
		{"condition":"if-not-acked","notifyType":"all","acknowledgements":2,"delay":{"timeAmount":0},"recipient":{"type":"team","name":"pair"}}]}`)
	id := h.create(`{"message":"the web is down","responders":[{"type":"escalation","name":"both"}]}`)
	people, _ := h.want(h.call("GET", "/keng/v1/alerts/"+id+"/explanation", ""), 200).data("people").([]any)
	pages := 0
	for _, p := range people {
		for _, page := range p.(map[string]any)["pages"].([]any) {
			pages++
			why := page.(map[string]any)["why"].(map[string]any)
			if why["notifyType"] != "all" || why["acknowledgements"] != 2.0 || why["repeat"] != nil {
				t.Errorf("the page's reason is %v", why)
			}
		}
	}
	if pages == 0 {
		t.Error("nobody was paged")
	}
}
