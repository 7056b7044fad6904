package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keng/hub/client"
	"keng/mobile-gateway/push/fcm/fcmtest"
	"keng/mobile-gateway/voice/siptest"
	"keng/proto/channel"
)

// google is a server of Firebase Cloud Messaging with what a gateway needs to know of it.
type google struct {
	*fcmtest.Server
	config string // the section of a gateway.yaml, with its line end
}

// startFCM starts a server of FCM, of which every phone takes messages until told otherwise.
func startFCM(t *testing.T) google {
	t.Helper()
	server, err := fcmtest.New("keng-e2e")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	account := filepath.Join(t.TempDir(), "firebase.json")
	if err := os.WriteFile(account, server.ServiceAccountJSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	return google{server, fmt.Sprintf("fcm: {project: %s, credentials: %s, endpoint: %s}\n", server.Project(), account, server.URL())}
}

// accepted waits for the message about an alert.
func (g google) accepted(t *testing.T, a client.Alert) fcmtest.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	m, err := g.Wait(ctx, func(m fcmtest.Message) bool { return m.Data["alert_id"] == a.ID })
	if err != nil {
		t.Fatalf("FCM has no message about alert %s: %v", a.TinyID, err)
	}
	return m
}

// startPhone starts a telephone of our own, package siptest's.
func startPhone(t *testing.T, script siptest.Script) *siptest.Phone {
	t.Helper()
	phone, err := siptest.Start(script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := phone.Close(); err != nil {
			t.Error(err)
		}
	})
	return phone
}

// pressesOne acknowledges as soon as it has picked up.
var pressesOne = siptest.Script{Press: []siptest.Press{{Key: '1'}}}

// pushFails tells the story of a push that fails as the server makes it fail, and of the
// call, planned for hours later, by which the person acknowledges then. It returns the
// failure and how long the push was with the provider.
func pushFails(t *testing.T, h *hub, want channel.Failure) (end client.Stage, took time.Duration) {
	t.Helper()
	name := filepath.Base(t.Name())
	phone := startPhone(t, pressesOne)
	person := h.person(name, "vi_VN", push("phone-of-"+name, 0), voiceCall(phone.URI(), later))
	alert := h.raise(client.NewAlert{Message: "website down", Priority: "P1"}, client.Responder{Type: "user", Username: person})
	pages := h.pages(alert.ID, 2)
	end = movedOn(t, pages[0], pages[1], want)
	pageMoment(t, pages[1], channel.Done)
	if a := h.look(alert.ID); a.Report.AcknowledgedBy != person {
		t.Errorf("the alert is acknowledged by %q, want %s", a.Report.AcknowledgedBy, person)
	}
	if len(pages) != 2 {
		t.Errorf("there are %d pages, want the push and the call", len(pages))
	}
	return end, end.At.Sub(pageMoment(t, pages[0], channel.Attempted).At)
}

// P5: the app was deleted from the phone. The next method comes at once, the trace and the
// person's contact say that the token is dead, and the next alert does not try it again.
func TestStoryP5UnregisteredToken(t *testing.T) {
	t.Parallel()
	h, google := startHub(t), startFCM(t)
	h.runGateway(google.config + "sip: {espeak: off}\n")
	google.Phone("phone-of-" + t.Name()).Unregister()
	end, took := pushFails(t, h, channel.DeadContact)
	if !strings.Contains(end.Detail, "no longer registered") || took > atOnce {
		t.Errorf("after %s the trace says %q", took, end.Detail)
	}
	person := strings.ToLower(t.Name()) + "@example.vn"
	code, contacts := h.call("GET", "/v2/users/"+person+"/contacts", "")
	if code != 200 || !strings.Contains(contacts, "The provider says that this address works no more.") {
		t.Errorf("the person's contacts do not tell that the token is dead: %d %s", code, contacts)
	}
	again := h.raise(client.NewAlert{Message: "website down again"}, client.Responder{Type: "user", Username: person})
	if pages := h.pages(again.ID, 1); pages[0].Kind != "voice" || pages[0].CreatedAt.Sub(again.CreatedAt) > atOnce {
		t.Errorf("in the place of the dead token there is %+v", pages)
	}
	if tries := len(google.Tries()); tries != 1 {
		t.Errorf("FCM was asked %d times, want once", tries)
	}
}

// P5: the provider takes the request, for the message or for an access token, and never
// answers. Its deadline is the channel's, 5 s (fcm.Timeout); then the next method comes
// at once.
func TestStoryP5ProviderStalls(t *testing.T) {
	t.Parallel()
	for name, stall := range map[string]func(google){
		"message":      google.Stall,
		"access-token": func(g google) { g.StallTokens(true) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, google := startHub(t), startFCM(t)
			stall(google)
			h.runGateway(google.config + "sip: {espeak: off}\n")
			end, took := pushFails(t, h, channel.Unavailable)
			if !strings.Contains(end.Detail, "did not answer within 5") { // seconds, and perhaps a tenth
				t.Errorf("the trace says %q", end.Detail)
			}
			if took < 4*time.Second || took > 5*time.Second+atOnce {
				t.Errorf("the push was with the provider for %s; its deadline is 5 s", took)
			}
		})
	}
}

// P5: a provider's error moves on at once, however long it asks to wait.
func TestStoryP5ProviderRefuses(t *testing.T) {
	t.Parallel()
	h, google := startHub(t), startFCM(t)
	h.runGateway(google.config + "sip: {espeak: off}\n")
	for name, c := range map[string]struct {
		code    string
		after   time.Duration
		failure channel.Failure
	}{
		"unavailable":       {fcmtest.Unavailable, 0, channel.Unavailable},
		"unavailable-later": {fcmtest.Unavailable, time.Minute, channel.Unavailable},
		"quota":             {fcmtest.QuotaExceeded, time.Minute, channel.Overloaded},
		"dropped":           {fcmtest.Dropped, 0, channel.Unavailable},
	} {
		google.Phone("phone-of-"+name).RefuseFor(c.code, c.after)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if end, took := pushFails(t, h.in(t), c.failure); took > atOnce {
				t.Errorf("the push was with the provider for %s: %q", took, end.Detail)
			}
		})
	}
}

// number is a telephone number as the API takes it, which only a trunk can call.
const number = "84-901234567"

// P5: the first trunk says nothing. It is left after 4 s, and the second one takes the call.
func TestStoryP5DeadTrunkIsLeft(t *testing.T) {
	t.Parallel()
	h, alive := startHub(t), startPhone(t, pressesOne)
	h.runGateway(fmt.Sprintf("sip: {espeak: off, trunks: [{name: dead, server: %q}, {name: alive, server: %q}]}\n",
		silentTrunk(t), alive.Server("udp")))
	person := h.person("An", "vi_VN", voiceCall(number, 0))
	alert := h.raise(client.NewAlert{Message: "website down"}, client.Responder{Type: "user", Username: person})
	page := h.pages(alert.ID, 1)[0]
	silence := pageMoment(t, page, channel.Ringing).At.Sub(pageMoment(t, page, channel.Attempted).At)
	if silence < 3900*time.Millisecond || silence > 5*time.Second {
		t.Errorf("the second trunk rang %s after the first was tried; want 4 s: %s", silence, tale(page))
	}
	end := pageMoment(t, page, channel.Done)
	if !strings.Contains(end.Detail, "dead: no word within 4s") || !strings.Contains(end.Detail, "alive: pressed 1") {
		t.Errorf("the trace does not tell of both trunks: %q", end.Detail)
	}
	if a := h.look(alert.ID); a.Report.AcknowledgedBy != person {
		t.Errorf("the alert is acknowledged by %q, want %s", a.Report.AcknowledgedBy, person)
	}
	if call := alive.Calls()[0]; call.To != "sip:+84901234567@127.0.0.1" {
		t.Errorf("%s was called", call.To)
	}
}

// P5: there is no other trunk. The person's next method comes at once.
func TestStoryP5NoTrunkLives(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trunk string
		after time.Duration // how long the trunk is tried
	}{
		"silent":  {silentTrunk(t), 4 * time.Second},
		"refused": {"sip:" + refusedTCP(t) + ";transport=tcp", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, google := startHub(t), startFCM(t)
			h.runGateway(google.config + fmt.Sprintf("sip: {espeak: off, trunks: [{name: only, server: %q}]}\n", c.trunk))
			person := h.person("An", "vi_VN", voiceCall(number, 0), push("phone-of-An", later))
			alert := h.raise(client.NewAlert{Message: "website down"}, client.Responder{Type: "user", Username: person})
			pages := h.pages(alert.ID, 2)
			end := movedOn(t, pages[0], pages[1], channel.Unavailable)
			took := end.At.Sub(pageMoment(t, pages[0], channel.Attempted).At)
			if took < c.after-100*time.Millisecond || took > c.after+atOnce || !strings.HasPrefix(end.Detail, "only: ") {
				t.Errorf("the trunk was left after %s, want %s: %q", took, c.after, end.Detail)
			}
			if m := google.accepted(t, alert); m.Token != "phone-of-An" {
				t.Errorf("the push went to %s", m.Token)
			}
		})
	}
}

// silentTrunk is the address of a trunk that swallows what is sent to it.
func silentTrunk(t *testing.T) string {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	return "sip:" + pc.LocalAddr().String()
}

// refusedTCP is an address at which TCP connections are refused.
func refusedTCP(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
