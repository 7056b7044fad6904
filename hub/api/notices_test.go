package api_test

import (
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/state"
)

// What people were told that is about no alert: lan, who is asked to swap weeks, and an, who has
// to wait for the answer.
func TestNotices(t *testing.T) {
	h := planned(t)
	if list := h.want(h.call("GET", "/keng/v1/notices", ""), 200).list(); len(list) != 0 {
		t.Fatalf("notices: %v", list)
	}
	h.made("/v2/users/lan@example.vn/contacts", `{"method":"email","to":"lan@example.vn"}`)
	s, _ := state.FindSchedule(h.store.tx, "rota")
	week := func(day int) state.Span {
		start := time.Date(2026, 11, day, 2, 0, 0, 0, time.UTC)
		return state.Span{Start: start, End: start.Add(7 * 24 * time.Hour)}
	}
	w := must(state.Do(t.Context(), h.store, core.Seed{43}, state.AskSwap{
		Schedule: state.Pick{ID: string(s.ID)}, Asker: state.Pick{ID: h.userID("an@example.vn")}, Other: state.Pick{ID: h.userID("lan@example.vn")}, Mine: week(30), Theirs: week(37),
	}))
	mails := 0
	for _, n := range h.want(h.call("GET", "/keng/v1/notices?user=lan@example.vn&limit=5", ""), 200).list() {
		if n["type"] != "swap-asked" || n["swapId"] != w.ID || n["startDate"] != "2026-11-30T02:00:00.000Z" || n["endDate"] != "2026-12-07T02:00:00.000Z" || n["final"] != false ||
			n["why"] != "schedule rota: a swap of shifts is asked for" || n["schedule"].(map[string]any)["name"] != "rota" || n["user"].(map[string]any)["username"] != "lan@example.vn" {
			t.Errorf("a notice: %v", n)
		}
		if n["kind"] == "email" {
			mails++
		}
	}
	if mails != 1 {
		t.Errorf("%d mails to lan", mails)
	}
	must(state.Do(t.Context(), h.store, core.Seed{44}, state.AnswerSwap{Swap: w.ID, By: state.Pick{ID: h.userID("lan@example.vn")}, Answer: state.AcceptSwap}))
	all := h.want(h.call("GET", "/keng/v1/notices?limit=1", ""), 200).list()
	if len(all) != 1 {
		t.Fatalf("notices: %v", all)
	}
	if to := h.want(h.call("GET", "/keng/v1/notices?user="+h.userID("an@example.vn"), ""), 200).list(); len(to) != 1 || to[0]["type"] != "swap-accepted" {
		t.Errorf("an is told %v", to)
	}
	h.want(h.call("GET", "/keng/v1/notices?user=nobody", ""), 404)
	h.want(h.call("GET", "/keng/v1/notices?limit=0", ""), 422)
}
