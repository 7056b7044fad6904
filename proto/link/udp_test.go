package link_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"keng/proto/link"
	"keng/proto/link/linktest"
)

// TestRealSockets: the same over UDP on loopback, by host name.
func TestRealSockets(t *testing.T) {
	authority := linktest.NewAuthority(t)
	open := func() *link.Endpoint {
		socket, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return link.NewEndpoint(socket, nil)
	}
	hub, agent := open(), open()
	ctx, stop := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := hub.Serve(ctx, link.ListenConfig{Credentials: authority.As(link.Hub, "hub")}, echo); err != nil {
			t.Error(err)
		}
	})
	defer func() {
		agent.Close()
		stop()
		serving.Wait()
		hub.Close()
	}()
	_, port, _ := net.SplitHostPort(hub.LocalAddr().String())
	cfg := link.DialConfig{Credentials: authority.As(link.Agent, "agent")}
	var c *link.Conn
	for c == nil { // until the hub listens; Dial itself takes its time
		var err error
		if c, err = agent.Dial(ctx, "localhost:"+port, cfg); err != nil && ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		c.Send(text("over a real wire"))
		if got, err := receive(c); got != "over a real wire" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	c.Close("enough")
}
