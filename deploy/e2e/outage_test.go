package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// P1: what was answered with 202 is there after kill -9.
func TestStoryAlertSurvivesKill(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	var requests []string
	for i := range 20 {
		code, body := h.call("POST", "/v2/alerts", fmt.Sprintf(`{"message":"disk %d","alias":"disk-%d"}`, i, i))
		if code != http.StatusAccepted {
			t.Fatalf("create: %d %s", code, body)
		}
		var reply struct{ RequestID string }
		if err := json.Unmarshal([]byte(body), &reply); err != nil {
			t.Fatal(err)
		}
		requests = append(requests, reply.RequestID)
	}
	h.kill()
	h.restart()
	for i, id := range requests {
		if code, body := h.call("GET", "/v2/alerts/requests/"+id, ""); code != 200 || !strings.Contains(body, `"isSuccess":true`) {
			t.Errorf("request %d: %d %s", i, code, body)
		}
		if code, body := h.call("GET", fmt.Sprintf("/v2/alerts/disk-%d?identifierType=alias", i), ""); code != 200 || !strings.Contains(body, `"status":"open"`) {
			t.Errorf("alert %d: %d %s", i, code, body)
		}
	}
}

// An agent in a process of its own, joined with a token, reports a web server that is
// stopped and started.
func TestStoryAgentReportsAnOutage(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	site := newSite(t)
	h.runAgent("- {name: website, kind: http, target: %q, every: 200ms, fail_after: 2, priority: P1}", site.url)
	site.stop()
	h.waitFor("branch-3/website", "open")
	site.start()
	h.waitFor("branch-3/website", "closed")
}

// An agent reports a metric that is beyond its threshold.
func TestStoryMetricBeyondItsThreshold(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	var free atomic.Int64
	free.Store(5e9)
	metrics := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# TYPE disk_free_bytes gauge\ndisk_free_bytes{mountpoint=\"/\"} %d\ndisk_free_bytes{mountpoint=\"/tmp\"} 1\n", free.Load())
	})
	h.runAgent(`- {name: disk, kind: prometheus, target: %q, when: 'disk_free_bytes{mountpoint="/"} < 1e9', every: 200ms}`, metrics)
	free.Store(1e6)
	h.waitFor("branch-3/disk", "open")
	free.Store(5e9)
	h.waitFor("branch-3/disk", "closed")
}

// A token that was used is refused with a reason.
func TestStoryTokenIsGoodForOneUse(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	token := h.token()
	for i, want := range []int{0, 1} {
		code, _, errs := once(t, nil, "agent", "join", "--hub", h.link, "--token", token, "--data-dir", t.TempDir())
		if code != want || (i == 1 && !strings.Contains(errs, "used already")) {
			t.Errorf("join number %d: %d %s", i+1, code, errs)
		}
	}
}

// The whole story: see hub/demo.
func TestStoryOutageFromEndToEnd(t *testing.T) {
	t.Parallel()
	code, out, errs := once(t, nil, "hub", "demo", "--once", "--http", "127.0.0.1:0", "--data-dir", t.TempDir())
	if code != 0 {
		t.Fatalf("%d\n%s%s", code, out, errs)
	}
}

// runAgent joins an agent and runs it with one check.
func (h *hub) runAgent(check string, args ...any) *process {
	h.t.Helper()
	dir := h.t.TempDir()
	config := filepath.Join(dir, "agent.yaml")
	text := "site: branch-3\nprobes: []\nchecks:\n  " + fmt.Sprintf(check, args...) + "\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	if code, _, errs := once(h.t, nil, "agent", "join", "--hub", h.link, "--token", h.token(), "--data-dir", dir); code != 0 {
		h.t.Fatalf("join: %d %s", code, errs)
	}
	return run(h.t, nil, "agent", "run", "--config", config, "--data-dir", dir)
}

// What an agent saw while the hub was away reaches it later (P13), with its own time.
func TestStoryAgentKeepsWhatTheHubCouldNotHear(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	site := newSite(t)
	agent := h.runAgent("- {name: website, kind: http, target: %q, every: 200ms, fail_after: 2}", site.url)
	visits := site.visits.Load()
	eventually(t, "the agent visits the website", func() bool { return site.visits.Load() > visits })
	h.kill()
	site.stop()
	agent.says("") // it lives on without a hub
	eventually(t, "the agent has seen it", func() bool { return strings.Contains(agent.out.String(), "STATE_DOWN") })
	agent.kill()
	site.start() // nobody but the spool knows of it now
	h.restart()
	agent.again()
	h.waitFor("branch-3/website", "closed") // the outage was told from the spool, the recovery as it was seen
}

// waitFor waits until the newest alert of an alias has a status.
func (h *hub) waitFor(alias, status string) {
	h.t.Helper()
	eventually(h.t, "the alert "+alias+" is "+status, func() bool {
		code, body := h.call("GET", "/v2/alerts?query="+url.QueryEscape("status: "+status)+"&limit=100", "")
		return code == 200 && strings.Contains(body, `"alias":"`+alias+`"`)
	})
}

// site is a web server that can stop and start again at the same address.
type site struct {
	t      *testing.T
	url    string
	addr   string
	server *http.Server
	visits atomic.Int64
}

func newSite(t *testing.T) *site {
	s := &site{t: t, addr: "127.0.0.1:0"}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *site) start() {
	s.t.Helper()
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.addr = l.Addr().String()
	s.url = "http://" + s.addr + "/"
	s.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { s.visits.Add(1) })}
	go s.server.Serve(l)
}

func (s *site) stop() { _ = s.server.Close() }

// newServer serves one handler until the test ends.
func newServer(t *testing.T, f http.HandlerFunc) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: f}
	go server.Serve(l)
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + l.Addr().String() + "/metrics"
}
