package link

import (
	"container/list"
	"sync"
	"time"
)

// The courtesy of a crowd is how long a stranger in it is surely left alone.
const (
	// firstWords is that before a word was said: who dials says what it wants at once, and it
	// comes on the heels of the connection, however far away that was opened.
	firstWords = 100 * time.Millisecond
	// shakenHands is that of a handshake: it goes to and fro, perhaps over a satellite.
	shakenHands = time.Second
)

// crowd bounds connections of which nothing is known yet. When it is full the one that has
// been in it for longest gives way to a newcomer, if it has had its courtesy: else a few
// hundred connections that say nothing, which cost who opens them nothing either, would
// keep everybody out. While nobody is slow newcomers are turned away, so that a storm of
// honest diallers does not undo work that is half done. Safe for concurrent use.
type crowd struct {
	limit    int
	courtesy time.Duration
	mutex    sync.Mutex
	waiting  list.List // of stranger, who came first in front
}

type stranger struct {
	since time.Time
	drop  func()
}

func newCrowd(limit int, courtesy time.Duration) *crowd {
	return &crowd{limit: limit, courtesy: courtesy}
}

// enter takes a newcomer in, or reports false. drop is called if the newcomer has to give
// way; it must not block. leave ends the stay, and is harmless if called again or after drop.
func (c *crowd) enter(drop func()) (leave func(), ok bool) {
	newcomer, slowest, ok := c.admit(drop)
	if !ok {
		return nil, false
	}
	if slowest != nil {
		slowest()
	}
	return func() { c.remove(newcomer) }, true
}

// admit puts a newcomer in, and returns what is to be called of who gave way, if somebody did.
func (c *crowd) admit(drop func()) (newcomer *list.Element, slowest func(), ok bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.waiting.Len() >= c.limit {
		oldest := c.waiting.Front()
		s := oldest.Value.(stranger)
		if time.Since(s.since) < c.courtesy {
			return nil, nil, false
		}
		c.waiting.Remove(oldest)
		slowest = s.drop
	}
	return c.waiting.PushBack(stranger{time.Now(), drop}), slowest, true
}

func (c *crowd) remove(e *list.Element) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.waiting.Remove(e) // nothing, if it is no longer in the list
}
