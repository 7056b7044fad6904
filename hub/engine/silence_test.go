package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"keng/hub/core/alert"
	"keng/hub/core/silence"
	"keng/hub/engine"
	"keng/hub/state"
)

// watch is a leader's watch over two agents, of which a node tells every two seconds.
type watch struct {
	*world
	silence *engine.Silence
	heard   map[string]bool // agents that the node hears
}

// watched runs f beside a watch that leads.
func watched(t *testing.T, f func(w *watch)) {
	play(t, func(world *world) {
		w := &watch{world: world, silence: engine.NewSilence(world.store, slog.New(slog.DiscardHandler)), heard: map[string]bool{"agent-0": true, "agent-1": true}}
		do(world, state.UseToken{ID: "agent-0", Kind: "agent", Name: "r0"})
		do(world, state.UseToken{ID: "agent-1", Kind: "agent", Name: "r1"})
		do(world, state.NoteAgent{Agent: "agent-0", Site: "shop"})
		do(world, state.NoteAgent{Agent: "agent-1", Site: "office"})
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- w.silence.Run(ctx) }()
		defer func() {
			stop()
			if err := <-ended; err != nil {
				t.Errorf("the watch ended with %v", err)
			}
		}()
		world.store.crown <- 1
		w.pass(4 * time.Second) // until both were heard
		f(w)
	})
}

// pass lets time pass in which the node tells what it hears.
func (w *watch) pass(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); w.wait(2 * time.Second) {
		r := silence.Report{Boot: 1}
		for agent, heard := range w.heard {
			if heard {
				r.Heard = append(r.Heard, silence.Heard{Agent: agent})
			}
		}
		_, _ = w.silence.Heard("n1", r.Encode())
	}
}

// silent returns the messages of what is open, in order.
func (w *watch) silent() (messages []string) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	for a := range state.Alerts.All(w.store.tx) {
		if a.Status == alert.Open {
			messages = append(messages, a.Message)
		}
	}
	slices.Sort(messages)
	return messages
}

func (w *watch) expect(when string, want ...string) {
	w.t.Helper()
	if got := w.silent(); !slices.Equal(got, want) {
		w.t.Errorf("%s: silent are %q, not %q", when, got, want)
	}
}

// P12: an agent that nobody hears is told of, once its time is over, until it is heard.
func TestP12AgentIsSilent(t *testing.T) {
	watched(t, func(w *watch) {
		w.pass(5 * time.Minute)
		w.expect("all are heard")
		w.heard["agent-0"] = false
		w.pass(30 * time.Second)
		w.expect("before the verdict")
		w.pass(10 * time.Second)
		w.expect("after it", "agent r0 at shop is silent")
		w.heard["agent-0"] = true
		w.pass(4 * time.Second)
		w.expect("heard again")
	})
}

// P12: one that was revoked since the agents were read is not called silent.
func TestP12RevokedMeanwhile(t *testing.T) {
	watched(t, func(w *watch) {
		w.pass(time.Minute)
		w.heard["agent-0"] = false
		w.pass(28 * time.Second)
		w.store.mu.Lock()
		row, _ := state.GetPeer(w.store.tx, "agent-0")
		row.Revoked = true
		if err := state.Peers.Put(w.store.tx, row); err != nil {
			t.Error(err)
		}
		w.store.mu.Unlock()
		w.pass(2 * time.Minute)
		w.expect("revoked")
	})
}

// What cannot be written down now is written down later: the verdict is not lost.
func TestP12VerdictWhileTheStoreRefuses(t *testing.T) {
	watched(t, func(w *watch) {
		var refused atomic.Int64
		w.store.mu.Lock()
		w.store.refuse = func([]byte) error { refused.Add(1); return errors.New("no majority") }
		w.store.mu.Unlock()
		w.heard["agent-0"], w.heard["agent-1"] = true, false
		w.pass(50 * time.Second)
		w.expect("refused")
		if refused.Load() < 5 {
			t.Errorf("tried %d times", refused.Load())
		}
		w.store.mu.Lock()
		w.store.refuse = nil
		w.store.mu.Unlock()
		w.pass(2 * time.Second)
		w.expect("taken", "agent r1 at office is silent")
	})
}

// P12: who begins to lead has heard nobody yet, and gives all their time; who leads no more
// listens to nobody.
func TestP12NewLeaderWaits(t *testing.T) {
	watched(t, func(w *watch) {
		w.heard = nil
		w.pass(20 * time.Second)
		w.store.depose()
		w.wait(time.Minute)
		if _, err := w.silence.Heard("n1", silence.Report{Boot: 1}.Encode()); err == nil {
			t.Error("who leads no more listens")
		}
		w.store.crown <- 2
		w.pass(94 * time.Second)
		w.expect("while they may come back")
		w.pass(4 * time.Second)
		w.expect("after it", "agent r0 at shop is silent", "agent r1 at office is silent")
	})
}
