package api

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// ConnectionsMax is how many connections a server has at once.
const ConnectionsMax = 2000

// crowd bounds the connections of a server: when there are too many, the one closes that has
// waited longest for a request; of those under way none. Safe for concurrent use.
type crowd struct {
	most int

	mutex   sync.Mutex
	open    int
	waiting *list.List // of net.Conn, who has waited longest first
	places  map[net.Conn]*list.Element
}

func newCrowd(most int) *crowd {
	return &crowd{most: most, waiting: list.New(), places: map[net.Conn]*list.Element{}}
}

// note is told of every change of a connection, as [http.Server].ConnState.
func (c *crowd) note(conn net.Conn, state http.ConnState) {
	if surplus := c.move(conn, state); surplus != nil {
		surplus.Close()
	}
}

// move notes what a connection does, and returns the one that is too many, if any.
func (c *crowd) move(conn net.Conn, state http.ConnState) (surplus net.Conn) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if place, ok := c.places[conn]; ok {
		c.waiting.Remove(place)
		delete(c.places, conn)
	}
	switch state {
	case http.StateNew:
		c.open++
		c.places[conn] = c.waiting.PushBack(conn)
	case http.StateIdle:
		c.places[conn] = c.waiting.PushBack(conn)
	case http.StateClosed, http.StateHijacked:
		c.open--
	}
	if first := c.waiting.Front(); c.open > c.most && state == http.StateNew && first != nil {
		return first.Value.(net.Conn)
	}
	return nil
}
