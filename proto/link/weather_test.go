package link_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"keng/proto/link"
)

// TestRoughWeather: addresses that change, cuts of one direction, loss of three in ten, with
// UDP and without. Numbered messages arrive, each once.
func TestRoughWeather(t *testing.T) {
	bubbles(t, func(w *world) {
		o := newOnce(w)
		one, two := w.serve("hub-1", link.ListenConfig{}, o.take), w.serve("hub-2", link.ListenConfig{}, o.take)
		defer one.close()
		defer two.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		stop := o.send(e, cfg, "hub-1", "hub-2")
		time.Sleep(10 * time.Second)
		for range 3 {
			w.network.Move("agent")
			time.Sleep(time.Minute)
			for _, hub := range []string{"hub-1", "hub-2"} {
				w.network.CutOneWay("agent", hub)
				time.Sleep(time.Minute)
				w.network.Heal("agent", hub)
				w.network.CutOneWay(hub, "agent")
				time.Sleep(time.Minute)
				w.network.Heal("agent", hub)
			}
			w.network.SetLoss(0.3)
			time.Sleep(5 * time.Minute)
			w.network.SetLoss(0)
		}
		time.Sleep(2 * time.Minute)
		stop()
		o.check(1000)
	})
}

// TestOneDirectionIsNotEnough: whichever direction is cut, the dialler goes to the other
// hub after two heartbeats.
func TestOneDirectionIsNotEnough(t *testing.T) {
	for _, toHub := range []bool{false, true} {
		t.Run(fmt.Sprint("cut to the hub ", toHub), func(t *testing.T) {
			bubbles(t, func(w *world) {
				one, two := w.serve("hub-1", link.ListenConfig{}, echo), w.serve("hub-2", link.ListenConfig{}, echo)
				defer one.close()
				defer two.close()
				e, cfg := w.agent("agent")
				defer e.Close()
				k := w.keep("agent", cfg, e, "hub-1", "hub-2")
				defer k.stop()
				first := <-k.sessions
				time.Sleep(time.Minute)
				cut := time.Now()
				if toHub {
					w.network.CutOneWay("agent", first.Peer().ID)
				} else {
					w.network.CutOneWay(first.Peer().ID, "agent")
				}
				second := <-k.sessions
				if took := time.Since(cut); second.Peer() == first.Peer() || took > 2*link.DefaultHeartbeat+200*time.Millisecond {
					w.Errorf("at %s after %s", second.Peer(), took)
				}
				if err := context.Cause(first.Context()); !errors.Is(err, link.ErrSilent) {
					w.Errorf("the first ended with %v", err)
				}
			})
		})
	}
}

// TestAnIdleLinkOnABadLine: three of ten datagrams lost each way end no connection for
// hours.
func TestAnIdleLinkOnABadLine(t *testing.T) {
	bubbles(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{}, echo)
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		k := w.keep("agent", cfg, e, "hub")
		defer k.stop()
		<-k.sessions
		w.network.SetLoss(0.3)
		time.Sleep(2 * time.Hour)
		if again := len(k.sessions); again > 6 {
			w.Errorf("it connected %d times more in two hours", again)
		}
		w.network.SetLoss(0)
	})
}

// once is a sender of numbered messages that sends until each is answered, as an agent's
// spool does, and a receiver, common to all hubs, that takes the next number only.
type once struct {
	*world
	mutex    sync.Mutex
	taken    uint64
	twice    int // had been taken before
	networks []string
}

func newOnce(w *world) *once { return &once{world: w} }

// take is a hub's handler: it answers the last number that is taken.
func (o *once) take(_ context.Context, c *link.Conn) {
	for {
		s, err := receive(c)
		if err != nil {
			return
		}
		var number uint64
		fmt.Sscan(s, &number)
		o.mutex.Lock()
		switch {
		case number == o.taken+1:
			o.taken++
		case number > o.taken+1:
			o.Errorf("message %d came after %d", number, o.taken)
		default:
			o.twice++
		}
		answer := fmt.Sprint(o.taken)
		o.mutex.Unlock()
		if c.Send(text(answer)) != nil {
			return
		}
	}
}

// send sends a message ten times a second, a window of them at once, until it is stopped.
func (o *once) send(e *link.Endpoint, cfg link.DialConfig, hubs ...string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	answered := uint64(0) // of one session at a time
	go func() {
		defer close(done)
		e.Keep(ctx, func() []string { return hubs }, cfg, func(_ context.Context, c *link.Conn) error {
			o.networks = append(o.networks, c.Network())
			next := answered + 1
			ended := make(chan error, 1)
			acks := make(chan uint64, 1000)
			go func() {
				for {
					s, err := receive(c)
					if err != nil {
						ended <- err
						return
					}
					var number uint64
					fmt.Sscan(s, &number)
					acks <- number
				}
			}()
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case err := <-ended:
					return err
				case number := <-acks:
					answered = max(answered, number)
				case <-tick.C:
					if next <= answered+64 && c.Send(text(fmt.Sprint(next))) == nil {
						next++
					}
				}
			}
		}, link.Backoff{})
	}()
	return func() {
		cancel()
		<-done
	}
}

// check fails the test if fewer messages were taken.
func (o *once) check(least uint64) {
	o.Helper()
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.taken < least {
		o.Errorf("%d messages were taken, want %d at least", o.taken, least)
	}
	o.Logf("%d messages were taken, %d came twice, over %v", o.taken, o.twice, o.networks)
}
