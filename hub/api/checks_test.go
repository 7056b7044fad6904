package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"keng/hub/api"
	"keng/hub/core"
	"keng/hub/state"
	"keng/proto/agentpb"
)

func TestListsOfChecks(t *testing.T) {
	said := &agentpb.Watching{Checks: []*agentpb.CheckStatus{{Name: "web", State: agentpb.State_STATE_DOWN, Reason: "refused", Local: true, Overrides: true}}}
	connected := ""
	h := newHub(t, func(o *api.Options) {
		o.AgentResults = func(_ context.Context, agent string) (time.Time, *agentpb.Watching, int, bool) {
			return time.Now(), said, 0, agent == connected
		}
	})
	agent := must(state.Do(t.Context(), h.store, core.Seed{7}, state.UseToken{Kind: "agent", Name: "router-3"}))
	put := h.want(h.call("PUT", "/keng/v1/checks/branch", `{"labels":{"name":"router-3"},"checks":"- {name: web, kind: http, target: 'http://x/', every: 30s}\n- {name: temp, kind: snmp, limit: 1e9}\n"}`), 200)
	if put.data("version") != 1.0 || !strings.Contains(put.raw, `"limit":1e9`) && !strings.Contains(put.raw, `"limit":"1e9"`) {
		t.Error(put.raw)
	}
	h.want(h.call("PUT", "/keng/v1/checks/all", `{"checks":[{"name":"web","kind":"tcp","target":"x:1"}]}`), 200)
	if got := h.want(h.call("GET", "/keng/v1/checks/branch", ""), 200); got.data("name") != "branch" {
		t.Error(got.raw)
	}
	if got := h.want(h.call("GET", "/keng/v1/checks", ""), 200); len(got.list()) != 2 {
		t.Error(got.raw)
	}
	got := h.want(h.call("GET", "/keng/v1/agents/checks", ""), 200).list()
	if len(got) != 1 || got[0]["upToDate"] != false || !strings.Contains(got[0]["conflicts"].([]any)[0].(string), `that of "all" is used`) {
		t.Error(got)
	}
	if got := h.want(h.call("GET", "/keng/v1/agents/"+agent.ID+"/checks", ""), 200); got.data("known") != false || got.data("why") == "" {
		t.Error(got.raw)
	}
	connected = agent.ID
	if got := h.want(h.call("GET", "/keng/v1/agents/"+agent.ID+"/checks", ""), 200); !strings.Contains(got.raw, `"state":"down"`) {
		t.Error(got.raw)
	}
	h.want(h.call("DELETE", "/keng/v1/checks/all", ""), 200)
	h.want(h.call("DELETE", "/keng/v1/checks/all", ""), 404)
	h.want(h.call("GET", "/keng/v1/checks/all", ""), 404)
	h.want(h.call("GET", "/keng/v1/agents/nobody/checks", ""), 404)
	h.want(h.with(readKey, "GET", "/keng/v1/checks", ""), 403) // a check may hold a password
}

func TestWhatIsNoListOfChecks(t *testing.T) {
	h := newHub(t)
	for body, want := range map[string]string{
		`{"checks":"{"}`:                                               "not YAML",
		`{"checks":"a: b"}`:                                            "must be a list",
		`{"checks":"- x"}`:                                             "must be a map",
		`{"checks":"- {name: a}"}`:                                     "needs a name and a kind",
		`{"checks":"- {name: a, kind: b, kind: c}"}`:                   "given twice",
		`{"checks":"- &x {name: a, kind: b}\n- *x"}`:                   "map",
		`{"checks":[{"name":"a","kind":"b"},{"name":"a","kind":"c"}]}`: "two checks",
		`{}`: "must be a list",
	} {
		h.lenient = true
		if got := h.want(h.call("PUT", "/keng/v1/checks/x", body), 422); !strings.Contains(got.wrong("checks"), want) {
			t.Errorf("%s: %s", body, got.raw)
		}
	}
	h.want(h.call("PUT", "/keng/v1/checks/x", `{"name":"y","checks":[]}`), 422)
}

func FuzzReadChecks(f *testing.F) {
	f.Add("- {name: web, kind: http, target: 'http://x/', headers: {a: [1, true, null, 2.5]}}")
	f.Add("- *a")
	f.Fuzz(func(t *testing.T, text string) {
		if err := api.ReadChecks(text); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}
