package hubtest_test

import (
	"fmt"
	"testing"
	"time"

	"keng/hub/client"
)

const year = 365 * 24 * time.Hour

// The leader's wall clock goes a year ahead while pages are due: nothing comes early, no
// token expires, the leadership goes to a node whose clock is right, and everybody who
// looks is told. When the clock is right again the node may lead.
func TestLeadersClockAYearAhead(t *testing.T) {
	t.Parallel()
	story(t, 1, func(w *world) {
		mad := w.Leader()
		before := time.Now()
		w.alert(mad, "before", "an")
		time.Sleep(10 * time.Second)
		w.Skew(year, mad)
		during := time.Now()
		w.alert(mad, "during", "an")
		time.Sleep(5 * time.Second)
		if now := w.Leader(); now == mad {
			t.Errorf("%s still leads", now)
		}
		for _, id := range w.Running() {
			told := must(w.API(id).Cluster(w.Context()))(w)
			for _, n := range told.Nodes {
				if n.Clock == nil || n.Clock.Wrong != (n.ID == mad) || told.Clocks == nil || !told.Clocks.Agreed {
					w.Errorf("node %s says of the clock of %s: %+v, of all %+v", id, n.ID, n.Clock, told.Clocks)
				}
			}
		}
		if _, _, err := w.tryJoin("late"); err != nil {
			w.Errorf("the token, which is good for an hour, is not: %v", err)
		}
		time.Sleep(callAfter + soon)
		for alias, posted := range map[string]time.Time{"before": before, "during": during} {
			w.gateway.push.once(w, alias, posted, posted.Add(soon))
			w.gateway.voice.once(w, alias, posted.Add(callAfter), posted.Add(callAfter+2*time.Second))
		}
		w.Skew(0, mad)
		time.Sleep(10 * time.Second)
		w.Lead(mad)
		time.Sleep(2 * time.Minute)
		if now := w.Leader(); now != mad {
			w.Errorf("the clock of %s is right, and %s leads", mad, now)
		}
		w.agree("before", "during")
	})
}

// A new leader's clock is five minutes behind: what is due comes on time, whether there is
// a node whose clock is right or nobody knows which one is.
func TestNewLeadersClockIsBehind(t *testing.T) {
	t.Parallel()
	for _, alone := range []bool{false, true} {
		t.Run(fmt.Sprintf("another is gone: %t", alone), func(t *testing.T) {
			story(t, 2, func(w *world) {
				old := w.Leader()
				behind := w.others(old)[0]
				posted := time.Now()
				w.alert(old, "before", "an")
				time.Sleep(20 * time.Second)
				w.Skew(-5*time.Minute, behind)
				if alone {
					w.Kill(old)
					time.Sleep(15 * time.Second) // what its clock showed counts for a while
				}
				w.Lead(behind)
				during := time.Now()
				w.alert(behind, "during", "an")
				time.Sleep(callAfter + 2*soon)
				for alias, posted := range map[string]time.Time{"before": posted, "during": during} {
					w.gateway.push.once(w, alias, posted, posted.Add(soon))
					call := w.gateway.voice.once(w, alias, posted.Add(callAfter), posted.Add(callAfter+2*time.Second))
					if call.LateBy != 0 {
						w.Errorf("the call about %s says that it is late by %s", alias, call.LateBy)
					}
				}
				if now := w.Leader(); alone != (now == behind) {
					w.Errorf("%s leads; the clock of %s is behind", now, behind)
				}
				if state := w.Clock(behind); state.Agreed == alone || state.Disputed != alone {
					w.Errorf("of the clocks it says %+v", state)
				}
				w.agree("before", "during")
			})
		})
	}
}

// P9, P8: all nodes are off for eight hours. What was acknowledged stays silent, and what
// is closed before a phone can ring too. Of the rest each person gets one page for an alert,
// however much became due meanwhile; it says how late it is.
func TestP9EightHoursOff(t *testing.T) {
	t.Parallel()
	const outage = 8 * time.Hour
	story(t, 3, func(w *world) {
		steps := w.escalation()
		posted := time.Now()
		w.alert("a", "open", "an")
		w.alert("a", "acknowledged", "an")
		w.alert("a", "recovered", "an")
		w.escalate("a", "steep", steps)
		time.Sleep(30 * time.Second)
		w.acknowledge("b", "acknowledged")
		w.gateway.end()
		w.Kill(w.Running()...)
		time.Sleep(outage)
		back := time.Now()
		w.Start("b", "c", "a")
		first := w.Leader()
		must(w.API(first).Close(w.Context(), client.ByAlias("recovered"), "agent", ""))(w)
		w.gateway.start()
		time.Sleep(time.Minute)
		call := w.gateway.voice.once(w, "open", back, back.Add(30*time.Second))
		if late := call.at.Sub(posted.Add(callAfter)); (call.LateBy - late).Abs() > time.Second {
			w.Errorf("the call came %s late and says %s", late, call.LateBy)
		}
		for _, alias := range []string{"acknowledged", "recovered"} {
			if calls := w.gateway.voice.of(alias); len(calls) != 0 {
				w.Errorf("about %s: %s", alias, times(calls, back))
			}
		}
		for _, alias := range []string{"open", "acknowledged", "recovered", "steep"} {
			w.gateway.push.once(w, alias, posted, posted.Add(time.Second))
		}
		rung := map[string]int{}
		for _, c := range w.gateway.voice.of("steep") {
			rung[c.Address]++
			if c.LateBy < outage-10*time.Minute {
				w.Errorf("a call about steep to %s says that it is late by %s", c.Address, c.LateBy)
			}
		}
		if rung["sip:an@example.vn"] != 1 || rung["sip:binh@example.vn"] != 1 {
			w.Errorf("after the outage, about steep: %v", rung)
		}
		w.agree("open", "steep")
	})
}

// escalation makes one whose steps name an, binh after 5 minutes, and an again after 10.
func (w *world) escalation() string {
	w.Helper()
	var rules []client.EscalationRule
	for i, name := range []string{"an", "binh", "an"} {
		rules = append(rules, client.EscalationRule{
			Condition: "if-not-acked", Delay: client.Seconds(time.Duration(i) * 5 * time.Minute), Recipient: client.Party{Type: "user", Username: name + "@example.vn"},
		})
	}
	must(w.API("b").CreateTeam(w.Context(), client.NewTeam{Name: "it"}))(w)
	return must(w.API("b").CreateEscalation(w.Context(), client.NewEscalation{Name: "steep", OwnerTeam: &client.Thing{Name: "it"}, Rules: rules}))(w)
}

// escalate posts an alert for an escalation.
func (w *world) escalate(node, alias, escalation string) {
	w.Helper()
	must(w.API(node).CreateAlert(w.Context(), client.NewAlert{
		Message: "trouble with " + alias, Alias: alias, Priority: "P1", Responders: []client.Responder{{Type: "escalation", ID: escalation}},
	}))(w)
}
