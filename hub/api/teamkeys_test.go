package api_test

import (
	"fmt"
	"strings"
	"testing"

	"keng/hub/api"
)

// Rule ogapi-1.key.foreign-schedules.
//
// What a key that is bound to a team sees of schedules: not those of other teams.
func TestTeamKeysDoNotSeeForeignSchedules(t *testing.T) {
	h := newHub(t, storeClock)
	other := h.made("/v2/teams", `{"name":"other"}`)
	ids := map[string]string{}
	for name, owner := range map[string]string{"ours": string(h.team), "theirs": other, "nobody's": ""} {
		ids[name] = h.made("/v2/schedules", fmt.Sprintf(`{"name":%q,"timezone":"UTC","ownerTeam":{"id":%q},"rotations":[
			{"name":"r","startDate":"2026-11-23T00:00:00Z","type":"weekly","participants":[{"type":"user","username":"lan@example.vn"}],
			"timeRestriction":{"type":"time-of-day","restriction":{"startHour":8,"endHour":20}}}]}`, name, owner))
		h.want(h.call("POST", "/v2/schedules/"+ids[name]+"/overrides", `{"alias":"o","user":{"type":"user","username":"lan@example.vn"},
			"startDate":"2026-12-01T00:00:00Z","endDate":"2026-12-02T00:00:00Z"}`), 201)
	}
	rotation := h.call("GET", "/v2/schedules/"+ids["theirs"]+"/rotations", "").list()[0]["id"].(string)
	for _, r := range api.Table() {
		if r.Method != "GET" || r.Whole || !strings.Contains(r.Path, "/schedules/{identifier}") {
			continue
		}
		for name, id := range ids {
			path := strings.NewReplacer("{identifier}", id, "{alias}", "o", "{id}", rotation).Replace(r.Path)
			if name != "theirs" && strings.Contains(path, rotation) {
				continue
			}
			want := 200
			if name == "theirs" {
				want = 403
			}
			h.want(h.call("GET", path, ""), 200)
			if a := h.want(h.with(teamKey, "GET", path, ""), want); want == 403 && a.body["code"] != 40301.0 {
				t.Errorf("%s: %s", path, a.raw)
			}
		}
	}
	h.want(h.with(teamKey, "GET", "/v2/schedules/theirs?identifierType=name", ""), 403)
	if a := h.want(h.with(teamKey, "GET", "/v2/users/lan@example.vn/schedules", ""), 200); strings.Contains(a.raw, "theirs") || !strings.Contains(a.raw, "ours") {
		t.Errorf("a person's schedules: %s", a.raw)
	}
	told := func(key, list string) string { // without what concerns a schedule that is seen, too
		a := h.want(h.with(key, "GET", list, ""), 200)
		for i, item := range a.list() {
			if item["kind"] == "double-booked" {
				a.body["data"].([]any)[i] = nil
			}
		}
		return fmt.Sprint(a.body["data"])
	}
	for _, list := range []string{"/v2/schedules", "/keng/v1/gaps?weeks=2", "/keng/v1/fairness?from=2026-11-20T00:00:00Z"} {
		all, seen := told(fullKey, list), told(teamKey, list)
		for name, id := range ids {
			if !strings.Contains(all, id) || strings.Contains(seen, id) != (name != "theirs") {
				t.Errorf("%s by a team's key, of the schedule %s: %.2000s\nby one of the account: %.2000s", list, name, seen, all)
			}
		}
	}
}

// What a key that is bound to a team does to alerts: those that it creates are the team's, and it may close those
// of others, whose aliases are of the same account. What it counts once more stays theirs.
func TestTeamKeysAndAlerts(t *testing.T) {
	h := newHub(t)
	other := h.made("/v2/teams", `{"name":"other"}`)
	id := h.create(`{"message":"m","alias":"shared","responders":[{"type":"team","name":"other"}]}`)
	h.want(h.with(teamKey, "POST", "/v2/alerts", `{"message":"m","alias":"shared"}`), 202)
	if a := h.with(teamKey, "GET", "/v2/alerts/"+id, ""); a.data("count") != 2.0 || a.data("ownerTeamId") != other {
		t.Errorf("%s", a.raw)
	}
	h.want(h.with(teamKey, "POST", "/v2/alerts/shared/close?identifierType=alias", `{}`), 202)
	if a := h.call("GET", "/v2/alerts/"+id, ""); a.data("status") != "closed" {
		t.Errorf("%s", a.raw)
	}
	h.want(h.with(teamKey, "POST", "/v2/alerts", `{"message":"m","alias":"ours","responders":[{"type":"team","name":"other"},{"type":"user","username":"lan@example.vn"}]}`), 202)
	a := h.call("GET", "/v2/alerts/ours?identifierType=alias", "")
	if a.data("ownerTeamId") != string(h.team) || fmt.Sprint(a.data("responders")) != fmt.Sprintf("[map[id:%s type:team]]", h.team) {
		t.Errorf("%s", a.raw)
	}
}
