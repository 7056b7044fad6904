package watch_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/hub/watch"
	"keng/proto/channel"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// store is a replicated store of one node in memory that leads, and may lose its majority.
type store struct {
	machine *state.Machine

	mu      sync.Mutex
	tx      *tabletest.Tx
	alone   bool // no majority answers
	written chan [][]byte
}

func newStore() *store {
	return &store{machine: state.New(time.LoadLocation), tx: tabletest.NewTx(), written: make(chan [][]byte, 64)}
}

func (s *store) Update(_ context.Context, _ [16]byte, command []byte) (out []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.tx.Run(func(tx *tabletest.Tx) error {
		out, err = s.machine.Handle(tx, time.Now(), command)
		return err
	})
	return out, err
}

func (s *store) View(_ context.Context, latest bool, f func(table.Reader) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if latest && s.alone {
		return errors.New("no majority")
	}
	return f(s.tx)
}

func (s *store) lose(majority bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alone = majority
}

func (s *store) Lead(ctx context.Context) (uint64, time.Time, <-chan struct{}, error) {
	return 1, time.Now(), make(chan struct{}), ctx.Err()
}

func (s *store) Now() time.Time { return time.Now() }

func (s *store) Condition() watch.Condition {
	return watch.Condition{Leads: true, HasLeader: true, Term: 7, Applied: 40, Last: 41, Members: 3}
}

func (s *store) Written(ctx context.Context) iter.Seq2[[][]byte, error] {
	return func(yield func([][]byte, error) bool) {
		for {
			select {
			case keys := <-s.written:
				if !yield(keys, nil) {
					return
				}
			case <-ctx.Done():
				yield(nil, ctx.Err())
				return
			}
		}
	}
}

// change writes to the state beside all commands, as only a fault could.
func (s *store) change(t *testing.T, f func(tx table.Tx) error) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.tx.Run(func(tx *tabletest.Tx) error { return f(tx) }); err != nil {
		t.Fatal(err)
	}
}

func do[C state.Command[R], R any](t *testing.T, s *store, c C) R {
	t.Helper()
	out, err := state.Do(t.Context(), s, seed.New(), c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// people makes an administrator and a user, each with a phone.
func people(t *testing.T, s *store) (admin, user core.UserID) {
	t.Helper()
	for _, role := range []string{"Admin", "User"} {
		u := do(t, s, state.PutUser{User: reach.User{
			Username: strings.ToLower(role) + "@example.vn", Zone: "UTC", Language: "vi", Profile: reach.Profile{Role: role},
			Contacts: []reach.Contact{{ID: core.ContactID(role), Kind: string(channel.Push), Address: role}},
		}})
		if role == "Admin" {
			admin = u.ID
		} else {
			user = u.ID
		}
	}
	return admin, user
}

func TestForgottenAlertPagesTheAdministrators(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		admin, user := people(t, s)
		w, err := watch.New(watch.Options{Store: s})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go w.Run(ctx)
		a := do(t, s, state.CreateAlert{Draft: alert.Draft{Message: "disk full", Alias: "disk", Responders: []alert.Responder{{Kind: alert.User, ID: string(user)}}}})
		time.Sleep(time.Minute)
		if raised(s) != nil || !strings.Contains(metrics(w), "\nkeng_orphaned_alerts 0\n") {
			t.Fatal("an alert that is attended to was called forgotten")
		}
		forgetAll(t, s)
		time.Sleep(time.Minute)
		if !strings.Contains(metrics(w), "\nkeng_orphaned_alerts 1\n") {
			t.Error("the metric does not tell of the forgotten alert")
		}
		told := raised(s)
		if told == nil || len(told.Responders) != 1 || told.Responders[0].ID != string(admin) || told.Priority != core.P1 {
			t.Fatalf("the administrator was not told: %+v", told)
		}
		do(t, s, state.CloseAlert{Alert: state.Ref{ID: a.Alert}})
		time.Sleep(time.Minute)
		if raised(s) != nil {
			t.Error("the alert about a forgotten one stays open, though none is forgotten any more")
		}
		do(t, s, state.CreateAlert{Draft: alert.Draft{Message: "disk full again", Responders: []alert.Responder{{Kind: alert.User, ID: string(user)}}}})
		forgetAll(t, s)
		time.Sleep(time.Minute)
		if raised(s) == nil {
			t.Error("what is forgotten later is not told")
		}
	})
}

// forgetAll takes away what was to happen for alerts, as a fault would.
func forgetAll(t *testing.T, s *store) {
	s.change(t, func(tx table.Tx) error {
		for d := range state.Deadlines.All(tx) {
			state.Deadlines.Delete(tx, state.Deadlines.KeyOf(d))
		}
		for d := range state.Deliveries.All(tx) {
			state.Deliveries.Delete(tx, state.Deliveries.KeyOf(d))
		}
		return nil
	})
}

// raised returns the alert about forgotten ones, nil if none is open.
func raised(s *store) (found *alert.Alert) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := state.FindAlert(s.tx, state.Ref{Alias: "keng/orphaned-alerts"})
	if !ok {
		return nil
	}
	return a
}

func metrics(w *watch.Watcher) string {
	rec := httptest.NewRecorder()
	w.Metrics().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	return rec.Body.String()
}

// dog is a watchdog that counts its calls.
type dog struct {
	mu     sync.Mutex
	calls  int
	status int
}

func (d *dog) RoundTrip(*http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	return &http.Response{StatusCode: d.status, Status: http.StatusText(d.status), Body: io.NopCloser(strings.NewReader("ok"))}, nil
}

// called returns how often it was called since it was last asked.
func (d *dog) called() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.calls
	d.calls = 0
	return n
}

func TestWatchdogIsCalledOnlyWhileAllIsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := newStore(), &dog{status: 200}
		_, user := people(t, s)
		w, err := watch.New(watch.Options{Store: s, Watchdog: "https://watchdog.example.vn/secret", Client: &http.Client{Transport: d}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go w.Run(ctx)
		minutes := func(n int, what string, want int) {
			t.Helper()
			time.Sleep(time.Duration(n) * time.Minute)
			if got := d.called(); got != want {
				t.Errorf("%s: called %d times in %d minutes, want %d", what, got, n, want)
			}
		}
		time.Sleep(time.Second) // the first call comes at once
		if d.called() != 1 {
			t.Error("not called at the beginning")
		}
		minutes(2, "all is well", 4)
		s.lose(true)
		minutes(2, "no majority", 0)
		s.lose(false)
		minutes(2, "the majority is back", 4)
		// A page that nobody takes up: nobody runs an engine here.
		a := do(t, s, state.CreateAlert{Draft: alert.Draft{Message: "x", Responders: []alert.Responder{{Kind: alert.User, ID: string(user)}}}})
		minutes(2, "a page waits, not for long", 4)
		minutes(2, "a page waits", 0)
		do(t, s, state.CloseAlert{Alert: state.Ref{ID: a.Alert}})
		minutes(1, "nothing waits", 2)
		if !strings.Contains(metrics(w), "keng_watchdog_last_success_timestamp_seconds 9.4") {
			t.Error("the metric does not tell when the watchdog was last called")
		}
	})
}

func TestWatchdogURLs(t *testing.T) {
	for _, bad := range []string{"example.vn", "ftp://example.vn", "http://", "https:///path", "http://[::1"} {
		if _, err := watch.New(watch.Options{Store: newStore(), Watchdog: bad}); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestPagesAreCountedOnceWithTheirDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		_, user := people(t, s)
		w, err := watch.New(watch.Options{Store: s, Version: "1.2.3", Connected: func() map[string]int { return map[string]int{"agent": 5} }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go w.Run(ctx)
		do(t, s, state.CreateAlert{Draft: alert.Draft{Message: "x", Responders: []alert.Responder{{Kind: alert.User, ID: string(user)}}}})
		time.Sleep(20 * time.Second)
		var page state.Delivery
		_ = s.View(ctx, false, func(r table.Reader) error {
			page = state.Outbox(r, 1)[0]
			return nil
		})
		key := storedKey(state.Deliveries, state.Deliveries.KeyOf(&page))
		s.written <- [][]byte{key}
		synctest.Wait()
		text := metrics(w)
		for _, want := range []string{`keng_outbox_pages{kind="push"} 1`, "\nkeng_outbox_oldest_waiting_seconds 15\n", "\nkeng_deadline_lag_seconds 0\n"} { // as of the last look
			if !strings.Contains(text, want) {
				t.Errorf("while the page waits the metrics lack %s", want)
			}
		}
		if strings.Contains(text, "keng_pages_total") {
			t.Error("a page is counted that has no end")
		}
		report := channel.Report{Page: string(page.ID), Number: 1, At: time.Now(), Stage: channel.Accepted}
		end := channel.Report{Page: string(page.ID), Number: 2, At: time.Now(), Stage: channel.Done}
		do(t, s, state.TakeReports{Reports: []channel.Report{report, end}})
		s.written <- [][]byte{key, []byte("nonsense")}
		s.written <- [][]byte{key} // as when it is written again
		s.written <- [][]byte{key}
		synctest.Wait()
		w.Request("POST", "/v2/alerts", 202, 3*time.Millisecond)
		text = metrics(w)
		for _, want := range []string{
			`keng_pages_total{failure="",kind="push",stage="done"} 1`, `keng_page_delay_seconds_sum{kind="push"} 20`,
			`keng_http_requests_total{code="202",method="POST",path="/v2/alerts"} 1`, `version="1.2.3"} 1`, "\nkeng_raft_applied_index 40\n", "\nkeng_raft_last_index 41\n", "\nkeng_has_leader 1\n", "\nkeng_alerts_open 1\n",
			`keng_peers_connected{kind="agent"} 5`, "\nkeng_leader 1\n", "\nkeng_raft_term 7\n", "\nkeng_members 3\n", "\nkeng_alerts_unattended 1\n",
			"\nprocess_open_fds ", "\ngo_goroutines ",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("the metrics lack %s", want)
			}
		}
		problems, err := promlint.New(strings.NewReader(text)).Lint()
		if err != nil || len(problems) > 0 {
			t.Errorf("metrics against the usage: %v %v", problems, err)
		}
		if t.Failed() {
			t.Log(text)
		}
	})
}

// storedKey is under what a row is stored: see table.RowOf.
func storedKey[R any](of *table.Table[R], key table.Key) []byte {
	return append([]byte{byte(of.Number() >> 8), byte(of.Number()), 0, 0}, key...)
}
