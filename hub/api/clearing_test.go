package api_test

import (
	"fmt"
	"testing"
)

// What may be left out is taken off by null, or by {} where it is an object; an empty string and
// what is left out say nothing.
func TestTakingOffWhatAScheduleHas(t *testing.T) {
	h := planned(t)
	h.made("/keng/v1/holiday-calendars", `{"name":"ours"}`)
	const window = `{"type":"time-of-day","restriction":{"startHour":8,"startMin":0,"endHour":12,"endMin":0}}`
	const whole = `{"ownerTeam":{"name":"Mạng"},"holidays":{"name":"ours"},"covers":` + window + `}`
	const path, rotations = "/v2/schedules/rota?identifierType=name", "/v2/schedules/rota/rotations"
	const by = "?scheduleIdentifierType=name"
	of := func(keys ...string) (told string) {
		a := h.want(h.call("GET", path, ""), 200)
		for _, key := range keys {
			if a.data(key) != nil {
				told += key + " "
			}
		}
		return told
	}
	for _, key := range []string{"ownerTeam", "holidays", "covers"} {
		h.want(h.call("PATCH", path, whole), 200)
		h.want(h.call("PATCH", path, `{"description":"d"}`), 200)
		if of(key) == "" {
			t.Errorf("%s is gone unasked", key)
		}
		for _, none := range []string{"null", "{}"} {
			h.want(h.call("PATCH", path, whole), 200)
			h.want(h.call("PATCH", path, `{"`+key+`":`+none+`}`), 200)
			if of(key) != "" || of("ownerTeam", "holidays", "covers") == "" {
				t.Errorf("%s: %s leaves %s", key, none, of("ownerTeam", "holidays", "covers"))
			}
		}
	}
	id := h.want(h.call("GET", rotations+by, ""), 200).list()[0]["id"].(string)
	one := rotations + "/" + id + by
	set := func() {
		h.want(h.call("PATCH", one, `{"endDate":"2027-11-23T02:00:00Z","timeRestriction":`+window+`}`), 200)
	}
	has := func() string {
		r := h.want(h.call("GET", one, ""), 200)
		return fmt.Sprint(r.data("endDate") != nil, r.data("timeRestriction") != nil)
	}
	for body, want := range map[string]string{
		`{"endDate":null}`: "false true", `{"timeRestriction":null}`: "true false", `{"timeRestriction":{}}`: "true false", `{"endDate":null,"timeRestriction":null}`: "false false",
		`{"name":"weeks"}`: "true true",
	} {
		set()
		h.want(h.call("PATCH", one, body), 200)
		if got := has(); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	// Go's client sends an empty window beside the kind that is not said.
	h.lenient = true
	for _, body := range []string{`{"endDate":""}`, `{"timeRestriction":{"restriction":{}}}`, `{"timeRestriction":""}`} {
		set()
		h.want(h.call("PATCH", one, body), 200)
		if got := has(); got != "true true" {
			t.Errorf("%s: %s", body, got)
		}
	}
	for body, field := range map[string]string{`{"timeRestriction":{"type":"time-of-day"}}`: "timeRestriction", `{"timeRestriction":{"type":"weekday-and-time-of-day","restrictions":[]}}`: "timeRestriction", `{"endDate":{}}`: "endDate"} {
		if a := h.want(h.call("PATCH", one, body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
}

// A rotation in a schedule's list of which all is said loses what is left out, as clients that hold
// the whole schedule mean it; one of which a part is said keeps the rest.
func TestWholeRotationsOfASchedule(t *testing.T) {
	h := planned(t)
	const path = "/v2/schedules/rota?identifierType=name"
	rotation := func() map[string]any {
		return h.want(h.call("GET", path, ""), 200).data("rotations").([]any)[0].(map[string]any)
	}
	id := rotation()["id"].(string)
	people := `"participants":[{"type":"user","username":"lan@example.vn"},{"type":"user","username":"an@example.vn"}]`
	all := `"startDate":"2026-11-23T02:00:00Z","type":"weekly",` + people
	patch := func(rest string) {
		t.Helper()
		h.want(h.call("PATCH", path, `{"rotations":[{"id":"`+id+`",`+rest+`}]}`), 200)
	}
	told := func() string {
		r := rotation()
		return fmt.Sprint(r["name"], " ", r["type"], r["length"], " ", r["firstParticipant"], " ", r["skips"], " ", r["endDate"] != nil, " ", r["timeRestriction"] != nil, " ", len(r["participants"].([]any)))
	}
	more := `,"firstParticipant":1,"skips":true,"endDate":"2027-11-23T02:00:00Z","timeRestriction":{"type":"time-of-day","restriction":{"startHour":8,"startMin":0,"endHour":12,"endMin":0}}`
	for _, c := range []struct{ name, said, want string }{
		{"a part", `"name":"late"`, "late weekly1 1 true true true 2"},
		{"another part", `"type":"weekly",` + people, "weeks weekly1 1 true true true 2"},
		{"all that is needed", all, "weeks weekly1 1 <nil> false false 2"},
		{"all with an end", all + `,"endDate":"2027-11-23T02:00:00Z"`, "weeks weekly1 1 <nil> true false 2"},
		{"all with another length", all + `,"length":2`, "weeks weekly2 <nil> <nil> false false 2"},
		{"all with a name", all + `,"name":"late"`, "late weekly1 1 <nil> false false 2"},
		{"slots", `"type":"fixed","slots":[{"user":{"type":"user","username":"chi@example.vn"},"startDate":"2026-11-25T00:00:00Z","endDate":"2026-11-26T00:00:00Z"}]`, "weeks fixed1 <nil> <nil> false false 0"},
	} {
		patch(all + `,"name":"weeks"` + more)
		if got := told(); got != "weeks weekly1 1 true true true 2" {
			t.Fatalf("%s", got)
		}
		patch(c.said)
		if got := told(); got != c.want || rotation()["id"] != id {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// What a rotation's turns are is told by its word wherever rotations are: also what Opsgenie has not.
func TestRotationTypesAreToldByName(t *testing.T) {
	h := newHub(t)
	slot := `"slots":[{"user":{"type":"user","username":"lan@example.vn"},"startDate":"2026-11-25T00:00:00Z","endDate":"2026-11-26T00:00:00Z"}]`
	rotations := ""
	want := "[hourly daily weekly monthly fixed]"
	for _, word := range []string{"hourly", "daily", "weekly", "monthly"} {
		rotations += `{"startDate":"2026-11-23T02:00:00Z","type":"` + word + `","participants":[{"type":"user","username":"lan@example.vn"}]},`
	}
	id := h.made("/v2/schedules", `{"name":"all","rotations":[`+rotations+`{"type":"fixed",`+slot+`}]}`)
	types := func(all any) string {
		var words []any
		for _, r := range all.([]any) {
			words = append(words, r.(map[string]any)["type"])
		}
		return fmt.Sprint(words)
	}
	for name, got := range map[string]any{
		"the schedule":  h.want(h.call("GET", "/v2/schedules/"+id, ""), 200).data("rotations"),
		"the schedules": h.want(h.call("GET", "/v2/schedules?expand=rotation", ""), 200).list()[0]["rotations"],
		"the rotations": h.want(h.call("GET", "/v2/schedules/"+id+"/rotations", ""), 200).body["data"],
	} {
		if types(got) != want {
			t.Errorf("%s: %s", name, types(got))
		}
	}
	if list := h.want(h.call("GET", "/v2/users/lan@example.vn/schedules", ""), 200).list(); len(list) != 1 || list[0]["id"] != id {
		t.Errorf("%v", list)
	}
}
