package api_test

import (
	"fmt"
	"testing"

	"keng/hub/core"
	"keng/hub/state"
)

// The account has the cluster's name, and as many people as there are.
func TestAccount(t *testing.T) {
	h := newHub(t)
	must(state.Do(t.Context(), h.store, core.Seed{77}, state.FoundCluster{Name: "Kẻng", Language: "vi"}))
	want := func(people int) {
		t.Helper()
		if a := h.want(h.with(teamKey, "GET", "/v2/account", ""), 200); a.data("name") != "Kẻng" || fmt.Sprint(a.data("userCount")) != fmt.Sprint(people) {
			t.Errorf("%s", a.raw)
		}
	}
	want(1)
	h.made("/v2/users", `{"username":"binh@example.vn","fullName":"Bình","role":{"name":"User"}}`)
	want(2)
	h.want(h.call("DELETE", "/v2/users/binh@example.vn", ""), 200)
	want(1)
	h.want(h.with(writeKey, "GET", "/v2/account", ""), 403)
}
