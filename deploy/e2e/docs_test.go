package e2e

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"keng/proto/link/linktest"
)

// What the user documentation says works as written: its commands are run, in order, in
// an empty folder with the programs in it. Only ports are exchanged for free ones.
func TestDocsFirstSteps(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "first-steps.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	if !strings.Contains(out, `"onCallRecipients":["an@example.vn"]`) {
		t.Errorf("the one person of the team is not on call:\n%s", out)
	}
}

func TestDocsChecksFromTheHub(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "checks-from-the-hub.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	if !strings.Contains(out, "List branch-3 has 1 checks, version 1, for agents with site=branch-3.") {
		t.Errorf("the list was not put:\n%s", out)
	}
}

func TestDocsPaging(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "paging.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	if !strings.Contains(out, `"alerts":2`) || !strings.Contains(out, "heldUntil") {
		t.Errorf("the alerts were not bundled:\n%s", out)
	}
}

func TestDocsEscalation(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "escalation.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, part := range []string{
		"Nobody: an alert of which nobody takes care", "user an@example.vn", "rings in vain", "step 2 of escalation network_escalation calls whoever is next on call in schedule network_schedule",
		"Chưa ai nhận xử lý cảnh báo", "đang trực trong lịch network_schedule", "an@example.vn acknowledged the alert at",
	} {
		if !strings.Contains(out, part) {
			t.Errorf("nothing says %q in\n%s", part, out)
		}
	}
}

func TestDocsReachability(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "reachability.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, want := range []string{"an@example.vn  ? unproven", "A code was sent by sms to 84-901234567.", "That was a guess.", "daily test at 9:00 monday,thursday", "is tested no more"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}

func TestDocsRehearse(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "rehearse.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, part := range []string{"an@example.vn    push Galaxy  arrives\n         step 1 of escalation web", "3m31s", "binh@example.vn  voice …567   rings in vain",
		"Sun ", "It is acknowledged", "NOBODY would be paged.", "exit code 1", `"kind":"push","to":"Galaxy"`, `"data":[]`} {
		if !strings.Contains(out, part) {
			t.Errorf("nothing says %q in\n%s", part, out)
		}
	}
}

func TestDocsSearch(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "search.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	if !strings.Contains(out, "a closing parenthesis is expected") {
		t.Errorf("a mistake is not explained:\n%s", out)
	}
}

func TestDocsRateLimits(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "rate-limits.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, part := range []string{"None: a key may ask as often as it likes.", "  alert: 20 a second, 600 a minute\n  search: 3 a minute\n", "200 200 200 429", "X-Ratelimit-State: THROTTLED", "Retry-After: ",
		`{"domain":"search","limits":[{"limit":3,"periodInSeconds":60}]}`, "A key may ask as often as it likes.\n200\n"} {
		if !strings.Contains(out, part) {
			t.Errorf("it does not say %q:\n%s", part, out)
		}
	}
}

func TestDocsIntegrations(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "integrations.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, part := range []string{"The key of integration backup hanoi, type API. Keep it", "ignore tests: match-any-condition, 1 conditions", `"status":"Nothing was done: ignored by action tests`,
		`"message":"[hanoi] no ping"`, `"priority":"P1"`, `"integration":{"id":"`, `"name":"backup hanoi","type":"API"}`, `"close[0].filter.conditions[0].operation":"resembles does not fit`, "is kept out: what it sends is refused.\n401\n", "is let in.\n200\n", "is gone, and its key works no more."} {
		if !strings.Contains(out, part) {
			t.Errorf("it does not say %q:\n%s", part, out)
		}
	}
}

func TestDocsAttachments(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "attachments.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, part := range []string{`"result":"Created","data":{"id":"1"}`, `"data":[{"id":1,"name":"disks.txt"}]`, "the same\n", "This is no link of this hub's.", `"result":"Deleted"`,
		`"log":"Attached file deleted: disks.txt","type":"alertAction","owner":"an@example.vn"`} {
		if !strings.Contains(out, part) {
			t.Errorf("it does not say %q:\n%s", part, out)
		}
	}
}

func TestDocsHeartbeats(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "heartbeats.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	if strings.Count(out, "PONG - Heartbeat received") != 3 || !strings.Contains(out, `"enabled":false,"expired":false`) || !strings.Contains(out, `"interval":30`) {
		t.Errorf("the heartbeat did not do what the page says:\n%s", out)
	}
}

func TestDocsNagios(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "nagios.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, part := range []string{`"result":"Created alert"`, `"result":"Acknowledged alert"`, `"result":"Closed alert"`, "tried by the format's default actions", "tried by the hub at", "message: sw-1 is DOWN",
		`"alias":"db-1/Disk"`, `"priority":"P1"`, `"name":"nagios","type":"Nagios"}`} {
		if !strings.Contains(out, part) {
			t.Errorf("nothing says %q in\n%s", part, out)
		}
	}
	if strings.Count(out, `"result":"Closed alert"`) != 2 {
		t.Errorf("with a rule more, a recovery does not close the alert:\n%s", out)
	}
}

func TestDocsIcinga(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "icinga.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, part := range []string{`"result":"Created alert"`, `"result":"Acknowledged alert"`, `"result":"Closed alert"`} {
		if !strings.Contains(out, part) {
			t.Errorf("nothing says %q in\n%s", part, out)
		}
	}
}

func TestDocsWebhooks(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "webhooks.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	if strings.Count(out, `"result":"Created alert"`) != 4 || strings.Count(out, `"result":"Closed alert"`) != 2 || !strings.Contains(out, "priority: P1") ||
		!strings.Contains(out, "/v1/json/oem  (unverified)") || strings.Contains(out, "change-me") {
		t.Errorf("the tools' bodies did not do what the page says:\n%s", out)
	}
}

func TestDocsPolicies(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "policies.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, part := range []string{`"message":"[HN] disk is full"`, `"priority":"P1"`, "suppressed: nobody is notified", `"name":"small","type":"notification","order":1`,
		`"status":"active"`, `"result":"Cancelled"`, `"result":"Disabled"`} {
		if !strings.Contains(out, part) {
			t.Errorf("there is no %s in\n%s", part, out)
		}
	}
}

func TestDocsOnCall(t *testing.T) {
	t.Parallel()
	zones := "/usr/share/zoneinfo"
	if _, err := os.Stat(zones); err != nil { // not every machine has one; every Go has
		root, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			t.Fatal(err)
		}
		zones = filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip")
	}
	out := runDoc(t, "on-call.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):], "/usr/share/zoneinfo", zones)
	if !strings.Contains(out, "Mon 2026-01-12 09:00  Mon 2026-01-19 00:00  binh@example.vn  weeks     rotation") || !strings.Contains(out, "The picture of 4 weeks of it-rota is in ") ||
		!strings.Contains(out, "goes by version 2026x now") || !strings.Contains(out, "goes by the data of the leader's machine.") ||
		!strings.Contains(out, "Somebody is on call in every schedule for the next 8 weeks") || strings.Contains(out, "NOBODY") {
		t.Errorf("who is on call is not what the page says:\n%s", out)
	}
	for _, part := range []string{"chi@example.vn is on call in it-rota until ", " of it-rota is gone.", "an@example.vn is off from ", " is accepted.", "WEEKENDS  HOLIDAYS",
		"2027-02-06 Sat  off  Mùng 1 Tết", "Ngày thành lập công ty"} {
		if !strings.Contains(out, part) {
			t.Errorf("nothing says %q:\n%s", part, out)
		}
	}
}

func TestDocsLint(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "lint.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, part := range []string{"person-not-loud", "escalation-one-step  escalation it_escalation", "there are errors", "Nothing to mend: no finding of severity hint or graver.",
		"Không có gì cần sửa: không thấy mục nào từ mức error trở lên.", `"findings":[]`} {
		if !strings.Contains(out, part) {
			t.Errorf("nothing says %q:\n%s", part, out)
		}
	}
}

func TestDocsCalendars(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "calendars.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, part := range []string{"screen in the server room", "There is no such calendar, or its address was revoked.", "+  Fri 2027-02-05 08:00  Fri 2027-02-05 20:00  an@example.vn",
		"Done: 3 shifts added, 0 taken away, 0 as they were.", "line 2: “12/25/2026”: there is no month 25. The day comes first: 25/12/2026", "line 3: there is no person “Zoe”",
		"2027-02-05 20:00,2027-02-06 08:00,binh@example.vn\n", "Giáng sinh", "Calendar customer: 1 days added (+)"} {
		if !strings.Contains(out, part) {
			t.Errorf("it does not say %q:\n%s", part, out)
		}
	}
}

func TestDocsCluster(t *testing.T) {
	t.Parallel()
	var ports []string
	for _, port := range []string{":8080", ":8081", ":8082", ":7444", ":7454", ":7464"} {
		ports = append(ports, port, ":"+freeTCP(t))
	}
	for _, port := range []string{":7443", ":7453", ":7463"} {
		ports = append(ports, port, freeAddress(t)[len("127.0.0.1"):])
	}
	runDoc(t, "cluster.md", ports...)
}

func TestDocsNetwork(t *testing.T) {
	t.Parallel()
	runDoc(t, "network.md", ":8443", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
}

func TestDocsTrust(t *testing.T) {
	t.Parallel()
	runDoc(t, "trust.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
}

// What the page says of metrics is all that there is, and what a hub tells is on the page;
// the watchdog is called by a hub that was started as the page says.
func TestDocsMonitoring(t *testing.T) {
	t.Parallel()
	called := make(chan string, 100)
	dog := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { called <- r.Method + " " + r.URL.Path }))
	t.Cleanup(dog.Close)
	_, dogPort, _ := strings.Cut(dog.Listener.Addr().String(), ":")
	out := runDoc(t, "monitoring.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):], ":9999", ":"+dogPort)
	select {
	case how := <-called:
		if how != "GET /ping/keng" {
			t.Errorf("the watchdog was called by %s", how)
		}
	default:
		t.Error("the watchdog was not called")
	}
	for _, part := range []string{"1 of 1 node answers", "keng_leader 1\n", "keng_orphaned_alerts 0\n", "hub a waiting    prometheus  up"} {
		if !strings.Contains(out, part) {
			t.Errorf("there is no %q in\n%s", part, out)
		}
	}
	documented := metricsOf(t, "../docs/monitoring.md", "(?m)^\\| `(keng_[a-z_]+)`")
	written := metricsOf(t, "../docs/monitoring.md", `(keng_[a-z_]+)`)
	made := metricsOf(t, "../../hub/watch/metrics.go", `"(keng_[a-z_]+)"`)
	made = append(made, metricsOf(t, "../../hub/watch/pages.go", `"(keng_[a-z_]+)"`)...)
	made = append(made, metricsOf(t, "../../hub/watch/watchdog.go", `"(keng_[a-z_]+)"`)...)
	slices.Sort(made)
	if !slices.Equal(documented, made) || !slices.Equal(written, made) {
		t.Errorf("the page's tables have\n%q, the page\n%q, the hub\n%q", documented, written, made)
	}
}

// metricsOf returns what matches in a file, each once, in order.
func metricsOf(t *testing.T, file, pattern string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(text, -1) {
		names = append(names, string(m[1]))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// directive matches what a page has for us: a block of commands, or a comment. The block
// after "goes on" runs until the end, or until its name is in a "kill". That after "soon"
// is run again until it succeeds and says those words, as a person does who waits.
var directive = regexp.MustCompile("(?s)<!-- (goes on|kill|soon)(?:: ([^\n]+))? -->\n|```sh\n(.*?)```")

// runDoc runs a page's commands and returns what those said that came to an end.
func runDoc(t *testing.T, page string, exchange ...string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"hub", "agent", "mobile-gateway"} {
		shown := map[string]string{"hub": "keng-hub", "agent": "keng-agent", "mobile-gateway": "keng-gateway"}[name]
		if err := os.Symlink(program(t, name), filepath.Join(dir, shown)); err != nil {
			t.Fatal(err)
		}
	}
	// A page that does not name the nodes' port has it by default: a fixed one.
	d := &doc{t: t, dir: dir, env: []string{"KENG_RAFT=127.0.0.1:0"}, running: map[string]func(syscall.Signal){}}
	special, of := "", "" // what the next block is
	for _, m := range directive.FindAllStringSubmatch(strings.NewReplacer(exchange...).Replace(string(text)), -1) {
		switch {
		case m[1] == "kill" && d.running[m[2]] == nil:
			t.Fatalf("%s kills %q, which was not started", page, m[2])
		case m[1] == "kill":
			d.running[m[2]](syscall.SIGKILL)
		case m[1] != "":
			special, of = m[1], m[2]
			continue
		case strings.Contains(m[3], "go build"): // done above
		case special == "goes on":
			d.start(cmp.Or(of, m[3]), m[3])
		case special == "soon":
			eventually(t, of, func() bool {
				out, err := d.run(m[3])
				return err == nil && strings.Contains(out, of)
			})
		default:
			if out, err := d.run(m[3]); err != nil {
				t.Fatalf("%v\n%s\n%s", err, m[3], out)
			}
		}
		special = ""
	}
	if d.blocks < 5 {
		t.Fatalf("only %d blocks of commands were found", d.blocks)
	}
	return d.said.String()
}

// doc is a page at work.
type doc struct {
	t       *testing.T
	dir     string
	env     []string // what was exported so far
	blocks  int      // run so far
	said    lines
	running map[string]func(syscall.Signal) // ends what goes on
}

// command makes a block a process group that ends with ctx.
func (d *doc) command(ctx context.Context, commands string) *exec.Cmd {
	d.blocks++
	for _, m := range regexp.MustCompile(`(?m)^export (.*)$`).FindAllStringSubmatch(commands, -1) {
		d.env = append(d.env, strings.Fields(m[1])...)
	}
	cmd := exec.CommandContext(ctx, "bash", "-euc", commands)
	cmd.Dir, cmd.Env = d.dir, append(os.Environ(), d.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	return cmd
}

// blockTimeout is how long commands may take that come to an end.
const blockTimeout = 2 * time.Minute

// run runs commands to their end and returns what they said.
func (d *doc) run(commands string) (string, error) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), blockTimeout)
	defer cancel()
	cmd := d.command(ctx, commands)
	out := &lines{}
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	_, _ = d.said.Write([]byte(out.String()))
	return out.String(), err
}

// start runs commands that go on.
func (d *doc) start(name, commands string) {
	d.t.Helper()
	cmd := d.command(d.t.Context(), commands)
	out := &lines{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	ended := false
	d.running[name] = func(signal syscall.Signal) {
		if !ended {
			_ = syscall.Kill(-cmd.Process.Pid, signal)
			_ = cmd.Wait()
			ended = true
		}
	}
	end := d.running[name]
	d.t.Cleanup(func() {
		end(syscall.SIGTERM)
		if d.t.Failed() {
			d.t.Logf("%s\n%s", commands, out)
		}
	})
	if strings.Contains(commands, "serve") {
		eventually(d.t, "the hub serves", func() bool { return strings.Contains(out.String(), "serving: ") })
	}
}

// freeTCP finds a TCP port that is free now.
func freeTCP(t *testing.T) string {
	t.Helper()
	_, port, err := net.SplitHostPort(linktest.FreePort(t, "127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	return port
}
