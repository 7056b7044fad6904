package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"keng/hub/client"
	"keng/proto/channel"
)

// What a torment by kill -9 is made of.
const (
	killsShort   = 5  // kills of go test; .ci/long has more
	killLeader   = 3  // every so-manieth kill is of the leader, the others of any node
	hitsAtLeast  = 5  // one kill of so many must hit the leader between outbox row and outcome
	tormentUsers = 12 // people to be paged
	quietBefore  = 1500 * time.Millisecond
	downFor      = 1500 * time.Millisecond
	postRest     = 200 * time.Millisecond // of a client between two alerts
	endWithin    = 3 * time.Minute        // of every page, when all nodes are back
)

// kill is what a kill -9 hit.
type kill struct {
	node string
	led  bool // it was the leader
	at   time.Time
	hits int // pages that had been queued and had no outcome
}

// P1 and P4: nodes are killed with -9 again and again, never more than a minority, while
// three clients post and two gateways page over a slow provider. Afterwards every node holds
// what was accepted and nothing else, everybody was paged, and who was paged twice could see
// that. At least one kill of five must hit the leader between a page's outbox row and its
// outcome: else this has tested nothing.
func TestFiftyKills(t *testing.T) {
	t.Parallel()
	seed, n := uint64(fromEnv(t, "KENG_SEED", int(time.Now().UnixMilli()))), fromEnv(t, "KENG_KILLS", killsShort)
	t.Logf("KENG_SEED=%d KENG_KILLS=%d", seed, n)
	c := startCluster(t) // without bundles: at any moment pages are under way
	providers := []google{startFCM(t), startFCM(t)}
	for _, google := range providers {
		google.Slow(300*time.Millisecond, 800*time.Millisecond)
		c[0].runGateway(google.config)
	}
	people := c.people(tormentUsers)
	posting := c.startPosting(t, 3, postRest, func(alias string) client.NewAlert {
		return client.NewAlert{Message: "of " + alias, Alias: alias, Priority: "P1", Responders: []client.Responder{people[rand.IntN(len(people))]}}
	})
	kills := c.torment(t, n, rand.New(rand.NewPCG(seed, 0)))
	all := posting.end(t)

	c.caughtUp(t)
	alerts := c.holdAll(t, all, true)
	if t.Failed() {
		t.FailNow()
	}
	s := c.allEnded(t, alerts, endWithin, providers...)
	latest := s.reached(t, all, 1)
	repeats := s.repeats(t, kills)
	c.caughtUp(t) // with all that was reported meanwhile
	hits := 0
	for i := range kills {
		if k := &kills[i]; k.led {
			k.hits = s.underWay(k.at)
			hits += min(k.hits, 1)
		}
	}
	t.Log(table(kills, all, s, repeats, latest))
	if hits*hitsAtLeast < len(kills) {
		t.Errorf("%d of %d kills hit the leader between outbox row and outcome; that is too few to have tested anything", hits, len(kills))
	}
}

// fromEnv is a number of the environment.
func fromEnv(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// people makes so many people, each with a phone that takes pushes.
func (c cluster) people(n int) (all []client.Responder) {
	for i := range n {
		name := fmt.Sprintf("person-%d", i)
		all = append(all, client.Responder{Type: "user", Username: c[0].person(name, "vi_VN", push("phone-of-"+name, 0))})
	}
	return all
}

// torment kills nodes one after another, each when the one before is back.
func (c cluster) torment(t *testing.T, n int, random *rand.Rand) (kills []kill) {
	t.Helper()
	for i := range n {
		wait(t.Context(), time.Duration(random.Int64N(int64(quietBefore))))
		victim := c[random.IntN(len(c))]
		leader, _ := c.leader(t, victim)
		if i%killLeader == 0 {
			victim = leader
		}
		kills = append(kills, kill{node: victim.id, led: victim == leader, at: time.Now()})
		victim.kill()
		wait(t.Context(), time.Duration(random.Int64N(int64(downFor))))
		victim.restart()
		victim.ready()
	}
	return kills
}

// ready waits until the hub has a leader and has caught up.
func (h *hub) ready() {
	h.t.Helper()
	eventually(h.t, "node "+h.id+" is ready", func() bool {
		code, _ := h.call("GET", "/readyz", "")
		return code == http.StatusOK
	})
}

// underWay counts the pages that had been queued at a moment and had no outcome yet.
func (s sent) underWay(at time.Time) (n int) {
	seen := map[string]bool{}
	for _, all := range s.deliveries {
		for _, d := range all {
			i := slices.IndexFunc(d.Trace, func(x client.Stage) bool { return channel.Stage(x.Stage).Final() })
			if !seen[d.ID] && d.CreatedAt.Before(at) && i >= 0 && d.Trace[i].At.After(at) {
				seen[d.ID] = true
				n++
			}
		}
	}
	return n
}

// repeats counts the pages that providers were given more than once, and makes sure that each
// is one that P4 allows: by another gateway, since all of them live and know what they have
// sent; a hub was killed while the page was under way; it says that it may have come before,
// and it replaces the other one on the screen.
func (s sent) repeats(t *testing.T, kills []kill) (n int) {
	t.Helper()
	queued := map[string]client.Delivery{}
	for _, all := range s.deliveries {
		for _, d := range all {
			queued[d.ID] = d
		}
	}
	for id, pushes := range s.pushes {
		for i, m := range pushes[min(1, len(pushes)):] {
			n++
			killed := slices.ContainsFunc(kills, func(k kill) bool { return k.at.After(queued[id].CreatedAt) && k.at.Before(m.At) })
			same := m.Android.CollapseKey == pushes[0].Android.CollapseKey && m.Tag() == pushes[0].Tag()
			other := !slices.ContainsFunc(pushes[:i+1], func(before pushed) bool { return before.gateway == m.gateway })
			if !other || !killed || m.Data["repeat"] != "true" || !same {
				t.Errorf("push %d of page %s at %s: by another gateway: %t; somebody was killed meanwhile: %t; it says repeat: %q; it replaces the first one, of %s: %t; %s",
					i+2, id, m.At.Format("15:04:05.000"), other, killed, m.Data["repeat"], pushes[0].At.Format("15:04:05.000"), same, tale(queued[id]))
			}
		}
	}
	return n
}

// table tells what a torment was.
func table(kills []kill, all []accepted, s sent, repeats int, latest time.Duration) string {
	var b strings.Builder
	leaders, hits, pages, failed, again := 0, 0, 0, 0, 0
	for i, k := range kills {
		what := "a follower"
		if k.led {
			what = fmt.Sprintf("the leader, with %d pages under way", k.hits)
			leaders++
			hits += min(k.hits, 1)
		}
		fmt.Fprintf(&b, "\n%3d  %s  %s, %s", i+1, k.at.Format("15:04:05.000"), k.node, what)
	}
	for _, a := range all {
		again += min(a.tries-1, 1)
	}
	for _, ds := range s.deliveries {
		pages += len(ds)
		for _, d := range ds {
			if d.Trace[len(d.Trace)-1].Failure != "" {
				failed++
			}
		}
	}
	row := func(name string, value any) { fmt.Fprintf(&b, "\n%-44s %v", name, value) }
	row("kills", len(kills))
	row("of the leader", leaders)
	row("of the leader between outbox row and outcome", hits)
	row("alerts accepted", len(all))
	row("of these after more than one try", again)
	row("pages", pages)
	row("of these failed", failed)
	row("repeated pushes", repeats)
	row("longest time without a 202", longestGap(all).Round(time.Millisecond))
	row("longest time from posting to push", latest.Round(time.Millisecond))
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		row("load of the machine", strings.TrimSpace(string(load)))
	}
	return b.String()
}
