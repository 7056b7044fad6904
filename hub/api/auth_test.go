package api_test

import (
	"encoding/base64"
	"strings"
	"testing"
)

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
