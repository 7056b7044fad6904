package api_test

import (
	"fmt"
	"testing"
	"time"
)

// An override of a rotation that has gone since is not told as one for all, and cannot become one when
// it is written back as it was told. One that is not over goes with its rotation.
func TestOverrideOfARotationThatHasGone(t *testing.T) {
	h := planned(t)
	const by = "?scheduleIdentifierType=name"
	const body = `"user":{"type":"user","username":"chi@example.vn"},"startDate":"%s","endDate":"%s","rotations":[{"name":"days"}]}`
	days := h.want(h.call("POST", "/v2/schedules/rota/rotations"+by, `{"name":"days","startDate":"2026-11-23T02:00:00Z","type":"daily","participants":[{"type":"user","username":"binh@example.vn"}]}`), 201)
	id, _ := days.data("id").(string)
	for alias, day := range map[string]int{"over": 24, "ahead": 28} {
		from, to := fmt.Sprintf("2026-11-%dT02:00:00Z", day), fmt.Sprintf("2026-11-%dT02:00:00Z", day+1)
		h.want(h.call("POST", "/v2/schedules/rota/overrides"+by, `{"alias":"`+alias+`",`+fmt.Sprintf(body, from, to)), 201)
	}
	h.store.now = time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	h.want(h.call("DELETE", "/v2/schedules/rota/rotations/"+id+by, ""), 200)
	h.want(h.call("GET", "/v2/schedules/rota/overrides/ahead"+by, ""), 404)
	over := h.want(h.call("GET", "/v2/schedules/rota/overrides/over"+by, ""), 200)
	if told := over.data("rotations").([]any); len(told) != 1 || told[0].(map[string]any)["id"] != id {
		t.Errorf("%s", over.raw)
	}
	back := `{"user":{"type":"user","username":"chi@example.vn"},"startDate":"2026-11-24T02:00:00Z","endDate":"2026-11-29T02:00:00Z","rotations":[{"id":"` + id + `"}]}`
	if a := h.want(h.call("PUT", "/v2/schedules/rota/overrides/over"+by, back), 422); a.wrong("rotations[0]") == "" {
		t.Errorf("%s", a.raw)
	}
}
