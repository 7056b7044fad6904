package link_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"keng/proto/link"
	"keng/proto/link/linkpb"
	"keng/proto/link/linktest"
)

// kept is a Keep that runs in a test.
type kept struct {
	sessions chan *link.Conn // each connection, as its session begins
	stop     func()          // ends Keep and waits for it
}

func (w *world) keep(name string, cfg link.DialConfig, e *link.Endpoint, addresses ...string) *kept {
	ctx, cancel := context.WithCancelCause(context.Background())
	k := &kept{sessions: make(chan *link.Conn, 100)}
	done := make(chan error, 1)
	go func() {
		done <- e.Keep(ctx, func() []string { return addresses }, cfg, func(_ context.Context, c *link.Conn) error {
			k.sessions <- c
			for {
				if _, err := receive(c); err != nil {
					return err
				}
			}
		}, link.Backoff{})
	}()
	stopped := errors.New("stopped")
	k.stop = func() {
		cancel(stopped)
		if err := <-done; !errors.Is(err, stopped) {
			w.Errorf("Keep returned %v", err)
		}
	}
	return k
}

// TestSilenceMovesToAnotherHub: a cut that nobody announces is noticed within two
// heartbeats, and the other hub is dialled at once.
func TestSilenceMovesToAnotherHub(t *testing.T) {
	for phase := range 10 {
		t.Run(fmt.Sprint(phase), func(t *testing.T) {
			bubbles(t, func(w *world) {
				// The spread is for losses without another hub, so it must not matter here.
				listen := link.ListenConfig{ReconnectSpread: time.Hour}
				one, two := w.serve("hub-1", listen, echo), w.serve("hub-2", listen, echo)
				defer one.close()
				defer two.close()
				e, cfg := w.agent("agent")
				defer e.Close()
				k := w.keep("agent", cfg, e, "hub-1", "hub-2")
				defer k.stop()
				first := <-k.sessions
				time.Sleep(time.Minute + time.Duration(phase)*time.Second)
				cut := time.Now()
				w.network.Cut("agent", first.Peer().ID)
				second := <-k.sessions
				if second.Peer() == first.Peer() {
					w.Fatal("it dialled the same hub")
				}
				if took := time.Since(cut); took > 2*link.DefaultHeartbeat+100*time.Millisecond {
					w.Errorf("after %s", took)
				}
				if err := context.Cause(first.Context()); !errors.Is(err, link.ErrSilent) {
					w.Errorf("the first ended with %v", err)
				}
			})
		})
	}
}

// TestLoneHubIsNotStormed: with nowhere else to go, a loss is followed by a wait of up
// to the spread.
func TestLoneHubIsNotStormed(t *testing.T) {
	const spread = 40 * time.Second
	var waits []time.Duration
	for range 20 {
		bubbles(t, func(w *world) {
			h := w.serve("hub", link.ListenConfig{ReconnectSpread: spread}, echo)
			defer h.close()
			e, cfg := w.agent("agent")
			defer e.Close()
			k := w.keep("agent", cfg, e, "hub")
			defer k.stop()
			first := <-k.sessions
			time.Sleep(time.Minute)
			w.network.Cut("agent", "hub")
			<-first.Context().Done()
			w.network.Heal("agent", "hub")
			lost := time.Now()
			<-k.sessions
			waits = append(waits, time.Since(lost))
		})
	}
	checkJitter(t, waits, spread+200*time.Millisecond)
}

// checkJitter checks that waits are bounded and really differ.
func checkJitter(t *testing.T, waits []time.Duration, limit time.Duration) {
	t.Helper()
	if longest := slices.Max(waits); longest > limit {
		t.Errorf("a wait of %s, at most %s", longest, limit)
	}
	if slices.Max(waits)-slices.Min(waits) < limit/4 {
		t.Errorf("the waits hardly differ: %v", waits)
	}
}

func TestBackoffDoublesWithFullJitter(t *testing.T) {
	ceiling := time.Second
	for failures := 1; failures <= 10; failures++ {
		checkJitter(t, link.Backoff{}.Waits(failures, 200), ceiling)
		ceiling = min(2*ceiling, time.Minute)
	}
	checkJitter(t, link.Backoff{}.Waits(1<<30, 200), time.Minute)
	if slices.Max(link.Backoff{}.Waits(7, 200)) < 40*time.Second {
		t.Error("it does not grow to a minute")
	}
}

// TestKeepOutlivesALongOutage: it comes back within a minute and a dial's time.
func TestKeepOutlivesALongOutage(t *testing.T) {
	bubbles(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{}, echo)
		e, cfg := w.agent("agent")
		defer e.Close()
		k := w.keep("agent", cfg, e, "hub")
		defer k.stop()
		<-k.sessions
		h.stop()
		<-h.done
		h.endpoint.Close()
		time.Sleep(24 * time.Hour)
		h = w.serve("hub", link.ListenConfig{}, echo)
		defer h.close()
		begun := time.Now()
		<-k.sessions
		if took := time.Since(begun); took > 95*time.Second {
			w.Errorf("after %s", took)
		}
	})
}

// TestRestartedHubIsNoticedByReset: a hub that crashed and came back with the same keys
// tells its peers at their next heartbeat that it has forgotten them.
func TestRestartedHubIsNoticedByReset(t *testing.T) {
	bubble(t, func(w *world) {
		keys := &link.EndpointKeys{StatelessReset: [32]byte{1}, Token: [32]byte{2}, Ticket: [32]byte{3}}
		listen := link.ListenConfig{Credentials: w.authority.As(link.Hub, "hub")}
		start := func() (*link.Endpoint, context.CancelFunc, chan struct{}) {
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan struct{})
			e := link.NewEndpoint(w.network.Listen("hub"), keys)
			go func() { defer close(done); e.Serve(ctx, listen, echo) }()
			return e, stop, done
		}
		hub, stop, done := start()
		e, cfg := w.agent("agent")
		defer e.Close()
		k := w.keep("agent", cfg, e, "hub")
		defer k.stop()
		first := <-k.sessions
		time.Sleep(time.Minute + 3*time.Second)
		hub.Close() // a crash: no goodbye can leave it any more
		stop()
		<-done
		crashed := time.Now()
		hub, stop, done = start()
		<-k.sessions
		if took := time.Since(crashed); took > link.DefaultHeartbeat+time.Second {
			w.Errorf("noticed after %s", took)
		}
		if err := context.Cause(first.Context()); !errors.Is(err, link.ErrLost) {
			w.Errorf("the first ended with %v", err)
		}
		stop()
		<-done
		hub.Close()
	})
}

// TestStoppingHubSpreadsItsPeers: every peer is told a delay of its own, keeps it, and
// goes to the other hub.
func TestStoppingHubSpreadsItsPeers(t *testing.T) {
	const agents, spread = 10, 20 * time.Second
	bubbles(t, func(w *world) {
		listen := link.ListenConfig{ReconnectSpread: spread}
		one := w.serve("hub-1", listen, echo)
		var all []*kept
		for i := range agents {
			e, cfg := w.agent(fmt.Sprintf("agent-%d", i))
			defer e.Close()
			all = append(all, w.keep("agent", cfg, e, "hub-1", "hub-2"))
			<-all[i].sessions
		}
		two := w.serve("hub-2", listen, echo)
		defer two.close()
		time.Sleep(time.Minute)
		begun := time.Now()
		one.stop()
		<-one.done
		if took := time.Since(begun); took > 5*time.Second {
			w.Errorf("the hub took %s to stop", took)
		}
		one.endpoint.Close()
		var returns []time.Duration
		for _, k := range all {
			if c := <-k.sessions; c.Peer().ID != "hub-2" {
				w.Errorf("back at %s", c.Peer())
			} else {
				returns = append(returns, c.Welcome().Now.Sub(begun))
			}
		}
		slices.Sort(returns)
		for i, at := range returns { // delays are 1/agents to all of the spread
			due := spread * time.Duration(i+1) / agents
			if at < due || at > due+time.Second {
				w.Errorf("return %d after %s, due after %s", i, at, due)
			}
		}
		for _, k := range all {
			k.stop()
		}
	})
}

// TestTwinsDoNotFight: two processes with one identity replace each other ever more
// rarely.
func TestTwinsDoNotFight(t *testing.T) {
	bubbles(t, func(w *world) {
		var meetings atomic.Int32
		h := w.serve("hub", link.ListenConfig{}, func(ctx context.Context, c *link.Conn) {
			meetings.Add(1)
			echo(ctx, c)
		})
		defer h.close()
		own := w.authority.As(link.Agent, "twin")
		for _, name := range []string{"one", "two"} {
			e, cfg := w.agent(name)
			defer e.Close()
			cfg.Credentials = own
			defer w.keep(name, cfg, e, "hub").stop()
		}
		time.Sleep(time.Hour)
		if n := meetings.Load(); n > 400 {
			w.Errorf("%d connections in an hour", n)
		}
	})
}

// TestDeadHubDoesNotDelay: a hub that does not answer costs a stagger, not a time-out.
func TestDeadHubDoesNotDelay(t *testing.T) {
	bubble(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{}, echo)
		defer h.close()
		e, cfg := w.agent("agent")
		defer e.Close()
		begun := time.Now()
		k := w.keep("agent", cfg, e, "dead-1", "dead-2", "hub")
		defer k.stop()
		<-k.sessions
		if took := time.Since(begun); took > 7*time.Second {
			w.Errorf("after %s", took)
		}
	})
}

// TestRefusalMovesOnAtOnce: a hub that says no costs no wait at all.
func TestRefusalMovesOnAtOnce(t *testing.T) {
	for range 10 { // the order is by chance
		bubble(t, func(w *world) {
			deny := func(link.Peer, *x509.Certificate) error { return errors.New("not here") }
			for _, name := range []string{"no-1", "no-2"} {
				h := w.serve(name, link.ListenConfig{Admit: deny}, echo)
				defer h.close()
			}
			yes := w.serve("yes", link.ListenConfig{}, echo)
			defer yes.close()
			e, cfg := w.agent("agent")
			defer e.Close()
			begun := time.Now()
			k := w.keep("agent", cfg, e, "no-1", "no-2", "yes")
			defer k.stop()
			<-k.sessions
			if took := time.Since(begun); took > time.Second {
				w.Errorf("after %s", took)
			}
		})
	}
}

// TestPulse: when heartbeats are sent, and when the verdict falls.
func TestPulse(t *testing.T) {
	const interval, delay = 10 * time.Second, 50 * time.Millisecond
	all := func(uint64) bool { return true }
	sent, verdict := link.Pulse(interval, delay, time.Hour, all)
	if verdict != 0 || len(sent) != 359 {
		t.Errorf("answered always: %d sent, verdict %s", len(sent), verdict)
	}
	none := func(uint64) bool { return false }
	if _, verdict := link.Pulse(interval, delay, time.Hour, none); verdict != 2*interval {
		t.Errorf("answered never: verdict %s", verdict)
	}
	three := func(n uint64) bool { return n%4 == 0 }
	if _, verdict := link.Pulse(interval, delay, time.Hour, three); verdict != 0 {
		t.Errorf("three in four lost: verdict %s", verdict)
	}
	until := func(n uint64) bool { return n <= 6 }
	if _, verdict := link.Pulse(interval, delay, time.Hour, until); verdict != 6*interval+delay+2*interval {
		t.Errorf("silent after the sixth: verdict %s", verdict)
	}
}

// TestHeartbeatsCanTriggerAReset: see linkpb.Heartbeat.
func TestHeartbeatsCanTriggerAReset(t *testing.T) {
	for _, number := range []uint64{1, 1 << 63} {
		for _, boot := range []int{0, 1, 16, 64} {
			b, err := link.EncodeDatagram(&linkpb.Heartbeat{Number: number, BootId: make([]byte, boot)})
			if err != nil || len(b) < link.MinDatagram {
				t.Errorf("a heartbeat of %d bytes, %v", len(b), err)
			}
		}
		if b, err := link.EncodeDatagram(&linkpb.HeartbeatAck{Number: number}); err != nil || len(b) < link.MinDatagram {
			t.Errorf("an answer of %d bytes, %v", len(b), err)
		}
	}
}

// TestCrowd: a hub admits a bounded number of handshakes, refuses the others at once,
// and gives the places back.
func TestCrowd(t *testing.T) {
	bubble(t, func(w *world) {
		h := w.serve("hub", link.ListenConfig{Handshakes: 4}, echo)
		defer h.close()
		r := w.raw("crowd", w.authority.Issue(link.Peer{Kind: link.Agent, ID: "crowd"}), "keng/1")
		defer r.close()
		for range 4 {
			r.dial("hub") // and say no Hello
		}
		if n := h.endpoint.Handshakes(); n != 4 {
			w.Errorf("%d places taken", n)
		}
		e, cfg := w.agent("agent")
		defer e.Close()
		begun := time.Now()
		if _, err := e.Dial(w.Context(), "hub", cfg); !errors.Is(err, link.ErrBusy) {
			w.Errorf("Dial: %v", err)
		}
		if took := time.Since(begun); took > 100*time.Millisecond {
			w.Errorf("refused after %s", took)
		}
		time.Sleep(11 * time.Second) // the crowd is put out
		c := w.dial(e, "hub", cfg)
		foreign := linktest.NewAuthority(w).Issue(link.Peer{Kind: link.Agent, ID: "x"})
		foreign.Authorities = append(foreign.Authorities, w.authority.Certificate)
		cfg.Credentials = func() link.Credentials { return foreign }
		for range 10 { // handshakes that fail take no place for long
			if _, err := e.Dial(w.Context(), "hub", cfg); !errors.Is(err, link.ErrCertificate) {
				w.Errorf("Dial of a foreigner: %v", err)
			}
		}
		synctest.Wait()
		if n := h.endpoint.Handshakes(); n != 0 {
			w.Errorf("%d places taken when all is quiet", n)
		}
		c.Close("")
	})
}
