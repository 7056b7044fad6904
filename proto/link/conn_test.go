package link_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"keng/proto/link"
	"keng/proto/link/linkpb"
)

// TestFramesArriveWholeAndInOrder: many senders, both ways, on a network that loses.
func TestFramesArriveWholeAndInOrder(t *testing.T) {
	const senders, each = 16, 50
	bubbles(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{}, echo)
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		c := w.dial(e, "hub", cfg)
		w.network.SetLoss(0.02)
		var all sync.WaitGroup
		for sender := range senders {
			all.Go(func() {
				for i := range each {
					// Lengths on both sides of the reader's buffer.
					padding := strings.Repeat(".", (sender*each+i)*7%3000)
					if err := c.Send(text(fmt.Sprintf("%d %d %s", sender, i, padding))); err != nil {
						w.Error(err)
						return
					}
				}
			})
		}
		next := [senders]int{}
		for range senders * each {
			got, err := receive(c)
			if err != nil {
				w.Fatal(err)
			}
			var sender, i int
			var padding string
			fmt.Sscan(got, &sender, &i, &padding)
			if i != next[sender] || len(padding) != (sender*each+i)*7%3000 {
				w.Fatalf("sender %d: frame %d with %d bytes, want frame %d", sender, i, len(padding), next[sender])
			}
			next[sender]++
		}
		all.Wait()
		c.Close("")
	})
}

func TestLongFrames(t *testing.T) {
	bubbles(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{}, echo)
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		c := w.dial(e, "hub", cfg)
		defer c.Close("")
		longest := bytes.Repeat([]byte("x"), link.MaxFrame-8) // two tags and two lengths
		if err := c.Send(wrapperspb.Bytes(longest)); err != nil {
			w.Fatal(err)
		}
		if got, err := receive(c); err != nil || got != string(longest) {
			w.Errorf("the longest frame: %d bytes, %v", len(got), err)
		}
		if err := c.Send(wrapperspb.Bytes(append(longest, 'x'))); !errors.Is(err, link.ErrTooLong) {
			w.Errorf("a longer one: %v", err)
		}
		c.Send(text("still here"))
		if got, err := receive(c); got != "still here" {
			w.Errorf("afterwards: %q, %v", got, err)
		}
	})
}

// frame puts a length before bytes.
func frame(body []byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(body))), body...)
}

func hello(w *world) []byte {
	w.Helper()
	body, err := proto.Marshal(&linkpb.Frame{Kind: &linkpb.Frame_Hello{Hello: &linkpb.Hello{Protocol: 1}}})
	if err != nil {
		w.Fatal(err)
	}
	return frame(body)
}

// TestBadFramesEndTheConnection: what a hub does about a peer that talks nonsense,
// before it is known and after.
func TestBadFramesEndTheConnection(t *testing.T) {
	cases := map[string]struct {
		send       func(w *world) []byte
		welcomed   bool
		code       link.Code
		handlerErr error
	}{
		"garbage instead of Hello":   {func(*world) []byte { return bytes.Repeat([]byte{0xff}, 64) }, false, link.CodeMalformed, nil},
		"HTTP instead of Hello":      {func(*world) []byte { return []byte("GET / HTTP/1.1\r\n\r\n" + strings.Repeat(" ", 100)) }, false, link.CodeMalformed, nil},
		"a payload instead of Hello": {func(*world) []byte { return frame([]byte{4<<3 | 2, 0}) }, false, link.CodeMalformed, nil},
		"a long Hello":               {func(*world) []byte { return binary.AppendUvarint(nil, 20<<10) }, false, link.CodeMalformed, nil},
		"Hello of version 0":         {func(*world) []byte { return frame([]byte{1<<3 | 2, 0}) }, false, link.CodeRefused, nil},
		"an endless length":          {func(w *world) []byte { return append(hello(w), bytes.Repeat([]byte{0xff}, 12)...) }, true, link.CodeMalformed, link.ErrMalformed},
		"a frame too long": {func(w *world) []byte { return append(hello(w), binary.AppendUvarint(nil, link.MaxFrame+1)...) },
			true, link.CodeMalformed, link.ErrMalformed},
		"no frame": {func(w *world) []byte { return append(hello(w), frame([]byte{0xff})...) }, true, link.CodeMalformed, link.ErrMalformed},
		"a payload that is no message": {func(w *world) []byte {
			return append(hello(w), frame([]byte{4<<3 | 2, 1, 0xff})...)
		}, true, link.CodeMalformed, link.ErrMalformed},
		"a second Hello": {func(w *world) []byte { return append(hello(w), hello(w)...) }, true, link.CodeMalformed, link.ErrMalformed},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				outcome := make(chan error, 1)
				h := w.serve("hub", link.ListenConfig{}, func(_ context.Context, c *link.Conn) {
					_, err := receive(c)
					outcome <- err
				})
				defer h.close()
				r := w.raw("agent", w.authority.Issue(link.Peer{Kind: link.Agent, ID: "a"}), "keng/1")
				defer r.close()
				connection, stream := r.dial("hub")
				stream.Write(test.send(w))
				var closed *quic.ApplicationError
				if err := causeOf(connection); !errors.As(err, &closed) || link.Code(closed.ErrorCode) != test.code || closed.ErrorMessage == "" {
					w.Errorf("the hub closed with %v", err)
				}
				synctest.Wait()
				select {
				case err := <-outcome:
					if !test.welcomed || !errors.Is(err, test.handlerErr) {
						w.Errorf("the handler got %v", err)
					}
				default:
					if test.welcomed {
						w.Error("it was not handled")
					}
				}
			})
		})
	}
}

// TestUnknownFramesArePassedOver, so that a later version may add kinds.
func TestUnknownFramesArePassedOver(t *testing.T) {
	bubble(t, func(w *world) {
		got := make(chan string, 1)
		h := w.serve("hub", link.ListenConfig{}, func(_ context.Context, c *link.Conn) {
			s, _ := receive(c)
			got <- s
		})
		defer h.close()
		r := w.raw("agent", w.authority.Issue(link.Peer{Kind: link.Agent, ID: "a"}), "keng/1")
		defer r.close()
		_, stream := r.dial("hub")
		payload, _ := proto.Marshal(text("after"))
		stream.Write(hello(w))
		stream.Write(frame([]byte{9<<3 | 2, 1, 'x'}))
		stream.Write(frame(append([]byte{4<<3 | 2, byte(len(payload))}, payload...)))
		if s := <-got; s != "after" {
			w.Errorf("got %q", s)
		}
	})
}

func TestHelloMustComeInTime(t *testing.T) {
	bubble(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{}, echo)
		defer h.close()
		r := w.raw("agent", w.authority.Issue(link.Peer{Kind: link.Agent, ID: "a"}), "keng/1")
		defer r.close()
		for _, first := range [][]byte{nil, hello(w)[:3]} {
			begun := time.Now()
			connection, stream := r.dial("hub")
			stream.Write(first)
			var closed *quic.ApplicationError
			if err := causeOf(connection); !errors.As(err, &closed) || link.Code(closed.ErrorCode) != link.CodeSlow {
				w.Errorf("after %d bytes the hub closed with %v", len(first), err)
			}
			if took := time.Since(begun); took < 10*time.Second || took > 11*time.Second {
				w.Errorf("after %d bytes it waited %s", len(first), took)
			}
		}
	})
}

// TestNewerConnectionReplaces: the older one ends, and its handler has returned
// before the newer one's begins.
func TestNewerConnectionReplaces(t *testing.T) {
	bubbles(t, func(w *world) {
		running, most := 0, 0
		var mutex sync.Mutex
		h := w.serve("hub", link.ListenConfig{}, func(ctx context.Context, c *link.Conn) {
			mutex.Lock()
			running++
			most = max(most, running)
			mutex.Unlock()
			echo(ctx, c)
			time.Sleep(time.Second) // tidies up
			mutex.Lock()
			running--
			mutex.Unlock()
		})
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		first := w.dial(e, "hub", cfg)
		second := w.dial(e, "hub", cfg)
		if _, err := receive(first); !errors.Is(err, link.ErrReplaced) {
			w.Errorf("the first ended with %v", err)
		}
		third := w.dial(e, "hub", cfg)
		third.Send(text("it is I"))
		if got, err := receive(third); got != "it is I" {
			w.Errorf("the third: %q, %v", got, err)
		}
		if err := context.Cause(second.Context()); !errors.Is(err, link.ErrReplaced) {
			w.Errorf("the second ended with %v", err)
		}
		third.Close("")
		if most != 1 {
			w.Errorf("%d handlers of one peer at once", most)
		}
	})
}

// TestWhoeverClosesSaysWhy: the other side is told the reason that came first, whichever
// goroutine closes the wire.
func TestWhoeverClosesSaysWhy(t *testing.T) {
	for _, end := range []link.ClosedError{{Code: link.CodeReplaced, Reason: "a newer one"}, {Code: link.CodeRefused, Reason: "revoked"}} {
		if said := link.SaidByReceiver(&end); said != end {
			t.Errorf("%+v is told as %+v", end, said)
		}
	}
	if said := link.SaidByReceiver(&link.ClosedError{Code: link.CodeRefused, Reason: "go", Remote: true}); said != (link.ClosedError{}) {
		t.Errorf("the other side's own reason is told it: %+v", said)
	}
}

// TestSlowReaderIsCutOff: Send does not wait for ever.
func TestSlowReaderIsCutOff(t *testing.T) {
	bubbles(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{}, func(ctx context.Context, _ *link.Conn) { <-ctx.Done() })
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		c := w.dial(e, "hub", cfg)
		long := wrapperspb.Bytes(make([]byte, link.MaxFrame/2))
		var err error
		sent := 0
		for ; err == nil && sent < 100; sent++ {
			err = c.Send(long)
		}
		if !errors.Is(err, link.ErrSlow) || sent > 10 {
			w.Errorf("after %d frames: %v", sent, err)
		}
		if err := context.Cause(c.Context()); !errors.Is(err, link.ErrSlow) {
			w.Errorf("the connection ended with %v", err)
		}
	})
}

// TestGoodbyeLosesNothing: what was sent before is read before the end.
func TestGoodbyeLosesNothing(t *testing.T) {
	bubbles(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{}, func(_ context.Context, c *link.Conn) {
			for i := range 100 {
				c.Send(text(fmt.Sprint(i)))
			}
			c.Goodbye("enough", 42*time.Second)
		})
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		c := w.dial(e, "hub", cfg)
		for i := range 100 {
			if got, err := receive(c); got != fmt.Sprint(i) {
				w.Fatalf("frame %d is %q, %v", i, got, err)
			}
		}
		if _, err := receive(c); !errors.Is(err, io.EOF) {
			w.Errorf("the end is %v", err)
		}
		var closed *link.ClosedError
		if err := context.Cause(c.Context()); !errors.As(err, &closed) || closed.Delay != 42*time.Second || !closed.Remote || closed.Reason != "enough" {
			w.Errorf("the cause is %+v", err)
		}
	})
}

// TestIdleLinkLives: heartbeats keep an idle connection, and tell the hub so.
func TestIdleLinkLives(t *testing.T) {
	bubbles(t, func(w *world) {
		conns := make(chan *link.Conn, 1)
		h := w.serve("hub", link.ListenConfig{}, func(ctx context.Context, c *link.Conn) {
			conns <- c
			echo(ctx, c)
		})
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		c := w.dial(e, "hub", cfg)
		atHub := <-conns
		w.network.SetLoss(0.1)
		for range 360 {
			time.Sleep(10 * time.Second)
			if c.Context().Err() != nil {
				w.Fatalf("it died: %v", context.Cause(c.Context()))
			}
			for _, side := range []*link.Conn{c, atHub} {
				if silence := time.Since(side.LastHeard()); silence > 20*time.Second {
					w.Fatalf("%s was heard %s ago", side.Peer(), silence)
				}
			}
		}
		w.network.SetLoss(0)
		c.Close("")
	})
}

// TestDeadAgentIsNoticed: the hub's side ends when nothing arrives.
func TestDeadAgentIsNoticed(t *testing.T) {
	bubble(t, func(w *world) {
		ended := make(chan error, 1)
		h := w.serve("hub", link.ListenConfig{}, func(ctx context.Context, c *link.Conn) {
			echo(ctx, c)
			ended <- context.Cause(ctx)
		})
		defer h.close()
		e, cfg := w.agent("agent")
		w.dial(e, "hub", cfg)
		begun := time.Now()
		e.Close() // without a word, as a crash
		if err := <-ended; !errors.Is(err, link.ErrLost) {
			w.Errorf("it ended with %v", err)
		}
		if took := time.Since(begun).Round(time.Second); took != link.IdleTimeout {
			w.Errorf("after %s", took)
		}
	})
}

// TestRefuse: the words of a hub that puts a peer out reach its people.
func TestRefuse(t *testing.T) {
	bubbles(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{}, func(_ context.Context, c *link.Conn) {
			receive(c)
			c.Refuse("revoked by Hà\x1b[2J " + strings.Repeat("ở", 300))
		})
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		c := w.dial(e, "hub", cfg)
		c.Send(text("here I am"))
		_, err := receive(c)
		if !errors.Is(err, link.ErrRefused) || !strings.Contains(err.Error(), "revoked by Hà [2J ở") || len(err.Error()) > 300 {
			w.Errorf("it ended with %v", err)
		}
	})
}
