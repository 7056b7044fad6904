package api_test

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"keng/hub/api"
	"keng/hub/core"
	"keng/hub/state"
)

// join makes a peer that has joined with a token of its own.
func (h *hub) join(name string) state.Peer {
	h.t.Helper()
	hash := sha256.Sum256([]byte(name))
	must(state.Do(h.t.Context(), h.store, core.Seed{20}, state.CreateToken{ID: name, Hash: hash[:], Uses: 1, Lifetime: time.Hour, Labels: map[string]string{"site": "x"}}))
	return must(state.Do(h.t.Context(), h.store, core.Seed{21}, state.UseToken{
		Token: name, Hash: hash[:], Kind: "agent", Name: name, Certified: state.Certified{Until: time.Now().Add(time.Hour), Authority: []byte("a")},
	}))
}

func TestWhatATokenSays(t *testing.T) {
	h := newHub(t)
	h.want(h.call("POST", "/keng/v1/tokens", `{"kind":"agent","networks":["10.1.2.3/8"],"labels":{"site":"branch-3"},"note":"for Lan"}`), 201)
	list := h.want(h.call("GET", "/keng/v1/tokens", ""), 200).list()
	token := list[0]
	if token["kind"] != "agent" || token["note"] != "for Lan" || token["usable"] != true || token["revoked"] != false ||
		token["networks"].([]any)[0] != "10.0.0.0/8" || token["labels"].(map[string]any)["site"] != "branch-3" {
		t.Errorf("%v", token)
	}
	id := token["id"].(string)
	h.want(h.with(writeKey, "DELETE", "/keng/v1/tokens/"+id, ""), 403)
	h.want(h.call("DELETE", "/keng/v1/tokens/"+id, ""), 200)
	h.want(h.call("DELETE", "/keng/v1/tokens/nothing", ""), 404)
	if token := h.want(h.call("GET", "/keng/v1/tokens", ""), 200).list()[0]; token["usable"] != false || token["revoked"] != true {
		t.Errorf("revoked: %v", token)
	}
	for body, field := range map[string]string{`{"networks":["x"]}`: "networks", `{"networks":5}`: "networks", `{"labels":{"a b":"c"}}`: "labels", `{"kind":"hub"}`: "kind"} {
		if a := h.want(h.call("POST", "/keng/v1/tokens", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
}

func TestPeers(t *testing.T) {
	connected := map[string]api.Connection{}
	h := newHub(t, func(o *api.Options) { o.Connected = func() map[string]api.Connection { return connected } })
	p := h.join("laptop")
	connected[p.ID] = api.Connection{Since: time.Now(), Address: "192.0.2.7:4000", Software: "keng-agent"}
	peer := h.want(h.call("GET", "/keng/v1/peers", ""), 200).list()[0]
	if peer["name"] != "laptop" || peer["certificateUntil"] == nil || peer["labels"].(map[string]any)["site"] != "x" ||
		peer["connection"].(map[string]any)["address"] != "192.0.2.7:4000" {
		t.Errorf("%v", peer)
	}
	path := "/keng/v1/peers/" + p.ID
	if a := h.want(h.call("PATCH", path, `{"name":"Lan's laptop"}`), 200); a.data("name") != "Lan's laptop" {
		t.Error(a.raw)
	}
	if a := h.want(h.call("PATCH", path, `{}`), 422); a.wrong("name") == "" {
		t.Error(a.raw)
	}
	h.want(h.with(writeKey, "POST", path+"/revoke", ""), 403)
	h.want(h.with(teamKey, "POST", path+"/revoke", ""), 403)
	if a := h.want(h.call("POST", path+"/revoke", `{"reason":"`+strings.Repeat("x", 201)+`"}`), 422); a.wrong("reason") == "" {
		t.Error(a.raw)
	}
	for range 2 {
		if a := h.want(h.call("POST", path+"/revoke", `{"reason":"stolen"}`), 200); a.data("revoked") != true || a.data("reason") != "stolen" {
			t.Error(a.raw)
		}
	}
	h.want(h.call("POST", "/keng/v1/peers/nobody/revoke", ""), 404)
}

func TestRotateAuthority(t *testing.T) {
	f := three()
	h := newHubOf(t, f)
	if a := h.want(h.call("GET", "/keng/v1/cluster/authority", ""), 200); a.data("stage") != "steady" || len(a.data("present").(string)) != 64 {
		t.Error(a.raw)
	}
	if a := h.want(h.call("POST", "/keng/v1/cluster/authority", ""), 200); a.data("stage") != "changing" || a.data("peersBehind") != 2.0 {
		t.Error(a.raw)
	}
	h.want(h.call("POST", "/keng/v1/cluster/authority", `{"finish":true,"force":true}`), 200)
	h.want(h.call("POST", "/keng/v1/cluster/authority", `{"finish":"maybe"}`), 422)
	h.want(h.with(readKey, "POST", "/keng/v1/cluster/authority", ""), 403)
	if got := strings.Join(f.asked, ", "); got != "rotate finish=false force=false, rotate finish=true force=true" {
		t.Errorf("asked %s", got)
	}
	f.err = &core.Error{Kind: core.Conflict, Words: "agent x is behind"}
	if a := h.want(h.call("POST", "/keng/v1/cluster/authority", `{"finish":true}`), 409); !strings.Contains(a.raw, "agent x is behind") {
		t.Error(a.raw)
	}
}
