package escalate_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"keng/hub/core/alert"
	"keng/hub/core/escalate"
)

func TestStepsGoByDelay(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	rule := func(delay time.Duration, who string) escalate.Rule {
		return escalate.Rule{Condition: escalate.IfNotAcked, Delay: delay, Recipient: alert.Responder{Kind: alert.User, ID: who}}
	}
	p := escalate.Policy{Rules: []escalate.Rule{rule(10*time.Minute, "boss"), rule(0, "an"), rule(10*time.Minute, "chief")}}
	for n, want := range []struct {
		who string
		at  time.Duration
	}{{"an", 0}, {"boss", 10 * time.Minute}, {"chief", 10 * time.Minute}} {
		step, ok := p.Step(n, now)
		if !ok || step.Rule.Recipient.ID != want.who || !step.At.Equal(now.Add(want.at)) || step.Number != n {
			t.Errorf("step %d is %+v, want %+v", n, step, want)
		}
	}
	for _, n := range []int{-1, 3} {
		if _, ok := p.Step(n, now); ok {
			t.Errorf("there is a step %d", n)
		}
	}
	if p.Rules[0].Recipient.ID != "boss" {
		t.Error("asking for a step changed the policy")
	}
}

func TestConditions(t *testing.T) {
	open, acked, closed := alert.Alert{Status: alert.Open}, alert.Alert{Status: alert.Open, Acknowledged: true}, alert.Alert{Status: alert.Closed}
	for _, c := range []struct {
		name      string
		condition escalate.Condition
		a         alert.Alert
		want      bool
	}{
		{"not acked, open", escalate.IfNotAcked, open, true},
		{"not acked, acked", escalate.IfNotAcked, acked, false},
		{"not acked, closed", escalate.IfNotAcked, closed, false},
		{"not closed, open", escalate.IfNotClosed, open, true},
		{"not closed, acked", escalate.IfNotClosed, acked, true},
		{"not closed, closed", escalate.IfNotClosed, closed, false},
	} {
		if got := (escalate.Rule{Condition: c.condition}).Holds(&c.a); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// Whatever the delays, the steps are the rules, each once, ordered as the plainest sort does
// it; asking for one is asking for the same one again, and an escalation added later has the
// same steps later. Rules ogapi-8.escalation.delay, keng-8.escalation.order,
// keng-8.escalation.end.
func TestStepsAreThePlainOrder(t *testing.T) {
	added := time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC) // clocks change in Europe within the hour
	for seed := range uint64(300) {
		dice := rand.New(rand.NewPCG(seed, 1))
		p := escalate.Policy{}
		for i := range dice.IntN(9) {
			p.Rules = append(p.Rules, escalate.Rule{
				Condition: escalate.Condition(1 + dice.IntN(2)), Delay: time.Duration(dice.IntN(4)) * time.Hour, Recipient: alert.Responder{ID: string(rune('a' + i))}})
		}
		n := 0
		for hours := range 4 {
			for _, rule := range p.Rules {
				if rule.Delay != time.Duration(hours)*time.Hour {
					continue
				}
				step, ok := p.Step(n, added)
				if want := (escalate.Step{Number: n, At: added.Add(rule.Delay), Rule: rule}); !ok || step != want {
					t.Fatalf("seed %d: step %d is %+v, want %+v", seed, n, step, want)
				}
				if later, _ := p.Step(n, added.AddDate(0, 0, 1)); later.At.Sub(step.At) != 24*time.Hour || later.Rule != step.Rule {
					t.Fatalf("seed %d: added a day later, step %d is %+v", seed, n, later)
				}
				n++
			}
		}
		if step, ok := p.Step(n, added); ok || step != (escalate.Step{}) {
			t.Fatalf("seed %d: after the last step comes %+v", seed, step)
		}
	}
}

// Rules ogapi-8.escalation.if-not-acked, ogapi-8.escalation.if-not-closed: what has silenced
// an alert in other ways silences its escalation too: when that ends everything begins anew.
func TestConditionsOfSilentAlerts(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	for name, a := range map[string]alert.Alert{
		"snoozed": {Status: alert.Open, SnoozedUntil: now}, "closing": {Status: alert.Open, Closing: &alert.Closing{}},
		"snoozed, acknowledged": {Status: alert.Open, SnoozedUntil: now, Acknowledged: true},
	} {
		for _, condition := range []escalate.Condition{escalate.IfNotAcked, escalate.IfNotClosed} {
			if (escalate.Rule{Condition: condition}).Holds(&a) {
				t.Errorf("%s: condition %d holds", name, condition)
			}
		}
	}
}

// Where an escalation goes on whose rules have been changed: nobody who was still to be told is left out. Rule
// keng-8.escalation.edited.
func TestResumes(t *testing.T) {
	of := func(delays ...time.Duration) *escalate.Policy {
		p := &escalate.Policy{}
		for _, d := range delays {
			p.Rules = append(p.Rules, escalate.Rule{Delay: d * time.Minute})
		}
		return p
	}
	for _, c := range []struct {
		what  string
		now   *escalate.Policy
		n     int
		delay time.Duration
		want  int
	}{
		{"as it was", of(0, 5, 10), 1, 5, 1},
		{"as it was, with others at that moment", of(0, 5, 5, 5), 2, 5, 2},
		{"the first was taken out", of(5, 10), 1, 5, 0},
		{"both before it were", of(10), 2, 10, 0},
		{"it was taken out, the last", of(0), 1, 5, 1},
		{"it was taken out, in the middle", of(0, 10), 1, 5, 1},
		{"one was put before it, to come yet", of(0, 2, 5), 1, 5, 1},
		{"it comes later", of(0, 30), 1, 5, 1},
		{"it comes earlier", of(0, 2), 1, 5, 1},
		{"it comes late, after a snooze", of(0, 5), 1, 9, 1},
	} {
		if got := c.now.Resumes(c.n, c.delay*time.Minute); got != c.want {
			t.Errorf("%s: step %d, want %d", c.what, got, c.want)
		}
	}
}
