package app

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keng/mobile-gateway/ledger"
	"keng/mobile-gateway/push/fcm"
	"keng/mobile-gateway/push/fcm/fcmtest"
	"keng/proto/channel"
	"keng/proto/channel/channeltest"
	"keng/proto/gatewaypb"
	"keng/proto/link"
	"keng/proto/link/linktest"
)

// patience is how long these tests wait for what must come.
const patience = 30 * time.Second

// soon returns a context that ends when patience does.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// realHub is a hub on loopback that acknowledges nothing and passes on what it
// hears.
type realHub struct {
	address string
	heard   chan *gatewaypb.FromGateway
	conns   chan *link.Conn
}

func startRealHub(t *testing.T, authority *linktest.Authority) *realHub {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &realHub{address: socket.LocalAddr().String(), heard: make(chan *gatewaypb.FromGateway, 100), conns: make(chan *link.Conn, 10)}
	endpoint := link.NewEndpoint(socket, nil)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		endpoint.Serve(ctx, link.ListenConfig{Credentials: authority.As(link.Hub, "hub-1"), Node: "hub-1", Heartbeat: 100 * time.Millisecond},
			func(_ context.Context, c *link.Conn) {
				h.conns <- c
				for {
					m := new(gatewaypb.FromGateway)
					if c.Receive(m) != nil {
						return
					}
					h.heard <- m
				}
			})
	}()
	t.Cleanup(func() { stop(); <-done; endpoint.Close() })
	return h
}

// report waits for the next report.
func (h *realHub) report(t *testing.T) channel.Report {
	t.Helper()
	for {
		select {
		case m := <-h.heard:
			if r := m.GetReport(); r != nil {
				return r.Channel()
			}
		case <-time.After(patience):
			t.Fatal("no report came")
		}
	}
}

func sendPage(t *testing.T, c *link.Conn, page channel.Page) {
	t.Helper()
	if err := c.Send(&gatewaypb.ToGateway{Kind: &gatewaypb.ToGateway_Page{Page: gatewaypb.FromPage(page)}}); err != nil {
		t.Fatal(err)
	}
}

// place is where a gateway of these tests lives: a directory joined to a hub.
type place struct {
	dir    string
	config string
	server *fcmtest.Server
}

func newPlace(t *testing.T, authority *linktest.Authority, hub string) place {
	t.Helper()
	server, err := fcmtest.New("keng-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	p := place{dir: t.TempDir(), server: server}
	p.config = filepath.Join(p.dir, "gateway.yaml")
	account := filepath.Join(p.dir, "firebase.json")
	config := fmt.Sprintf("fcm: {project: keng-test, credentials: %q, endpoint: %q}\n", account, server.URL())
	for file, text := range map[string]string{
		account: string(server.ServiceAccountJSON()), p.config: config, filepath.Join(p.dir, hubsFile): hub + "\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	identity := authority.Issue(link.Peer{Kind: link.Gateway, ID: "gateway-1"})
	if err := link.SaveCredentials(filepath.Join(p.dir, identityDir), identity); err != nil {
		t.Fatal(err)
	}
	return p
}

// run runs a gateway there until ctx ends.
func (p place) run(ctx context.Context) error {
	cfg, err := LoadConfig(p.config)
	if err != nil {
		return err
	}
	identity, hubs, err := OpenIdentity(p.dir, nil)
	if err != nil {
		return err
	}
	gateway, err := New(Options{Config: cfg, DataDir: p.dir, Hubs: hubs, Identity: identity})
	if err != nil {
		return err
	}
	return gateway.Run(ctx)
}

// A page on its whole way: from the hub over QUIC and Firebase's own client to
// FCM's protocol, and its reports back.
func TestPushOverRealSockets(t *testing.T) {
	authority := linktest.NewAuthority(t)
	hub := startRealHub(t, authority)
	here := newPlace(t, authority, hub.address)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- here.run(ctx) }()
	page := channeltest.NewPage(channel.Push, "delivery-1", "token-1")
	sendPage(t, <-hub.conns, page)
	message, err := here.server.Wait(soon(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if message.Data["delivery_id"] != "delivery-1" || !strings.Contains(message.Notification.Title, page.Title) {
		t.Errorf("the phone got %+v", message)
	}
	for i, want := range []channel.Stage{channel.Attempted, channel.Accepted, channel.Done} {
		r := hub.report(t)
		if r.Stage != want || int(r.Number) != i+1 || r.Page != page.ID || want != channel.Attempted && r.ProviderID != message.Name {
			t.Errorf("report is %+v; want number %d, %s", r, i+1, want)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// The gateway is killed with -9 while FCM has the page and has not answered. The
// next one says so, and does not send the page again.
func TestP4KillMinus9WhileSending(t *testing.T) {
	if dir := os.Getenv("KENG_GATEWAY_CHILD"); dir != "" {
		if err := (place{dir: dir, config: filepath.Join(dir, "gateway.yaml")}).run(context.Background()); err != nil {
			t.Fatal(err)
		}
		return
	}
	authority := linktest.NewAuthority(t)
	hub := startRealHub(t, authority)
	here := newPlace(t, authority, hub.address)
	here.server.Stall()
	page := channeltest.NewPage(channel.Push, "delivery-1", "token-1")

	child := startChild(t, here)
	sendPage(t, <-hub.conns, page)
	if _, err := here.server.WaitTry(soon(t), func(m fcmtest.Message) bool { return m.Data["delivery_id"] == page.ID }); err != nil {
		t.Fatal(err)
	}
	if r := hub.report(t); r.Stage != channel.Attempted {
		t.Errorf("the first report is %+v; want attempted", r)
	}
	child.Process.Kill()
	child.Wait() // it was killed

	here.server.Accept()
	child = startChild(t, here)
	defer func() { child.Process.Kill(); child.Wait() }()
	c := <-hub.conns
	if r := hub.report(t); r.Stage != channel.Attempted || r.Number != 1 {
		t.Errorf("after the restart the first report is %+v; want number 1, attempted", r)
	}
	if r := hub.report(t); r.Failure != channel.Unavailable || r.Number != 2 || r.Detail != ledger.Interrupted {
		t.Errorf("after the restart the second report is %+v; want number 2, failed as unavailable", r)
	}
	sendPage(t, c, page)
	other := channeltest.NewPage(channel.Push, "delivery-2", "token-1")
	sendPage(t, c, other)
	if _, err := here.server.Wait(soon(t), func(m fcmtest.Message) bool { return m.Data["delivery_id"] == other.ID }); err != nil {
		t.Fatal(err)
	}
	for _, m := range here.server.Messages() {
		if m.Data["delivery_id"] == page.ID {
			t.Error("the page was sent a second time")
		}
	}
}

// startChild runs this test's gateway in a process of its own.
func startChild(t *testing.T, here place) *exec.Cmd {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestP4KillMinus9WhileSending$")
	child.Env = append(os.Environ(), "KENG_GATEWAY_CHILD="+here.dir)
	child.Stdout, child.Stderr = t.Output(), t.Output()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	return child
}

func TestJoinAndNoSecondTime(t *testing.T) {
	authority := linktest.NewAuthority(t)
	hub := startRealHub(t, authority)
	here := newPlace(t, authority, hub.address)
	if _, err := Join(t.Context(), hub.address, "token", "name", here.dir, false); err == nil || !strings.Contains(err.Error(), "identity already") {
		t.Errorf("joining a second time says %v", err)
	}
	if _, err := Join(t.Context(), hub.address, "not a token", "name", here.dir, true); err == nil || strings.Contains(err.Error(), "identity already") {
		t.Errorf("replacing says %v", err)
	}
	if _, _, err := OpenIdentity(here.dir, nil); err != nil {
		t.Errorf("the identity is lost by a replacement that was refused: %v", err)
	}
	if _, err := Join(t.Context(), hub.address, "not a token", "name", t.TempDir(), false); err == nil {
		t.Error("joined without a token")
	}
	cfg, err := LoadConfig(here.config)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.FCM == nil || *cfg.FCM == (fcm.Config{}) {
		t.Error("the configuration is empty")
	}
}
