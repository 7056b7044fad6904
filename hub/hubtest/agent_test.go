package hubtest_test

import (
	"context"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	agentapp "keng/agent/app"
	"keng/hub/client"
)

// site is a website that a test takes down. It stands outside of the bubble.
type site struct {
	url  string
	down atomic.Bool
}

func newSite(t *testing.T) *site {
	s := &site{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if s.down.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// newAgent lets an agent join and runs it; the function returned stops it.
func (w *world) newAgent(name string, sites map[string]*site) (stop func()) {
	w.Helper()
	socket := func() (net.PacketConn, error) { return w.Links.Listen(name), nil }
	dir := w.TempDir()
	must(agentapp.Join(w.Context(), agentapp.JoinOptions{Hub: w.Link("a"), Token: w.token, DataDir: dir, Name: name, Socket: socket}))(w)
	config := agentapp.Config{Site: "branch-3", Probes: []string{}}
	for _, check := range slices.Sorted(maps.Keys(sites)) {
		config.Checks = append(config.Checks, agentapp.CheckConfig{Name: check, Kind: "http", Target: sites[check].url, Every: 30 * time.Second, Priority: "P1"})
	}
	agent := must(agentapp.New(agentapp.Options{Config: config, DataDir: dir, Socket: socket, Logger: w.Logger.With("agent", name)}))(w)
	if err := agent.Start(context.Background()); err != nil {
		w.Fatal(err)
	}
	return func() {
		if err := agent.Stop(context.Background()); err != nil {
			w.Error(err)
		}
	}
}

// ofSite returns the pages about a check.
func (p *phone) ofSite(check string) []call {
	return slices.DeleteFunc(p.all(), func(c call) bool {
		return !strings.Contains(c.Title, check+" is down") && !strings.Contains(c.Title, check+" không")
	})
}

// Story (c), P9, P13: an agent's hub is away for an hour. What went down and came up again meanwhile
// is told afterwards, in order and once, and pages nobody; what is down still pages once, and
// says that it is late by as long as it has been down.
func TestP13AnHourWithoutAHub(t *testing.T) {
	t.Parallel()
	brief, lasting := newSite(t), newSite(t)
	story(t, 1, func(w *world) {
		must(w.API("a").CreateTeam(w.Context(), client.NewTeam{Name: "it", Members: []client.Member{{User: client.MemberUser{Username: "an@example.vn"}}}}))(w)
		stop := w.newAgent("agent", map[string]*site{"brief": brief, "lasting": lasting})
		defer stop()
		time.Sleep(2 * time.Minute)
		nodes := w.Running()
		w.Kill(nodes...)
		brief.down.Store(true)
		time.Sleep(10 * time.Minute)
		brief.down.Store(false)
		time.Sleep(10 * time.Minute)
		brief.down.Store(true)
		lasting.down.Store(true)
		fell := time.Now()
		time.Sleep(20 * time.Minute)
		brief.down.Store(false)
		time.Sleep(20 * time.Minute)
		if n := len(w.gateway.push.all()); n != 0 {
			w.Errorf("%d pages while nothing could be known", n)
		}
		w.Start(nodes...)
		healed := time.Now()
		time.Sleep(callAfter - 10*time.Second) // agent and gateway dial again within a minute
		if n := len(w.gateway.push.ofSite("brief")); n != 0 {
			w.Errorf("%d pages of what is over", n)
		}
		pages := w.gateway.push.ofSite("lasting")
		if len(pages) != 1 {
			w.Fatalf("%d pages of what is down still", len(pages))
		}
		if late, want := pages[0].LateBy, healed.Sub(fell); late < want-2*time.Minute || late > want+2*time.Minute {
			w.Errorf("it says that it is late by %s, not about %s", late, want)
		}
		alerts := must(w.API("b").Alerts(w.Context(), "status: closed", 100))(w)
		if len(alerts) != 2 || alerts[0].Alias != "branch-3/brief" || alerts[1].Alias != "branch-3/brief" {
			w.Errorf("two outages that are over were told as %+v", alerts)
		}
		open := must(w.API("b").Alerts(w.Context(), "status: open", 100))(w)
		if len(open) != 1 || open[0].Alias != "branch-3/lasting" || open[0].Count != 1 {
			w.Errorf("what is down is told as %+v", open)
		}
		w.agree("branch-3/lasting")
	})
}
