package hubtest_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/client"
	"keng/hub/hubtest"
	"keng/hub/zones"
)

// An alert that is posted to any node pages, once, and every node tells of it.
func TestAnyNodeTakesAnAlert(t *testing.T) {
	story(t, 1, func(w *world) {
		for _, id := range w.Running() {
			posted := time.Now()
			w.alert(id, "web-"+id, "binh")
			time.Sleep(10 * time.Second)
			c := w.gateway.voice.once(w, "web-"+id, posted, posted.Add(time.Second))
			c.answer <- "acknowledge"
			time.Sleep(5 * time.Second)
			w.agree("web-" + id)
			if got := w.trace(id, "web-"+id); got != "voice, queued, attempted, ringing, done acknowledge" {
				w.Errorf("node %s tells %s", id, got)
			}
		}
	})
}

// P1: the node that made the cluster loses power, and is started again as it was the first
// time. It makes nothing anew: neither a node token nor the first key.
func TestP1ClusterIsFoundedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := hubtest.New(t, 1, "a")
		if _, err := c.API("a").CreateAlert(t.Context(), client.NewAlert{Message: "m", Alias: "web"}); err != nil {
			t.Fatal(err)
		}
		before := c.Status("a")
		for range 3 {
			time.Sleep(time.Minute)
			c.Kill("a")
			c.Start("a")
			if _, err := c.API("a").Alert(t.Context(), client.ByAlias("web")); err != nil {
				t.Error(err)
			}
		}
		if now := c.Status("a"); now.Chain != before.Chain {
			t.Errorf("after three starts there are %d batches of writes, before there were %d", now.Sequence, before.Sequence)
		}
	})
}

// A new cluster goes by the time-zone data of the machine that founded it, on every node.
func TestClusterHasItsOwnZones(t *testing.T) {
	version, files, err := zones.Machine()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the package tzdata is missing: .ci/run installs it: %v", err)
		}
		t.Skip("SKIPPED: the package tzdata is missing:", err)
	}
	synctest.Test(t, func(t *testing.T) {
		c := hubtest.New(t, 1, "a", "b", "c")
		for _, id := range c.Running() {
			given, err := c.API(id).Zones(t.Context())
			if err != nil || !given.Given || given.Version != version || given.Zones != len(files) {
				t.Errorf("node %s goes by version %q, %d zones, %v; the machine has %q, %d", id, given.Version, given.Zones, err, version, len(files))
			}
		}
	})
}
