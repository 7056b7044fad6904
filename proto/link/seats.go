package link

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// seats sees to it that a peer has one connection: the newest.
type seats struct {
	mutex sync.Mutex
	of    map[Peer]*seat
}

// seat is a peer's place. Its fields are guarded by the mutex of seats.
type seat struct {
	turn  chan struct{} // held while a connection is handled; capacity 1
	conn  *Conn         // the newest
	users int           // connections that have or want the seat
}

// take makes c the connection of its peer, ends the one before and waits until
// that has been tidied up, at most helloTimeout.
func (s *seats) take(c *Conn) (*seat, error) {
	s.mutex.Lock()
	if s.of == nil {
		s.of = map[Peer]*seat{}
	}
	place := s.of[c.peer]
	if place == nil {
		place = &seat{turn: make(chan struct{}, 1)}
		s.of[c.peer] = place
	}
	old := place.conn
	place.conn = c
	place.users++
	s.mutex.Unlock()

	if old != nil {
		old.shut(CodeReplaced, "a newer connection of "+c.peer.String()+" from "+c.RemoteAddr().String())
	}
	timer := time.NewTimer(helloTimeout)
	defer timer.Stop()
	select {
	case place.turn <- struct{}{}:
		return place, nil
	case <-c.ctx.Done():
		s.forget(place, c)
		return nil, context.Cause(c.ctx)
	case <-timer.C:
		s.forget(place, c)
		return nil, fmt.Errorf("%w: the last connection of %s is still being tidied up; try again", ErrSlow, c.peer)
	}
}

// free gives the seat back.
func (place *seat) free(s *seats, c *Conn) {
	<-place.turn
	s.forget(place, c)
}

func (s *seats) forget(place *seat, c *Conn) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if place.conn == c {
		place.conn = nil
	}
	place.users--
	if place.users == 0 {
		delete(s.of, c.peer)
	}
}

// conns returns the newest connection of each peer.
func (s *seats) conns() []*Conn {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	conns := make([]*Conn, 0, len(s.of))
	for _, place := range s.of {
		if place.conn != nil {
			conns = append(conns, place.conn)
		}
	}
	return conns
}
