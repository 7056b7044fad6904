package app

import (
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
)

// hubList is what a hub tells: http checks by name and target.
func hubDocument(site string, checks ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"site":%q,"checks":[`, site)
	for i := 0; i+1 < len(checks); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":%q,"kind":"http","target":%q,"every":"1s"}`, checks[i], checks[i+1])
	}
	return b.String() + "]}"
}

func TestChecksFromTheHub(t *testing.T) {
	var broken atomic.Bool
	site := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if broken.Load() {
			w.WriteHeader(nethttp.StatusBadGateway)
		}
	}))
	defer site.Close()
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(t), newMemory()
		dir := t.TempDir()
		hub := w.hub("hub-1", m)
		options := w.options(dir, "hub-1:7443")
		options.Config.Site = "" // the hub tells it
		own := newStub("192.0.2.1")
		stop := start(t, options, map[string]*stub{"own": own}, nil)
		m.tell("v1", hubDocument("branch-7", "web", site.URL, "own", site.URL))
		m.await(t, 2)
		said := func(lines ...string) {
			t.Helper()
			time.Sleep(15 * time.Second)
			var got []string
			for _, c := range m.watching().GetChecks() {
				got = append(got, fmt.Sprintf("%s %v local=%v overrides=%v", c.GetName(), c.GetState(), c.GetLocal(), c.GetOverrides()))
			}
			if strings.Join(got, "\n") != strings.Join(lines, "\n") {
				t.Fatalf("it says\n%s", strings.Join(got, "\n"))
			}
		}
		said("own STATE_UP local=true overrides=true", "web STATE_UP local=false overrides=false")

		// What is wrong is said, and the old list goes on.
		m.tell("v2", `{"site":"branch-7","checks":[{"name":"x","kind":"carrier-pigeon","target":"y"}]}`)
		time.Sleep(time.Second)
		if got := m.watching(); string(got.GetVersion()) != "v1" || !strings.Contains(got.GetProblem(), "carrier-pigeon") || len(got.GetChecks()) != 2 {
			t.Fatal(got)
		}
		broken.Store(true)
		events := m.await(t, 3)
		if v := events[2].GetVerdict(); v.GetSite() != "branch-7" || v.GetCheck() != "web" || v.GetState().String() != "STATE_DOWN" {
			t.Fatal(v)
		}
		// A start without a hub knows the list; a check that the hub has taken out meanwhile
		// closes its alert.
		hub()
		stop()
		m.tell("v3", hubDocument("branch-7", "other", site.URL))
		stop = start(t, options, map[string]*stub{"own": own}, nil)
		time.Sleep(time.Minute)
		w.hub("hub-1", m)
		time.Sleep(2 * time.Minute)
		story := m.story()
		if strings.Count(story, "branch-7/web down") != 2 || strings.LastIndex(story, "branch-7/web up") < strings.LastIndex(story, "branch-7/web down") {
			t.Fatal(story)
		}
		removed := m.events[len(m.events)-1]
		for _, e := range m.events {
			if e.GetVerdict().GetDetails()["removed"] != "" {
				removed = e
			}
		}
		if removed.GetVerdict().GetCheck() != "web" || removed.GetVerdict().GetDetails()["removed"] == "" {
			t.Fatal(m.story())
		}
		if got := m.watching(); string(got.GetVersion()) != "v3" || got.GetProblem() != "" {
			t.Fatal(got)
		}
		stop()
	})
}

// A check that was taken out of the file while it was down closes its alert at the next
// start, and so does one whose site has another name now.
func TestARemovedCheckClosesItsAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m, web, mail := newWorld(t), newMemory(), newStub("192.0.2.1"), newStub("192.0.2.2")
		dir := t.TempDir()
		w.hub("hub-1", m)
		web.set(check.Down)
		mail.set(check.Down)
		stop := start(t, w.options(dir, "hub-1:7443"), map[string]*stub{"web": web, "mail": mail}, nil)
		m.await(t, 2)
		stop()
		stop = start(t, w.options(dir, "hub-1:7443"), map[string]*stub{"mail": mail}, nil)
		events := m.await(t, 4)
		if got := m.story(); !strings.Contains(got, "branch-3/web up") || strings.Contains(got, "branch-3/mail up") {
			t.Fatal(got)
		}
		removed := 0
		for _, e := range events {
			if e.GetVerdict().GetDetails()["removed"] != "" {
				removed++
			}
		}
		if removed != 1 {
			t.Fatal(m.story())
		}
		stop()
		options := w.options(dir, "hub-1:7443")
		options.Config.Site = "branch-4"
		start(t, options, map[string]*stub{"mail": mail}, nil)
		m.await(t, 6)
		if got := m.story(); !strings.Contains(got, "branch-3/mail up") || !strings.Contains(got, "branch-4/mail down") {
			t.Fatal(got)
		}
		if data, err := os.ReadFile(filepath.Join(dir, downFile)); err != nil || strings.Contains(string(data), "branch-3") {
			t.Fatal(string(data), err)
		}
	})
}

// P13: after events were lost the hub is told the truth of every check: the last word about
// one may have been among them.
func TestP13AfterALossAllVerdictsAreToldAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(t), newMemory()
		stubs := map[string]*stub{"web": newStub("192.0.2.1"), "flapping": newStub("192.0.2.2")}
		options := w.options(t.TempDir(), "hub-1:7443")
		options.Spool = spool.Limits{Bytes: 1024, SegmentBytes: 512}
		start(t, options, stubs, nil)
		time.Sleep(time.Minute)
		stubs["web"].set(check.Down) // its only word, the first to be lost
		time.Sleep(time.Minute)
		for i := range 40 {
			stubs["flapping"].set([]check.State{check.Down, check.Up}[i%2])
			time.Sleep(time.Minute)
		}
		w.hub("hub-1", m)
		time.Sleep(5 * time.Minute)
		lines := strings.Split(m.story(), "\n")
		if !strings.HasPrefix(lines[0], "dropped 1 to ") {
			t.Fatal(m.story())
		}
		last := strings.Join(lines[len(lines)-2:], "\n")
		if strings.Count(m.story(), "branch-3/web down") != 1 || !strings.Contains(last, "branch-3/web down") || !strings.Contains(last, "branch-3/flapping up") {
			t.Fatal(m.story())
		}
		if at := m.events[len(m.events)-1].GetAt().AsTime(); time.Since(at) < 5*time.Minute {
			t.Fatalf("a verdict that stands has its own time, not %s", at)
		}
	})
}
