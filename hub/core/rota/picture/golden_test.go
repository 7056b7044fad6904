package picture_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/core/rota/picture"
)

var rewrite = flag.Bool("rewrite", false, "draw testdata/*.svg anew; then look at them")

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// people are the names of the goldens, by id.
func people() map[core.UserID]string {
	return map[core.UserID]string{
		"an": "Nguyễn Thị Ánh", "binh": "Trần Quốc Bình", "chi": "Lê Kim Chi", "dung": "Đỗ Mạnh Dũng",
		"huong": "Phạm Thị Hường", "khue": "Vũ Khuê", "ana": "Ana Ruiz", "ben": "Ben Okafor", "cho": "Cho Min-jun",
	}
}

func periods(of []rota.Period) []picture.Period {
	person := func(id core.UserID) string { return people()[id] }
	return picture.Periods(of, func(p rota.Participant) string { return person(p.User) }, person)
}

// turns are the periods of people who take turns of some days each, from a moment on.
func turns(rotation string, start time.Time, days, count int, who ...core.UserID) []rota.Period {
	var all []rota.Period
	for i := range count {
		all = append(all, rota.Period{
			Rotation: rotation, Start: start.AddDate(0, 0, i*days), End: start.AddDate(0, 0, (i+1)*days),
			Participant: rota.Participant{User: who[i%len(who)]}, Kind: rota.ByRotation,
		})
	}
	return all
}

func user(id core.UserID) rota.Participant { return rota.Participant{User: id} }

// fourWeeks is a schedule with an override, a forwarding and a gap.
func fourWeeks(t testing.TB) picture.Timeline {
	hanoi := zone(t, "Asia/Ho_Chi_Minh")
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, hanoi) }
	day := turns("day", at(23, 9), 7, 4, "an", "binh", "chi")
	night := turns("night", at(23, 18), 1, 28, "dung", "huong", "khue")
	for i := range night {
		night[i].End = night[i].Start.Add(13 * time.Hour)
	}
	night[11].Participant = rota.Participant{}
	final := append([]rota.Period{
		{Start: at(23, 9), End: at(26, 9), Participant: user("an"), Kind: rota.ByRotation},
		{Start: at(26, 9), End: at(28, 9), Participant: user("khue"), Kind: rota.ByOverride},
		{Start: at(28, 9), End: at(30, 9), Participant: user("an"), Kind: rota.ByRotation},
		{Start: at(30, 9), End: at(37, 9), Participant: user("an"), Kind: rota.ByForward, For: "binh"},
	}, append(turns("day", at(39, 9), 12, 1, "chi"), night...)...)
	return picture.Timeline{
		Title: "Trực hệ thống thanh toán", Zone: hanoi, From: at(23, 0), To: at(51, 0), Now: at(26, 14), Language: "vi",
		Rows: []picture.Row{{Name: "Ca ngày", Periods: periods(day)}, {Name: "Ca đêm", Periods: periods(night)}, {Name: "Ai trực", Periods: periods(final)}},
		Gaps: []picture.Span{{Start: at(37, 9), End: at(39, 9)}},
	}
}

// goldens are the pictures that are kept.
func goldens(t testing.TB) map[string]picture.Timeline {
	berlin, utc := zone(t, "Europe/Berlin"), time.UTC
	sun := func(start int, who ...core.UserID) []rota.Period {
		p := turns("sun", time.Date(2026, 3, 28, start, 0, 0, 0, utc), 1, 2, who...)
		for i := range p {
			p[i].End = p[i].Start.Add(8 * time.Hour)
		}
		return p
	}
	followed := append(append(sun(0, "cho"), sun(8, "ana")...), sun(16, "ben")...)
	day := picture.Timeline{
		Title: "Follow the sun", Zone: berlin, From: time.Date(2026, 3, 29, 0, 0, 0, 0, berlin), To: time.Date(2026, 3, 30, 0, 0, 0, 0, berlin),
		Now: time.Date(2026, 3, 29, 5, 30, 0, 0, utc), Language: "en",
		Rows: []picture.Row{{Name: "Seoul", Periods: periods(sun(0, "cho"))}, {Name: "Madrid", Periods: periods(sun(8, "ana"))}, {Name: "Lagos", Periods: periods(sun(16, "ben"))}, {Name: "On call", Periods: periods(followed)}},
	}
	week := day
	week.From, week.To, week.Title = time.Date(2026, 10, 22, 0, 0, 0, 0, berlin), time.Date(2026, 10, 30, 0, 0, 0, 0, berlin), "Clocks go back"
	shifts := turns("w", time.Date(2026, 10, 19, 9, 0, 0, 0, berlin), 1, 12, "ana", "ben")
	week.Rows, week.Now = []picture.Row{{Name: "On call", Periods: periods(shifts)}}, time.Date(2026, 10, 29, 22, 0, 0, 0, berlin)

	four, mail, year := fourWeeks(t), fourWeeks(t), fourWeeks(t)
	mail.Width, mail.To = 640, mail.From.AddDate(0, 0, 14)
	year.From, year.To = time.Date(2026, 1, 1, 0, 0, 0, 0, four.Zone), time.Date(2027, 1, 1, 0, 0, 0, 0, four.Zone)
	start := time.Date(2025, 12, 29, 9, 0, 0, 0, four.Zone)
	weekly, daily := periods(turns("w", start, 7, 54, "an", "binh", "chi", "dung")), periods(turns("d", start, 1, 370, "huong", "khue", "dung"))
	year.Rows = []picture.Row{{Name: "Theo tuần", Periods: weekly}, {Name: "Theo ngày", Periods: daily}, {Name: "Ai trực", Periods: append(weekly[:30:30], weekly[31:]...)}}
	year.Gaps = []picture.Span{{Start: weekly[30].Start, End: weekly[30].End}}
	quarter := year
	quarter.To = quarter.From.AddDate(0, 3, 0)
	return map[string]picture.Timeline{
		"day": day, "week": week, "fourweeks": four, "mail": mail, "quarter": quarter, "year": year,
		"hostile": hostile(t), "crowded": crowded(), "empty": {Title: "Chưa có gì", From: start, To: start.AddDate(0, 0, 7), Language: "vi"},
	}
}

// hostile has names that want to break out of their places.
func hostile(t testing.TB) picture.Timeline {
	tl := fourWeeks(t)
	tl.Title = "</title><script>alert(1)</script>\x00 ]]> &amp; \"quoted\" 'too' " + string(bytes.Repeat([]byte("very long "), 100))
	names := []string{
		"<b onload=\"x\">&lt;", "עברית שלום", "\u202edrowssap محمد علي", "👩‍👩‍👧‍👦 👍🏽 family", "\x1b[31mred\xff\xfe\uffff",
		"Z̸̢̛̪͖͈̰͇̟a̷̧̨̛̛̼̹l̶̨̢̡̛͔g̵̨̢̛o̸̢̨̡", "漢字の長い名前がここにあります", "line\nbreak\ttab\r\n", "", "Nguyễn Thị Thanh Thuý",
	}
	var all []picture.Period
	for i, n := range names {
		all = append(all, picture.Period{Who: fmt.Sprint("id", i), Name: n, Start: tl.From.AddDate(0, 0, i*3-1), End: tl.From.AddDate(0, 0, i*3+2), Kind: rota.Kind(i%3 + 1), For: names[len(names)-1-i]})
	}
	tl.Rows = []picture.Row{{Name: names[0] + names[2], Periods: all}, {Name: string(bytes.Repeat([]byte("Ệ"), 400)), Periods: all[3:]}}
	return tl
}

// crowded has more than there is place for.
func crowded() picture.Timeline {
	from := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	var all []picture.Period
	for i := range 40 {
		for lane := range 12 {
			all = append(all, picture.Period{Who: fmt.Sprint(i*12+lane) + "x", Name: fmt.Sprintf("Person %d", i*12+lane), Start: from.Add(time.Duration(i*5) * time.Hour), End: from.Add(time.Duration(i*5+7) * time.Hour)})
		}
	}
	return picture.Timeline{Title: "All hands", From: from, To: from.AddDate(0, 0, 7), Language: "en", Rows: []picture.Row{{Name: "Everybody", Periods: all}}}
}

func TestGoldens(t *testing.T) {
	for name, tl := range goldens(t) {
		got, file := tl.SVG(), filepath.Join("testdata", name+".svg")
		if *rewrite {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what it was (draw it anew with -rewrite, and look at it): %v", file, err)
		}
	}
}
