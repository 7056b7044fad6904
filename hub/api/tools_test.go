package api_test

import (
	"fmt"
	"strings"
	"testing"

	"keng/hub/core/alert"
)

// What a tool sends that is too long is cut and not refused: nobody would read that. What it says
// of itself tells it from others, of whom a person or a program hears that it is too long.
//
// Rule keng-7.tools.cut.
func TestWhatToolsSendIsCut(t *testing.T) {
	h := newHub(t)
	h.lenient = true
	long := func(n int) string { return strings.Repeat("ế", n) }
	body := func(source string) string {
		return fmt.Sprintf(`{"message":%q,"description":%q,"entity":%q,"source":%q,"note":"mine","priority":"critical","tags":["short",%q%s],
			"details":{"a":"1","b":%q},"responders":[{"type":"team","name":"Mạng"}%s]}`,
			long(alert.MessageMax+1), long(alert.DescriptionMax+1), long(alert.EntityMax+1), source, long(alert.TagMax+1), strings.Repeat(`,"t"`, alert.TagsMax),
			long(alert.DetailsMax+1), strings.Repeat(`,{"type":"team","name":"Mạng"}`, alert.RespondersMax))
	}
	h.want(h.call("POST", "/v2/alerts", body("probe")), 422)
	for _, tool := range []struct{ agent, source string }{
		{"Alertmanager/0.25.0", "http://vm:9093/#/alerts?receiver=keng"}, {"Alertmanager/0.33.1", ""}, {"Grafana", "Grafana"}, {"Go-http-client/1.1", "Grafana"}, {"", "Zabbix"}, {"Zabbix", ""},
	} {
		a := h.want(h.send(newRequest("POST", "/v2/alerts", body(tool.source), "User-Agent", tool.agent)), 202)
		path := "/v2/alerts/" + h.fate(a).data("alertId").(string)
		d := h.call("GET", path, "")
		for field, most := range map[string]int{"message": alert.MessageMax, "description": alert.DescriptionMax, "entity": alert.EntityMax} {
			if d.data(field) != long(most-1)+"…" {
				t.Errorf("%s: the %s is %.30q", tool, field, d.data(field))
			}
		}
		tags := d.data("tags").([]any)
		if tags[0] != "short" || tags[1] != long(alert.TagMax-1)+"…" || d.data("priority") != "P3" || fmt.Sprint(d.data("details")) != "map[a:1]" || len(d.data("responders").([]any)) != 1 {
			t.Errorf("%s: %.800s", tool, d.raw)
		}
		log := h.call("GET", path+"/logs?order=asc", "").raw
		for _, said := range []string{`was cut: description, details, entity, message, tags.`, `\"critical\", is none of P1 to P5`, "mine"} {
			if !strings.Contains(log, said) {
				t.Errorf("%s: the log does not say %q: %s", tool, said, log)
			}
		}
	}
	alertmanager := []string{"User-Agent", "Alertmanager/0.25.0"}
	for body, field := range map[string]string{`{"message":""}`: "message", `{"message":"m","alias":"` + long(alert.AliasMax+1) + `"}`: "alias"} {
		if a := h.want(h.send(newRequest("POST", "/v2/alerts", body, alertmanager...)), 422); a.wrong(field) == "" {
			t.Errorf("%s", a.raw)
		}
	}
	id := h.create(`{"message":"m"}`)
	change := func(headers ...string) answer {
		return h.send(newRequest("PUT", "/v2/alerts/"+id+"/description", `{"description":"`+long(alert.DescriptionMax+1)+`"}`, headers...))
	}
	h.want(change(), 422)
	h.want(change(alertmanager...), 202)
	if d := h.call("GET", "/v2/alerts/"+id, ""); d.data("description") != long(alert.DescriptionMax-1)+"…" {
		t.Errorf("the description is %.30q", d.data("description"))
	}
}

// Alertmanager leaves out of its body what is empty. Rule keng-7.tools.empty-description.
func TestAlertmanagerClearsADescription(t *testing.T) {
	for body, cleared := range map[string]bool{"{}\n": true, `{"description":""}`: true, "": false, `{"Description":"x"}`: false, `{"source":"x"}`: false, `{"description":null}`: false} {
		h := newHub(t)
		id := h.create(`{"message":"m","description":"before"}`)
		status, want := 202, ""
		if !cleared {
			status, want = 422, "before"
		}
		h.want(h.call("PUT", "/v2/alerts/"+id+"/description", body), status)
		if d := h.call("GET", "/v2/alerts/"+id, ""); d.data("description") != want {
			t.Errorf("%q: the description is %q", body, d.data("description"))
		}
	}
}
