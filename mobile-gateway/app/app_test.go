package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"keng/proto/channel"
	"keng/proto/gatewaypb"
	"keng/proto/link"
	"keng/proto/link/linktest"
)

// phone is a channel whose person picks up only when told.
type phone struct {
	mu   sync.Mutex
	sent []string
	take chan struct{} // closed: pages are accepted
}

func newPhone() *phone { return &phone{take: make(chan struct{})} }

func (p *phone) Describe() channel.Description {
	return channel.Description{Kind: channel.Voice, Timeout: time.Minute, Concurrent: 4}
}

func (p *phone) Send(ctx context.Context, page channel.Page, report func(channel.Report)) channel.Report {
	p.mu.Lock()
	p.sent = append(p.sent, page.ID)
	p.mu.Unlock()
	report(channel.Report{Stage: channel.Ringing})
	select {
	case <-p.take:
		return channel.Report{Stage: channel.Done, Reply: channel.Acknowledge, Detail: "1"}
	case <-ctx.Done():
		return channel.Report{Stage: channel.Cancelled}
	}
}

func (p *phone) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sent)
}

// hub is a hub node as a gateway sees it. It writes down what it hears and
// acknowledges nothing by itself.
type hub struct {
	*testing.T
	endpoint *link.Endpoint
	stop     context.CancelFunc
	done     chan struct{}

	mu    sync.Mutex
	conn  *link.Conn
	heard []string
	met   int // connections
}

// serveHub starts a hub on an endpoint.
func serveHub(t *testing.T, endpoint *link.Endpoint, authority *linktest.Authority, node string, others ...string) *hub {
	ctx, stop := context.WithCancel(context.Background())
	h := &hub{T: t, endpoint: endpoint, stop: stop, done: make(chan struct{})}
	cfg := link.ListenConfig{Credentials: authority.As(link.Hub, node), Node: node, Hubs: func() []string { return others }}
	go func() {
		defer close(h.done)
		if err := endpoint.Serve(ctx, cfg, h.handle); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}()
	return h
}

func (h *hub) close() {
	h.stop()
	<-h.done
	h.endpoint.Close()
}

func (h *hub) handle(_ context.Context, c *link.Conn) {
	h.mu.Lock()
	h.conn = c
	h.met++
	h.mu.Unlock()
	for {
		var m gatewaypb.FromGateway
		if c.Receive(&m) != nil {
			return
		}
		h.mu.Lock()
		if a := m.GetAbilities(); a != nil {
			h.heard = append(h.heard, fmt.Sprintf("abilities %s term %d in flight %s", a.Kinds, a.Term, a.InFlight))
		}
		if r := m.GetReport(); r != nil {
			h.heard = append(h.heard, strings.TrimSuffix(fmt.Sprintf("%s:%d:%s:%s", r.Page, r.Number, r.Stage, r.Failure+r.Reply), ":"))
		}
		h.mu.Unlock()
	}
}

func (h *hub) send(m *gatewaypb.ToGateway) {
	h.Helper()
	h.mu.Lock()
	c := h.conn
	h.mu.Unlock()
	if c == nil {
		h.Fatal("no gateway is connected")
	}
	if err := c.Send(m); err != nil {
		h.Error(err)
	}
}

func (h *hub) page(p channel.Page) {
	h.send(&gatewaypb.ToGateway{Kind: &gatewaypb.ToGateway_Page{Page: gatewaypb.FromPage(p)}})
}

func (h *hub) cancel(id string, term uint64) {
	h.send(&gatewaypb.ToGateway{Kind: &gatewaypb.ToGateway_Cancel{Cancel: &gatewaypb.Cancel{Id: id, Term: term}}})
}

func (h *hub) ack(id string, through uint32) {
	h.send(&gatewaypb.ToGateway{Kind: &gatewaypb.ToGateway_ReportAck{ReportAck: &gatewaypb.ReportAck{Page: id, Through: through}}})
}

// said lets time pass and returns what the gateway has said since the last call.
func (h *hub) said(pass time.Duration) string {
	time.Sleep(pass)
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	said := strings.Join(h.heard, " | ")
	h.heard = nil
	return said
}

func (h *hub) want(pass time.Duration, want string) {
	h.Helper()
	if said := h.said(pass); said != want {
		h.Errorf("the gateway said %q; want %q", said, want)
	}
}

func call(id string, term uint64) channel.Page {
	return channel.Page{ID: id, Term: term, Kind: channel.Voice, Address: "+84901234567", Priority: "P1", SendBy: time.Now().Add(time.Minute)}
}

// world is a network with hubs and a gateway, in a bubble.
type world struct {
	*testing.T
	network   *linktest.Network
	authority *linktest.Authority
	dir       string
	phone     *phone
	ended     chan error
	stop      context.CancelFunc
	endpoint  *link.Endpoint
}

func bubble(t *testing.T, test func(w *world)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		test(&world{T: t, network: linktest.NewNetwork(time.Millisecond), authority: linktest.NewAuthority(t), dir: dir, phone: newPhone()})
	})
}

func (w *world) hub(node string, others ...string) *hub {
	return serveHub(w.T, link.NewEndpoint(w.network.Listen(node), nil), w.authority, node, others...)
}

// start starts the gateway and lets it connect.
func (w *world) start(hubs ...string) {
	w.Helper()
	w.endpoint = link.NewEndpoint(w.network.Listen("gateway"), nil)
	gateway, err := New(Options{
		Channels: []channel.Channel{w.phone}, DataDir: w.dir, Hubs: hubs, Endpoint: w.endpoint,
		Learned: func(hubs []string) {
			if err := SaveHubs(w.dir, hubs); err != nil {
				w.Error(err)
			}
		},
		Credentials: w.authority.As(link.Gateway, "gateway-1"), Logger: slog.New(slog.NewTextHandler(w.Output(), nil)),
	})
	if err != nil {
		w.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	w.stop, w.ended = stop, make(chan error, 1)
	go func() { w.ended <- gateway.Run(ctx) }()
	time.Sleep(time.Second)
	synctest.Wait()
}

func (w *world) end() {
	w.Helper()
	w.stop()
	if err := <-w.ended; err != nil {
		w.Error(err)
	}
	w.endpoint.Close()
}

func TestOnePage(t *testing.T) {
	bubble(t, func(w *world) {
		h := w.hub("hub-1")
		defer h.close()
		w.start("hub-1")
		defer w.end()
		h.want(0, "abilities [voice] term 0 in flight []")
		h.page(call("a", 5))
		h.want(time.Second, "a:1:attempted | a:2:ringing")
		close(w.phone.take)
		h.want(time.Second, "a:3:done:acknowledge")
		h.ack("a", 3)
		h.want(time.Minute, "")
		h.page(call("a", 5)) // P4
		h.want(time.Second, "a:1:attempted | a:2:ringing | a:3:done:acknowledge")
		h.ack("a", 3)
		h.page(call("b", 4))
		h.want(time.Second, "b:1:failed:stale-term")
		if sent := w.phone.seen(); len(sent) != 1 {
			w.Errorf("rang for %q; want once", sent)
		}
	})
}

func TestP3CancelHangsUp(t *testing.T) {
	bubble(t, func(w *world) {
		h := w.hub("hub-1")
		defer h.close()
		w.start("hub-1")
		defer w.end()
		h.page(call("a", 5))
		h.said(time.Second)
		h.cancel("a", 5)
		h.want(10*time.Millisecond, "a:3:cancelled")
		h.ack("a", 3)
	})
}

// The leader dies while the phone rings: the call goes on, the next leader hears that it is
// in flight, and of the acknowledgement.
func TestP4CallOutlivesItsHub(t *testing.T) {
	bubble(t, func(w *world) {
		one, two := w.hub("hub-1"), w.hub("hub-2")
		defer one.close()
		defer two.close()
		w.start("hub-1", "hub-2")
		defer w.end()
		one.said(0)
		two.said(0)
		one.page(call("a", 5))
		one.want(time.Second, "a:1:attempted | a:2:ringing")
		two.want(0, "")
		w.network.Cut("hub-1", "gateway")
		two.want(5*time.Second, "a:1:attempted | a:2:ringing")
		two.ack("a", 2)
		two.page(call("a", 6)) // the new leader hands it over again
		two.want(time.Second, "a:1:attempted | a:2:ringing")
		close(w.phone.take)
		two.want(time.Second, "a:3:done:acknowledge")
		two.ack("a", 3)
		if sent := w.phone.seen(); len(sent) != 1 {
			w.Errorf("rang for %q; want once", sent)
		}
		time.Sleep(time.Minute) // the link gives up
		w.network.Heal("hub-1", "gateway")
		one.want(3*time.Minute, "abilities [voice] term 6 in flight []")
	})
}

func TestUnackedReportsComeAgainOnALaterConnection(t *testing.T) {
	bubble(t, func(w *world) {
		h := w.hub("hub-1")
		w.start("hub-1")
		close(w.phone.take)
		h.page(call("a", 5))
		h.said(time.Second)
		h.close() // it acknowledged nothing
		h = w.hub("hub-1")
		want := "abilities [voice] term 5 in flight [] | a:1:attempted | a:2:ringing | a:3:done:acknowledge"
		if said := h.said(time.Minute); !strings.HasPrefix(said, want) {
			w.Errorf("after the hub's restart the gateway said %q; want %q", said, want)
		}
		w.end() // does not wait for ever for the acknowledgement
		h.said(0)
		w.start("hub-1")
		if said := h.said(time.Second); !strings.HasPrefix(said, want) {
			w.Errorf("after the gateway's restart it said %q; want %q", said, want)
		}
		h.ack("a", 3)
		w.end()
		h.close()
	})
}

func TestStopTellsHubsBeforeItHangsUp(t *testing.T) {
	bubble(t, func(w *world) {
		h := w.hub("hub-1")
		defer h.close()
		w.start("hub-1")
		h.page(call("a", 5))
		h.said(time.Second)
		begin := time.Now()
		w.end()
		if took := time.Since(begin); took > FinishTime+DrainTime+time.Second {
			w.Errorf("took %v to stop", took)
		}
		h.want(0, "a:3:failed:unavailable")
	})
}

func TestHubsAreLearned(t *testing.T) {
	bubble(t, func(w *world) {
		one, two := w.hub("hub-1", "hub-2:7443"), w.hub("hub-2", "hub-1:7443")
		defer one.close()
		defer two.close()
		w.start("hub-1:7443")
		defer w.end()
		two.want(time.Second, "abilities [voice] term 0 in flight []")
		one.want(0, "abilities [voice] term 0 in flight []")
	})
}

// A gateway that is started anew finds the other hubs also if the one that it joined has gone.
func TestHubsAreRemembered(t *testing.T) {
	bubble(t, func(w *world) {
		nodes := []string{"hub-1:7443", "hub-2:7443"}
		one, two := w.hub("hub-1", nodes...), w.hub("hub-2", nodes...)
		defer two.close()
		w.start("hub-1:7443")
		two.want(time.Second, "abilities [voice] term 0 in flight []")
		w.end()
		one.close()
		text, err := os.ReadFile(filepath.Join(w.dir, hubsFile))
		if got := strings.Fields(string(text)); err != nil || !slices.Equal(got, nodes) {
			w.Fatalf("it remembers %q, %v", got, err)
		}
		w.start(strings.Fields(string(text))...)
		defer w.end()
		two.want(time.Second, "abilities [voice] term 0 in flight []")
	})
}

// Two addresses of one node do not push each other out for ever.
func TestTwoAddressesOfOneNode(t *testing.T) {
	bubble(t, func(w *world) {
		h := w.hub("hub-1")
		defer h.close()
		w.start("hub-1", "hub-1:7443")
		defer w.end()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		h.mu.Lock()
		settled := h.met
		h.mu.Unlock()
		if settled > 6 {
			w.Errorf("the hub met the gateway %d times in ten minutes", settled)
		}
		h.said(0)
		h.page(call("a", 5))
		h.want(time.Second, "a:1:attempted | a:2:ringing")
		time.Sleep(time.Hour)
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.met > settled+1 {
			w.Errorf("the hub met the gateway %d times more in an hour", h.met-settled)
		}
	})
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	good := Options{
		Channels: []channel.Channel{newPhone()}, DataDir: t.TempDir(), Hubs: []string{"hub-1"},
		Credentials: linktest.NewAuthority(t).As(link.Gateway, "gateway-1"),
	}
	for want, spoil := range map[string]func(*Options){
		"data directory": func(o *Options) { o.DataDir = "" },
		"credentials":    func(o *Options) { o.Credentials = nil },
		"hub":            func(o *Options) { o.Hubs = nil },
		"no channel":     func(o *Options) { o.Channels = nil },
		"two channels":   func(o *Options) { o.Channels = append(o.Channels, newPhone()) },
	} {
		options := good
		spoil(&options)
		if _, err := New(options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New says %v; want something with %q", err, want)
		}
	}
	if _, _, err := OpenIdentity(t.TempDir(), nil); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("OpenIdentity of an empty directory says %v", err)
	}
}
