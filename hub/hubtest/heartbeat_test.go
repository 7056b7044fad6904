package hubtest_test

import (
	"testing"
	"time"

	"keng/hub/client"
	"keng/hub/core"
)

// silentTooLong is the interval of the heartbeats here, and lateBy what expiring may take,
// with an election between.
const silentTooLong, lateBy = time.Minute, 15 * time.Second

// expired returns whether a heartbeat has expired, as a node tells it, and makes sure that
// its alert is open just then.
func (w *world) expired(node, name string) bool {
	w.Helper()
	h := must(w.API(node).Heartbeat(w.Context(), name))(w)
	a, err := w.API(node).Alert(w.Context(), client.ByAlias("heartbeat/"+name))
	if err != nil && core.KindOf(err) != core.NotFound {
		w.Fatal(err)
	}
	if must(w.API(node).Heartbeat(w.Context(), name))(w).Expired != h.Expired {
		return w.expired(node, name) // it has changed between the two looks
	}
	if open := err == nil && a.Status == "open"; open != h.Expired {
		w.Errorf("%s: expired %v, but its alert is open: %v", name, h.Expired, open)
	}
	return h.Expired
}

// beat pings a heartbeat at nodes in turn, every five seconds, and makes sure that it does
// not expire meanwhile.
func (w *world) beat(name string, times int, nodes ...string) (last time.Time) {
	w.Helper()
	for i := range times {
		if err := w.API(nodes[i%len(nodes)]).PingHeartbeat(w.Context(), name); err != nil {
			w.Fatal(err)
		}
		last = time.Now()
		time.Sleep(5 * time.Second)
		if w.expired(nodes[0], name) {
			w.Fatalf("%s has expired though it was pinged %v ago", name, time.Since(last))
		}
	}
	return last
}

// The node that has heard the last ping dies with it: the heartbeat is missed no later than
// it should be, and at most a tenth of the interval, and what pings wait for one another,
// early. Another node hears the job again. Rules ogapi-8.heartbeat.expire,
// ogapi-8.heartbeat.recover, keng-8.heartbeat.coalesced.
func TestHeartbeatWhoseNodeDies(t *testing.T) {
	story(t, 3, func(w *world) {
		dies := w.Follower()
		if err := w.API(dies).CreateHeartbeat(w.Context(), client.NewHeartbeat{Name: "backup", Interval: 1, Unit: "minutes"}); err != nil {
			w.Fatal(err)
		}
		w.beat("backup", 30, dies)
		last := time.Now()
		if err := w.API(dies).PingHeartbeat(w.Context(), "backup"); err != nil {
			w.Fatal(err)
		}
		w.Kill(dies)
		other := w.Leader()
		for !w.expired(other, "backup") {
			if time.Since(last) > silentTooLong+lateBy {
				w.Fatal("the heartbeat does not expire")
			}
			time.Sleep(100 * time.Millisecond)
		}
		early := silentTooLong/10 + 2*time.Second
		if silent := time.Since(last); silent < silentTooLong-early {
			w.Errorf("it has expired %v after the last ping", silent)
		}
		if err := w.API(other).PingHeartbeat(w.Context(), "backup"); err != nil {
			w.Fatal(err)
		}
		time.Sleep(time.Second)
		if w.expired(other, "backup") {
			w.Error("the ping has not recovered it")
		}
		w.Start(dies)
		w.beat("backup", 20, other, dies)
	})
}

// A job that goes on is not missed when the leader dies, nor when nodes are stopped in good
// order one after the other.
func TestHeartbeatThatGoesOn(t *testing.T) {
	story(t, 4, func(w *world) {
		if err := w.API("a").CreateHeartbeat(w.Context(), client.NewHeartbeat{Name: "job", Interval: 1, Unit: "minutes"}); err != nil {
			w.Fatal(err)
		}
		w.beat("job", 10, "a", "b", "c")
		leader := w.Leader()
		w.Kill(leader)
		w.beat("job", 10, w.Running()...)
		w.Start(leader)
		for _, node := range []string{"a", "b", "c"} {
			ping := time.Now()
			if err := w.API(node).PingHeartbeat(w.Context(), "job"); err != nil {
				w.Fatal(err)
			}
			w.Stop(node)
			rest := w.Leader()
			time.Sleep(time.Second)
			// It was held; the node has written it before it stopped.
			if h := must(w.API(rest).Heartbeat(w.Context(), "job"))(w); ping.Sub(h.LastPing) > time.Second {
				w.Errorf("the ping that %s has heard is lost: the last is of %v before", node, ping.Sub(h.LastPing))
			}
			w.Start(node)
			time.Sleep(2 * time.Second)
		}
		w.Compare()
	})
}
