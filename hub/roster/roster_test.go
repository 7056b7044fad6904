package roster_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"keng/hub/roster"
)

func zone(t testing.TB, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// read reads a file as for a schedule in a zone, and says what it has.
func read(t testing.TB, text, in string) string {
	z := zone(t, in)
	shifts, problems := roster.Read([]byte(text), roster.Options{Zone: z, Zones: time.LoadLocation,
		From: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2027, 12, 1, 0, 0, 0, 0, time.UTC)})
	var words []string
	for _, p := range problems {
		words = append(words, fmt.Sprintf("line %d: %s", p.Line, p.Words))
	}
	if len(words) > 0 {
		return strings.Join(words, "; ")
	}
	for _, s := range shifts {
		words = append(words, fmt.Sprintf("%d %s to %s %s", s.Line, s.Start.In(z).Format("2006-01-02T15:04"), s.End.In(z).Format("2006-01-02T15:04"), strings.Join(s.Who, "|")))
	}
	return strings.Join(words, "; ")
}

func TestCSV(t *testing.T) {
	const vn = "Asia/Ho_Chi_Minh"
	for name, c := range map[string]struct{ text, want string }{
		"ISO":               {"start,end,user\n2026-12-25 08:00,2026-12-25 20:00,an", "2 2026-12-25T08:00 to 2026-12-25T20:00 an"},
		"Excel in Vietnam":  {"\ufeffBắt đầu;Kết thúc;Người trực\r\n25/12/2026 8:00;25/12/2026 20:00;Trần An\r\n", "2 2026-12-25T08:00 to 2026-12-25T20:00 Trần An"},
		"sep line":          {"sep=;\r\nstart;end;user\r\n\r\n5/6/2026 8:00;5/6/2026 9:00;an\r\n;;\r\n", "4 2026-06-05T08:00 to 2026-06-05T09:00 an"},
		"hours":             {"ngày;ca;họ và tên;ghi chú\n25/12/2026;8h-20h;An;x\n25/12/2026;20:00–08:00;Bình\n", "2 2026-12-25T08:00 to 2026-12-25T20:00 An; 3 2026-12-25T20:00 to 2026-12-26T08:00 Bình"},
		"whole days":        {"user\tstart\tend\nan\t25.12.2026\t31-12-2026", "2 2026-12-25T00:00 to 2027-01-01T00:00 an"},
		"offsets":           {"start,end,user\n2026-12-25T08:00+09:00,2026-12-25T11:00:00Z,an", "2 2026-12-25T06:00 to 2026-12-25T18:00 an"},
		"quotes":            {"start,end,user\n\"2026-12-25\n08:00\",x,an\n2026-12-25,2026-12-25,\"An, \"\"the man\"\"\"", `line 2: “2026-12-25` + "\n" + `08:00” is no date: write 2026-12-25 or 25/12/2026`},
		"until midnight":    {"date,shift,user\n2026-12-25,12:00-24:00,an\n2026-12-26,00:00-00:00,an", "2 2026-12-25T12:00 to 2026-12-26T00:00 an; 3 2026-12-26T00:00 to 2026-12-27T00:00 an"},
		"any order of time": {"start,end,user\n2026-12-26,2026-12-26,b\n2026-12-25,2026-12-25,a", "3 2026-12-25T00:00 to 2026-12-26T00:00 a; 2 2026-12-26T00:00 to 2026-12-27T00:00 b"},

		"month first":     {"start,end,user\n12/25/2026,12/26/2026,an", "line 2: “12/25/2026”: there is no month 25. The day comes first: 25/12/2026"},
		"short year":      {"start,end,user\n25/12/26,26/12/26,an", "line 2: “25/12/26”: write the year with four digits"},
		"no such day":     {"start,end,user\n31/11/2026,1/12/2026,an", "line 2: “31/11/2026”: there is no such day"},
		"another age":     {"start,end,user\n2026-12-25,9999-12-26,an", "line 2: “9999-12-26” is not in the years 1970 to 2200"},
		"twelve hours":    {"start,end,user\n2026-12-25 8:00 AM,2026-12-25 20:00,an", "line 2: “8:00 AM” is no time of the day: write 08:00 or 20:30, of 24 hours"},
		"no length":       {"start,end,user\n2026-12-25 08:00,2026-12-25 08:00,an", "line 2: the end is not after the start"},
		"nobody":          {"start,end,user\n2026-12-25,2026-12-25,", "line 2: nobody is named: write a username or a full name, or leave the line out"},
		"one is missing":  {"start,end,user\n2026-12-25", "line 2: nobody is named: write a username or a full name, or leave the line out"},
		"words for hours": {"date,shift,user\n2026-12-25,night,an", "line 2: “night” are no hours of a shift: write 08:00-20:00"},
		"overlap": {"start,end,user\n2026-12-25,2026-12-26,an\n2026-12-26,2026-12-26,binh",
			"line 3: begins at 2026-12-26 00:00, before the shift of line 2 ends at 2026-12-27 00:00: in one rotation one person is on call at a time. Mend the times, or put the second person into a rotation of its own"},
		"a quotation mark": {"start,end,user\n2026-12-25,2026-12-25,\"an", "line 2: extraneous or missing \" in quoted-field: look for a quotation mark too many or too few"},
		"no lines":         {"start,end,user\n", "line 1: there is no shift under the names of the columns"},
	} {
		if got := read(t, c.text, vn); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
	for name, c := range map[string]struct{ text, says string }{
		"empty": {"", "line 1: the first line must name the columns"}, "no header": {"2026-12-25,2026-12-26,an", "must name the columns"},
		"a column twice": {"start,from,end,user\n", "must name the columns"}, "UTF-16": {"\xff\xfes\x00t\x00", "UTF-16"}, "a workbook": {"PK\x03\x04...", "workbook"},
		"Windows-1258": {"start,end,user\n2026-12-25,2026-12-25,B\xecnh", "line 2: this is no text in UTF-8"}, "NUL": {"start,end,user\n\x00", "line 2: this is no text"},
		"too many": {"start,end,user\n" + strings.Repeat("2026-12-25,x,an\n", 5000), "there are"}, "too large": {strings.Repeat(" ", roster.BytesMax+1), "more than 4 MiB"},
	} {
		got := read(t, c.text, vn)
		if name == "too many" { // the first hundred problems are told, and no more
			if n := strings.Count(got, "line "); n != roster.ProblemsMax {
				t.Errorf("%d problems", n)
			}
			continue
		}
		if !strings.Contains(got, c.says) {
			t.Errorf("%s: %s", name, got)
		}
	}
	// A line is bounded, also one that a cell with line breaks makes of several.
	for name, long := range map[string]string{"commas": strings.Repeat(",", 80<<10), "a cell": `"` + strings.Repeat("x\n", 40<<10) + `"`, "many cells": strings.Repeat(",,,,\"\n\"", 20<<10)} {
		if got := read(t, "start,end,user\n\n2026-12-25,2026-12-25,an\n"+long+"\n", vn); !strings.HasPrefix(got, "line 4: the line is longer than 64 KiB") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := read(t, "start,end,user\n"+strings.Repeat("2026-12-25,2026-12-25,an"+strings.Repeat(",", 60<<10)+"\n", 2), vn); !strings.HasPrefix(got, "line 3: begins at") {
		t.Error(got)
	}
	if got := read(t, "start,end,user\n"+strings.Repeat("2026-12-25,2026-12-25,an\n", 1001), vn); !strings.Contains(got, "line ") {
		t.Error(got)
	}
}

// Where clocks change, a time that is not there is refused, and of two the first is taken.
func TestCSVWhereClocksChange(t *testing.T) {
	if got := read(t, "start,end,user\n2027-03-28 02:30,2027-03-28 08:00,an", "Europe/Berlin"); got != "line 2: 2027-03-28 02:30 is never in Europe/Berlin: clocks jump over it" {
		t.Error(got)
	}
	shifts, problems := roster.Read([]byte("start,end,user\n2026-10-25 02:30,2026-10-25 08:00,an"), roster.Options{Zone: zone(t, "Europe/Berlin")})
	if len(problems) > 0 || !shifts[0].Start.Equal(time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)) {
		t.Error(shifts, problems)
	}
}

func TestCalendar(t *testing.T) {
	event := func(lines string) string {
		return "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + lines + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	}
	for name, c := range map[string]struct{ text, want string }{
		"a title":    {event("DTSTART:20261225T010000Z\r\nDTEND:20261225T130000Z\r\nSUMMARY:Trực: An (ca ngày)"), "2 2026-12-25T08:00 to 2026-12-25T20:00 Trực: An (ca ngày)|An (ca ngày)|Trực: An|An"},
		"an address": {event("DTSTART;VALUE=DATE:20261225\r\nSUMMARY:On call\r\nATTENDEE:mailto:an@example.vn"), "2 2026-12-25T00:00 to 2026-12-26T00:00 an@example.vn|On call"},
		"weekly":     {event("DTSTART:20271101T010000Z\r\nDTEND:20271101T020000Z\r\nRRULE:FREQ=WEEKLY\r\nSUMMARY:An"), "2 2027-11-01T08:00 to 2027-11-01T09:00 An; 2 2027-11-08T08:00 to 2027-11-08T09:00 An; 2 2027-11-15T08:00 to 2027-11-15T09:00 An; 2 2027-11-22T08:00 to 2027-11-22T09:00 An; 2 2027-11-29T08:00 to 2027-11-29T09:00 An"},
		"no name":    {event("DTSTART:20261225T010000Z\r\nDTEND:20261225T130000Z"), "line 2: the event does not say who is on call: put the person's username or full name into its title"},
		"no length":  {event("DTSTART:20261225T010000Z\r\nSUMMARY:An"), "line 2: the event has no length: give it an end"},
		"long ago":   {event("DTSTART:20061225T010000Z\r\nDTEND:20061225T020000Z\r\nSUMMARY:An"), "line 1: there is no event in it from 2026-12-01 07:00 to 2027-12-01 07:00"},
		"broken":     {"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:soon\r\nEND:VEVENT\r\nEND:VCALENDAR", ""},
		"endless":    {event("DTSTART:20261225T010000Z\r\nDTEND:20261225T010500Z\r\nRRULE:FREQ=HOURLY\r\nSUMMARY:An"), ""},
	} {
		got := read(t, c.text, "Asia/Ho_Chi_Minh")
		if c.want != "" && got != c.want || c.want == "" && !strings.HasPrefix(got, "line ") {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

func TestPeople(t *testing.T) {
	var p roster.People
	p.Add("1", "an@example.vn", "Trần An")
	p.Add("2", "an2@example.vn", "Trần Ân")
	p.Add("3", "binh@example.vn", "Lê  Bình")
	p.Add("4", "l1@example.vn", "Lan")
	p.Add("5", "l2@example.vn", "lan")
	p.Add("6", "chi@example.vn", "Phạm Thuỳ Hòa")
	for name, want := range map[string]string{
		"AN@example.vn": "1", "Trần An": "1", "trần ân": "2", "lê bình": "3", "LE BINH": "3", "Le\u0302 Bi\u0300nh": "3",
		"Tran An": "several", "Lan": "several", "Lê Binh": "no person", "": "no person", "x": "no person",
		"Phạm Thùy Hoà": "6", "Phạm Thuý Hoà": "no person",
	} {
		if id, words := p.Find([]string{name}); id != want && !strings.Contains(words, want) || id != "" && words != "" {
			t.Errorf("%q: %q %q, want %s", name, id, words, want)
		}
	}
	if id, _ := p.Find([]string{"On call", "Lê Bình", "Trần An"}); id != "3" {
		t.Error(id)
	}
	if _, words := new(roster.People).Find([]string{"a", "b"}); !strings.Contains(words, "“a”, “b”") {
		t.Error(words)
	}
}

// What is written is read again, also where clocks change.
func TestWrite(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(strings.Split(roster.Header, ","))
	from := time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC)
	for i := range 8 {
		if err := roster.Write(w, from.Add(time.Duration(i)*30*time.Minute), from.Add(time.Duration(i+1)*30*time.Minute), fmt.Sprint("u", i), berlin); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	shifts, problems := roster.Read(b.Bytes(), roster.Options{Zone: berlin})
	if len(problems) > 0 || len(shifts) != 8 {
		t.Fatalf("%v %v\n%s", shifts, problems, &b)
	}
	for i, s := range shifts {
		if !s.Start.Equal(from.Add(time.Duration(i)*30*time.Minute)) || !s.End.Equal(from.Add(time.Duration(i+1)*30*time.Minute)) || s.Who[0] != fmt.Sprint("u", i) {
			t.Errorf("%d: %+v\n%s", i, s, &b)
		}
	}
}

// Whatever is read: shifts without problems are in order, none over another, all in known years.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"start,end,user\n2026-12-25,26/12/2026 8h,an\n", "\ufeffngày;ca;người trực\n25/12/2026;20:00-8:00;An", "sep=\t\nstart\tend\tuser\n\"", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225T010000Z\nDURATION:PT8H\nRRULE:FREQ=DAILY\nSUMMARY:An\nEND:VEVENT\nEND:VCALENDAR", "\xff\xfe"} {
		f.Add([]byte(seed))
	}
	berlin := zone(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, raw []byte) {
		shifts, problems := roster.Read(raw, roster.Options{Zone: berlin, Zones: time.LoadLocation, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)})
		if len(problems) > roster.ProblemsMax || len(shifts) > roster.ShiftsMax || len(shifts) == 0 && len(problems) == 0 {
			t.Fatalf("%d shifts, %d problems", len(shifts), len(problems))
		}
		for i, s := range shifts {
			if len(problems) == 0 && (len(s.Who) == 0 || !s.Start.Before(s.End) || i > 0 && s.Start.Before(shifts[i-1].End)) {
				t.Errorf("%+v", s)
			}
		}
	})
}
