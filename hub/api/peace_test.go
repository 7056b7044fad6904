package api_test

import (
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/state"
	"keng/proto/channel"
)

// When a person is not to be paged is said with the person, in parts, and taken back with null.
// Rule ogapi-8.reach.muted-until.
func TestMuteAndQuietHours(t *testing.T) {
	h := newHub(t)
	h.made("/v2/users", `{"username":"an@example.vn","fullName":"An","role":{"name":"User"},"timeZone":"Asia/Ho_Chi_Minh","mutedUntil":null,"quietHours":null}`)
	const path = "/v2/users/an@example.vn"
	said := func(body string) (muted, quiet any) {
		t.Helper()
		h.want(h.call("PATCH", path, body), 200)
		a := h.want(h.call("GET", path, ""), 200)
		return a.data("mutedUntil"), a.data("quietHours")
	}
	if muted, quiet := said(`{"fullName":"An"}`); muted != nil || quiet != nil {
		t.Fatalf("at first: %v, %v", muted, quiet)
	}
	until := h.store.now.Add(2 * time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
	night := `{"type":"time-of-day","restriction":{"startHour":22,"startMin":0,"endHour":6,"endMin":30}}`
	if _, quiet := said(`{"mutedUntil":"` + until + `","quietHours":{"timeRestriction":` + night + `}}`); quiet.(map[string]any)["p1Pierces"] != false {
		t.Errorf("quiet hours: %v", quiet)
	}
	_, quiet := said(`{"quietHours":{"p1Pierces":true}}`)
	q := quiet.(map[string]any)
	if w := q["timeRestriction"].(map[string]any)["restriction"].(map[string]any); q["p1Pierces"] != true || w["startHour"] != 22.0 || w["endMin"] != 30.0 {
		t.Errorf("quiet hours: %v", quiet)
	}
	u, _ := state.FindUser(h.store.tx, "an@example.vn")
	if u.MutedUntil.Format("2006-01-02T15:04:05.000Z") != until {
		t.Errorf("muted until %s", u.MutedUntil)
	}
	if _, quiet := said(`{"quietHours":{"timeRestriction":null}}`); quiet.(map[string]any)["timeRestriction"] != nil {
		t.Errorf("quiet hours after null: %v", quiet)
	}
	if _, quiet := said(`{"quietHours":{"timeRestriction":` + night + `}}`); quiet.(map[string]any)["p1Pierces"] != true {
		t.Errorf("quiet hours: %v", quiet)
	}
	if muted, quiet := said(`{"mutedUntil":null,"quietHours":{}}`); muted != nil || quiet != nil {
		t.Errorf("after null: %v, %v", muted, quiet)
	}
	for body, field := range map[string]string{
		`{"mutedUntil":"tomorrow"}`:                                               "mutedUntil",
		`{"mutedUntil":"2126-01-01T00:00:00Z"}`:                                   "mutedUntil",
		`{"quietHours":{"p1Pierces":"perhaps"}}`:                                  "quietHours.p1Pierces",
		`{"quietHours":{"timeRestriction":{"type":"time-of-day"}}}`:               "quietHours.timeRestriction",
		`{"quietHours":{"timeRestriction":{"type":"never","restrictions":[{}]}}}`: "quietHours.timeRestriction.type",
		`{"quietHours":"always"}`:                                                 "quietHours",
	} {
		if a := h.want(h.call("PATCH", path, body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
}

// A mute that is to come to its end in the future is told, one that is over is not.
func TestAMuteIsToldWhileItLasts(t *testing.T) {
	h := newHub(t)
	h.made("/v2/users", `{"username":"an@example.vn","fullName":"An","role":{"name":"User"}}`)
	for at, want := range map[time.Time]bool{h.store.now.Add(-time.Minute): false, h.store.now.Add(time.Hour): true} {
		u, _ := state.FindUser(h.store.tx, "an@example.vn")
		u.MutedUntil = at.UTC()
		must(state.Do(t.Context(), h.store, core.Seed{byte(at.Unix())}, state.PutUser{User: *u}))
		if muted := h.want(h.call("GET", "/v2/users/an@example.vn", ""), 200).data("mutedUntil"); (muted != nil) != want {
			t.Errorf("muted until %v", muted)
		}
	}
}

// What others did to an alert is among what a person was told, with the alert and who it was.
func TestNoticesOfWhatOthersDid(t *testing.T) {
	h := newHub(t)
	h.made("/v2/users", `{"username":"an@example.vn","fullName":"An","role":{"name":"User"}}`)
	h.made("/v2/users", `{"username":"binh@example.vn","fullName":"Trần Thị Bình","role":{"name":"User"}}`)
	h.made("/v2/users/an@example.vn/notification-rules", `{"name":"Notes","actionType":"closed-alert","steps":[{"contact":{"method":"email","to":"an@example.vn"}}]}`)
	id := h.create(`{"message":"Wi-Fi is down","responders":[{"type":"user","username":"an@example.vn"}]}`)
	for _, d := range state.DeliveriesOf(h.store.tx, core.AlertID(id)) {
		done := channel.Report{Page: string(d.ID), At: h.store.now, Stage: channel.Done, Number: 1}
		must(state.Do(t.Context(), h.store, core.Seed{7}, state.TakeReports{Reports: []channel.Report{done}}))
	}
	h.want(h.call("POST", "/v2/alerts/"+id+"/close", `{"note":"it was the switch","user":"binh@example.vn"}`), 202)
	list := h.want(h.call("GET", "/keng/v1/notices?user=an@example.vn", ""), 200).list()
	if len(list) != 1 {
		t.Fatalf("notices: %v", list)
	}
	n, a := list[0], list[0]["alert"].(map[string]any)
	if n["type"] != "alert-closed" || n["schedule"] != nil || n["why"] != "alert #1, of which the person was notified: somebody else has closed it" ||
		a["id"] != id || a["tinyId"] != "1" || a["by"] != "Trần Thị Bình" || a["note"] != "it was the switch" {
		t.Errorf("a notice: %v", n)
	}
}
