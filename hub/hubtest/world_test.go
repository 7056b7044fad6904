package hubtest_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/client"
	"keng/hub/hubtest"
	gatewayapp "keng/mobile-gateway/app"
	"keng/proto/channel"
	"keng/proto/link"
)

// world is a cluster, a person with a push at once and a call later, and a gateway with
// phones that a test plays.
type world struct {
	*testing.T
	*hubtest.Cluster
	gateway *gateway
	token   string // an enrolment token
}

// callAfter is how long the person has for a push before the phone rings.
const callAfter = 2 * time.Minute

// story runs f in a bubble, with three nodes and a gateway that is connected to all.
func story(t *testing.T, seed uint64, f func(w *world), change ...func(*hubtest.Cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := hubtest.Empty(t, seed)
		c.PageWindow = -1 // every alert is a page of its own; of storms others tell
		c.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
		for _, f := range change {
			f(c)
		}
		c.Start("a", "b", "c")
		c.AwaitVoters(3)
		w := &world{T: t, Cluster: c}
		w.staff()
		w.gateway = w.newGateway("gateway")
		w.gateway.start()
		defer w.gateway.end()
		f(w)
	})
}

// must fails the test if an error is there, and returns the value.
func must[V any](v V, err error) func(w *world) V {
	return func(w *world) V {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
		return v
	}
}

// staff makes an@example.vn, who gets a push at once and a call later, and binh@example.vn,
// who gets a call at once.
func (w *world) staff() {
	w.Helper()
	ctx, api := w.Context(), w.API("b")
	step := func(method string, after time.Duration) client.RuleStep {
		return client.RuleStep{Contact: client.NewContact{Method: method}, SendAfter: client.Seconds(after), Enabled: true}
	}
	person := func(name string, steps ...client.RuleStep) {
		w.Helper()
		must(api.CreateUser(ctx, client.NewUser{Username: name, FullName: name, Role: client.Thing{Name: "User"}}))(w)
		must(api.RegisterDevice(ctx, client.NewDevice{User: name, Token: "phone of " + name}))(w)
		must(api.CreateContact(ctx, name, client.NewContact{Method: "voice", To: "sip:" + name}))(w)
		must(api.CreateNotificationRule(ctx, name, client.NotificationRule{Name: "mine", ActionType: "create-alert", Enabled: true, Steps: steps}))(w)
	}
	person("an@example.vn", step("mobile", 0), step("voice", callAfter))
	person("binh@example.vn", step("voice", 0))
	w.token = must(api.CreateToken(ctx, client.TokenSpec{Uses: 10, Lifetime: client.Lifetime(time.Hour)}))(w)
}

// alert posts an alert to a node for a person, "an" or "binh".
func (w *world) alert(node, alias, person string) {
	w.Helper()
	must(w.API(node).CreateAlert(w.Context(), client.NewAlert{
		Message: "trouble with " + alias, Alias: alias, Priority: "P1", Responders: []client.Responder{{Type: "user", Username: person + "@example.vn"}},
	}))(w)
}

// acknowledge acknowledges an alert at a node.
func (w *world) acknowledge(node, alias string) {
	w.Helper()
	must(w.API(node).Acknowledge(w.Context(), client.ByAlias(alias), "binh@example.vn", ""))(w)
}

// pages returns the pages of an alert as a node tells of them.
func (w *world) pages(node, alias string) []client.Delivery {
	w.Helper()
	return must(w.API(node).Deliveries(w.Context(), client.ByAlias(alias)))(w)
}

// trace tells what became of an alert's pages, one after the other.
func (w *world) trace(node, alias string) string {
	w.Helper()
	var all []string
	for _, d := range w.pages(node, alias) {
		stages := []string{d.Kind}
		for _, s := range d.Trace {
			stages = append(stages, strings.TrimRight(s.Stage+" "+s.Failure+s.Reply, " "))
		}
		all = append(all, strings.Join(stages, ", "))
	}
	return strings.Join(all, " | ")
}

// agree makes sure that all nodes hold the same, and tell the same of an alert (P1).
func (w *world) agree(aliases ...string) {
	w.Helper()
	w.Compare()
	nodes := w.Running()
	for _, alias := range aliases {
		for _, id := range nodes[1:] {
			if one, other := w.trace(nodes[0], alias), w.trace(id, alias); one != other {
				w.Errorf("of %s node %s tells %q, node %s %q", alias, nodes[0], one, id, other)
			}
		}
	}
	cluster := must(w.API(nodes[0]).Cluster(w.Context()))(w)
	if cluster.Diverged {
		w.Errorf("nodes differ: %v", cluster.Differing)
	}
}

// others returns the nodes that run but one.
func (w *world) others(id string) []string {
	return slices.DeleteFunc(w.Running(), func(x string) bool { return x == id })
}

// gateway is the real mobile gateway with phones that a test plays.
type gateway struct {
	w           *world
	name, dir   string
	credentials link.Credentials
	push, voice *phone
	others      []channel.Channel // in the place of both, if there are any
	endpoint    *link.Endpoint
	stop        context.CancelFunc
	ended       chan error
}

// newGateway lets a gateway join, as an administrator would.
func (w *world) newGateway(name string) *gateway {
	w.Helper()
	g := &gateway{w: w, name: name, dir: w.TempDir(), push: &phone{kind: channel.Push}, voice: &phone{kind: channel.Voice, rings: 30 * time.Second}}
	credentials, _, err := w.tryJoin(name)
	if err != nil {
		w.Fatal(err)
	}
	g.credentials = credentials
	return g
}

// tryJoin joins as a gateway.
func (w *world) tryJoin(name string) (link.Credentials, link.Peer, error) {
	endpoint := link.NewEndpoint(w.Links.Listen(name), nil)
	defer endpoint.Close()
	return endpoint.Join(w.Context(), w.Link("a"), w.token, link.Gateway, name)
}

// start starts the gateway and lets it connect: it learns of all nodes from one.
func (g *gateway) start() {
	g.w.Helper()
	g.endpoint = link.NewEndpoint(g.w.Links.Listen(g.name), nil)
	channels := g.others
	if len(channels) == 0 {
		channels = []channel.Channel{g.push, g.voice}
	}
	real, err := gatewayapp.New(gatewayapp.Options{
		Channels: channels, DataDir: g.dir, Hubs: []string{g.w.Link("b")}, Endpoint: g.endpoint,
		Credentials: func() link.Credentials { return g.credentials }, Logger: g.w.Logger.With("gateway", g.name),
	})
	if err != nil {
		g.w.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	g.stop, g.ended = stop, make(chan error, 1)
	go func() { g.ended <- real.Run(ctx) }()
	time.Sleep(3 * time.Second)
}

// end stops the gateway, if it runs.
func (g *gateway) end() {
	if g.stop == nil {
		return
	}
	g.stop()
	g.stop = nil
	if err := <-g.ended; err != nil {
		g.w.Error(err)
	}
	g.endpoint.Close()
}

// phone is a channel whose person a test plays: it remembers what it was sent.
type phone struct {
	kind  channel.Kind
	rings time.Duration // how long a call rings until nobody has picked up; a push is over at once

	mu    sync.Mutex
	calls []*call
}

// call is one page as it arrived.
type call struct {
	channel.Page
	at     time.Time
	ended  time.Time
	answer chan channel.Reply
}

// Describe says what the phone is.
func (p *phone) Describe() channel.Description {
	return channel.Description{Kind: p.kind, Timeout: 2 * time.Minute, Concurrent: 16}
}

// Send takes a page.
func (p *phone) Send(ctx context.Context, page channel.Page, report func(channel.Report)) channel.Report {
	c := &call{Page: page, at: time.Now(), answer: make(chan channel.Reply, 1)}
	p.mu.Lock()
	p.calls = append(p.calls, c)
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		c.ended = time.Now()
		p.mu.Unlock()
	}()
	if p.rings == 0 {
		return channel.Report{Stage: channel.Done}
	}
	report(channel.Report{Stage: channel.Ringing})
	select {
	case reply := <-c.answer:
		return channel.Report{Stage: channel.Done, Reply: reply}
	case <-time.After(p.rings):
		return channel.Report{Stage: channel.Failed, Failure: channel.Unanswered}
	case <-ctx.Done():
		return channel.Report{Stage: channel.Cancelled}
	}
}

// all returns all calls.
func (p *phone) all() (calls []call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		calls = append(calls, *c)
	}
	return calls
}

// of returns the calls about an alert.
func (p *phone) of(alias string) []call {
	return slices.DeleteFunc(p.all(), func(c call) bool { return c.Title != "trouble with "+alias })
}

// once makes sure that the phone has rung once about an alert, in a stretch of time,
// and returns that call.
func (p *phone) once(w *world, alias string, from, to time.Time) call {
	w.Helper()
	calls := p.of(alias)
	if len(calls) != 1 {
		w.Fatalf("%s about %s came %d times: %s", p.kind, alias, len(calls), times(calls, from))
	}
	if at := calls[0].at; at.Before(from) || at.After(to) {
		w.Errorf("%s about %s came %s after it was due", p.kind, alias, at.Sub(from))
	}
	return calls[0]
}

func times(calls []call, from time.Time) string {
	var all []string
	for _, c := range calls {
		all = append(all, fmt.Sprintf("%s in term %d, repeat %t", c.at.Sub(from), c.Term, c.Repeat))
	}
	return strings.Join(all, "; ")
}
