package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// All pages are asked for, and the worst of all comes first.
func TestReachabilityOfAll(t *testing.T) {
	withoutEnvironment(t)
	one := func(id, standing string) string {
		return `{"user":{"id":"` + id + `","username":"` + id + `@example.vn"},"standing":"` + standing + `","contacts":[]}`
	}
	pages := map[string]string{
		"":   `{"data":[` + one("u1", "proven") + `,` + one("u2", "unproven") + `],"paging":{"next":"http://elsewhere/keng/v1/reachability?after=u2"}}`,
		"u2": `{"data":[` + one("u3", "unreachable") + `],"paging":{}}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, pages[r.URL.Query().Get("after")])
	}))
	defer server.Close()
	code, out := command(t.Context(), "reachability", "--url", server.URL, "--key", "k")
	var order []string
	for _, line := range strings.Split(strings.TrimSpace(out), "\n")[1:] {
		order = append(order, strings.Fields(line)[0])
	}
	if want := "u3@example.vn u2@example.vn u1@example.vn"; code != 0 || strings.Join(order, " ") != want {
		t.Errorf("exit code %d, %q:\n%s", code, order, out)
	}
}

func TestReachabilityIsShown(t *testing.T) {
	an := `{"user":{"id":"u1","username":"an@example.vn"},"standing":"quiet","contacts":[{"id":"k1","method":"sms","to":"84-901234567","loud":true,"grade":"failing","verified":true,
		"lastProof":{"at":"2026-11-25T02:00:00Z","how":"answered"},"lastFailure":{"at":"2026-11-26T02:00:00Z","how":"refused"}},{"id":"k2","method":"email","to":"an@example.vn","grade":"proven","verified":false}],
		"canary":{"by":"sms","hour":9,"days":["monday"],"last":"failed"}}`
	f := newFakeCalendars(t, map[string]string{
		"GET /keng/v1/reachability": "[" + an + "]", "GET /keng/v1/users/an/reachability": an,
		"POST /keng/v1/users/an/contacts/k1/verification":         `{"contactId":"k1","method":"sms","to":"84-901234567","expires":"2026-11-25T02:10:00Z"}`,
		"POST /keng/v1/users/an/contacts/k1/verification/confirm": "{}", "PUT /keng/v1/users/an/canary": `{"by":"sms","hour":9,"nextAt":"2026-11-25T02:03:00Z"}`, "DELETE /keng/v1/users/an/canary": "null",
	})
	for _, args := range []string{"reachability", "reachability an"} {
		code, out := f.run(t, strings.Fields(args)...)
		for _, want := range []string{"an@example.vn  ✗ only quietly  sms", "84-901234567", "✗ failing", "yes", "answered ", "refused ", "✓ proven", "daily test at 9:00 monday", "failed"} {
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("%s: exit code %d, it does not say %q:\n%s", args, code, want, out)
			}
		}
	}
	if code, out := f.run(t, "reachability", "an", "--json"); code != 0 || !strings.Contains(out, `"standing": "quiet"`) {
		t.Errorf("%d %s", code, out)
	}
	for args, last := range map[string]string{
		"contact verify an sms":                 "POST /keng/v1/users/an/contacts/k1/verification",
		"contact verify an k1":                  "POST /keng/v1/users/an/contacts/k1/verification",
		"contact confirm an 84-901234567 12345": `POST /keng/v1/users/an/contacts/k1/verification/confirm {"code":"12345"}`,
		"canary set an --by sms --days monday":  `PUT /keng/v1/users/an/canary {"by":"sms","days":["monday"],"hour":9}`,
		"canary off an":                         "DELETE /keng/v1/users/an/canary",
	} {
		if code, out := f.run(t, strings.Fields(args)...); code != 0 || f.last() != last {
			t.Errorf("%s: %d %s\n%s", args, code, out, f.last())
		}
	}
	if code, out := f.run(t, "contact", "verify", "an", "voice"); code != 1 || !strings.Contains(out, "has no contact voice") {
		t.Errorf("%d %s", code, out)
	}
}
