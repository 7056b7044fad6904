package client_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"keng/hub/client"
	"keng/hub/core"
)

// fakeHub answers each request by a function and remembers what it was asked.
type fakeHub struct {
	*httptest.Server
	asked []string
}

func newFakeHub(t *testing.T, answer func(r *http.Request, body string) (int, string)) (*fakeHub, *client.Client) {
	f := &fakeHub{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.asked = append(f.asked, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization")+" "+string(body))
		status, reply := answer(r, string(body))
		w.WriteHeader(status)
		io.WriteString(w, reply)
	}))
	t.Cleanup(f.Close)
	c, err := client.New(f.URL+"/", "k")
	if err != nil {
		t.Fatal(err)
	}
	return f, c
}

func TestWhatIsAsked(t *testing.T) {
	f, c := newFakeHub(t, func(*http.Request, string) (int, string) {
		return 202, `{"data":{"token":"t","alertId":"a","id":"i"},"requestId":"r"}`
	})
	ctx := t.Context()
	id, err := c.CreateAlert(ctx, client.NewAlert{Message: "m", Responders: []client.Responder{{Type: "team", Name: "x"}}})
	if err != nil || id != "r" {
		t.Error(id, err)
	}
	if token, err := c.CreateToken(ctx, client.TokenSpec{Uses: 2, Lifetime: client.Lifetime(72 * time.Hour)}); err != nil || token != "t" {
		t.Error(token, err)
	}
	if s, err := c.RequestStatus(ctx, "r/1"); err != nil || s.AlertID != "a" {
		t.Error(s, err)
	}
	if a, err := c.Alert(ctx, client.ByAlias("a b/c")); err != nil || a.ID != "i" {
		t.Error(a, err)
	}
	c.Acknowledge(ctx, client.ByTiny("7"), "lan", "")
	c.Close(ctx, client.ByID("i"), "lan", "xong")
	c.Unacknowledge(ctx, client.ByID("i"), "lan", "")
	c.Snooze(ctx, client.ByID("i"), time.Date(2026, 11, 26, 7, 0, 0, 0, time.UTC), "lan", "")
	c.Escalate(ctx, client.ByID("i"), "up", "", "")
	c.Assign(ctx, client.ByID("i"), "minh", "lan", "")
	c.AddNote(ctx, client.ByAlias("a/b"), "lan", "đang xem")
	c.AddTags(ctx, client.ByID("i"), []string{"a", "b"}, "", "")
	c.RemoveTags(ctx, client.ByID("i"), []string{"a b", "c"}, "lan", "xong & hết")
	c.DeleteAlert(ctx, client.ByTiny("7"), "lan")
	want := []string{
		`POST /v2/alerts GenieKey k {"message":"m","responders":[{"type":"team","name":"x"}]}`,
		`POST /keng/v1/tokens GenieKey k {"uses":2,"lifetime":"72h0m0s"}`,
		`GET /v2/alerts/requests/r%2F1 GenieKey k `,
		`GET /v2/alerts/a%20b%2Fc?identifierType=alias GenieKey k `,
		`POST /v2/alerts/7/acknowledge?identifierType=tiny GenieKey k {"note":"","user":"lan"}`,
		`POST /v2/alerts/i/close?identifierType=id GenieKey k {"note":"xong","user":"lan"}`,
		`POST /v2/alerts/i/unacknowledge?identifierType=id GenieKey k {"note":"","user":"lan"}`,
		`POST /v2/alerts/i/snooze?identifierType=id GenieKey k {"endTime":"2026-11-26T07:00:00Z","note":"","user":"lan"}`,
		`POST /v2/alerts/i/escalate?identifierType=id GenieKey k {"escalation":{"id":"up","name":"up"},"note":"","user":""}`,
		`POST /v2/alerts/i/assign?identifierType=id GenieKey k {"note":"","owner":{"id":"minh","username":"minh"},"user":"lan"}`,
		`POST /v2/alerts/a%2Fb/notes?identifierType=alias GenieKey k {"note":"đang xem","user":"lan"}`,
		`POST /v2/alerts/i/tags?identifierType=id GenieKey k {"note":"","tags":["a","b"],"user":""}`,
		`DELETE /v2/alerts/i/tags?identifierType=id&note=xong+%26+h%E1%BA%BFt&tags=a+b%2Cc&user=lan GenieKey k `,
		`DELETE /v2/alerts/7?identifierType=tiny&user=lan GenieKey k `,
	}
	if len(f.asked) != len(want) {
		t.Fatalf("asked %d times, want %d", len(f.asked), len(want))
	}
	for i, w := range want {
		if f.asked[i] != w {
			t.Errorf("asked %s\nwant  %s", f.asked[i], w)
		}
	}
}

func TestListsAreReadToTheirEnd(t *testing.T) {
	page := func(n int, next bool) string {
		s := `{"data":[` + strings.TrimSuffix(strings.Repeat(`{"id":"x"},`, n), ",") + `],"paging":{`
		if next {
			s += `"next":"http://elsewhere.example/"`
		}
		return s + "}}"
	}
	f, c := newFakeHub(t, func(r *http.Request, _ string) (int, string) {
		q := r.URL.Query()
		more := q.Get("offset") == "0" || r.URL.Path == "/keng/v1/peers" && q.Get("after") == ""
		return 200, page(100, more)
	})
	alerts, err := c.Alerts(t.Context(), "status: open", 150)
	if err != nil || len(alerts) != 150 {
		t.Errorf("%d alerts, %v", len(alerts), err)
	}
	if want := "GET /v2/alerts?limit=50&offset=100&query=status%3A+open"; !strings.HasPrefix(f.asked[1], want) {
		t.Errorf("asked %s", f.asked[1])
	}
	peers, err := c.Peers(t.Context())
	if err != nil || len(peers) != 200 {
		t.Errorf("%d peers, %v", len(peers), err)
	}
}

func TestErrors(t *testing.T) {
	status, reply := 0, ""
	f, c := newFakeHub(t, func(*http.Request, string) (int, string) { return status, reply })
	for code, kind := range map[int]core.Kind{400: core.Unacceptable, 401: core.Forbidden, 403: core.Forbidden, 404: core.NotFound, 409: core.Conflict,
		413: core.Unacceptable, 422: core.Unacceptable, 428: core.InUse, 429: core.Unavailable, 500: core.Internal, 503: core.Unavailable} {
		status, reply = code, `{"message":"words","errors":{"f":"why"}}`
		_, err := c.Tokens(t.Context())
		if core.KindOf(err) != kind || err.Error() != "words; f: why" {
			t.Errorf("HTTP %d: kind %d, %v", code, core.KindOf(err), err)
		}
		if client.Missing(err) != (code == 404) {
			t.Errorf("HTTP %d: Missing is %v", code, client.Missing(err))
		}
	}
	status, reply = 200, "<html>"
	if err := c.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "not a hub") {
		t.Errorf("of a stranger: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Ready(cancelled); core.KindOf(err) != core.Unavailable {
		t.Errorf("cancelled: %v", err)
	}
	f.Close()
	if err := c.Ready(t.Context()); core.KindOf(err) != core.Unavailable {
		t.Errorf("hub gone: %v", err)
	}
	for _, bad := range []string{"", "127.0.0.1:8080", "ftp://x", "http://", "http://[", ":"} {
		if _, err := client.New(bad, "k"); err == nil {
			t.Errorf("%q is taken as a URL", bad)
		}
	}
	for _, address := range []string{"http://x/v2/alerts", "https://x:8443/keng/v2", "http://x/v2/"} { // as some tools want it
		if _, err := client.New(address, "key"); err == nil || !strings.Contains(err.Error(), "write that of the hub, ") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := client.New("http://x", "a\nb"); err == nil {
		t.Error("a key of two lines is taken")
	}
}
