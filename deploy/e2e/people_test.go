package e2e

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/client"
	"keng/proto/channel"
)

// in is the hub for a part of a story.
func (h *hub) in(t *testing.T) *hub {
	part := *h
	part.t = t
	return &part
}

// client calls the hub's API.
func (h *hub) client() *client.Client {
	h.t.Helper()
	c, err := client.New(h.url, h.key)
	if err != nil {
		h.t.Fatal(err)
	}
	if h.transport != nil {
		c = c.Through(h.transport)
	}
	return c
}

// runGateway joins a mobile gateway, a process of its own, and runs it with a gateway.yaml.
func (h *hub) runGateway(config string) *process {
	h.t.Helper()
	dir := h.t.TempDir()
	file := filepath.Join(dir, "gateway.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		h.t.Fatal(err)
	}
	if code, _, errs := once(h.t, nil, "mobile-gateway", "join", "--hub", h.link, "--token", h.token(), "--data-dir", dir); code != 0 {
		h.t.Fatalf("join: %d %s", code, errs)
	}
	return run(h.t, nil, "mobile-gateway", "run", "--config", file, "--data-dir", dir)
}

// A method is a contact of a person and when it is tried. later is hours after the alert:
// what is tried then in this story is tried because something before it failed.
type method struct {
	contact client.NewContact
	after   time.Duration
}

const later = 3 * time.Hour

func push(token string, after time.Duration) method {
	return method{client.NewContact{Method: "mobile", To: token}, after}
}

func voiceCall(to string, after time.Duration) method {
	return method{client.NewContact{Method: "voice", To: to}, after}
}

// person makes a person, through the API, who is told of a new alert by these methods,
// and returns the username. locale is vi_VN or en_US.
func (h *hub) person(name, locale string, methods ...method) string {
	h.t.Helper()
	api, username := h.client(), strings.ToLower(name)+"@example.vn"
	var problems []error
	note := func(_ string, err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	note(api.CreateUser(h.t.Context(), client.NewUser{Username: username, FullName: name, Role: client.Thing{Name: "User"}, TimeZone: "Asia/Ho_Chi_Minh", Locale: locale}))
	rule := client.NotificationRule{Name: "new alerts", ActionType: "create-alert", Enabled: true}
	for _, m := range methods {
		step := client.RuleStep{Contact: m.contact, SendAfter: client.Seconds(m.after), Enabled: true}
		if m.contact.Method == "mobile" {
			note(api.RegisterDevice(h.t.Context(), client.NewDevice{User: username, Token: m.contact.To, Name: name + "'s phone"}))
			step.Contact.To = "" // a token is told to nobody; the first device is meant
		} else {
			note(api.CreateContact(h.t.Context(), username, m.contact))
		}
		rule.Steps = append(rule.Steps, step)
	}
	note(api.CreateNotificationRule(h.t.Context(), username, rule))
	if len(problems) > 0 {
		h.t.Fatalf("%s cannot be configured: %v", name, problems)
	}
	return username
}

// raise posts an alert for somebody and returns it as the hub has it.
func (h *hub) raise(a client.NewAlert, responder client.Responder) client.Alert {
	h.t.Helper()
	a.Responders = []client.Responder{responder}
	request, err := h.client().CreateAlert(h.t.Context(), a)
	if err != nil {
		h.t.Fatal(err)
	}
	status, err := h.client().RequestStatus(h.t.Context(), request)
	if err != nil || !status.Success {
		h.t.Fatalf("the alert was not created: %+v, %v", status, err)
	}
	return h.look(status.AlertID)
}

// look returns an alert as it is now.
func (h *hub) look(id string) client.Alert {
	h.t.Helper()
	a, err := h.client().Alert(h.t.Context(), client.ByID(id))
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// pages waits until so many pages of an alert have come to their end, and returns all that
// there are, oldest first.
func (h *hub) pages(id string, ended int) []client.Delivery {
	h.t.Helper()
	var all []client.Delivery
	eventually(h.t, fmt.Sprintf("%d pages end", ended), func() bool {
		var err error
		if all, err = h.client().Deliveries(h.t.Context(), client.ByID(id)); err != nil {
			h.t.Fatal(err)
		}
		final := 0
		for _, d := range all {
			if d.Final {
				final++
			}
		}
		return final >= ended
	})
	return all
}

// await waits until a page of an alert has come to a stage.
func (h *hub) await(id string, stage channel.Stage) {
	h.t.Helper()
	eventually(h.t, "a page is "+string(stage), func() bool {
		return slices.ContainsFunc(h.pages(id, 0), func(d client.Delivery) bool { return slices.Contains(stages(d), stage) })
	})
}

// pageMoment returns the stage of that name in a page's trace.
func pageMoment(t *testing.T, d client.Delivery, stage channel.Stage) client.Stage {
	t.Helper()
	i := slices.IndexFunc(d.Trace, func(s client.Stage) bool { return s.Stage == string(stage) })
	if i < 0 {
		t.Fatalf("a %s page was never %s: %s", d.Kind, stage, tale(d))
	}
	return d.Trace[i]
}

// stages are a page's stages in their order.
func stages(d client.Delivery) []channel.Stage {
	var all []channel.Stage
	for _, s := range d.Trace {
		all = append(all, channel.Stage(s.Stage))
	}
	return all
}

// tale is a page's trace in one line.
func tale(d client.Delivery) string {
	var words []string
	for _, s := range d.Trace {
		words = append(words, fmt.Sprintf("%s %s %s", s.At.Format("15:04:05.000"), s.Stage, cmp.Or(s.Failure, s.Reply)+" "+s.Detail))
	}
	return strings.Join(words, "; ")
}

// atOnce is how soon after a failure the next method must have been queued (P5). By far
// most of it is for a busy machine.
const atOnce = time.Second

// movedOn checks that a page failed so, and that the person's next one, planned for hours
// later, was queued at once (P5), by the moments in their traces. It returns what the
// trace says of the failure.
func movedOn(t *testing.T, failed, next client.Delivery, want channel.Failure) client.Stage {
	t.Helper()
	end := pageMoment(t, failed, channel.Failed)
	if end.Failure != string(want) {
		t.Errorf("the %s page failed as %q, want %q: %s", failed.Kind, end.Failure, want, tale(failed))
	}
	waited := next.CreatedAt.Sub(end.At)
	t.Logf("%s after %s; the next method %s after that: %s", end.At.Sub(failed.CreatedAt), failed.CreatedAt.Format("15:04:05.000"), waited, tale(failed))
	if waited < -time.Millisecond || waited > atOnce { // moments are cut to milliseconds
		t.Errorf("the next method was queued %s after the failure", waited)
	}
	if !strings.Contains(next.Why, "the page before it failed") {
		t.Errorf("the next page does not say why it comes early: %q", next.Why)
	}
	return end
}
