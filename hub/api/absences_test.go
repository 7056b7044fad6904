package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/state"
)

// told says of a list which rows there are, by some of their members.
func told(list []map[string]any, members ...string) string {
	var rows []string
	for _, row := range list {
		var words []string
		for _, m := range members {
			if who, ok := row[m].(map[string]any); ok {
				words = append(words, strings.TrimSuffix(fmt.Sprint(who["username"]), "@example.vn"))
				continue
			}
			words = append(words, fmt.Sprint(row[m]))
		}
		rows = append(rows, strings.Join(words, " "))
	}
	return strings.Join(rows, ", ")
}

// Who is off is told, and as long as nobody takes the shift over it is a trouble.
//
// keng-7.absence.check keng-7.trouble.away
func TestAbsences(t *testing.T) {
	h := planned(t)
	id := h.made("/keng/v1/absences", `{"user":{"username":"lan@example.vn"},"startDate":"2026-11-25T00:00:00+07:00","endDate":"2026-11-26T00:00:00+07:00","note":"wedding"}`)
	h.made("/keng/v1/absences", `{"user":{"id":"`+h.userID("an@example.vn")+`"},"startDate":"2026-11-23T00:00:00Z","endDate":"2026-11-23T09:00:00Z"}`)
	a := h.want(h.call("GET", "/keng/v1/absences/"+id, ""), 200)
	if a.data("startDate") != "2026-11-24T17:00:00.000Z" || a.data("endDate") != "2026-11-25T17:00:00.000Z" || a.data("note") != "wedding" || fmt.Sprint(a.data("user").(map[string]any)["username"]) != "lan@example.vn" {
		t.Errorf("%s", a.raw)
	}
	list := func(query string) string {
		t.Helper()
		return told(h.want(h.call("GET", "/keng/v1/absences"+query, ""), 200).list(), "user", "endDate")
	}
	for query, want := range map[string]string{"": "an 2026-11-23T09:00:00.000Z, lan 2026-11-25T17:00:00.000Z", "?user=lan@example.vn": "lan 2026-11-25T17:00:00.000Z",
		"?user=" + h.userID("an@example.vn"): "an 2026-11-23T09:00:00.000Z", "?user=chi@example.vn": "", "?offset=1": "lan 2026-11-25T17:00:00.000Z", "?limit=1": "an 2026-11-23T09:00:00.000Z"} {
		if got := list(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	first := h.want(h.call("GET", "/keng/v1/absences?limit=1", ""), 200)
	next := first.body["paging"].(map[string]any)["next"].(string)
	last := h.want(h.call("GET", next, ""), 200)
	if got := told(last.list(), "user"); got != "lan" || last.body["paging"].(map[string]any)["next"] != nil || last.body["paging"].(map[string]any)["prev"] == nil {
		t.Errorf("the next page: %s", last.raw)
	}
	away := func() string {
		return told(h.want(h.call("GET", "/keng/v1/gaps?weeks=1", ""), 200).list(), "kind", "user", "startDate")
	}
	if got := away(); got != "away lan 2026-11-24T17:00:00.000Z" {
		t.Errorf("what is to be mended: %s", got)
	}
	h.want(h.call("PUT", "/keng/v1/absences/"+id, `{"user":{"username":"lan@example.vn"},"startDate":"2026-11-27T00:00:00Z","endDate":"2026-11-28T00:00:00Z"}`), 200)
	if a := h.call("GET", "/keng/v1/absences/"+id, ""); away() != "away lan 2026-11-27T00:00:00.000Z" || a.data("note") != "" {
		t.Errorf("after the change: %s %s", away(), a.raw)
	}
	h.want(h.call("DELETE", "/keng/v1/absences/"+id, ""), 200)
	h.want(h.call("GET", "/keng/v1/absences/"+id, ""), 404)
	h.want(h.call("DELETE", "/keng/v1/absences/"+id, ""), 404)
	h.want(h.call("PUT", "/keng/v1/absences/"+id, `{"user":{"username":"lan@example.vn"},"startDate":"2026-11-27T00:00:00Z","endDate":"2026-11-28T00:00:00Z"}`), 404)
	if got := away(); got != "" {
		t.Errorf("after the deletion: %s", got)
	}
	const times = `"startDate":"2026-11-25T00:00:00Z","endDate":"2026-11-26T00:00:00Z"`
	for body, field := range map[string]string{
		`{` + times + `}`: "user", `{"user":"lan",` + times + `}`: "user", `{"user":{"username":"ghost@example.vn"},` + times + `}`: "user", `[]`: "body",
		`{"user":{"username":"lan@example.vn"},"startDate":"2026-11-25T00:00:00Z"}`:                                  "endDate",
		`{"user":{"username":"lan@example.vn"},"startDate":"now","endDate":"2026-11-26T00:00:00Z"}`:                  "startDate",
		`{"user":{"username":"lan@example.vn"},"startDate":"2026-11-27T00:00:00Z","endDate":"2026-11-26T00:00:00Z"}`: "endDate",
		`{"user":{"username":"lan@example.vn"},"startDate":"2026-11-20T00:00:00Z","endDate":"2026-11-21T00:00:00Z"}`: "endDate",
		`{"user":{"username":"lan@example.vn"},"note":"` + strings.Repeat("x", 1001) + `",` + times + `}`:            "note",
	} {
		if a := h.want(h.call("POST", "/keng/v1/absences", body), 422); a.wrong(field) == "" {
			t.Errorf("%.200s: %s", body, a.raw)
		}
	}
	for query, field := range map[string]string{"user=ghost": "user", "limit=0": "limit", "limit=1001": "limit", "offset=-1": "offset"} {
		if a := h.want(h.call("GET", "/keng/v1/absences?"+query, ""), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", query, a.raw)
		}
	}
}

// Two people swap shifts: one asks, the other accepts, and each has the other's.
//
// keng-8.calendar.swap keng-8.calendar.swap-fits
func TestSwaps(t *testing.T) {
	h := planned(t)
	const mine, theirs = `"mine":{"startDate":"2026-11-27T02:00:00Z","endDate":"2026-11-28T02:00:00Z"}`, `"theirs":{"startDate":"2026-12-01T02:00:00Z","endDate":"2026-12-02T02:00:00Z"}`
	const ask = `{"schedule":{"name":"rota"},"fromUser":{"username":"lan@example.vn"},"toUser":{"username":"an@example.vn"},"note":"dentist",` + mine + `,` + theirs
	asked := h.want(h.call("POST", "/keng/v1/swaps", ask+`}`), 201)
	id := asked.data("id").(string)
	if asked.data("status") != "asked" || asked.data("expires") != "2026-11-27T02:00:00.000Z" {
		t.Errorf("%s", asked.raw)
	}
	path := "/keng/v1/swaps/" + id
	w := h.want(h.call("GET", path, ""), 200)
	if told([]map[string]any{w.body["data"].(map[string]any)}, "fromUser", "toUser", "status", "note", "answeredAt") != "lan an asked dentist <nil>" ||
		fmt.Sprint(w.data("mine"), w.data("theirs")) != "map[endDate:2026-11-28T02:00:00.000Z startDate:2026-11-27T02:00:00.000Z] map[endDate:2026-12-02T02:00:00.000Z startDate:2026-12-01T02:00:00.000Z]" ||
		fmt.Sprint(w.data("schedule").(map[string]any)["name"]) != "rota" {
		t.Errorf("%s", w.raw)
	}
	by := func(name string) string { return `{"user":{"username":"` + name + `@example.vn"}}` }
	h.want(h.call("POST", path+"/accept", by("lan")), 403)
	h.want(h.call("POST", path+"/decline", by("chi")), 403)
	h.want(h.call("POST", path+"/withdraw", by("an")), 403)
	h.want(h.call("POST", path+"/accept", by("ghost")), 404)
	if a := h.want(h.call("POST", path+"/accept", `{}`), 422); a.wrong("user") == "" {
		t.Errorf("%s", a.raw)
	}
	if h.calls("rota", "2026-11-27T03:00:00Z") != "[lan@example.vn]" {
		t.Error("swapped before it was accepted")
	}
	accepted := h.want(h.call("POST", path+"/accept", by("an")), 200)
	if n := len(accepted.data("overrides").([]any)); accepted.data("status") != "accepted" || n != 2 {
		t.Errorf("%s", accepted.raw)
	}
	if first, second := h.calls("rota", "2026-11-27T03:00:00Z"), h.calls("rota", "2026-12-01T03:00:00Z"); first != "[an@example.vn]" || second != "[lan@example.vn]" {
		t.Errorf("on call after the swap are %s and %s", first, second)
	}
	if a := h.want(h.call("POST", path+"/decline", by("an")), 422); !strings.Contains(a.raw, "accepted already") {
		t.Errorf("%s", a.raw)
	}
	// Others are declined, withdrawn, or expire.
	other := strings.NewReplacer("-27T", "-28T", "-28T", "-29T", "12-01", "12-02", "12-02", "12-03").Replace(ask)
	var ids []string
	for _, expires := range []string{`}`, `}`, `,"expires":"` + h.store.now.Add(20*time.Second).Format(time.RFC3339) + `"}`} {
		ids = append(ids, h.want(h.call("POST", "/keng/v1/swaps", other+expires), 201).data("id").(string))
	}
	h.want(h.call("POST", "/keng/v1/swaps/"+ids[0]+"/decline", by("an")), 200)
	h.want(h.call("POST", "/keng/v1/swaps/"+ids[1]+"/withdraw", by("lan")), 200)
	list := func(query string) string {
		t.Helper()
		return told(h.want(h.call("GET", "/keng/v1/swaps"+query, ""), 200).list(), "status")
	}
	for query, n := range map[string]int{"": 4, "?user=an@example.vn": 4, "?user=chi@example.vn": 0, "?status=asked": 1, "?status=declined": 1, "?status=withdrawn&user=lan@example.vn": 1, "?status=accepted": 1,
		"?status=expired": 0, "?schedule=rota": 4, "?schedule=rota&status=declined&limit=1&offset=1": 0} {
		if got := list(query); strings.Count(got+",", ",") != max(n, 1) || (got == "") != (n == 0) {
			t.Errorf("%s: %s, want %d", query, got, n)
		}
	}
	h.store.now = h.store.now.Add(time.Minute)
	if a := h.want(h.call("POST", "/keng/v1/swaps/"+ids[2]+"/accept", by("an")), 422); !strings.Contains(a.raw, "expired already") {
		t.Errorf("%s", a.raw)
	}
	for body, want := range map[string]string{
		`{}`: "schedule", ask: "body", strings.Replace(ask, `"schedule":{"name":"rota"}`, `"schedule":{}`, 1) + `}`: "schedule",
		strings.Replace(ask, `"mine":{"startDate":"2026-11-27T02:00:00Z",`, `"mine":{`, 1) + `}`:   "mine.startDate",
		strings.Replace(ask, "2026-11-27T02", "2026-11-20T02", 1) + `}`:                            "mine.startDate",
		strings.Replace(ask, "2026-12-02T02", "2026-11-02T02", 1) + `}`:                            "theirs.endDate",
		strings.Replace(ask, "an@", "lan@", 1) + `}`:                                               "",
		strings.Replace(ask, `"toUser":{"username":"an@`, `"toUser":{"username":"lan@`, 1) + `}`:   "toUser",
		strings.Replace(ask, `"toUser":{"username":"an@`, `"toUser":{"username":"ghost@`, 1) + `}`: "toUser",
		ask + `,"note":7}`: "note", ask + `,"expires":"2026-11-01T00:00:00Z"}`: "expires", ask + `,"mine":[]}`: "mine",
	} {
		a := h.call("POST", "/keng/v1/swaps", body)
		if a.status/100 != 4 || want != "" && want != "body" && a.wrong(want) == "" {
			t.Errorf("%s: HTTP %d %s", body, a.status, a.raw)
		}
	}
	if a := h.want(h.call("POST", "/keng/v1/swaps", strings.Replace(ask, `"toUser":{"username":"an@`, `"toUser":{"username":"chi@`, 1)+`}`), 422); !strings.Contains(a.raw, "does not fit") {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("GET", "/keng/v1/swaps/ghost", ""), 404)
	h.want(h.call("POST", "/keng/v1/swaps/ghost/accept", by("an")), 404)
	for _, query := range []string{"user=ghost", "schedule=ghost", "status=perhaps"} {
		h.want(h.call("GET", "/keng/v1/swaps?"+query, ""), 422)
	}
}

// Who takes over is told from whom, until when, and how to undo it; undoing it does.
//
// keng-8.calendar.takeover
func TestTakeOver(t *testing.T) {
	h := planned(t)
	const path = "/keng/v1/schedules/rota/take-over?identifierType=name"
	a := h.want(h.call("POST", path, `{"user":{"username":"chi@example.vn"},"until":"2026-11-23T06:00:00Z"}`), 201)
	if got := told([]map[string]any{a.body["data"].(map[string]any)}, "user", "endDate"); got != "chi 2026-11-23T06:00:00.000Z" || told([]map[string]any{a.data("from").([]any)[0].(map[string]any)}, "username") != "lan@example.vn" ||
		fmt.Sprint(a.data("rotations").([]any)[0].(map[string]any)["name"]) != "weeks" {
		t.Errorf("%s", a.raw)
	}
	if first, second := h.calls("rota", "2026-11-23T03:00:00Z"), h.calls("rota", "2026-11-23T06:00:00Z"); first != "[chi@example.vn]" || second != "[lan@example.vn]" {
		t.Errorf("on call are %s, then %s", first, second)
	}
	if a := h.want(h.call("POST", path, `{"user":{"username":"chi@example.vn"}}`), 422); !strings.Contains(a.wrong("user"), "on call already") {
		t.Errorf("%s", a.raw)
	}
	undo := a.data("undo").(map[string]any)
	h.want(h.call(undo["method"].(string), undo["path"].(string), ""), 200)
	if got := h.calls("rota", "2026-11-23T03:00:00Z"); got != "[lan@example.vn]" {
		t.Errorf("undone, on call is %s", got)
	}
	// Without an end it is until the present period's, which an override cuts off.
	b := h.want(h.call("POST", path, `{"user":{"id":"`+h.userID("an@example.vn")+`"},"rotation":{"name":"weeks"}}`), 201)
	if b.data("endDate") != "2026-11-24T02:00:00.000Z" {
		t.Errorf("%s", b.raw)
	}
	h.made("/v2/schedules", `{"name":"empty"}`)
	const empty = "/keng/v1/schedules/empty/take-over?identifierType=name"
	if a := h.want(h.call("POST", empty, `{"user":{"username":"chi@example.vn"}}`), 422); !strings.Contains(a.wrong("until"), "nobody is on call") {
		t.Errorf("%s", a.raw)
	}
	if a := h.want(h.call("POST", empty, `{"user":{"username":"chi@example.vn"},"until":"2026-11-23T06:00:00Z"}`), 201); len(a.data("from").([]any)) != 0 {
		t.Errorf("%s", a.raw)
	}
	for body, status := range map[string]int{`{}`: 422, `{"user":"chi"}`: 422, `{"user":{"username":"ghost"}}`: 404, `{"user":{"username":"chi@example.vn"},"until":"2020-01-01T00:00:00Z"}`: 422,
		`{"user":{"username":"chi@example.vn"},"until":"9999-01-01T00:00:00Z"}`: 422, `{"user":{"username":"chi@example.vn"},"rotation":{"name":"ghost"}}`: 404, `{"user":{"username":"chi@example.vn"},"rotation":[]}`: 422} {
		h.want(h.call("POST", path, body), status)
	}
	h.want(h.call("POST", "/keng/v1/schedules/ghost/take-over", `{"user":{"username":"chi@example.vn"}}`), 404)
}

// A holiday calendar begins with a country's days, and says what is otherwise here.
//
// keng-8.calendar.holidays
func TestHolidayCalendars(t *testing.T) {
	h := planned(t)
	id := h.made("/keng/v1/holiday-calendars", `{"name":"Nhà máy","builtIn":"vietnam","removed":["2026-09-02"],"added":[{"date":"2026-12-24","english":"Founding day","vietnamese":"Ngày thành lập"},{"date":"2026-12-26","works":true,"as":"thursday"}]}`)
	days := func(year string) map[string]string {
		t.Helper()
		a := h.want(h.call("GET", "/keng/v1/holiday-calendars/"+id+year, ""), 200)
		out := map[string]string{"year": fmt.Sprint(a.data("year"))}
		for _, d := range a.data("days").([]any) {
			d := d.(map[string]any)
			out[d["date"].(string)] = fmt.Sprint(d["vietnamese"], " ", d["works"], " ", d["as"])
		}
		return out
	}
	this := days("")
	for date, want := range map[string]string{"year": "2026", "2026-02-17": "Mùng 1 Tết <nil> <nil>", "2026-12-24": "Ngày thành lập <nil> <nil>", "2026-12-26": "<nil> true thursday", "2026-09-02": "", "2026-08-22": "Làm bù cho ngày 31/08/2026 true monday"} {
		if this[date] != want {
			t.Errorf("%s: %q, want %q", date, this[date], want)
		}
	}
	if next := days("?year=2027"); next["2027-02-06"] != "Mùng 1 Tết <nil> <nil>" || next["2027-09-02"] == "" || next["2026-12-24"] != "" || next["year"] != "2027" {
		t.Errorf("%v", next)
	}
	if list := h.want(h.call("GET", "/keng/v1/holiday-calendars", ""), 200).list(); fmt.Sprint(list) != "[map[builtIn:vietnam id:"+id+" name:Nhà máy]]" {
		t.Errorf("%v", list)
	}
	h.want(h.call("POST", "/keng/v1/holiday-calendars", `{"name":"Nhà máy"}`), 409)
	h.made("/v2/schedules", `{"name":"plant","holidays":{"id":"`+id+`"}}`)
	if a := h.want(h.call("DELETE", "/keng/v1/holiday-calendars/"+id, ""), 428); !strings.Contains(a.raw, "plant") {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("PUT", "/keng/v1/holiday-calendars/Nh%C3%A0%20m%C3%A1y?identifierType=name", `{"name":"ours","added":[{"date":"2026-12-24"}]}`), 200)
	if now := days(""); len(now) != 2 || now["2026-12-24"] == "" {
		t.Errorf("replaced: %v", now)
	}
	h.want(h.call("PATCH", "/v2/schedules/plant?identifierType=name", `{"holidays":{}}`), 200)
	h.want(h.call("DELETE", "/keng/v1/holiday-calendars/"+id, ""), 200)
	h.want(h.call("GET", "/keng/v1/holiday-calendars/"+id, ""), 404)
	for body, field := range map[string]string{
		`{}`: "name", `{"name":"x","builtIn":"mars"}`: "builtIn", `{"name":"x","added":[{}]}`: "added[0].date", `{"name":"x","added":[{"date":"24.12.2026"}]}`: "added[0].date", `{"name":"x","added":7}`: "added",
		`{"name":"x","added":[{"date":"2026-02-30"}]}`: "added[0].date", `{"name":"x","added":[{"date":"2026-12-24","works":true}]}`: "added[0].as", `{"name":"x","added":[{"date":"2026-12-24","as":"monday"}]}`: "added[0].as",
		`{"name":"x","added":[{"date":"2026-12-24"},{"date":"2026-12-24"}]}`: "added[1].date", `{"name":"x","removed":["soon"]}`: "removed", `{"name":"x","removed":[7]}`: "removed", `{"name":"x","added":[{"date":"0001-01-01"}]}`: "added[0].date",
	} {
		if a := h.want(h.call("POST", "/keng/v1/holiday-calendars", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	h.want(h.call("GET", "/keng/v1/holiday-calendars/x?year=1969", ""), 422)
}

// Fairness is told in hours, past and planned, by person, for one schedule and for a team's.
//
// keng-7.load.hours
func TestFairness(t *testing.T) {
	h := planned(t)
	h.made("/v2/schedules", `{"name":"days","timezone":"UTC","rotations":[{"startDate":"2026-11-23T00:00:00Z","type":"daily","participants":[{"type":"user","username":"chi@example.vn"},{"type":"team","name":"Mạng"}]}]}`)
	people := func(path string) string {
		t.Helper()
		a := h.want(h.call("GET", path, ""), 200)
		var list []map[string]any
		for _, p := range a.data("people").([]any) {
			list = append(list, p.(map[string]any))
		}
		return told(list, "user", "hours", "nights", "weekends", "holidays")
	}
	const week = "?from=2026-11-23T02:00:00Z&to=2026-11-30T02:00:00Z"
	for path, want := range map[string]string{
		"/keng/v1/schedules/rota/fairness" + week + "&identifierType=name": "lan 158 56 48 0, binh 10 0 0 0, an 0 0 0 0",
		"/keng/v1/fairness" + week + "&team=M%E1%BA%A1ng":                  "lan 158 56 48 0, binh 10 0 0 0, an 0 0 0 0",
		"/keng/v1/fairness" + week:                                         "lan 158 56 48 0, chi 94 30 24 0, binh 10 0 0 0, an 0 0 0 0",
		// The twelve weeks before: nobody was on call.
		"/keng/v1/schedules/rota/fairness?identifierType=name": "an 0 0 0 0, lan 0 0 0 0",
	} {
		if got := people(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	a := h.want(h.call("GET", "/keng/v1/fairness?team="+string(h.team), ""), 200)
	if a.data("startDate") != "2026-08-31T02:00:00.000Z" || a.data("endDate") != "2026-11-23T02:00:00.000Z" || len(a.data("schedules").([]any)) != 1 {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("PATCH", "/v2/schedules/rota?identifierType=name", `{"holidays":{"id":"`+h.made("/keng/v1/holiday-calendars", `{"name":"x","added":[{"date":"2026-11-26"}]}`)+`"}}`), 200)
	if got := people("/keng/v1/schedules/rota/fairness" + week + "&identifierType=name"); !strings.HasPrefix(got, "lan 158 56 48 24") {
		t.Errorf("with a holiday: %s", got)
	}
	for query, field := range map[string]string{"from=soon": "from", "to=soon": "to", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z": "to", "from=2020-01-01T00:00:00Z": "to", "from=0001-01-01T00:00:00Z&to=0001-01-02T00:00:00Z": "from", "team=ghost": "team"} {
		if a := h.want(h.call("GET", "/keng/v1/fairness?"+query, ""), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", query, a.raw)
		}
	}
	h.want(h.call("GET", "/keng/v1/schedules/ghost/fairness", ""), 404)
	hourly := `{"startDate":"2026-01-01T00:00:00Z","type":"hourly","participants":[{"type":"user","username":"an@example.vn"},{"type":"user","username":"chi@example.vn"}]}`
	h.made("/v2/schedules", `{"name":"much","rotations":[`+strings.Repeat(hourly+",", 11)+hourly+`]}`)
	if a := h.want(h.call("GET", "/keng/v1/schedules/much/fairness?identifierType=name&from=2026-01-01T00:00:00Z&to=2026-12-31T00:00:00Z", ""), 422); !strings.Contains(a.wrong("to"), "100000 periods") {
		t.Errorf("%s", a.raw)
	}
}

// A schedule of which nothing can be told is a trouble itself, and hides no other one's.
//
// keng-7.trouble.gap
func TestGapsOfSchedulesThatCannotBeTold(t *testing.T) {
	h := planned(t)
	h.made("/v2/schedules", `{"name":"lost","timezone":"Asia/Tokyo"}`)
	h.made("/v2/schedules", `{"name":"empty"}`)
	hourly := `{"startDate":"2026-01-01T00:00:00Z","type":"hourly","participants":[{"type":"user","username":"an@example.vn"},{"type":"user","username":"chi@example.vn"}]}`
	h.made("/v2/schedules", `{"name":"much","rotations":[`+strings.Repeat(hourly+",", 15)+hourly+`]}`)
	lost, _ := state.FindSchedule(h.store.tx, "lost")
	lost.Zone = "Mars/North" // its zone was taken out of the data
	if err := state.Schedules.Put(h.store.tx, lost); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, x := range h.want(h.call("GET", "/keng/v1/gaps", ""), 200).list() {
		got[fmt.Sprint(x["schedule"].(map[string]any)["name"])] += fmt.Sprint(x["kind"], " ", x["reason"], " ", x["startDate"], ";")
	}
	for name, want := range map[string]string{"lost": "unknown its time zone Mars/North is not known 2026-11-23T02:00:00.000Z;", "empty": "gap <nil> 2026-11-23T02:00:00.000Z;",
		"much": "unknown it has more than 20000 periods in this time: look less far ahead 2026-11-23T02:00:00.000Z;", "rota": ""} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

// What is told is bounded, and that it was cut is said.
//
// keng-7.trouble.twice
func TestGapsAreCut(t *testing.T) {
	h := planned(t)
	hourly := `"rotations":[{"startDate":"2026-01-01T00:00:00Z","type":"hourly","participants":[{"type":"user","username":"an@example.vn"},{"type":"none"}]}]`
	for i := range 3 {
		h.made("/v2/schedules", fmt.Sprintf(`{"name":"s%d",%s}`, i, hourly))
	}
	few := h.want(h.call("GET", "/keng/v1/gaps?weeks=1", ""), 200)
	if len(few.list()) > 900 || few.body["message"] != nil {
		t.Errorf("%d troubles, message %v", len(few.list()), few.body["message"])
	}
	much := h.want(h.call("GET", "/keng/v1/gaps?weeks=8", ""), 200)
	list := much.list()
	if len(list) != 1000 || !strings.Contains(fmt.Sprint(much.body["message"]), "first 1000") {
		t.Errorf("%d troubles, message %v", len(list), much.body["message"])
	}
	// Hours without anybody go before people who are on call in several schedules, and among one another by time.
	twice := func(x map[string]any) bool { return x["kind"] == "double-booked" }
	for i, x := range slices.DeleteFunc(few.list(), twice) {
		if x["startDate"] != list[i]["startDate"] || x["kind"] != list[i]["kind"] {
			t.Fatalf("number %d of the first ones is %v, want %v", i, list[i], x)
		}
	}
	list = h.want(h.call("GET", "/keng/v1/gaps?weeks=3", ""), 200).list()
	if n := slices.IndexFunc(list, twice); len(list) != 1000 || n != 3*3*7*12 || slices.ContainsFunc(list[n:], func(x map[string]any) bool { return !twice(x) }) {
		t.Errorf("of %d the first double booking is number %d", len(list), n)
	}
}

// A double booking names every schedule.
//
// keng-7.trouble.twice
func TestGapsNameEverySchedule(t *testing.T) {
	h := newHub(t)
	for i := range 60 {
		h.made("/v2/schedules", fmt.Sprintf(`{"name":"s%d","rotations":[{"startDate":"2026-01-01T00:00:00Z","type":"weekly","participants":[{"type":"user","username":"lan@example.vn"}]}]}`, i))
		if i < 1 || i > 3 && i < 59 {
			continue
		}
		list := h.want(h.call("GET", "/keng/v1/gaps?weeks=1", ""), 200).list()
		if len(list) != 1 || list[0]["kind"] != "double-booked" {
			t.Fatalf("%v", list)
		}
		more, _ := list[0]["moreSchedules"].([]any)
		names := map[any]bool{list[0]["schedule"].(map[string]any)["name"]: true, list[0]["otherSchedule"].(map[string]any)["name"]: true}
		for _, s := range more {
			names[s.(map[string]any)["name"]] = true
		}
		if len(names) != min(i+1, 52) {
			t.Errorf("of %d schedules %d are named: %v", i+1, len(names), list)
		}
	}
}

// Whatever the body, the calendar's routes do not fail, and what they take they tell again.
func FuzzCalendarBodies(f *testing.F) {
	for i, seed := range []string{
		`{"user":{"username":"lan@example.vn"},"startDate":"2026-11-25T00:00:00Z","endDate":"2026-11-26T00:00:00Z","note":"x"}`,
		`{"schedule":{"name":"rota"},"fromUser":{"username":"lan@example.vn"},"toUser":{"username":"an@example.vn"},"mine":{"startDate":"2026-11-27T02:00:00Z","endDate":"2026-11-28T02:00:00Z"},"theirs":{"startDate":"2026-12-01T02:00:00Z","endDate":"2026-12-02T02:00:00Z"}}`,
		`{"user":{"username":"lan@example.vn"},"until":"2026-11-26T00:00:00Z","rotation":{"name":"weeks"}}`,
		`{"name":"x","builtIn":"vietnam","removed":["2026-09-02"],"added":[{"date":"2026-12-24","works":true,"as":"monday"}]}`,
		`{"name":"s","holidays":{},"covers":{"type":"time-of-day","restriction":{"endHour":8},"days":"holidays-only"},"rotations":[{"type":"fixed","slots":[{"user":{"type":"none"},"startDate":"2026-11-25T00:00:00Z","endDate":"2026-11-26T00:00:00Z"}]}]}`,
		`{"name":"s","rotations":[{"type":"monthly","startDate":"2026-11-30T00:00:00Z","firstParticipant":1,"participants":[{"type":"none"},{"type":"none"}]}]}`,
	} {
		f.Add(uint8(i), seed)
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		h := newHub(t)
		h.lenient = true
		h.made("/v2/users", `{"username":"an@example.vn","fullName":"An"}`)
		h.made("/v2/schedules", `{"name":"rota","rotations":[{"name":"weeks","startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"user","username":"lan@example.vn"},{"type":"user","username":"an@example.vn"}]}]}`)
		paths := []string{"/keng/v1/absences", "/keng/v1/swaps", "/keng/v1/schedules/rota/take-over?identifierType=name", "/keng/v1/holiday-calendars", "/v2/schedules"}
		path := paths[int(which)%len(paths)]
		a := h.call("POST", path, body)
		if id, _ := a.data("id").(string); a.status == 201 && id != "" {
			h.want(h.call("GET", path+"/"+id, ""), 200)
			h.want(h.call("GET", path, ""), 200)
		}
		h.want(h.call("GET", "/keng/v1/gaps?weeks=1", ""), 200)
		h.call("GET", "/keng/v1/fairness", "")
	})
}

// Keys may do here what they may do beside it: look, unless bound to a team at what people say
// of themselves, and change only with the right to configure.
func TestRightsOfCalendars(t *testing.T) {
	h := planned(t)
	for _, c := range []struct {
		key, request string
		status       int
	}{
		{readKey, "GET /keng/v1/absences", 200}, {teamKey, "GET /keng/v1/absences", 403}, {writeKey, "GET /keng/v1/absences", 403}, {"", "GET /keng/v1/absences", 401},
		{teamKey, "GET /keng/v1/swaps", 403}, {readKey, "POST /keng/v1/swaps", 403}, {readKey, "POST /keng/v1/absences", 403}, {teamKey, "POST /keng/v1/absences", 403},
		{teamKey, "GET /keng/v1/fairness", 200}, {teamKey, "GET /keng/v1/holiday-calendars", 200}, {readKey, "POST /keng/v1/holiday-calendars", 403},
		{readKey, "POST /keng/v1/schedules/x/take-over", 403}, {writeKey, "POST /keng/v1/schedules/x/take-over", 403}, {teamKey, "POST /keng/v1/schedules/x/take-over", 403},
		{setupKey, "POST /keng/v1/schedules/x/take-over", 422}, {setupKey, "POST /keng/v1/swaps/x/accept", 422}, {readKey, "POST /keng/v1/swaps/x/accept", 403},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		h.want(h.with(c.key, method, path, "{}"), c.status)
	}
}
