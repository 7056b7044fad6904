package hubtest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"keng/hub/client"
	"keng/hub/hubtest"
)

// P1, P4: a node is away, cut off or without power, until the log that it would need is
// no more, while alerts and pages go on. It gets the state as a whole; then it tells the
// same as the others, takes alerts, leads and pages.
func TestP1NodeComesBackToASnapshot(t *testing.T) {
	t.Parallel()
	away := map[string][2]func(w *world, id string){
		"stopped": {func(w *world, id string) { w.Stop(id) }, func(w *world, id string) { w.Start(id) }},
		"killed":  {func(w *world, id string) { w.Kill(id) }, func(w *world, id string) { w.Start(id) }},
		"cut off": {func(w *world, id string) { w.Nodes.Cut(id) }, func(w *world, id string) { w.Nodes.Heal(id) }},
	}
	for how, f := range away {
		t.Run(how, func(t *testing.T) {
			story(t, 1, func(w *world) {
				leader := w.Leader()
				gone := w.others(leader)[0]
				had := w.Status(gone).LastIndex
				posted := time.Now()
				w.alert(leader, "before", "an") // its call is due while the node is away
				time.Sleep(5 * time.Second)
				f[0](w, gone)
				n := 0
				for ; w.Status(leader).FirstIndex <= had+1; n++ {
					w.alert(leader, fmt.Sprint("lan-", n), "binh")
					time.Sleep(time.Second)
				}
				time.Sleep(callAfter)
				w.gateway.voice.once(w, "before", posted.Add(callAfter), posted.Add(callAfter+time.Second))
				f[1](w, gone)
				time.Sleep(5 * time.Second)
				w.agree("before", "lan-0", fmt.Sprint("lan-", n-1))
				if first := w.Status(gone).FirstIndex; first <= had {
					w.Errorf("%s still has the log from %d on: it needed no snapshot", gone, first)
				}
				alerts := must(w.API(gone).Alerts(w.Context(), "status: open", 1000))(w)
				if len(alerts) != n+1 {
					w.Errorf("%s tells of %d alerts, not %d", gone, len(alerts), n+1)
				}
				w.Lead(gone)
				led := time.Now()
				w.alert(gone, "after", "an")
				time.Sleep(callAfter + 5*time.Second)
				w.gateway.push.once(w, "after", led, led.Add(soon))
				w.gateway.voice.once(w, "after", led.Add(callAfter), led.Add(callAfter+time.Second))
				for i := range n {
					w.gateway.voice.once(w, fmt.Sprint("lan-", i), posted, led)
				}
				w.agree("after")
			}, func(c *hubtest.Cluster) { c.SnapshotEntries = 40 })
		})
	}
}

// P1, P9, P4: all nodes lose power at once, and come back. Every alert that was accepted
// is there; what became due meanwhile goes out and says that it is late; what was handed
// over is not sent again; what was acknowledged stays silent.
func TestP1AllLosePower(t *testing.T) {
	t.Parallel()
	for i, outage := range []time.Duration{2 * time.Second, 45 * time.Second, 5 * time.Minute, time.Hour} {
		t.Run(fmt.Sprint(outage), func(t *testing.T) {
			story(t, uint64(i), func(w *world) {
				posted := time.Now()
				w.alert("a", "due", "an")
				w.alert("b", "acknowledged", "an")
				w.alert("c", "ringing", "binh")
				time.Sleep(callAfter - 25*time.Second)
				w.acknowledge("b", "acknowledged")
				ringing := time.Now()
				w.alert("c", "rings", "binh")
				time.Sleep(20 * time.Second) // now a call is due in five seconds
				accepted := w.burst()
				nodes := w.Running()
				w.Kill(nodes...)
				c := w.gateway.voice.once(w, "rings", ringing, ringing.Add(time.Second))
				c.answer <- "acknowledge"
				time.Sleep(outage)
				back := time.Now()
				w.Start("c", "a", "b")
				w.Leader()
				time.Sleep(3 * time.Minute)
				w.agree("due", "rings", "ringing", "acknowledged")
				for _, alias := range accepted {
					if _, err := w.API("a").Alert(w.Context(), client.ByAlias(alias)); err != nil {
						w.Errorf("%s was accepted and is lost: %v", alias, err)
					}
					if calls := w.gateway.push.of(alias); len(calls) == 0 || len(calls) > 1 && !calls[1].Repeat {
						w.Errorf("pushes about %s: %s", alias, times(calls, posted))
					}
				}
				due := posted.Add(callAfter)
				latest := due.Add(time.Second)
				if back.After(due) {
					latest = back.Add(time.Minute + soon)
				}
				call := w.gateway.voice.once(w, "due", due, latest)
				if late := call.at.Sub(due); late > 30*time.Second && (call.LateBy-late).Abs() > time.Second {
					w.Errorf("the call came %s late and says %s", late, call.LateBy)
				}
				if n := len(w.gateway.voice.of("acknowledged")); n != 0 {
					w.Errorf("%d calls after the acknowledgement", n)
				}
				if got := w.trace("b", "rings"); got != "voice, queued, attempted, ringing, done acknowledge" {
					w.Errorf("what rang when the power failed: %s", got)
				}
				w.gateway.voice.once(w, "rings", ringing, ringing.Add(time.Second))
				w.gateway.voice.once(w, "ringing", posted, posted.Add(time.Second))
			})
		})
	}
}

// burst posts alerts from several callers and returns the aliases of those that had been
// accepted when the first few were.
func (w *world) burst() []string {
	w.Helper()
	const callers = 6
	accepted := make(chan string, callers)
	for i := range callers {
		node, alias := w.Running()[i%3], fmt.Sprint("burst-", i)
		api := w.API(node)
		go func() {
			_, err := api.CreateAlert(w.Context(), client.NewAlert{
				Message: "trouble with " + alias, Alias: alias, Responders: []client.Responder{{Type: "user", Username: "an@example.vn"}},
			})
			if err == nil {
				accepted <- alias
			}
		}()
	}
	var all []string
	for range callers / 2 {
		all = append(all, <-accepted)
	}
	slices.Sort(all)
	return all
}
