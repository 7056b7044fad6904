package picture_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/core/rota/picture"
)

// An element of a picture, as a reader of XML sees it.
type element struct {
	name  string
	attrs map[string]string
	text  string
	depth int
}

func (e element) number(t testing.TB, attr string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(e.attrs[attr], 64)
	if err != nil {
		t.Fatalf("%s of <%s> is %q", attr, e.name, e.attrs[attr])
	}
	return v
}

// elements reads a picture strictly; it fails if it is not well-formed, or holds something that
// a picture must not.
func elements(t testing.TB, svg []byte) []element {
	t.Helper()
	known := []string{"svg", "title", "style", "defs", "pattern", "rect", "path", "text"}
	var all []element
	var open []int
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if !slices.Contains(known, tok.Name.Local) {
				t.Fatalf("a picture has no <%s>\n%s", tok.Name.Local, svg)
			}
			e := element{name: tok.Name.Local, attrs: map[string]string{}, depth: len(open)}
			for _, a := range tok.Attr {
				e.attrs[a.Name.Local] = a.Value
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" || a.Name.Local == "style" ||
					strings.Contains(a.Value, "url(") && !strings.HasPrefix(a.Value, "url(#kp-") {
					t.Fatalf("a picture has no attribute %s=%q", a.Name.Local, a.Value)
				}
			}
			open, all = append(open, len(all)), append(all, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				all[open[len(open)-1]].text += string(tok)
			}
		case xml.ProcInst, xml.Directive:
			t.Fatalf("a picture has no %T", tok)
		}
	}
	for _, e := range all {
		if e.name == "style" && (strings.Contains(e.text, "url") || strings.Contains(e.text, "@import")) {
			t.Fatalf("the style refers to something: %s", e.text)
		}
	}
	return all
}

// A drawn bar is a picture in the picture with a tooltip.
func drawnBars(t testing.TB, svg []byte) (bars []element, tooltips []string) {
	all := elements(t, svg)
	for i, e := range all {
		if e.name == "svg" && e.depth == 1 && e.attrs["height"] == "24.0" {
			bars, tooltips = append(bars, e), append(tooltips, all[i+1].text)
		}
	}
	return bars, tooltips
}

func TestGoldensAreWellFormedAndStandAlone(t *testing.T) {
	for name, tl := range goldens(t) {
		svg := tl.SVG()
		for _, e := range elements(t, svg) {
			if e.name == "svg" && e.depth == 1 {
				if x, w := e.number(t, "x"), e.number(t, "width"); x < 0 || w <= 0 || x+w > float64(max(tl.Width, 1200)) {
					t.Errorf("%s: a part from %v, %v wide, is out of the picture", name, x, w)
				}
			}
		}
		if again := goldens(t)[name].SVG(); !bytes.Equal(svg, again) {
			t.Errorf("%s is drawn otherwise the second time", name)
		}
	}
}

// A day is as wide as it is long.
func TestDaysOnWhichClocksChange(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, c := range []struct {
		month time.Month
		day   int
		hours float64
	}{{3, 29, 23}, {10, 25, 25}, {6, 14, 24}} {
		midnight := func(after int) time.Time { return time.Date(2026, c.month, c.day+after, 0, 0, 0, 0, berlin) }
		tl := picture.Timeline{Zone: berlin, From: midnight(-1), To: midnight(3)}
		for i := range 3 {
			tl.Rows = append(tl.Rows, picture.Row{Periods: []picture.Period{{Who: "a", Start: midnight(i - 1), End: midnight(i)}}})
		}
		bars, _ := drawnBars(t, tl.SVG())
		usual, changed := bars[0].number(t, "width")+1, bars[1].number(t, "width")+1
		if got := changed / usual * 24; got < c.hours-0.05 || got > c.hours+0.05 {
			t.Errorf("%v/%d is %v hours wide, not %v", c.month, c.day, got, c.hours)
		}
	}
}

// Weekend, days and weeks are those of the zone, also where it left a day out: in Samoa the
// Friday before the New Year of 2012.
func TestDayThatWasLeftOut(t *testing.T) {
	apia := zone(t, "Pacific/Apia")
	tl := picture.Timeline{Zone: apia, From: time.Date(2011, 12, 28, 0, 0, 0, 0, apia), To: time.Date(2012, 1, 4, 0, 0, 0, 0, apia), Language: "en"}
	var dates []string
	for _, e := range elements(t, tl.SVG()) {
		if e.name == "text" && strings.Contains(e.text, " 20") && !strings.Contains(e.text, "Week") {
			dates = append(dates, e.text)
		}
	}
	want := "Wed 28 Dec 2011,Thu 29 Dec 2011,Sat 31 Dec 2011,Sun 1 Jan 2012,Mon 2 Jan 2012,Tue 3 Jan 2012"
	if got := strings.Join(dates, ","); got != want {
		t.Errorf("days are %s,\nnot          %s", got, want)
	}
}

func TestTooltips(t *testing.T) {
	_, tips := drawnBars(t, fourWeeks(t).SVG())
	for _, want := range []string{
		"Nguyễn Thị Ánh\n09:00 T2 30/11/2026 – 09:00 T2 07/12/2026\nchuyển tiếp từ Trần Quốc Bình",
		"Vũ Khuê\n09:00 T5 26/11/2026 – 09:00 T7 28/11/2026\ntrực thay",
		"Không có ai trực\n09:00 T2 07/12/2026 – 09:00 T4 09/12/2026",
		"Lê Kim Chi\n09:00 T2 07/12/2026 – 09:00 T2 14/12/2026\ntheo lịch xoay vòng",
	} {
		if !slices.Contains(tips, want) {
			t.Errorf("no tooltip says %q", want)
		}
	}
	berlin := zone(t, "Europe/Berlin")
	tl := picture.Timeline{Zone: berlin, From: time.Date(2026, 10, 25, 0, 0, 0, 0, berlin), Rows: []picture.Row{{Periods: []picture.Period{
		{Who: "a", Name: "Ana", Start: time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), Kind: rota.ByRotation},
	}}}}
	tl.To = tl.From.AddDate(0, 0, 1)
	if _, tips = drawnBars(t, tl.SVG()); tips[0] != "Ana\n02:30 Sun 25 Oct 2026 (UTC+02:00) – onwards\nby rotation" {
		t.Errorf("an hour that comes twice, and a period without end: %q", tips[0])
	}
}

func TestNamesAreShortened(t *testing.T) {
	within := func(language, name, whose string, kind rota.Kind, hours int) string {
		tl := picture.Timeline{From: time.Unix(0, 0), To: time.Unix(0, 0).Add(24 * time.Hour), Language: language, Rows: []picture.Row{{
			Periods: []picture.Period{{Who: "x", Name: name, For: whose, Kind: kind, Start: time.Unix(0, 0), End: time.Unix(0, 0).Add(time.Duration(hours) * time.Hour)}},
		}}}
		all := elements(t, tl.SVG())
		for _, e := range all {
			if e.name == "text" && e.depth == 2 && e.attrs["class"] == "kp-bar" {
				return e.text
			}
		}
		return ""
	}
	for _, c := range []struct {
		language, name, whose string
		kind                  rota.Kind
		hours                 int
		want                  string
	}{
		{"vi", "Nguyễn Thị Ánh", "", rota.ByRotation, 12, "Nguyễn Thị Ánh"},
		{"vi", "Nguyễn Thị Ánh", "", rota.ByRotation, 2, "…Thị Ánh"},
		{"en", "Ana Maria Ruiz", "", rota.ByRotation, 2, "Ana Mari…"},
		{"vi", "Trần Bình", "Lê An", rota.ByForward, 12, "Trần Bình cho Lê An"},
		{"vi", "Trần Bình", "Lê An", rota.ByForward, 3, "Bình cho An"},
		{"en", "Bình", "An", rota.ByForward, 12, "Bình for An"},
		{"en", "", "", rota.ByRotation, 12, "x"},
		{"en", "شيماء", "An", rota.ByForward, 12, "\u2068شيماء\u2069 for An"},
	} {
		if got := within(c.language, c.name, c.whose, c.kind, c.hours); got != c.want {
			t.Errorf("%s in %d hours: %q, not %q", c.name, c.hours, got, c.want)
		}
	}
}

func TestBounds(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var many []picture.Period
	for i := range picture.BarsMax {
		many = append(many, picture.Period{Who: fmt.Sprint(i), Name: strings.Repeat("Ệ", 10_000), Start: from.Add(time.Duration(i) * time.Hour), End: from.Add(time.Duration(i+1) * time.Hour)})
	}
	tl := picture.Timeline{From: from, To: from.AddDate(9999, 0, 0), Title: strings.Repeat("x", 1<<20), Language: "en", Width: 1 << 30}
	for range 2 * picture.RowsMax {
		tl.Rows = append(tl.Rows, picture.Row{Name: strings.Repeat("y", 1<<20), Periods: many})
	}
	svg := tl.SVG()
	bars, _ := drawnBars(t, svg)
	if len(bars) != picture.BarsMax || len(svg) > 4<<20 {
		t.Errorf("%d bars in %d bytes", len(bars), len(svg))
	}
	if want := fmt.Sprintf("%d more periods are not drawn", (2*picture.RowsMax-1)*picture.BarsMax); !bytes.Contains(svg, []byte(want)) {
		t.Errorf("the picture does not say %q", want)
	}
	last := picture.Timeline{From: from, To: from.AddDate(0, 0, 100), Rows: []picture.Row{{Periods: many}, {Periods: many[:100]}}, Language: "en"}
	svg = last.SVG()
	if bars, _ = drawnBars(t, svg); len(bars) != picture.BarsMax || !bytes.Contains(svg, []byte(">100 more periods")) {
		t.Errorf("what happens in the end must be whole: %d bars", len(bars))
	}
	for language, want := range map[string]string{"en": "too many periods to draw them all", "vi": "không vẽ được hết"} {
		last.Cut, last.Language = true, language
		if svg = last.SVG(); !bytes.Contains(svg, []byte(want)) || bytes.Contains(svg, []byte(">100 ")) {
			t.Errorf("%s: the picture does not say that it knows not how much is missing", language)
		}
	}
}

func TestColours(t *testing.T) {
	colour := func(tl picture.Timeline) map[string]string {
		all, by := elements(t, tl.SVG()), map[string]string{}
		for i, e := range all {
			if e.attrs["class"] == "kp-person" {
				name, _, _ := strings.Cut(all[i-1].text, "\n")
				by[name] = e.attrs["fill"]
			}
		}
		return by
	}
	one, other := colour(fourWeeks(t)), fourWeeks(t)
	distinct := map[string]bool{}
	for _, c := range one {
		distinct[c] = true
		if ratio := contrast(t, c, "#10151a"); ratio < 7 {
			t.Errorf("words on %s have a contrast of %.1f only", c, ratio)
		}
	}
	if len(one) != 6 || len(distinct) != 6 {
		t.Errorf("six people have %d colours", len(distinct))
	}
	other.Rows = other.Rows[:1]
	for name, c := range colour(other) {
		if one[name] != c {
			t.Errorf("%s is %s in one picture and %s in the other", name, one[name], c)
		}
	}
}

// contrast is that of WCAG 2 between two colours.
func contrast(t *testing.T, a, b string) float64 {
	luminance := func(c string) float64 {
		v, err := strconv.ParseUint(c[1:], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		part := func(shift int, weight float64) float64 {
			x := float64(v>>shift&255) / 255
			return weight * x * x // near enough to the standard's curve
		}
		return part(16, 0.2126) + part(8, 0.7152) + part(0, 0.0722)
	}
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return max(x, y) / min(x, y)
}

func TestPeriodsOfARota(t *testing.T) {
	at := time.Unix(1000, 0)
	got := picture.Periods([]rota.Period{
		{Start: at, Participant: rota.Participant{User: "an"}, Kind: rota.ByForward, For: "binh"},
		{Participant: rota.Participant{Team: "db"}, Kind: rota.ByOverride},
		{End: at},
	}, func(p rota.Participant) string { return string(p.User + core.UserID(p.Team)) }, func(id core.UserID) string { return "the " + string(id) })
	want := []picture.Period{
		{Who: "an", Name: "an", Start: at, Kind: rota.ByForward, For: "the binh"},
		{Who: "db", Name: "db", Kind: rota.ByOverride},
		{End: at},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

// invented is any timeline at all.
func invented(r *rand.Rand, names []string, zones []*time.Location) picture.Timeline {
	name := func() string { return names[r.IntN(len(names))] }
	moment := func() time.Time {
		if r.IntN(8) == 0 {
			return time.Time{}
		}
		return time.Unix(r.Int64N(4e9), 0)
	}
	tl := picture.Timeline{Title: name(), Zone: zones[r.IntN(len(zones))], From: moment(), Now: moment(), Language: []string{"vi", "en", ""}[r.IntN(3)], Width: r.IntN(2000)}
	tl.To = tl.From.Add(time.Duration(r.ExpFloat64() * float64(240*time.Hour)))
	if r.IntN(10) == 0 {
		tl.To = moment()
	}
	near := func() time.Time { return tl.From.Add(time.Duration(r.NormFloat64() * float64(200*time.Hour))) }
	for range r.IntN(5) {
		row := picture.Row{Name: name()}
		for range r.IntN(12) {
			row.Periods = append(row.Periods, picture.Period{Who: name(), Name: name(), Start: near(), End: near(), Kind: rota.Kind(r.IntN(5)), For: name()})
		}
		tl.Rows = append(tl.Rows, row)
		tl.Gaps = append(tl.Gaps, picture.Span{Start: near(), End: near()})
	}
	return tl
}

func TestAnyTimelineIsWellFormed(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"", "An", "]]><script>", "\x00\x1b\xff", "\u202eabc", "שלום", "a\u0301\u0301\u0301\u0301\u0301", "&amp;'\"", strings.Repeat("dài ", 99)}
	zones := []*time.Location{nil, time.UTC}
	for _, z := range []string{"Asia/Ho_Chi_Minh", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Asia/Kathmandu"} {
		zones = append(zones, zone(t, z))
	}
	for range 500 {
		elements(t, invented(r, names, zones).SVG())
	}
}

func FuzzSVG(f *testing.F) {
	f.Add("An", "</title>", "vi", int64(1_790_000_000), int64(86_400), uint64(1))
	f.Add("\u202e\x00", "&", "en", int64(-1<<40), int64(1<<40), uint64(7))
	f.Fuzz(func(t *testing.T, a, b, language string, from, long int64, seed uint64) {
		tl := invented(rand.New(rand.NewPCG(seed, 0)), []string{a, b, a + b}, []*time.Location{time.UTC})
		tl.Title, tl.Language = a, language
		tl.From = time.Unix(from%(1<<37), 0)
		tl.To = tl.From.Add(time.Duration(long%(1<<33)) * time.Second)
		elements(t, tl.SVG())
	})
}
