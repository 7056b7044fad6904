package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"keng/hub/channel/email/smtptest"
	"keng/hub/client"
)

// written matches the files that a page of the documentation has people write.
var written = regexp.MustCompile(`(?s)cat > (\S+) <<'(\w+)'\n(.*?)\n(?:SH|CFG|CONF)\n`)

// filesOf returns the files that a page has people write, by name.
func filesOf(t *testing.T, page string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, m := range written.FindAllStringSubmatch(string(text), -1) {
		files[m[1]] = m[3] + "\n"
	}
	return files
}

// nagiosMonitor is Nagios with the page's objects and script, as far as its notifications go.
type nagiosMonitor struct {
	t       *testing.T
	objects string
	script  string
	conf    string
}

// notify runs a command of the objects as Nagios does: macros filled in, by a shell.
func (n *nagiosMonitor) notify(command string, macros map[string]string) string {
	n.t.Helper()
	m := regexp.MustCompile(`command_name  ` + command + `\n    command_line  (.*)\n`).FindStringSubmatch(n.objects)
	if m == nil {
		n.t.Fatalf("there is no command %s", command)
	}
	line := strings.Replace(m[1], "/usr/local/bin/keng-notify", n.script, 1) + ` responders="an@example.vn"` // as the page says that one may
	line = regexp.MustCompile(`\$[A-Z]+\$`).ReplaceAllStringFunc(line, func(name string) string {
		return regexp.MustCompile("[`~$&|'\"<>]").ReplaceAllString(macros[strings.Trim(name, "$")], "") // illegal_macro_output_chars
	})
	cmd := exec.CommandContext(n.t.Context(), "sh", "-c", line)
	cmd.Env = append(os.Environ(), "KENG_NOTIFY_CONF="+n.conf)
	out, err := cmd.CombinedOutput()
	if err != nil {
		n.t.Fatalf("%v\n%s\n%s", err, line, out)
	}
	return resultOf(n.t, out)
}

func resultOf(t *testing.T, reply []byte) string {
	t.Helper()
	var told struct{ Result string }
	if err := json.Unmarshal(reply, &told); err != nil {
		t.Fatalf("%v: %s", err, reply)
	}
	return told.Result
}

// Nagios, with the objects and the script of the documentation, and Icinga 2, with what
// Opsgenie's own script posts, tell of a problem, tell it again, of its acknowledgement and of its end. A person is
// mailed once for each, and the hub's log does not have the key.
func TestStoryNagiosAndIcinga(t *testing.T) {
	t.Parallel()
	mails, flags := startSMTP(t)
	h := startHub(t, flags...)
	h.person("An", "en_GB", mailTo("an@mail.example.vn", 0))

	files, dir := filesOf(t, "nagios.md"), t.TempDir()
	n := &nagiosMonitor{t: t, objects: files["keng.cfg"], script: filepath.Join(dir, "keng-notify"), conf: filepath.Join(dir, "notify.conf")}
	if files["keng-notify"] != filesOf(t, "icinga.md")["keng-notify"] {
		t.Error("the pages on Nagios and on Icinga have different scripts")
	}
	for path, text := range map[string]string{n.script: files["keng-notify"], n.conf: "KENG_URL=" + h.url + "\nKENG_API_KEY=" + h.key + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	nagios := func(kind, state, output string) string {
		return n.notify("notify-service-by-keng", map[string]string{"NOTIFICATIONTYPE": kind, "HOSTNAME": "web-1", "HOSTSTATE": "UP", "SERVICEDESC": "HTTP", "SERVICESTATE": state,
			"SERVICEOUTPUT": output, "NOTIFICATIONAUTHOR": "lan", "NOTIFICATIONCOMMENT": "I look"})
	}
	icinga := func(kind, state, output string) string {
		body, _ := json.Marshal(map[string]string{"apiKey": h.key, "icinga_server": "default", "responders": "an@example.vn", "tags": "", "logPath": "", "entity_type": "host", // of texts
			"notification_type": kind, "host_name": "sw-1", "host_display_name": "sw-1", "host_address": "192.0.2.1", "host_state": state, "host_output": output})
		req, err := http.NewRequestWithContext(t.Context(), "POST", h.url+"/v1/json/icinga2", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		reply, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 { // the script takes anything else for a failure
			t.Fatalf("%d %s, %v", resp.StatusCode, reply, err)
		}
		return resultOf(t, reply)
	}
	mailed := func(words string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := mails.Wait(ctx, func(m smtptest.Mail) bool { return strings.Contains(m.Subject, words) }); err != nil {
			t.Errorf("no mail tells %q: %v", words, err)
		}
	}
	for _, monitor := range []struct {
		tell                    func(kind, state, output string) string
		bad, good, alias, words string
	}{
		{nagios, "CRITICAL", "OK", "web-1/HTTP", `web-1/HTTP is CRITICAL: no answer \ (90 %)`},
		{icinga, "DOWN", "UP", "sw-1", `sw-1 is DOWN: no answer \ (90 %)`},
	} {
		for _, step := range []struct{ kind, state, result string }{
			{"PROBLEM", monitor.bad, "Created alert"}, {"PROBLEM", monitor.bad, "Existing alert occurred again"},
			{"ACKNOWLEDGEMENT", monitor.bad, "Acknowledged alert"}, {"RECOVERY", monitor.good, "Closed alert"}, {"RECOVERY", monitor.good, "Alert does not exist"},
		} {
			if got := monitor.tell(step.kind, step.state, `no answer \ (90 %)`); got != step.result {
				t.Fatalf("%s %s: %s", monitor.alias, step.kind, got)
			}
			if step.result == "Created alert" {
				mailed(monitor.words)
			}
			a, err := h.client().Alert(t.Context(), client.ByAlias(monitor.alias))
			if step.kind == "RECOVERY" { // nothing open has the alias
				if err == nil {
					t.Errorf("%s is still %s", monitor.alias, a.Status)
				}
				continue
			}
			if err != nil || a.Message != monitor.words || a.Acknowledged != (step.kind == "ACKNOWLEDGEMENT") {
				t.Errorf("%s %s: %+v, %v", monitor.alias, step.kind, a, err)
			}
		}
	}
	if n := len(mails.Mails()); n != 2 {
		t.Errorf("there were %d mails, want one for each problem", n)
	}
	if strings.Contains(fmt.Sprint(h.out), h.key) {
		t.Error("the key is in the hub's log")
	}
}
