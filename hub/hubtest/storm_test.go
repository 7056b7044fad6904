package hubtest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"keng/hub/client"
	"keng/hub/hubtest"
)

// stormy lets pages be bundled as they are for everybody.
func stormy(c *hubtest.Cluster) { c.PageWindow = 0 }

// storm posts n alerts about one person within a minute, at every node that runs. In the
// middle of it f is called.
func (w *world) storm(n int, f func()) {
	w.Helper()
	began := time.Now()
	for i := range n {
		nodes := w.Running()
		w.alert(nodes[i%len(nodes)], fmt.Sprint("web-", i), "an")
		if i == n/2 {
			f()
		}
		time.Sleep(time.Until(began.Add(time.Duration(i) * 58 * time.Second / time.Duration(n))))
	}
}

// P8, P6: hundreds of alerts in a minute to one person are one page at once, and one when
// the minute is over; another person's page comes meanwhile as if nothing was. The call
// that follows says how many there are, and key 1 acknowledges all. In the second story the
// node that leads loses power in the middle of it.
func TestP8StormToOnePerson(t *testing.T) {
	t.Parallel()
	const n = 500
	for _, killed := range []bool{false, true} {
		t.Run(fmt.Sprint("leader killed: ", killed), func(t *testing.T) {
			t.Parallel()
			story(t, 1, func(w *world) {
				old := w.Leader()
				posted := time.Now()
				w.storm(n, func() {
					w.alert(w.others(old)[0], "lan", "binh")
					at := time.Now()
					time.Sleep(time.Second)
					w.gateway.voice.once(w, "lan", at.Add(-time.Second), at.Add(time.Second))
					if killed {
						w.Kill(old)
						w.Leader()
					}
				})
				if killed {
					w.Start(old)
				}
				time.Sleep(time.Until(posted.Add(time.Minute + soon)))
				w.toldInTwoPages(n, posted)
				w.answerForAll(n, posted)
			}, stormy)
		})
	}
}

// toldInTwoPages makes sure that a storm was one push at once and one after a minute.
func (w *world) toldInTwoPages(n int, posted time.Time) {
	w.Helper()
	pushes := w.gateway.push.all()
	if len(pushes) != 2 {
		w.Fatalf("%d pushes", len(pushes))
	}
	if first := pushes[0]; first.at.Sub(posted) > time.Second || first.Title != "trouble with web-0" {
		w.Errorf("the first push came after %s: %s", first.at.Sub(posted), first.Title)
	}
	second := pushes[1]
	if after := second.at.Sub(pushes[0].at); after < 59*time.Second || after > time.Minute+soon {
		w.Errorf("the second push came after %s", after)
	}
	if second.Alerts != n-1 || second.Title != fmt.Sprintf("%d alerts, all P1", second.Alerts) || second.TinyID != "" {
		w.Errorf("the second push speaks of %d alerts: %q", second.Alerts, second.Title)
	}
	d := w.pages(w.Leader(), "web-7")
	if len(d) != 1 || d[0].Alerts != second.Alerts || d[0].Why != "named as a responder" || !d[0].Final {
		w.Errorf("the pages of one of the alerts: %+v", d)
	}
}

// answerForAll has the person press 1 in each call, and makes sure that this was for all.
func (w *world) answerForAll(n int, posted time.Time) {
	w.Helper()
	said := 0
	for time.Since(posted) < 10*time.Minute {
		time.Sleep(time.Second)
		calls := w.gateway.voice.all()
		ringing := slices.DeleteFunc(slices.Clone(calls), func(c call) bool { return !c.ended.IsZero() || c.Address != "sip:an@example.vn" })
		if len(ringing) > 1 {
			w.Fatalf("%d calls at once", len(ringing))
		}
		for _, c := range ringing {
			said += max(c.Alerts, 1)
			c.answer <- "acknowledge"
			time.Sleep(time.Second)
		}
	}
	if said != n {
		w.Errorf("calls spoke of %d alerts", said)
	}
	node := w.Running()[0]
	if left := must(w.API(node).Alerts(w.Context(), "status: open AND acknowledged: false", 1000))(w); len(left) > 1 { // the other person's
		w.Errorf("%d alerts are left", len(left))
	}
	log := must(w.API(node).Log(w.Context(), client.ByAlias(fmt.Sprint("web-", n-1))))(w)
	if !slices.ContainsFunc(log, func(e client.Entry) bool { return e.Owner == "an@example.vn" }) {
		w.Errorf("the log of the last alert does not say who acknowledged it: %+v", log)
	}
	w.agree("web-0", "web-1", fmt.Sprint("web-", n-1), "lan")
}
