package state_test

import (
	"slices"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/silence"
	"keng/hub/state"
)

// quietStage is a stage with agents that have been at their sites.
func quietStage(t *testing.T, language string, sites ...string) (s *stage, ids []string) {
	t.Helper()
	s = newStage(t)
	if _, err := do(s, state.FoundCluster{Name: "test", Language: language}); err != nil {
		t.Fatal(err)
	}
	for i, site := range sites {
		peer, err := do(s, state.UseToken{Kind: "agent", Name: "router-" + string(rune('a'+i)), ID: "peer-" + string(rune('a'+i))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := do(s, state.NoteAgent{Agent: peer.ID, Site: site}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, peer.ID)
	}
	return s, ids
}

// open returns the messages of open alerts.
func (s *stage) open() (messages []string) {
	for a := range state.Alerts.All(s.tx) {
		if a.Status == alert.Open {
			messages = append(messages, a.Message)
		}
	}
	return messages
}

func (s *stage) expectOpen(want ...string) {
	s.t.Helper()
	if got := s.open(); !slices.Equal(got, want) {
		s.t.Errorf("open are %q, not %q", got, want)
	}
}

// P12: silence is told once, joins what is open about the same, and ends with its last agent.
func TestP12SilenceIsToldOnce(t *testing.T) {
	s, ids := quietStage(t, "en", "shop", "shop", "office")
	tell := func(scope silence.Scope, site string, agents ...string) {
		t.Helper()
		if _, err := do(s, state.SilenceAgents{Scope: scope, Site: site, Agents: agents, Watched: 3}); err != nil {
			t.Fatal(err)
		}
	}
	hear := func(agents ...string) {
		t.Helper()
		if _, err := do(s, state.HearAgents{Agents: agents}); err != nil {
			t.Fatal(err)
		}
	}
	tell(silence.One, "office", ids[2])
	tell(silence.One, "office", ids[2])
	s.expectOpen("agent router-c at office is silent")
	tell(silence.Site, "shop", ids[0])
	tell(silence.Site, "shop", ids[1])
	hear(ids[0], ids[2], "nobody")
	s.expectOpen("several agents at shop are silent: has the place lost power, or its uplink?")
	hear(ids[1])
	s.expectOpen()
	tell(silence.Whole, "", ids...)
	s.expectOpen("more than half of 3 agents fell silent together: most likely the hub's own network is at fault")
	hear(ids[:2]...)
	tell(silence.One, "office", ids[2])
	s.expectOpen("agent router-c at office is silent")
	hear(ids[2])
	s.expectOpen()
}

// A silent agent that was stopped is told of as such, in the cluster's language; one that
// is not known raises nothing.
func TestSilenceWords(t *testing.T) {
	s, ids := quietStage(t, "vi", "Chợ Lớn")
	if _, err := do(s, state.NoteAgent{Agent: ids[0], Site: "Chợ Lớn", Stopped: true}); err != nil {
		t.Fatal(err)
	}
	if row, ok := state.GetPresence(s.tx, ids[0]); !ok || !row.Stopped.Equal(s.now) {
		t.Errorf("the stop is not written down: %+v", row)
	}
	s.now = s.now.Add(time.Hour)
	if _, err := do(s, state.SilenceAgents{Scope: silence.One, Site: "Chợ Lớn", Agents: []string{"nobody", ids[0]}}); err != nil {
		t.Fatal(err)
	}
	s.expectOpen("agent router-a tại Chợ Lớn đã được dừng và chưa chạy lại")
	if _, err := do(s, state.SilenceAgents{Scope: silence.One, Agents: []string{"nobody"}}); err != nil {
		t.Error(err)
	}
	if _, err := do(s, state.NoteAgent{Agent: "nobody"}); core.KindOf(err) != core.NotFound {
		t.Errorf("an agent that did not join is noted: %v", err)
	}
	if _, err := do(s, state.HearAgents{Agents: make([]string, state.SilenceMax+1)}); core.KindOf(err) == 0 {
		t.Errorf("too many agents are taken: %v", err)
	}
}
