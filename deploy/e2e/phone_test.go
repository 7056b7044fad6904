package e2e

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/client"
	"keng/mobile-gateway/voice"
	"keng/mobile-gateway/voice/phrase"
	"keng/mobile-gateway/voice/siptest"
	"keng/mobile-gateway/voice/siptest/counterpart"
	"keng/proto/channel"
)

// A telephone that is not ours rings because of an alert, and hears of this alert and of
// no other. Key 1 acknowledges it in the name of who was called; to hang up does not, and
// moves on at once (P5).
//
// The first alert goes the whole way: team, routing rule, escalation, schedule, person.
func TestStoryRealPhone(t *testing.T) {
	t.Parallel()
	counterpart.Need(t, "espeak-ng", "espeak-ng")
	h, google := startHub(t), startFCM(t)
	ans, binhs := counterpart.StartBaresip(t), counterpart.StartBaresip(t)
	h.runGateway(google.config + "sip: {pause: 10s}\n")
	an := h.person("An", "vi_VN", voiceCall(ans.URI(), 0))
	binh := h.person("Binh", "vi_VN", voiceCall(binhs.URI(), 0), push("phone-of-Binh", later))
	h.team("it", an)

	web := h.raise(client.NewAlert{Message: "Máy chủ web ở Hà Nội không trả lời", Priority: "P1"}, client.Responder{Type: "team", Name: "it"})
	disk := h.raise(client.NewAlert{Message: "Ổ đĩa của cơ sở dữ liệu sắp đầy", Priority: "P2"}, client.Responder{Type: "user", Username: binh})
	for phone, alert := range map[*counterpart.Baresip]client.Alert{ans: web, binhs: disk} {
		h.await(alert.ID, channel.Ringing)
		phone.Press('a')
	}
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	for phone, key := range map[*counterpart.Baresip]byte{ans: '1', binhs: 'b'} {
		if err := phone.Await(ctx, siptest.Phrase{Language: channel.Vietnamese, Name: phrase.PressOne}); err != nil {
			t.Fatal(err)
		}
		phone.Press(key)
	}

	answered := h.pages(web.ID, 1)[0]
	t.Logf("answered: %s", tale(answered))
	if end := pageMoment(t, answered, channel.Done); end.Reply != string(channel.Acknowledge) || answered.User.Username != an {
		t.Errorf("the page to %s: %s", answered.User.Username, tale(answered))
	}
	for _, part := range []string{"team it", "step 1 of escalation it-escalation", "on call in schedule it-rota"} {
		if !strings.Contains(answered.Why, part) {
			t.Errorf("the page says that it came because of %q; there is no %q in that", answered.Why, part)
		}
	}
	if a := h.look(web.ID); !a.Acknowledged || a.Report.AcknowledgedBy != an {
		t.Errorf("after key 1 the alert is acknowledged: %t, by %q", a.Acknowledged, a.Report.AcknowledgedBy)
	}
	hungUp := h.pages(disk.ID, 2)
	if end := movedOn(t, hungUp[0], hungUp[1], channel.NoReply); !strings.Contains(end.Detail, "hung up") {
		t.Errorf("the trace of the page that was hung up says %q", end.Detail)
	}
	if a := h.look(disk.ID); a.Acknowledged || a.Status != "open" {
		t.Errorf("after hanging up the alert is %s, acknowledged: %t", a.Status, a.Acknowledged)
	}
	expectHeard(t, ans.Heard(), web, disk)
	expectHeard(t, binhs.Heard(), disk, web)
}

// team makes a team with a schedule of one person and an escalation to whoever is on call.
func (h *hub) team(name string, person string) {
	h.t.Helper()
	api, ctx := h.client(), h.t.Context()
	owner := &client.Thing{Name: name}
	var err error
	step := func(make func() (string, error)) (id string) {
		if err == nil {
			id, err = make()
		}
		return id
	}
	team := step(func() (string, error) {
		return api.CreateTeam(ctx, client.NewTeam{Name: name, Members: []client.Member{{User: client.MemberUser{Username: person}}}})
	})
	rota := step(func() (string, error) {
		return api.CreateSchedule(ctx, client.NewSchedule{Name: name + "-rota", TimeZone: "Asia/Ho_Chi_Minh", OwnerTeam: owner, Rotations: []client.Rotation{{
			StartDate: time.Date(2026, 1, 5, 2, 0, 0, 0, time.UTC), Type: "weekly", Participants: []client.Party{{Type: "user", Username: person}},
		}}})
	})
	escalation := step(func() (string, error) {
		return api.CreateEscalation(ctx, client.NewEscalation{Name: name + "-escalation", OwnerTeam: owner, Rules: []client.EscalationRule{{
			Condition: "if-not-acked", NotifyType: "default", Recipient: client.Party{Type: "schedule", ID: rota},
		}}})
	})
	step(func() (string, error) {
		return api.CreateRoutingRule(ctx, team, client.NewRoutingRule{Name: "all", Notify: client.Party{Type: "escalation", ID: escalation}})
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// How much what was heard, and its last part, the title, must be like this alert's text,
// and may be like another one's: correlations of envelopes.
const (
	sameText  = 0.9
	otherText = 0.6
)

// expectHeard checks that what was heard before the menu is this alert's text and not the
// other one's: as a whole, and in its title alone.
func expectHeard(t *testing.T, heard []int16, this, other client.Alert) {
	t.Helper()
	before := siptest.BeforeMenu(heard)
	whole, title := spoken(t, this)
	otherWhole, otherTitle := spoken(t, other)
	end := before[max(0, len(before)-len(title)-8000):] // with a second before it
	for name, like := range map[string]struct{ this, other float64 }{
		"text":  {siptest.Alike(before, whole), siptest.Alike(before, otherWhole)},
		"title": {siptest.Alike(end, title), siptest.Alike(end, otherTitle)},
	} {
		t.Logf("the %s heard correlates with this alert's at %.3f, with the other's at %.3f", name, like.this, like.other)
		if like.this < sameText || like.other >= otherText {
			t.Errorf("the %s heard correlates at %.3f and %.3f; want at least %.1f, and less than %.1f", name, like.this, like.other, sameText, otherText)
		}
	}
}

// spoken is an alert's text in Vietnamese as it should be heard before the menu, and its
// title alone, spoken anew.
func spoken(t *testing.T, a client.Alert) (whole, title []int16) {
	t.Helper()
	speaker, err := voice.NewSpeaker("", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	page := channel.Page{Kind: channel.Voice, Language: channel.Vietnamese, Priority: a.Priority, TinyID: a.TinyID}
	recorded, err := speaker.Speak(t.Context(), page)
	if err != nil {
		t.Fatal(err)
	}
	page.Title = a.Message
	all, err := speaker.Speak(t.Context(), page)
	if err != nil {
		t.Fatal(err)
	}
	rest := all.Alert[len(recorded.Alert):]
	return all.Alert, rest[max(0, slices.IndexFunc(rest, func(sample int16) bool { return sample != 0 })):]
}

// Busy, declined and unanswered are failures of their own in a page's trace, and each moves
// on at once (P5). The phones are sipp.
func TestStoryP5CallsThatReachNobody(t *testing.T) {
	t.Parallel()
	h, google := startHub(t), startFCM(t)
	h.runGateway(google.config + "sip: {ring_timeout: 2s, trunk_timeout: 10s}\n") // SIP repeats its INVITE until sipp has started
	for _, c := range []struct {
		scenario counterpart.Scenario
		failure  channel.Failure
		stages   []channel.Stage
	}{
		{counterpart.Busy, channel.Busy, []channel.Stage{channel.Queued, channel.Attempted, channel.Failed}},
		{counterpart.Declined, channel.Declined, []channel.Stage{channel.Queued, channel.Attempted, channel.Ringing, channel.Failed}},
		{counterpart.Unanswered, channel.Unanswered, []channel.Stage{channel.Queued, channel.Attempted, channel.Ringing, channel.Failed}},
	} {
		name := string(c.scenario)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, phone := h.in(t), counterpart.StartSipp(t, c.scenario)
			person := h.person(name, "en_US", voiceCall(phone.URI(), 0), push("phone-of-"+name, later))
			alert := h.raise(client.NewAlert{Message: "The line is " + name}, client.Responder{Type: "user", Username: person})
			pages := h.pages(alert.ID, 2)
			phone.Wait()
			movedOn(t, pages[0], pages[1], c.failure)
			if got := stages(pages[0]); !slices.Equal(got, c.stages) {
				t.Errorf("the call's stages are %v, want %v", got, c.stages)
			}
			if m := google.accepted(t, alert); m.Token != "phone-of-"+name {
				t.Errorf("the push went to %s", m.Token)
			}
			pageMoment(t, pages[1], channel.Done)
		})
	}
}

// Key 3 passes an alert on: who comes next in the escalation, in hours, is called at once.
// Key 2 closes it.
func TestStoryKeysOfACall(t *testing.T) {
	t.Parallel()
	passes := startPhone(t, siptest.Script{Press: []siptest.Press{{Key: '3'}}})
	closes := startPhone(t, siptest.Script{Press: []siptest.Press{{Key: '2'}}})
	h := startHub(t)
	h.runGateway("sip: {espeak: off}\n")
	an, binh := h.person("An", "vi_VN", voiceCall(passes.URI(), 0)), h.person("Binh", "en_US", voiceCall(closes.URI(), 0))
	rule := func(delay time.Duration, username string) client.EscalationRule {
		return client.EscalationRule{Condition: "if-not-acked", NotifyType: "default", Delay: client.Seconds(delay), Recipient: client.Party{Type: "user", Username: username}}
	}
	_, err := h.client().CreateEscalation(t.Context(), client.NewEscalation{Name: "both", Rules: []client.EscalationRule{rule(0, an), rule(later, binh)}})
	if err != nil {
		t.Fatal(err)
	}
	alert := h.raise(client.NewAlert{Message: "website down"}, client.Responder{Type: "escalation", Name: "both"})
	pages := h.pages(alert.ID, 2)
	passed := pageMoment(t, pages[0], channel.Done)
	if passed.Reply != string(channel.NextPerson) || pages[0].User.Username != an || pages[1].User.Username != binh {
		t.Errorf("first %s: %s; then %s: %s", pages[0].User.Username, tale(pages[0]), pages[1].User.Username, tale(pages[1]))
	}
	if waited := pages[1].CreatedAt.Sub(passed.At); waited > atOnce {
		t.Errorf("the next person was paged %s after key 3", waited)
	}
	if end := pageMoment(t, pages[1], channel.Done); end.Reply != string(channel.Close) {
		t.Errorf("after key 2: %s", tale(pages[1]))
	}
	if a := h.look(alert.ID); a.Status != "closed" || a.Report.ClosedBy != binh {
		t.Errorf("the alert is %s, closed by %q, want %s", a.Status, a.Report.ClosedBy, binh)
	}
}
