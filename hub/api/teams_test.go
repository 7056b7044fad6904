package api_test

import (
	"fmt"
	"strings"
	"testing"

	"keng/hub/state"
)

// Rule ogapi-8.team.defaults.
func TestTeams(t *testing.T) {
	h := newHub(t)
	h.made("/v2/users", `{"username":"an@example.vn","fullName":"An"}`)
	id := h.made("/v2/teams", `{"name":"Mạng lõi","description":"d","members":[{"user":{"id":"`+string(h.user)+`","username":""},"role":"admin"}]}`)
	const named = "/v2/teams/M%E1%BA%A1ng%20l%C3%B5i"
	team := h.want(h.call("GET", named+"?identifierType=name", ""), 200)
	if team.data("id") != id || team.data("description") != "d" || fmt.Sprint(team.data("members")) != "[map[role:admin user:map[id:"+string(h.user)+" username:lan@example.vn]]]" {
		t.Errorf("%s", team.raw)
	}
	h.want(h.call("GET", named, ""), 404) // a name is no id
	s := h.want(h.call("GET", "/v2/schedules/M%E1%BA%A1ng%20l%C3%B5i_schedule?identifierType=name", ""), 200)
	e := h.want(h.call("GET", "/v2/escalations/M%E1%BA%A1ng%20l%C3%B5i_escalation?identifierType=name", ""), 200)
	for _, a := range []answer{s, e} {
		if fmt.Sprint(a.data("ownerTeam")) != "map[id:"+id+" name:Mạng lõi]" {
			t.Errorf("%s", a.raw)
		}
	}
	if alert := h.create(`{"message":"m","responders":[{"type":"team","id":"` + id + `"}]}`); len(h.pagesOf(alert)) != 1 {
		t.Errorf("what a new team has does not page: %v", h.pagesOf(alert))
	}
	h.want(h.call("POST", "/v2/teams", `{"name":"Mạng lõi"}`), 409)
	h.want(h.call("POST", "/v2/teams/"+id+"/members", `{"user":{"username":"an@example.vn"},"role":"user"}`), 201)
	h.want(h.call("POST", named+"/members?teamIdentifierType=name", `{"user":{"id":"`+string(h.user)+`"}}`), 201)
	if team := h.call("GET", "/v2/teams/"+id, ""); len(team.data("members").([]any)) != 2 || strings.Contains(team.raw, "admin") {
		t.Errorf("%s", team.raw)
	}
	h.want(h.call("DELETE", "/v2/teams/"+id+"/members/lan@example.vn", ""), 200)
	h.want(h.call("DELETE", "/v2/teams/"+id+"/members/lan@example.vn", ""), 404)
	h.want(h.call("PATCH", "/v2/teams/"+id, `{"name":"core","members":[]}`), 200)
	if team := h.call("GET", "/v2/teams/core?identifierType=name", ""); team.data("members") != nil || team.data("description") != "d" {
		t.Errorf("%s", team.raw)
	}
	if list := h.want(h.call("GET", "/v2/teams?expand=member", ""), 200).list(); len(list) != 2 {
		t.Errorf("%v", list)
	}
	for body, field := range map[string]string{`{}`: "name", `{"name":"` + strings.Repeat("x", 100) + `"}`: "name", `{"name":"t","members":[{"user":{"username":"ghost"}}]}`: "members[0].user",
		`{"name":"t","members":[{"role":"user"}]}`: "members[0].user", `{"name":"t","members":[{"user":{"id":"lan@example.vn"},"role":"king"}]}`: "members[0].role"} {
		if a := h.want(h.call("POST", "/v2/teams", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
}

// Terraform's delete_default_resources included. Rule ogapi-8.team.delete-defaults.
func TestDeletingTeams(t *testing.T) {
	h := newHub(t)
	id := h.made("/v2/teams", `{"name":"it"}`)
	kept := h.made("/v2/schedules", `{"name":"own","ownerTeam":{"id":"`+id+`"}}`)
	up := h.made("/v2/escalations", `{"name":"up","rules":[{"condition":"if-not-acked","recipient":{"type":"team","name":"it"}}]}`)
	if a := h.want(h.call("DELETE", "/v2/teams/"+id, ""), 428); !strings.Contains(a.raw, "escalation [up]") {
		t.Errorf("%s", a.raw)
	}
	if a := h.want(h.call("DELETE", "/v2/teams/"+string(h.team), ""), 428); !strings.Contains(a.raw, "API key") {
		t.Errorf("%s", a.raw)
	}
	if a := h.want(h.call("DELETE", "/v2/schedules/it_schedule?identifierType=name", ""), 428); !strings.Contains(a.raw, "escalation [it_escalation]") {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("DELETE", "/v2/escalations/"+up, ""), 200)
	h.want(h.call("DELETE", "/v2/teams/it?identifierType=name", ""), 200)
	h.want(h.call("GET", "/v2/schedules/it_schedule?identifierType=name", ""), 404)
	h.want(h.call("GET", "/v2/escalations/it_escalation?identifierType=name", ""), 404)
	if s := h.want(h.call("GET", "/v2/schedules/"+kept, ""), 200); s.data("ownerTeam") != nil {
		t.Errorf("%s", s.raw)
	}
	// What Terraform does with delete_default_resources.
	h.made("/v2/teams", `{"name":"tf"}`)
	rules := h.want(h.call("GET", "/v2/teams/tf/routing-rules?teamIdentifierType=name", ""), 200).list()
	h.want(h.call("PATCH", "/v2/teams/tf/routing-rules/"+rules[0]["id"].(string)+"?teamIdentifierType=name", `{"notify":{"type":"none"}}`), 200)
	for _, kind := range []string{"escalations", "schedules"} { // in this order: the escalation names the schedule
		owned := 0
		for _, x := range h.want(h.call("GET", "/v2/"+kind+"?expand=rotation", ""), 200).list() {
			if team, ok := x["ownerTeam"].(map[string]any); ok && team["name"] == "tf" {
				owned++
				h.want(h.call("DELETE", "/v2/"+kind+"/"+x["id"].(string), ""), 200)
			}
		}
		if owned != 1 {
			t.Errorf("the team was made with %d %s", owned, kind)
		}
	}
	h.want(h.call("DELETE", "/v2/teams/tf?identifierType=name", ""), 200)
}

// Rules ogapi-8.routing.default, ogapi-8.routing.notify, ogapi-8.routing.hours, ogapi-9.client.order-zero.
func TestRoutingRules(t *testing.T) {
	h := newHub(t)
	team := h.made("/v2/teams", `{"name":"it"}`)
	path := "/v2/teams/" + team + "/routing-rules"
	h.made("/v2/schedules", `{"name":"night"}`)
	first := h.want(h.call("GET", path, ""), 200).list()
	if len(first) != 1 || first[0]["isDefault"] != true || first[0]["notify"].(map[string]any)["name"] != "it_escalation" {
		t.Fatalf("%v", first)
	}
	byDefault := first[0]["id"].(string)
	a := h.made(path, `{"name":"a","timezone":"Europe/Berlin","criteria":{"type":"match-any-condition","conditions":[{"field":"tags","operation":"contains","expectedValue":"x","order":0}]},
		"timeRestriction":{"type":"time-of-day","restriction":{"startHour":8,"startMin":0,"endHour":18,"endMin":0},"restrictions":[]},"notify":{"type":"schedule","name":"night","id":""}}`)
	b := h.made("/v2/teams/it/routing-rules?teamIdentifierType=name", `{"name":"b","order":0,"notify":{"type":"none"}}`)
	order := func() string {
		var names []string
		for i, r := range h.want(h.call("GET", path, ""), 200).list() {
			if r["order"] != float64(i) {
				t.Errorf("order of %v", r)
			}
			names = append(names, r["name"].(string))
		}
		return strings.Join(names, " ")
	}
	if got := order(); got != "b a Default Routing Rule" {
		t.Errorf("order: %s", got)
	}
	r := h.want(h.call("GET", path+"/"+a, ""), 200)
	for name, want := range map[string]string{"timezone": "Europe/Berlin", "isDefault": "false", "timeRestriction": "map[restriction:map[endHour:18 endMin:0 startHour:8 startMin:0] type:time-of-day]",
		"criteria": "map[conditions:[map[expectedValue:x field:tags not:false operation:contains order:0]] type:match-any-condition]"} {
		if got := fmt.Sprint(r.data(name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if n := r.data("notify").(map[string]any); n["type"] != "schedule" || n["name"] != "night" {
		t.Errorf("%v", n)
	}
	h.want(h.call("POST", path+"/"+a+"/change-order", `{"order":0}`), 200)
	if got := order(); got != "a b Default Routing Rule" {
		t.Errorf("order: %s", got)
	}
	h.want(h.call("POST", path+"/"+byDefault+"/change-order", `{"order":0}`), 422)
	h.want(h.call("DELETE", path+"/"+byDefault, ""), 422)
	h.want(h.call("PATCH", path+"/"+byDefault, `{"criteria":{"type":"match-any-condition","conditions":[{"field":"tags","operation":"is-empty"}]}}`), 422)
	h.want(h.call("PATCH", path+"/"+b, `{"name":"none","criteria":{"type":"match-all"},"notify":{"type":"escalation","name":"it_escalation"}}`), 200)
	if a := h.want(h.call("DELETE", "/v2/schedules/night?identifierType=name", ""), 428); !strings.Contains(a.raw, "team [it]") {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("DELETE", path+"/"+a, ""), 200)
	h.want(h.call("GET", path+"/"+a, ""), 404)
	h.want(h.call("PATCH", path+"/"+a, `{"name":"x"}`), 404)
	for body, field := range map[string]string{`{"name":"x"}`: "notify", `{"notify":{"type":"user","id":"x"}}`: "notify", `{"notify":{"type":"schedule","name":"ghost"}}`: "notify",
		`{"notify":{"type":"schedule"}}`: "notify.id", `{"notify":{"type":"none"},"timezone":"x"}`: "timezone", `{"notify":{"type":"none"},"order":"x"}`: "order"} {
		if a := h.want(h.call("POST", path, body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	// An alert would go round for ever.
	up := h.made("/v2/escalations", `{"name":"up","rules":[{"condition":"if-not-acked","recipient":{"type":"team","name":"it"}}]}`)
	if a := h.want(h.call("POST", path, `{"notify":{"type":"escalation","id":"`+up+`"}}`), 422); a.wrong("notify") == "" {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("PATCH", "/v2/escalations/it_escalation?identifierType=name", `{"rules":[{"condition":"if-not-acked","recipient":{"type":"team","name":"it"}}]}`), 422)
}

// A rule with a time restriction is for the moments in it: by its own zone. Rule ogapi-8.routing.hours.
func TestTimeRestrictionDecidesWhoIsPaged(t *testing.T) {
	h := newHub(t) // it is 21:00 in Vietnam, a Wednesday
	h.made("/v2/users", `{"username":"an@example.vn","fullName":"An"}`)
	h.made("/v2/escalations", `{"name":"lan","rules":[{"condition":"if-not-acked","recipient":{"type":"user","username":"lan@example.vn"}}]}`)
	h.made("/v2/escalations", `{"name":"an","rules":[{"condition":"if-not-acked","recipient":{"type":"user","username":"an@example.vn"}}]}`)
	h.made("/v2/teams", `{"name":"it"}`)
	const path = "/v2/teams/it/routing-rules?teamIdentifierType=name"
	h.made(path, `{"name":"day","timezone":"Asia/Ho_Chi_Minh","notify":{"type":"escalation","name":"lan"},"timeRestriction":{"type":"time-of-day","restriction":{"startHour":8,"startMin":0,"endHour":20,"endMin":0}}}`)
	h.made(path, `{"name":"night","timezone":"Asia/Ho_Chi_Minh","notify":{"type":"escalation","name":"an"},"timeRestriction":{"type":"time-of-day","restriction":{"startHour":20,"startMin":0,"endHour":8,"endMin":0}}}`)
	id := h.create(`{"message":"m","responders":[{"type":"team","name":"it"}]}`)
	for d := range state.Deliveries.All(h.store.tx) {
		if string(d.Alert) == id && d.Address != "an@example.vn" {
			t.Errorf("paged %s", d.Address)
		}
	}
	if len(h.pagesOf(id)) != 1 {
		t.Errorf("%v", h.pagesOf(id))
	}
}
