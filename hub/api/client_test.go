package api_test

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"keng/hub/client"
	"keng/hub/core"
)

// The hub's own client can say what a story of paging needs.
func TestClientConfiguresAndPages(t *testing.T) {
	h := newHub(t)
	server := httptest.NewServer(h.api)
	defer server.Close()
	c := must(client.New(server.URL, fullKey))
	ctx := t.Context()

	an := must(c.CreateUser(ctx, client.NewUser{Username: "an@example.vn", FullName: "Nguyễn Văn An", Role: client.Thing{Name: "User"}, Locale: "vi_VN", TimeZone: "Asia/Ho_Chi_Minh"}))
	must(c.RegisterDevice(ctx, client.NewDevice{User: "an@example.vn", Token: "token", Name: "Galaxy", Language: "en"}))
	must(c.CreateContact(ctx, an, client.NewContact{Method: "voice", To: "sip:an@192.0.2.1:5060"}))
	must(c.CreateNotificationRule(ctx, "an@example.vn", client.NotificationRule{Name: "mine", ActionType: "create-alert", Enabled: true, Steps: []client.RuleStep{
		{Contact: client.NewContact{Method: "mobile"}, Enabled: true}, {Contact: client.NewContact{Method: "voice"}, SendAfter: client.Seconds(3 * time.Second), Enabled: true}}}))
	team := must(c.CreateTeam(ctx, client.NewTeam{Name: "it", Members: []client.Member{{User: client.MemberUser{ID: an}, Role: "admin"}}}))
	schedule := must(c.CreateSchedule(ctx, client.NewSchedule{Name: "rota", TimeZone: "Asia/Ho_Chi_Minh", OwnerTeam: &client.Thing{ID: team}, Rotations: []client.Rotation{
		{StartDate: time.Date(2026, 1, 5, 2, 0, 0, 0, time.UTC), Type: "weekly", Participants: []client.Party{{Type: "user", ID: an}}}}}))
	up := must(c.CreateEscalation(ctx, client.NewEscalation{Name: "up", Rules: []client.EscalationRule{{Condition: "if-not-acked", Recipient: client.Party{Type: "schedule", ID: schedule}}}}))
	must(c.CreateRoutingRule(ctx, team, client.NewRoutingRule{Name: "all", Notify: client.Party{Type: "escalation", ID: up}}))
	if on := must(c.OnCall(ctx, schedule)); !slices.Equal(on, []string{"an@example.vn"}) {
		t.Errorf("on call: %v", on)
	}
	request := must(c.CreateAlert(ctx, client.NewAlert{Message: "m", Responders: []client.Responder{{Type: "team", ID: team}}}))
	status := must(c.RequestStatus(ctx, request))
	pages := must(c.Deliveries(ctx, client.ByID(status.AlertID)))
	if len(pages) != 1 || pages[0].Kind != "push" || pages[0].Why != "team it, step 1 of escalation up, on call in schedule rota" {
		t.Errorf("pages: %+v", pages)
	}
	if err := c.DeleteUser(ctx, an); core.KindOf(err) != core.InUse {
		t.Errorf("a person who is needed: %v", err)
	}
}

// It attaches files, and reads them back.
func TestClientAttaches(t *testing.T) {
	h := newHub(t)
	server := httptest.NewServer(h.api)
	defer server.Close()
	c := must(client.New(server.URL, fullKey))
	ctx := t.Context()
	h.create(`{"message":"m","alias":"a/b"}`)
	ref := client.ByAlias("a/b")
	id := must(c.AddAttachment(ctx, ref, "màn hình.png", []byte("pixels"), "lan@example.vn"))
	if all := must(c.Attachments(ctx, ref)); !slices.Equal(all, []client.Attachment{{ID: id, Name: "màn hình.png"}}) {
		t.Errorf("attached: %v", all)
	}
	if got := must(c.ReadAttachment(ctx, ref, id)); string(got) != "pixels" {
		t.Errorf("read: %q", got)
	}
	if err := c.DeleteAttachment(ctx, ref, id, "lan@example.vn"); err != nil {
		t.Error(err)
	}
	if _, err := c.ReadAttachment(ctx, ref, id); core.KindOf(err) != core.NotFound {
		t.Errorf("when it is deleted: %v", err)
	}
	if _, err := c.AddAttachment(ctx, client.ByAlias("none"), "x", nil, ""); core.KindOf(err) != core.NotFound {
		t.Errorf("to no alert: %v", err)
	}
}
