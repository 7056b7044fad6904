package escalate_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
)

var begun = time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)

// random makes an escalation with rules and, mostly, a repetition.
func random(dice *rand.Rand) escalate.Policy {
	p := escalate.Policy{}
	for range 1 + dice.IntN(5) {
		p.Rules = append(p.Rules, escalate.Rule{Condition: escalate.Condition(1 + dice.IntN(5)/4), Delay: time.Duration(dice.IntN(5)) * time.Minute})
	}
	if dice.IntN(5) > 0 {
		p.Repeat = escalate.Repeat{Wait: time.Duration(1+dice.IntN(9)) * time.Minute, Count: 1 + dice.IntN(4), Reset: dice.IntN(4) == 0, CloseAfterAll: dice.IntN(2) == 0}
	}
	return p
}

// whole is a second, plain account of an escalation that nothing disturbs: it walks through
// the minutes and writes down what happens in each.
func whole(p escalate.Policy) (all []string) {
	longest := 0
	for _, r := range p.Rules {
		longest = max(longest, int(r.Delay/time.Minute))
	}
	start := 0
	for times := 0; times <= p.Repeat.Count; times++ {
		if times > 0 {
			all = append(all, fmt.Sprintf("%d begins %d", start, times))
		}
		for minute := 0; minute <= longest; minute++ {
			for i, r := range p.Rules {
				if r.Delay == time.Duration(minute)*time.Minute {
					all = append(all, fmt.Sprintf("%d fires rule %d", start+minute, i))
				}
			}
		}
		start += longest + int(p.Repeat.Wait/time.Minute)
	}
	if p.Repeat.CloseAfterAll {
		all = append(all, fmt.Sprintf("%d closes", start))
	}
	return all
}

// walk asks the escalation itself, from turn to turn.
func walk(t *testing.T, p escalate.Policy) (all []string) {
	here, now := escalate.Place{Added: begun}, begun
	for range 1000 {
		turn := p.From(here, now)
		if turn.Move == escalate.Rests {
			return all
		}
		if turn.At.Before(now) {
			t.Fatalf("%+v is before %v", turn, now)
		}
		here, now = turn.Place, turn.At
		at := int(now.Sub(begun) / time.Minute)
		switch turn.Move {
		case escalate.Fires:
			step, _ := p.Step(turn.Step, turn.Added)
			for i, r := range p.Rules {
				if r.Recipient == step.Rule.Recipient {
					all = append(all, fmt.Sprintf("%d fires rule %d", at, i))
				}
			}
			here.Step++
		case escalate.Begins:
			all = append(all, fmt.Sprintf("%d begins %d", at, turn.Repeat))
		case escalate.Closes:
			return append(all, fmt.Sprintf("%d closes", at))
		}
	}
	t.Fatal("it does not end")
	return nil
}

// An escalation runs as the plain account says. Rules ogapi-8.repeat.count, ogapi-8.repeat.wait,
// ogapi-8.repeat.close-after-all, ogapi-8.escalation.delay.
func TestRepeatsAsThePlainAccount(t *testing.T) {
	for seed := range uint64(500) {
		p := random(rand.New(rand.NewPCG(seed, 3)))
		for i := range p.Rules {
			p.Rules[i].Recipient = alert.Responder{ID: fmt.Sprint(i)}
		}
		if got, want := fmt.Sprint(walk(t, p)), fmt.Sprint(whole(p)); got != want {
			t.Fatalf("seed %d: %+v\n got %s\nwant %s", seed, p, got, want)
		}
	}
}

// What is late gives people their time, and makes nothing come at once; what came early makes
// nothing earlier. Rules keng-8.repeat.late, keng-8.repeat.not-hurried.
func TestARepetitionThatIsLateOrEarly(t *testing.T) {
	p := escalate.Policy{
		Rules:  []escalate.Rule{{Delay: 0}, {Delay: 10 * time.Minute}},
		Repeat: escalate.Repeat{Wait: 5 * time.Minute, Count: 1, CloseAfterAll: true},
	}
	for after, want := range map[time.Duration]time.Duration{
		0: 15 * time.Minute, 10*time.Minute - 1: 15 * time.Minute, 10 * time.Minute: 15 * time.Minute,
		10*time.Minute + 1: 15*time.Minute + 1, 9 * time.Hour: 9*time.Hour + 5*time.Minute,
	} {
		turn := p.From(escalate.Place{Step: 2, Added: begun}, begun.Add(after))
		if !turn.At.Equal(begun.Add(want)) || turn.Move != escalate.Begins || turn.Repeat != 1 || turn.Step != 0 || !turn.Added.Equal(turn.At) {
			t.Errorf("through after %v: %+v", after, turn)
		}
		end := p.From(escalate.Place{Step: 2, Repeat: 1, Added: begun}, begun.Add(after))
		if !end.At.Equal(begun.Add(want)) || end.Move != escalate.Closes {
			t.Errorf("the end, through after %v: %+v", after, end)
		}
	}
	// Steps that were taken away while it ran are as if they were done.
	if turn := p.From(escalate.Place{Step: 7, Repeat: 9, Added: begun}, begun); turn.Move != escalate.Closes {
		t.Errorf("%+v", turn)
	}
	p.Repeat = escalate.Repeat{}
	if turn := p.From(escalate.Place{Step: 2, Added: begun}, begun); turn.Move != escalate.Rests || !turn.At.IsZero() {
		t.Errorf("%+v", turn)
	}
}

// What an acknowledgement does not end is what the plain walk meets later: a step for what is
// not closed, or a beginning that takes the acknowledgement back. Rules
// keng-8.escalation.unclosed, ogapi-8.repeat.reset.
func TestOutlasts(t *testing.T) {
	seen := map[bool]int{}
	for seed := range uint64(500) {
		p := random(rand.New(rand.NewPCG(seed, 5)))
		here, now := escalate.Place{Added: begun}, begun
		var turns []escalate.Turn
		for {
			turn := p.From(here, now)
			if turn.Move == escalate.Rests {
				break
			}
			turns = append(turns, turn)
			if turn.Move == escalate.Closes {
				break
			}
			here, now = turn.Place, turn.At
			if turn.Move == escalate.Fires {
				here.Step++
			}
		}
		for i, from := range turns {
			want := false
			for _, turn := range turns[i:] {
				step, _ := p.Step(turn.Step, turn.Added)
				want = want || turn.Move == escalate.Fires && step.Rule.Condition == escalate.IfNotClosed || turn.Move == escalate.Begins && p.Repeat.Reset
			}
			seen[want]++
			if got := p.Outlasts(from); got != want {
				t.Fatalf("seed %d: %+v\nat turn %d, %+v: %v", seed, p, i, from, got)
			}
		}
	}
	if seen[true] < 500 || seen[false] < 500 {
		t.Errorf("one-sided: %v", seen)
	}
}

// Rule ogapi-8.repeat.bounds.
func TestBounds(t *testing.T) {
	if escalate.RepeatsMax != 20 || escalate.AcksMax != 10 {
		t.Errorf("%d repetitions, %d acknowledgements", escalate.RepeatsMax, escalate.AcksMax)
	}
}

// Rule ogapi-8.repeat.bounds.
func TestWhatCannotBeRepeated(t *testing.T) {
	for _, c := range []struct {
		repeat escalate.Repeat
		wrong  string
	}{
		{escalate.Repeat{}, ""}, {escalate.Repeat{Wait: time.Minute, Count: 1}, ""}, {escalate.Repeat{Wait: 720 * time.Hour, Count: 20, Reset: true, CloseAfterAll: true}, ""},
		{escalate.Repeat{Wait: time.Minute - 1, Count: 1}, "waitInterval"}, {escalate.Repeat{Wait: 720*time.Hour + 1, Count: 1}, "waitInterval"},
		{escalate.Repeat{Wait: time.Minute}, "count"}, {escalate.Repeat{Wait: time.Minute, Count: 21}, "count"}, {escalate.Repeat{Count: 1}, "waitInterval"},
		{escalate.Repeat{CloseAfterAll: true}, "waitInterval count"},
	} {
		err := c.repeat.Check()
		got := ""
		if e, ok := errors.AsType[*core.Error](err); ok {
			for _, field := range []string{"waitInterval", "count"} {
				if e.Fields[field] != "" {
					got += " " + field
				}
			}
		}
		if (err != nil) != (c.wrong != "") || got != "" && got[1:] != c.wrong {
			t.Errorf("%+v: %v", c.repeat, err)
		}
	}
}
