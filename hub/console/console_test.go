package console_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"keng/hub/console"
	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/state"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// memStore is a state.Store in memory: one node, no Raft.
type memStore struct {
	mu      sync.Mutex
	machine *state.Machine
	tx      *tabletest.Tx
	broken  error
}

func (s *memStore) Update(_ context.Context, _ [16]byte, command []byte) (out []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.tx.Run(func(tx *tabletest.Tx) (err error) {
		out, err = s.machine.Handle(tx, time.Date(2026, 11, 25, 14, 3, 5, 0, time.UTC), command)
		return err
	})
	return out, err
}

func (s *memStore) View(_ context.Context, _ bool, f func(table.Reader) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	return f(s.tx)
}

// browser is somebody at a console.
type browser struct {
	t      *testing.T
	store  *memStore
	server *httptest.Server
	http   *http.Client
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// newBrowser is one at the console of a cluster that was founded in Vietnam.
func newBrowser(t *testing.T) *browser {
	store := &memStore{machine: state.New(time.LoadLocation), tx: tabletest.NewTx()}
	c := must(console.New(console.Options{Store: store, SessionSecret: [32]byte{1}, Logger: slog.New(slog.DiscardHandler), Zones: time.LoadLocation}))
	b := &browser{t: t, store: store, server: httptest.NewServer(c), http: &http.Client{Jar: must(cookiejar.New(nil))}}
	t.Cleanup(b.server.Close)
	must(state.Do(t.Context(), store, core.Seed{9}, state.FoundCluster{Name: "test", Language: "vi"}))
	for i, k := range []struct {
		secret string
		rights state.Rights
	}{{"test-read", state.Read}, {"test-write", state.Write}} {
		hash := sha256.Sum256([]byte(k.secret))
		must(state.Do(t.Context(), store, core.Seed{1, byte(i)}, state.PutKey{Name: k.secret, Hash: hash[:], Rights: k.rights}))
	}
	return b
}

// get loads a page in a language and returns its code, headers and text.
func (b *browser) get(path, language string) (int, http.Header, string) {
	b.t.Helper()
	r := must(http.NewRequest("GET", b.server.URL+path, nil))
	r.Header.Set("Accept-Language", language)
	return b.read(b.http.Do(r))
}

func (b *browser) read(res *http.Response, err error) (int, http.Header, string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode, res.Header, string(must(io.ReadAll(res.Body)))
}

func (b *browser) signIn(key string) (int, string) {
	b.t.Helper()
	status, _, text := b.read(b.http.PostForm(b.server.URL+"/sign-in", url.Values{"key": {key}}))
	return status, text
}

func TestAlertsAreShownAfterSignIn(t *testing.T) {
	b := newBrowser(t)
	user := must(state.Do(t.Context(), b.store, core.Seed{2}, state.PutUser{User: reach.User{Username: "lan@example.vn", Language: "vi", Zone: "Asia/Ho_Chi_Minh",
		Contacts: []reach.Contact{{Kind: "voice", Address: "+84900000000"}}}}))
	r := must(state.Do(t.Context(), b.store, core.Seed{3}, state.CreateAlert{Draft: alert.Draft{Message: `<script>alert("x")</script>`, Priority: core.P1,
		Details: map[string]string{"a": "javascript:x"}, Responders: []alert.Responder{{Kind: alert.User, ID: string(user.ID)}}}}))
	path := "/alerts/" + string(r.Alert)

	for _, p := range []string{"/", path} {
		if status, _, text := b.get(p, "vi"); status != 401 || !strings.Contains(text, "Khoá API") || strings.Contains(text, "alert(") {
			t.Errorf("%s before the sign-in: HTTP %d\n%s", p, status, text)
		}
	}
	for _, wrong := range []string{"", "wrong", "test-write"} {
		if status, text := b.signIn(wrong); status != 401 || !strings.Contains(text, `role="alert"`) {
			t.Errorf("signed in with %q: HTTP %d", wrong, status)
		}
	}
	if status, text := b.signIn(" test-read\n"); status != 200 || !strings.Contains(text, "&lt;script&gt;") || strings.Contains(text, "<script") {
		t.Fatalf("HTTP %d\n%s", status, text)
	}
	status, header, text := b.get(path, "vi-VN,vi;q=0.9,en;q=0.8")
	for _, want := range []string{`lang="vi"`, "cuộc gọi → lan@example.vn", "chờ gửi", "25/11 21:03:05", "UTC&#43;07:00 (Asia/Ho_Chi_Minh)", "được chỉ định là người xử lý", "Đã tạo cảnh báo", "Hệ thống", `http-equiv="refresh"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the alert's page does not say %q", want)
		}
	}
	if strings.Contains(text, "<script") || strings.Contains(text, "+84900000000") {
		t.Error("the page shows what it must not")
	}
	if csp := header.Get("Content-Security-Policy"); status != 200 || !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("HTTP %d, policy %q", status, csp)
	}
	if _, _, text := b.get(path, "en-GB"); !strings.Contains(text, "voice → lan@example.vn") || !strings.Contains(text, "Back to the list") || !strings.Contains(text, "named as a responder") || !strings.Contains(text, "Alert created") {
		t.Errorf("in English:\n%s", text)
	}
	if status, _, _ := b.get("/alerts/none", "en"); status != 404 {
		t.Errorf("an alert that does not exist: HTTP %d", status)
	}
	if status, _, _ := b.get("/none", "en"); status != 404 {
		t.Errorf("a page that does not exist: HTTP %d", status)
	}
	if status, header, text := b.get("/style.css", "en"); status != 200 || !strings.HasPrefix(header.Get("Content-Type"), "text/css") || text == "" {
		t.Errorf("style: HTTP %d", status)
	}
	b.store.broken = errors.New("planted")
	if status, _, text := b.get("/", "en"); status != 503 || strings.Contains(text, "planted") {
		t.Errorf("without a state: HTTP %d", status)
	}
}

func TestSessionEndsWithItsKey(t *testing.T) {
	b := newBrowser(t)
	b.signIn("test-read")
	if status, _, _ := b.get("/", "en"); status != 200 {
		t.Fatalf("HTTP %d", status)
	}
	for k := range state.Keys.All(b.store.tx) {
		k.Disabled = true
		if err := state.Keys.Put(b.store.tx, k); err != nil {
			t.Fatal(err)
		}
	}
	if status, _, _ := b.get("/", "en"); status != 401 {
		t.Errorf("with a disabled key: HTTP %d", status)
	}
}

func TestSignOutAndCookie(t *testing.T) {
	b := newBrowser(t)
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r := must(http.NewRequest("POST", b.server.URL+"/sign-in", strings.NewReader("key=test-read")))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-Proto", "https")
	_, header, _ := b.read(http.DefaultTransport.RoundTrip(r))
	cookie := header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Secure", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie is not %s: %s", want, cookie)
		}
	}
	b.signIn("test-read")
	if status, _, _ := b.get("/", "en"); status != 200 {
		t.Fatalf("HTTP %d", status)
	}
	stolen := b.http.Jar.Cookies(must(url.Parse(b.server.URL)))
	b.read(b.http.PostForm(b.server.URL+"/sign-out", nil))
	b.http.Jar.SetCookies(must(url.Parse(b.server.URL)), stolen)
	if status, _, _ := b.get("/", "en"); status != 401 {
		t.Errorf("after signing out: HTTP %d", status)
	}
}

// Another site can not make a browser sign in.
func TestOtherSitesAreRefused(t *testing.T) {
	b := newBrowser(t)
	r := must(http.NewRequest("POST", b.server.URL+"/sign-in", strings.NewReader("key=test-read")))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if status, _, _ := b.read(b.http.Do(r)); status != 403 {
		t.Errorf("HTTP %d", status)
	}
	r = must(http.NewRequest("POST", b.server.URL+"/sign-in", strings.NewReader("key="+strings.Repeat("x", 1<<20))))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if status, _, _ := b.read(b.http.Do(r)); status != 401 {
		t.Errorf("a huge form: HTTP %d", status)
	}
}

// Zabbix links to an alert where Opsgenie's pages have it. It is led on by a page, so that the
// cookie goes with the next request.
func TestOpsgeniesLinkToAnAlert(t *testing.T) {
	b := newBrowser(t)
	for path, to := range map[string]string{"/alert/detail/00000000-0001": "/alerts/00000000-0001", "/alert/detail/%2F%2Fevil.example%3Fx": "/alerts/%2F%2Fevil.example%3Fx"} {
		status, _, text := b.get(path, "en")
		if status != http.StatusOK || onward(text) != to || !strings.Contains(text, `<a href="`+to+`"`) {
			t.Errorf("%s: HTTP %d\n%s", path, status, text)
		}
	}
}

// onward returns where a page leads by itself.
func onward(page string) string {
	_, to, _ := strings.Cut(page, `http-equiv="refresh" content="0; url=`)
	to, _, _ = strings.Cut(to, `"`)
	return html.UnescapeString(to)
}

// Who follows a link without a session is where it leads after signing in, also if the first
// try was wrong; a form that another page has made leads nowhere else.
func TestALinkIsFollowedAfterSignIn(t *testing.T) {
	b := newBrowser(t)
	a := b.create(3, alert.Draft{Message: "switch 7 is down"})
	path := "/alerts/" + string(a.ID)
	form := func(text string) url.Values {
		_, to, _ := strings.Cut(text, `name="to" value="`)
		to, _, _ = strings.Cut(to, `"`)
		return url.Values{"key": {"wrong"}, "to": {html.UnescapeString(to)}}
	}
	_, _, text := b.get("/alert/detail/"+string(a.ID), "vi")
	_, _, text = b.get(onward(text), "vi")
	values := form(text)
	_, _, text = b.read(b.http.PostForm(b.server.URL+"/sign-in", values))
	if again := form(text); again.Get("to") != path || values.Get("to") != path {
		t.Errorf("the forms lead to %q and, after a wrong key, to %q", values.Get("to"), again.Get("to"))
	}
	values.Set("key", "test-read")
	if status, _, text := b.read(b.http.PostForm(b.server.URL+"/sign-in", values)); status != 200 || !strings.Contains(text, "<h1>") || !strings.Contains(text, string(a.ID)) {
		t.Errorf("HTTP %d\n%s", status, text)
	}
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, to := range []string{"//evil.example", "https://evil.example/alerts/x", `/\evil.example`, "/alerts/%5C..%2F", "/alerts/x\r\nX: y", "/sign-out"} {
		values.Set("to", to)
		if status, header, _ := b.read(b.http.PostForm(b.server.URL+"/sign-in", values)); status != http.StatusSeeOther || header.Get("Location") != "/" {
			t.Errorf("%q: HTTP %d to %q", to, status, header.Get("Location"))
		}
	}
}
