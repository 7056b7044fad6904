package link_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"keng/proto/link"
	"keng/proto/link/linktest"
)

// world is a network with an authority. Tests make it inside a bubble.
type world struct {
	*testing.T
	network   *linktest.Network
	authority *linktest.Authority
	tcp       bool // agents have no UDP
}

func newWorld(t *testing.T) *world {
	return &world{T: t, network: linktest.NewNetwork(10 * time.Millisecond), authority: linktest.NewAuthority(t)}
}

// bubble runs a test on fake time.
func bubble(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newWorld(t)) })
}

// bubbles runs a test over UDP, and where UDP is blocked.
func bubbles(t *testing.T, test func(w *world)) {
	t.Helper()
	t.Run("udp", func(t *testing.T) { bubble(t, test) })
	t.Run("tcp", func(t *testing.T) {
		bubble(t, func(w *world) {
			w.tcp = true
			test(w)
		})
	})
}

// hub is a listener under test.
type hub struct {
	endpoint *link.Endpoint
	stop     context.CancelFunc
	done     chan struct{}
}

// serve starts a hub. Its cleanup is not t.Cleanup's, because it belongs in the bubble:
// call close.
func (w *world) serve(name string, cfg link.ListenConfig, handle func(context.Context, *link.Conn)) *hub {
	w.Helper()
	if cfg.Credentials == nil {
		cfg.Credentials = w.authority.As(link.Hub, name)
	}
	if cfg.Node == "" {
		cfg.Node = name
	}
	if w.tcp {
		cfg.TCP = append(cfg.TCP, w.network.ListenTCP(name))
	}
	ctx, stop := context.WithCancel(context.Background())
	h := &hub{link.NewEndpoint(w.network.Listen(name), nil), stop, make(chan struct{})}
	go func() {
		defer close(h.done)
		if err := h.endpoint.Serve(ctx, cfg, handle); err != nil && ctx.Err() == nil {
			w.Error(err)
		}
	}()
	synctest.Wait()
	return h
}

func (h *hub) close() {
	h.stop()
	<-h.done
	h.endpoint.Close()
}

// agent makes the endpoint of a dialler and how it dials.
func (w *world) agent(name string) (*link.Endpoint, link.DialConfig) {
	w.Helper()
	cfg := link.DialConfig{Credentials: w.authority.As(link.Agent, name), Software: "test", BootID: []byte("0123456789abcdef")}
	return w.endpoint(name), cfg
}

// endpoint makes the endpoint of a dialler.
func (w *world) endpoint(name string) *link.Endpoint {
	w.network.BlockUDP(name, w.tcp)
	return link.NewEndpoint(w.network.Listen(name), nil)
}

func (w *world) dial(e *link.Endpoint, address string, cfg link.DialConfig) *link.Conn {
	w.Helper()
	c, err := e.Dial(w.Context(), address, cfg)
	if err != nil {
		w.Fatal(err)
	}
	if want := map[bool]string{false: "udp", true: "tcp"}[w.tcp]; c.Network() != want {
		w.Errorf("connected over %s instead of %s", c.Network(), want)
	}
	return c
}

// echo sends back what it receives.
func echo(_ context.Context, c *link.Conn) {
	for {
		var m wrapperspb.BytesValue
		if c.Receive(&m) != nil || c.Send(&m) != nil {
			return
		}
	}
}

func text(s string) *wrapperspb.BytesValue { return wrapperspb.Bytes([]byte(s)) }

func receive(c *link.Conn) (string, error) {
	var m wrapperspb.BytesValue
	err := c.Receive(&m)
	return string(m.Value), err
}

func TestHelloAndWelcome(t *testing.T) {
	bubbles(t, func(w *world) {
		met := make(chan link.Hello, 1)
		h := w.serve("hub-1", link.ListenConfig{
			Software: "keng-hub", Features: []string{"a", "b"}, ReconnectSpread: 7 * time.Second,
			Hubs: func() []string { return slices.Repeat([]string{"hub-2:7443"}, 65) }, // one more than may be told
		}, func(ctx context.Context, c *link.Conn) {
			if want := (link.Peer{Kind: link.Agent, ID: "agent-1"}); c.Peer() != want {
				w.Errorf("the hub sees %v, want %v", c.Peer(), want)
			}
			met <- c.Hello()
			echo(ctx, c)
		})
		defer h.close()
		e, cfg := w.agent("agent-1")
		defer e.Close()
		cfg.Features = []string{"b", "c"}
		c := w.dial(e, "hub-1:7443", cfg)
		hello := <-met
		if hello.Software != "test" || string(hello.BootID) != "0123456789abcdef" {
			w.Errorf("the hub was told %+v", hello)
		}
		welcome := c.Welcome()
		if welcome.Node != "hub-1" || welcome.Software != "keng-hub" || welcome.ReconnectSpread != 7*time.Second ||
			welcome.Heartbeat != link.DefaultHeartbeat || len(welcome.Hubs) != 64 || !c.Has("b") || c.Has("a") || c.Has("c") {
			w.Errorf("the agent was told %+v", welcome)
		}
		if c.Peer() != (link.Peer{Kind: link.Hub, ID: "hub-1"}) {
			w.Errorf("the agent sees %v", c.Peer())
		}
		c.Send(text("xin chào"))
		if got, err := receive(c); got != "xin chào" || err != nil {
			w.Errorf("got %q, %v", got, err)
		}
		c.Close("enough")
		if _, err := receive(c); !errors.Is(err, io.EOF) {
			w.Errorf("after Close: %v", err)
		}
	})
}
