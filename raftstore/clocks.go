package raftstore

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"keng/proto/clusterpb"
)

const (
	// clockEvery is how often a node asks the others what their wall clocks show. Each does:
	// so whoever is elected knows it already.
	clockEvery = 3 * time.Second
	// clockRoundTrip is how long an answer may take. It is off by half of that at most.
	clockRoundTrip = time.Second
	// clockKept is for how long an answer stands in for newer ones that did not come.
	clockKept = 4 * clockEvery
	// clockStays is for how long the wall clock of a cluster of one must have jumped to be
	// followed. There is nobody to ask: most likely it is right (the machine slept, or has
	// heard from a time server only now), but cluster time can never be taken back.
	clockStays = time.Minute
	// clockYields is how often a node hands the leadership on at most since its clock is off.
	clockYields = time.Minute
)

// ClockState is what a node knows of the cluster's wall clocks.
type ClockState struct {
	// Agreed says that the wall clocks of a majority are within two seconds of each other:
	// cluster time may jump to what they show. Without it, it runs at the rate of the
	// leader's monotonic clock, and does not jump more than five seconds ahead.
	Agreed bool
	// Offset is how far this node's wall clock is ahead of the majority's; without
	// agreement, of cluster time. Negative: behind.
	Offset time.Duration
	// Distrusted says that this node's wall clock is not followed, and that it should not
	// lead, since it is more than two seconds off the majority's.
	Distrusted bool
	// Disputed says that a majority has told what its clocks show, and they do not agree.
	Disputed bool
	// Offsets are those of all nodes that have told of their clocks lately, this one too.
	Offsets map[string]time.Duration
	// Ahead is how far cluster time is ahead of the majority's clocks (of its own node's,
	// without agreement). It never goes back: it waits for them, or a person does.
	Ahead time.Duration
}

// Clock returns what this node knows of the cluster's wall clocks. It asks nobody: what it
// tells of the others is some seconds old.
func (s *Store) Clock() ClockState { return s.clocks.state(time.Now()) }

// reading is what a node's wall clock has shown: carried back to the moment at which this
// node's clock was made, so that all readings can be compared.
type reading struct {
	start time.Time
	taken time.Time // by the monotonic clock
}

// clocks is what is known of the members' wall clocks. It is safe for use by several
// goroutines.
type clocks struct {
	clock *clock
	self  string

	mu         sync.Mutex
	readings   map[string]reading
	members    []string // with a vote
	agreed     bool
	disputed   bool
	distrusted bool
	jumped     time.Time // since when the wall clock of a cluster of one has jumped; zero: it has not
}

func newClocks(self string, c *clock) *clocks {
	return &clocks{clock: c, self: self, readings: map[string]reading{}}
}

// take notes what a node's clock showed at a moment.
func (c *clocks) take(nodeID string, shown, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readings[nodeID] = reading{shown.Add(-at.Sub(c.clock.start)), at}
}

// fresh returns the readings that count, of all nodes.
func (c *clocks) fresh(at time.Time) map[string]time.Time {
	maps.DeleteFunc(c.readings, func(_ string, r reading) bool { return at.Sub(r.taken) > clockKept })
	starts := map[string]time.Time{}
	for id, r := range c.readings {
		starts[id] = r.start
	}
	return starts
}

// conclude looks at what the clocks of the members with a vote show. It tells the clock of
// an agreement, and reports whether there is one.
func (c *clocks) conclude(voters []string) bool {
	own := c.clock.shown()
	c.take(c.self, own, time.Now())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = voters
	at := time.Now()
	starts := c.fresh(at)
	var shown []time.Time
	for _, id := range voters {
		if start, ok := starts[id]; ok {
			shown = append(shown, start)
		}
	}
	need := len(voters)/2 + 1
	majority, agreed := agreement(shown, need)
	alone := len(voters) == 1 && voters[0] == c.self
	agreed = agreed && (!alone || c.stays(own, at))
	c.agreed, c.disputed = agreed, !agreed && !alone && len(shown) >= need && need > 0
	off := apart(starts[c.self], majority)
	switch {
	case agreed:
		c.clock.learn(majority)
		c.distrusted = off > clockTolerance || c.distrusted && off > clockTrusted
	default: // but for one that waits, there is nothing to judge the clock by
		c.distrusted = alone
	}
	return agreed
}

// stays reports whether the only clock there is can be followed: it has not jumped ahead,
// or has stayed there for a while. At the beginning there is nothing to wait for.
func (c *clocks) stays(shown, at time.Time) bool {
	ahead, used := c.clock.gap(shown)
	_, known := c.clock.known()
	if !used || !known || ahead <= clockJump {
		c.jumped = time.Time{}
		return true
	}
	if c.jumped.IsZero() {
		c.jumped = at
	}
	return at.Sub(c.jumped) >= clockStays
}

// agreement returns the middle of what most clocks show, if at least need of them are
// within clockTolerance of each other.
func agreement(shown []time.Time, need int) (time.Time, bool) {
	slices.SortFunc(shown, time.Time.Compare)
	first, most := 0, 0
	for i := range shown {
		n := 1
		for i+n < len(shown) && shown[i+n].Sub(shown[i]) <= clockTolerance {
			n++
		}
		if n > most {
			first, most = i, n
		}
	}
	if most < need || need < 1 {
		return time.Time{}, false
	}
	return shown[first+(most-1)/2], true
}

// state returns what is known.
func (c *clocks) state(at time.Time) ClockState {
	shown, used := c.clock.shown(), c.clock.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := ClockState{Agreed: c.agreed, Disputed: c.disputed, Distrusted: c.distrusted, Offsets: map[string]time.Duration{}}
	base := used
	if majority, known := c.clock.known(); known && c.agreed {
		base, s.Ahead = majority, used.Sub(majority)
	} else {
		s.Ahead = used.Sub(shown)
	}
	s.Offset = shown.Sub(base)
	start := base.Add(-at.Sub(c.clock.start))
	for id, other := range c.fresh(at) {
		s.Offsets[id] = other.Sub(start)
	}
	s.Offsets[c.self] = s.Offset
	return s
}

// successors returns the members whose clocks are right, the best one first.
func (c *clocks) successors() []string {
	s := c.state(time.Now())
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []string
	for _, id := range c.members {
		if offset, ok := s.Offsets[id]; ok && id != c.self && offset.Abs() <= clockTrusted {
			list = append(list, id)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Compare(s.Offsets[a].Abs(), s.Offsets[b].Abs()) })
	return list
}

// confer asks all members what their wall clocks show, and reports whether a majority
// agrees. If it is urgent it is back as soon as that is known.
func (s *Store) confer(ctx context.Context, urgent bool) bool {
	ctx, cancel := context.WithTimeout(ctx, clockRoundTrip)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel() // first
	var voters []string
	var others []raft.Server
	for _, m := range s.members() {
		if m.Suffrage == raft.Voter {
			voters = append(voters, string(m.ID))
		}
		if string(m.ID) != s.options.NodeID {
			others = append(others, m)
		}
	}
	agreed := s.clocks.conclude(voters)
	answered := make(chan bool, len(others))
	for _, m := range others {
		asking.Go(func() { answered <- s.askTime(ctx, m) })
	}
	for range others {
		if <-answered {
			agreed = s.clocks.conclude(voters)
		}
		if agreed && urgent {
			break
		}
	}
	return agreed
}

// askTime asks a node what its wall clock shows. That was so half a round trip ago; more
// exactly it cannot be known.
func (s *Store) askTime(ctx context.Context, m raft.Server) bool {
	asked := time.Now()
	response, err := s.ask(ctx, m.Address, &clusterpb.Request{Kind: &clusterpb.Request_GetTime{GetTime: &clusterpb.GetTime{}}})
	at := time.Now()
	trip := at.Sub(asked)
	if err != nil || response.GetTime() == nil || trip > clockRoundTrip {
		return false
	}
	s.clocks.take(string(m.ID), time.Unix(0, response.GetTime().GetWallUnixNs()).UTC().Add(trip/2), at)
	return true
}

// settleClock is for who is about to lead: it finds out what time it is, unless that is
// clear. After all nodes were off, this is where cluster time jumps.
func (s *Store) settleClock() {
	if !s.clock.settled() {
		s.confer(s.life, true)
	}
}

// keepClock is a task: it asks the others time and again, tells when something is wrong
// with the clocks, and hands the leadership on if this node's own is off.
func (s *Store) keepClock() {
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	var told ClockState
	var yielded time.Time
	for {
		_, leads, begins := s.throne.look()
		s.confer(s.life, false)
		now := s.Clock()
		s.tellOfClocks(told, now)
		told = now
		if leads && now.Agreed && now.Distrusted && (yielded.IsZero() || time.Since(yielded) > clockYields) && s.yieldByClock() {
			yielded = time.Now()
		}
		select {
		case <-tick.C:
		case <-begins:
		case <-s.closing:
			return
		case <-s.failed:
			return
		}
	}
}

// tellOfClocks logs what has changed for the worse, and that all is well again.
func (s *Store) tellOfClocks(before, now ClockState) {
	switch {
	case now.Distrusted && !before.Distrusted && now.Agreed:
		s.logger.Error("this node's wall clock is wrong and is not followed: look at its time service", "ahead_of_the_majority_by", now.Offset)
	case now.Distrusted && !before.Distrusted:
		s.logger.Error("this node's wall clock has jumped: it is followed when it has stayed so for a while", "by", now.Offset, "after", clockStays)
	case before.Distrusted && !now.Distrusted:
		s.logger.Info("this node's wall clock is followed again", "ahead_by", now.Offset)
	}
	switch {
	case now.Disputed && !before.Disputed:
		s.logger.Error("the nodes' wall clocks do not agree: time runs on by the leader's monotonic clock. Look at their time services", "clocks", now.Offsets)
	case before.Disputed && now.Agreed:
		s.logger.Info("the nodes' wall clocks agree again")
	}
	if now.Agreed && now.Ahead > clockTolerance && before.Ahead <= clockTolerance {
		s.logger.Error("the cluster's time is ahead of the nodes' wall clocks, and cannot go back: it runs on", "ahead_by", now.Ahead)
	}
}

// yieldByClock hands the leadership to a member whose clock is right, if there is one.
func (s *Store) yieldByClock() bool {
	for _, id := range s.clocks.successors() {
		ctx, cancel := context.WithTimeout(s.life, attemptTimeout)
		err := s.transferHere(ctx, id)
		cancel()
		if err == nil {
			s.logger.Warn("handed the leadership on, since this node's wall clock is wrong", "to", id)
			return true
		}
		s.logger.Warn("cannot hand the leadership on, though this node's wall clock is wrong", "to", id, "error", err)
	}
	return false
}
