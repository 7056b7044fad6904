package sms

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"keng/mobile-gateway/sms/smstest"
	"keng/proto/channel"
)

const phone = "+84901234567"

func TestAcceptedNamesTheMessage(t *testing.T) {
	ch, server := open(t, "number: national\ncountry: \"84\"\nwithout: \"#&\"")
	page := pageTo(phone)
	page.Link, page.Repeat, page.LateBy = "https://keng.example.vn/ack/abc_-123", true, 3*time.Hour
	reports := sendTo(t.Context(), ch, page)
	if len(reports) != 2 || reports[0].Stage != channel.Accepted || reports[1].Stage != channel.Done || reports[1].ProviderID != "sms-1" {
		t.Fatalf("reports are %+v", reports)
	}
	want := smstest.Message{
		To: "0901234567", Sender: "KENG", ID: "page-1", Unicode: "0", Key: smstest.Key,
		Text: "P1 42 (gui lai) (tre 3 gio): Trang web khong truy cap duoc. https://example.vn khong tra loi tu chi nhanh 3. https://keng.example.vn/ack/abc_-123",
	}
	if got := server.Messages()[0]; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestEveryAnswer(t *testing.T) {
	for code, want := range map[string]channel.Failure{
		smstest.BadKey: channel.Misconfigured, smstest.NoMoney: channel.Misconfigured, smstest.Overload: channel.Overloaded,
		smstest.BadPhone: channel.DeadContact, smstest.Spam: channel.Refused, smstest.Broken: channel.Unavailable,
	} {
		ch, server := open(t, "")
		server.Refuse("", code)
		if final := last(sendTo(t.Context(), ch, pageTo(phone))); final.Failure != want || !strings.Contains(final.Detail, "code "+code) {
			t.Errorf("%s: %+v, want %s", code, final, want)
		}
	}
	for status, want := range map[int]channel.Failure{
		400: channel.Refused, 401: channel.Misconfigured, 403: channel.Misconfigured, 404: channel.Refused,
		429: channel.Overloaded, 500: channel.Unavailable, 503: channel.Unavailable, 302: channel.Refused,
	} {
		ch, server := open(t, "")
		server.Fail("", status)
		if final := last(sendTo(t.Context(), ch, pageTo(phone))); final.Failure != want {
			t.Errorf("%d: %+v, want %s", status, final, want)
		}
	}
}

// A provider that answers 200 and says nothing has not taken the message, as far as one knows.
func TestALieIsNoSuccess(t *testing.T) {
	ch, server := open(t, "")
	server.Lie("")
	if final := last(sendTo(t.Context(), ch, pageTo(phone))); final.Stage != channel.Failed || !strings.Contains(final.Detail, "Welcome") {
		t.Errorf("%+v", final)
	}
}

func TestPrefixesAndTheNextProvider(t *testing.T) {
	home, abroad, rest := startServer(t), startServer(t), startServer(t)
	ch := channelTo(t,
		Entry{Name: "rest", File: fileOf(t, rest, "")},
		Entry{Name: "abroad", File: fileOf(t, abroad, ""), Prefixes: []string{"+1", "+8"}},
		Entry{Name: "home", File: fileOf(t, home, ""), Prefixes: []string{"+84"}},
	)
	count := func() [3]int {
		return [3]int{len(home.Messages()), len(abroad.Messages()), len(rest.Messages())}
	}
	for _, step := range []struct {
		to   string
		with func()
		want [3]int
	}{
		{phone, func() {}, [3]int{1, 0, 0}},
		{"+15551234567", func() {}, [3]int{1, 1, 0}},
		{"+4915123456789", func() {}, [3]int{1, 1, 1}},
		{phone, func() { home.Refuse("", smstest.Overload) }, [3]int{1, 2, 1}},
		{phone, func() { abroad.Fail("", 503) }, [3]int{1, 2, 2}},
	} {
		step.with()
		if final := last(sendTo(t.Context(), ch, pageTo(step.to))); final.Stage != channel.Done {
			t.Errorf("%s: %+v", step.to, final)
		}
		if got := count(); got != step.want {
			t.Errorf("after %s: %v, want %v", step.to, got, step.want)
		}
	}
	home.Refuse("", smstest.Spam) // about this message: the next one would say the same
	if final := last(sendTo(t.Context(), ch, pageTo(phone))); final.Failure != channel.Refused || count() != [3]int{1, 2, 2} {
		t.Errorf("%+v, %v", final, count())
	}
}

// A provider that may have taken the message is not followed by another one (P4).
func TestNoSecondMessageAfterSilence(t *testing.T) {
	silent, next := startServer(t), startServer(t)
	silent.Stall("")
	ch := channelTo(t, Entry{Name: "silent", File: fileOf(t, silent, "timeout: 1s")}, Entry{Name: "next", File: fileOf(t, next, "")})
	final := last(sendTo(t.Context(), ch, pageTo(phone)))
	if final.Failure != channel.Unavailable || !strings.Contains(final.Detail, "silent: did not answer within 1s") || len(next.Messages()) != 0 {
		t.Errorf("%+v, and %d by the next", final, len(next.Messages()))
	}
}

// One that cannot be reached is: P5.
func TestP5UnreachableIsLeftAtOnce(t *testing.T) {
	gone, next := smstest.Start(), startServer(t)
	file := fileOf(t, gone, "")
	gone.Close()
	ch := channelTo(t, Entry{Name: "gone", File: file}, Entry{Name: "next", File: fileOf(t, next, "")})
	if final := last(sendTo(t.Context(), ch, pageTo(phone))); final.Stage != channel.Done || len(next.Messages()) != 1 {
		t.Errorf("%+v", final)
	}
}

func TestNoProviderForANumber(t *testing.T) {
	server := startServer(t)
	ch := channelTo(t, Entry{Name: "home", File: fileOf(t, server, ""), Prefixes: []string{"+84"}})
	if final := last(sendTo(t.Context(), ch, pageTo("+15551234567"))); final.Failure != channel.Misconfigured {
		t.Errorf("%+v", final)
	}
}

func TestRate(t *testing.T) {
	ch, server := open(t, "per_second: 0.25")
	if final := last(sendTo(t.Context(), ch, pageTo(phone))); final.Stage != channel.Done {
		t.Fatalf("%+v", final)
	}
	begin := time.Now()
	if final := last(sendTo(t.Context(), ch, pageTo(phone))); final.Failure != channel.Overloaded || time.Since(begin) > time.Second || len(server.Messages()) != 1 {
		t.Errorf("after %v: %+v", time.Since(begin), final)
	}
}

// No secret comes into what people read, and nothing that an alert says is looked at for placeholders.
func TestSecretsStaySecret(t *testing.T) {
	ch, server := open(t, "")
	page := pageTo(phone)
	page.Title, page.Body = "{{secret.key}} {{to}}", ""
	sendTo(t.Context(), ch, page)
	if got := server.Messages()[0].Text; got != "P1 #42: {{secret.key}} {{to}}" {
		t.Errorf("the message says %q", got)
	}
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(500)
		_, _ = w.Write(body)
	}))
	defer echo.Close()
	dir := t.TempDir()
	write(t, dir, "key", "s3cret")
	file := write(t, dir, "p.yaml", "url: "+echo.URL+"\nsecrets: {key: key}\nform: {to: \"{{to}}\", text: \"{{text}}\", key: \"{{secret.key}}\"}\n")
	final := last(sendTo(t.Context(), channelTo(t, Entry{Name: "echo", File: file}), pageTo(phone)))
	if strings.Contains(final.Detail, "s3cret") || !strings.Contains(final.Detail, "{{secret.key}}") {
		t.Errorf("the detail is %q", final.Detail)
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Each place of a request escapes as it must.
func TestRequests(t *testing.T) {
	secrets := map[string]string{"key": "k&y \"ü/"}
	for text, want := range map[string]string{
		`{method: GET, url: "http://sms.test/{{secret.key}}/send?to={{to}}&text={{text}}", secrets: {key: x}}`:                                                       "GET /k&y%20%22%C3%BC%2F/send?to=%2B84901234567&text=P1+%2342%3A+a%26b%3D%22c%22%3F ",
		`{url: "http://sms.test/", secrets: {key: x}, auth: {basic: {user: u, password: "{{secret.key}}"}}, form: {To: "{{to}}", T: "{{text}}"}}`:                    "POST / T=P1+%2342%3A+a%26b%3D%22c%22%3F&To=%2B84901234567",
		`{url: "http://sms.test/", json: {to: ["{{to}}"], text: "{{text}}", kind: 2, flash: false, deep: {x: null}}}`:                                                `POST / {"deep":{"x":null},"flash":false,"kind":2,"text":"P1 #42: a\u0026b=\"c\"?","to":["+84901234567"]}`,
		`{url: "http://sms.test/", headers: {X-Key: "{{secret.key}}"}, secrets: {key: x}, number: international, form: {to: "{{to}}", text: "{{text}}{{unicode}}"}}`: "POST / text=P1+%2342%3A+a%26b%3D%22c%22%3F0&to=84901234567",
	} {
		file, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		p, err := newProvider(Entry{}, file, secrets, nil)
		if err != nil {
			t.Fatal(err)
		}
		page := pageTo(phone)
		page.Title, page.Body = `a&b="c"?`, ""
		r, err := p.request(page)
		if err != nil {
			t.Fatal(err)
		}
		body := ""
		if r.Body != nil {
			b, _ := io.ReadAll(r.Body)
			body = string(b)
		}
		if got := r.Method + " " + r.URL.RequestURI() + " " + body; got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	const good = `url: "http://sms.test/?to={{to}}&text={{text}}"`
	for text, want := range map[string]string{
		"":                                                          "empty",
		"nonsense: 1":                                               "nonsense",
		"url: sms.test":                                             "begins with http",
		`url: "http://{{to}}/?t={{text}}"`:                          "the host is fixed",
		`url: "http://u:p@sms.test/{{to}}"`:                         "stand in auth",
		good + "\nmethod: PUT":                                      "GET or POST",
		good + "\nmethod: GET\nform: {a: b}":                        "a GET has no body",
		good + "\nform: {a: b}\njson: {}":                           "not both",
		`url: "http://sms.test/?to={{to}}"`:                         "must hold {{to}} and {{text}}",
		good + "\nheaders: {x: '{{txt}}'}":                          "nothing is known of {{txt}}",
		good + "\nheaders: {x: '{{ a b }}'}":                        "begins no placeholder",
		good + "\nheaders: {x: '{{secret.k}}'}":                     "nothing is known of {{secret.k}}",
		good + "\nheaders: {x: '{{sender}}'}":                       "sender is not said",
		good + "\nnumber: local":                                    "e164, international or national",
		good + "\nnumber: national":                                 "country",
		good + "\ndiacritics: maybe":                                "strip or keep",
		good + "\nparts: 9":                                         "1 to 6",
		good + "\ntimeout: 1m":                                      "1s to 15s",
		good + "\nsuccess: {pointer: x, equals: [a]}":               "begins with /",
		good + "\nsuccess: {pointer: /x}":                           "go together",
		good + "\nsuccess: {matches: '('}":                          "matches",
		good + "\nfailures: [{status: [500], failure: sad}]":        "a failure is one of",
		good + "\nfailures: [{failure: refused}]":                   "needs status, pointer or matches",
		good + "\nauth: {bearer: x, basic: {user: u, password: p}}": "basic or bearer",
		strings.Repeat("#", fileMax+1):                              "larger than",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v; want something with %q", text, err, want)
		}
	}
}

func TestText(t *testing.T) {
	page := channel.Page{
		Language: channel.Vietnamese, Priority: "P1", TinyID: "42", Title: "Máy chủ cơ sở dữ liệu Đà Nẵng không trả lời",
		Link: "https://keng.example.vn/ack/" + strings.Repeat("A", 38), Body: strings.Repeat("Ổ đĩa đã đầy “95 %” – kiểm tra ngay… ", 20),
	}
	for _, c := range []struct {
		diacritics string
		parts      int
		begins     string
		ucs2       bool
	}{
		{"strip", 2, "P1 #42: May chu co so du lieu Da Nang khong tra loi. O dia da day \"95 %\" - kiem tra ngay... ", false},
		{"strip", 1, "P1 #42: May chu co so du lieu Da Nang khong tra loi. O dia da day", false},
		{"keep", 2, "P1 #42: Máy chủ cơ sở dữ liệu Đà Nẵng không trả lời", true},
	} {
		text, ucs2 := compose(page, &Provider{Diacritics: c.diacritics, Parts: c.parts})
		if !strings.HasPrefix(text, c.begins) || ucs2 != c.ucs2 || !strings.HasSuffix(text, " "+page.Link) || !fits(text, c.parts) {
			t.Errorf("%s, %d parts, UCS-2 %t: %q", c.diacritics, c.parts, ucs2, text)
		}
	}
	// Of one part of 70 letters a link would leave nothing to read.
	if text, _ := compose(page, &Provider{Diacritics: "keep", Parts: 1}); strings.Contains(text, "http") || !strings.HasSuffix(text, "…") || !fits(text, 1) {
		t.Errorf("%q", text)
	}
}

func TestCutAtAWord(t *testing.T) {
	if got := cut("one two three "+strings.Repeat("four ", 40), "", "...", 1); !strings.HasSuffix(got, " four...") || len(got) > 160 || len(got) < 150 {
		t.Errorf("%d: %q", len(got), got)
	}
	if got := cut(strings.Repeat("x", 400), "http://a", "...", 2); len(got) != 306 || !strings.HasSuffix(got, "x... http://a") {
		t.Errorf("%d: %q", len(got), got)
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "a€[]": 7, "à@Δ": 3, "Đà": 2, "😀": 2, strings.Repeat("a", 161): 161} {
		if units, _ := size(text); units != want {
			t.Errorf("%q has %d, want %d", text, units, want)
		}
	}
	for text, parts := range map[string]int{strings.Repeat("a", 160): 1, strings.Repeat("a", 161): 2, strings.Repeat("a", 306): 2, strings.Repeat("a", 307): 3, strings.Repeat("ẵ", 70): 1, strings.Repeat("ẵ", 134): 2, strings.Repeat("ẵ", 135): 3} {
		if !fits(text, parts) || parts > 1 && fits(text, parts-1) {
			t.Errorf("%d letters are not of %d parts", utf8.RuneCountInString(text), parts)
		}
	}
}

func TestStrip(t *testing.T) {
	for text, want := range map[string]string{
		"Đường dây nóng: Quảng Ngãi, ĐẮK LẮK": "Duong day nong: Quang Ngai, DAK LAK",
		"ế Ệ ữ Ỹ ỷ ợ":                         "e E u Y y o",
		"Tie\u0302\u0301ng Vie\u0323\u0302t":  "Tieng Viet",
		"“x” – ‘y’… 日 😀":                      "\"x\" - 'y'... ? ?",
		"aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ": "aaaaaaaaaaaaaaaaaaeeeeeeeeeeeeiiiiiioooooooooooooooooouuuuuuuuuuuuyyyyyyd",
	} {
		if got := strip(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// Whatever a page says, its text fits, and a link in it is whole.
func FuzzCompose(f *testing.F) {
	f.Add("Máy chủ", "dòng", "https://keng.example.vn/ack/x", 2, true)
	f.Add("\xff\r\n", "€€€€", "http://"+strings.Repeat("x", 300), 1, false)
	f.Fuzz(func(t *testing.T, title, body, link string, parts int, keep bool) {
		p := Provider{Diacritics: "strip", Parts: min(max(parts, 1), partsMax)}
		if keep {
			p.Diacritics = "keep"
		}
		page := channel.Page{Language: channel.Vietnamese, Priority: "P1", TinyID: "42", Title: title, Body: body, Link: link}
		text, ucs2 := compose(page, &p)
		if _, needs := size(text); text == "" || !fits(text, p.Parts) || ucs2 != needs || !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n") {
			t.Errorf("%q", text)
		}
		if kept := linkOf(page); kept != "" && strings.Contains(text, kept[:min(len(kept), 8)]) && strings.HasSuffix(text, kept[len(kept)-1:]) && strings.Count(text, kept) == 0 && title == "" && body == "" {
			t.Errorf("the link is cut in %q", text)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{url: "http://x/?{{to}}{{text}}", json: [[{a: "{{to}}"}]], failures: [{matches: x, failure: refused}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		secrets := map[string]string{}
		for name := range p.Secrets {
			secrets[name] = "s"
		}
		ready, err := newProvider(Entry{}, p, secrets, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = ready.request(pageTo(phone))
		ready.judge(200, text)
	})
}

func FuzzJudge(f *testing.F) {
	f.Add(200, []byte(`{"CodeResult":"100","SMSID":"x"}`))
	f.Add(500, []byte(`[[[`))
	file, err := Parse([]byte(`{url: "http://x/?{{to}}{{text}}", id: /a/0/b~1c, words: /m, success: {pointer: /CodeResult, equals: ["100"]}}`))
	if err != nil {
		f.Fatal(err)
	}
	p, err := newProvider(Entry{}, file, nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if o := p.judge(status, body); o.failure != "" && o.words == "" || strings.ContainsAny(o.words+o.id, "\r\n") {
			t.Errorf("%+v", o)
		}
	})
}
