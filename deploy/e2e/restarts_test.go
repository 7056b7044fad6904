package e2e

import (
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"keng/hub/client"
)

// What the storm is made of.
const (
	stormDigits = "036" // an alert is for people if its number ends so
	stormPeople = 6
	stormPaged  = 3 // people that one alert pages
	stormBefore = 500 * time.Millisecond
)

// P1, P4: every hub is restarted as planned, one after another, and then the leader and
// another one are killed with -9, while three clients post as fast as they can and a part of
// the alerts pages several people each. Nothing is lost, nobody is paged twice without being
// told so, and agents and gateways are back.
func TestStoryHubsRestartDuringAStorm(t *testing.T) {
	t.Parallel()
	c := startCluster(t, "--page-window", "2s") // in place of a minute: bundles, soon
	providers := []google{startFCM(t), startFCM(t)}
	for i, google := range providers {
		google.Slow(0, 100*time.Millisecond)
		c[i].runGateway(google.config)
	}
	site := newSite(t)
	c[0].runAgent("- {name: website, kind: http, target: %q, every: 200ms, fail_after: 2}", site.url)
	people := c.people(stormPeople)
	posting := c.startPosting(t, 3, 0, func(alias string) client.NewAlert {
		a := client.NewAlert{Message: "of " + alias, Alias: alias}
		if forPeople(alias) {
			first := rand.IntN(stormPeople)
			a.Responders = slices.Concat(people, people)[first : first+stormPaged]
		}
		return a
	})
	ends := c.restarts(t)
	all := posting.end(t)

	c.caughtUp(t)
	alerts := c.holdAll(t, all, false)
	if t.Failed() {
		t.FailNow()
	}
	var paging []accepted
	for _, a := range all {
		if forPeople(a.alias) {
			paging = append(paging, a)
		} else {
			delete(alerts, a.alias)
		}
	}
	s := c.allEnded(t, alerts, endWithin, providers...)
	latest := s.reached(t, paging, stormPaged)
	t.Logf("%d alerts, of which %d paged %d people each; %d repeats, all labelled; longest time without a 202 %s, from posting to push %s",
		len(all), len(paging), stormPaged, s.repeats(t, ends), longestGap(all).Round(time.Millisecond), latest.Round(time.Millisecond))
	if len(paging) < 100 {
		t.Errorf("%d alerts that page are no storm", len(paging))
	}

	site.stop()
	for i, h := range c {
		h.waitFor("branch-3/website", "open")
		// To another person each time: the window of one who is paged again and again becomes longer.
		a := h.raise(client.NewAlert{Message: "after the storm, posted to " + h.id}, people[i])
		s := c.allEnded(t, map[string]client.Alert{a.Alias: a}, endWithin, providers...)
		s.reached(t, []accepted{{alias: a.Alias, begun: time.Now()}}, 1)
	}
}

func forPeople(alias string) bool { return strings.Contains(stormDigits, alias[len(alias)-1:]) }

// restarts has every hub go and come back: each by SIGTERM, then the leader and any one by
// kill -9.
func (c cluster) restarts(t *testing.T) (ends []kill) {
	t.Helper()
	end := func(h *hub, how func()) {
		wait(t.Context(), stormBefore)
		ends = append(ends, kill{node: h.id, at: time.Now()})
		how()
		h.restart()
		h.ready()
	}
	for _, h := range c {
		end(h, func() { h.terminate() })
	}
	leader, others := c.leader(t, c[0])
	end(leader, func() { leader.kill() })
	end(others[0], func() { others[0].kill() })
	return ends
}

// terminate asks a program to end, as systemd does, and waits until it has.
func (p *process) terminate() {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		p.t.Fatal("it does not stop on SIGTERM")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Errorf("after SIGTERM it ended with %d", code)
	}
}
