package api_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/api"
	"keng/hub/core"
)

// createAtOnce posts alerts at the same time, while the store holds the first one up, and returns
// the answers.
func createAtOnce(t *testing.T, h *hub, n int) []*httptest.ResponseRecorder {
	t.Helper()
	h.store.hold = make(chan struct{})
	answers := make([]*httptest.ResponseRecorder, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			answers[i] = httptest.NewRecorder()
			h.api.ServeHTTP(answers[i], newRequest("POST", "/v2/alerts", fmt.Sprintf(`{"message":"m %d","alias":"a-%d"}`, i, i)))
		})
		synctest.Wait() // so they come one after another
	}
	close(h.store.hold)
	all.Wait()
	return answers
}

// TestAlertsThatComeTogether: what comes while a command is under way goes in the next one, and
// each has its alert and its request's status.
func TestAlertsThatComeTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t)
		const n = 60
		before := len(h.store.results)
		for i, a := range createAtOnce(t, h, n) {
			if a.Code != 202 {
				t.Fatalf("alert %d: %d %s", i, a.Code, a.Body)
			}
			s := h.want(h.call("GET", "/v2/alerts/requests/"+a.Header().Get("X-Request-Id"), ""), 200)
			if s.data("alias") != fmt.Sprint("a-", i) || s.data("status") != "Created alert" {
				t.Errorf("request of alert %d: %s", i, s.raw)
			}
			d := h.want(h.call("GET", fmt.Sprintf("/v2/alerts/a-%d?identifierType=alias", i), ""), 200)
			if d.data("message") != fmt.Sprint("m ", i) || d.data("count") != 1.0 || d.data("id") != s.data("alertId") {
				t.Errorf("alert %d: %s", i, d.raw)
			}
		}
		if commands := len(h.store.results) - before; commands != 4 { // the first alone, 25 and 25 when they were there, then 9
			t.Errorf("%d alerts took %d commands", n, commands)
		}
	})
}

// TestAlertsThatCannotComeTogether: where several in one command are refused, as by a leader of
// an earlier version, each goes by itself; where the store cannot be reached, each is told so.
func TestAlertsThatCannotComeTogether(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault error
		done  bool // nevertheless
		code  int
	}{
		{"an earlier version", errors.New("command 205 is not known to this version of the hub"), false, 202},
		{"done, and then the answer cannot be read", errors.New("cannot read from the state"), true, 202},
		{"no quorum", &core.Error{Kind: core.Unavailable, Words: "no leader is known"}, false, 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHub(t)
				var together atomic.Bool
				h.store.refuse = func(command []byte) error {
					together.Store(strings.Contains(string(command), "m 2") && strings.Contains(string(command), "m 3"))
					if together.Load() && !c.done {
						return c.fault
					}
					return nil
				}
				h.store.fault = func(done bool) error {
					if together.Load() && done {
						return c.fault
					}
					return nil
				}
				for i, a := range createAtOnce(t, h, 5) {
					if want := map[bool]int{true: 202, false: c.code}[i == 0]; a.Code != want {
						t.Errorf("alert %d: %d, not %d: %s", i, a.Code, want, a.Body)
					}
					d := h.call("GET", fmt.Sprintf("/v2/alerts/a-%d?identifierType=alias", i), "")
					if want := map[bool]int{true: 200, false: 404}[i == 0 || c.code == 202]; d.status != want || want == 200 && d.data("count") != 1.0 {
						t.Errorf("alert %d is there: %d, not %d: %s", i, d.status, want, d.raw)
					}
				}
			})
		})
	}
}

// TestAlertsThatWaitTooLong: while nothing comes back, each is told so when its own time is over, however
// many wait, and what was not sent is not created afterwards.
func TestAlertsThatWaitTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t)
		h.store.hold = make(chan struct{})
		const n = 400 // more than eight commands
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				began, answer := time.Now(), httptest.NewRecorder()
				h.api.ServeHTTP(answer, newRequest("POST", "/v2/alerts", fmt.Sprintf(`{"message":"m","alias":"a-%d"}`, i)))
				if took := time.Since(began); i > 0 && (answer.Code != 503 || took != api.CommandTimeout) {
					t.Errorf("alert %d: %d after %s: %s", i, answer.Code, took, answer.Body)
				}
			})
			synctest.Wait()
		}
		time.Sleep(api.CommandTimeout)
		synctest.Wait()
		close(h.store.hold)
		all.Wait()
		synctest.Wait()
		for i, want := range map[int]int{0: 200, 175: 200, 176: 404, n - 1: 404} { // the first alone, then seven times 25
			if d := h.call("GET", fmt.Sprintf("/v2/alerts/a-%d?identifierType=alias", i), ""); d.status != want {
				t.Errorf("alert %d: %d, not %d", i, d.status, want)
			}
		}
	})
}
