package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// fakeTrust is an API that answers what it is told to, and remembers what it was asked.
type fakeTrust struct {
	answers map[string]string // by method and path
	asked   []string
	url     string
}

func newFakeTrust(t *testing.T, answers map[string]string) *fakeTrust {
	withoutEnvironment(t)
	f := &fakeTrust{answers: answers}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		path := strings.TrimPrefix(r.URL.Path, "/keng/v1")
		f.asked = append(f.asked, strings.TrimSpace(r.Method+" "+path+" "+string(body)))
		fmt.Fprintf(w, `{"data":%s,"result":"Done","paging":{}}`, f.answers[r.Method+" "+path])
	}))
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *fakeTrust) run(t *testing.T, args ...string) (int, string) {
	return command(t.Context(), append(args, "--url", f.url, "--key", "k")...)
}

func TestTokensAreShown(t *testing.T) {
	f := newFakeTrust(t, map[string]string{"GET /tokens": "[]", "POST /tokens": `{"token":"v1.x"}`, "DELETE /tokens/x": "null"})
	if code, out := f.run(t, "token", "list"); code != 0 || out != "There are no enrolment tokens. Make one with: keng-hub token create\n" {
		t.Error(code, out)
	}
	if code, out := f.run(t, "token", "list", "--json"); code != 0 || out != "[]\n" {
		t.Error(code, out)
	}
	if code, out := f.run(t, "token", "create", "--kind", "agent", "--network", "10.0.0.0/8", "--network", "::1", "--label", "site=a", "--label", "role=b", "--note", "for Lan"); code != 0 || out != "v1.x\n" {
		t.Error(code, out)
	}
	if got, want := f.asked[len(f.asked)-1], `POST /tokens {"uses":1,"lifetime":"24h0m0s","kind":"agent","networks":["10.0.0.0/8","::1"],"labels":{"role":"b","site":"a"},"note":"for Lan"}`; got != want {
		t.Errorf("asked %s\nwant  %s", got, want)
	}
	f.answers["GET /tokens"] = `[{"id":"a","kind":"any","expiresAt":"2026-11-26T00:00:00Z","usesLeft":1,"usable":true,"note":"x"},
		{"id":"b","kind":"agent","expiresAt":"2026-11-26T00:00:00Z","usesLeft":0},{"id":"c","kind":"any","expiresAt":"2026-11-26T00:00:00Z","usesLeft":1},
		{"id":"d","kind":"any","expiresAt":"2026-11-26T00:00:00Z","usesLeft":1,"revoked":true,"networks":["10.0.0.0/8"],"labels":{"b":"2","a":"1"}}]`
	_, out := f.run(t, "token", "list")
	for _, want := range []string{"a      yes", "b      used up", "c      expired", "d      revoked", "10.0.0.0/8", "a=1,b=2"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if code, out := f.run(t, "token", "revoke", "x"); code != 0 || !strings.Contains(out, "Token x is revoked.") {
		t.Error(code, out)
	}
	if code, out := f.run(t, "token", "create", "--kind", "hub"); code != 2 {
		t.Error(code, out)
	}
}

func TestPeersAreShown(t *testing.T) {
	f := newFakeTrust(t, map[string]string{"GET /peers": "[]"})
	if code, out := f.run(t, "peer", "list"); code != 0 || !strings.Contains(out, "No agent or gateway has joined yet.") {
		t.Error(code, out)
	}
	f.answers["GET /peers"] = `[{"id":"a","kind":"agent","name":"shop","joinedAt":"2026-11-26T00:00:00Z","certificateUntil":"2999-01-01T00:00:00Z","connection":{"address":"192.0.2.7:4000"}},
		{"id":"b","kind":"agent","name":"old","certificateUntil":"2020-01-01T00:00:00Z"},{"id":"c","kind":"gateway","name":"","revoked":true},{"id":"d","kind":"gateway","name":"inside"}]`
	_, out := f.run(t, "peer", "list")
	for _, want := range []string{"from 192.0.2.7:4000", "until ", "expired 20", "REVOKED", "gateway  inside"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	f.answers["POST /peers/a/revoke"], f.answers["PATCH /peers/a"] = "null", "null"
	if code, out := f.run(t, "peer", "revoke", "a", "--reason", "stolen"); code != 0 || !strings.Contains(out, "a is revoked") || f.asked[len(f.asked)-1] != `POST /peers/a/revoke {"reason":"stolen"}` {
		t.Error(code, out, f.asked)
	}
	if code, out := f.run(t, "peer", "rename", "a", "till"); code != 0 || out != "a is called till.\n" {
		t.Error(code, out)
	}
}

func TestRotationIsTold(t *testing.T) {
	f := newFakeTrust(t, map[string]string{})
	for answer, says := range map[string]string{
		`{"stage":"steady","present":"ab"}`:                                            "The authority is ab. It is not being changed.",
		`{"stage":"changing","nodesBehind":["a","b"],"peersBehind":1}`:                 "Not every node trusts the new one yet: a, b.",
		`{"stage":"changing","peersBehind":2,"somePeersBehind":["agent x","agent y"]}`: "2 agents or gateways have no certificate of the new one yet (agent x, agent y)",
		`{"stage":"changing"}`:                     "everybody is ready. Finish it with: keng-hub cluster rotate-authority --finish",
		`{"stage":"retiring","nodesBehind":["c"]}`: "Not every node shows a certificate of it yet: c.",
	} {
		f.answers["GET /cluster/authority"], f.answers["POST /cluster/authority"] = answer, answer
		for _, args := range [][]string{{"--status"}, {}, {"--finish"}, {"--finish", "--force"}} {
			if code, out := f.run(t, append([]string{"cluster", "rotate-authority"}, args...)...); code != 0 || !strings.Contains(out, says) {
				t.Errorf("%s: %d %s", answer, code, out)
			}
		}
	}
	for _, args := range [][]string{{"--force"}, {"--status", "--finish"}} {
		if code, out := f.run(t, append([]string{"cluster", "rotate-authority"}, args...)...); code != 2 {
			t.Errorf("%v: %d %s", args, code, out)
		}
	}
}
