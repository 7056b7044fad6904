package hubtest_test

import (
	"fmt"
	"testing"
	"time"

	"keng/hub/hubtest"
)

// The gateway cannot reach the leader any more, only followers, while a phone rings. What
// the person presses is taken by a follower, soon.
func TestReportsEnterAtAnyNode(t *testing.T) {
	t.Parallel()
	story(t, 1, func(w *world) {
		leader := w.Leader()
		posted := time.Now()
		w.alert(leader, "web", "binh")
		time.Sleep(5 * time.Second)
		w.Links.Cut(leader, "gateway")
		c := w.gateway.voice.once(w, "web", posted, posted.Add(time.Second))
		c.answer <- "acknowledge"
		time.Sleep(4 * time.Second)
		if got := w.trace(leader, "web"); got != "voice, queued, attempted, ringing, done acknowledge" {
			w.Errorf("the pages: %s", got)
		}
		time.Sleep(3 * time.Minute)
		w.gateway.voice.once(w, "web", posted, posted.Add(time.Second))
		w.Links.Heal(leader, "gateway")
		time.Sleep(time.Minute)
		w.agree("web")
	})
}

// P5: the gateway cannot reach the leader any more, only followers, and the leader does
// not know it yet. What it was given in vain, and what comes later, is handed over by a
// node that the gateway reaches: the leadership goes there. Nothing comes twice.
func TestP5GatewayReachesFollowersOnly(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		story(t, seed, func(w *world) {
			old := w.Leader()
			w.Links.Cut(old, w.gateway.name)
			var posted []time.Time
			for i := range 5 {
				posted = append(posted, time.Now())
				w.alert(w.Running()[i%3], fmt.Sprint("web-", i), "an")
				time.Sleep(8 * time.Second)
			}
			if now := w.Leader(); now == old {
				w.Errorf("%s still leads, which no gateway reaches", old)
			}
			time.Sleep(callAfter)
			noticed := posted[0].Add(20*time.Second + soon) // two heartbeats
			for i, at := range posted {
				alias := fmt.Sprint("web-", i)
				latest := at.Add(soon)
				if noticed.After(latest) {
					latest = noticed
				}
				w.gateway.push.once(w, alias, at, latest)
				w.gateway.voice.once(w, alias, at.Add(callAfter), at.Add(callAfter+soon))
			}
			time.Sleep(time.Minute)
			w.agree("web-0", "web-4")
			if got := w.trace(old, "web-0"); got != "push, queued, attempted, done | voice, queued, attempted, ringing, failed unanswered" {
				w.Errorf("the pages: %s", got)
			}
		})
	}
}

// P5: no node has a gateway. That is said, and the person's next method begins, after
// the patience; the leadership stays where it is.
func TestP5NoGatewayAnywhere(t *testing.T) {
	t.Parallel()
	story(t, 1, func(w *world) {
		w.gateway.end()
		time.Sleep(5 * time.Second)
		leader, term := w.Leader(), w.Status(w.Leader()).Term
		w.alert(w.others(leader)[0], "web", "an")
		time.Sleep(15 * time.Second)
		if got := w.trace(leader, "web"); got != "push, queued, failed unavailable | voice, queued, failed unavailable" {
			w.Errorf("the pages: %s", got)
		}
		if now := w.Status(leader); now.Term != term {
			w.Errorf("the leadership went from term %d to %d", term, now.Term)
		}
		w.agree("web")
	})
}

// P4: the node that leads loses power while phones ring. The gateway tells the next
// leader what it holds: nothing is sent again, what people press arrives, and what is due
// then is sent.
func TestP4LeaderDiesWhilePhonesRing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		story(t, seed, func(w *world) {
			old := w.Leader()
			posted := time.Now()
			for i := range 3 {
				w.alert(w.Running()[i], fmt.Sprint("lan-", i), "binh")
			}
			w.alert(w.others(old)[0], "web", "an")
			time.Sleep(time.Duration(seed) * time.Second)
			w.Kill(old)
			w.alert(w.Running()[0], "mail", "an")
			killed := time.Now()
			time.Sleep(10 * time.Second)
			for i := range 3 {
				c := w.gateway.voice.once(w, fmt.Sprint("lan-", i), posted, posted.Add(time.Second))
				if i > 0 {
					c.answer <- "acknowledge"
				}
			}
			w.gateway.push.once(w, "web", posted, posted.Add(time.Second))
			w.gateway.push.once(w, "mail", posted, killed.Add(soon))
			time.Sleep(callAfter)
			w.gateway.voice.once(w, "web", posted.Add(callAfter), posted.Add(callAfter+time.Second))
			w.gateway.voice.once(w, "mail", posted.Add(callAfter), killed.Add(callAfter+soon))
			w.Start(old)
			time.Sleep(2 * time.Minute)
			w.agree("lan-0", "lan-1", "lan-2", "web", "mail")
			if got := w.trace(old, "lan-0"); got != "voice, queued, attempted, ringing, failed unanswered" {
				w.Errorf("lan-0: %s", got)
			}
			if got := w.trace(old, "lan-1"); got != "voice, queued, attempted, ringing, done acknowledge" {
				w.Errorf("lan-1: %s", got)
			}
			if n := len(w.gateway.voice.all()); n != 5 {
				w.Errorf("phones rang %d times", n)
			}
		}, withoutUDP(seed%2 == 1))
	}
}

// P3: somebody acknowledges while the leader has lost the gateway and does not know it; in
// half of the stories the leader dies at that moment. The other nodes hang up.
func TestP3OtherNodesHangUp(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		story(t, seed, func(w *world) {
			leader := w.Leader()
			w.alert(leader, "web", "binh")
			time.Sleep(5 * time.Second)
			w.Links.Cut(leader, w.gateway.name)
			w.acknowledge(leader, "web")
			acknowledged := time.Now()
			if seed%2 == 1 {
				w.Kill(leader)
			}
			time.Sleep(5 * time.Second)
			calls := w.gateway.voice.of("web")
			if len(calls) != 1 || calls[0].ended.IsZero() || calls[0].ended.Sub(acknowledged) > 3*time.Second {
				w.Errorf("the calls: %+v", calls)
			}
		}, withoutUDP(seed >= 2))
	}
}

// withoutUDP has UDP blocked before the gateway, so that all its links are over TCP.
func withoutUDP(blocked bool) func(*hubtest.Cluster) {
	return func(c *hubtest.Cluster) { c.Links.BlockUDP("gateway", blocked) }
}
