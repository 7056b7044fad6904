package all_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"keng/agent/app"
	"keng/agent/check"
	"keng/agent/check/all"
)

// page is the page of the user documentation that these tests hold against the kinds.
const page = "../../../deploy/docs/checks.md"

const head = `# Checks

What an agent watches stands in its ` + "`agent.yaml`" + `. ` + "`keng-agent check agent.yaml`" + ` runs everything once and shows what it finds;
` + "`keng-agent run --config agent.yaml`" + ` goes on watching.

` + "```yaml" + `
site: branch-3               # where the agent is: alerts are called branch-3/website, branch-3/router …
probes: [192.0.2.254]        # what answers while the agent's own network works; left out: the default gateway
checks:
  - {name: website, kind: http, target: "https://example.vn/", every: 30s, priority: P1, team: it}
  - {name: router, kind: icmp, target: 192.0.2.1, every: 10s, fail_after: 3}
` + "```" + `

A run finds that the target is *up* or *down*, or that the check could not be run (*unknown*: no right, no free socket, no such
path). Unknown never pages anybody by itself. If nothing answers any more, the probes among it, the agent is cut off: that is
one alert of the site, not one a check.

## What every check has

| key | default | what it does |
|---|---|---|
| ` + "`name`" + ` | must be given | What people call the check: unique within the agent, without a slash. |
| ` + "`kind`" + ` | must be given | One of the kinds below. |
| ` + "`target`" + ` | must be given | What to check; what that is, depends on the kind. |
| ` + "`every`" + ` | 1m | From one run to the next: 100ms to 24h. |
| ` + "`timeout`" + ` | 10s | A run that takes longer is down: 10ms to 5m. |
| ` + "`fail_after`" + ` | 2 | How many runs must fail before anybody is told. |
| ` + "`of`" + ` | ` + "`fail_after`" + ` | Among how many of the last runs; left out: in a row. |
| ` + "`recover_after`" + ` | 1 | How many good runs in a row end it. |
| ` + "`for`" + ` | 0s | How long it must have been failing besides. |
| ` + "`priority`" + ` | P3 | Of the alert: P1 (gravest) to P5. |
| ` + "`team`" + ` | none | The team that is responsible. |
`

const foot = `
## What a running agent thinks

` + "`keng-agent status --data-dir DIR`" + ` asks the agent that runs on this machine: which hub it is connected to and when that last acknowledged an
event, how many events wait in the spool, whether the agent is cut off, and each check with its state, since when, what its last run
found and when the next one is. ` + "`--json`" + ` prints the same for programs. It exits 0 if all is up, 1 if anything is not or no agent runs,
2 if it was used wrongly. Only the agent's own user and root may ask.
`

// everyKey is a check with all the keys of the table above.
const everyKey = "{name: a, kind: disk, target: /, every: 1m, timeout: 10s, fail_after: 2, of: 2, recover_after: 1, for: 0s, priority: P3, team: it}"

// example returns checks of a kind as people would write them.
func example(kind string) string {
	return map[string]string{
		"http": `- {name: website, kind: http, target: "https://example.vn/", every: 30s, contains: "Giỏ hàng", priority: P1}
- {name: api, kind: http, target: "https://api.example.vn/health", headers: {Authorization: "Bearer s3cret"}, expect_status: 200}`,
		"tcp": `- {name: mail, kind: tcp, target: "mail.example.vn:25", expect: "220 "}
- {name: redis, kind: tcp, target: "10.0.0.5:6379", send: "PING\r\n", expect: "+PONG"}
- {name: directory, kind: tcp, target: "dc.example.vn:636", tls: true, min_days_left: 14, every: 1h}`,
		"icmp": `- {name: router, kind: icmp, target: 192.0.2.1, every: 10s}
- {name: radio link, kind: icmp, target: 10.9.0.1, count: 10, lost: 30%, latency_above: 80ms}`,
		"dns": `- {name: names, kind: dns, target: example.vn, server: 192.0.2.53, expect: 192.0.2.80}`,
		"disk": `- {name: root disk, kind: disk, target: /, free_below: 10%}
- {name: backups, kind: disk, target: /srv/backup, free_below: 50GiB, every: 5m, priority: P2}`,
		"prometheus": `- {name: node, kind: prometheus, target: "http://127.0.0.1:9100/metrics", when: 'node_filesystem_avail_bytes{mountpoint="/"} < 1e9', for: 5m}`,
	}[kind]
}

// notes are what else must be known of a kind.
func notes(kind string) string {
	return map[string]string{
		"icmp": `An agent that runs as an ordinary user needs leave to ping. On Linux one of the two is enough: the capability CAP_NET_RAW
(systemd: ` + "`AmbientCapabilities=CAP_NET_RAW`" + `), or the agent's group in the sysctl ` + "`net.ipv4.ping_group_range`" + `. On macOS none is needed; on
FreeBSD the agent runs as root, on Windows as LocalSystem. Without leave the check is unknown, and says so.
`,
		"disk": `Free is what programs without privileges may still use, as ` + "`df`" + ` counts. A file system that has become read-only is down, and so is one that
does not answer (NFS without its server). A path that is not there is unknown.
`,
		"prometheus": "The condition is one selector of series, as in PromQL, and one comparison. The check is down when any series satisfies it.\n",
	}[kind]
}

// write returns the page.
func write() []byte {
	var b bytes.Buffer
	b.WriteString(head)
	for _, kind := range all.Kinds() {
		d := kind.Describe()
		fmt.Fprintf(&b, "\n## `%s`: %s\n\n%s *%s: %s*\n\nTarget: %s, such as `%s`.\n",
			d.Name, d.Label.EN, d.Help.EN, d.Label.VI, d.Help.VI, lowerFirst(d.Target.EN), d.Example)
		fmt.Fprintf(&b, "\n| key | value | default | what it does | tiếng Việt |\n|---|---|---|---|---|\n")
		for _, f := range d.Fields {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s: %s |\n", f.Name, value(f), standard(f), cell(f.Help.EN), f.Label.VI, cell(lowerFirst(f.Help.VI)))
		}
		if text := notes(d.Name); text != "" {
			fmt.Fprintf(&b, "\n%s", text)
		}
		fmt.Fprintf(&b, "\n```yaml\n%s\n```\n", example(d.Name))
	}
	b.WriteString(foot)
	return b.Bytes()
}

// value says what values a field can take.
func value(f check.Field) string {
	switch f.Type {
	case check.TypeInteger:
		return fmt.Sprintf("%d to %d", f.Min, f.Max)
	case check.TypeChoice:
		return "`" + strings.Join(f.Choices, "`, `") + "`"
	default:
		return f.Type.String()
	}
}

// standard says what a field is when it is left out.
func standard(f check.Field) string {
	switch {
	case f.Required:
		return "must be given"
	case f.Type == check.TypeBoolean && f.Default == nil:
		return "false"
	case f.Type == check.TypeInteger && f.Default == nil:
		return "0"
	case f.Default == nil:
		return "none"
	case f.Type == check.TypeTexts:
		return strings.Join(f.Default.([]string), ", ")
	default:
		return fmt.Sprint(f.Default)
	}
}

// cell makes a text fit for a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// lowerFirst begins a text in lower case, but for a word of capitals.
func lowerFirst(text string) string {
	first, _, _ := strings.Cut(text, " ")
	if strings.ToUpper(first) == first && len([]rune(first)) > 1 || strings.HasPrefix(text, "IP") {
		return text
	}
	runes := []rune(text)
	return strings.ToLower(string(runes[0])) + string(runes[1:])
}

// The page says of every kind what the kind says of itself. KENG_UPDATE=1 writes it.
func TestTheDocumentationIsWhatTheKindsSay(t *testing.T) {
	want := write()
	if os.Getenv("KENG_UPDATE") != "" {
		if err := os.WriteFile(page, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("line %d of %s is not what the kinds say; KENG_UPDATE=1 go test ./agent/check/all writes it anew\n%s\ninstead of\n%s", i+1, page, gotLines[i], wantLines[i])
		}
	}
	t.Fatalf("%s has %d lines instead of %d; KENG_UPDATE=1 go test ./agent/check/all writes it anew", page, len(gotLines), len(wantLines))
}

// What the page shows can be used as it stands.
func TestTheExamplesAreConfigurations(t *testing.T) {
	parse := func(what, checks string) {
		t.Helper()
		text := "site: here\nprobes: []\nchecks:\n" + checks + "\n"
		if _, err := app.ParseConfig([]byte(text)); err != nil {
			t.Errorf("%s: %v\n%s", what, err, text)
		}
	}
	for _, kind := range all.Kinds() {
		name := kind.Describe().Name
		if !strings.Contains(example(name), "kind: "+name) {
			t.Errorf("there is no example of the kind %s", name)
			continue
		}
		parse(name, example(name))
		parse("the example of a target of "+name, fmt.Sprintf("- {name: x, kind: %s, target: %q}", name, kind.Describe().Example))
	}
	parse("all keys", "- "+everyKey)
	for _, pair := range strings.Split(strings.Trim(everyKey, "{}"), ", ") {
		key, _, _ := strings.Cut(pair, ":")
		if !slices.ContainsFunc(strings.Split(head, "\n"), func(line string) bool { return strings.HasPrefix(line, "| `"+key+"` |") }) {
			t.Errorf("the table lacks %s", key)
		}
	}
	_, block, _ := strings.Cut(head, "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	if _, err := app.ParseConfig([]byte(block)); err != nil {
		t.Error(err)
	}
}
