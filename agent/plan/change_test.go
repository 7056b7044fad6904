package plan

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func keepAll(string) bool { return true }

// tell writes changes as text.
func tell(changes []Change) string {
	var words []string
	for _, c := range changes {
		words = append(words, fmt.Sprintf("%s %s", c.Check, c.State))
	}
	return strings.Join(words, ", ")
}

func TestChecksComeAndGo(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	check := func(name string) Check { return Check{Name: name, Every: time.Second, FailAfter: 1, Local: true} }
	p := New(Settings{Checks: []Check{check("a"), check("b")}}, now)
	runs := func() map[string]Run {
		now = now.Add(time.Minute)
		due := map[string]Run{}
		for _, run := range p.Due(now) {
			due[run.Name] = run
		}
		return due
	}
	first := runs()
	p.Finish(first["a"], Outcome{State: Down, Reason: "refused"}, now)
	at := now
	// a is kept, b is another one, c is new; the run of the old b still ends.
	p.SetChecks([]Check{check("c"), check("b"), check("a")}, func(name string) bool { return name == "a" }, now)
	second := runs()
	if got := tell(p.Finish(first["b"], Outcome{State: Down}, now)); got != "" {
		t.Errorf("a run of before counts: %s", got)
	}
	if p.Verdict("a") != Down || p.Verdict("b") != None {
		t.Errorf("a is %s, b is %s", p.Verdict("a"), p.Verdict("b"))
	}
	if got := tell(p.Finish(second["b"], Outcome{State: Up}, now)); got != "b up" {
		t.Error(got)
	}
	again := p.Restate()
	if got := tell(again); got != "b up, a down" || !again[1].At.Equal(at) || again[1].Reason != "refused" || again[1].Failures < 1 {
		t.Errorf("%v", again)
	}
	p.SetChecks(nil, keepAll, now)
	if got := tell(p.Finish(second["a"], Outcome{State: Up}, now)); got != "" || len(p.Restate()) != 0 {
		t.Errorf("what is there no more says %s", got)
	}
	if _, ok := p.Wake(); ok {
		t.Error("something is due")
	}
}
