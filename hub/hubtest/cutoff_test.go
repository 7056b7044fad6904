package hubtest_test

import (
	"fmt"
	"testing"
	"time"
)

// soon is how long after the leader was lost, or a page became due, a page may come: an
// election and a little more.
const soon = 4 * time.Second

// P4: the leader is cut off from the other nodes, but not from the gateway, shortly before
// a call is due. The others elect one that rings, once; the old leader does not; and
// when it is back, all tell the same.
func TestP4LeaderIsCutOffWhileAPageIsDue(t *testing.T) {
	t.Parallel()
	for i, before := range []time.Duration{-20 * time.Millisecond, 0, 50 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, time.Minute} {
		t.Run(fmt.Sprint(before), func(t *testing.T) {
			story(t, uint64(i), func(w *world) {
				old := w.Leader()
				term := w.Status(old).Term
				posted := time.Now()
				w.alert(w.others(old)[0], "web", "an")
				due := posted.Add(callAfter)
				time.Sleep(time.Until(due.Add(-before)))
				w.Nodes.Cut(old)
				cut := time.Now()
				time.Sleep(time.Until(due.Add(20 * time.Second)))
				if now := w.Leader(); now == old {
					w.Fatalf("%s still leads", old)
				}
				w.gateway.push.once(w, "web", posted, posted.Add(soon))
				latest := due.Add(time.Second)
				if sure := cut.Add(soon); sure.After(latest) {
					latest = sure
				}
				c := w.gateway.voice.once(w, "web", due, latest)
				if before > time.Second && c.Term <= term {
					w.Errorf("it rang in term %d, that of the old leader", c.Term)
				}
				w.Nodes.Heal(old)
				time.Sleep(time.Minute)
				w.gateway.voice.once(w, "web", due, latest)
				w.agree("web")
				if got := w.trace(old, "web"); got != "push, queued, attempted, done | voice, queued, attempted, ringing, failed unanswered" {
					w.Errorf("the pages: %s", got)
				}
			})
		})
	}
}

// P4: the leader is cut off while the phone rings. The call goes on, and is not made
// again; what the person presses arrives at the others.
func TestP4LeaderIsCutOffWhileThePhoneRings(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		story(t, seed, func(w *world) {
			old := w.Leader()
			posted := time.Now()
			w.alert(old, "web", "binh")
			time.Sleep(2 * time.Second)
			w.Nodes.Cut(old)
			time.Sleep(10 * time.Second)
			c := w.gateway.voice.once(w, "web", posted, posted.Add(time.Second))
			c.answer <- "acknowledge"
			time.Sleep(3 * time.Second)
			other := w.Leader()
			if got := w.trace(other, "web"); got != "voice, queued, attempted, ringing, done acknowledge" {
				w.Errorf("the others tell %s", got)
			}
			w.Nodes.Heal(old)
			time.Sleep(time.Minute)
			w.gateway.voice.once(w, "web", posted, posted.Add(time.Second))
			w.agree("web")
		})
	}
}

// P3: the leader is cut off while the phone rings, and somebody acknowledges at another
// node: the call is hung up, and nothing follows, by the old leader neither. However early
// it comes, the acknowledgement waits for the election.
func TestP3AcknowledgedWhileTheLeaderIsCutOff(t *testing.T) {
	t.Parallel()
	for i, after := range []time.Duration{0, time.Millisecond, 500 * time.Millisecond, 3 * time.Second, 10 * time.Second} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			story(t, uint64(i), func(w *world) {
				old := w.Leader()
				w.alert(old, "web", "an") // a call is due in two minutes
				w.alert(old, "lan", "binh")
				time.Sleep(2 * time.Second)
				w.Nodes.Cut(old)
				time.Sleep(after)
				w.acknowledge(w.others(old)[0], "lan")
				w.acknowledge(w.others(old)[1], "web")
				acknowledged := time.Now()
				time.Sleep(5 * time.Second)
				c := w.gateway.voice.of("lan")[0]
				if c.ended.IsZero() || c.ended.Sub(acknowledged) > time.Second {
					w.Errorf("it rang on after the acknowledgement until %v", c.ended.Sub(acknowledged))
				}
				time.Sleep(3 * time.Minute)
				w.Nodes.Heal(old)
				time.Sleep(time.Minute)
				if pushes, calls, lan := w.gateway.push.of("web"), w.gateway.voice.of("web"), w.gateway.voice.of("lan"); len(pushes) != 1 || len(calls) != 0 || len(lan) != 1 {
					w.Errorf("%d pushes and %d calls about web, %d calls about lan", len(pushes), len(calls), len(lan))
				}
				w.agree("web", "lan")
			})
		})
	}
}
