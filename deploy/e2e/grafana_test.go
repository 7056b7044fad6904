package e2e

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"keng/hub/client"
)

// grafana is a contact point of the type opsgenie, as Grafana's alerting sends for it: a creation
// each time that a group of alerts is told of, and one close when all of them are resolved.
type grafana struct {
	t    *testing.T
	url  string // its setting apiUrl
	key  string
	hash string // of the group, which is the alias
}

func (g grafana) send(url, body string) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Grafana")
	req.Header.Set("Authorization", "GenieKey "+g.key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, _ := io.ReadAll(resp.Body); resp.StatusCode/100 != 2 { // anything else counts as failed
		g.t.Fatalf("Grafana gives up: %d %s", resp.StatusCode, answer)
	}
}

// fires tells of alerts. more is put beside what is always there.
func (g grafana) fires(title, more string) {
	g.t.Helper()
	g.send(g.url, fmt.Sprintf(`{"alias":%q,"message":%q,"description":"%s\nhttp://grafana.example.vn/alerting/list\n\n**Firing**\n\nValue: A=97\nLabels:\n - alertname = Disk\n","source":"Grafana",%s}`,
		g.hash, title, title, more))
}

func (g grafana) resolves() {
	g.t.Helper()
	g.send(g.url+"/"+g.hash+"/close?identifierType=alias", `{"source":"Grafana"}`)
}

// Grafana sends labels as tags, as details, or as both, and the label og_priority as the priority.
// What it sends at one node is seen at the others.
func storyGrafana(t *testing.T, c cluster) {
	g := grafana{t, c[1].url + "/v2/alerts", c[1].key, strings.Repeat("9ad702712ef65aac", 4)}
	other := c[2].in(t)
	folder := strings.Repeat("Ổ đĩa ", 20) // longer than a tag may be
	g.fires("[FIRING:1] Disk HN", fmt.Sprintf(`"details":{"alertname":"Disk","grafana_folder":%q,"og_priority":"P2","url":"http://grafana.example.vn/alerting/list"},
		"priority":"P2","responders":[{"name":"network","type":"team"}],"tags":["alertname:Disk","grafana_folder:%s","og_priority:P2"]`, folder, folder))
	a := other.detail(g.hash+"?identifierType=alias", func(d client.Alert) bool { return d.Status == "open" })
	if a.Message != "[FIRING:1] Disk HN" || a.Source != "Grafana" || a.Priority != "P2" || len(a.Responders) != 1 || a.Responders[0].Type != "team" || a.Details["grafana_folder"] != folder ||
		a.Details["url"] != "http://grafana.example.vn/alerting/list" || !strings.Contains(a.Description, "Value: A=97\n") {
		t.Errorf("%+v", a)
	}
	if len(a.Tags) != 3 || a.Tags[0] != "alertname:Disk" || !strings.HasPrefix(a.Tags[1], "grafana_folder:Ổ đĩa ") || !slices.Contains(a.Tags, "og_priority:P2") {
		t.Errorf("tags: %q", a.Tags)
	}
	g.fires("[FIRING:2] Disk", `"details":{"url":"http://grafana.example.vn/alerting/list"},"tags":[]`)
	other.detail(a.ID, func(d client.Alert) bool { return d.Count == 2 && d.Status == "open" })
	g.resolves()
	other.detail(a.ID, func(d client.Alert) bool { return d.Status == "closed" })
	g.resolves() // when a person has closed it before, nothing is wrong
}
