package link_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"keng/proto/link"
	"keng/proto/link/linkpb"
)

// blocked is a world in which agents have no UDP.
func blocked(t *testing.T, test func(w *world)) {
	t.Helper()
	bubble(t, func(w *world) {
		w.tcp = true
		test(w)
	})
}

// TestBlockedUDPCostsOneHeadStart: once; then the same hub, and another one, are dialled
// over TCP at once, until that is so long ago that UDP gets another chance.
func TestBlockedUDPCostsOneHeadStart(t *testing.T) {
	blocked(t, func(w *world) {
		one, two := w.serve("hub-1", link.ListenConfig{}, echo), w.serve("hub-2", link.ListenConfig{}, echo)
		defer one.close()
		defer two.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		for _, step := range []struct {
			hub      string
			pause    time.Duration
			from, to time.Duration
		}{
			{"hub-1", 0, 2 * time.Second, 3 * time.Second},
			{"hub-1", 0, 0, 200 * time.Millisecond},
			{"hub-2", 0, 0, 200 * time.Millisecond},
			{"hub-1", 19 * time.Minute, 0, 200 * time.Millisecond},
			{"hub-2", 21 * time.Minute, 2 * time.Second, 3 * time.Second},
		} {
			time.Sleep(step.pause)
			begun := time.Now()
			w.dial(e, step.hub, cfg).Close("")
			if took := time.Since(begun); took < step.from || took > step.to {
				w.Errorf("%s after %s: it took %s", step.hub, step.pause, took)
			}
		}
	})
}

// TestBusyIsNotBlocked: where UDP got through before, a hub that takes its time is not dialled
// over TCP as well, nor is one that said it was busy; if TCP was needed once, UDP still comes
// first; if twice, it is taken for blocked.
func TestBusyIsNotBlocked(t *testing.T) {
	bubble(t, func(w *world) {
		tcp := &counting{Listener: w.network.ListenTCP("hub")}
		h := w.serve("hub", link.ListenConfig{TCP: []net.Listener{tcp}}, echo)
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		dial := func(over string, from, to time.Duration) {
			w.Helper()
			w.tcp = over == "tcp"
			begun := time.Now()
			c := w.dial(e, "hub", cfg)
			if took := time.Since(begun); took < from || took > to {
				w.Errorf("over %s after %s", over, took)
			}
			c.Close("")
			time.Sleep(time.Second)
		}
		dial("udp", 0, time.Second)
		w.network.Cut("agent", "hub") // it has no time
		time.AfterFunc(5*time.Second, func() { w.network.Heal("agent", "hub") })
		dial("udp", 5*time.Second, 10*time.Second)
		if n := tcp.accepted.Load(); n != 0 {
			w.Errorf("%d dials over TCP", n)
		}
		w.network.BlockUDP("agent", true)
		dial("tcp", 10*time.Second, 11*time.Second)
		w.network.BlockUDP("agent", false)
		dial("udp", 0, time.Second) // and it is known again
		w.network.BlockUDP("agent", true)
		dial("tcp", 10*time.Second, 11*time.Second)
		dial("tcp", 2*time.Second, 3*time.Second)
		dial("tcp", 0, time.Second)
	})
}

// counting counts what it accepts.
type counting struct {
	net.Listener
	accepted atomic.Int64
}

func (c *counting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.accepted.Add(1)
	}
	return conn, err
}

// TestBusyHubIsKnownByUDP: a hub that says over UDP that it is busy is a sign of life.
func TestBusyHubIsKnownByUDP(t *testing.T) {
	bubble(t, func(w *world) {
		tcp := &counting{Listener: w.network.ListenTCP("hub")}
		h := w.serve("hub", link.ListenConfig{TCP: []net.Listener{tcp}, Handshakes: 1}, echo)
		defer h.close()
		// Somebody has the only place, and says no Hello.
		mute := w.rawTCP("mute", "hub", w.authority.Issue(link.Peer{Kind: link.Agent, ID: "mute"}), "keng/1")
		defer mute.NetConn().Close()
		if err := mute.Handshake(); err != nil {
			w.Fatal(err)
		}
		e, cfg := w.agent("agent")
		defer e.Close()
		if _, err := e.Dial(w.Context(), "hub", cfg); !errors.Is(err, link.ErrBusy) {
			w.Fatalf("Dial: %v", err)
		}
		time.Sleep(11 * time.Second) // the mute one is put out
		w.network.Cut("agent", "hub")
		time.AfterFunc(5*time.Second, func() { w.network.Heal("agent", "hub") })
		w.dial(e, "hub", cfg)
		if n := tcp.accepted.Load(); n != 1 { // the mute one
			w.Errorf("%d dials over TCP", n-1)
		}
	})
}

// TestUDPComesFirst: where both get through TCP is not dialled, and a hub whose TCP was
// taken once is reached over UDP again when TCP fails.
func TestUDPComesFirst(t *testing.T) {
	bubble(t, func(w *world) {
		tcp := w.network.ListenTCP("hub")
		h := w.serve("hub", link.ListenConfig{TCP: []net.Listener{tcp}}, echo)
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		w.dial(e, "hub", cfg).Close("")
		w.network.BlockUDP("agent", true)
		w.tcp = true
		w.dial(e, "hub", cfg).Close("")
		w.network.BlockUDP("agent", false)
		w.tcp = false
		tcp.Close()
	})
}

// TestUDPIsTakenAgain: beside a connection over TCP one over UDP is made as soon as that
// gets through, and the session goes on there at once. What could not be done harms nothing.
func TestUDPIsTakenAgain(t *testing.T) {
	blocked(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{ReconnectSpread: time.Hour}, echo)
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		k := w.keep("agent", cfg, e, "hub")
		defer k.stop()
		first := <-k.sessions
		time.Sleep(3 * time.Hour) // a dozen looks in vain
		if first.Network() != "tcp" || first.Context().Err() != nil || len(k.sessions) > 0 {
			w.Fatalf("over %s: %v", first.Network(), context.Cause(first.Context()))
		}
		w.network.BlockUDP("agent", false)
		again := time.Now()
		second := <-k.sessions
		if took := time.Since(again); second.Network() != "udp" || took > 15*time.Minute+time.Second {
			w.Errorf("over %s after %s", second.Network(), took)
		}
		if err := context.Cause(first.Context()); !errors.Is(err, link.ErrReplaced) {
			w.Errorf("the first ended with %v", err)
		}
		time.Sleep(time.Hour)
		if second.Context().Err() != nil {
			w.Errorf("the second ended with %v", context.Cause(second.Context()))
		}
	})
}

// TestUDPIsTakenAgainWithoutLoss: numbered messages go on over the move; what was not
// answered is sent again, and the hub knows it by its number.
func TestUDPIsTakenAgainWithoutLoss(t *testing.T) {
	blocked(t, func(w *world) {
		o := newOnce(w)
		h := w.serve("hub", link.ListenConfig{}, o.take)
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		stop := o.send(e, cfg, "hub")
		time.Sleep(time.Minute)
		w.network.BlockUDP("agent", false)
		time.Sleep(20 * time.Minute)
		stop()
		o.check(1000)
		if !slices.Equal(o.networks, []string{"tcp", "udp"}) {
			w.Errorf("it went over %v", o.networks)
		}
	})
}

// TestEndsOverTCP: how a connection ends is told apart as over QUIC.
func TestEndsOverTCP(t *testing.T) {
	blocked(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{}, echo)
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		c := w.dial(e, "hub", cfg)
		w.network.LoseTCP("agent")
		lost := time.Now()
		if _, err := receive(c); !errors.Is(err, link.ErrSilent) || time.Since(lost) > 2*link.DefaultHeartbeat {
			w.Errorf("when nothing gets through: %v after %s", err, time.Since(lost))
		}
		atHub, stopped := make(chan error, 1), make(chan error, 1)
		crash := link.NewEndpoint(w.network.Listen("crash"), nil)
		listen := link.ListenConfig{Credentials: w.authority.As(link.Hub, "crash"), TCP: []net.Listener{w.network.ListenTCP("crash")}}
		go func() {
			stopped <- crash.Serve(context.Background(), listen, func(ctx context.Context, c *link.Conn) {
				echo(ctx, c)
				atHub <- context.Cause(ctx)
			})
		}()
		c = w.dial(e, "crash", cfg)
		crash.Close() // a process that is killed
		if _, err := receive(c); !errors.Is(err, link.ErrLost) {
			w.Errorf("when the hub is killed: %v", err)
		}
		if err := <-atHub; !errors.Is(err, link.ErrLost) {
			w.Errorf("in the hub: %v", err)
		}
		if err := <-stopped; err == nil {
			w.Error("the hub's Serve did not say that its endpoint was closed")
		}
	})
}

// TestSilentAgentOverTCP: the hub's side ends when nothing arrives.
func TestSilentAgentOverTCP(t *testing.T) {
	blocked(t, func(w *world) {
		ended := make(chan error, 1)
		h := w.serve("hub", link.ListenConfig{}, func(ctx context.Context, c *link.Conn) {
			echo(ctx, c)
			ended <- context.Cause(ctx)
		})
		defer h.close()
		e, cfg := w.agent("agent")
		w.dial(e, "hub", cfg)
		begun := time.Now()
		w.network.LoseTCP("agent") // a crash
		if err := <-ended; !errors.Is(err, link.ErrLost) {
			w.Errorf("it ended with %v", err)
		}
		if took := time.Since(begun).Round(time.Second); took != link.IdleTimeout {
			w.Errorf("after %s", took)
		}
		e.Close()
	})
}

// TestHeartbeatsDoNotWaitForReceive: over TCP, too, a handler that is busy with something
// else does not make its peer believe that the hub is dead.
func TestHeartbeatsDoNotWaitForReceive(t *testing.T) {
	blocked(t, func(w *world) {
		got := make(chan int, 1)
		h := w.serve("hub", link.ListenConfig{}, func(ctx context.Context, c *link.Conn) {
			time.Sleep(10 * time.Minute)
			n := 0
			for ; n < 1000; n++ {
				if s, err := receive(c); s != fmt.Sprint(n) {
					w.Errorf("frame %d is %q, %v", n, s, err)
				}
			}
			got <- n
		})
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		c := w.dial(e, "hub", cfg)
		for n := range 1000 {
			if err := c.Send(text(fmt.Sprint(n))); err != nil {
				w.Fatal(err)
			}
		}
		if n := <-got; n != 1000 {
			w.Errorf("%d frames arrived", n)
		}
	})
}

// rawTCP is a peer that speaks TLS over TCP properly and anything else as a test pleases.
func (w *world) rawTCP(name, address string, own link.Credentials, protocol string) *tls.Conn {
	w.Helper()
	socket, ok := w.network.Listen(name).(interface {
		net.PacketConn
		DialTCP(context.Context, net.Addr) (net.Conn, error)
	})
	if !ok {
		w.Fatal("the network has no TCP")
	}
	defer socket.Close()
	remote, _ := w.network.Resolve(w.Context(), address)
	conn, err := socket.DialTCP(w.Context(), remote)
	if err != nil {
		w.Fatal(err)
	}
	return tls.Client(conn, &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{protocol}, ServerName: "keng",
		Certificates: []tls.Certificate{own.Certificate}, InsecureSkipVerify: true,
	})
}

// lastFrame reads frames until the wire ends and returns the last.
func lastFrame(r io.Reader) *linkpb.Frame {
	var last *linkpb.Frame
	stream, _ := io.ReadAll(r)
	for len(stream) > 0 {
		length, n := binary.Uvarint(stream)
		frame := new(linkpb.Frame)
		if n <= 0 || uint64(len(stream)-n) < length || proto.Unmarshal(stream[n:n+int(length)], frame) != nil {
			return last
		}
		last, stream = frame, stream[n+int(length):]
	}
	return last
}

// TestBadFramesOverTCP: the hub says in a Close what it has against a peer.
func TestBadFramesOverTCP(t *testing.T) {
	for name, test := range map[string]struct {
		send     func(w *world) []byte
		protocol string
		code     link.Code
		within   time.Duration
	}{
		"garbage":          {func(*world) []byte { return bytes.Repeat([]byte{0xff}, 64) }, "keng/1", link.CodeMalformed, time.Second},
		"HTTP":             {func(*world) []byte { return []byte("GET / HTTP/1.1\r\n\r\n" + strings.Repeat(" ", 100)) }, "keng/1", link.CodeMalformed, time.Second},
		"a long Hello":     {func(*world) []byte { return binary.AppendUvarint(nil, 20<<10) }, "keng/1", link.CodeMalformed, time.Second},
		"no Hello":         {func(*world) []byte { return nil }, "keng/1", link.CodeSlow, 11 * time.Second},
		"half a Hello":     {func(w *world) []byte { return hello(w)[:3] }, "keng/1", link.CodeSlow, 11 * time.Second},
		"a second Hello":   {func(w *world) []byte { return append(hello(w), hello(w)...) }, "keng/1", link.CodeMalformed, time.Second},
		"a frame too long": {func(w *world) []byte { return append(hello(w), binary.AppendUvarint(nil, link.MaxFrame+1)...) }, "keng/1", link.CodeMalformed, time.Second},
		"no request":       {func(*world) []byte { return nil }, "keng-join/1", link.CodeSlow, 11 * time.Second},
		"a bad request":    {func(*world) []byte { return []byte{2, 0xff, 0xff} }, "keng-join/1", link.CodeMalformed, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			blocked(t, func(w *world) {
				h := w.serve("hub", link.ListenConfig{Join: func(context.Context, link.JoinRequest, net.Addr) (link.JoinReply, error) {
					return link.JoinReply{}, nil
				}}, echo)
				defer h.close()
				c := w.rawTCP("agent", "hub", w.authority.Issue(link.Peer{Kind: link.Agent, ID: "a"}), test.protocol)
				defer c.NetConn().Close()
				begun := time.Now()
				if _, err := c.Write(test.send(w)); err != nil {
					w.Fatal(err)
				}
				last := lastFrame(c)
				if code := link.Code(last.GetClose().GetCode()); last.GetClose() == nil || code != test.code || last.GetClose().Reason == "" {
					w.Errorf("the hub's last frame is %v", last)
				}
				if took := time.Since(begun); took > test.within {
					w.Errorf("after %s", took)
				}
			})
		})
	}
}

// TestCrowdOverTCP: the places of handshakes are the same for both networks; who has none
// hears that the hub is busy, and connections that say nothing take none.
func TestCrowdOverTCP(t *testing.T) {
	blocked(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{Handshakes: 4}, echo)
		defer h.close()
		for i := range 100 { // they say nothing at all
			c := w.rawTCP(fmt.Sprint("mute-", i), "hub", link.Credentials{}, "keng/1")
			defer c.NetConn().Close()
		}
		e, cfg := w.agent("agent")
		defer e.Close()
		w.dial(e, "hub", cfg).Close("")
		own := w.authority.Issue(link.Peer{Kind: link.Agent, ID: "crowd"})
		for i := range 4 {
			c := w.rawTCP(fmt.Sprint("crowd-", i), "hub", own, "keng/1")
			defer c.NetConn().Close()
			if err := c.Handshake(); err != nil { // and no Hello
				w.Fatal(err)
			}
		}
		synctest.Wait()
		if n := h.endpoint.Handshakes(); n != 4 {
			w.Errorf("%d places taken", n)
		}
		begun := time.Now()
		if _, err := e.Dial(w.Context(), "hub", cfg); !errors.Is(err, link.ErrBusy) || time.Since(begun) > time.Second {
			w.Errorf("Dial after %s: %v", time.Since(begun), err)
		}
		time.Sleep(11 * time.Second) // all are put out
		w.dial(e, "hub", cfg).Close("")
		time.Sleep(3 * time.Second)
		if n := h.endpoint.Handshakes(); n != 0 {
			w.Errorf("%d places taken when all is quiet", n)
		}
	})
}
