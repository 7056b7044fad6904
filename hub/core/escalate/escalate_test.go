package escalate_test

import (
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
