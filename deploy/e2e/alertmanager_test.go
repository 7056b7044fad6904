package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/client"
	"keng/mobile-gateway/voice/siptest/counterpart"
)

// alertmanagerConfig pages through the hub at %s with the key %s. Its description is empty where
// the alerts have none in common.
const alertmanagerConfig = `
route: {receiver: keng, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: keng
    opsgenie_configs:
      - api_url: %s
        api_key: %s
        update_alerts: true
        message: '{{ .CommonLabels.alertname }}: {{ len .Alerts.Firing }} firing'
        description: '{{ .CommonAnnotations.description }}'
        priority: '{{ .CommonLabels.priority }}'
        tags: 'prometheus, {{ .CommonLabels.severity }}'
        entity: '{{ .CommonLabels.cluster }}'
        details: {runbook: 'https://wiki.example.vn/{{ .CommonLabels.alertname }}'}
        responders:
          - {type: team, name: network}
          - {type: teams, name: 'no-such-team,{{ .CommonLabels.team }}'}
`

// alertmanager is Debian's Alertmanager, which runs.
type alertmanager struct {
	t   *testing.T
	url string
}

// startAlertmanager runs it with the hub as its only receiver.
func startAlertmanager(t *testing.T, h *hub) *alertmanager {
	t.Helper()
	path := counterpart.Need(t, "prometheus-alertmanager", "prometheus-alertmanager")
	dir, address := t.TempDir(), freeAddress(t)
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, fmt.Appendf(nil, alertmanagerConfig, h.url, h.key), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--config.file", file, "--storage.path", dir, "--web.listen-address", address, "--cluster.listen-address="}
	p := runCommand(t, nil, exec.Command(path, args...), "prometheus-alertmanager", args...)
	am := &alertmanager{t, "http://" + address}
	eventually(t, "Alertmanager is ready", func() bool {
		select {
		case <-p.done:
			t.Fatalf("Alertmanager ended:\n%s", p.out)
		default:
		}
		resp, err := http.Get(am.url + "/-/ready")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return am
}

// post posts alerts of the name WebDown as Prometheus does, one for each instance. With an end
// they are resolved.
func (am *alertmanager) post(description string, end time.Time, instances ...string) {
	am.t.Helper()
	var alerts []string
	for _, instance := range instances {
		ends := ""
		if !end.IsZero() {
			ends = fmt.Sprintf(`,"endsAt":%q`, end.Format(time.RFC3339Nano))
		}
		alerts = append(alerts, fmt.Sprintf(`{"labels":{"alertname":"WebDown","instance":%q,"severity":"page","priority":"P1","cluster":"hn","team":"network"},
			"annotations":{"description":%q}%s}`, instance, description, ends))
	}
	resp, err := http.Post(am.url+"/api/v2/alerts", "application/json", strings.NewReader("["+strings.Join(alerts, ",")+"]"))
	if err != nil {
		am.t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		am.t.Fatalf("Alertmanager: %d %s %v", resp.StatusCode, body, err)
	}
}

// failures are Alertmanager's own counts of what could not be sent to the hub.
func (am *alertmanager) failures() (counts []string) {
	am.t.Helper()
	resp, err := http.Get(am.url + "/metrics")
	if err != nil {
		am.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		am.t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		if strings.Contains(line, "_failed_total{") && strings.Contains(line, `integration="opsgenie"`) {
			counts = append(counts, strings.TrimSpace(line))
		}
	}
	if len(counts) == 0 {
		am.t.Fatal("Alertmanager does not count what has failed")
	}
	return counts
}

// Alertmanager makes an alert, changes it, and closes it, while the leader of three nodes is
// killed: nothing of it fails. Rules ogapi-9.client.post-then-put, keng-7.tools.empty-description.
func storyAlertmanager(t *testing.T, c cluster) {
	leader, others := c.leader(t, c[0])
	asked, other := others[0].in(t), others[1].in(t)
	am := startAlertmanager(t, asked)
	am.post("no answer since noon", time.Time{}, "web-1")
	var alias string
	eventually(t, "the hub lists the alert", func() bool {
		list, err := asked.client().Alerts(t.Context(), "status: open AND tag: prometheus", 10)
		if err != nil || len(list) != 1 {
			return false
		}
		alias = list[0].Alias
		return true
	})
	ref := alias + "?identifierType=alias"
	a := other.detail(ref, func(d client.Alert) bool { return d.Status == "open" })
	if a.Message != "WebDown: 1 firing" || a.Description != "no answer since noon" || a.Priority != "P1" || a.Entity != "hn" || !slices.Equal(a.Tags, []string{"prometheus", "page"}) ||
		a.Details["runbook"] != "https://wiki.example.vn/WebDown" || a.Details["instance"] != "web-1" || !strings.HasPrefix(a.Source, "http") || len(a.Responders) != 1 /* named twice, and one that does not exist */ {
		t.Errorf("%+v", a)
	}
	leader.kill()
	am.post("no answer since noon", time.Time{}, "web-1", "web-2")
	b := other.detail(ref, func(d client.Alert) bool { return d.Message == "WebDown: 2 firing" })
	if b.ID != a.ID || b.Count < 2 || b.Description != a.Description {
		t.Errorf("when it fires again: %+v", b)
	}
	am.post("another reason", time.Time{}, "web-3") // so they have none in common
	other.detail(ref, func(d client.Alert) bool { return d.Message == "WebDown: 3 firing" && d.Description == "" })
	leader.restart()
	am.post("another reason", time.Now(), "web-1", "web-2", "web-3")
	for _, h := range c {
		h.in(t).detail(a.ID, func(d client.Alert) bool { return d.Status == "closed" })
	}
	for _, count := range am.failures() {
		if !strings.HasSuffix(count, " 0") {
			t.Errorf("Alertmanager says %s", count)
		}
	}
}
