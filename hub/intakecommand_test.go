package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"keng/hub/client"
)

// What a tool sends is tried by the rules of a hub or, without a key, by the format's own, and
// nothing comes of it.
func TestIntakeCommand(t *testing.T) {
	h, _ := rota(t)
	body := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	down := body("down.json", `{"notification_type":"PROBLEM","host_name":"web-1","host_state":"DOWN","host_output":"no answer","tags":"net","responders":"an@example.vn"}`)
	h.want(0, "intake test --type nagios "+down, `(?s)^Format nagios, tried by the hub at http.*1\. PROBLEM\n.*host_state: DOWN.*action: +create\n.*alias: +web-1\n.*message: web-1 is DOWN: no answer\n.*priority: P3\n.*tags: +net\n +for: +user `)
	h.want(0, "intake test --defaults --type nagios "+down, `(?s)^Format nagios, tried by the format's default actions.*action: +create\n.*for: +an@example\.vn`)
	h.want(0, "intake test --type oem "+body("oem.json", `{"SEVERITY":"Clear","TARGET_NAME":"orcl"}`), `(?s)UNVERIFIED: .*action: +close\n`)
	h.want(1, "intake test --type nagios "+body("other.json", `{"hello":1}`), `notification_type`)
	h.want(1, "intake test --defaults --type nothing "+down, `There are: nagios, `)
	h.want(1, "intake test --type nagios "+down+".gone", `no such file`)
	h.want(2, "intake test "+down, `--type`)
	var list strings.Builder
	if err := (&intakeFormatsCommand{}).Run(&list); err != nil || !regexp.MustCompile(`(?s)Icinga 2 +/v1/json/icinga2\n.*/v1/json/oem  \(unverified\)`).MatchString(list.String()) {
		t.Errorf("the formats are %v\n%s", err, &list)
	}
	var shown client.ToolTrial
	h.json("intake test --json --type nagios "+down, &shown)
	if len(shown.Inputs) != 1 || shown.Inputs[0].Alert == nil || !shown.Verified {
		t.Errorf("as JSON it is %+v", shown)
	}
	c, err := client.New(h.url, workKey)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := c.TryTool(t.Context(), "nagios", []byte(`{"notification_type":"RECOVERY","host_name":"web-1"}`)); err != nil || found.Inputs[0].AlertID != "" {
		t.Errorf("a trial has made an alert: %+v, %v", found, err)
	}
	if _, err := c.TryTool(t.Context(), "a b?c", nil); err == nil || !strings.Contains(err.Error(), "There are: nagios, ") {
		t.Errorf("a name that is none of a path: %v", err)
	}
}
