package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeCalendars is an API of one schedule that remembers what it was asked.
type fakeCalendars struct {
	answers map[string]string // by method and path
	asked   []string
	url     string
}

func newFakeCalendars(t *testing.T, answers map[string]string) *fakeCalendars {
	withoutEnvironment(t)
	answers["GET /v2/schedules"] = `[{"id":"s1","name":"it-rota","timezone":"Asia/Ho_Chi_Minh","enabled":true}]`
	f := &fakeCalendars{answers: answers}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.asked = append(f.asked, strings.TrimSpace(r.Method+" "+r.URL.String()+" "+string(body)))
		fmt.Fprintf(w, `{"data":%s,"result":"Done","paging":{}}`, f.answers[r.Method+" "+r.URL.Path])
	}))
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *fakeCalendars) run(t *testing.T, args ...string) (int, string) {
	return command(t.Context(), append(args, "--url", f.url, "--key", "k")...)
}

func (f *fakeCalendars) last() string { return f.asked[len(f.asked)-1] }

// A roster is shown before it is brought in; a dry run and a file with mistakes change nothing.
func TestRosterIsBroughtIn(t *testing.T) {
	plan := `{"timezone":"Asia/Ho_Chi_Minh","rotation":"roster","newRotation":true,"added":1,"removed":1,"kept":4,"problems":[],
		"shifts":[{"change":"added","startDate":"2026-12-25T01:00:00Z","endDate":"2026-12-25T13:00:00Z","recipient":{"type":"user","username":"an@example.vn"}},
			{"change":"removed","startDate":"2026-12-25T13:00:00Z","endDate":"2026-12-26T01:00:00Z","recipient":{"type":"user","username":"binh@example.vn"}}],
		"troubles":[{"kind":"gap","startDate":"2026-12-25T13:00:00Z","endDate":"2026-12-26T01:00:00Z","schedule":{"id":"s1"},"suggestion":[]}]}`
	f := newFakeCalendars(t, map[string]string{"POST /keng/v1/schedules/s1/roster": plan})
	file := write(t, "start,end,user\n2026-12-25 08:00,2026-12-25 20:00,an@example.vn\n")
	code, out := f.run(t, "roster", "import", "it-rota", file, "--dry-run")
	for _, want := range []string{"it-rota, new rotation roster, times of Asia/Ho_Chi_Minh", "+  Fri 2026-12-25 08:00  Fri 2026-12-25 20:00  an@example.vn", "-  Fri 2026-12-25 20:00  Sat 2026-12-26 08:00  binh@example.vn",
		"1 added (+), 1 taken away (-), 4 as they were.", "To be mended: from Fri 2026-12-25 20:00 to Sat 2026-12-26 08:00 NOBODY is on call.", "this was a dry run"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit code %d, it does not say %q:\n%s", code, want, out)
		}
	}
	if n := len(f.asked); n != 2 || f.last() != "POST /keng/v1/schedules/s1/roster?dryRun=true&rotation=roster start,end,user\n2026-12-25 08:00,2026-12-25 20:00,an@example.vn" {
		t.Errorf("%q", f.asked)
	}
	code, out = f.run(t, "roster", "import", "it-rota", file, "--rotation", "tết", "--whole")
	if code != 0 || !strings.Contains(out, "Done: 1 shifts added, 1 taken away, 4 as they were.") || !strings.HasPrefix(f.last(), "POST /keng/v1/schedules/s1/roster?rotation=t%E1%BA%BFt&whole=true ") {
		t.Errorf("%d %s\n%q", code, out, f.last())
	}
	f.answers["POST /keng/v1/schedules/s1/roster"] = `{"timezone":"UTC","rotation":"roster","problems":[{"line":2,"message":"there is no person “zoe”"}]}`
	before := len(f.asked)
	code, out = f.run(t, "roster", "import", "it-rota", file)
	if code != 1 || !strings.Contains(out, "line 2: there is no person “zoe”\nNothing has been changed. Mend the file and bring it in again.\n") || len(f.asked) != before+2 {
		t.Errorf("%d %s", code, out)
	}
	for args, says := range map[string]string{"roster import it-rota /nowhere.csv": "no such file", "roster import ghost " + file: `there is no schedule "ghost"`} {
		if code, out := f.run(t, strings.Fields(args)...); code != 1 || !strings.Contains(out, says) {
			t.Errorf("%s: %d %s", args, code, out)
		}
	}
	large := filepath.Join(t.TempDir(), "large.csv")
	if err := os.WriteFile(large, make([]byte, 5<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := f.run(t, "roster", "import", "it-rota", large); code != 1 || !strings.Contains(out, "more than 4 MiB") {
		t.Errorf("%d %s", code, out)
	}
}

// What is taken out is CSV that can be brought in again.
func TestRosterIsTakenOut(t *testing.T) {
	one := `{"name":"weeks","periods":[{"startDate":"2026-12-25T01:00:00Z","endDate":"2026-12-25T13:00:00Z","type":"default","recipient":{"type":"user","username":"an@example.vn"}},
		{"startDate":"2026-12-25T13:00:00Z","type":"default","recipient":{"type":"team","name":"a, \"b\""}}]}`
	f := newFakeCalendars(t, map[string]string{"GET /v2/schedules/s1/timeline": `{"startDate":"2026-12-25T01:00:00Z","endDate":"2026-12-27T17:00:00Z","finalTimeline":{"rotations":[` + one + `]}}`})
	code, out := f.run(t, "roster", "export", "it-rota", "--weeks", "2")
	if want := "\ufeffstart,end,user\n2026-12-25 08:00,2026-12-25 20:00,an@example.vn\n2026-12-25 20:00,2026-12-28 00:00,\"a, \"\"b\"\"\"\n"; code != 0 || out != want {
		t.Errorf("%d %q, want %q", code, out, want)
	}
	f.answers["GET /v2/schedules/s1/timeline"] = `{"finalTimeline":{"rotations":[` + one + `,{"name":"nights","periods":[]}]}}`
	if code, out := f.run(t, "roster", "export", "it-rota"); code != 1 || !strings.Contains(out, "There are: weeks, nights") {
		t.Errorf("%d %s", code, out)
	}
	if code, out := f.run(t, "roster", "export", "it-rota", "--rotation", "nights"); code != 0 || out != "\ufeffstart,end,user\n" {
		t.Errorf("%d %q", code, out)
	}
	if code, _ := f.run(t, "roster", "export", "it-rota", "--weeks", "0"); code != 2 {
		t.Error(code)
	}
}

func TestFeedsAreShown(t *testing.T) {
	f := newFakeCalendars(t, map[string]string{"POST /keng/v1/feeds": `{"id":"f1","url":"http://hub/keng/v1/feeds/SECRET.ics"}`, "GET /keng/v1/feeds": "[]", "DELETE /keng/v1/feeds/f1": "null"})
	if code, out := f.run(t, "feed", "create", "--schedule", "it-rota", "--note", "wall"); code != 0 || out != "http://hub/keng/v1/feeds/SECRET.ics\n" || f.last() != `POST /keng/v1/feeds {"schedule":{"id":"s1"},"note":"wall"}` {
		t.Errorf("%d %s %s", code, out, f.last())
	}
	if code, _ := f.run(t, "feed", "create", "--user", "an@example.vn"); code != 0 || !strings.Contains(f.last(), `"username":"an@example.vn"`) {
		t.Errorf("%d %s", code, f.last())
	}
	for _, wrong := range [][]string{{"feed", "create"}, {"feed", "create", "--user", "a", "--schedule", "b"}} {
		if code, out := f.run(t, wrong...); code != 2 {
			t.Errorf("%q: %d %s", wrong, code, out)
		}
	}
	if code, out := f.run(t, "feed", "list"); code != 0 || !strings.Contains(out, "There are no feeds.") {
		t.Errorf("%d %s", code, out)
	}
	f.answers["GET /keng/v1/feeds"] = `[{"id":"f1","schedule":{"id":"s1","name":"it-rota"},"note":"wall","createdAt":"2026-11-25T12:00:00Z"},{"id":"f2","user":{"id":"u","username":"an@example.vn"},"createdAt":"2026-11-25T12:00:00Z"}]`
	if _, out := f.run(t, "feed", "list"); !strings.Contains(out, "f1  schedule it-rota  2026-11-25  wall\n") || !strings.Contains(out, "f2  an@example.vn     2026-11-25") {
		t.Errorf("%s", out)
	}
	if code, out := f.run(t, "feed", "revoke", "f1"); code != 0 || !strings.Contains(out, "f1 is revoked") {
		t.Errorf("%d %s", code, out)
	}
}

func TestHolidaysAreBroughtIn(t *testing.T) {
	f := newFakeCalendars(t, map[string]string{"POST /keng/v1/holiday-calendars/import": `{"name":"bank","newCalendar":true,"added":1,"changed":1,"removed":0,"kept":2,"days":[{"change":"added","date":"2027-09-02","name":"Quốc khánh"},{"change":"changed","date":"2027-01-01","name":"x"}],"skipped":["Lunch"]}`})
	file := write(t, "BEGIN:VCALENDAR\nEND:VCALENDAR\n")
	code, out := f.run(t, "holidays", "import", file, "--name", "bank", "--built-in", "vietnam", "--only", "Public holiday", "--dry-run")
	for _, want := range []string{"+  2027-09-02  Quốc khánh\n", "~  2027-01-01  x\n", "Passed over: Lunch\n", "Calendar bank: 1 days added (+), 1 changed (~), 0 taken away (-), 2 as they were.\n", "dry run"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit code %d, it does not say %q:\n%s", code, want, out)
		}
	}
	if f.last() != "POST /keng/v1/holiday-calendars/import?builtIn=vietnam&dryRun=true&language=vi&name=bank&only=Public+holiday BEGIN:VCALENDAR\nEND:VCALENDAR" {
		t.Errorf("%q", f.last())
	}
	if code, _ := f.run(t, "holidays", "import", file); code != 2 {
		t.Error(code)
	}
}

// A double booking is told with every schedule in which the person is on call.
func TestGapsNameEverySchedule(t *testing.T) {
	f := newFakeCalendars(t, map[string]string{"GET /keng/v1/gaps": `[{"kind":"double-booked","schedule":{"id":"s1","name":"it-rota"},"startDate":"2026-11-25T12:00:00Z","endDate":"2026-11-25T13:00:00Z",
		"user":{"type":"user","id":"u","username":"an@example.vn"},"otherSchedule":{"id":"s2","name":"nights"},"moreSchedules":[{"id":"s3","name":"core"},{"id":"s4","name":"voice"}],"suggestion":[]}]`})
	if code, out := f.run(t, "gaps"); code != 0 || !strings.Contains(out, "it-rota   an@example.vn is on call in nights, core, voice, too") {
		t.Errorf("%d: %s", code, out)
	}
}
