package engine

import (
	"time"

	"keng/hub/core/silence"
)

// watch is what a leader has gathered of agents in one reign. It is guarded by the mutex
// of [Silence].
type watch struct {
	term   uint64
	began  time.Time
	wide   time.Time
	heard  map[string]heardAt
	nodes  map[string]*nodeSeen
	roster []silence.Agent
	readAt time.Time // when roster was read
}

// heardAt is when an agent was heard last, and by which node.
type heardAt struct {
	at   time.Time
	node string
}

// nodeSeen is what is known of a node that reports.
type nodeSeen struct {
	boot       uint64
	told, lost time.Time // when it reported last, and when it was lost or restarted
}

func newWatch(term uint64, now time.Time) *watch {
	return &watch{term: term, began: now, wide: now, heard: map[string]heardAt{}, nodes: map[string]*nodeSeen{}}
}

// note takes a node's report.
func (w *watch) note(node string, r silence.Report, now time.Time) {
	n := w.nodes[node]
	if n == nil {
		n = &nodeSeen{boot: r.Boot}
		w.nodes[node] = n
	}
	if n.boot != r.Boot || !n.told.IsZero() && now.Sub(n.told) > nodeSilent {
		n.boot, n.lost = r.Boot, now
	}
	n.told = now
	for _, h := range r.Heard {
		if at := now.Add(-h.Age); at.After(w.heard[h.Agent].at) {
			w.heard[h.Agent] = heardAt{at, node}
		}
	}
}

// judge decides on what is known.
func (w *watch) judge(now time.Time) silence.Judgement {
	s := silence.Situation{Now: now, Began: w.began, Spread: silence.Spread(len(w.roster)), Lost: map[string]time.Time{}, Wide: w.wide, Agents: w.roster}
	for id, n := range w.nodes {
		if gone := n.told.Add(nodeSilent); now.After(gone) && n.lost.Before(n.told) {
			n.lost = gone
		}
		if !n.lost.IsZero() {
			s.Lost[id] = n.lost
		}
	}
	for i := range s.Agents {
		a := &s.Agents[i]
		h := w.heard[a.ID]
		a.Heard, a.Holder = h.at, h.node
	}
	plant(&s)
	j := s.Judge()
	if j.Wide {
		w.wide = now
	}
	return j
}
