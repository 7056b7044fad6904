package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"keng/hub/state"
	"keng/raftstore/table"
)

// A rehearsal tells who would be paged, by a key that may only read, and leaves nothing.
// Rules keng-8.rehearse.chain, keng-8.rehearse.nothing.
func TestRehearse(t *testing.T) {
	h := newHub(t)
	a := h.with(readKey, "POST", "/keng/v1/rehearsals", fmt.Sprintf(`{"alert":{"message":"down","alias":"web","responders":[{"type":"user","username":"lan@example.vn"}]},"at":%q,"for":"2h"}`,
		h.store.now.Add(48*3600e9).Format("2006-01-02T15:04:05Z07:00")))
	if a.status != http.StatusOK || a.data("status") != "Created alert" || a.data("end") != "rests" || !strings.Contains(a.raw, `"offset":1,"type":"log"`) {
		t.Fatal(a.raw)
	}
	var pages []map[string]any
	for _, step := range a.data("steps").([]any) {
		if p, ok := step.(map[string]any)["page"].(map[string]any); ok {
			pages = append(pages, p)
		}
	}
	if len(pages) != 1 || pages[0]["kind"] != "push" || pages[0]["fullName"] != "Lan" || pages[0]["why"] != "named as a responder" || strings.Contains(a.raw, "token-1") {
		t.Errorf("the pages are %v", pages)
	}
	for range state.Alerts.All(h.store.tx) {
		t.Error("there is an alert")
	}
	if len(state.Outbox(h.store.tx, 1)) > 0 {
		t.Error("a page is to be sent")
	}
	if _, ok := state.FindAlert(h.store.tx, state.Ref{Tiny: 1}); ok {
		t.Error("a short number is used up")
	}
	for range state.Log.Find(h.store.tx, table.K()) {
		t.Error("there is an activity log")
	}
}

// What is wrong with the alert is told as for a real one, and a rehearsal looks ahead.
// Rules keng-8.rehearse.bounds.
func TestRehearseRefuses(t *testing.T) {
	h := newHub(t)
	h.lenient = true
	for body, field := range map[string]string{
		`{}`:                       "alert",
		`{"alert":{"message":""}}`: "alert",
		`{"alert":{"alias":"x"}}`:  "alert.message",
		`{"alert":{"message":"x","priority":"P9"}}`:             "alert.priority",
		`{"alert":{"message":"x"},"at":"2026-11-24T00:00:00Z"}`: "at",
		`{"alert":{"message":"x"},"at":"2028-11-24T00:00:00Z"}`: "at",
		`{"alert":{"message":"x"},"at":"sunday"}`:               "at",
		`{"alert":{"message":"x"},"for":"33 days"}`:             "for",
		`{"alert":{"message":"x"},"for":"800h"}`:                "for",
		`{"alert":{"message":"x"},"ackAfter":"-1m"}`:            "ackAfter",
		`{"alert":{"message":"x"},"fail":["pigeon"]}`:           "fail",
		`{"alert":{"message":"x"},"integration":"none such"}`:   "integration",
	} {
		if a := h.call("POST", "/keng/v1/rehearsals", body); a.status != 422 || a.wrong(field) == "" {
			t.Errorf("%s: %d %s", body, a.status, a.raw)
		}
	}
	real := h.call("POST", "/v2/alerts", `{"alias":"x"}`).wrong("message")
	if told := h.call("POST", "/keng/v1/rehearsals", `{"alert":{"alias":"x"}}`).wrong("alert.message"); told != real {
		t.Errorf("an alert is refused with %q, a rehearsed one with %q", real, told)
	}
}

// A key of a team rehearses for its team, as it would page.
func TestRehearseWithAKeyOfATeam(t *testing.T) {
	h := newHub(t)
	a := h.with(teamKey, "POST", "/keng/v1/rehearsals", `{"alert":{"message":"down","responders":[{"type":"user","username":"lan@example.vn"}]}}`)
	if a.status != http.StatusOK || strings.Contains(a.raw, `"type":"page"`) || !strings.Contains(a.raw, "A routing rule of team Mạng says that nobody is notified") {
		t.Error(a.raw)
	}
}

// A rehearsal in which nothing can be seen to happen has come to its end at once.
func TestRehearsalOfNothing(t *testing.T) {
	h := newHub(t)
	h.create(`{"message":"down","alias":"web"}`)
	a := h.want(h.call("POST", "/keng/v1/rehearsals", `{"alert":{"message":"down","alias":"web"},"at":"2026-12-01T09:00:00Z"}`), 200)
	if len(a.data("steps").([]any)) != 0 || a.data("endAt") != "2026-12-01T09:00:00.000Z" {
		t.Errorf("%s", a.raw)
	}
}
