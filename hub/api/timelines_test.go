package api_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/api"
	"keng/hub/core"
	"keng/hub/state"
)

func (h *hub) userID(username string) string {
	u, ok := state.FindUser(h.store.tx, username)
	if !ok {
		h.t.Fatalf("there is no %s", username)
	}
	return string(u.ID)
}

// planned is a hub on Monday, 23 November 2026, 09:00 in Vietnam, with a schedule in which lan
// and an take turns by the week, an override and a forwarding rule.
func planned(t *testing.T) *hub {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	h := newHub(t, func(o *api.Options) { o.Now = func() time.Time { return now } })
	h.store.now = now
	for _, name := range []string{"an", "binh", "chi"} {
		h.made("/v2/users", `{"username":"`+name+`@example.vn","fullName":"`+name+`"}`)
	}
	h.made("/v2/schedules", `{"name":"rota","description":"who has the week","timezone":"Asia/Ho_Chi_Minh","ownerTeam":{"name":"Mạng"},"rotations":[
		{"name":"weeks","startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"user","username":"lan@example.vn"},{"type":"user","username":"an@example.vn"}]}]}`)
	s, _ := state.FindSchedule(h.store.tx, "rota")
	at := func(day, hour int) *time.Time { t := time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC); return &t }
	who := func(username string) *state.Pick { return &state.Pick{ID: h.userID(username)} }
	must(state.Do(t.Context(), h.store, core.Seed{41}, state.CreateOverride{Schedule: state.Pick{ID: string(s.ID)}, Alias: "swap",
		Fields: state.OverrideFields{Who: &state.Party{Kind: 1, Pick: *who("binh@example.vn")}, Start: at(24, 2), End: at(24, 12)}}))
	must(state.Do(t.Context(), h.store, core.Seed{42}, state.CreateForward{Fields: state.ForwardFields{From: who("an@example.vn"), To: who("chi@example.vn"), Start: at(30, 2), End: at(30, 5)}}))
	return h
}

// periods says what a timeline of a reply has, one period a word.
func periods(a answer, name string) string {
	var words []string
	whole, _ := a.data(name).(map[string]any)
	rotations, _ := whole["rotations"].([]any)
	for _, r := range rotations {
		for _, p := range r.(map[string]any)["periods"].([]any) {
			p := p.(map[string]any)
			who := strings.TrimSuffix(fmt.Sprint(p["recipient"].(map[string]any)["username"]), "@example.vn")
			words = append(words, fmt.Sprint(p["startDate"].(string)[8:13], " ", who, " ", p["type"]))
		}
	}
	return strings.Join(words, ", ")
}

// A timeline tells what happens and why. Rules ogapi-7.override.replaces, ogapi-7.forward.redirects.
func TestTimeline(t *testing.T) {
	h := planned(t)
	a := h.want(h.call("GET", "/v2/schedules/rota/timeline?identifierType=name&interval=8&intervalUnit=days&expand=base,override,forwarding", ""), 200)
	for name, want := range map[string]string{
		"finalTimeline":      "23T02 lan default, 24T02 binh override, 24T12 lan default, 30T02 chi forwarding, 30T05 an default",
		"baseTimeline":       "23T02 lan default, 30T02 an default",
		"overrideTimeline":   "24T02 binh override",
		"forwardingTimeline": "30T02 chi forwarding",
	} {
		if got := periods(a, name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	// It begins at midnight in Vietnam, before anybody is on call.
	if a.data("startDate") != "2026-11-22T17:00:00.000Z" || a.data("endDate") != "2026-11-30T17:00:00.000Z" || a.data("description") != "who has the week" {
		t.Errorf("%s", a.raw)
	}
	plain := h.want(h.call("GET", "/v2/schedules/rota/timeline?identifierType=name", ""), 200)
	if strings.Contains(plain.raw, "Local") {
		t.Errorf("local times are told unasked: %s", plain.raw)
	}
	local := h.want(h.call("GET", "/v2/schedules/rota/timeline?identifierType=name&expand=local", ""), 200)
	if !strings.Contains(local.raw, `"startDate":"2026-11-24T02:00:00.000Z","endDate":"2026-11-24T12:00:00.000Z"`) || !strings.Contains(local.raw, `"startLocal":"2026-11-24T09:00:00+07:00","endLocal":"2026-11-24T19:00:00+07:00"`) {
		t.Errorf("%s", local.raw)
	}
	if plain.data("baseTimeline") != nil || plain.data("endDate") != "2026-11-29T17:00:00.000Z" {
		t.Errorf("%s", plain.raw)
	}
	if month := h.want(h.call("GET", "/v2/schedules/rota/timeline?identifierType=name&intervalUnit=months&date=2026-12-01T00:00:00%2B07:00", ""), 200); month.data("endDate") != "2026-12-31T17:00:00.000Z" {
		t.Errorf("%s", month.raw)
	}
	for wrong, field := range map[string]string{"interval=0": "interval", "interval=60": "interval", "intervalUnit=years": "intervalUnit", "date=soon": "date"} {
		if a := h.call("GET", "/v2/schedules/rota/timeline?identifierType=name&"+wrong, ""); a.status != 422 || a.wrong(field) == "" {
			t.Errorf("%s: HTTP %d %s", wrong, a.status, a.raw)
		}
	}
	h.want(h.call("GET", "/v2/schedules/ghost/timeline", ""), 404)
	hours := `{"startDate":"2026-11-23T02:00:00Z","type":"hourly","participants":[{"type":"user","username":"lan@example.vn"},{"type":"user","username":"an@example.vn"}]}`
	h.made("/v2/schedules", `{"name":"hours","rotations":[`+hours+","+hours+","+hours+`]}`)
	if a := h.want(h.call("GET", "/v2/schedules/hours/timeline?identifierType=name&interval=12&intervalUnit=months", ""), 422); !strings.Contains(a.wrong("interval"), "20000") {
		t.Errorf("%.300s", a.raw)
	}
	// Who is on call says the same.
	for date, want := range map[string]string{"2026-11-24T03:00:00Z": "binh", "2026-11-30T03:00:00Z": "chi"} {
		a := h.want(h.call("GET", "/v2/schedules/rota/on-calls?scheduleIdentifierType=name&date="+date, ""), 200)
		who := a.data("onCallParticipants").([]any)[0].(map[string]any)
		if who["name"] != want+"@example.vn" || (who["forwardedFrom"] != nil) != (want == "chi") {
			t.Errorf("%s: %s", date, a.raw)
		}
	}
}

// The picture is XML with everybody who is on call in it.
func TestPicture(t *testing.T) {
	h := planned(t)
	a := h.send(newRequest("GET", "/keng/v1/schedules/rota/picture?identifierType=name&language=en&interval=2", ""))
	if a.status != 200 || a.header.Get("Content-Type") != "image/svg+xml" {
		t.Fatalf("HTTP %d %s", a.status, a.header)
	}
	if err := xml.Unmarshal([]byte(a.raw), new(struct {
		XMLName xml.Name `xml:"svg"`
	})); err != nil {
		t.Error(err)
	}
	for _, name := range []string{">Lan<", ">an<", ">binh<", "weeks", "rota"} { // people by their full names
		if !strings.Contains(a.raw, name) {
			t.Errorf("%s is not in the picture", name)
		}
	}
	if strings.Contains(a.raw, "@example.vn") {
		t.Error("people are called by their usernames")
	}
}

// What is to be mended in the weeks to come is told, with who could take it.
func TestGaps(t *testing.T) {
	h := planned(t)
	if got := h.want(h.call("GET", "/keng/v1/gaps?weeks=1", ""), 200).list(); len(got) != 0 {
		t.Errorf("%v", got)
	}
	h.made("/v2/schedules", `{"name":"days","timezone":"UTC","rotations":[{"startDate":"2026-11-23T02:00:00Z","endDate":"2026-11-25T02:00:00Z","type":"daily","participants":[{"type":"user","username":"chi@example.vn"},{"type":"user","username":"lan@example.vn"}]}]}`)
	lan := h.userID("lan@example.vn")
	from, to := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	must(state.Do(t.Context(), h.store, core.Seed{43}, state.CreateAbsence{Fields: state.AbsenceFields{User: &state.Pick{ID: lan}, Start: &from, End: &to}}))
	got := map[string]string{}
	for _, x := range h.want(h.call("GET", "/keng/v1/gaps?weeks=1", ""), 200).list() {
		kind := x["kind"].(string)
		name := fmt.Sprint(x["schedule"].(map[string]any)["name"])
		if other, ok := x["otherSchedule"].(map[string]any); ok { // either may be told first
			names := []string{name, fmt.Sprint(other["name"])}
			slices.Sort(names)
			name = strings.Join(names, "+")
		}
		got[kind] += fmt.Sprint(name, " ", x["startDate"].(string)[8:13], "-", x["endDate"].(string)[8:13], " ")
		if suggestion := x["suggestion"].([]any); kind == "gap" && suggestion[0].(map[string]any)["username"] == "" {
			t.Errorf("%v", x)
		}
	}
	want := map[string]string{"gap": "days 25T02-30T02 ", "away": "rota 26T00-27T00 ", "double-booked": "days+rota 24T12-25T02 "}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, wrong := range []string{"weeks=0", "weeks=27", "weeks=x"} {
		h.want(h.call("GET", "/keng/v1/gaps?"+wrong, ""), 422)
	}
}

// An override lives: made, told, changed as a whole, deleted. Rule ogapi-7.override.replaces.
func TestOverrides(t *testing.T) {
	h := planned(t)
	const path = "/v2/schedules/rota/overrides"
	const by = "?scheduleIdentifierType=name"
	a := h.want(h.call("POST", path+by, `{"user":{"type":"user","username":"chi@example.vn"},"startDate":"2026-11-25T02:00:00Z","endDate":"2026-11-26T09:00:00+07:00","rotations":[{"name":"weeks"}]}`), 201)
	alias, _ := a.data("alias").(string)
	if alias == "" {
		t.Fatalf("%s", a.raw)
	}
	h.want(h.call("POST", path+by, `{"alias":"`+alias+`","user":{"type":"user","username":"chi@example.vn"},"startDate":"2026-11-25T02:00:00Z","endDate":"2026-11-26T02:00:00Z"}`), 409)
	one := h.want(h.call("GET", path+"/"+alias+by, ""), 200)
	if one.data("startDate") != "2026-11-25T02:00:00.000Z" || one.data("endDate") != "2026-11-26T02:00:00.000Z" ||
		fmt.Sprint(one.data("user").(map[string]any)["username"]) != "chi@example.vn" || fmt.Sprint(one.data("rotations").([]any)[0].(map[string]any)["name"]) != "weeks" {
		t.Errorf("%s", one.raw)
	}
	who := func(date, want string) {
		t.Helper()
		if a := h.want(h.call("GET", "/v2/schedules/rota/on-calls?scheduleIdentifierType=name&flat=true&date="+date, ""), 200); fmt.Sprint(a.data("onCallRecipients")) != want {
			t.Errorf("%s: %s, want %s", date, a.raw, want)
		}
	}
	who("2026-11-25T03:00:00Z", "[chi@example.vn]")
	h.want(h.call("PUT", path+"/"+alias+by, `{"user":{"type":"none"},"startDate":"2026-11-25T02:00:00Z","endDate":"2026-11-25T12:00:00Z"}`), 200)
	who("2026-11-25T03:00:00Z", "[]")
	who("2026-11-25T13:00:00Z", "[lan@example.vn]")
	if list := h.want(h.call("GET", path+by, ""), 200).list(); len(list) != 2 || list[0]["alias"] != "swap" || list[1]["alias"] != alias || len(list[1]["rotations"].([]any)) != 0 {
		t.Errorf("%v", list)
	}
	for body, field := range map[string]string{
		`{"startDate":"2026-11-25T02:00:00Z","endDate":"2026-11-26T02:00:00Z"}`:                                                                                    "user",
		`{"user":{"type":"user","username":"chi@example.vn"},"endDate":"2026-11-26T02:00:00Z"}`:                                                                    "startDate",
		`{"user":{"type":"user","username":"chi@example.vn"},"startDate":"2026-11-27T02:00:00Z","endDate":"2026-11-26T02:00:00Z"}`:                                 "endDate",
		`{"user":{"type":"user","username":"chi@example.vn"},"startDate":"2026-11-20T02:00:00Z","endDate":"2026-11-21T02:00:00Z"}`:                                 "endDate",
		`{"user":{"type":"user","username":"ghost@example.vn"},"startDate":"2026-11-25T02:00:00Z","endDate":"2026-11-26T02:00:00Z"}`:                               "user",
		`{"user":{"type":"user","username":"chi@example.vn"},"startDate":"2026-11-25T02:00:00Z","endDate":"2026-11-26T02:00:00Z","rotations":[{"name":"nights"}]}`: "rotations[0]",
	} {
		if a := h.want(h.call("POST", path+by, body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	h.want(h.call("DELETE", path+"/"+alias+by, ""), 200)
	h.want(h.call("GET", path+"/"+alias+by, ""), 404)
	h.want(h.call("DELETE", path+"/"+alias+by, ""), 404)
	h.want(h.call("GET", "/v2/schedules/ghost/overrides", ""), 404)
}

// A forwarding rule lives, by its id and by its alias.
func TestForwardingRules(t *testing.T) {
	h := planned(t)
	a := h.want(h.call("POST", "/v2/forwarding-rules", `{"fromUser":{"username":"lan@example.vn"},"toUser":{"id":"`+h.userID("binh@example.vn")+`"},"alias":"leave","startDate":"2026-11-25T00:00:00Z","endDate":"2026-11-26T00:00:00Z"}`), 201)
	id, _ := a.data("id").(string)
	if id == "" || a.data("alias") != "leave" {
		t.Fatalf("%s", a.raw)
	}
	for _, path := range []string{"/v2/forwarding-rules/" + id, "/v2/forwarding-rules/leave?identifierType=alias"} {
		if a := h.want(h.call("GET", path, ""), 200); fmt.Sprint(a.data("fromUser").(map[string]any)["username"]) != "lan@example.vn" || a.data("endDate") != "2026-11-26T00:00:00.000Z" {
			t.Errorf("%s", a.raw)
		}
	}
	if list := h.want(h.call("GET", "/v2/forwarding-rules", ""), 200).list(); len(list) != 2 {
		t.Errorf("%v", list)
	}
	if list := h.want(h.call("GET", "/v2/users/lan@example.vn/forwarding-rules", ""), 200).list(); len(list) != 1 || list[0]["alias"] != "leave" {
		t.Errorf("%v", list)
	}
	onCall := h.want(h.call("GET", "/v2/schedules/rota/on-calls?scheduleIdentifierType=name&flat=true&date=2026-11-25T03:00:00Z", ""), 200)
	if fmt.Sprint(onCall.data("onCallRecipients")) != "[binh@example.vn]" {
		t.Errorf("%s", onCall.raw)
	}
	h.want(h.call("PUT", "/v2/forwarding-rules/leave?identifierType=alias", `{"fromUser":{"username":"lan@example.vn"},"toUser":{"username":"chi@example.vn"},"startDate":"2026-11-25T00:00:00Z","endDate":"2026-11-26T00:00:00Z"}`), 200)
	for body, field := range map[string]string{
		`{"toUser":{"username":"chi@example.vn"},"startDate":"2026-11-25T00:00:00Z","endDate":"2026-11-26T00:00:00Z"}`:                                            "fromUser",
		`{"fromUser":{"username":"chi@example.vn"},"toUser":{"username":"chi@example.vn"},"startDate":"2026-11-25T00:00:00Z","endDate":"2026-11-26T00:00:00Z"}`:   "toUser",
		`{"fromUser":{"username":"ghost@example.vn"},"toUser":{"username":"chi@example.vn"},"startDate":"2026-11-25T00:00:00Z","endDate":"2026-11-26T00:00:00Z"}`: "fromUser",
	} {
		if a := h.want(h.call("POST", "/v2/forwarding-rules", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	h.want(h.call("DELETE", "/v2/forwarding-rules/"+id, ""), 200)
	h.want(h.call("GET", "/v2/forwarding-rules/"+id, ""), 404)
	h.want(h.call("GET", "/v2/users/ghost@example.vn/forwarding-rules", ""), 404)
}

// Who comes next is told for each rotation; exactly next is who comes first.
func TestNextOnCalls(t *testing.T) {
	h := planned(t)
	h.want(h.call("POST", "/v2/schedules/rota/rotations?scheduleIdentifierType=name", `{"name":"days","startDate":"2026-11-23T02:00:00Z","type":"daily","length":3,"participants":[{"type":"user","username":"chi@example.vn"},{"type":"user","username":"binh@example.vn"}]}`), 201)
	const path = "/v2/schedules/rota/next-on-calls?scheduleIdentifierType=name&date=2026-11-24T13:00:00Z"
	a := h.want(h.call("GET", path+"&flat=true", ""), 200)
	if fmt.Sprint(a.data("nextOnCallParticipants")) != "[chi@example.vn binh@example.vn]" || fmt.Sprint(a.data("exactNextOnCallParticipants")) != "[binh@example.vn]" || a.data("nextOnCallRecipients") != nil {
		t.Errorf("%s", a.raw)
	}
	whole := h.want(h.call("GET", path, ""), 200)
	next := whole.data("nextOnCallRecipients").([]any)
	if len(next) != 2 || next[0].(map[string]any)["forwardedFrom"] == nil || len(whole.data("exactNextOnCallRecipients").([]any)) != 1 {
		t.Errorf("%s", whole.raw)
	}
	h.want(h.call("GET", "/v2/schedules/ghost/next-on-calls", ""), 404)
}

// tokyoTime is the data of a zone whose clocks are nine hours ahead (RFC 9636, version 1).
func tokyoTime() string {
	data := append([]byte("TZif"), make([]byte, 16)...)
	for _, n := range []uint32{0, 0, 0, 0, 1, 4, 9 * 3600} {
		data = binary.BigEndian.AppendUint32(data, n)
	}
	return base64.StdEncoding.EncodeToString(append(data, "\x00\x00JST\x00"...))
}

// Other time-zone data moves shifts: which, is told before it is used.
func TestTimeZones(t *testing.T) {
	h := planned(t)
	const path = "/keng/v1/time-zones"
	body := func(rest string) string {
		return `{"version":"2026x","zones":{"Asia/Ho_Chi_Minh":"` + tokyoTime() + `"}` + rest + `}`
	}
	if a := h.want(h.call("GET", path, ""), 200); a.data("given") != false {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("POST", "/v2/schedules/rota/rotations?scheduleIdentifierType=name", `{"name":"nights","startDate":"2026-11-23T02:00:00Z","type":"daily","participants":[{"type":"user","username":"chi@example.vn"}],
		"timeRestriction":{"type":"time-of-day","restriction":{"startHour":22,"startMin":0,"endHour":7,"endMin":0}}}`), 201)
	dry := h.want(h.call("PUT", path, body(`,"dryRun":true`)), 200)
	moved, _ := dry.data("moved").([]any)
	if len(moved) != 500 || dry.data("more").(float64) < 200 || moved[0].(map[string]any)["rotation"] != "nights" {
		t.Errorf("%.600s", dry.raw)
	}
	if a := h.want(h.call("GET", path, ""), 200); a.data("given") != false {
		t.Errorf("a dry run has changed something: %s", a.raw)
	}
	h.want(h.call("PUT", path, body("")), 200)
	if a := h.want(h.call("GET", path, ""), 200); a.data("version") != "2026x" || a.data("zones") != 1.0 {
		t.Errorf("%s", a.raw)
	}
	night := h.want(h.call("GET", "/v2/schedules/rota/on-calls?scheduleIdentifierType=name&flat=true&date=2026-12-01T13:30:00Z", ""), 200) // 22:30 by the new data
	if !strings.Contains(fmt.Sprint(night.data("onCallRecipients")), "chi@example.vn") {
		t.Errorf("%s", night.raw)
	}
	if a := h.want(h.call("PUT", path, body("")), 200); a.data("moved") != nil {
		t.Errorf("the same data moves something: %.300s", a.raw)
	}
	h.want(h.call("PUT", path, `{}`), 200)
	if a := h.want(h.call("GET", path, ""), 200); a.data("given") != false {
		t.Errorf("%s", a.raw)
	}
	for body, field := range map[string]string{`{"version":"x","zones":{"Asia/Tokyo":"AAAA"}}`: "zones", `{"version":"x","zones":{"Asia/Tokyo":"?"}}`: "zones", `{"zones":{"Asia/Tokyo":"` + tokyoTime() + `"}}`: "version"} {
		if a := h.want(h.call("PUT", path, body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
}

// Escalations and schedules that lead to one another, each in many ways, are told as far as is
// of use, and no further.
func TestOnCallsThatLeadInCircles(t *testing.T) {
	h := newHub(t)
	rotation := `{"startDate":"2020-01-01T00:00:00Z","type":"weekly","participants":[{"type":"escalation","name":"up"}]}`
	step := `{"condition":"if-not-acked","delay":{"timeAmount":1},"recipient":{"type":"schedule","name":"rota"}}`
	h.made("/v2/schedules", `{"name":"rota"}`)
	h.made("/v2/escalations", `{"name":"up","rules":[`+strings.Repeat(step+",", 49)+step+`]}`)
	h.want(h.call("PATCH", "/v2/schedules/rota?identifierType=name", `{"rotations":[`+strings.Repeat(rotation+",", 49)+rotation+`]}`), 200)
	a := h.want(h.call("GET", "/v2/schedules/rota/on-calls?scheduleIdentifierType=name", ""), 200)
	if n := strings.Count(a.raw, `"type"`); n < 1000 || n > 5000 || len(a.data("onCallParticipants").([]any)) != 50 {
		t.Errorf("%d are told", n)
	}
}
