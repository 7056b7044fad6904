package engine

import (
	"time"

	"keng/hub/core/silence"
)

// hearing is what a leader has heard of agents in one reign. It is guarded by the mutex
// of [Silence].
type hearing struct {
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

func newHearing(term uint64, now time.Time) *hearing {
	return &hearing{term: term, began: now, wide: now, heard: map[string]heardAt{}, nodes: map[string]*nodeSeen{}}
}

// note takes a node's report.
func (k *hearing) note(node string, r silence.Report, now time.Time) {
	n := k.nodes[node]
	if n == nil {
		n = &nodeSeen{boot: r.Boot}
		k.nodes[node] = n
	}
	if n.boot != r.Boot || !n.told.IsZero() && now.Sub(n.told) > nodeSilent {
		n.boot, n.lost = r.Boot, now
	}
	n.told = now
	for _, h := range r.Heard {
		if at := now.Add(-h.Age); at.After(k.heard[h.Agent].at) {
			k.heard[h.Agent] = heardAt{at, node}
		}
	}
}

// judge decides on what is known.
func (k *hearing) judge(now time.Time) silence.Judgement {
	s := silence.Situation{Now: now, Began: k.began, Spread: silence.Spread(len(k.roster)), Lost: map[string]time.Time{}, Wide: k.wide, Agents: k.roster}
	for id, n := range k.nodes {
		if gone := n.told.Add(nodeSilent); now.After(gone) && n.lost.Before(n.told) {
			n.lost = gone
		}
		if !n.lost.IsZero() {
			s.Lost[id] = n.lost
		}
	}
	for i := range s.Agents {
		a := &s.Agents[i]
		h := k.heard[a.ID]
		a.Heard, a.Holder = h.at, h.node
	}
	plant(&s)
	j := s.Judge()
	if j.Wide {
		k.wide = now
	}
	return j
}
