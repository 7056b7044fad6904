package api_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/state"
)

// What an alert has in a list and by itself, key by key.
//
// Rules ogapi-3.object.summary, ogapi-3.object.detail, ogapi-3.object.seen,
// ogapi-3.object.snoozed-until, ogapi-3.object.report.
func TestWhatAnAlertSays(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m"}`)
	summary := "id tinyId alias message status acknowledged isSeen seen tags snoozed count lastOccurredAt createdAt updatedAt source owner priority responders ownerTeamId integration"
	detail := summary + " actions entity description details"
	has := func(when string, got map[string]any, want string) {
		t.Helper()
		if keys := slices.Sorted(maps.Keys(got)); !slices.Equal(keys, slices.Sorted(slices.Values(strings.Fields(want)))) {
			t.Errorf("%s: it has %v, want %s", when, keys, want)
		}
	}
	object := func() map[string]any {
		return h.want(h.call("GET", "/v2/alerts/"+id, ""), 200).body["data"].(map[string]any)
	}
	has("in a list", h.call("GET", "/v2/alerts", "").list()[0], summary)
	has("by itself", object(), detail)
	until := time.Date(2026, 11, 25, 16, 0, 0, 0, time.UTC)
	must(state.Do(t.Context(), h.store, core.Seed{77}, state.SnoozeAlert{Asked: state.Asked{Alert: state.Ref{ID: core.AlertID(id)}, User: "lan@example.vn"}, Until: until}))
	got := object()
	has("snoozed", got, detail+" snoozedUntil")
	if got["snoozed"] != true || got["snoozedUntil"] != "2026-11-25T16:00:00.000Z" || got["isSeen"] != true || got["seen"] != true {
		t.Errorf("snoozed: %v", got)
	}
	h.want(h.call("POST", "/v2/alerts/"+id+"/acknowledge", `{"user":"lan@example.vn"}`), 202)
	has("acknowledged", object(), detail+" report")
}
