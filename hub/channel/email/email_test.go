package email

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keng/hub/channel/email/smtptest"
	"keng/proto/channel"
)

func TestEveryRefusal(t *testing.T) {
	for said, want := range map[string]channel.Failure{
		"550 5.1.1 no such user":                channel.DeadContact,
		"550 5.1.10 the domain takes no mail":   channel.DeadContact,
		"553 5.1.3 bad destination":             channel.DeadContact,
		"550 No such user here":                 channel.DeadContact,
		"550 User unknown":                      channel.DeadContact,
		"550 5.7.1 blocked by policy":           channel.Refused,
		"550 mailbox unavailable":               channel.Refused,
		"550 5.1.2 no such domain":              channel.Refused,
		"552 5.2.2 over quota":                  channel.Refused,
		"554 5.7.1 relay access denied":         channel.Refused,
		"450 4.7.1 greylisted":                  channel.Unavailable,
		"451 4.3.0 try again":                   channel.Unavailable,
		"421 4.3.2 going down":                  channel.Unavailable,
		"452 4.5.3 too many recipients":         channel.Overloaded,
		"450 4.2.2 mailbox full for the moment": channel.Overloaded,
		"530 5.7.0 sign in first":               channel.Misconfigured,
	} {
		ch, server := open(t)
		code := int(said[0]-'0')*100 + int(said[1]-'0')*10 + int(said[2]-'0')
		server.Refuse(smtptest.Everybody, code, said[4:])
		reports := sendTo(t.Context(), ch, pageTo("an@example.vn"))
		if final := last(reports); len(reports) != 1 || final.Failure != want || !strings.Contains(final.Detail, said[:3]) {
			t.Errorf("%s: reports are %+v; want one, failed as %s", said, reports, want)
		}
	}
}

// A provider's error moves on at once (P5), and a 4xx is tried once.
func TestP5NoPause(t *testing.T) {
	ch, server := open(t)
	server.Refuse(smtptest.Everybody, 451, "4.7.1 greylisted, come back in 300 seconds")
	begin := time.Now()
	sendTo(t.Context(), ch, pageTo("an@example.vn"))
	if took := time.Since(begin); took > time.Second || server.Tries("an@example.vn") != 1 {
		t.Errorf("took %v and %d tries", took, server.Tries("an@example.vn"))
	}
}

func TestWhatAMailLooksLike(t *testing.T) {
	ch, server := open(t)
	page := pageTo("an@example.vn")
	page.Link, page.Repeat, page.LateBy, page.Alerts = "https://keng.example.vn/ack/abc", true, 2*time.Hour+5*time.Minute, 14
	sendTo(t.Context(), ch, page)
	m := server.Mails()[0]
	if m.Subject != "[P1 #42] Trang web không truy cập được (gửi lại, trễ 2 giờ 5 phút)" {
		t.Errorf("subject is %q", m.Subject)
	}
	for name, want := range map[string]string{
		"From": "<keng@example.vn>", "To": "<an@example.vn>", "Message-Id": "<page.page-1@example.vn>",
		"In-Reply-To": "<alert.alert-page-1@example.vn>", "References": "<alert.alert-page-1@example.vn>",
		"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "List-Id": "<keng.example.vn>",
		"Content-Language": "vi", "X-Priority": "1", "Mime-Version": "1.0",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, body := range []string{m.Text, m.HTML} {
		for _, part := range []string{
			"Gửi lại: có thể bạn đã nhận được thư này.", "Báo trễ 2 giờ 5 phút", "14 cảnh báo", "Trang web không truy cập được",
			"https://example.vn không trả lời từ chi nhánh 3.", "https://keng.example.vn/ack/abc",
		} {
			if !strings.Contains(body, part) {
				t.Errorf("there is no %q in:\n%s", part, body)
			}
		}
	}
	for _, line := range strings.Split(string(m.Raw), "\r\n") {
		if len(line) > 998 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line has %d bytes, or breaks oddly: %.80q", len(line), line)
		}
	}
}

func TestInEnglishAndPlain(t *testing.T) {
	ch, server := open(t)
	page := pageTo("an@example.vn")
	page.Language, page.Priority, page.Title, page.Body = channel.English, "P4", "Disk <b>90 %</b> full", ""
	sendTo(t.Context(), ch, page)
	m := server.Mails()[0]
	if m.Subject != "[P4 #42] Disk <b>90 %</b> full" || m.Header.Get("X-Priority") != "" || strings.Contains(m.Text, "/ack/") {
		t.Errorf("subject %q, priority %q, text:\n%s", m.Subject, m.Header.Get("X-Priority"), m.Text)
	}
	if strings.Contains(m.HTML, "<b>90") || !strings.Contains(m.HTML, "&lt;b&gt;90") {
		t.Error("the title is not escaped")
	}
}

// A mail that is about no alert names none, and says otherwise why it was sent.
func TestANoticeIsNoAlert(t *testing.T) {
	ch, server := open(t)
	page := pageTo("an@example.vn")
	page.Priority, page.AlertID, page.TinyID, page.Title = "", "", "", "Ca trực it của bạn bắt đầu lúc 09:00"
	sendTo(t.Context(), ch, page)
	m := server.Mails()[0]
	if m.Subject != page.Title || !strings.Contains(m.Text, "vì bạn tham gia hoặc phụ trách lịch trực") || strings.Contains(m.Text, "#42") {
		t.Errorf("subject %q, text:\n%s", m.Subject, m.Text)
	}
	if strings.Contains(m.Text, "chịu trách nhiệm về cảnh báo") {
		t.Errorf("it speaks of an alert:\n%s", m.Text)
	}
}

// Nothing that an alert says can add a header, a recipient or a part (P15 is not an open door).
func TestNoInjection(t *testing.T) {
	ch, server := open(t)
	page := pageTo("an@example.vn")
	evil := "x\r\nBcc: thief@example.net\r\n\r\n<script>alert(1)</script>\n.\r\nMAIL FROM:<a@b>"
	page.Title, page.Body, page.ID, page.AlertID, page.TinyID, page.Priority = evil, evil, evil, evil, evil, evil
	page.Link = "https://keng.example.vn/ack/abc\r\nBcc: thief@example.net"
	if final := last(sendTo(t.Context(), ch, page)); final.Stage != channel.Done {
		t.Fatalf("ended as %+v", final)
	}
	mails := server.Mails()
	if len(mails) != 1 || mails[0].Header.Get("Bcc") != "" || server.Tries("thief@example.net") != 0 || addressOf(t, mails[0].Header.Get("To")) != "an@example.vn" {
		t.Errorf("there are %d mails, the first with %v", len(mails), mails[0].Header)
	}
	if strings.Contains(mails[0].HTML, "<script>") || strings.Contains(mails[0].Text, "thief@example.net\n\nhttps") {
		t.Errorf("the mail holds what it must not:\n%s", mails[0].HTML)
	}
}

func TestConnectionIsKeptAndHealed(t *testing.T) {
	ch, server := open(t)
	for range 3 {
		if final := last(sendTo(t.Context(), ch, pageTo("an@example.vn"))); final.Stage != channel.Done || final.ProviderID == "" {
			t.Fatalf("ended as %+v", final)
		}
	}
	if n := server.Sessions(); n != 1 {
		t.Errorf("%d connections for three mails, want 1", n)
	}
	kept := ch.server.take()
	kept.conn.Close() // as a server does that has waited long enough
	ch.server.keep(kept)
	if final := last(sendTo(t.Context(), ch, pageTo("an@example.vn"))); final.Stage != channel.Done {
		t.Errorf("after the connection had died: %+v", final)
	}
	if n := len(server.Mails()); n != 4 {
		t.Errorf("%d mails came, want 4", n)
	}
}

// A mail that the server may have is not sent again.
func TestLostAfterTheMailIsNotRepeated(t *testing.T) {
	ch, server := open(t)
	sendTo(t.Context(), ch, pageTo("an@example.vn")) // there is a kept connection from here on
	server.Hang("binh@example.vn")
	final := last(sendTo(t.Context(), ch, pageTo("binh@example.vn")))
	if final.Failure != channel.Unavailable || !strings.Contains(final.Detail, "may still arrive") || server.Tries("binh@example.vn") != 1 {
		t.Errorf("after %d tries: %+v", server.Tries("binh@example.vn"), final)
	}
}

func TestStallIsBounded(t *testing.T) {
	ch, server := open(t)
	ch.timeout = 150 * time.Millisecond
	server.Stall(smtptest.Everybody)
	begin := time.Now()
	final := last(sendTo(t.Context(), ch, pageTo("an@example.vn")))
	if took := time.Since(begin); took > 2*time.Second || final.Failure != channel.Unavailable {
		t.Errorf("after %v: %+v", took, final)
	}
}

// certificate makes one for 127.0.0.1, and a file with its authority.
func certificate(t *testing.T) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, file
}

func TestTLSAndSigningIn(t *testing.T) {
	secret, ca := certificate(t)
	const user, password = "keng@example.vn", "p@ss:wörd"
	signIn := url.UserPassword(user, password).String() + "@"
	starttls := start(t, smtptest.Options{TLS: secret, User: user, Password: password})
	implicit := start(t, smtptest.Options{TLS: secret, Implicit: true, User: user, Password: password})
	clear := start(t, smtptest.Options{})
	trust := "from=keng@example.vn&ca=" + url.QueryEscape(ca)
	for name, c := range map[string]struct {
		url     string
		failure channel.Failure
		says    string
	}{
		"STARTTLS":           {"smtp://" + signIn + starttls.Addr() + "?" + trust, "", ""},
		"opportunistic":      {"smtp://" + signIn + starttls.Addr() + "?starttls=opportunistic&" + trust, "", ""},
		"TLS at once":        {"smtps://" + signIn + implicit.Addr() + "?" + trust, "", ""},
		"unknown authority":  {"smtp://" + signIn + starttls.Addr() + "?from=keng@example.vn", channel.Misconfigured, "certificate"},
		"unknown, implicit":  {"smtps://" + signIn + implicit.Addr() + "?from=keng@example.vn", channel.Misconfigured, "certificate"},
		"no STARTTLS":        {"smtp://" + clear.Addr() + "?" + trust, channel.Misconfigured, "STARTTLS"},
		"wrong password":     {"smtp://keng:wrong@" + starttls.Addr() + "?" + trust, channel.Misconfigured, "user and password"},
		"nobody signs in":    {"smtp://" + starttls.Addr() + "?" + trust, channel.Misconfigured, "check user, password"},
		"no AUTH is offered": {"smtp://" + signIn + clear.Addr() + "?starttls=none&" + trust, channel.Misconfigured, "none of"},
		"nobody listens":     {"smtp://127.0.0.1:1?starttls=none&" + trust, channel.Unavailable, "cannot be reached"},
	} {
		final := last(sendTo(t.Context(), connect(t, c.url), pageTo("an@example.vn")))
		if final.Failure != c.failure || !strings.Contains(final.Detail, c.says) || strings.Contains(final.Detail, "p@ss") {
			t.Errorf("%s: %+v; want %q, saying %q", name, final, c.failure, c.says)
		}
	}
}

func TestParseURL(t *testing.T) {
	cfg, err := ParseURL("smtp://keng%40example.vn:p%40ss@mail.example.vn")
	if err != nil || cfg.Port != "587" || cfg.User != "keng@example.vn" || cfg.Password != "p@ss" || cfg.From.Address != cfg.User || cfg.TLS != Required {
		t.Errorf("%+v, %v", cfg, err)
	}
	cfg, err = ParseURL("smtps://mail.example.vn?from=" + url.QueryEscape("Kẻng <keng@example.vn>"))
	if err != nil || cfg.Port != "465" || cfg.From.Name != "Kẻng" || cfg.TLS != Implicit {
		t.Errorf("%+v, %v", cfg, err)
	}
	for text, want := range map[string]string{
		"":                                            "is written like",
		"mail.example.vn:25":                          "is written like",
		"http://mail.example.vn":                      "begins with smtp://",
		"smtp://u:s3cret@ho st":                       "is written like",
		"smtp://u:s3cret@h:x":                         "is written like",
		"smtp://u:s3%zz@h":                            "is written like",
		"smtp://h":                                    "from whom",
		"smtp://u:s3cret@h":                           "from whom",
		"smtp://h?from=x":                             "from whom",
		"smtp://h?from=ân@example.vn":                 "not an e-mail address",
		"smtp://h/path?from=a@b.vn":                   "nothing between",
		"smtp://h?from=a@b.vn&tls=1":                  `not "tls"`,
		"smtp://h?from=a@b.vn&starttls=maybe":         "required, opportunistic or none",
		"smtps://h?from=a@b.vn&starttls=none":         "first byte",
		"smtp://u:s3cret@h?from=a@b.vn&starttls=none": "in the clear",
		"smtp://u:s3cret@h?from=a@b.vn&starttls=opportunistic": "in the clear",
	} {
		if _, err := ParseURL(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v; want something with %q and no secret", text, err, want)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("smtp://user:password@mail.example.vn:587?from=keng@example.vn&starttls=required")
	f.Add("smtps://h?from=K%20%3Ca@b.vn%3E")
	f.Fuzz(func(t *testing.T, text string) {
		if cfg, err := ParseURL(text); err == nil && cfg.check() != nil {
			t.Errorf("%q was taken, but is wrong: %v", text, cfg.check())
		}
	})
}

// Whatever an alert says, a mail comes of it that a mail program can read.
func FuzzCompose(f *testing.F) {
	f.Add("Máy chủ web", "dòng một\ndòng hai", "alert-1", "https://keng.example.vn/ack/x")
	f.Add("\r\n.\r\n", "\xff", "é\n", "javascript:alert(1)")
	ch := &Channel{domain: "example.vn"}
	ch.from.Address = "keng@example.vn"
	f.Fuzz(func(t *testing.T, title, body, alert, link string) {
		page := pageTo("an@example.vn")
		page.Title, page.Body, page.AlertID, page.Link = title, body, alert, link
		raw, err := ch.compose(page, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) > 1<<20 {
			t.Errorf("the mail has %d bytes", len(raw))
		}
		if err := smtptest.Check(raw); err != nil {
			t.Errorf("%v\n%s", err, raw)
		}
	})
}
