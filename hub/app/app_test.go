package app_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/hub/app"
	"keng/hub/client"
	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/core/route"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/agentpb"
	"keng/proto/channel"
	"keng/proto/gatewaypb"
	"keng/proto/link"
)

// node is a hub node under test with a client of its API.
type node struct {
	*app.App
	api *client.Client
}

// start brings a node up on a directory, with a key that stays the same over restarts.
func start(t *testing.T, dir, key string) *node {
	t.Helper()
	a, err := app.New(app.Options{
		DataDir: dir, HTTP: "127.0.0.1:0", Link: "127.0.0.1:0", NodeID: "n1", Bootstrap: true, BootstrapKey: key,
		Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	api, err := client.New("http://"+a.HTTPAddr(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &node{a, api}
}

func do[C state.Command[R], R any](t *testing.T, n *node, command C) R {
	t.Helper()
	r, err := state.Do(t.Context(), n.Store(), seed.New(), command)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// staff makes one person, with a push at once and a call later, and a team of that person.
func staff(t *testing.T, n *node) alert.Responder {
	u := do(t, n, state.PutUser{User: reach.User{
		Username: "an@example.vn", Language: "vi", Zone: "Asia/Ho_Chi_Minh",
		Contacts: []reach.Contact{{Kind: "push", Address: "token"}, {Kind: "voice", Address: "+84901"}},
		Rules:    []reach.NotificationRule{{Action: reach.CreateAlert, Steps: []reach.Step{{Contact: "push"}, {Contact: "voice", After: time.Hour}}}},
	}})
	s := do(t, n, state.PutSchedule{Schedule: rotaOf(u.ID)})
	team := do(t, n, state.PutTeam{Team: route.Team{Name: "it", Rules: []route.Rule{{Notify: alert.Responder{Kind: alert.Schedule, ID: string(s.ID)}}}}})
	return alert.Responder{Kind: alert.Team, ID: string(team.ID)}
}

// endpoint is a peer's UDP socket.
func endpoint(t *testing.T) *link.Endpoint {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := link.NewEndpoint(pc, nil)
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// gateway is a gateway that the test plays by hand.
type gateway struct {
	t *testing.T
	*link.Conn
}

func connectGateway(t *testing.T, n *node, credentials link.Credentials) *gateway {
	t.Helper()
	c, err := endpoint(t).Dial(t.Context(), n.LinkAddr(), link.DialConfig{Credentials: func() link.Credentials { return credentials }})
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{t, c}
	g.send(&gatewaypb.FromGateway{Kind: &gatewaypb.FromGateway_Abilities{Abilities: &gatewaypb.Abilities{Kinds: []string{"push", "voice"}}}})
	return g
}

func (g *gateway) send(m *gatewaypb.FromGateway) {
	g.t.Helper()
	if err := g.Send(m); err != nil {
		g.t.Fatal(err)
	}
}

// next is the next message from the hub that is not an acknowledgement of a report.
func (g *gateway) next() *gatewaypb.ToGateway {
	g.t.Helper()
	for {
		var m gatewaypb.ToGateway
		if err := g.Receive(&m); err != nil {
			g.t.Fatal(err)
		}
		if m.GetReportAck() == nil {
			return &m
		}
	}
}

func (g *gateway) report(r channel.Report) {
	g.t.Helper()
	r.At = time.Now()
	g.send(&gatewaypb.FromGateway{Kind: &gatewaypb.FromGateway_Report{Report: gatewaypb.FromReport(r)}})
}

func admit(t *testing.T, n *node) link.Credentials {
	t.Helper()
	c, _, err := n.AdmitInside(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c()
}

func create(t *testing.T, n *node, alias string) {
	t.Helper()
	_, err := n.api.CreateAlert(t.Context(), client.NewAlert{Message: "trouble", Alias: alias, Priority: "P1", Responders: []client.Responder{{Type: "team", Name: "it"}}})
	if err != nil {
		t.Fatal(err)
	}
}

func lookUp(t *testing.T, n *node, alias string) client.Alert {
	t.Helper()
	a, err := n.api.Alert(t.Context(), client.ByAlias(alias))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// eventually waits for something that another goroutine brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("it never happened: %s", what)
		}
	}
}

func TestAlertSurvivesARestart(t *testing.T) {
	t.Parallel()
	dir, key := t.TempDir(), rand.Text()
	first := start(t, dir, key)
	staff(t, first)
	create(t, first, "web")
	id := lookUp(t, first, "web").ID
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := start(t, dir, key)
	if got := lookUp(t, second, "web"); got.ID != id || got.Status != "open" {
		t.Errorf("after the restart: %+v", got)
	}
	info, err := os.Stat(filepath.Join(dir, "master.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the master key's file: %v %v", info, err)
	}
}

func TestPageGoesOutAndADigitAcknowledges(t *testing.T) {
	t.Parallel()
	n := start(t, t.TempDir(), rand.Text())
	staff(t, n)
	g := connectGateway(t, n, admit(t, n))
	create(t, n, "web")
	page := g.next().GetPage().Channel()
	if page.Kind != channel.Push || page.Address != "token" || page.Priority != "P1" || page.Repeat || page.Term == 0 || !strings.Contains(page.Title, "trouble") {
		t.Fatalf("the page is %+v", page)
	}
	g.report(channel.Report{Page: page.ID, Number: 1, Stage: channel.Attempted})
	g.report(channel.Report{Page: page.ID, Number: 2, Stage: channel.Failed, Failure: channel.Unavailable, Detail: "no"})
	// What failed makes the next method come at once, not in an hour (P5).
	call := g.next().GetPage().Channel()
	if call.Kind != channel.Voice || call.TinyID != "1" || call.Language != channel.Vietnamese {
		t.Fatalf("the call is %+v", call)
	}
	g.report(channel.Report{Page: call.ID, Number: 1, Stage: channel.Done, Reply: channel.Acknowledge, Detail: "pressed 1"})
	eventually(t, "the digit acknowledges", func() bool { return lookUp(t, n, "web").Acknowledged })
	a := lookUp(t, n, "web")
	if a.Owner != "an@example.vn" {
		t.Errorf("acknowledged by %q", a.Owner)
	}
	pages, err := n.api.Deliveries(t.Context(), client.ByID(a.ID))
	if err != nil || len(pages) != 2 {
		t.Fatalf("the trace has %d pages: %v", len(pages), err)
	}
	if x := pages[0].Trace[len(pages[0].Trace)-1]; x.Stage != "failed" || x.Failure != "unavailable" {
		t.Errorf("the push ended as %+v", x)
	}
	if x := pages[1].Trace[len(pages[1].Trace)-1]; x.Stage != "done" || x.Reply != "acknowledge" || !strings.Contains(pages[1].Why, "earlier than planned") {
		t.Errorf("the call ended as %+v because %s", x, pages[1].Why)
	}
}

// P3: what is under way is taken back when somebody else acknowledges.
func TestAcknowledgingTakesBackWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	n := start(t, t.TempDir(), rand.Text())
	staff(t, n)
	g := connectGateway(t, n, admit(t, n))
	create(t, n, "web")
	page := g.next().GetPage()
	if _, err := n.api.Acknowledge(t.Context(), client.ByAlias("web"), "binh", ""); err != nil {
		t.Fatal(err)
	}
	if c := g.next().GetCancel(); c.GetId() != page.GetId() {
		t.Errorf("taken back was %v, not %s", c, page.GetId())
	}
}

// P4: a gateway that is gone may have sent what it was given: the page is handed over
// again, and says so.
func TestPageIsHandedOverAgainAsARepeat(t *testing.T) {
	t.Parallel()
	n := start(t, t.TempDir(), rand.Text())
	staff(t, n)
	credentials := admit(t, n)
	g := connectGateway(t, n, credentials)
	create(t, n, "web")
	first := g.next().GetPage()
	g.report(channel.Report{Page: first.GetId(), Number: 1, Stage: channel.Attempted})
	eventually(t, "the report is written down", func() bool {
		pages, err := n.api.Deliveries(t.Context(), client.ByID(lookUp(t, n, "web").ID))
		return err == nil && len(pages) == 1 && len(pages[0].Trace) == 2
	})
	_ = g.Close("gone")
	again := connectGateway(t, n, credentials).next().GetPage()
	if again.GetId() != first.GetId() || !again.GetRepeat() {
		t.Errorf("again: %v", again)
	}
}

// P5: where no gateway serves a kind the page fails, after the patience with gateways
// that are just coming back.
func TestNoGateway(t *testing.T) {
	t.Parallel()
	n := start(t, t.TempDir(), rand.Text())
	staff(t, n)
	create(t, n, "web")
	eventually(t, "the push fails and the call begins", func() bool {
		pages, err := n.api.Deliveries(t.Context(), client.ByID(lookUp(t, n, "web").ID))
		return err == nil && len(pages) == 2 && pages[0].Final && strings.Contains(pages[0].Trace[1].Detail, "no gateway")
	})
}

func TestAgentJoinsAndReports(t *testing.T) {
	t.Parallel()
	n := start(t, t.TempDir(), rand.Text())
	staff(t, n)
	token, err := n.api.CreateToken(t.Context(), client.TokenSpec{})
	if err != nil {
		t.Fatal(err)
	}
	e := endpoint(t)
	credentials, _, err := e.Join(t.Context(), n.LinkAddr(), token, link.Agent, "branch-3")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Join(t.Context(), n.LinkAddr(), token, link.Agent, "thief"); !errors.Is(err, link.ErrRefused) || !strings.Contains(err.Error(), "used already") {
		t.Errorf("the token was taken twice: %v", err)
	}
	c, err := e.Dial(t.Context(), n.LinkAddr(), link.DialConfig{Credentials: func() link.Credentials { return credentials }})
	if err != nil {
		t.Fatal(err)
	}
	epoch := []byte("0123456789abcdef")
	say := func(m *agentpb.FromAgent) uint64 {
		t.Helper()
		if err := c.Send(m); err != nil {
			t.Fatal(err)
		}
		var reply agentpb.ToAgent
		if err := c.Receive(&reply); err != nil {
			t.Fatal(err)
		}
		return reply.GetAck().GetThrough()
	}
	event := func(number uint64, s agentpb.State) *agentpb.FromAgent {
		v := &agentpb.Verdict{Check: "web", Site: "branch-3", State: s, Cause: agentpb.Cause_CAUSE_TARGET, Reason: "refused", Priority: "P2", Team: "it"}
		return &agentpb.FromAgent{Kind: &agentpb.FromAgent_Event{Event: &agentpb.Event{Number: number, At: timestamppb.Now(), Kind: &agentpb.Event_Verdict{Verdict: v}}}}
	}
	if n := say(&agentpb.FromAgent{Kind: &agentpb.FromAgent_Resume{Resume: &agentpb.Resume{Epoch: epoch, Site: "branch-3"}}}); n != 0 {
		t.Errorf("of a new spool %d are kept", n)
	}
	if n := say(event(1, agentpb.State_STATE_DOWN)); n != 1 {
		t.Errorf("kept through %d", n)
	}
	a := lookUp(t, n, "branch-3/web")
	if a.Priority != "P2" || a.Source != "agent branch-3" || a.Message != "web is down at branch-3: refused" {
		t.Errorf("%+v", a)
	}
	if n := say(event(3, agentpb.State_STATE_UP)); n != 1 {
		t.Errorf("after a gap kept through %d", n)
	}
	if n := say(event(2, agentpb.State_STATE_UP)); n != 2 {
		t.Errorf("kept through %d", n)
	}
	if _, err := n.api.Alert(t.Context(), client.ByAlias("branch-3/web")); core.KindOf(err) != core.NotFound {
		t.Errorf("the recovery did not close the alert: %v", err)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for want, o := range map[string]app.Options{
		"--data-dir":    {},
		"20 characters": {DataDir: t.TempDir(), BootstrapKey: "short"},
	} {
		if _, err := app.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	a, err := app.New(app.Options{DataDir: t.TempDir(), HTTP: "127.0.0.1:0", Link: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err == nil {
		t.Error("an empty directory became a cluster without --bootstrap")
	}
}
