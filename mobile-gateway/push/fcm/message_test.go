package fcm

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"keng/mobile-gateway/push/fcm/fcmtest"
	"keng/proto/channel"
)

// received sends a page and returns the message that the server decoded.
func received(t *testing.T, page channel.Page) fcmtest.Message {
	t.Helper()
	ch, server := open(t)
	if final := last(sendTo(t.Context(), ch, page)); final.Stage != channel.Done {
		t.Fatalf("ended as %q (%s)", final.Stage, final.Detail)
	}
	return server.Messages()[0]
}

func TestUrgentMessage(t *testing.T) {
	page := pageTo("token-1")
	before := time.Now()
	m := received(t, page)
	if m.Notification.Title != "P1 · #42 · Trang web không truy cập được" {
		t.Errorf("title is %q", m.Notification.Title)
	}
	if m.Notification.Body != page.Body {
		t.Errorf("body is %q; want the page's", m.Notification.Body)
	}
	android := m.Android
	if android.Priority != "high" || android.Notification.ChannelID != UrgentChannel || android.Notification.Priority != "PRIORITY_MAX" {
		t.Errorf("Android gets priority %q, channel %q, %q", android.Priority, android.Notification.ChannelID, android.Notification.Priority)
	}
	ttl, err := time.ParseDuration(android.TTL)
	if bound := page.SendBy.Sub(before); err != nil || ttl > bound || ttl < bound-5*time.Second {
		t.Errorf("TTL is %q; want what is left until send-by, %v", android.TTL, bound)
	}
	aps := m.APNS.Payload["aps"].(map[string]any)
	sound, _ := aps["sound"].(map[string]any)
	if sound["critical"] != 1.0 || aps["interruption-level"] != "critical" || m.APNS.Headers["apns-priority"] != "10" {
		t.Errorf("Apple gets aps %v, headers %v", aps, m.APNS.Headers)
	}
	for name, want := range map[string]string{
		"alert_id": page.AlertID, "tiny_id": "42", "priority": "P1", "sequence": "3", "delivery_id": page.ID, "repeat": "", "late_by": "",
	} {
		if m.Data[name] != want {
			t.Errorf("data field %s is %q; want %q", name, m.Data[name], want)
		}
	}
}

func TestOrdinaryMessage(t *testing.T) {
	page := pageTo("token-1")
	page.Priority = "P3"
	m := received(t, page)
	aps := m.APNS.Payload["aps"].(map[string]any)
	if aps["sound"] != "default" || aps["interruption-level"] != "time-sensitive" || m.Android.Notification.ChannelID != PageChannel {
		t.Errorf("aps is %v, channel %q", aps, m.Android.Notification.ChannelID)
	}
}

// P4 and P7: all pages of an alert have one place on the screen.
func TestP4P7RepeatReplacesOnTheScreen(t *testing.T) {
	ch, server := open(t)
	first, second, other := pageTo("token-1"), pageTo("token-1"), pageTo("token-1")
	second.ID, second.Sequence, second.Repeat, second.Title = "delivery-2", 4, true, "Vẫn chưa được"
	other.ID, other.AlertID = "delivery-3", "another-alert"
	for _, page := range []channel.Page{first, other, second} {
		sendTo(t.Context(), ch, page)
	}
	screen := server.Screen("token-1")
	if len(screen) != 2 || screen[1].Data["sequence"] != "4" || screen[0].Data["alert_id"] != "another-alert" {
		t.Fatalf("the screen shows %+v; want the other alert and the newest state of the first", screen)
	}
	m := screen[1]
	if m.Android.CollapseKey != first.AlertID || m.APNS.Headers["apns-collapse-id"] != first.AlertID || m.Tag() != first.AlertID {
		t.Errorf("collapse key %q, APNs collapse id %q, tag %q; want the alert's id", m.Android.CollapseKey, m.APNS.Headers["apns-collapse-id"], m.Tag())
	}
}

// P8: a page about several alerts has a place of its own on the screen.
func TestP8ABundleReplacesNoSingleAlert(t *testing.T) {
	one, many := pageTo("token-1"), pageTo("token-1")
	many.ID, many.TinyID, many.Title, many.Alerts = "d-2", "", "14 alerts, 3 of them P1", 14
	single, bundle := received(t, one), received(t, many)
	if single.Tag() == bundle.Tag() || bundle.Tag() != "d-2" || bundle.Android.CollapseKey != "d-2" || bundle.APNS.Headers["apns-collapse-id"] != "d-2" {
		t.Errorf("the bundle's tag is %q, that of the single alert %q", bundle.Tag(), single.Tag())
	}
	if title := bundle.Notification.Title; title != "P1 · 14 alerts, 3 of them P1" || bundle.Data["alerts"] != "14" || bundle.Data["alert_id"] != one.AlertID {
		t.Errorf("title %q, data %v", title, bundle.Data)
	}
}

func TestP7OlderStateIsNotSentAfterANewerOne(t *testing.T) {
	ch, server := open(t)
	newer, older, other := pageTo("token-1"), pageTo("token-1"), pageTo("token-2")
	newer.Sequence, older.Sequence, other.Sequence = 9, 8, 8
	server.Refuse(fcmtest.Unavailable)
	sendTo(t.Context(), ch, newer) // not accepted: it outdates nothing
	server.Accept()
	for _, page := range []channel.Page{older, newer, older, newer, other} {
		if final := last(sendTo(t.Context(), ch, page)); final.Stage != channel.Done {
			t.Errorf("ended as %q (%s); want done", final.Stage, final.Detail)
		}
	}
	var sent []string
	for _, m := range server.Messages() {
		sent = append(sent, m.Token+"="+m.Data["sequence"])
	}
	if got := strings.Join(sent, " "); got != "token-1=8 token-1=9 token-1=9 token-2=8" {
		t.Errorf("the phones got %s", got)
	}
}

func TestNewestForgetsTheOldestGeneration(t *testing.T) {
	var n newest
	n.accepted(channel.Page{AlertID: "first", Sequence: 2})
	for range 3 * newestMax {
		n.accepted(channel.Page{AlertID: "first", Sequence: 1})
	}
	if !n.outdates(channel.Page{AlertID: "first", Sequence: 1}) {
		t.Error("what is used all the time was forgotten")
	}
	for i := range 2*newestMax + 1 {
		n.accepted(channel.Page{AlertID: strconv.Itoa(i), Sequence: 1})
	}
	if n.outdates(channel.Page{AlertID: "first", Sequence: 1}) || len(n.recent)+len(n.previous) > 2*newestMax {
		t.Error("nothing was forgotten")
	}
}

// P9 and P4, in the person's language.
func TestP9LateAndRepeatAreSaid(t *testing.T) {
	for _, c := range []struct {
		language channel.Language
		late     time.Duration
		repeat   bool
		want     string
	}{
		{channel.Vietnamese, 5 * time.Minute, false, "Báo trễ 5 phút vì Kẻng vừa bị gián đoạn.\nthân"},
		{channel.Vietnamese, 0, true, "Báo lại: có thể bạn đã nhận được thông báo này.\nthân"},
		{channel.Vietnamese, 26 * time.Hour, true, "Báo trễ 1 ngày 2 giờ vì Kẻng vừa bị gián đoạn.\nBáo lại: có thể bạn đã nhận được thông báo này.\nthân"},
		{channel.English, 90 * time.Minute, false, "Late by 1 h 30 min, because Kẻng itself was down.\nthân"},
		{channel.English, 20 * time.Second, true, "Late by 20 s, because Kẻng itself was down.\nRepeat: you may have had this page already.\nthân"},
		{"", 0, false, "thân"},
	} {
		_, body := text(channel.Page{Language: c.language, LateBy: c.late, Repeat: c.repeat, Title: "đề", Body: "thân"})
		if body != c.want {
			t.Errorf("body is\n%s\nwant\n%s", body, c.want)
		}
	}
}

func TestEmptyTitleIsStillATitle(t *testing.T) {
	title, _ := text(channel.Page{Language: channel.Vietnamese, Priority: "P2"})
	if title != "P2 · Cảnh báo" {
		t.Errorf("title is %q", title)
	}
}

// Every message fits into FCM's bound, however the page looks.
func FuzzMessageFits(f *testing.F) {
	f.Add("title", "body", "alert", "P1", "vi", int64(time.Hour))
	f.Add(strings.Repeat("<", 500), strings.Repeat("\u2028😀", 2000), strings.Repeat("ế", 300), "\x00", "", int64(-1))
	f.Fuzz(func(t *testing.T, title, body, alert, priority, language string, late int64) {
		now := time.Now()
		m := newMessage(channel.Page{
			ID: alert, Address: strings.Repeat("t", tokenMax), Language: channel.Language(language), Priority: priority, AlertID: alert, TinyID: priority,
			Title: title, Body: body, LateBy: time.Duration(late), Repeat: true, SendBy: now.Add(time.Minute),
		}, now)
		encoded, err := json.Marshal(map[string]any{"message": m})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fcmtest.DecodeMessage(encoded); err != nil {
			t.Fatalf("FCM would refuse: %v\n%s", err, encoded)
		}
		if !utf8.ValidString(m.Notification.Title) || m.Notification.Title == "" {
			t.Fatalf("title is %q", m.Notification.Title)
		}
	})
}

// An error body comes from outside.
func FuzzErrorBody(f *testing.F) {
	f.Add([]byte(`{"error":{"message":"m","details":[{"fieldViolations":[{"field":"message.token"}]}]}}`))
	f.Add([]byte(`<html>502</html>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		namesToken(body)
		if words(502, body) == "" {
			t.Error("an error without words")
		}
	})
}
