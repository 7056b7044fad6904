package e2e

import (
	"encoding/json"
	"net/http"
	"testing"

	"keng/hub/client"
)

// The tools that page through Opsgenie, unmodified, page through three hub nodes. They share one
// cluster; the story that kills a node is the last one.
func TestStoryTools(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	c[0].team("network", c[0].person("An", "vi_VN", push("an-phone", 0)))
	t.Run("Grafana", func(t *testing.T) { storyGrafana(t, c) })
	t.Run("Zabbix's sequence", func(t *testing.T) { storyZabbixSequence(t, c) })
	t.Run("Zabbix's script", func(t *testing.T) { storyZabbixScript(t, c[1].in(t)) })
	t.Run("Alertmanager", func(t *testing.T) { storyAlertmanager(t, c) })
}

// detail returns an alert, once it is as wanted.
func (h *hub) detail(ref string, wanted func(client.Alert) bool) client.Alert {
	h.t.Helper()
	var out struct{ Data client.Alert }
	code, body := 0, ""
	defer func() {
		if h.t.Failed() {
			h.t.Logf("%s: %d %s", ref, code, body)
		}
	}()
	eventually(h.t, "node "+h.id+" tells of "+ref+" what is wanted", func() bool {
		code, body = h.call(http.MethodGet, "/v2/alerts/"+ref, "")
		out.Data = client.Alert{}
		return code == http.StatusOK && json.Unmarshal([]byte(body), &out) == nil && wanted(out.Data)
	})
	return out.Data
}
