// Package silence decides which agents have fallen silent. The cluster owns that verdict
// (P12): a hub node that dies, restarts or is cut off takes its connections with it, and
// that says nothing about the agents behind them.
//
// A verdict counts from the latest of three moments: when any node last heard the agent;
// when the present leader was elected; when the node was lost that held the agent. After
// the last two an agent has [Return] and the announced spread to come back, since it may
// have to dial several hubs in the middle of a storm, before the time of the verdict
// itself begins.
//
// What falls silent together is told once (P8): several agents of a site are one alert
// about the site, and more than half of all agents, of several sites, are one about the
// hub's own network.
//
// A leader that is new knows nothing but what the state holds; everything else here is
// gathered within its reign.
package silence

import (
	"cmp"
	"slices"
	"time"
)

const (
	// Verdict is how long an agent must not have been heard: three heartbeats of ten
	// seconds and some.
	Verdict = 35 * time.Second
	// CriticalVerdict is the same for an agent that is labelled critical=true.
	CriticalVerdict = 15 * time.Second
	// Return is how long an agent may take to come back after it lost its hub, besides the
	// announced spread: the longest wait between two rounds of dialling.
	Return = time.Minute
	// StopGrace is how long an agent may stay away that was stopped in good order, for an
	// upgrade or a reboot, until that is worth an alert.
	StopGrace = 10 * time.Minute

	// gather is the time between two heartbeats: agents that died together become due
	// within so long of each other.
	gather = 10 * time.Second
	// overdue is after how long without a word an agent is suspected at the earliest: a
	// heartbeat, what repeats it when it was lost, and the way to the leader.
	overdue = 13 * time.Second
	// wideAgents is from how many agents on a silence can be about the hub's own network.
	wideAgents = 5
	// spreadRate is how many agents may come back in a second.
	spreadRate = 500
	// spreadMax bounds the spread.
	spreadMax = 10 * time.Minute
)

// Spread is how widely so many agents should spread their return after they lost a hub.
func Spread(agents int) time.Duration {
	return min(time.Duration(agents)*time.Second/spreadRate, spreadMax)
}

// Scope is what a silence is told as. Values are stored.
type Scope uint8

// The scopes, from the narrowest.
const (
	None  Scope = 0 // not silent
	One   Scope = 1 // an agent by itself
	Site  Scope = 2 // several of a site
	Whole Scope = 3 // most of all agents: the hub's own network, rather
)

// Agent is what is known of an agent that has been connected at least once. Its moments
// are of the leader's own clock.
type Agent struct {
	ID, Site string
	Critical bool
	Revoked  bool
	Stopped  time.Time // when it said that it is being stopped; zero if it did not
	Silent   Scope     // what its silence was told as, by the state
	Heard    time.Time // when it was last heard; zero: not in this reign
	Holder   string    // the node that heard it then
}

// Situation is what the leader knows at a moment.
type Situation struct {
	Now    time.Time
	Began  time.Time            // when this leader was elected
	Spread time.Duration        // what agents were told
	Lost   map[string]time.Time // when a node was lost, or found restarted, last in this reign
	// Wide is when the silence was last as wide as [Whole] asks for in this reign; else Began.
	Wide   time.Time
	Agents []Agent
}

// Group is agents whose silence is told by one alert.
type Group struct {
	Scope  Scope
	Site   string // of One and Site
	Agents []string
}

// Judgement is what is to be written down.
type Judgement struct {
	Silent []Group  // agents that are silent and were not, or not in this scope
	Back   []string // agents that were silent and are not, or are nobody's concern any more
	Wide   bool     // the silence is as wide as [Whole] asks for
}

// Judge decides. Groups are in the order of their scope and site, agents in that in which
// they were given.
func (s *Situation) Judge() Judgement {
	troubled := s.troubled()
	j := Judgement{Wide: troubled.wide()}
	settled := !j.Wide && s.Now.Sub(s.Wide) > 2*Return+s.Spread
	groups := map[place]*Group{} // those of several agents
	for i := range s.Agents {
		a := &s.Agents[i]
		if a.Silent != None && (a.Revoked || s.talks(a)) {
			j.Back = append(j.Back, a.ID)
			continue
		}
		if !s.tell(a, settled) {
			continue
		}
		scope, site := troubled.scope(a.Site, j.Wide || troubled.told && !settled), a.Site
		if scope == One {
			j.Silent = append(j.Silent, Group{Scope: One, Site: site, Agents: []string{a.ID}})
			continue
		}
		if scope == Whole {
			site = ""
		}
		key := place{scope, site}
		if groups[key] == nil {
			groups[key] = &Group{Scope: scope, Site: site}
		}
		groups[key].Agents = append(groups[key].Agents, a.ID)
	}
	for _, g := range groups {
		j.Silent = append(j.Silent, *g)
	}
	slices.SortStableFunc(j.Silent, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Site, b.Site))
	})
	return j
}

// place is what a group is about.
type place struct {
	scope Scope
	site  string
}

// tell reports whether an agent is to be told of: it is silent, and nobody was told yet; or
// it was part of a wide silence that is over, and is silent still by itself.
func (s *Situation) tell(a *Agent, settled bool) bool {
	if a.Silent == None {
		return !a.Revoked && !s.Now.Before(s.due(a))
	}
	return a.Silent == Whole && settled
}

// talks reports whether an agent was heard so lately that it cannot be silent.
func (s *Situation) talks(a *Agent) bool {
	return !a.Heard.IsZero() && s.Now.Sub(a.Heard) < a.patience()
}

func (a *Agent) patience() time.Duration {
	if a.Critical {
		return CriticalVerdict
	}
	return Verdict
}

// since returns from when an agent's silence counts. What was heard before this reign is
// no longer to be relied on: the agent may have moved to the leader that was lost.
func (s *Situation) since(a *Agent) time.Time {
	from := a.Heard
	if from.Before(s.Began) {
		from = s.Began.Add(Return + s.Spread)
	}
	if lost, ok := s.Lost[a.Holder]; ok && lost.After(a.Heard) {
		from = later(from, lost.Add(Return+s.Spread))
	}
	return from
}

// due returns when an agent is silent, if it is not heard before.
func (s *Situation) due(a *Agent) time.Time {
	due := s.since(a).Add(a.patience())
	if !a.Stopped.IsZero() && !a.Stopped.Before(a.Heard) {
		due = later(due, a.Stopped.Add(StopGrace))
	}
	return due
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// troubled counts the agents that are silent, or suspected to be.
type troubled struct {
	all, watched int
	sites        map[string]int
	told         bool            // of a wide silence
	open         map[string]bool // sites whose silence was told as theirs
}

func (s *Situation) troubled() troubled {
	t := troubled{sites: map[string]int{}, open: map[string]bool{}}
	for i := range s.Agents {
		a := &s.Agents[i]
		stopped := !a.Stopped.IsZero() && a.Silent == None
		if a.Revoked || stopped || a.Silent != None && s.talks(a) {
			continue
		}
		t.watched++
		t.told = t.told || a.Silent == Whole
		t.open[a.Site] = t.open[a.Site] || a.Silent == Site
		if a.Silent != None || s.Now.Sub(s.since(a)) >= max(a.patience()-gather, overdue) {
			t.all++
			t.sites[a.Site]++
		}
	}
	return t
}

// wide reports whether the trouble is rather with the hub's own network.
func (t *troubled) wide() bool { return t.all >= wideAgents && 2*t.all > t.watched && len(t.sites) > 1 }

// scope returns what the silence of an agent of a site is part of.
func (t *troubled) scope(site string, wide bool) Scope {
	switch {
	case wide:
		return Whole
	case site != "" && (t.sites[site] > 1 || t.open[site]):
		return Site
	}
	return One
}
