package e2e

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"keng/hub/client"
	"keng/proto/link/linktest"
)

// startBehindRelay starts a hub that agents and gateways reach by a relay only: that is
// what it tells them, too. Nothing but the relay dials it directly.
func startBehindRelay(t *testing.T) (*hub, *linktest.Relay) {
	t.Helper()
	h := newHub(t, "n1", rand.Text(), "--bootstrap", "--advertise", "127.0.0.3")
	h.link = linktest.FreePort(t, "127.0.0.2")
	h.restart()
	relay := linktest.NewRelay(t, "127.0.0.3:0", h.link)
	h.link = relay.Addr()
	return h, relay
}

// connected waits until an agent or a gateway says that it is connected so often, and over
// what at last: "udp" or "tcp".
func (p *process) connected(times int, over string) {
	p.t.Helper()
	eventually(p.t, "it is connected over "+over, func() bool {
		var lines []string
		for line := range strings.Lines(p.out.String()) {
			if strings.Contains(line, "link: connected") {
				lines = append(lines, line)
			}
		}
		return len(lines) >= times && strings.Contains(lines[len(lines)-1], "over="+over)
	})
}

// UDP is blocked between the hub and all others. An agent and a gateway join and connect
// over TCP, and an outage reaches the phone.
func TestStoryUDPBlocked(t *testing.T) {
	t.Parallel()
	h, relay := startBehindRelay(t)
	relay.BlockUDP(true)
	google := startFCM(t)
	gateway := h.runGateway(google.config)
	begun := time.Now()
	gateway.connected(1, "tcp")
	t.Logf("the gateway connected in %s", time.Since(begun).Round(time.Millisecond))
	h.team("it", h.person("An", "vi_VN", push("phone-of-An", 0)))

	site := newSite(t)
	agent := h.runAgent("- {name: website, kind: http, target: %q, every: 200ms, fail_after: 2, priority: P1, team: it}", site.url)
	begun = time.Now()
	agent.connected(1, "tcp")
	took := time.Since(begun)
	t.Logf("the agent connected in %s", took.Round(time.Millisecond))
	if took > 5*time.Second { // half of it is for a busy machine
		t.Errorf("it took the agent %s to connect", took)
	}
	site.stop()
	h.waitFor("branch-3/website", "open")
	alerts := h.of("branch-3/website", "open")
	if len(alerts) != 1 {
		t.Fatalf("there are %d alerts", len(alerts))
	}
	google.accepted(t, alerts[0])
	site.start()
	h.waitFor("branch-3/website", "closed")
	if counts := relay.Counts(); counts.Packets != 0 || counts.Dropped == 0 || counts.Connections < 4 {
		t.Errorf("the relay counts %+v", counts)
	}
}

// An agent on a line that loses three packets in ten each way, and whose address changes
// under it: every event is told once.
func TestStoryEveryEventOnceOnABadLine(t *testing.T) {
	t.Parallel()
	for _, over := range []string{"udp", "tcp"} {
		t.Run(over, func(t *testing.T) {
			t.Parallel()
			h, relay := startBehindRelay(t)
			relay.BlockUDP(over == "tcp")
			sites := newSites(t)
			agent := h.runAgent("%s", sites.checks())
			agent.connected(1, over)
			relay.SetLoss(0.3)
			relay.SetDelay(10 * time.Millisecond)
			const rounds = 3
			for round := range rounds {
				sites.down.Store(true)
				if round == 1 && over == "udp" {
					relay.Rebind(t) // while events are under way; over TCP two heartbeats would be waited for
				}
				for i := range sitesMax {
					h.waitForCount(fmt.Sprint("branch-3/site-", i), "open", round+1)
				}
				sites.down.Store(false)
				for i := range sitesMax {
					h.waitForCount(fmt.Sprint("branch-3/site-", i), "closed", round+1)
				}
			}
			if counts := relay.Counts(); over == "udp" && counts.Dropped < counts.Packets/5 {
				t.Errorf("the relay dropped too little: %+v", counts)
			}
		})
	}
}

// sitesMax is how many checks the agent of the story about a bad line has.
const sitesMax = 5

// sites is a web server that answers well or badly.
type sites struct {
	url  string
	down atomic.Bool
}

func newSites(t *testing.T) *sites {
	s := &sites{}
	s.url = newServer(t, s.answer)
	return s
}

func (s *sites) answer(w http.ResponseWriter, _ *http.Request) {
	if s.down.Load() {
		w.WriteHeader(http.StatusBadGateway)
	}
}

func (s *sites) checks() string {
	var lines []string
	for i := range sitesMax {
		lines = append(lines, fmt.Sprintf("- {name: site-%d, kind: http, target: %q, every: 200ms, fail_after: 2}", i, s.url))
	}
	return strings.Join(lines, "\n  ")
}

// waitForCount waits until an alias has had so many alerts, each told once, of which the
// last one has a status.
func (h *hub) waitForCount(alias, status string, alerts int) {
	h.t.Helper()
	var all []client.Alert
	eventually(h.t, fmt.Sprintf("alert %d of %s is %s", alerts, alias, status), func() bool {
		open := h.of(alias, "open")
		all = append(h.of(alias, "closed"), open...)
		return len(all) >= alerts && (len(open) > 0) == (status == "open")
	})
	for _, a := range all {
		if a.Count != 1 || len(all) != alerts {
			h.t.Errorf("%s has %d alerts instead of %d, one of which was told %d times", alias, len(all), alerts, a.Count)
		}
	}
}

// of returns the alerts of an alias that have a status.
func (h *hub) of(alias, status string) []client.Alert {
	h.t.Helper()
	all, err := h.client().Alerts(h.t.Context(), "status: "+status, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(a client.Alert) bool { return a.Alias != alias })
}
