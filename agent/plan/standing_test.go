package plan

import (
	"testing"
	"time"
)

func TestStanding(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	p := New(Settings{
		Checks: []Check{{Name: "web", Every: time.Minute, FailAfter: 2}, {Name: "disk", Every: time.Minute, Local: true}},
		Probes: []Probe{{Name: "gateway", Answered: true}},
	}, start)
	states := map[string]State{"web": Up, "disk": Up, "gateway": Up}
	// play lets a time pass, and returns what is thought at its end.
	play := func(span time.Duration) Standing {
		end := now.Add(span)
		for {
			wake, ok := p.Wake()
			if !ok || wake.After(end) {
				now = end
				return p.Standing()
			}
			now = wake
			for _, run := range p.Due(now) {
				p.Finish(run, Outcome{State: states[run.Name], Reason: "it is " + states[run.Name].String()}, now)
			}
		}
	}

	s := p.Standing()
	if s.Network != None || !s.Since.IsZero() || len(s.Checks) != 2 {
		t.Fatalf("%+v", s)
	}
	if web := s.Checks[0]; web.Verdict != None || web.Verdict.String() != "pending" || !web.Since.IsZero() || !web.LastAt.IsZero() || web.Next.Before(start) {
		t.Fatalf("%+v", web)
	}

	first := play(2 * time.Minute)
	web := first.Checks[0]
	if first.Network != Up || web.Verdict != Up || web.Since.IsZero() || web.Last.Reason != "it is up" || !web.LastAt.After(web.Since) || !web.Next.After(now) || web.Held {
		t.Fatalf("%+v", first)
	}

	states["web"], states["gateway"] = Down, Down
	cut := play(10 * time.Minute)
	if web := cut.Checks[0]; cut.Network != Down || !cut.Since.After(start) || web.Verdict != Up || !web.Held || web.Last.Reason != "it is down" || !web.Since.Equal(first.Checks[0].Since) {
		t.Fatalf("%+v", cut)
	}
	if disk := cut.Checks[1]; disk.Name != "disk" || disk.Held || disk.Verdict != Up {
		t.Fatalf("%+v", disk)
	}

	states["gateway"] = Up
	healed := play(10 * time.Minute)
	if web := healed.Checks[0]; healed.Network != Up || !healed.Since.After(cut.Since) || web.Verdict != Down || web.Held || !web.Since.After(cut.Since) {
		t.Fatalf("%+v", healed)
	}

	for _, run := range p.Due(now.Add(time.Hour)) {
		if run.Name == "web" {
			if web := p.Standing().Checks[0]; !web.Running {
				t.Fatalf("%+v", web)
			}
		}
	}
}
