package raftstore

import (
	"sync"
	"time"
)

const (
	// clockTolerance is how far wall clocks may be apart and still agree; and how far a
	// node's own may be off the majority's to be followed, and for its node to lead.
	clockTolerance = 2 * time.Second
	// clockTrusted is how near a clock that was off must come to be trusted again: less,
	// so that one at the edge does not change sides all the time.
	clockTrusted = clockTolerance / 2
	// clockJump is how far ahead cluster time may jump though no majority agrees.
	clockJump = 5 * time.Second
	// clockFresh is for how long it counts what the majority's clocks showed. Meanwhile
	// the monotonic clock carries it on.
	clockFresh = time.Minute
)

// clock is cluster time. It never goes back, neither when wall clocks are set back nor
// when the leader changes; and what it jumps to is what a majority's wall clocks show
// (clocks.go says how that is found out). It is safe for use by several goroutines.
//
// It is the latest of two: the last time that was used plus what has passed since on the
// monotonic clock, and this node's wall clock, if that can be followed. It can if it
// agrees with the majority's clocks; if not, those are followed. While they are not known
// it is followed unless it jumps.
type clock struct {
	wall  func() time.Time
	start time.Time // when the clock was made, by this process's monotonic clock

	mu       sync.Mutex
	last     time.Time // the last time used, without monotonic part
	at       time.Time // when that was, by the monotonic clock
	majority time.Time // what the majority's clocks showed at start; zero if it was never known
	learned  time.Time // when that was found out, by the monotonic clock
}

func newClock(wall func() time.Time) *clock {
	start := time.Now()
	return &clock{wall: wall, start: start, at: start}
}

// shown is what this node's wall clock shows, in UTC.
func (c *clock) shown() time.Time { return c.wall().Round(0).UTC() }

// now returns cluster time, in UTC.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Now()
	now := c.run(at)
	if followed := c.followed(c.shown(), now, at); followed.After(now) {
		now = followed
	}
	c.last, c.at = now, at
	return now
}

// run is the last time used, carried on to a moment.
func (c *clock) run(at time.Time) time.Time { return c.last.Add(at.Sub(c.at)) }

// followed returns the time to go by if that is later than what was used: run.
func (c *clock) followed(shown, run, at time.Time) time.Time {
	switch majority, known := c.agreed(at); {
	case trustsAnyClock():
		return shown
	case known && apart(shown, majority) > clockTolerance:
		return majority
	case known || c.last.IsZero() || shown.Sub(run) <= clockJump:
		return shown
	}
	return run
}

// agreed returns what the majority's clocks show at a moment, if that is known.
func (c *clock) agreed(at time.Time) (time.Time, bool) {
	if c.majority.IsZero() || at.Sub(c.learned) > clockFresh {
		return time.Time{}, false
	}
	return c.majority.Add(at.Sub(c.start)), true
}

// learn tells the clock what the majority's clocks showed at its start.
func (c *clock) learn(majority time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.majority, c.learned = majority, time.Now()
}

// settled reports whether it is clear what time it is: this node's wall clock and the
// majority's were together a while ago, and still are.
func (c *clock) settled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	majority, known := c.agreed(time.Now())
	return known && apart(c.shown(), majority) <= clockTolerance
}

// known returns what the majority's clocks show now, if that is known.
func (c *clock) known() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.agreed(time.Now())
}

// gap returns how far a wall clock that shows this is ahead of the time used, and false
// if none was used yet. It does not count as a use.
func (c *clock) gap(shown time.Time) (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return shown.Sub(c.run(time.Now())), !c.last.IsZero()
}

// observe tells the clock of a time that the cluster has used: now will not
// return an earlier one.
func (c *clock) observe(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Now()
	if ahead := c.run(at); t.Before(ahead) {
		return
	}
	c.last, c.at = t, at
}

// apart is the distance of two moments.
func apart(a, b time.Time) time.Duration { return a.Sub(b).Abs() }
