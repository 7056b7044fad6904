package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Story (c), in real processes and seconds instead of an hour: a hub is away. What goes down and
// comes up again meanwhile is told in order, once, and pages nobody (P9); what is down still
// is told, too (P13).
func TestStoryAgentWithoutAHub(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	brief, lasting := newSite(t), newSite(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "agent.yaml")
	text := fmt.Sprintf("site: branch-3\nprobes: []\nchecks:\n"+
		"  - {name: brief, kind: http, target: %q, every: 100ms}\n  - {name: lasting, kind: http, target: %q, every: 100ms}\n", brief.url, lasting.url)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := once(t, nil, "agent", "join", "--hub", h.link, "--token", h.token(), "--data-dir", dir); code != 0 {
		t.Fatalf("join: %d %s", code, errs)
	}
	agent := run(t, nil, "agent", "run", "--config", config, "--data-dir", dir)
	saw := func(words string, times int) {
		t.Helper()
		eventually(t, words, func() bool {
			n := 0
			for line := range strings.Lines(agent.out.String()) {
				if strings.Contains(line, "verdict") && containsAll(line, words) {
					n++
				}
			}
			return n >= times
		})
	}
	saw("check=brief state=STATE_UP", 1)
	saw("check=lasting state=STATE_UP", 1)
	h.kill()
	for round := range 2 {
		brief.stop()
		saw("check=brief state=STATE_DOWN", round+1)
		brief.start()
		saw("check=brief state=STATE_UP", round+2)
	}
	lasting.stop()
	saw("check=lasting state=STATE_DOWN", 1)
	h.restart()
	h.waitFor("branch-3/lasting", "open")
	h.waitFor("branch-3/brief", "closed")
	code, body := h.call("GET", "/v2/alerts?query="+url.QueryEscape("status: closed")+"&limit=100", "")
	if n := strings.Count(body, `"alias":"branch-3/brief"`); code != 200 || n != 2 {
		t.Errorf("two outages were told as %d: %s", n, body)
	}
	lasting.start()
	h.waitFor("branch-3/lasting", "closed")
	_, body = h.call("GET", "/v2/alerts?query="+url.QueryEscape("status: closed")+"&limit=100", "")
	if n := strings.Count(body, `"alias":`); n != 3 {
		t.Errorf("three outages came to %d alerts: %s", n, body)
	}
}

func containsAll(line, words string) bool {
	for _, word := range strings.Fields(words) {
		if !strings.Contains(line, word) {
			return false
		}
	}
	return true
}
