package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/api"
	"keng/hub/core"
	"keng/hub/ical"
	"keng/hub/state"
)

// calendarOf reads a feed that was answered, as another program would.
func calendarOf(t *testing.T, a answer) []ical.Event {
	t.Helper()
	if a.status != 200 || a.header.Get("Content-Type") != "text/calendar; charset=utf-8" {
		t.Fatalf("HTTP %d %s: %s", a.status, a.header, a.raw)
	}
	all, err := ical.Read(strings.NewReader(a.raw), time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), time.LoadLocation, ical.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, a.raw)
	}
	return all
}

// eventsOf says what is in a feed, the first few events.
func eventsOf(all []ical.Event, n int) string {
	var words []string
	for _, e := range all[:min(n, len(all))] {
		words = append(words, e.Start.UTC().Format("02T15")+"-"+e.End.UTC().Format("02T15")+" "+e.Summary)
	}
	return strings.Join(words, ", ")
}

// A schedule is a calendar to subscribe to: what happens, shifts that follow one another as one.
func TestFeedOfASchedule(t *testing.T) {
	h := planned(t)
	all := calendarOf(t, h.call("GET", "/v2/schedules/rota.ics?identifierType=name", ""))
	if got, want := eventsOf(all, 5), "23T02-24T02 Lan, 24T02-24T12 binh, 24T12-30T02 Lan, 30T02-30T05 chi, 30T05-07T02 an"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// 54 weeks and two days from 23 November to the end of November of the year after: a shift each week, and three pieces besides.
	if last := all[len(all)-1]; !last.End.Equal(time.Date(2027, 12, 1, 0, 0, 0, 0, time.UTC)) || len(all) != 54+3 {
		t.Errorf("%d events until %s", len(all), last.End)
	}
	if !strings.Contains(all[1].Description, "Lịch rota, vòng trực weeks\nTrực thay") || !strings.Contains(all[3].Description, "Trực thay an") || all[0].Description != "Lịch rota, vòng trực weeks" {
		t.Errorf("%q %q %q", all[0].Description, all[1].Description, all[3].Description)
	}
	// By its id, in English; two rotations are told apart; a schedule may be called as the path ends.
	h.want(h.call("POST", "/v2/schedules/rota/rotations?scheduleIdentifierType=name", `{"name":"always","startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"user","username":"chi@example.vn"}]}`), 201)
	s, _ := state.FindSchedule(h.store.tx, "rota")
	a := h.call("GET", "/v2/schedules/"+string(s.ID)+".ics?language=en", "")
	all = calendarOf(t, a)
	all = slices.DeleteFunc(all, func(e ical.Event) bool { return e.Summary != "always: chi" })
	if len(all) != 2 || !all[1].End.Equal(time.Date(2027, 12, 1, 0, 0, 0, 0, time.UTC)) { // before and after the override
		t.Errorf("one who is always on call has %s", eventsOf(all, 9))
	}
	if !strings.Contains(unfolded(a.raw), "X-WR-CALDESC:Who is on call in rota. Shown from 2026-10-26 to 2027-12-01.\r\n") || !strings.Contains(a.raw, "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n") || !strings.Contains(a.raw, "X-PUBLISHED-TTL:PT1H\r\n") {
		t.Errorf("%.900s", a.raw)
	}
	h.made("/v2/schedules", `{"name":"a/b.ics","timezone":"UTC"}`)
	if all := calendarOf(t, h.call("GET", "/v2/schedules/a/b.ics.ics?identifierType=name", "")); len(all) != 0 {
		t.Errorf("%v", all)
	}
	if a := h.want(h.call("GET", "/v2/schedules/a/b.ics/on-calls?scheduleIdentifierType=name&flat=true", ""), 200); fmt.Sprint(a.data("onCallRecipients")) != "[]" {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("GET", "/v2/schedules/ghost.ics?identifierType=name", ""), 404)
	h.want(h.with("", "GET", "/v2/schedules/rota.ics?identifierType=name", ""), 401)
	h.want(h.with(writeKey, "GET", "/v2/schedules/rota.ics?identifierType=name", ""), 403)
	h.want(h.call("POST", "/v2/schedules/rota.ics", ""), 405)
	if a := h.want(h.call("PATCH", "/v2/schedules/rota?identifierType=name", `{"enabled":false}`), 200); a.status == 200 {
		if a := h.call("GET", "/v2/schedules/rota.ics?identifierType=name", ""); len(calendarOf(t, a)) != 0 || !strings.Contains(unfolded(a.raw), "Lịch đang tắt") {
			t.Errorf("%s", a.raw)
		}
	}
}

// unfolded puts the lines of a calendar together again.
func unfolded(text string) string { return strings.ReplaceAll(text, "\r\n ", "") }

// A person's feed has the person's shifts of all schedules, in the person's language.
func TestFeedOfAPerson(t *testing.T) {
	h := planned(t)
	h.made("/v2/schedules", `{"name":"nights","timezone":"Asia/Ho_Chi_Minh","rotations":[{"name":"n","startDate":"2026-11-01T13:00:00Z","endDate":"2026-11-26T13:00:00Z","type":"daily",
		"participants":[{"type":"user","username":"chi@example.vn"},{"type":"none"}]}]}`)
	for name, want := range map[string]string{
		"lan@example.vn":  "23T02-24T02 Trực: rota, 24T12-30T02 Trực: rota, 07T02-14T02 Trực: rota",
		"LAN@example.vn":  "23T02-24T02 Trực: rota, 24T12-30T02 Trực: rota, 07T02-14T02 Trực: rota",
		"chi@example.vn":  "01T13-02T13 On call: nights, 03T13-04T13 On call: nights, 05T13-06T13 On call: nights",
		"binh@example.vn": "24T02-24T12 On call: rota",
	} {
		if got := eventsOf(calendarOf(t, h.call("GET", "/v2/schedules/on-calls/"+name+".ics", "")), 3); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	all := calendarOf(t, h.call("GET", "/v2/schedules/on-calls/"+h.userID("chi@example.vn")+".ics?language=en", ""))
	if forwarded := all[len(all)-1]; len(all) != 14 || forwarded.Summary != "On call: rota" || forwarded.Description != "Schedule rota, rotation weeks\nInstead of an (forwarding)" {
		t.Errorf("%d %+v", len(all), forwarded)
	}
	h.want(h.call("GET", "/v2/schedules/on-calls/ghost@example.vn.ics", ""), 404)
	h.want(h.call("GET", "/v2/schedules/on-calls/lan@example.vn.ics?language=fr", ""), 422)
}

// What has not changed is not sent again, at whatever moment; an event whose end moves is the same.
func TestFeedIsKnownAgain(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	h := newHub(t, func(o *api.Options) { o.Now = func() time.Time { return now } })
	h.store.now = now
	h.made("/v2/schedules", `{"name":"rota","timezone":"UTC","rotations":[{"name":"r","startDate":"2020-01-06T09:00:00Z","type":"weekly","participants":[{"type":"user","username":"lan@example.vn"},{"type":"none"}]},
		{"name":"always","startDate":"2020-01-06T09:00:00Z","type":"weekly","participants":[{"type":"user","username":"lan@example.vn"}]}]}`)
	const path = "/v2/schedules/rota.ics?identifierType=name"
	first := h.want(h.call("GET", path, ""), 200)
	etag := first.header.Get("ETag")
	if !strings.HasPrefix(etag, `W/"`) || first.header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("%s", first.header)
	}
	now = now.Add(90 * time.Hour) // still the same week
	for _, known := range []string{etag, strings.TrimPrefix(etag, "W/"), `"x", ` + etag, "*"} {
		if a := h.want(h.send(newRequest("GET", path, "", "If-None-Match", known)), 304); a.raw != "" || a.header.Get("ETag") != etag {
			t.Errorf("%s: %q %s", known, a.raw, a.header)
		}
	}
	if a := h.want(h.send(newRequest("HEAD", path, "")), 200); a.raw != "" || a.header.Get("ETag") != etag {
		t.Errorf("%s", a.header)
	}
	uids := func(a answer) (all []string) {
		for _, e := range calendarOf(t, a) {
			all = append(all, e.UID)
		}
		slices.Sort(all)
		return all
	}
	before := uids(first)
	if len(slices.Compact(slices.Clone(before))) != len(before) {
		t.Error("two events have the same UID")
	}
	// Six weeks later what was there keeps its name, the endless one, too.
	now = now.AddDate(0, 0, 42)
	later := h.want(h.send(newRequest("GET", path, "", "If-None-Match", etag)), 200)
	after := uids(later)
	for _, e := range calendarOf(t, later) {
		if e.Start.Before(time.Date(2027, 12, 1, 0, 0, 0, 0, time.UTC)) && !slices.Contains(before, e.UID) {
			t.Errorf("%s %s has another UID than before", e.Start, e.Summary)
		}
	}
	if len(after) < 20 {
		t.Errorf("only %d events", len(after))
	}
	// An override cuts the present shift short: it is the same event, and somebody else's is new.
	end := now.Add(time.Hour)
	start := now.Add(-time.Hour)
	s, _ := state.FindSchedule(h.store.tx, "rota")
	h.store.now = now
	must(state.Do(t.Context(), h.store, core.Seed{77}, state.CreateOverride{Schedule: state.Pick{ID: string(s.ID)}, Alias: "x", Fields: state.OverrideFields{
		Who: &state.Party{}, Start: &start, End: &end}}))
	changed := uids(h.want(h.send(newRequest("GET", path, "", "If-None-Match", later.header.Get("ETag"))), 200))
	gone := slices.DeleteFunc(slices.Clone(after), func(uid string) bool { return slices.Contains(changed, uid) })
	if len(gone) != 0 {
		t.Errorf("an override took %d events away: %q", len(gone), gone)
	}
}

// A schedule with too many shifts for a year is shown for a shorter time, and that is said.
func TestFeedOfTooManyShifts(t *testing.T) {
	h := planned(t)
	hours := `{"startDate":"2026-11-23T02:00:00Z","type":"hourly","participants":[{"type":"user","username":"lan@example.vn"},{"type":"user","username":"an@example.vn"}]}`
	h.made("/v2/schedules", `{"name":"hours","timezone":"UTC","rotations":[`+hours+`]}`)
	a := h.call("GET", "/v2/schedules/hours.ics?identifierType=name", "")
	all := calendarOf(t, a)
	if !strings.Contains(unfolded(a.raw), "Chỉ hiển thị từ 26/10/2026 đến 01/06/2027: có quá nhiều ca trực") || len(all) < 4000 || len(all) > 5000 {
		t.Errorf("%d events, %.900s", len(all), a.raw)
	}
	h.made("/v2/schedules", `{"name":"absurd","timezone":"UTC","rotations":[`+strings.Repeat(hours+",", 30)+hours+`]}`)
	if a := h.want(h.call("GET", "/v2/schedules/absurd.ics?identifierType=name", ""), 422); a.wrong("identifier") == "" {
		t.Errorf("%s", a.raw)
	}
}

// An address gives its feed without a key, and nothing else; it is told once, and can be revoked.
func TestFeedAddresses(t *testing.T) {
	h := planned(t)
	a := h.want(h.call("POST", "/keng/v1/feeds", `{"schedule":{"name":"rota"},"note":"wall screen"}`), 201)
	url, id := a.data("url").(string), a.data("id").(string)
	secret := strings.TrimSuffix(url[strings.LastIndexByte(url, '/')+1:], ".ics")
	if len(secret) < state.FeedSecretSize || !strings.HasPrefix(url, "http://example.com/keng/v1/feeds/") || a.data("schedule").(map[string]any)["name"] != "rota" || a.data("note") != "wall screen" {
		t.Errorf("%s", a.raw)
	}
	person := h.want(h.call("POST", "/keng/v1/feeds", `{"user":{"username":"chi@example.vn"}}`), 201)
	theirs := person.data("url").(string)
	if got := eventsOf(calendarOf(t, h.with("", "GET", url, "")), 2); got != "23T02-24T02 Lan, 24T02-24T12 binh" {
		t.Error(got)
	}
	if got := eventsOf(calendarOf(t, h.with("", "GET", theirs+"?language=en", "")), 2); got != "30T02-30T05 On call: rota" {
		t.Error(got)
	}
	// The secret is no key, and neither is the id an address.
	h.want(h.with(secret, "GET", "/v2/schedules", ""), 401)
	h.want(h.with("", "GET", "/v2/schedules?apiKey="+secret, ""), 401)
	for _, wrong := range []string{id, secret + "x", secret[:25], "x", strings.Repeat("A", 26), strings.Repeat("A", 500), "%FF"} {
		if a := h.want(h.with("", "GET", "/keng/v1/feeds/"+wrong+".ics", ""), 404); strings.Contains(a.raw, wrong) {
			t.Errorf("%s", a.raw)
		}
	}
	list := h.want(h.with(readKey, "GET", "/keng/v1/feeds", ""), 200)
	if len(list.list()) != 2 || strings.Contains(list.raw, secret) || strings.Contains(list.raw, "url") {
		t.Errorf("%s", list.raw)
	}
	if dump := fmt.Sprint(state.Feeds.Get(h.store.tx, "")); strings.Contains(dump, secret) {
		t.Error("the secret is in the state")
	}
	for body, field := range map[string]string{`{}`: "schedule", `{"user":{"username":"an@example.vn"},"schedule":{"name":"rota"}}`: "schedule", `{"user":{"username":"ghost@example.vn"}}`: "user",
		`{"schedule":{"id":"ghost"}}`: "schedule", `{"schedule":{"name":"rota"},"note":"` + strings.Repeat("x", 201) + `"}`: "note"} {
		if a := h.want(h.call("POST", "/keng/v1/feeds", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	h.want(h.with(readKey, "POST", "/keng/v1/feeds", `{"schedule":{"name":"rota"}}`), 403)
	h.want(h.with(teamKey, "POST", "/keng/v1/feeds", `{"schedule":{"name":"rota"}}`), 403)
	h.want(h.with(readKey, "DELETE", "/keng/v1/feeds/"+id, ""), 403)
	h.want(h.call("DELETE", "/keng/v1/feeds/"+id, ""), 200)
	h.want(h.call("DELETE", "/keng/v1/feeds/"+id, ""), 404)
	h.want(h.with("", "GET", url, ""), 404)
	h.want(h.with("", "GET", theirs, ""), 200)
	// With the person goes the person's feed.
	h.want(h.call("DELETE", "/v2/forwarding-rules/"+h.want(h.call("GET", "/v2/forwarding-rules", ""), 200).list()[0]["id"].(string), ""), 200)
	h.want(h.call("DELETE", "/v2/users/chi@example.vn", ""), 200)
	h.want(h.with("", "GET", theirs, ""), 404)
	if list := h.want(h.call("GET", "/keng/v1/feeds", ""), 200).list(); len(list) != 0 {
		t.Errorf("%v", list)
	}
}

// One person has at most so many feeds, and each is answered so often in a minute; addresses that
// nobody has are not asked for in the whole cluster again and again.
func TestFeedsAreLimited(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	h := newHub(t, func(o *api.Options) { o.Now = func() time.Time { return now } })
	url := ""
	for range state.FeedsOfOneMax {
		url = h.want(h.call("POST", "/keng/v1/feeds", `{"user":{"username":"lan@example.vn"}}`), 201).data("url").(string)
	}
	if a := h.want(h.call("POST", "/keng/v1/feeds", `{"user":{"username":"lan@example.vn"}}`), 422); !strings.Contains(a.wrong("body"), "20 feeds") {
		t.Errorf("%s", a.raw)
	}
	for range 30 {
		h.want(h.with("", "GET", url, ""), 200)
	}
	if a := h.want(h.with("", "GET", url, ""), 429); a.header.Get("Retry-After") != "60" {
		t.Errorf("%s %s", a.header, a.raw)
	}
	now = now.Add(time.Minute)
	h.want(h.with("", "GET", url, ""), 200)
	before := h.store.latest
	for i := range 200 {
		h.want(h.with("", "GET", fmt.Sprintf("/keng/v1/feeds/%026d.ics", i), ""), 404)
	}
	if n := h.store.latest - before; n != 30 {
		t.Errorf("the newest state was asked for %d times", n)
	}
}

// Whatever goes wrong, the log does not have the address of a feed.
func TestFeedAddressIsNotLogged(t *testing.T) {
	var log bytes.Buffer
	var seen []string
	h := newHub(t, func(o *api.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.Observe = func(method, pattern string, _ int, _ time.Duration) { seen = append(seen, method+" "+pattern) }
		o.Zones = func(name string) (*time.Location, error) {
			if name == "Asia/Tokyo" {
				return nil, errors.New("no such zone")
			}
			return time.LoadLocation(name)
		}
	})
	h.made("/v2/schedules", `{"name":"rota","timezone":"Asia/Tokyo"}`)
	url := h.want(h.call("POST", "/keng/v1/feeds", `{"schedule":{"name":"rota"}}`), 201).data("url").(string)
	secret := strings.TrimSuffix(url[strings.LastIndexByte(url, '/')+1:], ".ics")
	r := newRequest("GET", url, "")
	w := &gone{header: http.Header{}}
	h.api.ServeHTTP(w, r) // fails within, and the caller goes away
	if w.status != 500 || !strings.Contains(log.String(), "a request failed") || !strings.Contains(log.String(), "the caller went away") {
		t.Errorf("HTTP %d: %s", w.status, &log)
	}
	if strings.Contains(log.String(), secret) || strings.Contains(strings.Join(seen, " "), secret) || !slices.Contains(seen, "GET /keng/v1/feeds/{id}.ics") {
		t.Errorf("%s %q", &log, seen)
	}
}

// gone is a caller who does not wait for the answer.
type gone struct {
	header http.Header
	status int
}

func (g *gone) Header() http.Header         { return g.header }
func (g *gone) WriteHeader(status int)      { g.status = status }
func (g *gone) Write(p []byte) (int, error) { return 0, errors.New("broken pipe") }

// foreign is a program in Python, with Debian's python3-icalendar, that tells what is in a calendar.
const foreign = `
import sys, icalendar
cal = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
print(cal["X-WR-CALNAME"])
for e in cal.walk("VEVENT"):
    print(e["UID"], e.decoded("DTSTART").strftime("%Y-%m-%dT%H:%M:%SZ"), e.decoded("DTEND").strftime("%Y-%m-%dT%H:%M:%SZ"), e["SUMMARY"])
`

// Another program reads in a feed what is in it.
func TestFeedIsReadByOthers(t *testing.T) {
	const python = "/usr/bin/python3" // Debian's own has Debian's modules
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := exec.CommandContext(ctx, python, "-c", "import icalendar").Run(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("python3-icalendar is missing: .ci/run installs it: %v", err)
		}
		t.Skip("SKIPPED: python3-icalendar is missing; apt-get install python3-icalendar")
	}
	h := planned(t)
	h.want(h.call("PATCH", "/v2/users/lan@example.vn", `{"fullName":"Nguyễn Thị Ngọc Lan; \\ \"Lan\", trưởng ca trực đêm của phòng Vận hành hạ tầng mạng"}`), 200)
	a := h.call("GET", "/v2/schedules/rota.ics?identifierType=name", "")
	want := []string{"rota"}
	for _, e := range calendarOf(t, a) {
		want = append(want, fmt.Sprint(e.UID, " ", e.Start.UTC().Format(time.RFC3339), " ", e.End.UTC().Format(time.RFC3339), " ", e.Summary))
	}
	slices.Sort(want[1:])
	reading := exec.CommandContext(ctx, python, "-c", foreign)
	reading.Stdin, reading.Env = strings.NewReader(a.raw), append(os.Environ(), "PYTHONIOENCODING=utf-8")
	out, err := reading.CombinedOutput()
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(got[1:])
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n%s\nwant\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !strings.Contains(string(out), `\ "Lan", trưởng ca trực đêm`) {
		t.Errorf("%s", out)
	}
}

// What is answered at an address is kept for a minute, but for somebody who is blocked; a schedule that does not concern a
// person does that person's feed no harm.
func TestFeedAnswersAreKept(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	h := newHub(t, func(o *api.Options) { o.Now = func() time.Time { return now } })
	h.store.now = now
	rota := `"rotations":[{"startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"user","username":"lan@example.vn"}]}]`
	h.made("/v2/schedules", `{"name":"rota",`+rota+`}`)
	h.made("/v2/schedules", `{"name":"lost","timezone":"Asia/Tokyo"}`)
	lost, _ := state.FindSchedule(h.store.tx, "lost")
	lost.Zone = "Mars/North" // its zone was taken out of the data
	if err := state.Schedules.Put(h.store.tx, lost); err != nil {
		t.Fatal(err)
	}
	address := func() string {
		return h.want(h.call("POST", "/keng/v1/feeds", `{"user":{"username":"lan@example.vn"}}`), 201).data("url").(string)
	}
	url := address()
	first := h.want(h.with("", "GET", url, ""), 200)
	h.made("/v2/schedules", `{"name":"second",`+rota+`}`)
	now = now.Add(time.Minute - 1)
	for _, url := range []string{url, address()} { // feeds of one person are one answer
		if a := h.want(h.with("", "GET", url, ""), 200); a.raw != first.raw {
			t.Errorf("not what was kept: %s", a.raw)
		}
	}
	if a := h.want(h.with("", "GET", url+"?language=en", ""), 200); !strings.Contains(a.raw, "On call: second") {
		t.Errorf("another language: %s", a.raw)
	}
	now = now.Add(1)
	a := h.want(h.with("", "GET", url, ""), 200)
	if !strings.Contains(a.raw, "second") {
		t.Errorf("a minute later: %s", a.raw)
	}
	h.want(h.send(newRequest("GET", url, "", "If-None-Match", a.header.Get("ETag"), "Authorization", "")), 304)
	lan, _ := state.FindUser(h.store.tx, "lan@example.vn")
	lan.Blocked = true
	if err := state.Users.Put(h.store.tx, lan); err != nil {
		t.Fatal(err)
	}
	h.want(h.with("", "GET", url, ""), 404)
}
