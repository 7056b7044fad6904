package link_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"keng/proto/link"
)

// ask asks and returns how long it took.
func ask(c *link.Conn, within time.Duration) (took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	begun := time.Now()
	err = c.Ask(ctx)
	return time.Since(begun), err
}

// Who lives answers at once, long before its next heartbeat; who does not keeps its
// connection until that is missed.
func TestAsk(t *testing.T) {
	bubble(t, func(w *world) {
		came := make(chan *link.Conn, 1)
		h := w.serve("hub", link.ListenConfig{}, func(ctx context.Context, c *link.Conn) {
			came <- c
			<-ctx.Done()
		})
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		there := w.dial(e, "hub", cfg)
		c := <-came
		time.Sleep(3 * time.Second) // until all is quiet
		const roundTrip, delay = 20 * time.Millisecond, 25 * time.Millisecond
		if took, err := ask(c, time.Second); err != nil || took < roundTrip || took > roundTrip+delay+10*time.Millisecond {
			t.Errorf("who lives answers after %s, %v", took, err)
		}
		w.network.Cut("agent", "hub")
		if took, err := ask(c, 2*time.Second); !errors.Is(err, context.DeadlineExceeded) || took != 2*time.Second {
			t.Errorf("who is cut off answers after %s, %v", took, err)
		}
		if err := c.Context().Err(); err != nil {
			t.Errorf("asking in vain ends the connection: %v", err)
		}
		w.network.Heal("agent", "hub")
		if took, err := ask(c, 5*time.Second); err != nil {
			t.Errorf("who is back answers after %s, %v", took, err)
		}
		time.Sleep(2 * link.DefaultHeartbeat)
		if c.Context().Err() != nil || there.Context().Err() != nil {
			t.Errorf("the connection has ended: %v", context.Cause(c.Context()))
		}
		time.AfterFunc(time.Second, func() { _ = there.Close("enough") })
		w.network.Cut("agent", "hub")
		if took, err := ask(c, time.Hour); took > link.IdleTimeout || err == nil || !errors.Is(err, context.Cause(c.Context())) {
			t.Errorf("who is lost answers after %s, %v", took, err)
		}
		if _, err := ask(c, time.Hour); err == nil {
			t.Error("one whose connection has ended answers")
		}
	})
}

// On a line that loses a third of all packets QUIC asks again.
func TestAskWhereMuchIsLost(t *testing.T) {
	bubble(t, func(w *world) {
		came := make(chan *link.Conn, 1)
		h := w.serve("hub", link.ListenConfig{}, func(ctx context.Context, c *link.Conn) {
			came <- c
			<-ctx.Done()
		})
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		connect := func() *link.Conn {
			w.network.SetLoss(0)
			w.dial(e, "hub", cfg)
			c := <-came
			time.Sleep(time.Second)
			w.network.SetLoss(0.3)
			return c
		}
		c, answers, late, lost := connect(), 0, 0, 0
		for answers < 100 {
			took, err := ask(c, time.Minute)
			switch {
			case err == nil:
				if answers++; took > 500*time.Millisecond {
					late++
				}
			case c.Context().Err() != nil && lost < 3: // two heartbeats in a row may be lost as well
				lost++
				c = connect()
			default:
				w.Fatalf("after %d answers and %d lost connections: %v", answers, lost, err)
			}
			time.Sleep(time.Second)
		}
		w.network.SetLoss(0)
		if late > 10 {
			t.Errorf("%d of 100 answers took longer than half a second", late)
		}
	})
}

// Over TCP nothing is asked: the system tells that a process has died.
func TestAskOverTCP(t *testing.T) {
	bubble(t, func(w *world) {
		w.tcp = true
		came := make(chan *link.Conn, 1)
		h := w.serve("hub", link.ListenConfig{}, func(ctx context.Context, c *link.Conn) {
			came <- c
			<-ctx.Done()
		})
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		w.dial(e, "hub", cfg)
		c := <-came
		if took, err := ask(c, time.Second); err != nil || took > 0 {
			t.Errorf("asked for %s, %v", took, err)
		}
	})
}
