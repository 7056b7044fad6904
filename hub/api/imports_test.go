package api_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/state"
)

// brought sends a file.
func (h *hub) brought(path, kind, content string) answer {
	h.t.Helper()
	return h.send(newRequest("POST", path, content, "Content-Type", kind))
}

// changes says what an import of a roster changes.
func changes(a answer) string {
	var words []string
	shifts, _ := a.data("shifts").([]any)
	for _, s := range shifts {
		s := s.(map[string]any)
		who := strings.TrimSuffix(fmt.Sprint(s["recipient"].(map[string]any)["username"]), "@example.vn")
		words = append(words, fmt.Sprint(s["change"], " ", s["startDate"].(string)[8:13], " ", who))
	}
	return strings.Join(words, ", ")
}

// problemsIn says what is wrong with a file that was sent for a dry run.
func problemsIn(a answer) string {
	var words []string
	list, _ := a.data("problems").([]any)
	for _, p := range list {
		p := p.(map[string]any)
		words = append(words, fmt.Sprintf("%v: %v", p["line"], p["message"]))
	}
	return strings.Join(words, "; ")
}

// A roster that was planned in a spreadsheet is shown, then brought in, and is on call.
func TestRosterImport(t *testing.T) {
	h := planned(t)
	h.made("/v2/schedules", `{"name":"hands","timezone":"Asia/Ho_Chi_Minh"}`)
	const path = "/keng/v1/schedules/hands/roster?identifierType=name"
	file := "\ufeffNgày;Ca;Người trực\r\n25/11/2026;8h-20h;Lan\r\n25/11/2026;20:00-08:00;AN@example.vn\r\n26/11/2026;10:00-20:00;chi\r\n"
	dry := h.want(h.brought(path+"&dryRun=true", "text/csv", file), 200)
	if got, want := changes(dry), "added 25T01 lan, added 25T13 an, added 26T03 chi"; got != want || dry.data("newRotation") != true || dry.data("rotation") != "roster" || dry.data("added") != 3.0 || problemsIn(dry) != "" {
		t.Errorf("%s\n%s", got, dry.raw)
	}
	var troubles []string
	for _, x := range dry.data("troubles").([]any) {
		x := x.(map[string]any)
		troubles = append(troubles, fmt.Sprint(x["kind"], " ", x["startDate"].(string)[8:13], " ", x["endDate"].(string)[8:13]))
	}
	// lan has the week of the other schedule; between two shifts are two hours of nobody.
	if got := strings.Join(troubles, ", "); got != "double-booked 25T01 25T13, gap 26T01 26T03" {
		t.Errorf("%s\n%s", got, dry.raw)
	}
	if s := h.want(h.call("GET", "/v2/schedules/hands?identifierType=name", ""), 200); len(s.data("rotations").([]any)) != 0 {
		t.Errorf("a dry run has changed something: %s", s.raw)
	}
	h.lenient = true // curl says this unless it is told otherwise
	done := h.want(h.brought(path, "application/x-www-form-urlencoded", file), 200)
	h.lenient = false
	if changes(done) != changes(dry) || done.body["result"] != "Updated" {
		t.Errorf("%s", done.raw)
	}
	for at, who := range map[string]string{"2026-11-25T02:00:00Z": "[lan@example.vn]", "2026-11-25T14:00:00Z": "[an@example.vn]", "2026-11-26T02:00:00Z": "[]", "2026-11-26T04:00:00Z": "[chi@example.vn]"} {
		if a := h.want(h.call("GET", "/v2/schedules/hands/on-calls?scheduleIdentifierType=name&flat=true&date="+at, ""), 200); fmt.Sprint(a.data("onCallRecipients")) != who {
			t.Errorf("%s: %s", at, a.raw)
		}
	}
	// Again it changes nothing; other shifts come beside those, or in the place of all from their first on.
	if a := h.want(h.brought(path, "text/csv", file), 200); changes(a) != "" || a.data("kept") != 3.0 || a.data("newRotation") != false {
		t.Errorf("%s", a.raw)
	}
	next := "start,end,user\n2026-11-26 18:00,2026-11-27 08:00,binh\n"
	if a := h.want(h.brought(path, "text/csv", next), 200); changes(a) != "added 26T03 chi, removed 26T03 chi, added 26T11 binh" || a.data("kept") != 2.0 {
		t.Errorf("%s", a.raw)
	}
	if a := h.want(h.brought(path+"&whole=true", "text/csv", next), 200); changes(a) != "" || a.data("kept") != 4.0 {
		t.Errorf("what comes last takes what is before it away: %s", a.raw)
	}
	next = "start,end,user\n2026-11-25 20:00,2026-11-26 08:00,binh\n"
	if a := h.want(h.brought(path+"&whole=true", "text/csv", next), 200); a.data("removed") != 3.0 || a.data("kept") != 1.0 {
		t.Errorf("%s", a.raw)
	}
	s, _ := state.FindSchedule(h.store.tx, "hands")
	if len(s.Rotations) != 1 || len(s.Rotations[0].Slots) != 2 {
		t.Errorf("%+v", s.Rotations)
	}
}

// A feed of one hub is a roster for another.
func TestRosterImportOfACalendar(t *testing.T) {
	h := planned(t)
	feed := h.want(h.call("GET", "/v2/schedules/rota.ics?identifierType=name", ""), 200)
	h.made("/v2/schedules", `{"name":"copy","timezone":"Asia/Ho_Chi_Minh"}`)
	a := h.want(h.brought("/keng/v1/schedules/copy/roster?identifierType=name&rotation=weeks", "text/calendar", feed.raw), 200)
	if a.data("added").(float64) < 50 || a.data("rotation") != "weeks" {
		t.Errorf("%.500s", a.raw)
	}
	again := h.want(h.call("GET", "/v2/schedules/copy.ics?identifierType=name", ""), 200)
	if got, want := eventsOf(calendarOf(t, again), 50), eventsOf(calendarOf(t, feed), 50); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// What is wrong with a file is told by its lines, and nothing is changed.
func TestRosterImportNamesTheLines(t *testing.T) {
	h := planned(t)
	h.made("/v2/users", `{"username":"an2@example.vn","fullName":"an"}`)
	const path = "/keng/v1/schedules/rota/roster?identifierType=name"
	file := "start,end,user\n2026-12-01,2026-12-01,zoe\n12/25/2026,12/26/2026,lan\n2026-12-02,2026-12-02,an\n2026-12-02,2026-12-03,binh\n"
	dry := h.want(h.brought(path+"&dryRun=true", "text/csv", file), 200)
	for _, want := range []string{"2: there is no person “zoe”", "3: “12/25/2026”: there is no month 25", "4: there are several people of the name “an”: write the username", "5: begins at 2026-12-02 00:00, before the shift of line 4"} {
		if !strings.Contains(problemsIn(dry), want) {
			t.Errorf("it does not say %q: %s", want, problemsIn(dry))
		}
	}
	a := h.want(h.brought(path, "text/csv", file), 422)
	if !strings.Contains(a.wrong("line 2"), "zoe") || !strings.Contains(a.wrong("line 4"), "several") || a.wrong("line 5") == "" {
		t.Errorf("%s", a.raw)
	}
	good := "start,end,user\n2026-12-01,2026-12-01,lan\n"
	if a := h.want(h.brought(path+"&rotation=weeks", "text/csv", good), 422); !strings.Contains(a.wrong("rotation"), "is no roster") {
		t.Errorf("%s", a.raw)
	}
	for wrong, field := range map[string]string{"&dryRun=perhaps": "dryRun", "&whole=1": "whole", "&rotation=" + strings.Repeat("x", 101): "rotation"} {
		if a := h.want(h.brought(path+wrong, "text/csv", good), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", wrong, a.raw)
		}
	}
	h.want(h.brought("/keng/v1/schedules/ghost/roster", "text/csv", good), 404)
	h.want(h.with(readKey, "POST", path, good), 403)
	h.want(h.with(teamKey, "POST", path, good), 403)
	if s, _ := state.FindSchedule(h.store.tx, "rota"); len(s.Rotations) != 1 {
		t.Errorf("%+v", s.Rotations)
	}
}

// Files that mean harm are refused in words, and cost little.
func TestHostileImports(t *testing.T) {
	h := planned(t)
	const roster, holidays = "/keng/v1/schedules/rota/roster?identifierType=name", "/keng/v1/holiday-calendars/import?name=x"
	event := func(rest string) string {
		return "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\nSUMMARY:lan\n" + rest + "\nEND:VEVENT\nEND:VCALENDAR\n"
	}
	for name, c := range map[string]struct {
		content string
		status  int
	}{
		"10 MB":               {strings.Repeat("x", 10<<20), 413},
		"nothing":             {"", 422},
		"JSON":                {`{"shifts":[]}`, 422},
		"UTF-16":              {"\xff\xfeB\x00E\x00", 422},
		"a million times":     {event("DTSTART:20261201T000000Z\nDTEND:20261201T000001Z\nRRULE:FREQ=SECONDLY;COUNT=1000000"), 422},
		"all of a day":        {event("DTSTART;VALUE=DATE:20261201\n" + strings.Repeat("RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1\n", 20_000)), 422},
		"commas":              {strings.Repeat(",", 4<<20), 422},
		"a million each hour": {event("DTSTART:20260101T000000Z\nDTEND:20260101T000001Z\nRRULE:FREQ=HOURLY;COUNT=1000000"), 422},
		"many endless":        {"BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:VEVENT\nDTSTART:19000101T000000Z\nDTEND:19000101T000001Z\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\nEND:VEVENT\n", 15_000) + "END:VCALENDAR\n", 422},
		"deep":                {strings.Repeat("BEGIN:VCALENDAR\n", 100_000), 422},
		"cut off":             {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:2026", 422},
		"another zone":        {event("DTSTART;TZID=../../etc/passwd:20261201T000000\nDTEND:20261201T000001Z"), 422},
		"one endless line":    {"BEGIN:VCALENDAR\n" + strings.Repeat("x", 1<<20), 422},
		"quotes":              {"start,end,user\n" + strings.Repeat(`"`, 1<<20+1), 422},
		"a hundred thousand":  {"start,end,user\n" + strings.Repeat("2026-12-01,2026-12-01,lan\n", 100_000), 422},
		"many columns":        {"start,end,user" + strings.Repeat(",x", 100_000) + "\n", 422},
	} {
		for _, path := range []string{roster, holidays} {
			a := h.brought(path, "text/calendar", c.content)
			if a.status != c.status || len(a.raw) > 64<<10 {
				t.Errorf("%s to %s: HTTP %d, %d bytes: %.300s", name, path, a.status, len(a.raw), a.raw)
			}
		}
	}
	if n := len(h.want(h.call("GET", "/v2/schedules/rota?identifierType=name", ""), 200).data("rotations").([]any)); n != 1 {
		t.Errorf("%d rotations", n)
	}
}

// Holidays of a calendar that Google gives come into a holiday calendar, and the year after again.
func TestHolidayImport(t *testing.T) {
	h := planned(t)
	google, err := os.ReadFile("../ical/testdata/google-holidays.ics")
	if err != nil {
		t.Fatal(err)
	}
	const path = "/keng/v1/holiday-calendars/import?name=ngh%E1%BB%89"
	days := func(a answer) string {
		var words []string
		for _, d := range a.data("days").([]any) {
			d := d.(map[string]any)
			words = append(words, fmt.Sprint(d["change"], " ", d["date"], " ", d["name"]))
		}
		return strings.Join(words, ", ")
	}
	dry := h.want(h.brought(path+"&dryRun=true", "text/calendar", string(google)), 200)
	if dry.data("newCalendar") != true || dry.data("added") != 8.0 || !strings.Contains(days(dry), "added 2027-02-05 Tết Nguyên đán, added 2027-02-06 Tết Nguyên đán") || !strings.HasSuffix(days(dry), "added 2027-02-11 Tết Nguyên đán, added 2027-09-02 Quốc khánh") {
		t.Errorf("%s", dry.raw)
	}
	calendar := func() *state.HolidayCalendar {
		c, _ := state.Pick{Name: "nghỉ"}.HolidayCalendar(h.store.tx)
		return c
	}
	if calendar() != nil {
		t.Error("a dry run has made a calendar")
	}
	done := h.want(h.brought(path+"&builtIn=vietnam", "text/calendar", string(google)), 200)
	c := calendar()
	if c == nil || done.data("id") != c.ID || len(c.Added) != 8 || c.BuiltIn != "vietnam" || c.Added[0].Vietnamese != "Tết Nguyên đán" {
		t.Fatalf("%s %+v", done.raw, c)
	}
	event := func(rest string) string { return "BEGIN:VEVENT\n" + rest + "\nEND:VEVENT\n" }
	next := "BEGIN:VCALENDAR\n" + event("DTSTART;VALUE=DATE:20280902\nSUMMARY:National Day\nDESCRIPTION:Public holiday") + event("DTSTART;VALUE=DATE:20270902\nSUMMARY:National Day\nDESCRIPTION:Public holiday") +
		event("DTSTART;VALUE=DATE:20271224\nSUMMARY:Christmas Eve\nDESCRIPTION:Observance") + event("DTSTART:20271225T000000Z\nDTEND:20271225T010000Z\nSUMMARY:Lunch\nDESCRIPTION:Public holiday") + "END:VCALENDAR\n"
	a := h.want(h.brought(path+"&language=en&only=Public%20holiday", "text/calendar", next), 200)
	if days(a) != "changed 2027-09-02 National Day, added 2028-09-02 National Day" || a.data("kept") != 7.0 || fmt.Sprint(a.data("skipped")) != "[Christmas Eve Lunch]" {
		t.Errorf("%s", a.raw)
	}
	if a := h.want(h.brought(path+"&whole=true", "text/calendar", next), 200); a.data("removed") != 7.0 || len(calendar().Added) != 3 {
		t.Errorf("%s", a.raw)
	}
	for wrong, field := range map[string]string{"/keng/v1/holiday-calendars/import": "name", path + "&only=zzz": "only", path + "&builtIn=mars": "builtIn"} {
		if a := h.want(h.brought(wrong, "text/calendar", next), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", wrong, a.raw)
		}
	}
	if a := h.want(h.brought(path, "text/calendar", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:soon\nEND:VEVENT\nEND:VCALENDAR\n"), 422); a.wrong("line 3") == "" {
		t.Errorf("%s", a.raw)
	}
	h.want(h.with(readKey, "POST", path, next), 403)
	// What the cluster refuses is told.
	h.store.fault = func(bool) error { return &core.Error{Kind: core.Conflict, Words: "no"} }
	h.want(h.brought("/keng/v1/holiday-calendars/import?name=other", "text/calendar", next), 409)
}
