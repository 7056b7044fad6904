package acklink_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/hub/acklink"
	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/route"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// store is a replicated store of one node in memory, whose clock the test sets.
type store struct {
	machine *state.Machine

	mu      sync.Mutex
	tx      *tabletest.Tx
	now     time.Time
	down    error // nil: it works
	updates int
}

func newStore() *store {
	return &store{machine: state.New(time.LoadLocation), tx: tabletest.NewTx(), now: time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC)}
}

func (s *store) Update(_ context.Context, _ [16]byte, command []byte) (out []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	s.updates++
	err = s.tx.Run(func(tx *tabletest.Tx) error {
		out, err = s.machine.Handle(tx, s.now, command)
		return err
	})
	return out, err
}

func (s *store) View(_ context.Context, _ bool, f func(table.Reader) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return s.down
	}
	return f(s.tx)
}

func (s *store) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *store) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// world is a hub with two people, an alert, and the link of a page to the first.
type world struct {
	t     *testing.T
	store *store
	links *acklink.Links
	alert core.AlertID
	page  *state.Delivery
	path  string
}

func do[C state.Command[R], R any](w *world, command C) R {
	w.t.Helper()
	result, err := state.Do(w.t.Context(), w.store, seed.New(), command)
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func newWorld(t *testing.T, language string) *world {
	t.Helper()
	w := &world{t: t, store: newStore()}
	var err error
	w.links, err = acklink.New(acklink.Options{
		Store: w.store, Key: [32]byte{1}, Now: w.store.Now, PublicURL: "https://keng.example.vn/", Zone: time.UTC,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []core.UserID{"an", "binh"} {
		do(w, state.PutUser{User: reach.User{
			ID: id, Username: string(id) + "@example.vn", Language: language, Zone: "Asia/Ho_Chi_Minh",
			Contacts: []reach.Contact{{Kind: "email", Address: string(id) + "@example.vn"}},
		}})
	}
	made := do(w, state.CreateAlert{Request: "r1", Draft: alert.Draft{
		Message: "Máy chủ <b>web</b> không trả lời", Priority: core.P1, Responders: []alert.Responder{{Kind: alert.User, ID: "an"}},
	}})
	w.alert = made.Alert
	w.page = &state.DeliveriesOf(w.store.tx, w.alert)[0]
	url := w.links.URL(w.page.ID)
	var ok bool
	if w.path, ok = strings.CutPrefix(url, "https://keng.example.vn"); !ok || !strings.HasPrefix(w.path, acklink.Path) || len(url) > 70 {
		t.Fatalf("the link is %q", url)
	}
	return w
}

// ask sends a request and checks what holds for every answer.
func (w *world) ask(method, path string) (int, string) {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.links.ServeHTTP(rec, httptest.NewRequest(method, path, nil))
	h := rec.Header()
	if h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") {
		w.t.Errorf("%s: headers are %v", method, h)
	}
	return rec.Code, rec.Body.String()
}

func (w *world) row() *alert.Alert {
	a, _ := state.FindAlert(w.store.tx, state.Ref{ID: w.alert})
	return a
}

func expect(t *testing.T, what string, status, want int, page string, parts ...string) {
	t.Helper()
	if status != want {
		t.Errorf("%s: status %d, want %d\n%s", what, status, want, page)
	}
	for _, part := range parts {
		if !strings.Contains(page, part) {
			t.Errorf("%s: there is no %q in\n%s", what, part, page)
		}
	}
}

func TestOnlyTheButtonAcknowledges(t *testing.T) {
	w := newWorld(t, "vi")
	before := w.store.updates
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"} {
		w.ask(method, w.path)
	}
	status, page := w.ask("GET", w.path)
	expect(t, "GET", status, 200, page, "Máy chủ &lt;b&gt;web&lt;/b&gt; không trả lời", "Tiếp nhận</button>", "an@example.vn", `lang="vi"`)
	if w.store.updates != before || w.row().Acknowledged {
		t.Error("to look has changed something")
	}
	for range 2 {
		status, page = w.ask("POST", w.path)
		expect(t, "POST", status, 200, page, "Bạn đã tiếp nhận cảnh báo này.", "25/11/2026 09:00:00 &#43;07:00")
	}
	if a := w.row(); a.AcknowledgedBy != "an@example.vn" || strings.Contains(page, "<button>") {
		t.Errorf("acknowledged by %q", a.AcknowledgedBy)
	}
	var lines []string
	for e := range state.LogOf(w.store.tx, w.alert) {
		lines = append(lines, e.Owner+" "+e.Text)
	}
	if log := strings.Join(lines, "\n"); !strings.Contains(log, "by e-mail link") || strings.Count(log, "by e-mail link") != 1 {
		t.Errorf("the log says\n%s", log)
	}
}

// A storm's page speaks of several alerts: its link is for all of them that are open.
func TestAllOfAPageAboutMany(t *testing.T) {
	w := newWorld(t, "vi")
	var ids []core.AlertID
	for _, name := range []string{"r2", "r3", "r4"} {
		made := do(w, state.CreateAlert{Request: name, Draft: alert.Draft{
			Message: "Máy " + name, Alias: name, Priority: core.P2, Responders: []alert.Responder{{Kind: alert.User, ID: "an"}},
		}})
		ids = append(ids, made.Alert)
	}
	page := state.DeliveriesOf(w.store.tx, ids[0])[0]
	if !page.Bundle || page.Count != 3 {
		t.Fatalf("the page speaks of %d alerts", page.Count)
	}
	do(w, state.AcknowledgeAlert{Alert: state.Ref{ID: ids[2]}, User: "binh@example.vn"})
	path := strings.TrimPrefix(w.links.URL(page.ID), "https://keng.example.vn")
	status, text := w.ask("GET", path)
	expect(t, "looking", status, 200, text, "Máy r2", "Máy r3", "Máy r4", "Tiếp nhận tất cả", "09:00:00 &#43;07:00")
	status, text = w.ask("POST", path)
	expect(t, "pressing", status, 200, text, "Máy r2", "Máy r3", "Máy r4", "binh@example.vn", "Bạn đã tiếp nhận")
	for i, by := range []string{"an@example.vn", "an@example.vn", "binh@example.vn"} {
		if a, _ := state.FindAlert(w.store.tx, state.Ref{ID: ids[i]}); a.AcknowledgedBy != by {
			t.Errorf("alert %d is acknowledged by %q, not %q", i, a.AcknowledgedBy, by)
		}
	}
	if w.row().Acknowledged {
		t.Error("an alert of another page is acknowledged")
	}
}

func TestSomebodyElseWasFaster(t *testing.T) {
	w := newWorld(t, "en")
	do(w, state.AcknowledgeAlert{Alert: state.Ref{ID: w.alert}, User: "binh@example.vn"})
	for _, method := range []string{"GET", "POST"} {
		status, page := w.ask(method, w.path)
		expect(t, method, status, 200, page, "Acknowledged by binh@example.vn")
	}
	if by := w.row().AcknowledgedBy; by != "binh@example.vn" {
		t.Errorf("acknowledged by %q", by)
	}
}

// Who is called although somebody has acknowledged has a button, and of two who must acknowledge
// the second one. Rules keng-2.acks.too, keng-2.acks.partly.
func TestOneMoreAcknowledges(t *testing.T) {
	w := newWorld(t, "en")
	user := func(id string) alert.Responder { return alert.Responder{Kind: alert.User, ID: id} }
	up := do(w, state.PutEscalation{Policy: escalate.Policy{Name: "up", Rules: []escalate.Rule{
		{Condition: escalate.IfNotAcked, Recipient: user("an")}, {Condition: escalate.IfNotClosed, Delay: 5 * time.Minute, Recipient: user("binh")},
	}}})
	press := func(what string, id core.AlertID, of core.UserID, parts ...string) {
		t.Helper()
		path := ""
		for _, d := range state.DeliveriesOf(w.store.tx, id) {
			if d.User == of {
				path = strings.TrimPrefix(w.links.URL(d.ID), "https://keng.example.vn")
			}
		}
		status, page := w.ask("GET", path)
		expect(t, what+", looking", status, 200, page, "Acknowledge</button>")
		status, page = w.ask("POST", path)
		expect(t, what, status, 200, page, parts...)
		if strings.Contains(page, "<button>") {
			t.Errorf("%s: the button is there still", what)
		}
	}
	a := do(w, state.CreateAlert{Draft: alert.Draft{Message: "m", Responders: []alert.Responder{{Kind: alert.Escalation, ID: string(up.ID)}}}}).Alert
	press("an", a, "an", "You have acknowledged this alert.")
	w.store.now = w.store.now.Add(5 * time.Minute)
	do(w, state.DoDue{})
	press("binh", a, "binh", "You have acknowledged this alert.")

	team := do(w, state.PutTeam{Team: route.Team{Name: "it", Members: []core.UserID{"an", "binh"}}})
	two := do(w, state.PutEscalation{Policy: escalate.Policy{Name: "two", Rules: []escalate.Rule{
		{Condition: escalate.IfNotAcked, Recipient: alert.Responder{Kind: alert.Team, ID: string(team.ID)}, Notify: escalate.All, Acks: 2},
	}}})
	w.store.now = w.store.now.Add(time.Hour)
	b := do(w, state.CreateAlert{Draft: alert.Draft{Message: "m", Responders: []alert.Responder{{Kind: alert.Escalation, ID: string(two.ID)}}}}).Alert
	press("the first", b, "an", "You have acknowledged this alert.")
	press("the second", b, "binh", "You have acknowledged this alert.")
}

func TestClosed(t *testing.T) {
	w := newWorld(t, "en")
	do(w, state.CloseAlert{Alert: state.Ref{ID: w.alert}, User: "binh@example.vn"})
	status, page := w.ask("GET", w.path)
	expect(t, "GET", status, 200, page, "Closed")
	if strings.Contains(page, "<button>") {
		t.Error("there is a button for a closed alert")
	}
	status, page = w.ask("POST", w.path)
	expect(t, "POST", status, 409, page, "Closed")
}

func TestLinksThatWorkNoMore(t *testing.T) {
	w := newWorld(t, "vi")
	w.store.set(func() { w.store.now = w.page.CreatedAt.Add(acklink.Lifetime - time.Second) })
	if status, _ := w.ask("GET", w.path); status != 200 {
		t.Errorf("before its end: %d", status)
	}
	w.store.set(func() { w.store.now = w.page.CreatedAt.Add(acklink.Lifetime) })
	for _, method := range []string{"GET", "POST"} {
		status, page := w.ask(method, w.path)
		expect(t, method, status, 410, page, "hết hiệu lực")
	}
	blocked := newWorld(t, "vi")
	do(blocked, state.PutUser{User: reach.User{ID: "an", Username: "an@example.vn", Language: "vi", Zone: "UTC", Blocked: true}})
	status, page := blocked.ask("POST", blocked.path)
	expect(t, "of a blocked person", status, 410, page)
	if w.row().Acknowledged || blocked.row().Acknowledged {
		t.Error("it acknowledged all the same")
	}
}

func TestForged(t *testing.T) {
	w := newWorld(t, "vi")
	other, err := acklink.New(acklink.Options{Store: w.store, Key: [32]byte{2}, Now: w.store.Now, PublicURL: "https://keng.example.vn"})
	if err != nil {
		t.Fatal(err)
	}
	foreign := strings.TrimPrefix(other.URL(w.page.ID), "https://keng.example.vn")
	unknown := strings.TrimPrefix(w.links.URL("00000000-0000-0000-0000-000000000000"), "https://keng.example.vn")
	for path, want := range map[string]int{
		foreign: 404, acklink.Path: 404, acklink.Path + "x": 404, w.path + "A": 404, w.path[:len(w.path)-1]: 404,
		acklink.Path + strings.Repeat("A", 5000): 404, acklink.Path + strings.Repeat("A", 38): 404, unknown: 410,
		w.path + "/": 200,
	} {
		status, page := w.ask("GET", path)
		expect(t, path, status, want, page)
		if want == 404 {
			expect(t, path, status, 404, page, "Đường dẫn không đúng", "This link is not right")
		}
	}
	for i := len(acklink.Path); i < len(w.path); i++ { // no letter of it is free
		changed := []byte(w.path)
		changed[i] ^= 1
		if status, _ := w.ask("POST", string(changed)); status != 404 {
			t.Errorf("with another letter at %d: %d", i, status)
		}
	}
	if w.row().Acknowledged {
		t.Error("a forged link acknowledged")
	}
}

func TestClusterDoesNotAnswer(t *testing.T) {
	w := newWorld(t, "vi")
	w.store.set(func() { w.store.down = &core.Error{Kind: core.Unavailable, Words: "no leader"} })
	for _, method := range []string{"GET", "POST"} {
		status, page := w.ask(method, w.path)
		expect(t, method, status, http.StatusServiceUnavailable, page, "chưa được tiếp nhận", "may not be acknowledged")
	}
	w.store.set(func() { w.store.down = errors.New("a disk error") })
	if status, page := w.ask("POST", w.path); status != 503 || strings.Contains(page, "disk error") {
		t.Errorf("%d %s", status, page)
	}
}

func TestNoLinks(t *testing.T) {
	w := newWorld(t, "vi")
	none, err := acklink.New(acklink.Options{Store: w.store, Key: [32]byte{1}, Now: w.store.Now})
	if err != nil {
		t.Fatal(err)
	}
	if url := none.URL(w.page.ID); url != "" {
		t.Errorf("without a public URL there is the link %q", url)
	}
	if url := w.links.URL("not an id"); url != "" {
		t.Errorf("the link of no id is %q", url)
	}
	for _, wrong := range []string{"keng.example.vn", "ftp://x", "https://", "https://x/path", "https://u:p@x", "https://x?a=b", "https://x#a", "\x00"} {
		if acklink.CheckURL(wrong) == nil {
			t.Errorf("%q is taken for a public URL", wrong)
		}
	}
}

// No token of strangers is good, nor makes a page fail.
func FuzzToken(f *testing.F) {
	f.Add("AAAA")
	f.Add(strings.Repeat("A", 38))
	store := newStore()
	links, err := acklink.New(acklink.Options{Store: store, Key: [32]byte{3}, Now: store.Now, PublicURL: "https://keng.example.vn"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		r := httptest.NewRequest("POST", "/ack/x", nil)
		r.URL.Path = acklink.Path + token
		rec := httptest.NewRecorder()
		links.ServeHTTP(rec, r)
		if rec.Code != 404 {
			t.Errorf("%q is answered %d", token, rec.Code)
		}
	})
}
