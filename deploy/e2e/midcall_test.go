package e2e

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/client"
	"keng/mobile-gateway/voice/phrase"
	"keng/mobile-gateway/voice/siptest"
	"keng/mobile-gateway/voice/siptest/counterpart"
	"keng/proto/channel"
)

// Stories of a gateway that is killed with -9 while it calls somebody. What it was about to
// say is lost with it; what it had begun it knows when it is back (P4).

// onlyVoice is a gateway.yaml that calls phones of these tests, with recorded words.
const onlyVoice = "sip: {espeak: off}\n"

// hearsRepeat is after how long a call has certainly said that it may be a repeat.
const hearsRepeat = 5 * time.Second

// P4, P5: there is one gateway, and it comes back. It does not call again: it cannot know
// what the person has heard, and says so, and the person's next method begins at once.
func TestStoryP4GatewayKilledWhileItRings(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	rings, answers := startPhone(t, siptest.Script{Fate: siptest.RingForever}), startPhone(t, pressesOne)
	gateway := h.runGateway(onlyVoice)
	an := h.person("An", "vi_VN", voiceCall(rings.URI(), 0), voiceCall(answers.URI(), later))
	alert := h.raise(client.NewAlert{Message: "website down", Priority: "P1"}, client.Responder{Type: "user", Username: an})
	h.await(alert.ID, channel.Ringing)
	gateway.kill()
	gateway.again()
	h.cutOff(t, alert, an)
	if calls := rings.Calls(); len(calls) != 1 {
		t.Errorf("the first phone was called %d times, want once", len(calls))
	}
}

// P4, P5: the same in the middle of a conversation, with telephones that are not ours.
func TestStoryP4GatewayKilledMidCall(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	first, second := counterpart.StartBaresip(t), counterpart.StartBaresip(t)
	gateway := h.runGateway(onlyVoice)
	an := h.person("An", "vi_VN", voiceCall(first.URI(), 0), voiceCall(second.URI(), later))
	alert := h.raise(client.NewAlert{Message: "website down", Priority: "P1"}, client.Responder{Type: "user", Username: an})
	menu := siptest.Phrase{Language: channel.Vietnamese, Name: phrase.PressOne}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	h.await(alert.ID, channel.Ringing)
	first.Press('a')
	if err := first.Await(ctx, menu); err != nil {
		t.Fatal(err)
	}
	gateway.kill()
	first.Press('1') // to nobody
	gateway.again()
	eventually(t, "the second phone rings", func() bool {
		pages := h.pages(alert.ID, 1)
		return len(pages) == 2 && slices.Contains(stages(pages[1]), channel.Ringing)
	})
	second.Press('a')
	if err := second.Await(ctx, menu); err != nil {
		t.Fatal(err)
	}
	second.Press('1')
	h.cutOff(t, alert, an)
}

// cutOff checks the pages of an alert whose first call was cut off when its gateway died,
// and that the person has acknowledged by the second.
func (h *hub) cutOff(t *testing.T, alert client.Alert, person string) {
	t.Helper()
	pages := h.pages(alert.ID, 2)
	if len(pages) != 2 {
		t.Fatalf("there are %d pages, want two calls", len(pages))
	}
	if end := pageMoment(t, pages[0], channel.Failed); end.Failure != string(channel.Unavailable) || !strings.Contains(end.Detail, "may have reached") {
		t.Errorf("the call that was cut off: %s", tale(pages[0]))
	}
	if !strings.Contains(pages[1].Why, "the page before it failed") {
		t.Errorf("the second call does not say why it comes early: %q", pages[1].Why)
	}
	if end := pageMoment(t, pages[1], channel.Done); end.Reply != string(channel.Acknowledge) {
		t.Errorf("the second call: %s", tale(pages[1]))
	}
	if a := h.look(alert.ID); a.Report.AcknowledgedBy != person {
		t.Errorf("the alert is acknowledged by %q, want %s", a.Report.AcknowledgedBy, person)
	}
}

// P4, P5: gateways stand in two places. When the one that calls is killed, the other calls
// again, once, and says that it may be a repeat. The first one's return while that call is
// under way neither ends it nor begins another.
func TestStoryP4GatewayKilledInOneOfTwoPlaces(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	phone := startPhone(t, siptest.Script{Fate: siptest.RingForever})
	spare := startPhone(t, pressesOne)
	gateways := []*process{h.runGateway(onlyVoice), h.runGateway(onlyVoice)}
	an := h.person("An", "vi_VN", voiceCall(phone.URI(), 0), voiceCall(spare.URI(), later))
	alert := h.raise(client.NewAlert{Message: "website down", Priority: "P1"}, client.Responder{Type: "user", Username: an})
	h.await(alert.ID, channel.Ringing)
	i := slices.IndexFunc(gateways, func(g *process) bool { return strings.Contains(g.out.String(), "stage=ringing") })
	if i < 0 {
		t.Fatal("no gateway says that the phone rings")
	}
	phone.SetScript(siptest.Script{RingFor: 3 * time.Second, Press: []siptest.Press{{Key: '1', After: hearsRepeat}}})
	gateways[i].kill()
	killed := time.Now()
	eventually(t, "the other gateway calls", func() bool { return len(phone.Calls()) == 2 })
	t.Logf("the other gateway called %s after kill -9 of the first", time.Since(killed).Round(time.Millisecond))
	gateways[i] = gateways[i].again()
	gateways[i].says("time=") // it runs
	eventually(t, "it is acknowledged", func() bool { return h.look(alert.ID).Acknowledged })
	pages := h.pages(alert.ID, 1)
	if end := pageMoment(t, pages[0], channel.Done); len(pages) != 1 || end.Reply != string(channel.Acknowledge) {
		t.Errorf("there are %d pages, want one that ends acknowledged: %s", len(pages), tale(pages[0]))
	}
	calls := phone.Calls()
	if len(calls) != 2 || len(spare.Calls()) != 0 {
		t.Errorf("the phone was called %d times, want 2; the next one %d times, want 0", len(calls), len(spare.Calls()))
	}
	if heard := calls[len(calls)-1].Heard(); !slices.Contains(heard, "vi/repeat") {
		t.Errorf("the second call does not say that it may be a repeat: %q", heard)
	}
	if a := h.look(alert.ID); a.Report.AcknowledgedBy != an {
		t.Errorf("the alert is acknowledged by %q, want %s", a.Report.AcknowledgedBy, an)
	}
}

// P4, P5: each hub has a gateway inside, and the leader dies together with the one that calls.
// The next leader has another one call again, once, and that says that it may be a repeat.
func TestStoryP4LeaderKilledWithItsGateway(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "gateway.yaml")
	if err := os.WriteFile(config, []byte(onlyVoice), 0o600); err != nil {
		t.Fatal(err)
	}
	c := startCluster(t, "--gateway-config", config)
	phone := startPhone(t, pressesOne)
	an := client.Responder{Type: "user", Username: c[0].person("An", "vi_VN", voiceCall(phone.URI(), 0))}
	first := c[0].raise(client.NewAlert{Message: "who calls?"}, an)
	c[0].pages(first.ID, 1)
	i := slices.IndexFunc(c, func(h *hub) bool { return strings.Contains(h.out.String(), "stage=ringing") })
	if i < 0 {
		t.Fatal("no hub says that its gateway called")
	}
	victim, others := c[i], slices.Delete(slices.Clone(c), i, i+1)
	if leader, _ := c.leader(t, victim); leader != victim {
		if err := victim.client().TransferLeadership(t.Context(), victim.id); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it leads", func() bool { return victim.status().Leader == victim.id })
	}

	phone.SetScript(siptest.Script{Fate: siptest.RingForever})
	alert := others[0].raise(client.NewAlert{Message: "website down"}, an)
	others[0].await(alert.ID, channel.Ringing)
	phone.SetScript(siptest.Script{Press: []siptest.Press{{Key: '1', After: hearsRepeat}}})
	victim.kill()
	killed := time.Now()
	eventually(t, "another gateway calls", func() bool { return len(phone.Calls()) == 3 })
	t.Logf("another gateway called %s after kill -9 of the leader with its own", time.Since(killed).Round(time.Millisecond))
	eventually(t, "it is acknowledged", func() bool { return others[0].look(alert.ID).Acknowledged })
	victim.restart()
	victim.ready()
	c.caughtUp(t)
	if calls := phone.Calls(); len(calls) != 3 || !slices.Contains(calls[2].Heard(), "vi/repeat") {
		t.Errorf("there were %d calls, want 3, of which the last said that it may be a repeat: %q", len(calls), calls[len(calls)-1].Heard())
	}
	if pages := others[1].pages(alert.ID, 1); len(pages) != 1 {
		t.Errorf("there are %d pages, want one", len(pages))
	}
}
