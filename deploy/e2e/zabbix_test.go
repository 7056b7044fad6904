package e2e

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"keng/hub/client"
	"keng/mobile-gateway/voice/siptest/counterpart"
)

// zabbix does what the script of Zabbix 7's media type Opsgenie does: it posts, and asks at once
// and without a pause what became of that, 25 times at most. Here it asks another node.
type zabbix struct {
	t          *testing.T
	send, poll string // its parameter opsgenie_api, for each of the two
	key        string
}

// request makes a request and reads its answer. 404 is no failure where it may be.
func (z zabbix) request(method, url, body string, missing bool) (out struct {
	Result, RequestID string
	Data              *struct {
		Success         bool
		Status, AlertID string
	}
},
) {
	z.t.Helper()
	req, err := http.NewRequestWithContext(z.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		z.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "GenieKey "+z.key)
	req.Header.Set("User-Agent", "") // it has none
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		z.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || json.Unmarshal(raw, &out) != nil || resp.StatusCode/100 != 2 && !(missing && resp.StatusCode == http.StatusNotFound) {
		z.t.Fatalf("%s %s: %d %s %v", method, url, resp.StatusCode, raw, err)
	}
	return out
}

// tell posts something and returns the alert's id. It fails where the script would.
func (z zabbix) tell(path, body string) string {
	z.t.Helper()
	posted := z.request(http.MethodPost, z.send+"/"+path, body, false)
	if posted.Result == "" || posted.RequestID == "" {
		z.t.Fatalf("%s: it was not taken: %+v", path, posted)
	}
	status := posted
	for left := 25; left > 0 && (status.Data == nil || !status.Data.Success); left-- {
		status = z.request(http.MethodGet, z.poll+"/requests/"+posted.RequestID, "", true)
	}
	if status.Data == nil || !status.Data.Success {
		z.t.Fatalf("%s: what became of it: %+v", path, status.Data)
	}
	return status.Data.AlertID
}

// The sequence of a problem in Zabbix: it comes, is acknowledged, commented, not acknowledged any
// more, and ends. Each request is posted at one node, and its fate known at another at once.
func storyZabbixSequence(t *testing.T, c cluster) {
	const event = "4711"
	z := zabbix{t, c[1].url + "/v2/alerts", c[2].url + "/v2/alerts", c[1].key}
	// Without teams and tags the script sends one of each with an empty name.
	id := z.tell("", fmt.Sprintf(`{"message":%q,"alias":"4711","description":"Problem started at 10:00\r\nHost: web-1\r\n","priority":"P1","source":"Zabbix",
		"details":{"Zabbix server":"http://zabbix.example.vn/","Problem":"http://zabbix.example.vn/tr_events.php?triggerid=99&eventid=4711"},
		"responders":[{"type":"team","name":""}],"tags":["scope:availability","x_y",""]}`, "Problem: "+strings.Repeat("ế", 130)))
	h := c[0].in(t)
	h.detail(id, func(d client.Alert) bool {
		return d.Alias == event && strings.HasPrefix(d.Message, "Problem: ế") && d.Source == "Zabbix" && len(d.Tags) == 2 && d.Details["Zabbix server"] == "http://zabbix.example.vn/"
	})
	move := func(what, user, note string) string {
		t.Helper()
		return z.tell(event+"/"+what+"?identifierType=alias", fmt.Sprintf(`{"user":%q,"note":%q}`, user, note))
	}
	for _, step := range []struct {
		what, user, note string
		then             func(client.Alert) bool
	}{
		{"acknowledge", "An Nguyen", "An Nguyen acknowledged problem.", func(d client.Alert) bool { return d.Acknowledged && d.Owner == "An Nguyen" }},
		{"notes", "An Nguyen", "the disk is on its way", func(d client.Alert) bool { return d.Acknowledged }},
		{"unacknowledge", "An Nguyen", "An Nguyen unacknowledged problem.", func(d client.Alert) bool { return !d.Acknowledged && d.Status == "open" }},
		{"close", "", "Problem has been resolved in 5m", func(d client.Alert) bool { return d.Status == "closed" }},
	} {
		if about := move(step.what, step.user, step.note); about != id {
			t.Errorf("%s was about the alert %q, not %s", step.what, about, id)
		}
		h.detail(id, step.then)
	}
}

// zabbixScript returns the script of the media type Opsgenie and its parameters, as the Debian
// package with the tool zabbix_js brings it for Zabbix's database.
func zabbixScript(t *testing.T, tool string) (script string, parameters map[string]string) {
	t.Helper()
	f, err := os.Open(filepath.Join(filepath.Dir(tool), "..", "share", "zabbix-server-pgsql", "data.sql.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	sql, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?s)INSERT INTO (media_type|media_type_param) \(([^)]*)\) values \(((?:E?'(?:[^']|'')*',?)*)\);`)
	value := regexp.MustCompile(`(?s)(E?)'((?:[^']|'')*)'`)
	id := ""
	parameters = map[string]string{}
	for _, row := range rows.FindAllStringSubmatch(string(sql), -1) {
		fields := map[string]string{}
		values := value.FindAllStringSubmatch(row[3], -1)
		for i, name := range strings.Split(row[2], ",") {
			text := strings.ReplaceAll(values[i][2], "''", "'")
			if values[i][1] == "E" { // PostgreSQL's escapes
				text = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t").Replace(text)
			}
			fields[name] = text
		}
		switch {
		case row[1] == "media_type" && fields["name"] == "Opsgenie":
			id, script = fields["mediatypeid"], fields["script"]
		case row[1] == "media_type_param" && fields["mediatypeid"] == id && id != "":
			parameters[fields["name"]] = fields["value"]
		}
	}
	if script == "" || len(parameters) == 0 {
		t.Fatalf("there is no media type Opsgenie in %s", f.Name())
	}
	return script, parameters
}

// Zabbix's own script, run by Zabbix's own engine, says that all went well.
func storyZabbixScript(t *testing.T, h *hub) {
	tool := counterpart.Need(t, "zabbix_js", "zabbix-server-pgsql")
	script, parameters := zabbixScript(t, tool)
	dir := t.TempDir()
	file := filepath.Join(dir, "opsgenie.js")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	// What Zabbix would fill in, and what deploy/docs/zabbix.md has an administrator set.
	maps.Copy(parameters, map[string]string{
		"alert_message": "Problem started at 10:00\r\nHost: web-1", "alert_subject": "Problem: web-1 is down", "event_id": "5001", "event_nseverity": "4", "event_source": "0",
		"event_tags_json": `[{"tag":"scope","value":"availability"}]`, "event_update_action": "", "event_update_status": "0", "event_value": "1", "trigger_id": "99",
		"zbxurl": "http://zabbix.example.vn", "zbxuser": "An", "opsgenie_api": h.url + "/v2/alerts", "opsgenie_web": h.url, "opsgenie_token": h.key, "opsgenie_teams": "network",
	})
	run := func(more map[string]string) (result struct{ Tags map[string]string }) {
		t.Helper()
		all := maps.Clone(parameters)
		maps.Copy(all, more)
		in, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), tool, "-s", file, "-p", string(in), "-t", "20").CombinedOutput()
		if err != nil || json.Unmarshal(out, &result) != nil {
			t.Fatalf("the script failed at %v: %v\n%s", more, err, out)
		}
		return result
	}
	tags := run(nil).Tags
	id := tags["__zbx_ops_issuekey"]
	if tags["__zbx_ops_issuelink"] != h.url+"/alert/detail/"+id {
		t.Errorf("what Zabbix remembers: %v", tags)
	}
	a := h.detail(id, func(d client.Alert) bool { return d.Status == "open" })
	if a.Message != "Problem: web-1 is down" || a.Alias != "5001" || a.Priority != "P2" || len(a.Responders) != 1 || a.Tags[0] != "scope:availability" {
		t.Errorf("%+v", a)
	}
	run(map[string]string{"event_update_status": "1", "event_update_action": "acknowledged"})
	h.detail(id, func(d client.Alert) bool { return d.Acknowledged && d.Owner == "An" })
	run(map[string]string{"event_value": "0"})
	h.detail(id, func(d client.Alert) bool { return d.Status == "closed" })
}
