package app

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"keng/agent/check"
)

// begin starts an agent of stubs that can be asked.
func begin(t *testing.T, options Options, stubs map[string]*stub, probe func(context.Context, string) bool) *App {
	t.Helper()
	agent, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := agent.Status(t.Context()); err == nil {
		t.Fatal("it tells something before it runs")
	}
	for name, s := range stubs {
		agent.list.add(stubTarget(name, s))
	}
	if probe != nil {
		agent.askProbe = probe
	}
	if err := agent.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := agent.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if _, err := agent.Status(context.Background()); err == nil {
			t.Error("it tells something after its end")
		}
	})
	return agent
}

func statusOf(t *testing.T, agent *App) Status {
	t.Helper()
	status, err := agent.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func TestStatusTellsOfAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, web := newWorld(t), newMemory(), newStub("192.0.2.1")
		stopHub := w.hub("hub-1", m)
		agent := begin(t, w.options(t.TempDir(), "hub-1:7443"), map[string]*stub{"web": web}, nil)
		synctest.Wait()
		s := statusOf(t, agent)
		if s.Checks[0].State != "pending" || s.Well() || s.Site != "branch-3" || s.CutOff {
			t.Fatalf("%+v", s)
		}

		time.Sleep(time.Minute)
		s = statusOf(t, agent)
		web1 := s.Checks[0]
		if !s.Well() || web1.State != "up" || web1.Kind != "http" || web1.Reason != "fine" || web1.Since.IsZero() || s.Now.Sub(web1.LastRun) > 10*time.Second || web1.NextRun.Before(s.Now) {
			t.Fatalf("%+v", s)
		}
		if h := s.Hub; !h.Connected || h.Node != "hub-1" || h.Address == "" || h.LastAck.IsZero() || s.Now.Sub(h.LastHeard) > 15*time.Second {
			t.Fatalf("%+v", h)
		}

		stopHub()
		web.set(check.Down)
		time.Sleep(time.Minute)
		s = statusOf(t, agent)
		if s.Well() || s.Checks[0].State != "down" || s.Checks[0].Reason != "it is down" || s.Spool.Waiting != 1 || s.Spool.Dropped != 0 {
			t.Fatalf("%+v", s)
		}
		if h := s.Hub; h.Connected || h.Node != "hub-1" || h.LastError == "" || s.Now.Sub(h.Since) < 30*time.Second {
			t.Fatalf("%+v", h)
		}
	})
}

func TestStatusSaysCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, web := newWorld(t), newMemory(), newStub("192.0.2.1")
		w.hub("hub-1", m)
		var network atomic.Bool
		network.Store(true)
		options := w.options(t.TempDir(), "hub-1:7443")
		options.Config.Probes = []string{"192.0.2.254"}
		agent := begin(t, options, map[string]*stub{"web": web}, func(context.Context, string) bool { return network.Load() })
		time.Sleep(time.Minute)
		network.Store(false)
		web.set(check.Down)
		time.Sleep(time.Minute)
		s := statusOf(t, agent)
		if !s.CutOff || s.CutOffSince.IsZero() || s.Checks[0].State != "up" || !s.Checks[0].Held || s.Well() {
			t.Fatalf("%+v", s)
		}
	})
}

// A run that is under way has no next one.
func TestStatusOfAHangingCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, web := newWorld(t), newStub("192.0.2.1")
		web.run = func(ctx context.Context) { <-ctx.Done() }
		agent := begin(t, w.options(t.TempDir(), "hub-1:7443"), map[string]*stub{"web": web}, nil)
		time.Sleep(11 * time.Second)
		s := statusOf(t, agent)
		if !s.Checks[0].NextRun.IsZero() || s.Hub.Connected || !s.Hub.Since.IsZero() {
			t.Fatalf("%+v", s)
		}
	})
}
