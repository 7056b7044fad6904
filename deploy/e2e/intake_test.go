package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// Nagios takes characters out of some macros alone: common/macros.c of Nagios Core 4, init_macros and clean_macro_chars. They are
// control characters and illegal_macro_output_chars, here as in its sample configuration.
var (
	cleaned         = regexp.MustCompile(`^\$((LONG)?(HOST|SERVICE)OUTPUT|(HOST|SERVICE)(PERFDATA|ACKAUTHOR|ACKCOMMENT))\$$`)
	illegalInOutput = regexp.MustCompile("[\\x00-\\x1f\\x7f`~$&|'\"<>]")
)

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
	line := strings.Replace(m[1], "/usr/local/bin/keng-notify", n.script, 1) + ` responders='an@example.vn'` // as the page says that one may
	line = regexp.MustCompile(`\$[A-Z]+\$`).ReplaceAllStringFunc(line, func(name string) string {
		value := macros[strings.Trim(name, "$")]
		if cleaned.MatchString(name) {
			value = illegalInOutput.ReplaceAllString(value, "")
		}
		return value
	})
	cmd := exec.CommandContext(n.t.Context(), "sh", "-c", line)
	cmd.Dir, cmd.Env = filepath.Dir(n.script), append(os.Environ(), "KENG_NOTIFY_CONF="+n.conf)
	out, err := cmd.CombinedOutput()
	if err != nil {
		n.t.Fatalf("%v\n%s\n%s", err, line, out)
	}
	return resultOf(n.t, out)
}

// nagiosComment is what somebody writes in Nagios' pages who acknowledges: a shell would read much in it.
const nagiosComment = `it's "x" $(touch pwned)`

// about returns what tells of a host or a service ("HOST", "SERVICE"), which has those macros, and what the hub then says.
func (n *nagiosMonitor) about(of string, macros map[string]string) func(kind, state, output string) string {
	return func(kind, state, output string) string {
		m := maps.Clone(macros)
		m["NOTIFICATIONTYPE"], m[of+"STATE"], m[of+"OUTPUT"] = kind, state, output
		if kind == "ACKNOWLEDGEMENT" {
			m[of+"ACKAUTHOR"], m[of+"ACKCOMMENT"], m["NOTIFICATIONAUTHOR"], m["NOTIFICATIONCOMMENT"] = "lan", nagiosComment, "lan", nagiosComment
		}
		return n.notify("notify-"+strings.ToLower(of)+"-by-keng", m)
	}
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
	service := n.about("SERVICE", map[string]string{"HOSTNAME": "web-1", "HOSTSTATE": "UP", "SERVICEDESC": `Disk C:\`})
	host := n.about("HOST", map[string]string{"HOSTNAME": "sw-2", "HOSTADDRESS": "192.0.2.2"})
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
		{service, "CRITICAL", "OK", `web-1/Disk C:\`, `web-1/Disk C:\ is CRITICAL: no answer (90 %) \`},
		{host, "DOWN", "UP", "sw-2", `sw-2 is DOWN: no answer (90 %) \`},
		{icinga, "DOWN", "UP", "sw-1", `sw-1 is DOWN: no answer (90 %) \`},
	} {
		for _, step := range []struct{ kind, state, result string }{
			{"PROBLEM", monitor.bad, "Created alert"}, {"PROBLEM", monitor.bad, "Existing alert occurred again"},
			{"ACKNOWLEDGEMENT", monitor.bad, "Acknowledged alert"}, {"RECOVERY", monitor.good, "Closed alert"}, {"RECOVERY", monitor.good, "Alert does not exist"},
		} {
			if got := monitor.tell(step.kind, step.state, `no answer (90 %) \`); got != step.result {
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
			if step.kind != "ACKNOWLEDGEMENT" || monitor.alias == "sw-1" { // Icinga's body has no comment
				continue
			}
			told := func(e client.Entry) bool { return e.Owner == "lan" && strings.Contains(e.Text, "its x (touch pwned)") }
			if log, err := h.client().Log(t.Context(), client.ByAlias(monitor.alias)); err != nil || !slices.ContainsFunc(log, told) {
				t.Errorf("%s: who acknowledged and why is not told: %+v, %v", monitor.alias, log, err)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
		t.Error("what was in a comment was run")
	}
	if n := len(mails.Mails()); n != 3 {
		t.Errorf("there were %d mails, want one for each problem", n)
	}
	if strings.Contains(fmt.Sprint(h.out), h.key) {
		t.Error("the key is in the hub's log")
	}
}
