package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/hub/client"
)

// hubAtWork is a hub in this process, which ends with the test.
type hubAtWork struct {
	t   *testing.T
	url string
}

const workKey = "test-key-test-key-test-key"

func startHub(t *testing.T) *hubAtWork {
	withoutEnvironment(t)
	t.Setenv("KENG_BOOTSTRAP_API_KEY", workKey)
	ctx, stop := context.WithCancel(t.Context())
	out, ended, dir := newWatched(), make(chan int), t.TempDir()
	go func() {
		ended <- run(ctx, []string{"serve", "--data-dir", dir, "--bootstrap", "--http", "127.0.0.1:0", "--link", "127.0.0.1:0", "--raft", "127.0.0.1:0", "--node-id", "one"}, out, out)
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("the hub ended with exit code %d: %s", code, out.text())
		}
	})
	select {
	case url := <-out.found:
		return &hubAtWork{t, url}
	case <-time.After(time.Minute):
		t.Fatalf("the hub does not serve: %s", out.text())
	}
	return nil
}

// watched keeps what a hub says, and tells where its API is.
type watched struct {
	mutex sync.Mutex
	said  bytes.Buffer
	found chan string
}

func newWatched() *watched { return &watched{found: make(chan string, 1)} }

func (w *watched) Write(p []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if m := regexp.MustCompile(`serving: API at (http://127\.0\.0\.1:\d+)`).FindSubmatch(p); m != nil {
		w.found <- string(m[1])
	}
	return w.said.Write(p)
}

func (w *watched) text() string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.said.String()
}

// run runs a command of a client.
func (h *hubAtWork) run(args ...string) (code int, said string) {
	return command(h.t.Context(), append(args, "--url", h.url, "--key", workKey)...)
}

// want runs a command, given in words, and returns the groups of the pattern that what it says must match.
func (h *hubAtWork) want(code int, words, pattern string) []string {
	h.t.Helper()
	got, said := h.run(strings.Fields(words)...)
	match := regexp.MustCompile(pattern).FindStringSubmatch(said)
	if got != code || match == nil || strings.Contains(said, "goroutine ") {
		h.t.Fatalf("%s: exit code %d, want %d, saying %q:\n%s", words, got, code, pattern, said)
	}
	return match[1:]
}

// rota is a hub with a schedule in which lan and an take turns by the day, from yesterday noon on,
// in a zone without changes of clocks, and returns when the present turn ends.
func rota(t *testing.T) (h *hubAtWork, end time.Time) {
	h = startHub(t)
	c, err := client.New(h.url, workKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lan", "an", "chi"} {
		if _, err := c.CreateUser(t.Context(), client.NewUser{Username: name + "@example.vn", FullName: name, Role: client.Thing{Name: "User"}}); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now().UTC().Truncate(time.Hour).Add(-12 * time.Hour)
	_, err = c.CreateSchedule(t.Context(), client.NewSchedule{Name: "it-rota", TimeZone: "Asia/Kolkata", Rotations: []client.Rotation{{Name: "days", Type: "daily", StartDate: start,
		Participants: []client.Party{{Type: "user", Username: "lan@example.vn"}, {Type: "user", Username: "an@example.vn"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	return h, start.Add(24 * time.Hour)
}

// People take over, are off, swap and see how fair it is, by commands alone.
func TestCalendarCommands(t *testing.T) {
	h, end := rota(t)
	at := func(hours int) string { return end.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339) }

	h.want(0, "oncall it-rota", `it-rota +lan@example\.vn\n`)
	alias := h.want(0, "takeover it-rota --user chi@example.vn", `^chi@example\.vn is on call in it-rota until .*, in the place of lan@example\.vn\.\nTo undo it: keng-hub takeover it-rota --undo (\S+)\n$`)[0]
	h.want(0, "oncall it-rota", `it-rota +chi@example\.vn\n`)
	h.want(1, "takeover it-rota --user chi@example.vn", `on call already`)
	h.want(0, "takeover it-rota --undo "+alias, `is gone`)
	h.want(0, "oncall it-rota", `it-rota +lan@example\.vn\n`)
	h.want(1, "takeover it-rota --undo "+alias, `Override`)
	h.want(1, "takeover it-rota --user ghost@example.vn", `ghost@example\.vn`)
	h.want(1, "takeover nights --user chi@example.vn", `there is no schedule "nights"\. There are: it-rota`)
	h.want(2, "takeover it-rota", `--user`)
	h.want(2, "takeover it-rota --user chi@example.vn --until soon", `--until`)
	taken := client.TakenOver{}
	until := end.Add(-time.Hour)
	h.json("takeover it-rota --user chi@example.vn --until "+until.Format(time.RFC3339)+" --rotation days --json", &taken)
	if !taken.End.Equal(until) || len(taken.From) != 1 || taken.From[0].Username != "lan@example.vn" {
		t.Errorf("%+v", taken)
	}

	h.want(0, "absence list", `Nobody is off`)
	absence := h.want(0, "absence add --user an@example.vn --from "+at(2)+" --to "+at(8)+" --note wedding", `^an@example\.vn is off from .*: absence (\S+)\.\n`)[0]
	h.want(0, "absence list --user an@example.vn", absence+` +an@example\.vn .* wedding\n`)
	h.want(0, "absence list --user chi@example.vn", `Nobody is off`)
	local := end.Add(2 * time.Hour).In(time.FixedZone("", 19800)).Format("Mon 2006-01-02 15:04 -07:00")
	if from := h.want(0, "gaps --weeks 1", `(?m)^(\w.*\+05:30)  .*\+05:30  it-rota +an@example\.vn is on call, and off`)[0]; from != local {
		t.Errorf("off from %s, want %s", from, local)
	}
	h.want(1, "absence add --user an@example.vn --from "+at(8)+" --to "+at(2), `endDate|after`)
	h.want(2, "absence add --user an@example.vn", `--from`)
	h.want(0, "absence remove "+absence, `is gone`)
	h.want(1, "absence remove "+absence, `Absence`)

	ask := fmt.Sprintf("swap ask it-rota --user an@example.vn --with lan@example.vn --mine %s/%s --theirs %s/%s --note dentist", at(0), at(24), at(24), at(48))
	request := h.want(0, ask, `^lan@example\.vn was asked: request (\S+)\.\nTo accept it before .*: keng-hub swap accept \S+ --user lan@example\.vn\n$`)[0]
	h.want(0, "swap list --user lan@example.vn --status asked", request+` +asked +it-rota +an@example\.vn .* lan@example\.vn .* dentist\n`)
	h.want(1, "swap accept "+request+" --user an@example.vn", `Only lan@example\.vn`)
	h.want(0, "swap accept "+request+" --user lan@example.vn", `^Request \S+ is accepted\.\nEach has the other's shift now`)
	h.want(0, "oncall it-rota --at "+at(1), `it-rota +lan@example\.vn\n`)
	h.want(0, "swap list --status asked --schedule it-rota", `There are no such requests`)
	h.want(1, ask, `does not fit`)
	second := strings.NewReplacer("an@", "lan@", "lan@", "an@").Replace(ask)
	for answer, by := range map[string]string{"decline": "an", "withdraw": "lan"} {
		id := h.want(0, second, `request (\S+)\.`)[0]
		h.want(0, "swap "+answer+" "+id+" --user "+by+"@example.vn", `^Request \S+ is `+answer)
	}
	h.want(2, "swap ask it-rota --user an@example.vn --with lan@example.vn --mine soon --theirs later", `--mine.*FROM/TO`)
	var swaps []client.Swap
	if h.json("swap list --json", &swaps); len(swaps) != 3 {
		t.Errorf("%+v", swaps)
	}

	h.want(0, "fairness it-rota --weeks 1", `WHO +HOURS +NIGHTS +WEEKENDS +HOLIDAYS\s*\nlan@example\.vn +1[123]\.\d .*█{24}`)
	var fair client.Fairness
	h.json("fairness --weeks 2 --from "+at(0)+" --json", &fair)
	if sum := fair.People[0].Hours + fair.People[1].Hours; sum != 14*24 || fair.End.Sub(fair.Start) != 14*24*time.Hour {
		t.Errorf("%+v", fair)
	}
	h.want(2, "fairness --weeks 60", `1 to 52`)
	h.want(2, "fairness it-rota --team x", `not both`)
	h.want(1, "fairness --team ghost", `ghost`)

	h.want(0, "timeline it-rota --weeks 1", `^it-rota, times of Asia/Kolkata\n(?s:.*)\w{3} `+regexp.QuoteMeta(end.In(time.FixedZone("", 19800)).Format("2006-01-02 15:04")))
}

// json runs a command and reads what it prints.
func (h *hubAtWork) json(words string, v any) {
	h.t.Helper()
	code, said := h.run(strings.Fields(words)...)
	if err := json.Unmarshal([]byte(said), v); err != nil || code != 0 {
		h.t.Fatalf("%s: exit code %d, %v:\n%s", words, code, err, said)
	}
}

func TestHolidaysCommands(t *testing.T) {
	h := startHub(t)
	h.want(0, "holidays list", `There are no holiday calendars`)
	h.want(1, "holidays show Vietnam", `there is no holiday calendar "Vietnam"`)
	r, err := http.NewRequestWithContext(t.Context(), "POST", h.url+"/keng/v1/holiday-calendars", strings.NewReader(`{"name":"Vietnam","builtIn":"vietnam"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "GenieKey "+workKey)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != 201 {
		t.Fatalf("%s", body)
	}
	h.want(0, "holidays list", `Vietnam +vietnam`)
	h.want(0, "holidays show Vietnam --year 2026", `2026-02-17 Tue +off +Mùng 1 Tết +Lunar New Year's Day\n(?s:.*)2026-08-22 Sat +WORK as monday`)
	h.want(0, "holidays show Vietnam --year 1999", `no holidays in 1999`)
	h.want(1, "holidays show Vietnam --year soon", `year`)
	h.want(2, "holidays show", `<calendar>`)
}
