package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const example = `# agent.yaml
site: branch-3
probes: [192.0.2.1, "dns.example.vn:53"]
checks:
  - {name: website, kind: http, target: "https://example.vn/", every: 30s, fail_after: 2, priority: P1, team: it}
  - {name: máy chủ tên miền, kind: dns, target: example.vn, server: 192.0.2.53, type: MX}
  - {name: node,    kind: prometheus, target: "http://127.0.0.1:9100/metrics", when: 'node_filesystem_avail_bytes{mountpoint="/"} < 1e9', for: 5m}
`

func TestParseConfig(t *testing.T) {
	config, err := ParseConfig([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if config.Site != "branch-3" || len(config.Checks) != 3 || len(config.Probes) != 2 {
		t.Fatalf("%+v", config)
	}
	web := config.Checks[0]
	if web.Every != 30*time.Second || web.FailAfter != 2 || web.Priority != "P1" || web.Team != "it" || web.Kind != "http" {
		t.Errorf("%+v", web)
	}
	if got := config.Checks[1].Values.Text("type"); got != "MX" {
		t.Errorf("type %q", got)
	}
	if node := config.Checks[2]; node.For != 5*time.Minute || node.Values.Text("when") == "" {
		t.Errorf("%+v", node)
	}
}

func TestProbesMayBeNone(t *testing.T) {
	config, err := ParseConfig([]byte("site: x\nprobes: []"))
	if err != nil || config.Probes == nil || len(config.probeNames()) != 0 {
		t.Fatal(config.Probes, err)
	}
}

// Each problem names its line and what to do.
func TestParseConfigSaysWhatIsWrong(t *testing.T) {
	check := func(fields string) string {
		return "site: x\nchecks:\n  - name: web\n    kind: http\n    target: http://y/\n    " + fields
	}
	for text, want := range map[string]string{
		"":                  "it is empty",
		"- a":               "line 1: the configuration must be a map",
		"site: [":           "line 1",
		"site: x\nsites: y": "line 2: sites: unknown key; known are site, checks, probes",
		"site: x\nsite: y":  "line 2: site: is given twice (first in line 1); remove one",
		"checks: [{name: a, kind: http, target: 'http://y/'}]": "line 1: site: is missing",
		"site: a/b":                       "line 1: site: \"a/b\" has a character that names cannot have",
		"site:":                           "line 1: site: must be a text",
		"site: x\nchecks: 3":              "line 2: checks: must be a list",
		"site: x\nchecks:\n  - a":         "line 3: a check must be a map",
		"site: x\nprobes: [a b]":          "line 2: probes: \"a b\" is no host",
		"site: x\nprobes: ['a', 'a']":     "named twice",
		"site: x\nprobe_every: 1ms":       "line 2: probe_every: 1ms is out of bounds",
		check("every: 30"):                `line 6: every: "30" is not a duration; write 500ms, 30s, 5m or 1h30m`,
		check("every: 10ms"):              "line 6: check web: every: 10ms is out of bounds; give 100ms to 24h0m0s",
		check("every: 0s"):                "line 6: every: must be more than 0",
		check("for: -1s"):                 "line 6: for: must be more than 0",
		check("timeout: 1h"):              "line 6: check web: timeout: 1h0m0s is out of bounds",
		check("fail_after: 0"):            `line 6: fail_after: "0" is not a whole number from 1`,
		check("fail_after: two"):          `line 6: fail_after: "two" is not a whole number from 1`,
		check("{}\n    of: 1"):            "line",
		check("of: 1"):                    "line 6: check web: of: 1 is out of bounds; give fail_after (2) to 100",
		check("of: 5\n    for: 1m"):       "line 7: check web: for: cannot be used together with of",
		check("priority: P6"):             `line 6: check web: priority: "P6" is none; give P1 (gravest) to P5`,
		check("priority: high"):           "give P1 (gravest) to P5",
		check("colour: red"):              "line 6: colour: unknown key; known are name, kind, target, every",
		check("expect_status: abc"):       "line 6: check web: expect_status: \"abc\" is not a status",
		check("max_redirects: 99"):        "line 6: max_redirects: 99 is out of bounds; give 0 to 20",
		check("every: 1s\n    every: 2s"): "line 7: every: is given twice (first in line 6)",
		check("contains: a\n  - {name: web, kind: http, target: 'http://z/'}"):             "line 7: check web: name: another check has the same name",
		"site: x\nspool: {mode: tape}":                                                     "line 2: spool: mode: there is no mode \"tape\"; give disk or ram",
		"site: x\nspool: {bytes: 5}":                                                       "line 2: spool: bytes: is out of bounds; give 1MiB to 1GiB",
		"site: x\nspool: {bytes: 16XB}":                                                    "line 2: bytes: \"16XB\" is no size; write 16MiB",
		"site: x\nspool: {age: 1m}":                                                        "line 2: spool: age: 1m0s is out of bounds",
		"site: x\nspool: {size: 1}":                                                        "unknown key; known are mode, bytes, age",
		"site: x\nchecks: [{kind: http, target: 'http://y/'}]":                             "line 2: check without a name: name: is missing",
		"site: x\nchecks: [{name: a, target: 'http://y/'}]":                                "line 2: check a: kind: is missing; give one of http, ",
		"site: x\nchecks: [{name: a, kind: carrier-pigeon, target: y}]":                    `there is no kind "carrier-pigeon"; give one of`,
		"site: x\nchecks: [{name: a, kind: http}]":                                         "line 2: check a: target: is missing",
		"site: x\nchecks: [{name: a, kind: http, target: y}]":                              "line 2: check a: target: must begin with http:// or https://",
		"site: x\nchecks: [{name: 'a/b', kind: http, target: 'http://y/'}]":                "names cannot have",
		"site: x\nchecks: [{name: n, kind: prometheus, target: 'http://y/', when: 'a >'}]": `check n: when: at the end of "a >": expected a number`,
	} {
		_, err := ParseConfig([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n\tsays     %v\n\texpected %s", text, err, want)
		}
	}
}

// All that is wrong is said at once.
func TestParseConfigSaysEverything(t *testing.T) {
	_, err := ParseConfig([]byte("site: x\nchecks:\n  - {name: a, kind: http, target: y, priority: P9}\n  - {name: b, kind: dns, target: '..'}"))
	for _, want := range []string{"line 3: check a: priority", "line 4: check b: target"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}

func TestParseConfigIsBounded(t *testing.T) {
	if _, err := ParseConfig([]byte(strings.Repeat("#", configMax+1))); err == nil {
		t.Error("a file of any length is taken")
	}
	var many strings.Builder
	many.WriteString("site: x\nchecks:\n")
	for i := range checksMax + 1 {
		fmt.Fprintf(&many, "  - {name: c%d, kind: http, target: 'http://y/'}\n", i)
	}
	if _, err := ParseConfig([]byte(many.String())); err == nil || !strings.Contains(err.Error(), "use another agent") {
		t.Error(err)
	}
}

func TestReadConfigNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.yaml")
	if _, err := ReadConfig(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	os.WriteFile(path, []byte("site: x\nnonsense: 1"), 0o600)
	if _, err := ReadConfig(path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "line 2") {
		t.Error(err)
	}
	os.WriteFile(path, []byte(example), 0o600)
	if _, err := ReadConfig(path); err != nil {
		t.Error(err)
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte("site: &a x\nchecks: [*a, {name: *a}]"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("? {}\n: 1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := ParseConfig(data)
		if err == nil && config.Site == "" {
			t.Fatal("a configuration without a site")
		}
	})
}
