package e2e

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"keng/hub/client"
	"keng/mobile-gateway/voice/siptest/counterpart"
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

func TestDocsAlertmanager(t *testing.T) {
	t.Parallel()
	counterpart.Need(t, "prometheus-alertmanager", "prometheus-alertmanager")
	out := runDoc(t, "alertmanager.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):], ":9093", ":"+freeTCP(t))
	for _, part := range []string{`"message":"WebDown (2 firing)"`, `"status":"closed"`, "alertmanager_notifications_failed_total{integration=\"opsgenie\"} 0\n"} {
		if !strings.Contains(out, part) {
			t.Errorf("it does not say %q:\n%s", part, out)
		}
	}
}

func TestDocsZabbix(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "zabbix.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, action := range []string{"Create", "Acknowledge", "AddNote", "UnAcknowledge", "Close"} {
		if !strings.Contains(out, `"success":true,"isSuccess":true,"action":"`+action+`"`) {
			t.Errorf("%s did not succeed:\n%s", action, out)
		}
	}
}

func TestDocsGrafana(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "grafana.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, part := range []string{`"priority":"P2"`, `"status":"open"`, `"status":"closed"`, `"tags":["alertname:DiskFull","grafana_folder:Servers","og_priority:P2"]`} {
		if !strings.Contains(out, part) {
			t.Errorf("it does not say %q:\n%s", part, out)
		}
	}
}

func TestDocsOpsgenie(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "opsgenie.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, part := range []string{`"result":"Request will be processed"`, `"status":"Created alert"`, `"acknowledged":true`, `"tags":["web","log"]`, `"snoozed":true`, `"owner":"an@example.vn"`,
		`"priority":"P1"`, `"result":"Created","data":{"id":"1"}`, `"success":false,"isSuccess":false,"action":"Close"`, `"status":"Alert does not exist"`} {
		if !strings.Contains(out, part) {
			t.Errorf("it does not say %q:\n%s", part, out)
		}
	}
}

// Nobody has lamp as a package. Where it is not installed a stand-in sends what it was seen to send, so that
// the page's steps are tried with the hub everywhere.
func TestDocsLamp(t *testing.T) {
	t.Parallel()
	lamp, err := exec.LookPath("lamp")
	if err != nil {
		if lamp, err = filepath.Abs("testdata/lamp.sh"); err != nil {
			t.Fatal(err)
		}
	}
	out := runDoc(t, "lamp.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):], "\nlamp ", "\n"+lamp+" ")
	if strings.Contains(out, "ERROR") || !strings.Contains(out, "Alert closed: A new one is in") || !strings.Contains(out, "Note: I have ordered one") {
		t.Errorf("lamp says\n%s", out)
	}
}
