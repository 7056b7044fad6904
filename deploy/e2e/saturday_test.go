package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/channel/email/smtptest"
	"keng/hub/client"
	"keng/mobile-gateway/sms/smstest"
	"keng/mobile-gateway/voice/phrase"
	"keng/mobile-gateway/voice/siptest"
	"keng/proto/channel"
)

// The story of a Saturday night, with a second or two for a minute: whoever is on call is told by
// e-mail and SMS at once, after 3 minutes by a push, after 6 by a call. If nobody answers it the
// manager, whose step is after 10 minutes, is told by e-mail and SMS at once, and 2 minutes later by a
// call. The director's step is after 20 minutes. What came to whom is what mail server, SMS provider, FCM and
// telephones remember.

// office is the hub of that night with its counterparts.
type office struct {
	*hub
	minute        time.Duration
	mails         *smtptest.Server
	texts         *smstest.Server
	google        google
	phone, bosses *siptest.Phone
	an, boss      string
}

// What the Wi-Fi's alert says.
const wifiDown = "Wi-Fi văn phòng mất kết nối"

// startOffice starts everything, and configures it by the API.
func startOffice(t *testing.T, minute time.Duration) office {
	t.Helper()
	mails, flags := startSMTP(t)
	texts, section := startSMS(t)
	o := office{
		hub: startHub(t, flags...), minute: minute, mails: mails, texts: texts, google: startFCM(t),
		phone:  startPhone(t, siptest.Script{Fate: siptest.RingForever}),
		bosses: startPhone(t, siptest.Script{Press: []siptest.Press{{Key: '1', Menus: 1}}}),
	}
	o.runGateway(o.google.config + section + "sip: {espeak: off, ring_timeout: 2s}\n")
	o.an = o.person("An", "vi_VN", mailTo("an@mail.example.vn", 0), textTo("0901234567", 0), push("phone-of-An", 3*minute), voiceCall(o.phone.URI(), 6*minute))
	o.boss = o.person("Boss", "en_US", mailTo("boss@mail.example.vn", 0), textTo("0907654321", 0), voiceCall(o.bosses.URI(), 2*minute))
	director := o.person("Director", "en_US", mailTo("director@mail.example.vn", 0))
	o.team("it", o.an)
	rule := func(delay time.Duration, to client.Party) client.EscalationRule {
		return client.EscalationRule{Condition: "if-not-acked", NotifyType: "default", Delay: client.Seconds(delay), Recipient: to}
	}
	_, err := o.client().CreateEscalation(t.Context(), client.NewEscalation{Name: "saturday", OwnerTeam: &client.Thing{Name: "it"}, Rules: []client.EscalationRule{
		rule(0, client.Party{Type: "schedule", Name: "it-rota"}), rule(10*minute, client.Party{Type: "user", Username: o.boss}),
		rule(20*minute, client.Party{Type: "user", Username: director}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// wifi raises the alert of that night.
func (o office) wifi() client.Alert {
	o.t.Helper()
	return o.raise(client.NewAlert{Message: wifiDown, Priority: "P1"}, client.Responder{Type: "escalation", Name: "saturday"})
}

// memories are what the counterparts remember by now, one word a page.
func (o office) memories() map[string][]string {
	all := map[string][]string{}
	for _, m := range o.mails.Mails() {
		all["mails"] = append(all["mails"], m.To+" "+m.Header.Get("Content-Language"))
	}
	for _, m := range o.texts.Messages() {
		all["texts"] = append(all["texts"], m.To)
	}
	for _, m := range o.google.Messages() {
		all["pushes"] = append(all["pushes"], m.Token)
	}
	for name, phone := range map[string]*siptest.Phone{"An": o.phone, "Boss": o.bosses} {
		for _, c := range phone.Calls() {
			all["calls"] = append(all["calls"], fmt.Sprintf("%s, pressed %q", name, c.Pressed))
		}
	}
	slices.Sort(all["calls"])
	return all
}

// remember checks all that the counterparts remember.
func (o office) remember(when string, want map[string][]string) {
	o.t.Helper()
	if got := o.memories(); fmt.Sprint(got) != fmt.Sprint(want) {
		o.t.Errorf("%s the counterparts remember\n%v, want\n%v", when, got, want)
	}
}

// told checks the pages of an alert as the API has them: who was told by what, and how it ended.
// It returns them.
func (o office) told(a client.Alert, want ...string) []client.Delivery {
	o.t.Helper()
	pages := o.pages(a.ID, len(want))
	var got []string
	for _, d := range pages {
		end := d.Trace[len(d.Trace)-1]
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", d.User.Username, d.Kind, end.Stage, end.Failure+end.Reply)))
	}
	// What was queued at the same moment has no order.
	sortTies(pages, got)
	if !slices.Equal(got, want) {
		o.t.Errorf("the API tells\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return pages
}

// sortTies sorts pages, and a word for each, that were queued at the same moment by their kind.
func sortTies(pages []client.Delivery, words []string) {
	for i := 1; i < len(pages); i++ {
		if a, b := &pages[i-1], &pages[i]; a.CreatedAt.Equal(b.CreatedAt) && a.Kind > b.Kind {
			*a, *b = *b, *a
			words[i-1], words[i] = words[i], words[i-1]
		}
	}
}

// Nobody reacts until the manager presses 1.
func TestStorySaturdayNightUntilTheManagerAnswers(t *testing.T) {
	t.Parallel()
	o := startOffice(t, time.Second)
	began := time.Now()
	alert := o.wifi()
	eventually(t, "the manager acknowledges", func() bool { return o.look(alert.ID).Acknowledged })
	if a := o.look(alert.ID); a.Report.AcknowledgedBy != o.boss {
		t.Errorf("it is acknowledged by %q", a.Report.AcknowledgedBy)
	}
	eventually(t, "the call is over", func() bool { return o.bosses.Calls()[0].Over() })
	wait(t.Context(), time.Until(began.Add(22*o.minute)))

	o.remember("in the end", map[string][]string{
		"mails":  {"an@mail.example.vn vi", "boss@mail.example.vn en"},
		"texts":  {"+84901234567", "+84907654321"},
		"pushes": {"phone-of-An"},
		"calls":  {`An, pressed ""`, `Boss, pressed "1"`},
	})
	pages := o.told(alert,
		o.an+" email done", o.an+" sms done", o.an+" push done", o.an+" voice failed unanswered",
		o.boss+" email done", o.boss+" sms done", o.boss+" voice done acknowledge")
	if t.Failed() {
		return
	}
	o.inTheirLanguages(alert)
	o.inOrder(alert, pages)
}

// inTheirLanguages checks that each person was told of the alert in his or her own language.
func (o office) inTheirLanguages(alert client.Alert) {
	o.t.Helper()
	mails, texts := o.mails.Mails(), o.texts.Messages()
	for i, words := range []string{"Xem và tiếp nhận cảnh báo tại:", "View and acknowledge it at:"} {
		if m := mails[i]; m.Subject != "[P1 #"+alert.TinyID+"] "+wifiDown || !strings.Contains(m.Text, words) {
			o.t.Errorf("the mail to %s: %q\n%s", m.To, m.Subject, m.Text)
		}
		if m := texts[i]; !strings.HasPrefix(m.Text, "P1 #"+alert.TinyID+": Wi-Fi van phong mat ket noi") || linkIn.FindString(m.Text) == "" {
			o.t.Errorf("the message to %s: %q", m.To, m.Text)
		}
	}
	if m := o.google.Messages()[0]; m.Outcome != "" || !strings.Contains(m.Notification.Title+m.Notification.Body, wifiDown) {
		o.t.Errorf("the push: %+v", m.Notification)
	}
	if c := o.phone.Calls()[0]; !c.Cancelled {
		o.t.Errorf("the call that nobody answered: %+v", c)
	}
	heard := o.bosses.Calls()[0].Heard()
	english := siptest.Phrase{Language: channel.English, Name: phrase.PressOne}.String()
	if !slices.Contains(heard, english) || slices.ContainsFunc(heard, func(s string) bool { return strings.HasPrefix(s, "vi/") }) {
		o.t.Errorf("the manager heard %q", heard)
	}
}

// inOrder checks the moments: none before it was due, and each after the one before.
func (o office) inOrder(alert client.Alert, pages []client.Delivery) {
	o.t.Helper()
	atOnce, bossAtOnce := pages[0].CreatedAt, pages[4].CreatedAt
	unanswered := pageMoment(o.t, pages[3], channel.Failed).At
	for i, due := range []time.Time{alert.CreatedAt, atOnce, atOnce.Add(3 * o.minute), atOnce.Add(6 * o.minute), unanswered, bossAtOnce, bossAtOnce.Add(2 * o.minute)} {
		if pages[i].CreatedAt.Before(due.Add(-time.Millisecond)) { // moments are cut to milliseconds
			o.t.Errorf("the %s to %s was queued %s before it was due", pages[i].Kind, pages[i].User.Username, due.Sub(pages[i].CreatedAt))
		}
	}
	if !pages[1].CreatedAt.Equal(atOnce) || !pages[5].CreatedAt.Equal(bossAtOnce) {
		o.t.Error("e-mail and SMS were not queued at the same moment")
	}
	pushed, called, bossCalled := o.google.Messages()[0].At, o.phone.Calls()[0], o.bosses.Calls()[0]
	if !pushed.Before(called.Invited) || !called.Ended.Before(bossCalled.Invited) {
		o.t.Errorf("the push came at %s, the call from %s to %s, the manager's call at %s", pushed, called.Invited, called.Ended, bossCalled.Invited)
	}
	for i, way := range map[int]string{0: "on call in schedule it-rota", 3: "step 1 of escalation saturday", 4: "step 2 of escalation saturday", 6: "step 2 of escalation saturday"} {
		if !strings.Contains(pages[i].Why, way) {
			o.t.Errorf("the %s to %s came because of %q", pages[i].Kind, pages[i].User.Username, pages[i].Why)
		}
	}
	entries, err := o.client().Log(o.t.Context(), client.ByID(alert.ID))
	if err != nil {
		o.t.Fatal(err)
	}
	if last := entries[len(entries)-1]; last.Owner != o.boss || last.Text != "Alert acknowledged: by voice" {
		o.t.Errorf("the last line of the log is %q by %s", last.Text, last.Owner)
	}
}

// Whoever is on call opens the link before the push is due: that of the SMS, and of another night that of the
// e-mail. Nothing else comes to anybody.
func TestStorySaturdayNightByALink(t *testing.T) {
	t.Parallel()
	o := startOffice(t, 2*time.Second) // a link is to be opened before the push comes
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for way, link := range map[string]func(number string) string{
		"the SMS": func(number string) string {
			m, err := o.texts.Wait(ctx, func(m smstest.Message) bool { return strings.HasPrefix(m.Text, "P1 #"+number+":") })
			if err != nil {
				t.Fatal(err)
			}
			return m.Text
		},
		"the e-mail": func(number string) string {
			m, err := o.mails.Wait(ctx, func(m smtptest.Mail) bool { return strings.HasPrefix(m.Subject, "[P1 #"+number+"]") })
			if err != nil {
				t.Fatal(err)
			}
			return m.Text
		},
	} {
		alert := o.wifi()
		o.pages(alert.ID, 2) // both have come
		if status, page := open(t, "POST", linkIn.FindString(link(alert.TinyID))); status != 200 || !strings.Contains(page, "Bạn đã tiếp nhận") {
			t.Fatalf("%s: %d\n%s", way, status, page)
		}
		if a := o.look(alert.ID); a.Report.AcknowledgedBy != o.an {
			t.Errorf("%s: acknowledged by %q", way, a.Report.AcknowledgedBy)
		}
		o.told(alert, o.an+" email done", o.an+" sms done")
	}
	wait(t.Context(), 11*o.minute) // past the manager's step
	o.remember("in the end", map[string][]string{
		"mails": {"an@mail.example.vn vi", "an@mail.example.vn vi"}, "texts": {"+84901234567", "+84901234567"},
	})
}
