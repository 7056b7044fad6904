package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/hub/app"
	"keng/hub/client"
	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/proto/link"
)

// buffer is a log that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A node tells of itself in /metrics and calls the watchdog; and whatever goes wrong
// around a secret, the log does not hold it, not even at its most talkative.
func TestMetricsWatchdogAndNoSecretInTheLog(t *testing.T) {
	t.Parallel()
	called := make(chan string, 8)
	dog := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case called <- r.URL.Path:
		default:
		}
	}))
	t.Cleanup(dog.Close)
	log, key, dir := &buffer{}, rand.Text(), t.TempDir()
	a, err := app.New(app.Options{
		DataDir: dir, HTTP: "127.0.0.1:0", Link: "127.0.0.1:0", NodeID: "n1", Bootstrap: true, BootstrapKey: key, Watchdog: dog.URL + "/ping/watchdog-secret",
		Logger: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(context.Background()) })
	api, err := client.New("http://"+a.HTTPAddr(), key)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{a, api}
	select {
	case path := <-called:
		if path != "/ping/watchdog-secret" {
			t.Errorf("the watchdog was called at %s", path)
		}
	case <-time.After(20 * time.Second):
		t.Error("the watchdog was not called")
	}
	team := staff(t, n)
	g := connectGateway(t, n, admit(t, n))
	do(t, n, state.CreateAlert{Draft: alert.Draft{Message: "disk full", Priority: core.P1, Responders: []alert.Responder{team}}})
	page := g.next().GetPage()
	for i, stage := range []channel.Stage{channel.Attempted, channel.Accepted, channel.Done} {
		g.report(channel.Report{Page: page.GetId(), Number: uint32(i + 1), Stage: stage})
	}
	token, err := n.api.CreateToken(t.Context(), client.TokenSpec{Uses: 1, Lifetime: client.Lifetime(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	// A good join, and one with the token used up; requests with a good and a wrong key.
	for range 2 {
		_, _, _ = endpoint(t).Join(t.Context(), n.LinkAddr(), token, link.Agent, "a machine")
	}
	wrong := rand.Text()
	for _, url := range []string{"/v2/alerts?apiKey=" + wrong, "/v2/alerts?apiKey=" + key, "/v2/nothing?apiKey=" + key} {
		response, err := http.Get("http://" + n.HTTPAddr() + url)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	wantMetrics(t, n, `keng_pages_total{failure="",kind="push",stage="done"} 1`, `keng_peers_connected{kind="gateway"} 1`, "\nkeng_leader 1\n",
		`keng_http_requests_total{code="401",method="GET",path="/v2/alerts"} 1`, "\nkeng_orphaned_alerts 0\n")
	master, err := os.ReadFile(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "joining refused") {
		t.Error("the log does not tell of the refused machine")
	}
	for what, secret := range map[string]string{
		"API key": key, "wrong API key": wrong, "token": strings.Split(token, ".")[2], "master key": strings.TrimSpace(string(master)), "watchdog": "watchdog-secret",
	} {
		if secret == "" || strings.Contains(log.String(), secret) {
			t.Errorf("the log holds the %s", what)
		}
	}
}

// wantMetrics waits until /metrics holds some lines.
func wantMetrics(t *testing.T, n *node, lines ...string) {
	t.Helper()
	var text string
	for end := time.Now().Add(25 * time.Second); time.Now().Before(end); {
		response, err := http.Get("http://" + n.HTTPAddr() + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != 200 {
			t.Fatalf("GET /metrics: %s, %v", response.Status, err)
		}
		text = string(body)
		missing := ""
		for _, line := range lines {
			if !strings.Contains(text, line) {
				missing = line
			}
		}
		if missing == "" {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	t.Errorf("the metrics lack one of %q:\n%s", lines, text)
}
