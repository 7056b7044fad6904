package api_test

import (
	"fmt"
	"testing"
)

// calls says who is on call in a schedule at a moment, by usernames without their domain.
func (h *hub) calls(schedule, at string) string {
	h.t.Helper()
	a := h.want(h.call("GET", "/v2/schedules/"+schedule+"/on-calls?scheduleIdentifierType=name&flat=true&date="+at, ""), 200)
	return fmt.Sprint(a.data("onCallRecipients"))
}

// What Opsgenie has not is taken, followed and told again; where it is not used nothing is told.
//
// keng-7.turn.months keng-7.turn.fixed keng-7.turn.skips keng-7.turn.phase
func TestRotationsBeyondOpsgenie(t *testing.T) {
	h := planned(t)
	const anBinh = `"participants":[{"type":"user","username":"an@example.vn"},{"type":"user","username":"binh@example.vn"}]`
	h.made("/v2/schedules", `{"name":"months","timezone":"Asia/Ho_Chi_Minh","rotations":[{"name":"r","startDate":"2026-11-30T02:00:00Z","type":"monthly","firstParticipant":1,`+anBinh+`}]}`)
	for at, want := range map[string]string{"2026-12-01T00:00:00Z": "[binh@example.vn]", "2026-12-30T01:59:59Z": "[binh@example.vn]", "2026-12-30T02:00:00Z": "[an@example.vn]", "2027-02-01T00:00:00Z": "[binh@example.vn]", "2027-03-01T00:00:00Z": "[an@example.vn]"} {
		if got := h.calls("months", at); got != want {
			t.Errorf("months at %s: %s, want %s", at, got, want)
		}
	}
	h.made("/v2/schedules", `{"name":"weekdays","timezone":"UTC","rotations":[{"name":"r","startDate":"2026-11-23T00:00:00Z","type":"daily","skips":true,`+anBinh+`,
		"timeRestriction":{"type":"weekday-and-time-of-day","restrictions":[{"startDay":"monday","startHour":0,"startMin":0,"endDay":"saturday","endHour":0,"endMin":0}]}}]}`)
	for at, want := range map[string]string{"2026-11-27T12:00:00Z": "[an@example.vn]", "2026-11-28T12:00:00Z": "[]", "2026-11-30T12:00:00Z": "[binh@example.vn]"} {
		if got := h.calls("weekdays", at); got != want {
			t.Errorf("weekdays at %s: %s, want %s", at, got, want)
		}
	}
	fixed := h.made("/v2/schedules", `{"name":"roster","timezone":"UTC","rotations":[{"name":"r","type":"fixed","slots":[
		{"user":{"type":"user","username":"chi@example.vn"},"startDate":"2026-11-25T00:00:00Z","endDate":"2026-11-26T00:00:00Z"},
		{"user":{"type":"user","username":"lan@example.vn"},"startDate":"2026-11-24T00:00:00Z","endDate":"2026-11-25T00:00:00Z"}]}]}`)
	for at, want := range map[string]string{"2026-11-24T12:00:00Z": "[lan@example.vn]", "2026-11-25T12:00:00Z": "[chi@example.vn]", "2026-11-26T12:00:00Z": "[]"} {
		if got := h.calls("roster", at); got != want {
			t.Errorf("roster at %s: %s, want %s", at, got, want)
		}
	}
	for _, name := range []string{"months", "weekdays", "roster", "rota"} {
		r := h.want(h.call("GET", "/v2/schedules/"+name+"?identifierType=name", ""), 200).data("rotations").([]any)[0].(map[string]any)
		want := map[string]string{"months": "monthly 1 <nil> 0", "weekdays": "daily <nil> true 0", "roster": "fixed <nil> <nil> 2", "rota": "weekly <nil> <nil> 0"}[name]
		slots, _ := r["slots"].([]any)
		if got := fmt.Sprint(r["type"], " ", r["firstParticipant"], " ", r["skips"], " ", len(slots)); got != want {
			t.Errorf("%s is told as %s, want %s", name, got, want)
		}
		if name == "roster" && fmt.Sprint(slots[0]) != "map[endDate:2026-11-25T00:00:00.000Z startDate:2026-11-24T00:00:00.000Z user:map[id:"+h.userID("lan@example.vn")+" type:user username:lan@example.vn]]" {
			t.Errorf("%v", slots)
		}
	}
	if list := h.want(h.call("GET", "/v2/users/chi@example.vn/schedules", ""), 200).list(); len(list) != 1 || list[0]["id"] != fixed {
		t.Errorf("whom a roster names is not in it: %v", list)
	}
	path := "/v2/schedules/" + fixed + "/rotations"
	id := h.want(h.call("GET", path, ""), 200).list()[0]["id"].(string)
	h.want(h.call("PATCH", path+"/"+id, `{"type":"weekly",`+anBinh+`}`), 200)
	if r := h.call("GET", path+"/"+id, ""); r.data("slots") != nil || r.data("type") != "weekly" || h.calls("roster", "2026-11-25T12:00:00Z") != "[an@example.vn]" {
		t.Errorf("turns in the place of slots: %s", r.raw)
	}
	const slot = `"user":{"type":"none"},"startDate":"2026-11-24T00:00:00Z"`
	for body, field := range map[string]string{
		`{"type":"fixed"}`:             "slots",
		`{"type":"fixed","slots":[]}`:  "slots",
		`{"type":"fixed","slots":{}}`:  "slots[0].startDate",
		`{"type":"fixed","slots":[7]}`: "slots",
		`{"type":"fixed","slots":[{` + slot + `,"endDate":"2026-11-24T00:00:00Z"}]}`:                                                                                             "slots[0].endDate",
		`{"type":"fixed","slots":[{` + slot + `,"endDate":"soon"}]}`:                                                                                                             "slots[0].endDate",
		`{"type":"fixed","slots":[{"startDate":"2026-11-24T00:00:00Z"}]}`:                                                                                                        "slots[0].user.type",
		`{"type":"fixed","slots":[{"user":{"type":"user","id":"ghost"}}]}`:                                                                                                       "slots[0].endDate",
		`{"type":"fixed","slots":[{"user":{"type":"schedule","name":"rota"},"startDate":"2026-11-24T00:00:00Z","endDate":"2026-11-25T00:00:00Z"}]}`:                              "slots[0].user",
		`{"type":"fixed","slots":[{` + slot + `,"endDate":"2026-11-26T00:00:00Z"},{` + slot + `,"endDate":"2026-11-25T00:00:00Z"}]}`:                                             "slots[1]",
		`{"type":"fixed",` + anBinh + `,"slots":[{` + slot + `,"endDate":"2026-11-26T00:00:00Z"}]}`:                                                                              "participants",
		`{"type":"fixed","firstParticipant":0,"slots":[{` + slot + `,"endDate":"2026-11-26T00:00:00Z"}]}`:                                                                        "firstParticipant",
		`{"type":"daily","startDate":"2026-11-24T00:00:00Z",` + anBinh + `,"slots":[{` + slot + `,"endDate":"2026-11-26T00:00:00Z"}]}`:                                           "slots",
		`{"type":"daily","startDate":"2026-11-24T00:00:00Z",` + anBinh + `,"firstParticipant":2}`:                                                                                "firstParticipant",
		`{"type":"daily","startDate":"2026-11-24T00:00:00Z",` + anBinh + `,"firstParticipant":-1}`:                                                                               "firstParticipant",
		`{"type":"daily","startDate":"2026-11-24T00:00:00Z",` + anBinh + `,"firstParticipant":1.5}`:                                                                              "firstParticipant",
		`{"type":"monthly","startDate":"2026-11-24T00:00:00Z",` + anBinh + `,"skips":true}`:                                                                                      "skips",
		`{"type":"daily","startDate":"2026-11-24T00:00:00Z",` + anBinh + `,"skips":"often"}`:                                                                                     "skips",
		`{"type":"daily","startDate":"2026-11-24T00:00:00Z",` + anBinh + `,"timeRestriction":{"type":"time-of-day","restriction":{"startHour":8,"endHour":9},"days":"sundays"}}`: "timeRestriction.days",
	} {
		if a := h.want(h.call("POST", path, body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
}

// An edit that leaves out who has the turn is refused if it is to keep them; else they keep it, or do not, as asked.
//
// keng-8.calendar.keep
func TestKeepCurrent(t *testing.T) {
	h := planned(t)
	s := h.want(h.call("GET", "/v2/schedules/rota?identifierType=name", ""), 200)
	rotation := s.data("rotations").([]any)[0].(map[string]any)["id"].(string)
	path := "/v2/schedules/rota/rotations/" + rotation + "?scheduleIdentifierType=name"
	people := func(names ...string) string {
		list := ""
		for i, name := range names {
			list += fmt.Sprintf(`%.*s{"type":"user","username":"%s@example.vn"}`, min(i, 1), ",", name)
		}
		return `"participants":[` + list + `]`
	}
	const now = "2026-11-23T03:00:00Z"
	h.want(h.call("PATCH", path, `{`+people("chi", "binh", "lan")+`,"keepCurrent":true}`), 200)
	if got := h.calls("rota", now); got != "[lan@example.vn]" {
		t.Errorf("after an edit that keeps: %s", got)
	}
	if r := h.call("GET", path, ""); r.data("firstParticipant") != 2.0 {
		t.Errorf("who takes the first hand-over: %s", r.raw)
	}
	if a := h.want(h.call("PATCH", path, `{`+people("chi", "binh")+`,"keepCurrent":true}`), 422); a.wrong("keepCurrent") == "" {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("PATCH", "/v2/schedules/rota?identifierType=name", `{"keepCurrent":true,"rotations":[{"id":"`+rotation+`",`+people("binh", "lan")+`}]}`), 200)
	if got := h.calls("rota", now); got != "[lan@example.vn]" {
		t.Errorf("after an edit of the schedule that keeps: %s", got)
	}
	h.want(h.call("PATCH", path, `{`+people("chi", "lan")+`,"firstParticipant":0}`), 200)
	if got := h.calls("rota", now); got != "[chi@example.vn]" {
		t.Errorf("after an edit that does not keep: %s", got)
	}
	h.want(h.call("PATCH", path, `{"keepCurrent":"perhaps"}`), 422)
}

// By holidays restrictions and the time to be covered go, if asked; both can be taken back.
//
// keng-8.calendar.holidays keng-7.trouble.covers
func TestSchedulesByHolidays(t *testing.T) {
	h := planned(t)
	calendar := h.made("/keng/v1/holiday-calendars", `{"name":"ours","added":[{"date":"2026-11-24","english":"Our day"}]}`)
	const path = "/v2/schedules/work?identifierType=name"
	h.made("/v2/schedules", `{"name":"work","timezone":"UTC","holidays":{"name":"ours"},"covers":{"type":"time-of-day","restriction":{"startHour":8,"startMin":0,"endHour":12,"endMin":0},"days":"no-holidays"},
		"rotations":[{"name":"r","startDate":"2026-11-20T00:00:00Z","type":"daily","participants":[{"type":"user","username":"chi@example.vn"}],
		"timeRestriction":{"type":"time-of-day","restriction":{"startHour":8,"startMin":0,"endHour":10,"endMin":0},"days":"no-holidays"}}]}`)
	s := h.want(h.call("GET", path, ""), 200)
	if fmt.Sprint(s.data("holidays")) != "map[id:"+calendar+" name:ours]" || fmt.Sprint(s.data("covers")) != "map[days:no-holidays restriction:map[endHour:12 endMin:0 startHour:8 startMin:0] type:time-of-day]" {
		t.Errorf("%s", s.raw)
	}
	for at, want := range map[string]string{"2026-11-23T09:00:00Z": "[chi@example.vn]", "2026-11-24T09:00:00Z": "[]", "2026-11-25T09:00:00Z": "[chi@example.vn]"} {
		if got := h.calls("work", at); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	gaps := func() (told string) {
		for _, x := range h.want(h.call("GET", "/keng/v1/gaps?weeks=1", ""), 200).list() {
			told += fmt.Sprint(x["startDate"].(string)[8:13], "-", x["endDate"].(string)[8:13], " ")
		}
		return told
	}
	if got := gaps(); got != "23T10-23T12 25T10-25T12 26T10-26T12 27T10-27T12 28T10-28T12 29T10-29T12 " {
		t.Errorf("what is not covered: %s", got)
	}
	h.want(h.call("PATCH", path, `{"holidays":{},"covers":{"type":"time-of-day","restriction":{"startHour":8,"startMin":0,"endHour":10,"endMin":0}}}`), 200)
	if s := h.call("GET", path, ""); s.data("holidays") != nil || h.calls("work", "2026-11-24T09:00:00Z") != "[chi@example.vn]" || gaps() != "" {
		t.Errorf("without holidays: %s", s.raw)
	}
	h.want(h.call("PATCH", path, `{"covers":{}}`), 200)
	if s := h.call("GET", path, ""); s.data("covers") != nil || gaps() == "" {
		t.Errorf("always to be covered: %s", s.raw)
	}
	for body, field := range map[string]string{
		`{"holidays":{"name":"ghost"}}`: "holidays", `{"holidays":{"x":1}}`: "holidays", `{"holidays":"ours"}`: "holidays", `{"covers":{"type":"time-of-day"}}`: "covers",
		`{"covers":{"days":"no-holidays"}}`: "covers", `{"covers":7}`: "covers", `{"covers":{"type":"monthly"}}`: "covers.type",
	} {
		if a := h.want(h.call("PATCH", path, body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
}
