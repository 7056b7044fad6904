package engine

import (
	"context"
	"encoding/binary"
	"log/slog"
	"slices"
	"sync"
	"time"

	"keng/hub/core"
	"keng/hub/core/silence"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/raftstore/table"
)

const (
	// judgeEvery is how often the leader looks for agents that are silent.
	judgeEvery = time.Second
	// nodeSilent is how long a node may say nothing until it counts as lost: three reports.
	nodeSilent = 6 * time.Second
	// rosterAge is how long the list of agents is used before it is read again, if nothing
	// speaks for doing so sooner.
	rosterAge = 30 * time.Second
	// criticalLabel and criticalValue mark the agents of critical sites.
	criticalLabel, criticalValue = "critical", "true"
)

// Silence is the leader's watch over agents (P12): it gathers in memory when nodes have
// heard them, and writes down who is silent, and who is heard again. What it has gathered
// dies with its reign. Heard may be called by many goroutines.
type Silence struct {
	store  Store
	logger *slog.Logger

	mu      sync.Mutex
	hearing *hearing // nil while this node does not lead
}

// NewSilence returns a watch. It does nothing before Run.
func NewSilence(store Store, logger *slog.Logger) *Silence {
	return &Silence{store: store, logger: logger}
}

// Heard takes a node's report, see [silence.Report], and returns the term in which this
// node leads, in eight bytes, big endian. If it does not lead the error is
// [core.Unavailable].
func (s *Silence) Heard(node string, report []byte) ([]byte, error) {
	r, err := silence.DecodeReport(report)
	if err != nil {
		return nil, core.Invalid("report", err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hearing == nil {
		return nil, &core.Error{Kind: core.Unavailable, Words: "this node does not lead"}
	}
	s.hearing.note(node, r, time.Now())
	return binary.BigEndian.AppendUint64(nil, s.hearing.term), nil
}

// Run watches whenever this node leads, until ctx ends.
func (s *Silence) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		term, _, lost, err := s.store.Lead(ctx)
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			return err
		}
		s.reign(ctx, term, lost)
	}
	return nil
}

// reign watches until the leadership is lost or ctx ends.
func (s *Silence) reign(ctx context.Context, term uint64, lost <-chan struct{}) {
	s.mu.Lock()
	s.hearing = newHearing(term, time.Now())
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.hearing = nil
		s.mu.Unlock()
	}()
	ctx, end := context.WithCancel(ctx)
	defer end()
	tick := time.NewTicker(judgeEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.judge(ctx); err != nil && ctx.Err() == nil {
				s.logger.Warn("who is silent cannot be written down now", "error", err)
			}
		case <-lost:
			return
		case <-ctx.Done():
			return
		}
	}
}

// judge writes down what has changed. A verdict that a roster of some age gives is looked
// at again by a new one, so that nobody is called silent who was revoked meanwhile.
func (s *Silence) judge(ctx context.Context) error {
	now := time.Now()
	s.mu.Lock()
	fresh := now.Sub(s.hearing.readAt) < rosterAge
	j := s.hearing.judge(now)
	s.mu.Unlock()
	if fresh && len(j.Silent) == 0 && len(j.Back) == 0 {
		return nil
	}
	roster, err := s.roster(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.hearing.roster, s.hearing.readAt = roster, now
	j = s.hearing.judge(now)
	s.mu.Unlock()
	return s.write(ctx, j, len(roster))
}

// write has the state take a judgement.
func (s *Silence) write(ctx context.Context, j silence.Judgement, watched int) error {
	if len(j.Silent)+len(j.Back) > 0 {
		defer func() {
			s.mu.Lock()
			s.hearing.readAt = time.Time{} // the state has changed
			s.mu.Unlock()
		}()
	}
	for some := range slices.Chunk(j.Back, state.SilenceMax) {
		if _, err := state.Do(ctx, s.store, seed.New(), state.HearAgents{Agents: some}); err != nil {
			return err
		}
	}
	for _, g := range j.Silent {
		s.logger.Warn("agents are silent", "scope", g.Scope, "site", g.Site, "agents", len(g.Agents))
		command := state.SilenceAgents{Scope: g.Scope, Site: g.Site, Watched: watched}
		for some := range slices.Chunk(g.Agents, state.SilenceMax) {
			command.Agents = some
			if _, err := state.Do(ctx, s.store, seed.New(), command); err != nil {
				return err
			}
		}
	}
	return nil
}

// roster reads the agents that have been here.
func (s *Silence) roster(ctx context.Context) (all []silence.Agent, err error) {
	local, cluster := time.Now(), s.store.Now()
	err = s.store.View(ctx, false, func(r table.Reader) error {
		for p := range state.Presences.All(r) {
			peer, known := state.GetPeer(r, p.Agent)
			a := silence.Agent{ID: p.Agent, Site: p.Site, Silent: p.Scope, Revoked: !known || peer.Revoked}
			a.Critical = known && peer.Labels[criticalLabel] == criticalValue
			if !p.Stopped.IsZero() {
				a.Stopped = local.Add(p.Stopped.Sub(cluster)) // by this node's clock
			}
			all = append(all, a)
		}
		return nil
	})
	return all, err
}
