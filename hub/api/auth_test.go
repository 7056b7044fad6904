package api_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"keng/hub/api"
	"keng/hub/state"
)

// Every route times every sort of key, from the route table.
func TestWhoMayCallWhat(t *testing.T) {
	h := newHub(t)
	h.create(`{"message":"m","alias":"x"}`)
	callers := []struct {
		name, key string
		rights    state.Rights
		known     bool
		bound     bool
	}{
		{"nobody", "", 0, false, false},
		{"a wrong key", "wrong", 0, false, false},
		{"a disabled key", blockedKey, state.AllRights, false, false},
		{"read", readKey, state.Read, true, false},
		{"write", writeKey, state.Write, true, false},
		{"configure", setupKey, state.Configure, true, false},
		{"team-bound", teamKey, state.AllRights, true, true},
		{"all", fullKey, state.AllRights, true, false},
	}
	for _, r := range api.Table() {
		for _, c := range callers {
			path := strings.NewReplacer("{identifier}", "x", "{requestId}", "none").Replace(r.Path)
			if strings.Contains(path, "/x") {
				path += "?identifierType=alias"
			}
			a := h.with(c.key, r.Method, path, "")
			want, code := 0, 0.0
			switch {
			case r.Right == 0:
			case !c.known:
				want = http.StatusUnauthorized
			case c.rights&r.Right == 0:
				want, code = http.StatusForbidden, 40301
			case r.Whole && c.bound:
				want, code = http.StatusForbidden, 40302
			}
			refused := a.status == http.StatusUnauthorized || a.status == http.StatusForbidden
			if want == 0 && refused || want != 0 && a.status != want {
				t.Errorf("%s %s by %s: HTTP %d, want %d: %s", r.Method, r.Path, c.name, a.status, want, a.raw)
			}
			if got, _ := a.body["code"].(float64); got != code {
				t.Errorf("%s %s by %s: code %v, want %v", r.Method, r.Path, c.name, got, code)
			}
		}
	}
}

func TestWaysToCarryAKey(t *testing.T) {
	h := newHub(t)
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, header := range []string{"GenieKey " + fullKey, "geniekey  " + fullKey, "basic " + encode(fullKey), "Basic " + encode(":"+fullKey), "Basic " + encode(fullKey+":")} {
		h.want(h.send(newRequest("GET", "/v2/alerts", "", "Authorization", header)), 200)
	}
	h.want(h.with("", "GET", "/v2/alerts?apiKey="+fullKey, ""), 200)
	for _, header := range []string{"", "GenieKey", "GenieKey x", "Bearer " + fullKey, "basic !!!", "GenieKey " + strings.Repeat("k", 5000), fullKey} {
		a := h.want(h.send(newRequest("GET", "/v2/alerts", "", "Authorization", header)), 401)
		if a.header.Get("WWW-Authenticate") == "" || strings.Contains(a.raw, fullKey) {
			t.Errorf("%q: %s", header, a.raw)
		}
	}
}

// A key that another node has just made is found by asking the cluster before the
// caller is turned away: clients do not try again after 401.
func TestUnknownKeyIsLookedUpInTheWholeCluster(t *testing.T) {
	h := newHub(t)
	h.want(h.call("GET", "/v2/alerts", ""), 200)
	if h.store.latest != 0 {
		t.Error("a known key took a look at the whole cluster")
	}
	h.want(h.with("unknown", "GET", "/v2/alerts", ""), 401)
	if h.store.latest != 1 {
		t.Errorf("%d looks at the whole cluster, want 1", h.store.latest)
	}
}
