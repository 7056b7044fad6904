package api_test

import (
	"encoding/json"
	"testing"
)

// Bodies of policies and maintenance: whatever comes, the hub does not fail, and what a policy
// is told as can be said again without changing it.
func FuzzPolicies(f *testing.F) {
	for _, seed := range []string{
		`{"type":"alert","name":"n","message":"{{message}}","details":["a"],"tags":["t"],"actions":["a"],"priority":"P1","alias":"{{alias}}","filter":{"type":"match-any-condition","conditions":[{"field":"details","key":"k","operation":"greaterThan","expectedValue":"5","not":true,"order":7}]}}`,
		`{"type":"alert","name":"n","message":"m","details":{"a":"1"},"enabled":false,"conditionMatchType":"match-all-conditions","conditions":[{"field":"priority","operation":"EQUALS","expectedValue":"P1"}],"timeRestrictions":{"type":"time-of-day","restriction":{"startHour":22,"endHour":24}}}`,
		`{"type":"notification","name":"n","suppress":true,"timezone":"Asia/Ho_Chi_Minh","delayAction":{"delayOption":"next-sunday","untilHour":23,"untilMinute":59},"autoRestartAction":{"duration":{"timeAmount":90},"maxRepeatCount":3}}`,
		`{"type":"notification","name":"n","delayAction":{"delayOption":"for-duration","duration":{"timeAmount":36,"timeUnit":"hours"}},"autoCloseAction":{"duration":{"timeAmount":120,"timeUnit":"seconds"}},"deduplicationAction":{"deduplicationActionType":"frequency-based","count":2,"duration":{"timeAmount":1,"timeUnit":"days"}}}`,
		`{"description":"d","time":{"type":"schedule","startDate":"2026-12-01T00:00:00Z","endDate":"2026-12-02T00:00:00Z"},"rules":[{"state":"enabled","entity":{"id":"x","type":"policy"}}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		h := newHub(t, storeClock)
		h.lenient = true
		h.call("POST", "/v1/maintenance", body)
		path := "/v2/policies?teamId=" + string(h.team)
		a := h.call("POST", path, body)
		if a.status != 201 {
			return
		}
		one := "/v2/policies/" + a.data("id").(string)
		told := h.want(h.call("GET", one, ""), 200)
		again, err := json.Marshal(told.body["data"])
		if err != nil {
			t.Fatal(err)
		}
		h.want(h.call("PUT", one, string(again)), 200)
		after, err := json.Marshal(h.want(h.call("GET", one, ""), 200).body["data"])
		if err != nil || string(after) != string(again) {
			t.Errorf("told as\n%s\nand, said again, as\n%s", again, after)
		}
		h.create(`{"message":"m","responders":[{"type":"team","name":"Mạng"}]}`)
	})
}
