package api_test

import (
	"testing"

	"keng/hub/core"
	"keng/hub/state"
)

// The team that answers for what names nobody; while it does it is not deleted. Rule keng-8.routing.default-team.
func TestDefaultTeam(t *testing.T) {
	h := newHub(t)
	must(state.Do(t.Context(), h.store, core.Seed{77}, state.FoundCluster{Name: "Kẻng", Language: "vi"}))
	const path = "/keng/v1/default-team"
	h.want(h.call("GET", path, ""), 404)
	h.want(h.call("DELETE", path, ""), 404)
	id := h.made("/v2/teams", `{"name":"net"}`)
	h.made("/v2/teams", `{"name":"web"}`)
	for _, body := range []string{`{"team":{"name":"net"}}`, `{"team":{"id":"` + id + `"}}`} {
		put := h.want(h.call("PUT", path, body), 200)
		if team, _ := put.data("team").(map[string]any); team["id"] != id || team["name"] != "net" {
			t.Errorf("%s", put.raw)
		}
	}
	for _, body := range []string{`{"team":{"name":"ghost"}}`, `{"team":{}}`, `{}`} {
		h.lenient = true
		if a := h.want(h.call("PUT", path, body), 422); a.wrong("team") == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
		h.lenient = false
	}
	if team, _ := h.want(h.call("GET", path, ""), 200).data("team").(map[string]any); team["id"] != id {
		t.Errorf("it is %v", team)
	}
	h.want(h.call("DELETE", "/v2/teams/"+id, ""), 428)
	h.want(h.call("DELETE", path, ""), 200)
	h.want(h.call("GET", path, ""), 404)
}
