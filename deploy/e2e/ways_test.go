package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"keng/hub/channel/email/smtptest"
	"keng/hub/client"
	"keng/mobile-gateway/sms/smstest"
	"keng/proto/channel"
)

// startSMTP starts a mail server and returns it with the hub's flags for it.
func startSMTP(t *testing.T) (*smtptest.Server, []string) {
	t.Helper()
	server, err := smtptest.Start(smtptest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server, []string{"--smtp-url", "smtp://" + server.Addr() + "?starttls=none&from=keng@example.vn"}
}

// startSMS starts an SMS provider and returns it with the section of a gateway.yaml for it.
func startSMS(t *testing.T) (*smstest.Server, string) {
	t.Helper()
	server := smstest.Start()
	t.Cleanup(server.Close)
	file, err := server.File(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	return server, fmt.Sprintf("sms: {providers: [{name: fake, file: %s, prefixes: [\"+84\"]}]}\n", file)
}

func mailTo(to string, after time.Duration) method {
	return method{client.NewContact{Method: "email", To: to}, after}
}

func textTo(to string, after time.Duration) method {
	return method{client.NewContact{Method: "sms", To: to}, after}
}

// open asks for a page as a browser does, and returns the status and the page.
func open(t *testing.T, method, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.Header.Get("Cache-Control") != "no-store" || response.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%s %s may be kept or told on: %v", method, url, response.Header)
	}
	return response.StatusCode, string(body)
}

// linkIn matches the link in a mail or a message.
var linkIn = regexp.MustCompile(`http://\S+/ack/[A-Za-z0-9_-]+`)

// An alert comes as an e-mail. To open its link changes nothing, however often a scanner does
// it; its button acknowledges, and the text message that was due a little later never comes (P3).
func TestStoryEmailLinkAcknowledges(t *testing.T) {
	t.Parallel()
	mails, flags := startSMTP(t)
	h := startHub(t, flags...)
	texts, section := startSMS(t)
	h.runGateway(section)
	an := h.person("An", "vi_VN", mailTo("an@mail.example.vn", 0), textTo("0901234567", later))
	alert := h.raise(client.NewAlert{Message: "Máy chủ web không trả lời", Priority: "P1"}, client.Responder{Type: "user", Username: an})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	mail, err := mails.Wait(ctx, func(m smtptest.Mail) bool { return m.To == "an@mail.example.vn" })
	if err != nil {
		t.Fatalf("no mail came: %v", err)
	}
	if want := "[P1 #" + alert.TinyID + "] Máy chủ web không trả lời"; mail.Subject != want {
		t.Errorf("the subject is %q, want %q", mail.Subject, want)
	}
	link := linkIn.FindString(mail.Text)
	if link == "" || !strings.HasPrefix(link, h.url) || !strings.Contains(mail.HTML, link) {
		t.Fatalf("the mail has no link to %s:\n%s", h.url, mail.Text)
	}
	for range 3 {
		if status, page := open(t, "GET", link); status != 200 || !strings.Contains(page, "Tiếp nhận</button>") {
			t.Fatalf("GET: %d\n%s", status, page)
		}
	}
	if a := h.look(alert.ID); a.Acknowledged {
		t.Fatal("to look has acknowledged the alert")
	}
	for range 2 {
		if status, page := open(t, "POST", link); status != 200 || !strings.Contains(page, "Bạn đã tiếp nhận") {
			t.Fatalf("POST: %d\n%s", status, page)
		}
	}
	if a := h.look(alert.ID); !a.Acknowledged || a.Report.AcknowledgedBy != an {
		t.Errorf("the alert is acknowledged: %t, by %q", a.Acknowledged, a.Report.AcknowledgedBy)
	}
	if status, _ := open(t, "POST", link[:len(link)-1]+"~"); status != 404 {
		t.Errorf("a forged link is answered %d", status)
	}
	if pages := h.pages(alert.ID, 1); len(pages) != 1 || pages[0].Kind != "email" {
		t.Errorf("there are %d pages, want the mail alone", len(pages))
	}
	if n := len(texts.Messages()); n != 0 {
		t.Errorf("%d text messages were sent", n)
	}
}

// P5: the mail server refuses, and the text message planned for hours later comes at once,
// to the number as the person wrote it. Its link acknowledges, too.
func TestStoryP5MailRefusedTextAtOnce(t *testing.T) {
	t.Parallel()
	mails, flags := startSMTP(t)
	h := startHub(t, flags...)
	texts, section := startSMS(t)
	h.runGateway(section)
	mails.Refuse("gone@mail.example.vn", 550, "5.1.1 no such user here")
	mails.Refuse("busy@mail.example.vn", 451, "4.7.1 greylisted, come back later")
	for name, c := range map[string]struct {
		number  string
		failure channel.Failure
	}{
		"gone": {"0901234567", channel.DeadContact},
		"busy": {"84-907654321", channel.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := h.in(t)
			person := h.person(name, "vi_VN", mailTo(name+"@mail.example.vn", 0), textTo(c.number, later))
			alert := h.raise(client.NewAlert{Message: "Wi-Fi chi nhánh 3 mất kết nối", Priority: "P2"}, client.Responder{Type: "user", Username: person})
			pages := h.pages(alert.ID, 2)
			movedOn(t, pages[0], pages[1], c.failure)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			text, err := texts.Wait(ctx, func(m smstest.Message) bool { return strings.HasPrefix(m.Text, "P2 #"+alert.TinyID+": ") })
			if err != nil {
				t.Fatalf("no message came: %v", err)
			}
			if want := "+84" + c.number[len(c.number)-9:]; text.To != want {
				t.Errorf("the message went to %s, want %s", text.To, want)
			}
			if !strings.HasPrefix(text.Text, "P2 #"+alert.TinyID+": Wi-Fi chi nhanh 3 mat ket noi") {
				t.Errorf("the message says %q", text.Text)
			}
			if status, page := open(t, "POST", linkIn.FindString(text.Text)); status != 200 {
				t.Errorf("POST: %d\n%s", status, page)
			}
			if a := h.look(alert.ID); a.Report.AcknowledgedBy != person {
				t.Errorf("the alert is acknowledged by %q", a.Report.AcknowledgedBy)
			}
		})
	}
}

func TestDocsEmailAndSMS(t *testing.T) {
	t.Parallel()
	out := runDoc(t, "email-and-sms.md", ":8080", ":"+freeTCP(t), ":7443", freeAddress(t)[len("127.0.0.1"):])
	for _, part := range []string{`"Phone":"0901234567"`, `"ApiKey":"MASKED-key"`, `"method":"sms","to":"0901234567"`} {
		if !strings.Contains(out, part) {
			t.Errorf("there is no %s in\n%s", part, out)
		}
	}
	if strings.Contains(out, "s3cret") {
		t.Error("the secret is shown")
	}
}
