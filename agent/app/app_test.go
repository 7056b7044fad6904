package app

import (
	"context"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"keng/agent/check"
	"keng/agent/spool"
	"keng/proto/agentpb"
	"keng/proto/link"
)

func expectStory(t *testing.T, m *memory, lines ...string) {
	t.Helper()
	m.await(t, len(lines))
	if got := m.story(); got != strings.Join(lines, "\n") {
		t.Fatalf("the hub heard:\n%s\ninstead of:\n%s", got, strings.Join(lines, "\n"))
	}
}

func TestAnOutageIsToldFromEndToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, web := newWorld(t), newMemory(), newStub("192.0.2.1")
		w.hub("hub-1", m)
		start(t, w.options(t.TempDir(), "hub-1:7443"), map[string]*stub{"web": web}, nil)
		expectStory(t, m, "branch-3/web up target")

		web.set(check.Down)
		events := m.await(t, 2)
		v := events[1].GetVerdict()
		if v.GetReason() != "it is down" || v.GetKind() != "http" || v.GetTarget() != "http://192.0.2.1/" || v.GetPriority() != "P3" || v.GetTeam() != "it" || v.GetFailures() != 2 {
			t.Fatal(v)
		}
		if at := events[1].GetAt().AsTime(); time.Since(at) > time.Second {
			t.Fatalf("it happened at %s, it is %s", at, time.Now())
		}
		web.set(check.Up)
		expectStory(t, m, "branch-3/web up target", "branch-3/web down target", "branch-3/web up target")
	})
}

// The real check, plan, spool and link, with nothing replaced.
func TestARealWebsite(t *testing.T) {
	var broken atomic.Bool
	site := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		if broken.Load() {
			w.WriteHeader(nethttp.StatusBadGateway)
		}
	}))
	defer site.Close()
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(t), newMemory()
		w.hub("hub-1", m)
		options := w.options(t.TempDir(), "hub-1:7443")
		options.Config.Checks = []CheckConfig{{Name: "website", Kind: "http", Target: site.URL, Every: 100 * time.Millisecond, Priority: "P1"}}
		start(t, options, nil, nil)
		m.await(t, 1)
		broken.Store(true)
		if v := m.await(t, 2)[1].GetVerdict(); v.GetState() != agentpb.State_STATE_DOWN || v.GetDetails()["status"] != "502" || v.GetPriority() != "P1" {
			t.Fatal(v)
		}
		broken.Store(false)
		expectStory(t, m, "branch-3/website up target", "branch-3/website down target", "branch-3/website up target")
	})
}

// P13: what happens while no hub can be reached is told afterwards.
func TestP13WhatHappensWithoutAHubIsToldLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, web := newWorld(t), newMemory(), newStub("192.0.2.1")
		dir := t.TempDir()
		stop := start(t, w.options(dir, "hub-1:7443"), map[string]*stub{"web": web}, nil)
		time.Sleep(time.Minute)
		web.set(check.Down)
		time.Sleep(time.Minute)
		stop() // and even over a restart

		start(t, w.options(dir, "hub-1:7443"), map[string]*stub{"web": web}, nil)
		time.Sleep(time.Minute)
		w.hub("hub-1", m)
		expectStory(t, m, "branch-3/web up target", "branch-3/web down target", "branch-3/web down target")
		if at := m.events[0].GetAt().AsTime(); time.Since(at) < 2*time.Minute {
			t.Fatalf("events keep their own times, not %s", at)
		}
	})
}

func TestAnotherHubTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, web := newWorld(t), newMemory(), newStub("192.0.2.1")
		dir := t.TempDir()
		w.hub("hub-1", m, "hub-1:7443", "hub-2:7443")
		w.hub("hub-2", m)
		stop := start(t, w.options(dir, "hub-1:7443"), map[string]*stub{"web": web}, nil)
		m.await(t, 1)
		w.network.Cut("agent-1", "hub-1")
		web.set(check.Down)
		expectStory(t, m, "branch-3/web up target", "branch-3/web down target")
		stop()

		// What a hub named is known after a restart, too.
		hubs, err := newHubList(dir, nil)
		if err != nil || fmt.Sprint(hubs.addresses()) != "[hub-1:7443 hub-2:7443]" {
			t.Fatal(hubs, err)
		}
	})
}

// P14: a site whose uplink died is one event, not one a target.
func TestP14CutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(t), newMemory()
		w.hub("hub-1", m)
		var network atomic.Bool
		network.Store(true)
		stubs := map[string]*stub{}
		for i := range 20 {
			stubs[fmt.Sprint("web-", i)] = newStub("192.0.2.1")
		}
		local := newStub("127.0.0.1")
		stubs["disk"] = local
		options := w.options(t.TempDir(), "hub-1:7443")
		options.Config.Probes = []string{"192.0.2.254"}
		start(t, options, stubs, func(context.Context, string) bool { return network.Load() })
		m.await(t, 22) // 21 checks and the network are up

		network.Store(false)
		for _, s := range stubs {
			s.set(check.Down)
		}
		m.await(t, 24)
		time.Sleep(5 * time.Minute)
		got := strings.Split(m.story(), "\n")[22:]
		if len(got) != 2 || !strings.Contains(strings.Join(got, " "), "branch-3/agent/network down cut_off") || !strings.Contains(strings.Join(got, " "), "branch-3/disk down target") {
			t.Fatal(got)
		}
		network.Store(true)
		for _, s := range stubs {
			s.set(check.Up)
		}
		m.await(t, 26)
		time.Sleep(5 * time.Minute)
		got = strings.Split(m.story(), "\n")[24:]
		if len(got) != 2 || !strings.Contains(strings.Join(got, " "), "branch-3/agent/network up cut_off") || !strings.Contains(strings.Join(got, " "), "branch-3/disk up target") {
			t.Fatal(got)
		}
	})
}

// A disk image that was restored gives numbers that the hub has seen.
func TestARestoredDiskImageBeginsANewSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, web := newWorld(t), newMemory(), newStub("192.0.2.1")
		dir := t.TempDir()
		w.hub("hub-1", m)
		stop := start(t, w.options(dir, "hub-1:7443"), map[string]*stub{"web": web}, nil)
		m.await(t, 1)
		stop()
		image := t.TempDir()
		if err := os.CopyFS(filepath.Join(image, spoolDir), os.DirFS(filepath.Join(dir, spoolDir))); err != nil {
			t.Fatal(err)
		}
		stop = start(t, w.options(dir, "hub-1:7443"), map[string]*stub{"web": web}, nil)
		m.await(t, 2) // told again after the restart
		web.set(check.Down)
		m.await(t, 3)
		stop()

		start(t, w.options(image, "hub-1:7443"), map[string]*stub{"web": web}, nil)
		m.await(t, 4)
		if m.epochs != 2 || !strings.HasSuffix(m.story(), "branch-3/web down target") {
			t.Fatalf("%d epochs:\n%s", m.epochs, m.story())
		}
	})
}

func TestASlowCheckDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, web, slow, wild := newWorld(t), newMemory(), newStub("192.0.2.1"), newStub("192.0.2.2"), newStub("192.0.2.3")
		slow.run = func(ctx context.Context) { <-ctx.Done() }
		wild.run = func(context.Context) { panic("a fault") }
		w.hub("hub-1", m)
		start(t, w.options(t.TempDir(), "hub-1:7443"), map[string]*stub{"web": web, "slow": slow, "wild": wild}, nil)
		m.await(t, 3)
		began := time.Now()
		web.set(check.Down)
		m.await(t, 4)
		if took := time.Since(began); took > 25*time.Second {
			t.Fatalf("it took %s", took)
		}
		if !strings.Contains(m.story(), "branch-3/wild unknown") {
			t.Fatal(m.story())
		}
	})
}

func TestLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		agent, err := New(w.options(t.TempDir(), "hub-1:7443"))
		if err != nil {
			t.Fatal(err)
		}
		if err := agent.Stop(t.Context()); err != nil {
			t.Fatalf("stopping what was not started: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- agent.Run(ctx) }()
		<-agent.Ready()
		if err := agent.Start(ctx); err == nil {
			t.Fatal("started twice")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Fatalf("the end of ctx is no error: %v", err)
		}
		if err := agent.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		good := w.options(t.TempDir(), "hub-1:7443")
		for want, spoil := range map[string]func(*Options){
			"run keng-agent join": func(o *Options) { o.CredentialsDir = t.TempDir() },
			"no hub is known":     func(o *Options) { o.Hubs = nil },
			"write host:port":     func(o *Options) { o.Hubs = []string{"hub-1"} },
			"no data directory":   func(o *Options) { o.DataDir = "" },
			"site: is missing": func(o *Options) {
				o.Config.Site, o.Config.Checks = "", []CheckConfig{{Name: "x", Kind: "http", Target: "http://y/"}}
			},
			"check x: kind: is missing":   func(o *Options) { o.Config.Checks = []CheckConfig{{Name: "x", Target: "y"}} },
			"check x: target: must begin": func(o *Options) { o.Config.Checks = []CheckConfig{{Name: "x", Kind: "http", Target: "y"}} },
			"check x: every: 1ms is out of": func(o *Options) {
				o.Config.Checks = []CheckConfig{{Name: "x", Kind: "http", Target: "http://y/", Every: time.Millisecond}}
			},
		} {
			options := good
			spoil(&options)
			if _, err := New(options); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v instead of %s", err, want)
			}
		}
	})
}

func TestADirectoryInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		options := w.options(t.TempDir(), "hub-1:7443")
		start(t, options, nil, nil)
		agent, err := New(options)
		if err != nil {
			t.Fatal(err)
		}
		if err := agent.Run(t.Context()); !errors.Is(err, spool.ErrLocked) {
			t.Fatal(err)
		}
	})
}

func TestJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(t), newMemory()
		w.hub("hub-1", m)
		dir := filepath.Join(t.TempDir(), "data")
		options := JoinOptions{
			Hub: "hub-1:7443", Token: link.NewToken(w.authority.Certificate).String(), DataDir: dir, Name: "not known",
			Socket: w.options(t.TempDir()).Socket,
		}
		if _, err := Join(t.Context(), options); !errors.Is(err, link.ErrRefused) || !strings.Contains(err.Error(), "this token is not known") {
			t.Fatal(err)
		}
		options.Name = "welcome"
		peer, err := Join(t.Context(), options)
		if err != nil || peer.String() != "agent/agent-7" {
			t.Fatal(peer, err)
		}
		if _, err := Join(t.Context(), options); err == nil || !strings.Contains(err.Error(), "--replace") {
			t.Fatal(err)
		}
		options.Replace = true
		if _, err := Join(t.Context(), options); err != nil {
			t.Fatal(err)
		}
		// The agent needs nothing else.
		web := newStub("192.0.2.1")
		start(t, Options{Config: Config{Site: "branch-3", Probes: []string{}}, DataDir: dir, Socket: options.Socket}, map[string]*stub{"web": web}, nil)
		expectStory(t, m, "branch-3/web up target")
	})
}

func TestRunOnce(t *testing.T) {
	site := httptest.NewServer(nethttp.NotFoundHandler())
	defer site.Close()
	results, err := RunOnce(t.Context(), Config{Site: "here", Checks: []CheckConfig{
		{Name: "a", Kind: "http", Target: site.URL},
		{Name: "b", Kind: "http", Target: site.URL, Values: check.Values{"expect_status": []string{"404"}}},
	}})
	if err != nil || len(results) != 2 || results[0].Result.State != check.Down || results[1].Result.State != check.Up {
		t.Fatal(results, err)
	}
}
