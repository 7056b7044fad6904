package edge_test

import (
	"fmt"
	"strings"
	"testing"

	"keng/hub/state"
	"keng/proto/agentpb"
	"keng/proto/link"
)

func list(w *world, name, role, check string) {
	labels := map[string]string{}
	if role != "" {
		labels["role"] = role
	}
	do(w, state.PutChecks{Name: name, Labels: labels, Checks: []state.HubCheck{{Name: check, Body: fmt.Appendf(nil, `{"name":%q,"kind":"http","target":"http://%s/"}`, check, name)}}})
}

// checks is the next word of the hub about checks; the acknowledgement comes first.
func (w *world) checks(c *link.Conn) *agentpb.Checks {
	w.t.Helper()
	for {
		var m agentpb.ToAgent
		if err := c.Receive(&m); err != nil {
			w.t.Fatal(err)
		}
		if m.GetChecks() != nil {
			return m.GetChecks()
		}
	}
}

func TestAgentsAreToldTheirChecks(t *testing.T) {
	play(t, func(w *world) {
		p := w.admit(link.Agent, "a")
		row, _ := state.GetPeer(w.store.tx, p.ID)
		row.Labels = map[string]string{"role": "router"}
		if err := state.Peers.Put(w.store.tx, row); err != nil {
			t.Fatal(err)
		}
		list(w, "all", "", "web")
		list(w, "routers", "router", "uplink")
		list(w, "servers", "server", "raid")
		c := w.connect(p)
		resume := &agentpb.Resume{Epoch: epoch, Site: "branch-3"}
		w.send(c, &agentpb.FromAgent{Kind: &agentpb.FromAgent_Resume{Resume: resume}})
		first := w.checks(c)
		text := string(first.GetDocument())
		if !strings.Contains(text, `"branch-3"`) || !strings.Contains(text, `"web"`) || !strings.Contains(text, `"uplink"`) || strings.Contains(text, "raid") {
			t.Fatal(text)
		}
		said := &agentpb.Watching{Version: first.GetVersion(), Checks: []*agentpb.CheckStatus{{Name: "web", State: agentpb.State_STATE_UP}}}
		w.send(c, &agentpb.FromAgent{Kind: &agentpb.FromAgent_Watching{Watching: said}})
		w.settle()
		if row, _ := state.GetPeer(w.store.tx, p.ID); row.Site != "branch-3" || string(row.Checks) != string(first.GetVersion()) {
			t.Errorf("the state has %q and %x", row.Site, row.Checks)
		}
		if r, ok := w.edge.Results(p.ID); !ok || len(r.Said.GetChecks()) != 1 {
			t.Errorf("kept: %v %v", r, ok)
		}
		// What does not concern the agent is not told to it; what does is, at once.
		list(w, "servers", "server", "disk")
		w.settle()
		list(w, "all", "", "website")
		if text := string(w.checks(c).GetDocument()); !strings.Contains(text, `"website"`) {
			t.Fatal(text)
		}
		before := w.store.count()
		for range 3 { // the same again is written once
			w.send(c, &agentpb.FromAgent{Kind: &agentpb.FromAgent_Watching{Watching: &agentpb.Watching{Version: first.GetVersion(), Problem: "line 1: no"}}})
			w.settle()
		}
		if row, _ := state.GetPeer(w.store.tx, p.ID); w.store.count() != before+1 || row.ChecksProblem != "line 1: no" {
			t.Errorf("%d updates, %q", w.store.count()-before, row.ChecksProblem)
		}
		_ = c.Close("done")
		w.settle()
		if _, ok := w.edge.Results(p.ID); ok {
			t.Error("what an agent said is kept after it has gone")
		}
		// One that has them already is not told again.
		w.settle()
		c = w.connect(p)
		version := w.wanted(p)
		w.send(c, &agentpb.FromAgent{Kind: &agentpb.FromAgent_Resume{Resume: &agentpb.Resume{Epoch: epoch, Site: "branch-3", Checks: version}}})
		w.settle()
		do(w, state.DeleteChecks{Name: "routers"})
		if text := string(w.checks(c).GetDocument()); strings.Contains(text, "uplink") {
			t.Fatal(text)
		}
	})
}

// wanted is the version that an agent should use.
func (w *world) wanted(p link.Peer) []byte {
	row, _ := state.GetPeer(w.store.tx, p.ID)
	var lists []state.CheckList
	for l := range state.CheckLists.All(w.store.tx) {
		lists = append(lists, *l)
	}
	s := state.SelectChecks(lists, state.AgentLabels(row))
	_, version := s.Document("branch-3")
	return version
}
