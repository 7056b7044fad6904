package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestSchedules(t *testing.T) {
	h := newHub(t)
	id := h.made("/v2/schedules", `{"name":"rota/1","description":"d","timezone":"Europe/Berlin","enabled":true,"ownerTeam":{"name":"Mạng"},"rotations":[
		{"name":"day","startDate":"2026-11-23T08:00:00Z","endDate":"2027-11-23T08:00:00Z","type":"daily","length":2,"participants":[{"type":"user","username":"lan@example.vn","id":""},{"type":"none"}],
			"timeRestriction":{"type":"time-of-day","restriction":{"startHour":8,"startMin":30,"endHour":20,"endMin":0}}},
		{"startDate":"2026-11-23T09:00:00+07:00","type":"hourly","participants":[{"type":"team","name":"Mạng"}]}]}`)
	s := h.want(h.call("GET", "/v2/schedules/rota/1?identifierType=name", ""), 200)
	for name, want := range map[string]string{"id": id, "description": "d", "timezone": "Europe/Berlin", "enabled": "true", "ownerTeam": "map[id:" + string(h.team) + " name:Mạng]"} {
		if got := fmt.Sprint(s.data(name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	rotations := s.data("rotations").([]any)
	day, hour := rotations[0].(map[string]any), rotations[1].(map[string]any)
	want := fmt.Sprintf("day 2026-11-23T08:00:00.000Z 2027-11-23T08:00:00.000Z daily 2 [map[id:%s type:user username:lan@example.vn] map[type:none]] map[restriction:map[endHour:20 endMin:0 startHour:8 startMin:30] type:time-of-day]", h.user)
	if got := fmt.Sprint(day["name"], " ", day["startDate"], " ", day["endDate"], " ", day["type"], " ", day["length"], day["participants"], day["timeRestriction"]); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("%s, want %s", got, want)
	}
	if got := fmt.Sprint(hour["name"], hour["startDate"], hour["endDate"], hour["length"], hour["participants"], hour["timeRestriction"]); got != "Rot12026-11-23T02:00:00.000Z<nil> 1 [map[id:"+string(h.team)+" name:Mạng type:team]] <nil>" {
		t.Errorf("%s", got)
	}
	h.lenient = true
	h.want(h.call("PATCH", "/v2/schedules/"+id, `{"name":"","description":"e","enabled":false}`), 200)
	h.lenient = false
	if s := h.call("GET", "/v2/schedules/"+id, ""); s.data("name") != "rota/1" || s.data("description") != "e" || s.data("enabled") != false || len(s.data("rotations").([]any)) != 2 {
		t.Errorf("%s", s.raw)
	}
	h.want(h.call("PATCH", "/v2/schedules/"+id, `{"enabled":true,"rotations":[{"id":"`+day["id"].(string)+`","name":"late"},{"startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"none"}]}]}`), 200)
	if s := h.call("GET", "/v2/schedules/"+id, ""); s.data("rotations").([]any)[0].(map[string]any)["name"] != "late" || fmt.Sprint(s.data("rotations").([]any)[0].(map[string]any)["participants"]) != fmt.Sprint(day["participants"]) {
		t.Errorf("%s", s.raw)
	}
	list := h.want(h.call("GET", "/v2/schedules?expand=rotation", ""), 200)
	if len(list.list()) != 1 || len(list.list()[0]["rotations"].([]any)) != 2 || fmt.Sprint(list.body["expandable"]) != "[rotation]" {
		t.Errorf("%s", list.raw)
	}
	if list := h.want(h.call("GET", "/v2/schedules", ""), 200).list(); len(list[0]["rotations"].([]any)) != 0 {
		t.Errorf("%v", list)
	}
	h.want(h.call("POST", "/v2/schedules", `{"name":"rota/1"}`), 409)
	for body, field := range map[string]string{`{}`: "name", `{"name":"x","timezone":"Mars"}`: "timezone", `{"name":"x","ownerTeam":{"name":"ghost"}}`: "ownerTeam", `{"name":"x","enabled":"perhaps"}`: "enabled",
		`{"name":"x","rotations":[{"type":"daily","participants":[{"type":"none"}]}]}`:                                                                     "rotations[0].startDate",
		`{"name":"x","rotations":[{"startDate":"soon","type":"daily","participants":[{"type":"none"}]}]}`:                                                  "rotations[0].startDate",
		`{"name":"x","rotations":[{"startDate":"2026-01-01T00:00:00Z","type":"yearly","participants":[{"type":"none"}]}]}`:                                 "rotations[0].type",
		`{"name":"x","rotations":[{"startDate":"2026-01-01T00:00:00Z","type":"daily","participants":[]}]}`:                                                 "rotations[0].participants",
		`{"name":"x","rotations":[{"startDate":"2026-01-01T00:00:00Z","type":"daily","length":0,"participants":[{"type":"none"}]}]}`:                       "rotations[0].length",
		`{"name":"x","rotations":[{"startDate":"2026-01-01T00:00:00Z","type":"daily","participants":[{"type":"user","username":"ghost"}]}]}`:               "rotations[0].participants[0]",
		`{"name":"x","rotations":[{"startDate":"2026-01-01T00:00:00Z","endDate":"2025-01-01T00:00:00Z","type":"daily","participants":[{"type":"none"}]}]}`: "rotations[0].endDate",
	} {
		if a := h.want(h.call("POST", "/v2/schedules", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	h.want(h.call("DELETE", "/v2/schedules/rota/1?identifierType=name", ""), 200)
	h.want(h.call("GET", "/v2/schedules/"+id, ""), 404)
}

func TestRotations(t *testing.T) {
	h := newHub(t)
	schedule := h.made("/v2/schedules", `{"name":"rota"}`)
	path := "/v2/schedules/" + schedule + "/rotations"
	id := h.made(path, `{"startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"user","id":"`+string(h.user)+`"}]}`)
	h.made("/v2/schedules/rota/rotations?scheduleIdentifierType=name", `{"startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"none"}]}`)
	if list := h.want(h.call("GET", path, ""), 200).list(); len(list) != 2 || list[0]["name"] != "Rot1" || list[1]["name"] != "Rot2" {
		t.Errorf("%v", list)
	}
	h.want(h.call("PATCH", path+"/"+id, `{"name":"week","length":2}`), 200)
	r := h.want(h.call("GET", path+"/"+id, ""), 200)
	if r.data("name") != "week" || r.data("length") != 2.0 || r.data("type") != "weekly" || r.data("_parent").(map[string]any)["id"] != schedule {
		t.Errorf("%s", r.raw)
	}
	h.want(h.call("PATCH", path+"/"+id, `{"participants":[{"type":"user"}]}`), 422)
	h.want(h.call("DELETE", path+"/"+id, ""), 200)
	h.want(h.call("DELETE", path+"/"+id, ""), 404)
	h.want(h.call("GET", path+"/"+id, ""), 404)
}

func TestOnCalls(t *testing.T) {
	h := newHub(t)
	h.made("/v2/users", `{"username":"an@example.vn","fullName":"An"}`)
	h.made("/v2/schedules", `{"name":"rota","timezone":"Asia/Ho_Chi_Minh","rotations":[
		{"startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"user","username":"lan@example.vn"},{"type":"user","username":"an@example.vn"},{"type":"none"},{"type":"team","name":"Mạng"}]}]}`)
	const path = "/v2/schedules/rota/on-calls?scheduleIdentifierType=name"
	for date, want := range map[string]string{"2026-11-24T00:00:00Z": "[lan@example.vn]", "2026-11-30T08:59:59%2B07:00": "[lan@example.vn]", "2026-11-30T09:00:00%2B0700": "[an@example.vn]", "2026-12-08T00:00:00Z": "[]", "2026-11-01T00:00:00Z": "[]"} {
		if a := h.want(h.call("GET", path+"&flat=true&date="+date, ""), 200); fmt.Sprint(a.data("onCallRecipients")) != want || a.data("onCallParticipants") != nil {
			t.Errorf("%s: %s", date, a.raw)
		}
	}
	a := h.want(h.call("GET", path+"&date=2026-11-24T00:00:00Z", ""), 200)
	if fmt.Sprint(a.data("onCallParticipants")) != "[map[id:"+string(h.user)+" name:lan@example.vn type:user]]" || a.data("onCallRecipients") != nil {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("PATCH", "/v2/teams/Mạng?identifierType=name", `{"members":[{"user":{"username":"an@example.vn"}}]}`), 200)
	if a := h.want(h.call("GET", path+"&date=2026-12-15T00:00:00Z", ""), 200); fmt.Sprint(a.data("onCallParticipants")) != "[map[id:"+string(h.team)+" name:Mạng onCallParticipants:[map[id:"+h.userID("an@example.vn")+" name:an@example.vn type:user]] type:team]]" {
		t.Errorf("a team that is on call is told wrongly: %s", a.raw)
	}
	if a := h.want(h.call("GET", path+"&flat=true&date=2026-12-15T00:00:00Z", ""), 200); fmt.Sprint(a.data("onCallRecipients")) != "[an@example.vn]" {
		t.Errorf("the people of a team that is on call are told wrongly: %s", a.raw)
	}
	h.want(h.call("GET", path+"&date=now", ""), 422)
	h.want(h.call("GET", path+"&flat=perhaps", ""), 422)
	h.want(h.call("GET", path, ""), 200)
	h.want(h.call("GET", "/v2/schedules/ghost/on-calls", ""), 404)
}

// An alert for a schedule in which a team is on call must not vanish: it is written down,
// and the escalation goes on.
func TestTeamOnCallPagesTheNextStep(t *testing.T) {
	h := newHub(t)
	h.made("/v2/schedules", `{"name":"rota","rotations":[{"startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"team","name":"Mạng"}]}]}`)
	h.made("/v2/escalations", `{"name":"up","rules":[{"condition":"if-not-acked","delay":{"timeAmount":0},"recipient":{"type":"schedule","name":"rota"}},
		{"condition":"if-not-closed","delay":{"timeAmount":10},"recipient":{"type":"user","username":"lan@example.vn"}}]}`)
	id := h.create(`{"message":"m","responders":[{"type":"escalation","name":"up"}]}`)
	if got := h.pagesOf(id); len(got) != 1 || !strings.Contains(got[0], "step 2") {
		t.Errorf("pages: %v", got)
	}
	if log := h.call("GET", "/keng/v1/alerts/"+id+"/log", ""); !strings.Contains(log.raw, "on call in schedule rota is a team") {
		t.Errorf("%s", log.raw)
	}
}
