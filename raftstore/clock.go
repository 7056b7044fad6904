package raftstore

import (
	"sync"
	"time"
)

// clock is cluster time: the larger of the wall clock, and the last time used
// plus what has passed since on the monotonic clock. It never goes back, neither
// when the wall clock is set back nor when the leader changes. It is safe for use
// by several goroutines.
type clock struct {
	wall func() time.Time

	mu   sync.Mutex
	last time.Time // the last time used, without monotonic part
	at   time.Time // when that was, by this process's monotonic clock
}

func newClock(wall func() time.Time) *clock {
	return &clock{wall: wall, at: time.Now()}
}

// now returns cluster time, in UTC.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Now()
	now := c.wall().Round(0).UTC()
	if ahead := c.last.Add(at.Sub(c.at)); now.Before(ahead) {
		now = ahead
	}
	c.last, c.at = now, at
	return now
}

// observe tells the clock of a time that the cluster has used: now will not
// return an earlier one.
func (c *clock) observe(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Now()
	if ahead := c.last.Add(at.Sub(c.at)); t.Before(ahead) {
		return
	}
	c.last, c.at = t, at
}
